/* One run, from the first packet to the judged result. */
#include "assess/assess.h"

#include "assess/again.h"
#include "assess/config.h"
#include "assess/derive.h"
#include "assess/derive_history.h"
#include "assess/findings.h"
#include "assess/join.h"
#include "assess/score.h"
#include "assess/talk.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "identify/identify.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAVE_MS    2000 /* for the end of sessions after a signal */
#define WAS_STOPPED "the run was stopped while it was asked"

struct run {
    const struct assess_settings *settings;
    struct assessment *result;
    struct wire *wire;
    struct discovery *discovery;
    struct crowd crowd;
    struct talk_setting talk;
    struct run_events events;
    struct talk **talks;  /* one place for each device; NULL before and after */
    size_t next;          /* device to be asked next */
    size_t asking, asked; /* asked: done with, whether it could be asked or not */
    size_t answered;
    uv_signal_t signals[2];
    int64_t began;
    unsigned logins, lockouts;
    bool stopping;
    bool over; /* what the loop still tells comes too late */
};

struct assess_settings
assess_settings_default(void)
{
    return (struct assess_settings){
        .wire = wire_settings_default(),
        .logins_per_day = 1,
        .devices_at_once = 64,
        .device_ms = 60000,
    };
}

struct assess_plan
assess_plan(const struct assess_settings *settings)
{
    struct assess_plan plan = {
        .hosts = scope_host_count(settings->scope),
        .logins = settings->store == NULL ? 0 : settings->logins_per_day,
    };
    struct wire_interface interfaces[32];
    struct wire *wire = NULL;
    size_t count = 0;
    if (wire_new(settings->scope, &settings->wire, &wire) == OK) {
        count = wire_interfaces(wire, interfaces, COUNT(interfaces));
        wire_free(wire);
    }
    for (size_t i = 0; i < discover_method_count; i++) {
        if (discover_runs(discover_methods[i], &settings->discover)) {
            plan.probes += discovery_plan(discover_methods[i], settings->scope, interfaces, count);
        }
    }
    if (settings->discover.given == NULL) {
        plan.probes += (uint64_t)plan.hosts * settings->discover.port_count;
    }
    plan.seconds = (unsigned)(plan.probes / settings->wire.packets_per_second) + 3;
    return plan;
}

static void
show(struct run *run, enum assess_phase phase, size_t done, size_t all)
{
    if (run->settings->progress == NULL) {
        return;
    }
    const struct assess_progress progress = {
        .phase = phase,
        .done = done,
        .all = all,
        .devices = run->crowd.count,
        .logins = run->logins,
        .lockouts = run->lockouts,
        .elapsed_ms = clock_mono() - run->began,
    };
    run->settings->progress(run->settings->context, &progress);
}

static void ask_more(struct run *run);

static void
talk_ended(void *context, struct talk *talk)
{
    struct run *run = context;
    struct subject *subject = talk_subject(talk);
    run->talks[subject->number - 1] = NULL;
    talk_free(talk);
    run->asking--;
    run->asked++;
    run->answered++;
    ask_more(run);
}

static bool
is_asked(const struct run *run, const struct subject *subject)
{
    return !again_keeps(run->settings->again, subject) && subject->in_scope &&
           subject->address_count != 0 && subject->port_count != 0;
}

/* Keeps as many conversations going as the settings allow; stops the loop after the last. */
static void
ask_more(struct run *run)
{
    while (run->next < run->crowd.count && run->asking < run->settings->devices_at_once) {
        struct subject *subject = run->crowd.subjects[run->next++];
        if (!is_asked(run, subject)) {
            run->asked++;
            continue;
        }
        struct talk *talk = talk_start(&run->talk, subject, talk_ended, run);
        if (talk == NULL) {
            subject->trouble = err_words(ERR_MEMORY);
            run->asked++;
            continue;
        }
        run->talks[subject->number - 1] = talk;
        run->asking++;
    }
    show(run, ASSESS_ASK, run->asked, run->crowd.count);
    if (run->asking == 0 && run->next == run->crowd.count) {
        wire_stop(run->wire);
    }
}

static void
make_partial(struct run *run, const char *why)
{
    run->result->partial = true;
    run->result->partial_why = arena_copy(&run->result->arena, why);
}

