/*
 * Which device gets which of the owner's firmware files: planned one device of a model first; a
 * device without a file becomes a step by hand.
 */
#include "remedy/firmware.h"

#include "base/text.h"
#include "report/value.h"

#include <string.h>
#include <unistd.h>

#define CONTROL "camera-firmware"

bool
firmware_is(const char *said, const char *wanted)
{
    size_t len = strlen(wanted);
    return text_starts_nocase(said, wanted) &&
           (said[len] == '\0' || strchr(" .-_,(", said[len]) != NULL ||
               text_starts_nocase(&said[len], "build"));
}

/* Whether an update closes this finding, and it is wanted at this device. */
static bool
closes(const struct plan_from *from, const struct finding *finding, const struct subject *subject)
{
    static const char *const rules[] = {
        CONTROL "/advisory", CONTROL "/exploited", CONTROL "/outdated", CONTROL "/old-firmware"};
    bool is_ours = false;
    for (size_t i = 0; i < COUNT(rules); i++) {
        is_ours = is_ours || text_equal(finding->id, rules[i]);
    }
    return is_ours && plan_wants_at(from, finding, subject);
}

/* Adds what the step closes (step NULL: only counts); SIZE_MAX when memory is out. */
static size_t
close_findings(struct plan *plan, const struct plan_from *from, struct plan_step *step,
    const struct subject *subject)
{
    size_t count = 0;
    for (size_t i = 0; i < from->assessment->finding_count; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        if (!closes(from, finding, subject)) {
            continue;
        }
        count++;
        if (step != NULL && plan_closes(plan, step, finding->id) != OK) {
            return SIZE_MAX;
        }
    }
    return count;
}

/* The first step of the same model and file; 0: this is it. */
static size_t
first_of_model(const struct plan *plan, const char *model, const char *sha256)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (text_equal(step->kind, "firmware") && !step->by_hand && step->after[0] == 0 &&
            text_equal(value_get_text(step->detail, "model"), model) &&
            text_equal(value_get_text(step->detail, "sha256"), sha256)) {
            return step->number;
        }
    }
    return 0;
}

static const struct device_driver *
driver_of(const struct subject *subject)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, subject->driver)) {
            return device_drivers[i];
        }
    }
    return NULL;
}

static const char *
or_words(const char *text, const char *otherwise)
{
    return text_is_empty(text) ? otherwise : text;
}

/* Without a file: what to look for. */
static enum err
fill_by_hand(struct plan *plan, struct plan_step *step, const struct subject *subject,
    const struct firmware_file *file)
{
    char title[SUBJECT_TITLE];
    const struct facts *facts = &subject->facts;
    const char *newest = or_words(facts_text(facts, FACT_FIRMWARE_NEWEST), "the newest");
    step->by_hand = true;
    step->words =
        file != NULL
            ? arena_format(&plan->arena,
                  "Update %s on its own page with %s (version %s): no way to hand it over by "
                  "request "
                  "is known for this make",
                  subject_title(subject, title), file->file, file->version)
            : "Get newer firmware from its maker, and plan again with --firmware FOLDER";
    step->changes = arena_format(&plan->arena, "firmware of %s: %s → %s",
        or_words(facts_text(facts, FACT_DEVICE_MODEL), "a model that is not known"),
        or_words(facts_text(facts, FACT_DEVICE_FIRMWARE), "not known"), newest);
    return step->words == NULL || step->changes == NULL ? ERR_MEMORY : OK;
}

static const char *
flaws_of(struct plan *plan, const struct facts *facts)
{
    const char *exploited = facts_text(facts, FACT_FIRMWARE_EXPLOITED);
    const char *flaws = facts_text(facts, FACT_FIRMWARE_ADVISORY);
    return flaws == NULL       ? "none known"
           : exploited == NULL ? flaws
                               : arena_format(&plan->arena, "%s (exploited: %s)", flaws, exploited);
}

