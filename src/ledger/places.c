/* Sets of entries of one chunk. */
#include "ledger/places.h"

#include "base/reader.h"

#include <string.h>

static_assert(PLACES_CHUNK <= 65536, "a place is 16 bits");

void
places_none(struct places *places)
{
    memset(places->bits, 0, sizeof(places->bits));
}

void
places_first(struct places *places, size_t count)
{
    assert(count <= PLACES_CHUNK);
    places_none(places);
    memset(places->bits, 0xff, count / 64 * 8);
    if (count % 64 != 0) {
        places->bits[count / 64] = (UINT64_C(1) << count % 64) - 1;
    }
}

void
places_add(struct places *places, size_t place)
{
    places->bits[place / 64] |= UINT64_C(1) << place % 64;
}

bool
places_has(const struct places *places, size_t place)
{
    return (places->bits[place / 64] >> place % 64 & 1) != 0;
}

size_t
places_count(const struct places *places)
{
    size_t count = 0;
    for (size_t i = 0; i < PLACES_WORDS; i++) {
        count += (size_t)__builtin_popcountll(places->bits[i]);
    }
    return count;
}

void
places_and(struct places *places, const struct places *other)
{
    for (size_t i = 0; i < PLACES_WORDS; i++) {
        places->bits[i] &= other->bits[i];
    }
}

int
places_next(const struct places *places, int at, bool back)
{
    if (at < 0 || at >= PLACES_CHUNK) {
        return -1;
    }
    int word = at / 64;
    uint64_t mask = back ? UINT64_MAX >> (63 - at % 64) : UINT64_MAX << at % 64;
    for (; word >= 0 && word < PLACES_WORDS; word += back ? -1 : 1) {
        uint64_t bits = places->bits[word] & mask;
        if (bits != 0) {
            return word * 64 + (back ? 63 - __builtin_clzll(bits) : __builtin_ctzll(bits));
        }
        mask = UINT64_MAX;
    }
    return -1;
}

static void
put_number(struct buf *out, size_t place)
{
    buf_byte(out, (uint8_t)(place & 255));
    buf_byte(out, (uint8_t)(place >> 8));
}

void
places_put(struct buf *out, const uint16_t *numbers, size_t count)
{
    if (2 * count >= PLACES_BYTES) {
        struct places places;
        places_none(&places);
        for (size_t i = 0; i < count; i++) {
            places_add(&places, numbers[i]);
        }
        places_put_bits(out, &places);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        put_number(out, numbers[i]);
    }
}

void
places_put_bits(struct buf *out, const struct places *places)
{
    if (2 * places_count(places) < PLACES_BYTES) {
        for (int at = places_next(places, 0, false); at >= 0;
             at = places_next(places, at + 1, false)) {
            put_number(out, (size_t)at);
        }
        return;
    }
    for (size_t i = 0; i < PLACES_WORDS; i++) {
        buf_u32le(out, (uint32_t)(places->bits[i] & UINT32_MAX));
        buf_u32le(out, (uint32_t)(places->bits[i] >> 32));
    }
}

enum err
places_take(struct places *places, const void *bytes, size_t len)
{
    struct reader reader;
    reader_init(&reader, bytes, len);
    if (len > PLACES_BYTES || len % 2 != 0) {
        return ERR_SYNTAX;
    }
    for (size_t i = 0; len == PLACES_BYTES && i < PLACES_WORDS; i++) {
        uint64_t low = reader_u32le(&reader);
        places->bits[i] |= (uint64_t)reader_u32le(&reader) << 32 | low;
    }
    while (reader_left(&reader) != 0) {
        uint16_t place = reader_u16le(&reader);
        if (place >= PLACES_CHUNK) {
            return ERR_SYNTAX;
        }
        places_add(places, place);
    }
    return reader_error(&reader);
}
