#include "base/text.h"
#include "ledger/feed.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTHING UINT64_MAX
#define FIRST   1000 /* the index that the keeper of these tests begins with */

/* How the keeper of these tests behaves. */
struct manners {
    uint64_t refuses; /* the event that it refuses, from 0 */
    uint64_t full;    /* from this one on its disk is full */
    uint64_t dies;    /* it takes this one and says nothing any more */
};

static void
answer(struct buf *out, const struct message *message, const struct manners *manners, uint64_t n)
{
    struct message_done done = {.status = MESSAGE_OK, .index = FIRST + n};
    if (n == manners->refuses) {
        done.status = MESSAGE_BAD;
        (void)text_copy(done.words, sizeof(done.words), "not today");
    } else if (n >= manners->full) {
        done.status = MESSAGE_FULL;
        (void)text_copy(done.words, sizeof(done.words), "no space");
    }
    message_put_done(out, message->token, &done);
}

/* Every event that arrives is one that the keeper would take. */
static void
keep(int fd, const struct manners *manners)
{
    static uint8_t in[4 * MESSAGE_FRAME];
    size_t len = 0;
    uint64_t count = 0;
    ssize_t got = 0;
    while ((got = read(fd, in + len, sizeof(in) - len)) > 0) {
        struct buf out CLEANUP(buf_release);
        struct message message;
        size_t used = 0;
        size_t at = 0;
        buf_init(&out, sizeof(in));
        len += (size_t)got;
        while (
            message_parse(MESSAGE_KEEPER, in + at, len - at, &message, &used) == OK && used != 0) {
            at += used;
            if (count == manners->dies ||
                event_check(message.payload, message.len, false, NULL, NULL) != OK) {
                _exit(1);
            }
            answer(&out, &message, manners, count);
            count++;
        }
        memmove(in, in + at, len - at);
        len -= at;
        if (write(fd, out.data, out.len) != (ssize_t)out.len) {
            _exit(1);
        }
    }
    _exit(0);
}

struct seen {
    uint64_t count;
    uint64_t last_index;
    uint64_t last_line;
};

static void
see(void *context, uint64_t line, uint64_t index)
{
    struct seen *seen = context;
    seen->count++;
    seen->last_line = line;
    seen->last_index = index;
}

struct outcome {
    enum err err;
    struct feed_result result;
    struct note note;
    struct seen seen;
};

static void
say(const int input[2], const char *text)
{
    pid_t child = fork();
    if (child == 0) {
        (void)close(input[0]);
        size_t len = strlen(text);
        while (len != 0) {
            ssize_t put = write(input[1], text, len);
            if (put <= 0) {
                _exit(1);
            }
            text += put;
            len -= (size_t)put;
        }
        _exit(0);
    }
    (void)close(input[1]);
}

static struct outcome
feed(const char *text, const struct manners *manners, const json_t *defaults)
{
    int pair[2];
    int input[2];
    struct outcome outcome = {.note = {""}};
    struct feed_settings settings = {
        .close = client_close, .defaults = defaults, .recorded = see, .context = &outcome.seen};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe(input), 0);
    pid_t keeper = fork();
    if (keeper == 0) {
        (void)close(pair[0]);
        (void)close(input[0]);
        (void)close(input[1]);
        keep(pair[1], manners);
    }
    (void)close(pair[1]);
    say(input, text);
    settings.fd = input[0];
    assert_int_equal(client_adopt(pair[0], &settings.client), OK);
    outcome.err = feed_run(&settings, &outcome.result, &outcome.note);
    (void)close(input[0]);
    while (wait(NULL) > 0) {
    }
    return outcome;
}

static const struct manners polite = {NOTHING, NOTHING, NOTHING};

#define NOTE_LINE                                                                                  \
    "{\"site\":\"s\",\"action\":\"system.note\",\"outcome\":\"ok\",\"reason\":\"r\","              \
    "\"actor\":{\"user\":\"u\"}}\n"

/* The same line many times. */
static char *
lines(size_t count)
{
    size_t len = strlen(NOTE_LINE);
    char *text = malloc(count * len + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * len, NOTE_LINE, len);
    }
    text[count * len] = '\0';
    return text;
}

static void
test_records_each_line_and_gives_its_index(void **state)
{
    (void)state;
    struct outcome outcome = feed(NOTE_LINE "\n  \r\n" NOTE_LINE, &polite, NULL);
    assert_int_equal(outcome.err, OK);
    assert_int_equal(outcome.result.recorded, 2);
    assert_int_equal(outcome.result.lines, 4);
    assert_int_equal(outcome.seen.last_line, 4);
    assert_int_equal(outcome.seen.last_index, FIRST + 1);
}