static enum err
fill(struct plan *plan, const struct plan_from *from, struct plan_step *step,
    const struct firmware_file *file)
{
    char title[SUBJECT_TITLE];
    const struct subject *subject = plan->targets[step->target].subject;
    const struct device_driver *driver = driver_of(subject);
    const struct device_firmware *row = driver->firmware;
    const char *model = or_words(facts_text(&subject->facts, FACT_DEVICE_MODEL), "");
    const char *version = facts_text(&subject->facts, FACT_DEVICE_FIRMWARE);
    bool is_now = from->choice != NULL && from->choice->now;
    unsigned minutes = file->minutes != 0 ? file->minutes : row->minutes;
    step->words = arena_format(&plan->arena, "Install firmware %s on %s by %s%s", file->version,
        subject_title(subject, title), row->title,
        is_now ? ", outside of the maintenance hours too" : ", in the maintenance hours");
    step->changes = arena_format(&plan->arena,
        "device.firmware: %s → %s of %s; file %s, SHA-256 %s; closes: %s", version, file->version,
        or_words(file->released, "a day that is not given"), file->file, file->sha256,
        flaws_of(plan, &subject->facts));
    step->notices = arena_format(&plan->arena,
        "It restarts: no picture for up to %u min. It can't be taken back. This way is written "
        "from the maker's documents and was not tried on the real device (experimental)",
        minutes);
    step->untouched =
        "its settings; what the update changes in them all the same is said afterwards";
    step->is_reversible = false;
    step->gap_s = minutes * 60;
    step->fact = fact_name(FACT_DEVICE_FIRMWARE);
    step->from = arena_copy(&plan->arena, version);
    step->wanted = arena_copy(&plan->arena, file->version);
    step->after[0] = first_of_model(plan, model, file->sha256);
    if (step->words == NULL || step->changes == NULL || step->notices == NULL) {
        return ERR_MEMORY;
    }
    return plan_detail(
        step, json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b}", "folder", from->choice->firmware,
                  "file", file->file, "sha256", file->sha256, "version", file->version, "model",
                  model, "minutes", (int)minutes, "now", is_now ? 1 : 0));
}

static enum err
propose_one(struct plan *plan, const struct plan_from *from, const struct firmware_list *list,
    const struct subject *subject)
{
    const char *version = facts_text(&subject->facts, FACT_DEVICE_FIRMWARE);
    const struct firmware_file *file = list == NULL ? NULL : firmware_for(list, &subject->facts);
    const struct device_driver *driver = driver_of(subject);
    if (version == NULL || close_findings(plan, from, NULL, subject) == 0 ||
        (file != NULL && firmware_is(version, file->version))) {
        return OK;
    }
    size_t target = plan_target(plan, subject);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "firmware", target);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    enum err err = file == NULL || driver == NULL || driver->firmware == NULL
                       ? fill_by_hand(plan, step, subject, file)
                       : fill(plan, from, step, file);
    return err == OK && close_findings(plan, from, step, subject) == SIZE_MAX ? ERR_MEMORY : err;
}

/* Every file that is used must be the one that is named, already when the plan is made. */
static enum err
check_files(struct plan *plan, const struct plan_from *from, const struct firmware_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        int fd = -1;
        uint64_t size = 0;
        struct note note = {""};
        struct firmware_file *file = &list->files[i];
        enum err err =
            firmware_open(from->choice->firmware, file->file, file->sha256, &fd, &size, &note);
        if (err == OK) {
            (void)close(fd);
            continue;
        }
        file->model_count = 0; /* for no device */
        const char *words = arena_format(&plan->arena, "firmware file left out: %s", note.text);
        err = words == NULL ? ERR_MEMORY : plan_leave(plan, words);
        if (err != OK) {
            return err;
        }
    }
    return OK;
}

enum err
firmware_propose(struct plan *plan, const struct plan_from *from)
{
    struct firmware_list *list = NULL;
    struct note note = {""};
    enum err err = OK;
    if (from->choice != NULL && from->choice->firmware != NULL) {
        err = firmware_read(from->choice->firmware, &list, &note);
        const char *words =
            err == OK ? NULL
                      : arena_format(&plan->arena, "no firmware file is used: %s", note.text);
        err = err == OK       ? check_files(plan, from, list)
              : words == NULL ? ERR_MEMORY
                              : plan_leave(plan, words);
    }
    for (size_t i = 0; i < from->assessment->device_count && err == OK; i++) {
        const struct subject *subject = from->assessment->devices[i];
        if ((subject_kinds(subject) & KINDS_VIDEO) != 0 && subject->in_scope) {
            err = propose_one(plan, from, list, subject);
        }
    }
    firmware_free(list);
    return err;
}
