/* Names of tiles, and bundles: each has one spelling, which is given back. */
#include "ledger/tile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_name(const char *text)
{
    struct tile tile;
    char again[TILE_PATH];
    if (tile_parse(text, &tile) == OK && strcmp(tile_path(&tile, again), text) != 0) {
        abort();
    }
}

static void
try_bundle(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf again;
    struct reader reader;
    size_t len = 0;
    buf_init(&again, size + 2);
    reader_init(&reader, data, size);
    for (const uint8_t *entry = tile_next_entry(&reader, &len); entry != NULL;
         entry = tile_next_entry(&reader, &len)) {
        if (entry < data || len > size || entry + len > data + size) {
            abort();
        }
        tile_put_entry(&again, entry, len);
    }
    bool is_whole = reader_error(&reader) == OK;
    if (again.failed || (is_whole && again.len != size) || again.len > size ||
        (again.len != 0 && memcmp(again.data, data, again.len) != 0)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    if (text != NULL) {
        try_name(text);
    }
    free(text);
    try_bundle(data, size);
    return 0;
}
