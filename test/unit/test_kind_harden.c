/* Files of a VMS are patched, proven by the audit and put back, in a folder of this test. */
#include "test.h"

#include "remedy/remedy.h"

/* The desk and the plan are this test's own. */
#define desk_settings(desk)        played_settings(desk)
#define desk_tell                  played_tell
#define plan_target(plan, subject) played_target(plan, subject)
#define plan_add                   played_add
#define plan_closes                played_closes
#define plan_leave                 played_leave

const struct desk_settings *played_settings(const struct desk *desk);
void played_tell(const struct job *job, const char *format, ...) PRINTF(2, 3);
size_t played_target(struct plan *plan, const struct subject *subject);
struct plan_step *played_add(struct plan *plan, const char *kind, size_t target);
enum err played_closes(struct plan *plan, struct plan_step *step, const char *rule);
enum err played_leave(struct plan *plan, const char *words);

#include "remedy/harden_plan.c"
#define is_closed hand_is_closed
#define add_step  hand_add_step
#include "remedy/harden_hand.c"
#undef is_closed
#undef add_step
#include "remedy/kind_harden.c"

#include "assess/config.h"
#include "assess/findings.h"
#include "audit/audit.h"
#include "base/file.h"
#include "store/keyring.h"

#include <sys/stat.h>

static struct desk_settings settings;
static struct plan_step steps[32];
static char closed[1024];
static char left[4096];
static char folder[64];
static struct assessment *assessment;
static struct site *site;
static struct plan plan;

const struct desk_settings *
played_settings(const struct desk *desk)
{
    (void)desk;
    return &settings;
}

void
played_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

size_t
played_target(struct plan *made, const struct subject *subject)
{
    (void)made;
    (void)subject;
    return 0;
}

struct plan_step *
played_add(struct plan *made, const char *kind, size_t target)
{
    struct plan_step *step = &steps[made->step_count++];
    *step =
        (struct plan_step){.number = (unsigned)made->step_count, .kind = kind, .target = target};
    made->steps = steps;
    return step;
}

/* Steps that Gatehouse does itself; they stand before those by hand. */
static size_t
own_steps(void)
{
    size_t count = 0;
    while (count < plan.step_count && !steps[count].by_hand) {
        count++;
    }
    return count;
}

enum err
played_closes(struct plan *made, struct plan_step *step, const char *rule)
{
    size_t used = strlen(closed);
    if (step->rules == NULL) {
        step->rules = arena_alloc(&made->arena, 16 * sizeof(char *));
    }
    assert_true(step->rule_count < 16);
    memcpy((void *)&step->rules[step->rule_count++],
        &(const char *){arena_copy(&made->arena, rule)}, sizeof(char *));
    (void)snprintf(closed + used, sizeof(closed) - used, "%s ", rule);
    return OK;
}

enum err
played_leave(struct plan *made, const char *words)
{
    size_t used = strlen(left);
    (void)made;
    (void)snprintf(left + used, sizeof(left) - used, "%s\n", words);
    return OK;
}

static int
set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-harden-XXXXXX");
    assert_non_null(mkdtemp(folder));
    memset(steps, 0, sizeof(steps));
    closed[0] = left[0] = '\0';
    plan = (struct plan){.id = "20261123T105800Z-1a2b3c4d"};
    arena_init(&plan.arena, (size_t)1 << 22);
    return 0;
}

static int
tear_down(void **state)
{
    char command[256];
    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        json_decref(steps[i].detail);
    }
    assessment_free(assessment);
    site_free(site);
    assessment = NULL;
    site = NULL;
    arena_release(&plan.arena);
    (void)snprintf(command, sizeof(command), "%s/", folder);
    static const char *const names[] = {"config.yml", "docker-compose.yml", "conf.json", "vault",
        "vault.lock", "key", "password", "site.yaml", "config.yml.before-20261123T105800Z-1a2b3c4d",
        "docker-compose.yml.before-20261123T105800Z-1a2b3c4d",
        "conf.json.before-20261123T105800Z-1a2b3c4d"};
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(command, sizeof(command), "%s/%s", folder, names[i]);
        (void)unlink(command);
    }
    return rmdir(folder);
}

