/* Reads, checks and keeps the catalogue in force. */
#include "catalog/catalog.h"

#include "base/clock.h"
#include "base/reader.h"
#include "base/text.h"
#include "catalog_rows.h"
#include "catalog_seal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define VERSION    1
#define LINE_LIMIT ((size_t)64 * 1024)

struct parse {
    struct catalog *catalog;
    struct advisory *rows;
    struct release *releases;
    struct release *ends;
    struct exploited *exploited;
    size_t line;
    struct note *note;
};

/* Members of a row of each kind; what may be left out is "". */
struct member {
    const char *name;
    size_t offset;
    bool needed;
};

#define MEMBER(kind, name, needed)                                                                 \
    {                                                                                              \
#name, offsetof(struct kind, name), needed                                                 \
    }

static const struct member advisory_members[] = {
    MEMBER(advisory, id, true),
    MEMBER(advisory, maker, true),
    MEMBER(advisory, models, true),
    MEMBER(advisory, versions, false),
    MEMBER(advisory, builds, false),
    MEMBER(advisory, severity, true),
    MEMBER(advisory, exploited, false),
    MEMBER(advisory, effect, true),
    MEMBER(advisory, fixed, true),
    MEMBER(advisory, source, true),
    MEMBER(advisory, part, false),
    MEMBER(advisory, rule, false),
    MEMBER(advisory, clear, false),
};

static const struct member release_members[] = {
    {"release", offsetof(struct release, product), true},
    MEMBER(release, models, false),
    MEMBER(release, versions, false),
    MEMBER(release, version, true),
    MEMBER(release, released, true),
    MEMBER(release, newest, false),
    MEMBER(release, exact, false),
    MEMBER(release, source, true),
};

static const struct member end_members[] = {
    {"ended", offsetof(struct release, product),  true },
    MEMBER(release, models, false),
    MEMBER(release, versions, false),
    {"words", offsetof(struct release, version),  true },
    {"since", offsetof(struct release, released), false},
    MEMBER(release, newest, false),
    MEMBER(release, exact, false),
    MEMBER(release, source, true),
};

static const struct member exploited_members[] = {
    {"kev", offsetof(struct exploited, id), true},
    MEMBER(exploited, since, true),
};

static enum err
refuse(struct parse *parse, enum err err, const char *what)
{
    note_set(parse->note, "catalogue, line %zu: %s", parse->line, what);
    return err;
}

static enum err
fill(struct parse *parse, const json_t *row, const struct member *members, size_t count, void *out)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(row, members[i].name);
        const char *text = json_string_value(value);
        if ((value != NULL && text == NULL) || (members[i].needed && text_is_empty(text))) {
            return refuse(parse, ERR_VALUE, members[i].name);
        }
        text = text == NULL ? "" : arena_copy(&parse->catalog->arena, text);
        if (text == NULL) {
            return ERR_MEMORY;
        }
        memcpy((char *)out + members[i].offset, &text, sizeof(text));
    }
    return OK;
}

static bool
is_day_or_empty(const char *text)
{
    int64_t day = 0;
    return text[0] == '\0' || (strlen(text) == 10 && clock_parse(text, &day) == OK);
}

static bool
is_severity(const char *text)
{
    static const char *const known[] = {"critical", "high", "medium", "low", "none", "unknown"};
    size_t i = 0;
    while (i < COUNT(known) && !text_equal(known[i], text)) {
        i++;
    }
    return i < COUNT(known);
}

static bool
is_pattern_list(const char *list)
{
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        if (len >= CONDITION_PART) {
            return false;
        }
        list += len;
        list += *list == ',' ? 1 : 0;
    }
    return true;
}

static enum err
read_advisory(struct parse *parse, const json_t *row)
{
    struct advisory *out = &parse->rows[parse->catalog->count];
    enum err err = fill(parse, row, advisory_members, COUNT(advisory_members), out);
    if (err != OK) {
        return err;
    }
    if (!condition_is_valid(out->versions, false)) {
        return refuse(parse, ERR_VALUE, "versions is no condition that can be judged");
    }
    if (!condition_is_valid(out->builds, true)) {
        return refuse(parse, ERR_VALUE, "builds is no condition that can be judged");
    }
    if (!is_pattern_list(out->models) || !is_severity(out->severity) ||
        !is_day_or_empty(out->exploited)) {
        return refuse(parse, ERR_VALUE, "models, severity or exploited");
    }
    parse->catalog->count++;
    return OK;
}

/* For which models and versions; of versions one alternative, so that it can be narrowed. */
static enum err
check_series(struct parse *parse, const struct release *row)
{
    if (!is_pattern_list(row->models) || !condition_is_valid(row->versions, false)) {
        return refuse(parse, ERR_VALUE, "models or versions is no condition that can be judged");
    }
    return OK;
}

