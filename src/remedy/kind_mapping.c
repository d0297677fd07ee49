/*
 * Deletes port mappings of UPnP routers (IGD:1 and IGD:2, WANIPConnection and WANPPPConnection)
 * that lead to devices of the site, and watches that they stay gone.
 */
#include "remedy/remedy.h"

#include "base/clock.h"
#include "base/text.h"
#include "discover/parse.h"
#include "report/value.h"

#include <string.h>

#define ROWS        512
#define ANSWER      ((size_t)512 * 1024)
#define LATER_MS    12000 /* clients that ask anew mostly do so within seconds */
#define TEXT        256
#define RULE_DEVICE "vms-exposure/port-mapped"
#define RULE_ROUTER "upnp/mappings-held"

/* UPnP Device Architecture 1.0, 3.2.2; WANIPConnection:1, 2.4.14; WANIPConnection:2, 2.5.16. */
static const struct {
    unsigned code;
    const char *words;
} faults[] = {
    {401, "the router does not know the action"                                                           },
    {402, "the router does not accept the values"                                                         },
    {501, "the router could not do it"                                                                    },
    {606, "the router lets only the device that asked for a mapping delete it (secure mode): "
          "switch UPnP off in that device and restart it, or delete the row on the router's page"},
    {713, "no such row"                                                                                   },
    {714, "there is no such mapping"                                                                      },
    {715, "the router takes no mapping for one host outside"                                              },
    {716, "the router takes no mapping of this outside port"                                              },
    {718, "the outside port leads to another device by now"                                               },
    {725, "the router makes only mappings without an end"                                                 },
};
#define FAULT_INDEX 713
#define FAULT_ENTRY 714

/* What a step's detail says: the router's service and the mapping. */
struct aim {
    struct wire_target target;
    const char *control, *service;
    struct igd_row row;
};

/* One action and what came of it. */
struct call {
    const char *action;
    const struct igd_argument *arguments;
    size_t count;
};

static const char *
fault_words(unsigned code)
{
    for (size_t i = 0; i < COUNT(faults); i++) {
        if (faults[i].code == code) {
            return faults[i].words;
        }
    }
    return "the router refuses it";
}

static uint16_t
port_of(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 && number <= UINT16_MAX ? (uint16_t)number : 0;
}

static bool
row_of(const json_t *object, struct igd_row *row)
{
    json_int_t lease = json_integer_value(json_object_get(object, "lease"));
    *row = (struct igd_row){
        .outside_port = port_of(object, "outside_port"),
        .inside_port = port_of(object, "inside_port"),
        .lease = lease > 0 && lease <= UINT32_MAX ? (uint32_t)lease : 0,
        .is_on = !json_is_false(json_object_get(object, "on")),
    };
    return row->outside_port != 0 && row->inside_port != 0 &&
           text_copy(row->protocol, sizeof(row->protocol), value_get_text(object, "protocol")) &&
           text_copy(row->remote, sizeof(row->remote), value_get_text(object, "remote")) &&
           text_copy(
               row->description, sizeof(row->description), value_get_text(object, "description")) &&
           ip_parse(value_get_text(object, "inside"), &row->inside) == OK;
}

static json_t *
row_json(const struct igd_row *row)
{
    char inside[IP_TEXT];
    char said[TEXT];
    text_clean(said, sizeof(said), row->description, strlen(row->description));
    return json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:I, s:b}", "protocol", row->protocol,
        "outside_port", (int)row->outside_port, "inside", ip_text(&row->inside, inside),
        "inside_port", (int)row->inside_port, "description", said, "remote", row->remote, "lease",
        (json_int_t)row->lease, "on", row->is_on ? 1 : 0);
}

static bool
is_same_door(const struct igd_row *a, const struct igd_row *b)
{
    return a->outside_port == b->outside_port && text_equal_nocase(a->protocol, b->protocol) &&
           text_equal(a->remote, b->remote);
}

