/* A new password handed to every consumer of a site, and taken back; the desk and the VMSes are
 * played here. */
#include "remedy/consumer_kind.h"
#include "remedy/consumer_text.h"
#include "remedy/session.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#define OLD "Altes-Wort.41"
#define NEW "Neues-Wort.42_~x"

/* One VMS: its list of cameras, with the password that it holds. */
static struct {
    char password[64];
    bool refuses_login, lies, refuses;
    unsigned logins, changes, waits, events, pictures;
} vms;
static struct site *site;
static struct desk_settings settings;
static char folder[] = "/tmp/consumer-XXXXXX";

const struct desk_settings *
desk_settings(const struct desk *desk)
{
    (void)desk;
    settings.site = site;
    return &settings;
}

void
desk_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

enum err
desk_wait(struct desk *desk, unsigned ms)
{
    (void)desk;
    (void)ms;
    vms.waits++;
    return OK;
}

enum err
desk_event(
    const struct job *job, unsigned action, const char *phase, json_t *detail, struct note *note)
{
    (void)job;
    (void)action;
    (void)note;
    char *text = json_dumps(detail, 0);
    assert_true(text_equal(phase, "hand-over") || text_equal(phase, "take-back"));
    assert_null(strstr(text, OLD));
    assert_null(strstr(text, NEW));
    free(text);
    json_decref(detail);
    vms.events++;
    return OK;
}

static void
answer_with(struct arena *arena, struct answer *answer, int status, const char *format)
{
    const char *mark = strstr(format, "PASSWORD");
    *answer = (struct answer){.status = status, .headers = ""};
    answer->body = mark == NULL ? format
                                : arena_format(arena, "%.*s%s%s", (int)(mark - format), format,
                                      vms.password, mark + strlen("PASSWORD"));
    answer->body_len = strlen(answer->body);
}

/* A change holds one of the two passwords, as it is: nothing of them needs to be encoded. */
static void
take_change(const char *body)
{
    vms.changes++;
    bool is_new = strstr(body, NEW) != NULL;
    assert_true(is_new || strstr(body, OLD) != NULL);
    if (!vms.lies) {
        (void)text_copy(vms.password, sizeof(vms.password), is_new ? NEW : OLD);
    }
}

