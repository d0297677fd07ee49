/*
 * The process that has time-stamp authorities asked. Each side takes a head and as many bytes as
 * it says, at most STAMP_LIMIT; what is no such message ends it. The first answer is that it is
 * shut in.
 */
#include "evidence/stamp_apart.h"

#include "base/clock.h"
#include "base/text.h"
#include "evidence/stamp.h"
#include "evidence/stamp_send.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START_MS   10000
#define PATIENT_MS 60000 /* the child itself waits for shorter */
#define SLICE      200   /* ms between two looks at the stop */

struct stamp_apart {
    struct stamp_apart_settings settings;
    int fd; /* -1: given up */
};

/* How long a message is waited for. */
struct patience {
    int64_t until;                     /* 0: for ever */
    const volatile sig_atomic_t *stop; /* NULL: there is none */
};

struct question {
    uint32_t row, len;
};

struct answer {
    enum err err;
    uint32_t len;
    struct note note;
};

/* Waits for bytes; false: there will be none in time. */
static bool
is_ready(int fd, const struct patience *patience)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (patience->until == 0) {
        return true; /* recv() waits */
    }
    while (patience->stop == NULL || *patience->stop == 0) {
        int64_t left = patience->until - clock_mono();
        int got = left <= 0 ? 0 : poll(&wait, 1, (int)(left < SLICE ? left : SLICE));
        if (got > 0) {
            return true;
        }
        if (left <= 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
    }
    return false;
}

static bool
receive(int fd, void *bytes, size_t len, const struct patience *patience)
{
    char *at = bytes;
    while (len > 0) {
        ssize_t got = is_ready(fd, patience) ? recv(fd, at, len, 0) : 0;
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static bool
put(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t put = send(fd, at, len, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        at += put;
        len -= (size_t)put;
    }
    return true;
}

/* Appends so many bytes. */
static bool
receive_into(int fd, struct buf *bytes, uint32_t len, const struct patience *patience)
{
    char piece[4096];
    while (len > 0) {
        size_t now = len < sizeof(piece) ? len : sizeof(piece);
        if (!receive(fd, piece, now, patience)) {
            return false;
        }
        buf_add(bytes, piece, now);
        len -= (uint32_t)now;
    }
    return buf_error(bytes) == OK;
}

/* A question as the child has it. */
struct asked {
    const struct stamp_apart *apart;
    const char *url;
    const struct buf *request;
};

static void
answer_one(void *context)
{
    const struct asked *asked = context;
    CLEANUP(buf_release) struct buf bytes;
    struct answer answer = {.err = OK};
    const struct stamp_server server = {.url = asked->url};
    int fd = asked->apart->fd;
    buf_init(&bytes, STAMP_LIMIT);
    answer.err = asked->apart->settings.shut_in(APART_ASKS, &answer.note);
    if (answer.err == OK) {
        answer.err = stamp_send(&server, asked->request, &bytes, &answer.note);
    }
    answer.len = answer.err == OK ? (uint32_t)bytes.len : 0;
    if (!put(fd, &answer, sizeof(answer)) || !put(fd, bytes.data, answer.len)) {
        _exit(1);
    }
}

static bool
serve_one(const struct stamp_apart *apart)
{
    CLEANUP(buf_release) struct buf request;
    const struct patience forever = {.until = 0};
    struct question question;
    buf_init(&request, STAMP_LIMIT);
    if (!receive(apart->fd, &question, sizeof(question), &forever) ||
        question.row >= apart->settings.count || question.len > STAMP_LIMIT ||
        !receive_into(apart->fd, &request, question.len, &forever)) {
        return false;
    }
    struct asked asked = {apart, apart->settings.urls[question.row], &request};
    return apart_run(answer_one, &asked);
}

/* The child's life; it says first whether it is shut in. */
static void
serve(void *context, int fd)
{
    struct stamp_apart own = *(const struct stamp_apart *)context;
    struct answer answer = {.err = ERR_SYSTEM};
    own.fd = fd;
    answer.err = own.settings.shut_in(APART_HEARS, &answer.note);
    if (!put(fd, &answer, sizeof(answer)) || answer.err != OK) {
        return;
    }
    while (serve_one(&own)) {
    }
}

/* Whether it is shut in, by its own word. */
static enum err
greet(const struct stamp_apart *apart, struct note *note)
{
    const struct patience patience = {clock_mono() + START_MS, apart->settings.stop};
    struct answer answer = {.err = ERR_SYSTEM};
    if (!receive(apart->fd, &answer, sizeof(answer), &patience)) {
        note_set(note, "the process that asks time-stamp authorities did not start");
        return ERR_SYSTEM;
    }
    answer.note.text[sizeof(answer.note.text) - 1] = '\0';
    if (answer.err != OK) {
        note_set(note, "the process that asks time-stamp authorities can't be shut in: %.150s",
            answer.note.text);
    }
    return answer.err;
}

enum err
stamp_apart_new(
    const struct stamp_apart_settings *settings, struct stamp_apart **ret_apart, struct note *note)
{
    struct stamp_apart *apart = calloc(1, sizeof(*apart));
    if (apart == NULL) {
        return ERR_MEMORY;
    }
    *apart = (struct stamp_apart){.settings = *settings, .fd = -1};
    enum err err = apart_start(SOCK_STREAM, serve, apart, &apart->fd, note);
    err = err == OK ? greet(apart, note) : err;
    if (err != OK) {
        stamp_apart_free(apart);
        return err;
    }
    *ret_apart = apart;
    return OK;
}

static bool
ask(const struct stamp_apart *apart, size_t row, const struct buf *request, struct answer *answer,
    struct buf *ret_answer)
{
    const struct question question = {(uint32_t)row, (uint32_t)request->len};
    const struct patience patience = {clock_mono() + PATIENT_MS, apart->settings.stop};
    return apart->fd >= 0 && put(apart->fd, &question, sizeof(question)) &&
           put(apart->fd, request->data, request->len) &&
           receive(apart->fd, answer, sizeof(*answer), &patience) && answer->len <= STAMP_LIMIT &&
           receive_into(apart->fd, ret_answer, answer->len, &patience);
}

enum err
stamp_apart_send(struct stamp_apart *apart, const char *url, const struct buf *request,
    struct buf *ret_answer, struct note *note)
{
    struct answer answer = {.err = ERR_SYSTEM};
    size_t row = 0;
    const struct stamp_apart_settings *settings = &apart->settings;
    while (row < settings->count && !text_equal(settings->urls[row], url)) {
        row++;
    }
    if (row == settings->count || request->len > STAMP_LIMIT) {
        return ERR_VALUE;
    }
    if (!ask(apart, row, request, &answer, ret_answer)) {
        bool is_stopped = settings->stop != NULL && *settings->stop != 0;
        note_set(note, is_stopped ? "stopped before it answered"
                                  : "the process that asks authorities has ended");
        if (apart->fd >= 0) {
            (void)close(apart->fd);
        }
        apart->fd = -1;
        return is_stopped ? ERR_CANCELLED : ERR_SYSTEM;
    }
    answer.note.text[sizeof(answer.note.text) - 1] = '\0';
    note_set(note, "%s", answer.note.text);
    return answer.err;
}

bool
stamp_apart_is_there(const struct stamp_apart *apart)
{
    return apart->fd >= 0;
}

void
stamp_apart_free(struct stamp_apart *apart)
{
    if (apart != NULL) {
        if (apart->fd >= 0) {
            (void)close(apart->fd); /* which ends the child */
        }
        free(apart);
    }
}
