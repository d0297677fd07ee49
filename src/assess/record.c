/* From an assessment to rows of the store. */
#include "assess/record.h"

#include "base/buf.h"

#define ARENA_LIMIT    ((size_t)256 * 1024 * 1024)
#define ADDRESSES_TEXT ((size_t)SUBJECT_ADDRESSES * (IP_TEXT + 2))

static const char *
addresses_of(const struct subject *subject, struct arena *arena)
{
    CLEANUP(buf_release) struct buf list;
    char text[IP_TEXT];
    buf_init(&list, ADDRESSES_TEXT);
    for (size_t i = 0; i < subject->address_count; i++) {
        buf_format(&list, "%s%s", i == 0 ? "" : ", ", ip_text(&subject->addresses[i], text));
    }
    return arena_copy(arena, list.data);
}

static enum err
make_facts(const struct subject *subject, struct arena *arena, struct store_device *device)
{
    struct store_fact *facts = arena_alloc(arena, FACT_COUNT * sizeof(*facts));
    if (facts == NULL) {
        return ERR_MEMORY;
    }
    for (unsigned id = 0; id < FACT_COUNT; id++) {
        const struct fact *fact = facts_get(&subject->facts, (enum fact_id)id);
        if (fact != NULL) {
            facts[device->fact_count++] = (struct store_fact){
                fact_name(fact->id), fact->text, fact->witness, fact->confidence};
        }
    }
    device->facts = facts;
    return OK;
}

static enum err
make_device(const struct subject *subject, struct arena *arena, struct store_device *ret_device)
{
    char key[SUBJECT_KEY];
    char title[SUBJECT_TITLE];
    const char *product = facts_text(&subject->facts, FACT_VMS_PRODUCT);
    *ret_device = (struct store_device){
        .key = arena_copy(arena, subject_key(subject, key)),
        .title = arena_copy(arena, subject_title(subject, title)),
        .addresses = addresses_of(subject, arena),
        .kind = kind_name(subject->kind),
        .vendor = facts_text(&subject->facts, FACT_DEVICE_VENDOR),
        .model = product != NULL ? product : facts_text(&subject->facts, FACT_DEVICE_MODEL),
        .version =
            facts_text(&subject->facts, product != NULL ? FACT_VMS_VERSION : FACT_DEVICE_FIRMWARE),
        .confidence = subject->confidence,
    };
    return make_facts(subject, arena, ret_device);
}

static enum err
make_devices(const struct assessment *assessment, struct arena *arena, struct store_run *run)
{
    struct store_device *devices =
        arena_alloc(arena, (assessment->device_count + 1) * sizeof(*devices));
    enum err err = devices == NULL ? ERR_MEMORY : OK;
    for (size_t i = 0; i < assessment->device_count && err == OK; i++) {
        err = make_device(assessment->devices[i], arena, &devices[i]);
    }
    run->devices = devices;
    run->device_count = assessment->device_count;
    return err;
}

static enum err
make_findings(const struct assessment *assessment, struct arena *arena, struct store_run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        count += assessment->findings[i].place_count;
    }
    struct store_finding *rows = arena_alloc(arena, (count + 1) * sizeof(*rows));
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        run->fail_count += finding->verdict == FAIL && finding->waiver == NULL ? 1 : 0;
        for (size_t j = 0; j < finding->place_count; j++) {
            const struct finding_place *place = &finding->places[j];
            char key[SUBJECT_KEY];
            rows[run->finding_count++] = (struct store_finding){
                .id = finding->id,
                .verdict = verdict_name(finding->verdict),
                .device = place->subject->number == 0
                              ? "site"
                              : arena_copy(arena, subject_key(place->subject, key)),
                .title = finding->title,
                .sentence = place->sentence,
                .waived = finding->waiver != NULL || place->waiver != NULL,
            };
        }
    }
    run->findings = rows;
    return OK;
}

enum err
record_make(const struct assessment *assessment, struct arena *arena, struct store_run *ret_run)
{
    const struct run_totals *totals = &assessment->totals;
    struct store_run run = {
        .id = assessment->id,
        .site = assessment->site,
        .scope = assessment->scope,
        .started = totals->started,
        .ended = totals->ended,
        .partial = assessment->partial,
        .grade = assessment->grade,
        .score = assessment->score,
        .program = GATEHOUSE_VERSION,
        .rules = arena_format(arena, "%d", SCORE_RULES_VERSION),
        .catalog = assessment->catalog_date,
        .hosts = totals->hosts_asked,
        .packets = totals->packets,
        .logins = totals->logins,
        .lockouts = totals->lockouts,
    };
    enum err err = make_devices(assessment, arena, &run);
    if (err == OK) {
        err = make_findings(assessment, arena, &run);
    }
    if (err == OK && arena->full) {
        err = ERR_MEMORY;
    }
    if (err == OK) {
        *ret_run = run;
    }
    return err;
}

enum err
record_save(struct store *store, const struct assessment *assessment)
{
    CLEANUP(arena_release) struct arena arena;
    struct store_run run;
    arena_init(&arena, ARENA_LIMIT);
    enum err err = record_make(assessment, &arena, &run);
    return err == OK ? store_save_run(store, &run) : err;
}
