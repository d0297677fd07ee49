/* A small log in memory for the tests of witnesses: entries "0", "1", …, signed by its own key. */
#pragma once

#include "base/secret.h"
#include "ledger/witness.h"

#include "test.h"

#include <stdio.h>

#define LOG_ORIGIN  "example.com/shop"
#define LOG_ENTRIES 300

struct witness_log {
    struct merkle *merkle;
    struct key *key;
    char salt; /* another one is another history */
};

static inline void
log_leaf(const struct witness_log *log, uint64_t index, struct merkle_hash *ret_hash)
{
    char entry[32];
    (void)snprintf(entry, sizeof(entry), "%c%d", log->salt, (int)index);
    merkle_leaf(log->merkle, entry, strlen(entry), ret_hash);
}

static inline void
log_root(
    const struct witness_log *log, uint64_t first, uint64_t count, struct merkle_hash *ret_root)
{
    struct merkle_frontier frontier = {.size = 0};
    struct merkle_hash leaf;
    for (uint64_t i = 0; i < count; i++) {
        log_leaf(log, first + i, &leaf);
        merkle_grow(log->merkle, &frontier, &leaf);
    }
    merkle_root(log->merkle, &frontier, ret_root);
}

static inline enum err
log_hash(void *context, unsigned level, uint64_t index, struct merkle_hash *ret_hash)
{
    log_root(context, index << level, UINT64_C(1) << level, ret_hash);
    return OK;
}

/* Appends a signed checkpoint of the first `size` entries. */
static inline void
log_checkpoint(const struct witness_log *log, uint64_t size, struct buf *out)
{
    uint8_t blob[VKEY_BLOB];
    struct checkpoint checkpoint = {.origin = LOG_ORIGIN, .head = {.size = size}};
    const struct signednote_signature line = {.key = key_public(log->key), .signature = blob};
    size_t start = out->len;
    log_root(log, 0, size, &checkpoint.head.root);
    checkpoint_put(out, &checkpoint);
    key_sign(log->key, out->data + start, out->len - start, blob);
    buf_byte(out, '\n');
    signednote_put(out, &line);
    assert_int_equal(buf_error(out), OK);
}

/* A whole request. */
static inline void
log_request(const struct witness_log *log, uint64_t old, uint64_t size, struct buf *out)
{
    struct witness_log *context = (struct witness_log *)(uintptr_t)log;
    const struct merkle_source source = {log_hash, context};
    struct merkle_path path = {.count = 0};
    struct buf checkpoint;
    buf_init(&checkpoint, SIGNEDNOTE_LIMIT);
    log_checkpoint(log, size, &checkpoint);
    if (old != 0 && old < size) {
        assert_int_equal(merkle_consistency(log->merkle, &source, old, size, &path), OK);
    }
    witness_put_request(out, old, &path, &checkpoint);
    assert_int_equal(buf_error(out), OK);
    buf_release(&checkpoint);
}

static inline struct witness_log
log_new(char salt)
{
    struct witness_log log = {.merkle = merkle_new(), .salt = salt};
    assert_int_equal(secret_start(), OK);
    assert_int_equal(key_new(LOG_ORIGIN, VKEY_ED25519, &log.key), OK);
    return log;
}

static inline void
log_free(struct witness_log *log)
{
    merkle_free(log->merkle);
    key_free(log->key);
}
