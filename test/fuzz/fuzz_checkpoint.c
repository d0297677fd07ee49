/* A checkpoint's text has one spelling, but for extension lines. */
#include "ledger/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint checkpoint;
    struct note note;
    struct vkey key;
    const char *bytes = (const char *)data;
    if (vkey_parse(EXAMPLE, &key) != OK ||
        checkpoint_open(bytes, size, &key, &checkpoint, &note) == OK) {
        abort(); /* nobody has that key */
    }
    if (checkpoint_parse(bytes, size, &checkpoint, &note) != OK) {
        return 0;
    }
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    checkpoint_put(&out, &checkpoint);
    if (buf_error(&out) != OK || out.len > size || memcmp(out.data, bytes, out.len) != 0) {
        abort();
    }
    return 0;
}
