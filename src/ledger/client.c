/* The keeper's client: frames out, answers in, each event answered exactly once. */
#include "ledger/client.h"
#include "base/clock.h"
#include "ledger/socketpath.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_SIZE      ((size_t)128 * 1024)
#define READS_A_TURN 8
#define SLOT_BITS    10 /* of a token; the others count how often the slot was used */
#define GENERATIONS  ((1U << (32 - SLOT_BITS)) - 1) /* the last one is left out: MESSAGE_ALL */
#define NO_SLOT      UINT16_MAX

/* A request under way; done is NULL when nobody waits for it any more. */
struct slot {
    client_done_fn *done;
    void *context;
    struct buf *report; /* where a REPORT goes */
    uint32_t generation;
    uint16_t next; /* the next free one */
    bool used;
};

struct client {
    int fd;
    enum err broken;
    struct note trouble;
    size_t under_way;
    uint16_t free;
    struct slot slots[CLIENT_QUEUE];
    struct buf out;
    size_t sent; /* of out */
    size_t in_len;
    uint8_t in[IN_SIZE];
};

static_assert(CLIENT_QUEUE == 1U << SLOT_BITS, "a token holds a slot's number");

enum err
client_adopt(int fd, struct client **ret_client)
{
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return ERR_MEMORY;
    }
    client->fd = fd;
    buf_init(&client->out, 2 * CLIENT_BYTES);
    for (uint16_t i = 0; i < CLIENT_QUEUE; i++) {
        client->slots[i].next = (uint16_t)(i + 1 == CLIENT_QUEUE ? NO_SLOT : i + 1);
    }
    *ret_client = client;
    return OK;
}

static enum err
connect_error(const char *path, struct note *note)
{
    static const struct {
        int number;
        enum err err;
    } rows[] = {
        {ENOENT,       ERR_MISSING},
        {ENOTDIR,      ERR_MISSING},
        {ECONNREFUSED, ERR_REFUSED},
        {EAGAIN,       ERR_TIMEOUT},
    };
    int number = errno;
    note_set(note, "%s: %s", path, strerror(number));
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].number == number) {
            return rows[i].err;
        }
    }
    return ERR_SYSTEM;
}

enum err
client_open(const char *path, struct client **ret_client, struct note *note)
{
    struct socketpath address;
    enum err err = socketpath_open(path, &address);
    if (err != OK) {
        note_set(note, "%s", path);
        return err;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address.address, address.len) != 0) {
        err = connect_error(path, note);
    } else {
        err = client_adopt(fd, ret_client);
    }
    if (err != OK && fd >= 0) {
        (void)close(fd);
    }
    socketpath_close(&address);
    return err;
}

/* Takes a slot back before its function is called, which may queue the next event into it. */
static void
answer(struct client *client, uint16_t number, enum err err, const struct message_done *done)
{
    struct slot *slot = &client->slots[number];
    client_done_fn *function = slot->done;
    void *context = slot->context;
    struct note note = {{0}};
    if (done != NULL && done->words[0] != '\0') {
        note_set(&note, "%s", done->words);
    } else if (client->broken != OK) {
        note = client->trouble;
    }
    slot->used = false;
    slot->next = client->free;
    client->free = number;
    client->under_way--;
    if (function != NULL) {
        function(context, err, done != NULL ? done->index : 0, &note);
    }
}

static void
answer_all(struct client *client, enum err err)
{
    for (uint16_t i = 0; i < CLIENT_QUEUE; i++) {
        if (client->slots[i].used) {
            answer(client, i, err, NULL);
        }
    }
}

static enum err
end_with(struct client *client, enum err err, const char *words)
{
    if (client->broken == OK) {
        client->broken = ERR_NETWORK;
        note_set(&client->trouble, "%s", words);
        answer_all(client, err);
    }
    return ERR_NETWORK;
}

static enum err
break_off(struct client *client, const char *words)
{
    return end_with(client, ERR_NETWORK, words);
}

void
client_close(struct client *client)
{
    if (client == NULL) {
        return;
    }
    client->broken = client->broken == OK ? ERR_CANCELLED : client->broken;
    answer_all(client, ERR_CANCELLED);
    (void)close(client->fd);
    buf_release(&client->out);
    free(client);
}

struct request {
    enum message_kind kind;
    const void *payload;
    size_t len;
    client_done_fn *done;
    void *context;
    struct buf *report;
};

