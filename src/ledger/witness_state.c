/*
 * The memory of a witness on disk.
 *
 * Rule of this file: between reading what was cosigned last and storing what is cosigned now the
 * lock is never let go, and no cosignature leaves before it is stored.
 */
#include "ledger/witness_state.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK     "lock"
#define NOTE_MAX (SIGNEDNOTE_LIMIT + 1024)
#define REFRESH  600 /* seconds after which the same tree is stored with a newer time */
#define BACK     300 /* seconds that the clock may go back without a cosignature doing so */

struct witness_state {
    const struct witness_settings *settings;
    struct merkle *merkle;
    int folder, lock;
};

/* What is stored of one log. */
struct past {
    bool is_known;
    struct merkle_head head;
    uint64_t time; /* of our cosignature; 0: by another key */
};

static void
close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

enum err
witness_state_create(const char *folder, struct note *note)
{
    CLEANUP(close_fd) int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        note_set(note, "%.200s: %s", folder, strerror(errno));
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    CLEANUP(close_fd) int lock = openat(at, LOCK, O_RDONLY | O_CLOEXEC);
    if (lock >= 0) {
        note_set(note, "%.200s: a witness keeps its state here already", folder);
        return ERR_VALUE;
    }
    enum err err = disk_create(at, LOCK, 0600, &lock);
    err = err == OK ? disk_sync(lock) : err;
    err = err == OK ? disk_sync(at) : err;
    if (err != OK) {
        note_set(note, "%.200s: %s", folder, err_words(err));
    }
    return err;
}

enum err
witness_state_open(
    const struct witness_settings *settings, struct witness_state **ret_state, struct note *note)
{
    struct witness_state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return ERR_MEMORY;
    }
    state->settings = settings;
    state->lock = -1;
    state->merkle = merkle_new();
    state->folder = open(settings->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->folder >= 0) {
        state->lock = openat(state->folder, LOCK, O_RDWR | O_CLOEXEC);
    }
    if (state->lock < 0) {
        note_set(note, "%.150s: no state of a witness: %s; gatehouse ledger witness init makes one",
            settings->folder, strerror(errno));
        enum err err = errno == ENOENT ? ERR_MISSING : ERR_IO;
        witness_state_close(state);
        return err;
    }
    if (state->merkle == NULL) {
        witness_state_close(state);
        return ERR_MEMORY;
    }
    *ret_state = state;
    return OK;
}

void
witness_state_close(struct witness_state *state)
{
    if (state != NULL) {
        close_fd(&state->lock);
        close_fd(&state->folder);
        merkle_free(state->merkle);
        free(state);
    }
}

/* Appends a file of the folder; ERR_MISSING. */
static enum err
read_name(int at, const char *name, struct buf *ret_note)
{
    char bytes[4096];
    CLEANUP(close_fd) int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_MISSING : ERR_IO;
    }
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof(bytes));
        if (got < 0 && errno != EINTR) {
            return ERR_IO;
        }
        if (got == 0) {
            return buf_error(ret_note);
        }
        if (got > 0) {
            buf_add(ret_note, bytes, (size_t)got);
        }
    }
}

/* Our own cosignature tells a damaged file from a good one. */
static enum err
read_past(const struct witness_state *state, const char *origin, struct past *ret_past)
{
    char name[WITNESS_NAME];
    struct past past = {.is_known = false};
    struct signednote note;
    struct checkpoint checkpoint;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, NOTE_MAX);
    enum err err = read_name(state->folder, witness_name(origin, name), &bytes);
    if (err == ERR_MISSING) {
        *ret_past = past;
        return OK;
    }
    if (err != OK || signednote_parse(bytes.data, bytes.len, &note, NULL) != OK ||
        checkpoint_parse(note.text, note.text_len, &checkpoint, NULL) != OK ||
        !text_equal(checkpoint.origin, origin)) {
        return err == ERR_IO ? ERR_IO : ERR_VALUE;
    }
    err = signednote_verify(&note, key_public(state->settings->key), &past.time);
    if (err != OK && err != ERR_MISSING) {
        return ERR_VALUE;
    }
    past.is_known = true;
    past.head = checkpoint.head;
    *ret_past = past;
    return OK;
}

/* Beside, synced, renamed, synced. */
static enum err
store(const struct witness_state *state, const char *origin, const char *ending,
    const struct buf *bytes)
{
    char hex[WITNESS_NAME];
    char name[WITNESS_NAME + 8];
    char beside[WITNESS_NAME + 8];
    (void)snprintf(name, sizeof(name), "%s%s", witness_name(origin, hex), ending);
    (void)snprintf(beside, sizeof(beside), "%s.new", hex);
    CLEANUP(close_fd) int fd = -1;
    enum err err = disk_create(state->folder, beside, 0644, &fd);
    err = err == OK ? disk_truncate(fd, 0) : err; /* one that a crash left behind may be longer */
    err = err == OK ? disk_write(fd, bytes->data, bytes->len, 0) : err;
    err = err == OK ? disk_sync(fd) : err;
    err = err == OK ? disk_rename(state->folder, beside, name) : err;
    return err == OK ? disk_sync(state->folder) : err;
}

