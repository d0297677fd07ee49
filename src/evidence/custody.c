/* Gathers the steps of a clip's way. */
#include "evidence/custody.h"

#include "base/clock.h"
#include "base/text.h"
#include "evidence/make.h"
#include "ledger/event.h"

#include <stdlib.h>
#include <string.h>

#define WORDS 32768

static const char by_log[] = "proven: an entry of the log";
static const char by_package[] = "an entry of a log whose key only the package gives";
static const char by_nobody[] = "in the package, and NOT proven";
static const char by_ledger[] = "the ledger's files";
static const char by_maker[] = "the package's manifest";
static const char by_now[] = "checked now";

const char *
custody_stage_text(enum custody_stage stage)
{
    static const char *const texts[CUSTODY_STAGES] = {
        [CUSTODY_RECORDED] = "recorded",
        [CUSTODY_SEEN] = "watched",
        [CUSTODY_EXPORTED] = "exported",
        [CUSTODY_PACKAGED] = "packaged",
        [CUSTODY_STAMPED] = "time-stamped",
        [CUSTODY_VERIFIED] = "verified",
    };
    return texts[stage];
}

void
custody_init(struct custody *custody)
{
    *custody = (struct custody){.steps = NULL};
}

void
custody_release(struct custody *custody)
{
    for (size_t i = 0; i < custody->count; i++) {
        buf_release(&custody->steps[i].words);
    }
    free(custody->steps);
    *custody = (struct custody){.steps = NULL};
}

/* NULL: no memory, or too many. */
static struct custody_step *
add(struct custody *custody, enum custody_stage stage, const char *when, const char *by)
{
    if (custody->count == CUSTODY_STEPS) {
        return NULL;
    }
    if (custody->count == custody->room) {
        size_t room = custody->room == 0 ? 32 : 2 * custody->room;
        struct custody_step *steps = reallocarray(custody->steps, room, sizeof(*steps));
        if (steps == NULL) {
            return NULL;
        }
        custody->steps = steps;
        custody->room = room;
    }
    struct custody_step *step = &custody->steps[custody->count++];
    *step = (struct custody_step){.stage = stage, .index = -1, .by = by};
    (void)text_copy(step->when, sizeof(step->when), when == NULL ? "" : when);
    buf_init(&step->words, WORDS);
    return step;
}

/* The same entry with the same words: what a package made up hides no entry of the ledger. */
static bool
has_entry(const struct custody *custody, int64_t index, const struct buf *words)
{
    for (size_t i = 0; i < custody->count; i++) {
        const struct custody_step *step = &custody->steps[i];
        if (step->index == index && text_equal(step->words.data, words->data)) {
            return true;
        }
    }
    return false;
}

static enum custody_stage
stage_of(const json_t *event)
{
    return events_is(event, "footage.export")  ? CUSTODY_EXPORTED
           : events_is(event, "evidence.make") ? CUSTODY_PACKAGED
                                               : CUSTODY_SEEN;
}

static enum err
add_event(struct custody *custody, uint64_t index, const json_t *event, const char *by)
{
    CLEANUP(buf_release) struct buf words;
    const char *view = events_text(event, "detail.view");
    buf_init(&words, WORDS);
    events_did_words(&words, event);
    if (has_entry(custody, (int64_t)index, &words)) {
        return OK;
    }
    struct custody_step *step = add(custody, stage_of(event), events_text(event, "time"), by);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->index = (int64_t)index;
    step->is_begin = text_equal(events_text(event, "detail.phase"), "begin") ||
                     text_equal(events_text(event, "detail.phase"), "goes-on");
    (void)text_copy(step->view, sizeof(step->view), view == NULL ? "" : view);
    buf_add(&step->words, words.data, words.len);
    return OK;
}

struct recorded {
    const char *camera, *vms, *from, *to, *by;
    const struct manifest *manifest; /* NULL: nothing is known of clocks */
};

static void
put_name(struct buf *out, const char *before, const char *name)
{
    char clean[256];
    text_clean(clean, sizeof(clean), name, strlen(name));
    buf_format(out, "%s\"%s\"", before, clean);
}

static enum err
add_recorded(struct custody *custody, const struct recorded *recorded)
{
    struct custody_step *step = add(custody, CUSTODY_RECORDED, recorded->from, recorded->by);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    struct buf *out = &step->words;
    buf_text(out, "Recorded by ");
    put_name(out, "camera ", recorded->camera == NULL ? "not said" : recorded->camera);
    if (recorded->vms != NULL) {
        put_name(out, " at ", recorded->vms);
    }
    if (recorded->from != NULL && recorded->to != NULL) {
        buf_text(out, ", ");
        events_time_words(out, recorded->from);
        buf_text(out, " to ");
        events_time_words(out, recorded->to);
    }
    buf_text(out, ".");
    if (recorded->manifest != NULL) {
        buf_text(out, " The camera's clock: ");
        make_clock_words(out, &recorded->manifest->camera_clock);
        buf_text(out, "; the recorder's: ");
        make_clock_words(out, &recorded->manifest->vms_clock);
        buf_text(out, ".");
    }
    return OK;
}