static enum err
queue(struct client *client, const struct request *request, uint32_t *ret_token)
{
    if (client->broken != OK) {
        return ERR_NETWORK;
    }
    if (request->len > MESSAGE_PAYLOAD) {
        return ERR_VALUE;
    }
    if (client->free == NO_SLOT || client->under_way == CLIENT_QUEUE ||
        client->out.len - client->sent > CLIENT_BYTES) {
        return ERR_LIMIT;
    }
    if (client->sent > CLIENT_BYTES / 2 || client->sent == client->out.len) {
        memmove(client->out.data, client->out.data + client->sent, client->out.len - client->sent);
        client->out.len -= client->sent;
        client->sent = 0;
    }
    uint16_t number = client->free;
    struct slot *slot = &client->slots[number];
    uint32_t generation = (slot->generation + 1) % GENERATIONS;
    uint32_t token = generation << SLOT_BITS | number;
    const struct message message = {request->kind, token, request->payload, request->len};
    message_put(&client->out, &message);
    if (client->out.failed) {
        client->out.failed = false;
        return ERR_LIMIT;
    }
    client->free = slot->next;
    client->under_way++;
    *slot = (struct slot){request->done, request->context, request->report, generation, 0, true};
    *ret_token = token;
    return OK;
}

enum err
client_append(
    struct client *client, const void *event, size_t len, client_done_fn *done, void *context)
{
    const struct request request = {MESSAGE_APPEND, event, len, done, context, NULL};
    uint32_t token = 0;
    return queue(client, &request, &token);
}

enum err
client_publish(struct client *client, uint64_t index, client_done_fn *done, void *context)
{
    uint8_t payload[MESSAGE_INDEX];
    message_store_index(index, payload);
    const struct request request = {MESSAGE_PUBLISH, payload, sizeof(payload), done, context, NULL};
    uint32_t token = 0;
    return queue(client, &request, &token);
}

int
client_fd(const struct client *client)
{
    return client->fd;
}

bool
client_wants_write(const struct client *client)
{
    return client->broken == OK && client->sent < client->out.len;
}

const struct note *
client_trouble(const struct client *client)
{
    return &client->trouble;
}

size_t
client_under_way(const struct client *client)
{
    return client->under_way;
}

static struct slot *
find_slot(struct client *client, uint32_t token)
{
    struct slot *slot = &client->slots[token % CLIENT_QUEUE];
    return slot->used && slot->generation == token >> SLOT_BITS ? slot : NULL;
}

static enum err
take_done(struct client *client, const struct message *message)
{
    static const enum err errors[] = {
        [MESSAGE_OK] = OK,
        [MESSAGE_BAD] = ERR_VALUE,
        [MESSAGE_FULL] = ERR_FULL,
        [MESSAGE_ENDING] = ERR_REFUSED,
    };
    struct message_done done;
    if (message_parse_done(message, &done) != OK) {
        return break_off(client, "the keeper sent an answer that is none");
    }
    if (message->token == MESSAGE_ALL) {
        /* It has answered before what it recorded, so that the others were not. */
        bool is_ending = done.status == MESSAGE_ENDING;
        return end_with(client, is_ending ? ERR_REFUSED : ERR_NETWORK, done.words);
    }
    if (find_slot(client, message->token) == NULL) {
        return break_off(client, "the keeper answered what was not asked");
    }
    answer(client, (uint16_t)(message->token % CLIENT_QUEUE), errors[done.status], &done);
    return OK;
}

static enum err
take_report(struct client *client, const struct message *message)
{
    struct slot *slot = find_slot(client, message->token);
    if (slot == NULL) {
        return break_off(client, "the keeper reported what was not asked");
    }
    if (slot->report != NULL) {
        buf_add(slot->report, message->payload, message->len);
    }
    answer(client, (uint16_t)(message->token % CLIENT_QUEUE), OK, NULL);
    return OK;
}

static enum err
take_frames(struct client *client)
{
    size_t at = 0;
    size_t used = 1;
    while (client->broken == OK && used != 0) {
        struct message message;
        if (message_parse(MESSAGE_CLIENT, client->in + at, client->in_len - at, &message, &used) !=
            OK) {
            return break_off(client, "the keeper sent what is no answer");
        }
        if (used == 0) {
            break;
        }
        at += used;
        enum err err = message.kind == MESSAGE_REPORT ? take_report(client, &message)
                                                      : take_done(client, &message);
        if (err != OK) {
            return err;
        }
    }
    memmove(client->in, client->in + at, client->in_len - at);
    client->in_len -= at;
    return client->broken;
}

static enum err
receive(struct client *client)
{
    for (unsigned i = 0; i < READS_A_TURN; i++) {
        size_t room = sizeof(client->in) - client->in_len;
        ssize_t got = recv(client->fd, client->in + client->in_len, room, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return OK;
        }
        if (got <= 0) {
            return break_off(
                client, got == 0 ? "the keeper closed the connection" : strerror(errno));
        }
        client->in_len += (size_t)got;
        enum err err = take_frames(client);
        if (err != OK || (size_t)got < room) {
            return err;
        }
    }
    return OK;
}

