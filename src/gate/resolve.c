/* A worker's side of the broker's socket: questions under way, and a cache of answers. */
#include "gate/resolve.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/socketpath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNDER_WAY   512
#define CACHED      512   /* places; a new answer takes its place from the old one */
#define KEPT        60000 /* ms: a recording that ended does not change its camera */
#define KEPT_BRIEF  5000  /* ms: of what is still going on, or is not there (yet) */
#define RECONNECT   200   /* ms between attempts */
#define OUT_LIMIT   ((size_t)1024 * 1024)
#define READS_A_GO  16
#define BAD_ANSWERS 16 /* lines that are none, until the connection is given up */

struct asked {
    struct resolve_question question; /* id 0: free */
    int64_t since;
    resolved_fn *done; /* NULL: nobody waits */
    void *context;
};

struct cached {
    struct resolve_question question;
    int64_t until;
    enum err err;
    struct resolved resolved;
};

struct resolver {
    char *path;
    int fd;
    int64_t tried;        /* when a connection was last tried */
    uint64_t connections; /* that were hung up */
    uint64_t last_id;
    struct buf out;
    size_t sent;
    size_t in_len;
    char in[RESOLVE_LINE];
    unsigned bad;
    struct asked asked[UNDER_WAY];
    struct cached *cache[CACHED];
};

struct resolver *
resolver_new(const char *path)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    char *copy = strdup(path);
    if (resolver == NULL || copy == NULL) {
        free(resolver);
        free(copy);
        return NULL;
    }
    resolver->path = copy;
    resolver->fd = -1;
    resolver->tried = INT64_MIN / 2;
    buf_init(&resolver->out, OUT_LIMIT);
    return resolver;
}

void
resolver_free(struct resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    if (resolver->fd >= 0) {
        (void)close(resolver->fd);
    }
    for (size_t i = 0; i < CACHED; i++) {
        free(resolver->cache[i]);
    }
    buf_release(&resolver->out);
    free(resolver->path);
    free(resolver);
}

static struct cached **
place_of(struct resolver *resolver, const struct resolve_question *question)
{
    uint64_t hash = UINT64_C(14695981039346656037) + question->name; /* FNV-1a */
    for (const char *at = question->vms; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
    }
    for (const char *at = question->text; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
    }
    return &resolver->cache[hash % CACHED];
}

static bool
is_same(const struct resolve_question *a, const struct resolve_question *b)
{
    return a->name == b->name && text_equal(a->vms, b->vms) && text_equal(a->text, b->text);
}

static void
remember(struct resolver *resolver, const struct resolve_question *question, enum err err,
    const struct resolved *resolved)
{
    struct cached **place = place_of(resolver, question);
    if (err != OK && err != ERR_MISSING) {
        return;
    }
    if (*place == NULL) {
        *place = calloc(1, sizeof(**place));
    }
    if (*place != NULL) {
        bool is_done = err == OK && resolved->to != 0;
        (*place)->question = *question;
        (*place)->until = clock_boot() + (is_done ? KEPT : KEPT_BRIEF);
        (*place)->err = err;
        (*place)->resolved = *resolved;
    }
}

/* Taken out before its function is called, which may ask again. */
static void
answer(
    struct resolver *resolver, struct asked *asked, enum err err, const struct resolved *resolved)
{
    struct asked copy = *asked;
    asked->question.id = 0;
    remember(resolver, &copy.question, err, resolved);
    if (copy.done != NULL) {
        copy.done(copy.context, err, resolved);
    }
}

/* Whoever waits keeps waiting: the question is asked again when the broker is back. */
static void
hang_up(struct resolver *resolver)
{
    if (resolver->fd >= 0) {
        (void)close(resolver->fd);
    }
    resolver->fd = -1;
    resolver->connections++;
    resolver->in_len = 0;
    resolver->sent = 0;
    resolver->bad = 0;
    buf_clear(&resolver->out);
}

static void
flush(struct resolver *resolver)
{
    while (resolver->fd >= 0 && resolver->sent < resolver->out.len) {
        ssize_t len = send(resolver->fd, resolver->out.data + resolver->sent,
            resolver->out.len - resolver->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (len <= 0) {
            hang_up(resolver);
            return;
        }
        resolver->sent += (size_t)len;
    }
    buf_clear(&resolver->out);
    resolver->sent = 0;
}

static void
dial(struct resolver *resolver, int64_t now)
{
    struct socketpath path;
    if (resolver->fd >= 0 || now - resolver->tried < RECONNECT) {
        return;
    }
    resolver->tried = now;
    if (socketpath_open(resolver->path, &path) != OK) {
        return;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&path.address, path.len) != 0) {
        (void)close(fd);
        fd = -1;
    }
    socketpath_close(&path);
    if (fd < 0) {
        return;
    }
    resolver->fd = fd;
    for (size_t i = 0; i < UNDER_WAY; i++) {
        if (resolver->asked[i].question.id != 0) {
            resolve_put_question(&resolver->out, &resolver->asked[i].question);
        }
    }
    flush(resolver);
}

