/*
 * JSON for programs: doc/schema/assessment-1.json. Devices and findings are written one by one, so
 * that a site of 10,000 devices is never a tree in memory.
 */
#include "base/text.h"
#include "report/marks.h"
#include "report/report.h"
#include "report/words.h"

#include <jansson.h>
#include <string.h>

struct json_out {
    struct buf *buf;
    const char *indent; /* goes behind every line end of a dumped part */
    bool first;         /* no member or element is written yet */
    bool failed;
};

/* jansson's line ends are structure: inside strings they are escaped. */
static int
json_bytes(const char *bytes, size_t len, void *data)
{
    struct json_out *out = data;
    for (size_t i = 0; i < len; i++) {
        buf_byte(out->buf, (uint8_t)bytes[i]);
        if (bytes[i] == '\n') {
            buf_text(out->buf, out->indent);
        }
    }
    return out->buf->failed ? -1 : 0;
}

static void
json_value(struct json_out *out, json_t *value)
{
    if (value == NULL ||
        json_dump_callback(value, json_bytes, out, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0) {
        out->failed = true;
    }
    json_decref(value);
}

static void
json_next(struct json_out *out)
{
    buf_drain(out->buf);
    buf_text(out->buf, out->first ? "\n" : ",\n");
    buf_text(out->buf, out->indent);
    out->first = false;
}

/* A member of the top object; takes the value. */
static void
json_member(struct json_out *out, const char *name, json_t *value)
{
    json_next(out);
    buf_format(out->buf, "\"%s\": ", name);
    json_value(out, value);
}

static void
json_element(struct json_out *out, json_t *value)
{
    json_next(out);
    json_value(out, value);
}

static void
json_open_list(struct json_out *out, const char *name)
{
    json_next(out);
    buf_format(out->buf, "\"%s\": [", name);
    out->indent = "    ";
    out->first = true;
}

static void
json_close_list(struct json_out *out)
{
    buf_text(out->buf, out->first ? "]" : "\n  ]");
    out->indent = "  ";
    out->first = false;
}

/* null for NULL; text that is not UTF-8 is cleaned first. */
static json_t *
json_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        char clean[1024];
        text_clean(clean, sizeof(clean), text, strlen(text));
        value = json_string(clean);
    }
    return value;
}

static json_t *
json_number(uint64_t number)
{
    return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

static json_t *
json_when(int64_t wall)
{
    char text[CLOCK_TEXT];
    return wall == 0 ? json_null() : json_text(clock_text(wall, text));
}

static void
json_put(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static json_t *
json_evidence(const struct evidence *evidence)
{
    if (evidence == NULL) {
        return json_null();
    }
    json_t *object = json_object();
    json_put(object, "asked", json_text(evidence->asked));
    json_put(object, "answer", json_text(evidence->answer));
    json_put(object, "at", json_when(evidence->at));
    return object;
}

static json_t *
json_waiver(const struct waiver *waiver)
{
    if (waiver == NULL) {
        return json_null();
    }
    json_t *object = json_object();
    json_put(object, "finding", json_text(waiver->finding));
    json_put(object, "device", json_text(waiver->device));
    json_put(object, "owner", json_text(waiver->owner));
    json_put(object, "reason", json_text(waiver->reason));
    json_put(object, "expires", json_when(waiver->expires));
    json_put(object, "expired", json_boolean(waiver->expired));
    return object;
}

static json_t *
json_place(const struct finding_place *place)
{
    char key[SUBJECT_KEY];
    char title[SUBJECT_TITLE];
    char address[IP_TEXT];
    json_t *object = json_object();
    json_put(object, "device", json_text(subject_key(place->subject, key)));
    json_put(object, "number", json_number(place->subject->number));
    json_put(object, "title", json_text(subject_title(place->subject, title)));
    json_put(object, "address",
        place->subject->address_count == 0 ? json_null()
                                           : json_text(words_address(place->subject, address)));
    json_put(object, "sentence", json_text(place->sentence));
    json_put(object, "witness", json_text(fact_witness(place->witness)));
    json_put(object, "contradicted", json_boolean(place->contradicted));
    json_put(object, "waiver", json_waiver(place->waiver));
    json_put(object, "evidence", json_evidence(place->evidence));
    return object;
}

static json_t *
json_finding(const struct finding *finding)
{
    json_t *places = json_array();
    for (size_t i = 0; i < finding->place_count; i++) {
        (void)json_array_append_new(places, json_place(&finding->places[i]));
    }
    json_t *object = json_object();
    json_put(object, "id", json_text(finding->id));
    json_put(object, "rule", json_text(finding->rule));
    json_put(object, "verdict", json_text(verdict_name(finding->verdict)));
    json_put(object, "title", json_text(finding->title));
    json_put(object, "waived", json_boolean(mark_is_waived(finding)));
    json_put(object, "waiver", json_waiver(finding->waiver));
    json_put(object, "contradicted", json_boolean(finding->contradicted));
    json_put(
        object, "fix", finding->fix_number == 0 ? json_null() : json_number(finding->fix_number));
    json_put(object, "why", json_text(words_why(finding)));
    json_put(object, "close", json_text(words_close(finding)));
    json_put(object, "effect", json_text(words_effect(finding)));
    json_put(object, "verify", json_text(words_verify(finding)));
    json_put(object, "places", places);
    return object;
}

static json_t *
json_control(const struct assessment *assessment, const struct control_result *result)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < assessment->finding_count; i++) {
        if (assessment->findings[i].control == result->control) {
            (void)json_array_append_new(findings, json_finding(&assessment->findings[i]));
        }
    }
    json_t *object = json_object();
    json_put(object, "id", json_text(result->control->id));
    json_put(object, "verdict", json_text(verdict_name(result->verdict)));
    json_put(object, "priority", json_text(priority_name(result->control->priority)));
    json_put(object, "title", json_text(result->control->title));
    json_put(object, "demand", json_text(result->control->demand));
    json_put(object, "sentence", json_text(result->sentence));
    json_put(object, "passed", json_number(result->passed));
    json_put(object, "failed", json_number(result->failed));
    json_put(object, "unknown", json_number(result->unknown));
    json_put(object, "waived", json_number(result->waived));
    json_put(object, "applicable", json_number(result->applicable));
    json_put(object, "findings", findings);
    return object;
}

