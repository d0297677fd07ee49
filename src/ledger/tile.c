/* Tiles of a static log: names and entry bundles (C2SP tlog-tiles). */
#include "ledger/tile.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define GROUP 1000

/* Appends to a text that has room for TILE_PATH. */
static void
append(char out[TILE_PATH], const char *text)
{
    size_t used = strlen(out);
    bool fits = text_copy(out + used, TILE_PATH - used, text);
    assert(fits);
}

static void
append_number(char out[TILE_PATH], const char *format_of_three, uint64_t group)
{
    char text[8];
    (void)snprintf(text, sizeof(text), "%s%03u", format_of_three, (unsigned)group);
    append(out, text);
}

const char *
tile_path(const struct tile *tile, char out[TILE_PATH])
{
    assert(tile->level >= TILE_ENTRIES && tile->level < 64);
    assert(tile->width >= 1 && tile->width <= TILE_WIDTH);
    if (tile->level == TILE_ENTRIES) {
        (void)snprintf(out, TILE_PATH, "tile/entries/");
    } else {
        (void)snprintf(out, TILE_PATH, "tile/%d/", tile->level);
    }
    uint64_t power = 1;
    while (tile->index / power >= GROUP) {
        power *= GROUP;
    }
    for (; power > 1; power /= GROUP) {
        append_number(out, "x", tile->index / power % GROUP);
        append(out, "/");
    }
    append_number(out, "", tile->index % GROUP);
    if (tile->width != TILE_WIDTH) {
        char partial[16];
        (void)snprintf(partial, sizeof(partial), ".p/%u", tile->width);
        append(out, partial);
    }
    return out;
}

/* Digits at *at; false for none, or when the number passes max. */
static bool
take_number(const char **at, size_t digits, uint64_t max, uint64_t *ret_number)
{
    size_t len = strspn(*at, "0123456789");
    uint64_t number = 0;
    if (len == 0 || (digits != 0 && len != digits)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)((*at)[i] - '0');
        if (digit > max || number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *at += len;
    *ret_number = number;
    return true;
}

static bool
take_text(const char **at, const char *text)
{
    bool is_there = text_starts(*at, text);
    *at += is_there ? strlen(text) : 0;
    return is_there;
}

/* "x001/x234/067" */
static bool
take_index(const char **at, uint64_t *ret_index)
{
    uint64_t index = 0;
    bool has_more = true;
    while (has_more) {
        uint64_t group = 0;
        has_more = take_text(at, "x");
        if (!take_number(at, 3, GROUP - 1, &group) || index > (UINT64_MAX - group) / GROUP) {
            return false;
        }
        index = index * GROUP + group;
        if (has_more && !take_text(at, "/")) {
            return false;
        }
    }
    *ret_index = index;
    return true;
}

enum err
tile_parse(const char *path, struct tile *ret_tile)
{
    struct tile tile = {.level = TILE_ENTRIES, .width = TILE_WIDTH};
    uint64_t number = 0;
    const char *at = path;
    if (!take_text(&at, "tile/")) {
        return ERR_VALUE;
    }
    if (!take_text(&at, "entries/")) {
        if (!take_number(&at, 0, 63, &number) || !take_text(&at, "/")) {
            return ERR_VALUE;
        }
        tile.level = (int)number;
    }
    if (!take_index(&at, &tile.index)) {
        return ERR_VALUE;
    }
    if (take_text(&at, ".p/")) {
        if (!take_number(&at, 0, TILE_WIDTH - 1, &number) || number == 0) {
            return ERR_VALUE;
        }
        tile.width = (unsigned)number;
    }
    /* One spelling for each tile: leading zeros and trailing text are not ours. */
    char again[TILE_PATH];
    if (!text_equal(tile_path(&tile, again), path)) {
        return ERR_VALUE;
    }
    *ret_tile = tile;
    return OK;
}

unsigned
tile_width(int level, uint64_t index, uint64_t size)
{
    unsigned shift = level <= 0 ? 0 : 8 * (unsigned)level;
    uint64_t hashes = shift >= 64 ? 0 : size >> shift;
    uint64_t before = index > UINT64_MAX / TILE_WIDTH ? UINT64_MAX : index * TILE_WIDTH;
    if (hashes <= before) {
        return 0;
    }
    return hashes - before >= TILE_WIDTH ? TILE_WIDTH : (unsigned)(hashes - before);
}

void
tile_put_entry(struct buf *bundle, const void *entry, size_t len)
{
    if (len > TILE_ENTRY) {
        bundle->failed = true;
        return;
    }
    buf_u16be(bundle, (uint16_t)len);
    buf_add(bundle, entry, len);
}

const uint8_t *
tile_next_entry(struct reader *bundle, size_t *ret_len)
{
    if (reader_left(bundle) == 0) {
        return NULL;
    }
    size_t len = reader_u16be(bundle);
    const uint8_t *entry = reader_bytes(bundle, len);
    if (bundle->failed) {
        return NULL; /* also when the length itself is cut */
    }
    *ret_len = len;
    return entry;
}