/* The owner's own names and kinds for his devices. */
static void
declare_devices(struct run *run)
{
    const struct site *site = run->settings->site;
    for (size_t i = 0; site != NULL && i < run->crowd.count; i++) {
        struct subject *subject = run->crowd.subjects[i];
        const struct site_device *device = site_device(site, &subject->addresses[0], &subject->mac);
        if (device == NULL) {
            continue;
        }
        subject->name = arena_copy(&subject->arena, device->name);
        if (device->kind != KIND_UNKNOWN) {
            const struct source source = {WITNESS_DECLARED, 100, NULL};
            facts_set_text(&subject->facts, FACT_DEVICE_KIND, kind_name(device->kind), &source);
        }
    }
}

/* This machine hears its own multicasts; it is a device only where it serves something. */
static void
drop_own_echo(struct run *run)
{
    const struct wire_interface *interfaces = NULL;
    size_t count = discovery_interfaces(run->discovery, &interfaces);
    for (size_t i = 0; i < count; i++) {
        crowd_drop_silent(&run->crowd, &interfaces[i].ip);
    }
}

static void
discovered(void *context)
{
    struct run *run = context;
    if (run->over) {
        return;
    }
    if (crowd_join(&run->crowd, run->discovery, run->settings->scope) != OK) {
        make_partial(run, "more machines answered than one run can hold");
    }
    drop_own_echo(run);
    if (run->settings->again != NULL && again_join(run->settings->again, &run->crowd) != OK) {
        make_partial(run, err_words(ERR_MEMORY));
    }
    run->talks = calloc(run->crowd.count + 1, sizeof(struct talk *));
    if (run->talks == NULL) {
        make_partial(run, err_words(ERR_MEMORY));
        wire_stop(run->wire);
        return;
    }
    for (size_t i = 0; i < run->crowd.count; i++) {
        look_mac(&run->settings->look, run->crowd.subjects[i]);
        look_scopes(run->crowd.subjects[i]);
    }
    declare_devices(run);
    ask_more(run);
}

static void
swept(void *context, size_t done, size_t all)
{
    show(context, ASSESS_DISCOVER, done, all);
}

/* Whether a session is being ended somewhere; talks without one go at once. */
static bool
hurry_talks(struct run *run)
{
    bool waits = false;
    run->next = run->crowd.count;
    for (size_t i = 0; run->talks != NULL && i < run->crowd.count; i++) {
        if (run->talks[i] == NULL) {
            continue;
        }
        run->crowd.subjects[i]->trouble = WAS_STOPPED;
        if (talk_hurry(run->talks[i])) {
            waits = true;
        } else {
            talk_free(run->talks[i]);
            run->talks[i] = NULL;
            run->asking--;
        }
    }
    return waits;
}

static void
stop_now(void *context)
{
    const struct run *run = context;
    wire_stop(run->wire);
}

/* The first asks for an end, with the sessions closed; the second ends it. */
static void
got_signal(uv_signal_t *handle, int number)
{
    (void)number;
    struct run *run = handle->data;
    make_partial(run, "stopped by a signal before the end");
    bool waits = !run->stopping && hurry_talks(run) &&
                 wire_after(run->wire, LEAVE_MS, stop_now, run) != NULL;
    run->stopping = true;
    if (!waits) {
        wire_stop(run->wire);
    }
}

static void
watch_signals(struct run *run)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        (void)uv_signal_init(wire_loop(run->wire), &run->signals[i]);
        run->signals[i].data = run;
        (void)uv_signal_start(&run->signals[i], got_signal, numbers[i]);
        uv_unref((uv_handle_t *)&run->signals[i]);
    }
}

static void
close_signals(struct run *run)
{
    for (size_t i = 0; i < COUNT(run->signals); i++) {
        uv_close((uv_handle_t *)&run->signals[i], NULL);
    }
    (void)uv_run(wire_loop(run->wire), UV_RUN_NOWAIT);
}

static void
name_run(struct assessment *result, int64_t now)
{
    char text[CLOCK_TEXT];
    char compact[CLOCK_TEXT];
    size_t used = 0;
    for (const char *c = clock_text(now, text); *c != '\0'; c++) {
        if (*c != '-' && *c != ':') {
            compact[used++] = *c;
        }
    }
    compact[used] = '\0';
    (void)snprintf(
        result->id, sizeof(result->id), "%s-%06x", compact, randombytes_uniform(1U << 24));
}

static const char *
scope_words(struct arena *arena, const struct scope *scope)
{
    CLEANUP(buf_release) struct buf words;
    char net[IP_TEXT];
    buf_init(&words, 4096);
    for (size_t i = 0; i < scope->allowed_count && words.len < 400; i++) {
        bool is_host = net_size(&scope->allowed[i]) == 1;
        buf_format(&words, "%s%s", i == 0 ? "" : ", ",
            is_host ? ip_text(&scope->allowed[i].ip, net) : net_text(&scope->allowed[i], net));
        if (words.len >= 400 && i + 1 < scope->allowed_count) {
            buf_format(&words, " and %zu more", scope->allowed_count - i - 1);
        }
    }
    return arena_copy(arena, words.data);
}

