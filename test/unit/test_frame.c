#include "gate/frame.h"

#include "base/text.h"
#include "test.h"

static struct frames frames;
static struct note note;
static uint8_t wire[1 << 18];
static size_t wire_len;

static int
start(void **state)
{
    (void)state;
    frames_init(&frames);
    wire_len = 0;
    note.text[0] = '\0';
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    frames_release(&frames);
    return 0;
}

/* A masked frame at the end of wire. */
static void
add(unsigned first, const void *payload, size_t len)
{
    static const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};
    const uint8_t *bytes = payload;
    uint8_t *out = wire + wire_len;
    *out++ = (uint8_t)first;
    if (len < 126) {
        *out++ = (uint8_t)(0x80 | len);
    } else if (len <= UINT16_MAX) {
        *out++ = 0x80 | 126;
        *out++ = (uint8_t)(len >> 8);
        *out++ = (uint8_t)len;
    } else {
        *out++ = 0x80 | 127;
        for (int i = 7; i >= 0; i--) {
            *out++ = (uint8_t)(len >> (8 * i));
        }
    }
    memcpy(out, mask, sizeof(mask));
    out += sizeof(mask);
    for (size_t i = 0; i < len; i++) {
        *out++ = bytes[i] ^ mask[i % 4];
    }
    wire_len = (size_t)(out - wire);
}

static enum err
feed_all(void)
{
    bool is_whole = false;
    assert_int_equal(frames_feed(&frames, wire, wire_len), OK);
    return frames_next(&frames, &is_whole, &note);
}

static void
test_message_is_held_until_it_was_judged_and_given_on_equal(void **state)
{
    (void)state;
    uint8_t out[64];
    bool is_whole = false;
    add(0x81, "hello", 5);
    for (size_t i = 0; i < wire_len; i++) {
        assert_int_equal(frames_next(&frames, &is_whole, &note), OK);
        assert_false(is_whole);
        assert_int_equal(frames_feed(&frames, wire + i, 1), OK);
    }
    assert_int_equal(frames_next(&frames, &is_whole, &note), OK);
    assert_true(is_whole);
    assert_int_equal(frames.opcode, FRAME_TEXT);
    assert_int_equal(frames.message.len, 5);
    assert_memory_equal(frames.message.data, "hello", 5);
    assert_int_equal(frames_give(&frames, out, sizeof(out)), 0);
    assert_true(frames_is_waiting(&frames));
    frames_pass(&frames);
    assert_int_equal(frames_give(&frames, out, 3), 3);
    assert_int_equal(frames_give(&frames, out + 3, sizeof(out) - 3), wire_len - 3);
    assert_memory_equal(out, wire, wire_len);
    assert_false(frames_is_waiting(&frames));
}

static void
test_fragments_are_joined_with_control_frames_between(void **state)
{
    (void)state;
    uint8_t out[128];
    bool is_whole = false;
    add(0x89, "p", 1);
    add(0x02, "ab", 2);
    add(0x89, "ping", 4);
    add(0x00, "", 0);
    add(0x80, "cd", 2);
    add(0x81, "next", 4);
    assert_int_equal(frames_feed(&frames, wire, wire_len), OK);
    assert_int_equal(frames_next(&frames, &is_whole, &note), OK);
    assert_true(is_whole);
    assert_int_equal(frames.opcode, FRAME_BINARY);
    assert_int_equal(frames.message.len, 4);
    assert_memory_equal(frames.message.data, "abcd", 4);
    assert_int_equal(frames_give(&frames, out, sizeof(out)), 7); /* the first ping */
    frames_pass(&frames);
    size_t len = frames_give(&frames, out + 7, sizeof(out) - 7);
    assert_int_equal(frames_next(&frames, &is_whole, &note), OK);
    assert_true(is_whole);
    assert_memory_equal(frames.message.data, "next", 4);
    frames_pass(&frames);
    len += frames_give(&frames, out + 7 + len, sizeof(out) - 7 - len);
    assert_int_equal(len + 7, wire_len);
    assert_memory_equal(out, wire, wire_len);
}

