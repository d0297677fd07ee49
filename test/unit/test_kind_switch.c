/* A setting is switched, proven twice and put back, at devices that are played here. */
#include "test.h"

#include "remedy/session.h"

/* The desk and its log-ins are this test's own. */
#define session_open_known played_open
#define session_close      played_close
#define session_ask        played_ask
#define session_send       played_send
#define session_read       played_read
#define desk_wait          played_wait
#define desk_tell          played_tell
#define desk_find          played_find

enum err played_open(struct job *job, struct session **ret_session);
void played_close(struct session *session);
enum err played_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer);
enum err played_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer);
enum err played_read(struct session *session, enum fact_id fact, struct facts *facts);
enum err played_wait(struct desk *desk, unsigned ms);
void played_tell(const struct job *job, const char *format, ...) PRINTF(2, 3);
enum err played_find(struct job *job, unsigned seconds);

#include "remedy/kind_switch.c"

#include "answer.h"

#include "codec/edit.h"

#define EZVIZ "/ISAPI/System/Network/EZVIZ"
#define SNMP  "/cgi-bin/configManager.cgi?action=getConfig&name=SNMP"
#define TIME  "/ISAPI/System/time"
#define YES   "<EZVIZ>\r\n<enabled>true</enabled><verificationCode>Q7</verificationCode>\r\n</EZVIZ>"
#define NO    "<EZVIZ>\r\n<enabled>false</enabled><verificationCode>Q7</verificationCode>\r\n</EZVIZ>"
#define DONE  "<ResponseStatus><statusCode>1</statusCode></ResponseStatus>"

/* One device: what it holds, and how it behaves. */
static struct {
    const char *path[3];
    char body[3][1024];
    bool lies, takes_back, refuses, is_mute, moves;
    unsigned restarts; /* so many log-ins get no answer after a change */
    unsigned down, opened, closed, sent, waited;
    enum err closed_door; /* OK: open */
} device;

static char *
held(const char *path)
{
    for (size_t i = 0; i < COUNT(device.path); i++) {
        if (device.path[i] != NULL && strcmp(device.path[i], path) == 0) {
            return device.body[i];
        }
    }
    return NULL;
}

static void
hold(size_t at, const char *path, const char *body)
{
    device.path[at] = path;
    (void)snprintf(device.body[at], sizeof(device.body[at]), "%s", body);
}

enum err
played_open(struct job *job, struct session **ret_session)
{
    (void)job;
    if (device.down != 0) {
        device.down--;
        return ERR_NETWORK;
    }
    if (device.closed_door != OK) {
        return device.closed_door;
    }
    device.opened++;
    *ret_session = (struct session *)&device;
    return OK;
}

void
played_close(struct session *session)
{
    device.closed += session == NULL ? 0 : 1;
}

enum err
played_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer)
{
    (void)session;
    assert_true(ask->login);
    const char *body = held(ask->path);
    *ret_answer = answer_of(
        body == NULL ? 404 : 200, "", arena_copy(arena, body == NULL ? "<ResponseStatus/>" : body));
    return device.down != 0 ? ERR_NETWORK : OK;
}

/* PUT of a document, or setConfig of one key. */
static void
store(const struct request *request)
{
    if (request->ask.body != NULL) {
        char *body = held(request->ask.path);
        assert_non_null(body);
        (void)snprintf(body, 1024, "%s", request->ask.body);
        return;
    }
    struct buf out;
    char key[64];
    const char *pair = strstr(request->ask.path, "setConfig&");
    assert_non_null(pair);
    pair += strlen("setConfig&");
    const char *value = strchr(pair, '=') + 1;
    (void)snprintf(key, sizeof(key), "table.%.*s", (int)(value - 1 - pair), pair);
    struct answer answer = answer_of(200, "", held(SNMP));
    buf_init(&out, 1024);
    assert_int_equal(edit_value(&answer, key, value, &out), OK);
    (void)snprintf(held(SNMP), 1024, "%s", out.data);
    buf_release(&out);
}