static json_t *
json_fact(const struct fact *fact)
{
    json_t *value = fact_type(fact->id) == FACT_TYPE_BOOL  ? json_boolean(fact->yes)
                    : fact_type(fact->id) == FACT_TYPE_INT ? json_integer(fact->number)
                                                           : json_text(fact->text);
    json_t *object = json_object();
    json_put(object, "name", json_text(fact_name(fact->id)));
    json_put(object, "value", value);
    json_put(object, "witness", json_text(fact_witness(fact->witness)));
    json_put(object, "confidence", json_number(fact->confidence));
    json_put(object, "evidence", json_evidence(fact->evidence));
    return object;
}

/* Best value first; a contradicted name has more than one. */
static json_t *
json_facts(const struct facts *facts)
{
    json_t *list = json_array();
    for (size_t id = 0; id < FACT_COUNT; id++) {
        const struct fact *best = facts_get(facts, (enum fact_id)id);
        bool all = facts_contradict(facts, (enum fact_id)id);
        for (const struct fact *fact = best; fact != NULL; fact = all ? fact->next : NULL) {
            (void)json_array_append_new(list, json_fact(fact));
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
        (void)json_array_append_new(list, json_text(ip_text(&subject->addresses[i], text)));
    }
    return list;
}

static json_t *
json_ports(const struct subject *subject)
{
    json_t *list = json_array();
    for (size_t i = 0; i < subject->port_count; i++) {
        json_t *port = json_object();
        json_put(port, "number", json_number(subject->ports[i].number));
        json_put(port, "protocol", json_text(subject->ports[i].protocol));
        json_put(port, "tls", json_boolean(subject->ports[i].tls));
        (void)json_array_append_new(list, port);
    }
    return list;
}

static json_t *
json_device_findings(const struct marks *marks, size_t device)
{
    json_t *list = json_array();
    size_t count = 0;
    const struct mark_place *places = marks_of(marks, device, &count);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || places[i].finding != places[i - 1].finding) {
            (void)json_array_append_new(list, json_text(places[i].finding->id));
        }
    }
    return list;
}

static json_t *
json_device(const struct marks *marks, size_t device)
{
    const struct subject *subject = marks->assessment->devices[device];
    const struct facts *facts = &subject->facts;
    char text[SUBJECT_TITLE];
    json_t *object = json_object();
    json_put(object, "id", json_text(subject_key(subject, text)));
    json_put(object, "number", json_number(subject->number));
    json_put(object, "addresses", json_addresses(subject));
    json_put(object, "mac",
        mac_is_zero(&subject->mac) ? json_null() : json_text(mac_text(&subject->mac, text)));
    json_put(object, "kind", json_text(kind_name(subject->kind)));
    json_put(object, "title", json_text(subject_title(subject, text)));
    json_put(object, "name", json_text(words_name(subject)));
    json_put(object, "vendor", json_text(facts_text(facts, FACT_DEVICE_VENDOR)));
    json_put(object, "brand", json_text(facts_text(facts, FACT_DEVICE_BRAND)));
    json_put(object, "model", json_text(words_model(subject)));
    json_put(object, "version", json_text(words_version(subject)));
    json_put(object, "serial", json_text(facts_text(facts, FACT_DEVICE_SERIAL)));
    json_put(object, "driver", json_text(subject->driver));
    json_put(object, "confidence", json_number(subject->confidence));
    json_put(object, "in_scope", json_boolean(subject->in_scope));
    json_put(object, "seen_by", json_text(subject->seen_by));
    json_put(object, "trouble", json_text(subject->trouble));
    json_put(object, "verdict", json_text(mark_words[marks_worst(marks, device)].id));
    json_put(object, "findings", json_device_findings(marks, device));
    json_put(object, "ports", json_ports(subject));
    json_put(object, "facts", json_facts(facts));
    return object;
}

