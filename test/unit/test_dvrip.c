#include "codec/dvrip.h"

#include "test.h"

#include <string.h>

#include "answer.h"

static struct arena arena;

/* A frame as a device sends it. */
static void
add_frame(struct buf *out, unsigned message, const char *body)
{
    buf_u32le(out, 0x01ff);
    buf_u32le(out, 0x1a);
    buf_u32le(out, 0);
    buf_byte(out, 0);
    buf_byte(out, 0);
    buf_byte(out, (uint8_t)(message & 0xffU));
    buf_byte(out, (uint8_t)(message >> 8U));
    buf_u32le(out, (uint32_t)strlen(body) + 2);
    buf_text(out, body);
    buf_add(out, "\n", 2);
}

static struct answer
read_frames(const struct buf *frames)
{
    size_t whole = 0;
    assert_int_equal(dvrip_whole(frames->data, frames->len, &whole), OK);
    assert_int_equal(whole, frames->len);
    const struct answer raw = {.headers = "", .body = frames->data, .body_len = frames->len};
    return dvrip_answer(&raw, &arena);
}

/* The blank password is the hash that every public client knows. */
static void
test_hashes_as_the_maker_does(void **state)
{
    (void)state;
    char hash[DVRIP_HASH];
    assert_int_equal(dvrip_hash("", hash), OK);
    assert_string_equal(hash, "tlJwpbo6");
    assert_int_equal(dvrip_hash("tluafed", hash), OK);
    assert_string_equal(hash, "OxhlwSG8");
}

static void
test_writes_the_header_that_devices_know(void **state)
{
    (void)state;
    struct buf out;
    const struct request request = {
        .ask = {.path = DVRIP_CONFIG "NetWork.Nat", .body = "{}"},
          .authorization = "0x0000001a"
    };
    static const uint8_t header[] = {
        0xff, 0, 0, 0, 0x1a, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0x12, 0x04, 4, 0, 0, 0, '{', '}', '\n', 0};
    buf_init(&out, 4096);
    assert_int_equal(dvrip_write(&request, 3, &out), OK);
    assert_int_equal(out.len, sizeof(header));
    assert_memory_equal(out.data, header, sizeof(header));
    buf_release(&out);
}

static void
test_sets_a_configuration_in_an_open_login_only(void **state)
{
    (void)state;
    struct buf out;
    struct request request = {
        .ask = {.path = DVRIP_SET "NetWork.Nat", .body = "{\"Name\":\"NetWork.Nat\"}"}
    };
    buf_init(&out, 4096);
    assert_int_equal(dvrip_write(&request, 0, &out), ERR_VALUE);
    request.authorization = "0x0000001a";
    assert_int_equal(dvrip_write(&request, 0, &out), OK);
    assert_int_equal(out.data[14], 0x10);
    assert_int_equal(out.data[15], 0x04);
    buf_release(&out);
}

static void
test_cannot_write_a_message_that_is_not_listed(void **state)
{
    (void)state;
    /* Set configuration, add a user, reboot, upgrade. */
    static const char *const paths[] = {"/1040/NetWork.Nat", "/1482", "/1450/OPMachine", "/1522",
        "/", "", "1042", "/99999999999999999999"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct buf out;
        const struct request request = {
            .ask = {.path = paths[i], .body = "{}"}
        };
        buf_init(&out, 4096);
        assert_int_equal(dvrip_write(&request, 0, &out), ERR_VALUE);
        assert_int_equal(out.len, 0);
        buf_release(&out);
    }
}

static void
test_reads_an_answer_behind_events(void **state)
{
    (void)state;
    struct buf frames;
    buf_init(&frames, 4096);
    add_frame(&frames, 1504, "{\"AlarmInfo\":{}}");
    add_frame(&frames, 1021, "{\"Ret\":100,\"Name\":\"SystemInfo\"}");
    const struct answer answer = read_frames(&frames);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{\"Ret\":100,\"Name\":\"SystemInfo\"}");
    buf_release(&frames);
}

static void
test_waits_until_the_answer_is_whole(void **state)
{
    (void)state;
    struct buf frames;
    buf_init(&frames, 4096);
    add_frame(&frames, 1021, "{\"Ret\":100}");
    for (size_t len = 0; len < frames.len; len++) {
        size_t whole = 7;
        assert_int_equal(dvrip_whole(frames.data, len, &whole), OK);
        assert_int_equal(whole, 0);
    }
    buf_release(&frames);
}

static void
test_refuses_what_is_no_dvrip_or_too_long(void **state)
{
    (void)state;
    size_t whole = 0;
    static const char claims[20] = "\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\x7f";
    assert_int_equal(dvrip_whole("HTTP/1.1 400", 12, &whole), ERR_SYNTAX);
    assert_int_equal(dvrip_whole(claims, sizeof(claims), &whole), ERR_LIMIT);
}

static void
test_codes_become_statuses(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        {"{\"Ret\":100}", 200},
        {"{\"Ret\":106}", 401},
        {"{\"Ret\":203}", 401},
        {"{\"Ret\":107}", 403},
        {"{\"Ret\":607}", 400},
        {"{}",            400},
        {"garbage",       400},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf frames;
        buf_init(&frames, 4096);
        add_frame(&frames, 1001, rows[i].body);
        assert_int_equal(read_frames(&frames).status, rows[i].status);
        buf_release(&frames);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_as_the_maker_does),
        cmocka_unit_test(test_writes_the_header_that_devices_know),
        cmocka_unit_test(test_sets_a_configuration_in_an_open_login_only),
        cmocka_unit_test(test_cannot_write_a_message_that_is_not_listed),
        cmocka_unit_test(test_reads_an_answer_behind_events),
        cmocka_unit_test(test_waits_until_the_answer_is_whole),
        cmocka_unit_test(test_refuses_what_is_no_dvrip_or_too_long),
        cmocka_unit_test(test_codes_become_statuses),
    };
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
