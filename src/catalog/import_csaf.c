/* CSAF 2.0: a tree of products, and a status of each for each flaw. */
#include "catalog/import.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH    12
#define PRODUCTS ((size_t)100000)

/* OASIS CSAF 2.0: what the branches above a product say of it. */
struct entry {
    const char *id;
    const char *vendor, *family, *product, *version, *range;
    const char *name;
    bool is_odd; /* a branch that narrows it in a way that is not compared */
};

struct tree {
    struct entry *entries;
    size_t count, room;
    json_t *by_id; /* product id → index */
};

static bool
is_mine(const json_t *document)
{
    const json_t *head = json_object_get(document, "document");
    return json_object_get(head, "csaf_version") != NULL;
}

static void
keep(struct tree *tree, const struct entry *entry)
{
    if (tree->count == tree->room) {
        size_t room = tree->room == 0 ? 64 : 2 * tree->room;
        struct entry *more =
            room > 2 * PRODUCTS ? NULL : realloc(tree->entries, room * sizeof(*more));
        if (more == NULL) {
            return;
        }
        tree->entries = more;
        tree->room = room;
    }
    (void)json_object_set_new(tree->by_id, entry->id, json_integer((json_int_t)tree->count));
    tree->entries[tree->count++] = *entry;
}

static void
keep_product(struct tree *tree, const struct entry *above, const json_t *product)
{
    struct entry entry = *above;
    entry.id = import_text(product, "product_id");
    entry.name = import_text(product, "name");
    if (entry.id[0] != '\0') {
        keep(tree, &entry);
    }
}

static void
set_branch(struct entry *entry, const char *category, const char *name)
{
    const struct {
        const char *category;
        const char **place;
    } places[] = {
        {"vendor",                &entry->vendor },
        {"product_family",        &entry->family },
        {"product_name",          &entry->product},
        {"product_version",       &entry->version},
        {"product_version_range", &entry->range  },
    };
    for (size_t i = 0; i < COUNT(places); i++) {
        if (text_equal(category, places[i].category)) {
            *places[i].place = name;
            return;
        }
    }
    entry->is_odd = entry->is_odd || text_equal(category, "patch_level") ||
                    text_equal(category, "service_pack");
}

static void
walk(struct tree *tree, const json_t *branches, const struct entry *above, size_t depth)
{
    size_t i;
    const json_t *branch;
    if (depth == DEPTH) {
        return;
    }
    json_array_foreach(branches, i, branch)
    {
        struct entry entry = *above;
        set_branch(&entry, import_text(branch, "category"), import_text(branch, "name"));
        const json_t *product = json_object_get(branch, "product");
        if (product != NULL) {
            keep_product(tree, &entry, product);
        }
        walk(tree, json_object_get(branch, "branches"), &entry, depth + 1);
    }
}

static const struct entry *
find(const struct tree *tree, const char *id)
{
    const json_t *place = json_object_get(tree->by_id, id);
    return place == NULL ? NULL : &tree->entries[json_integer_value(place)];
}

/* "Firmware 1.2 installed on camera M24": the camera's name with the firmware's version. */
static void
relate(struct tree *tree, const json_t *relationship)
{
    const struct entry *part = find(tree, import_text(relationship, "product_reference"));
    const struct entry *whole =
        find(tree, import_text(relationship, "relates_to_product_reference"));
    const json_t *product = json_object_get(relationship, "full_product_name");
    if (part == NULL || whole == NULL) {
        return;
    }
    bool installed = text_equal(import_text(relationship, "category"), "installed_on") ||
                     text_equal(import_text(relationship, "category"), "installed_with");
    struct entry entry = *whole;
    entry.version = part->version;
    entry.range = part->range;
    entry.is_odd = entry.is_odd || part->is_odd || !installed;
    keep_product(tree, &entry, product);
}

static void
read_tree(struct tree *tree, const json_t *document)
{
    size_t i;
    const json_t *item;
    const struct entry none = {"", "", "", "", "", "", "", false};
    const json_t *json = json_object_get(document, "product_tree");
    walk(tree, json_object_get(json, "branches"), &none, 0);
    json_array_foreach(json_object_get(json, "full_product_names"), i, item)
    {
        keep_product(tree, &none, item);
    }
    json_array_foreach(json_object_get(json, "relationships"), i, item)
    {
        relate(tree, item);
    }
}

/* A status of the record, and what it means for a version that fits. */
static const struct status {
    const char *name;
    bool is_clear, is_unsure;
} statuses[] = {
    {"known_affected",      false, false},
    {"first_affected",      false, true },
    {"last_affected",       false, true },
    {"under_investigation", false, true },
    {"fixed",               true,  false},
    {"first_fixed",         true,  false},
    {"known_not_affected",  true,  false},
};

static void
read_words(const struct entry *entry, const struct product *product, struct range *range)
{
    const char *words = entry->range[0] != '\0' ? entry->range : entry->version;
    if (entry->is_odd) {
        range->is_opaque = true;
    } else if (words[0] != '\0') {
        import_words(range, product, words);
    } else if (entry->product[0] != '\0') {
        range->is_opaque = true; /* the tree names a product and no version */
    } else {
        import_words(range, product, entry->name);
        range->is_opaque = true;
    }
}

