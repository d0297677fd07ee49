/* Settings of a VMS are changed by its API, which is played here, and put back. */
#include "test.h"

#include "remedy/remedy.h"
#include "remedy/session.h"

/* The desk, the plan and the log-in are this test's own. */
#define desk_settings(desk)         played_settings(desk)
#define plan_target(plan, subject)  played_target(plan, subject)
#define plan_add                    played_add
#define plan_closes                 played_closes
#define session_open_known(job, se) played_open(job, se)
#define session_close(session)      played_close(session)
#define session_ask                 played_ask
#define session_send                played_send

const struct desk_settings *played_settings(const struct desk *desk);
size_t played_target(struct plan *plan, const struct subject *subject);
struct plan_step *played_add(struct plan *plan, const char *kind, size_t target);
enum err played_closes(struct plan *plan, struct plan_step *step, const char *rule);
enum err played_open(struct job *job, struct session **ret_session);
void played_close(struct session *session);
enum err played_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer);
enum err played_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer);

#include "remedy/harden_settings.c"
#include "remedy/harden_zoneminder.c"
#define read_value  nx_read_value
#define write_value nx_write_value
#include "remedy/harden_nxwitness.c"

#include <stdlib.h>
#include <unistd.h>

/* The VMS. */
static struct {
    char relay[80], secret[80];
    bool lies, refuses_api, refuses_log_in;
    bool hashed_sessions; /* a change of either ends the session, as with AUTH_HASH_LOGINS */
    bool session;
    unsigned writes, open;
    bool audit; /* of Nx */
} vms;

static struct desk_settings desk;
static char folder[64], file[96], key[96];

const struct desk_settings *
played_settings(const struct desk *unused)
{
    (void)unused;
    return &desk;
}

size_t
played_target(struct plan *plan, const struct subject *subject)
{
    (void)plan;
    (void)subject;
    return 0;
}

static struct plan_step made;

struct plan_step *
played_add(struct plan *plan, const char *kind, size_t target)
{
    plan->step_count++;
    made = (struct plan_step){.number = 1, .kind = kind, .target = target};
    return &made;
}

enum err
played_closes(struct plan *plan, struct plan_step *step, const char *rule)
{
    (void)plan;
    (void)rule;
    step->rule_count++;
    return OK;
}

enum err
played_open(struct job *job, struct session **ret_session)
{
    static int any;
    (void)job;
    vms.open += vms.refuses_log_in ? 0 : 1;
    vms.session = !vms.refuses_log_in;
    if (vms.refuses_log_in) {
        return ERR_REFUSED;
    }
    *ret_session = (struct session *)(void *)&any;
    return OK;
}

void
played_close(struct session *session)
{
    (void)session;
}

static char *
played_value(const char *path)
{
    return text_contains(path, "ZM_AUTH_RELAY.json") ? vms.relay : vms.secret;
}

enum err
played_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer)
{
    assert_non_null(session);
    assert_true(ask->login);
    bool is_nx = text_equal(ask->path, "/rest/v1/system/settings");
    assert_true(is_nx || text_starts(ask->path, "/zm/api/configs/viewByName/"));
    const char *body =
        is_nx ? arena_format(arena, "{\"auditTrailEnabled\": %s, \"sessionLimitS\": null}",
                    vms.audit ? "true" : "false")
              : arena_format(arena, "{\"config\":{\"Value\":\"%s\"}}", played_value(ask->path));
    *ret_answer = (struct answer){.status = vms.refuses_api || !vms.session ? 401 : 200,
        .headers = "",
        .body = body,
        .body_len = strlen(body)};
    return OK;
}

enum err
played_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    (void)arena;
    assert_non_null(session);
    assert_true(request->ask.login);
    *ret_answer = (struct answer){.status = vms.session ? 200 : 401, .headers = "", .body = ""};
    if (!vms.session) {
        return OK;
    }
    if (text_equal(request->ask.method, "PATCH")) {
        assert_string_equal(request->ask.path, "/rest/v1/system/settings");
        assert_true(text_starts(request->ask.body, "{\"auditTrailEnabled\":"));
        vms.audit = !vms.lies && text_contains(request->ask.body, "true");
        vms.writes++;
        return OK;
    }
    vms.session = !vms.hashed_sessions;
    assert_true(text_starts(request->ask.path, "/zm/api/configs/edit/"));
    assert_true(text_starts(request->ask.body, "Config[Value]="));
    char *out = played_value(request->ask.path);
    const char *at = request->ask.body + strlen("Config[Value]=");
    vms.writes++;
    for (; *at == '%' && !vms.lies; at += 3) {
        const char digits[] = {at[1], at[2], '\0'};
        *out++ = (char)strtoul(digits, NULL, 16);
        *out = '\0';
    }
    return OK;
}

