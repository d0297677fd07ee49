/* From bounds to conditions. */
#include "catalog/range.h"

#include "base/text.h"
#include "codec/version.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AXIS OS long-term tracks and where each ends (Axis: AXIS OS portal, tracks). */
static const struct {
    const char *from, *to;
} tracks[] = {
    {"6.50",  "6.60"},
    {"8.40",  "8.50"},
    {"9.80",  "10"  },
    {"10.12", "11"  },
    {"11.11", "12"  },
};

void
range_init(struct range *range)
{
    memset(range, 0, sizeof(*range));
    buf_init(&range->versions, RANGE_LIMIT);
    buf_init(&range->builds, RANGE_LIMIT);
}

void
range_release(struct range *range)
{
    buf_release(&range->versions);
    buf_release(&range->builds);
}

static void
put(struct buf *out, bool sure, const char *lower, const char *upper)
{
    buf_format(out, "%s%s%s%s%s", out->len == 0 ? "" : "; ",
        sure                                   ? ""
        : lower[0] == '\0' && upper[0] == '\0' ? "?"
                                               : "? ",
        lower, lower[0] != '\0' && upper[0] != '\0' ? ", " : "", upper);
}

static size_t
dots(const char *value)
{
    size_t count = 0;
    for (; *value != '\0'; value++) {
        count += *value == '.' ? 1 : 0;
    }
    return count;
}

/* 11.8 is a whole track of releases; 5.7.1 is one. */
static bool
is_short(const char *value)
{
    return dots(value) < 2 && strchr(value, ' ') == NULL &&
           strspn(value, "vV0123456789.") == strlen(value);
}

/* A fix may be a further number behind the bound: 1.0.2.1 beside "up to 1.0.2". */
static bool
may_go_on(const char *value)
{
    return strchr(value, ' ') == NULL && strchr(value, '_') == NULL &&
           strspn(value, "vV0123456789.") == strlen(value);
}

struct words {
    char lower[PROSE_VALUE + 8];
    char upper[PROSE_VALUE + 8];
};

static void
spell(const struct prose_bound *lower, const struct prose_bound *upper, struct words *ret_words)
{
    memset(ret_words, 0, sizeof(*ret_words));
    if (lower != NULL) {
        (void)snprintf(ret_words->lower, sizeof(ret_words->lower), "%s %s",
            lower->kind == PROSE_AFTER ? ">" : ">=", lower->value);
    }
    if (upper != NULL) {
        (void)snprintf(ret_words->upper, sizeof(ret_words->upper), "%s %s",
            upper->kind == PROSE_BEFORE ? "<" : "<=", upper->value);
    }
}

/* "up to 11.8" of AXIS OS means all of 11.8: before 11.9. */
static void
next_release(const struct prose_bound *upper, char out[PROSE_VALUE])
{
    (void)text_copy(out, PROSE_VALUE, upper->value);
    char *dot = strrchr(out, '.');
    if (upper->kind == PROSE_UP_TO && dots(out) == 1) {
        unsigned long minor = strtoul(dot + 1, NULL, 10);
        (void)snprintf(dot + 1, (size_t)(out + PROSE_VALUE - dot - 1), "%lu", minor % 10000 + 1);
    }
}

static void
put_piece(struct buf *out, bool sure, const char *from, const char *to)
{
    char lower[PROSE_VALUE + 8];
    char upper[PROSE_VALUE + 8];
    if (version_compare(from, to) < 0) {
        (void)snprintf(lower, sizeof(lower), ">= %s", from);
        (void)snprintf(upper, sizeof(upper), "< %s", to);
        put(out, sure, lower, upper);
    }
}

/* The range, with those tracks that end below its end only perhaps affected. */
static void
add_tracks(struct range *range, const struct prose_bound *lower, const struct prose_bound *upper)
{
    char end[PROSE_VALUE];
    const char *start = lower == NULL ? "0" : lower->value;
    next_release(upper, end);
    for (size_t i = 0; i < COUNT(tracks); i++) {
        if (version_compare(tracks[i].to, start) <= 0 || version_compare(end, tracks[i].to) <= 0) {
            continue;
        }
        const char *from = version_compare(tracks[i].from, start) < 0 ? start : tracks[i].from;
        put_piece(&range->versions, true, start, from);
        put_piece(&range->versions, false, from, tracks[i].to);
        start = tracks[i].to;
    }
    put_piece(&range->versions, true, start, end);
}

static void
note_least(struct range *range, const struct prose_bound *lower, const struct prose_bound *upper)
{
    if (lower == NULL && upper != NULL && !upper->is_date &&
        (range->least[0] == '\0' || version_compare(upper->value, range->least) < 0)) {
        (void)text_copy(range->least, sizeof(range->least), upper->value);
    }
}

static void
add_exact(struct range *range, const struct prose_bound *bound, bool sure)
{
    char words[PROSE_VALUE + 8];
    if (bound->is_track || (range->has_tracks && is_short(bound->value))) {
        (void)snprintf(words, sizeof(words), "^ %s", bound->value);
        put(&range->versions, sure, words, "");
    } else {
        (void)snprintf(words, sizeof(words), "= %s", bound->value);
        put(&range->versions, sure, words, "");
        if (is_short(bound->value)) {
            (void)snprintf(words, sizeof(words), "^ %s", bound->value);
            put(&range->versions, false, words, "");
        }
    }
    if (range->highest[0] == '\0' || version_compare(bound->value, range->highest) > 0) {
        (void)text_copy(range->highest, sizeof(range->highest), bound->value);
    }
}

