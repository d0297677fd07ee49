/* CVE JSON 5 records: the CNA's container, and those that others added. */
#include "catalog/import.h"

#include "base/text.h"
#include "catalog/product_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CVE record format 5.1: containers.cna.affected[].versions[]. */
struct container {
    const json_t *json;
    const char *description;
    char maker[PRODUCT_MAKER]; /* who gave the number out, when that is a maker */
    char part[80];
};

static bool
is_one(const json_t *document)
{
    return text_equal(import_text(document, "dataType"), "CVE_RECORD") ||
           (json_object_get(document, "cveMetadata") != NULL &&
               json_object_get(document, "containers") != NULL);
}

static bool
is_mine(const json_t *document)
{
    return is_one(document) || (json_is_array(document) && json_array_size(document) != 0 &&
                                   is_one(json_array_get(document, 0)));
}

static const char *
english(const json_t *list)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (text_starts_nocase(import_text(entry, "lang"), "en")) {
            return import_text(entry, "value");
        }
    }
    return import_text(json_array_get(list, 0), "value");
}

static const char *
score_severity(double score)
{
    return score >= 9 ? "critical" : score >= 7 ? "high" : score >= 4 ? "medium" : "low";
}

static const char *
severity_of(const json_t *container)
{
    static const char *const forms[] = {"cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"};
    size_t i;
    const json_t *metric;
    for (size_t form = 0; form < COUNT(forms); form++) {
        json_array_foreach(json_object_get(container, "metrics"), i, metric)
        {
            const json_t *cvss = json_object_get(metric, forms[form]);
            const char *words = import_severity(import_text(cvss, "baseSeverity"));
            const json_t *score = json_object_get(cvss, "baseScore");
            if (words != NULL || json_is_number(score)) {
                return words != NULL ? words : score_severity(json_number_value(score));
            }
        }
    }
    return NULL;
}

/* The day that CISA's container says the flaw came onto the list of exploited ones. */
static const char *
exploited_of(const json_t *container)
{
    size_t i;
    const json_t *metric;
    json_array_foreach(json_object_get(container, "metrics"), i, metric)
    {
        const json_t *other = json_object_get(metric, "other");
        const char *day = import_text(json_object_get(other, "content"), "dateAdded");
        if (text_equal(import_text(other, "type"), "kev") && strlen(day) == 10) {
            return day;
        }
    }
    return NULL;
}

/* What one list of versions says, for "affected" or for "unaffected". */
struct reading {
    struct range *range;
    const struct product *product;
    const char *status;
    const char *whole; /* what versions are that no entry names */
    const char *name;  /* of the product, as the record has it */
    const char *description;
    char rule[IMPORT_RULE];
    char fixed[PROSE_VALUE];
    size_t entries, commits;
};

static void
quote(struct reading *reading, const json_t *entry)
{
    const char *less = import_text(entry, "lessThan");
    const char *most = import_text(entry, "lessThanOrEqual");
    size_t len = strlen(reading->rule);
    if (len > sizeof(reading->rule) - 20) {
        return;
    }
    (void)snprintf(reading->rule + len, sizeof(reading->rule) - len, "%s%.150s%s%.60s",
        len == 0 ? "" : "; ", import_text(entry, "version"),
        less[0] != '\0'   ? ", less than "
        : most[0] != '\0' ? ", up to "
                          : "",
        less[0] != '\0' ? less : most);
}

/* What is older than the bound may be affected as well. */
static void
add_older(struct reading *reading, const struct prose_bound *bound, bool applies)
{
    struct prose_bound older = *bound;
    older.kind = PROSE_BEFORE;
    if (applies) {
        range_add(reading->range, NULL, &older, false);
    }
}