static bool
is_same_mapping(const struct igd_row *a, const struct igd_row *b)
{
    return is_same_door(a, b) && ip_equal(&a->inside, &b->inside) &&
           a->inside_port == b->inside_port;
}

/* The router must still be the target of the step: a plan's detail names no other host. */
static bool
read_aim(struct job *job, struct aim *aim)
{
    const json_t *detail = job->step->detail;
    aim->target = (struct wire_target){.port = port_of(detail, "control_port")};
    aim->control = value_get_text(detail, "control");
    aim->service = value_get_text(detail, "service");
    bool is_good = ip_parse(value_get_text(detail, "router"), &aim->target.ip) == OK &&
                   subject_has_address(job->subject, &aim->target.ip) && aim->target.port != 0 &&
                   aim->control[0] == '/' && aim->service[0] != '\0' && row_of(detail, &aim->row);
    if (!is_good) {
        note_set(&job->why, "the plan does not say which mapping of which router");
    }
    return is_good;
}

/* OK with fault 0: done. ERR_REFUSED: the router answers with that fault (or another HTTP status,
 * fault 0). Else nothing is known. */
static enum err
ask(struct job *job, const struct aim *aim, const struct call *call, struct arena *arena,
    struct answer *ret_answer, unsigned *ret_fault)
{
    char header[TEXT];
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, IGD_BODY);
    enum err err =
        igd_write_action(&body, aim->service, call->action, call->arguments, call->count);
    int len = snprintf(header, sizeof(header), "\"%s#%s\"", aim->service, call->action);
    if (err != OK || len < 0 || (size_t)len >= sizeof(header)) {
        return ERR_LIMIT;
    }
    const struct request request = {
        .ask = {.path = aim->control, .body = body.data, .type = "text/xml; charset=\"utf-8\""},
        .soap_action = header,
    };
    *ret_fault = 0;
    err = desk_http(job->desk, &aim->target, &request, arena, ret_answer);
    err = err == OK ? ret_answer->err : err;
    if (err == OK && ret_answer->status != 200) {
        *ret_fault = igd_parse_fault(ret_answer->body, ret_answer->body_len);
        err = ERR_REFUSED;
    }
    return err;
}

/* Looks for the same outside port in the router's list. ERR_MISSING: the list ended without it. */
static enum err
find_row(struct job *job, const struct aim *aim, struct igd_row *ret_row)
{
    for (unsigned i = 0; i < ROWS; i++) {
        char index[16];
        struct igd_row row;
        struct answer answer = {.err = OK};
        unsigned fault = 0;
        CLEANUP(arena_release) struct arena arena;
        (void)snprintf(index, sizeof(index), "%u", i);
        const struct igd_argument argument = {"NewPortMappingIndex", index};
        const struct call call = {"GetGenericPortMappingEntry", &argument, 1};
        arena_init(&arena, ANSWER);
        enum err err = ask(job, aim, &call, &arena, &answer, &fault);
        if (err == ERR_REFUSED && (fault == FAULT_INDEX || fault == FAULT_ENTRY)) {
            return ERR_MISSING;
        }
        err = err == OK ? igd_parse_row(answer.body, answer.body_len, &row) : err;
        if (err != OK) {
            note_set(&job->why, "the router's list of mappings can't be read: %s",
                err == ERR_REFUSED ? fault_words(fault) : err_words(err));
            return err == ERR_MISSING ? ERR_SYNTAX : err;
        }
        if (is_same_door(&row, &aim->row)) {
            *ret_row = row;
            return OK;
        }
    }
    note_set(&job->why, "the router's list has more than %u mappings", ROWS);
    return ERR_LIMIT;
}

static enum remedy_result
unread(enum err err)
{
    return err == ERR_CANCELLED ? REMEDY_STOPPED : REMEDY_FAILED;
}

