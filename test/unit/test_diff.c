#include "assess/diff.h"

#include "base/text.h"
#include "test.h"

#define GATE "mac:44:19:b6:01:02:03"
#define YARD "mac:44:19:b6:01:02:04"

static struct arena arena;

static struct store_device
device(const char *key, const char *title, const struct store_fact *facts, size_t count)
{
    return (struct store_device){.key = key,
        .title = title,
        .addresses = "10.0.3.7, fe80::1",
        .kind = "camera",
        .facts = facts,
        .fact_count = count};
}

static struct store_run
run(const char *id, const struct store_device *devices, size_t count)
{
    return (struct store_run){
        .id = id, .grade = "C", .score = 70, .devices = devices, .device_count = count};
}

static struct diff
compare(const struct store_run *from, const struct store_run *to)
{
    struct diff diff = {0};
    assert_int_equal(diff_runs(from, to, &arena, &diff), OK);
    return diff;
}

static void
has(const struct diff *diff, enum diff_sort sort, const char *of, const char *words)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_change *change = &diff->changes[i];
        if (change->sort == sort && text_equal(change->device, of) &&
            text_equal(change->words, words)) {
            return;
        }
    }
    fail_msg("no change \"%s\"", words);
}

static void
test_tells_firmware_and_cloud_in_words(void **state)
{
    (void)state;
    const struct store_fact before[] = {
        {"device.firmware", "5.5.82", WITNESS_CONFIG, 90},
        {"cloud.enabled",   "no",     WITNESS_CONFIG, 90},
        {"port.telnet",     "yes",    WITNESS_WIRE,   90},
    };
    const struct store_fact after[] = {
        {"device.firmware", "5.7.3", WITNESS_CONFIG, 90},
        {"cloud.enabled",   "yes",   WITNESS_CONFIG, 90},
        {"port.telnet",     "no",    WITNESS_WIRE,   90},
    };
    const struct store_device old = device(GATE, "Gate", before, COUNT(before));
    const struct store_device new = device(GATE, "Gate", after, COUNT(after));
    const struct store_run from = run("a", &old, 1);
    const struct store_run to = run("b", &new, 1);
    struct diff diff = compare(&from, &to);
    assert_int_equal(diff.count, 3);
    has(&diff, DIFF_FACT, "camera 10.0.3.7 (Gate)", "firmware 5.5.82 → 5.7.3");
    has(&diff, DIFF_FACT, "camera 10.0.3.7 (Gate)", "P2P came back on");
    has(&diff, DIFF_FACT, "camera 10.0.3.7 (Gate)", "telnet was closed");
}

static void
test_says_nothing_of_what_is_not_known_any_more(void **state)
{
    (void)state;
    const struct store_fact before[] = {
        {"cloud.enabled",   "yes",    WITNESS_CONFIG, 90},
        {"device.firmware", "5.5.82", WITNESS_CONFIG, 90},
    };
    const struct store_device old = device(GATE, "Gate", before, COUNT(before));
    const struct store_device new = device(GATE, "Gate", NULL, 0);
    const struct store_run from = run("a", &old, 1);
    const struct store_run to = run("b", &new, 1);
    assert_int_equal(compare(&from, &to).count, 0);
}

static void
test_tells_new_and_gone_devices_and_the_grade(void **state)
{
    (void)state;
    const struct store_device old = device(GATE, "Gate", NULL, 0);
    const struct store_device new = device(YARD, "10.0.3.7", NULL, 0);
    const struct store_run from = run("a", &old, 1);
    struct store_run to = run("b", &new, 1);
    to.grade = "D";
    to.score = 44;
    struct diff diff = compare(&from, &to);
    assert_int_equal(diff.count, 3);
    has(&diff, DIFF_GRADE, NULL, "grade C (70) → D (44)");
    has(&diff, DIFF_NEW, "camera 10.0.3.7", "new device");
    has(&diff, DIFF_GONE, "camera 10.0.3.7 (Gate)", "gone");

    to.partial = true;
    diff = compare(&from, &to);
    has(&diff, DIFF_UNSEEN, "camera 10.0.3.7 (Gate)", "not seen (the run is partial)");
}

static void
test_knows_a_device_whose_mac_was_not_seen(void **state)
{
    (void)state;
    const struct store_device old = device(GATE, "Gate", NULL, 0);
    const struct store_device new = device("ip:10.0.3.7", "Gate", NULL, 0);
    const struct store_finding open[] = {
        {"vendor-cloud/cloud-on", "FAIL", GATE, "", "It is on.", false}
    };
    const struct store_finding same[] = {
        {"vendor-cloud/cloud-on", "FAIL", "ip:10.0.3.7", "", "It is on.", false}
    };
    struct store_run from = run("a", &old, 1);
    struct store_run to = run("b", &new, 1);
    from.findings = open;
    from.finding_count = 1;
    to.findings = same;
    to.finding_count = 1;
    assert_int_equal(compare(&from, &to).count, 0);
}

static void
test_tells_findings_opened_closed_and_waived(void **state)
{
    (void)state;
    const struct store_device gate = device(GATE, "Gate", NULL, 0);
    const struct store_finding before[] = {
        {"vendor-cloud/cloud-on",                "FAIL", GATE,   "", "P2P is on.",  false},
        {"default-credentials/factory-password", "FAIL", GATE,   "", "It opens.",   false},
        {"upnp/igd",                             "FAIL", "site", "", "Ports open.", true },
        {"camera-firmware/advisory",             "FAIL", GATE,   "", "It is old.",  false},
    };
    const struct store_finding after[] = {
        {"vendor-cloud/cloud-on",  "FAIL",    GATE,   "", "P2P is on.",  true },
        {"vendor-cloud/ddns-on",   "FAIL",    GATE,   "", "DDNS is on.", false},
        {"upnp/igd",               "FAIL",    "site", "", "Ports open.", false},
        {"camera-firmware/unread", "UNKNOWN", GATE,   "", "Not known.",  false},
    };
    struct store_run from = run("a", &gate, 1);
    struct store_run to = run("b", &gate, 1);
    from.findings = before;
    from.finding_count = COUNT(before);
    to.findings = after;
    to.finding_count = COUNT(after);
    struct diff diff = compare(&from, &to);
    const char *title = "camera 10.0.3.7 (Gate)";
    assert_int_equal(diff.count, 5);
    has(&diff, DIFF_WAIVED, title, "finding waived: P2P is on. (vendor-cloud/cloud-on)");
    has(&diff, DIFF_OPENED, title, "finding opened: DDNS is on. (vendor-cloud/ddns-on)");
    has(&diff, DIFF_UNWAIVED, NULL, "waiver ended: Ports open. (upnp/igd)");
    has(&diff, DIFF_CLOSED, title,
        "finding closed: It opens. (default-credentials/factory-password)");
    has(&diff, DIFF_UNKNOWN, title, "no longer judged: It is old. (camera-firmware/advisory)");

    to.partial = true;
    diff = compare(&from, &to);
    has(&diff, DIFF_UNKNOWN, title,
        "no longer judged: It opens. (default-credentials/factory-password)");
}

static int
open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int
close_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_firmware_and_cloud_in_words),
        cmocka_unit_test(test_says_nothing_of_what_is_not_known_any_more),
        cmocka_unit_test(test_tells_new_and_gone_devices_and_the_grade),
        cmocka_unit_test(test_knows_a_device_whose_mac_was_not_seen),
        cmocka_unit_test(test_tells_findings_opened_closed_and_waived),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
