/*
 * Routers that open ports on request (UPnP IGD): who they are, their external address and the list
 * of mappings. Only Get actions are sent from here. SOAP goes by the wire like everything else
 * (miniupnpc brings its own sockets); its few answers are read with libxml2.
 */
#include "base/clock.h"
#include "base/text.h"
#include "codec/edit.h"
#include "discover/caster.h"
#include "discover/markup.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TALKS    16
#define ROWS_MAX 512
/* No further row: SpecifiedArrayIndexInvalid, NoSuchEntryInArray (WANIPConnection:1, 2.4.14). */
#define FAULT_INDEX 713
#define FAULT_ENTRY 714

static const struct cast cast = {.group = "239.255.255.250", .port = 1900};

#define SEARCH(version)                                                                            \
    "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"     \
    "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:" version "\r\n\r\n"

static const char search_1[] = SEARCH("1");
static const char search_2[] = SEARCH("2");
static const char asked[] = "SSDP M-SEARCH for InternetGatewayDevice";

static const char *const services[] = {
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
};

static enum err
parse_body(const void *bytes, size_t len, xmlDoc **ret_doc)
{
    return markup_parse(bytes, len, MARKUP_BODY, ret_doc);
}

/* The control address of the first service of that type. */
static bool
find_service(const xmlNode *root, const char *type, struct igd_service *service)
{
    for (const xmlNode *node = markup_find(root, "service"); node != NULL;
         node = markup_after(root, node, "service")) {
        if (markup_text(node, "serviceType", service->type, sizeof(service->type)) &&
            text_equal(service->type, type) &&
            markup_text(node, "controlURL", service->control, sizeof(service->control))) {
            return true;
        }
    }
    return false;
}

enum err
igd_parse_description(const void *bytes, size_t len, struct igd_service *ret_service)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    struct igd_service service = {.type = ""};
    enum err err = parse_body(bytes, len, &doc);
    if (err != OK) {
        return err;
    }
    const xmlNode *root = xmlDocGetRootElement(doc);
    (void)markup_text(root, "URLBase", service.base, sizeof(service.base));
    for (size_t i = 0; i < COUNT(services); i++) {
        if (find_service(root, services[i], &service)) {
            *ret_service = service;
            return OK;
        }
    }
    return ERR_MISSING;
}

/* A decimal number, 0 where there is none. */
static uint64_t
read_number(const xmlNode *from, const char *name, uint64_t most)
{
    char text[16];
    uint64_t number = 0;
    return markup_text(from, name, text, sizeof(text)) && text_to_u64(text, most, &number) == OK
               ? number
               : 0;
}

static bool
read_port(const xmlNode *from, const char *name, uint16_t *ret_port)
{
    char text[16];
    uint64_t number = 0;
    if (!markup_text(from, name, text, sizeof(text)) ||
        text_to_u64(text, UINT16_MAX, &number) != OK) {
        return false;
    }
    *ret_port = (uint16_t)number;
    return true;
}

enum err
igd_parse_row(const void *bytes, size_t len, struct igd_row *ret_row)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    enum err err = parse_body(bytes, len, &doc);
    if (err != OK) {
        return err;
    }
    struct igd_row row = {.protocol = ""};
    char inside[IP_TEXT];
    const xmlNode *answer =
        markup_find(xmlDocGetRootElement(doc), "GetGenericPortMappingEntryResponse");
    if (answer == NULL) {
        return ERR_MISSING;
    }
    (void)markup_text(
        answer, "NewPortMappingDescription", row.description, sizeof(row.description));
    (void)markup_text(answer, "NewRemoteHost", row.remote, sizeof(row.remote));
    row.lease = (uint32_t)read_number(answer, "NewLeaseDuration", UINT32_MAX);
    row.is_on = read_number(answer, "NewEnabled", 1) == 1;
    if (!markup_text(answer, "NewProtocol", row.protocol, sizeof(row.protocol)) ||
        !markup_text(answer, "NewInternalClient", inside, sizeof(inside)) ||
        ip_parse(inside, &row.inside) != OK ||
        !read_port(answer, "NewExternalPort", &row.outside_port) ||
        !read_port(answer, "NewInternalPort", &row.inside_port)) {
        return ERR_VALUE;
    }
    if (!text_equal_nocase(row.protocol, "TCP") && !text_equal_nocase(row.protocol, "UDP")) {
        return ERR_VALUE;
    }
    *ret_row = row;
    return OK;
}