static void
test_largest_message_passes_and_a_larger_one_does_not(void **state)
{
    (void)state;
    static uint8_t big[FRAME_MESSAGE + 1];
    bool is_whole = false;
    add(0x82, big, FRAME_MESSAGE);
    assert_int_equal(feed_all(), OK);
    assert_true(frames.is_whole);
    frames_release(&frames);
    frames_init(&frames);
    wire_len = 0;
    add(0x82, big, FRAME_MESSAGE + 1);
    assert_int_equal(frames_feed(&frames, wire, 20), OK); /* what it claims is enough */
    assert_int_equal(frames_next(&frames, &is_whole, &note), ERR_LIMIT);
}

static void
test_message_in_fragments_is_bounded(void **state)
{
    (void)state;
    static uint8_t big[FRAME_MESSAGE / 2 + 1];
    add(0x02, big, sizeof(big));
    add(0x80, big, sizeof(big));
    assert_int_equal(feed_all(), ERR_LIMIT);
}

static void
test_endless_empty_fragments_are_refused(void **state)
{
    (void)state;
    enum err err = OK;
    bool is_whole = false;
    add(0x02, "", 0);
    assert_int_equal(frames_feed(&frames, wire, wire_len), OK);
    wire[0] = 0;
    for (int i = 0; i < 1 << 20 && err == OK; i++) {
        size_t len = frames_room(&frames) < wire_len ? frames_room(&frames) : wire_len;
        assert_int_equal(frames_feed(&frames, wire, len), OK);
        err = frames_next(&frames, &is_whole, &note);
    }
    assert_int_equal(err, ERR_LIMIT);
}

static void
test_refuses_what_the_standard_forbids(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\xc1\x80\0\0\0\0",                   6 }, /* a reserved bit: compressed */
        {"\xa1\x80\0\0\0\0",                   6 }, /* another */
        {"\x81\x01x\0\0\0",                    6 }, /* no mask */
        {"\x83\x80\0\0\0\0",                   6 }, /* an unknown kind */
        {"\x8b\x80\0\0\0\0",                   6 }, /* an unknown control frame */
        {"\x80\x80\0\0\0\0",                   6 }, /* a continuation of nothing */
        {"\x09\x80\0\0\0\0",                   6 }, /* a control frame in pieces */
        {"\x89\xfe\0\x7e\0\0\0\0",             8 }, /* a control frame that is too long */
        {"\x81\xfe\0\x05\0\0\0\0",             8 }, /* not the shortest length */
        {"\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0", 14}, /* neither */
        {"\x01\x80\0\0\0\0\x81\x80\0\0\0\0",   12}, /* a message within another */
        {"\x88\x80\0\0\0\0\x81\x80\0\0\0\0",   12}, /* a message after the close */
        {"\x81\x81\0\0\0\0\xff",               7 }, /* not UTF-8 */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool is_whole = false;
        assert_int_equal(start(state), 0);
        assert_int_equal(frames_feed(&frames, rows[i].bytes, rows[i].len), OK);
        assert_int_equal(frames_next(&frames, &is_whole, &note), ERR_SYNTAX);
        assert_true(note.text[0] != '\0');
        assert_int_equal(frames_next(&frames, &is_whole, &note), ERR_SYNTAX); /* for good */
        (void)stop(state);
    }
    (void)start(state);
}

#define WITH_FRAMES(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FRAMES(test_message_is_held_until_it_was_judged_and_given_on_equal),
        WITH_FRAMES(test_fragments_are_joined_with_control_frames_between),
        WITH_FRAMES(test_largest_message_passes_and_a_larger_one_does_not),
        WITH_FRAMES(test_message_in_fragments_is_bounded),
        WITH_FRAMES(test_endless_empty_fragments_are_refused),
        WITH_FRAMES(test_refuses_what_the_standard_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
