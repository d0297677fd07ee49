/* Which password has its turn at a device, and what those that had it tell. */
#include "assess/talk_step.h"

#include "assess/knock.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/budget.h"

#include <stdio.h>

/* A maker that was only guessed is no reason to try its password. */
#define STATED_SURE 60
/* One password for all others that was refused gives way to the factory's for so long. */
#define OTHERS_REST (7 * CLOCK_DAY)

bool
talk_credential_is_stated(const struct talk *talk, const struct device_driver *driver)
{
    const struct identity *identity = &talk->identity;
    return (driver == identity->vms ? identity->vms_confidence : identity->device_confidence) >=
           STATED_SURE;
}

static const struct credential *
first_credential(const struct talk *talk, const struct device_driver *driver)
{
    return knock_credential(driver, &talk->subject->facts, talk_credential_is_stated(talk, driver));
}

enum fact_id
talk_credential_fact(const struct talk *talk)
{
    bool is_vms = talk->login_driver == talk->identity.vms && talk->subject->kind == KIND_VMS;
    return is_vms ? FACT_VMS_FACTORY : FACT_LOGIN_FACTORY;
}

/* When this device refused it, as the store remembers; 0: it did not. */
static int64_t
refused_at(const struct budget_refusals *refusals, const char *id)
{
    for (size_t i = 0; i < refusals->count; i++) {
        if (text_equal(refusals->rows[i].credential, id)) {
            return refusals->rows[i].at;
        }
    }
    return 0;
}

static void
read_refusals(const struct talk *talk, struct budget_refusals *ret_refusals)
{
    struct budget_request request = {.now = clock_wall()};
    *ret_refusals = (struct budget_refusals){.count = 0};
    budget_request_keys(&request, talk->subject);
    if (talk->setting->store != NULL &&
        budget_refused(talk->setting->store, &request, ret_refusals) != OK) {
        ret_refusals->count = 0; /* nothing is known, so the likeliest has its turn again */
    }
}

bool
talk_credential_is_others(const struct talk *talk)
{
    const struct site *site = talk->setting->site;
    return talk->owner != NULL && site != NULL && talk->owner == &site->others;
}

/* The password of all others: where it was refused, the factory's have a better chance. */
static bool
gives_way(struct talk *talk, const struct budget_refusals *refusals)
{
    int64_t at = refused_at(refusals, BUDGET_OWNER);
    if (!talk_credential_is_others(talk) || at == 0 || at <= clock_wall() - OTHERS_REST) {
        return false;
    }
    struct subject *subject = talk->subject;
    char when[CLOCK_TEXT];
    const struct source source = {WITNESS_WIRE, 80, NULL};
    const char *why = arena_format(&subject->arena, "%s was refused on %.10s",
        site_secret_words(talk->owner, &subject->arena), clock_text(at, when));
    facts_set_text(&subject->facts, FACT_LOGIN_OWNER_FAILED, why, &source);
    facts_set_text(&subject->facts, FACT_CLOUD_UNREAD, why, &source);
    return true;
}

void
talk_credential_choose(struct talk *talk, const struct device_driver *driver)
{
    struct budget_refusals refusals;
    char id[CREDENTIAL_ID];
    int64_t newest = 0;
    talk->credential = NULL;
    talk->credential_count = 0;
    talk->refused_count = 0;
    read_refusals(talk, &refusals);
    if (talk->owner != NULL && !gives_way(talk, &refusals)) {
        return;
    }
    talk->owner = NULL;
    for (const struct credential *c = first_credential(talk, driver); c != NULL;
         c = credential_next(c->vendor, c)) {
        int64_t at = refused_at(&refusals, credential_id(c, id));
        newest = at > newest ? at : newest;
        talk->credential_count++;
        talk->refused_count += at != 0 ? 1 : 0;
        talk->credential = talk->credential == NULL && at == 0 ? c : talk->credential;
    }
    if (talk->refused_count != 0) {
        const struct evidence *evidence = evidence_new(
            &talk->subject->arena, "log-ins of earlier runs", "refused each time", newest);
        talk_credential_refused(talk, false, &(struct source){WITNESS_WIRE, 85, evidence});
    }
}

void
talk_credential_refused(struct talk *talk, bool now, const struct source *source)
{
    struct facts *facts = &talk->subject->facts;
    char words[96];
    talk->refused_count += now ? 1 : 0;
    facts_set_int(facts, FACT_LOGIN_REFUSED, (int64_t)talk->refused_count, source);
    facts_forget(facts, FACT_LOGIN_PARTLY);
    if (talk->refused_count < talk->credential_count) {
        size_t left = talk->credential_count - talk->refused_count;
        (void)snprintf(words, sizeof(words), "%zu more that its maker published %s not tried", left,
            left == 1 ? "was" : "were");
        facts_set_text(facts, FACT_LOGIN_PARTLY, words, source);
    }
}

void
talk_credential_compare(struct talk *talk)
{
    struct facts *facts = &talk->subject->facts;
    const struct evidence *evidence = talk->factory_evidence;
    const struct source sure = {WITNESS_WIRE, 95, evidence};
    size_t count = 0;
    size_t others = 0;
    facts_forget(facts, FACT_LOGIN_REPLACED);
    for (const struct credential *c = first_credential(talk, talk->login_driver); c != NULL;
         c = credential_next(c->vendor, c)) {
        bool same_user = text_equal(c->user, talk->kept.user);
        if (same_user && text_equal(c->password, secret_text(talk->kept_password))) {
            const struct source found = {WITNESS_WIRE, 99,
                evidence == NULL
                    ? NULL
                    : evidence_new(&talk->subject->arena, evidence->asked,
                          "the owner's password is the factory password", evidence->at)};
            facts_set_text(facts, talk_credential_fact(talk), talk->kept.user, &found);
            return;
        }
        count++;
        others += same_user ? 0 : 1;
    }
    if (count != 0 && others == 0) {
        facts_set_text(facts, FACT_LOGIN_REPLACED, talk->kept.user, &sure);
    }
}