/* Shapes: ZoneMinder API, Shinobi API, Nx server API, Milestone API Gateway. */
static const struct {
    const char *method, *path, *answer;
    bool is_login, is_change;
} routes[] = {
    {"POST",  "/zm/api/host/login.json",                               "{\"access_token\": \"a.b\"}",                                           true,  false},
    {"GET",   "/zm/api/monitors.json?token=a.b",
     "{\"monitors\": [{\"Monitor\": {\"Id\": \"3\", \"Name\": \"Gate\", \"Path\": "
        "\"rtsp://admin:PASSWORD@10.0.3.7:554/1\", \"User\": null, \"Pass\": null}}, {\"Monitor\": "
        "{\"Id\": \"4\", \"Path\": \"rtsp://admin:x@10.0.3.8/\"}}]}",                                                                           false, false},
    {"POST",  "/zm/api/monitors/3.json?token=a.b",                     "{\"message\": \"Saved\"}",                                              false, true },
    {"GET",   "/zm/api/monitors/3.json?token=a.b",
     "{\"monitor\": {\"Monitor\": {\"Function\": \"Record\", \"Enabled\": \"1\"}, "
        "\"Monitor_Status\": {\"Status\": \"Connected\", \"CaptureFPS\": \"5.00\"}}}",                                                          false, false},
    {"POST",  "/?json=true",                                           "{\"ok\": true, \"$user\": {\"auth_token\": \"tok\", \"ke\": \"grp\"}}",
     true,                                                                                                                                             false},
    {"GET",   "/tok/monitor/grp",
     "[{\"mid\": \"m1\", \"name\": \"Gate\", \"host\": \"10.0.3.7\", \"mode\": \"record\", "
        "\"details\": \"{\\\"auto_host\\\":\\\"rtsp://admin:PASSWORD@10.0.3.7/1\\\"}\"}]",                                                      false, false},
    {"POST",  "/tok/configureMonitor/grp/m1",                          "{\"ok\": true}",                                                        false, true },
    {"GET",   "/tok/monitor/grp/m1",                                   "[{\"mode\": \"record\", \"status\": \"Recording\"}]",                   false,
     false                                                                                                                                                  },
    {"POST",  "/rest/v2/login/sessions",                               "{\"token\": \"vms-1\"}",                                                true,  false},
    {"GET",   "/rest/v2/devices",
     "[{\"id\": \"{d-1}\", \"name\": \"Gate\", \"url\": \"http://10.0.3.7:80/onvif\", "
        "\"credentials\": {\"user\": \"admin\", \"password\": \"PASSWORD\"}}]",                                                                 false, false},
    {"PATCH", "/rest/v2/devices/%7Bd-1%7D",                            "{}",                                                                    false, true },
    {"GET",   "/rest/v2/devices/%7Bd-1%7D",                            "{\"status\": \"Recording\"}",                                           false, false},
    {"POST",  "/API/IDP/connect/token",                                "{\"access_token\": \"jwt\"}",                                           true,  false},
    {"GET",   "/api/rest/v1/hardware",
     "{\"array\": [{\"id\": \"h-1\", \"displayName\": \"Gate\", \"address\": "
        "\"http://10.0.3.7/\", \"userName\": \"admin\"}]}",                                                                                     false, false},
    {"POST",  "/api/rest/v1/hardware/h-1?task=ChangePasswordHardware",
     "{\"result\": {\"state\": \"Success\"}}",                                                                                                  false, true },
};

enum err
desk_http(struct desk *desk, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    (void)desk;
    (void)target;
    const char *method = request->ask.method == NULL ? "GET" : request->ask.method;
    for (size_t i = 0; i < COUNT(routes); i++) {
        if (!text_equal(routes[i].method, method) ||
            !text_equal(routes[i].path, request->ask.path)) {
            continue;
        }
        vms.logins += routes[i].is_login ? 1 : 0;
        if (routes[i].is_login && vms.refuses_login) {
            answer_with(arena, ret_answer, 401, "{}");
            return OK;
        }
        if (routes[i].is_change && vms.refuses) {
            answer_with(arena, ret_answer, 500, "{}");
            return OK;
        }
        if (routes[i].is_change) {
            take_change(request->ask.body);
        }
        answer_with(arena, ret_answer, 200, routes[i].answer);
        return OK;
    }
    vms.pictures += text_equal(request->ask.path, "/api/frame.jpeg?src=gate") ? 1 : 0;
    answer_with(arena, ret_answer, text_starts(request->ask.path, "/ISAPI") ? 401 : 404, "");
    return OK;
}

/* A recorder of Hikvision: its channel 2 is the camera. */
enum err
session_open(struct job *job, const struct session_key *key, struct session **ret_session)
{
    assert_string_equal(job->driver->name, "hikvision");
    assert_int_equal(key->purpose, SESSION_OWNER);
    vms.logins++;
    job->logins++;
    *ret_session = NULL;
    return OK;
}

void
session_close(struct session *session)
{
    (void)session;
}

enum err
session_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    static const char channel[] =
        "<InputProxyChannel><id>2</id><name>Gate</name><sourceInputPortDescriptor>"
        "<ipAddress>10.0.3.7</ipAddress><userName>admin</userName><streamType>auto</streamType>"
        "</sourceInputPortDescriptor></InputProxyChannel>";
    (void)session;
    const char *path = request->ask.path;
    if (text_ends(path, "/status")) {
        answer_with(arena, ret_answer, 200, "<S><id>2</id><online>true</online></S>");
    } else if (text_equal(request->ask.method, "PUT")) {
        assert_non_null(strstr(request->ask.body, "</userName><password>"));
        assert_non_null(strstr(request->ask.body, "</password><streamType>auto"));
        take_change(request->ask.body);
        answer_with(arena, ret_answer, 200, "<ResponseStatus/>");
    } else {
        answer_with(arena, ret_answer, 200,
            text_ends(path, "/2") ? channel : arena_format(arena, "<List>%s</List>", channel));
    }
    return OK;
}

