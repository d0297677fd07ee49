/* Links of the keeper: its door, who comes in, what is read and sent. */
#include "base/clock.h"
#include "base/log.h"
#include "daemon/keep.h"
#include "ledger/socketpath.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT_ONCE 64 /* links that are looked at before the loop goes on */
#define PASSES  8

static struct keep_link *
free_link(struct keeper *keeper)
{
    for (size_t i = 0; i < KEEP_LINKS; i++) {
        if (keeper->links[i].fd < 0) {
            return &keeper->links[i];
        }
    }
    return NULL;
}

static void
watch(struct keeper *keeper, struct keep_link *link, uint32_t events)
{
    struct epoll_event event = {.events = events};
    event.data.u32 = (uint32_t)(link - keeper->links);
    if (link->events != events) {
        int done = epoll_ctl(keeper->epoll_fd, EPOLL_CTL_MOD, link->fd, &event);
        assert(done == 0);
        link->events = events;
    }
}

static void
close_link(struct keeper *keeper, struct keep_link *link)
{
    bool was_first = keeper->settings->descriptor >= 0 && link->fd == keeper->settings->descriptor;
    (void)close(link->fd); /* leaves epoll's set by itself */
    link->fd = -1;
    link->generation++;
    buf_release(&link->out);
    free(link->rest);
    link->rest = NULL;
    link->rest_len = link->rest_size = 0;
    keeper->link_count--;
    keeper->is_leaving |= was_first;
    if (keeper->is_leaving && keeper->link_count == 0) {
        keeper_end(keeper);
    }
}

bool
keeper_door_is_slow(const struct keep_link *link)
{
    return link->out.len - link->sent >= KEEP_OUT_SLOW;
}

/* What a link listens for follows from how much it has yet to read. */
static void
watch_as_needed(struct keeper *keeper, struct keep_link *link)
{
    bool reads = !link->is_ending && !link->is_stalled && !keeper_door_is_slow(link);
    bool waits = link->out.len != link->sent;
    watch(keeper, link, (reads ? EPOLLIN : 0U) | (waits ? EPOLLOUT : 0U));
}

static void deal(struct keeper *keeper, struct keep_link *link, size_t len);

/* What was read and left because of the pause, or because its sender did not take its answers. */
static void
deal_rest(struct keeper *keeper, struct keep_link *link)
{
    size_t len = link->rest_len;
    link->is_stalled = false;
    memcpy(keeper->in, link->rest, len);
    deal(keeper, link, len);
}

void
keeper_door_flush(struct keeper *keeper, struct keep_link *link)
{
    while (link->sent < link->out.len) {
        ssize_t sent = send(link->fd, link->out.data + link->sent, link->out.len - link->sent,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && errno == EAGAIN) {
            link->stuck_since = link->stuck_since == 0 ? clock_boot() : link->stuck_since;
            break;
        }
        if (sent < 0) {
            close_link(keeper, link);
            return;
        }
        link->stuck_since = 0;
        link->sent += (size_t)sent;
    }
    if (link->out.failed) { /* more answers than it will ever read */
        close_link(keeper, link);
        return;
    }
    if (link->sent == link->out.len) {
        buf_clear(&link->out);
        link->sent = 0;
        if (link->is_ending) {
            close_link(keeper, link);
            return;
        }
    }
    if (link->is_stalled && !keeper->is_paused && !keeper_door_is_slow(link)) {
        deal_rest(keeper, link);
    } else {
        watch_as_needed(keeper, link);
    }
}

void
keeper_door_flush_dirty(struct keeper *keeper)
{
    size_t count = keeper->dirty_count;
    keeper->dirty_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct keep_link *link = &keeper->links[keeper->dirty[i]];
        link->is_dirty = false;
        if (link->fd >= 0) {
            keeper_door_flush(keeper, link);
        }
    }
}

struct keep_link *
keeper_door_find(struct keeper *keeper, const struct keep_asker *asker)
{
    if (asker->link == KEEP_NOBODY) {
        return NULL;
    }
    struct keep_link *link = &keeper->links[asker->link];
    return link->fd >= 0 && link->generation == asker->generation ? link : NULL;
}

/* Keeps what was not dealt with; false when memory is out. */
static bool
keep_rest(struct keep_link *link, const uint8_t *bytes, size_t len)
{
    if (len > link->rest_size) {
        size_t size = len < KEEP_READ / 16 ? KEEP_READ / 16 : len;
        uint8_t *rest = malloc(size);
        if (rest == NULL) {
            return false;
        }
        free(link->rest);
        link->rest = rest;
        link->rest_size = size;
    }
    if (len != 0) {
        memcpy(link->rest, bytes, len);
    }
    link->rest_len = len;
    return true;
}

