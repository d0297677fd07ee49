/*
 * Updates of a VMS: the command for the owner's way of installing is told; it is run only where the
 * site file has it (no shell, bounded time and output), and the version is read afterwards.
 */
#include "remedy/command.h"
#include "remedy/firmware.h"
#include "remedy/session.h"

#include "base/clock.h"
#include "base/text.h"
#include "report/value.h"

#include <errno.h>
#include <string.h>

#define CONTROL "vms-updates"
#define ANSWER  ((size_t)4 * 1024 * 1024)
#define BACK_MS 300000
#define POLL_MS 5000L

/* How each product is updated, by its own documents. */
static const struct {
    const char *product, *words;
} ways[] = {
  /* docs.frigate.video, Installation: Docker Compose */
    {"Frigate",
     "docker compose pull && docker compose up -d, in the folder of its compose.yaml; "
        "keep a copy of config.yml and frigate.db, and read the notes of the release first"     },
 /* zoneminder.readthedocs.io, Installation: Debian; zmupdate.pl */
    {"ZoneMinder",
     "apt update && apt install --only-upgrade zoneminder, then systemctl stop "
        "zoneminder && zmupdate.pl && systemctl start zoneminder (Debian, Ubuntu; keep a "
        "dump of its database first)"                                                           },
 /* docs.shinobi.video, Updating */
    {"Shinobi",            "in its folder (/home/Shinobi): sh UPDATE.sh, then pm2 restart all; in Docker: "
                "docker compose pull && docker compose up -d"                    },
 /* support.networkoptix.com, Updating the system */
    {"Nx Witness",         "Nx Desktop > System Administration > Updates; or apt install ./the new "
                   "nxwitness-server .deb (Linux), or its installer (Windows)"},
 /* doc.milestonesys.com, Upgrade XProtect */
    {"Milestone XProtect",
     "run the installer of the new XProtect version on the management server, "
        "then on each recording server (Windows); keep a copy of the SQL database"              },
 /* blueirissoftware.com, Help: Blue Iris status, software updates */
    {"Blue Iris",          "in Blue Iris: About > Check for updates; or run its installer over the old one "
                  "(Windows); export the settings first"                       },
 /* github.com/AlexxIT/go2rtc, README: Docker */
    {"go2rtc",             "docker compose pull && docker compose up -d; or replace the binary by that of the "
               "new release and restart it"                                       },
};

static const char *
way_of(const char *product)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        if (text_starts_nocase(product, ways[i].product) ||
            text_contains_nocase(ways[i].product, product)) {
            return ways[i].words;
        }
    }
    return "as its own documents say";
}

/* The version that it tells without a log-in; ERR_MISSING. */
static enum err
read_open(struct job *job, const struct port *port, struct facts *facts)
{
    enum err err = ERR_MISSING;
    const struct ask *ask = NULL;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, ANSWER);
    const struct wire_target target = {job->subject->addresses[0], port->number, port->tls};
    for (size_t n = 0; (ask = device_ask(job->driver, n)) != NULL; n++) {
        struct answer answer = {.err = OK};
        const struct request request = {.ask = *ask};
        if (ask->login || ask->method != NULL || ask->body != NULL) {
            continue;
        }
        err = desk_http(job->desk, &target, &request, &arena, &answer);
        if (err == OK && answer.err == OK) {
            (void)device_read(job->driver, ask, &answer, ask->path, facts);
        }
        if (err == ERR_CANCELLED || facts_text(facts, FACT_VMS_VERSION) != NULL) {
            return err;
        }
    }
    return ERR_MISSING;
}

static enum err
read_version(struct job *job, const char **ret_version)
{
    struct facts facts;
    struct session *session = NULL;
    facts_init(&facts, &job->arena);
    if (job->driver == NULL || job->subject->address_count == 0) {
        return ERR_MISSING;
    }
    enum err err = ERR_MISSING;
    for (size_t i = 0; i < job->subject->port_count && err == ERR_MISSING; i++) {
        const struct port *port = &job->subject->ports[i];
        if (text_starts(port->protocol, "http")) {
            err = read_open(job, port, &facts);
        }
    }
    if (err == ERR_MISSING) {
        err = session_open_known(job, &session);
        err = err == OK ? session_read(session, FACT_VMS_VERSION, &facts) : err;
        session_close(session);
    }
    *ret_version = facts_text(&facts, FACT_VMS_VERSION);
    return err == OK && *ret_version == NULL ? ERR_MISSING : err;
}

