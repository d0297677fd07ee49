/* Sealed texts of detail, opened for who has the keys; few events have any. */
#include "ledger/logged.h"
#include "ledger/seal.h"

#include <string.h>

static const char detail[] = "detail.";

/* Remembers a text by its path; of a list all. */
static void
put(json_t *details, const struct seal_place *place, const struct buf *inside)
{
    json_t *text = json_stringn(inside->data, inside->len);
    json_t *list = json_object_get(details, place->path);
    if (!place->is_listed) {
        (void)json_object_set_new(details, place->path, text);
        return;
    }
    if (list == NULL) {
        list = json_array();
        (void)json_object_set_new(details, place->path, list);
    }
    (void)json_array_append_new(list, text);
}

static void
take(struct logged *logged, const struct seal_place *place)
{
    buf_clear(&logged->inside);
    if (seal_read(logged->subjects, &place->sealed, place->path, &logged->inside) != OK) {
        return;
    }
    put(logged->details, place, &logged->inside);
    if (logged->sink != NULL) {
        logged->sink(logged->sink_context, logged->inside.data, logged->inside.len);
    }
}

void
logged_details(struct logged *logged)
{
    const struct event_text *own = &logged->detail;
    struct seal_place place = {0};
    if (logged->subjects == NULL || own->bytes == NULL ||
        memmem(own->bytes, own->len, "\"" SEAL_PREFIX, sizeof(SEAL_PREFIX)) == NULL) {
        return;
    }
    json_t *event =
        json_loadb(logged->entry, logged->entry_len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    logged->details = event == NULL ? NULL : json_object();
    while (logged->details != NULL && seal_next(event, &place)) {
        if (strncmp(place.path, detail, sizeof(detail) - 1) == 0) {
            take(logged, &place);
        }
    }
    json_decref(event);
}
