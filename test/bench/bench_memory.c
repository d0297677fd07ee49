/* Peak memory of an assessment of 10,000 devices with the facts of recorded ones. Target: 256 MiB.
 */
#include "assess/findings.h"
#include "assess/score.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "identify/identify.h"
#include "identify/look.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES    10000
#define TARGET_MIB 256
#define FILE_MAX   ((size_t)64 * 1024)
#define SEEN_AT    INT64_C(1795378500000) /* 2026-11-22T20:15:00Z */
#define MAC_FIRST  0x4419b6000000

/* A recorded answer: which ask of the driver has `ask` in its path, and what came back. */
struct recorded {
    const char *driver;
    const char *ask;
    const char *file; /* under test/transcript */
};

#define HIKVISION "hikvision/DS-2CD2032-I-V5.2.5/"
#define DAHUA     "dahua/IPC-HFW4431E-S-2.800/"
#define AXIS      "axis/P3245-LV-11.11.73/"

static const struct recorded records[] = {
    {"hikvision", "/System/deviceInfo",     HIKVISION "deviceInfo.xml"    },
    {"hikvision", "/System/activateStatus", HIKVISION "activateStatus.xml"},
    {"hikvision", "/Network/EZVIZ",         HIKVISION "EZVIZ.xml"         },
    {"hikvision", "/Network/UPnP",          HIKVISION "UPnP.xml"          },
    {"hikvision", "/Network/ddns",          HIKVISION "ddns.xml"          },
    {"hikvision", "/System/time",           HIKVISION "time.xml"          },
    {"dahua",     "getSystemInfo",          DAHUA "systeminfo.txt"        },
    {"dahua",     "name=T2UServer",         DAHUA "T2UServer.txt"         },
    {"dahua",     "name=UPnP",              DAHUA "UPnP.txt"              },
    {"dahua",     "name=DDNS",              DAHUA "DDNS.txt"              },
    {"dahua",     "name=Telnet",            DAHUA "Telnet.txt"            },
    {"axis",      "basicdeviceinfo",        AXIS "unrestricted.json"      },
    {"axis",      "group=root.Brand",       AXIS "param-Brand.txt"        },
    {"axis",      "RemoteService",          AXIS "param-RemoteService.txt"},
    {"axis",      "UPnP",                   AXIS "param-UPnP.txt"         },
};
static const char *const drivers[] = {"hikvision", "dahua", "axis"};

static struct buf bodies[COUNT(records)];
static size_t readings; /* facts that came out of recorded answers */

static double
peak_mib(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static const struct device_driver *
driver_by_name(const char *name)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, name)) {
            return device_drivers[i];
        }
    }
    return NULL;
}

static bool
read_records(const char *folder)
{
    char path[1024];
    struct note note = {""};
    for (size_t i = 0; i < COUNT(records); i++) {
        buf_init(&bodies[i], FILE_MAX);
        (void)snprintf(path, sizeof(path), "%s/test/transcript/%s", folder, records[i].file);
        if (file_read(path, &bodies[i], &note) != OK) {
            (void)fprintf(stderr, "%s\n", note.text);
            return false;
        }
    }
    return true;
}

/* Lets the driver read every recorded answer to its asks. */
static void
answer_asks(const struct device_driver *driver, struct subject *subject)
{
    char asked[256];
    for (size_t i = 0; i < COUNT(records); i++) {
        const struct ask *ask = device_ask(driver, 0);
        if (!text_equal(records[i].driver, driver->name)) {
            continue;
        }
        for (size_t n = 0; ask != NULL && !text_contains(ask->path, records[i].ask);
             ask = device_ask(driver, ++n)) {
        }
        if (ask == NULL) {
            continue;
        }
        const struct answer answer = {.status = 200,
            .headers = "",
            .body = bodies[i].data,
            .body_len = bodies[i].len,
            .at = SEEN_AT};
        (void)snprintf(asked, sizeof(asked), "GET http://10.20.1.7:80%s", ask->path);
        readings += device_read(driver, ask, &answer, asked, &subject->facts);
    }
}

/* The first page and the stream server, as every device gives them. */
static void
look_around(const struct look *look, struct subject *subject)
{
    static const char page[] = "<!doctype html><html><head><title>index</title></head></html>";
    static const char head[] =
        "HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: text/html\r\n";
    static const char rtsp[] = "RTSP/1.0 200 OK\r\nServer: Rtsp Server/2.0\r\n";
    const struct answer web = {.status = 200,
        .headers = head,
        .headers_len = sizeof(head) - 1,
        .body = page,
        .body_len = sizeof(page) - 1,
        .at = SEEN_AT};
    const struct answer stream = {
        .status = 200, .headers = rtsp, .headers_len = sizeof(rtsp) - 1, .body = "", .at = SEEN_AT};
    static const uint16_t ports[] = {80, 443, 554, 8000};
    for (size_t i = 0; i < COUNT(ports); i++) {
        (void)subject_port(subject, ports[i]);
    }
    look_http(look, subject, "GET http://10.20.1.7:80/", &web);
    look_rtsp(look, subject, "OPTIONS rtsp://10.20.1.7:554/", &stream);
}

