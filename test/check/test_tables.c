/* What must hold for every row of every table, whatever its words. */
#include "tables.h"

#include "base/text.h"
#include "check/check.h"
#include "test.h"

#include <stdlib.h>

/* Calls back for each rule of each control. */
static void
each_rule(void (*visit)(
    const struct control *control, const struct aspect *aspect, const struct rule *rule))
{
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->aspect_count; j++) {
            const struct aspect *aspect = &controls[i].check->aspects[j];
            assert_true(aspect->kinds != 0 && aspect->rule_count != 0);
            for (size_t k = 0; k < aspect->rule_count; k++) {
                visit(&controls[i], aspect, &aspect->rules[k]);
            }
        }
    }
}

static void
row_fits(const struct control *control, const struct aspect *aspect, const struct rule *rule)
{
    enum fact_type type = fact_type(rule->fact);
    bool numeric = rule->test == ABOVE || rule->test == BELOW;
    bool compares =
        numeric || rule->test == EQUALS || rule->test == CONTAINS || rule->test == LACKS;
    (void)aspect;
    if (compares != (rule->value != NULL)) {
        fail_msg("%s/%s: value and test do not fit", control->id, rule->id);
    }
    if ((rule->test == IS_YES || rule->test == IS_NO) && type != FACT_TYPE_BOOL) {
        fail_msg("%s/%s: yes or no of a fact that is neither", control->id, rule->id);
    }
    /* IS_SET on a yes/no would call a no a yes. */
    if (rule->test == IS_SET && type == FACT_TYPE_BOOL) {
        fail_msg("%s/%s: is set, of a yes or no", control->id, rule->id);
    }
    if (numeric) {
        char *end = NULL;
        (void)strtoll(rule->value, &end, 10);
        assert_true(type == FACT_TYPE_INT && end != rule->value && *end == '\0');
    }
}

void
test_rows_fit_the_types_of_their_facts(void **state)
{
    (void)state;
    each_rule(row_fits);
}

static void
pass_has_ground(const struct control *control, const struct aspect *aspect, const struct rule *rule)
{
    (void)aspect;
    if (rule->verdict == PASS && (rule->test == OTHERWISE || rule->test == IS_UNKNOWN)) {
        fail_msg("%s/%s: a PASS that needs no fact", control->id, rule->id);
    }
}

void
test_no_pass_rests_on_nothing(void **state)
{
    (void)state;
    each_rule(pass_has_ground);
}

static void
sentence_is_sound(
    const struct control *control, const struct aspect *aspect, const struct rule *rule)
{
    (void)aspect;
    if (!text_ends(rule->sentence, ".")) {
        fail_msg("%s/%s: the sentence does not end", control->id, rule->id);
    }
    for (const char *open = strchr(rule->sentence, '{'); open != NULL;
         open = strchr(open + 1, '{')) {
        char name[100];
        size_t len = strcspn(open + 1, "|}");
        assert_true(len < sizeof(name) && strchr(open, '}') != NULL);
        (void)text_copy(name, len + 1, open + 1);
        if (len != 0 && fact_by_name(name) == FACT_COUNT) {
            fail_msg("%s/%s: no fact is called %s", control->id, rule->id, name);
        }
    }
}

void
test_sentences_name_facts_that_exist(void **state)
{
    (void)state;
    each_rule(sentence_is_sound);
}

void
test_each_table_ends_in_a_row_that_catches_the_unknown(void **state)
{
    (void)state;
    struct subject *empty = subject_new(1);
    assert_non_null(empty);
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->aspect_count; j++) {
            const struct aspect *aspect = &controls[i].check->aspects[j];
            if (check_judge(&controls[i], aspect, &empty->facts).rule == NULL) {
                fail_msg("%s/%s says nothing when nothing is known", controls[i].id, aspect->id);
            }
        }
    }
    subject_free(empty);
}

static void
fail_has_advice(const struct control *control, const struct aspect *aspect, const struct rule *rule)
{
    (void)aspect;
    const struct advice *advice = control_advice(control, rule->id);
    if (rule->verdict == NOTE && (advice == NULL || text_is_empty(advice->title))) {
        fail_msg("%s/%s: a note without a title", control->id, rule->id);
    }
    if (rule->verdict != FAIL) {
        return;
    }
    if (advice == NULL || text_is_empty(advice->title) || text_is_empty(advice->action) ||
        text_is_empty(advice->why) || text_is_empty(advice->close) ||
        text_is_empty(advice->verify)) {
        fail_msg("%s/%s: a FAIL without its advice", control->id, rule->id);
    }
    if (text_ends(advice->title, ".") || text_ends(advice->action, ".") ||
        !text_ends(advice->why, ".") || !text_ends(advice->close, ".") ||
        !text_ends(advice->verify, ".")) {
        fail_msg(
            "%s/%s: title and action are headings, the rest are sentences", control->id, rule->id);
    }
    if (aspect->kinds != KINDS_SITE && !text_contains(advice->action, "{devices}")) {
        fail_msg("%s/%s: the action does not say on which devices", control->id, rule->id);
    }
}

