#include "evidence/clip_look.h"

#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

/* A raw H.264 stream: parameter set, what is given, a picture that begins a group. */
static const uint8_t head[] = {0, 0, 0, 1, 0x67, 66, 0, 30};
static const uint8_t picture[] = {0, 0, 1, 0x65, 0x88, 0x84};
static const uint8_t onvif[] = {
    0x00, 0x5b, 0xc9, 0x3f, 0x2d, 0x71, 0x5e, 0x95, 0xad, 0xa4, 0x79, 0x6f, 0x90, 0x87, 0x7a, 0x6f};

struct stream {
    uint8_t bytes[4096];
    size_t len;
};

static void
add(struct stream *stream, const void *bytes, size_t len)
{
    assert_true(stream->len + len <= sizeof(stream->bytes));
    memcpy(stream->bytes + stream->len, bytes, len);
    stream->len += len;
}

static void
add_byte(struct stream *stream, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    add(stream, &one, 1);
}

static struct clip_signs
read_stream(const struct stream *stream)
{
    struct clip_signs signs;
    struct note note = {""};
    int fd = memfd_create("clip", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, stream->bytes, stream->len), (ssize_t)stream->len);
    assert_int_equal(clip_read(fd, &signs, &note), OK);
    (void)close(fd);
    return signs;
}

/* A message of the scheme: flags, a tag of `hashes` bytes, and a signature of `len`. */
static void
add_message(struct stream *stream, size_t hashes, size_t len)
{
    size_t size = sizeof(onvif) + 1 + 3 + hashes + 3 + len;
    add_byte(stream, 5);
    for (; size >= 255; size -= 255) {
        add_byte(stream, 255);
    }
    add_byte(stream, (unsigned)size);
    add(stream, onvif, sizeof(onvif));
    add_byte(stream, 0x40);
    add_byte(stream, 2);
    add_byte(stream, (unsigned)(hashes >> 8));
    add_byte(stream, (unsigned)(hashes & 0xff));
    for (size_t i = 0; i < hashes; i++) {
        add_byte(stream, 0xab);
    }
    add_byte(stream, 3);
    add_byte(stream, (unsigned)(len >> 8));
    add_byte(stream, (unsigned)(len & 0xff));
    for (size_t i = 0; i < len; i++) {
        add_byte(stream, 0xcd);
    }
}

static void
begin(struct stream *stream)
{
    static const uint8_t sei[] = {0, 0, 1, 6};
    stream->len = 0;
    add(stream, head, sizeof(head));
    add(stream, sei, sizeof(sei));
}

static void
end(struct stream *stream)
{
    add_byte(stream, 0x80);
    add(stream, picture, sizeof(picture));
}

static void
test_finds_a_signature_behind_sizes_of_many_bytes(void **state)
{
    (void)state;
    static const size_t hashes[] = {1, 230, 250, 510, 1000};
    for (size_t i = 0; i < COUNT(hashes); i++) {
        struct stream stream;
        begin(&stream);
        add_message(&stream, hashes[i], 64);
        end(&stream);
        struct clip_signs signs = read_stream(&stream);
        assert_int_equal(signs.signing, CLIP_SIGNED);
        assert_string_equal(signs.scheme, "ONVIF Media Signing");
        assert_int_equal(signs.signatures, 1);
        assert_int_equal(signs.pictures, 1);
    }
}

static void
test_finds_it_behind_other_messages_of_the_same_unit(void **state)
{
    (void)state;
    static const uint8_t other[] = {
        1, 3, 1, 2, 4, 5, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct stream stream;
    begin(&stream);
    add(&stream, other, sizeof(other));
    add_message(&stream, 1, 0); /* of the scheme, without a signature */
    add_message(&stream, 1, 64);
    end(&stream);
    assert_int_equal(read_stream(&stream).signatures, 1);
}

static void
test_bytes_that_prevent_emulation_are_no_part_of_it(void **state)
{
    (void)state;
    struct stream stream, escaped = {.len = 0};
    begin(&stream);
    add_message(&stream, 3, 64);
    end(&stream);
    /* Three bytes of the list become 00 00 03 01, which stands for 00 00 01. */
    size_t at = sizeof(head) + 4 + 2 + sizeof(onvif) + 1 + 3;
    static const uint8_t list[] = {0, 0, 3, 1};
    add(&escaped, stream.bytes, at);
    add(&escaped, list, sizeof(list));
    add(&escaped, stream.bytes + at + 3, stream.len - at - 3);
    assert_int_equal(read_stream(&escaped).signatures, 1);
}

static void
test_a_message_without_a_signature_is_a_trace(void **state)
{
    (void)state;
    struct stream stream;
    begin(&stream);
    add_message(&stream, 1, 0);
    end(&stream);
    struct clip_signs signs = read_stream(&stream);
    assert_int_equal(signs.signing, CLIP_STRIPPED);
    assert_int_equal(signs.signatures, 0);
}

static void
test_a_message_that_is_cut_signs_nothing(void **state)
{
    (void)state;
    struct stream whole, cut = {.len = 0};
    begin(&whole);
    add_message(&whole, 1, 64);
    add(&cut, whole.bytes, whole.len - 10);
    add(&cut, picture, sizeof(picture));
    assert_int_equal(read_stream(&cut).signatures, 0);
}

static void
test_a_stream_without_any_is_unsigned(void **state)
{
    (void)state;
    struct stream stream = {.len = 0};
    add(&stream, head, sizeof(head));
    add(&stream, picture, sizeof(picture));
    struct clip_signs signs = read_stream(&stream);
    assert_int_equal(signs.signing, CLIP_UNSIGNED);
    assert_string_equal(signs.codec, "h264");
    assert_string_equal(clip_signing_text(signs.signing), "absent");
    assert_null(signs.scheme);
}

/* The same as by oneself, clip after clip, and what can't be read is told by each. */
static void
test_another_thread_sees_what_this_one_does(void **state)
{
    (void)state;
    struct stream stream = {.len = 0};
    struct clip_look *look = NULL;
    add(&stream, head, sizeof(head));
    add(&stream, picture, sizeof(picture));
    assert_int_equal(clip_look_new(&look), OK);
    for (size_t i = 1; i <= 3; i++) {
        struct clip_signs signs;
        struct note note = {""};
        int fd = memfd_create("clip", MFD_CLOEXEC);
        assert_int_equal(write(fd, stream.bytes, stream.len), (ssize_t)stream.len);
        clip_look_begin(look, fd);
        assert_int_equal(clip_look_end(look, &signs, &note), OK);
        assert_int_equal(signs.pictures, i);
        (void)close(fd);
        clip_look_begin(look, -1);
        assert_int_equal(clip_look_end(look, &signs, &note), ERR_IO);
        assert_non_null(strstr(note.text, "could not be read"));
        add(&stream, picture, sizeof(picture));
    }
    clip_look_free(look);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_a_signature_behind_sizes_of_many_bytes),
        cmocka_unit_test(test_finds_it_behind_other_messages_of_the_same_unit),
        cmocka_unit_test(test_bytes_that_prevent_emulation_are_no_part_of_it),
        cmocka_unit_test(test_a_message_without_a_signature_is_a_trace),
        cmocka_unit_test(test_a_message_that_is_cut_signs_nothing),
        cmocka_unit_test(test_a_stream_without_any_is_unsigned),
        cmocka_unit_test(test_another_thread_sees_what_this_one_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
