/* Brands to makers, by whole names. */
#include "catalog/vendor.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME 96

#define OWN VENDOR_OWN
#define OEM VENDOR_OEM

static const struct vendor vendors[] = {
#define VENDOR(name, maker, relation) {name, maker, relation},
#define COVERED(maker, date)
#include "../../catalog/vendors.def"
#undef VENDOR
#undef COVERED
};

static const struct {
    const char *maker, *date;
} covered[] = {
#define VENDOR(name, maker, relation)
#define COVERED(maker, date) {maker, date},
#include "../../catalog/vendors.def"
#undef VENDOR
#undef COVERED
};

static bool
is_company_form(const char *word)
{
    static const char *const forms[] = {"co", "ltd", "inc", "llc", "ab", "ag", "as", "bv", "gmbh",
        "corp", "limited", "corporation", "pty", "pte", "sa", "srl", "kg"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        if (text_equal(forms[i], word)) {
            return true;
        }
    }
    return false;
}

/* Lower case, words apart by one blank, company forms at the end dropped. */
static void
normalise(char out[NAME], const char *name)
{
    size_t len = 0;
    for (const char *at = name; *at != '\0' && len < NAME - 1; at++) {
        unsigned char byte = (unsigned char)*at;
        if (isalnum(byte) || byte >= 0x80) {
            out[len++] = (char)tolower(byte);
        } else if (len > 0 && out[len - 1] != ' ') {
            out[len++] = ' ';
        }
    }
    while (len > 0 && out[len - 1] == ' ') {
        len--;
    }
    out[len] = '\0';
    for (char *last = strrchr(out, ' '); last != NULL && is_company_form(last + 1);
         last = strrchr(out, ' ')) {
        *last = '\0';
    }
}

const struct vendor *
vendor_find(const char *name)
{
    char wanted[NAME];
    char own[NAME];
    if (text_is_empty(name) || strlen(name) >= NAME) {
        return NULL;
    }
    normalise(wanted, name);
    for (size_t i = 0; i < COUNT(vendors); i++) {
        normalise(own, vendors[i].name);
        if (text_equal(wanted, own)) {
            return &vendors[i];
        }
    }
    return NULL;
}

const char *
vendor_maker(const char *name)
{
    const struct vendor *vendor = vendor_find(name);
    return vendor == NULL ? NULL : vendor->maker;
}

const char *
vendor_covered(const char *maker)
{
    for (size_t i = 0; i < COUNT(covered); i++) {
        if (text_equal_nocase(covered[i].maker, maker)) {
            return covered[i].date;
        }
    }
    return NULL;
}

const struct vendor *
vendor_of(const struct facts *facts)
{
    static const enum fact_id order[] = {FACT_DEVICE_BRAND, FACT_DEVICE_VENDOR, FACT_MAC_VENDOR};
    for (size_t i = 0; i < COUNT(order); i++) {
        const struct vendor *vendor = vendor_find(facts_text(facts, order[i]));
        if (vendor != NULL) {
            return vendor;
        }
    }
    return NULL;
}

/* The fact on which vendor_of() decided: its witness and evidence are those of what follows. */
static const struct fact *
vendor_ground(const struct facts *facts, const struct vendor *vendor)
{
    static const enum fact_id order[] = {FACT_DEVICE_BRAND, FACT_DEVICE_VENDOR, FACT_MAC_VENDOR};
    for (size_t i = 0; i < COUNT(order); i++) {
        if (vendor_find(facts_text(facts, order[i])) == vendor) {
            return facts_get(facts, order[i]);
        }
    }
    return NULL;
}

void
vendor_apply(struct subject *subject, int64_t now)
{
    char words[160];
    const struct vendor *vendor = vendor_of(&subject->facts);
    const char *date = vendor == NULL ? NULL : vendor_covered(vendor->maker);
    const struct fact *ground = date == NULL ? NULL : vendor_ground(&subject->facts, vendor);
    if (ground == NULL) {
        return;
    }
    (void)snprintf(words, sizeof(words), "%s (list of %s)", vendor->maker, date);
    const struct source source = {.witness = ground->witness,
        .confidence = ground->confidence,
        .evidence = ground->evidence != NULL
                        ? ground->evidence
                        : evidence_new(&subject->arena, fact_name(ground->id), ground->text, now)};
    facts_set_text(&subject->facts, FACT_DEVICE_COVERED, words, &source);
}
