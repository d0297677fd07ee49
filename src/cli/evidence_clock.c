/* Clock offsets out of the store. */
#include "cli/evidence_clock.h"

#include "base/file.h"
#include "base/text.h"
#include "fact/fact.h"
#include "ledger/event.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_LIMIT ((size_t)64 * 1024 * 1024)

static bool
has_address(const char *addresses, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = addresses; at != NULL && *at != '\0'; at += strspn(at, ", ")) {
        size_t own = strcspn(at, ", ");
        if (own == len && memcmp(at, name, len) == 0) {
            return true;
        }
        at += own;
    }
    return false;
}

static bool
is_meant(const struct store_device *device, const char *name)
{
    return text_equal_nocase(device->title, name) || text_equal(device->key, name) ||
           has_address(device->addresses, name);
}

static bool
take(const struct store_run *run, const char *name, int64_t *ret_seconds)
{
    const struct store_device *found = NULL;
    for (size_t i = 0; i < run->device_count; i++) {
        if (is_meant(&run->devices[i], name)) {
            if (found != NULL) {
                return false; /* two of that name: nobody knows which */
            }
            found = &run->devices[i];
        }
    }
    for (size_t i = 0; found != NULL && i < found->fact_count; i++) {
        const char *value = found->facts[i].value;
        bool is_behind = value != NULL && value[0] == '-';
        uint64_t seconds = 0;
        if (text_equal(found->facts[i].name, fact_name(FACT_CLOCK_OFFSET)) &&
            text_to_u64(is_behind ? value + 1 : value, INT32_MAX, &seconds) == OK) {
            *ret_seconds = is_behind ? -(int64_t)seconds : (int64_t)seconds;
            return true;
        }
    }
    return false;
}

struct evidence_clocks {
    struct arena arena;
    struct store_run run;
};

/* Opening a store would make one. */
static struct store *
open_store(const char *path)
{
    CLEANUP(buf_release) struct buf place;
    struct store *store = NULL;
    struct note ignored = {""};
    buf_init(&place, PATH_MAX);
    if (path == NULL && file_xdg("STATE", &place) == OK) {
        buf_text(&place, "/gatehouse.db");
        path = place.data;
    }
    bool is_there = path != NULL && buf_error(&place) == OK && access(path, R_OK) == 0;
    return is_there && store_open(path, &store, &ignored) == OK ? store : NULL;
}

struct evidence_clocks *
evidence_clocks_read(const char *path)
{
    struct store *store = open_store(path);
    struct evidence_clocks *clocks = store == NULL ? NULL : calloc(1, sizeof(*clocks));
    if (clocks != NULL) {
        arena_init(&clocks->arena, ARENA_LIMIT);
        if (store_load_run(store, NULL, "last", &clocks->arena, &clocks->run) != OK) {
            evidence_clocks_free(clocks);
            clocks = NULL;
        }
    }
    store_close(store);
    return clocks;
}

void
evidence_clocks_free(struct evidence_clocks *clocks)
{
    if (clocks != NULL) {
        arena_release(&clocks->arena);
        free(clocks);
    }
}

bool
evidence_clock(const struct evidence_clocks *clocks, const char *name, struct evidence_clock *text,
    struct manifest_clock *ret_clock)
{
    int64_t seconds = 0;
    bool is_known = clocks != NULL && name != NULL && take(&clocks->run, name, &seconds);
    if (is_known) {
        *ret_clock = (struct manifest_clock){.is_known = true, .offset_ms = seconds * 1000};
        ret_clock->seen = event_time_text(clocks->run.started, text->seen);
    }
    return is_known;
}