/* An entry in the package: events/N.json, made/N.json. */
static enum err
add_entry(struct custody *custody, struct package *package, const char *folder, uint64_t index,
    const char *by)
{
    CLEANUP(buf_release) struct buf text;
    char name[PACKAGE_NAME];
    struct note ignored = {""};
    buf_init(&text, PACKAGE_SMALL);
    enum err err =
        package_read(package, package_numbered(folder, index, ".json", name), &text, &ignored);
    json_t *event = err == OK ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    err = err == ERR_MEMORY ? err : OK; /* the judge tells what is missing or damaged */
    if (event != NULL) {
        err = add_event(custody, index, event, by);
    }
    json_decref(event);
    return err;
}

/* Who says that entries of a claim are in the log. */
static const char *
by_claim(const struct judge *judge, enum judge_name claim)
{
    enum judge_state key = judge->claims[JUDGE_LOG_KEY].state;
    if (judge->claims[claim].state != JUDGE_HOLDS || key == JUDGE_BROKEN) {
        return by_nobody;
    }
    return key == JUDGE_HOLDS ? by_log : by_package;
}

/* Only what was judged: the events that the manifest names, and made/ in the one form of names. */
static enum err
add_entries(struct custody *custody, struct package *package, const struct judge *judge)
{
    enum err err = OK;
    for (size_t i = 0; i < judge->manifest.event_count && err == OK; i++) {
        err = add_entry(custody, package, PACKAGE_EVENTS, judge->manifest.events[i].index,
            by_claim(judge, JUDGE_EVENTS));
    }
    for (size_t i = 0; i < package_count(package) && err == OK; i++) {
        uint64_t index = 0;
        if (package_is_numbered(package_name(package, i), PACKAGE_MADE, ".json", &index)) {
            err = add_entry(custody, package, PACKAGE_MADE, index, by_claim(judge, JUDGE_MADE));
        }
    }
    return err;
}

static bool
has_stamps(const struct package *package)
{
    for (size_t i = 0; i < package_count(package); i++) {
        if (text_starts(package_name(package, i), PACKAGE_TIME)) {
            return true;
        }
    }
    return false;
}

/* Lines as one, in brackets. */
static void
put_lines(struct buf *out, const char *lines)
{
    bool is_first = true;
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        buf_text(out, is_first ? " (" : "; ");
        buf_add(out, lines, len);
        lines += len + (lines[len] == '\n' ? 1 : 0);
        is_first = false;
    }
    buf_text(out, is_first ? "" : ")");
}

static enum err
add_judgement(struct custody *custody, const struct package *package, const struct judge *judge)
{
    char now[EVENT_TIME];
    const struct judge_claim *stamp = &judge->claims[JUDGE_TIME];
    struct custody_step *step = NULL;
    if (has_stamps(package) && stamp->state != JUDGE_NONE) {
        step = add(custody, CUSTODY_STAMPED, judge->manifest.made, by_now);
        if (step == NULL) {
            return ERR_LIMIT;
        }
        buf_text(&step->words, stamp->sentence);
        put_lines(&step->words, stamp->lines.data);
    }
    step = add(custody, CUSTODY_VERIFIED, event_time_text(clock_wall(), now), by_now);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    buf_format(&step->words,
        "The package was verified: %u of its claims hold, %u are weak, %u broken.",
        judge->counts[JUDGE_HOLDS], judge->counts[JUDGE_WEAK], judge->counts[JUDGE_BROKEN]);
    for (size_t i = 0; i < JUDGE_CLAIMS; i++) {
        if (judge->claims[i].state == JUDGE_BROKEN) {
            buf_format(&step->words, " BROKEN: %s", judge->claims[i].sentence);
        }
    }
    return OK;
}

enum err
custody_add_package(
    struct custody *custody, struct package *package, const struct judge *judge, struct note *note)
{
    const struct manifest *manifest = &judge->manifest;
    if (!judge->has_manifest) {
        note_set(note, "its manifest can't be read; `gatehouse evidence verify` says more");
        return ERR_SYNTAX;
    }
    const struct recorded recorded = {
        .camera = manifest->camera,
        .vms = manifest->vms,
        .from = manifest->from,
        .to = manifest->to,
        .by = by_maker,
        .manifest = manifest,
    };
    custody->camera = manifest->camera;
    custody->from = manifest->from;
    custody->to = manifest->to;
    if (manifest->clip != NULL) {
        text_hex(custody->clip, manifest->clip_sha256, 32);
    }
    enum err err = add_recorded(custody, &recorded);
    if (err == OK) {
        err = add_entries(custody, package, judge);
    }
    return err == OK ? add_judgement(custody, package, judge) : err;
}