static const char *
file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Where the permission comes from. */
static const char *
authorised_words(struct arena *arena, const struct site *site, const struct scope *scope)
{
    char date[CLOCK_TEXT];
    bool listed = site != NULL;
    for (size_t i = 0; listed && i < scope->allowed_count; i++) {
        listed = scope_covers(&site->scope, &scope->allowed[i]);
    }
    if (scope->allowed_count == 0) {
        return "configuration files only";
    }
    if (site == NULL || !listed) {
        return "given on the command line";
    }
    if (site->authorised_at == 0) {
        return arena_format(arena, "authorised in %s", file_name(site->file));
    }
    return arena_format(arena, "authorised in %s, %s%s%s", file_name(site->file),
        clock_date(site->authorised_at, date), site->authorised_by == NULL ? "" : ", by ",
        site->authorised_by == NULL ? "" : site->authorised_by);
}

static void
describe(struct run *run)
{
    struct assessment *result = run->result;
    const struct site *site = run->settings->site;
    result->totals.started = clock_wall();
    name_run(result, result->totals.started);
    result->site = arena_copy(&result->arena, site == NULL ? "site" : site->name);
    result->authorised = authorised_words(&result->arena, site, run->settings->scope);
    result->catalog_date = catalog_current()->date;
    result->scope = scope_words(&result->arena, run->settings->scope);
    result->pace = run->settings->wire.packets_per_second;
    result->totals.hosts_planned = scope_host_count(run->settings->scope);
}

static void
stop_talks(struct run *run)
{
    for (size_t i = 0; run->talks != NULL && i < run->crowd.count; i++) {
        if (run->talks[i] != NULL) {
            run->crowd.subjects[i]->trouble = WAS_STOPPED;
            talk_free(run->talks[i]);
        }
    }
    free(run->talks);
}

/* Silence is no clean bill: no route, a wrong network or a firewall look the same. */
static void
note_silence(struct run *run)
{
    bool has_any = false;
    for (size_t i = 0; i < run->crowd.count; i++) {
        has_any = has_any || run->crowd.subjects[i]->in_scope;
    }
    if (!has_any && !run->result->partial && run->wire != NULL) {
        make_partial(run,
            "no address of the scope answered; check that it is the right network and that this "
            "machine has a way to it");
    }
}

static void
count_totals(struct run *run)
{
    static const struct wire_totals none;
    const struct wire_totals *totals = run->wire == NULL ? &none : wire_totals(run->wire);
    struct run_totals *out = &run->result->totals;
    out->packets = totals->packets;
    out->requests = totals->requests;
    out->connections = totals->connections;
    out->logins = run->logins;
    out->lockouts = run->lockouts;
    out->hosts_asked = run->answered;
    out->devices = run->crowd.count;
    out->cameras = 0;
    for (size_t i = 0; i < run->crowd.count; i++) {
        out->cameras += run->crowd.subjects[i]->kind == KIND_CAMERA ? 1 : 0;
    }
    out->ended = clock_wall();
}

/* Devices that were seen but never asked are still something. */
static void
identify_unasked(struct run *run)
{
    for (size_t i = 0; i < run->crowd.count; i++) {
        struct subject *subject = run->crowd.subjects[i];
        struct identity identity = {0};
        if (is_asked(run, subject) || again_keeps(run->settings->again, subject)) {
            continue;
        }
        look_discovered(&run->settings->look, subject);
        identify_by_signs(&identity, &subject->facts);
        identify_decide(&identity, subject);
    }
}

/* What an earlier run left open, a second look at some devices does not close. */
static void
note_before(struct run *run)
{
    const struct again *again = run->settings->again;
    if (again != NULL && again->before->partial && !run->result->partial) {
        make_partial(run, again->before->partial_why);
    }
}

/* A file that could not be read leaves questions open. */
static enum err
join_files(struct run *run)
{
    struct audit *audit = run->settings->audit;
    size_t mistakes = audit == NULL ? 0 : audit_mistake_count(audit);
    char why[160];
    if (audit == NULL) {
        return OK;
    }
    if (mistakes != 0 && !run->result->partial) {
        (void)snprintf(why, sizeof(why), "%zu configuration file%s could not be read", mistakes,
            mistakes == 1 ? "" : "s");
        make_partial(run, why);
    }
    config_site(run->result->whole, audit);
    return config_join(&run->crowd, audit);
}

