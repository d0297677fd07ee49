/* Names that a package opens, against the sealed texts of entries that are proven. */
#include "base/text.h"
#include "evidence/judge_inside.h"
#include "ledger/seal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool
mark_used(struct judging *judging, const char *name)
{
    size_t count = package_count(judging->package);
    if (judging->used == NULL) {
        judging->used = calloc(count + 1, sizeof(*judging->used));
    }
    const struct note why = {"no memory for the list of its openings"};
    if (judging->used == NULL) {
        return !judge_fault(judging, ERR_MEMORY, &why);
    }
    for (size_t i = 0; i < count; i++) {
        if (text_equal(package_name(judging->package, i), name)) {
            judging->used[i] = true;
        }
    }
    return true;
}

/* Puts what is opened into the event, for all who say what it says; false: it stays sealed. */
static bool
open_place(struct judging *judging, uint64_t index, const struct seal_place *place)
{
    CLEANUP(buf_release) struct buf bytes;
    char name[PACKAGE_NAME];
    struct opening opening;
    struct note why = {""};
    buf_init(&bytes, OPENING_LIMIT);
    if (place->sealed.digest == NULL) {
        return false;
    }
    (void)package_opened_name(place->sealed.digest, name);
    enum err err = package_read(judging->package, name, &bytes, &why);
    if (err == ERR_MISSING || judge_fault(judging, err, &why)) {
        return false;
    }
    if (!mark_used(judging, name)) {
        return false;
    }
    if (err != OK || !seal_is_opening(&place->sealed, place->path, &bytes, &opening) ||
        memchr(opening.text, '\0', opening.len) != NULL || /* readers would stop there */
        json_string_setn(place->value, opening.text, opening.len) != 0) {
        judge_tell(judging, JUDGE_OPENED, JUDGE_BROKEN,
            "entry %" PRIu64 ": %s is not what %s was sealed with", index, name, place->path);
        return false;
    }
    bool is_cut = opening.len > JUDGE_SHOWN;
    judge_tell(judging, JUDGE_OPENED, JUDGE_HOLDS, "entry %" PRIu64 ": %s is \"%.*s%s", index,
        place->path, (int)(is_cut ? JUDGE_SHOWN : opening.len), opening.text, is_cut ? "…" : "\"");
    return true;
}

void
judge_opened(struct judging *judging, uint64_t index, const json_t *event)
{
    CLEANUP(buf_release) struct buf sealed;
    struct seal_place place = {0};
    buf_init(&sealed, JUDGE_SHOWN);
    while (seal_next(event, &place)) {
        if (!open_place(judging, index, &place)) {
            buf_format(&sealed, "%s%s", sealed.len == 0 ? "" : ", ", place.path);
        }
    }
    if (sealed.len != 0) {
        judge_tell(judging, JUDGE_OPENED, JUDGE_HOLDS, "entry %" PRIu64 ": sealed: %s", index,
            sealed.data);
    }
}

void
judge_opened_rest(struct judging *judging)
{
    for (size_t i = 0; i < package_count(judging->package); i++) {
        const char *name = package_name(judging->package, i);
        if (text_starts(name, PACKAGE_OPENED) && (judging->used == NULL || !judging->used[i])) {
            judge_tell(judging, JUDGE_OPENED, JUDGE_BROKEN,
                "%s opens nothing that is sealed in a proven entry", name);
        }
    }
    free(judging->used);
    judging->used = NULL;
}
