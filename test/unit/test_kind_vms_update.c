/* A VMS is updated by the owner's command: one that works, and several that do not. */
#include "played_desk.h"
#include "test.h"

#include "base/text.h"
#include "remedy/firmware.h"

#include <stdlib.h>
#include <unistd.h>

/* The session, and what is asked without one, are this test's own too. */
#define desk_http                      played_http
#define session_open_known(job, out)   played_open(job, out)
#define session_close(session)         ((void)(session))
#define session_read(session, id, out) played_read(session, id, out)

enum err played_http(struct desk *desk, const struct wire_target *target,
    const struct request *request, struct arena *arena, struct answer *ret_answer);
enum err played_open(struct job *job, struct session **ret_session);
enum err played_read(struct session *session, enum fact_id fact, struct facts *facts);

#include "remedy/kind_vms_update.c"

#define OLD "1.36.33"
#define NEW "1.36.35"

/* The VMS: the version that it tells, once this file is there the new one. */
static struct {
    char mark[80];
    bool is_down; /* for good, once it was updated */
} vms;

enum err
played_http(struct desk *desk, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    (void)desk;
    (void)target;
    (void)request;
    (void)arena;
    (void)ret_answer;
    return ERR_NETWORK;
}

static bool
is_updated(void)
{
    return access(vms.mark, F_OK) == 0;
}

enum err
played_open(struct job *job, struct session **ret_session)
{
    (void)job;
    if (vms.is_down && is_updated()) {
        return ERR_TIMEOUT;
    }
    *ret_session = (struct session *)&vms;
    return OK;
}

enum err
played_read(struct session *session, enum fact_id fact, struct facts *facts)
{
    const struct source source = {.witness = WITNESS_WIRE, .confidence = 90};
    (void)session;
    facts_forget(facts, fact);
    facts_set_text(facts, fact, is_updated() ? NEW : OLD, &source);
    return OK;
}

struct scene {
    char folder[64];
    struct site *site;
    struct subject *subject;
    struct plan_step step;
    struct job job;
};

/* The owner's vms_update as the site file has it; "MARK" in it is the file that updates the VMS. */
static void
configure(struct scene *scene, const char *update)
{
    char text[600];
    struct note note = {""};
    const char *mark = strstr(update, "MARK");
    site_free(scene->site);
    scene->site = NULL;
    (void)snprintf(text, sizeof(text), "name: shop\n%.*s%s%s",
        (int)(mark == NULL ? strlen(update) : (size_t)(mark - update)), update,
        mark == NULL ? "" : vms.mark, mark == NULL ? "" : mark + strlen("MARK"));
    if (site_parse(text, strlen(text), "shop.yaml", &scene->site, &note) != OK) {
        fail_msg("%s", note.text);
    }
    played_desk.settings.site = scene->site;
}

static void
begin_scene(struct scene *scene, const char *update)
{
    static const struct source source = {.witness = WITNESS_WIRE, .confidence = 90};
    struct ip ip = ip_from_v4(0x0a000309);
    memset(&vms, 0, sizeof(vms));
    *scene = (struct scene){.folder = "/tmp/gatehouse-vms-XXXXXX", .subject = subject_new(1)};
    assert_non_null(mkdtemp(scene->folder));
    (void)snprintf(vms.mark, sizeof(vms.mark), "%s/new", scene->folder);
    scene->subject->kind = KIND_VMS;
    scene->subject->name = "Recorder";
    scene->subject->driver = "zoneminder";
    assert_true(subject_add_address(scene->subject, &ip));
    facts_set_text(&scene->subject->facts, FACT_VMS_PRODUCT, "ZoneMinder", &source);
    facts_set_text(&scene->subject->facts, FACT_VMS_VERSION, OLD, &source);
    configure(scene, update);
    scene->step = (struct plan_step){.number = 1, .kind = "vms_update", .from = OLD};
    scene->step.detail =
        json_pack("{s:o, s:b}", "argv", argv_json(&scene->site->vms_update), "now", 1);
    scene->job = (struct job){.step = &scene->step, .subject = scene->subject};
    scene->job.driver = device_drivers[0];
    arena_init(&scene->job.arena, ARENA_DEVICE_LIMIT);
}

static void
end_scene(struct scene *scene)
{
    clock_replace(NULL);
    (void)unlink(vms.mark);
    assert_int_equal(rmdir(scene->folder), 0);
    played_job_release(&scene->job);
    subject_free(scene->subject);
    site_free(scene->site);
}

