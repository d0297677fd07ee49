/* Grams of four bytes → bits of candidates. */
#include "catalog/fingerprint_index.h"

#include "catalog/fingerprint_literal.h"

#include <stdlib.h>
#include <string.h>

#define NO_ENTRY UINT32_MAX

/* One gram of one pattern; entries of one bucket are chained. */
struct entry {
    uint32_t gram;
    uint32_t pattern;
    uint32_t next;
};

struct fingerprint_index {
    size_t pattern_count;
    size_t word_count;
    size_t unfiltered;
    uint64_t *always;     /* bits of patterns that are always run */
    uint64_t *candidates; /* bits for the text that was scanned last */
    uint32_t *buckets;
    uint32_t bucket_mask;
    struct entry *entries;
    size_t entry_count;
};

static uint32_t
bucket_of(const struct fingerprint_index *index, uint32_t gram)
{
    return (gram * UINT32_C(2654435761)) >> 11 & index->bucket_mask;
}

static void
set_bit(uint64_t *bits, size_t at)
{
    bits[at / 64] |= UINT64_C(1) << (at % 64);
}

/* How often each four bytes occur in the patterns' text: a good guess of what is common. */
static void
weigh(const char *const *patterns, size_t count, struct fingerprint_weights *weights)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(patterns[i]);
        for (size_t j = 0; j + FINGERPRINT_GRAM <= len; j++) {
            uint32_t gram = fingerprint_literal_gram(patterns[i] + j);
            uint16_t *slot = &weights->slots[fingerprint_literal_slot(gram)];
            *slot = *slot == UINT16_MAX ? *slot : (uint16_t)(*slot + 1);
        }
    }
}

static void
add_entry(struct fingerprint_index *index, uint32_t gram, size_t pattern)
{
    uint32_t *bucket = &index->buckets[bucket_of(index, gram)];
    index->entries[index->entry_count] =
        (struct entry){.gram = gram, .pattern = (uint32_t)pattern, .next = *bucket};
    *bucket = (uint32_t)index->entry_count++;
}

static enum err
fill(struct fingerprint_index *index, const char *const *patterns)
{
    struct fingerprint_weights *weights = calloc(1, sizeof(*weights));
    struct fingerprint_choice *choices = calloc(index->pattern_count + 1, sizeof(*choices));
    size_t grams = 0;
    if (weights != NULL && choices != NULL) {
        weigh(patterns, index->pattern_count, weights);
        for (size_t i = 0; i < index->pattern_count; i++) {
            fingerprint_literal_choose(patterns[i], weights, &choices[i]);
            grams += choices[i].count;
        }
        index->entries = calloc(grams + 1, sizeof(*index->entries));
    }
    for (size_t i = 0; index->entries != NULL && i < index->pattern_count; i++) {
        if (choices[i].count == 0) {
            set_bit(index->always, i);
            index->unfiltered++;
        }
        for (size_t j = 0; j < choices[i].count; j++) {
            add_entry(index, choices[i].grams[j], i);
        }
    }
    free(weights);
    free(choices);
    return index->entries == NULL ? ERR_MEMORY : OK;
}

enum err
fingerprint_index_new(
    const char *const *patterns, size_t count, struct fingerprint_index **ret_index)
{
    struct fingerprint_index *index = calloc(1, sizeof(*index));
    if (index == NULL) {
        return ERR_MEMORY;
    }
    uint32_t buckets = 1024;
    while (buckets < count * 8 && buckets < UINT32_C(1) << 20) {
        buckets *= 2;
    }
    index->pattern_count = count;
    index->word_count = count / 64 + 1;
    index->bucket_mask = buckets - 1;
    index->always = calloc(index->word_count, sizeof(*index->always));
    index->candidates = calloc(index->word_count, sizeof(*index->candidates));
    index->buckets = malloc(buckets * sizeof(*index->buckets));
    enum err err = ERR_MEMORY;
    if (index->always != NULL && index->candidates != NULL && index->buckets != NULL) {
        memset(index->buckets, 0xff, buckets * sizeof(*index->buckets));
        err = fill(index, patterns);
    }
    if (err != OK) {
        fingerprint_index_free(index);
        return err;
    }
    *ret_index = index;
    return OK;
}

void
fingerprint_index_free(struct fingerprint_index *index)
{
    if (index != NULL) {
        free(index->always);
        free(index->candidates);
        free(index->buckets);
        free(index->entries);
        free(index);
    }
}

void
fingerprint_index_scan(struct fingerprint_index *index, const char *bytes, size_t len)
{
    memcpy(index->candidates, index->always, index->word_count * sizeof(*index->always));
    for (size_t i = 0; i + FINGERPRINT_GRAM <= len; i++) {
        uint32_t gram = fingerprint_literal_gram(bytes + i);
        for (uint32_t at = index->buckets[bucket_of(index, gram)]; at != NO_ENTRY;
             at = index->entries[at].next) {
            if (index->entries[at].gram == gram) {
                set_bit(index->candidates, index->entries[at].pattern);
            }
        }
    }
}

size_t
fingerprint_index_next(const struct fingerprint_index *index, size_t from)
{
    for (size_t word = from / 64; word < index->word_count; word++) {
        uint64_t bits = index->candidates[word];
        if (word == from / 64) {
            bits &= ~UINT64_C(0) << (from % 64);
        }
        if (bits != 0) {
            return word * 64 + (size_t)__builtin_ctzll(bits);
        }
    }
    return index->pattern_count;
}

size_t
fingerprint_index_unfiltered(const struct fingerprint_index *index)
{
    return index->unfiltered;
}