enum err
igd_parse_outside(const void *bytes, size_t len, struct ip *ret_ip)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    char text[IP_TEXT];
    enum err err = parse_body(bytes, len, &doc);
    if (err != OK) {
        return err;
    }
    if (!markup_text(xmlDocGetRootElement(doc), "NewExternalIPAddress", text, sizeof(text))) {
        return ERR_MISSING;
    }
    return ip_parse(text, ret_ip);
}

unsigned
igd_parse_fault(const void *bytes, size_t len)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    char text[16];
    uint64_t code = 0;
    if (parse_body(bytes, len, &doc) != OK ||
        !markup_text(xmlDocGetRootElement(doc), "errorCode", text, sizeof(text)) ||
        text_to_u64(text, UINT16_MAX, &code) != OK) {
        return 0;
    }
    return (unsigned)code;
}

/* UPnP Device Architecture 1.0, 3.2.1: the arguments in the order of the service's description. */
enum err
igd_write_action(struct buf *out, const char *service, const char *action,
    const struct igd_argument *arguments, size_t count)
{
    buf_format(out,
        "<?xml version=\"1.0\"?>\r\n<s:Envelope "
        "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
        "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:%s xmlns:u=\"",
        action);
    edit_escape_xml(service, out);
    buf_text(out, "\">");
    for (size_t i = 0; i < count; i++) {
        buf_format(out, "<%s>", arguments[i].name);
        edit_escape_xml(arguments[i].value, out);
        buf_format(out, "</%s>", arguments[i].name);
    }
    buf_format(out, "</u:%s></s:Body></s:Envelope>\r\n", action);
    return buf_error(out);
}

struct state;

/* The questions to one router, one after the other. */
struct talk {
    struct state *state;
    struct gateway_router *router;
    struct wire_call *call; /* NULL when it is over */
    struct arena arena;     /* of the answer under way */
    struct place description;
    struct place control;
    struct igd_service service;
    unsigned row;
    char body[1024];
    char action[256];
    char asked[PLACE_PATH + 128];
};

struct state {
    struct discovery *discovery;
    struct caster *caster;
    struct talk talks[TALKS];
    size_t talk_count;
};

static void ask_row(struct talk *talk);

static const struct evidence *
evidence_of(const struct talk *talk, const char *answer)
{
    return evidence_new(discovery_arena(talk->state->discovery), talk->asked, answer, clock_wall());
}

/* What was learned so far is kept; listed says whether it is all. */
static void
finish(struct talk *talk, const char *why)
{
    struct discovery *discovery = talk->state->discovery;
    static const struct mac any;
    talk->router->evidence = evidence_of(talk, why);
    struct sighting *sighting = discovery_find(discovery, &discover_igd, &talk->router->ip, &any);
    if (sighting != NULL && talk->router->listed) {
        struct source source = {
            .witness = WITNESS_CONFIG, .confidence = 85, .evidence = talk->router->evidence};
        facts_set_int(&sighting->facts, FACT_IGD_MAPPINGS, talk->row, &source);
    }
    arena_release(&talk->arena);
    discovery_let_go(discovery);
}

