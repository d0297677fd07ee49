/* The journal: what was written is there again, cut at every byte, damaged, sealed, owned by one.
 */
#include "remedy/trail.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "store_scratch.h"
#include "test.h"

#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char folder[64], key[96], file[96];
static const struct vault_place vault = {.file = file, .key = key};

static int
make_folder(void **state)
{
    (void)state;
    (void)text_copy(folder, sizeof(folder), "/tmp/gatehouse-fix-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key, sizeof(key), "%s/.key", folder);
    (void)snprintf(file, sizeof(file), "%s/.sealed", folder);
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static int
remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct plan *
make_plan_at(const char *id, size_t steps, const char *address)
{
    struct plan *plan = plan_new();
    struct subject *subject = subject_new(1);
    struct ip ip;
    assert_int_equal(ip_parse(address, &ip), OK);
    (void)subject_add_address(subject, &ip);
    plan->id = id;
    plan->site = "shop";
    size_t target = plan_target(plan, subject);
    for (size_t i = 0; i < steps; i++) {
        assert_non_null(plan_add(plan, "switch", target));
    }
    subject_free(subject);
    return plan;
}

static struct plan *
make_plan(const char *id, size_t steps)
{
    return make_plan_at(id, steps, "10.20.0.14");
}

static struct trail *
create(const struct plan *plan)
{
    struct trail *journal = NULL;
    struct note note = {""};
    if (trail_create(folder, plan, &vault, &journal, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return journal;
}

static void
write_taken(struct trail *journal, unsigned number, const char *value)
{
    json_t *before = json_pack("{s:s}", "value", value);
    const struct trail_step state = {.before = before, .logins = number};
    assert_int_equal(trail_write(journal, number, TRAIL_TAKEN, &state), OK);
    json_decref(before);
}

static void
test_what_was_written_is_there_again(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-00000a", 3), *again = NULL;
    struct trail *journal = create(plan);
    struct note note = {""};
    write_taken(journal, 1, "hunter2");
    assert_int_equal(trail_write(journal, 1, TRAIL_APPLYING, NULL), OK);
    const struct trail_step why = {.why = "refused", .logins = 4, .gap_ms = 900};
    assert_int_equal(trail_write(journal, 2, TRAIL_LEFT, &why), OK);
    trail_close(journal);
    assert_int_equal(trail_open(folder, NULL, &vault, &journal, &again, &note), OK);
    struct trail_step step = trail_step(journal, 1);
    assert_int_equal(step.phase, TRAIL_APPLYING);
    assert_string_equal(json_string_value(json_object_get(step.before, "value")), "hunter2");
    assert_int_equal(step.logins, 1);
    step = trail_step(journal, 2);
    assert_int_equal(step.phase, TRAIL_LEFT);
    assert_string_equal(step.why, "refused");
    assert_int_equal(step.gap_ms, 900);
    assert_int_equal(trail_step(journal, 3).phase, TRAIL_WAITING);
    assert_int_equal(again->step_count, 3);
    assert_int_equal(trail_end(journal, "ended"), OK);
    assert_true(trail_is_ended(journal));
    trail_close(journal);
    plan_free(again);
    assert_int_equal(trail_open(folder, NULL, &vault, &journal, &again, &note), ERR_MISSING);
    plan_free(plan);
}

static void
read_journal(const char *id, struct buf *bytes)
{
    char path[160];
    struct note note = {""};
    (void)snprintf(path, sizeof(path), "%s/%s/journal.jsonl", folder, id);
    buf_init(bytes, (size_t)1 << 20);
    assert_int_equal(file_read(path, bytes, &note), OK);
}

static void
write_journal(const char *id, const char *bytes, size_t len)
{
    char path[160];
    struct note note = {""};
    (void)snprintf(path, sizeof(path), "%s/%s/journal.jsonl", folder, id);
    assert_int_equal(file_write(path, bytes, len, 0600, &note), OK);
}

static void
test_no_secret_is_in_the_file(void **state)
{
    (void)state;
    struct buf bytes;
    struct plan *plan = make_plan("20261122T201500Z-00000b", 1);
    struct trail *journal = create(plan);
    write_taken(journal, 1, "hunter2");
    assert_int_equal(trail_end(journal, "ended"), OK);
    trail_close(journal);
    read_journal(plan->id, &bytes);
    assert_null(strstr(bytes.data, "hunter2"));
    assert_non_null(strstr(bytes.data, "\"before\""));
    buf_release(&bytes);
    plan_free(plan);
}

/* The journal of three steps in all phases, and how long it was after each write. */
static size_t
make_long(const struct plan *plan, size_t ends[16], enum trail_phase phases[16])
{
    static const enum trail_phase order[] = {
        TRAIL_TAKEN, TRAIL_APPLYING, TRAIL_PROVING, TRAIL_KEEPING, TRAIL_KEPT};
    struct trail *journal = create(plan);
    size_t count = 0;
    for (size_t i = 0; i < COUNT(order); i++) {
        struct buf bytes;
        if (order[i] == TRAIL_TAKEN) {
            write_taken(journal, 1, "old");
        } else {
            assert_int_equal(trail_write(journal, 1, order[i], NULL), OK);
        }
        read_journal(plan->id, &bytes);
        phases[count] = order[i];
        ends[count++] = bytes.len;
        buf_release(&bytes);
    }
    trail_close(journal);
    return count;
}

static void
test_cut_at_every_byte_gives_the_last_whole_line(void **state)
{
    (void)state;
    size_t ends[16];
    enum trail_phase phases[16];
    struct buf bytes;
    struct plan *plan = make_plan("20261122T201500Z-00000c", 1);
    size_t count = make_long(plan, ends, phases);
    read_journal(plan->id, &bytes);
    for (size_t len = 0; len <= bytes.len; len++) {
        struct trail *journal = NULL;
        struct plan *again = NULL;
        struct note note = {""};
        enum trail_phase wanted = TRAIL_WAITING;
        for (size_t i = 0; i < count && ends[i] <= len; i++) {
            wanted = phases[i];
        }
        write_journal(plan->id, bytes.data, len);
        if (trail_open(folder, plan->id, &vault, &journal, &again, &note) != OK) {
            fail_msg("cut at %zu: %s", len, note.text);
        }
        assert_int_equal(trail_step(journal, 1).phase, wanted);
        if (wanted != TRAIL_WAITING) {
            assert_non_null(trail_step(journal, 1).before);
        }
        assert_int_equal(trail_write(journal, 1, TRAIL_UNDOING, NULL), OK);
        trail_close(journal);
        plan_free(again);
        assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), OK);
        assert_int_equal(trail_step(journal, 1).phase, TRAIL_UNDOING);
        trail_close(journal);
        plan_free(again);
    }
    write_journal(plan->id, "", 0);
    buf_release(&bytes);
    plan_free(plan);
}

static void
test_damage_before_the_last_line_is_an_error_in_words(void **state)
{
    (void)state;
    size_t ends[16];
    enum trail_phase phases[16];
    struct buf bytes;
    struct plan *plan = make_plan("20261122T201500Z-00000d", 1);
    size_t count = make_long(plan, ends, phases);
    read_journal(plan->id, &bytes);
    for (size_t at = 0; at < ends[count - 2]; at += 7) {
        struct trail *journal = NULL;
        struct plan *again = NULL;
        struct note note = {""};
        bytes.data[at] ^= 1;
        write_journal(plan->id, bytes.data, bytes.len);
        assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), ERR_SYNTAX);
        assert_non_null(strstr(note.text, "damaged"));
        bytes.data[at] ^= 1;
    }
    write_journal(plan->id, bytes.data + ends[0], bytes.len - ends[0]); /* a line is taken out */
    struct trail *journal = NULL;
    struct plan *again = NULL;
    struct note note = {""};
    assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), ERR_SYNTAX);
    write_journal(plan->id, "", 0);
    buf_release(&bytes);
    plan_free(plan);
}