/* A site with these consumers, and one camera at 10.0.3.7. */
struct world {
    struct job job;
    struct consumer_change change;
    struct secret *old, *new;
};

static void
begin(struct world *world, const char *consumers)
{
    char text[4096];
    struct note note = {""};
    struct ip ip;
    memset(&vms, 0, sizeof(vms));
    (void)text_copy(vms.password, sizeof(vms.password), OLD);
    (void)snprintf(text, sizeof(text), "scope: [10.0.3.0/24]\nconsumers:\n%s", consumers);
    char name[64];
    (void)snprintf(name, sizeof(name), "%s/site.yaml", folder);
    enum err err = site_parse(text, strlen(text), name, &site, &note);
    if (err != OK) {
        fail_msg("%s", note.text);
    }
    for (size_t i = 0; i < site->consumer_count; i++) {
        if (site->consumers[i].login.user != NULL) {
            site->consumers[i].login.password = secret_new_text("vms");
        }
    }
    *world = (struct world){.old = secret_new_text(OLD), .new = secret_new_text(NEW)};
    world->job.subject = subject_new(1);
    assert_int_equal(ip_parse("10.0.3.7", &ip), OK);
    assert_true(subject_add_address(world->job.subject, &ip));
    world->change = (struct consumer_change){.user = "admin", .from = world->old, .to = world->new};
}

static void
end(struct world *world)
{
    subject_free(world->job.subject);
    json_decref(world->job.after);
    secret_free(world->old);
    secret_free(world->new);
    site_free(site);
    site = NULL;
}

static const char *
path_of(const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", folder, name);
    return out;
}

static void
write_file(const char *name, const char *text)
{
    char path[128];
    struct note note;
    assert_int_equal(file_write(path_of(name, path), text, strlen(text), 0644, &note), OK);
    assert_int_equal(chmod(path, 0640), 0);
}