/* Facts of the whole, findings, score. The devices become the result's. */
static enum err
judge(struct run *run)
{
    struct assessment *result = run->result;
    show(run, ASSESS_JUDGE, 0, 1);
    crowd_merge_same(&run->crowd);
    identify_unasked(run);
    result->whole = subject_new(0);
    if (result->whole == NULL || join_files(run) != OK) {
        return ERR_MEMORY;
    }
    run_events_facts(&run->settings->ledger, result->whole);
    const struct derive_from from = {
        run->discovery, run->settings->scope, run->settings->site, run->settings->keyring};
    derive_facts(&run->crowd, result->whole, &from);
    result->mappings = derive_mappings(run->discovery, &result->arena);
    derive_histories(&run->crowd, run->settings->store, result->site, run->settings->site);
    /* Everything worth keeping is in the devices now. */
    discovery_free(run->discovery);
    run->discovery = NULL;
    note_silence(run);
    note_before(run);
    count_totals(run);
    result->devices = run->crowd.subjects;
    result->device_count = run->crowd.count;
    crowd_init(&run->crowd);
    if (run->settings->site != NULL) {
        result->waivers = run->settings->site->waivers;
        result->waiver_count = run->settings->site->waiver_count;
    }
    static const struct findings_fixes fixes = {findings_fix};
    enum err err = findings_build(result, &fixes, clock_wall());
    return err != OK ? err : score_apply(result);
}

static enum err
open_run(struct run *run, struct note *note)
{
    enum err err = wire_new(run->settings->scope, &run->settings->wire, &run->wire);
    if (err != OK) {
        note_set(note, "the event loop could not be made: %s", err_words(err));
        return err;
    }
    run->talk = (struct talk_setting){
        .wire = run->wire,
        .look = &run->settings->look,
        .events = &run->events,
        .store = run->settings->store,
        .store_why = run->settings->store_why,
        .site = run->settings->site,
        .keyring = run->settings->keyring,
        .logins_per_day = run->settings->logins_per_day,
        .deadline_ms = run->settings->device_ms,
        .logins = &run->logins,
        .lockouts = &run->lockouts,
    };
    const struct discovery_settings discovery = {.choice = run->settings->discover,
        .listen_ms = 2500,
        .progress = swept,
        .done = discovered,
        .context = run};
    err = discovery_start(run->wire, run->settings->scope, &discovery, &run->discovery);
    if (err != OK) {
        note_set(note, "discovery could not begin: %s", err_words(err));
    }
    return err;
}

/* The run happened, whether the ledger takes its end or not: who writes into it knows. */
static void
write_end(struct run *run, enum err err, const struct note *why)
{
    struct note note = {""};
    const char *failed = err == OK ? NULL : why->text[0] == '\0' ? err_words(err) : why->text;
    if (run_events_end(&run->events, failed, &note) != OK) {
        log_debug("the end of the run is not in the ledger: %s", note.text);
    }
}

static enum err
write_begin(struct run *run, struct note *note)
{
    run->events = (struct run_events){
        run->settings->ledger.write, run->settings->ledger.context, run->result};
    return run_events_begin(
        &run->events, run->settings->store == NULL ? 0 : run->settings->logins_per_day, note);
}

enum err
assess_run(
    const struct assess_settings *settings, struct assessment **ret_assessment, struct note *note)
{
    struct run run = {.settings = settings, .began = clock_mono()};
    run.result = assessment_new();
    if (run.result == NULL) {
        return ERR_MEMORY;
    }
    crowd_init(&run.crowd);
    describe(&run);
    bool sends = settings->scope->allowed_count != 0;
    enum err err = write_begin(&run, note);
    bool is_written = err == OK;
    if (err == OK) {
        err = sends ? open_run(&run, note) : judge(&run);
    }
    if (err == OK && sends) {
        watch_signals(&run);
        wire_run(run.wire);
        run.over = true;
        stop_talks(&run);
        close_signals(&run);
        err = judge(&run);
    }
    if (is_written) {
        write_end(&run, err, note);
    }
    crowd_release(&run.crowd);
    discovery_free(run.discovery);
    if (run.wire != NULL) {
        wire_free(run.wire);
    }
    if (err != OK) {
        assessment_free(run.result);
        return err;
    }
    *ret_assessment = run.result;
    return OK;
}