static void
test_plan_has_one_owner_and_a_site_one_plan(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-00000e", 1), *again = NULL;
    struct plan *other = make_plan("20261122T201600Z-00000f", 1);
    struct trail *journal = create(plan), *second = NULL;
    struct note note = {""};
    assert_int_equal(trail_create(folder, other, &vault, &second, &note), ERR_REFUSED);
    assert_non_null(strstr(note.text, "gatehouse fix rollback"));
    write_taken(journal, 1, "old");
    assert_int_equal(trail_open(folder, NULL, &vault, &second, &again, &note), ERR_REFUSED);
    trail_close(journal);
    assert_int_equal(trail_create(folder, other, &vault, &second, &note), ERR_REFUSED);
    assert_int_equal(trail_open(folder, NULL, &vault, &journal, &again, &note), OK);
    assert_int_equal(trail_end(journal, "ended"), OK);
    trail_close(journal);
    assert_int_equal(trail_create(folder, other, &vault, &second, &note), OK);
    trail_close(second);
    plan_free(again);
    plan_free(other);
    plan_free(plan);
}

static void
end(struct trail *journal, const char *how)
{
    assert_int_equal(trail_end(journal, how), OK);
    trail_close(journal);
}

static void
test_device_has_one_plan_however_its_scope_is_written(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000020", 1);
    struct plan *same = make_plan("20261122T201600Z-000021", 1);
    struct plan *other = make_plan_at("20261122T201700Z-000022", 1, "10.20.0.15");
    struct trail *second = NULL;
    struct note note = {""};
    plan->scope = "10.20.0.0/24";
    same->scope = "10.20.0.14";
    other->scope = "10.20.0.15";
    struct trail *journal = create(plan);
    assert_int_equal(trail_create(folder, same, &vault, &second, &note), ERR_REFUSED);
    assert_non_null(strstr(note.text, "10.20.0.14"));
    assert_non_null(strstr(note.text, plan->id));
    second = create(other);
    end(second, "ended");
    end(journal, "ended");
    end(create(same), "ended");
    plan_free(plan);
    plan_free(same);
    plan_free(other);
}

