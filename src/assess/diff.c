/* Two runs side by side. */
#include "assess/diff.h"

#include "base/text.h"
#include "fact/fact.h"

#include <string.h>

/* What a changed fact means. */
static const struct fact_words {
    enum fact_id fact;
    const char *title;     /* "firmware": any change is told as "firmware A → B"; else NULL */
    const char *off_to_on; /* for yes/no facts: no → yes */
    const char *on_to_off;
    const char *found_on; /* unknown → yes; NULL: not told */
} fact_words[] = {
    {FACT_DEVICE_FIRMWARE,  "firmware",      NULL,                      NULL,                           NULL            },
    {FACT_VMS_VERSION,      "version",       NULL,                      NULL,                           NULL            },
    {FACT_DEVICE_VENDOR,    "maker",         NULL,                      NULL,                           NULL            },
    {FACT_DEVICE_MODEL,     "model",         NULL,                      NULL,                           NULL            },
    {FACT_DEVICE_SERIAL,    "serial number", NULL,                      NULL,                           NULL            },
    {FACT_DEVICE_NAME,      "name",          NULL,                      NULL,                           NULL            },
    {FACT_PORTS_OPEN,       "open ports",    NULL,                      NULL,                           NULL            },
    {FACT_EXPOSURE_MAPPED,  "port mapping",  NULL,                      NULL,                           NULL            },
    {FACT_DEVICE_ACTIVATED, NULL,            "was activated",           "is back in its factory state", NULL            },
    {FACT_CLOUD_ENABLED,    NULL,            "{cloud} came back on",    "{cloud} was switched off",     "{cloud} is on" },
    {FACT_DDNS_ENABLED,     NULL,            "DDNS came back on",       "DDNS was switched off",        "DDNS is on"    },
    {FACT_UPNP_ENABLED,     NULL,            "UPnP came back on",       "UPnP was switched off",        "UPnP is on"    },
    {FACT_PORT_TELNET,      NULL,            "telnet was opened",       "telnet was closed",            "telnet is open"},
    {FACT_PORT_FTP,         NULL,            "FTP was opened",          "FTP was closed",               "FTP is open"   },
    {FACT_VMS_AUTH,         NULL,            "asks for a log-in again", "asks for no log-in any more",  NULL            },
};

const char *
diff_sort_name(enum diff_sort sort)
{
    static const char *const names[] = {
#define DIFF(id, name) [DIFF_##id] = name,
#include "assess/diff.def"
#undef DIFF
    };
    assert(sort < DIFF_SORT_COUNT);
    return names[sort];
}

static void
add(struct diff *diff, enum diff_sort sort, const char *device, const char *finding,
    const char *words)
{
    if (diff->count == diff->max) {
        size_t max = diff->max == 0 ? 64 : diff->max * 2;
        struct diff_change *larger = arena_alloc(diff->arena, max * sizeof(*larger));
        if (larger == NULL) {
            diff->failed = true;
            return;
        }
        if (diff->count != 0) {
            memcpy(larger, diff->changes, diff->count * sizeof(*larger));
        }
        diff->changes = larger;
        diff->max = max;
    }
    diff->failed = diff->failed || words == NULL;
    diff->changes[diff->count++] = (struct diff_change){sort, device, finding, words};
}

static const char *
first_address(const struct store_device *device, struct arena *arena)
{
    return arena_copy_n(arena, device->addresses, strcspn(device->addresses, ","));
}

/* "camera 10.0.3.7 (Gate)" */
static const char *
title_of(const struct store_device *device, struct arena *arena)
{
    const char *address = first_address(device, arena);
    const char *kind = text_equal(device->kind, "unknown") ? "device" : device->kind;
    if (text_is_empty(address)) {
        return arena_format(arena, "%s %s", kind, device->title);
    }
    if (text_equal(address, device->title)) {
        return arena_format(arena, "%s %s", kind, address);
    }
    return arena_format(arena, "%s %s (%s)", kind, address, device->title);
}

