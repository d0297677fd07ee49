/* What a plan came to, as values: gaps, JSON, files. */
#include "remedy/proof.h"

#include "base/file.h"
#include "base/text.h"
#include "codec/digest.h"
#include "remedy/proof_parts.h"
#include "report/value.h"

#include <stdlib.h>
#include <string.h>

#define PROOF_BYTES  ((size_t)64 * 1024 * 1024)
#define PROOF_SCHEMA "https://gatehouse.example/schema/proof/1"
#define PATH_BYTES   4096

const char *
proof_after(const struct trail_step *state, const struct plan_step *step)
{
    return step->fact == NULL || state->phase != TRAIL_KEPT
               ? NULL
               : json_string_value(json_object_get(state->after, step->fact));
}

const struct plan_target *
proof_target(const struct proof *proof, const struct plan_step *step)
{
    return &proof->plan->targets[step->target];
}

bool
proof_is_by_hand(const struct plan_step *step)
{
    return step->by_hand && !step->is_strange;
}

unsigned
proof_by_hand(const struct proof *proof)
{
    unsigned count = 0;
    for (size_t i = 0; i < proof->plan->step_count; i++) {
        count += proof_is_by_hand(&proof->plan->steps[i]) ? 1 : 0;
    }
    return count;
}

unsigned
proof_left(const struct proof *proof)
{
    unsigned by_hand = proof_by_hand(proof);
    return proof->result->left < by_hand ? proof->result->left : proof->result->left - by_hand;
}

bool
proof_is_open(const struct finding *finding)
{
    return finding->verdict == FAIL && words_is_open(finding);
}

struct proof_end
proof_end(const struct plan_step *step, const struct trail_step *state)
{
    static const struct proof_end ends[TRAIL_PHASE_COUNT] = {
        [TRAIL_WAITING] = {MARK_UNKNOWN, "not begun" },
        [TRAIL_TAKEN] = {MARK_UNKNOWN, "unfinished"},
        [TRAIL_APPLYING] = {MARK_UNKNOWN, "unfinished"},
        [TRAIL_PROVING] = {MARK_UNKNOWN, "unfinished"},
        [TRAIL_KEEPING] = {MARK_UNKNOWN, "unfinished"},
        [TRAIL_UNDOING] = {MARK_UNKNOWN, "unfinished"},
        [TRAIL_KEPT] = {MARK_PASS,    "done"      },
        [TRAIL_UNDONE] = {MARK_FAIL,    "taken back"},
        [TRAIL_LEFT] = {MARK_NOTE,    "left alone"},
        [TRAIL_STUCK] = {MARK_FAIL,    "LOOK AT IT"},
    };
    return proof_is_by_hand(step) ? (struct proof_end){MARK_NOTE, "by hand"} : ends[state->phase];
}

static int
by_size(const void *a, const void *b)
{
    unsigned one = *(const unsigned *)a;
    unsigned other = *(const unsigned *)b;
    return one < other ? -1 : one > other;
}

/* The longest gap of each camera whose video was watched; a device has steps side by side. */
static size_t
gaps_of(const struct proof *proof, unsigned *ret_gaps)
{
    size_t count = 0;
    for (size_t target = 0; target < proof->plan->target_count; target++) {
        unsigned longest = 0;
        for (size_t i = 0; i < proof->plan->step_count; i++) {
            const struct plan_step *step = &proof->plan->steps[i];
            unsigned gap = trail_step(proof->journal, step->number).gap_ms;
            bool counts = step->target == target && gap != TRAIL_GAP_UNKNOWN;
            longest = counts && gap > longest ? gap : longest;
        }
        if (longest != 0) {
            ret_gaps[count++] = longest;
        }
    }
    return count;
}

void
proof_gaps(const struct proof *proof, struct proof_gaps *ret_gaps)
{
    *ret_gaps = (struct proof_gaps){0};
    unsigned *gaps = calloc(proof->plan->target_count + 1, sizeof(*gaps));
    size_t count = gaps == NULL ? 0 : gaps_of(proof, gaps);
    if (count != 0) {
        qsort(gaps, count, sizeof(*gaps), by_size);
        *ret_gaps = (struct proof_gaps){
            .cameras = count,
            .median = gaps[(count - 1) / 2],
            .p99 = gaps[(count - 1) * 99 / 100],
            .longest = gaps[count - 1],
        };
    }
    free(gaps);
}

static json_t *
step_json(const struct proof *proof, const struct plan_step *step)
{
    struct trail_step state = trail_step(proof->journal, step->number);
    json_t *object = json_object();
    json_t *rules = json_array();
    static const char *const lists[] = {"consumers", "remarks"};
    value_put(object, "number", value_number(step->number));
    value_put(object, "kind", value_text(step->kind));
    value_put(object, "device", value_text(proof_target(proof, step)->key));
    value_put(object, "title", value_text(proof_target(proof, step)->title));
    value_put(object, "words", value_text(step->words));
    value_put(object, "phase",
        value_text(proof_is_by_hand(step) ? "by hand" : trail_phase_name(state.phase)));
    value_put_known(object, "fact", step->fact);
    value_put_known(object, "before", step->from);
    value_put_known(object, "wanted", step->wanted);
    value_put_known(object, "after", proof_after(&state, step));
    value_put_known(object, "why", state.why);
    value_put(object, "logins", value_number(state.logins));
    bool is_known = state.gap_ms != TRAIL_GAP_UNKNOWN;
    value_put(object, "gap_ms", is_known ? value_number(state.gap_ms) : json_null());
    for (size_t i = 0; i < step->rule_count; i++) {
        (void)json_array_append_new(rules, value_text(step->rules[i]));
    }
    value_put(object, "rules", rules);
    for (size_t i = 0; i < COUNT(lists); i++) {
        json_t *list = json_object_get(state.after, lists[i]);
        if (json_is_array(list)) {
            value_put(object, lists[i], json_deep_copy(list));
        }
    }
    return object;
}