enum err
played_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    (void)session;
    (void)arena;
    device.sent++;
    if (device.refuses) {
        *ret_answer =
            answer_of(200, "", "<ResponseStatus><statusCode>4</statusCode></ResponseStatus>");
        return OK;
    }
    if (!device.lies) {
        store(request);
    }
    device.down = device.restarts;
    *ret_answer = answer_of(200, "", request->ask.body == NULL ? "OK" : DONE);
    return device.is_mute ? ERR_TIMEOUT : OK;
}

enum err
played_read(struct session *session, enum fact_id fact, struct facts *facts)
{
    (void)session;
    (void)fact;
    (void)facts;
    return ERR_MISSING;
}

enum err
played_wait(struct desk *desk, unsigned ms)
{
    (void)desk;
    device.waited += ms;
    if (device.takes_back && ms != RETRY_MS && ms <= LATER_MS) { /* less what is over by now */
        (void)snprintf(held(EZVIZ), 1024, "%s", YES);
    }
    return OK;
}

void
played_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

enum err
played_find(struct job *job, unsigned seconds)
{
    (void)job;
    (void)seconds;
    device.down = 0;
    return device.moves ? OK : ERR_MISSING;
}

struct scene {
    struct plan_step step;
    struct job job;
};

static void
begin(struct scene *scene, const char *driver, const char *rule)
{
    memset(&device, 0, sizeof(device));
    *scene = (struct scene){
        .step = {.from = "yes", .wanted = "no"}
    };
    scene->step.detail = json_pack("{s:s, s:s}", "rule", rule, "ntp", "10.20.0.1");
    assert_non_null(scene->step.detail);
    struct subject subject = {.driver = driver};
    scene->job = (struct job){.step = &scene->step, .driver = switching_driver(&subject)};
    assert_non_null(scene->job.driver);
}

static void
end(struct scene *scene)
{
    played_close(scene->job.session); /* left for the next step at the device */
    json_decref(scene->step.detail);
    json_decref(scene->job.before);
    json_decref(scene->job.after);
    assert_int_equal(device.opened, device.closed);
}

static void
begin_cloud(struct scene *scene)
{
    begin(scene, "hikvision", "vendor-cloud/cloud-on");
    hold(0, EZVIZ, YES);
}

static void
test_switches_proves_twice_and_puts_the_very_document_back(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_string_equal(
        json_string_value(json_object_get(
            json_array_get(json_object_get(scene.job.before, "rows"), 0), "document")),
        YES);
    assert_int_equal(device.sent, 0);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_string_equal(held(EZVIZ), NO);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_in_range(device.waited, 0, LATER_MS); /* since the change, and some of it is over */
    assert_string_equal(json_string_value(json_object_get(scene.job.after, "cloud.enabled")), "no");
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    assert_string_equal(held(EZVIZ), YES);
    /* A second time it has nothing to do. */
    unsigned sent = device.sent;
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    assert_int_equal(device.sent, sent);
    end(&scene);
}

static void
test_uses_the_log_in_of_the_step_before_while_it_says_something(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(played_open(&scene.job, &scene.job.session), OK);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_int_equal(device.opened, 1);
    end(&scene);
}

static void
test_a_device_that_lies_is_not_proven(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    device.lies = true;
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_UNPROVEN);
    assert_non_null(strstr(scene.job.why.text, "cloud.enabled is yes"));
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    end(&scene);
}

static void
test_a_device_that_changes_it_back_is_not_proven(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    device.takes_back = true;
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_UNPROVEN);
    assert_non_null(strstr(scene.job.why.text, "again after 2 seconds"));
    end(&scene);
}

static void
test_a_refusal_changes_nothing_and_says_so(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    device.refuses = true;
    assert_int_equal(apply(&scene.job), REMEDY_REFUSED);
    assert_non_null(strstr(scene.job.why.text, "refused"));
    assert_string_equal(held(EZVIZ), YES);
    end(&scene);
}