static void
read_bounds(struct reading *reading, const json_t *entry)
{
    struct prose_bound lower, upper;
    const char *less = import_text(entry, "lessThan");
    const char *most = import_text(entry, "lessThanOrEqual");
    bool before = less[0] != '\0';
    const char *end = before ? less : most;
    int from = import_bound(reading->product, import_text(entry, "version"), PROSE_FROM, &lower);
    int to = import_bound(reading->product, end, before ? PROSE_BEFORE : PROSE_UP_TO, &upper);
    bool open_end = text_equal_nocase(end, "unspecified") || text_equal_nocase(end, "n/a");
    if (from < 0 || to < 0 || (open_end && from <= 0)) {
        reading->range->is_opaque = true;
        return;
    }
    if (to > 0 && before) {
        (void)text_copy(reading->fixed, sizeof(reading->fixed), upper.value);
    }
    if (from > 0 && to > 0 && text_equal(lower.value, upper.value)) {
        /* The old form's "<" became a range that begins where it ends. */
        from = before ? 0 : from;
        add_older(reading, &upper, !before);
    } else if (from > 0 && text_equal_nocase(reading->whole, "affected")) {
        add_older(reading, &lower, true);
    }
    range_add(reading->range, from > 0 ? &lower : NULL, to > 0 ? &upper : NULL, !open_end);
}

/* "NVR4XXX Versions which Build time before 2023/12/13": the name says nothing of the version. */
static const char *
without_name(const char *name, const char *version)
{
    version += strspn(version, " ");
    return strlen(name) >= 3 && text_starts_nocase(version, name) ? version + strlen(name)
                                                                  : version;
}

/* VulDB writes "X up to 1.2.3" and lists 1.2.3 alone. */
static bool
is_up_to(const char *description, const char *version)
{
    char words[PROSE_VALUE];
    int len = snprintf(words, sizeof(words), " up to %s", version);
    const char *found = len < (int)sizeof(words) && version[0] != '\0'
                            ? text_find_nocase(description, strlen(description), words)
                            : NULL;
    return found != NULL && strchr(" .,;/", found[len]) != NULL;
}

/* One stretch of a range whose status changes inside; NULL: it has no end. */
static void
add_stretch(struct reading *reading, const json_t *entry, const char *from, const char *to)
{
    json_t *stretch = json_pack("{s:s}", "version", from);
    const char *member =
        to != NULL || json_object_get(entry, "lessThan") != NULL ? "lessThan" : "lessThanOrEqual";
    const char *end = to != NULL ? to : import_text(entry, member);
    (void)json_object_set_new(stretch, member, json_string(end[0] == '\0' ? "*" : end));
    read_bounds(reading, stretch);
    json_decref(stretch);
}

/* CVE record format: "changes" are in order, each the version at which the status changes. */
static void
read_changes(struct reading *reading, const json_t *entry)
{
    size_t i;
    const json_t *change;
    const char *from = import_text(entry, "version"); /* NULL: of another status from here on */
    json_array_foreach(json_object_get(entry, "changes"), i, change)
    {
        const char *at = import_text(change, "at");
        bool same = text_equal_nocase(import_text(change, "status"), reading->status);
        if (at[0] == '\0') {
            reading->range->is_opaque = true;
        } else if (from != NULL && !same) {
            add_stretch(reading, entry, from, at);
            from = NULL;
        } else if (from == NULL && same) {
            from = at;
        }
    }
    if (from != NULL) {
        add_stretch(reading, entry, from, NULL);
    }
}

/* A revision of the source, which no device tells. */
static bool
is_commit(const json_t *entry)
{
    const char *version = import_text(entry, "version");
    size_t len = strlen(version);
    return text_equal_nocase(import_text(entry, "versionType"), "git") ||
           (len == 40 && strspn(version, "0123456789abcdefABCDEF") == len);
}

static void
read_entry(struct reading *reading, const json_t *entry)
{
    const char *less = import_text(entry, "lessThan");
    const char *most = import_text(entry, "lessThanOrEqual");
    const char *version = import_text(entry, "version");
    quote(reading, entry);
    if (is_commit(entry)) {
        reading->commits++;
        return;
    }
    reading->entries++;
    if (json_array_size(json_object_get(entry, "changes")) != 0) {
        read_changes(reading, entry);
    } else if (less[0] != '\0' || most[0] != '\0') {
        read_bounds(reading, entry);
    } else if (text_equal(version, "0") || text_equal(version, "-")) {
        reading->range->is_opaque = true;
    } else {
        char words[2 * PROSE_VALUE];
        bool up_to = is_up_to(reading->description, version);
        (void)snprintf(words, sizeof(words), "<= %.100s", version);
        import_words(
            reading->range, reading->product, up_to ? words : without_name(reading->name, version));
    }
}

