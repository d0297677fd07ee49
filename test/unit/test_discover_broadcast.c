/* Answers of the searches by request: Xiongmai and PPPP; and that they run by request only. */
#include "discovered.h"

#include "base/text.h"

static void
test_reads_what_a_xiongmai_board_says(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(xiongmai_parse, "xiongmai/camera", &heard), OK);
    assert_heard(&heard, FACT_DEVICE_VENDOR, "Xiongmai");
    assert_heard(&heard, FACT_DEVICE_SERIAL, "a1b2c3d4e5f60718");
    assert_heard(&heard, FACT_DEVICE_FIRMWARE, "V4.02.R11.00000117.10001.131900.00000");
    assert_mac(&heard, "00:12:16:fa:f9:87");
    assert_states(&heard, "192.168.1.10");
}

static void
test_does_not_take_its_own_question_for_a_device(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(xiongmai_parse, "xiongmai/own-question", &heard), ERR_MISSING);
    assert_int_equal(parse_file(pppp_parse, "pppp/search", &heard), ERR_SYNTAX);
    assert_int_equal(parse_file(pppp_parse, "pppp/other-type", &heard), ERR_MISSING);
}

static void
test_an_address_that_is_none_is_no_address(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(xiongmai_parse, "xiongmai/bad-address", &heard), OK);
    assert_int_equal(heard.states.family, 0);
}

static void
test_refuses_lengths_that_are_not_there(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(xiongmai_parse, "xiongmai/long-claim", &heard), ERR_SYNTAX);
    assert_int_equal(parse_file(xiongmai_parse, "xiongmai/other-json", &heard), ERR_MISSING);
    assert_refuses_beginnings(xiongmai_parse, "xiongmai/camera", 0);
    assert_refuses_beginnings(pppp_parse, "pppp/camera", 0);
}

static void
test_a_uid_proves_peer_to_peer_and_is_not_shown_whole(void **state)
{
    (void)state;
    struct heard heard;
    assert_int_equal(parse_file(pppp_parse, "pppp/camera", &heard), OK);
    assert_true(row_of(&heard, FACT_CLOUD_ENABLED)->yes);
    for (size_t i = 0; i < heard.count; i++) {
        assert_false(text_contains(heard.rows[i].quote, "ABCDE"));
    }
    assert_true(text_starts(heard.rows[0].quote, "VSTB-123456-"));
    assert_int_equal(parse_file(pppp_parse, "pppp/no-prefix", &heard), ERR_SYNTAX);
}

static void
test_runs_only_where_it_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"pppp"};
    const struct discover_choice none = {.search_count = 0};
    const struct discover_choice one = {.searches = names, .search_count = 1};
    const struct discover_method *pppp = discover_by_request("PPPP");
    assert_non_null(pppp);
    assert_null(discover_by_request("sadp"));
    assert_false(discover_runs(pppp, &none));
    assert_true(discover_runs(pppp, &one));
    assert_false(discover_runs(discover_by_request("xiongmai"), &one));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_a_xiongmai_board_says),
        cmocka_unit_test(test_does_not_take_its_own_question_for_a_device),
        cmocka_unit_test(test_an_address_that_is_none_is_no_address),
        cmocka_unit_test(test_refuses_lengths_that_are_not_there),
        cmocka_unit_test(test_a_uid_proves_peer_to_peer_and_is_not_shown_whole),
        cmocka_unit_test(test_runs_only_where_it_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
