/*
 * OCSF 1.8.0 for SIEMs (schema.ocsf.io), one event a line: an inventory event for every device
 * (Device Inventory Info 5001), a compliance finding for every control that passes and for every
 * place of a finding (Compliance Finding 2003), a vulnerability finding for every device with
 * published flaws (Vulnerability Finding 2002).
 */
#include "base/text.h"
#include "report/marks.h"
#include "report/report.h"
#include "report/value.h"
#include "report/words.h"

#include <string.h>

#define OCSF_VERSION  "1.8.0"
#define OCSF_STANDARD "Gatehouse checklist: nine controls of self-hosted video"
#define OCSF_FLAWS    64 /* vulnerabilities named in one event */
#define OCSF_UID      (SUBJECT_KEY + 128)

struct ocsf_out {
    struct buf *buf;
    const struct assessment *assessment;
    uint64_t sequence;
    bool failed;
};

/* class_uid, its category and names: schema.ocsf.io, categories 2 Findings and 5 Discovery. */
struct ocsf_class {
    unsigned uid, category, activity;
    const char *name, *category_name, *activity_name;
};

static const struct ocsf_class ocsf_vulnerability = {
    2002, 2, 1, "Vulnerability Finding", "Findings", "Create"};
static const struct ocsf_class ocsf_compliance = {
    2003, 2, 1, "Compliance Finding", "Findings", "Create"};
static const struct ocsf_class ocsf_inventory = {
    5001, 5, 2, "Device Inventory Info", "Discovery", "Collect"};

struct ocsf_word {
    unsigned id;
    const char *name;
};

/* severity_id, by the priority of the control; a gap in knowledge is for information. */
static const struct ocsf_word ocsf_severity[] = {
    [PRIORITY_CRITICAL] = {5, "Critical"},
    [PRIORITY_HIGH] = {4, "High"    },
    [PRIORITY_MEDIUM] = {3, "Medium"  },
};
static const struct ocsf_word ocsf_informational = {1, "Informational"};

/* compliance.status_id: 2 is "no result for want of information". */
static const struct ocsf_word ocsf_status[] = {
    [PASS] = {1,  "Pass"          },
    [FAIL] = {3,  "Fail"          },
    [UNKNOWN] = {2,  "Warning"       },
    [NOT_APPLICABLE] = {99, "Not applicable"},
    [NOTE] = {99, "Note"          },
};

/* device.type_id */
static const struct ocsf_word ocsf_kinds[KIND_COUNT] = {
    [KIND_UNKNOWN] = {0,  "Unknown" },
    [KIND_CAMERA] = {7,  "IOT"     },
    [KIND_RECORDER] = {7,  "IOT"     },
    [KIND_ENCODER] = {7,  "IOT"     },
    [KIND_DOOR] = {7,  "IOT"     },
    [KIND_VMS] = {1,  "Server"  },
    [KIND_NAS] = {1,  "Server"  },
    [KIND_SWITCH] = {10, "Switch"  },
    [KIND_ROUTER] = {99, "Router"  },
    [KIND_PRINTER] = {99, "Printer" },
    [KIND_COMPUTER] = {99, "Computer"},
    [KIND_OTHER] = {99, "Other"   },
};

/* What every event has. */
static json_t *
ocsf_event(struct ocsf_out *out, const struct ocsf_class *class, const struct ocsf_word *severity)
{
    json_t *product = json_object();
    value_put(product, "name", value_text("Gatehouse"));
    value_put(product, "vendor_name", value_text("Gatehouse"));
    value_put(product, "version", value_text(GATEHOUSE_VERSION));
    char uid[96];
    (void)snprintf(
        uid, sizeof(uid), "%s/%llu", out->assessment->id, (unsigned long long)out->sequence);
    json_t *metadata = json_object();
    value_put(metadata, "version", value_text(OCSF_VERSION));
    value_put(metadata, "product", product);
    value_put(metadata, "uid", value_text(uid));
    value_put(metadata, "correlation_uid", value_text(out->assessment->id));
    value_put(metadata, "sequence", value_number(out->sequence++));
    value_put(metadata, "log_name", value_text("assess"));
    json_t *event = json_object();
    value_put(event, "metadata", metadata);
    value_put(event, "time", json_integer(out->assessment->totals.ended));
    value_put(event, "category_uid", value_number(class->category));
    value_put(event, "category_name", value_text(class->category_name));
    value_put(event, "class_uid", value_number(class->uid));
    value_put(event, "class_name", value_text(class->name));
    value_put(event, "activity_id", value_number(class->activity));
    value_put(event, "activity_name", value_text(class->activity_name));
    value_put(event, "type_uid", value_number(class->uid * 100ULL + class->activity));
    value_put(event, "severity_id", value_number(severity->id));
    value_put(event, "severity", value_text(severity->name));
    return event;
}