static enum err
read_release(struct parse *parse, const json_t *row)
{
    struct release *out = &parse->releases[parse->catalog->release_count];
    enum err err = fill(parse, row, release_members, COUNT(release_members), out);
    if (err == OK && (!is_day_or_empty(out->released) || out->released[0] == '\0')) {
        err = refuse(parse, ERR_VALUE, "released is no day");
    }
    if (err == OK &&
        (strlen(out->versions) > 80 || strlen(out->version) > 80 ||
            strpbrk(out->versions, ";?") != NULL || strpbrk(out->version, ";?,") != NULL)) {
        err = refuse(parse, ERR_VALUE, "versions of a release is one alternative");
    }
    if (err == OK) {
        err = check_series(parse, out);
    }
    parse->catalog->release_count += err == OK ? 1 : 0;
    return err;
}

static enum err
read_end(struct parse *parse, const json_t *row)
{
    struct release *out = &parse->ends[parse->catalog->end_count];
    enum err err = fill(parse, row, end_members, COUNT(end_members), out);
    if (err == OK && !is_day_or_empty(out->released)) {
        err = refuse(parse, ERR_VALUE, "since is no day");
    }
    if (err == OK) {
        err = check_series(parse, out);
    }
    parse->catalog->end_count += err == OK ? 1 : 0;
    return err;
}

static enum err
read_exploited(struct parse *parse, const json_t *row)
{
    struct exploited *out = &parse->exploited[parse->catalog->exploited_count];
    enum err err = fill(parse, row, exploited_members, COUNT(exploited_members), out);
    if (err == OK && !is_day_or_empty(out->since)) {
        err = refuse(parse, ERR_VALUE, "since is no day");
    }
    parse->catalog->exploited_count += err == OK ? 1 : 0;
    return err;
}

static enum err
read_header(struct parse *parse, const json_t *row)
{
    static const struct member members[] = {
        MEMBER(catalog, name, true),
        MEMBER(catalog, date, true),
    };
    if (json_integer_value(json_object_get(row, "catalog")) != VERSION) {
        return refuse(parse, ERR_UNSUPPORTED, "no catalogue of a version that is known here");
    }
    enum err err = fill(parse, row, members, COUNT(members), parse->catalog);
    if (err == OK && !is_day_or_empty(parse->catalog->date)) {
        err = refuse(parse, ERR_VALUE, "date is no day");
    }
    return err;
}

static enum err
read_line(struct parse *parse, const char *line, size_t len)
{
    json_t *row = len > LINE_LIMIT ? NULL : json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    enum err err = OK;
    if (!json_is_object(row)) {
        err = refuse(parse, ERR_SYNTAX, "no JSON object");
    } else if (parse->line == 1) {
        err = read_header(parse, row);
    } else if (json_object_get(row, "id") != NULL) {
        err = read_advisory(parse, row);
    } else if (json_object_get(row, "release") != NULL) {
        err = read_release(parse, row);
    } else if (json_object_get(row, "ended") != NULL) {
        err = read_end(parse, row);
    } else if (json_object_get(row, "kev") != NULL) {
        err = read_exploited(parse, row);
    }
    json_decref(row);
    return err;
}

static size_t
count_lines(const char *bytes, size_t len)
{
    size_t lines = 1;
    for (size_t i = 0; i < len; i++) {
        lines += bytes[i] == '\n' ? 1 : 0;
    }
    return lines;
}

static enum err
read_lines(struct parse *parse, const char *bytes, size_t len)
{
    struct reader reader;
    const char *line = NULL;
    size_t line_len = 0;
    enum err err = OK;
    reader_init(&reader, bytes, len);
    while (err == OK && reader_line(&reader, &line, &line_len)) {
        parse->line++;
        err = read_line(parse, line, line_len);
    }
    if (err == OK && parse->line == 0) {
        parse->line = 1;
        err = refuse(parse, ERR_SYNTAX, "the file is empty");
    }
    return err;
}

static int
compare_ids(const void *a, const void *b)
{
    const struct exploited *x = a;
    const struct exploited *y = b;
    return strcmp(x->id, y->id);
}

/* The list of exploited flaws speaks for every row of the same number. */
static void
flag_exploited(struct parse *parse)
{
    size_t count = parse->catalog->exploited_count;
    qsort(parse->exploited, count, sizeof(*parse->exploited), compare_ids);
    for (size_t i = 0; i < parse->catalog->count && count != 0; i++) {
        const struct exploited wanted = {.id = parse->rows[i].id};
        const struct exploited *found =
            bsearch(&wanted, parse->exploited, count, sizeof(wanted), compare_ids);
        if (found != NULL && parse->rows[i].exploited[0] == '\0') {
            parse->rows[i].exploited = found->since;
        }
    }
}

