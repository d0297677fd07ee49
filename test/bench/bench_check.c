/* How many check × device evaluations a core does in a second. Target: 1,000,000. */
#include "base/clock.h"
#include "check/check.h"

#include <inttypes.h>
#include <stdio.h>

#define DEVICES 1000
#define ROUNDS  2000
#define TARGET  1000000

static const struct source seen = {.witness = WITNESS_WIRE, .confidence = 90};

static struct subject *
device(unsigned number)
{
    struct subject *subject = subject_new(number);
    if (subject == NULL) {
        return NULL;
    }
    subject->kind = number % 10 == 0 ? KIND_VMS : KIND_CAMERA;
    facts_set_text(&subject->facts, FACT_DEVICE_FIRMWARE, "V5.4.0", &seen);
    facts_set_int(&subject->facts, FACT_LOGIN_REFUSED, 2, &seen);
    facts_set_int(&subject->facts, FACT_CLOCK_OFFSET, (int64_t)number - 500, &seen);
    facts_set_bool(&subject->facts, FACT_CLOUD_ENABLED, number % 3 == 0, &seen);
    facts_set_text(&subject->facts, FACT_PORTS_OPEN, "80, 443, 554, 8000", &seen);
    return subject;
}

/* Judges every aspect that is about the device; returns their number. */
static uint64_t
judge(const struct subject *subject, unsigned *fails)
{
    uint64_t count = 0;
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->aspect_count; j++) {
            const struct aspect *aspect = &controls[i].check->aspects[j];
            if ((aspect->kinds & subject_kinds(subject)) != 0) {
                *fails += check_judge(&controls[i], aspect, &subject->facts).verdict == FAIL;
                count++;
            }
        }
    }
    return count;
}

int
main(void)
{
    struct subject *devices[DEVICES];
    uint64_t count = 0;
    unsigned fails = 0;
    for (unsigned i = 0; i < DEVICES; i++) {
        devices[i] = device(i + 1);
        if (devices[i] == NULL) {
            return 2;
        }
    }
    int64_t start = clock_mono();
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < DEVICES; i++) {
            count += judge(devices[i], &fails);
        }
    }
    int64_t took = clock_mono() - start;
    (void)printf("check evaluations per second: %" PRIu64 " (%" PRIu64 " in %" PRId64
                 " ms, %u failed; target 1000000: %s)\n",
        count * 1000 / (uint64_t)(took > 0 ? took : 1), count, took, fails,
        count * 1000 / (uint64_t)(took > 0 ? took : 1) >= TARGET ? "met" : "not met");
    for (size_t i = 0; i < DEVICES; i++) {
        subject_free(devices[i]);
    }
    return 0;
}
