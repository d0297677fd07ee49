/*
 * Passwords that Gatehouse set. Rule of this file: one change is one save of the vault, so that
 * each state on disk names every password that the device may have.
 */
#include "store/keyring.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define ENTRY (VAULT_ENTRY + 1)

/* What a device and account may have, beside the history ".1" (newest) to ".5". */
#define NOW  ""      /* in force, set by Gatehouse */
#define WAS  ".was"  /* opened it before Gatehouse set the next one */
#define NEXT ".next" /* may have been sent */

static bool
is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == ':';
}

static void
add_encoded(struct buf *out, const char *text, char also)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (is_plain(*c) || (also != '\0' && *c == also)) {
            buf_byte(out, (uint8_t)*c);
        } else {
            buf_format(out, "%%%02x", (unsigned)(unsigned char)*c);
        }
    }
}

/* "device/KEY/ACCOUNT" and an end; false when it is too long. */
static bool
entry_name(const struct keyring_name *name, const char *end, char out[ENTRY])
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, ENTRY);
    buf_text(&text, VAULT_DEVICES);
    add_encoded(&text, name->device, '.');
    buf_byte(&text, '/');
    add_encoded(&text, name->account, '\0');
    buf_text(&text, end);
    return !text.failed && text_copy(out, ENTRY, text.data);
}

static enum err
bad_name(struct note *note)
{
    note_set(note, "the device's key and the account's name are too long for the keyring");
    return ERR_LIMIT;
}

/* OK with NULL when there is none. */
static enum err
get(const struct vault *vault, const struct keyring_name *name, const char *end,
    struct secret **ret_secret, struct note *note)
{
    char entry[ENTRY];
    struct note unused;
    struct secret *secret = NULL;
    if (!entry_name(name, end, entry)) {
        return bad_name(note);
    }
    enum err err = vault_get(vault, entry, &secret, &unused);
    if (err != OK && err != ERR_MISSING) {
        note_set(note, "%s", unused.text);
        return err;
    }
    *ret_secret = secret;
    return OK;
}

static enum err
set(struct vault *vault, const struct keyring_name *name, const char *end,
    const struct secret *secret, struct note *note)
{
    char entry[ENTRY];
    return entry_name(name, end, entry) ? vault_set(vault, entry, secret, note) : bad_name(note);
}

static enum err
drop(struct vault *vault, const struct keyring_name *name, const char *end, struct note *note)
{
    char entry[ENTRY];
    struct note unused;
    if (!entry_name(name, end, entry)) {
        return bad_name(note);
    }
    enum err err = vault_remove(vault, entry, &unused);
    return err == ERR_MISSING ? OK : err;
}

static void
history_end(size_t i, char out[8])
{
    (void)snprintf(out, 8, ".%u", (unsigned)i + 1);
}

/* Everything of one account, as it is on disk. */
struct ring {
    struct secret *now, *was, *next;
    struct secret *history[KEYRING_HISTORY]; /* newest first */
};

static void
ring_release(struct ring *ring)
{
    secret_free(ring->now);
    secret_free(ring->was);
    secret_free(ring->next);
    for (size_t i = 0; i < KEYRING_HISTORY; i++) {
        secret_free(ring->history[i]);
    }
    *ring = (struct ring){0};
}

static enum err
ring_read(const struct vault *vault, const struct keyring_name *name, struct ring *ring,
    struct note *note)
{
    char end[8];
    enum err err = get(vault, name, NOW, &ring->now, note);
    err = err == OK ? get(vault, name, WAS, &ring->was, note) : err;
    err = err == OK ? get(vault, name, NEXT, &ring->next, note) : err;
    for (size_t i = 0; i < KEYRING_HISTORY && err == OK; i++) {
        history_end(i, end);
        err = get(vault, name, end, &ring->history[i], note);
    }
    return err;
}

static enum err
put(struct vault *vault, const struct keyring_name *name, const char *end,
    const struct secret *secret, struct note *note)
{
    return secret == NULL ? drop(vault, name, end, note) : set(vault, name, end, secret, note);
}

static enum err
ring_write(struct vault *vault, const struct keyring_name *name, const struct ring *ring,
    struct note *note)
{
    char end[8];
    enum err err = put(vault, name, NOW, ring->now, note);
    err = err == OK ? put(vault, name, WAS, ring->was, note) : err;
    err = err == OK ? put(vault, name, NEXT, ring->next, note) : err;
    for (size_t i = 0; i < KEYRING_HISTORY && err == OK; i++) {
        history_end(i, end);
        err = put(vault, name, end, ring->history[i], note);
    }
    return err == OK ? vault_save(vault, note) : err;
}

static bool
is_same(const struct secret *a, const struct secret *b)
{
    return a != NULL && b != NULL && secret_equal(a, b);
}