static void
deal(struct keeper *keeper, struct keep_link *link, size_t len)
{
    size_t used = keeper_talk_take(keeper, link, keeper->in, len);
    if (!keep_rest(link, keeper->in + used, len - used)) {
        close_link(keeper, link);
        return;
    }
    watch_as_needed(keeper, link);
}

static void
read_link(struct keeper *keeper, struct keep_link *link)
{
    assert(link->rest_len <= MESSAGE_FRAME);
    size_t len = link->rest_len;
    if (len != 0) {
        memcpy(keeper->in, link->rest, len);
    }
    ssize_t got = recv(link->fd, keeper->in + len, KEEP_READ, MSG_DONTWAIT);
    if (got > 0) {
        deal(keeper, link, len + (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_link(keeper, link);
    }
}

static void
look_at_link(struct keeper *keeper, const struct epoll_event *event)
{
    struct keep_link *link = &keeper->links[event->data.u32];
    uint32_t generation = link->generation;
    if (link->fd < 0) {
        return;
    }
    if ((event->events & EPOLLOUT) != 0) {
        keeper_door_flush(keeper, link);
    }
    if (link->fd < 0 || link->generation != generation) {
        return;
    }
    if ((link->events & EPOLLIN) != 0 && !keeper->is_paused) {
        if ((event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            read_link(keeper, link);
        }
    } else if ((event->events & (EPOLLHUP | EPOLLERR)) != 0) {
        close_link(keeper, link); /* nobody is left to answer */
    }
}

static void
on_links(uv_poll_t *handle, int status, int events)
{
    struct keeper *keeper = handle->data;
    struct epoll_event ready[AT_ONCE];
    (void)status;
    (void)events;
    keeper_own_clock(keeper);
    int count = AT_ONCE;
    for (unsigned pass = 0; pass < PASSES && count == AT_ONCE && !keeper->is_paused; pass++) {
        count = epoll_wait(keeper->epoll_fd, ready, AT_ONCE, 0);
        for (int i = 0; i < count; i++) {
            look_at_link(keeper, &ready[i]);
        }
    }
    keeper_round_go(keeper);
    keeper_door_flush_dirty(keeper);
}

void
keeper_door_pause(struct keeper *keeper)
{
    if (!keeper->is_paused) {
        keeper->is_paused = true;
        (void)uv_poll_stop(&keeper->links_ready);
    }
}

void
keeper_door_resume(struct keeper *keeper)
{
    if (!keeper->is_paused || keeper->is_ending || keeper->wants_rotation) {
        return;
    }
    keeper->is_paused = false;
    for (size_t i = 0; i < KEEP_LINKS && !keeper->is_paused; i++) {
        struct keep_link *link = &keeper->links[i];
        if (link->fd >= 0 && link->is_stalled) {
            deal_rest(keeper, link);
        }
    }
    if (!keeper->is_paused) {
        (void)uv_poll_start(&keeper->links_ready, UV_READABLE, on_links);
    }
}

enum err
keeper_door_adopt(struct keeper *keeper, int fd)
{
    struct keep_link *link = free_link(keeper);
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return ERR_SYSTEM;
    }
    bool is_own = peer.uid == 0 || peer.uid == geteuid();
    if (link == NULL || (!is_own && keeper->link_count >= KEEP_LINKS - KEEP_OWN)) {
        return ERR_LIMIT;
    }
    struct epoll_event event = {.events = EPOLLIN};
    event.data.u32 = (uint32_t)(link - keeper->links);
    if (epoll_ctl(keeper->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        return ERR_SYSTEM;
    }
    uint32_t generation = link->generation;
    *link = (struct keep_link){.fd = fd, .generation = generation, .events = EPOLLIN};
    link->pid = peer.pid;
    link->uid = (int64_t)peer.uid;
    buf_init(&link->out, KEEP_OUT);
    keeper->link_count++;
    return OK;
}

/* One that can't be let in is told so, without waiting for it. */
static void
turn_away(int fd)
{
    static const struct message_done done = {MESSAGE_ENDING, 0, "too many connections"};
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, MESSAGE_FRAME);
    message_put_done(&out, MESSAGE_ALL, &done);
    (void)send(fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)close(fd);
}

static void
on_door(uv_poll_t *handle, int status, int events)
{
    struct keeper *keeper = handle->data;
    (void)status;
    (void)events;
    for (unsigned i = 0; i < AT_ONCE; i++) {
        int fd = accept4(keeper->door_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        if (keeper_door_adopt(keeper, fd) != OK) {
            turn_away(fd);
        }
    }
}

/* The name under which the socket waits until the ledger is open: nobody must knock before. */
static enum err
beside(const struct keeper *keeper, struct buf *ret_path)
{
    buf_init(ret_path, 4096);
    buf_format(ret_path, "%s.%d", keeper->socket_path, (int)getpid());
    return buf_error(ret_path);
}

static enum err
give_to_group(const char *path, const char *group, struct note *note)
{
    if (group == NULL) {
        return OK;
    }
    struct group *row = getgrnam(group); /* before any thread is there */
    if (row == NULL) {
        note_set(note, "--group %s: there is no such group", group);
        return ERR_VALUE;
    }
    if (chown(path, (uid_t)-1, row->gr_gid) != 0) {
        note_set(note, "--group %s: %s", group, strerror(errno));
        return ERR_SYSTEM;
    }
    return OK;
}

static enum err
bind_door(struct keeper *keeper, const char *path, struct note *note)
{
    struct socketpath address;
    enum err err = socketpath_open(path, &address);
    if (err != OK) {
        note_set(note, "%s", path);
        return err;
    }
    keeper->door_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0117); /* 0660 from its first moment */
    (void)unlink(path);          /* of a process with this number, long gone */
    if (keeper->door_fd < 0 ||
        bind(keeper->door_fd, (const struct sockaddr *)&address.address, address.len) != 0) {
        note_set(note, "%s: %s", path, strerror(errno));
        err = ERR_SYSTEM;
    }
    (void)umask(before);
    socketpath_close(&address);
    err = err == OK ? give_to_group(path, keeper->settings->group, note) : err;
    if (err == OK && listen(keeper->door_fd, SOMAXCONN) != 0) {
        note_set(note, "%s: %s", path, strerror(errno));
        err = ERR_SYSTEM;
    }
    return err;
}

enum err
keeper_door_prepare(struct keeper *keeper, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    enum err err = beside(keeper, &path);
    for (size_t i = 0; i < KEEP_LINKS; i++) {
        keeper->links[i].fd = -1;
    }
    keeper->in = malloc(KEEP_READ + MESSAGE_FRAME);
    keeper->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (keeper->in == NULL || keeper->epoll_fd < 0) {
        return ERR_MEMORY;
    }
    err = err == OK ? bind_door(keeper, path.data, note) : err;
    keeper->door.data = keeper->links_ready.data = keeper;
    if (err == OK &&
        (uv_poll_init(&keeper->loop, &keeper->door, keeper->door_fd) != 0 ||
            uv_poll_init(&keeper->loop, &keeper->links_ready, keeper->epoll_fd) != 0)) {
        err = ERR_SYSTEM;
    }
    return err;
}

enum err
keeper_door_open(struct keeper *keeper, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    enum err err = beside(keeper, &path);
    if (err == OK && rename(path.data, keeper->socket_path) != 0) {
        note_set(note, "%s: %s", keeper->socket_path, strerror(errno));
        err = ERR_SYSTEM;
    }
    if (err == OK && keeper->settings->descriptor >= 0) {
        err = keeper_door_adopt(keeper, keeper->settings->descriptor);
    }
    if (err == OK && (uv_poll_start(&keeper->door, UV_READABLE, on_door) != 0 ||
                         uv_poll_start(&keeper->links_ready, UV_READABLE, on_links) != 0)) {
        err = ERR_SYSTEM;
    }
    return err;
}

void
keeper_door_close(struct keeper *keeper)
{
    CLEANUP(buf_release) struct buf path;
    if (keeper->door_fd >= 0) {
        (void)close(keeper->door_fd);
        keeper->door_fd = -1;
        if (beside(keeper, &path) == OK) {
            (void)unlink(path.data);
        }
        if (keeper->ledger != NULL) {
            (void)unlink(keeper->socket_path);
        }
    }
    if (keeper->epoll_fd >= 0) {
        (void)close(keeper->epoll_fd);
        keeper->epoll_fd = -1;
    }
    free(keeper->in);
    keeper->in = NULL;
}

void
keeper_door_cut_stuck(struct keeper *keeper)
{
    int64_t now = clock_boot();
    for (size_t i = 0; i < KEEP_LINKS; i++) {
        struct keep_link *link = &keeper->links[i];
        if (link->fd >= 0 && link->stuck_since != 0 && now - link->stuck_since > KEEP_STUCK) {
            log_warn("process %lld of user %lld does not read its answers; cut off",
                (long long)link->pid, (long long)link->uid);
            close_link(keeper, link);
        }
    }
}

void
keeper_door_dismiss(struct keeper *keeper, const char *words)
{
    struct message_done done = {.status = MESSAGE_ENDING};
    (void)strncat(done.words, words, sizeof(done.words) - 1);
    for (size_t i = 0; i < KEEP_LINKS; i++) {
        struct keep_link *link = &keeper->links[i];
        if (link->fd >= 0) {
            keeper_talk_end(keeper, link, &done);
            keeper_door_flush(keeper, link);
        }
        if (link->fd >= 0) {
            close_link(keeper, link);
        }
    }
}
