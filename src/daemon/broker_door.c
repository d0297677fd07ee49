/*
 * run/broker.sock: one line of JSON each way. Workers are ours but handle what strangers send, so
 * lines, links and unread answers are bounded; who breaks a bound is cut off.
 */
#include "base/buf.h"
#include "base/log.h"
#include "daemon/broker_part.h"
#include "ledger/socketpath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNREAD ((size_t)1024 * 1024)

struct link {
    struct broker_door *door;
    uv_pipe_t pipe;
    uint32_t number; /* 0: free */
    bool is_closing;
    size_t len;
    char in[RESOLVE_LINE + 1];
};

struct broker_door {
    struct broker *broker;
    uv_pipe_t pipe;
    uint32_t last;
    struct link links[BROKER_LINKS];
};

struct sending {
    uv_write_t write;
    char bytes[];
};

static void
on_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    link->number = 0;
    link->is_closing = false;
}

static void
cut(struct link *link)
{
    if (!link->is_closing) {
        link->is_closing = true;
        uv_close((uv_handle_t *)&link->pipe, on_closed);
    }
}

static void
take_line(struct link *link, const char *line, size_t len)
{
    struct resolve_question question;
    enum err err = resolve_parse_question(line, len, &question);
    if (err != OK) {
        log_warn("a worker's question is not understood: %s", err_words(err));
        cut(link);
        return;
    }
    broker_ask(link->door->broker->asks, link->number, &question);
}

static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    (void)suggested;
    struct link *link = handle->data;
    *ret_buf = uv_buf_init(link->in + link->len, (unsigned)(sizeof link->in - link->len));
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct link *link = stream->data;
    if (got < 0) {
        cut(link);
        return;
    }
    link->len += (size_t)got;
    size_t from = 0;
    char *end = NULL;
    while (!link->is_closing && (end = memchr(link->in + from, '\n', link->len - from)) != NULL) {
        size_t len = (size_t)(end - link->in) - from;
        take_line(link, link->in + from, len);
        from += len + 1;
    }
    memmove(link->in, link->in + from, link->len - from);
    link->len -= from;
    if (link->len == sizeof link->in) {
        log_warn("a worker's line is longer than %d bytes", RESOLVE_LINE);
        cut(link);
    }
}

static void
on_connection(uv_stream_t *stream, int status)
{
    struct broker_door *door = stream->data;
    struct link *link = NULL;
    for (size_t i = 0; i < BROKER_LINKS && link == NULL; i++) {
        link = door->links[i].number == 0 ? &door->links[i] : NULL;
    }
    /* Without a place the connection waits in the backlog until its worker gives up. */
    if (status < 0 || link == NULL) {
        return;
    }
    if (uv_pipe_init(wire_loop(door->broker->wire), &link->pipe, 0) != 0) {
        return;
    }
    link->door = door;
    link->pipe.data = link;
    link->len = 0;
    link->number = ++door->last != 0 ? door->last : ++door->last;
    if (uv_accept(stream, (uv_stream_t *)&link->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&link->pipe, on_room, on_read) != 0) {
        cut(link);
    }
}

static void
on_sent(uv_write_t *write, int status)
{
    (void)status; /* a link that broke is told of by its reading side */
    free(write->data);
}

static void
send_bytes(struct link *link, const char *bytes, size_t len)
{
    struct sending *sending = malloc(sizeof *sending + len);
    uv_stream_t *stream = (uv_stream_t *)&link->pipe;
    if (sending == NULL || uv_stream_get_write_queue_size(stream) > UNREAD) {
        free(sending);
        cut(link);
        return;
    }
    memcpy(sending->bytes, bytes, len);
    sending->write.data = sending;
    uv_buf_t buf = uv_buf_init(sending->bytes, (unsigned)len);
    if (uv_write(&sending->write, stream, &buf, 1, on_sent) != 0) {
        free(sending);
        cut(link);
    }
}

void
broker_door_answer(struct broker_door *door, uint32_t number, uint64_t id, enum err err,
    const struct resolved *resolved)
{
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, (size_t)2 * RESOLVE_LINE);
    for (size_t i = 0; i < BROKER_LINKS; i++) {
        struct link *link = &door->links[i];
        if (link->number == number && !link->is_closing) {
            resolve_put_answer(&line, id, err, resolved);
            if (buf_error(&line) == OK) {
                send_bytes(link, line.data, line.len);
            }
            return;
        }
    }
}

static enum err
make_socket(const char *path, int *ret_fd, struct note *note)
{
    struct socketpath place;
    enum err err = socketpath_open(path, &place);
    if (err != OK) {
        note_set(note, "%s: %s", path, err_words(err));
        return err;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0117); /* owner and group */
    (void)unlink(path);
    bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&place.address, place.len) == 0;
    (void)umask(before);
    if (!is_bound) {
        note_set(note, "can't make %s: %s", path, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
        err = ERR_SYSTEM;
        if (fd >= 0) {
            (void)close(fd);
        }
    } else {
        *ret_fd = fd;
    }
    socketpath_close(&place);
    return err;
}

enum err
broker_door_open(
    struct broker *broker, const char *path, struct broker_door **ret_door, struct note *note)
{
    int fd = -1;
    enum err err = make_socket(path, &fd, note);
    struct broker_door *door = err == OK ? calloc(1, sizeof *door) : NULL;
    if (door == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return err != OK ? err : ERR_MEMORY;
    }
    door->broker = broker;
    if (uv_pipe_init(wire_loop(broker->wire), &door->pipe, 0) != 0 ||
        uv_pipe_open(&door->pipe, fd) != 0) {
        (void)close(fd);
        free(door);
        return ERR_SYSTEM;
    }
    door->pipe.data = door;
    *ret_door = door;
    /* From here on it is closed with the door. */
    return uv_listen((uv_stream_t *)&door->pipe, BROKER_LINKS, on_connection) == 0 ? OK
                                                                                   : ERR_SYSTEM;
}

void
broker_door_close(struct broker_door *door)
{
    if (door == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&door->pipe, NULL);
    for (size_t i = 0; i < BROKER_LINKS; i++) {
        if (door->links[i].number != 0) {
            cut(&door->links[i]);
        }
    }
    (void)uv_run(wire_loop(door->broker->wire), UV_RUN_NOWAIT);
    free(door);
}
