#include "ledger/client.h"

#include "base/text.h"
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A client, and the other end of its connection, which each test plays. */
struct pair {
    struct client *client;
    int peer;
};

/* What came of the requests. */
struct tally {
    unsigned answers;
    enum err errs[CLIENT_QUEUE + 1];
    uint64_t indices[CLIENT_QUEUE + 1];
    struct note note;
};

static struct pair
connected(void)
{
    int ends[2];
    struct pair pair = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(client_adopt(ends[0], &pair.client), OK);
    pair.peer = ends[1];
    return pair;
}

static void
count(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct tally *tally = context;
    tally->errs[tally->answers] = err;
    tally->indices[tally->answers] = index;
    tally->note = *note;
    tally->answers++;
}

/* Reads whole frames of the client; returns their tokens. */
static size_t
read_tokens(struct pair *pair, uint32_t *ret_tokens, size_t max)
{
    static uint8_t bytes[4 * 1024 * 1024];
    size_t len = 0;
    size_t at = 0;
    size_t found = 0;
    while (found < max) {
        assert_true(client_turn(pair->client) == OK);
        ssize_t got = recv(pair->peer, bytes + len, sizeof(bytes) - len, MSG_DONTWAIT);
        len += got > 0 ? (size_t)got : 0;
        struct message message;
        size_t used = 1;
        while (found < max && used != 0) {
            assert_int_equal(
                message_parse(MESSAGE_KEEPER, bytes + at, len - at, &message, &used), OK);
            if (used != 0) {
                ret_tokens[found++] = message.token;
                at += used;
            }
        }
    }
    return found;
}

static void
say(int peer, const void *bytes, size_t len)
{
    assert_int_equal(send(peer, bytes, len, MSG_NOSIGNAL), len);
}

static void
say_done(int peer, uint32_t token, const struct message_done *done)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 1024);
    message_put_done(&out, token, done);
    say(peer, out.data, out.len);
}

static void
append(struct pair *pair, struct tally *tally)
{
    assert_int_equal(client_append(pair->client, "{}", 2, count, tally), OK);
}

static void
test_answers_may_come_in_any_order(void **state)
{
    (void)state;
    struct pair pair = connected();
    struct tally tally = {0};
    uint32_t tokens[3];
    for (size_t i = 0; i < COUNT(tokens); i++) {
        append(&pair, &tally);
    }
    assert_int_equal(client_under_way(pair.client), 3);
    (void)read_tokens(&pair, tokens, COUNT(tokens));
    say_done(pair.peer, tokens[2], &(struct message_done){MESSAGE_OK, 40, ""});
    say_done(pair.peer, tokens[0], &(struct message_done){MESSAGE_FULL, 0, "no space"});
    say_done(pair.peer, tokens[1], &(struct message_done){MESSAGE_BAD, 0, "site: missing"});
    assert_int_equal(client_wait(pair.client, 1000), OK);
    assert_int_equal(tally.answers, 3);
    assert_int_equal(tally.errs[0], OK);
    assert_true(tally.indices[0] == 40);
    assert_int_equal(tally.errs[1], ERR_FULL);
    assert_int_equal(tally.errs[2], ERR_VALUE);
    assert_string_equal(tally.note.text, "site: missing");
    client_close(pair.client);
    (void)close(pair.peer);
}

static void
test_1024_are_under_way_and_no_more(void **state)
{
    (void)state;
    struct pair pair = connected();
    static struct tally tally;
    static uint32_t tokens[CLIENT_QUEUE];
    for (size_t round = 0; round < 3; round++) { /* slots are used again */
        tally = (struct tally){0};
        for (size_t i = 0; i < CLIENT_QUEUE; i++) {
            append(&pair, &tally);
        }
        assert_int_equal(client_append(pair.client, "{}", 2, count, &tally), ERR_LIMIT);
        (void)read_tokens(&pair, tokens, CLIENT_QUEUE);
        for (size_t i = CLIENT_QUEUE; i-- > 0;) {
            say_done(pair.peer, tokens[i], &(struct message_done){MESSAGE_OK, i, ""});
            assert_int_equal(client_turn(pair.client), OK);
        }
        assert_int_equal(client_wait(pair.client, 1000), OK);
        assert_int_equal(tally.answers, CLIENT_QUEUE);
        assert_true(tally.indices[0] == CLIENT_QUEUE - 1);
    }
    client_close(pair.client);
    (void)close(pair.peer);
}