static void
ask(struct talk *talk, const struct place *place, const char *action, wire_answer_fn *done)
{
    char ip[IP_TEXT];
    struct request request = {.ask = {.path = place->path}};
    (void)snprintf(talk->asked, sizeof(talk->asked), "%s http://%s:%u%s",
        action == NULL ? "GET" : action, ip_text(&place->target.ip, ip), place->target.port,
        place->path);
    if (action != NULL) {
        (void)snprintf(talk->action, sizeof(talk->action), "\"%s#%s\"", talk->service.type, action);
        request.ask.body = talk->body;
        request.ask.type = "text/xml; charset=\"utf-8\"";
        request.soap_action = talk->action;
    }
    arena_release(&talk->arena);
    arena_init(&talk->arena, 2 * MARKUP_BODY);
    talk->call = wire_http(
        discovery_wire(talk->state->discovery), &place->target, &request, &talk->arena, done, talk);
    if (talk->call == NULL) {
        finish(talk, err_words(ERR_MEMORY));
    }
}

static bool
write_body(struct talk *talk, const char *action, const char *index)
{
    const struct igd_argument argument = {"NewPortMappingIndex", index};
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, IGD_BODY);
    enum err err =
        igd_write_action(&body, talk->service.type, action, &argument, index == NULL ? 0 : 1);
    return err == OK && text_copy(talk->body, sizeof(talk->body), body.data);
}

static void
add_mapping(struct talk *talk, const struct igd_row *row)
{
    char inside[IP_TEXT];
    char said[512];
    struct arena *arena = discovery_arena(talk->state->discovery);
    (void)snprintf(said, sizeof(said), "%s %u to %s:%u '%s'", row->protocol, row->outside_port,
        ip_text(&row->inside, inside), row->inside_port, row->description);
    struct port_mapping mapping = {
        .router = talk->router->ip,
        .protocol = text_equal_nocase(row->protocol, "UDP") ? "UDP" : "TCP",
        .outside_port = row->outside_port,
        .inside = row->inside,
        .inside_port = row->inside_port,
        .description = arena_copy(arena, row->description),
        .remote = arena_copy(arena, row->remote),
        .lease = row->lease,
        .is_on = row->is_on,
        .control_port = talk->control.target.port,
        .control = arena_copy(arena, talk->control.path),
        .service = arena_copy(arena, talk->service.type),
        .evidence = evidence_of(talk, said),
    };
    discovery_add_mapping(talk->state->discovery, &mapping);
}

/* Why the list ended where it did, in words. */
static void
end_list(struct talk *talk, const struct answer *answer)
{
    char why[128];
    unsigned fault = igd_parse_fault(answer->body, answer->body_len);
    talk->router->listed = fault == FAULT_INDEX || fault == FAULT_ENTRY;
    if (talk->row == ROWS_MAX) {
        (void)snprintf(why, sizeof(why), "more than %u mappings", ROWS_MAX);
    } else if (answer->err != OK) {
        (void)snprintf(
            why, sizeof(why), "after %u mappings: %s", talk->row, err_words(answer->err));
    } else {
        (void)snprintf(why, sizeof(why), "after %u mappings: HTTP %d, UPnP error %u", talk->row,
            answer->status, fault);
    }
    finish(talk, why);
}

static void
on_row(void *context, const struct answer *answer)
{
    struct talk *talk = context;
    struct igd_row row;
    talk->call = NULL;
    if (answer->err != OK || answer->status != 200 ||
        igd_parse_row(answer->body, answer->body_len, &row) != OK) {
        end_list(talk, answer);
        return;
    }
    add_mapping(talk, &row);
    talk->row++;
    if (talk->row == ROWS_MAX) {
        end_list(talk, answer);
        return;
    }
    ask_row(talk);
}

static void
ask_row(struct talk *talk)
{
    static const char action[] = "GetGenericPortMappingEntry";
    char index[16];
    (void)snprintf(index, sizeof(index), "%u", talk->row);
    if (!write_body(talk, action, index)) {
        finish(talk, err_words(ERR_LIMIT));
        return;
    }
    ask(talk, &talk->control, action, on_row);
}