static enum err
make_question(const char *vms, const struct access_camera *camera, struct resolve_question *out)
{
    *out = (struct resolve_question){.name = camera->name};
    return text_copy(out->vms, sizeof(out->vms), vms) &&
                   text_copy(out->text, sizeof(out->text), camera->text)
               ? OK
               : ERR_LIMIT;
}

static struct asked *
free_place(struct resolver *resolver)
{
    for (size_t i = 0; i < UNDER_WAY; i++) {
        if (resolver->asked[i].question.id == 0) {
            return &resolver->asked[i];
        }
    }
    return NULL;
}

enum err
resolver_ask(struct resolver *resolver, const char *vms, const struct access_camera *camera,
    resolved_fn *done, void *context, struct resolved *ret_resolved)
{
    struct resolve_question question;
    int64_t now = clock_boot();
    enum err err = make_question(vms, camera, &question);
    if (err != OK) {
        return err;
    }
    const struct cached *cached = *place_of(resolver, &question);
    if (cached != NULL && cached->until > now && is_same(&cached->question, &question)) {
        if (cached->err == OK) {
            *ret_resolved = cached->resolved;
        }
        return cached->err;
    }
    struct asked *asked = free_place(resolver);
    if (asked == NULL) {
        return ERR_LIMIT;
    }
    question.id = ++resolver->last_id;
    *asked = (struct asked){question, now, done, context};
    if (resolver->fd < 0) {
        dial(resolver, now); /* it asks all that is under way */
    } else {
        resolve_put_question(&resolver->out, &question);
        flush(resolver);
    }
    return ERR_TIMEOUT;
}

void
resolver_forget(struct resolver *resolver, void *context)
{
    for (size_t i = 0; i < UNDER_WAY; i++) {
        if (resolver->asked[i].context == context) {
            resolver->asked[i].done = NULL;
        }
    }
}

int
resolver_fd(const struct resolver *resolver)
{
    return resolver->fd;
}

bool
resolver_wants_write(const struct resolver *resolver)
{
    return resolver->fd >= 0 && resolver->sent < resolver->out.len;
}

static void
take_line(struct resolver *resolver, const char *line, size_t len)
{
    uint64_t id = 0;
    enum err said = OK;
    struct resolved resolved = {.camera_count = 0};
    if (resolve_parse_answer(line, len, &id, &said, &resolved) != OK) {
        resolver->bad++;
        return;
    }
    for (size_t i = 0; i < UNDER_WAY && id != 0; i++) {
        if (resolver->asked[i].question.id == id) {
            answer(resolver, &resolver->asked[i], said, &resolved);
            return;
        }
    }
}

static void
take_lines(struct resolver *resolver)
{
    size_t begin = 0;
    uint64_t connection = resolver->connections;
    for (;;) {
        const char *line = resolver->in + begin;
        const char *end = memchr(line, '\n', resolver->in_len - begin);
        if (end == NULL) {
            break;
        }
        take_line(resolver, line, (size_t)(end - line));
        if (connection != resolver->connections) {
            return; /* whoever was answered asked more, and that hung up */
        }
        begin += (size_t)(end - line) + 1;
    }
    memmove(resolver->in, resolver->in + begin, resolver->in_len - begin);
    resolver->in_len -= begin;
}

void
resolver_turn(struct resolver *resolver)
{
    flush(resolver);
    for (size_t i = 0; i < READS_A_GO && resolver->fd >= 0; i++) {
        ssize_t len = recv(resolver->fd, resolver->in + resolver->in_len,
            sizeof(resolver->in) - resolver->in_len, MSG_DONTWAIT);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (len <= 0) {
            hang_up(resolver);
            return;
        }
        resolver->in_len += (size_t)len;
        take_lines(resolver);
        if (resolver->in_len == sizeof(resolver->in) || resolver->bad > BAD_ANSWERS) {
            hang_up(resolver); /* a line longer than any answer, or no broker at all */
        }
    }
}

void
resolver_tick(struct resolver *resolver, int64_t now)
{
    static const struct resolved nothing;
    bool is_needed = false;
    for (size_t i = 0; i < UNDER_WAY; i++) {
        struct asked *asked = &resolver->asked[i];
        if (asked->question.id != 0 && now - asked->since >= RESOLVE_WAIT) {
            answer(resolver, asked, ERR_NETWORK, &nothing);
        }
        is_needed = is_needed || asked->question.id != 0;
    }
    if (is_needed) {
        dial(resolver, now);
    }
}
