/* Frames from a peer, read by either side: no frame passes the end, each is written back the same.
 */
#include "ledger/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_back(const struct message *message, const uint8_t *frame, size_t used)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, MESSAGE_FRAME);
    message_put(&out, message);
    if (buf_error(&out) != OK || out.len != used || memcmp(out.data, frame, used) != 0) {
        abort();
    }
}

static void
read_all(enum message_side side, const uint8_t *data, size_t size)
{
    struct message message;
    struct message_done done;
    uint64_t index = 0;
    size_t used = 0;
    while (message_parse(side, data, size, &message, &used) == OK && used != 0) {
        if (used > size || message.payload < data || message.len > MESSAGE_PAYLOAD) {
            abort();
        }
        write_back(&message, data, used);
        if (message_parse_done(&message, &done) == OK &&
            memchr(done.words, '\0', sizeof(done.words)) == NULL) {
            abort();
        }
        if (message_parse_index(&message, &index) == OK && message.len != MESSAGE_INDEX) {
            abort();
        }
        data += used;
        size -= used;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all(MESSAGE_CLIENT, data, size);
    read_all(MESSAGE_KEEPER, data, size);
    return 0;
}