static int
flush(struct client *client)
{
    while (client->sent < client->out.len) {
        ssize_t sent = send(client->fd, client->out.data + client->sent,
            client->out.len - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN ? 0 : errno;
        }
        client->sent += (size_t)sent;
    }
    buf_clear(&client->out);
    client->sent = 0;
    return 0;
}

enum err
client_turn(struct client *client)
{
    if (client->broken != OK) {
        return ERR_NETWORK;
    }
    enum err err = receive(client); /* first: an answer may queue the next event */
    if (err != OK) {
        return err;
    }
    int failed = flush(client);
    return failed == 0 ? OK : break_off(client, strerror(failed));
}

/* Turns once, after waiting for something to do. */
static enum err
wait_turn(struct client *client, int64_t until)
{
    int64_t left = until - clock_mono();
    if (left <= 0) {
        return ERR_TIMEOUT;
    }
    struct pollfd watch = {.fd = client->fd, .events = POLLIN};
    watch.events |= (short)(client_wants_write(client) ? POLLOUT : 0);
    int ready = poll(&watch, 1, left > INT32_MAX ? INT32_MAX : (int)left);
    if (ready < 0 && errno != EINTR) {
        return ERR_SYSTEM;
    }
    return ready > 0 ? client_turn(client) : OK;
}

enum err
client_wait(struct client *client, unsigned ms)
{
    int64_t until = clock_mono() + ms;
    enum err err = client_turn(client);
    while (err == OK && client->under_way != 0) {
        err = wait_turn(client, until);
    }
    return err;
}

struct waited {
    bool done;
    enum err err;
    uint64_t index;
    struct note note;
};

static void
waited_done(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct waited *waited = context;
    *waited = (struct waited){true, err, index, *note};
}

/* One request, waited for; what was queued before goes on meanwhile. */
static enum err
ask(struct client *client, const struct request *asked, unsigned ms, struct waited *ret_waited)
{
    struct waited waited = {.err = OK};
    uint32_t token = 0;
    int64_t until = clock_mono() + ms;
    struct request request = *asked;
    request.done = waited_done;
    request.context = &waited;
    enum err err = queue(client, &request, &token);
    if (err == OK) {
        err = client_turn(client);
    }
    while (err == OK && !waited.done) {
        err = wait_turn(client, until);
    }
    struct slot *slot = find_slot(client, token);
    if (!waited.done && err != ERR_NETWORK && slot != NULL && slot->context == &waited) {
        *slot = (struct slot){.generation = slot->generation, .used = true}; /* nobody waits */
    }
    if (!waited.done) {
        waited.note = client->trouble;
    }
    *ret_waited = waited;
    return waited.done ? waited.err : err;
}

enum err
client_append_wait(struct client *client, const struct buf *event, unsigned ms, uint64_t *ret_index,
    struct note *note)
{
    const struct request request = {
        .kind = MESSAGE_APPEND, .payload = event->data, .len = event->len};
    struct waited waited;
    enum err err = ask(client, &request, ms, &waited);
    note_set(note, "%s", waited.note.text);
    if (err == OK && ret_index != NULL) {
        *ret_index = waited.index;
    }
    return err;
}

enum err
client_publish_wait(struct client *client, uint64_t index, unsigned ms, struct note *note)
{
    uint8_t payload[MESSAGE_INDEX];
    message_store_index(index, payload);
    const struct request request = {
        .kind = MESSAGE_PUBLISH, .payload = payload, .len = sizeof(payload)};
    struct waited waited;
    enum err err = ask(client, &request, ms, &waited);
    note_set(note, "%s", waited.note.text);
    return err;
}

enum err
client_state(struct client *client, unsigned ms, struct buf *ret_json, struct note *note)
{
    const struct request request = {.kind = MESSAGE_STATE, .report = ret_json};
    struct waited waited;
    enum err err = ask(client, &request, ms, &waited);
    note_set(note, "%s", waited.note.text);
    return err == OK ? buf_error(ret_json) : err;
}

enum err
client_rotate(struct client *client, unsigned ms, struct note *note)
{
    const struct request request = {.kind = MESSAGE_ROTATE};
    struct waited waited;
    enum err err = ask(client, &request, ms, &waited);
    note_set(note, "%s", waited.note.text);
    return err;
}

enum err
client_erase(struct client *client, const struct buf *what, unsigned ms, uint64_t *ret_count,
    struct note *note)
{
    const struct request request = {
        .kind = MESSAGE_ERASE, .payload = (const uint8_t *)what->data, .len = what->len};
    struct waited waited;
    enum err err = ask(client, &request, ms, &waited);
    *ret_count = waited.index;
    note_set(note, "%s", waited.note.text);
    return err;
}