static void
test_waits_for_a_device_that_restarts_without_an_answer(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    device.is_mute = true;
    device.restarts = 5;
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_true(device.waited >= 5 * RETRY_MS);
    end(&scene);
}

static void
test_looks_for_a_device_that_came_back_elsewhere(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    device.restarts = 1000;
    device.moves = true;
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_true(device.waited <= (SILENT_S + 10) * 1000U);
    end(&scene);
}

static void
test_a_device_that_stays_away_is_not_called_done(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    device.down = 100000;
    device.closed_door = ERR_TIMEOUT;
    assert_int_equal(prove(&scene.job), REMEDY_FAILED);
    assert_int_equal(undo(&scene.job), REMEDY_FAILED);
    end(&scene);
}

static void
test_leaves_alone_what_is_so_already_or_not_there(void **state)
{
    (void)state;
    struct scene scene;
    begin_cloud(&scene);
    hold(0, EZVIZ, NO);
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    end(&scene);
    begin(&scene, "hikvision", "vendor-cloud/cloud-on");
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_non_null(strstr(scene.job.why.text, "does not tell"));
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    end(&scene);
    begin_cloud(&scene);
    device.closed_door = ERR_REFUSED;
    assert_int_equal(take(&scene.job), REMEDY_REFUSED);
    assert_int_equal(device.sent, 0);
    device.closed_door = ERR_CANCELLED;
    assert_int_equal(take(&scene.job), REMEDY_STOPPED);
    end(&scene);
}

/* SNMP: the versions go off one by one, the service itself stays as it is. */
static void
test_changes_no_more_settings_than_the_fact_needs(void **state)
{
    (void)state;
    static const char before[] = "table.SNMP.Enable=true\r\ntable.SNMP.V1Enable=true\r\n"
                                 "table.SNMP.V2Enable=true\r\ntable.SNMP.V3Enable=true\r\n";
    static const char after[] = "table.SNMP.Enable=true\r\ntable.SNMP.V1Enable=false\r\n"
                                "table.SNMP.V2Enable=false\r\ntable.SNMP.V3Enable=true\r\n";
    struct scene scene;
    begin(&scene, "dahua", "default-credentials/snmp-on");
    hold(0, SNMP, before);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_string_equal(held(SNMP), after);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    assert_string_equal(held(SNMP), before);
    end(&scene);
}

static void
test_sets_time_server_and_mode_and_puts_both_back(void **state)
{
    (void)state;
    static const char server[] = "<NTPServerList><NTPServer><hostName>time.windows.com</hostName>"
                                 "</NTPServer></NTPServerList>";
    static const char mode[] = "<Time><timeMode>manual</timeMode></Time>";
    struct scene scene;
    begin(&scene, "hikvision", "access-log/no-time-server");
    hold(0, TIME "/ntpServers", server);
    hold(1, TIME, mode);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_non_null(strstr(held(TIME "/ntpServers"), "<hostName>10.20.0.1</hostName>"));
    assert_non_null(strstr(held(TIME), "<timeMode>NTP</timeMode>"));
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    assert_string_equal(held(TIME "/ntpServers"), server);
    assert_string_equal(held(TIME), mode);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_switches_proves_twice_and_puts_the_very_document_back),
        cmocka_unit_test(test_uses_the_log_in_of_the_step_before_while_it_says_something),
        cmocka_unit_test(test_a_device_that_lies_is_not_proven),
        cmocka_unit_test(test_a_device_that_changes_it_back_is_not_proven),
        cmocka_unit_test(test_a_refusal_changes_nothing_and_says_so),
        cmocka_unit_test(test_waits_for_a_device_that_restarts_without_an_answer),
        cmocka_unit_test(test_looks_for_a_device_that_came_back_elsewhere),
        cmocka_unit_test(test_a_device_that_stays_away_is_not_called_done),
        cmocka_unit_test(test_leaves_alone_what_is_so_already_or_not_there),
        cmocka_unit_test(test_changes_no_more_settings_than_the_fact_needs),
        cmocka_unit_test(test_sets_time_server_and_mode_and_puts_both_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
