/* First answers of every open port, and the marks by which drivers know their devices. */
#include "assess/talk_step.h"

#include "base/clock.h"
#include "base/text.h"
#include "discover/discover.h"
#include "vms/vms.h"

#include <string.h>

/* A driver that its signs made this sure needs no probe of another. */
#define SURE_ENOUGH 80

#define PATH_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

static struct wire_target
target_of(const struct talk *talk, const struct port *port)
{
    return (struct wire_target){talk->subject->addresses[0], port->number, port->tls};
}

static const char *
usual_protocol(uint16_t number)
{
    for (size_t i = 0; i < discover_port_count; i++) {
        if (discover_ports[i].number == number) {
            return discover_ports[i].protocol;
        }
    }
    return NULL;
}

static void look_at_http(struct talk *talk, struct port *port, bool tls);

/* Servers that speak TLS say so to a plain request (nginx, Apache, Go, Node), or just hang up. */
static bool
wants_tls(const struct answer *answer)
{
    return answer->err == ERR_NETWORK || answer->err == ERR_SYNTAX ||
           (answer->status == 400 && text_contains_nocase(answer->body, "https"));
}

/* Motion JPEG at a port's front door; it has no end, so the answer was cut. */
static void
note_stream(
    struct talk *talk, struct port *port, const struct talk_step *step, const struct answer *answer)
{
    char type[128];
    char asked[256];
    struct facts *facts = &talk->subject->facts;
    if (answer->status != 200 || !answer_header(answer, "Content-Type", 0, type, sizeof(type)) ||
        !text_starts_nocase(type, "multipart/x-mixed-replace") ||
        text_find_nocase(answer->body, answer->body_len, "image/jpeg") == NULL) {
        return;
    }
    const char *question = talk_asked(step, asked, sizeof(asked));
    const struct evidence *evidence =
        evidence_new(&talk->subject->arena, question, type, answer->at);
    const struct source open = {WITNESS_WIRE, 90, evidence};
    const struct source guess = {WITNESS_WIRE, 40, evidence};
    const char *blank = strchr(question, ' ');
    const char *address = blank == NULL ? question : blank + 1;
    facts_set_text(facts, FACT_LOGIN_SNAPSHOT_OPEN, address, &open);
    facts_set_text(facts, FACT_VMS_OPEN, address, &open);
    facts_set_text(facts, FACT_DEVICE_KIND, kind_name(KIND_CAMERA), &guess);
    talk->picture_settled = true;
    port->protocol = "mjpeg"; /* no pages to ask for: each would be the same stream */
}

/* Where the front page leads, "/nvr" of "/nvr/": an application may stand there. */
static void
note_root(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char location[256];
    if (answer->status / 100 != 3 || talk->root_count == TALK_ROOTS ||
        !answer_header(answer, "Location", 0, location, sizeof(location))) {
        return;
    }
    location[strcspn(location, "?#")] = '\0';
    const char *host = strstr(location, "://");
    const char *path = host == NULL ? location : strchr(host + 3, '/');
    const char *end = path == NULL || path[0] != '/' ? path : strrchr(path, '/');
    if (end == path || strspn(path, PATH_LETTERS) != strlen(path)) {
        return;
    }
    const char *root = arena_copy_n(&talk->arena, path, (size_t)(end - path));
    if (root != NULL) {
        talk->roots[talk->root_count++] = (struct identity_place){step->target.port, root};
    }
}

static void
found(struct talk *talk, const struct talk_step *step, const struct device_probe *probe,
    const struct answer *answer, const char *root)
{
    char asked[256];
    const struct identity_place place = {step->target.port, root};
    identify_by_probe(&talk->identity, step->driver, probe, &place);
    talk->is_sure = talk->is_sure || probe->confidence >= SURE_ENOUGH;
    (void)device_read(step->driver, &probe->ask, answer, talk_asked(step, asked, sizeof(asked)),
        &talk->subject->facts);
}