/* From here on the clock goes only as the step waits. */
static enum remedy_result
prove_soon(struct scene *scene)
{
    played_clock_begin(1000);
    return prove(&scene->job);
}

#define WORKS "vms_update:\n  argv: [/usr/bin/touch, MARK]\n  timeout: 20\n"

static void
test_runs_the_owner_s_command_and_reads_the_version_again(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene, WORKS);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove_soon(&scene), REMEDY_DONE);
    assert_string_equal(value_get_text(scene.job.after, fact_name(FACT_VMS_VERSION)), NEW);
    assert_int_equal(undo(&scene.job), REMEDY_REFUSED);
    assert_non_null(strstr(scene.job.why.text, "not taken back by Gatehouse"));
    end_scene(&scene);
}

static void
test_a_command_that_says_done_and_changed_nothing_is_not_believed(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene, "vms_update:\n  argv: [/bin/true]\n");
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove_soon(&scene), REMEDY_UNPROVEN);
    assert_non_null(strstr(scene.job.why.text, "the version is still " OLD));
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    end_scene(&scene);
}

static void
test_a_command_that_fails_is_told_in_its_last_words(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene,
        "vms_update:\n  argv: [/bin/sh, -c, 'echo Reading lists; echo \"E: no such package\" >&2; "
        "exit 100']\n");
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_FAILED);
    assert_non_null(strstr(scene.job.why.text, "failed (status 100): E: no such package"));
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    end_scene(&scene);
}

static void
test_a_command_that_hangs_is_ended_with_all_that_it_began(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene,
        "vms_update:\n  argv: [/bin/sh, -c, 'echo pulling; sleep 3 && touch MARK & wait']\n");
    scene.site->vms_update.timeout_s = 1;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_FAILED);
    assert_non_null(strstr(scene.job.why.text, "did not end within 1 s and was ended; pulling"));
    (void)sleep(3);
    assert_false(is_updated()); /* what it had begun is gone too */
    end_scene(&scene);
}

static void
test_a_vms_that_does_not_come_back_is_told(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene, WORKS);
    vms.is_down = true;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove_soon(&scene), REMEDY_FAILED);
    assert_non_null(strstr(scene.job.why.text, "did not come back in 5 minutes"));
    assert_int_equal(undo(&scene.job), REMEDY_FAILED);
    end_scene(&scene);
}

static void
test_a_program_that_is_not_there_changes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene, "vms_update:\n  argv: [/nowhere/docker, compose, pull]\n");
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_REFUSED);
    assert_non_null(strstr(scene.job.why.text, "/nowhere/docker can't be run: No such file"));
    end_scene(&scene);
}

static void
test_runs_only_what_the_plan_showed(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene, WORKS);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    configure(&scene, "vms_update:\n  argv: [/usr/bin/touch, MARK, /tmp]\n");
    assert_int_equal(apply(&scene.job), REMEDY_CHANGED);
    assert_false(is_updated());
    configure(&scene, "fail_on: high\n");
    assert_int_equal(apply(&scene.job), REMEDY_CHANGED);
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_non_null(strstr(scene.job.why.text, "no vms_update"));
    end_scene(&scene);
}

static void
test_leaves_a_vms_that_has_another_version_by_now_or_no_hours(void **state)
{
    (void)state;
    struct scene scene;
    begin_scene(&scene, WORKS);
    scene.step.from = "1.34.0";
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_non_null(strstr(scene.job.why.text, "its version is " OLD " by now"));
    scene.step.from = OLD;
    assert_int_equal(json_object_set_new(scene.step.detail, "now", json_false()), 0);
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_non_null(strstr(scene.job.why.text, "maintenance"));
    end_scene(&scene);
}

static const struct control updates = {.id = CONTROL};