static void
test_the_last_line_may_lack_its_end(void **state)
{
    (void)state;
    char text[] = NOTE_LINE NOTE_LINE;
    text[sizeof(text) - 2] = '\0';
    struct outcome outcome = feed(text, &polite, NULL);
    assert_int_equal(outcome.err, OK);
    assert_int_equal(outcome.result.recorded, 2);
}

static void
test_many_lines_are_under_way_at_once(void **state)
{
    (void)state;
    char *text = lines(20000);
    struct outcome outcome = feed(text, &polite, NULL);
    free(text);
    assert_int_equal(outcome.err, OK);
    assert_int_equal(outcome.result.recorded, 20000);
    assert_int_equal(outcome.seen.count, 20000);
}

static void
test_a_wrong_line_ends_the_reading_and_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum err err;
        const char *note;
    } rows[] = {
        {"{\"action\":\"auth.login\"}\n",                                    ERR_MISSING, "line 2: outcome is missing or empty"   },
        {"{\"action\":\"fotage.live\"}\n",                                   ERR_VALUE,
         "line 2: action fotage.live is not known, did you mean footage.live?"                                                    },
        {"{\"action\":\"system.stop\",\"site\":\"s\",\"outcome\":\"ok\"}\n", ERR_VALUE,
         "line 2: action system.stop is for the ledger itself to say"                                                             },
        {"{\"a\":\n",                                                        ERR_SYNTAX,  "line 2: not JSON: "                    },
        {"[]\n",                                                             ERR_VALUE,   "line 2: an event is a JSON object"     },
        {"{\"site\":\"a\",\"site\":\"b\"}\n",                                ERR_SYNTAX,  "line 2: not JSON: duplicate object key"},
        {"{\"site\":\"a\\u0000b\",\"action\":\"system.note\"}\n",            ERR_VALUE,
         "line 2: site has a NUL in it"                                                                                           },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), "%s%s%s", NOTE_LINE, rows[i].line, NOTE_LINE);
        struct outcome outcome = feed(text, &polite, NULL);
        assert_int_equal(outcome.err, rows[i].err);
        if (!text_starts(outcome.note.text, rows[i].note)) {
            assert_string_equal(outcome.note.text, rows[i].note);
        }
        assert_int_equal(outcome.result.failed, 2);
        assert_int_equal(outcome.result.recorded, 1);
        assert_int_equal(outcome.result.later, 0);
    }
}

static void
test_a_line_longer_than_the_limit_is_refused(void **state)
{
    (void)state;
    char *text = malloc(FEED_LINE + 3);
    memset(text, ' ', FEED_LINE + 2);
    text[FEED_LINE + 1] = '\n';
    text[FEED_LINE + 2] = '\0';
    struct outcome outcome = feed(text, &polite, NULL);
    free(text);
    assert_int_equal(outcome.err, ERR_LIMIT);
    assert_string_equal(outcome.note.text, "line 1: longer than 524288 bytes");
}

static void
test_options_stand_in_for_what_a_line_does_not_say(void **state)
{
    (void)state;
    json_t *defaults = json_pack("{s:s, s:s, s:{s:s, s:s}}", "site", "harbour", "outcome", "ok",
        "actor", "user", "cron", "ip", "::1");
    struct buf out CLEANUP(buf_release);
    struct note note = {""};
    json_t *json = json_loads("{\"action\":\"system.note\",\"id\":\"abcdefgh\",\"reason\":\"r\","
                              "\"actor\":{\"user\":\"anna\"}}",
        0, NULL);
    buf_init(&out, EVENT_LIMIT);
    assert_int_equal(feed_event(json, defaults, &out, &note), OK);
    assert_string_equal(out.data,
        "{\"action\":\"system.note\",\"actor\":{\"ip\":\"::1\",\"user\":\"anna\"},\"id\":"
        "\"abcdefgh\",\"outcome\":\"ok\",\"reason\":\"r\",\"site\":\"harbour\"}");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(defaults, "actor"), "user")), "cron");
    json_decref(json);
    json_decref(defaults);
}

static void
test_counts_are_true_when_the_keeper_refuses_one(void **state)
{
    (void)state;
    const struct manners manners = {.refuses = 3, .full = NOTHING, .dies = NOTHING};
    char *text = lines(10);
    struct outcome outcome = feed(text, &manners, NULL);
    free(text);
    assert_int_equal(outcome.err, ERR_VALUE);
    assert_string_equal(outcome.note.text, "line 4: not today");
    assert_int_equal(outcome.result.failed, 4);
    assert_int_equal(outcome.result.recorded, 3 + outcome.result.later);
    assert_int_equal(outcome.seen.count, outcome.result.recorded);
    assert_int_equal(outcome.result.unknown, 0);
}