static enum remedy_result
take(struct job *job)
{
    struct aim aim;
    struct igd_row row;
    char ip[IP_TEXT];
    if (!read_aim(job, &aim)) {
        return REMEDY_CHANGED;
    }
    enum err err = find_row(job, &aim, &row);
    if (err == ERR_MISSING) {
        note_set(&job->why, "the mapping is not there any more: it ended, or somebody deleted it");
        return REMEDY_CHANGED;
    }
    if (err != OK) {
        return unread(err);
    }
    if (!is_same_mapping(&row, &aim.row)) {
        note_set(&job->why, "outside port %u leads to %s port %u by now", row.outside_port,
            ip_text(&row.inside, ip), row.inside_port);
        return REMEDY_CHANGED;
    }
    job->before =
        json_pack("{s:o, s:I}", "mapping", row_json(&row), "at", (json_int_t)clock_wall());
    return job->before == NULL ? REMEDY_FAILED : REMEDY_DONE;
}

static enum remedy_result
apply(struct job *job)
{
    struct aim aim;
    char port[8];
    struct answer answer = {.err = OK};
    unsigned fault = 0;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, ANSWER);
    if (!read_aim(job, &aim)) {
        return REMEDY_CHANGED;
    }
    (void)snprintf(port, sizeof(port), "%u", aim.row.outside_port);
    const struct igd_argument arguments[] = {
        {"NewRemoteHost",   aim.row.remote  },
        {"NewExternalPort", port            },
        {"NewProtocol",     aim.row.protocol},
    };
    const struct call call = {"DeletePortMapping", arguments, COUNT(arguments)};
    enum err err = ask(job, &aim, &call, &arena, &answer, &fault);
    if (err == OK || (err == ERR_REFUSED && fault == FAULT_ENTRY)) {
        return REMEDY_DONE;
    }
    if (err == ERR_REFUSED) {
        note_set(
            &job->why, "%s (HTTP %d, UPnP error %u)", fault_words(fault), answer.status, fault);
        return REMEDY_REFUSED;
    }
    note_set(&job->why, "the router's answer did not come: %s", err_words(err));
    return unread(err);
}

/* REMEDY_DONE: it is not in the list. */
static enum remedy_result
look_gone(struct job *job, const struct aim *aim, const char *when)
{
    struct igd_row row;
    char ip[IP_TEXT];
    enum err err = find_row(job, aim, &row);
    if (err == ERR_MISSING) {
        return REMEDY_DONE;
    }
    if (err != OK) {
        return unread(err);
    }
    note_set(&job->why,
        "outside port %u leads to %s port %u %s: the device asks for it by itself; switch UPnP off "
        "in the device, or on the router",
        row.outside_port, ip_text(&row.inside, ip), row.inside_port, when);
    return REMEDY_UNPROVEN;
}

static enum remedy_result
prove(struct job *job)
{
    struct aim aim;
    if (!read_aim(job, &aim)) {
        return REMEDY_CHANGED;
    }
    enum remedy_result result = look_gone(job, &aim, "still");
    if (result == REMEDY_DONE) {
        desk_tell(job, "waits whether the mapping comes back");
        enum err err = desk_wait(job->desk, LATER_MS);
        result = err != OK ? unread(err) : look_gone(job, &aim, "again after 12 seconds");
    }
    if (result == REMEDY_DONE) {
        job->after = json_pack("{s:b}", "mapped", 0);
    }
    return result;
}

/* A lease goes on where it would be now; one that would have ended is not made again. */
static bool
left_of(const json_t *before, struct igd_row *row)
{
    int64_t gone = (clock_wall() - json_integer_value(json_object_get(before, "at"))) / 1000;
    if (row->lease == 0) {
        return true;
    }
    if (gone >= (int64_t)row->lease) {
        return false;
    }
    row->lease -= gone > 0 ? (uint32_t)gone : 0;
    return true;
}