static void
test_a_peer_that_never_reads_is_bounded_and_blocks_nothing(void **state)
{
    (void)state;
    struct pair pair = connected();
    static char event[60000];
    static struct tally tally;
    tally = (struct tally){0};
    enum err err = OK;
    unsigned queued = 0;
    while (err == OK) {
        err = client_append(pair.client, event, sizeof(event), count, &tally);
        queued += err == OK;
        assert_int_equal(client_turn(pair.client), OK);
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_true(queued < CLIENT_QUEUE);
    assert_true(client_wants_write(pair.client));
    assert_int_equal(client_wait(pair.client, 20), ERR_TIMEOUT);
    client_close(pair.client);
    assert_int_equal(tally.answers, queued);
    assert_int_equal(tally.errs[0], ERR_CANCELLED);
    (void)close(pair.peer);
}

/* Whatever the peer says that is no answer to what was asked ends the connection, once. */
static void
breaks_off(const void *bytes, size_t len, const char *words)
{
    struct pair pair = connected();
    struct tally tally = {0};
    append(&pair, &tally);
    append(&pair, &tally);
    say(pair.peer, bytes, len);
    assert_int_equal(client_wait(pair.client, 1000), ERR_NETWORK);
    assert_int_equal(tally.answers, 2);
    assert_int_equal(tally.errs[0], ERR_NETWORK);
    assert_int_equal(tally.errs[1], ERR_NETWORK);
    assert_non_null(strstr(tally.note.text, words));
    assert_int_equal(client_append(pair.client, "{}", 2, count, &tally), ERR_NETWORK);
    assert_int_equal(client_turn(pair.client), ERR_NETWORK);
    client_close(pair.client);
    assert_int_equal(tally.answers, 2);
    (void)close(pair.peer);
}

static void
test_garbage_ends_the_connection(void **state)
{
    (void)state;
    static const uint8_t unasked[] = {
        0, 0, 0, 14, MESSAGE_DONE, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t status[] = {
        0, 0, 0, 14, MESSAGE_DONE, 0, 0, 4, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t report[] = {0, 0, 0, 7, MESSAGE_REPORT, 9, 9, 9, 9, '{', '}'};
    breaks_off("GET / HTTP/1.1\r\n", 16, "no answer");
    breaks_off(unasked, sizeof(unasked), "not asked");
    breaks_off(status, sizeof(status), "none");
    breaks_off(report, sizeof(report), "not asked");
}

static void
test_the_keepers_words_for_ending_reach_the_producer(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 1024);
    const struct message_done done = {MESSAGE_BAD, 0, "a frame that is none"};
    message_put_done(&out, MESSAGE_ALL, &done);
    breaks_off(out.data, out.len, "a frame that is none");
}

static void
test_what_an_ending_keeper_did_not_answer_was_not_recorded(void **state)
{
    (void)state;
    struct pair pair = connected();
    struct tally tally = {0};
    append(&pair, &tally);
    say_done(pair.peer, MESSAGE_ALL, &(struct message_done){MESSAGE_ENDING, 0, "ending"});
    assert_int_equal(client_wait(pair.client, 1000), ERR_NETWORK);
    assert_int_equal(tally.answers, 1);
    assert_int_equal(tally.errs[0], ERR_REFUSED);
    assert_string_equal(tally.note.text, "ending");
    client_close(pair.client);
    (void)close(pair.peer);
}

static void
test_death_in_the_middle_of_an_answer_answers_all(void **state)
{
    (void)state;
    struct pair pair = connected();
    struct tally tally = {0};
    uint32_t tokens[2];
    append(&pair, &tally);
    append(&pair, &tally);
    (void)read_tokens(&pair, tokens, 2);
    say_done(pair.peer, tokens[0], &(struct message_done){MESSAGE_OK, 5, ""});
    say(pair.peer, "\0\0\0", 3);
    (void)close(pair.peer);
    assert_int_equal(client_wait(pair.client, 1000), ERR_NETWORK);
    assert_int_equal(tally.answers, 2);
    assert_int_equal(tally.errs[0], OK);
    assert_true(tally.indices[0] == 5);
    assert_int_equal(tally.errs[1], ERR_NETWORK);
    client_close(pair.client);
}

static void
test_answers_before_a_death_are_taken_although_nothing_can_be_sent(void **state)
{
    (void)state;
    struct pair pair = connected();
    struct tally tally = {0};
    uint32_t token = 0;
    append(&pair, &tally);
    (void)read_tokens(&pair, &token, 1);
    say_done(pair.peer, token, &(struct message_done){MESSAGE_OK, 8, ""});
    (void)close(pair.peer);
    append(&pair, &tally); /* its sending fails */
    assert_int_equal(client_wait(pair.client, 1000), ERR_NETWORK);
    assert_int_equal(tally.answers, 2);
    assert_int_equal(tally.errs[0], OK);
    assert_int_equal(tally.errs[1], ERR_NETWORK);
    client_close(pair.client);
}

static void
append_more(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct pair *pair = context;
    (void)index;
    (void)note;
    if (err == OK) {
        assert_int_equal(client_append(pair->client, "{}", 2, append_more, pair), OK);
    }
}

static void
test_an_answer_may_queue_the_next_event(void **state)
{
    (void)state;
    struct pair pair = connected();
    assert_int_equal(client_append(pair.client, "{}", 2, append_more, &pair), OK);
    for (uint64_t i = 0; i < 10; i++) {
        uint32_t token = 0;
        (void)read_tokens(&pair, &token, 1);
        say_done(pair.peer, token, &(struct message_done){MESSAGE_OK, i, ""});
        assert_int_equal(client_turn(pair.client), OK);
        assert_int_equal(client_under_way(pair.client), 1);
    }
    client_close(pair.client);
    (void)close(pair.peer);
}

static void
test_an_answer_after_the_wait_ended_harms_nothing(void **state)
{
    (void)state;
    struct pair pair = connected();
    CLEANUP(buf_release) struct buf event;
    struct note note = {{0}};
    uint32_t token = 0;
    buf_init(&event, 100);
    buf_text(&event, "{}");
    assert_int_equal(client_append_wait(pair.client, &event, 20, NULL, &note), ERR_TIMEOUT);
    (void)read_tokens(&pair, &token, 1);
    say_done(pair.peer, token, &(struct message_done){MESSAGE_OK, 1, ""});
    assert_int_equal(client_wait(pair.client, 1000), OK);
    client_close(pair.client);
    (void)close(pair.peer);
}

/* Answers the next request from a child process, as the keeper would. */
static void
answer_in_child(struct pair *pair, enum message_kind kind, const char *payload, size_t len)
{
    if (fork() != 0) {
        return;
    }
    uint8_t frame[MESSAGE_FRAME];
    ssize_t got = recv(pair->peer, frame, sizeof(frame), 0);
    struct message asked;
    size_t used = 0;
    if (got <= 0 || message_parse(MESSAGE_KEEPER, frame, (size_t)got, &asked, &used) != OK) {
        _exit(1);
    }
    struct buf out;
    buf_init(&out, MESSAGE_FRAME);
    const struct message message = {kind, asked.token, (const uint8_t *)payload, len};
    message_put(&out, &message);
    (void)send(pair->peer, out.data, out.len, 0);
    _exit(0);
}

static void
test_waits_for_a_state_and_an_index(void **state)
{
    (void)state;
    struct pair pair = connected();
    CLEANUP(buf_release) struct buf json;
    CLEANUP(buf_release) struct buf event;
    struct note note = {{0}};
    uint64_t index = 0;
    buf_init(&json, 4096);
    buf_init(&event, 100);
    buf_text(&event, "{}");
    answer_in_child(&pair, MESSAGE_REPORT, "{\"size\":3}", 10);
    assert_int_equal(client_state(pair.client, 2000, &json, &note), OK);
    assert_string_equal(json.data, "{\"size\":3}");
    answer_in_child(&pair, MESSAGE_DONE, "\0\0\0\0\0\0\0\0\7", 9);
    assert_int_equal(client_append_wait(pair.client, &event, 2000, &index, &note), OK);
    assert_true(index == 7);
    answer_in_child(&pair, MESSAGE_DONE, "\1\0\0\0\0\0\0\0\0not yours", 18);
    assert_int_equal(client_rotate(pair.client, 2000, &note), ERR_VALUE);
    assert_string_equal(note.text, "not yours");
    client_close(pair.client);
    (void)close(pair.peer);
}

static void
test_says_whether_a_socket_is_missing_or_deserted(void **state)
{
    (void)state;
    char folder[] = "/tmp/gatehouse-client-XXXXXX";
    struct client *client = NULL;
    struct note note = {{0}};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
    assert_int_equal(client_open(address.sun_path, &client, &note), ERR_MISSING);
    assert_non_null(strstr(note.text, folder));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(client_open(address.sun_path, &client, &note), ERR_REFUSED);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(client_open(address.sun_path, &client, &note), OK);
    client_close(client);
    (void)close(fd);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
}

static void
test_connects_to_a_path_longer_than_an_address(void **state)
{
    (void)state;
    char folder[] = "/tmp/gatehouse-client-XXXXXX";
    char deep[400];
    struct client *client = NULL;
    struct note note = {{0}};
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "s"};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(deep, sizeof(deep), "%s/%0150d", folder, 1);
    assert_int_equal(mkdir(deep, 0700), 0);
    int here = open(".", O_PATH | O_CLOEXEC);
    assert_int_equal(chdir(deep), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(fchdir(here), 0);
    (void)snprintf(deep + strlen(deep), 3, "/s");
    assert_int_equal(client_open(deep, &client, &note), OK);
    client_close(client);
    (void)unlink(deep);
    deep[strlen(deep) - 2] = '\0';
    (void)rmdir(deep);
    (void)rmdir(folder);
    (void)close(here);
    (void)close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_may_come_in_any_order),
        cmocka_unit_test(test_1024_are_under_way_and_no_more),
        cmocka_unit_test(test_a_peer_that_never_reads_is_bounded_and_blocks_nothing),
        cmocka_unit_test(test_garbage_ends_the_connection),
        cmocka_unit_test(test_the_keepers_words_for_ending_reach_the_producer),
        cmocka_unit_test(test_what_an_ending_keeper_did_not_answer_was_not_recorded),
        cmocka_unit_test(test_death_in_the_middle_of_an_answer_answers_all),
        cmocka_unit_test(test_answers_before_a_death_are_taken_although_nothing_can_be_sent),
        cmocka_unit_test(test_an_answer_may_queue_the_next_event),
        cmocka_unit_test(test_an_answer_after_the_wait_ended_harms_nothing),
        cmocka_unit_test(test_waits_for_a_state_and_an_index),
        cmocka_unit_test(test_says_whether_a_socket_is_missing_or_deserted),
        cmocka_unit_test(test_connects_to_a_path_longer_than_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
