#include "device/parts.h"

#include "test.h"

#include "answer.h"

static struct arena arena;
static struct facts facts;
static const struct source source = {.witness = WITNESS_WIRE, .confidence = 90};

static int
setup(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void
test_names_each_account_once_with_its_level(void **state)
{
    (void)state;
    struct parts_users users = {.count = 0};
    parts_users_add(&users, "admin", "administrator");
    parts_users_add(&users, "admin", "viewer");
    parts_users_add(&users, "adm", NULL);
    parts_users_add(&users, "", "viewer");
    parts_users_add(&users, "jo\nhn", "");
    assert_string_equal(users.text, "admin (administrator), adm, jo hn");
    assert_int_equal(users.count, 3);
}

static void
test_counts_accounts_that_do_not_fit(void **state)
{
    (void)state;
    struct parts_users users = {.count = 0};
    for (unsigned i = 0; i < 500; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "user%u", i);
        parts_users_add(&users, name, "viewer");
    }
    assert_int_equal(users.count, 500);
    assert_true(strlen(users.text) < sizeof(users.text));
    assert_string_equal(users.text + strlen(users.text) - 8, "(viewer)");
}

static void
test_reads_accounts_out_of_any_json(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *expected;
    } rows[] = {
        {"[{\"value\":{\"User\":[{\"level\":\"admin\",\"userName\":\"admin\"},"
         "{\"level\":\"guest\",\"userName\":\"tv\"}]}}]",                              "admin (admin), tv (guest)"},
        {"{\"Users\":[{\"UserID\":\"admin\",\"Password\":\"x\",\"Enable\":true,\"AdminAccess\":"
         "true},"
         "{\"UserID\":\"user1\",\"Enable\":false,\"AdminAccess\":false}]}",            "admin (administrator)"    },
        {"{\"Response\":{\"Data\":{\"UserList\":[{\"UserName\":\"admin\",\"UserLevel\":0}]}}}",
         "admin (level 0)"                                                                                                 },
        {"{\"range\":{\"User\":{\"userName\":{\"maxLen\":31}}}}",                               ""                         },
        {"not json",                                                                            ""                         },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts_users users = {.count = 0};
        struct answer answer = answer_of(200, "", rows[i].body);
        parts_users_json(&answer, &users);
        assert_string_equal(users.text, rows[i].expected);
    }
}

static void
test_one_yes_outweighs_every_no(void **state)
{
    (void)state;
    parts_either(&facts, FACT_USERS_ANONYMOUS, false, &source);
    assert_true(facts_is_no(&facts, FACT_USERS_ANONYMOUS));
    parts_either(&facts, FACT_USERS_ANONYMOUS, true, &source);
    parts_either(&facts, FACT_USERS_ANONYMOUS, false, &source);
    assert_true(facts_is_yes(&facts, FACT_USERS_ANONYMOUS));
}

static void
test_tells_how_far_a_clock_is_off(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t west;
        const char *expected;
    } rows[] = {
        {"2026-11-22 20:16:00",  0,     "60"   },
        {"2026-11-22T20:15:00Z", 0,     "0"    },
        {"2026-11-22T21:15:30",  -3600, "30"   },
        {"2026-11-22 19:15:00",  0,     "-3600"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answer answer = answer_of(200, "", "");
        parts_clock(rows[i].text, rows[i].west, &answer, &facts, &source);
        assert_string_equal(facts_text(&facts, FACT_CLOCK_OFFSET), rows[i].expected);
    }
    struct answer answer = answer_of(200, "", "");
    facts_forget(&facts, FACT_CLOCK_OFFSET);
    parts_clock("yesterday", 0, &answer, &facts, &source);
    assert_null(facts_text(&facts, FACT_CLOCK_OFFSET));
}

static void
test_a_time_server_without_a_name_proves_nothing(void **state)
{
    (void)state;
    parts_ntp(true, "0.0.0.0", &facts, &source);
    parts_ntp(true, NULL, &facts, &source);
    assert_null(facts_text(&facts, FACT_CLOCK_SYNCED));
    parts_ntp(true, "pool.ntp.org", &facts, &source);
    assert_true(facts_is_yes(&facts, FACT_CLOCK_SYNCED));
    assert_string_equal(facts_text(&facts, FACT_CLOCK_NTP), "pool.ntp.org");
    parts_ntp(false, "pool.ntp.org", &facts, &source);
    assert_true(facts_is_no(&facts, FACT_CLOCK_SYNCED));
}

static void
test_hears_what_a_refusal_says_of_the_lock(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool locked;
        int left;
        unsigned seconds;
    } rows[] = {
        {"{\"error\":{\"rspCode\":-7,\"detail\":\"login failed\"}}", false, -1, 0  },
        {"{\"RemainTimes\":3}",                                      false, 3,  0  },
        {"<retryTimes>2</retryTimes>",                               false, 2,  0  },
        {"You have 4 attempts left.",                                false, 4,  0  },
        {"{\"detail\":\"Login has been locked, please try again\"}", true,  -1, 0  },
        {"{\"ResponseString\":\"User Locked\",\"UnlockTime\":300}",  true,  -1, 300},
        {"Invalid password! You still have 24 attempt(s).",          false, 24, 0  },
        {"It has 3 channels",                                        false, -1, 0  },
        {"remaining time 12",                                        false, -1, 0  },
        {"{\"RemainTimes\":4000}",                                   false, -1, 0  },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct device_warning warning = {.left = -1};
        struct answer answer = answer_of(401, "", rows[i].body);
        parts_warn(&answer, &warning);
        assert_int_equal(warning.locked, rows[i].locked);
        assert_int_equal(warning.left, rows[i].left);
        assert_int_equal(warning.seconds, rows[i].seconds);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_each_account_once_with_its_level),
        cmocka_unit_test(test_counts_accounts_that_do_not_fit),
        cmocka_unit_test(test_reads_accounts_out_of_any_json),
        cmocka_unit_test_setup_teardown(test_one_yes_outweighs_every_no, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tells_how_far_a_clock_is_off, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_time_server_without_a_name_proves_nothing, setup, teardown),
        cmocka_unit_test(test_hears_what_a_refusal_says_of_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
