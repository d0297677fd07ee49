/* From the runs of a store to facts about schedules: seen, audited, maintained. */
#include "assess/derive_history.h"

#include "base/clock.h"
#include "base/text.h"
#include "catalog/release.h"
#include "codec/version.h"

#include <stdio.h>
#include <string.h>

#define QUARTER      92  /* days, the longest one */
#define YEAR         366 /* days after which a pause is forgotten */
#define ARENA_LIMIT  ((size_t)16 * 1024 * 1024)
#define WORDS        512
#define GRACE        30 /* days after a release */
#define WEIGHT_FULL  60 /* of a declaration that nothing proves */
#define WEIGHT_LEAST 10
#define WEIGHT_STEP  20 /* what it loses each 30 days */

/* Everything that one device's history is judged from. */
struct past {
    struct subject *subject;
    const struct store_sighting *rows; /* the runs before this one */
    size_t count;
    const struct fact *version; /* what this run saw */
    bool is_vms;
    bool is_remembered; /* the runs before this one are known, were there any */
    int64_t now;
};

/* An update between two neighbouring sightings. */
struct change {
    struct store_sighting before, after;
};

static void
version_core(char *out, size_t size, const char *version)
{
    (void)text_copy(out, size, version);
    const char *build = text_find_nocase(out, strlen(out), "build");
    if (build != NULL && build != out) {
        out[build - out] = '\0';
    }
    out[strcspn(out, " ,+")] = '\0';
}

/*
 * Order of two versions of one device; 0 also where one text only says less than the other: with
 * a log-in the build date stands beside the version, without one inside it or nowhere.
 */
static int
version_order(const char *a, const char *b)
{
    char core[2][128];
    char date[2][VERSION_DATE];
    version_core(core[0], sizeof(core[0]), a);
    version_core(core[1], sizeof(core[1]), b);
    int order = version_compare(core[0], core[1]);
    if (order == 0 && version_date(a, date[0]) && version_date(b, date[1])) {
        order = strcmp(date[0], date[1]);
    }
    return order;
}

/* The sighting number i of all, this run's being the last. */
static struct store_sighting
sighting(const struct past *past, size_t i)
{
    return i < past->count ? past->rows[i]
                           : (struct store_sighting){past->now, past->version->text};
}

/* The first sighting of the version that is seen now, without a break. */
static size_t
current_since(const struct past *past)
{
    size_t i = past->count;
    while (i > 0 && version_order(past->rows[i - 1].version, past->version->text) == 0) {
        i--;
    }
    return i;
}

static void
write_text(const struct past *past, enum fact_id id, const char *words, const char *asked)
{
    const struct source source = {past->version->witness, past->version->confidence,
        evidence_new(&past->subject->arena, asked, words, past->now)};
    facts_set_text(&past->subject->facts, id, words, &source);
}

static void
seen_words(const struct past *past, char out[WORDS])
{
    char day[2][CLOCK_TEXT];
    size_t since = current_since(past);
    if (!past->is_remembered) {
        (void)snprintf(out, WORDS, "earlier runs are not remembered");
    } else if (since == past->count) {
        (void)snprintf(out, WORDS, "%.120s is seen for the first time today", past->version->text);
    } else {
        (void)snprintf(out, WORDS, "%.120s was first seen %s and last seen today",
            past->version->text, clock_date(sighting(past, since).at, day[0]));
    }
    if (since > 0) {
        const struct store_sighting old = sighting(past, since - 1);
        size_t len = strlen(out);
        (void)snprintf(out + len, WORDS - len, "; before it was %.120s, last seen %s", old.version,
            clock_date(old.at, day[1]));
    }
}

static void
write_seen(const struct past *past)
{
    char words[WORDS];
    seen_words(past, words);
    write_text(past, past->is_vms ? FACT_VMS_SEEN : FACT_FIRMWARE_SEEN, words,
        "version in each run of the store");
}

/* The longest pause between two looks that ended in the last year. */
static int64_t
longest_pause(const struct past *past, int64_t *ret_from, int64_t *ret_to)
{
    int64_t longest = 0;
    for (size_t i = 0; i < past->count; i++) {
        int64_t from = past->rows[i].at;
        int64_t to = sighting(past, i + 1).at;
        if (to > past->now - YEAR * CLOCK_DAY && to - from > longest) {
            longest = to - from;
            *ret_from = from;
            *ret_to = to;
        }
    }
    return longest / CLOCK_DAY;
}

