#include "peer.h"

/* What came back, in order. */
struct log {
    enum err errs[8];
    char texts[8][64];
    size_t count;
};

static void
log_answer(void *context, const struct answer *answer)
{
    struct log *log = context;
    assert_true(log->count < COUNT(log->errs));
    (void)snprintf(log->texts[log->count], sizeof(log->texts[0]), "%s", answer->body);
    log->errs[log->count++] = answer->err;
}

/* An answer is a line; '!' is none of this protocol. */
static enum err
whole_line(const void *bytes, size_t len, size_t *ret_len)
{
    const char *end = memchr(bytes, '\n', len);
    *ret_len = end == NULL ? 0 : (size_t)(end - (const char *)bytes) + 1;
    return len != 0 && memchr(bytes, '!', len) != NULL ? ERR_SYNTAX : OK;
}

/* Each question is four bytes; its first letter says what to do. */
static bool
answer_line(struct peer *peer, int fd)
{
    char question[5] = {0};
    if (recv(fd, question, 4, MSG_WAITALL) != 4) {
        return false;
    }
    atomic_fetch_add(&peer->requests, 1);
    switch (question[0]) {
    case 'e': /* echo, in two pieces */
        return peer_text(fd, question) && usleep(2000) == 0 && peer_text(fd, "\n");
    case 'g':
        return peer_text(fd, "!!!!");
    case 'c':
        (void)peer_text(fd, "half");
        return false;
    default: /* silence until the other side hangs up */
        (void)recv(fd, question, 1, MSG_WAITALL);
        return false;
    }
}

struct talk {
    struct rig rig;
    struct peer peer;
    struct wire_stream *stream;
    struct log log;
};

static void
begin(struct talk *talk)
{
    memset(talk, 0, sizeof(*talk));
    talk->peer.speaks_first = true;
    peer_start(&talk->peer, "127.0.0.1", answer_line);
    rig_init(&talk->rig);
    rig_open(&talk->rig);
}

static struct wire_call *
ask(struct talk *talk, const char *question, const char *address)
{
    const struct wire_question what = {
        .target = {.ip = peer_ip(address), .port = talk->peer.port},
        .bytes = question,
        .len = 4,
        .whole = whole_line,
    };
    return wire_stream_ask(
        talk->rig.wire, &talk->stream, &what, &talk->rig.arena, log_answer, &talk->log);
}

static void
ask_and_wait(struct talk *talk, const char *question)
{
    size_t wanted = talk->log.count + 1;
    assert_non_null(ask(talk, question, "127.0.0.1"));
    rig_run_until(&talk->rig, &talk->log.count, wanted);
    assert_int_equal(talk->log.count, wanted);
}

static void
finish(struct talk *talk)
{
    wire_stream_close(talk->stream);
    rig_release(&talk->rig);
    peer_stop(&talk->peer);
}

static void
test_asks_again_on_the_same_connection(void **state)
{
    (void)state;
    struct talk talk;
    begin(&talk);
    ask_and_wait(&talk, "ech1");
    ask_and_wait(&talk, "ech2");
    assert_int_equal(talk.log.errs[0], OK);
    assert_string_equal(talk.log.texts[0], "ech1\n");
    assert_string_equal(talk.log.texts[1], "ech2\n");
    assert_int_equal(atomic_load(&talk.peer.accepted), 1);
    assert_int_equal(wire_totals(talk.rig.wire)->connections, 1);
    finish(&talk);
}

static void
test_a_connection_that_broke_answers_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *question;
        enum err err;
    } rows[] = {
        {"cut1", ERR_NETWORK},
        {"garb", ERR_SYNTAX },
        {"wait", ERR_TIMEOUT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct talk talk;
        begin(&talk);
        ask_and_wait(&talk, rows[i].question);
        assert_int_equal(talk.log.errs[0], rows[i].err);
        ask_and_wait(&talk, "ech2");
        assert_int_equal(talk.log.errs[1], ERR_NETWORK);
        assert_int_equal(atomic_load(&talk.peer.accepted), 1);
        finish(&talk);
    }
}

static void
test_sends_nothing_outside_the_scope(void **state)
{
    (void)state;
    struct talk talk;
    begin(&talk);
    assert_non_null(ask(&talk, "ech1", "127.0.0.2"));
    rig_run_until(&talk.rig, &talk.log.count, 1);
    assert_int_equal(talk.log.errs[0], ERR_SCOPE);
    assert_int_equal(atomic_load(&talk.peer.accepted), 0);
    finish(&talk);
}

static void
test_may_be_cancelled_at_any_moment(void **state)
{
    (void)state;
    for (unsigned ms = 0; ms < 40; ms += 20) {
        struct talk talk;
        begin(&talk);
        struct wire_call *call = ask(&talk, "wait", "127.0.0.1");
        assert_non_null(call);
        assert_null(ask(&talk, "ech2", "127.0.0.1"));
        if (ms != 0) {
            rig_run_for(&talk.rig, ms);
        }
        wire_cancel(call);
        rig_run_for(&talk.rig, 10);
        assert_int_equal(talk.log.count, 0);
        finish(&talk);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_again_on_the_same_connection),
        cmocka_unit_test(test_a_connection_that_broke_answers_no_more),
        cmocka_unit_test(test_sends_nothing_outside_the_scope),
        cmocka_unit_test(test_may_be_cancelled_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
