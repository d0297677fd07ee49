/*
 * flip REPORT: takes every fact of every device of a report.json away, one by one, and judges
 * again: no PASS may go on that rested on it, nor a comparison of a firmware or VMS whose version
 * is gone.
 */
#include "base/text.h"
#include "catalog/advisory.h"
#include "check/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Written by the catalogue from these: who makes it, what it is, which version. */
static const enum fact_id identity[] = {FACT_DEVICE_VENDOR, FACT_DEVICE_MODEL, FACT_DEVICE_FIRMWARE,
    FACT_VMS_PRODUCT, FACT_VMS_VERSION};
static const enum fact_id compared[] = {FACT_FIRMWARE_ADVISORY, FACT_FIRMWARE_EXPLOITED,
    FACT_FIRMWARE_JUDGED, FACT_FIRMWARE_UNJUDGED, FACT_FIRMWARE_AGE, FACT_FIRMWARE_NEWEST,
    FACT_FIRMWARE_OUTDATED, FACT_FIRMWARE_CURRENT, FACT_VMS_ADVISORY, FACT_VMS_JUDGED,
    FACT_VMS_UNJUDGED, FACT_VMS_NEWEST, FACT_VMS_OUTDATED, FACT_VMS_CURRENT};

struct count {
    size_t devices, passes, flips, wrong;
};

static bool
is_among(enum fact_id id, const enum fact_id *list, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found = found || list[i] == id;
    }
    return found;
}

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static void
add_fact(struct subject *subject, const json_t *row)
{
    const json_t *value = json_object_get(row, "value");
    enum fact_id id = fact_by_name(text_of(row, "name"));
    struct source source = {.witness = WITNESS_WIRE,
        .confidence = (uint8_t)json_integer_value(json_object_get(row, "confidence"))};
    for (unsigned i = WITNESS_WIRE; i <= WITNESS_DECLARED; i++) {
        if (text_equal(fact_witness((enum witness)i), text_of(row, "witness"))) {
            source.witness = (enum witness)i;
        }
    }
    if (id == FACT_COUNT) {
        return;
    }
    if (json_is_boolean(value)) {
        facts_set_bool(&subject->facts, id, json_is_true(value), &source);
    } else if (json_is_integer(value)) {
        facts_set_int(&subject->facts, id, json_integer_value(value), &source);
    } else {
        facts_set_text(&subject->facts, id, json_string_value(value), &source);
    }
}

/* The device without one fact, and without what the catalogue made of it; the caller frees it. */
static struct subject *
device_without(const json_t *device, enum fact_id lost)
{
    struct subject *subject = subject_new(1);
    bool again = is_among(lost, identity, COUNT(identity));
    const json_t *row;
    size_t i;
    if (subject == NULL) {
        abort();
    }
    subject->kind = kind_by_name(text_of(device, "kind"));
    json_array_foreach(json_object_get(device, "facts"), i, row)
    {
        enum fact_id id = fact_by_name(text_of(row, "name"));
        if (id != lost && !(again && is_among(id, compared, COUNT(compared)))) {
            add_fact(subject, row);
        }
    }
    if (again) {
        advisory_apply(subject, (int64_t)time(NULL) * 1000);
    }
    return subject;
}

/* Whether a PASS that is left rests on the lost fact, or on a version that is no longer
 * known. */
static bool
is_baseless(const struct judgement *judgement, enum fact_id lost)
{
    enum fact_id id = judgement->rule->fact;
    bool of_firmware = lost == FACT_DEVICE_FIRMWARE;
    if (judgement->fact == NULL || id == lost) {
        return true;
    }
    return (of_firmware && (id == FACT_FIRMWARE_JUDGED || id == FACT_FIRMWARE_CURRENT)) ||
           ((lost == FACT_VMS_VERSION || lost == FACT_VMS_PRODUCT) &&
               (id == FACT_VMS_JUDGED || id == FACT_VMS_CURRENT));
}

/* Judges the device without that fact (FACT_COUNT: with all); returns how many questions pass. */
static size_t
judge_without(const json_t *device, enum fact_id lost, struct count *count)
{
    struct subject *subject = device_without(device, lost);
    size_t passes = 0;
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->aspect_count; j++) {
            const struct aspect *aspect = &controls[i].check->aspects[j];
            if ((aspect->kinds & subject_kinds(subject)) == 0) {
                continue;
            }
            struct judgement judgement = check_judge(&controls[i], aspect, &subject->facts);
            passes += judgement.verdict == PASS ? 1U : 0U;
            if (judgement.verdict == PASS && is_baseless(&judgement, lost)) {
                printf("%s: %s/%s passes by %s without %s\n", text_of(device, "title"),
                    controls[i].id, aspect->id, judgement.rule->id, fact_name(lost));
                count->wrong++;
            }
        }
    }
    subject_free(subject);
    return passes;
}

static void
flip_device(const json_t *device, struct count *count)
{
    size_t told = json_array_size(json_object_get(device, "passed"));
    size_t passes = judge_without(device, FACT_COUNT, count);
    bool seen[FACT_COUNT] = {false};
    const json_t *row;
    size_t i;
    if (passes != told) {
        printf("%s: %zu questions pass, the report says %zu\n", text_of(device, "title"), passes,
            told);
        count->wrong++;
    }
    count->devices++;
    count->passes += passes;
    json_array_foreach(json_object_get(device, "facts"), i, row)
    {
        enum fact_id id = fact_by_name(text_of(row, "name"));
        if (passes != 0 && id < FACT_COUNT && !seen[id]) {
            seen[id] = true;
            (void)judge_without(device, id, count);
            count->flips++;
        }
    }
}

int
main(int argc, char **argv)
{
    struct count count = {0};
    json_t *report = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
    const json_t *device;
    size_t i;
    if (report == NULL) {
        fprintf(stderr, "Usage: flip REPORT.json\n");
        return 64;
    }
    json_array_foreach(json_object_get(report, "devices"), i, device)
    {
        flip_device(device, &count);
    }
    printf("%zu devices, %zu passes, %zu facts taken away, %zu wrong\n", count.devices,
        count.passes, count.flips, count.wrong);
    json_decref(report);
    return count.wrong == 0 && count.passes != 0 ? 0 : 1;
}