/* Whether runs of the store show a look at the version each quarter. */
static void
write_audit(const struct past *past)
{
    char words[WORDS];
    char day[2][CLOCK_TEXT];
    int64_t from = 0;
    int64_t to = 0;
    if (past->count == 0 || past->is_vms) {
        return;
    }
    int64_t pause = longest_pause(past, &from, &to);
    (void)clock_date(past->rows[0].at, day[0]);
    if (pause > QUARTER) {
        (void)snprintf(words, sizeof(words), "no run saw it between %s and %s, %lld days",
            clock_date(from, day[0]), clock_date(to, day[1]), (long long)pause);
    } else if (past->now - past->rows[0].at < QUARTER * CLOCK_DAY) {
        (void)snprintf(words, sizeof(words), "runs saw it since %s only, and a quarter is %d days",
            day[0], QUARTER);
    } else {
        (void)snprintf(words, sizeof(words),
            "%zu runs since %s, in the last year never more than %lld days apart", past->count + 1,
            day[0], (long long)(pause == 0 ? 1 : pause));
        write_text(past, FACT_FIRMWARE_AUDITED, words, "days of the runs in the store");
        return;
    }
    write_text(past, FACT_FIRMWARE_UNAUDITED, words, "days of the runs in the store");
}

/*
 * Whether the version that is seen now came within 30 days of its release: surely so when it was
 * first seen by then, surely not when the old one was still seen later.
 */
static void
write_pace(const struct past *past)
{
    char words[WORDS];
    char day[3][CLOCK_TEXT];
    int64_t released = 0;
    bool is_exact = false;
    size_t since = current_since(past);
    if (since == 0 || !release_day(past->subject, &released, &is_exact)) {
        return;
    }
    const struct store_sighting old = sighting(past, since - 1);
    const struct store_sighting new = sighting(past, since);
    int64_t until = released + (GRACE + 1) * CLOCK_DAY;
    (void)snprintf(words, sizeof(words),
        "%.100s of %s was first seen %s, and %.100s before it last seen %s", new.version,
        clock_date(released, day[0]), clock_date(new.at, day[1]), old.version,
        clock_date(old.at, day[2]));
    if (version_order(old.version, new.version) >= 0) {
        return;
    }
    if (is_exact && new.at >= released &&new.at < until) {
        write_text(past, FACT_UPDATE_PROMPT, words, "version in each run of the store");
    } else if (old.at >= until) {
        write_text(past, FACT_UPDATE_LATE, words, "version in each run of the store");
    }
}

/* The newest update whose new version came at `after` or later, its old one before `before`. */
static bool
find_change(const struct past *past, int64_t after, int64_t before, struct change *ret_change)
{
    for (size_t i = past->count; i > 0; i--) {
        const struct store_sighting old = sighting(past, i - 1);
        const struct store_sighting new = sighting(past, i);
        if (new.at < after) {
            return false;
        }
        if (old.at < before && version_order(old.version, new.version) < 0) {
            *ret_change = (struct change){old, new};
            return true;
        }
    }
    return false;
}

static bool
is_for(const struct site_maintenance *window, const struct past *past)
{
    if (window->what != NULL && text_equal(window->what, "vms") != past->is_vms) {
        return false;
    }
    for (size_t i = 0; i < window->device_count; i++) {
        if (subject_is_called(past->subject, window->devices[i])) {
            return true;
        }
    }
    return window->device_count == 0;
}

/* The day that has to show: of a rule, the day one period ago. */
static int64_t
due_of(const struct site_maintenance *window, int64_t now)
{
    return window->days == 0 ? window->date : now - (int64_t)window->days * CLOCK_DAY;
}

/* The window of the newest day that is over, else the next one to come; NULL: none is declared. */
static const struct site_maintenance *
pick_window(const struct site *site, const struct past *past)
{
    const struct site_maintenance *best = NULL;
    for (size_t i = 0; i < site->maintenance_count; i++) {
        const struct site_maintenance *window = &site->maintenance[i];
        if (!is_for(window, past)) {
            continue;
        }
        int64_t due = due_of(window, past->now);
        int64_t other = best == NULL ? 0 : due_of(best, past->now);
        bool is_over = due <= past->now;
        bool other_over = other <= past->now;
        if (best == NULL || (is_over && !other_over) ||
            (is_over == other_over && (is_over ? due > other : due < other))) {
            best = window;
        }
    }
    return best;
}

static void
window_words(const struct site_maintenance *window, char *out, size_t size)
{
    char day[CLOCK_TEXT];
    const char *what = window->what == NULL              ? "everything"
                       : text_equal(window->what, "vms") ? "the VMS"
                                                         : "firmware";
    if (window->days != 0) {
        (void)snprintf(out, size, "%s every %s", what, window->every);
    } else {
        (void)snprintf(out, size, "%s on %s", what, clock_date(window->date, day));
    }
}

/* Since when nothing proves the window: its day, or when a rule's period was over. */
static int64_t
unproven_since(const struct site_maintenance *window, const struct past *past)
{
    if (window->days == 0) {
        return window->date;
    }
    size_t since = current_since(past);
    return sighting(past, since).at + (int64_t)window->days * CLOCK_DAY;
}

static uint8_t
weight_of(const struct site_maintenance *window, const struct past *past)
{
    int64_t late = past->now - unproven_since(window, past);
    int64_t weight = WEIGHT_FULL - (late < 0 ? 0 : late / (30 * CLOCK_DAY) * WEIGHT_STEP);
    return (uint8_t)(weight < WEIGHT_LEAST ? WEIGHT_LEAST : weight);
}

