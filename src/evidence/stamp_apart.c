/*
 * The process that asks time-stamp authorities. Each side takes a head and as many bytes as it
 * says, at most STAMP_LIMIT; what is no such message ends it.
 */
#include "evidence/stamp_apart.h"

#include "base/clock.h"
#include "base/text.h"
#include "evidence/stamp.h"
#include "evidence/stamp_send.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENT_MS 60000 /* the child itself waits for shorter */

struct stamp_apart {
    const char *const *urls;
    size_t count;
    int fd; /* -1: given up */
};

struct question {
    uint32_t row, len;
};

struct answer {
    enum err err;
    uint32_t len;
    struct note note;
};

/* `until` 0: for ever */
static bool
receive(int fd, void *bytes, size_t len, int64_t until)
{
    char *at = bytes;
    while (len > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = until == 0 ? -1 : until - clock_mono();
        int ready = until != 0 && left <= 0 ? 0 : poll(&wait, 1, (int)left);
        if (ready == 0) {
            return false;
        }
        ssize_t got = ready < 0 ? -1 : recv(fd, at, len, 0);
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
receive_into(int fd, struct buf *bytes, uint32_t len, int64_t until)
{
    char piece[4096];
    while (len > 0) {
        size_t now = len < sizeof(piece) ? len : sizeof(piece);
        if (!receive(fd, piece, now, until)) {
            return false;
        }
        buf_add(bytes, piece, now);
        len -= (uint32_t)now;
    }
    return buf_error(bytes) == OK;
}

static bool
serve_one(const struct stamp_apart *apart)
{
    CLEANUP(buf_release) struct buf request;
    CLEANUP(buf_release) struct buf bytes;
    struct question question;
    struct answer answer = {.err = ERR_VALUE};
    buf_init(&request, STAMP_LIMIT);
    buf_init(&bytes, STAMP_LIMIT);
    if (!receive(apart->fd, &question, sizeof(question), 0) || question.row >= apart->count ||
        question.len > STAMP_LIMIT || !receive_into(apart->fd, &request, question.len, 0)) {
        return false;
    }
    const struct stamp_server server = {.url = apart->urls[question.row]};
    answer.err = stamp_send(&server, &request, &bytes, &answer.note);
    answer.len = answer.err == OK ? (uint32_t)bytes.len : 0;
    return put(apart->fd, &answer, sizeof(answer)) && put(apart->fd, bytes.data, answer.len);
}

/* Ctrl-C and SIGTERM come to all of a terminal or a service; the end of who asks is its own end. */
_Noreturn static void
become(const struct stamp_apart *apart, enum err (*shut_in)(struct note *note))
{
    struct note note = {""};
    struct stamp_apart own = *apart;
    own.fd = STDERR_FILENO + 1;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (dup2(apart->fd, own.fd) < 0 || close_range(STDERR_FILENO + 2, ~0U, 0) != 0 ||
        shut_in(&note) != OK) {
        _exit(1);
    }
    while (serve_one(&own)) {
    }
    _exit(0);
}

enum err
stamp_apart_new(const char *const *urls, size_t count, enum err (*shut_in)(struct note *note),
    struct stamp_apart **ret_apart, struct note *note)
{
    int pair[2];
    struct stamp_apart *apart = calloc(1, sizeof(*apart));
    if (apart == NULL) {
        return ERR_MEMORY;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        note_set(note, "socketpair: %s", strerror(errno));
        free(apart);
        return ERR_SYSTEM;
    }
    *apart = (struct stamp_apart){.urls = urls, .count = count, .fd = pair[1]};
    pid_t child = fork();
    if (child == 0) {
        become(apart, shut_in);
    }
    apart->fd = pair[0];
    (void)close(pair[1]);
    if (child < 0) {
        note_set(note, "fork: %s", strerror(errno));
        stamp_apart_free(apart);
        return ERR_SYSTEM;
    }
    *ret_apart = apart;
    return OK;
}

static bool
ask(const struct stamp_apart *apart, size_t row, const struct buf *request, struct answer *answer,
    struct buf *ret_answer)
{
    const struct question question = {(uint32_t)row, (uint32_t)request->len};
    int64_t until = clock_mono() + PATIENT_MS;
    return apart->fd >= 0 && put(apart->fd, &question, sizeof(question)) &&
           put(apart->fd, request->data, request->len) &&
           receive(apart->fd, answer, sizeof(*answer), until) && answer->len <= STAMP_LIMIT &&
           receive_into(apart->fd, ret_answer, answer->len, until);
}

enum err
stamp_apart_send(struct stamp_apart *apart, const char *url, const struct buf *request,
    struct buf *ret_answer, struct note *note)
{
    struct answer answer = {.err = ERR_SYSTEM};
    size_t row = 0;
    while (row < apart->count && !text_equal(apart->urls[row], url)) {
        row++;
    }
    if (row == apart->count || request->len > STAMP_LIMIT) {
        return ERR_VALUE;
    }
    if (!ask(apart, row, request, &answer, ret_answer)) {
        note_set(note, "the process that asks authorities has ended");
        if (apart->fd >= 0) {
            (void)close(apart->fd);
        }
        apart->fd = -1;
        return ERR_SYSTEM;
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
