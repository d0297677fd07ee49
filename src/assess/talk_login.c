/*
 * Rules of this file: a password is sent only after the budget has granted and stored the try;
 * never where the model has none; a lock ends it for good; a positive is confirmed by a random
 * password where the budget allows it; 200 OK alone is no proof.
 */
#include "assess/talk_step.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/budget.h"

#include <stdio.h>

static void
untried(struct talk *talk, const char *why)
{
    const struct source source = {WITNESS_WIRE, 80, NULL};
    facts_set_text(&talk->subject->facts, FACT_LOGIN_UNTRIED, why, &source);
}

/* Names the credential without its password: "hikvision:admin". */
static const char *
credential_id(const struct talk *talk)
{
    return arena_format(
        &talk->subject->arena, "%s:%s", talk->credential->vendor, talk->credential->user);
}

/* Asks the budget; writes why not when it says no. */
static bool
is_granted(struct talk *talk)
{
    struct budget_answer answer;
    struct budget_request request = {
        .account = talk->login.user,
        .credential = talk->is_control ? "control" : credential_id(talk),
        .protocol = talk->door->title,
        .now = clock_wall(),
        .per_day = talk->setting->logins_per_day,
        .control = talk->is_control,
        .limit_tries = talk->login_driver->limit.tries,
        .limit_seconds = talk->login_driver->limit.seconds,
    };
    budget_request_keys(&request, talk->subject);
    enum err err = budget_take(talk->setting->store, &request, &answer);
    if (err != OK || !answer.granted) {
        if (!talk->is_control) {
            untried(talk, err != OK ? "the lock-out budget could not be stored" : answer.why);
        }
        return false;
    }
    talk->ticket = answer.ticket;
    (*talk->setting->logins)++;
    return true;
}

static void
settle(struct talk *talk, enum budget_outcome outcome)
{
    if (talk->ticket != 0) {
        /* A result that can't be stored stays pending, which counts as a wrong try. */
        if (budget_result(talk->setting->store, talk->ticket, outcome) != OK) {
            log_debug("the result of a log-in could not be stored");
        }
        talk->ticket = 0;
    }
}

static const struct evidence *
login_evidence(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    char question[320];
    char line[96];
    (void)snprintf(question, sizeof(question), "%s as %s (%s)",
        talk_asked(step, asked, sizeof(asked)), talk->login.user, talk->door->title);
    (void)snprintf(line, sizeof(line), "status %d", answer->status);
    return evidence_new(&talk->subject->arena, question, line, answer->at);
}

static void begin(struct talk *talk, const char *user, struct secret *password);

static void
opened(struct talk *talk, const struct evidence *evidence)
{
    struct facts *facts = &talk->subject->facts;
    const struct source sure = {WITNESS_WIRE, 95, evidence};
    if (talk->is_control) {
        facts_set_bool(facts, FACT_LOGIN_ANY, true, &sure);
        facts_forget(facts, talk->factory_fact);
        talk->is_open = false;
        return;
    }
    /* One try is a strong sign; the control below makes it certain. */
    const struct source strong = {WITNESS_WIRE, 80, evidence};
    enum fact_id fact = talk->login_driver == talk->identity.vms && talk->subject->kind == KIND_VMS
                            ? FACT_VMS_FACTORY
                            : FACT_LOGIN_FACTORY;
    facts_set_text(facts, fact, talk->login.user, &strong);
    talk->factory_fact = fact;
    talk->factory_evidence = evidence;
    talk->is_open = true;
    talk->kept = talk->login;
    talk->kept_password = talk->password;
    talk->password = NULL;
    talk->is_control = true;
    begin(talk, talk->login.user, secret_new_random(12));
}

static void
refused(struct talk *talk, const struct evidence *evidence)
{
    struct facts *facts = &talk->subject->facts;
    const struct source source = {WITNESS_WIRE, 95, evidence};
    if (talk->is_control) {
        facts_set_text(facts, talk->factory_fact, talk->login.user,
            &(struct source){WITNESS_WIRE, 99, talk->factory_evidence});
        return;
    }
    facts_set_int(facts, FACT_LOGIN_REFUSED, 1, &source);
}

static void got_login(struct talk *talk, const struct talk_step *step, const struct answer *answer);