/* 10.1 of V10.1a. */
static bool
release_of(const struct prose_bound *upper, struct prose_bound *ret_release)
{
    const char *from = upper->value + ((upper->value[0] | 0x20) == 'v' ? 1 : 0);
    size_t major = strspn(from, "0123456789");
    size_t minor = from[major] == '.' ? strspn(from + major + 1, "0123456789") : 0;
    *ret_release = (struct prose_bound){.kind = PROSE_FROM};
    if (major == 0 || minor == 0) {
        return false;
    }
    (void)snprintf(
        ret_release->value, sizeof(ret_release->value), "%.*s", (int)(major + 1 + minor), from);
    return true;
}

void
range_add(struct range *range, const struct prose_bound *lower, const struct prose_bound *upper,
    bool sure)
{
    struct words words;
    struct prose_bound release;
    char track[PROSE_VALUE + 8];
    if (range->is_release && lower == NULL && upper != NULL && !upper->is_date &&
        release_of(upper, &release)) {
        lower = &release;
    }
    if (lower == NULL && upper == NULL) {
        range->is_all = range->is_all || sure;
        range->is_opaque = range->is_opaque || !sure;
        return;
    }
    bool is_date = (lower != NULL && lower->is_date) || (upper != NULL && upper->is_date);
    if (is_date && lower != NULL && upper != NULL && lower->is_date != upper->is_date) {
        range->is_opaque = true;
        return;
    }
    if (upper != NULL && upper == lower) {
        add_exact(range, upper, sure);
        return;
    }
    if (range->has_tracks && upper != NULL && sure && !is_date) {
        add_tracks(range, lower, upper);
        return;
    }
    spell(lower, upper, &words);
    put(is_date ? &range->builds : &range->versions, sure, words.lower, words.upper);
    if (!is_date && upper != NULL && (upper->kind == PROSE_UP_TO || upper->is_track) &&
        may_go_on(upper->value)) {
        (void)snprintf(track, sizeof(track), "^ %s", upper->value);
        put(&range->versions, sure && upper->is_track && upper->kind == PROSE_UP_TO, track, "");
    }
}

/* "before 1.41.16; before 2.22.00": which one counts is not said, so above the least it is open. */
static bool
is_open(const struct prose *prose, size_t at)
{
    const struct prose_bound *bound = &prose->bounds[at];
    for (size_t i = 0; i < prose->count; i++) {
        const struct prose_bound *other = &prose->bounds[i];
        bool alone = !other->joins && (i + 1 == prose->count || !prose->bounds[i + 1].joins);
        bool upper = other->kind == PROSE_UP_TO || other->kind == PROSE_BEFORE;
        if (i != at && alone && upper && other->is_date == bound->is_date &&
            version_compare(other->value, bound->value) < 0) {
            return true;
        }
    }
    return false;
}

static bool
is_upper(const struct prose_bound *bound)
{
    return bound->kind == PROSE_UP_TO || bound->kind == PROSE_BEFORE;
}

/* One bound by itself. */
static void
add_alone(struct range *range, const struct prose *prose, size_t at)
{
    const struct prose_bound *bound = &prose->bounds[at];
    bool sure = prose->trust == PROSE_CLEAR;
    if (bound->kind == PROSE_EXACT && bound->is_date) {
        range->is_opaque = true;
    } else if (bound->kind == PROSE_EXACT) {
        range_add(range, bound, bound, sure);
    } else if (is_upper(bound)) {
        note_least(range, NULL, bound);
        range_add(range, NULL, bound, sure && !is_open(prose, at));
    } else {
        range_add(range, bound, NULL, sure);
    }
}

void
range_add_prose(struct range *range, const struct prose *prose)
{
    struct prose_bound release;
    bool sure = prose->trust == PROSE_CLEAR;
    if (range->is_release && prose->trust == PROSE_OPAQUE && prose->count == 1 &&
        is_upper(&prose->bounds[0]) && release_of(&prose->bounds[0], &release)) {
        char track[PROSE_VALUE + 8];
        (void)snprintf(track, sizeof(track), "^ %s", release.value);
        put(&range->versions, false, track, ""); /* "< 22.1 HotfixRev7": of 22.1, some are fixed */
        return;
    }
    if (prose->is_empty || prose->trust == PROSE_OPAQUE || (prose->is_all && !sure)) {
        range->is_opaque = true;
        return;
    }
    if (prose->is_all) {
        range->is_all = true;
        return;
    }
    for (size_t i = 0; i < prose->count; i++) {
        const struct prose_bound *bound = &prose->bounds[i];
        const struct prose_bound *next = i + 1 < prose->count ? bound + 1 : NULL;
        if (next != NULL && next->joins) {
            range_add(range, is_upper(bound) ? next : bound, is_upper(bound) ? bound : next, sure);
            i++;
        } else {
            add_alone(range, prose, i);
        }
    }
}

void
range_finish(struct range *range)
{
    char words[PROSE_VALUE + 8];
    if (range->older_too && range->highest[0] != '\0') {
        (void)snprintf(words, sizeof(words), "< %s", range->highest);
        put(&range->versions, false, words, "");
    }
    bool both = range->versions.len != 0 && range->builds.len != 0;
    if (range->is_all && !range->is_opaque) {
        buf_clear(&range->versions);
        buf_clear(&range->builds);
    } else if (range->is_opaque || both || buf_error(&range->versions) != OK ||
               buf_error(&range->builds) != OK ||
               (range->versions.len == 0 && range->builds.len == 0)) {
        range->is_opaque = true;
        if (both || range->builds.len != 0) {
            buf_clear(&range->builds);
            buf_clear(&range->versions);
        }
        put(&range->versions, false, "", "");
    }
}