static json_t *
grades_json(const struct proof *proof)
{
    json_t *object = json_object();
    value_put(object, "before", value_text(proof->plan->grade));
    value_put(object, "score_before", value_number(proof->plan->score));
    if (proof->after != NULL) {
        value_put(object, "after", value_text(proof->after->grade));
        value_put(object, "score_after", value_number(proof->after->score));
    }
    value_put_known(object, "why_not", proof->why_not);
    return object;
}

static json_t *
gaps_json(const struct proof *proof)
{
    struct proof_gaps gaps;
    json_t *object = json_object();
    proof_gaps(proof, &gaps);
    value_put(object, "cameras", value_number(gaps.cameras));
    value_put(object, "median_ms", value_number(gaps.median));
    value_put(object, "p99_ms", value_number(gaps.p99));
    value_put(object, "longest_ms", value_number(gaps.longest));
    return object;
}

/* What is still open, by the second look; what the plan left out, and why. */
static json_t *
remains_json(const struct proof *proof)
{
    json_t *list = json_array();
    for (size_t i = 0; proof->after != NULL && i < proof->after->finding_count; i++) {
        const struct finding *finding = &proof->after->findings[i];
        if (proof_is_open(finding)) {
            json_t *object = json_object();
            value_put(object, "finding", value_text(finding->id));
            value_put(object, "title", value_text(finding->title));
            (void)json_array_append_new(list, object);
        }
    }
    return list;
}

static json_t *
left_json(const struct proof *proof)
{
    json_t *list = json_array();
    for (size_t i = 0; i < proof->plan->left_count; i++) {
        (void)json_array_append_new(list, value_text(proof->plan->left[i]));
    }
    return list;
}

static json_t *
totals_json(const struct proof *proof)
{
    const struct apply_result *result = proof->result;
    json_t *object = json_object();
    value_put(object, "kept", value_number(result->kept));
    value_put(object, "undone", value_number(result->undone));
    value_put(object, "left", value_number(proof_left(proof)));
    value_put(object, "by_hand", value_number(proof_by_hand(proof)));
    value_put(object, "stuck", value_number(result->stuck));
    value_put(object, "logins", value_number(result->logins));
    return object;
}

json_t *
proof_json(const struct proof *proof)
{
    char digest[PLAN_DIGEST] = "";
    char time[CLOCK_TEXT];
    json_t *object = json_object();
    json_t *steps = json_array();
    value_put(object, "schema", value_text(PROOF_SCHEMA));
    value_put(object, "plan", value_text(proof->plan->id));
    if (plan_digest(proof->plan, digest) == OK) {
        value_put(object, "plan_digest", value_text(digest));
    }
    value_put(object, "site", value_text(proof->plan->site));
    value_put(object, "assessment", value_text(proof->plan->assessment));
    value_put(object, "began", value_text(clock_text(proof->began, time)));
    value_put(object, "ended", value_text(clock_text(proof->ended, time)));
    value_put(object, "stopped", json_boolean(proof->result->is_stopped));
    value_put(object, "grade", grades_json(proof));
    value_put(object, "totals", totals_json(proof));
    value_put(object, "video", gaps_json(proof));
    for (size_t i = 0; i < proof->plan->step_count; i++) {
        (void)json_array_append_new(steps, step_json(proof, &proof->plan->steps[i]));
    }
    value_put(object, "steps", steps);
    value_put(object, "open", remains_json(proof));
    value_put(object, "left_out", left_json(proof));
    return object;
}

static enum err
save_as(const char *folder, const char *name, const char *bytes, size_t len, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/%s", folder, name);
    return path.failed ? ERR_LIMIT : file_write(path.data, bytes, len, 0600, note);
}

static enum err
save_json(
    const struct proof *proof, const char *folder, char digest[PLAN_DIGEST], struct note *note)
{
    json_t *object = proof_json(proof);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_INDENT(1));
    json_decref(object);
    if (text == NULL) {
        return ERR_MEMORY;
    }
    size_t len = strlen(text);
    enum err err = digest_hex(DIGEST_SHA256, text, len, digest);
    if (err == OK) {
        err = save_as(folder, "fix.json", text, len, note);
    }
    if (err == OK) {
        err = save_as(trail_folder(proof->journal), "fix.json", text, len, note);
    }
    free(text);
    return err;
}

enum err
proof_save(
    const struct proof *proof, const char *folder, char digest[PLAN_DIGEST], struct note *note)
{
    CLEANUP(buf_release) struct buf page;
    buf_init(&page, PROOF_BYTES);
    enum err err = file_make_folder(folder, note);
    if (err == OK) {
        err = save_json(proof, folder, digest, note);
    }
    if (err == OK) {
        err = proof_html(proof, &page);
    }
    return err == OK ? save_as(folder, "fix.html", page.data, page.len, note) : err;
}
