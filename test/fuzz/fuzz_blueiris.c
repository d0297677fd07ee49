/* Any bytes as an export of Blue Iris: every camera's parts lie in it, and a patch changes only its
 * passwords. */
#include "remedy/consumer_blueiris.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_span(const struct export *export, struct span span)
{
    assert(span.at <= export->len && span.len <= export->len - span.at);
}

static void
patch_all(struct consumer_talk *talk, const struct export *export)
{
    struct buf out;
    size_t old = 0;
    struct secret *next = secret_new_text("Neues-Wort.42_~x");
    assert(next != NULL);
    buf_init(&out, 2 * CONSUMER_BYTES);
    for (size_t i = 0; i < export->count; i++) {
        assert(add_camera(talk, export, &export->cameras[i]) == OK);
    }
    for (size_t i = 0; i < talk->place_count; i++) {
        talk->places[i].key = "plain";
        old += talk->places[i].len;
    }
    /* What has no password is not chosen. */
    size_t count = 0;
    while (count < talk->place_count && talk->places[count].by_hand == NULL) {
        count++;
    }
    if (count == talk->place_count && patch(talk, talk->places, count, next, &out) == OK) {
        assert(
            out.len == talk->bytes.len + export->width * (count * strlen(secret_text(next)) - old));
    }
    buf_release(&out);
    secret_free(next);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct site_consumer row = {.kind = "blueiris"};
    struct consumer_talk talk;
    struct export export;
    if (secret_start() != OK || size > CONSUMER_BYTES / 64) {
        return 0;
    }
    consumer_talk_init(&talk, NULL, &row);
    buf_add(&talk.bytes, data, size);
    talk.own = &export;
    if (size != 0 && decode(&talk.arena, &talk.bytes, &export) == OK &&
        scan(&talk.arena, &export) == OK) {
        for (size_t i = 0; i < export.count; i++) {
            const struct camera *camera = &export.cameras[i];
            check_span(&export, camera->key);
            check_span(&export, camera->ip);
            check_span(&export, camera->user);
            check_span(&export, camera->password);
        }
        patch_all(&talk, &export);
    }
    consumer_talk_release(&talk);
    return 0;
}