static enum remedy_result
take(struct job *job)
{
    const char *version = NULL;
    const struct site *site = desk_settings(job->desk)->site;
    bool is_now = json_is_true(json_object_get(job->step->detail, "now"));
    if (site == NULL || site->vms_update.count == 0) {
        note_set(&job->why, "the site file has no vms_update");
        return REMEDY_CHANGED;
    }
    if (!is_now && !firmware_may(site, "vms", job->subject, clock_wall(), &job->why)) {
        return REMEDY_CHANGED;
    }
    enum err err = read_version(job, &version);
    if (err != OK) {
        note_set(&job->why, "its version can't be read (%s), so an update could not be proven",
            err_words(err));
        return err == ERR_CANCELLED ? REMEDY_STOPPED : REMEDY_CHANGED;
    }
    if (!text_equal(version, job->step->from)) {
        note_set(&job->why, "its version is %.80s by now", version);
        return REMEDY_CHANGED;
    }
    job->before = json_pack("{s:s}", "version", version);
    return job->before == NULL ? REMEDY_FAILED : REMEDY_DONE;
}

/* What the plan showed must still be what the site file says. */
static bool
is_as_planned(const struct site_update *update, const json_t *argv)
{
    if (json_array_size(argv) != update->count) {
        return false;
    }
    for (size_t i = 0; i < update->count; i++) {
        if (!text_equal(json_string_value(json_array_get(argv, i)), update->argv[i])) {
            return false;
        }
    }
    return update->count != 0;
}

static enum remedy_result
apply(struct job *job)
{
    struct command_end end;
    char *argv[SITE_UPDATE_WORDS + 1] = {NULL};
    const struct site_update *update = &desk_settings(job->desk)->site->vms_update;
    if (!is_as_planned(update, json_object_get(job->step->detail, "argv"))) {
        note_set(&job->why, "vms_update of the site file is not what was planned");
        return REMEDY_CHANGED;
    }
    for (size_t i = 0; i < update->count; i++) {
        argv[i] = arena_copy(&job->arena, update->argv[i]);
        if (argv[i] == NULL) {
            return REMEDY_FAILED;
        }
    }
    desk_tell(job, "runs %s", argv[0]);
    if (command_run(argv, update->timeout_s, &end) != OK) {
        note_set(&job->why, "%.120s can't be run: %s", argv[0], strerrordesc_np(errno));
        return REMEDY_REFUSED;
    }
    if (end.is_late) {
        note_set(&job->why, "the command did not end within %u s and was ended; %.120s",
            update->timeout_s, end.said);
    } else if (end.status != 0) {
        note_set(&job->why, "the command failed (status %d): %.140s", end.status, end.said);
    }
    return end.is_late || end.status != 0 ? REMEDY_FAILED : REMEDY_DONE;
}

static enum remedy_result
prove(struct job *job)
{
    const char *old = value_get_text(job->before, "version");
    const char *version = NULL;
    int64_t end = clock_mono() + BACK_MS;
    int64_t same = 0;
    while (clock_mono() < end) {
        enum err err = read_version(job, &version);
        if (err == ERR_CANCELLED) {
            return REMEDY_STOPPED;
        }
        if (err == OK && !text_equal(version, old)) {
            job->after = json_pack("{s:s}", fact_name(FACT_VMS_VERSION), version);
            return REMEDY_DONE;
        }
        same = err != OK ? 0 : same == 0 ? clock_mono() : same;
        if (same != 0 && clock_mono() > same + 4 * POLL_MS) {
            break;
        }
        if (desk_wait(job->desk, POLL_MS) != OK) {
            return REMEDY_STOPPED;
        }
    }
    if (version == NULL) {
        note_set(&job->why, "the command ended well, but the VMS did not come back in 5 minutes");
        return REMEDY_FAILED;
    }
    note_set(&job->why, "the command ended well, but the version is still %.80s", version);
    return REMEDY_UNPROVEN;
}