static const struct store_device *
by_key(const struct store_run *run, const char *key)
{
    for (size_t i = 0; i < run->device_count; i++) {
        if (text_equal(run->devices[i].key, key)) {
            return &run->devices[i];
        }
    }
    return NULL;
}

/*
 * The same device in the other run: by key, else by its first address when one of the two keys is
 * weak (an address, because its MAC was not seen that time).
 */
static const struct store_device *
counterpart(const struct store_run *run, const struct store_device *device, struct arena *arena)
{
    const struct store_device *same = by_key(run, device->key);
    const char *address = same == NULL ? first_address(device, arena) : NULL;
    for (size_t i = 0; i < run->device_count && same == NULL && !text_is_empty(address); i++) {
        const struct store_device *other = &run->devices[i];
        bool weak = text_starts(device->key, "ip:") || text_starts(other->key, "ip:");
        if (weak && text_equal(address, first_address(other, arena))) {
            same = other;
        }
    }
    return same;
}

static const char *
fact_of(const struct store_device *device, enum fact_id id)
{
    for (size_t i = 0; i < device->fact_count; i++) {
        if (text_equal(device->facts[i].name, fact_name(id))) {
            return device->facts[i].value;
        }
    }
    return NULL;
}

/* The row's words with the name of the vendor's cloud service, "P2P" when it is not known. */
static const char *
with_cloud(const char *words, const struct store_device *device, struct arena *arena)
{
    const char *hole = "{cloud}";
    if (!text_starts(words, hole)) {
        return words;
    }
    const char *name = fact_of(device, FACT_CLOUD_NAME);
    return arena_format(arena, "%s%s", name == NULL ? "P2P" : name, words + strlen(hole));
}

static void
compare_yes_no(struct diff *diff, const struct fact_words *row, const struct store_device *from,
    const struct store_device *to)
{
    const char *before = fact_of(from, row->fact);
    const char *after = fact_of(to, row->fact);
    const char *words = NULL;
    if (text_equal(after, "yes")) {
        words = before == NULL ? row->found_on : row->off_to_on;
    } else if (text_equal(before, "yes") && text_equal(after, "no")) {
        words = row->on_to_off;
    }
    if (words != NULL && !text_equal(before, after)) {
        add(diff, DIFF_FACT, title_of(to, diff->arena), NULL, with_cloud(words, to, diff->arena));
    }
}

static void
compare_facts(struct diff *diff, const struct store_device *from, const struct store_device *to)
{
    for (size_t i = 0; i < COUNT(fact_words); i++) {
        const struct fact_words *row = &fact_words[i];
        if (row->title == NULL) {
            compare_yes_no(diff, row, from, to);
            continue;
        }
        const char *before = fact_of(from, row->fact);
        const char *after = fact_of(to, row->fact);
        if (before != NULL && after != NULL && !text_equal(before, after)) {
            add(diff, DIFF_FACT, title_of(to, diff->arena), NULL,
                arena_format(diff->arena, "%s %s → %s", row->title, before, after));
        }
    }
}

static void
compare_devices(struct diff *diff, const struct store_run *from, const struct store_run *to)
{
    for (size_t i = 0; i < to->device_count; i++) {
        const struct store_device *now = &to->devices[i];
        const struct store_device *before = counterpart(from, now, diff->arena);
        if (before != NULL) {
            compare_facts(diff, before, now);
        } else {
            add(diff, DIFF_NEW, title_of(now, diff->arena), NULL,
                from->partial ? "not seen before (the earlier run was partial)" : "new device");
        }
    }
    for (size_t i = 0; i < from->device_count; i++) {
        const struct store_device *before = &from->devices[i];
        if (counterpart(to, before, diff->arena) != NULL) {
            continue;
        }
        add(diff, to->partial ? DIFF_UNSEEN : DIFF_GONE, title_of(before, diff->arena), NULL,
            to->partial ? "not seen (the run is partial)" : "gone");
    }
}

/* One side of the comparison of findings. */
struct side {
    const struct store_run *run, *other;
    struct arena *arena;
};

