#include "gate/resolve.h"

#include "base/clock.h"
#include "base/text.h"
#include "test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64], path[96];
static int door, broker; /* the listening socket, and the broker's end */
static struct resolver *resolver;

/* What the worker was told. */
static unsigned answers;
static enum err last_err;
static struct resolved last;

static void
done(void *context, enum err err, const struct resolved *resolved)
{
    (void)context;
    answers++;
    last_err = err;
    last = *resolved;
}

static int
listen_at(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)text_copy(address.sun_path, sizeof(address.sun_path), at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(at);
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4) == 0
               ? fd
               : -1;
}

static int
make_broker(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-resolve-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/broker.sock", folder);
    door = listen_at(path);
    broker = -1;
    answers = 0;
    resolver = resolver_new(path);
    return door < 0 || resolver == NULL ? -1 : 0;
}

static int
drop_broker(void **state)
{
    (void)state;
    resolver_free(resolver);
    (void)close(door);
    (void)close(broker);
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}

static enum err
ask(const char *text, struct resolved *ret)
{
    struct access_camera camera = {ACCESS_EVENT, text};
    return resolver_ask(resolver, "zoneminder", &camera, done, NULL, ret);
}

/* The next question that reached the broker. */
static struct resolve_question
next_question(void)
{
    struct resolve_question question;
    char line[RESOLVE_LINE];
    size_t len = 0;
    if (broker < 0) {
        broker = accept(door, NULL, NULL);
    }
    assert_true(broker >= 0);
    do {
        assert_true(len < sizeof(line));
        assert_int_equal(read(broker, line + len, 1), 1);
    } while (line[len++] != '\n');
    assert_int_equal(resolve_parse_question(line, len, &question), OK);
    return question;
}

static void
say(const char *text)
{
    assert_int_equal(write(broker, text, strlen(text)), (ssize_t)strlen(text));
    struct pollfd watched = {.fd = resolver_fd(resolver), .events = POLLIN};
    (void)poll(&watched, 1, 2000);
    resolver_turn(resolver);
}

static void
say_answer(uint64_t id, enum err err, const char *camera, int64_t from, int64_t to)
{
    CLEANUP(buf_release) struct buf out;
    struct resolved resolved = {.camera_count = 1, .from = from, .to = to};
    (void)text_copy(resolved.cameras[0], sizeof(resolved.cameras[0]), camera);
    buf_init(&out, 65536);
    resolve_put_answer(&out, id, err, &resolved);
    assert_int_equal(buf_error(&out), OK);
    say(out.data);
}

static void
test_asks_once_and_then_knows(void **state)
{
    (void)state;
    struct resolved known = {.camera_count = 0};
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    struct resolve_question question = next_question();
    assert_int_equal(question.name, ACCESS_EVENT);
    assert_string_equal(question.text, "17");
    assert_string_equal(question.vms, "zoneminder");
    say_answer(question.id, OK, "3", 1000, 2000);
    assert_int_equal(answers, 1);
    assert_int_equal(last_err, OK);
    assert_string_equal(last.cameras[0], "3");
    assert_int_equal(ask("17", &known), OK);
    assert_string_equal(known.cameras[0], "3");
    assert_int_equal(known.to, 2000);
    assert_int_equal(ask("18", &known), ERR_TIMEOUT);
    assert_int_equal(answers, 1);
}

static void
test_what_is_missing_is_missing(void **state)
{
    (void)state;
    struct resolved known;
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    say_answer(next_question().id, ERR_MISSING, "", 0, 0);
    assert_int_equal(last_err, ERR_MISSING);
    assert_int_equal(ask("17", &known), ERR_MISSING);
}

static void
test_what_could_not_be_asked_is_asked_again(void **state)
{
    (void)state;
    struct resolved known;
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    say_answer(next_question().id, ERR_NETWORK, "", 0, 0);
    assert_int_equal(last_err, ERR_NETWORK);
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
}

static void
test_one_who_forgot_is_not_called(void **state)
{
    (void)state;
    struct resolved known;
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    resolver_forget(resolver, NULL);
    say_answer(next_question().id, OK, "3", 1, 2);
    assert_int_equal(answers, 0);
    assert_int_equal(ask("17", &known), OK);
}

static void
test_gives_up_after_five_seconds(void **state)
{
    (void)state;
    struct resolved known;
    int64_t now = clock_boot();
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    resolver_tick(resolver, now + RESOLVE_WAIT - 100);
    assert_int_equal(answers, 0);
    resolver_tick(resolver, now + RESOLVE_WAIT + 1000);
    assert_int_equal(answers, 1);
    assert_int_equal(last_err, ERR_NETWORK);
    uint64_t id = next_question().id;
    say_answer(id, OK, "3", 1, 2); /* too late: nobody waits */
    assert_int_equal(answers, 1);
}

static void
test_asks_again_where_the_broker_was_started_again(void **state)
{
    (void)state;
    struct resolved known;
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    (void)next_question();
    (void)close(broker);
    broker = -1;
    resolver_turn(resolver);
    assert_int_equal(resolver_fd(resolver), -1);
    assert_int_equal(answers, 0);
    resolver_tick(resolver, clock_boot() + 500);
    say_answer(next_question().id, OK, "3", 1, 2);
    assert_int_equal(answers, 1);
    assert_int_equal(last_err, OK);
}