static void
expect_file(const char *name, const char *text)
{
    char path[128];
    struct note note;
    struct buf bytes;
    struct stat status;
    buf_init(&bytes, 65536);
    assert_int_equal(file_read(path_of(name, path), &bytes, &note), OK);
    assert_string_equal(bytes.data, text);
    buf_release(&bytes);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

#define FRIGATE(password)                                                                          \
    "cameras:\n  gate: # the gate\n    ffmpeg:\n      inputs:\n        - path: "                   \
    "rtsp://admin:" password                                                                       \
    "@10.0.3.7/1\n    onvif: {host: 10.0.3.7, user: admin, password: '" password                   \
    "'}\n  yard:\n    ffmpeg: {inputs: [{path: 'rtsp://admin:other@10.0.3.8/1'}]}\n"
#define FRIGATE_ROW "  - {kind: frigate, file: frigate.yml, reload: 'true'}\n"

static void
test_hands_over_and_takes_back_byte_for_byte(void **state)
{
    (void)state;
    struct world world;
    char path[128];
    struct stat status;
    begin(&world, FRIGATE_ROW);
    write_file("frigate.yml", FRIGATE(OLD));
    if (consumer_hand_over(&world.job, &world.change) != REMEDY_DONE) {
        fail_msg("%s", world.job.why.text);
    }
    expect_file("frigate.yml", FRIGATE(NEW));
    assert_int_equal(vms.events, 1);
    assert_int_equal(stat(path_of("frigate.yml.gatehouse-before", path), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    const char *said =
        json_string_value(json_array_get(json_object_get(world.job.after, "consumers"), 0));
    assert_string_equal(said, "Frigate (frigate.yml): line 5, line 6");
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
    assert_int_equal(vms.events, 1);
    assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_DONE);
    expect_file("frigate.yml", FRIGATE(OLD));
    assert_int_equal(unlink(path), 0);
    end(&world);
}

#define KEY "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Perspective Software\\Blue Iris\\Cameras\\"
#define EXPORT(password)                                                                           \
    "Windows Registry Editor Version 5.00\r\n\r\n" KEY                                             \
    "Gate]\r\n\"shortname\"=\"Gate\"\r\n\"ip\"=\"10.0.3.7\"\r\n\"ipid\"=\"admin\"\r\n\"ippw\"="    \
    "\"" password "\"\r\n\"data\"=hex:01,02,\\\r\n  03\r\n\r\n" KEY                                \
    "Gate\\Alerts]\r\n\"ippw\"=\"no camera\"\r\n\r\n" KEY                                          \
    "Yard]\r\n\"ip\"=\"10.0.3.8\"\r\n\"ipid\"=\"admin\"\r\n\"ippw\"=\"" password "\"\r\n"
#define IMPORT(password)                                                                           \
    "Windows Registry Editor Version 5.00\r\n; gatehouse before\r\n\r\n" KEY                       \
    "Gate]\r\n\"ippw\"=\"" password "\"\r\n"
#define BASE64_OLD "QWx0ZXMtV29ydC40MQ=="
#define BASE64_NEW "TmV1ZXMtV29ydC40Ml9+eA=="

/* UTF-16LE with its mark, as regedit writes it. */
static size_t
wide(const char *text, char out[4096])
{
    size_t len = 2;
    memcpy(out, "\xff\xfe", 2);
    for (; *text != '\0'; text++) {
        out[len++] = *text;
        out[len++] = '\0';
    }
    return len;
}

static void
write_wide(const char *name, const char *text)
{
    char path[128], bytes[4096];
    struct note note;
    size_t len = wide(text, bytes);
    assert_int_equal(file_write(path_of(name, path), bytes, len, 0644, &note), OK);
    assert_int_equal(chmod(path, 0640), 0);
}

static void
expect_wide(const char *name, const char *text)
{
    char path[128], expected[4096];
    struct note note;
    struct buf bytes;
    size_t len = wide(text, expected);
    buf_init(&bytes, 65536);
    assert_int_equal(file_read(path_of(name, path), &bytes, &note), OK);
    assert_int_equal(bytes.len, len);
    assert_memory_equal(bytes.data, expected, len);
    buf_release(&bytes);
}

static void
test_blue_iris_gets_a_file_to_import_in_the_writing_that_its_export_shows(void **state)
{
    (void)state;
    static const struct {
        const char *old, *import;
        bool is_far; /* the other camera has it too, and keeps it */
    } rows[] = {
        {EXPORT(OLD),        IMPORT(NEW),        false},
        {EXPORT(BASE64_OLD), IMPORT(BASE64_NEW), true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world world;
        char path[128];
        struct stat status;
        begin(&world, "  - {kind: blueiris, file: bi.reg}\n");
        write_wide("bi.reg", rows[i].old);
        assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_REFUSED);
        world.change.even_unknown = true;
        if (consumer_hand_over(&world.job, &world.change) != REMEDY_DONE) {
            fail_msg("%s", world.job.why.text);
        }
        expect_wide("bi.reg.import.reg", rows[i].import);
        assert_int_equal(stat(path_of("bi.reg.import.reg", path), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        const json_t *remarks = json_object_get(world.job.after, "remarks");
        assert_non_null(strstr(json_string_value(json_array_get(remarks, 0)), "regedit"));
        assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_DONE);
        expect_wide("bi.reg", rows[i].old);
        expect_wide("bi.reg.import.reg", rows[i].is_far ? IMPORT(BASE64_OLD) : IMPORT(OLD));
        assert_int_equal(unlink(path), 0);
        assert_int_equal(unlink(path_of("bi.reg.gatehouse-before", path)), 0);
        end(&world);
    }
}

static void
test_blue_iris_is_told_by_hand_where_its_writing_is_not_known(void **state)
{
    (void)state;
    struct world world;
    char path[128];
    begin(&world, "  - {kind: blueiris, file: bi.reg, reload: 'true'}\n");
    write_wide("bi.reg", EXPORT("0a1b2c3d4e"));
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_REFUSED);
    assert_non_null(strstr(world.job.why.text, "is not published"));
    expect_wide("bi.reg", EXPORT("0a1b2c3d4e"));
    assert_int_not_equal(access(path_of("bi.reg.import.reg", path), F_OK), 0);
    assert_int_equal(unlink(path_of("bi.reg", path)), 0);
    end(&world);
}

static void
test_a_reload_that_fails_is_said(void **state)
{
    (void)state;
    struct world world;
    char path[128];
    begin(&world, "  - {kind: frigate, file: frigate.yml, reload: 'false x'}\n");
    write_file("frigate.yml", FRIGATE(OLD));
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_UNPROVEN);
    assert_non_null(strstr(world.job.why.text, "\"false x\" failed with status 1"));
    assert_int_equal(unlink(path_of("frigate.yml.gatehouse-before", path)), 0);
    end(&world);
}

static void
test_changes_nobody_when_one_can_not_be_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"a: rtsp://admin:{FRIGATE_PASSWORD}@10.0.3.7/\n", "variable"       },
        {"a: rtsp://admin:" OLD "@gate.lan/\n",            "gate.lan"       },
        {"a: [\n",                                         "not well-formed"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world world;
        begin(&world, FRIGATE_ROW "  - {kind: go2rtc, file: go2rtc.yaml, reload: 'true'}\n");
        write_file("frigate.yml", FRIGATE(OLD));
        write_file("go2rtc.yaml", rows[i].text);
        assert_int_not_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
        assert_non_null(strstr(world.job.why.text, rows[i].why));
        expect_file("frigate.yml", FRIGATE(OLD));
        expect_file("go2rtc.yaml", rows[i].text);
        assert_int_equal(vms.events, 0);
        end(&world);
    }
}