static void
on_outside(void *context, const struct answer *answer)
{
    struct talk *talk = context;
    struct ip outside;
    talk->call = NULL;
    if (answer->err == OK && answer->status == 200 &&
        igd_parse_outside(answer->body, answer->body_len, &outside) == OK) {
        talk->router->outside = outside;
    }
    ask_row(talk);
}

static enum err
resolve_control(struct talk *talk)
{
    struct place base = talk->description;
    if (talk->service.base[0] != '\0' &&
        place_join(&talk->description, talk->service.base, &base) != OK) {
        base = talk->description;
    }
    return place_join(&base, talk->service.control, &talk->control);
}

static void
on_description(void *context, const struct answer *answer)
{
    static const char action[] = "GetExternalIPAddress";
    struct talk *talk = context;
    talk->call = NULL;
    if (answer->err != OK || answer->status != 200 ||
        igd_parse_description(answer->body, answer->body_len, &talk->service) != OK) {
        finish(talk, "no description with a WAN connection service");
        return;
    }
    if (resolve_control(talk) != OK) {
        finish(talk, "its control address is on another host");
        return;
    }
    if (!write_body(talk, action, NULL)) {
        finish(talk, err_words(ERR_LIMIT));
        return;
    }
    ask(talk, &talk->control, action, on_outside);
}

static void
begin_talk(struct state *state, const struct ip *from, const char *location)
{
    struct place place;
    if (place_parse(location, &place) != OK || place.target.tls ||
        !ip_equal(&place.target.ip, from) ||
        !scope_contains(discovery_scope(state->discovery), from) || state->talk_count == TALKS) {
        return;
    }
    for (size_t i = 0; i < state->talk_count; i++) {
        if (ip_equal(&state->talks[i].router->ip, from)) {
            return;
        }
    }
    struct gateway_router *router = discovery_router(state->discovery, from);
    if (router == NULL) {
        return;
    }
    router->igd = true;
    struct talk *talk = &state->talks[state->talk_count++];
    *talk = (struct talk){.state = state, .router = router, .description = place};
    discovery_hold(state->discovery);
    ask(talk, &talk->description, NULL, on_description);
}

static void
got(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    (void)from_port;
    struct state *state = context;
    struct ssdp_answer answer;
    struct heard heard;
    if (ssdp_parse(bytes, len, &answer) != OK ||
        !text_contains(answer.type, "InternetGatewayDevice")) {
        return;
    }
    heard_init(&heard);
    heard_bool(&heard, FACT_IGD_PRESENT, 85, "ST", true);
    heard_quote(&heard, answer.type);
    heard_text(&heard, FACT_DEVICE_KIND, 70, "ST", "router");
    heard_quote(&heard, answer.type);
    struct heard_from where = {.method = &discover_igd, .ip = *from, .asked = asked};
    if (heard_record(state->discovery, &where, &heard) != NULL) {
        begin_talk(state, from, answer.location);
    }
}

static void
stop(void *context)
{
    struct state *state = context;
    for (size_t i = 0; i < state->talk_count; i++) {
        wire_cancel(state->talks[i].call);
        arena_release(&state->talks[i].arena);
    }
    caster_free(state->caster);
    free(state);
}

static enum err
start(struct discovery *discovery, void **ret_state)
{
    struct state *state = calloc(1, sizeof(*state));
    if (state == NULL) {
        return ERR_MEMORY;
    }
    state->discovery = discovery;
    enum err err = caster_new(discovery, &cast, got, state, &state->caster);
    if (err != OK) {
        stop(state);
        return err;
    }
    caster_say(state->caster, search_1, sizeof(search_1) - 1);
    caster_say(state->caster, search_2, sizeof(search_2) - 1);
    *ret_state = state;
    return OK;
}

const struct discover_method discover_igd = {
    .name = "igd",
    .title = "UPnP IGD with its port mappings",
    .packets = 4,
    .start = start,
    .stop = stop,
};
