/* Choices of words that all formats share. */
#include "report/words.h"

#include "base/text.h"
#include "report/marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *
either(const char *first, const char *second)
{
    return text_is_empty(first) ? (text_is_empty(second) ? NULL : second) : first;
}

static const char *
fact(const struct subject *subject, enum fact_id id)
{
    return facts_text(&subject->facts, id);
}

const char *
words_vendor(const struct subject *subject)
{
    return either(fact(subject, FACT_DEVICE_BRAND), fact(subject, FACT_DEVICE_VENDOR));
}

const char *
words_model(const struct subject *subject)
{
    const char *product = fact(subject, FACT_VMS_PRODUCT);
    return either(subject->kind == KIND_VMS ? product : NULL,
        either(fact(subject, FACT_DEVICE_MODEL), product));
}

const char *
words_version(const struct subject *subject)
{
    const char *version = fact(subject, FACT_VMS_VERSION);
    return either(subject->kind == KIND_VMS ? version : NULL,
        either(fact(subject, FACT_DEVICE_FIRMWARE), version));
}

const char *
words_product(const struct subject *subject, char out[SUBJECT_TITLE])
{
    const char *vendor = words_vendor(subject);
    const char *model = words_model(subject);
    /* A VMS goes by its product, and a model that begins with its maker says both. */
    bool said = vendor != NULL && model != NULL &&
                (subject->kind == KIND_VMS || text_starts_nocase(model, vendor));
    const char *first = vendor == NULL || said ? "" : vendor;
    const char *second = model == NULL ? "" : model;
    (void)text_copy(out, SUBJECT_TITLE, first);
    size_t used = strlen(out);
    bool both = used != 0 && second[0] != '\0' && used + 1 < SUBJECT_TITLE;
    (void)text_copy(out + used, SUBJECT_TITLE - used, both ? " " : "");
    used += both;
    (void)text_copy(out + used, SUBJECT_TITLE - used, second);
    return out;
}

const char *
words_name(const struct subject *subject)
{
    return either(subject->name, fact(subject, FACT_DEVICE_NAME));
}

const char *
words_address(const struct subject *subject, char out[IP_TEXT])
{
    out[0] = '\0';
    return subject->address_count == 0 ? out : ip_text(&subject->addresses[0], out);
}

const char *
words_count(uint64_t number, char out[WORDS_NUMBER])
{
    char digits[WORDS_NUMBER];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    size_t used = 0;
    for (int i = 0; i < len; i++) {
        if (i != 0 && (len - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

const char *
words_duration(int64_t milliseconds, char out[WORDS_NUMBER])
{
    int64_t ms = milliseconds < 0 ? 0 : milliseconds;
    if (ms < 60000) {
        (void)snprintf(out, WORDS_NUMBER, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    } else {
        (void)snprintf(
            out, WORDS_NUMBER, "%" PRId64 " min %" PRId64 " s", ms / 60000, ms % 60000 / 1000);
    }
    return out;
}

const char *
words_time(int64_t wall, char out[CLOCK_TEXT])
{
    char text[CLOCK_TEXT];
    (void)snprintf(out, CLOCK_TEXT, "%.10s %.8s UTC", clock_text(wall, text), text + 11);
    return out;
}

const char *
words_why(const struct finding *finding)
{
    return finding->advice == NULL ? NULL : finding->advice->why;
}

const char *
words_close(const struct finding *finding)
{
    return either(finding->close, finding->advice == NULL ? NULL : finding->advice->close);
}

const char *
words_effect(const struct finding *finding)
{
    return either(finding->effect, finding->advice == NULL ? NULL : finding->advice->effect);
}

const char *
words_verify(const struct finding *finding)
{
    return either(finding->verify, finding->advice == NULL ? NULL : finding->advice->verify);
}

bool
words_is_open(const struct finding *finding)
{
    return finding->verdict == FAIL && !mark_is_waived(finding);
}

size_t
words_controls(const struct assessment *assessment, enum verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < control_count; i++) {
        count += assessment->controls[i].verdict == verdict;
    }
    return count;
}

const char *const words_hints[WORDS_HINTS] = {
    "Check that this machine is connected to the network of the cameras; discovery by multicast "
    "does not pass a router.",
    "Check the scope: it must hold the addresses of the cameras, not only those of this machine.",
    "If the cameras are behind a firewall or in a VLAN of their own, run Gatehouse from inside it.",
    "Cameras that are factory-new may sit on another subnet (often 192.168.1.0/24): add it with "
    "--scope.",
};

const char words_contradicted[] =
    "Witnesses disagree: what the device says and what was seen are not the same.";