/* Takes the secret out of the history, where it is in it. */
static void
forget(struct ring *ring, const struct secret *secret)
{
    size_t kept = 0;
    for (size_t i = 0; i < KEYRING_HISTORY; i++) {
        struct secret *one = ring->history[i];
        ring->history[i] = NULL;
        if (is_same(one, secret)) {
            secret_free(one);
        } else if (one != NULL) {
            ring->history[kept++] = one;
        }
    }
}

/* The secret is taken over; it becomes the newest of the history, the oldest goes. */
static void
remember(struct ring *ring, struct secret *secret)
{
    if (secret == NULL) {
        return;
    }
    forget(ring, secret);
    secret_free(ring->history[KEYRING_HISTORY - 1]);
    memmove(&ring->history[1], &ring->history[0], (KEYRING_HISTORY - 1) * sizeof(ring->history[0]));
    ring->history[0] = secret;
}

static struct secret *
copy(const struct secret *secret)
{
    return secret_new(secret_text(secret), secret_len(secret));
}

/* "device/KEY/" of an entry. */
static bool
is_of_device(const char *entry, const struct keyring_name *name)
{
    char own[ENTRY];
    const struct keyring_name key = {name->device, ""};
    return entry_name(&key, "", own) && text_starts(entry, own);
}

/* No other device has it, had it or may have it. */
static enum err
check_unique(const struct vault *vault, const struct keyring_name *name, const struct secret *next,
    struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; i < vault_count(vault) && err == OK; i++) {
        const char *entry = vault_name(vault, i);
        struct secret *other = NULL;
        if (!vault_name_is_device(entry) || is_of_device(entry, name)) {
            continue;
        }
        err = vault_get(vault, entry, &other, note);
        if (err == OK && secret_equal(other, next)) {
            note_set(note, "another device has this password: each gets its own");
            err = ERR_REFUSED;
        }
        secret_free(other);
    }
    return err;
}

/* What opens now: the keyring's own stays in force, a strange one is kept beside. */
static enum err
take_current(struct ring *ring, const struct secret *current)
{
    if (current == NULL || is_same(ring->now, current) || is_same(ring->was, current)) {
        return OK;
    }
    remember(ring, ring->now);
    ring->now = NULL;
    remember(ring, ring->was);
    ring->was = copy(current);
    return ring->was == NULL ? ERR_MEMORY : OK;
}

static enum err
take_next(struct ring *ring, const struct secret *next, struct note *note)
{
    if (is_same(ring->now, next) || is_same(ring->was, next)) {
        note_set(note, "that is the password which the device has now");
        return ERR_REFUSED;
    }
    if (!is_same(ring->next, next)) {
        struct secret *earlier = ring->next;
        ring->next = NULL;
        remember(ring, earlier);
    }
    if (ring->next == NULL) {
        ring->next = copy(next);
    }
    forget(ring, next);
    return ring->next == NULL ? ERR_MEMORY : OK;
}

enum err
keyring_get(const struct vault *vault, const struct keyring_name *name, struct secret **ret_secret,
    struct note *note)
{
    struct secret *secret = NULL;
    enum err err = get(vault, name, NOW, &secret, note);
    if (err == OK && secret == NULL) {
        note_set(note, "gatehouse has set no password of this device's account");
        return ERR_MISSING;
    }
    if (err == OK) {
        *ret_secret = secret;
    }
    return err;
}

static int
nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The account in an entry's name behind "device/KEY/"; false when it does not fit. */
static bool
decode(const char *text, char *out, size_t size)
{
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        char plain = *c;
        if (*c == '%') {
            int high = nibble(c[1]);
            int low = high < 0 ? -1 : nibble(c[2]);
            if (low < 0) {
                return false;
            }
            plain = (char)(high * 16 + low);
            c += 2;
        }
        if (len + 1 >= size) {
            return false;
        }
        out[len++] = plain;
    }
    out[len] = '\0';
    return len != 0;
}

static enum err
find_account(const struct vault *vault, const char *device, bool in_force, char *out, size_t size)
{
    const struct keyring_name key = {device, ""};
    char own[ENTRY];
    if (!entry_name(&key, "", own)) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < vault_count(vault); i++) {
        char account[ENTRY];
        const char *entry = vault_name(vault, i);
        if (!text_starts(entry, own)) {
            continue;
        }
        (void)text_copy(account, sizeof(account), entry + strlen(own));
        /* An account's own dots are encoded: what has one is not in force. */
        char *dot = strchr(account, '.');
        if (dot != NULL && in_force) {
            continue;
        }
        if (dot != NULL) {
            *dot = '\0';
        }
        return decode(account, out, size) ? OK : ERR_LIMIT;
    }
    return ERR_MISSING;
}

enum err
keyring_account(const struct vault *vault, const char *device, char *out, size_t size)
{
    return find_account(vault, device, true, out, size);
}

enum err
keyring_any_account(const struct vault *vault, const char *device, char *out, size_t size)
{
    return find_account(vault, device, false, out, size);
}

