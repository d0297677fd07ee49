/*
 * The doorman's side of the board. One writer: tables are probed within a window, what is removed
 * leaves a mark so that no chain breaks, and no entry ever moves while it is there.
 */
#include "gate/board.h"

#include "base/clock.h"
#include "gate/board_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct board {
    struct mapfile file;
    struct board_shared *shared;
    char *path;
    uint32_t session_count;
    uint32_t ban_counts[2][64];    /* by prefix length - 1 */
    uint8_t stays[BOARD_SESSIONS]; /* put since board_mark_sessions() */
    bool is_placed;
};

enum err
board_create(const char *path, struct board **ret_board, struct note *note)
{
    struct board *board = calloc(1, sizeof *board);
    if (board == NULL || (board->path = strdup(path)) == NULL) {
        free(board);
        return ERR_MEMORY;
    }
    enum err err = mapfile_create(path, &board_kind, &board->file, note);
    if (err != OK) {
        board_close(board);
        return err;
    }
    board->shared = board->file.bytes;
    randombytes_buf(board->shared->key, BOARD_KEY);
    uint64_t generation = 0;
    randombytes_buf(&generation, sizeof generation);
    atomic_store(&board->shared->generation, generation);
    *ret_board = board;
    return OK;
}

void
board_close(struct board *board)
{
    if (board != NULL) {
        mapfile_close(&board->file);
        free(board->path);
        free(board);
    }
}

enum err
board_beat(struct board *board)
{
    atomic_store_explicit(&board->shared->beat, clock_boot(), memory_order_release);
    if (board->is_placed) {
        return OK;
    }
    enum err err = mapfile_place(board->path, NULL);
    board->is_placed = err == OK;
    return err;
}

static void
changed(struct board *board)
{
    (void)atomic_fetch_add_explicit(&board->shared->generation, 1, memory_order_release);
}

void
board_set_policy(struct board *board, const struct policy *policy)
{
    latch_put(board->shared->policy, policy, sizeof *policy);
    changed(board);
}

/* The place of a session, and the first that a new one could have; POLICY_ANY-like: SESSIONS. */
struct places {
    uint32_t found, room;
};

static struct places
find_places(const struct board *board, const uint8_t hash[BOARD_HASH])
{
    struct places places = {BOARD_SESSIONS, BOARD_SESSIONS};
    uint32_t home = board_home(hash);
    struct board_session session;
    for (uint32_t i = 0; i < BOARD_WINDOW; i++) {
        uint32_t place = (home + i) % BOARD_SESSIONS;
        uint64_t tag = atomic_load_explicit(&board->shared->tags[place], memory_order_relaxed);
        if (tag <= BOARD_GONE && places.room == BOARD_SESSIONS) {
            places.room = place;
        }
        if (tag == BOARD_EMPTY) {
            break;
        }
        if (tag == board_tag(hash) &&
            latch_get(board->shared->sessions[place], &session, sizeof session) == OK &&
            memcmp(session.hash, hash, BOARD_HASH) == 0) {
            places.found = place;
            break;
        }
    }
    return places;
}

enum err
board_put_session(struct board *board, const struct board_session *session)
{
    struct places places = find_places(board, session->hash);
    bool is_new = places.found == BOARD_SESSIONS;
    uint32_t place = is_new ? places.room : places.found;
    if (is_new && (place == BOARD_SESSIONS || board->session_count >= BOARD_SESSIONS / 2)) {
        return ERR_LIMIT;
    }
    struct board_session row = *session;
    row.place = place;
    latch_put(board->shared->sessions[place], &row, sizeof row);
    atomic_store_explicit(
        &board->shared->tags[place], board_tag(session->hash), memory_order_release);
    board->session_count += is_new ? 1 : 0;
    board->stays[place] = 1;
    changed(board);
    return OK;
}

