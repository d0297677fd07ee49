#include "assess/derive.h"

#include "base/text.h"
#include "test.h"

/* A site that guards 10.0.0.7 by 10.0.0.2:8443, and what a run saw of both. */
struct walk {
    struct site *site;
    struct crowd crowd;
    struct subject *whole;
};

static const char everything[] = "name: shop\nscope: [10.0.0.0/24]\n"
                                 "gateway:\n  address: 10.0.0.2:8443\n  guards: [10.0.0.7]\n";

static void
begin(struct walk *walk, const char *text)
{
    struct note note = {""};
    if (site_parse(text, strlen(text), "shop.yaml", &walk->site, &note) != OK) {
        fail_msg("%s", note.text);
    }
    crowd_init(&walk->crowd);
    walk->whole = subject_new(0);
}

static struct subject *
saw(struct walk *walk, const char *address, uint16_t number, const char *protocol)
{
    struct ip ip;
    assert_int_equal(ip_parse(address, &ip), OK);
    struct subject *subject = crowd_find(&walk->crowd, &ip);
    if (subject == NULL) {
        subject = subject_new((unsigned)walk->crowd.count + 1);
        (void)subject_add_address(subject, &ip);
        assert_int_equal(crowd_adopt(&walk->crowd, subject), OK);
    }
    subject_port(subject, number)->protocol = protocol;
    return subject;
}

/* The text of the fact, "" when there is none. */
static const char *
told(struct walk *walk, enum fact_id id, bool has_asked)
{
    const int marker = 0;
    const struct derive_from from = {
        .discovery = has_asked ? (const void *)&marker : NULL,
        .scope = &walk->site->scope,
        .site = walk->site,
    };
    derive_gateway(&walk->crowd, walk->whole, &from);
    const struct fact *fact = facts_get(&walk->whole->facts, id);
    return fact == NULL ? "" : fact->text;
}

static void
end(struct walk *walk)
{
    site_free(walk->site);
    crowd_release(&walk->crowd);
    subject_free(walk->whole);
}

static void
test_names_every_door_beside_the_gateway(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk, everything);
    (void)saw(&walk, "10.0.0.7", 80, "http");
    (void)saw(&walk, "10.0.0.7", 8554, "rtsp");
    (void)saw(&walk, "10.0.0.7", 22, "ssh");
    assert_string_equal(
        told(&walk, FACT_GATEWAY_BYPASS, true), "http://10.0.0.7:80, rtsp://10.0.0.7:8554");
    assert_string_equal(told(&walk, FACT_GATEWAY_CLOSED, true), "");
    end(&walk);
}

static void
test_a_silent_vms_is_closed_and_the_gateway_is_no_way_around_itself(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk, everything);
    (void)saw(&walk, "10.0.0.2", 8443, "http");
    assert_string_equal(told(&walk, FACT_GATEWAY_CLOSED, true), "10.0.0.7");
    end(&walk);
    begin(&walk, "name: shop\nscope: [10.0.0.0/24]\n"
                 "gateway:\n  address: 10.0.0.7:8443\n  guards: [10.0.0.7]\n");
    (void)saw(&walk, "10.0.0.7", 8443, "http");
    assert_string_equal(told(&walk, FACT_GATEWAY_BYPASS, true), "");
    assert_string_equal(told(&walk, FACT_GATEWAY_CLOSED, true), "10.0.0.7");
    end(&walk);
}

static void
test_what_was_not_asked_is_not_closed(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk, everything);
    assert_string_equal(told(&walk, FACT_GATEWAY_CLOSED, false), "");
    end(&walk);
    begin(&walk, "name: shop\nscope: [10.0.1.0/24]\n"
                 "gateway:\n  address: 10.0.0.2:8443\n  guards: [10.0.0.7]\n");
    assert_string_equal(told(&walk, FACT_GATEWAY_CLOSED, true), "");
    end(&walk);
    begin(&walk, everything);
    saw(&walk, "10.0.0.7", 22, "ssh")->trouble = "it broke off";
    assert_string_equal(told(&walk, FACT_GATEWAY_CLOSED, true), "");
    assert_string_equal(told(&walk, FACT_GATEWAY_NAME, true), "10.0.0.2 port 8443");
    end(&walk);
}

static void
refuses(const char *lines)
{
    char text[200];
    struct site *site = NULL;
    struct note note = {""};
    (void)snprintf(text, sizeof(text), "name: shop\ngateway:\n%s", lines);
    assert_int_not_equal(site_parse(text, strlen(text), "shop.yaml", &site, &note), OK);
    assert_null(site);
}

static void
test_refuses_an_address_without_a_port(void **state)
{
    (void)state;
    refuses("  address: 10.0.0.2\n");
    refuses("  address: 10.0.0.2:0\n");
    refuses("  address: gate:8443\n");
    refuses("  address: \":\"\n");
    refuses("  guards: [10.0.0.0/24]\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_every_door_beside_the_gateway),
        cmocka_unit_test(test_a_silent_vms_is_closed_and_the_gateway_is_no_way_around_itself),
        cmocka_unit_test(test_what_was_not_asked_is_not_closed),
        cmocka_unit_test(test_refuses_an_address_without_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