static void
read_versions(struct reading *reading, const json_t *affected)
{
    size_t i;
    const json_t *entry;
    const char *whole = import_text(affected, "defaultStatus");
    reading->whole = whole;
    json_array_foreach(json_object_get(affected, "versions"), i, entry)
    {
        const char *status = import_text(entry, "status");
        if (text_equal_nocase(status[0] == '\0' ? "affected" : status, reading->status)) {
            read_entry(reading, entry);
        }
    }
    bool affects = text_equal(reading->status, "affected");
    if (affects && reading->entries == 0 && reading->commits != 0) {
        import_sentence(reading->range, reading->description);
        reading->entries++;
    }
    if (affects && text_equal(whole, "affected")) {
        /* All but what is listed otherwise; what stands in the list narrows it in prose only. */
        reading->range->is_all = reading->entries == 0;
        reading->range->is_opaque = reading->entries != 0 && reading->range->is_opaque;
        reading->entries++;
    } else if (affects && reading->entries == 0 &&
               json_array_size(json_object_get(affected, "versions")) == 0) {
        reading->range->is_opaque = true;
        reading->entries++;
    }
    reading->range->older_too = affects && !text_equal(whole, "unaffected");
}

/* "IPC", and the models in the place of the only version. */
static bool
add_lists(struct import *import, struct import_record *record, const struct container *container,
    const json_t *affected, const struct product *product)
{
    const json_t *versions = json_object_get(affected, "versions");
    const char *words = import_text(json_array_get(versions, 0), "version");
    CLEANUP(buf_release) struct buf clean;
    buf_init(&clean, (size_t)64 * 1024);
    prose_clean(words, &clean);
    const struct import_row row = {.part = container->part, .rule = words};
    return json_array_size(versions) == 1 && text_equal(product->models, "? *") && clean.len != 0 &&
           import_segments(import, record, &row, product->maker, clean.data);
}

/*
 * Platforms that are no computers' narrow the models: by name (BC500), or in a way that no device
 * tells (ARTPEC 8).
 */
static void
name_platforms(const json_t *affected, struct product *product)
{
    static const char *const systems[] = {"windows", "linux", "macos", "android", "ios", "x86",
        "x64", "arm", "64 bit", "32 bit", "docker", "ubuntu", "debian", "unix", "all", "n/a"};
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(affected, "platforms"), i, entry)
    {
        const char *platform = json_string_value(entry);
        bool is_system = text_is_empty(platform);
        for (size_t s = 0; s < COUNT(systems) && !is_system; s++) {
            is_system = text_starts_nocase(platform, systems[s]);
        }
        if (!is_system) {
            product_narrow(product, platform);
        }
    }
}

static void
add_status(struct import *import, struct import_record *record, const struct container *container,
    const json_t *affected, const char *status)
{
    struct range range;
    struct product product;
    const char *package = import_text(affected, "packageName");
    const char *name = import_text(affected, "product");
    char both[4400];
    (void)snprintf(both, sizeof(both), "%.2100s%s%.2100s", name, package[0] == '\0' ? "" : " ",
        text_equal_nocase(package, name) ? "" : package);
    product_read(import_text(affected, "vendor"), both, &product);
    if (product.maker[0] == '\0') {
        (void)text_copy(product.maker, sizeof(product.maker), container->maker);
    }
    struct reading reading = {.range = &range,
        .product = &product,
        .status = status,
        .name = name,
        .description = container->description};
    if (text_equal(status, "affected") &&
        add_lists(import, record, container, affected, &product)) {
        return;
    }
    name_platforms(affected, &product);
    bool packaged = package[0] != '\0' && !text_equal_nocase(package, name);
    range_init(&range);
    range.has_tracks = product.has_tracks;
    range.is_release = product.is_release;
    read_versions(&reading, affected);
    if (packaged) { /* versions of a part, which no device tells */
        range_release(&range);
        range_init(&range);
        range.is_opaque = true;
    }
    if (reading.entries != 0) {
        range_finish(&range);
        const struct import_row row = {.part = container->part,
            .rule = reading.rule,
            .fixed = reading.fixed,
            .is_clear = text_equal(status, "unaffected")};
        import_add(import, record, &row, &product, &range);
    }
    range_release(&range);
}

static bool
is_nothing(const char *text)
{
    return text[0] == '\0' || text_equal_nocase(text, "n/a") || text_equal(text, "-");
}