static void
test_goes_on_past_who_can_not_be_told_only_when_asked(void **state)
{
    (void)state;
    struct world world;
    char path[128];
    begin(&world, "  - {kind: frigate, file: frigate.yml}\n");
    write_file("frigate.yml", FRIGATE(OLD));
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_REFUSED);
    assert_non_null(strstr(world.job.why.text, "no reload:"));
    world.change.even_unknown = true;
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
    expect_file("frigate.yml", FRIGATE(NEW));
    assert_int_equal(unlink(path_of("frigate.yml.gatehouse-before", path)), 0);
    end(&world);
}

static void
test_follows_no_hard_link_and_reads_no_folder(void **state)
{
    (void)state;
    struct world world;
    char path[128], other[128];
    begin(&world, FRIGATE_ROW);
    write_file("real.yml", FRIGATE(OLD));
    (void)unlink(path_of("frigate.yml", path));
    assert_int_equal(link(path_of("real.yml", other), path), 0);
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_REFUSED);
    assert_non_null(strstr(world.job.why.text, "hard links"));
    assert_int_equal(unlink(path), 0);
    expect_file("real.yml", FRIGATE(OLD));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_REFUSED);
    assert_int_equal(rmdir(path), 0);
    end(&world);
}

static void
test_a_link_of_another_account_is_not_followed(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    struct world world;
    char path[128], real[128];
    begin(&world, FRIGATE_ROW);
    write_file("real.yml", FRIGATE(OLD));
    assert_int_equal(symlink(path_of("real.yml", real), path_of("frigate.yml", path)), 0);
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
    expect_file("real.yml", FRIGATE(NEW));
    assert_int_equal(lchown(path, 65534, 65534), 0);
    assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_REFUSED);
    assert_non_null(strstr(world.job.why.text, "another account"));
    expect_file("real.yml", FRIGATE(NEW));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(path_of("real.yml.gatehouse-before", path)), 0);
    end(&world);
}

