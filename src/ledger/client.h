/*
 * The keeper's client, for the gateway module and the commands: one connection, many events under
 * way, nothing blocks unless asked to. Needs no loop: its owner watches the descriptor and calls
 * client_turn(). Every event that was queued is answered exactly once, also when the keeper dies.
 */
#pragma once

#include "ledger/message.h"

#define CLIENT_QUEUE 1024                      /* events under way at most */
#define CLIENT_BYTES ((size_t)4 * 1024 * 1024) /* of them, not yet taken by the keeper */

struct client;

/*
 * err OK: durable at index. ERR_FULL; ERR_VALUE: refused for what it is; ERR_REFUSED: the keeper is
 * ending, nothing was recorded; ERR_NETWORK: the connection broke, unknown whether. The note says
 * more, or is empty. It may queue more, but not close the client.
 */
typedef void client_done_fn(void *context, enum err err, uint64_t index, const struct note *note);

/*
 * Connects to the socket, without waiting; ERR_MISSING: none there; ERR_REFUSED: nobody listens;
 * ERR_TIMEOUT: too many are waiting to be let in; ERR_SYSTEM.
 */
enum err client_open(const char *path, struct client **ret_client, struct note *note) MUST_CHECK;
/* Takes over a connected descriptor of a stream socket. */
enum err client_adopt(int fd, struct client **ret_client) MUST_CHECK;
/* Answers what is under way with ERR_CANCELLED. NULL is allowed. */
void client_close(struct client *client);

/*
 * Queues a produced event; the function is called from client_turn() or client_close(), once.
 * ERR_LIMIT: too many under way, or CLIENT_BYTES not taken. ERR_NETWORK: the connection broke
 * before.
 */
enum err client_append(struct client *client, const void *event, size_t len, client_done_fn *done,
    void *context) MUST_CHECK;
/* Asks to be told when a checkpoint covers the index. */
enum err client_publish(
    struct client *client, uint64_t index, client_done_fn *done, void *context) MUST_CHECK;

/*
 * What to watch for with poll() or epoll, and what came of it. A broken connection is ERR_NETWORK,
 * from then on always; client_trouble() says why, in words.
 */
int client_fd(const struct client *client);
bool client_wants_write(const struct client *client);
enum err client_turn(struct client *client) MUST_CHECK;
const struct note *client_trouble(const struct client *client);
size_t client_under_way(const struct client *client);

/* For programs that may block: turns until nothing is under way; ERR_TIMEOUT. */
enum err client_wait(struct client *client, unsigned ms) MUST_CHECK;
/* One event, waited for. ret_index may be NULL. */
enum err client_append_wait(struct client *client, const struct buf *event, unsigned ms,
    uint64_t *ret_index, struct note *note) MUST_CHECK;
/* Waits until a checkpoint covers the index. */
enum err client_publish_wait(
    struct client *client, uint64_t index, unsigned ms, struct note *note) MUST_CHECK;
/* Appends the keeper's JSON about itself. */
enum err client_state(
    struct client *client, unsigned ms, struct buf *ret_json, struct note *note) MUST_CHECK;
/*
 * Has keys of sealed fields destroyed, as a message ERASE says it (messages.def); how many there
 * were. Needs the keeper's own user or root.
 */
enum err client_erase(struct client *client, const struct buf *what, unsigned ms,
    uint64_t *ret_count, struct note *note) MUST_CHECK;
/* Has the signing key replaced; needs the keeper's own user or root. */
enum err client_rotate(struct client *client, unsigned ms, struct note *note) MUST_CHECK;
