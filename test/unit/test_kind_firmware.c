/* Firmware is installed on a played device: one that takes it, and several that do not. */
#include "played_desk.h"
#include "test.h"

#include "base/text.h"
#include "remedy/firmware.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The session is this test's own too. */
#define session_open_known(job, out)   played_open(job, out)
#define session_close(session)         played_close(session)
#define session_read(session, id, out) played_read(session, id, out)
#define session_ask                    played_ask
#define session_send                   played_send

enum err played_open(struct job *job, struct session **ret_session);
void played_close(struct session *session);
enum err played_read(struct session *session, enum fact_id fact, struct facts *facts);
enum err played_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer);
enum err played_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer);

#include "remedy/kind_firmware.c"

#define HEX_ABC                                                                                    \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-4               \
                                                                        */

static struct {
    const char *version;
    const char *next; /* after the restart */
    bool takes, restarts, is_gone, turns_cloud_on;
    int status;
    int64_t back; /* ms; answers again at */
    unsigned sent, restarted;
    bool cloud;
} device;

enum err
played_open(struct job *job, struct session **ret_session)
{
    (void)job;
    if (device.is_gone || played_desk.now < device.back) {
        return ERR_TIMEOUT;
    }
    if (device.next != NULL && device.back != 0) {
        device.version = device.next;
        device.cloud = device.cloud || device.turns_cloud_on;
    }
    *ret_session = (struct session *)&device;
    return OK;
}

void
played_close(struct session *session)
{
    (void)session;
}

enum err
played_read(struct session *session, enum fact_id fact, struct facts *facts)
{
    const struct source source = {.witness = WITNESS_CONFIG, .confidence = 90};
    (void)session;
    facts_forget(facts, fact);
    if (fact == FACT_DEVICE_FIRMWARE) {
        facts_set_text(facts, fact, device.version, &source);
    } else if (fact == FACT_CLOUD_ENABLED) {
        facts_set_bool(facts, fact, device.cloud, &source);
    } else {
        return ERR_MISSING;
    }
    return OK;
}

static void
restart(void)
{
    device.restarted++;
    device.back = played_desk.now + 60000;
}

enum err
played_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer)
{
    (void)session;
    (void)arena;
    assert_string_equal(ask->path, "/ISAPI/System/reboot");
    *ret_answer = (struct answer){.status = 200, .headers = "", .body = ""};
    if (device.restarts) {
        restart();
    }
    return OK;
}

enum err
played_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    (void)session;
    (void)arena;
    assert_non_null(request->file);
    assert_int_equal(request->file->size, 3);
    assert_string_equal(request->ask.path, "/ISAPI/System/updateFirmware");
    device.sent++;
    *ret_answer =
        (struct answer){.status = device.status, .headers = "", .body = "<no/>", .body_len = 5};
    return OK;
}

struct scene {
    char folder[40];
    struct plan_step step;
    struct job job;
    struct subject *subject;
};

static void
write_file(const struct scene *scene, const char *bytes)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/fw.bin", scene->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    assert_int_equal(close(fd), 0);
}

static void
begin(struct scene *scene)
{
    memset(&device, 0, sizeof(device));
    device.version = "V5.4.0";
    device.next = "V5.4.5";
    device.restarts = true;
    device.status = 200;
    played_clock_begin(1000);
    *scene = (struct scene){.folder = "/tmp/gatehouse-fw-XXXXXX", .subject = subject_new(1)};
    assert_non_null(mkdtemp(scene->folder));
    write_file(scene, "abc");
    scene->step = (struct plan_step){.number = 1, .kind = "firmware", .from = "V5.4.0"};
    scene->step.detail = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "folder", scene->folder,
        "file", "fw.bin", "sha256", HEX_ABC, "version", "V5.4.5", "minutes", 3, "now", 1);
    assert_non_null(scene->step.detail);
    scene->job = (struct job){.step = &scene->step, .subject = scene->subject};
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, "hikvision")) {
            scene->job.driver = device_drivers[i];
        }
    }
    arena_init(&scene->job.arena, ARENA_DEVICE_LIMIT);
}