static void
test_a_full_disk_ends_it_and_says_so(void **state)
{
    (void)state;
    const struct manners manners = {.refuses = NOTHING, .full = 5, .dies = NOTHING};
    char *text = lines(2000);
    struct outcome outcome = feed(text, &manners, NULL);
    free(text);
    assert_int_equal(outcome.err, ERR_FULL);
    assert_string_equal(outcome.note.text, "line 6: no space");
    assert_int_equal(outcome.result.recorded, 5);
}

static void
test_a_keeper_that_dies_leaves_events_of_which_nobody_knows(void **state)
{
    (void)state;
    const struct manners manners = {.refuses = NOTHING, .full = NOTHING, .dies = 4};
    char *text = lines(2000);
    struct outcome outcome = feed(text, &manners, NULL);
    free(text);
    assert_int_equal(outcome.err, ERR_NETWORK);
    assert_true(outcome.result.unknown != 0);
    assert_true(outcome.result.recorded <= 4);
}

static volatile sig_atomic_t is_stopped;

static void
see_and_stop(void *context, uint64_t line, uint64_t index)
{
    see(context, line, index);
    is_stopped = 1;
}

static void
test_a_stop_leaves_whole_lines_recorded_and_says_how_many(void **state)
{
    (void)state;
    int pair[2];
    int input[2];
    struct outcome outcome = {.note = {""}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pipe(input), 0);
    pid_t keeper = fork();
    if (keeper == 0) {
        (void)close(pair[0]);
        keep(pair[1], &polite);
    }
    (void)close(pair[1]);
    /* The writer stays: a whole line, then the half of one. */
    assert_int_equal(write(input[1], NOTE_LINE, strlen(NOTE_LINE)), strlen(NOTE_LINE));
    assert_int_equal(write(input[1], NOTE_LINE, 10), 10);
    struct feed_settings settings = {.fd = input[0],
        .close = client_close,
        .recorded = see_and_stop,
        .stop = &is_stopped,
        .context = &outcome.seen};
    assert_int_equal(client_adopt(pair[0], &settings.client), OK);
    outcome.err = feed_run(&settings, &outcome.result, &outcome.note);
    assert_int_equal(outcome.err, ERR_CANCELLED);
    assert_int_equal(outcome.result.recorded, 1);
    assert_string_equal(outcome.note.text, "stopped after line 1");
    (void)close(input[0]);
    (void)close(input[1]);
    (void)wait(NULL);
}

static void
show(void *context, const struct buf *event)
{
    struct seen *seen = context;
    assert_int_equal(event_check(event->data, event->len, false, NULL, NULL), OK);
    seen->count++;
}

static void
test_without_a_keeper_events_are_only_shown(void **state)
{
    (void)state;
    int input[2];
    struct outcome outcome = {.note = {""}};
    assert_int_equal(pipe(input), 0);
    assert_int_equal(write(input[1], NOTE_LINE, strlen(NOTE_LINE)), strlen(NOTE_LINE));
    (void)close(input[1]);
    struct feed_settings settings = {.fd = input[0], .made = show, .context = &outcome.seen};
    assert_int_equal(feed_run(&settings, &outcome.result, &outcome.note), OK);
    assert_int_equal(outcome.seen.count, 1);
    assert_int_equal(outcome.result.recorded, 0);
    (void)close(input[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_each_line_and_gives_its_index),
        cmocka_unit_test(test_the_last_line_may_lack_its_end),
        cmocka_unit_test(test_many_lines_are_under_way_at_once),
        cmocka_unit_test(test_a_wrong_line_ends_the_reading_and_is_named),
        cmocka_unit_test(test_a_line_longer_than_the_limit_is_refused),
        cmocka_unit_test(test_options_stand_in_for_what_a_line_does_not_say),
        cmocka_unit_test(test_counts_are_true_when_the_keeper_refuses_one),
        cmocka_unit_test(test_a_full_disk_ends_it_and_says_so),
        cmocka_unit_test(test_a_keeper_that_dies_leaves_events_of_which_nobody_knows),
        cmocka_unit_test(test_a_stop_leaves_whole_lines_recorded_and_says_how_many),
        cmocka_unit_test(test_without_a_keeper_events_are_only_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