static void
remove_place(struct board *board, uint32_t place)
{
    static const struct board_session nobody;
    struct board_shared *shared = board->shared;
    atomic_store_explicit(&shared->tags[place], BOARD_GONE, memory_order_release);
    latch_put(shared->sessions[place], &nobody, sizeof nobody);
    latch_put(shared->sessions[place], &nobody, sizeof nobody); /* the other copy too */
    board->session_count--;
    /* A mark that nothing lies behind keeps no chain together. */
    uint32_t next = (place + 1) % BOARD_SESSIONS;
    while (atomic_load_explicit(&shared->tags[place], memory_order_relaxed) == BOARD_GONE &&
           atomic_load_explicit(&shared->tags[next], memory_order_relaxed) == BOARD_EMPTY) {
        atomic_store_explicit(&shared->tags[place], BOARD_EMPTY, memory_order_release);
        next = place;
        place = (place + BOARD_SESSIONS - 1) % BOARD_SESSIONS;
    }
}

void
board_remove_session(struct board *board, const uint8_t hash[BOARD_HASH])
{
    struct places places = find_places(board, hash);
    if (places.found != BOARD_SESSIONS) {
        remove_place(board, places.found);
        changed(board);
    }
}

void
board_mark_sessions(struct board *board)
{
    memset(board->stays, 0, sizeof board->stays);
}

void
board_sweep_sessions(struct board *board)
{
    for (uint32_t i = 0; i < BOARD_SESSIONS; i++) {
        uint64_t tag = atomic_load_explicit(&board->shared->tags[i], memory_order_relaxed);
        if (tag > BOARD_GONE && board->stays[i] == 0) {
            remove_place(board, i);
        }
    }
    changed(board);
}

void
board_clear_sessions(struct board *board)
{
    board_mark_sessions(board);
    board_sweep_sessions(board);
}

enum err
board_place(const struct board *board, const uint8_t hash[BOARD_HASH], uint32_t *ret_place)
{
    struct places places = find_places(board, hash);
    if (places.found == BOARD_SESSIONS) {
        return ERR_MISSING;
    }
    *ret_place = places.found;
    return OK;
}

struct ip
board_plain(const struct ip *ip)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (ip->family != 6 || memcmp(ip->bytes, mapped, sizeof mapped) != 0) {
        return *ip;
    }
    struct ip plain = {.family = 4};
    memcpy(plain.bytes, ip->bytes + sizeof mapped, 4);
    return plain;
}

struct board_prefix
board_cut(const struct ip *ip, unsigned bits)
{
    uint8_t bytes[16] = {0};
    memcpy(bytes, ip->bytes, bits / 8);
    if (bits % 8 != 0) {
        bytes[bits / 8] = (uint8_t)(ip->bytes[bits / 8] & (0xff00U >> bits % 8));
    }
    struct board_prefix prefix = {.tag = (uint16_t)((unsigned)ip->family << 8 | bits)};
    memcpy(prefix.address, bytes, sizeof bytes);
    return prefix;
}

uint32_t
board_ban_home(const uint8_t key[BOARD_KEY], const struct board_prefix *prefix)
{
    uint8_t text[sizeof prefix->address + sizeof prefix->tag];
    uint8_t hash[crypto_shorthash_BYTES];
    memcpy(text, prefix->address, sizeof prefix->address);
    memcpy(text + sizeof prefix->address, &prefix->tag, sizeof prefix->tag);
    (void)crypto_shorthash(hash, text, sizeof text, key);
    uint32_t home = 0;
    memcpy(&home, hash, sizeof home);
    return home % BOARD_BANS;
}

static bool
is_length(const struct net *net)
{
    if (net->ip.family == 4) {
        return net->bits >= 8 && net->bits <= 32;
    }
    return net->ip.family == 6 && (net->bits == 48 || net->bits == 56 || net->bits == 64);
}

/* Keeps count of how many bans of a prefix length there are, and says which there are. */
static void
count_ban(struct board *board, uint16_t tag, int by)
{
    unsigned which = tag >> 8 == 4 ? 0 : 1;
    unsigned place = (tag & 0xffU) - 1;
    uint32_t *count = &board->ban_counts[which][place];
    *count = (uint32_t)((int64_t)*count + by);
    uint64_t bit = UINT64_C(1) << place;
    if (*count == 0) {
        (void)atomic_fetch_and(&board->shared->lengths[which], ~bit);
    } else {
        (void)atomic_fetch_or(&board->shared->lengths[which], bit);
    }
}

