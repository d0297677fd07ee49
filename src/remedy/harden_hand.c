/* Gaps of a VMS that no program of ours can close: who does what, as a step of the plan. */
#include "remedy/harden_plan.h"

#include "assess/findings.h"
#include "base/text.h"

#include <stdio.h>

/* What is a setting of the VMS, of its files or of the proxy before it; updates are another kind's.
 */
static const char *const rules[] = {
    "default-credentials/vms-open",
    "default-credentials/vms-open-beside",
    "default-credentials/asks-only-outsiders",
    "default-credentials/restream-open",
    "default-credentials/footage-open",
    "default-credentials/key-known",
    "default-credentials/passwords-in-addresses",
    "default-credentials/vms-not-set-up",
    "default-credentials/vms-factory-password",
    "default-credentials/factory-in-config",
    "default-credentials/panel-open",
    "default-credentials/api-keys-anywhere",
    "vms-exposure/no-guess-limit",
    "vms-exposure/published-open",
    "vms-exposure/guard-gap",
    "vms-exposure/vms-plain",
    "access-log/no-access-log",
};

/*
 * Blue Iris keeps its settings in the registry (BlueIris Registry Backup; Blue Iris help: web
 * server): a file that is imported while it is stopped. authenticate 1: all connections; secureonly
 * 1: secure session keys.
 */
#define REG                                                                                        \
    "Windows Registry Editor Version 5.00\r\n\r\n"                                                 \
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Perspective Software\\Blue Iris\\server]\r\n"                  \
    "\"authenticate\"=dword:00000001\r\n\"secureonly\"=dword:00000001\r\n"

/*
 * ZoneMinder makes no account by its API while nobody has to log in (its source, 1.36.33:
 * api/app/Controller/UsersController.php), and a log-in that is on can't be switched off without
 * one: so the order matters, and a person keeps it.
 */
#define ZONEMINDER                                                                                 \
    "Its API makes no account while nobody has to log in, so a person does it, in this order: "    \
    "Options > Users > admin: a long password of its own and API access on; "                      \
    "Options > System: AUTH_HASH_SECRET a long random text, AUTH_RELAY hashed, then "              \
    "OPT_USE_AUTH on. Should nobody come in afterwards, on its machine: mysql zm -e \"update "     \
    "Config set Value='0' where Name='ZM_OPT_USE_AUTH'\"."

static bool
is_ours(const char *id)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (text_equal(rules[i], id)) {
            return true;
        }
    }
    return false;
}

static bool
is_closed(const struct plan *plan, size_t target, const char *rule)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        for (size_t j = 0; j < step->rule_count && step->target == target; j++) {
            if (text_equal(step->rules[j], rule)) {
                return true;
            }
        }
    }
    return false;
}

static bool
has_log_in_rule(const char *id)
{
    return text_equal(id, "default-credentials/vms-open") ||
           text_equal(id, "default-credentials/asks-only-outsiders");
}

static enum err
add_step(
    struct plan *plan, const struct finding *finding, const struct subject *subject, size_t target)
{
    const struct device_fix *fix = findings_fix(subject->driver, finding->id);
    const char *product = facts_text(&subject->facts, FACT_VMS_PRODUCT);
    const char *words = fix != NULL ? fix->close : finding->close;
    const char *effect = fix != NULL ? fix->effect : finding->effect;
    bool is_registry = text_equal(product, "Blue Iris") && has_log_in_rule(finding->id);
    if (text_equal(product, "ZoneMinder") && has_log_in_rule(finding->id)) {
        words = ZONEMINDER;
    }
    if (words == NULL) {
        return OK;
    }
    struct plan_step *step = plan_add(plan, "harden", target);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->by_hand = true;
    step->words = arena_copy(&plan->arena, words);
    step->notices = arena_copy(&plan->arena, effect);
    step->changes = is_registry
                        ? "A file to import with regedit while Blue Iris is stopped, once a "
                          "user with a long password is there:\n" REG
                        : "Nothing by Gatehouse; a person does it.";
    step->is_reversible = true;
    if (step->words == NULL) {
        return ERR_MEMORY;
    }
    return plan_closes(plan, step, finding->id);
}

enum err
harden_hand_steps(struct plan *plan, const struct plan_from *from, const struct subject *subject)
{
    enum err err = OK;
    for (size_t i = 0; i < from->assessment->finding_count && err == OK; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        bool is_gap = finding->verdict == FAIL || finding->verdict == NOTE;
        for (size_t j = 0; j < finding->place_count && is_gap && is_ours(finding->id); j++) {
            if (finding->places[j].subject != subject ||
                !plan_wants(from, finding, &finding->places[j])) {
                continue;
            }
            size_t target = plan_target(plan, subject);
            if (target == SIZE_MAX) {
                return ERR_LIMIT;
            }
            err = is_closed(plan, target, finding->id) ? err
                                                       : add_step(plan, finding, subject, target);
            break;
        }
    }
    return err;
}