static struct job job;
static struct plan plan;

static int
set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-settings-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/vault", folder);
    (void)snprintf(key, sizeof(key), "%s/key", folder);
    memset(&vms, 0, sizeof(vms));
    (void)snprintf(vms.relay, sizeof(vms.relay), "plain");
    (void)snprintf(vms.secret, sizeof(vms.secret), "...Change me to something unique...");
    desk.vault = (struct vault_place){file, key};
    made = (struct plan_step){.kind = "harden"};
    made.detail = json_pack("{s:[s,s]}", "settings", "ZM_AUTH_RELAY", "ZM_AUTH_HASH_SECRET");
    plan = (struct plan){.step_count = 1};
    job = (struct job){.plan = &plan, .step = &made, .subject = subject_new(1)};
    arena_init(&job.arena, (size_t)1 << 20);
    return 0;
}

static int
tear_down(void **state)
{
    char lock[112];
    (void)state;
    json_decref(made.detail);
    json_decref(job.before);
    subject_free(job.subject);
    arena_release(&job.arena);
    (void)snprintf(lock, sizeof(lock), "%s.lock", file);
    (void)unlink(lock);
    (void)unlink(file);
    (void)unlink(key);
    return rmdir(folder);
}

static void
test_settings_are_set_proven_and_put_back(void **state)
{
    (void)state;
    assert_int_equal(harden_settings_take(&job), REMEDY_DONE);
    assert_int_equal(vms.writes, 0);
    assert_int_equal(harden_settings_apply(&job), REMEDY_DONE);
    assert_string_equal(vms.relay, "hashed");
    assert_int_equal(strlen(vms.secret), 40);
    assert_int_equal(harden_settings_prove(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_undo(&job), REMEDY_DONE);
    assert_string_equal(vms.relay, "plain");
    assert_string_equal(vms.secret, "...Change me to something unique...");
    unsigned writes = vms.writes;
    assert_int_equal(harden_settings_undo(&job), REMEDY_DONE);
    assert_int_equal(vms.writes, writes);
}

static void
test_a_change_that_ends_the_session_is_made_and_put_back_all_the_same(void **state)
{
    (void)state;
    vms.hashed_sessions = true;
    assert_int_equal(harden_settings_take(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_apply(&job), REMEDY_DONE);
    assert_string_equal(vms.relay, "hashed");
    assert_int_equal(strlen(vms.secret), 40);
    assert_int_equal(harden_settings_prove(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_undo(&job), REMEDY_DONE);
    assert_string_equal(vms.relay, "plain");
    assert_string_equal(vms.secret, "...Change me to something unique...");
}

static void
test_nx_settings_are_set_proven_and_put_back(void **state)
{
    (void)state;
    json_decref(made.detail);
    made.detail = json_pack("{s:[s]}", "settings", "auditTrailEnabled");
    assert_int_equal(harden_settings_take(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_apply(&job), REMEDY_DONE);
    assert_true(vms.audit);
    assert_int_equal(harden_settings_prove(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_undo(&job), REMEDY_DONE);
    assert_false(vms.audit);
    assert_int_equal(vms.writes, 2);
}

static void
test_one_that_lies_is_unproven(void **state)
{
    (void)state;
    vms.lies = true;
    assert_int_equal(harden_settings_take(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_apply(&job), REMEDY_DONE);
    assert_int_equal(harden_settings_prove(&job), REMEDY_UNPROVEN);
    assert_int_equal(harden_settings_undo(&job), REMEDY_DONE);
}

static void
test_without_api_or_log_in_nothing_is_sent(void **state)
{
    (void)state;
    vms.refuses_api = true;
    assert_int_equal(harden_settings_take(&job), REMEDY_REFUSED);
    assert_non_null(strstr(job.why.text, "API access"));
    vms.refuses_log_in = true;
    assert_int_equal(harden_settings_take(&job), REMEDY_REFUSED);
    assert_int_equal(vms.writes, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_settings_are_set_proven_and_put_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_change_that_ends_the_session_is_made_and_put_back_all_the_same, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_nx_settings_are_set_proven_and_put_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_lies_is_unproven, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_without_api_or_log_in_nothing_is_sent, set_up, tear_down),
    };
    if (secret_start() != OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