static void
test_without_a_broker_nothing_is_known(void **state)
{
    (void)state;
    struct resolved known;
    (void)close(door);
    (void)unlink(path);
    door = -1;
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    assert_int_equal(resolver_fd(resolver), -1);
    resolver_tick(resolver, clock_boot() + RESOLVE_WAIT);
    assert_int_equal(last_err, ERR_NETWORK);
}

static void
test_hangs_up_on_one_who_never_ends_a_line(void **state)
{
    (void)state;
    struct resolved known;
    char junk[1025];
    assert_int_equal(ask("17", &known), ERR_TIMEOUT);
    (void)next_question();
    memset(junk, 'x', sizeof(junk) - 1);
    junk[sizeof(junk) - 1] = '\0';
    for (int i = 0; i < RESOLVE_LINE / 1024; i++) {
        say(junk);
    }
    assert_int_equal(resolver_fd(resolver), -1);
    assert_int_equal(answers, 0);
}

static void
test_refuses_too_many_questions_under_way(void **state)
{
    (void)state;
    struct resolved known;
    enum err err = ERR_TIMEOUT;
    char text[16];
    unsigned asked = 0;
    for (; asked < 5000 && err == ERR_TIMEOUT; asked++) {
        (void)snprintf(text, sizeof(text), "%u", asked);
        err = ask(text, &known);
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_true(asked > 100);
    char huge[RESOLVE_TEXT + 1];
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    assert_int_equal(ask(huge, &known), ERR_LIMIT);
}

static void
test_refuses_answers_that_name_no_camera(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "[]",
        "{}",
        "{\"id\":7}",
        "{\"id\":7,\"cameras\":[]}",
        "{\"id\":7,\"cameras\":[\"\"]}",
        "{\"id\":7,\"cameras\":[1]}",
        "{\"id\":7,\"cameras\":\"1\"}",
        "{\"id\":-7,\"cameras\":[\"1\"]}",
        "{\"id\":7,\"id\":8,\"cameras\":[\"1\"]}",
        "{\"id\":7,\"cameras\":[\"a\\u0000b\"]}",
        "{\"id\":7,\"cameras\":[\"1\"],\"from\":\"x\"}",
        "{\"id\":7,\"cameras\":[\"1\"],\"to\":-1}",
        "{\"id\":7,\"error\":1}",
        "{\"id\":7,\"cameras\":[\"1\"]} x",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        uint64_t id = 0;
        enum err said = OK;
        struct resolved resolved;
        enum err err = resolve_parse_answer(lines[i], strlen(lines[i]), &id, &said, &resolved);
        if (err == OK) {
            print_message("%s\n", lines[i]);
        }
        assert_int_not_equal(err, OK);
    }
}

static void
test_reads_what_it_wrote(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    struct resolved in = {.camera_count = RESOLVE_CAMERAS, .from = 5, .to = 6}, got;
    uint64_t id = 0;
    enum err said = OK;
    for (size_t i = 0; i < RESOLVE_CAMERAS; i++) {
        memset(in.cameras[i], 'a' + (int)(i % 26), sizeof(in.cameras[i]) - 1);
    }
    buf_init(&out, 65536);
    resolve_put_answer(&out, 9, OK, &in);
    assert_int_equal(resolve_parse_answer(out.data, out.len, &id, &said, &got), OK);
    assert_int_equal(id, 9);
    assert_int_equal(said, OK);
    assert_int_equal(got.camera_count, RESOLVE_CAMERAS);
    assert_memory_equal(got.cameras, in.cameras, sizeof(in.cameras));
}

static void
test_answer_too_long_for_a_line_is_unavailable(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    struct resolved in = {.camera_count = RESOLVE_CAMERAS}, got;
    uint64_t id = 0;
    enum err said = OK;
    for (size_t i = 0; i < RESOLVE_CAMERAS; i++) {
        memset(in.cameras[i], 1, sizeof(in.cameras[i]) - 1); /* six bytes each in JSON */
    }
    buf_init(&out, 65536);
    resolve_put_answer(&out, 9, OK, &in);
    assert_int_equal(resolve_parse_answer(out.data, out.len, &id, &said, &got), OK);
    assert_int_equal(said, ERR_NETWORK);
}

#define WITH_BROKER(test) cmocka_unit_test_setup_teardown(test, make_broker, drop_broker)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BROKER(test_asks_once_and_then_knows),
        WITH_BROKER(test_what_is_missing_is_missing),
        WITH_BROKER(test_what_could_not_be_asked_is_asked_again),
        WITH_BROKER(test_one_who_forgot_is_not_called),
        WITH_BROKER(test_gives_up_after_five_seconds),
        WITH_BROKER(test_asks_again_where_the_broker_was_started_again),
        WITH_BROKER(test_without_a_broker_nothing_is_known),
        WITH_BROKER(test_hangs_up_on_one_who_never_ends_a_line),
        WITH_BROKER(test_refuses_too_many_questions_under_way),
        cmocka_unit_test(test_refuses_answers_that_name_no_camera),
        cmocka_unit_test(test_reads_what_it_wrote),
        cmocka_unit_test(test_answer_too_long_for_a_line_is_unavailable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