enum err
keyring_begin(const struct vault_place *place, const struct keyring_name *name,
    const struct secret *current, const struct secret *next, struct note *note)
{
    struct vault *vault = NULL;
    struct ring ring = {0};
    enum err err = vault_open(place, true, &vault, note);
    if (err != OK) {
        return err;
    }
    err = check_unique(vault, name, next, note);
    err = err == OK ? ring_read(vault, name, &ring, note) : err;
    err = err == OK ? take_current(&ring, current) : err;
    err = err == OK ? take_next(&ring, next, note) : err;
    err = err == OK ? ring_write(vault, name, &ring, note) : err;
    ring_release(&ring);
    vault_close(vault);
    return err;
}

static void
settle(struct ring *ring, bool is_proven)
{
    struct secret *past = is_proven ? ring->now : ring->next;
    if (is_proven) {
        ring->now = ring->next;
    }
    remember(ring, past);
    remember(ring, ring->was); /* last: after an abandon it is what opens */
    ring->was = NULL;
    ring->next = NULL;
}

/* The end of a change: with the next one in force, or in the history. */
static enum err
end(const struct vault_place *place, const struct keyring_name *name, bool is_proven,
    struct note *note)
{
    struct vault *vault = NULL;
    struct ring ring = {0};
    enum err err = vault_open(place, true, &vault, note);
    if (err != OK) {
        return err;
    }
    err = ring_read(vault, name, &ring, note);
    if (err == OK && is_proven && ring.next == NULL && ring.now == NULL) {
        note_set(note, "the keyring has no password of this device that could be put in force");
        err = ERR_MISSING;
    }
    bool has_changes = ring.next != NULL || (!is_proven && ring.was != NULL);
    if (err == OK && has_changes) {
        settle(&ring, is_proven);
        err = ring_write(vault, name, &ring, note);
    }
    ring_release(&ring);
    vault_close(vault);
    return err;
}

enum err
keyring_commit(const struct vault_place *place, const struct keyring_name *name, struct note *note)
{
    return end(place, name, true, note);
}

enum err
keyring_abandon(const struct vault_place *place, const struct keyring_name *name, struct note *note)
{
    return end(place, name, false, note);
}

/* Everything into the history, and the secret as its newest; false: it is in none of them. */
static bool
pile_up(struct ring *ring, const struct secret *secret)
{
    struct secret **const rest[] = {&ring->was, &ring->now, &ring->next};
    struct secret *found = NULL;
    for (size_t i = 0; i < COUNT(rest) + KEYRING_HISTORY && found == NULL; i++) {
        struct secret *one = i < COUNT(rest) ? *rest[i] : ring->history[i - COUNT(rest)];
        found = is_same(one, secret) ? copy(one) : NULL;
    }
    for (size_t i = 0; i < COUNT(rest); i++) {
        remember(ring, *rest[i]);
        *rest[i] = NULL;
    }
    remember(ring, found);
    return found != NULL;
}

enum err
keyring_restore(const struct vault_place *place, const struct keyring_name *name,
    const struct secret *secret, bool is_ours, struct note *note)
{
    struct vault *vault = NULL;
    struct ring ring = {0};
    enum err err = vault_open(place, true, &vault, note);
    if (err != OK) {
        return err;
    }
    err = ring_read(vault, name, &ring, note);
    bool is_empty = secret_len(secret) == 0;
    if (err == OK && !pile_up(&ring, secret) && !is_empty) {
        note_set(note, "the keyring does not have that password");
        err = ERR_MISSING;
    }
    if (err == OK && is_ours && !is_empty) {
        ring.now = ring.history[0];
        memmove(
            &ring.history[0], &ring.history[1], (KEYRING_HISTORY - 1) * sizeof(ring.history[0]));
        ring.history[KEYRING_HISTORY - 1] = NULL;
    }
    err = err == OK ? ring_write(vault, name, &ring, note) : err;
    ring_release(&ring);
    vault_close(vault);
    return err;
}

enum err
keyring_candidates(const struct vault *vault, const struct keyring_name *name,
    struct secret *ret_secrets[KEYRING_CANDIDATES], size_t *ret_count, struct note *note)
{
    struct ring ring = {0};
    enum err err = ring_read(vault, name, &ring, note);
    if (err != OK) {
        ring_release(&ring);
        return err;
    }
    struct secret *const all[] = {ring.next, ring.now, ring.was, ring.history[0], ring.history[1],
        ring.history[2], ring.history[3], ring.history[4]};
    size_t count = 0;
    for (size_t i = 0; i < COUNT(all); i++) {
        bool is_new = all[i] != NULL && count < KEYRING_CANDIDATES;
        for (size_t k = 0; k < count && is_new; k++) {
            is_new = !secret_equal(ret_secrets[k], all[i]);
        }
        if (is_new) {
            ret_secrets[count++] = all[i];
        } else {
            secret_free(all[i]);
        }
    }
    *ret_count = count;
    return OK;
}
