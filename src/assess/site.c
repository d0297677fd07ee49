/* The site file: every value is matched with its row of site.def, then the whole is looked at. */
#include "assess/site.h"

#include "assess/site_take.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/outline_row.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)16 * 1024 * 1024)

static const struct outline_row rows[] = {
#define SETTING(path, shape, take, what, expected, meaning) {path, OUTLINE_##shape, what, expected},
#include "assess/site.def"
#undef SETTING
};

static const char *
forbidden(const char *pattern)
{
    return text_equal(pattern, "devices[].password")
               ? "a password has no place in a site file, which gets copied and mailed; give it to "
                 "gatehouse secret set NAME and write secret: NAME"
               : NULL;
}

static const struct outline_table table = {
    .rows = rows,
    .count = COUNT(rows),
    .manual = "gatehouse.yaml(5)",
    .expected = "keys such as \"scope:\"",
    .forbidden = forbidden,
};

static site_take_fn *const takes[] = {
#define SETTING(path, shape, take, what, expected, meaning) take,
#include "assess/site.def"
#undef SETTING
};

const struct site_setting site_settings[] = {
#define SETTING(path, shape, take, what, expected, meaning)                                        \
    {path, OUTLINE_##shape == OUTLINE_TEXT, expected, meaning},
#include "assess/site.def"
#undef SETTING
};
const size_t site_setting_count = COUNT(site_settings);

static enum err
take_node(struct site *site, const struct outline_place *place, const struct outline_node *node)
{
    const struct outline_row *row = NULL;
    struct note said = {""};
    enum err err = outline_match(&table, place, node, &row);
    if (err != OK || row == NULL || takes[row - rows] == NULL) {
        return err;
    }
    err = takes[row - rows](site, node, &said);
    if (err != OK && said.text[0] != '\0') {
        (void)outline_tell(place, node, said.text);
    } else if (err != OK) {
        err = outline_refuse_value(row, place, node);
    }
    return err;
}

static const char *
missing_key(const struct waiver *waiver)
{
    return waiver->finding == NULL  ? "finding"
           : waiver->owner == NULL  ? "owner"
           : waiver->reason == NULL ? "reason"
           : waiver->expires == 0   ? "expires"
                                    : NULL;
}

static const char *
missing_of_login(const struct site_device *device)
{
    bool has_secret = device->secret != NULL;
    bool has_file = device->password_file != NULL;
    return has_secret && has_file ? "secret and password_file are both given; a log-in takes one"
           : (device->user == NULL) != (!has_secret && !has_file)
               ? "user, or secret or password_file, is missing; a log-in takes an account and a "
                 "password"
               : NULL;
}

/* What no single value shows: keys that are missing. */
static enum err
look_for_gaps(
    const struct site *site, const struct outline_place *place, const struct outline *outline)
{
    for (size_t i = 0; i < site->waiver_count; i++) {
        const char *missing = missing_key(&site->waivers[i]);
        if (missing != NULL) {
            struct note words;
            note_set(
                &words, "%s is missing; a waiver has finding, owner, reason and expires", missing);
            return outline_tell(place, outline_find(outline, "waivers[]", i), words.text);
        }
    }
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].ip.family == 0 && mac_is_zero(&site->devices[i].mac)) {
            outline_tell(place, outline_find(outline, "devices[]", i),
                "address or mac is missing; one of them says which device it is");
            return ERR_VALUE;
        }
        const char *missing = missing_of_login(&site->devices[i]);
        if (missing != NULL) {
            return outline_tell(place, outline_find(outline, "devices[]", i), missing);
        }
    }
    for (size_t i = 0; i < site->maintenance_count; i++) {
        if ((site->maintenance[i].date == 0) == (site->maintenance[i].days == 0)) {
            return outline_tell(place, outline_find(outline, "maintenance[]", i),
                "expected either date (one day) or every (month, quarter, half-year or year)");
        }
    }
    for (size_t i = 0; i < site->consumer_count; i++) {
        const char *missing = site_consumer_gap(site, &site->consumers[i]);
        if (missing != NULL) {
            return outline_tell(place, outline_find(outline, "consumers[]", i), missing);
        }
    }
    if ((site->others.user == NULL) != (site->others.secret == NULL)) {
        outline_tell(place, outline_find(outline, "logins", 0),
            "user or secret is missing; a log-in takes both");
        return ERR_VALUE;
    }
    const struct outline_node *authorised = outline_find(outline, "authorised", 0);
    if (authorised != NULL && (site->authorised_by == NULL || site->authorised_at == 0)) {
        outline_tell(place, authorised, "date or by is missing; expected both");
        return ERR_VALUE;
    }
    return OK;
}

