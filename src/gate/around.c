/* Asks each well-known port of a VMS once, as somebody who has no log-in. */
#include "gate/around.h"

#include "base/text.h"
#include "wire/wire.h"

#define SHUT_IT "let the firewall of the VMS's machine shut it"
#define FRIGATE "publish only 8971 of Frigate, and that only to the gateway"
#define ONLY_US "let the firewall of the VMS's machine let only the gateway reach it"
#define TURN_ON                                                                                    \
    "switch its log-in on (gatehouse gateway init says how), or let only the gateway reach it"
#define UPSTREAM 0 /* a row for the port of the settings */

/*
 * Sources: Frigate docs, "Authentication", "Restream", "Live View" (ports 5000, 8971, 1984, 8554,
 * 8555); ZoneMinder docs, "Options - System, Network" (OPT_USE_AUTH, MIN_STREAMING_PORT with 30000,
 * MIN_RTSP_PORT with 20000) and zmtrigger.pl (6802).
 */
static const struct row {
    const char *type;
    uint16_t port;
    const char *path; /* what to ask by HTTP; NULL: TCP is all there is to see */
    const char *what, *way_out;
} rows[] = {
  // clang-format off
    {"frigate",    UPSTREAM, "/api/version", "its interface, without the gateway's proof", TURN_ON},
    {"frigate",    5000,  "/api/version", "its whole interface, everybody an administrator", FRIGATE},
    {"frigate",    8971,  "/api/version", "its interface", FRIGATE},
    {"frigate",    1984,  "/api",         "go2rtc's interface and every stream", FRIGATE},
    {"frigate",    8554,  NULL,           "every camera's stream by RTSP", FRIGATE},
    {"frigate",    8555,  NULL,           "WebRTC", FRIGATE},
    {"zoneminder", UPSTREAM, "/zm/api/host/getVersion.json", "its pages, recordings and streams", TURN_ON},
    {"zoneminder", 80,    "/zm/api/host/getVersion.json", "its pages at a second port", ONLY_US},
    {"zoneminder", 443,   NULL,           "its pages, perhaps, at a second port", ONLY_US},
    {"zoneminder", 6802,  NULL,           "zmtrigger.pl, which takes orders from everybody", SHUT_IT},
    {"zoneminder", 20000, NULL,           "zm_rtsp_server: streams by RTSP", SHUT_IT},
    {"zoneminder", 30001, "/zm/api/host/getVersion.json", "streams of monitor 1 (MIN_STREAMING_PORT)", SHUT_IT},
  // clang-format on
};

/* One port that is being asked. */
struct asked {
    struct around_door *door;
    const struct row *row;
    struct wire *wire;
    struct arena *arena;
    struct wire_target target;
};

bool
around_is_bad(const struct around_door *door)
{
    return door->state == AROUND_OPEN || (!door->is_upstream && door->state != AROUND_SHUT);
}

static void
on_answer(void *context, const struct answer *answer)
{
    struct asked *asked = context;
    if (answer->status >= 200 && answer->status <= 299) {
        asked->door->state = AROUND_OPEN;
    } else if (answer->status == 401 || answer->status == 403 ||
               (answer->status >= 300 && answer->status <= 399)) {
        asked->door->state = AROUND_ASKS;
    }
}

static void
on_connect(void *context, const struct wire_target *target, enum err err)
{
    struct asked *asked = context;
    (void)target;
    if (err != OK) {
        return;
    }
    asked->door->state = AROUND_ANSWERS;
    if (asked->row->path != NULL) {
        const struct request request = {.ask = {.path = asked->row->path}};
        /* Without memory for it the door stays one that answers: wrong on the safe side. */
        (void)wire_http(asked->wire, &asked->target, &request, asked->arena, on_answer, asked);
    }
}

static void
ask_all(
    const struct settings_vms *vms, struct wire *wire, struct arena *arena, struct around *around)
{
    struct asked asked[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool is_upstream = rows[i].port == UPSTREAM;
        if (!text_equal(rows[i].type, vms->type) || rows[i].port == vms->port) {
            continue;
        }
        struct around_door *door = &around->doors[around->count++];
        *door = (struct around_door){.port = is_upstream ? vms->port : rows[i].port,
            .is_upstream = is_upstream,
            .what = rows[i].what,
            .way_out = rows[i].way_out};
        bool has_tls = is_upstream ? vms->upstream_tls : rows[i].port == 8971;
        asked[i] = (struct asked){
            door, &rows[i], wire, arena, {vms->address, door->port, has_tls}
        };
        (void)wire_connect(wire, &asked[i].target, on_connect, &asked[i]);
    }
    wire_run(wire);
}

enum err
around_look(const struct settings_vms *vms, struct around *ret_around, struct note *note)
{
    struct scope scope;
    struct wire *wire = NULL;
    struct arena arena;
    struct wire_settings pace = wire_settings_default();
    char text[IP_TEXT];
    *ret_around = (struct around){.count = 0};
    if (vms->address.family == 0) {
        note_set(note, "nobody knows the address of %s", vms->upstream);
        return ERR_MISSING;
    }
    scope_init(&scope);
    pace.packets_per_second_host = pace.packets_per_second; /* a dozen ports, once */
    pace.calls_host = COUNT(rows);
    enum err err = scope_allow(&scope, ip_text(&vms->address, text), note);
    err = err == OK ? wire_new(&scope, &pace, &wire) : err;
    if (err == OK) {
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        ask_all(vms, wire, &arena, ret_around);
        wire_free(wire);
        arena_release(&arena);
    }
    return err;
}
