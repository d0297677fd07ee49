/* The events of a run. */
#include "assess/run_events.h"
#include "base/clock.h"
#include "base/text.h"

static void
add_text(json_t *object, const char *name, const char *text)
{
    if (!text_is_empty(text)) {
        (void)json_object_set_new(object, name, event_text_json(event_text(text)));
    }
}

static void
add_count(json_t *object, const char *name, uint64_t count)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)count));
}

/* The detail that every event of the run begins with; NULL when memory is out. */
static json_t *
detail_new(const struct run_events *events, const char *phase)
{
    json_t *detail = json_object();
    add_text(detail, "phase", phase);
    add_text(detail, "run", events->run->id);
    return detail;
}

/* Takes the detail over. */
static enum err
write_event(const struct run_events *events, struct event *event, json_t *detail, struct note *note)
{
    event->site = event_text(events->run->site);
    event->detail = detail;
    enum err err = detail == NULL ? ERR_MEMORY : events->write(events->context, event, note);
    json_decref(detail);
    return err;
}

enum err
run_events_begin(const struct run_events *events, unsigned logins_per_day, struct note *note)
{
    if (events->write == NULL) {
        return OK;
    }
    const struct assessment *run = events->run;
    struct event event = event_begin(EVENT_ASSESS_RUN, EVENT_OK);
    json_t *detail = detail_new(events, "begin");
    add_text(detail, "scope", run->scope);
    add_text(detail, "authorised", run->authorised);
    add_text(detail, "version", GATEHOUSE_VERSION);
    add_count(detail, "hosts", run->totals.hosts_planned);
    add_count(detail, "logins_per_device", logins_per_day);
    add_count(detail, "packets_per_second", run->pace);
    return write_event(events, &event, detail, note);
}

static enum err
write_login(const struct run_events *events, const struct run_login *login, struct event *event,
    const char *result, struct note *note)
{
    static const char *const kinds[] = {
        [RUN_LOGIN_FACTORY] = "factory",
        [RUN_LOGIN_OWNER] = "owner",
        [RUN_LOGIN_CONTROL] = "control",
        [RUN_LOGIN_NEW] = "new",
        [RUN_LOGIN_FORMER] = "former",
        [RUN_LOGIN_RECOVER] = "recovery",
    };
    char address[IP_TEXT];
    char key[SUBJECT_KEY];
    char title[SUBJECT_TITLE];
    json_t *detail = detail_new(events, result == NULL ? "begin" : "end");
    add_text(detail, "device", subject_key(login->subject, key));
    add_text(detail, "title", subject_title(login->subject, title));
    add_text(detail, "account", login->account);
    add_text(detail, "door", login->door);
    add_text(detail, "password", kinds[login->kind]);
    add_text(detail, "result", result);
    add_count(detail, "port", login->port);
    event->object = event_text(ip_text(login->ip, address));
    return write_event(events, event, detail, note);
}

enum err
run_events_login(const struct run_events *events, const struct run_login *login, struct note *note)
{
    struct event event = event_begin(EVENT_ASSESS_LOGIN, EVENT_UNKNOWN);
    return events->write == NULL ? OK : write_login(events, login, &event, NULL, note);
}

enum err
run_events_answer(const struct run_events *events, const struct run_login *login,
    const char *result, struct note *note)
{
    enum event_outcome outcome = text_equal(result, "open")      ? EVENT_OK
                                 : text_equal(result, "unclear") ? EVENT_UNKNOWN
                                                                 : EVENT_REFUSED;
    struct event event = event_begin(EVENT_ASSESS_LOGIN, outcome);
    return events->write == NULL ? OK : write_login(events, login, &event, result, note);
}

void
run_events_facts(const struct run_ledger *ledger, struct subject *whole)
{
    if (ledger->folder == NULL) {
        return;
    }
    const char *said = ledger->broken != NULL ? ledger->broken : "verified";
    const struct evidence *evidence = evidence_new(&whole->arena,
        arena_format(&whole->arena, "ledger %s", ledger->folder), said, clock_wall());
    const struct source source = {WITNESS_CONFIG, 100, evidence};
    if (ledger->unverified != NULL) {
        facts_set_text(&whole->facts, FACT_LEDGER_UNVERIFIED, ledger->unverified, &source);
        return;
    }
    facts_set_bool(&whole->facts, FACT_LEDGER_VERIFIED, ledger->is_verified, &source);
}

static unsigned
count_failed(const struct assessment *run)
{
    unsigned count = 0;
    for (size_t i = 0; i < run->finding_count; i++) {
        count += run->findings[i].verdict == FAIL ? 1 : 0;
    }
    return count;
}

enum err
run_events_end(const struct run_events *events, const char *failed, struct note *note)
{
    if (events->write == NULL) {
        return OK;
    }
    const struct assessment *run = events->run;
    const struct run_totals *totals = &run->totals;
    const char *reason = failed != NULL ? failed : run->partial ? run->partial_why : NULL;
    struct event event = event_begin(EVENT_ASSESS_RUN, reason == NULL ? EVENT_OK : EVENT_FAILED);
    json_t *detail = detail_new(events, "end");
    event.reason = event_text(reason);
    if (failed == NULL) {
        add_text(detail, "grade", run->grade);
        add_count(detail, "score", run->score);
        add_count(detail, "findings", count_failed(run));
    }
    add_count(detail, "devices", totals->devices);
    add_count(detail, "cameras", totals->cameras);
    add_count(detail, "logins", totals->logins);
    add_count(detail, "lockouts", totals->lockouts);
    add_count(detail, "packets", totals->packets);
    add_count(detail, "requests", totals->requests);
    if (totals->ended >= totals->started) {
        add_count(detail, "duration_ms", (uint64_t)(totals->ended - totals->started));
    }
    return write_event(events, &event, detail, note);
}
