/*
 * Installs firmware that the owner supplies: one device of a model first, only in the maintenance
 * hours, its digest compared before it leaves, the version read afterwards, and what the update
 * switched on again is said. It can't be taken back.
 */
#include "remedy/firmware.h"
#include "remedy/session.h"

#include "base/clock.h"
#include "base/text.h"
#include "codec/pick.h"
#include "discover/place.h"
#include "report/value.h"

#include <string.h>
#include <unistd.h>

#define ANSWER     ((size_t)2 * 1024 * 1024)
#define MINUTES    15
#define POLL_MS    5000
#define OLD_MS     30000 /* back with the old version for so long: it did not take it */
#define SEND_MS    (30U * 60 * 1000)
#define PACE       (4U * 1024 * 1024) /* bytes per second: others share the switch */
#define UPLOAD_TXT 256

/* What an update likes to switch on again. */
static const enum fact_id watched[] = {FACT_CLOUD_ENABLED, FACT_DDNS_ENABLED, FACT_UPNP_ENABLED,
    FACT_SERVICE_TELNET, FACT_SERVICE_SSH, FACT_SERVICE_FTP, FACT_SERVICE_SNMP, FACT_USERS_LIST,
    FACT_USERS_ANONYMOUS, FACT_AUTH_MODES, FACT_TLS_ENABLED, FACT_CLOCK_NTP};

static enum remedy_result
meaning(enum err err)
{
    return err == ERR_CANCELLED ? REMEDY_STOPPED : REMEDY_FAILED;
}

/* device.firmware as the device tells it now; NULL with an error. */
static enum err
read_version(struct job *job, struct session *session, struct facts *facts, const char **ret_text)
{
    (void)job;
    enum err err = session_read(session, FACT_DEVICE_FIRMWARE, facts);
    const char *text = err == OK ? facts_text(facts, FACT_DEVICE_FIRMWARE) : NULL;
    *ret_text = text;
    return err == OK && text == NULL ? ERR_MISSING : err;
}

static json_t *
read_watched(struct session *session, struct facts *facts)
{
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < COUNT(watched); i++) {
        if (session_read(session, watched[i], facts) == OK &&
            facts_text(facts, watched[i]) != NULL) {
            (void)json_object_set_new(
                object, fact_name(watched[i]), json_string(facts_text(facts, watched[i])));
        }
    }
    return object;
}

static enum remedy_result
take(struct job *job)
{
    const char *version = NULL;
    struct session *session = NULL;
    struct facts facts;
    const struct site *site = desk_settings(job->desk)->site;
    bool is_now = json_is_true(json_object_get(job->step->detail, "now"));
    if (!is_now && !firmware_may(site, "firmware", job->subject, clock_wall(), &job->why)) {
        return REMEDY_CHANGED;
    }
    facts_init(&facts, &job->arena);
    enum err err = session_open_known(job, &session);
    err = err == OK ? read_version(job, session, &facts, &version) : err;
    if (err != OK) {
        session_close(session);
        return err == ERR_CANCELLED ? REMEDY_STOPPED : REMEDY_CHANGED;
    }
    enum remedy_result result = REMEDY_DONE;
    if (!text_equal(version, job->step->from)) {
        note_set(&job->why, "its firmware is %.80s by now, not %.80s", version, job->step->from);
        result = REMEDY_CHANGED;
    } else {
        job->before =
            json_pack("{s:s, s:o}", "version", version, "facts", read_watched(session, &facts));
        result = job->before == NULL ? REMEDY_FAILED : REMEDY_DONE;
    }
    session_close(session);
    return result;
}

static void
on_progress(void *context, uint64_t sent, uint64_t size)
{
    desk_tell(context, "%u %% of the firmware sent", (unsigned)(sent * 100 / size));
}

/* "PT5S" in ms, at most two minutes. */
static unsigned
delay_of(const char *text)
{
    char number[8];
    uint64_t seconds = 0;
    size_t len = strlen(text);
    if (!text_starts(text, "PT") || len < 4 || len - 3 >= sizeof(number) || text[len - 1] != 'S') {
        return 5000;
    }
    memcpy(number, text + 2, len - 3);
    number[len - 3] = '\0';
    return text_to_u64(number, 120, &seconds) == OK && seconds != 0 ? (unsigned)seconds * 1000
                                                                    : 5000;
}