/* Whether the probe asks the front page of the application. */
static bool
is_front(const struct device_driver *driver, const struct device_probe *probe, uint16_t port)
{
    const char *root = driver->root == NULL ? "" : driver->root;
    return text_starts(probe->ask.path, root) && text_equal(probe->ask.path + strlen(root), "/") &&
           probe->ask.body == NULL && (probe->ask.port == 0 || probe->ask.port == port);
}

/* The first page answers these probes: an application at the top of its server. */
static void
match_front(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    for (size_t i = 0; i < vms_driver_count; i++) {
        const struct device_driver *driver = vms_drivers[i];
        for (size_t p = 0; p < driver->probe_count; p++) {
            const struct device_probe *probe = &driver->probes[p];
            if (is_front(driver, probe, step->target.port) && device_probe_matches(probe, answer)) {
                struct talk_step front = *step;
                front.driver = driver;
                found(talk, &front, probe, answer, "");
            }
        }
    }
}

static void
got_page(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    struct port *port = subject_port(talk->subject, step->target.port);
    if (port == NULL) {
        return;
    }
    if (!step->target.tls && wants_tls(answer)) {
        look_at_http(talk, port, true);
        return;
    }
    if (answer->status != 0) {
        port->protocol = "http";
        port->tls = step->target.tls;
    }
    look_http(talk->setting->look, talk->subject, talk_asked(step, asked, sizeof(asked)), answer);
    note_stream(talk, port, step, answer);
    if (answer->err == OK) {
        note_root(talk, step, answer);
        match_front(talk, step, answer);
    }
}

static void
look_at_http(struct talk *talk, struct port *port, bool tls)
{
    struct talk_step step = {
        .way = TALK_HTTP,
        .target = target_of(talk, port),
        .request.ask.path = "/",
        .answered = got_page,
    };
    step.target.tls = tls;
    (void)talk_ask(talk, &step);
}

static void
got_rtsp(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    struct port *port = subject_port(talk->subject, step->target.port);
    if (port == NULL || answer->err != OK || answer->status == 0) {
        return;
    }
    port->protocol = "rtsp";
    look_rtsp(talk->setting->look, talk->subject, talk_asked(step, asked, sizeof(asked)), answer);
}

static void
got_banner(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    struct port *port = subject_port(talk->subject, step->target.port);
    if (port == NULL) {
        return;
    }
    port->protocol = usual_protocol(port->number);
    look_banner(
        talk->setting->look, talk->subject, port, talk_asked(step, asked, sizeof(asked)), answer);
}

/* An open telnet or FTP port is a fact by itself. */
static void
note_open_port(struct talk *talk, const struct port *port)
{
    static const struct {
        uint16_t number;
        enum fact_id fact;
    } rows[] = {
        {23, FACT_PORT_TELNET},
        {21, FACT_PORT_FTP   },
    };
    char asked[96];
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].number != port->number) {
            continue;
        }
        const struct talk_step step = {.way = TALK_BANNER, .target = target_of(talk, port)};
        const struct source source = {WITNESS_WIRE, 80,
            evidence_new(&talk->subject->arena, talk_asked(&step, asked, sizeof(asked)),
                "the connection was accepted", clock_wall())};
        facts_set_bool(&talk->subject->facts, rows[i].fact, true, &source);
    }
}

void
talk_look_begin(struct talk *talk)
{
    static const struct ask options = {.method = "OPTIONS", .path = "/"};
    for (size_t i = 0; i < talk->subject->port_count; i++) {
        struct port *port = &talk->subject->ports[i];
        const char *usual = usual_protocol(port->number);
        struct talk_step step = {.target = target_of(talk, port), .request.ask = options};
        note_open_port(talk, port);
        if (usual == NULL || text_equal(usual, "http")) {
            look_at_http(talk, port, false);
        } else if (text_equal(usual, "https")) {
            look_at_http(talk, port, true);
        } else if (text_equal(usual, "rtsp")) {
            step.way = TALK_RTSP;
            step.answered = got_rtsp;
            (void)talk_ask(talk, &step);
        } else if (text_equal(usual, "ssh") || text_equal(usual, "telnet") ||
                   text_equal(usual, "ftp")) {
            step.way = TALK_BANNER;
            step.answered = got_banner;
            (void)talk_ask(talk, &step);
        } else {
            /* Printers print what they are sent, SDK ports are not ours to speak to. */
            port->protocol = usual;
        }
    }
}