static const struct store_finding *
find_finding(const struct store_run *run, const char *id, const char *device)
{
    for (size_t i = 0; i < run->finding_count; i++) {
        if (text_equal(run->findings[i].id, id) && text_equal(run->findings[i].device, device)) {
            return &run->findings[i];
        }
    }
    return NULL;
}

/* Whether the other run left something of the finding's control on that device unjudged. */
static bool
has_unknown(const struct store_run *run, const char *id, const char *device)
{
    size_t control = strcspn(id, "/");
    for (size_t i = 0; i < run->finding_count; i++) {
        const struct store_finding *finding = &run->findings[i];
        if (text_equal(finding->verdict, "UNKNOWN") && text_equal(finding->device, device) &&
            strcspn(finding->id, "/") == control && strncmp(finding->id, id, control) == 0) {
            return true;
        }
    }
    return false;
}

/* The device's key in the other run; NULL when it is not there. */
static const char *
key_there(const struct side *side, const char *key)
{
    if (text_equal(key, "site")) {
        return key;
    }
    const struct store_device *device = by_key(side->run, key);
    const struct store_device *same =
        device == NULL ? NULL : counterpart(side->other, device, side->arena);
    return same == NULL ? NULL : same->key;
}

static const char *
title_by_key(const struct side *side, const char *key)
{
    const struct store_device *device = by_key(side->run, key);
    return device == NULL ? NULL : title_of(device, side->arena);
}

static void
tell_finding(struct diff *diff, const struct side *side, enum diff_sort sort,
    const struct store_finding *finding)
{
    static const char *const heads[DIFF_SORT_COUNT] = {
        [DIFF_OPENED] = "finding opened",
        [DIFF_CLOSED] = "finding closed",
        [DIFF_WAIVED] = "finding waived",
        [DIFF_UNWAIVED] = "waiver ended",
        [DIFF_UNKNOWN] = "no longer judged",
    };
    add(diff, sort, title_by_key(side, finding->device), finding->id,
        arena_format(diff->arena, "%s: %s (%s)", heads[sort], finding->sentence, finding->id));
}

static void
compare_findings(struct diff *diff, const struct store_run *from, const struct store_run *to)
{
    const struct side now = {to, from, diff->arena};
    const struct side before = {from, to, diff->arena};
    for (size_t i = 0; i < to->finding_count; i++) {
        const struct store_finding *finding = &to->findings[i];
        const char *key = key_there(&now, finding->device);
        const struct store_finding *old = key == NULL ? NULL : find_finding(from, finding->id, key);
        if (!text_equal(finding->verdict, "FAIL")) {
            continue;
        }
        if (old == NULL) {
            tell_finding(diff, &now, finding->waived ? DIFF_WAIVED : DIFF_OPENED, finding);
        } else if (finding->waived != old->waived) {
            tell_finding(diff, &now, finding->waived ? DIFF_WAIVED : DIFF_UNWAIVED, finding);
        }
    }
    for (size_t i = 0; i < from->finding_count; i++) {
        const struct store_finding *finding = &from->findings[i];
        const char *key = key_there(&before, finding->device);
        if (key == NULL || !text_equal(finding->verdict, "FAIL") ||
            find_finding(to, finding->id, key) != NULL) {
            continue; /* a device that is gone is told as such */
        }
        bool unjudged = to->partial || has_unknown(to, finding->id, key);
        tell_finding(diff, &before, unjudged ? DIFF_UNKNOWN : DIFF_CLOSED, finding);
    }
}

enum err
diff_runs(const struct store_run *from, const struct store_run *to, struct arena *arena,
    struct diff *ret_diff)
{
    struct diff diff = {.arena = arena};
    if (!text_equal(from->grade, to->grade) || from->score != to->score) {
        add(&diff, DIFF_GRADE, NULL, NULL,
            arena_format(
                arena, "grade %s (%u) → %s (%u)", from->grade, from->score, to->grade, to->score));
    }
    compare_devices(&diff, from, to);
    compare_findings(&diff, from, to);
    if (diff.failed || arena->full) {
        return ERR_MEMORY;
    }
    *ret_diff = diff;
    return OK;
}