static size_t
count_pattern(const struct outline *outline, const char *prefix, const char *end)
{
    size_t count = 0;
    for (size_t i = 0; i < outline->count; i++) {
        const char *pattern = outline->nodes[i].pattern;
        count += text_starts(pattern, prefix) && text_ends(pattern, end) ? 1 : 0;
    }
    return count;
}

static enum err
make_room(struct site *site, const struct outline *outline)
{
    struct arena *arena = &site->arena;
    size_t zones = count_pattern(outline, "zones.", "[]");
    size_t devices = count_pattern(outline, "devices[]", "[]");
    size_t never = count_pattern(outline, "logins.never[]", "[]");
    size_t waivers = count_pattern(outline, "waivers[]", "[]");
    size_t windows = count_pattern(outline, "maintenance[]", "[]");
    site->zones = arena_alloc(arena, (zones + 1) * sizeof(*site->zones));
    site->devices = arena_alloc(arena, (devices + 1) * sizeof(*site->devices));
    site->never = arena_alloc(arena, (never + 1) * sizeof(*site->never));
    size_t files = count_pattern(outline, "config[]", "[]");
    site->config = arena_alloc(arena, (files + 1) * sizeof(*site->config));
    size_t consumers = count_pattern(outline, "consumers[]", "[]");
    site->consumers = arena_alloc(arena, (consumers + 1) * sizeof(*site->consumers));
    site->waivers = arena_alloc(arena, (waivers + 1) * sizeof(*site->waivers));
    site->maintenance = arena_alloc(arena, (windows + 1) * sizeof(*site->maintenance));
    site->maintenance_names = arena_alloc(arena, (windows + 1) * sizeof(*site->maintenance_names));
    return arena->full ? ERR_MEMORY : OK;
}

static struct site *
new_site(const char *name)
{
    struct site *site = calloc(1, sizeof(*site));
    if (site == NULL) {
        return NULL;
    }
    arena_init(&site->arena, ARENA_LIMIT);
    scope_init(&site->scope);
    site->file = arena_copy(&site->arena, name);
    site->name = site->file;
    site->pace = SITE_PACE;
    site->pace_per_host = SITE_PER_HOST;
    site->logins_per_day = 1;
    site->vms_update.timeout_s = 900;
    return site;
}

static enum err
fill(struct site *site, const char *bytes, size_t len, const struct outline_place *place)
{
    struct outline outline = {0};
    const struct outline_bytes file = {bytes, len};
    enum err err = outline_open(&table, place, &file, &site->arena, &outline);
    err = err == OK ? make_room(site, &outline) : err;
    for (size_t i = 1; i < outline.count && err == OK; i++) {
        err = take_node(site, place, &outline.nodes[i]);
    }
    return err == OK ? look_for_gaps(site, place, &outline) : err;
}

enum err
site_parse(
    const char *bytes, size_t len, const char *name, struct site **ret_site, struct note *note)
{
    struct site *site = new_site(name);
    struct note said = {""};
    const struct outline_place place = {name, &said};
    enum err err = site == NULL ? ERR_MEMORY : fill(site, bytes, len, &place);
    if (err != OK) {
        note_set(note, "%s", said.text[0] == '\0' ? err_words(err) : said.text);
        site_free(site);
        return err;
    }
    *ret_site = site;
    return OK;
}

enum err
site_load(const char *path, struct site **ret_site, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, OUTLINE_BYTES);
    enum err err = file_read(path, &bytes, note);
    return err == OK ? site_parse(bytes.data, bytes.len, path, ret_site, note) : err;
}

void
site_free(struct site *site)
{
    if (site != NULL) {
        for (size_t i = 0; i < site->device_count; i++) {
            secret_free(site->devices[i].password);
        }
        for (size_t i = 0; i < site->consumer_count; i++) {
            secret_free(site->consumers[i].login.password);
        }
        secret_free(site->others.password);
        secret_free(site->snmp.password);
        arena_release(&site->arena);
        free(site);
    }
}

const struct site_device *
site_device(const struct site *site, const struct ip *ip, const struct mac *mac)
{
    for (size_t i = 0; i < site->device_count; i++) {
        const struct site_device *device = &site->devices[i];
        bool by_ip = ip != NULL && device->ip.family != 0 && ip_equal(&device->ip, ip);
        bool by_mac = mac != NULL && !mac_is_zero(&device->mac) && mac_equal(&device->mac, mac);
        if (by_ip || by_mac) {
            return device;
        }
    }
    return NULL;
}

bool
site_may_login(const struct site *site, const struct ip *ip)
{
    for (size_t i = 0; i < site->never_count; i++) {
        if (ip_equal(&site->never[i], ip)) {
            return false;
        }
    }
    return site->logins_per_day != 0;
}

const char *
site_zone(const struct site *site, const struct ip *ip)
{
    for (size_t i = 0; i < site->zone_count; i++) {
        if (net_contains(&site->zones[i].net, ip)) {
            return site->zones[i].name;
        }
    }
    return NULL;
}