static void
test_stuck_step_stands_in_the_way_at_its_device_only(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000023", 1), *again = NULL;
    struct plan *same = make_plan("20261122T201600Z-000024", 2);
    struct plan *other = make_plan_at("20261122T201700Z-000025", 1, "10.20.0.15");
    struct note words[2], note = {""};
    plan->steps[0].words = "Switch off P2P";
    struct trail *journal = create(plan);
    write_taken(journal, 1, "old");
    assert_int_equal(trail_write(journal, 1, TRAIL_STUCK, NULL), OK);
    trail_close(journal);
    end(create(other), "ended");
    assert_int_equal(trail_others_stuck(folder, other, words), OK);
    assert_string_equal(words[0].text, "");
    journal = create(same);
    assert_int_equal(trail_others_stuck(folder, same, words), OK);
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_non_null(strstr(words[i].text, "step 1 of the plan 20261122T201500Z-000023"));
        assert_non_null(strstr(words[i].text, "Switch off P2P"));
        assert_non_null(strstr(words[i].text, "gatehouse fix rollback 20261122T201500Z-000023"));
        assert_non_null(strstr(words[i].text, "gatehouse fix confirm 20261122T201500Z-000023"));
    }
    end(journal, "ended");
    assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), OK);
    end(journal, "confirmed");
    assert_int_equal(trail_others_stuck(folder, same, words), OK);
    assert_string_equal(words[0].text, "");
    plan_free(again);
    plan_free(plan);
    plan_free(same);
    plan_free(other);
}

static void
test_plan_that_is_being_taken_back_has_not_ended(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000026", 1), *again = NULL;
    struct trail_summary summary;
    struct note note = {""};
    struct trail *journal = create(plan);
    write_taken(journal, 1, "old");
    assert_int_equal(trail_write(journal, 1, TRAIL_KEPT, NULL), OK);
    assert_int_equal(trail_await(journal, 5), OK);
    assert_int_equal(trail_end(journal, "confirmed"), OK);
    assert_int_equal(trail_turn_back(journal), OK);
    assert_false(trail_is_ended(journal));
    assert_int_equal(trail_write(journal, 1, TRAIL_STUCK, NULL), OK);
    trail_close(journal);
    assert_int_equal(trail_look(folder, plan->id, &summary, &note), OK);
    assert_true(trail_is_unfinished(&summary) && summary.is_back && trail_is_stuck(&summary));
    assert_false(trail_is_overdue(&summary, 6));
    assert_int_equal(trail_open(folder, NULL, &vault, &journal, &again, &note), OK);
    assert_true(trail_is_turned_back(journal));
    end(journal, "rolled-back");
    plan_free(again);
    plan_free(plan);
}

static void
test_plan_that_nobody_confirmed_is_overdue_when_its_time_is_over(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000027", 1);
    struct trail_summary summary;
    struct note note = {""};
    struct trail *journal = create(plan);
    write_taken(journal, 1, "old");
    assert_int_equal(trail_write(journal, 1, TRAIL_KEPT, NULL), OK);
    assert_int_equal(trail_await(journal, 5000), OK);
    assert_int_equal(trail_look(folder, plan->id, &summary, &note), OK);
    assert_false(trail_is_overdue(&summary, 6000)); /* somebody is at it */
    trail_close(journal);
    assert_int_equal(trail_look(folder, plan->id, &summary, &note), OK);
    assert_false(trail_is_overdue(&summary, 4999));
    assert_true(trail_is_overdue(&summary, 5000));
    struct plan *again = NULL;
    assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), OK);
    end(journal, "rolled-back");
    plan_free(again);
    plan_free(plan);
}

