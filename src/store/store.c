/* The store's front: default path, run names, and the way to the back end. */
#include "store/store.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>

#define PATH_LIMIT 4096

enum err
store_open(const char *path, struct store **ret_store, struct note *note)
{
    CLEANUP(buf_release) struct buf full;
    buf_init(&full, PATH_LIMIT);
    if (path != NULL) {
        buf_text(&full, path);
    } else if (file_xdg("STATE", &full) != OK) {
        note_set(note, "no place for the store: neither HOME nor XDG_STATE_HOME is set; say where "
                       "with --store PATH");
        return ERR_MISSING;
    } else {
        buf_text(&full, "/gatehouse.db");
    }
    if (full.failed || full.len == 0) {
        note_set(note, "the store's path is empty or too long; say where with --store PATH");
        return ERR_VALUE;
    }
    char *slash = strrchr(full.data, '/');
    if (slash != NULL && slash != full.data) {
        *slash = '\0';
        struct note why = {""};
        enum err err = file_make_folder(full.data, &why);
        *slash = '/';
        if (err != OK) {
            note_set(note, "no folder for the store: %.180s; choose another with --store PATH",
                why.text);
            return err;
        }
    }
    return sqlite_open(full.data, ret_store, note);
}

void
store_close(struct store *store)
{
    if (store != NULL) {
        store->functions->close(store);
    }
}

const char *
store_trouble(const struct store *store)
{
    return store->note.text;
}

enum err
store_save_run(struct store *store, const struct store_run *run)
{
    return store->functions->save_run(store, run);
}

enum err
store_runs(struct store *store, const char *site, struct arena *arena,
    const struct store_run **ret_runs, size_t *ret_count)
{
    return store->functions->runs(store, site, arena, ret_runs, ret_count);
}

/* "last" is 0, "last~2" is 2; false when it is neither. */
static bool
is_counted_back(const char *which, uint64_t *ret_back)
{
    if (text_equal(which, "last")) {
        *ret_back = 0;
        return true;
    }
    return text_starts(which, "last~") && text_to_u64(which + 5, UINT32_MAX, ret_back) == OK;
}

static enum err
find_prefix(struct store *store, const struct store_run *runs, size_t count, const char *which,
    const char **ret_id)
{
    size_t matches = 0;
    for (size_t i = 0; i < count; i++) {
        if (text_equal(runs[i].id, which)) {
            *ret_id = runs[i].id;
            return OK;
        }
        if (!text_is_empty(which) && text_starts(runs[i].id, which)) {
            *ret_id = runs[i].id;
            matches++;
        }
    }
    if (matches == 1) {
        return OK;
    }
    note_set(&store->note, "%s runs begin with \"%.40s\"; `gatehouse history` lists all of them",
        matches == 0 ? "no" : "several", which);
    return matches == 0 ? ERR_MISSING : ERR_VALUE;
}

enum err
store_load_run(struct store *store, const char *site, const char *which, struct arena *arena,
    struct store_run *ret_run)
{
    const struct store_run *runs = NULL;
    size_t count = 0;
    uint64_t back = 0;
    const char *id = NULL;
    bool counted = is_counted_back(which, &back);
    enum err err = store_runs(store, counted ? site : NULL, arena, &runs, &count);
    if (err != OK) {
        return err;
    }
    if (!counted) {
        err = find_prefix(store, runs, count, which, &id);
    } else if (back < count) {
        id = runs[count - 1 - back].id;
    } else {
        note_set(&store->note,
            "there is no run %.20s: the store holds %zu run%s%s; `gatehouse assess` adds one",
            which, count, count == 1 ? "" : "s", site == NULL ? "" : " of this site");
        err = ERR_MISSING;
    }
    return err == OK ? store->functions->load_run(store, id, arena, ret_run) : err;
}

enum err
store_sightings(struct store *store, const struct store_device_name *device, struct arena *arena,
    struct store_sightings *ret_sightings)
{
    return store->functions->sightings(store, device, arena, ret_sightings);
}

enum err
store_had_fact(struct store *store, const struct store_device_name *device, const char *name,
    const char *value, bool *ret_had)
{
    return store->functions->had_fact(store, device, name, value, ret_had);
}