/* The address that a device tells for its upload, on its own host; else the row's path. */
static enum err
find_address(struct job *job, struct session *session, const struct device_firmware *row,
    struct arena *arena, struct ask *upload)
{
    struct answer answer = {.err = OK};
    const char *text = NULL;
    struct place place;
    if (row->prepare == NULL) {
        return OK;
    }
    enum err err = session_ask(session, row->prepare, arena, &answer);
    err = err == OK ? answer.err : err;
    if (err == OK && answer.status != 200) {
        note_set(&job->why, "it takes no firmware this way (HTTP %d)", answer.status);
        return ERR_REFUSED;
    }
    err = err == OK ? pick_text(&answer, row->pick_address, arena, &text) : err;
    err = err == OK ? place_parse(text, &place) : err;
    if (err != OK) {
        return err;
    }
    if (!subject_has_address(job->subject, &place.target.ip)) {
        note_set(&job->why, "it wants the firmware sent to another host: not done");
        return ERR_REFUSED;
    }
    upload->path = arena_copy(arena, place.path);
    upload->port = place.target.port;
    if (upload->path == NULL) {
        return ERR_MEMORY;
    }
    err = row->pick_delay == NULL ? ERR_MISSING : pick_text(&answer, row->pick_delay, arena, &text);
    return desk_wait(job->desk, err == OK ? delay_of(text) : 1);
}

static enum remedy_result
judge(struct job *job, const struct device_firmware *row, const struct answer *answer)
{
    bool is_good = row->success == NULL
                       ? answer->status >= 200 && answer->status < 300
                       : text_find_nocase(answer->body, answer->body_len, row->success) != NULL;
    if (is_good) {
        return REMEDY_DONE;
    }
    char said[UPLOAD_TXT / 2];
    text_clean(said, sizeof(said), answer->body, answer->body_len);
    note_set(&job->why, "it refuses the file (HTTP %d): %s", answer->status, said);
    return answer->status == 0 ? REMEDY_FAILED : REMEDY_REFUSED;
}

static enum remedy_result
send_file(struct job *job, struct session *session, int fd, uint64_t size)
{
    const struct device_firmware *row = job->driver->firmware;
    struct ask upload = row->upload;
    struct answer answer = {.err = OK};
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, ANSWER);
    enum err err = find_address(job, session, row, &arena, &upload);
    if (err != OK) {
        return err == ERR_REFUSED ? REMEDY_REFUSED : meaning(err);
    }
    const struct request_file file = {.fd = fd,
        .size = size,
        .field = row->field,
        .name = value_get_text(job->step->detail, "file"),
        .lead = row->lead,
        .ms = SEND_MS,
        .bytes_per_second = PACE,
        .progress = on_progress,
        .context = job};
    const struct request request = {.ask = upload, .file = &file};
    err = session_send(session, &request, &arena, &answer);
    err = err == OK ? answer.err : err;
    if (err == ERR_CANCELLED) {
        return REMEDY_STOPPED;
    }
    /* Some restart before they answer: the version read afterwards decides. */
    if (err != OK && answer.status == 0) {
        desk_tell(job, "no answer to the upload (%s); its version will tell", err_words(err));
        return REMEDY_DONE;
    }
    enum remedy_result result = judge(job, row, &answer);
    if (result == REMEDY_DONE && row->restart != NULL) {
        err = session_ask(session, row->restart, &arena, &answer);
        result = err == ERR_CANCELLED ? REMEDY_STOPPED : REMEDY_DONE;
    }
    return result;
}

static enum remedy_result
apply(struct job *job)
{
    int fd = -1;
    uint64_t size = 0;
    struct session *session = NULL;
    const json_t *detail = job->step->detail;
    if (job->driver == NULL || job->driver->firmware == NULL) {
        note_set(&job->why, "no way to hand firmware to this device is known");
        return REMEDY_CHANGED;
    }
    enum err err = firmware_open(value_get_text(detail, "folder"), value_get_text(detail, "file"),
        value_get_text(detail, "sha256"), &fd, &size, &job->why);
    if (err != OK) {
        return REMEDY_CHANGED;
    }
    err = session_open_known(job, &session);
    enum remedy_result result = err == OK              ? send_file(job, session, fd, size)
                                : err == ERR_CANCELLED ? REMEDY_STOPPED
                                                       : REMEDY_REFUSED;
    session_close(session);
    (void)close(fd);
    return result;
}

/* What is other than before, in words. */
static json_t *
drift_of(const json_t *before, const json_t *now)
{
    json_t *list = json_array();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(before, "facts"), name, value)
    {
        const char *old = json_string_value(value);
        const char *new = json_string_value(json_object_get(now, name));
        if (new != NULL && !text_equal(old, new)) {
            (void)json_array_append_new(
                list, json_sprintf("the update changed %s: %s → %s", name, old, new));
        }
    }
    return list;
}