/* One line; takes the event. */
static void
ocsf_write(struct ocsf_out *out, json_t *event)
{
    char *line = json_dumps(event, JSON_COMPACT);
    if (line == NULL) {
        out->failed = true;
    } else {
        buf_text(out->buf, line);
        buf_byte(out->buf, '\n');
        buf_drain(out->buf);
    }
    free(line);
    json_decref(event);
}

static json_t *
ocsf_device(const struct subject *subject)
{
    char text[SUBJECT_TITLE];
    const struct facts *facts = &subject->facts;
    json_t *device = json_object();
    value_put(device, "uid", value_text(subject_key(subject, text)));
    value_put(device, "type_id", value_number(ocsf_kinds[subject->kind].id));
    value_put(device, "type", value_text(ocsf_kinds[subject->kind].name));
    value_put(device, "name", value_text(subject_title(subject, text)));
    value_put(device, "desc", value_text(kind_name(subject->kind)));
    value_put_known(device, "vendor_name", words_vendor(subject));
    value_put_known(device, "model", words_model(subject));
    value_put_known(device, "ip", words_address(subject, text));
    if (!mac_is_zero(&subject->mac)) {
        value_put(device, "mac", value_text(mac_text(&subject->mac, text)));
    }
    const char *version = words_version(subject);
    if (version != NULL) {
        json_t *os = json_object();
        bool is_vms = facts_get(facts, FACT_VMS_PRODUCT) != NULL;
        value_put(os, "name", value_text(is_vms ? words_model(subject) : "firmware"));
        value_put(os, "type_id", value_number(99));
        value_put(os, "type", value_text(is_vms ? "VMS" : "Embedded"));
        value_put(os, "version", value_text(version));
        value_put_known(os, "build", facts_text(facts, FACT_DEVICE_BUILD));
        value_put(device, "os", os);
    }
    const char *serial = facts_text(facts, FACT_DEVICE_SERIAL);
    if (serial != NULL) {
        json_t *hardware = json_object();
        value_put(hardware, "serial_number", value_text(serial));
        value_put(device, "hw_info", hardware);
    }
    return device;
}

static json_t *
ocsf_resources(const struct subject *subject)
{
    char text[SUBJECT_TITLE];
    json_t *resource = json_object();
    value_put(resource, "uid", value_text(subject_key(subject, text)));
    value_put(resource, "name", value_text(subject_title(subject, text)));
    value_put(resource, "type", value_text(kind_name(subject->kind)));
    json_t *list = json_array();
    (void)json_array_append_new(list, resource);
    return list;
}

static json_t *
ocsf_info(const char *uid, const char *title, const char *desc, int64_t at)
{
    json_t *info = json_object();
    value_put(info, "uid", value_text(uid));
    value_put(info, "title", value_text(title));
    value_put_known(info, "desc", desc);
    value_put(info, "created_time", json_integer(at));
    return info;
}

static json_t *
ocsf_compliance_of(const struct control *control, const char *rule, enum verdict verdict)
{
    json_t *standards = json_array();
    (void)json_array_append_new(standards, value_text(OCSF_STANDARD));
    json_t *compliance = json_object();
    value_put(compliance, "standards", standards);
    value_put(compliance, "control", value_text(control->id));
    value_put(compliance, "desc", value_text(control->title));
    value_put(compliance, "status_id", value_number(ocsf_status[verdict].id));
    value_put(compliance, "status", value_text(ocsf_status[verdict].name));
    value_put_known(compliance, "status_code", rule);
    return compliance;
}

static json_t *
ocsf_remediation(const char *close, const char *effect)
{
    char words[4096];
    (void)snprintf(words, sizeof(words), "%s%s%s", close,
        text_is_empty(effect) ? "" : " Effect: ", text_is_empty(effect) ? "" : effect);
    json_t *remediation = json_object();
    value_put(remediation, "desc", value_text(words));
    return remediation;
}

