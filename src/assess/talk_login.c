/*
 * Rules of this file: a password is sent only after the budget has granted and stored the try; no
 * factory password where the model has none or the owner gave his own; a lock ends it for good; a
 * positive is confirmed by a random password where the budget allows it; 200 OK alone is no proof.
 */
#include "assess/talk_step.h"

#include "assess/knock.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/budget.h"

#include <stdio.h>
#include <string.h>

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
    } else if (!talk->is_control && talk->refused_count == 0) {
        untried(talk, why);
    }
}

static struct run_login
describe_login(const struct talk *talk)
{
    return (struct run_login){
        .subject = talk->subject,
        .ip = &talk->login_step.target.ip,
        .port = talk->login_step.target.port,
        .account = talk->login.user,
        .door = talk->door->title,
        .kind = talk->is_control      ? RUN_LOGIN_CONTROL
                : talk->owner != NULL ? RUN_LOGIN_OWNER
                                      : RUN_LOGIN_FACTORY,
    };
}

/* The ledger has to know of a password before the device does. */
static bool
is_recorded(struct talk *talk)
{
    struct note note = {""};
    const struct run_login login = describe_login(talk);
    enum err err = run_events_login(talk->setting->events, &login, &note);
    if (err != OK) {
        give_up(talk, arena_format(&talk->subject->arena, "the ledger could not take it: %s",
                          note.text[0] == '\0' ? err_words(err) : note.text));
    }
    return err == OK;
}

/* Asks the budget; writes why not when it says no. */
static bool
is_granted(struct talk *talk)
{
    struct budget_answer answer;
    char id[CREDENTIAL_ID];
    struct budget_request request = {
        .account = talk->login.user,
        .credential = talk->is_control      ? BUDGET_CONTROL
                      : talk->owner != NULL ? BUDGET_OWNER
                                            : credential_id(talk->credential, id),
        .protocol = talk->door->title,
        .now = clock_wall(),
        .per_day = talk->setting->logins_per_day,
        .control = talk->is_control,
        .owner = talk->owner != NULL,
        .limit_tries = talk->login_driver->limit.tries,
        .limit_seconds = talk->login_driver->limit.seconds,
    };
    budget_request_keys(&request, talk->subject);
    knock_limits(&request, &talk->subject->facts);
    enum err err = budget_take(talk->setting->store, &request, &answer);
    if (err != OK || !answer.granted) {
        give_up(talk, err != OK ? "the lock-out budget could not be stored" : answer.why);
        return false;
    }
    if (!is_recorded(talk)) {
        return false; /* the ticket stays pending, which counts as a try: better one too many */
    }
    talk->ticket = answer.ticket;
    talk->is_confirmed = answer.confirmed;
    (*talk->setting->logins)++;
    return true;
}