/* What the log-ins and doors leave behind: every tenth device has its factory password. */
static void
judge_doors(struct subject *subject)
{
    const struct source source = {WITNESS_WIRE, 90,
        evidence_new(&subject->arena, "GET http://10.20.1.7:80/ISAPI/System/deviceInfo",
            "status 401, a login is asked for", SEEN_AT)};
    facts_set_bool(&subject->facts, FACT_LOGIN_RTSP_ASKED, true, &source);
    facts_set_bool(&subject->facts, FACT_RTSP_PLAIN, true, &source);
    facts_set_int(&subject->facts, FACT_LOGIN_REFUSED, 1, &source);
    facts_set_text(&subject->facts, FACT_PORTS_OPEN, "80, 443, 554, 8000", &source);
    if (subject->number % 10 == 0) {
        facts_set_text(&subject->facts, FACT_LOGIN_FACTORY, "admin", &source);
    }
}

static struct subject *
make_device(const struct look *look, unsigned number)
{
    struct subject *subject = subject_new(number);
    const struct device_driver *driver = driver_by_name(drivers[number % COUNT(drivers)]);
    struct identity identity = {.device = driver, .device_confidence = 90};
    if (subject == NULL || driver == NULL) {
        return subject;
    }
    const struct ip ip = ip_from_v4(0x0a140100 + number);
    uint64_t mac = MAC_FIRST + number;
    for (size_t i = 0; i < sizeof(subject->mac.bytes); i++) {
        subject->mac.bytes[sizeof(subject->mac.bytes) - 1 - i] = (uint8_t)(mac >> 8 * i);
    }
    (void)subject_add_address(subject, &ip);
    subject->in_scope = true;
    subject->seen_by = "arp, sweep, wsdiscovery";
    look_mac(look, subject);
    look_around(look, subject);
    answer_asks(driver, subject);
    judge_doors(subject);
    identify_decide(&identity, subject);
    return subject;
}

static enum err
judge(struct assessment *assessment)
{
    static const struct findings_fixes fixes = {findings_fix};
    assessment->id[0] = 'x';
    assessment->site = assessment->scope = assessment->authorised = "bench";
    assessment->catalog_date = "2026-11-22";
    assessment->totals.started = assessment->totals.ended = SEEN_AT;
    assessment->totals.devices = assessment->device_count;
    enum err err = findings_build(assessment, &fixes, SEEN_AT);
    return err != OK ? err : score_apply(assessment);
}

/* As files, the way a run writes them. */
static enum err
write_reports(const struct assessment *assessment, struct note *note)
{
    static const struct report_options options = {.full = true, .now = SEEN_AT};
    char path[64];
    struct stat status = {0};
    for (size_t i = 0; i < report_format_count; i++) {
        (void)snprintf(path, sizeof(path), "/tmp/bench_memory.%ld.%s", (long)getpid(),
            report_formats[i]->extension);
        enum err err = report_write_file(report_formats[i], assessment, &options, path, note);
        (void)stat(path, &status);
        (void)unlink(path);
        (void)printf("memory, %s report of %.1f MiB written: peak %.0f MiB\n",
            report_formats[i]->name, (double)status.st_size / (1024 * 1024), peak_mib());
        if (err != OK) {
            return err;
        }
    }
    return OK;
}

int
main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    char path[1024];
    struct note note = {""};
    struct look look = {0};
    struct assessment *assessment = assessment_new();
    (void)snprintf(path, sizeof(path), "%s/catalog/fingerprints", folder);
    if (assessment == NULL || !read_records(folder) ||
        fingerprint_db_new(&look.fingerprints) != OK ||
        fingerprint_db_load_folder(look.fingerprints, path, &note) != OK) {
        (void)fprintf(stderr, "bench_memory: %s\n", note.text);
        return 2;
    }
    double before = peak_mib();
    assessment->devices = calloc(DEVICES, sizeof(struct subject *));
    assessment->whole = subject_new(0);
    for (unsigned i = 0; assessment->devices != NULL && i < DEVICES; i++) {
        assessment->devices[i] = make_device(&look, i + 1);
        assessment->device_count += assessment->devices[i] != NULL;
    }
    double devices = peak_mib();
    if (assessment->device_count != DEVICES || judge(assessment) != OK ||
        write_reports(assessment, &note) != OK) {
        (void)fprintf(stderr, "bench_memory: memory or a limit ran out: %s\n", note.text);
        return 2;
    }
    (void)printf("memory: start %.0f MiB, %u devices with %.1f facts read each: %.0f MiB, "
                 "with findings and reports: %.0f MiB (target 256: %s)\n",
        before, DEVICES, (double)readings / DEVICES, devices, peak_mib(),
        peak_mib() <= TARGET_MIB ? "met" : "not met");
    assessment_free(assessment);
    fingerprint_db_free(look.fingerprints);
    for (size_t i = 0; i < COUNT(records); i++) {
        buf_release(&bodies[i]);
    }
    return 0;
}
