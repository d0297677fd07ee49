/* Makes time-stamp requests, sends them, and says what answers are worth, for tests. */
#include "base/file.h"
#include "base/text.h"
#include "evidence/stamp.h"
#include "evidence/stamp_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MOST (4 * STAMP_LIMIT)

static void
read_digest(const char *hex, uint8_t digest[32])
{
    assert(strlen(hex) == 64);
    for (size_t i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(text_hex_digit(hex[2 * i]) << 4 | text_hex_digit(hex[2 * i + 1]));
    }
}

/* "-": not given; false: it could not be read */
static bool
read_given(const char *path, struct buf *bytes)
{
    struct note note = {""};
    buf_init(bytes, MOST);
    if (!text_equal(path, "-") && file_read(path, bytes, &note) != OK) {
        (void)fprintf(stderr, "%s: %s\n", path, note.text);
        return false;
    }
    return true;
}

/* check DIGEST REQUEST ANSWER ROOTS */
static int
check(char **argv)
{
    CLEANUP(buf_release) struct buf request;
    CLEANUP(buf_release) struct buf answer;
    CLEANUP(buf_release) struct buf roots;
    uint8_t digest[32];
    struct stamp_verdict verdict;
    read_digest(argv[0], digest);
    bool is_read = read_given(argv[1], &request);
    is_read = read_given(argv[2], &answer) && is_read;
    is_read = read_given(argv[3], &roots) && is_read;
    if (!is_read) {
        return 2;
    }
    struct stamp_given given = {.sha256 = digest};
    given.request = request.len == 0 ? NULL : request.data;
    given.request_len = request.len;
    given.answer = text_equal(argv[2], "-") ? NULL : answer.data;
    given.answer_len = answer.len;
    given.roots = text_equal(argv[3], "-") ? NULL : roots.data;
    stamp_check(&given, &verdict);
    (void)printf("%s\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n%s\n", stamp_state_text(verdict.state),
        verdict.time, verdict.accuracy_ms, verdict.signer, verdict.serial, verdict.why.text);
    return 0;
}

static int
write_out(const struct buf *bytes)
{
    return fwrite(bytes->data, 1, bytes->len, stdout) == bytes->len ? 0 : 2;
}

static int
request(const char *hex)
{
    CLEANUP(buf_release) struct buf bytes;
    uint8_t digest[32];
    read_digest(hex, digest);
    buf_init(&bytes, STAMP_LIMIT);
    return stamp_request(digest, &bytes) == OK ? write_out(&bytes) : 2;
}

/* send URL REQUEST */
static int
send_to(char **argv)
{
    CLEANUP(buf_release) struct buf asked;
    CLEANUP(buf_release) struct buf answer;
    struct note note = {""};
    struct stamp_server server = {.url = argv[0], .seconds = 3};
    buf_init(&answer, MOST);
    if (!read_given(argv[1], &asked)) {
        return 2;
    }
    enum err err = stamp_send(&server, &asked, &answer, &note);
    if (err != OK) {
        (void)fprintf(stderr, "%s: %s\n", err_words(err), note.text);
        return 1;
    }
    return write_out(&answer);
}

int
main(int argc, char **argv)
{
    if (argc == 6 && text_equal(argv[1], "check")) {
        return check(argv + 2);
    }
    if (argc == 4 && text_equal(argv[1], "send")) {
        return send_to(argv + 2);
    }
    return argc == 3 && text_equal(argv[1], "request") ? request(argv[2]) : 64;
}
