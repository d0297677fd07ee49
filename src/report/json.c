/*
 * JSON for programs: doc/schema/assessment-1.json. Devices and findings are written one by one, so
 * that a site of 10,000 devices is never a tree in memory.
 */
#include "report/marks.h"
#include "report/report.h"
#include "report/value.h"
#include "report/words.h"

#include <stdio.h>

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

static json_t *
json_when(int64_t wall)
{
    char text[CLOCK_TEXT];
    return wall == 0 ? json_null() : value_text(clock_text(wall, text));
}

static json_t *
json_evidence(const struct evidence *evidence)
{
    if (evidence == NULL) {
        return json_null();
    }
    json_t *object = json_object();
    value_put(object, "asked", value_text(evidence->asked));
    value_put(object, "answer", value_text(evidence->answer));
    value_put(object, "at", json_when(evidence->at));
    return object;
}

static json_t *
json_waiver(const struct waiver *waiver)
{
    if (waiver == NULL) {
        return json_null();
    }
    json_t *object = json_object();
    value_put(object, "finding", value_text(waiver->finding));
    value_put(object, "device", value_text(waiver->device));
    value_put(object, "owner", value_text(waiver->owner));
    value_put(object, "reason", value_text(waiver->reason));
    value_put(object, "expires", json_when(waiver->expires));
    value_put(object, "expired", json_boolean(waiver->expired));
    return object;
}

static json_t *
json_place(const struct finding_place *place)
{
    char key[SUBJECT_KEY];
    char title[SUBJECT_TITLE];
    char address[IP_TEXT];
    json_t *object = json_object();
    value_put(object, "device", value_text(subject_key(place->subject, key)));
    value_put(object, "number", value_number(place->subject->number));
    value_put(object, "title", value_text(subject_title(place->subject, title)));
    value_put(object, "address",
        place->subject->address_count == 0 ? json_null()
                                           : value_text(words_address(place->subject, address)));
    value_put(object, "sentence", value_text(place->sentence));
    value_put(object, "witness", value_text(fact_witness(place->witness)));
    value_put(object, "contradicted", json_boolean(place->contradicted));
    value_put(object, "waiver", json_waiver(place->waiver));
    value_put(object, "evidence", json_evidence(place->evidence));
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
    value_put(object, "id", value_text(finding->id));
    value_put(object, "rule", value_text(finding->rule));
    value_put(object, "verdict", value_text(verdict_name(finding->verdict)));
    value_put(object, "title", value_text(finding->title));
    value_put(object, "waived", json_boolean(mark_is_waived(finding)));
    value_put(object, "waiver", json_waiver(finding->waiver));
    value_put(object, "contradicted", json_boolean(finding->contradicted));
    value_put(
        object, "fix", finding->fix_number == 0 ? json_null() : value_number(finding->fix_number));
    value_put(object, "why", value_text(words_why(finding)));
    value_put(object, "close", value_text(words_close(finding)));
    value_put(object, "effect", value_text(words_effect(finding)));
    value_put(object, "verify", value_text(words_verify(finding)));
    value_put(object, "places", places);
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
    value_put(object, "id", value_text(result->control->id));
    value_put(object, "verdict", value_text(verdict_name(result->verdict)));
    value_put(object, "priority", value_text(priority_name(result->control->priority)));
    value_put(object, "title", value_text(result->control->title));
    value_put(object, "demand", value_text(result->control->demand));
    value_put(object, "sentence", value_text(result->sentence));
    value_put(object, "passed", value_number(result->passed));
    value_put(object, "failed", value_number(result->failed));
    value_put(object, "unknown", value_number(result->unknown));
    value_put(object, "waived", value_number(result->waived));
    value_put(object, "applicable", value_number(result->applicable));
    value_put(object, "findings", findings);
    return object;
}

static json_t *
json_fact(const struct fact *fact)
{
    json_t *value = fact_type(fact->id) == FACT_TYPE_BOOL  ? json_boolean(fact->yes)
                    : fact_type(fact->id) == FACT_TYPE_INT ? json_integer(fact->number)
                                                           : value_text(fact->text);
    json_t *object = json_object();
    value_put(object, "name", value_text(fact_name(fact->id)));
    value_put(object, "value", value);
    value_put(object, "witness", value_text(fact_witness(fact->witness)));
    value_put(object, "confidence", value_number(fact->confidence));
    value_put(object, "evidence", json_evidence(fact->evidence));
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
        (void)json_array_append_new(list, value_text(ip_text(&subject->addresses[i], text)));
    }
    return list;
}

static json_t *
json_ports(const struct subject *subject)
{
    json_t *list = json_array();
    for (size_t i = 0; i < subject->port_count; i++) {
        json_t *port = json_object();
        value_put(port, "number", value_number(subject->ports[i].number));
        value_put(port, "protocol", value_text(subject->ports[i].protocol));
        value_put(port, "tls", json_boolean(subject->ports[i].tls));
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
            (void)json_array_append_new(list, value_text(places[i].finding->id));
        }
    }
    return list;
}