/* Of now, but not before the last one: a clock that went back a little must not unsay it. */
static uint64_t
time_to_sign(const struct past *past)
{
    int64_t wall = clock_wall() / 1000;
    uint64_t now = wall < 0 ? 0 : (uint64_t)wall;
    return past->time > now && past->time - now <= BACK ? past->time : now;
}

static enum err
cosign(const struct witness_state *state, const struct witness_request *request,
    const struct past *past, struct buf *ret_answer)
{
    uint64_t time = time_to_sign(past);
    CLEANUP(buf_release) struct buf line;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&line, WITNESS_ANSWER);
    buf_init(&bytes, NOTE_MAX);
    witness_cosign(state->settings->key, request, time, &line);
    bool is_fresh = past->is_known && past->head.size == request->checkpoint.head.size &&
                    time >= past->time && time - past->time < REFRESH;
    enum err err = buf_error(&line);
    if (err == OK && !is_fresh) {
        witness_put_note(&bytes, request, &state->settings->trust);
        buf_add(&bytes, line.data, line.len);
        err = buf_error(&bytes);
        err = err == OK ? store(state, request->checkpoint.origin, "", &bytes) : err;
    }
    if (err == OK) {
        buf_add(ret_answer, line.data, line.len);
        err = buf_error(ret_answer);
    }
    return err;
}

/* Two trees of one size, both signed by the log, are proof for good: the first such is kept. */
static enum err
keep_proof(const struct witness_state *state, const struct witness_request *request)
{
    char hex[WITNESS_NAME];
    char name[WITNESS_NAME + 8];
    (void)snprintf(name, sizeof(name), "%s.fork", witness_name(request->checkpoint.origin, hex));
    if (faccessat(state->folder, name, F_OK, 0) == 0) {
        return OK;
    }
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, NOTE_MAX);
    witness_put_note(&bytes, request, &state->settings->trust);
    enum err err = buf_error(&bytes);
    return err == OK ? store(state, request->checkpoint.origin, ".fork", &bytes) : err;
}

static enum err
add_locked(const struct witness_state *state, const struct witness_request *request,
    enum witness_verdict *ret_verdict, struct buf *ret_answer)
{
    struct past past;
    enum err err = read_past(state, request->checkpoint.origin, &past);
    if (err != OK) {
        return err;
    }
    enum witness_verdict verdict =
        witness_judge(state->merkle, request, past.is_known ? &past.head : NULL);
    if (verdict == WITNESS_GOOD) {
        err = cosign(state, request, &past, ret_answer);
    } else if (witness_verdict(verdict)->status == 409) {
        buf_format(ret_answer, "%" PRIu64 "\n", past.is_known ? past.head.size : 0);
        err = verdict == WITNESS_OTHER ? keep_proof(state, request) : OK;
        err = err == ERR_FULL ? OK : err; /* the answer is the same without it */
    }
    *ret_verdict = verdict;
    return err;
}

enum err
witness_state_add(struct witness_state *state, const struct buf *body,
    enum witness_verdict *ret_verdict, struct buf *ret_answer, struct note *note)
{
    struct witness_request request;
    enum err err = OK;
    enum witness_verdict verdict =
        witness_read(body->data, body->len, &state->settings->trust, &request);
    if (verdict == WITNESS_GOOD) {
        while (flock(state->lock, LOCK_EX) != 0) {
            if (errno != EINTR) {
                note_set(note, "%.200s: %s", state->settings->folder, strerror(errno));
                return ERR_SYSTEM;
            }
        }
        err = add_locked(state, &request, &verdict, ret_answer);
        (void)flock(state->lock, LOCK_UN);
    }
    if (err != OK) {
        note_set(note, "what is stored of %.150s: %s", request.checkpoint.origin, err_words(err));
        return err;
    }
    if (ret_answer->len == 0) {
        buf_format(ret_answer, "%s\n", witness_verdict(verdict)->words);
    }
    *ret_verdict = verdict;
    return buf_error(ret_answer);
}

enum err
witness_state_show(
    struct witness_state *state, const char *name, struct buf *ret_note, struct note *note)
{
    char own[WITNESS_NAME];
    const struct witness_trust *trust = &state->settings->trust;
    for (size_t i = 0; i < trust->count; i++) {
        if (text_equal(name, witness_name(trust->logs[i].name, own))) {
            enum err err = read_name(state->folder, own, ret_note);
            if (err != OK && err != ERR_MISSING) {
                note_set(note, "%.100s: %s", own, err_words(err));
            }
            return err;
        }
    }
    return ERR_MISSING;
}
