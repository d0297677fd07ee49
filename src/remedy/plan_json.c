/* A plan as JSON, and the digest of it that a second person agrees to. */
#include "remedy/plan.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/canonical.h"
#include "report/value.h"

#include <sodium.h>

static json_t *
json_texts(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(list, value_text(texts[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *
json_addresses(const struct subject *subject)
{
    json_t *list = json_array();
    char text[IP_TEXT];
    for (size_t i = 0; i < subject->address_count; i++) {
        (void)json_array_append_new(list, json_string(ip_text(&subject->addresses[i], text)));
    }
    return list;
}

static json_t *
json_ports(const struct subject *subject)
{
    json_t *list = json_array();
    for (size_t i = 0; i < subject->port_count; i++) {
        const struct port *port = &subject->ports[i];
        json_t *row = json_object();
        value_put(row, "number", json_integer(port->number));
        value_put(row, "tls", json_boolean(port->tls));
        value_put_known(row, "protocol", port->protocol);
        (void)json_array_append_new(list, row);
    }
    return list;
}

static json_t *
json_facts(const struct facts *facts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact *fact = facts_get(facts, (enum fact_id)i);
        if (fact == NULL) {
            continue;
        }
        json_t *row = json_object();
        value_put(row, "name", json_string(fact_name(fact->id)));
        value_put(row, "text", value_text(fact->text));
        value_put(row, "witness", json_string(fact_witness(fact->witness)));
        value_put(row, "confidence", json_integer(fact->confidence));
        (void)json_array_append_new(list, row);
    }
    return list;
}

static json_t *
json_target(const struct plan_target *target)
{
    const struct subject *subject = target->subject;
    char mac[MAC_TEXT];
    json_t *object = json_object();
    value_put(object, "key", value_text(target->key));
    value_put(object, "title", value_text(target->title));
    value_put(object, "number", json_integer(subject->number));
    value_put(object, "kind", json_string(kind_name(subject->kind)));
    value_put(object, "confidence", json_integer(subject->confidence));
    value_put(object, "in_scope", json_boolean(subject->in_scope));
    value_put_known(object, "name", subject->name);
    value_put_known(object, "driver", subject->driver);
    value_put_known(object, "config", subject->config);
    if (!mac_is_zero(&subject->mac)) {
        value_put(object, "mac", json_string(mac_text(&subject->mac, mac)));
    }
    value_put(object, "addresses", json_addresses(subject));
    value_put(object, "ports", json_ports(subject));
    value_put(object, "facts", json_facts(&subject->facts));
    return object;
}

static json_t *
json_step(const struct plan_step *step)
{
    json_t *object = json_object();
    json_t *after = json_array();
    for (size_t i = 0; i < PLAN_AFTER; i++) {
        if (step->after[i] != 0) {
            (void)json_array_append_new(after, json_integer((json_int_t)step->after[i]));
        }
    }
    value_put(object, "number", json_integer(step->number));
    value_put(object, "kind", value_text(step->kind));
    value_put(object, "target", json_integer((json_int_t)step->target));
    value_put(object, "rules", json_texts(step->rules, step->rule_count));
    value_put(object, "words", value_text(step->words));
    value_put(object, "changes", value_text(step->changes));
    value_put_known(object, "notices", step->notices);
    value_put_known(object, "untouched", step->untouched);
    value_put(object, "gap_s", json_integer(step->gap_s));
    value_put(object, "is_reversible", json_boolean(step->is_reversible));
    value_put(object, "by_hand", json_boolean(step->by_hand));
    value_put_known(object, "fact", step->fact);
    value_put_known(object, "from", step->from);
    value_put_known(object, "wanted", step->wanted);
    value_put(object, "after", after);
    value_put(object, "detail", step->detail == NULL ? json_object() : json_incref(step->detail));
    return object;
}

json_t *
plan_json(const struct plan *plan)
{
    char made[CLOCK_TEXT];
    json_t *object = json_object();
    json_t *targets = json_array();
    json_t *steps = json_array();
    for (size_t i = 0; i < plan->target_count; i++) {
        (void)json_array_append_new(targets, json_target(&plan->targets[i]));
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        (void)json_array_append_new(steps, json_step(&plan->steps[i]));
    }
    value_put(object, "schema", json_string(PLAN_SCHEMA));
    value_put(object, "id", value_text(plan->id));
    value_put(object, "site", value_text(plan->site));
    value_put(object, "scope", value_text(plan->scope));
    value_put(object, "assessment", value_text(plan->assessment));
    value_put(object, "grade", value_text(plan->grade));
    value_put(object, "score", json_integer(plan->score));
    value_put(object, "made", json_string(clock_text(plan->made, made)));
    value_put(object, "dead_man_s", json_integer(plan->dead_man_s));
    value_put(object, "targets", targets);
    value_put(object, "steps", steps);
    value_put(object, "left", json_texts(plan->left, plan->left_count));
    value_put_known(object, "agreed", plan->agreed);
    if (json_object_size(object) != (plan->agreed == NULL ? 12 : 13) ||
        json_array_size(targets) != plan->target_count ||
        json_array_size(steps) != plan->step_count) {
        json_decref(object);
        return NULL;
    }
    return object;
}

enum err
plan_digest(const struct plan *plan, char out[PLAN_DIGEST])
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, PLAN_BYTES);
    json_t *json = plan_json(plan);
    enum err err = json == NULL ? ERR_MEMORY : canonical_put(&bytes, json);
    json_decref(json);
    err = err == OK ? buf_error(&bytes) : err;
    if (err == OK) {
        (void)crypto_hash_sha256(digest, (const uint8_t *)bytes.data, bytes.len);
        text_hex(out, digest, sizeof(digest));
    }
    return err;
}
