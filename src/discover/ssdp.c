/* SSDP: an M-SEARCH, and the description of those who answer, from nobody but themselves. */
#include "base/reader.h"
#include "base/text.h"
#include "discover/caster.h"
#include "discover/markup.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)8192)
#define FETCHES    128 /* descriptions in all */
#define FETCH_HOST 3   /* of one host */

static const struct cast cast = {.group = "239.255.255.250", .port = 1900};
static const char asked[] = "SSDP M-SEARCH to 239.255.255.250:1900";

#define SEARCH(type)                                                                               \
    "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"     \
    "ST: " type "\r\n\r\n"

static const char search_root[] = SEARCH("upnp:rootdevice");
static const char search_all[] = SEARCH("ssdp:all");

/* UPnP Device Architecture 1.1, section 2.3. */
static const struct {
    const char *field;
    enum fact_id id;
    uint8_t confidence;
} texts[] = {
    {"manufacturer", FACT_DEVICE_VENDOR, 60},
    {"modelName",    FACT_DEVICE_MODEL,  60},
    {"friendlyName", FACT_DEVICE_NAME,   40},
    {"deviceType",   FACT_SSDP_TYPE,     60},
};

static void
read_header(const char *line, size_t len, struct ssdp_answer *answer)
{
    const struct {
        const char *name;
        char *out;
        size_t size;
    } wanted[] = {
        {"SERVER",   answer->server,   sizeof(answer->server)  },
        {"ST",       answer->type,     sizeof(answer->type)    },
        {"USN",      answer->usn,      sizeof(answer->usn)     },
        {"LOCATION", answer->location, sizeof(answer->location)},
    };
    char text[PLACE_PATH + 16];
    text_clean(text, sizeof(text), line, len);
    char *colon = strchr(text, ':');
    if (colon == NULL || len >= sizeof(text)) {
        return;
    }
    *colon = '\0';
    for (size_t i = 0; i < COUNT(wanted); i++) {
        if (text_equal_nocase(text_trim(text), wanted[i].name) && wanted[i].out[0] == '\0' &&
            !text_copy(wanted[i].out, wanted[i].size, text_trim(colon + 1))) {
            wanted[i].out[0] = '\0';
        }
    }
}

enum err
ssdp_parse(const void *bytes, size_t len, struct ssdp_answer *ret_answer)
{
    struct reader reader;
    const char *line = NULL;
    size_t line_len = 0;
    bool ended = false;
    if (len > ANSWER_MAX) {
        return ERR_LIMIT;
    }
    reader_init(&reader, bytes, len);
    if (!reader_line(&reader, &line, &line_len) ||
        text_find_nocase(line, line_len, "HTTP/1.") != line ||
        text_find_nocase(line, line_len, " 200") == NULL) {
        return ERR_SYNTAX;
    }
    struct ssdp_answer answer = {.server = ""};
    while (!ended && reader_line(&reader, &line, &line_len)) {
        ended = line_len == 0;
        read_header(line, line_len, &answer);
    }
    /* Without the empty line at the end it was cut. */
    if (!ended) {
        return ERR_SYNTAX;
    }
    *ret_answer = answer;
    return OK;
}

enum err
ssdp_parse_description(const void *bytes, size_t len, struct heard *ret_heard)
{
    CLEANUP(markup_free) xmlDoc *doc = NULL;
    enum err err = markup_parse(bytes, len, MARKUP_BODY, &doc);
    if (err != OK) {
        return err;
    }
    const xmlNode *device = markup_find(xmlDocGetRootElement(doc), "device");
    if (device == NULL) {
        return ERR_MISSING;
    }
    heard_init(ret_heard);
    for (size_t i = 0; i < COUNT(texts); i++) {
        char text[256];
        if (markup_text(device, texts[i].field, text, sizeof(text))) {
            heard_text(ret_heard, texts[i].id, texts[i].confidence, texts[i].field, text);
        }
    }
    char text[256];
    if (heard_get(ret_heard, FACT_DEVICE_MODEL) == NULL &&
        markup_text(device, "modelNumber", text, sizeof(text))) {
        heard_text(ret_heard, FACT_DEVICE_MODEL, 50, "modelNumber", text);
    }
    /* "00000000" is what a router says that has none. */
    if (markup_text(device, "serialNumber", text, sizeof(text)) &&
        strspn(text, "0-") != strlen(text)) {
        heard_text(ret_heard, FACT_DEVICE_SERIAL, 60, "serialNumber", text);
    }
    return OK;
}