static void
end(struct scene *scene)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/fw.bin", scene->folder);
    (void)unlink(path);
    assert_int_equal(rmdir(scene->folder), 0);
    played_job_release(&scene->job);
    subject_free(scene->subject);
    clock_replace(NULL);
}

static void
test_installs_reads_the_version_and_tells_what_came_back_on(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    device.turns_cloud_on = true;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_int_equal(device.sent, 1);
    assert_int_equal(device.restarted, 1);
    const json_t *remarks = json_object_get(scene.job.after, "remarks");
    assert_int_equal(json_array_size(remarks), 1);
    assert_string_equal(json_string_value(json_array_get(remarks, 0)),
        "the update changed cloud.enabled: no → yes");
    assert_string_equal(
        json_string_value(json_object_get(scene.job.after, "device.firmware")), "V5.4.5");
    assert_int_equal(undo(&scene.job), REMEDY_REFUSED);
    assert_non_null(strstr(scene.job.why.text, "can't be taken back"));
    end(&scene);
}

static void
test_a_device_that_says_done_and_stays_is_not_believed(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    device.next = NULL;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_UNPROVEN);
    assert_true(played_desk.now < 1000 + 180000);
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    device.restarts = false;
    device.back = 0;
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_UNPROVEN);
    end(&scene);
}

static void
test_a_device_that_does_not_come_back_is_told_in_its_time(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    device.is_gone = true;
    assert_int_equal(prove(&scene.job), REMEDY_FAILED);
    assert_non_null(strstr(scene.job.why.text, "did not come back within 3 min"));
    assert_int_equal(undo(&scene.job), REMEDY_FAILED);
    assert_non_null(strstr(scene.job.why.text, "did not come back"));
    end(&scene);
}

static void
test_sends_nothing_when_the_file_changed_after_the_plan(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    write_file(&scene, "abd");
    assert_int_equal(apply(&scene.job), REMEDY_CHANGED);
    assert_int_equal(device.sent, 0);
    assert_non_null(strstr(scene.job.why.text, "SHA-256"));
    end(&scene);
}

static void
test_a_refused_file_changes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    device.status = 403;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_REFUSED);
    assert_int_equal(device.restarted, 0);
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    end(&scene);
}

static void
test_does_nothing_outside_of_the_hours_or_at_another_version(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    device.version = "V5.4.1";
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    device.version = "V5.4.0";
    assert_int_equal(json_object_set_new(scene.step.detail, "now", json_false()), 0);
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_non_null(strstr(scene.job.why.text, "--now"));
    end(&scene);
}

static void
test_compares_versions_by_whole_words(void **state)
{
    (void)state;
    assert_true(firmware_is("V5.4.5 build 170124", "V5.4.5"));
    assert_true(firmware_is("v5.4.5", "V5.4.5"));
    assert_false(firmware_is("V5.4.50", "V5.4.5"));
    assert_false(firmware_is("V5.4.5", "V5.4.50"));
    assert_int_equal(delay_of("PT12S"), 12000);
    assert_int_equal(delay_of("PT"), 5000);
    assert_int_equal(delay_of("PT99999999999S"), 5000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_installs_reads_the_version_and_tells_what_came_back_on),
        cmocka_unit_test(test_a_device_that_says_done_and_stays_is_not_believed),
        cmocka_unit_test(test_a_device_that_does_not_come_back_is_told_in_its_time),
        cmocka_unit_test(test_sends_nothing_when_the_file_changed_after_the_plan),
        cmocka_unit_test(test_a_refused_file_changes_nothing),
        cmocka_unit_test(test_does_nothing_outside_of_the_hours_or_at_another_version),
        cmocka_unit_test(test_compares_versions_by_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
