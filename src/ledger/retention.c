/* Which entries a log no longer keeps, and whether it says so itself. */
#include "ledger/retention.h"

#include "base/text.h"
#include "ledger/disk.h"
#include "ledger/smallfile.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define HEAD "gatehouse retention\n"

uint64_t
retention_bundles(const struct retention *retention)
{
    return retention->minimum / TILE_WIDTH;
}

bool
retention_is_policy(const char *policy)
{
    size_t len = strlen(policy);
    for (size_t i = 0; i < len; i++) {
        if (policy[i] < ' ' || policy[i] > '~') {
            return false;
        }
    }
    return len != 0 && len < RETENTION_POLICY;
}

void
retention_put(struct buf *out, const struct retention *retention)
{
    buf_format(out, HEAD "minimum %" PRIu64 "\nevent %" PRIu64 "\npolicy %s\n", retention->minimum,
        retention->event, retention->policy);
}

/* "NAME VALUE" up to the line's end; what is wrong is noticed when it is written again. */
static const char *
next_line(const char *at, const char *name, char *value, size_t size)
{
    size_t len = strlen(name);
    if (at == NULL || strncmp(at, name, len) != 0) {
        return NULL;
    }
    at += len;
    size_t end = strcspn(at, "\n");
    if (end >= size || at[end] != '\n') {
        return NULL;
    }
    memcpy(value, at, end);
    value[end] = '\0';
    return at + end + 1;
}

enum err
retention_parse(const char *text, size_t len, struct retention *ret_retention)
{
    CLEANUP(buf_release) struct buf own;
    CLEANUP(buf_release) struct buf again;
    struct retention retention = {0};
    char minimum[24];
    char event[24];
    buf_init(&own, SMALLFILE_LIMIT);
    buf_init(&again, SMALLFILE_LIMIT);
    buf_add(&own, text, len);
    if (buf_error(&own) != OK) {
        return ERR_SYNTAX;
    }
    const char *at = next_line(own.data, HEAD "minimum ", minimum, sizeof(minimum));
    at = next_line(at, "event ", event, sizeof(event));
    at = next_line(at, "policy ", retention.policy, sizeof(retention.policy));
    if (at == NULL || text_to_u64(minimum, UINT64_MAX / 2, &retention.minimum) != OK ||
        text_to_u64(event, UINT64_MAX / 2, &retention.event) != OK ||
        !retention_is_policy(retention.policy) || retention.minimum == 0 ||
        retention.minimum % TILE_WIDTH != 0 || retention.event < retention.minimum) {
        return ERR_SYNTAX;
    }
    retention_put(&again, &retention);
    if (again.len != len || memcmp(again.data, text, len) != 0) {
        return ERR_SYNTAX;
    }
    *ret_retention = retention;
    return OK;
}

enum err
retention_read(struct tree *tree, struct retention *ret_retention, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, SMALLFILE_LIMIT);
    enum err err = tree_file(tree, RETENTION_FILE, &text, note);
    if (err == ERR_MISSING) {
        *ret_retention = (struct retention){.minimum = 0};
        return OK;
    }
    err = err == ERR_LIMIT ? ERR_SYNTAX : err;
    err = err == OK ? retention_parse(text.data, text.len, ret_retention) : err;
    if (err == ERR_SYNTAX) {
        note_set(note, RETENTION_FILE " has another form than it must have");
    }
    return err;
}

enum err
retention_entry(struct tree *tree, uint64_t index, struct note *note)
{
    struct retention retention;
    enum err err = retention_read(tree, &retention, note);
    if (err == OK && index < retention.minimum) {
        note_set(note,
            "entry %" PRIu64 " is pruned by policy (event #%" PRIu64 "): what it said is not there "
            "any more; a proof that was made before stays valid",
            index, retention.event);
        err = ERR_MISSING;
    }
    return err;
}

static bool
states(const uint8_t *entry, size_t len, const struct retention *retention)
{
    json_t *event =
        json_loadb((const char *)entry, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    const json_t *detail = json_object_get(event, "detail");
    const char *action = json_string_value(json_object_get(event, "action"));
    const char *outcome = json_string_value(json_object_get(event, "outcome"));
    const char *policy = json_string_value(json_object_get(detail, "policy"));
    json_int_t minimum = json_integer_value(json_object_get(detail, "minimum"));
    bool does = text_equal(action, "ledger.prune") && text_equal(outcome, "ok") &&
                text_equal(policy, retention->policy) && minimum > 0 &&
                (uint64_t)minimum == retention->minimum;
    json_decref(event);
    return does;
}

static enum err
check_place(struct tree *tree, uint64_t index, const struct merkle_head *head,
    const struct merkle_hash *leaf, struct merkle *merkle)
{
    struct merkle_path path;
    struct merkle_source source = tree_source(tree, head->size);
    enum err err = merkle_inclusion(merkle, &source, index, head->size, &path);
    return err == OK ? merkle_check_inclusion(merkle, &path, index, leaf, head) : err;
}

enum err
retention_check(struct tree *tree, const struct retention *retention,
    const struct merkle_head *head, struct note *note)
{
    struct merkle_hash leaf;
    const uint8_t *entry = NULL;
    size_t len = 0;
    if (retention->minimum == 0) {
        return OK;
    }
    struct merkle *merkle = merkle_new();
    if (merkle == NULL) {
        return ERR_MEMORY;
    }
    enum err err = retention->event < head->size ? OK : ERR_VALUE;
    err = err == OK ? tree_entry(tree, retention->event, head->size, &entry, &len, NULL) : err;
    if (err == OK) {
        merkle_leaf(merkle, entry, len, &leaf);
        err = check_place(tree, retention->event, head, &leaf, merkle);
    }
    merkle_free(merkle);
    if (err == OK && states(entry, len, retention)) {
        return OK;
    }
    note_set(note,
        RETENTION_FILE " says that entries below %" PRIu64 " are pruned, and by which policy, but "
                       "event #%" PRIu64 " of this log does not say so",
        retention->minimum, retention->event);
    return err == ERR_MEMORY || err == ERR_IO ? err : ERR_VALUE;
}

enum err
retention_write(int log, const struct retention *retention, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, SMALLFILE_LIMIT);
    retention_put(&text, retention);
    enum err err = buf_error(&text);
    err = err == OK ? smallfile_write(log, RETENTION_FILE, text.data, text.len) : err;
    if (err != OK) {
        note_set(note, RETENTION_FILE ": %s", disk_trouble());
    }
    return err;
}
