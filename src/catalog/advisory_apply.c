/* From the catalogue's verdicts to facts about a device or a VMS. */
#include "catalog/advisory.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/release.h"
#include "catalog/vendor.h"
#include "catalog/verdict.h"
#include "codec/version.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 12 /* flaws named in a fact; more are counted */
#define WORDS ((size_t)1000)

/* A MAC address alone is a weaker sign of the maker, too weak for a verdict. */
#define MAKER_SURE 40

/* The facts that one comparison reads and writes: firmware of a device, or a VMS. */
struct names {
    enum fact_id version, advisory, exploited, judged, unjudged;
};

static const struct names device_names = {FACT_DEVICE_FIRMWARE, FACT_FIRMWARE_ADVISORY,
    FACT_FIRMWARE_EXPLOITED, FACT_FIRMWARE_JUDGED, FACT_FIRMWARE_UNJUDGED};
static const struct names vms_names = {
    FACT_VMS_VERSION, FACT_VMS_ADVISORY, FACT_COUNT, FACT_VMS_JUDGED, FACT_VMS_UNJUDGED};

struct found {
    const struct advisory *rows[32];
    size_t count, more;
    size_t compared, possible;
    bool is_guess;                        /* the maker: nothing is certain, good or bad */
    char first_why[ADVISORY_WHY];         /* of the first affected */
    char possible_why[ADVISORY_WHY + 64]; /* of the first possible, with its id */
};

static bool
has_id(const struct found *found, const char *id)
{
    for (size_t i = 0; i < found->count; i++) {
        if (text_equal(found->rows[i]->id, id)) {
            return true;
        }
    }
    return false;
}

/* Smaller comes first: exploited, then by severity. */
static unsigned
rank(const struct advisory *advisory)
{
    static const char *const order[] = {"critical", "high", "medium", "low"};
    unsigned place = 0;
    while (place < COUNT(order) && !text_equal(order[place], advisory->severity)) {
        place++;
    }
    return place + (text_is_empty(advisory->exploited) ? 10U : 0U);
}

static void
keep(struct found *found, const struct advisory *advisory, const char *why)
{
    if (has_id(found, advisory->id)) {
        return;
    }
    if (found->count == COUNT(found->rows)) {
        found->more++;
        return;
    }
    size_t at = found->count++;
    for (; at > 0 && rank(found->rows[at - 1]) > rank(advisory); at--) {
        found->rows[at] = found->rows[at - 1];
    }
    found->rows[at] = advisory;
    if (at == 0) {
        (void)text_copy(found->first_why, sizeof(found->first_why), why);
    }
}

static void
compare_one(const struct advisory *const *rows, size_t count, const struct advisory_target *target,
    struct found *found)
{
    struct verdict verdict;
    verdict_of_rows(rows, count, target, &verdict);
    if (verdict.match == ADVISORY_YES && found->is_guess) {
        verdict.match = ADVISORY_POSSIBLE;
        (void)text_copy(
            verdict.ground, sizeof(verdict.ground), "only its MAC address tells the maker");
    }
    if (verdict.match == ADVISORY_YES) {
        keep(found, verdict.row, verdict.ground);
    } else if (verdict.match == ADVISORY_POSSIBLE && found->possible++ == 0) {
        (void)snprintf(found->possible_why, sizeof(found->possible_why), "%.60s, because %.240s",
            verdict.row->id, verdict.ground);
    }
}

static void
compare(const struct advisory_target *target, struct found *found)
{
    size_t count = 0;
    const struct advisory *const *rows = catalog_rows_of(catalog_current(), target->maker, &count);
    found->compared = count;
    for (size_t first = 0; first < count;) {
        size_t end = first;
        while (end < count && text_equal_nocase(rows[end]->id, rows[first]->id)) {
            end++;
        }
        compare_one(rows + first, end - first, target, found);
        first = end;
    }
}

static void
add_rows(struct buf *buf, const struct found *found, bool exploited_only)
{
    size_t shown = 0, left = found->more;
    for (size_t i = 0; i < found->count; i++) {
        const struct advisory *row = found->rows[i];
        bool exploited = !text_is_empty(row->exploited);
        if (exploited_only && !exploited) {
            continue;
        }
        if (shown == SHOWN || buf->len > WORDS - 250) {
            left++;
            continue;
        }
        buf_format(buf, "%s%s", shown++ == 0 ? "" : ", ", row->id);
        if (!exploited_only) {
            buf_format(buf, " (%s%s: %s; fixed: %s)", row->severity, exploited ? ", exploited" : "",
                row->effect, row->fixed);
        }
    }
    if (left != 0 && !exploited_only) {
        buf_format(buf, ", and %zu more", left);
    }
}

static void
set_rows(struct subject *subject, enum fact_id id, const struct found *found, bool exploited_only,
    const struct source *source)
{
    struct buf buf;
    buf_init(&buf, WORDS);
    add_rows(&buf, found, exploited_only);
    if (buf_error(&buf) == OK && buf.len != 0) {
        facts_set_text(&subject->facts, id, buf.data, source);
    }
    buf_release(&buf);
}

/* The version's own witness and confidence, with the comparison as evidence. */
static struct source
comparison(struct subject *subject, const struct fact *ground, const char *why, int64_t now)
{
    char asked[128];
    char answer[512];
    (void)snprintf(asked, sizeof(asked), "catalogue of advisories, %s", catalog_current()->date);
    (void)snprintf(answer, sizeof(answer), "%s is %.120s; %.300s", fact_name(ground->id),
        ground->text, text_is_empty(why) ? "no row matches" : why);
    return (struct source){.witness = ground->witness,
        .confidence = ground->confidence,
        .evidence = evidence_new(&subject->arena, asked, answer, now)};
}

