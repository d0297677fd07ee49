#include "base/text.h"
#include "daemon/doorman_parts.h"

#include "test.h"

static void
test_finds_each_route_and_only_by_its_method(void **state)
{
    (void)state;
    bool is_other = false;
    for (size_t i = 0; i < doorman_routes_count; i++) {
        const struct doorman_route *row = &doorman_routes_all[i];
        assert_ptr_equal(doorman_routes_find(row->method, row->path, &is_other), row);
        assert_null(doorman_routes_find("PUT", row->path, &is_other));
        assert_true(is_other);
    }
    assert_null(doorman_routes_find("GET", "/gatehouse/login/", &is_other));
    assert_false(is_other);
}

static void
test_what_changes_something_is_never_a_get(void **state)
{
    (void)state;
    static const char *const shows[] = {"/gatehouse/login", "/gatehouse/login/second",
        "/gatehouse/enrol", "/gatehouse/enrol/steps", "/gatehouse/step-up", "/gatehouse/logout",
        "/gatehouse", "/gatehouse/", "/gatehouse/sessions", "/gatehouse/accesses",
        "/gatehouse/factors", "/gatehouse/denied", "/gatehouse/unavailable"};
    size_t gets = 0;
    for (size_t i = 0; i < doorman_routes_count; i++) {
        gets += text_equal(doorman_routes_all[i].method, "GET") ? 1 : 0;
    }
    assert_int_equal(gets, COUNT(shows));
    for (size_t i = 0; i < COUNT(shows); i++) {
        bool is_other = false;
        assert_non_null(doorman_routes_find("GET", shows[i], &is_other));
    }
}

static void
test_changes_of_factors_need_a_step_up(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < doorman_routes_count; i++) {
        const struct doorman_route *row = &doorman_routes_all[i];
        if (text_starts(row->path, "/gatehouse/factors") && text_equal(row->method, "POST")) {
            assert_int_equal(row->need, DOORMAN_ELEVATED);
            count++;
        }
    }
    assert_true(count >= 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_each_route_and_only_by_its_method),
        cmocka_unit_test(test_what_changes_something_is_never_a_get),
        cmocka_unit_test(test_changes_of_factors_need_a_step_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