static enum remedy_result
undo(struct job *job)
{
    struct note said = job->why;
    const char *version = NULL;
    enum err err = read_version(job, &version);
    if (err == OK && text_equal(version, value_get_text(job->before, "version"))) {
        return REMEDY_DONE;
    }
    note_set(&job->why, "an update of a VMS is not taken back by Gatehouse; %.160s", said.text);
    return err == ERR_CANCELLED ? REMEDY_STOPPED : err == OK ? REMEDY_REFUSED : REMEDY_FAILED;
}

/* Planning */

static json_t *
argv_json(const struct site_update *update)
{
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < update->count; i++) {
        (void)json_array_append_new(list, json_string(update->argv[i]));
    }
    return list;
}

static enum err
fill(struct plan *plan, const struct plan_from *from, struct plan_step *step,
    const struct subject *subject)
{
    char title[SUBJECT_TITLE];
    const struct facts *facts = &subject->facts;
    const char *version = facts_text(facts, FACT_VMS_VERSION);
    const char *newest = facts_text(facts, FACT_VMS_NEWEST);
    const char *product = facts_text(facts, FACT_VMS_PRODUCT);
    const struct site_update *update =
        from->site == NULL || from->site->vms_update.count == 0 ? NULL : &from->site->vms_update;
    const char *name = product == NULL ? "the VMS" : product;
    (void)subject_title(subject, title);
    step->by_hand = update == NULL || version == NULL;
    step->words = step->by_hand
                      ? arena_format(&plan->arena, "Update %s on %s: %s", name, title, way_of(name))
                      : arena_format(&plan->arena, "Update %s on %s by %s of the site file", name,
                            title, update->argv[0]);
    step->changes = arena_format(&plan->arena, "vms.version: %s → %s",
        version == NULL ? "not known" : version, newest == NULL ? "the newest" : newest);
    step->notices =
        "Everybody who watches, for as long as it restarts; nothing is recorded meanwhile. "
        "It can't be taken back by Gatehouse: keep a copy of its data";
    step->is_reversible = false;
    step->gap_s = step->by_hand ? 0 : update->timeout_s;
    if (!step->by_hand) {
        step->fact = fact_name(FACT_VMS_VERSION);
        step->from = arena_copy(&plan->arena, version);
        bool is_now = from->choice != NULL && from->choice->now;
        if (json_object_set_new(step->detail, "argv", argv_json(update)) != 0 ||
            json_object_set_new(step->detail, "now", json_boolean(is_now)) != 0) {
            return ERR_MEMORY;
        }
    }
    return step->words == NULL || step->changes == NULL ? ERR_MEMORY : OK;
}

/* Whether an update closes this finding, and it is wanted at this VMS. */
static bool
closes(const struct plan_from *from, const struct finding *finding, const struct subject *subject)
{
    static const char *const rules[] = {
        CONTROL "/advisory", CONTROL "/vms-ended", CONTROL "/outdated"};
    bool is_ours = false;
    for (size_t i = 0; i < COUNT(rules); i++) {
        is_ours = is_ours || text_equal(finding->id, rules[i]);
    }
    return is_ours && plan_wants_at(from, finding, subject);
}

static enum err
propose_one(struct plan *plan, const struct plan_from *from, const struct subject *subject)
{
    struct plan_step *step = NULL;
    enum err err = OK;
    for (size_t i = 0; i < from->assessment->finding_count && err == OK; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        if (!closes(from, finding, subject)) {
            continue;
        }
        if (step == NULL) {
            size_t target = plan_target(plan, subject);
            step = target == SIZE_MAX ? NULL : plan_add(plan, "vms_update", target);
            err = step == NULL ? ERR_LIMIT : fill(plan, from, step, subject);
        }
        err = err == OK ? plan_closes(plan, step, finding->id) : err;
    }
    return err;
}

static enum err
propose(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    for (size_t i = 0; i < from->assessment->device_count && err == OK; i++) {
        const struct subject *subject = from->assessment->devices[i];
        if (subject->kind == KIND_VMS || facts_text(&subject->facts, FACT_VMS_PRODUCT) != NULL) {
            err = propose_one(plan, from, subject);
        }
    }
    return err;
}

const struct remedy_kind remedy_vms_update = {
    .name = "vms_update",
    .title = "Update the VMS",
    .propose = propose,
    .take = take,
    .apply = apply,
    .prove = prove,
    .undo = undo,
    .is_serial = true,
};