/* finding.status_id of OCSF: 3 is reviewed and accepted. */
static void
ocsf_put_state(json_t *event, bool waived)
{
    value_put(event, "status_id", value_number(waived ? 3 : 1));
    value_put(event, "status", value_text(waived ? "Suppressed" : "New"));
}

static void
ocsf_put_evidence(json_t *event, const struct finding_place *place)
{
    if (place->evidence == NULL) {
        return;
    }
    json_t *data = json_object();
    value_put(data, "asked", value_text(place->evidence->asked));
    value_put(data, "answer", value_text(place->evidence->answer));
    value_put(data, "time", json_integer(place->evidence->at));
    value_put(data, "witness", value_text(fact_witness(place->witness)));
    json_t *evidence = json_object();
    value_put(evidence, "data", data);
    json_t *list = json_array();
    (void)json_array_append_new(list, evidence);
    value_put(event, "evidences", list);
}

static const struct ocsf_word *
ocsf_severity_of(const struct control *control, enum verdict verdict)
{
    return verdict == FAIL ? &ocsf_severity[control->priority] : &ocsf_informational;
}

static void
ocsf_place(struct ocsf_out *out, const struct finding *finding, const struct finding_place *place)
{
    char key[SUBJECT_KEY];
    char uid[OCSF_UID];
    const struct control *control = finding->control;
    bool on_site = place->subject == out->assessment->whole;
    (void)snprintf(uid, sizeof(uid), "%s@%s", finding->id,
        on_site ? "site" : subject_key(place->subject, key));
    json_t *event = ocsf_event(out, &ocsf_compliance, ocsf_severity_of(control, finding->verdict));
    value_put(event, "message", value_text(place->sentence));
    value_put(event, "finding_info",
        ocsf_info(uid, finding->title, place->sentence, out->assessment->totals.ended));
    value_put(event, "compliance", ocsf_compliance_of(control, finding->rule, finding->verdict));
    ocsf_put_state(event, place->waiver != NULL || mark_is_waived(finding));
    if (words_close(finding) != NULL) {
        value_put(
            event, "remediation", ocsf_remediation(words_close(finding), words_effect(finding)));
    }
    if (!on_site) {
        value_put(event, "resources", ocsf_resources(place->subject));
        value_put(event, "device", ocsf_device(place->subject));
    }
    ocsf_put_evidence(event, place);
    ocsf_write(out, event);
}

static void
ocsf_pass(struct ocsf_out *out, const struct control_result *result)
{
    json_t *event = ocsf_event(out, &ocsf_compliance, &ocsf_informational);
    value_put(event, "message", value_text(result->sentence));
    value_put(event, "finding_info",
        ocsf_info(result->control->id, result->control->title, result->sentence,
            out->assessment->totals.ended));
    value_put(event, "compliance", ocsf_compliance_of(result->control, NULL, PASS));
    /* 4: reviewed and considered resolved */
    value_put(event, "status_id", value_number(4));
    value_put(event, "status", value_text("Resolved"));
    ocsf_write(out, event);
}

/* One flaw of a fact like "CVE-1 (critical, exploited: effect; fixed: 2.0), CVE-2 (…)". */
struct ocsf_flaw {
    char id[48];
    char words[400];
};

/* Takes the next one off *text; false at the end. */
static bool
ocsf_next_flaw(const char **text, struct ocsf_flaw *ret_flaw)
{
    const char *open = strstr(*text, " (");
    if (open == NULL || (size_t)(open - *text) >= sizeof(ret_flaw->id)) {
        return false;
    }
    (void)snprintf(ret_flaw->id, sizeof(ret_flaw->id), "%.*s", (int)(open - *text), *text);
    const char *close = strstr(open, "), ");
    const char *end = close != NULL ? close : open + strlen(open) - 1;
    (void)snprintf(ret_flaw->words, sizeof(ret_flaw->words), "%.*s",
        end > open + 2 ? (int)(end - open - 2) : 0, open + 2);
    *text = close != NULL ? close + 3 : "";
    return true;
}