/* A branch's name that lost its first letters ("CC-HD5600P"): the product's full name has them. */
static const char *
whole_product(const struct entry *entry, char out[PRODUCT_MAKER])
{
    const char *product = entry->product[0] == '\0' ? entry->family : entry->product;
    const char *at = product[0] == '\0' ? NULL : strstr(entry->name, product);
    const char *from = at;
    while (from != NULL && from > entry->name && isalnum((unsigned char)from[-1])) {
        from--;
    }
    if (from == at || (size_t)(at - from) + strlen(product) >= PRODUCT_MAKER) {
        return product;
    }
    (void)text_copy(out, (size_t)(at - from) + strlen(product) + 1, from);
    return out;
}

static void
add_entry(struct import *import, struct import_record *record, const struct entry *entry,
    const struct status *status)
{
    struct range range;
    struct product product;
    char rule[IMPORT_RULE];
    char name[PRODUCT_MAKER];
    const char *words = entry->range[0] != '\0' ? entry->range : entry->version;
    if (entry->vendor[0] == '\0' && entry->product[0] == '\0') {
        product_guess(entry->name, &product);
    } else {
        product_read(entry->vendor, whole_product(entry, name), &product);
    }
    product_complete(&product, entry->product, entry->name);
    if (status->is_clear && text_equal(product.models, "? *")) {
        return; /* nothing is cleared without its name */
    }
    range_init(&range);
    range.has_tracks = product.has_tracks;
    range.is_release = product.is_release;
    read_words(entry, &product, &range);
    range.is_opaque = range.is_opaque || status->is_unsure;
    range.older_too = !status->is_clear && entry->range[0] == '\0';
    range_finish(&range);
    (void)snprintf(
        rule, sizeof(rule), "%s: %.200s", status->name, words[0] == '\0' ? entry->name : words);
    const struct import_row row = {.part = "csaf", .rule = rule, .is_clear = status->is_clear};
    import_add(import, record, &row, &product, &range);
    range_release(&range);
}

static const char *
severity_of(const json_t *flaw)
{
    static const char *const forms[] = {"cvss_v4", "cvss_v3", "cvss_v2"};
    size_t i;
    const json_t *score;
    json_array_foreach(json_object_get(flaw, "scores"), i, score)
    {
        for (size_t form = 0; form < COUNT(forms); form++) {
            const char *words =
                import_severity(import_text(json_object_get(score, forms[form]), "baseSeverity"));
            if (words != NULL) {
                return words;
            }
        }
    }
    return NULL;
}

static const char *
id_of(const json_t *flaw)
{
    const char *cve = import_text(flaw, "cve");
    const json_t *other = json_array_get(json_object_get(flaw, "ids"), 0);
    return cve[0] != '\0' ? cve : import_text(other, "text");
}

/* A number that may be shown: of a record, not a sentence and nothing that moves a terminal. */
static bool
is_number(const char *text)
{
    size_t len =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/+");
    return len != 0 && len <= 60 && text[len] == '\0';
}

static void
read_flaw(struct import *import, const struct tree *tree, const json_t *flaw, const char *name)
{
    size_t i;
    const json_t *id;
    struct import_record record = {
        .id = id_of(flaw), .source = name, .severity = severity_of(flaw)};
    const char *note = import_text(json_array_get(json_object_get(flaw, "notes"), 0), "text");
    text_clean(record.effect, sizeof(record.effect), note, strlen(note));
    if (!is_number(record.id)) {
        import_refuse(import, name, "a flaw in it has no CVE number or other that can be shown");
        return;
    }
    const json_t *status = json_object_get(flaw, "product_status");
    for (size_t s = 0; s < COUNT(statuses); s++) {
        json_array_foreach(json_object_get(status, statuses[s].name), i, id)
        {
            const char *text = json_string_value(id);
            const struct entry *entry = text == NULL ? NULL : find(tree, text);
            if (entry != NULL) {
                add_entry(import, &record, entry, &statuses[s]);
            }
        }
    }
    import_end(import, &record, "its product tree names no maker or product");
}

static void
read(struct import *import, const json_t *document)
{
    size_t i;
    const json_t *flaw;
    struct tree tree = {.by_id = json_object()};
    const json_t *head = json_object_get(document, "document");
    const char *name = import_text(json_object_get(head, "tracking"), "id");
    name = is_number(name) ? name : "CSAF";
    const json_t *flaws = json_object_get(document, "vulnerabilities");
    if (json_array_size(flaws) == 0) {
        import_refuse(import, name, "it names no flaw");
    }
    read_tree(&tree, document);
    json_array_foreach(flaws, i, flaw)
    {
        read_flaw(import, &tree, flaw, name);
    }
    json_decref(tree.by_id);
    free(tree.entries);
}

const struct import_format import_csaf = {
    .title = "CSAF 2.0",
    .is_mine = is_mine,
    .read = read,
};