static const char *
path_of(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *out = path[turn++ % 4];
    (void)snprintf(out, 256, "%s/%s", folder, name);
    return out;
}

static void
put(const char *name, const char *text)
{
    struct note note = {""};
    assert_int_equal(file_write(path_of(name), text, strlen(text), 0600, &note), OK);
}

static void
copy_sample(const char *sample, const char *name)
{
    char path[512];
    struct note note = {""};
    const char *source = getenv("GATEHOUSE_SOURCE");
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 65536);
    (void)snprintf(path, sizeof(path), "%s/test/config/%s", source == NULL ? "." : source, sample);
    assert_int_equal(file_read(path, &text, &note), OK);
    put(name, text.data);
}

static const char *
content(const char *name)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 65536);
    if (file_read(path_of(name), &text, &note) != OK) {
        return NULL;
    }
    return arena_copy(&plan.arena, text.data);
}

/* An assessment of these files alone; the plan made of it. */
static void
make_plan(const char *first, const char *second)
{
    struct note note = {""};
    const struct findings_fixes fixes = {findings_fix};
    struct audit *audit = audit_new();
    assessment = assessment_new();
    assert_int_equal(audit_add(audit, path_of(first), NULL, &note), OK);
    if (second != NULL) {
        assert_int_equal(audit_add(audit, path_of(second), NULL, &note), OK);
    }
    audit_judge(audit);
    assessment->devices = (struct subject **)calloc(4, sizeof(struct subject *));
    for (struct subject *s = audit_take(audit); s != NULL; s = audit_take(audit)) {
        assessment->devices[assessment->device_count++] = s;
    }
    audit_free(audit);
    assessment->whole = subject_new(0);
    assert_int_equal(findings_build(assessment, &fixes, 1), OK);
    const struct plan_from from = {.assessment = assessment, .site = site};
    assert_int_equal(harden_plan_files(&plan, &from), OK);
}