/* Whether any entry names something. */
static bool
says_something(const json_t *container)
{
    size_t i;
    const json_t *affected;
    json_array_foreach(json_object_get(container, "affected"), i, affected)
    {
        if (!is_nothing(import_text(affected, "vendor")) ||
            !is_nothing(import_text(affected, "product"))) {
            return true;
        }
    }
    return false;
}

static void
read_container(
    struct import *import, struct import_record *record, const struct container *container)
{
    size_t i;
    const json_t *affected;
    json_array_foreach(json_object_get(container->json, "affected"), i, affected)
    {
        if (is_nothing(import_text(affected, "vendor")) &&
            is_nothing(import_text(affected, "product"))) {
            continue;
        }
        add_status(import, record, container, affected, "affected");
        add_status(import, record, container, affected, "unaffected");
    }
}

/* Whom the record means though it doesn't say so: others' entries, or its references. */
static void
maker_of(const json_t *adp, const json_t *references, char out[PRODUCT_MAKER])
{
    size_t i;
    const json_t *container;
    out[0] = '\0';
    json_array_foreach(adp, i, container)
    {
        struct product product;
        const json_t *first = json_array_get(json_object_get(container, "affected"), 0);
        product_read(import_text(first, "vendor"), import_text(first, "product"), &product);
        if (first != NULL && product.maker[0] != '\0') {
            (void)text_copy(out, PRODUCT_MAKER, product.maker);
            return;
        }
    }
    json_array_foreach(references, i, container)
    {
        if (product_maker_in_address(import_text(container, "url"), out)) {
            return;
        }
    }
}

static void
describe(struct import_record *record, const json_t *containers)
{
    size_t i;
    const json_t *adp;
    const json_t *cna = json_object_get(containers, "cna");
    const char *title = import_text(cna, "title");
    record->severity = severity_of(cna);
    record->exploited = exploited_of(cna);
    json_array_foreach(json_object_get(containers, "adp"), i, adp)
    {
        record->severity = record->severity == NULL ? severity_of(adp) : record->severity;
        record->exploited = record->exploited == NULL ? exploited_of(adp) : record->exploited;
    }
    title = title[0] == '\0' ? english(json_object_get(cna, "descriptions")) : title;
    text_clean(record->effect, sizeof(record->effect), title, strlen(title));
}

static void
read_one(struct import *import, const json_t *document)
{
    size_t i;
    const json_t *adp;
    const json_t *metadata = json_object_get(document, "cveMetadata");
    const json_t *containers = json_object_get(document, "containers");
    struct import_record record = {.id = import_text(metadata, "cveId"), .source = "CVE record"};
    struct container cna = {.json = json_object_get(containers, "cna"), .part = "cna"};
    (void)product_maker_find(import_text(metadata, "assignerShortName"), cna.maker);
    cna.description = english(json_object_get(cna.json, "descriptions"));
    if (!import_is_cve(record.id)) {
        import_refuse(import, "a record", "it has no CVE number");
        return;
    }
    if (text_equal(import_text(metadata, "state"), "REJECTED")) {
        import_refuse(import, record.id, "it was rejected by those who gave it out");
        return;
    }
    describe(&record, containers);
    if (says_something(cna.json)) {
        read_container(import, &record, &cna);
    } else {
        char maker[PRODUCT_MAKER];
        maker_of(
            json_object_get(containers, "adp"), json_object_get(cna.json, "references"), maker);
        import_description(
            import, &record, cna.description, cna.maker[0] != '\0' ? cna.maker : maker);
    }
    json_array_foreach(json_object_get(containers, "adp"), i, adp)
    {
        struct container added = {.json = adp, .description = ""};
        const char *name = import_text(json_object_get(adp, "providerMetadata"), "shortName");
        (void)snprintf(added.part, sizeof(added.part), "adp %.60s", name);
        read_container(import, &record, &added);
    }
    import_end(import, &record, "neither its entries nor its words name a maker or product");
}

static void
read(struct import *import, const json_t *document)
{
    size_t i;
    const json_t *record;
    if (!json_is_array(document)) {
        read_one(import, document);
        return;
    }
    json_array_foreach(document, i, record)
    {
        read_one(import, record);
    }
}

const struct import_format import_cve = {
    .title = "CVE JSON 5",
    .is_mine = is_mine,
    .read = read,
};
