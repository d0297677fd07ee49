/* What the owner's passwords tell about each other, without one of them being shown. */
#include "assess/derive.h"

#include "base/buf.h"
#include "catalog/credential.h"

#define WORDS_LIMIT    2048
#define SHORT_PASSWORD 8 /* NIST SP 800-63B 5.1.1.1: eight characters at least */

/* The password that opened it; NULL when none of the site file's did. */
static const struct secret *
opened_with(const struct crowd *crowd, const struct site *site, size_t i)
{
    bool is_stranger = false;
    const struct subject *subject = crowd->subjects[i];
    if (facts_get(&subject->facts, FACT_LOGIN_OWNER) == NULL) {
        return NULL;
    }
    const struct site_device *device = site_secret_device(site, subject, &is_stranger);
    return device == NULL ? NULL : device->password;
}

/* Devices and the passwords that opened them, in the same order. */
struct opened {
    const struct crowd *crowd;
    const struct secret **secrets;
};

static bool
are_same(const struct opened *opened, size_t i, size_t j)
{
    const struct secret *one = opened->secrets[i];
    const struct secret *other = opened->secrets[j];
    return one != NULL && other != NULL && secret_equal(one, other);
}

static void
add_name(struct buf *words, const char *between, const struct subject *subject)
{
    char title[SUBJECT_TITLE];
    buf_format(words, "%s%s", words->len == 0 ? "" : between, subject_title(subject, title));
}

/* "Lobby and Stairs; Gate and Yard": a group for each password that opens several. */
static void
list_shared(const struct opened *opened, struct buf *words)
{
    const struct crowd *crowd = opened->crowd;
    for (size_t i = 0; i < crowd->count; i++) {
        bool is_told = opened->secrets[i] == NULL;
        for (size_t k = 0; k < i && !is_told; k++) {
            is_told = are_same(opened, k, i);
        }
        bool has_first = false;
        for (size_t j = i + 1; j < crowd->count && !is_told; j++) {
            if (!are_same(opened, i, j)) {
                continue;
            }
            if (!has_first) {
                add_name(words, "; ", crowd->subjects[i]);
                has_first = true;
            }
            add_name(words, " and ", crowd->subjects[j]);
        }
    }
}

/* A factory password is told as such, at its device. */
static void
list_weak(const struct opened *opened, struct buf *words)
{
    const struct crowd *crowd = opened->crowd;
    for (size_t i = 0; i < crowd->count; i++) {
        const struct facts *facts = &crowd->subjects[i]->facts;
        const struct secret *secret = opened->secrets[i];
        bool is_factory = facts_get(facts, FACT_LOGIN_FACTORY) != NULL ||
                          facts_get(facts, FACT_VMS_FACTORY) != NULL;
        if (secret != NULL && !is_factory &&
            (secret_len(secret) < SHORT_PASSWORD || credential_is_published(secret_text(secret)))) {
            char title[SUBJECT_TITLE];
            buf_format(words, "%s%s of %s", words->len == 0 ? "" : ", ",
                facts_text(facts, FACT_LOGIN_OWNER), subject_title(crowd->subjects[i], title));
        }
    }
}

void
derive_passwords(const struct crowd *crowd, struct subject *whole, const struct site *site)
{
    const struct source source = {WITNESS_DECLARED, 95, NULL};
    static const struct {
        enum fact_id fact;
        void (*list)(const struct opened *opened, struct buf *words);
    } rows[] = {
        {FACT_LOGIN_SHARED, list_shared},
        {FACT_LOGIN_WEAK,   list_weak  },
    };
    const struct opened opened = {
        crowd, arena_alloc(&whole->arena, (crowd->count + 1) * sizeof(*opened.secrets))};
    if (site == NULL || opened.secrets == NULL) {
        return;
    }
    for (size_t i = 0; i < crowd->count; i++) {
        opened.secrets[i] = opened_with(crowd, site, i);
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(buf_release) struct buf words;
        buf_init(&words, WORDS_LIMIT);
        rows[i].list(&opened, &words);
        if (words.len != 0) {
            facts_set_text(&whole->facts, rows[i].fact, words.data, &source);
        }
    }
}