static void
test_kept_step_says_nothing_of_why_it_was_not(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000028", 1);
    struct trail *journal = create(plan);
    const struct trail_step why = {.why = "it was away for a moment"};
    write_taken(journal, 1, "old");
    assert_int_equal(trail_write(journal, 1, TRAIL_PROVING, &why), OK);
    assert_string_equal(trail_step(journal, 1).why, why.why);
    assert_int_equal(trail_write(journal, 1, TRAIL_KEPT, NULL), OK);
    assert_null(trail_step(journal, 1).why);
    end(journal, "ended");
    plan_free(plan);
}

static void
test_gap_that_nobody_could_watch_stays_unknown(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000029", 1), *again = NULL;
    struct trail *journal = create(plan);
    struct note note = {""};
    const struct trail_step unseen = {.gap_ms = TRAIL_GAP_UNKNOWN};
    assert_int_equal(trail_write(journal, 1, TRAIL_KEPT, &unseen), OK);
    trail_close(journal);
    assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), OK);
    assert_int_equal(trail_step(journal, 1).gap_ms, TRAIL_GAP_UNKNOWN);
    end(journal, "ended");
    plan_free(again);
    plan_free(plan);
}

static void
test_write_that_fails_ends_all_writing(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000010", 2);
    struct trail *journal = create(plan);
    pid_t pid = fork();
    if (pid == 0) {
        struct buf bytes;
        (void)signal(SIGXFSZ, SIG_IGN);
        write_taken(journal, 1, "old");
        read_journal(plan->id, &bytes);
        const struct rlimit tight = {bytes.len + 20, bytes.len + 20};
        bool is_set = setrlimit(RLIMIT_FSIZE, &tight) == 0;
        enum err first = trail_write(journal, 1, TRAIL_APPLYING, NULL);
        enum err second = trail_write(journal, 2, TRAIL_APPLYING, NULL);
        _exit(is_set && first == ERR_IO && second == ERR_IO &&
                      trail_step(journal, 1).phase == TRAIL_TAKEN
                  ? 0
                  : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    trail_close(journal);
    struct plan *again = NULL;
    struct note note = {""};
    assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), OK);
    assert_int_equal(trail_step(journal, 1).phase, TRAIL_TAKEN);
    assert_int_equal(trail_end(journal, "ended"), OK);
    trail_close(journal);
    plan_free(again);
    plan_free(plan);
}

static void
test_other_key_is_told_in_words(void **state)
{
    (void)state;
    struct plan *plan = make_plan("20261122T201500Z-000011", 1), *again = NULL;
    struct trail *journal = create(plan);
    struct note note = {""};
    char other_key[128], other_file[128];
    write_taken(journal, 1, "old");
    trail_close(journal);
    (void)snprintf(other_key, sizeof(other_key), "%s/.other", folder);
    (void)snprintf(other_file, sizeof(other_file), "%s/.other-sealed", folder);
    const struct vault_place other = {.file = other_file, .key = other_key};
    assert_int_equal(trail_open(folder, plan->id, &other, &journal, &again, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "key"));
    plan_free(plan);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_there_again),
        cmocka_unit_test(test_no_secret_is_in_the_file),
        cmocka_unit_test(test_cut_at_every_byte_gives_the_last_whole_line),
        cmocka_unit_test(test_damage_before_the_last_line_is_an_error_in_words),
        cmocka_unit_test(test_plan_has_one_owner_and_a_site_one_plan),
        cmocka_unit_test(test_device_has_one_plan_however_its_scope_is_written),
        cmocka_unit_test(test_stuck_step_stands_in_the_way_at_its_device_only),
        cmocka_unit_test(test_plan_that_is_being_taken_back_has_not_ended),
        cmocka_unit_test(test_plan_that_nobody_confirmed_is_overdue_when_its_time_is_over),
        cmocka_unit_test(test_kept_step_says_nothing_of_why_it_was_not),
        cmocka_unit_test(test_gap_that_nobody_could_watch_stays_unknown),
        cmocka_unit_test(test_write_that_fails_ends_all_writing),
        cmocka_unit_test(test_other_key_is_told_in_words),
    };
    if (secret_start() != OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("journal", tests, make_folder, remove_folder);
}
