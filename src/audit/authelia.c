/* Authelia's configuration.yml (Authelia docs: access control, regulation). */
#include "audit/authelia.h"

#include "audit/say.h"
#include "audit/tree_yaml.h"
#include "base/text.h"

#include <string.h>

static const struct audit_sign signs[] = {
    {"@configuration.y*ml",      10},
    {"^access_control:",         40},
    {"^authentication_backend:", 40},
    {"^default_policy:",         20},
    {"^identity_validation:",    20},
    {"^regulation:",             10},
};

static bool
domain_matches(const char *pattern, const char *domain)
{
    if (text_starts(pattern, "*.")) {
        return text_ends(domain, pattern + 1) && strlen(domain) > strlen(pattern) - 1;
    }
    return text_equal_nocase(pattern, domain);
}

/* domain: one or a list. */
static bool
rule_matches(const struct tree_node *rule, const char *domain)
{
    const struct tree_node *domains = tree_get(rule, "domain");
    bool found = domains != NULL && domain_matches(domains->value, domain);
    for (const struct tree_node *n = tree_next(domains, NULL, NULL); n != NULL;
         n = tree_next(domains, NULL, n)) {
        const struct tree_node *value = n->first == NULL ? n : n->first;
        found = found || domain_matches(value->value, domain);
    }
    return found;
}

static enum authelia_policy
policy_of(const char *text)
{
    return text_equal(text, "bypass")       ? AUTHELIA_BYPASS
           : text_equal(text, "one_factor") ? AUTHELIA_ONE
           : text_equal(text, "two_factor") ? AUTHELIA_TWO
           : text_equal(text, "deny")       ? AUTHELIA_DENY
                                            : AUTHELIA_UNKNOWN;
}

/* The first rule that holds wins; one for some paths, people or networks leaves the rest open. */
struct authelia_answer
authelia_ask(const struct audit_file *file, const char *domain)
{
    const struct tree_node *control = tree_get(file->tree.root, "access_control");
    const struct tree_node *rules = tree_get(control == NULL ? file->tree.root : control, "rules");
    struct authelia_answer answer = {.policy = AUTHELIA_DENY, .at = control};
    for (const struct tree_node *rule = tree_next(rules, NULL, NULL); rule != NULL;
         rule = tree_next(rules, NULL, rule)) {
        const struct tree_node *policy = tree_get(rule, "policy");
        bool by_pattern = tree_get(rule, "domain_regex") != NULL;
        if (policy == NULL || (!by_pattern && !rule_matches(rule, domain))) {
            continue;
        }
        enum authelia_policy value = policy_of(policy->value);
        bool is_partial = tree_get(rule, "resources") != NULL ||
                          tree_get(rule, "methods") != NULL || tree_get(rule, "networks") != NULL ||
                          tree_get(rule, "query") != NULL;
        if (is_partial || tree_get(rule, "subject") != NULL) {
            bool by_network = tree_get(rule, "networks") != NULL;
            answer.gap = value == AUTHELIA_BYPASS && !by_network ? policy : answer.gap;
            answer.lan = value == AUTHELIA_BYPASS && by_network ? policy : answer.lan;
            answer.is_weaker =
                answer.is_weaker || value == AUTHELIA_BYPASS || value == AUTHELIA_ONE;
            continue;
        }
        answer.policy = by_pattern ? AUTHELIA_UNKNOWN : value;
        answer.at = policy;
        return answer;
    }
    const struct tree_node *fallback = control == NULL ? NULL : tree_get(control, "default_policy");
    if (fallback != NULL) {
        answer.policy = policy_of(fallback->value);
        answer.at = fallback;
    }
    return answer;
}

const struct tree_node *
authelia_unlimited(const struct audit_file *file)
{
    const struct tree_node *retries = tree_get(file->tree.root, "regulation/max_retries");
    return retries != NULL && text_equal(retries->value, "0") ? retries : NULL; /* default: 3 */
}

void
authelia_say_site(struct audit *audit, const struct authelia_answer *answer)
{
    struct subject *site = audit->site;
    const struct source source = {
        WITNESS_CONFIG, 85, say_evidence(site, audit->authelia, answer->at)};
    facts_set_text(&site->facts, FACT_GATEWAY_NAME, "Authelia", &source);
    if (answer->policy == AUTHELIA_ONE) {
        facts_forget(&site->facts, FACT_GATEWAY_MFA); /* one domain without is enough */
        facts_set_bool(&site->facts, FACT_GATEWAY_MFA, false, &source);
    } else if (answer->policy == AUTHELIA_TWO && !answer->is_weaker &&
               facts_get(&site->facts, FACT_GATEWAY_MFA) == NULL) {
        facts_set_bool(&site->facts, FACT_GATEWAY_MFA, true, &source);
    }
}

static void
read(struct audit_file *file)
{
    file->audit->authelia = file;
}

const struct audit_format audit_authelia = {
    .phase = AUDIT_GUARD,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_yaml,
    .read = read,
};
