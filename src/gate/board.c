/* The workers' side of the board: look-ups without a lock or a call. */
#include "gate/board.h"

#include "base/text.h"
#include "gate/board_file.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BAN_ATTEMPTS 64

const struct mapfile_kind board_kind = {"gh-board", 1, sizeof(struct board_shared)};

/* The policy as it was copied last. */
struct copied {
    uint64_t turn; /* of the latch; 0: none */
    struct policy policy;
};

struct board_reader {
    struct mapfile file;
    const struct board_shared *shared;
    struct copied *copied;
    char *path;
    char camera[POLICY_NAME]; /* the answer's, kept for the caller */
};

uint32_t
board_home(const uint8_t hash[BOARD_HASH])
{
    uint32_t home = 0;
    memcpy(&home, hash + sizeof(uint64_t), sizeof home);
    return home % BOARD_SESSIONS;
}

uint64_t
board_tag(const uint8_t hash[BOARD_HASH])
{
    uint64_t tag = 0;
    memcpy(&tag, hash, sizeof tag);
    return tag | 2U; /* neither EMPTY nor GONE */
}

enum err
board_open(const char *path, struct board_reader **ret_reader, struct note *note)
{
    struct board_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->copied = calloc(1, sizeof *reader->copied)) == NULL ||
        (reader->path = strdup(path)) == NULL) {
        board_reader_close(reader);
        return ERR_MEMORY;
    }
    enum err err = mapfile_open(path, &board_kind, false, &reader->file, note);
    if (err != OK) {
        board_reader_close(reader);
        return err;
    }
    reader->shared = reader->file.bytes;
    *ret_reader = reader;
    return OK;
}

void
board_reader_close(struct board_reader *reader)
{
    if (reader != NULL) {
        mapfile_close(&reader->file);
        free(reader->copied);
        free(reader->path);
        free(reader);
    }
}

enum err
board_refresh(struct board_reader *reader)
{
    if (mapfile_is_current(&reader->file, reader->path)) {
        return OK;
    }
    struct mapfile newer;
    enum err err = mapfile_open(reader->path, &board_kind, false, &newer, NULL);
    if (err == OK) {
        mapfile_close(&reader->file);
        reader->file = newer;
        reader->shared = newer.bytes;
        reader->copied->turn = 0;
    }
    return err;
}

bool
board_is_stale(const struct board_reader *reader, int64_t now)
{
    int64_t beat = atomic_load_explicit(&reader->shared->beat, memory_order_acquire);
    /* A caller's clock may be a little older than the beat, not much: then it is another boot's. */
    return beat == 0 || beat < now - BOARD_STALE || beat > now + BOARD_STALE;
}

uint64_t
board_generation(const struct board_reader *reader)
{
    return atomic_load_explicit(&reader->shared->generation, memory_order_acquire);
}

/* The policy of now; NULL: there is none, or it changes without end. */
static const struct policy *
policy_of(const struct board_reader *reader)
{
    struct copied *copied = reader->copied;
    uint64_t turn = latch_turn(reader->shared->policy);
    if (turn == 0) {
        return NULL;
    }
    if (copied->turn != turn) {
        copied->turn = 0;
        if (latch_get(reader->shared->policy, &copied->policy, sizeof copied->policy) != OK) {
            return NULL;
        }
        copied->turn = turn; /* or an earlier one than was copied: then it is copied again */
    }
    return &copied->policy;
}

static bool
is_user(const struct policy *policy, uint32_t place, const char *name)
{
    return place < policy->user_count && place < POLICY_USERS &&
           strncmp(policy->users[place].name, name, POLICY_NAME) == 0;
}

/* Places of users move when the policy changes; the name is what a session belongs to. */
static enum err
settle_user(const struct policy *policy, struct board_session *session)
{
    if (policy == NULL) {
        return ERR_MISSING;
    }
    if (!is_user(policy, session->user, session->name)) {
        uint16_t place = 0;
        while (place < POLICY_USERS && !is_user(policy, place, session->name)) {
            place++;
        }
        session->user = place;
    }
    bool is_there = session->user < POLICY_USERS && policy->users[session->user].is_enabled;
    return is_there ? OK : ERR_MISSING;
}

/* As long for every pair of hashes: their words are joined before anybody looks. */
static bool
is_hash(const uint8_t a[BOARD_HASH], const uint8_t b[BOARD_HASH])
{
    uint64_t first[BOARD_HASH / sizeof(uint64_t)];
    uint64_t second[BOARD_HASH / sizeof(uint64_t)];
    uint64_t other = 0;
    memcpy(first, a, BOARD_HASH);
    memcpy(second, b, BOARD_HASH);
    for (size_t i = 0; i < COUNT(first); i++) {
        other |= first[i] ^ second[i];
    }
    return other == 0;
}