static json_t *
json_totals(const struct run_totals *totals, unsigned pace)
{
    json_t *object = json_object();
    json_put(object, "hosts_planned", json_number(totals->hosts_planned));
    json_put(object, "hosts_asked", json_number(totals->hosts_asked));
    json_put(object, "devices", json_number(totals->devices));
    json_put(object, "packets", json_number(totals->packets));
    json_put(object, "requests", json_number(totals->requests));
    json_put(object, "connections", json_number(totals->connections));
    json_put(object, "logins", json_number(totals->logins));
    json_put(object, "lockouts", json_number(totals->lockouts));
    json_put(object, "packets_per_second", json_number(pace));
    return object;
}

static json_t *
json_action(const struct action *action, size_t number)
{
    json_t *object = json_object();
    json_put(object, "number", json_number(number));
    json_put(object, "finding", json_text(action->finding->id));
    json_put(object, "words", json_text(action->words));
    json_put(object, "grade_after", json_text(action->grade_after));
    json_put(object, "score_after", json_number(action->score_after));
    return object;
}

static void
json_top(struct json_out *out, const struct assessment *assessment)
{
    json_member(out, "schema", json_text(ASSESSMENT_SCHEMA));
    json_member(out, "id", json_text(assessment->id));
    json_member(out, "site", json_text(assessment->site));
    json_member(out, "grade", json_text(assessment->grade));
    json_member(out, "score", json_number(assessment->score));
    json_member(out, "grade_uncapped", json_text(assessment->grade_uncapped));
    json_member(out, "score_uncapped", json_number(assessment->score_uncapped));
    json_member(out, "cap_why", json_text(assessment->cap_why));
    json_member(out, "grade_why", json_text(assessment->grade_why));
    json_member(out, "score_rules", json_number(SCORE_RULES_VERSION));
    json_member(out, "partial", json_boolean(assessment->partial));
    json_member(
        out, "partial_why", json_text(assessment->partial ? assessment->partial_why : NULL));
    json_member(out, "scope", json_text(assessment->scope));
    json_member(out, "authorised", json_text(assessment->authorised));
    json_member(out, "started", json_when(assessment->totals.started));
    json_member(out, "ended", json_when(assessment->totals.ended));
    json_member(out, "totals", json_totals(&assessment->totals, assessment->pace));
    json_member(out, "catalog_date", json_text(assessment->catalog_date));
    json_member(out, "program", json_text("gatehouse " GATEHOUSE_VERSION));
}

static enum err
json_write(
    const struct assessment *assessment, const struct report_options *options, struct buf *buf)
{
    (void)options;
    struct marks marks CLEANUP(marks_release);
    enum err err = marks_init(&marks, assessment);
    if (err != OK) {
        return err;
    }
    struct json_out out = {.buf = buf, .indent = "  ", .first = true};
    buf_byte(buf, '{');
    json_top(&out, assessment);
    json_open_list(&out, "actions");
    for (size_t i = 0; i < assessment->action_count; i++) {
        json_element(&out, json_action(&assessment->actions[i], i + 1));
    }
    json_close_list(&out);
    json_open_list(&out, "controls");
    for (size_t i = 0; i < control_count; i++) {
        json_element(&out, json_control(assessment, &assessment->controls[i]));
    }
    json_close_list(&out);
    json_open_list(&out, "waivers");
    for (size_t i = 0; i < assessment->waiver_count; i++) {
        json_element(&out, json_waiver(&assessment->waivers[i]));
    }
    json_close_list(&out);
    json_member(&out, "site_facts",
        assessment->whole == NULL ? json_array() : json_facts(&assessment->whole->facts));
    json_open_list(&out, "devices");
    for (size_t i = 0; i < assessment->device_count; i++) {
        json_element(&out, json_device(&marks, i));
    }
    json_close_list(&out);
    buf_text(buf, "\n}\n");
    enum err full = buf_error(buf);
    return full != OK ? full : out.failed ? ERR_MEMORY : OK;
}

const struct report_format report_json = {
    .name = "json",
    .extension = "json",
    .title = "JSON for programs",
    .write = json_write,
};