static void
write_found(struct subject *subject, const struct names *names, const struct found *found,
    const struct advisory_target *target, int64_t now)
{
    char words[ADVISORY_WHY + 128];
    const struct fact *ground = facts_get(&subject->facts, names->version);
    if (ground == NULL || found->compared == 0) {
        return;
    }
    struct source source = comparison(
        subject, ground, found->count != 0 ? found->first_why : found->possible_why, now);
    if (found->count != 0) {
        set_rows(subject, names->advisory, found, false, &source);
        if (names->exploited != FACT_COUNT) {
            set_rows(subject, names->exploited, found, true, &source);
        }
    }
    if (found->possible != 0) {
        (void)snprintf(words, sizeof(words), "%s%s", found->possible_why,
            found->possible > 1 ? "; others likewise" : "");
        facts_set_text(&subject->facts, names->unjudged, words, &source);
    }
    if (found->is_guess) {
        return;
    }
    (void)snprintf(words, sizeof(words), "%zu advisories for %s, catalogue of %s", found->compared,
        target->maker, catalog_current()->date);
    facts_set_text(&subject->facts, names->judged, words, &source);
}

/* The build date that hides in the version, where the device gives none beside it. */
static void
derive_build(struct subject *subject, int64_t now)
{
    char date[VERSION_DATE];
    int64_t built = 0;
    struct facts *facts = &subject->facts;
    const struct fact *version = facts_get(facts, FACT_DEVICE_FIRMWARE);
    if (facts_get(facts, FACT_DEVICE_BUILD) == NULL && version != NULL &&
        version_date(version->text, date)) {
        const struct source source = {version->witness, version->confidence, version->evidence};
        facts_set_text(facts, FACT_DEVICE_BUILD, date, &source);
    }
    const struct fact *build = facts_get(facts, FACT_DEVICE_BUILD);
    if (build != NULL && clock_parse(build->text, &built) == OK && built <= now) {
        const struct source source = {build->witness, build->confidence, build->evidence};
        facts_set_int(facts, FACT_FIRMWARE_AGE, (now - built) / CLOCK_DAY, &source);
    }
}

static bool
is_maker_stated(const struct facts *facts)
{
    const struct fact *brand = facts_get(facts, FACT_DEVICE_BRAND);
    const struct fact *maker = facts_get(facts, FACT_DEVICE_VENDOR);
    const struct vendor *vendor = vendor_of(facts);
    return (brand != NULL && brand->confidence >= MAKER_SURE &&
               vendor_find(brand->text) == vendor) ||
           (maker != NULL && maker->confidence >= MAKER_SURE && vendor_find(maker->text) == vendor);
}

/* As advisories write it: Bosch's "43500643" is 6.43 of platform 4350 (RCP+ command 0x002f). */
static const char *
version_published(const char *maker, const char *version, char out[8])
{
    if (!text_equal(maker, "Bosch") || version == NULL || strlen(version) != 8 ||
        strspn(version, "0123456789") != 8) {
        return version;
    }
    (void)snprintf(out, 8, "%.*s.%.2s", version[4] == '0' ? 1 : 2,
        version[4] == '0' ? version + 5 : version + 4, version + 6);
    return out;
}

static void
apply_device(struct subject *subject, int64_t now)
{
    char published[8];
    derive_build(subject, now);
    const struct facts *facts = &subject->facts;
    const struct vendor *vendor = vendor_of(facts);
    const char *brand = facts_text(facts, FACT_DEVICE_BRAND);
    const struct vendor *sold_by = brand == NULL ? vendor : vendor_find(brand);
    const char *maker = vendor != NULL ? vendor->maker : facts_text(facts, FACT_DEVICE_VENDOR);
    const struct advisory_target target = {.maker = maker,
        .model = facts_text(facts, FACT_DEVICE_MODEL),
        .version = version_published(maker, facts_text(facts, FACT_DEVICE_FIRMWARE), published),
        .build = facts_text(facts, FACT_DEVICE_BUILD),
        .rebranded = sold_by == NULL ? brand != NULL : sold_by->relation == VENDOR_OEM};
    struct found found = {.is_guess = !is_maker_stated(facts)};
    if (target.maker != NULL) {
        compare(&target, &found);
        write_found(subject, &device_names, &found, &target, now);
        if (!found.is_guess) {
            release_apply(subject, &target, now);
        }
    }
}

static void
apply_vms(struct subject *subject, int64_t now)
{
    const struct facts *facts = &subject->facts;
    const struct fact *version = facts_get(facts, FACT_VMS_VERSION);
    const struct advisory_target target = {.maker = facts_text(facts, FACT_VMS_PRODUCT),
        .version = facts_text(facts, FACT_VMS_VERSION)};
    struct found found = {.count = 0};
    if (target.maker == NULL || version == NULL) {
        return;
    }
    compare(&target, &found);
    write_found(subject, &vms_names, &found, &target, now);
    release_apply(subject, &target, now);
}

void
advisory_apply(struct subject *subject, int64_t now)
{
    if (facts_get(&subject->facts, FACT_VMS_PRODUCT) != NULL) {
        apply_vms(subject, now);
    } else {
        apply_device(subject, now);
    }
}
