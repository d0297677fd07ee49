#include "assess/config.h"

#include "assess/derive.h"
#include "assess/site.h"
#include "base/text.h"
#include "check/check.h"
#include "test.h"

static const char careful[] = "cameras:\n  gate:\n    ffmpeg: {}\nauth:\n  enabled: true\n";

/* A device that the network showed to run Frigate with an open port. */
static struct subject *
seen_frigate(const char *address)
{
    struct subject *subject = subject_new(1);
    struct ip ip;
    assert_non_null(subject);
    assert_int_equal(ip_parse(address, &ip), OK);
    (void)subject_add_address(subject, &ip);
    subject->kind = KIND_VMS;
    subject->in_scope = true;
    const struct source wire = {WITNESS_WIRE, 95, NULL};
    facts_set_text(&subject->facts, FACT_VMS_PRODUCT, "Frigate", &wire);
    facts_set_bool(&subject->facts, FACT_VMS_AUTH, false, &wire);
    facts_set_text(&subject->facts, FACT_VMS_OPEN, "http://192.0.2.10:5000/", &wire);
    return subject;
}

static struct audit *
read_files(const char *name, const char *text)
{
    struct audit *audit = audit_new();
    assert_non_null(audit);
    assert_int_equal(audit_add_bytes(audit, name, text, strlen(text)), OK);
    audit_judge(audit);
    return audit;
}

static void
test_joins_the_files_with_the_only_device_of_the_product(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_init(&crowd);
    struct audit *audit = read_files("frigate:config.yml", careful);
    assert_int_equal(crowd_adopt(&crowd, seen_frigate("192.0.2.10")), OK);
    assert_int_equal(config_join(&crowd, audit), OK);
    assert_int_equal(crowd.count, 1);
    char key[SUBJECT_KEY];
    assert_string_equal(subject_key(crowd.subjects[0], key), "ip:192.0.2.10");
    assert_true(text_contains(crowd.subjects[0]->seen_by, "configuration"));
    crowd_release(&crowd);
    audit_free(audit);
}

static void
test_files_that_ask_for_a_login_and_an_open_port_contradict(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_init(&crowd);
    struct audit *audit = read_files("frigate:config.yml", careful);
    assert_int_equal(crowd_adopt(&crowd, seen_frigate("192.0.2.10")), OK);
    assert_int_equal(config_join(&crowd, audit), OK);
    const struct facts *facts = &crowd.subjects[0]->facts;
    assert_true(facts_contradict(facts, FACT_VMS_OPEN));
    assert_string_equal(facts_text(facts, FACT_VMS_OPEN), "http://192.0.2.10:5000/");
    const struct control *control = control_by_id("default-credentials");
    for (size_t i = 0; i < control->check->aspect_count; i++) {
        const struct aspect *aspect = &control->check->aspects[i];
        if (text_equal(aspect->id, "vms-login")) {
            struct judgement judgement = check_judge(control, aspect, facts);
            assert_int_equal(judgement.verdict, FAIL);
            assert_true(judgement.contradicted);
        }
    }
    crowd_release(&crowd);
    audit_free(audit);
}

/* An open port that both saw is no contradiction, whatever each calls it. */
static void
test_an_open_port_that_both_know_is_no_contradiction(void **state)
{
    (void)state;
    static const char compose[] = "services:\n  frigate:\n    image: frigate:stable\n"
                                  "    ports: [\"5000:5000\"]\n";
    struct crowd crowd;
    crowd_init(&crowd);
    struct audit *audit = read_files("compose:compose.yml", compose);
    assert_int_equal(crowd_adopt(&crowd, seen_frigate("192.0.2.10")), OK);
    assert_int_equal(config_join(&crowd, audit), OK);
    assert_int_equal(crowd.count, 1);
    assert_false(facts_contradict(&crowd.subjects[0]->facts, FACT_VMS_OPEN));
    assert_string_equal(
        facts_text(&crowd.subjects[0]->facts, FACT_VMS_OPEN), "http://192.0.2.10:5000/");
    crowd_release(&crowd);
    audit_free(audit);
}

static void
test_two_devices_of_the_product_are_not_guessed_between(void **state)
{
    (void)state;
    struct crowd crowd;
    crowd_init(&crowd);
    struct audit *audit = read_files("frigate:/srv/a/config.yml", careful);
    assert_int_equal(crowd_adopt(&crowd, seen_frigate("192.0.2.10")), OK);
    assert_int_equal(crowd_adopt(&crowd, seen_frigate("192.0.2.11")), OK);
    assert_int_equal(config_join(&crowd, audit), OK);
    assert_int_equal(crowd.count, 3);
    char key[SUBJECT_KEY];
    assert_string_equal(subject_key(crowd.subjects[2], key), "config:frigate:/srv/a");
    crowd_release(&crowd);
    audit_free(audit);
}

static void
test_facts_of_the_site_keep_file_and_line(void **state)
{
    (void)state;
    struct subject *whole = subject_new(0);
    struct audit *audit = read_files("wireguard:/etc/wireguard/wg0.conf",
        "[Interface]\nListenPort = 51820\n[Peer]\nPublicKey = x\nAllowedIPs = 10.0.0.2/32\n");
    config_site(whole, audit);
    const struct fact *vpn = facts_get(&whole->facts, FACT_REMOTE_VPN);
    assert_non_null(vpn);
    assert_int_equal(vpn->witness, WITNESS_CONFIG);
    assert_string_equal(vpn->evidence->asked, "/etc/wireguard/wg0.conf line 2");
    assert_string_equal(vpn->evidence->answer, "ListenPort = 51820");
    subject_free(whole);
    audit_free(audit);
}

static void
test_a_vpn_called_none_is_no_vpn(void **state)
{
    (void)state;
    static const char text[] = "remote_access:\n  used: yes\n  vpn: none\n";
    struct site *site = NULL;
    struct note note = {""};
    struct crowd crowd;
    struct scope scope;
    struct subject *whole = subject_new(0);
    crowd_init(&crowd);
    scope_init(&scope);
    assert_int_equal(site_parse(text, strlen(text), "shop.yaml", &site, &note), OK);
    const struct derive_from from = {.scope = &scope, .site = site};
    derive_facts(&crowd, whole, &from);
    assert_null(facts_get(&whole->facts, FACT_REMOTE_VPN));
    assert_true(facts_is_yes(&whole->facts, FACT_REMOTE_DECLARED));
    subject_free(whole);
    crowd_release(&crowd);
    site_free(site);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins_the_files_with_the_only_device_of_the_product),
        cmocka_unit_test(test_files_that_ask_for_a_login_and_an_open_port_contradict),
        cmocka_unit_test(test_an_open_port_that_both_know_is_no_contradiction),
        cmocka_unit_test(test_two_devices_of_the_product_are_not_guessed_between),
        cmocka_unit_test(test_facts_of_the_site_keep_file_and_line),
        cmocka_unit_test(test_a_vpn_called_none_is_no_vpn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