static int
compare_rows(const void *a, const void *b)
{
    const struct advisory *x = *(const struct advisory *const *)a;
    const struct advisory *y = *(const struct advisory *const *)b;
    int order = strcasecmp(x->maker, y->maker);
    order = order != 0 ? order : strcasecmp(x->id, y->id);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static bool
sort_rows(struct catalog *catalog)
{
    size_t size = (catalog->count + 1) * sizeof(*catalog->sorted);
    catalog->sorted = arena_alloc(&catalog->arena, size);
    for (size_t i = 0; catalog->sorted != NULL && i < catalog->count; i++) {
        catalog->sorted[i] = &catalog->rows[i];
    }
    if (catalog->sorted != NULL) {
        qsort(catalog->sorted, catalog->count, sizeof(*catalog->sorted), compare_rows);
    }
    return catalog->sorted != NULL;
}

/* The first sorted row that is not before the maker, or behind it. */
static size_t
find_edge(const struct catalog *catalog, const char *maker, bool behind)
{
    size_t low = 0, high = catalog->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcasecmp(catalog->sorted[middle]->maker, maker);
        if (order < 0 || (behind && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct advisory *const *
catalog_rows_of(const struct catalog *catalog, const char *maker, size_t *ret_count)
{
    *ret_count = 0;
    if (maker == NULL || catalog->count == 0) {
        return NULL;
    }
    size_t first = find_edge(catalog, maker, false);
    *ret_count = find_edge(catalog, maker, true) - first;
    return catalog->sorted + first;
}

enum err
catalog_parse(const char *bytes, size_t len, struct catalog **ret_catalog, struct note *note)
{
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    if (catalog == NULL || len > CATALOG_LIMIT) {
        free(catalog);
        return ERR_LIMIT;
    }
    size_t lines = count_lines(bytes, len);
    arena_init(&catalog->arena, 16 * len + lines * 800 + 65536);
    catalog->signer = "";
    struct parse parse = {.catalog = catalog,
        .rows = arena_alloc(&catalog->arena, lines * sizeof(struct advisory)),
        .releases = arena_alloc(&catalog->arena, lines * sizeof(struct release)),
        .ends = arena_alloc(&catalog->arena, lines * sizeof(struct release)),
        .exploited = arena_alloc(&catalog->arena, lines * sizeof(struct exploited)),
        .note = note};
    enum err err = ERR_MEMORY;
    if (parse.rows != NULL && parse.releases != NULL && parse.ends != NULL &&
        parse.exploited != NULL) {
        err = read_lines(&parse, bytes, len);
        flag_exploited(&parse);
    }
    catalog->rows = parse.rows;
    catalog->releases = parse.releases;
    catalog->ends = parse.ends;
    if (err == OK && !sort_rows(catalog)) {
        err = ERR_MEMORY;
    }
    if (err != OK) {
        catalog_free(catalog);
        return err;
    }
    *ret_catalog = catalog;
    return OK;
}

void
catalog_free(struct catalog *catalog)
{
    if (catalog != NULL) {
        arena_release(&catalog->arena);
        free(catalog);
    }
}

enum err
catalog_embedded_text(struct buf *ret_text, const char **ret_signer, struct note *note)
{
    const struct seal_ring ring = {seal_keys, seal_key_count};
    buf_add(ret_text, catalog_rows, sizeof(catalog_rows));
    enum err err = buf_error(ret_text);
    return err != OK ? err : seal_verify(ret_text, catalog_seal, &ring, ret_signer, note);
}

enum err
catalog_embedded(struct catalog **ret_catalog, struct note *note)
{
    const char *signer = NULL;
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, CATALOG_LIMIT);
    enum err err = catalog_embedded_text(&text, &signer, note);
    if (err == OK) {
        err = catalog_parse(text.data, text.len, ret_catalog, note);
    }
    if (err == OK) {
        (*ret_catalog)->signer = signer;
    }
    return err;
}

static struct catalog *in_force;
static bool is_loaded;
static const struct catalog none = {.name = "", .date = "", .signer = ""};

static void
release_at_exit(void)
{
    catalog_use(NULL);
}

const struct catalog *
catalog_current(void)
{
    if (!is_loaded) {
        struct note note;
        static bool is_registered;
        if (!is_registered) {
            is_registered = atexit(release_at_exit) == 0;
        }
        if (catalog_embedded(&in_force, &note) != OK) {
            in_force = NULL;
        }
        is_loaded = true;
    }
    return in_force == NULL ? &none : in_force;
}

void
catalog_use(struct catalog *catalog)
{
    catalog_free(in_force);
    in_force = catalog;
    is_loaded = catalog != NULL;
}