struct state;

struct fetch {
    struct state *state;
    struct wire_call *call; /* NULL when it is over */
    struct arena arena;
    struct place place;
};

struct state {
    struct discovery *discovery;
    struct caster *caster;
    struct fetch fetches[FETCHES];
    size_t fetch_count;
};

static void
on_description(void *context, const struct answer *answer)
{
    struct fetch *fetch = context;
    struct discovery *discovery = fetch->state->discovery;
    struct heard heard;
    char text[IP_TEXT];
    char request[PLACE_PATH + IP_TEXT + 32];
    fetch->call = NULL;
    if (answer->err == OK && answer->status == 200 &&
        ssdp_parse_description(answer->body, answer->body_len, &heard) == OK) {
        (void)snprintf(request, sizeof(request), "GET http://%s:%u%s",
            ip_text(&fetch->place.target.ip, text), fetch->place.target.port, fetch->place.path);
        struct heard_from where = {
            .method = &discover_ssdp, .ip = fetch->place.target.ip, .asked = request};
        (void)heard_record(discovery, &where, &heard);
    }
    arena_release(&fetch->arena);
    discovery_let_go(discovery);
}

static bool
is_new(const struct state *state, const struct place *place)
{
    size_t same_host = 0;
    for (size_t i = 0; i < state->fetch_count; i++) {
        const struct place *old = &state->fetches[i].place;
        if (ip_equal(&old->target.ip, &place->target.ip)) {
            same_host++;
            if (old->target.port == place->target.port && text_equal(old->path, place->path)) {
                return false;
            }
        }
    }
    return same_host < FETCH_HOST && state->fetch_count < FETCHES;
}

/* Never elsewhere: an answer must not be able to make us ask a third machine. */
static void
fetch_description(struct state *state, const struct ip *from, const char *location)
{
    static const struct request request = {.ask = {.method = "GET"}};
    struct place place;
    if (place_parse(location, &place) != OK || place.target.tls ||
        !ip_equal(&place.target.ip, from) ||
        !scope_contains(discovery_scope(state->discovery), from) || !is_new(state, &place)) {
        return;
    }
    struct fetch *fetch = &state->fetches[state->fetch_count++];
    *fetch = (struct fetch){.state = state, .place = place};
    struct request get = request;
    get.ask.path = fetch->place.path;
    arena_init(&fetch->arena, 2 * MARKUP_BODY);
    discovery_hold(state->discovery);
    fetch->call = wire_http(discovery_wire(state->discovery), &fetch->place.target, &get,
        &fetch->arena, on_description, fetch);
    if (fetch->call == NULL) {
        arena_release(&fetch->arena);
        discovery_let_go(state->discovery);
    }
}

static void
got(void *context, const struct ip *from, uint16_t from_port, const uint8_t *bytes, size_t len)
{
    (void)from_port;
    struct state *state = context;
    struct ssdp_answer answer;
    struct heard heard;
    if (ssdp_parse(bytes, len, &answer) != OK) {
        return;
    }
    heard_init(&heard);
    heard_text(&heard, FACT_SSDP_SERVER, 60, "SERVER", answer.server);
    if (text_contains(answer.type, ":device:")) {
        heard_text(&heard, FACT_SSDP_TYPE, 50, "ST", answer.type);
    }
    struct heard_from where = {.method = &discover_ssdp, .ip = *from, .asked = asked};
    if (heard_record(state->discovery, &where, &heard) != NULL) {
        fetch_description(state, from, answer.location);
    }
}

static void
stop(void *context)
{
    struct state *state = context;
    for (size_t i = 0; i < state->fetch_count; i++) {
        if (state->fetches[i].call != NULL) {
            wire_cancel(state->fetches[i].call);
            arena_release(&state->fetches[i].arena);
        }
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
    caster_say(state->caster, search_root, sizeof(search_root) - 1);
    caster_say(state->caster, search_all, sizeof(search_all) - 1);
    *ret_state = state;
    return OK;
}

const struct discover_method discover_ssdp = {
    .name = "ssdp",
    .title = "SSDP (UPnP)",
    .packets = 4,
    .start = start,
    .stop = stop,
};
