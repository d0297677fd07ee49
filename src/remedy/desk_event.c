/* Events of a step: who does what where, in the ledger before it is done. */
#include "remedy/desk_post.h"

#include "assess/run_events.h"
#include "base/text.h"
#include "remedy/remedy.h"

/* What a phase says of the change; every other one is told as it comes. */
static const struct {
    const char *phase;
    enum event_outcome outcome;
} outcomes[] = {
    {"begin",   EVENT_UNKNOWN},
    {"kept",    EVENT_OK     },
    {"left",    EVENT_REFUSED},
    {"undoing", EVENT_UNKNOWN},
    {"undone",  EVENT_FAILED },
    {"stuck",   EVENT_FAILED },
};

static enum event_outcome
outcome_of(const char *phase)
{
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        if (text_equal(outcomes[i].phase, phase)) {
            return outcomes[i].outcome;
        }
    }
    return EVENT_OK;
}

const char *
desk_key(const struct job *job, char out[SUBJECT_KEY])
{
    bool is_planned =
        job->plan != NULL && job->step != NULL && job->step->target < job->plan->target_count;
    const char *key = is_planned ? job->plan->targets[job->step->target].key : NULL;
    if (key == NULL && job->subject == NULL) {
        key = "site";
    }
    if (key == NULL) {
        return subject_key(job->subject, out);
    }
    (void)text_copy(out, SUBJECT_KEY, key);
    return out;
}

struct run_events
desk_events(const struct job *job, struct assessment *run)
{
    *run = (struct assessment){.site = job->plan == NULL ? NULL : job->plan->site};
    (void)text_copy(run->id, sizeof(run->id), job->plan == NULL ? "" : job->plan->id);
    const struct desk_settings *settings = desk_settings(job->desk);
    return (struct run_events){
        .write = settings->ledger.write == NULL ? NULL : desk_write,
        .context = job->desk,
        .run = run,
    };
}

static void
add_text(json_t *detail, const char *name, const char *text)
{
    if (!text_is_empty(text)) {
        (void)json_object_set_new(detail, name, event_text_json(event_text(text)));
    }
}

static void
add_step(json_t *detail, const struct job *job)
{
    if (job->plan != NULL) {
        add_text(detail, "plan", job->plan->id);
    }
    if (job->step != NULL) {
        (void)json_object_set_new(detail, "step", json_integer((json_int_t)job->step->number));
        add_text(detail, "kind", job->step->kind);
        add_text(detail, "words", job->step->words);
    }
}

static void
add_device(json_t *detail, const struct job *job)
{
    char key[SUBJECT_KEY];
    char title[SUBJECT_TITLE];
    add_text(detail, "device", desk_key(job, key));
    if (job->subject != NULL) {
        add_text(detail, "title", subject_title(job->subject, title));
    }
}

enum err
desk_event(
    const struct job *job, unsigned action, const char *phase, json_t *detail, struct note *note)
{
    char address[IP_TEXT];
    json_t *all = detail == NULL ? json_object() : detail;
    if (all == NULL || action >= EVENT_ACTIONS) {
        json_decref(all);
        return all == NULL ? ERR_MEMORY : ERR_VALUE;
    }
    add_text(all, "phase", phase);
    add_step(all, job);
    add_device(all, job);
    struct event event = event_begin((enum event_action)action, outcome_of(phase));
    bool has_address = job->subject != NULL && job->subject->address_count != 0;
    event.site = event_text(job->plan == NULL ? NULL : job->plan->site);
    event.object = event_text(has_address ? ip_text(&job->subject->addresses[0], address) : "site");
    if (event.outcome != EVENT_OK && event.outcome != EVENT_UNKNOWN) {
        event.reason = event_text(text_is_empty(job->why.text) ? NULL : job->why.text);
    }
    event.detail = all;
    enum err err = desk_write(job->desk, &event, note);
    json_decref(all);
    return err;
}
