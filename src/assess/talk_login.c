/*
 * Rules of this file: a password is sent only after the budget has granted and stored the try; no
 * factory password where the model has none or the owner gave his own; a lock ends it for good; a
 * positive is confirmed by a random password where the budget allows it; 200 OK alone is no proof.
 */
#include "assess/talk_step.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/budget.h"

#include <stdio.h>

/* A maker that was only guessed is no reason to try its password. */
#define STATED_SURE 60

static void
untried(struct talk *talk, const char *why)
{
    const struct source source = {WITNESS_WIRE, 80, NULL};
    facts_set_text(&talk->subject->facts, FACT_LOGIN_UNTRIED, why, &source);
}

/* The owner's password opened nothing: what stands behind the log-in stays unknown, and why. */
static void
owner_failed(struct talk *talk, const char *what, const struct evidence *evidence)
{
    struct facts *facts = &talk->subject->facts;
    const struct source source = {WITNESS_WIRE, 95, evidence};
    struct arena *arena = &talk->subject->arena;
    const char *why = arena_format(arena, "%s %s", site_secret_words(talk->owner, arena), what);
    facts_set_text(facts, FACT_LOGIN_OWNER_FAILED, why, &source);
    facts_set_text(facts, FACT_CLOUD_UNREAD, why, &source);
    untried(talk, why);
}

/* No password is tried, or what was tried says nothing. */
static void
give_up(struct talk *talk, const char *why)
{
    if (talk->owner != NULL) {
        const char *what = arena_format(&talk->subject->arena, "opened nothing: %s", why);
        owner_failed(talk, what, NULL);
    } else if (!talk->is_control) {
        untried(talk, why);
    }
}

/* Names the credential without its password: "hikvision:admin". */
static const char *
credential_id(struct talk *talk)
{
    return arena_format(&talk->arena, "%s:%s", talk->credential->vendor, talk->credential->user);
}

static bool
is_stated(const struct talk *talk, const struct device_driver *driver)
{
    const struct identity *identity = &talk->identity;
    return (driver == identity->vms ? identity->vms_confidence : identity->device_confidence) >=
           STATED_SURE;
}

/* The likeliest factory password: of the driver's maker, else of the brand or maker it states. */
static const struct credential *
first_credential(const struct talk *talk, const struct device_driver *driver)
{
    static const enum fact_id names[] = {FACT_DEVICE_BRAND, FACT_DEVICE_VENDOR};
    const struct credential *credential = driver->vendor == NULL || !is_stated(talk, driver)
                                              ? NULL
                                              : credential_next(driver->vendor, NULL);
    for (size_t i = 0; i < COUNT(names) && credential == NULL; i++) {
        const struct fact *fact = facts_get(&talk->subject->facts, names[i]);
        if (fact != NULL && fact->confidence >= STATED_SURE) {
            credential = credential_next(fact->text, NULL);
        }
    }
    return credential;
}

/* Asks the budget; writes why not when it says no. */
static bool
is_granted(struct talk *talk)
{
    struct budget_answer answer;
    struct budget_request request = {
        .account = talk->login.user,
        .credential = talk->is_control      ? "control"
                      : talk->owner != NULL ? BUDGET_OWNER
                                            : credential_id(talk),
        .protocol = talk->door->title,
        .now = clock_wall(),
        .per_day = talk->setting->logins_per_day,
        .control = talk->is_control,
        .owner = talk->owner != NULL,
        .limit_tries = talk->login_driver->limit.tries,
        .limit_seconds = talk->login_driver->limit.seconds,
    };
    budget_request_keys(&request, talk->subject);
    enum err err = budget_take(talk->setting->store, &request, &answer);
    if (err != OK || !answer.granted) {
        give_up(talk, err != OK ? "the lock-out budget could not be stored" : answer.why);
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

static enum fact_id
factory_fact(const struct talk *talk)
{
    bool is_vms = talk->login_driver == talk->identity.vms && talk->subject->kind == KIND_VMS;
    return is_vms ? FACT_VMS_FACTORY : FACT_LOGIN_FACTORY;
}

/* The log-in that opened serves the readings behind it. */
static void
keep_open(struct talk *talk)
{
    talk->is_open = true;
    talk->kept = talk->login;
    talk->kept_password = talk->password;
    talk->password = NULL;
}

/* What the owner's password tells about the factory's: it is one, or it stands in its place. */
static void
compare_with_factory(struct talk *talk)
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
                          "the password in the site file is the factory password", evidence->at)};
            facts_set_text(facts, factory_fact(talk), talk->kept.user, &found);
            return;
        }
        count++;
        others += same_user ? 0 : 1;
    }
    if (count != 0 && others == 0) {
        facts_set_text(facts, FACT_LOGIN_REPLACED, talk->kept.user, &sure);
    }
}

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
    keep_open(talk);
    if (talk->owner != NULL) {
        talk->factory_evidence = evidence;
        facts_set_text(facts, FACT_LOGIN_OWNER, talk->kept.user, &sure);
        compare_with_factory(talk);
        return;
    }
    /* One try is a strong sign; the control below makes it certain. */
    const struct source strong = {WITNESS_WIRE, 80, evidence};
    talk->factory_fact = factory_fact(talk);
    talk->factory_evidence = evidence;
    facts_set_text(facts, talk->factory_fact, talk->kept.user, &strong);
    talk->is_control = true;
    begin(talk, talk->login.user, secret_new_random(12));
}