static json_t *
ocsf_vulnerability_of(const struct subject *subject, const struct ocsf_flaw *flaw)
{
    bool is_cve = text_starts(flaw->id, "CVE-");
    const char *severity_end = flaw->words + strcspn(flaw->words, ",:");
    const char *fixed = strstr(flaw->words, "; fixed: ");
    char severity[24];
    (void)snprintf(
        severity, sizeof(severity), "%.*s", (int)(severity_end - flaw->words), flaw->words);
    json_t *id = json_object();
    value_put(id, "uid", value_text(flaw->id));
    json_t *vulnerability = json_object();
    value_put(vulnerability, is_cve ? "cve" : "advisory", id);
    value_put(vulnerability, "title", value_text(flaw->id));
    value_put_known(vulnerability, "desc", flaw->words);
    value_put_known(vulnerability, "severity", severity);
    value_put(vulnerability, "is_exploit_available",
        json_boolean(text_starts(severity_end, ", exploited")));
    value_put(vulnerability, "is_fix_available",
        json_boolean(fixed != NULL && !text_starts(fixed, "; fixed: none")));
    const char *name = words_model(subject);
    const char *version = words_version(subject);
    if (name != NULL && version != NULL) {
        json_t *package = json_object();
        value_put(package, "name", value_text(name));
        value_put(package, "version", value_text(version));
        value_put_known(package, "vendor_name", words_vendor(subject));
        value_put_known(package, "fixed_in_version", fixed == NULL ? NULL : fixed + 9);
        json_t *packages = json_array();
        (void)json_array_append_new(packages, package);
        value_put(vulnerability, "affected_packages", packages);
    }
    return vulnerability;
}

/* A device with flaws: one event, with all that its fact names. */
static void
ocsf_flaws(struct ocsf_out *out, const struct subject *subject, enum fact_id id)
{
    char key[SUBJECT_KEY];
    char uid[OCSF_UID];
    const char *text = facts_text(&subject->facts, id);
    struct ocsf_flaw flaw;
    json_t *list = json_array();
    const struct ocsf_word *severity = &ocsf_severity[PRIORITY_MEDIUM];
    for (const char *rest = text == NULL ? "" : text;
         json_array_size(list) < OCSF_FLAWS && ocsf_next_flaw(&rest, &flaw);) {
        (void)json_array_append_new(list, ocsf_vulnerability_of(subject, &flaw));
        if (json_array_size(list) == 1) { /* the worst is named first */
            severity = text_starts(flaw.words, "critical") ? &ocsf_severity[PRIORITY_CRITICAL]
                       : text_starts(flaw.words, "high")   ? &ocsf_severity[PRIORITY_HIGH]
                                                           : severity;
        }
    }
    if (json_array_size(list) == 0) {
        json_decref(list);
        return;
    }
    (void)snprintf(uid, sizeof(uid), "%s@%s", fact_name(id), subject_key(subject, key));
    json_t *event = ocsf_event(out, &ocsf_vulnerability, severity);
    value_put(event, "message", value_text(text));
    value_put(event, "finding_info",
        ocsf_info(uid, "Published flaws of this version", text, out->assessment->totals.ended));
    value_put(event, "vulnerabilities", list);
    value_put(event, "resources", ocsf_resources(subject));
    value_put(event, "device", ocsf_device(subject));
    ocsf_put_state(event, false);
    ocsf_write(out, event);
}

static void
ocsf_devices(struct ocsf_out *out)
{
    for (size_t i = 0; i < out->assessment->device_count; i++) {
        const struct subject *subject = out->assessment->devices[i];
        json_t *event = ocsf_event(out, &ocsf_inventory, &ocsf_informational);
        value_put(event, "device", ocsf_device(subject));
        ocsf_write(out, event);
        ocsf_flaws(out, subject, FACT_FIRMWARE_ADVISORY);
        ocsf_flaws(out, subject, FACT_VMS_ADVISORY);
    }
}

static enum err
ocsf_report(
    const struct assessment *assessment, const struct report_options *options, struct buf *buf)
{
    (void)options;
    struct ocsf_out out = {.buf = buf, .assessment = assessment};
    ocsf_devices(&out);
    for (size_t i = 0; i < control_count; i++) {
        if (assessment->controls[i].verdict == PASS) {
            ocsf_pass(&out, &assessment->controls[i]);
        }
    }
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        for (size_t j = 0; j < finding->place_count; j++) {
            ocsf_place(&out, finding, &finding->places[j]);
        }
    }
    enum err full = buf_error(buf);
    return full != OK ? full : out.failed ? ERR_MEMORY : OK;
}

const struct report_format report_ocsf = {
    .name = "ocsf",
    .extension = "ocsf.jsonl",
    .title = "OCSF 1.8 events for a SIEM, one a line",
    .write = ocsf_report,
};
