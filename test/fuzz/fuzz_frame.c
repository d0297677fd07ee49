/* A browser's frames, fed in pieces: what is given on is what came, in order, and nothing unjudged.
 */
#include "gate/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
drain(struct frames *frames, uint8_t *out, size_t len, size_t size)
{
    size_t n = 0;
    while ((n = frames_give(frames, out + len, size - len < 7 ? size - len : 7)) != 0) {
        len += n;
    }
    return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frames frames;
    struct note note = {""};
    enum err err = OK;
    size_t given = 0;
    size_t fed = 0;
    uint8_t *out = malloc(size + 1);
    assert(out != NULL);
    frames_init(&frames);
    while (fed < size && err == OK) {
        size_t piece = 1 + data[fed] % 61;
        bool is_whole = true;
        piece = piece < size - fed ? piece : size - fed;
        piece = piece < frames_room(&frames) ? piece : frames_room(&frames);
        assert(frames_feed(&frames, data + fed, piece) == OK);
        fed += piece;
        while (err == OK && is_whole) {
            err = frames_next(&frames, &is_whole, &note);
            if (err == OK && is_whole) {
                assert(frames.message.len <= FRAME_MESSAGE);
                frames_pass(&frames);
            }
            given = drain(&frames, out, given, size);
        }
        assert(given <= fed && memcmp(out, data, given) == 0);
        assert(frames.raw.len <= FRAME_HELD);
    }
    assert(err == OK || note.text[0] != '\0');
    frames_release(&frames);
    free(out);
    return 0;
}
