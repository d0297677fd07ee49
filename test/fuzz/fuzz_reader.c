/* The cursor itself: any mix of reads stays inside the input. */
#include "base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader;
    const char *line = NULL;
    size_t len = 0;
    reader_init(&reader, data, size);
    while (!reader.failed && reader_left(&reader) != 0) {
        switch (reader_u8(&reader) % 4) {
        case 0:
            (void)reader_u32le(&reader);
            break;
        case 1:
            (void)reader_bytes(&reader, reader_u16be(&reader));
            break;
        case 2:
            (void)reader_line(&reader, &line, &len);
            break;
        default:
            reader_skip(&reader, reader_u8(&reader));
            break;
        }
    }
    return 0;
}