static enum err
add_mapping(struct job *job, const struct aim *aim, const struct igd_row *row, unsigned *ret_fault)
{
    char outside[8], inside[8], client[IP_TEXT], lease[16];
    struct answer answer = {.err = OK};
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, ANSWER);
    (void)snprintf(outside, sizeof(outside), "%u", row->outside_port);
    (void)snprintf(inside, sizeof(inside), "%u", row->inside_port);
    (void)snprintf(lease, sizeof(lease), "%u", row->lease);
    const struct igd_argument arguments[] = {
        {"NewRemoteHost",     row->remote         },
        {"NewExternalPort",   outside             },
        {"NewProtocol",       row->protocol       },
        {"NewInternalPort",   inside              },
        {"NewInternalClient", ip_text(&row->inside, client)},
        {"NewEnabled",                   row->is_on ? "1" : "0"                           },
        {"NewPortMappingDescription",                   row->description},
        {"NewLeaseDuration",                   lease                                    },
    };
    const struct call call = {"AddPortMapping", arguments, COUNT(arguments)};
    return ask(job, aim, &call, &arena, &answer, ret_fault);
}

static enum remedy_result
undo(struct job *job)
{
    struct aim aim;
    struct igd_row row;
    struct igd_row found;
    unsigned fault = 0;
    const json_t *mapping = json_object_get(job->before, "mapping");
    if (!read_aim(job, &aim) || mapping == NULL || !row_of(mapping, &row)) {
        return REMEDY_FAILED;
    }
    enum err err = find_row(job, &aim, &found);
    if (err == OK) {
        return is_same_mapping(&found, &row) ? REMEDY_DONE : REMEDY_CHANGED;
    }
    if (err != ERR_MISSING) {
        return unread(err);
    }
    if (!left_of(job->before, &row)) {
        return REMEDY_DONE;
    }
    err = add_mapping(job, &aim, &row, &fault);
    if (err != OK) {
        note_set(&job->why, "the mapping can't be made again: %s",
            err == ERR_REFUSED ? fault_words(fault) : err_words(err));
        return err == ERR_REFUSED ? REMEDY_REFUSED : unread(err);
    }
    err = find_row(job, &aim, &found);
    return err == OK && is_same_mapping(&found, &row) ? REMEDY_DONE
           : err == OK || err == ERR_MISSING          ? REMEDY_UNPROVEN
                                                      : unread(err);
}

/* Planning */

static const struct subject *
owner_of(const struct assessment *assessment, const struct ip *ip)
{
    for (size_t i = 0; i < assessment->device_count; i++) {
        if (subject_has_address(assessment->devices[i], ip)) {
            return assessment->devices[i];
        }
    }
    return NULL;
}

/* The step that switches UPnP off in the device itself, if there is one before; 0: none. */
static size_t
switch_step(const struct plan *plan, const struct subject *device)
{
    char key[SUBJECT_KEY];
    (void)subject_key(device, key);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (!step->by_hand && text_equal(step->fact, fact_name(FACT_UPNP_ENABLED)) &&
            text_equal(plan->targets[step->target].key, key)) {
            return step->number;
        }
    }
    return 0;
}

/* Who made it, as far as that can be told. RFC 6886 3.4, RFC 6887 15: a mapping that was asked for
 * by NAT-PMP or PCP is kept up, and ended, by its client alone. */
static const char *
maker_words(const struct port_mapping *mapping, const struct subject *device)
{
    if (text_contains_nocase(mapping->description, "NAT-PMP") ||
        text_contains_nocase(mapping->description, "PCP ")) {
        return "asked for by NAT-PMP or PCP, where only the device itself ends it for good: switch "
               "that off in the device too";
    }
    if (facts_is_yes(&device->facts, FACT_UPNP_ENABLED)) {
        return "asked for by the device itself, whose UPnP is on";
    }
    return facts_is_no(&device->facts, FACT_UPNP_ENABLED)
               ? "left from before, or asked for by another: the device's own UPnP is off"
               : "by whom is not known; if it comes back, the device asks for it by itself";
}