/* What is planned for a VMS of that product that is behind; update NULL: nothing is configured. */
static void
plan_for(const char *product, const char *update, struct plan *plan)
{
    static const struct source source = {.witness = WITNESS_WIRE, .confidence = 90};
    struct scene scene;
    begin_scene(&scene, update == NULL ? WORKS : update);
    facts_set_text(&scene.subject->facts, FACT_VMS_PRODUCT, product, &source);
    struct finding_place place = {.subject = scene.subject};
    struct finding finding = {.id = CONTROL "/outdated",
        .rule = "outdated",
        .verdict = FAIL,
        .control = &updates,
        .places = &place,
        .place_count = 1};
    struct assessment *assessment = assessment_new();
    assert_non_null(assessment);
    assessment->findings = &finding;
    assessment->finding_count = 1;
    assessment->devices = &scene.subject;
    assessment->device_count = 1;
    const struct plan_from from = {
        .assessment = assessment, .site = update == NULL ? NULL : scene.site};
    assert_int_equal(propose(plan, &from), OK);
    assessment->findings = NULL;
    assessment->finding_count = 0;
    assessment->devices = NULL;
    assessment->device_count = 0;
    assessment_free(assessment);
    end_scene(&scene);
}

static void
test_shows_the_command_of_each_way_of_installing_and_runs_none(void **state)
{
    (void)state;
    static const struct {
        const char *product, *command;
    } rows[] = {
        {"ZoneMinder",          "apt install --only-upgrade zoneminder"       },
        {"Frigate",             "docker compose pull && docker compose up -d" },
        {"go2rtc",              "docker compose pull && docker compose up -d" },
        {"Shinobi",             "UPDATE.sh"                                   },
        {"Nx Witness",          "its installer (Windows)"                     },
        {"Milestone XProtect",  "installer of the new XProtect version"       },
        {"Blue Iris",           "run its installer over the old one (Windows)"},
        {"Somebody's recorder", "as its own documents say"                    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct plan *plan = plan_new();
        assert_non_null(plan);
        plan_for(rows[i].product, NULL, plan);
        assert_int_equal(plan->step_count, 1);
        assert_true(plan->steps[0].by_hand);
        assert_non_null(strstr(plan->steps[0].words, rows[i].command));
        assert_string_equal(plan->steps[0].rules[0], CONTROL "/outdated");
        plan_free(plan);
    }
}

static void
test_plans_the_configured_command_of_each_way_word_by_word(void **state)
{
    (void)state;
    static const struct {
        const char *update, *argv;
    } rows[] = {
        {"vms_update:\n  argv: [/usr/bin/apt-get, install, --only-upgrade, -y, zoneminder]\n",
         "[\"/usr/bin/apt-get\", \"install\", \"--only-upgrade\", \"-y\", \"zoneminder\"]"},
        {"vms_update:\n  argv: [/usr/bin/docker, compose, -f, /srv/vms/compose.yaml, up, -d, "
         "--pull, always]\n",                                                            "[\"/usr/bin/docker\", \"compose\", \"-f\", \"/srv/vms/compose.yaml\", \"up\", \"-d\", "
            "\"--pull\", \"always\"]"               },
        {"vms_update:\n  argv: [/usr/bin/ssh, vms@10.0.3.9, 'C:\\Setup\\xprotect.exe /quiet']\n",
         "[\"/usr/bin/ssh\", \"vms@10.0.3.9\", \"C:\\\\Setup\\\\xprotect.exe /quiet\"]"   },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct plan *plan = plan_new();
        assert_non_null(plan);
        plan_for("ZoneMinder", rows[i].update, plan);
        assert_int_equal(plan->step_count, 1);
        const struct plan_step *step = &plan->steps[0];
        assert_false(step->by_hand || step->is_reversible);
        assert_string_equal(step->from, OLD);
        char *argv = json_dumps(json_object_get(step->detail, "argv"), 0);
        assert_string_equal(argv, rows[i].argv);
        free(argv);
        plan_free(plan);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_the_owner_s_command_and_reads_the_version_again),
        cmocka_unit_test(test_a_command_that_says_done_and_changed_nothing_is_not_believed),
        cmocka_unit_test(test_a_command_that_fails_is_told_in_its_last_words),
        cmocka_unit_test(test_a_command_that_hangs_is_ended_with_all_that_it_began),
        cmocka_unit_test(test_a_vms_that_does_not_come_back_is_told),
        cmocka_unit_test(test_a_program_that_is_not_there_changes_nothing),
        cmocka_unit_test(test_runs_only_what_the_plan_showed),
        cmocka_unit_test(test_leaves_a_vms_that_has_another_version_by_now_or_no_hours),
        cmocka_unit_test(test_shows_the_command_of_each_way_of_installing_and_runs_none),
        cmocka_unit_test(test_plans_the_configured_command_of_each_way_word_by_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