static void
settle(struct talk *talk, enum budget_outcome outcome, const struct device_warning *warning)
{
    static const char *const words[] = {
        [BUDGET_OPEN] = "open",
        [BUDGET_REFUSED] = "refused",
        [BUDGET_LOCKED] = "locked",
        [BUDGET_UNCLEAR] = "unclear",
    };
    if (talk->ticket != 0) {
        struct note note = {""};
        const struct run_login login = describe_login(talk);
        if (run_events_answer(talk->setting->events, &login, words[outcome], &note) != OK) {
            log_debug("the ledger could not take what came of a log-in: %s", note.text);
        }
        const struct budget_report report = {
            .outcome = outcome, .left = warning->left, .seconds = warning->seconds};
        /* A result that can't be stored stays pending, which counts as a wrong try. */
        if (budget_settle(talk->setting->store, talk->ticket, &report) != OK) {
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

/* The control was refused, now or earlier this day. */
static void
confirmed(struct talk *talk)
{
    facts_set_text(&talk->subject->facts, talk->factory_fact, talk->login.user,
        &(struct source){WITNESS_WIRE, 99, talk->factory_evidence});
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

static void
opened(struct talk *talk, const struct evidence *evidence)
{
    struct facts *facts = &talk->subject->facts;
    const struct source sure = {WITNESS_WIRE, 95, evidence};
    if (talk->is_control) {
        facts_set_bool(facts, FACT_LOGIN_ANY, true, &sure);
        facts_forget(facts, talk->factory_fact);
        talk_read_leave(talk, &talk->login);
        talk_read_leave_all(talk);
        talk->is_open = false;
        return;
    }
    keep_open(talk);
    if (talk->owner != NULL) {
        talk->factory_evidence = evidence;
        facts_set_text(facts, FACT_LOGIN_OWNER, talk->kept.user, &sure);
        talk_credential_compare(talk);
        return;
    }
    /* One try is a strong sign; the control below makes it certain. */
    const struct source strong = {WITNESS_WIRE, 80, evidence};
    talk->factory_fact = talk_credential_fact(talk);
    talk->factory_evidence = evidence;
    facts_set_text(facts, talk->factory_fact, talk->kept.user, &strong);
    talk->is_control = true;
    if (talk->is_confirmed) {
        confirmed(talk);
        return;
    }
    begin(talk, talk->login.user, secret_new_random(12));
}

static void
refused(struct talk *talk, const struct evidence *evidence)
{
    const struct source source = {WITNESS_WIRE, 95, evidence};
    if (talk->is_control) {
        confirmed(talk);
        return;
    }
    if (talk->owner != NULL) {
        owner_failed(talk, "was refused; it is not tried again for 24 hours", evidence);
        return;
    }
    talk_credential_refused(talk, true, &source);
}

static void got_login(struct talk *talk, const struct talk_step *step, const struct answer *answer);

/* A refusal may say that it was the last one, or how many are left to it. */
static enum login_state
heed(struct talk *talk, const struct answer *last, enum login_state state,
    const struct source *source, struct device_warning *ret_warning)
{
    if (last == NULL) {
        return state;
    }
    state = knock_heed(talk->login_driver, last, state, ret_warning);
    if (ret_warning->left >= 0) {
        facts_set_int(&talk->subject->facts, FACT_LOCKOUT_LEFT, ret_warning->left, source);
    }
    return state;
}

/*
 * The password of many devices goes to any that calls itself a camera, so only in a form that an
 * impostor can neither read nor use at the next device: as an answer to a challenge.
 */
static bool
would_tell_all(const struct talk *talk, const struct request *request)
{
    return talk_credential_is_others(talk) &&
           knock_tells(talk->door, request, talk->login.password);
}

/* The next request of the log-in, where nothing speaks against it. */
static void
send_on(struct talk *talk, struct talk_step *step)
{
    if (step->request.spends && would_tell_all(talk, &step->request)) {
        give_up(talk, knock_is_replayable(talk->door, &step->request)
                          ? "its log-in could be repeated at other devices, and the password "
                            "of many devices is not sent so"
                          : "it asks for the password readably, and the one of many devices "
                            "is not sent so");
    } else if (!step->request.spends || is_granted(talk)) {
        step->answered = got_login;
        (void)talk_ask(talk, step);
    }
}

/* One step of the log-in; last is NULL at the first. */
static void
advance(struct talk *talk, const struct talk_step *last_step, const struct answer *last)
{
    struct talk_step step = talk->login_step;
    enum login_state state = device_login_step(
        talk->door, &talk->login, &talk->login_step.request.ask, last, &talk->vault, &step.request);
    if (state == LOGIN_OPEN && !knock_proves(talk->login_driver, talk->door, last)) {
        state = LOGIN_UNCLEAR;
    }
    const struct evidence *evidence = last == NULL ? NULL : login_evidence(talk, last_step, last);
    const struct source source = {WITNESS_WIRE, 90, evidence};
    struct device_warning warning = {.left = -1};
    if (state == LOGIN_REFUSED || state == LOGIN_LOCKED) {
        state = heed(talk, last, state, &source, &warning);
    }
    if (state == LOGIN_REFUSED && talk->ticket == 0 && warning.left > 0) {
        give_up(talk, arena_format(&talk->arena,
                          "the device says that %d wrong log-in%s left before it locks",
                          warning.left, warning.left == 1 ? " is" : "s are"));
        return;
    }
    switch (state) {
    case LOGIN_SEND:
        send_on(talk, &step);
        return;
    case LOGIN_OPEN:
        settle(talk, BUDGET_OPEN, &warning);
        opened(talk, evidence);
        return;
    case LOGIN_REFUSED:
        settle(talk, BUDGET_REFUSED, &warning);
        refused(talk, evidence);
        return;
    case LOGIN_LOCKED:
        (*talk->setting->lockouts) += talk->ticket != 0 ? 1 : 0; /* else it was locked before */
        settle(talk, BUDGET_LOCKED, &warning);
        facts_set_bool(&talk->subject->facts, FACT_LOGIN_LOCKED, true, &source);
        if (talk->owner != NULL) {
            owner_failed(talk, "could not be tried: the device says that it is locked", evidence);
        }
        return;
    case LOGIN_UNCLEAR:
        if (talk->ticket != 0) { /* its session may be open all the same */
            talk_read_leave(talk, &talk->login);
        }
        settle(talk, BUDGET_UNCLEAR, &warning);
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
        .base = talk->door->rtsp ? knock_base(&talk->login_step.target, &talk->arena) : NULL,
    };
    advance(talk, NULL, NULL);
}

/* Where no page asks for a login, the stream may: RTSP shares the lock-out with the rest. */
static bool
find_rtsp_door(struct talk *talk, const struct device_driver *driver)
{
    struct wire_target target;
    if (!facts_is_yes(&talk->subject->facts, FACT_LOGIN_RTSP_ASKED) ||
        !knock_rtsp(talk->subject, &target)) {
        return false;
    }
    talk->door = &device_door_rtsp;
    talk->login_step = (struct talk_step){
        .way = TALK_RTSP,
        .target = target,
        .request.ask = {.method = "DESCRIBE",
                        .path = driver->stream_count == 0 ? "/" : driver->streams[0]},
        .driver = driver,
    };
    return true;
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
        return driver->vendor != NULL && !talk_credential_is_stated(talk, driver)
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
        return driver->door != NULL && driver->door->needs_tls
                   ? "its log-in takes the password readably, and it was not found at a port with "
                     "TLS"
                   : "no log-in page was found to try it at";
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
    if (site_secret_ring(talk->setting->keyring, talk->subject, &talk->arena, &talk->ring) == OK) {
        talk->owner = &talk->ring; /* newer than what the site file says */
    } else {
        talk->owner = site_secret_device(talk->setting->site, talk->subject, &is_stranger);
    }
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
    talk_credential_choose(talk, driver);
    if (talk->owner == NULL && talk->credential == NULL && talk->refused_count != 0) {
        return;
    }
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

/* The next run knows the policy before it logs in. */
static void
remember_policy(const struct talk *talk)
{
    struct budget_request request = {.now = clock_wall()};
    knock_limits(&request, &talk->subject->facts);
    budget_request_keys(&request, talk->subject);
    if (talk->setting->store != NULL && request.limit_tries != 0 &&
        budget_policy(talk->setting->store, &request) != OK) {
        log_debug("the lock-out policy of a device could not be stored");
    }
}

void
talk_login_end(struct talk *talk)
{
    remember_policy(talk);
    if (talk->owner != NULL && talk->is_open) {
        (void)has_no_factory(talk, talk->login_driver);
        talk_credential_compare(talk);
    }
}