/* A site file in which the VMS at this address has an account. */
static void
know_account(const char *password)
{
    struct note note = {""};
    char text[400];
    put("password", password);
    (void)snprintf(text, sizeof(text),
        "name: one\ndevices:\n  - {address: 192.0.2.9, name: nvr, user: maria, password_file: "
        "%s}\n",
        path_of("password"));
    put("site.yaml", text);
    assert_int_equal(site_load(path_of("site.yaml"), &site, &note), OK);
    if (site_secret_read(site, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static void
open_job(struct job *job, const struct plan_step *step)
{
    *job = (struct job){.plan = &plan, .step = step};
    arena_init(&job->arena, (size_t)1 << 24);
    settings.vault = (struct vault_place){path_of("vault"), path_of("key")};
}

static void
close_job(struct job *job)
{
    json_decref(job->before);
    json_decref(job->after);
    arena_release(&job->arena);
}

static void
is_done(struct job *job, enum remedy_result (*function)(struct job *), enum remedy_result expected)
{
    job->why.text[0] = '\0';
    enum remedy_result result = function(job);
    if (result != expected) {
        fail_msg("%s: %s", remedy_result_words(result), job->why.text);
    }
}

static void
test_a_patched_file_is_proven_and_put_back(void **state)
{
    (void)state;
    struct job job;
    struct stat info;
    copy_sample("shinobi/conf.json", "conf.json");
    const char *before = content("conf.json");
    make_plan("conf.json", NULL);
    assert_int_equal(own_steps(), 1);
    assert_non_null(strstr(steps[0].changes, "+  \"debugHeap\": false,"));
    assert_null(strstr(steps[0].changes, "canary"));
    open_job(&job, &steps[0]);
    is_done(&job, take, REMEDY_DONE);
    assert_string_equal(content("conf.json"), before);
    is_done(&job, apply, REMEDY_DONE);
    assert_null(strstr(content("conf.json"), "change_this_to_something"));
    assert_null(strstr(content("conf.json"), "0000000000"));
    assert_string_equal(content("conf.json.before-20261123T105800Z-1a2b3c4d"), before);
    assert_int_equal(stat(path_of("conf.json.before-20261123T105800Z-1a2b3c4d"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    is_done(&job, prove, REMEDY_DONE);
    is_done(&job, undo, REMEDY_DONE);
    assert_string_equal(content("conf.json"), before);
    assert_null(content("conf.json.before-20261123T105800Z-1a2b3c4d"));
    is_done(&job, undo, REMEDY_DONE);
    close_job(&job);
}

static void
test_new_secrets_are_sealed_and_the_same_after_a_crash(void **state)
{
    (void)state;
    struct job job;
    struct vault *vault = NULL;
    struct note note = {""};
    copy_sample("shinobi/conf.json", "conf.json");
    make_plan("conf.json", NULL);
    open_job(&job, &steps[0]);
    is_done(&job, take, REMEDY_DONE);
    assert_int_equal(vault_open(&settings.vault, false, &vault, &note), OK);
    assert_int_equal(vault_count(vault), 2);
    struct secret *sealed = NULL;
    assert_int_equal(vault_get(vault, vault_name(vault, 0), &sealed, &note), OK);
    vault_close(vault);
    is_done(&job, apply, REMEDY_DONE);
    assert_non_null(strstr(content("conf.json"), secret_text(sealed)));
    secret_free(sealed);
    close_job(&job);
}

static void
test_refuses_a_file_that_changed_since(void **state)
{
    (void)state;
    struct job job;
    copy_sample("shinobi/conf.json", "conf.json");
    make_plan("conf.json", NULL);
    put("conf.json", "{\"port\": 1, \"debugHeap\": true, \"cron\": {\"key\": \"x\"}}");
    open_job(&job, &steps[0]);
    is_done(&job, take, REMEDY_CHANGED);
    assert_non_null(strstr(job.why.text, "changed since"));
    close_job(&job);
}

static void
test_leaves_what_somebody_wrote_after_the_fix(void **state)
{
    (void)state;
    struct job job;
    copy_sample("shinobi/conf.json", "conf.json");
    make_plan("conf.json", NULL);
    open_job(&job, &steps[0]);
    is_done(&job, take, REMEDY_DONE);
    is_done(&job, apply, REMEDY_DONE);
    put("conf.json", "{\"port\": 8081}");
    is_done(&job, prove, REMEDY_UNPROVEN);
    is_done(&job, undo, REMEDY_CHANGED);
    assert_string_equal(content("conf.json"), "{\"port\": 8081}");
    assert_non_null(strstr(job.why.text, "conf.json.before-"));
    close_job(&job);
}

static void
test_no_log_in_is_switched_on_without_an_account(void **state)
{
    (void)state;
    copy_sample("frigate/open.yml", "config.yml");
    make_plan("config.yml", NULL);
    assert_non_null(strstr(left, "locked out"));
    for (size_t i = 0; i < plan.step_count; i++) {
        assert_null(strstr(steps[i].changes, "+  enabled: true"));
    }
    /* A person is told instead. */
    assert_true(own_steps() < plan.step_count);
    assert_true(steps[plan.step_count - 1].by_hand);
    assert_non_null(strstr(closed, "default-credentials/vms-open "));
}

static void
test_blue_iris_gets_a_file_to_import(void **state)
{
    (void)state;
    copy_sample("blueiris/mode2.reg", "config.yml");
    make_plan("config.yml", NULL);
    assert_int_equal(own_steps(), 0);
    bool is_told = false;
    for (size_t i = 0; i < plan.step_count; i++) {
        is_told = is_told || text_contains(steps[i].changes, "\"authenticate\"=dword:00000001");
    }
    assert_true(is_told);
}

static void
test_a_weak_account_counts_as_none(void **state)
{
    (void)state;
    copy_sample("frigate/open.yml", "config.yml");
    know_account("password1\n");
    const struct ip ip = site->devices[0].ip;
    struct subject *subject = subject_new(2);
    (void)subject_add_address(subject, &ip);
    subject->kind = KIND_VMS;
    const struct plan_from from = {.site = site};
    assert_non_null(strstr(harden_account_trouble(&from, subject), "easy to guess"));
    subject_free(subject);
    struct subject *nobody = subject_new(3);
    assert_non_null(strstr(harden_account_trouble(&from, nobody), "locked out"));
    subject_free(nobody);
}

static void
test_an_account_that_only_the_keyring_knows_counts(void **state)
{
    (void)state;
    char key[SUBJECT_KEY];
    struct note note = {""};
    struct vault *ring = NULL;
    struct ip ip;
    struct subject *subject = subject_new(2);
    struct secret *password = secret_new_text("long and its own 71");
    const struct vault_place place = {path_of("vault"), path_of("key")};
    assert_int_equal(ip_parse("192.0.2.9", &ip), OK);
    (void)subject_add_address(subject, &ip);
    const struct keyring_name name = {subject_key(subject, key), "maria"};
    assert_int_equal(keyring_begin(&place, &name, NULL, password, &note), OK);
    assert_int_equal(keyring_commit(&place, &name, &note), OK);
    assert_int_equal(vault_open(&place, false, &ring, &note), OK);
    struct plan_from from = {.keyring = NULL};
    assert_non_null(harden_account_trouble(&from, subject));
    from.keyring = ring;
    assert_null(harden_account_trouble(&from, subject));
    assert_true(harden_account_is_known(&from, subject));
    vault_close(ring);
    secret_free(password);
    subject_free(subject);
}

static void
test_ports_of_a_compose_file_are_bound(void **state)
{
    (void)state;
    struct job job;
    copy_sample("frigate/default.yml", "config.yml");
    copy_sample("compose/open.yml", "docker-compose.yml");
    make_plan("config.yml", "docker-compose.yml");
    assert_int_equal(own_steps(), 2);
    assert_non_null(strstr(closed, "default-credentials/vms-open "));
    assert_non_null(strstr(closed, "default-credentials/rtsp-open "));
    assert_non_null(strstr(closed, "vms-exposure/no-guess-limit "));
    for (size_t i = 0; i < 2; i++) {
        open_job(&job, &steps[i]);
        is_done(&job, take, REMEDY_DONE);
        is_done(&job, apply, REMEDY_DONE);
        is_done(&job, prove, REMEDY_DONE);
        close_job(&job);
    }
    assert_non_null(strstr(content("docker-compose.yml"), "- \"127.0.0.1:5000:5000\"\n"));
    assert_non_null(strstr(content("docker-compose.yml"), "- \"8971:8971\"\n"));
    assert_non_null(strstr(content("docker-compose.yml"), "ports: [\"3306:3306\"]"));
}

static void
test_a_proof_that_does_not_hold_is_said(void **state)
{
    (void)state;
    struct job job;
    copy_sample("shinobi/conf.json", "conf.json");
    make_plan("conf.json", NULL);
    open_job(&job, &steps[0]);
    is_done(&job, take, REMEDY_DONE);
    is_done(&job, apply, REMEDY_DONE);
    const char *after = value_get_text(job.before, "before"); /* as if the write had been lost */
    (void)json_object_set_new(job.before, "after", json_string(after));
    is_done(&job, prove, REMEDY_UNPROVEN);
    close_job(&job);
}

static void
test_a_link_is_never_followed(void **state)
{
    (void)state;
    struct job job;
    copy_sample("shinobi/conf.json", "conf.json");
    make_plan("conf.json", NULL);
    assert_int_equal(rename(path_of("conf.json"), path_of("password")), 0);
    assert_int_equal(symlink(path_of("password"), path_of("conf.json")), 0);
    open_job(&job, &steps[0]);
    is_done(&job, take, REMEDY_CHANGED);
    close_job(&job);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_patched_file_is_proven_and_put_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_new_secrets_are_sealed_and_the_same_after_a_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_a_file_that_changed_since, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_leaves_what_somebody_wrote_after_the_fix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blue_iris_gets_a_file_to_import, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_no_log_in_is_switched_on_without_an_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_weak_account_counts_as_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_an_account_that_only_the_keyring_knows_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ports_of_a_compose_file_are_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_proof_that_does_not_hold_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_link_is_never_followed, set_up, tear_down),
    };
    if (secret_start() != OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