/* What was proven of it: "control/rule" of every PASS, as findings have theirs. */
static json_t *
json_passed(const struct subject *subject)
{
    char id[128];
    json_t *list = json_array();
    for (size_t i = 0; i < control_count; i++) {
        const struct check *check = controls[i].check;
        for (size_t j = 0; j < check->aspect_count; j++) {
            if ((check->aspects[j].kinds & subject_kinds(subject)) == 0) {
                continue;
            }
            struct judgement judgement =
                check_judge(&controls[i], &check->aspects[j], &subject->facts);
            if (judgement.verdict == PASS) {
                (void)snprintf(id, sizeof(id), "%s/%s", controls[i].id, judgement.rule->id);
                (void)json_array_append_new(list, value_text(id));
            }
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
    value_put(object, "id", value_text(subject_key(subject, text)));
    value_put(object, "number", value_number(subject->number));
    value_put(object, "addresses", json_addresses(subject));
    value_put(object, "mac",
        mac_is_zero(&subject->mac) ? json_null() : value_text(mac_text(&subject->mac, text)));
    value_put(object, "kind", value_text(kind_name(subject->kind)));
    value_put(object, "title", value_text(subject_title(subject, text)));
    value_put(object, "name", value_text(words_name(subject)));
    value_put(object, "vendor", value_text(facts_text(facts, FACT_DEVICE_VENDOR)));
    value_put(object, "brand", value_text(facts_text(facts, FACT_DEVICE_BRAND)));
    value_put(object, "model", value_text(words_model(subject)));
    value_put(object, "version", value_text(words_version(subject)));
    value_put(object, "serial", value_text(facts_text(facts, FACT_DEVICE_SERIAL)));
    value_put(object, "driver", value_text(subject->driver));
    value_put(object, "confidence", value_number(subject->confidence));
    value_put(object, "in_scope", json_boolean(subject->in_scope));
    value_put(object, "seen_by", value_text(subject->seen_by));
    value_put(object, "trouble", value_text(subject->trouble));
    value_put(object, "verdict", value_text(mark_words[marks_worst(marks, device)].id));
    value_put(object, "findings", json_device_findings(marks, device));
    value_put(object, "passed", json_passed(subject));
    value_put(object, "ports", json_ports(subject));
    value_put(object, "facts", json_facts(facts));
    return object;
}

static json_t *
json_totals(const struct run_totals *totals, unsigned pace)
{
    json_t *object = json_object();
    value_put(object, "hosts_planned", value_number(totals->hosts_planned));
    value_put(object, "hosts_asked", value_number(totals->hosts_asked));
    value_put(object, "devices", value_number(totals->devices));
    value_put(object, "cameras", value_number(totals->cameras));
    value_put(object, "packets", value_number(totals->packets));
    value_put(object, "requests", value_number(totals->requests));
    value_put(object, "connections", value_number(totals->connections));
    value_put(object, "logins", value_number(totals->logins));
    value_put(object, "lockouts", value_number(totals->lockouts));
    value_put(object, "packets_per_second", value_number(pace));
    return object;
}

static json_t *
json_action(const struct action *action, size_t number)
{
    json_t *object = json_object();
    value_put(object, "number", value_number(number));
    value_put(object, "finding", value_text(action->finding->id));
    value_put(object, "words", value_text(action->words));
    value_put(object, "brings", value_text(action->brings));
    value_put(object, "grade_after", value_text(action->grade_after));
    value_put(object, "score_after", value_number(action->score_after));
    return object;
}

static void
json_top(struct json_out *out, const struct assessment *assessment)
{
    json_member(out, "schema", value_text(ASSESSMENT_SCHEMA));
    json_member(out, "id", value_text(assessment->id));
    json_member(out, "site", value_text(assessment->site));
    json_member(out, "grade", value_text(assessment->grade));
    json_member(out, "score", value_number(assessment->score));
    json_member(out, "grade_uncapped", value_text(assessment->grade_uncapped));
    json_member(out, "score_uncapped", value_number(assessment->score_uncapped));
    json_member(out, "cap_why", value_text(assessment->cap_why));
    json_member(out, "grade_why", value_text(assessment->grade_why));
    json_member(out, "score_rules", value_number(SCORE_RULES_VERSION));
    json_member(out, "partial", json_boolean(assessment->partial));
    json_member(
        out, "partial_why", value_text(assessment->partial ? assessment->partial_why : NULL));
    json_member(out, "scope", value_text(assessment->scope));
    json_member(out, "authorised", value_text(assessment->authorised));
    json_member(out, "started", json_when(assessment->totals.started));
    json_member(out, "ended", json_when(assessment->totals.ended));
    json_member(out, "totals", json_totals(&assessment->totals, assessment->pace));
    json_member(out, "catalog_date", value_text(assessment->catalog_date));
    json_member(out, "program", value_text("gatehouse " GATEHOUSE_VERSION));
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
