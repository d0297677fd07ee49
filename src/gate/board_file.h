/* How the board lies in its file: for board.c, board_write.c and board_ban.c only. */
#pragma once

#include "gate/board.h"
#include "gate/latch.h"
#include "gate/mapfile.h"

#define BOARD_KEY    16  /* of the hash over addresses, so that nobody can fill one neighbourhood */
#define BOARD_WINDOW 128 /* places from its home at which an entry can be */

/* A tag of a place: nothing was ever there; something was; else the entry's. */
#define BOARD_EMPTY UINT64_C(0)
#define BOARD_GONE  UINT64_C(1)

/* state: how often the place was reused << 16, and EMPTY, GONE or family << 8 | bits. */
struct board_ban {
    _Atomic uint64_t state;
    _Atomic uint64_t address[2];
    _Atomic int64_t until;
};

struct board_shared {
    struct mapfile_header header;
    uint8_t key[BOARD_KEY];
    _Atomic int64_t beat;
    _Atomic uint64_t generation;
    _Atomic uint64_t lengths[2]; /* bit bits - 1: there are bans of that prefix length; v4, v6 */
    _Atomic uint64_t policy[LATCH_WORDS(sizeof(struct policy))];
    _Atomic uint64_t tags[BOARD_SESSIONS];
    _Atomic uint64_t sessions[BOARD_SESSIONS][LATCH_WORDS(sizeof(struct board_session))];
    struct board_ban bans[BOARD_BANS];
};

extern const struct mapfile_kind board_kind;

/* First place of an entry, and its tag. */
uint32_t board_home(const uint8_t hash[BOARD_HASH]);
uint64_t board_tag(const uint8_t hash[BOARD_HASH]);

/* A prefix as the table has it. */
struct board_prefix {
    uint64_t address[2];
    uint16_t tag; /* family << 8 | bits */
};
/* IPv4 in IPv6 (RFC 4291 2.5.5.2) is IPv4. */
struct ip board_plain(const struct ip *ip);
struct board_prefix board_cut(const struct ip *ip, unsigned bits);
uint32_t board_ban_home(const uint8_t key[BOARD_KEY], const struct board_prefix *prefix);