static void
note_drift(struct job *job, struct session *session, const char *version)
{
    struct facts facts;
    facts_init(&facts, &job->arena);
    json_t *now = read_watched(session, &facts);
    json_t *remarks = drift_of(job->before, now);
    for (size_t i = 0; i < json_array_size(remarks); i++) {
        desk_tell(job, "%s", json_string_value(json_array_get(remarks, i)));
    }
    json_decref(job->after);
    job->after =
        json_pack("{s:s, s:o}", fact_name(FACT_DEVICE_FIRMWARE), version, "remarks", remarks);
    json_decref(now);
}

/* One look. OK: a version was read. */
static enum err
look(struct job *job, const char *wanted, const char **ret_version)
{
    struct facts facts;
    struct session *session = NULL;
    facts_init(&facts, &job->arena);
    enum err err = session_open_known(job, &session);
    err = err == OK ? read_version(job, session, &facts, ret_version) : err;
    if (err == OK && firmware_is(*ret_version, wanted)) {
        note_drift(job, session, *ret_version);
    }
    session_close(session);
    return err;
}

static unsigned
minutes_of(const struct job *job)
{
    json_int_t own = json_integer_value(json_object_get(job->step->detail, "minutes"));
    unsigned row =
        job->driver == NULL || job->driver->firmware == NULL ? 0 : job->driver->firmware->minutes;
    return own > 0 && own <= 60 ? (unsigned)own : row != 0 ? row : MINUTES;
}

/* It has not the wanted version: NULL: it does not answer. */
static enum remedy_result
say_old(struct job *job, const char *version)
{
    if (version == NULL) {
        note_set(&job->why,
            "it did not come back within %u min: look at it, switch its power off and on; the "
            "maker's recovery tool may be needed",
            minutes_of(job));
        return REMEDY_FAILED;
    }
    note_set(&job->why, "it answers with firmware %.60s, not %.60s", version,
        value_get_text(job->step->detail, "version"));
    return REMEDY_UNPROVEN;
}

/* Said once for each time that it changes. */
static void
tell_state(struct job *job, enum err err, const char **last)
{
    const char *words = err == OK ? "it answers with the old version" : "it restarts";
    if (!text_equal(words, *last)) {
        desk_tell(job, "%s", words);
    }
    *last = words;
}

static enum remedy_result
prove(struct job *job)
{
    const char *wanted = value_get_text(job->step->detail, "version");
    const char *old = value_get_text(job->before, "version");
    const char *version = NULL;
    const char *last = NULL;
    bool was_away = false;
    int64_t back = 0;
    int64_t end = clock_mono() + (int64_t)minutes_of(job) * 60 * 1000;
    while (clock_mono() < end) {
        enum err err = desk_wait(job->desk, POLL_MS);
        err = err == OK ? look(job, wanted, &version) : err;
        if (err == ERR_CANCELLED) {
            return REMEDY_STOPPED;
        }
        if (err == OK && firmware_is(version, wanted)) {
            return REMEDY_DONE;
        }
        if (err == ERR_REFUSED || err == ERR_LIMIT) {
            note_set(&job->why, "after the update it does not take the password any more");
            return REMEDY_FAILED;
        }
        was_away = was_away || err != OK;
        back = err != OK ? 0 : back == 0 ? clock_mono() : back;
        if (err == OK && (was_away || !text_equal(version, old)) && clock_mono() > back + OLD_MS) {
            break;
        }
        tell_state(job, err, &last);
    }
    return say_old(job, version == NULL || (was_away && back == 0) ? NULL : version);
}

/* Nothing can be taken back; where the old version still runs, nothing need be. */
static enum remedy_result
undo(struct job *job)
{
    struct note said = job->why;
    const char *version = NULL;
    enum err err = look(job, value_get_text(job->step->detail, "version"), &version);
    if (err == OK && text_equal(version, value_get_text(job->before, "version"))) {
        return REMEDY_DONE;
    }
    if (err == OK) {
        note_set(&job->why,
            "it has firmware %.60s now, which can't be taken back by request; %.120s", version,
            said.text);
        return REMEDY_REFUSED;
    }
    if (said.text[0] == '\0') {
        note_set(&said, "it does not answer (%s)", err_words(err));
    }
    job->why = said;
    return meaning(err);
}

const struct remedy_kind remedy_firmware = {
    .name = "firmware",
    .title = "Install firmware",
    .propose = firmware_propose,
    .take = take,
    .apply = apply,
    .prove = prove,
    .undo = undo,
    .has_video = true,
};