void
test_each_fail_has_advice(void **state)
{
    (void)state;
    each_rule(fail_has_advice);
}

static bool
has_rule(const struct control *control, const char *id, enum verdict verdict)
{
    for (size_t j = 0; j < control->check->aspect_count; j++) {
        const struct aspect *aspect = &control->check->aspects[j];
        for (size_t k = 0; k < aspect->rule_count; k++) {
            if (text_equal(aspect->rules[k].id, id) && aspect->rules[k].verdict == verdict) {
                return true;
            }
        }
    }
    return false;
}

void
test_each_advice_has_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->advice_count; j++) {
            const char *id = controls[i].check->advices[j].id;
            if (!has_rule(&controls[i], id, FAIL) && !has_rule(&controls[i], id, NOTE)) {
                fail_msg("%s: advice for %s, which no rule says", controls[i].id, id);
            }
        }
    }
}

void
test_the_published_rules_cap_the_grade(void **state)
{
    (void)state;
    static const char *const capping[] = {"any-password", "factory-password", "not-activated",
        "rtsp-open", "vms-open", "vms-open-beside", "restream-open", "footage-open", "key-known",
        "vms-factory-password", "vms-not-set-up", "port-mapped", "public-address", "seen-outside",
        "published-open"};
    size_t caps = 0;
    for (size_t i = 0; i < control_count; i++) {
        for (size_t j = 0; j < controls[i].check->advice_count; j++) {
            caps += controls[i].check->advices[j].caps ? 1U : 0U;
        }
        for (size_t j = 0; j < COUNT(capping); j++) {
            const struct advice *advice = control_advice(&controls[i], capping[j]);
            assert_true(advice == NULL || advice->caps);
        }
    }
    assert_int_equal(caps, COUNT(capping));
}

void
test_rules_that_others_rely_on_exist(void **state)
{
    (void)state;
    static const struct {
        const char *control, *rule;
        enum verdict verdict;
    } wanted[] = {
        {"default-credentials", "factory-password",     FAIL},
        {"default-credentials", "any-password",         FAIL},
        {"default-credentials", "rtsp-open",            FAIL},
        {"default-credentials", "snapshot-open",        FAIL},
        {"default-credentials", "onvif-open",           FAIL},
        {"default-credentials", "not-activated",        FAIL},
        {"default-credentials", "vms-open",             FAIL},
        {"default-credentials", "vms-factory-password", FAIL},
        {"vms-exposure",        "port-mapped",          FAIL},
        {"vms-exposure",        "public-address",       FAIL},
        {"camera-segmentation", "mixed-subnet",         FAIL},
        {"vendor-cloud",        "cloud-on",             FAIL},
        {"vendor-cloud",        "ddns-on",              FAIL},
        {"camera-firmware",     "advisory",             FAIL},
        {"camera-firmware",     "exploited",            FAIL},
        {"vms-updates",         "advisory",             FAIL},
        {"vms-updates",         "outdated",             FAIL},
        {"remote-access",       "open-without-vpn",     FAIL},
        {"upnp",                "router-igd",           FAIL},
        {"upnp",                "device-upnp-on",       FAIL},
        {"access-log",          "no-access-log",        FAIL},
        {"access-log",          "clock-wrong",          FAIL},
        {"camera-firmware",     "covered-maker",        NOTE},
        {"camera-segmentation", "rtsp-unencrypted",     NOTE},
        {"default-credentials", "telnet-open",          NOTE},
        {"default-credentials", "ftp-open",             NOTE},
        {"default-credentials", "self-signed",          NOTE},
        {"access-log",          "clock-offset",         NOTE},
    };
    for (size_t i = 0; i < COUNT(wanted); i++) {
        const struct control *control = control_by_id(wanted[i].control);
        assert_non_null(control);
        if (!has_rule(control, wanted[i].rule, wanted[i].verdict)) {
            fail_msg("%s has no rule %s", wanted[i].control, wanted[i].rule);
        }
    }
}