/* One step of the log-in; last is NULL at the first. */
static void
advance(struct talk *talk, const struct talk_step *last_step, const struct answer *last)
{
    struct talk_step step = talk->login_step;
    enum login_state state = device_login_step(talk->door, &talk->login,
        &talk->login_step.request.ask, last, &talk->subject->arena, &step.request);
    if (state == LOGIN_OPEN && !device_proves(talk->login_driver, last)) {
        state = LOGIN_UNCLEAR;
    }
    const struct evidence *evidence = last == NULL ? NULL : login_evidence(talk, last_step, last);
    const struct source source = {WITNESS_WIRE, 90, evidence};
    switch (state) {
    case LOGIN_SEND:
        if (step.request.spends && !is_granted(talk)) {
            return;
        }
        step.answered = got_login;
        (void)talk_ask(talk, &step);
        return;
    case LOGIN_OPEN:
        settle(talk, BUDGET_OPEN);
        opened(talk, evidence);
        return;
    case LOGIN_REFUSED:
        settle(talk, BUDGET_REFUSED);
        refused(talk, evidence);
        return;
    case LOGIN_LOCKED:
        settle(talk, BUDGET_LOCKED);
        facts_set_bool(&talk->subject->facts, FACT_LOGIN_LOCKED, true, &source);
        (*talk->setting->lockouts)++;
        return;
    case LOGIN_UNCLEAR:
        settle(talk, BUDGET_UNCLEAR);
        if (!talk->is_control) {
            untried(talk, last == NULL || last->err != OK
                              ? "the log-in got no clear answer"
                              : "the device did not ask for a password where one is expected");
        }
        return;
    }
}

static void
got_login(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    advance(talk, step, answer);
}

/* What stands before the path in the digest of an RTSP request. */
static const char *
rtsp_base(struct talk *talk)
{
    char ip[IP_TEXT];
    const struct wire_target *target = &talk->login_step.target;
    if (!talk->door->rtsp) {
        return NULL;
    }
    bool is_v6 = target->ip.family == 6;
    return arena_format(&talk->subject->arena, "rtsp://%s%s%s:%u", is_v6 ? "[" : "",
        ip_text(&target->ip, ip), is_v6 ? "]" : "", target->port);
}

static void
begin(struct talk *talk, const char *user, struct secret *password)
{
    secret_free(talk->password);
    talk->password = password;
    if (password == NULL) {
        return;
    }
    const struct fact *offset = facts_get(&talk->subject->facts, FACT_CLOCK_OFFSET);
    talk->login = (struct login){
        .user = user,
        .password = password,
        .clock_offset = offset == NULL ? 0 : offset->number,
        .base = rtsp_base(talk),
    };
    advance(talk, NULL, NULL);
}

/* The door and the place of a log-in for this driver; false when there is none to knock at. */
static bool
find_door(struct talk *talk, const struct device_driver *driver)
{
    talk->login_driver = driver;
    talk->door = driver->door;
    talk->login_step = (struct talk_step){
        .way = driver->door != NULL && driver->door->rtsp ? TALK_RTSP : TALK_HTTP,
        .request.ask = driver->door_ask,
        .driver = driver,
        .ask = &driver->door_ask,
    };
    return talk->door != NULL &&
           talk_read_target(talk, driver, &driver->door_ask, &talk->login_step);
}

void
talk_login_begin(struct talk *talk)
{
    const struct device_driver *driver =
        talk->subject->kind == KIND_VMS ? talk->identity.vms : talk->identity.device;
    struct facts *facts = &talk->subject->facts;
    if (driver == NULL) {
        untried(talk, "its model is not known, so no password was tried");
        return;
    }
    const char *none = driver->no_factory == NULL ? NULL : driver->no_factory(facts);
    if (none != NULL) {
        const struct fact *ground = facts_get(facts, FACT_DEVICE_ACTIVATED);
        if (ground == NULL) {
            ground = facts_get(facts, FACT_DEVICE_FIRMWARE);
        }
        const struct source source = {WITNESS_WIRE, 85, ground == NULL ? NULL : ground->evidence};
        facts_set_text(facts, FACT_LOGIN_NO_FACTORY, none, &source);
        return;
    }
    const struct fact *auth = facts_get(facts, FACT_VMS_AUTH);
    talk->credential = credential_next(driver->vendor, NULL);
    if (driver == talk->identity.vms && auth != NULL && !auth->yes) {
        untried(talk, "its log-in is switched off");
    } else if (talk->credential == NULL) {
        untried(talk, "no factory password of this maker is published");
    } else if (talk->setting->site != NULL &&
               !site_may_login(talk->setting->site, &talk->subject->addresses[0])) {
        untried(talk, "the site file allows no log-in there");
    } else if (talk->setting->logins_per_day == 0) {
        untried(talk, "log-ins are switched off for this run");
    } else if (talk->setting->store == NULL) {
        untried(talk, talk->setting->store_why);
    } else if (!find_door(talk, driver)) {
        untried(talk, "no log-in page was found to try it at");
    } else {
        talk->is_control = false;
        begin(talk, talk->credential->user, secret_new_text(talk->credential->password));
    }
}