static void
test_go2rtc_is_asked_seldom_since_each_question_logs_in_at_the_camera(void **state)
{
    (void)state;
    struct world world;
    char path[128];
    begin(&world,
        "  - {kind: go2rtc, file: go2rtc.yaml, reload: 'true', address: '10.0.3.2:1984'}\n");
    write_file("go2rtc.yaml", "streams:\n  gate: rtsp://admin:" OLD "@10.0.3.7/1\n");
    assert_int_not_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
    assert_non_null(strstr(world.job.why.text, "does not record again"));
    assert_int_equal(vms.pictures, 2);
    assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_DONE);
    expect_file("go2rtc.yaml", "streams:\n  gate: rtsp://admin:" OLD "@10.0.3.7/1\n");
    assert_int_equal(unlink(path_of("go2rtc.yaml.gatehouse-before", path)), 0);
    end(&world);
}

static const struct {
    const char *kind, *words;
    bool shows; /* the password can be read again */
} told[] = {
    {"zoneminder", "monitor 3 (Gate)",    true },
    {"shinobi",    "monitor m1 (Gate)",   true },
    {"nxwitness",  "device {d-1} (Gate)", true },
    {"milestone",  "hardware h-1 (Gate)", false},
    {"recorder",   "channel 2",           false},
};

static void
begin_told(struct world *world, const char *kind)
{
    char row[256];
    (void)snprintf(row, sizeof(row),
        "  - {kind: %s, address: '10.0.3.2:80', user: gatehouse, secret: vms}\n", kind);
    begin(world, row);
}

static void
test_tells_each_vms_and_reads_it_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(told); i++) {
        struct world world;
        begin_told(&world, told[i].kind);
        assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
        assert_string_equal(vms.password, NEW);
        const char *said =
            json_string_value(json_array_get(json_object_get(world.job.after, "consumers"), 0));
        assert_true(text_ends(said, told[i].words));
        unsigned changes = vms.changes;
        assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
        assert_int_equal(vms.changes, told[i].shows ? changes : changes + 1);
        assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_DONE);
        assert_string_equal(vms.password, OLD);
        end(&world);
    }
}

static void
test_a_vms_that_says_yes_and_does_nothing_is_found_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(told); i++) {
        struct world world;
        begin_told(&world, told[i].kind);
        vms.lies = true;
        enum remedy_result result = consumer_hand_over(&world.job, &world.change);
        assert_int_equal(result, told[i].shows ? REMEDY_UNPROVEN : REMEDY_DONE);
        end(&world);
    }
}

static void
test_a_vms_that_refuses_the_login_is_left_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(told) - 1; i++) {
        struct world world;
        begin_told(&world, told[i].kind);
        vms.refuses_login = true;
        assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_REFUSED);
        assert_int_equal(vms.logins, 1);
        assert_int_equal(vms.changes, 0);
        end(&world);
    }
}

