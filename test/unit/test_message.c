#include "ledger/message.h"

#include "test.h"

static struct buf
framed(enum message_kind kind, const void *payload, size_t len)
{
    struct buf out;
    buf_init(&out, 2 * (size_t)MESSAGE_FRAME);
    const struct message message = {kind, 0x01020304, payload, len};
    message_put(&out, &message);
    assert_int_equal(buf_error(&out), OK);
    return out;
}

static enum err
parse(enum message_side side, const struct buf *bytes, size_t len, struct message *ret_message,
    size_t *ret_used)
{
    return message_parse(side, (const uint8_t *)bytes->data, len, ret_message, ret_used);
}

static void
test_a_frame_comes_back_as_it_was_put(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes = framed(MESSAGE_APPEND, "{}", 2);
    static const uint8_t expected[] = {0, 0, 0, 7, 1, 1, 2, 3, 4, '{', '}'};
    assert_int_equal(bytes.len, sizeof(expected));
    assert_memory_equal(bytes.data, expected, sizeof(expected));
    struct message message;
    size_t used = 0;
    assert_int_equal(parse(MESSAGE_KEEPER, &bytes, bytes.len, &message, &used), OK);
    assert_int_equal(used, bytes.len);
    assert_int_equal(message.kind, MESSAGE_APPEND);
    assert_int_equal(message.token, 0x01020304);
    assert_int_equal(message.len, 2);
    assert_memory_equal(message.payload, "{}", 2);
}

static void
test_waits_for_the_rest_of_a_cut_frame(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes = framed(MESSAGE_APPEND, "{\"a\":1}", 7);
    struct message message;
    for (size_t len = 0; len < bytes.len; len++) {
        size_t used = 1;
        assert_int_equal(parse(MESSAGE_KEEPER, &bytes, len, &message, &used), OK);
        assert_int_equal(used, 0);
    }
}

static void
test_refuses_a_frame_longer_than_its_kind_before_it_is_there(void **state)
{
    (void)state;
    static const uint8_t frames[][MESSAGE_HEAD] = {
        {0,    1, 0, 5,  MESSAGE_APPEND,  0, 0, 0, 0}, /* one byte over 65,535 */
        {0xff, 0, 0, 0,  MESSAGE_APPEND,  0, 0, 0, 0},
        {0,    0, 0, 14, MESSAGE_PUBLISH, 0, 0, 0, 0},
        {0,    0, 0, 6,  MESSAGE_STATE,   0, 0, 0, 0},
        {0,    0, 0, 4,  MESSAGE_STATE,   0, 0, 0, 0}, /* shorter than its own head */
        {0,    0, 0, 5,  99,              0, 0, 0, 0},
        {0,    0, 0, 14, MESSAGE_DONE,    0, 0, 0, 0}, /* not for the keeper */
    };
    for (size_t i = 0; i < COUNT(frames); i++) {
        struct message message;
        size_t used = 0;
        assert_int_equal(message_parse(MESSAGE_KEEPER, frames[i], 5, &message, &used), ERR_SYNTAX);
    }
}

static void
test_the_largest_frame_fits(void **state)
{
    (void)state;
    static char payload[MESSAGE_PAYLOAD];
    CLEANUP(buf_release) struct buf bytes = framed(MESSAGE_APPEND, payload, sizeof(payload));
    struct message message;
    size_t used = 0;
    assert_int_equal(parse(MESSAGE_KEEPER, &bytes, bytes.len, &message, &used), OK);
    assert_int_equal(used, MESSAGE_FRAME);
    assert_int_equal(message.len, MESSAGE_PAYLOAD);
}

static void
test_a_buffer_without_room_holds_no_half_frame(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 12);
    const struct message message = {MESSAGE_APPEND, 1, (const uint8_t *)"1234", 4};
    message_put(&out, &message);
    assert_int_equal(buf_error(&out), ERR_LIMIT);
    assert_int_equal(out.len, 0);
}

static void
test_an_answer_keeps_status_index_and_words(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 1024);
    const struct message_done given = {MESSAGE_BAD, UINT64_C(0x0102030405060708), "no reason"};
    message_put_done(&out, 7, &given);
    struct message message;
    struct message_done done;
    size_t used = 0;
    assert_int_equal(parse(MESSAGE_CLIENT, &out, out.len, &message, &used), OK);
    assert_int_equal(message_parse_done(&message, &done), OK);
    assert_int_equal(done.status, MESSAGE_BAD);
    assert_true(done.index == given.index);
    assert_string_equal(done.words, "no reason");
}

static void
test_refuses_an_answer_that_is_cut_or_of_unknown_status(void **state)
{
    (void)state;
    static const uint8_t unknown[9] = {4};
    const struct message messages[] = {
        {MESSAGE_DONE,   1, unknown, 9},
        {MESSAGE_DONE,   1, unknown, 8},
        {MESSAGE_REPORT, 1, unknown, 9},
    };
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct message_done done;
        assert_int_equal(message_parse_done(&messages[i], &done), ERR_SYNTAX);
    }
}

static void
test_an_index_comes_back(void **state)
{
    (void)state;
    uint8_t payload[MESSAGE_INDEX];
    uint64_t index = 0;
    message_store_index(UINT64_C(0xfedcba9876543210), payload);
    struct message message = {MESSAGE_PUBLISH, 1, payload, sizeof(payload)};
    assert_int_equal(message_parse_index(&message, &index), OK);
    assert_true(index == UINT64_C(0xfedcba9876543210));
    message.len = 7;
    assert_int_equal(message_parse_index(&message, &index), ERR_SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_comes_back_as_it_was_put),
        cmocka_unit_test(test_waits_for_the_rest_of_a_cut_frame),
        cmocka_unit_test(test_refuses_a_frame_longer_than_its_kind_before_it_is_there),
        cmocka_unit_test(test_the_largest_frame_fits),
        cmocka_unit_test(test_a_buffer_without_room_holds_no_half_frame),
        cmocka_unit_test(test_an_answer_keeps_status_index_and_words),
        cmocka_unit_test(test_refuses_an_answer_that_is_cut_or_of_unknown_status),
        cmocka_unit_test(test_an_index_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