/* One refused password says nothing about the maker's other published accounts. */
static void
note_untried_rest(struct talk *talk, const struct source *source)
{
    size_t left = 0;
    char words[96];
    const struct credential *next = talk->credential;
    while ((next = credential_next(talk->credential->vendor, next)) != NULL) {
        left++;
    }
    if (left != 0) {
        (void)snprintf(words, sizeof(words), "%zu more that its maker published %s not tried", left,
            left == 1 ? "was" : "were");
        facts_set_text(&talk->subject->facts, FACT_LOGIN_PARTLY, words, source);
    }
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
    if (talk->owner != NULL) {
        owner_failed(talk, "was refused; it is not tried again for 24 hours", evidence);
        return;
    }
    facts_set_int(facts, FACT_LOGIN_REFUSED, 1, &source);
    note_untried_rest(talk, &source);
}

static void got_login(struct talk *talk, const struct talk_step *step, const struct answer *answer);

/* 200 alone is no proof: the answer must be what only the device says to a user. */
static bool
is_proven(const struct talk *talk, const struct answer *last)
{
    if (last == NULL) {
        return false;
    }
    return talk->door->rtsp ? last->status == 200 && text_contains(last->body, "m=video")
                            : device_proves(talk->login_driver, last);
}

/* One step of the log-in; last is NULL at the first. */
static void
advance(struct talk *talk, const struct talk_step *last_step, const struct answer *last)
{
    struct talk_step step = talk->login_step;
    enum login_state state = device_login_step(
        talk->door, &talk->login, &talk->login_step.request.ask, last, &talk->vault, &step.request);
    if (state == LOGIN_OPEN && !is_proven(talk, last)) {
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
        if (talk->owner != NULL) {
            owner_failed(talk, "could not be tried: the device says that it is locked", evidence);
        }
        return;
    case LOGIN_UNCLEAR:
        settle(talk, BUDGET_UNCLEAR);
        give_up(talk, last == NULL || last->err != OK
                          ? "the log-in got no clear answer"
                          : "the device did not ask for a password where one is expected");
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
    return arena_format(&talk->arena, "rtsp://%s%s%s:%u", is_v6 ? "[" : "",
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

/* Where no page asks for a login, the stream may: RTSP shares the lock-out with the rest. */
static bool
find_rtsp_door(struct talk *talk, const struct device_driver *driver)
{
    const struct subject *subject = talk->subject;
    bool is_asked = facts_is_yes(&subject->facts, FACT_LOGIN_RTSP_ASKED);
    for (size_t i = 0; is_asked && i < subject->port_count; i++) {
        const struct port *port = &subject->ports[i];
        if (text_equal(port->protocol, "rtsp") && !port->tls) {
            talk->door = &device_door_rtsp;
            talk->login_step = (struct talk_step){
                .way = TALK_RTSP,
                .target = {subject->addresses[0], port->number, false},
                .request.ask = {.method = "DESCRIBE",
                           .path = driver->stream_count == 0 ? "/" : driver->streams[0]             },
                .driver = driver,
            };
            return true;
        }
    }
    return false;
}

/* The door and the place of a log-in for this driver; false when there is none to knock at. */
static bool
find_door(struct talk *talk, const struct device_driver *driver)
{
    talk->login_driver = driver;
    talk->door = driver->door;
    talk->login_step = (struct talk_step){
        .way = TALK_HTTP,
        .request.ask = driver->door_ask,
        .driver = driver,
        .ask = &driver->door_ask,
    };
    if (talk->door != NULL &&
        talk_read_target(talk, driver, &driver->door_ask, &talk->login_step)) {
        return true;
    }
    return find_rtsp_door(talk, driver);
}

/* Sets the fact when the model has no factory password. */
static bool
has_no_factory(struct talk *talk, const struct device_driver *driver)
{
    struct facts *facts = &talk->subject->facts;
    const char *none = driver->no_factory == NULL ? NULL : driver->no_factory(facts);
    if (none == NULL) {
        return false;
    }
    const struct fact *ground = facts_get(facts, FACT_DEVICE_ACTIVATED);
    if (ground == NULL) {
        ground = facts_get(facts, FACT_DEVICE_FIRMWARE);
    }
    const struct source source = {WITNESS_WIRE, 85, ground == NULL ? NULL : ground->evidence};
    facts_set_text(facts, FACT_LOGIN_NO_FACTORY, none, &source);
    return true;
}

/* Why no password may be tried; NULL when one may. */
static const char *
hindrance(struct talk *talk, const struct device_driver *driver)
{
    const struct talk_setting *setting = talk->setting;
    const struct fact *auth = facts_get(&talk->subject->facts, FACT_VMS_AUTH);
    bool asks_elsewhere = facts_get(&talk->subject->facts, FACT_VMS_BESIDE) != NULL;
    if (driver == talk->identity.vms && auth != NULL && !auth->yes && !asks_elsewhere) {
        return "its log-in is switched off";
    }
    if (talk->owner == NULL && talk->credential == NULL) {
        return driver->vendor != NULL && !is_stated(talk, driver)
                   ? "its maker is only guessed, so no password was tried"
                   : "no factory password of this maker is published";
    }
    if (setting->site != NULL && !site_may_login(setting->site, &talk->subject->addresses[0])) {
        return "the site file allows no log-in there";
    }
    if (setting->logins_per_day == 0) {
        return "log-ins are switched off for this run";
    }
    if (setting->store == NULL) {
        return setting->store_why;
    }
    if (!find_door(talk, driver)) {
        return "no log-in page was found to try it at";
    }
    return talk->door->needs_tls && !talk->login_step.target.tls
               ? "its log-in takes the password readably, and it offers no TLS there"
               : NULL;
}

/* A password that another device would get is as good as published. */
static void
tell_stranger(struct talk *talk)
{
    const struct source source = {WITNESS_DECLARED, 80, NULL};
    const char *why = "the site file's password for this address belongs to another MAC address, "
                      "so it was not sent";
    facts_set_text(&talk->subject->facts, FACT_LOGIN_OWNER_FAILED, why, &source);
    facts_set_text(&talk->subject->facts, FACT_CLOUD_UNREAD, why, &source);
}

void
talk_login_begin(struct talk *talk)
{
    const struct device_driver *driver =
        talk->subject->kind == KIND_VMS ? talk->identity.vms : talk->identity.device;
    bool is_stranger = false;
    talk->owner = site_secret_device(talk->setting->site, talk->subject, &is_stranger);
    if (is_stranger && talk->owner == NULL) {
        tell_stranger(talk);
    }
    if (driver == NULL) {
        give_up(talk, "its model is not known");
        return;
    }
    if (has_no_factory(talk, driver) && talk->owner == NULL) {
        return;
    }
    talk->credential = talk->owner == NULL ? first_credential(talk, driver) : NULL;
    const char *why = hindrance(talk, driver);
    if (why != NULL) {
        give_up(talk, why);
        return;
    }
    talk->is_control = false;
    if (talk->owner != NULL) {
        const struct secret *own = talk->owner->password;
        begin(talk, talk->owner->user, secret_new(secret_text(own), secret_len(own)));
    } else {
        begin(talk, talk->credential->user, secret_new_text(talk->credential->password));
    }
}

void
talk_login_end(struct talk *talk)
{
    if (talk->owner != NULL && talk->is_open) {
        (void)has_no_factory(talk, talk->login_driver);
        compare_with_factory(talk);
    }
}