static void
test_a_survey_names_who_notices_and_who_can_not_be_told(void **state)
{
    (void)state;
    struct world world;
    struct consumer_survey *survey = NULL;
    struct consumer_users users;
    struct arena arena;
    const struct wire_settings wire = wire_settings_default();
    arena_init(&arena, 65536);
    begin(&world, FRIGATE_ROW "  - {kind: go2rtc, name: Streams, file: go2rtc.yaml}\n"
                              "  - {kind: blueiris, file: bi.reg}\n"
                              "  - {kind: homeassistant, file: nowhere.yaml}\n");
    write_file("frigate.yml", FRIGATE(OLD));
    write_file("go2rtc.yaml", "streams: {g: 'rtsp://{FRIGATE_USER}:x@10.0.3.7/'}\n");
    write_file("bi.reg", "Windows Registry Editor Version 5.00\r\n\r\n"
                         "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Perspective Software\\Blue Iris\\Cameras\\"
                         "Gate]\r\n\"ip\"=\"10.0.3.7\"\r\n\"user\"=\"admin\"\r\n");
    assert_int_equal(consumer_survey_new(site, &site->scope, &wire, &survey), OK);
    assert_int_equal(consumer_users(survey, world.job.subject, &arena, &users), OK);
    assert_string_equal(users.words, "Frigate (frigate.yml line 5, line 6), Streams (go2rtc.yaml "
                                     "line 1), Blue Iris (bi.reg camera Gate; experimental)");
    assert_true(users.restarts);
    static const char *const unknown[] = {"Streams, line 1: a variable", "Streams: the site file",
        "Blue Iris, camera Gate: how", "Home Assistant may use it and could not be read"};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_non_null(strstr(users.unknown, unknown[i]));
    }
    consumer_survey_free(survey);
    struct subject *other = subject_new(2);
    struct ip ip;
    assert_int_equal(ip_parse("10.0.3.9", &ip), OK);
    assert_true(subject_add_address(other, &ip));
    assert_int_equal(consumer_users(NULL, other, &arena, &users), OK);
    assert_null(users.words);
    assert_null(users.unknown);
    subject_free(other);
    arena_release(&arena);
    end(&world);
}

static void
test_another_password_than_the_devices_is_left_and_said(void **state)
{
    (void)state;
    struct world world;
    begin(&world, FRIGATE_ROW);
    write_file("frigate.yml", FRIGATE("Drittes-Wort.43"));
    assert_int_equal(consumer_hand_over(&world.job, &world.change), REMEDY_DONE);
    expect_file("frigate.yml", FRIGATE("Drittes-Wort.43"));
    const char *said =
        json_string_value(json_array_get(json_object_get(world.job.after, "remarks"), 0));
    assert_non_null(strstr(said, "line 6 has another password"));
    end(&world);
}

static void
test_nobody_is_told_back_who_was_not_told(void **state)
{
    (void)state;
    struct world world;
    begin_told(&world, "zoneminder");
    vms.refuses_login = true;
    assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_DONE);
    assert_int_equal(vms.logins, 0);
    world.job.is_resumed = true;
    assert_int_equal(consumer_take_back(&world.job, &world.change), REMEDY_REFUSED);
    end(&world);
}

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && secret_start() == OK ? 0 : -1;
}

static int
remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"frigate.yml", "go2rtc.yaml", "real.yml", "bi.reg"};
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)unlink(path_of(names[i], path));
    }
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hands_over_and_takes_back_byte_for_byte),
        cmocka_unit_test(test_blue_iris_gets_a_file_to_import_in_the_writing_that_its_export_shows),
        cmocka_unit_test(test_blue_iris_is_told_by_hand_where_its_writing_is_not_known),
        cmocka_unit_test(test_a_reload_that_fails_is_said),
        cmocka_unit_test(test_go2rtc_is_asked_seldom_since_each_question_logs_in_at_the_camera),
        cmocka_unit_test(test_changes_nobody_when_one_can_not_be_told),
        cmocka_unit_test(test_goes_on_past_who_can_not_be_told_only_when_asked),
        cmocka_unit_test(test_follows_no_hard_link_and_reads_no_folder),
        cmocka_unit_test(test_a_link_of_another_account_is_not_followed),
        cmocka_unit_test(test_tells_each_vms_and_reads_it_again),
        cmocka_unit_test(test_a_vms_that_says_yes_and_does_nothing_is_found_out),
        cmocka_unit_test(test_a_vms_that_refuses_the_login_is_left_as_it_is),
        cmocka_unit_test(test_a_survey_names_who_notices_and_who_can_not_be_told),
        cmocka_unit_test(test_another_password_than_the_devices_is_left_and_said),
        cmocka_unit_test(test_nobody_is_told_back_who_was_not_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