static void
got_probe(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    const struct device_probe *probe = step->data;
    const char *usual = step->driver->root == NULL ? "" : step->driver->root;
    const char *path = step->path == NULL ? probe->ask.path : step->path;
    size_t rest = strlen(probe->ask.path) - strlen(usual);
    if (device_probe_matches(probe, answer)) {
        const char *root = arena_copy_n(&talk->arena, path, strlen(path) - rest);
        found(talk, step, probe, answer, root == NULL ? usual : root);
    }
}

/* The probe under another root than its driver's usual one. */
static void
probe_at(struct talk *talk, const struct talk_step *step, const char *root)
{
    struct talk_step other = *step;
    const char *path = device_path_at(step->driver, step->ask->path, root, &talk->arena);
    if (path != NULL && path != step->ask->path) {
        other.path = path;
        other.request.ask.path = path;
        (void)talk_ask(talk, &other);
    }
}

/* Only applications move; a device's own pages stand where its maker put them. */
static void
probe_roots(struct talk *talk, const struct talk_step *step, uint16_t port)
{
    const struct device_driver *driver = step->driver;
    if (step->ask->port != 0 || driver->kind != KIND_VMS) {
        return;
    }
    for (size_t i = 0; i < driver->root_count; i++) {
        probe_at(talk, step, driver->roots[i]);
    }
    for (size_t i = 0; i < talk->root_count; i++) {
        if (talk->roots[i].port == port) {
            probe_at(talk, step, talk->roots[i].root);
        }
    }
}

static void
probe_for(struct talk *talk, const struct device_driver *driver)
{
    for (size_t i = 0; i < driver->probe_count; i++) {
        const struct device_probe *probe = &driver->probes[i];
        struct talk_step step = {
            .way = TALK_HTTP,
            .request.ask = probe->ask,
            .answered = got_probe,
            .driver = driver,
            .ask = &probe->ask,
            .data = probe,
            .settled = &talk->is_sure,
        };
        for (size_t p = 0; p < talk->subject->port_count; p++) {
            const struct port *port = &talk->subject->ports[p];
            bool is_wanted = probe->ask.port == 0 || probe->ask.port == port->number;
            if (!is_wanted || !talk_http_target(talk, port->number, &step.target)) {
                continue;
            }
            if (driver->root != NULL || !is_front(driver, probe, port->number)) {
                (void)talk_ask(talk, &step);
            }
            probe_roots(talk, &step, port->number);
        }
    }
}

static void
got_favicon(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    if (answer->err == OK && answer->status == 200 && answer->body_len != 0) {
        look_favicon(
            talk->setting->look, talk->subject, talk_asked(step, asked, sizeof(asked)), answer);
    }
}

/* Many cameras differ by nothing but their icon (Recog favicons.xml). */
static void
ask_favicon(struct talk *talk)
{
    struct talk_step step = {
        .way = TALK_HTTP, .request.ask.path = "/favicon.ico", .answered = got_favicon};
    if (talk_main_target(talk, &step.target)) {
        (void)talk_ask(talk, &step);
    }
}

void
talk_look_probe(struct talk *talk)
{
    look_discovered(talk->setting->look, talk->subject);
    identify_by_signs(&talk->identity, &talk->subject->facts);
    const struct fact *kind = facts_get(&talk->subject->facts, FACT_DEVICE_KIND);
    bool is_settled =
        kind != NULL && kind->confidence >= 60 &&
        (kind_by_name(kind->text) == KIND_PRINTER || kind_by_name(kind->text) == KIND_ROUTER);
    if (talk->identity.device_confidence >= SURE_ENOUGH || is_settled) {
        return;
    }
    ask_favicon(talk);
    for (size_t i = 0; i < vms_driver_count; i++) {
        probe_for(talk, vms_drivers[i]);
    }
    for (size_t i = 0; i < device_driver_count; i++) {
        probe_for(talk, device_drivers[i]);
    }
}