static json_t *
detail_of(const struct port_mapping *mapping, const char *title, const char *maker)
{
    char router[IP_TEXT];
    struct igd_row row = {.outside_port = mapping->outside_port,
        .inside_port = mapping->inside_port,
        .inside = mapping->inside,
        .lease = mapping->lease,
        .is_on = mapping->is_on};
    (void)text_copy(row.protocol, sizeof(row.protocol), mapping->protocol);
    (void)text_copy(row.remote, sizeof(row.remote), mapping->remote == NULL ? "" : mapping->remote);
    (void)text_copy(row.description, sizeof(row.description),
        mapping->description == NULL ? "" : mapping->description);
    json_t *detail = row_json(&row);
    if (detail != NULL &&
        json_object_update_new(detail,
            json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "router", ip_text(&mapping->router, router),
                "control_port", (int)mapping->control_port, "control", mapping->control, "service",
                mapping->service, "device", title, "maker", maker)) != 0) {
        json_decref(detail);
        detail = NULL;
    }
    return detail;
}

static enum err
fill(struct plan *plan, struct plan_step *step, const struct port_mapping *mapping,
    const struct subject *device)
{
    char title[SUBJECT_TITLE];
    char said[TEXT];
    char inside[IP_TEXT];
    char lease[40] = "without an end";
    const char *maker = maker_words(mapping, device);
    struct arena *arena = &plan->arena;
    (void)subject_title(device, title);
    const char *description = mapping->description == NULL ? "" : mapping->description;
    text_clean(said, sizeof(said), description, strlen(description));
    if (mapping->lease != 0) {
        (void)snprintf(lease, sizeof(lease), "for %u seconds more", mapping->lease);
    }
    step->words = arena_format(arena, "Delete the mapping of outside port %u (%s) to %s port %u",
        mapping->outside_port, mapping->protocol, title, mapping->inside_port);
    step->changes = arena_format(arena, "%s %u → %s:%u, entered as \"%s\", %s; %s: held → deleted",
        mapping->protocol, mapping->outside_port, ip_text(&mapping->inside, inside),
        mapping->inside_port, said, lease, maker);
    step->notices =
        arena_format(arena, "Who comes in from the internet by port %u; a VPN is the way instead",
            mapping->outside_port);
    step->untouched = "all other mappings, and the router's UPnP switch";
    step->is_reversible = true;
    step->after[0] = switch_step(plan, device);
    if (step->words == NULL || step->changes == NULL || step->notices == NULL) {
        return ERR_MEMORY;
    }
    return plan_detail(step, detail_of(mapping, title, maker));
}

static enum err
propose_one(struct plan *plan, const struct plan_from *from, const struct port_mapping *mapping)
{
    const struct subject *router = owner_of(from->assessment, &mapping->router);
    const struct subject *device = owner_of(from->assessment, &mapping->inside);
    if (router == NULL || device == NULL || text_is_empty(mapping->control)) {
        return OK;
    }
    bool by_device = plan_wants_rule(from, RULE_DEVICE, device);
    bool by_router = plan_wants_rule(from, RULE_ROUTER, router);
    if (!by_device && !by_router) {
        return OK;
    }
    size_t target = plan_target(plan, router);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "mapping", target);
    enum err err = step == NULL ? ERR_LIMIT : fill(plan, step, mapping, device);
    err = err == OK && by_device ? plan_closes(plan, step, RULE_DEVICE) : err;
    return err == OK && by_router ? plan_closes(plan, step, RULE_ROUTER) : err;
}

static enum err
propose(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    for (const struct port_mapping *m = from->assessment->mappings; m != NULL && err == OK;
         m = m->next) {
        err = propose_one(plan, from, m);
    }
    return err;
}

const struct remedy_kind remedy_mapping = {
    .name = "mapping",
    .title = "Close port mappings",
    .propose = propose,
    .take = take,
    .apply = apply,
    .prove = prove,
    .undo = undo,
    .is_serial = true,
};
