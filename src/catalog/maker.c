/* The true maker, by protocols and MAC prefix, against what a device calls itself. */
#include "catalog/maker.h"

#include "base/text.h"
#include "catalog/vendor.h"

#include <stdio.h>
#include <string.h>

#define NAME        96
#define OWN_WORD    85 /* so sure is what a maker's own protocol says */
#define CLAIM_LEAST 40 /* a weaker name is a guess of ours, not its claim */
#define SCOPE_NAME  "onvif://www.onvif.org/name/"

/* What proves the maker. */
struct proof {
    const char *maker;
    const struct fact *fact;
};

/* Its own discovery protocol, then its own interface behind a log-in. */
static struct proof
proof_by_protocol(const struct facts *facts)
{
    static const struct {
        enum fact_id fact;
        const char *maker;
    } rows[] = {
        {FACT_SADP_SEEN, "Hikvision"},
        {FACT_DHIP_SEEN, "Dahua"    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (facts_is_yes(facts, rows[i].fact)) {
            return (struct proof){rows[i].maker, facts_get(facts, rows[i].fact)};
        }
    }
    const struct fact *vendor = facts_get(facts, FACT_DEVICE_VENDOR);
    const char *maker = vendor == NULL ? NULL : vendor_maker(vendor->text);
    bool is_own = maker != NULL && vendor->confidence >= OWN_WORD;
    return is_own ? (struct proof){maker, vendor} : (struct proof){.maker = NULL};
}

/* The MAC prefix tells where no protocol does; a module of another maker would have its own. */
static struct proof
proof_of(const struct facts *facts)
{
    struct proof proof = proof_by_protocol(facts);
    const struct fact *prefix = facts_get(facts, FACT_MAC_VENDOR);
    if (proof.maker == NULL && prefix != NULL) {
        const char *maker = vendor_maker(prefix->text);
        /* Only makers that supply other brands; a switch or a PC has its own prefix too. */
        if (text_equal(maker, "Hikvision") || text_equal(maker, "Dahua")) {
            proof = (struct proof){maker, prefix};
        }
    }
    return proof;
}

/* One name that the device gives itself, and where. */
struct claim {
    const char *name;
    const char *where;
    const struct fact *fact;
};

static void
weigh(struct subject *subject, const struct proof *proof, const struct claim *claim)
{
    char words[NAME * 2];
    struct facts *facts = &subject->facts;
    const struct vendor *vendor = vendor_find(claim->name);
    if (vendor == NULL) {
        return;
    }
    if (text_equal(vendor->maker, proof->maker)) {
        bool is_brand = !text_equal_nocase(vendor->name, proof->maker) &&
                        !text_contains_nocase(vendor->name, proof->maker);
        if (is_brand && facts_get(facts, FACT_DEVICE_BRAND) == NULL) {
            const struct source source = {claim->fact->witness, 60, claim->fact->evidence};
            facts_set_text(facts, FACT_DEVICE_BRAND, vendor->name, &source);
        }
        return;
    }
    (void)snprintf(words, sizeof(words), "%s (%s)", vendor->name, claim->where);
    const struct source source = {WITNESS_WIRE, 80, claim->fact->evidence};
    facts_set_text(facts, FACT_DEVICE_CLAIMS, words, &source);
}

/* "onvif://www.onvif.org/name/HIKVISION%20DS-2CD2032-I": the first word of the name. */
static void
weigh_scopes(struct subject *subject, const struct proof *proof)
{
    char name[NAME];
    const struct fact *scopes = facts_get(&subject->facts, FACT_ONVIF_SCOPES);
    const char *at = scopes == NULL ? NULL : strstr(scopes->text, SCOPE_NAME);
    if (at == NULL) {
        return;
    }
    at += strlen(SCOPE_NAME);
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, " %_/"), at);
    weigh(subject, proof, &(struct claim){name, "ONVIF scopes", scopes});
}

/* A maker's name can be no brand of another: it is a claim, and the label stays unknown. */
static void
drop_false_brand(struct facts *facts, const struct proof *proof)
{
    const char *maker = vendor_maker(facts_text(facts, FACT_DEVICE_BRAND));
    if (maker != NULL && !text_equal(maker, proof->maker)) {
        facts_forget(facts, FACT_DEVICE_BRAND);
    }
}

void
maker_apply(struct subject *subject, int64_t now)
{
    static const enum fact_id names[] = {FACT_DEVICE_VENDOR, FACT_DEVICE_BRAND};
    struct facts *facts = &subject->facts;
    const struct proof proof = proof_of(facts);
    if (proof.maker == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        for (const struct fact *fact = facts_get(facts, names[i]); fact != NULL;
             fact = fact->next) {
            if (fact->confidence >= CLAIM_LEAST) {
                weigh(subject, &proof, &(struct claim){fact->text, fact_name(fact->id), fact});
            }
        }
    }
    weigh_scopes(subject, &proof);
    if (facts_get(facts, FACT_DEVICE_CLAIMS) != NULL) {
        drop_false_brand(facts, &proof);
    }
    const struct fact *vendor = facts_get(facts, FACT_DEVICE_VENDOR);
    if (vendor == NULL || !text_equal(vendor->text, proof.maker)) {
        const uint8_t sure = proof.fact->id == FACT_MAC_VENDOR ? 75 : 92;
        const struct source source = {WITNESS_WIRE, sure,
            proof.fact->evidence != NULL
                ? proof.fact->evidence
                : evidence_new(&subject->arena, fact_name(proof.fact->id), proof.fact->text, now)};
        facts_set_text(facts, FACT_DEVICE_VENDOR, proof.maker, &source);
    }
}
