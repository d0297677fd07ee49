/* NVD API 2.0: configurations of CPE matches with version bounds. */
#include "catalog/import.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CPE_FIELDS 13
#define CPE_FIELD  160

static bool
is_mine(const json_t *document)
{
    const json_t *first = json_array_get(json_object_get(document, "vulnerabilities"), 0);
    return text_equal(import_text(document, "format"), "NVD_CVE") ||
           json_is_object(json_object_get(first, "cve")) ||
           (json_object_get(document, "id") != NULL &&
               json_object_get(document, "configurations") != NULL);
}

/* cpe:2.3:part:vendor:product:version:update:…, colons inside a field are escaped. */
struct cpe {
    char field[CPE_FIELDS][CPE_FIELD];
};

static bool
cpe_read(const char *text, struct cpe *ret_cpe)
{
    size_t field = 0, len = 0;
    memset(ret_cpe, 0, sizeof(*ret_cpe));
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == ':') {
            len = 0;
            if (++field == CPE_FIELDS) {
                return false;
            }
            continue;
        }
        at += at[0] == '\\' && at[1] != '\0' ? 1 : 0;
        if (len == CPE_FIELD - 1) {
            return false;
        }
        ret_cpe->field[field][len++] = *at;
    }
    return field >= 5 && text_equal(ret_cpe->field[0], "cpe");
}

static bool
is_wild(const char *text)
{
    return text[0] == '\0' || text_equal(text, "*");
}

/* One end of the range; false when it is there but can't be read. */
static bool
read_end(const struct product *product, const json_t *match, bool upper,
    struct prose_bound *ret_bound, bool *ret_has)
{
    static const char *const names[2][2] = {
        {"versionStartIncluding", "versionStartExcluding"},
        {"versionEndIncluding",   "versionEndExcluding"  },
    };
    static const enum prose_kind kinds[2][2] = {
        {PROSE_FROM,  PROSE_AFTER },
        {PROSE_UP_TO, PROSE_BEFORE},
    };
    *ret_has = false;
    for (size_t i = 0; i < 2; i++) {
        const char *text = import_text(match, names[upper][i]);
        if (text[0] != '\0') {
            int got = import_bound(product, text, kinds[upper][i], ret_bound);
            *ret_has = got > 0;
            return got >= 0;
        }
    }
    return true;
}

static void
read_range(
    const struct cpe *cpe, const json_t *match, const struct product *product, struct range *range)
{
    struct prose_bound lower, upper;
    bool has_lower = false, has_upper = false;
    if (!read_end(product, match, false, &lower, &has_lower) ||
        !read_end(product, match, true, &upper, &has_upper)) {
        range->is_opaque = true;
    } else if (has_lower || has_upper) {
        range_add(range, has_lower ? &lower : NULL, has_upper ? &upper : NULL, true);
    } else if (is_wild(cpe->field[5])) {
        range->is_all = true;
    } else if (text_equal(cpe->field[5], "-")) {
        range->is_opaque = true;
    } else {
        char version[2 * CPE_FIELD + 1];
        bool update = !is_wild(cpe->field[6]) && !text_equal(cpe->field[6], "-");
        (void)snprintf(version, sizeof(version), "%s%s%s", cpe->field[5], update ? "-" : "",
            update ? cpe->field[6] : "");
        import_words(range, product, version);
    }
}

static void
read_match(struct import *import, struct import_record *record, const json_t *match, bool negated)
{
    struct cpe cpe;
    struct range range;
    struct product product;
    char rule[IMPORT_RULE];
    const char *criteria = import_text(match, "criteria");
    if (!json_is_true(json_object_get(match, "vulnerable")) || !cpe_read(criteria, &cpe)) {
        return;
    }
    product_read(cpe.field[3], cpe.field[4], &product);
    range_init(&range);
    range.has_tracks = product.has_tracks;
    read_range(&cpe, match, &product, &range);
    range.is_opaque = range.is_opaque || negated;
    range_finish(&range);
    const char *fixed = import_text(match, "versionEndExcluding");
    const char *last = import_text(match, "versionEndIncluding");
    (void)snprintf(rule, sizeof(rule), "%.120s%s%.50s%s%.50s", criteria,
        fixed[0] != '\0' ? ", before " : "", fixed, last[0] != '\0' ? ", up to " : "", last);
    const struct import_row row = {.part = "nvd", .rule = rule, .fixed = fixed};
    import_add(import, record, &row, &product, &range);
    range_release(&range);
}

static void
read_configuration(struct import *import, struct import_record *record, const json_t *configuration)
{
    size_t i, j;
    const json_t *node, *match;
    bool whole = json_is_true(json_object_get(configuration, "negate"));
    json_array_foreach(json_object_get(configuration, "nodes"), i, node)
    {
        bool negated = whole || json_is_true(json_object_get(node, "negate"));
        json_array_foreach(json_object_get(node, "cpeMatch"), j, match)
        {
            read_match(import, record, match, negated);
        }
    }
}

static const char *
severity_of(const json_t *cve)
{
    static const char *const forms[] = {
        "cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2"};
    const json_t *metrics = json_object_get(cve, "metrics");
    for (size_t i = 0; i < COUNT(forms); i++) {
        const json_t *metric = json_array_get(json_object_get(metrics, forms[i]), 0);
        const char *words =
            import_severity(import_text(json_object_get(metric, "cvssData"), "baseSeverity"));
        words = words != NULL ? words : import_severity(import_text(metric, "baseSeverity"));
        if (words != NULL) {
            return words;
        }
    }
    return NULL;
}

static const char *
english(const json_t *cve)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(cve, "descriptions"), i, entry)
    {
        if (text_starts_nocase(import_text(entry, "lang"), "en")) {
            return import_text(entry, "value");
        }
    }
    return "";
}

static void
describe(struct import_record *record, const json_t *cve)
{
    const char *day = import_text(cve, "cisaExploitAdd");
    const char *words = english(cve);
    record->severity = severity_of(cve);
    record->exploited = strlen(day) == 10 ? day : NULL;
    text_clean(record->effect, sizeof(record->effect), words, strlen(words));
}

static void
read_cve(struct import *import, const json_t *cve)
{
    size_t i;
    const json_t *configuration;
    struct import_record record = {.id = import_text(cve, "id"), .source = "NVD"};
    if (!import_is_cve(record.id)) {
        import_refuse(import, "an entry", "it has no CVE number");
        return;
    }
    if (text_equal_nocase(import_text(cve, "vulnStatus"), "Rejected")) {
        import_refuse(import, record.id, "it was rejected by those who gave it out");
        return;
    }
    describe(&record, cve);
    json_array_foreach(json_object_get(cve, "configurations"), i, configuration)
    {
        read_configuration(import, &record, configuration);
    }
    if (record.rows == 0) {
        import_description(import, &record, english(cve), "");
    }
    import_end(import, &record, "NVD has not said yet which products it is about");
}

static void
read(struct import *import, const json_t *document)
{
    size_t i;
    const json_t *entry;
    const json_t *list = json_object_get(document, "vulnerabilities");
    if (list == NULL) {
        read_cve(import, document);
        return;
    }
    json_array_foreach(list, i, entry)
    {
        read_cve(import, json_object_get(entry, "cve"));
    }
}

const struct import_format import_nvd = {
    .title = "NVD API 2.0",
    .is_mine = is_mine,
    .read = read,
};