static uint64_t
next_state(uint64_t state, uint16_t tag)
{
    return ((state >> 16) + 1) << 16 | tag;
}

static uint16_t
tag_of(const struct board_ban *ban)
{
    return (uint16_t)atomic_load_explicit(&ban->state, memory_order_relaxed);
}

/* Where the prefix's ban is, and the first place that a new one could have; BOARD_BANS: none. */
static struct places
find_ban(const struct board *board, const struct board_prefix *prefix, int64_t now)
{
    struct places places = {BOARD_BANS, BOARD_BANS};
    uint32_t home = board_ban_home(board->shared->key, prefix);
    for (uint32_t i = 0; i < BOARD_WINDOW; i++) {
        uint32_t place = (home + i) % BOARD_BANS;
        const struct board_ban *ban = &board->shared->bans[place];
        uint16_t tag = tag_of(ban);
        bool is_free =
            tag <= BOARD_GONE || atomic_load_explicit(&ban->until, memory_order_relaxed) <= now;
        if (is_free && places.room == BOARD_BANS) {
            places.room = place;
        }
        if (tag == BOARD_EMPTY) {
            break;
        }
        if (tag == prefix->tag &&
            atomic_load_explicit(&ban->address[0], memory_order_relaxed) == prefix->address[0] &&
            atomic_load_explicit(&ban->address[1], memory_order_relaxed) == prefix->address[1]) {
            places.found = place;
            break;
        }
    }
    return places;
}

static void
drop_ban(struct board *board, uint32_t place)
{
    struct board_ban *bans = board->shared->bans;
    count_ban(board, tag_of(&bans[place]), -1);
    uint64_t state = atomic_load_explicit(&bans[place].state, memory_order_relaxed);
    atomic_store_explicit(&bans[place].state, next_state(state, BOARD_GONE), memory_order_release);
    uint32_t next = (place + 1) % BOARD_BANS;
    while (tag_of(&bans[place]) == BOARD_GONE && tag_of(&bans[next]) == BOARD_EMPTY) {
        state = atomic_load_explicit(&bans[place].state, memory_order_relaxed);
        atomic_store_explicit(
            &bans[place].state, next_state(state, BOARD_EMPTY), memory_order_release);
        next = place;
        place = (place + BOARD_BANS - 1) % BOARD_BANS;
    }
}

static void
fill_ban(struct board *board, uint32_t place, const struct board_prefix *prefix, int64_t until)
{
    struct board_ban *ban = &board->shared->bans[place];
    if (tag_of(ban) > BOARD_GONE) {
        count_ban(board, tag_of(ban), -1); /* an expired one makes room */
    }
    uint64_t state =
        next_state(atomic_load_explicit(&ban->state, memory_order_relaxed), BOARD_GONE);
    atomic_store_explicit(&ban->state, state, memory_order_relaxed);
    /* Whoever sees a word of the new entry also sees that the old one is gone. */
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&ban->address[0], prefix->address[0], memory_order_relaxed);
    atomic_store_explicit(&ban->address[1], prefix->address[1], memory_order_relaxed);
    atomic_store_explicit(&ban->until, until, memory_order_relaxed);
    atomic_store_explicit(&ban->state, next_state(state, prefix->tag), memory_order_release);
    count_ban(board, prefix->tag, 1);
}

enum err
board_set_ban(struct board *board, const struct net *net, int64_t until)
{
    struct net plain = *net;
    plain.ip = board_plain(&net->ip);
    if (plain.ip.family != net->ip.family) {
        plain.bits = (uint8_t)(net->bits > 96 ? net->bits - 96 : 0);
    }
    if (!is_length(&plain)) {
        return ERR_VALUE;
    }
    struct board_prefix prefix = board_cut(&plain.ip, plain.bits);
    struct places places = find_ban(board, &prefix, clock_boot());
    if (places.found != BOARD_BANS) {
        if (until == 0) {
            drop_ban(board, places.found);
        } else {
            atomic_store_explicit(
                &board->shared->bans[places.found].until, until, memory_order_release);
        }
    } else if (until != 0) {
        if (places.room == BOARD_BANS) {
            return ERR_LIMIT;
        }
        fill_ban(board, places.room, &prefix, until);
    }
    changed(board);
    return OK;
}