static void
write_proven(const struct past *past, const char *window, const struct change *change)
{
    char words[WORDS];
    char day[2][CLOCK_TEXT];
    (void)snprintf(words, sizeof(words), "%s: %.100s, last seen %s, became %.100s, first seen %s",
        window, change->before.version, clock_date(change->before.at, day[0]),
        change->after.version, clock_date(change->after.at, day[1]));
    write_text(past, FACT_MAINTENANCE_PROVEN, words, "version in each run of the store");
}

static void
write_declared(const struct past *past, const struct site_maintenance *window, const char *named)
{
    char words[2 * WORDS];
    char seen[WORDS];
    struct facts *facts = &past->subject->facts;
    uint8_t weight = weight_of(window, past);
    const struct source declared = {WITNESS_DECLARED, weight, NULL};
    if (past->now < unproven_since(window, past)) {
        (void)snprintf(words, sizeof(words), "%s, still to come", named);
        facts_set_text(facts, FACT_MAINTENANCE_DECLARED, words, &declared);
        return;
    }
    seen_words(past, seen);
    (void)snprintf(words, sizeof(words), "%s, weight %u of 100; %s", named, weight, seen);
    facts_set_text(facts, FACT_MAINTENANCE_DECLARED, words, &declared);
    const char *newer =
        facts_text(facts, past->is_vms ? FACT_VMS_OUTDATED : FACT_FIRMWARE_OUTDATED);
    bool was_seen = past->count != 0 && past->rows[0].at < due_of(window, past->now);
    if (newer != NULL && was_seen) {
        (void)snprintf(words, sizeof(words), "%s; %s; newer is %.120s", named, seen, newer);
        write_text(past, FACT_MAINTENANCE_MISSED, words, "version in each run of the store");
    }
}

/* A window counts for nothing until a version that changed proves it. */
static void
write_maintenance(const struct past *past, const struct site *site)
{
    char named[96];
    struct change change;
    const struct site_maintenance *window = site == NULL ? NULL : pick_window(site, past);
    if (window == NULL) {
        return;
    }
    window_words(window, named, sizeof(named));
    int64_t due = due_of(window, past->now);
    int64_t before = window->days == 0 ? due + CLOCK_DAY : past->now;
    if (due <= past->now && find_change(past, due, before, &change)) {
        write_proven(past, named, &change);
    }
    write_declared(past, window, named);
}

void
derive_history(struct subject *subject, const struct store_sightings *sightings,
    const struct site *site, int64_t now)
{
    bool is_vms = facts_get(&subject->facts, FACT_VMS_PRODUCT) != NULL;
    struct past past = {.subject = subject,
        .rows = sightings == NULL ? NULL : sightings->rows,
        .count = sightings == NULL ? 0 : sightings->count,
        .version = facts_get(&subject->facts, is_vms ? FACT_VMS_VERSION : FACT_DEVICE_FIRMWARE),
        .is_vms = is_vms,
        .is_remembered = sightings != NULL,
        .now = now};
    /* A clock that was set back must not make days of the future into a past. */
    while (past.count > 0 && past.rows[past.count - 1].at > now) {
        past.count--;
    }
    if (past.version != NULL && past.is_remembered) {
        write_seen(&past);
        write_audit(&past);
        write_pace(&past);
    }
    if (past.version != NULL) {
        write_maintenance(&past, site);
    }
}

/* What somebody switched off comes back on by itself, mostly with new firmware. */
static void
derive_back(struct subject *subject, struct store *store, const struct store_device_name *name)
{
    const struct fact *on = facts_get(&subject->facts, FACT_CLOUD_ENABLED);
    bool was_off = false;
    if (on == NULL || !facts_is_yes(&subject->facts, FACT_CLOUD_ENABLED) ||
        store_had_fact(store, name, fact_name(FACT_CLOUD_ENABLED), "no", &was_off) != OK ||
        !was_off) {
        return;
    }
    const struct source source = {on->witness, on->confidence,
        evidence_new(&subject->arena, "cloud.enabled in each run of the store",
            "off in an earlier run, on in this one", clock_wall())};
    facts_set_bool(&subject->facts, FACT_CLOUD_BACK, true, &source);
}

void
derive_histories(
    const struct crowd *crowd, struct store *store, const char *site_name, const struct site *site)
{
    for (size_t i = 0; i < crowd->count; i++) {
        CLEANUP(arena_release) struct arena arena;
        struct store_sightings sightings = {NULL, 0};
        char key[SUBJECT_KEY];
        struct subject *subject = crowd->subjects[i];
        const struct store_device_name name = {site_name, subject_key(subject, key)};
        arena_init(&arena, ARENA_LIMIT);
        bool is_known = store != NULL && store_sightings(store, &name, &arena, &sightings) == OK;
        derive_history(subject, is_known ? &sightings : NULL, site, clock_wall());
        if (store != NULL) {
            derive_back(subject, store, &name);
        }
    }
}