enum err
custody_add_events(struct custody *custody, const struct events *events)
{
    enum err err = OK;
    struct recorded recorded = {.by = by_log};
    for (size_t i = 0; i < events->count && err == OK; i++) {
        const json_t *event = events->rows[i].json;
        const json_t *cameras = json_object_get(json_object_get(event, "target"), "cameras");
        const char *camera = json_string_value(json_array_get(cameras, 0));
        const char *from = events_text(event, "target.from");
        const char *digest = events_export_digest(event);
        recorded.camera = camera == NULL ? recorded.camera : camera;
        recorded.vms = events_text(event, "target.vms");
        recorded.from = from == NULL ? recorded.from : from;
        recorded.to = from == NULL ? recorded.to : events_text(event, "target.to");
        if (digest != NULL) {
            (void)text_copy(custody->clip, sizeof(custody->clip), digest);
        }
        err = add_event(custody, events->rows[i].index, event, by_log);
    }
    custody->camera = recorded.camera;
    custody->from = recorded.from;
    custody->to = recorded.to;
    return err == OK ? add_recorded(custody, &recorded) : err;
}

struct gathering {
    struct custody *custody;
    int64_t from, to; /* of the recording; LOGGED_NONE: not known */
    bool is_packages;
    enum err err;
};

/* Recordings by the time that was seen, live video by when it was. */
static bool
touches(const struct gathering *gathering, const struct logged *logged)
{
    int64_t from = logged->numbers[LOGGED_FROM];
    int64_t to = logged->numbers[LOGGED_TO];
    if (from == LOGGED_NONE || to == LOGGED_NONE) {
        int64_t lasted = logged->numbers[LOGGED_DURATION];
        to = logged->numbers[LOGGED_TIME];
        from = lasted == LOGGED_NONE ? to : to - lasted;
    }
    return gathering->from == LOGGED_NONE || gathering->to == LOGGED_NONE ||
           (from <= gathering->to && to >= gathering->from);
}

static bool
gather(void *context, const struct logged *logged)
{
    struct gathering *gathering = context;
    if (!gathering->is_packages && !touches(gathering, logged)) {
        return true;
    }
    json_t *event = json_loadb(logged->entry, logged->entry_len, 0, NULL);
    if (event != NULL && (!gathering->is_packages || text_equal(events_text(event, "detail.clip"),
                                                         gathering->custody->clip))) {
        gathering->err = add_event(gathering->custody, logged->index, event, by_ledger);
    }
    json_decref(event);
    return gathering->err == OK;
}

static int64_t
time_of(const char *text)
{
    return text == NULL ? LOGGED_NONE : logged_time(text, strlen(text));
}

enum err
custody_add_log(struct custody *custody, struct search *search, struct note *note)
{
    struct gathering gathering = {
        .custody = custody, .from = time_of(custody->from), .to = time_of(custody->to)};
    const struct search_reader reader = {gather, &gathering};
    struct query query = query_begin();
    enum err err = OK;
    custody->has_log = custody->camera != NULL;
    if (custody->camera != NULL) {
        query.parts[QUERY_CAMERA] = custody->camera;
        query.parts[QUERY_ACTION] = "footage.*";
        err = search_run(search, &query, false, &reader, note);
    }
    if (err == OK && gathering.err == OK && custody->clip[0] != '\0') {
        query = query_begin();
        query.parts[QUERY_ACTION] = "evidence.make";
        gathering.is_packages = true;
        err = search_run(search, &query, false, &reader, note);
    }
    err = err == OK ? gathering.err : err;
    if (err == ERR_LIMIT) {
        note_set(note, "more than %d steps", CUSTODY_STEPS);
    }
    return err;
}

static int
compare_steps(const void *a, const void *b)
{
    const struct custody_step *one = a;
    const struct custody_step *other = b;
    int order = strcmp(one->when, other->when);
    if (order == 0) {
        order = (one->index > other->index) - (one->index < other->index);
    }
    return order != 0 ? order : (int)one->stage - (int)other->stage;
}

static bool
has_end(const struct custody *custody, const char *view)
{
    for (size_t i = 0; i < custody->count; i++) {
        const struct custody_step *step = &custody->steps[i];
        if (!step->is_begin && step->view[0] != '\0' && text_equal(step->view, view)) {
            return true;
        }
    }
    return false;
}

void
custody_settle(struct custody *custody)
{
    size_t kept = 0;
    for (size_t i = 0; i < custody->count; i++) {
        struct custody_step *step = &custody->steps[i];
        /* Ends are only moved to the front, so that each is still found. */
        if (step->is_begin && has_end(custody, step->view)) {
            buf_release(&step->words);
        } else {
            custody->steps[kept++] = *step;
        }
    }
    custody->count = kept;
    if (kept != 0) {
        qsort(custody->steps, kept, sizeof(*custody->steps), compare_steps);
    }
}