enum err
board_find_session(const struct board_reader *reader, const uint8_t hash[BOARD_HASH], int64_t now,
    struct board_session *ret_session)
{
    const struct board_shared *shared = reader->shared;
    uint64_t wanted = board_tag(hash);
    uint32_t home = board_home(hash);
    struct board_session session;
    for (uint32_t i = 0; i < BOARD_WINDOW; i++) {
        uint32_t place = (home + i) % BOARD_SESSIONS;
        uint64_t tag = atomic_load_explicit(&shared->tags[place], memory_order_acquire);
        if (tag == BOARD_EMPTY) {
            break;
        }
        if (tag != wanted || latch_get(shared->sessions[place], &session, sizeof session) != OK ||
            !is_hash(session.hash, hash)) {
            continue;
        }
        if (session.expires <= now || settle_user(policy_of(reader), &session) != OK) {
            return ERR_MISSING;
        }
        session.place = place;
        *ret_session = session;
        return OK;
    }
    return ERR_MISSING;
}

/* Whether an entry of that prefix is at the place and holds; -1: the row can't be read whole. */
static int
is_ban(const struct board_ban *ban, const struct board_prefix *prefix, int64_t now)
{
    for (unsigned i = 0; i < BAN_ATTEMPTS; i++) {
        uint64_t state = atomic_load_explicit(&ban->state, memory_order_acquire);
        if ((uint16_t)state != prefix->tag) {
            return 0;
        }
        uint64_t first = atomic_load_explicit(&ban->address[0], memory_order_relaxed);
        uint64_t second = atomic_load_explicit(&ban->address[1], memory_order_relaxed);
        int64_t until = atomic_load_explicit(&ban->until, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&ban->state, memory_order_relaxed) == state) {
            return first == prefix->address[0] && second == prefix->address[1] && until > now;
        }
    }
    return -1;
}

static bool
has_ban(const struct board_shared *shared, const struct board_prefix *prefix, int64_t now)
{
    uint32_t home = board_ban_home(shared->key, prefix);
    for (uint32_t i = 0; i < BOARD_WINDOW; i++) {
        const struct board_ban *ban = &shared->bans[(home + i) % BOARD_BANS];
        if (is_ban(ban, prefix, now) != 0) {
            return true; /* also when it could not be read: nobody gets in on a doubt */
        }
        uint64_t state = atomic_load_explicit(&ban->state, memory_order_acquire);
        if ((uint16_t)state == BOARD_EMPTY) {
            break;
        }
    }
    return false;
}

bool
board_is_banned(const struct board_reader *reader, const struct ip *ip, int64_t now)
{
    const struct board_shared *shared = reader->shared;
    struct ip plain = board_plain(ip);
    unsigned which = plain.family == 4 ? 0 : 1;
    uint64_t lengths = atomic_load_explicit(&shared->lengths[which], memory_order_acquire);
    while (lengths != 0) {
        unsigned bits = (unsigned)__builtin_ctzll(lengths) + 1;
        lengths &= lengths - 1;
        struct board_prefix prefix = board_cut(&plain, bits);
        if (has_ban(shared, &prefix, now)) {
            return true;
        }
    }
    return false;
}

void
board_ask(struct board_reader *reader, const struct policy_question *question,
    struct policy_answer *ret_answer)
{
    const struct policy *policy = policy_of(reader);
    if (policy == NULL) {
        *ret_answer = (struct policy_answer){
            .role = POLICY_ANY, .why = "there is no policy, or it is just being changed"};
        return;
    }
    policy_ask(policy, question, ret_answer);
    if (ret_answer->camera != NULL) {
        (void)text_copy(reader->camera, sizeof reader->camera, ret_answer->camera);
        ret_answer->camera = reader->camera;
    }
}

enum err
board_user(const struct board_reader *reader, uint16_t user, struct policy_user *ret_user)
{
    const struct policy *policy = policy_of(reader);
    if (policy == NULL || user >= policy->user_count || user >= POLICY_USERS) {
        return ERR_MISSING;
    }
    *ret_user = policy->users[user];
    return OK;
}

void
board_role_name(const struct board_reader *reader, uint16_t role, char out[POLICY_NAME])
{
    const struct policy *policy = policy_of(reader);
    bool is_known = policy != NULL && role < policy->role_count && role < POLICY_ROLES;
    (void)text_copy(out, POLICY_NAME, is_known ? policy->roles[role] : "");
}

void
board_camera_name(
    const struct board_reader *reader, uint16_t vms, const char *key, char out[POLICY_NAME])
{
    const struct policy *policy = policy_of(reader);
    uint16_t place = policy != NULL ? policy_camera(policy, vms, key) : POLICY_ANY;
    const char *name = place != POLICY_ANY ? policy->cameras[place].name : "";
    (void)text_copy(out, POLICY_NAME, name[0] != '\0' ? name : key);
}

enum err
board_vms(const struct board_reader *reader, const char *name, uint16_t *ret_vms)
{
    const struct policy *policy = policy_of(reader);
    for (uint32_t i = 0; policy != NULL && i < policy->vms_count && i < POLICY_VMS; i++) {
        if (text_equal(policy->vms[i], name)) {
            *ret_vms = (uint16_t)i;
            return OK;
        }
    }
    return ERR_MISSING;
}

/* Once: OpenSSL looks an algorithm up anew for every call that names it otherwise. */
static const EVP_MD *algorithm;

static void
fetch_algorithm(void)
{
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void
board_hash(const void *cookie, size_t len, uint8_t out[BOARD_HASH])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, fetch_algorithm);
    if (algorithm == NULL || EVP_Digest(cookie, len, out, NULL, algorithm, NULL) != 1) {
        (void)crypto_hash_sha256(out, cookie, len); /* the same, slower */
    }
}
