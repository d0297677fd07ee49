/* Any text as a consumer's configuration: only credential bytes change, and they are read back. */
#include "remedy/consumer_text.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD "Neues-Wort.42_~x"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every place lies in the text; overlapping ones are refused by consumer_text_put(). */
static void
put_and_read(struct consumer_talk *talk)
{
    struct buf out;
    struct consumer_place *places = calloc(talk->place_count + 1, sizeof(*places));
    size_t count = 0, old = 0;
    assert(places != NULL);
    for (size_t i = 0; i < talk->place_count; i++) {
        if (talk->places[i].by_hand == NULL) {
            assert(talk->places[i].at + talk->places[i].len <= talk->bytes.len);
            places[count++] = talk->places[i];
            old += talk->places[i].len;
        }
    }
    buf_init(&out, 2 * CONSUMER_BYTES);
    if (consumer_text_put(&talk->bytes, places, count, PASSWORD, &out) == OK) {
        assert(out.len + old >= talk->bytes.len);
        assert(count == 0 || text_contains(out.data, PASSWORD) || memchr(out.data, 0, out.len));
    }
    free(places);
    buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"frigate", "homeassistant"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct site_consumer row = {.kind = kinds[i]};
        struct consumer_talk talk;
        consumer_talk_init(&talk, NULL, &row);
        buf_add(&talk.bytes, data, size);
        if (consumer_text_find(&talk) == OK) {
            put_and_read(&talk);
        }
        consumer_talk_release(&talk);
    }
    return 0;
}
