/* The rules of the lock-out budget. */
#include "store/budget.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>

#define NEAR_LOCKOUT 2 /* wrong tries that must be left to the documented lock-out */

static void
add_key(struct budget_request *request, const char *kind, const char *text)
{
    if (request->key_count < BUDGET_KEYS && !text_is_empty(text)) {
        (void)snprintf(request->keys[request->key_count++], SUBJECT_KEY, "%s:%.80s", kind, text);
    }
}

void
budget_request_keys(struct budget_request *request, const struct subject *subject)
{
    char text[IP_TEXT];
    request->key_count = 0;
    if (!mac_is_zero(&subject->mac)) {
        add_key(request, "mac", mac_text(&subject->mac, text));
    }
    add_key(request, "serial", facts_text(&subject->facts, FACT_DEVICE_SERIAL));
    for (size_t i = 0; i < subject->address_count; i++) {
        add_key(request, "ip", ip_text(&subject->addresses[i], text));
    }
}

/* A device may count wrong tries for longer than it locks, so never less than a day. */
static int64_t
window(const struct budget_request *request)
{
    int64_t period = (int64_t)request->limit_seconds * 1000;
    return period > CLOCK_DAY ? period : CLOCK_DAY;
}

int64_t
budget_since(const struct budget_request *request)
{
    return request->now - window(request);
}

static void
refuse(struct budget_answer *answer, int64_t next, const char *why)
{
    if (!answer->granted && (answer->next == 0 || (next != 0 && next <= answer->next))) {
        return; /* the rule that holds longest is the one to tell */
    }
    answer->granted = false;
    answer->next = next;
    (void)text_copy(answer->why, sizeof(answer->why), why);
}

struct tally {
    unsigned today, wrong;
    int64_t first_today, first_wrong, last_locked, last_owner_wrong;
    bool has_locked, last_opened, any_opened, owner_is_wrong;
};

/* A right password of the owner costs the device nothing. */
static bool
is_free(const struct budget_try *one)
{
    return one->owner && one->outcome == BUDGET_OPEN;
}

static struct tally
count_tries(const struct budget_request *request, const struct budget_try *tries, size_t count)
{
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++) {
        const struct budget_try *one = &tries[i];
        if (is_free(one)) {
            continue;
        }
        if (one->at > request->now - CLOCK_DAY) {
            tally.first_today = tally.today == 0 ? one->at : tally.first_today;
            tally.today++;
            tally.owner_is_wrong = tally.owner_is_wrong || one->owner;
            tally.last_owner_wrong = one->owner ? one->at : tally.last_owner_wrong;
        }
        if (one->outcome != BUDGET_OPEN) {
            tally.first_wrong = tally.wrong == 0 ? one->at : tally.first_wrong;
            tally.wrong++;
        }
        if (one->outcome == BUDGET_LOCKED) {
            tally.has_locked = true;
            tally.last_locked = one->at;
        }
        tally.last_opened = one->outcome == BUDGET_OPEN;
        tally.any_opened = tally.any_opened || tally.last_opened;
    }
    return tally;
}

void
budget_judge(const struct budget_request *request, const struct budget_try *tries, size_t try_count,
    struct budget_answer *ret_answer)
{
    struct tally tally = count_tries(request, tries, try_count);
    unsigned allowed = request->per_day < BUDGET_MOST ? request->per_day : BUDGET_MOST;
    char why[sizeof(ret_answer->why)];
    *ret_answer = (struct budget_answer){.granted = true};
    if (request->key_count == 0) {
        refuse(ret_answer, 0, "nothing identifies the device, so its log-ins can't be counted");
        return;
    }
    if (allowed == 0) {
        refuse(ret_answer, 0, "the site allows no log-ins");
        return;
    }
    bool confirms = request->control && tally.today == 1 && tally.last_opened;
    if (confirms || request->owner) {
        allowed = BUDGET_MOST;
    }
    if (tally.today >= allowed) {
        (void)snprintf(why, sizeof(why), "%u of at most %u log-ins in 24 hours are spent%s",
            tally.today, tally.today > allowed ? tally.today : allowed,
            tally.any_opened ? ", and one of them opened it" : "");
        refuse(ret_answer, tally.first_today + CLOCK_DAY, why);
    }
    if (request->owner && tally.owner_is_wrong) {
        refuse(ret_answer, tally.last_owner_wrong + CLOCK_DAY,
            "a password of the site file did not open it within these 24 hours");
    }
    if (request->limit_tries != 0 && tally.wrong + NEAR_LOCKOUT >= request->limit_tries) {
        (void)snprintf(why, sizeof(why),
            "%u wrong log-ins are on record and the device locks at %u", tally.wrong,
            request->limit_tries);
        refuse(ret_answer, tally.wrong == 0 ? 0 : tally.first_wrong + window(request), why);
    }
    if (tally.has_locked) {
        refuse(ret_answer, tally.last_locked + window(request),
            "the device said that it is locked; it is left alone");
    }
}

enum err
budget_take(
    struct store *store, const struct budget_request *request, struct budget_answer *ret_answer)
{
    return store->functions->budget_take(store, request, ret_answer);
}

enum err
budget_result(struct store *store, int64_t ticket, enum budget_outcome outcome)
{
    return store->functions->budget_result(store, ticket, (int)outcome);
}
