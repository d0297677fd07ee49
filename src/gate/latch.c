/* One writer, many readers, no lock: the copy that is not in use is written, then the turn moves.
 */
#include "gate/latch.h"

#include <string.h>

/* Each is a whole copy during which the value changed twice: more than a few never happen. */
#define LATCH_ATTEMPTS 64

static void
put_words(_Atomic uint64_t *to, const uint8_t *from, size_t len)
{
    for (size_t at = 0; at < len; at += sizeof(uint64_t), to++) {
        uint64_t word = 0;
        memcpy(&word, from + at, len - at < sizeof word ? len - at : sizeof word);
        atomic_store_explicit(to, word, memory_order_relaxed);
    }
}

static void
get_words(const _Atomic uint64_t *from, uint8_t *to, size_t len)
{
    size_t whole = len / sizeof(uint64_t) * sizeof(uint64_t);
    for (size_t at = 0; at < whole; at += sizeof(uint64_t), from++) {
        uint64_t word = atomic_load_explicit(from, memory_order_relaxed);
        memcpy(to + at, &word, sizeof word);
    }
    if (whole < len) {
        uint64_t word = atomic_load_explicit(from, memory_order_relaxed);
        memcpy(to + whole, &word, len - whole);
    }
}

static size_t
copy_of(uint64_t turn, size_t len)
{
    return 1 + (turn & 1U) * ((len + 7) / 8);
}

void
latch_put(_Atomic uint64_t *latch, const void *value, size_t len)
{
    uint64_t turn = atomic_load_explicit(latch, memory_order_relaxed) + 1;
    /* Whoever sees a word of what follows also sees the turn that took that copy out of use. */
    atomic_thread_fence(memory_order_release);
    put_words(latch + copy_of(turn, len), value, len);
    atomic_store_explicit(latch, turn, memory_order_release);
}

enum err
latch_get(const _Atomic uint64_t *latch, void *ret_value, size_t len)
{
    for (unsigned i = 0; i < LATCH_ATTEMPTS; i++) {
        uint64_t turn = atomic_load_explicit(latch, memory_order_acquire);
        if (turn == 0) {
            return ERR_MISSING;
        }
        get_words(latch + copy_of(turn, len), ret_value, len);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(latch, memory_order_relaxed) == turn) {
            return OK;
        }
    }
    return ERR_TIMEOUT;
}

uint64_t
latch_turn(const _Atomic uint64_t *latch)
{
    return atomic_load_explicit(latch, memory_order_acquire);
}
