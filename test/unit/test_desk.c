/* The desk's one loop for many threads, and log-ins of a change at a small camera. */
#include "assess/run_events.h"
#include "base/clock.h"
#include "peer.h"
#include "remedy/session.h"
#include "store/keyring.h"
#include "store_scratch.h"

#define JOBS 8

static const struct ask info = {.path = "/info", .login = true};
static const struct ask open_page = {.path = "/open"};

static const struct device_reading readings[] = {
    {FACT_DEVICE_MODEL,  &info,      "model", AS_TEXT,   NULL},
    {FACT_CLOUD_ENABLED, &info,      "cloud", AS_YES_NO, NULL},
    {FACT_DEVICE_NAME,   &open_page, "name",  AS_TEXT,   NULL},
};

static const struct device_driver driver = {
    .name = "test",
    .title = "Test camera",
    .vendor = "hikvision",
    .kind = KIND_CAMERA,
    .readings = readings,
    .reading_count = COUNT(readings),
    .door = &device_door_http,
    .door_ask = {.path = "/info", .login = true},
    .limit = { 7,           1800,        "test"},
};

struct table {
    struct rig rig; /* its scope and settings only */
    struct peer peer;
    struct scratch scratch;
    struct store *store;
    struct desk_settings settings;
    struct desk *desk;
    struct job job;
};

/* What the ledger was told, and what the camera had got by then. */
static struct {
    char texts[8][64];
    int passwords[8];
    size_t count;
    enum err err;
} told;

static atomic_int passwords; /* sent to the camera */
static atomic_int stale;     /* answers that say that the nonce is old */

static enum err
tell(void *context, struct event *event, struct note *note)
{
    (void)context;
    (void)note;
    const char *phase = json_string_value(json_object_get(event->detail, "phase"));
    assert_true(told.count < COUNT(told.texts));
    (void)snprintf(told.texts[told.count], sizeof(told.texts[0]), "%s %s",
        event_action(event->action)->text, phase);
    told.passwords[told.count++] = atomic_load(&passwords);
    return told.err;
}

static bool
say(int fd, int status, const char *head, const char *body)
{
    char text[1024];
    (void)snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n%s", status,
        head, strlen(body), body);
    return peer_text(fd, text);
}

/* Basic admin:right is taken; everything else is asked for a digest or refused. */
static bool
camera(struct peer *peer, int fd)
{
    static const char basic[] = "WWW-Authenticate: Basic realm=\"cam\"\r\n";
    if (strstr(peer->request, "GET /open") != NULL) {
        return say(fd, 200, "", "name=Gate\n");
    }
    if (strstr(peer->request, "Authorization:") == NULL) {
        return say(fd, 401, basic, "");
    }
    atomic_fetch_add(&passwords, 1);
    bool is_right = strstr(peer->request, "Basic YWRtaW46cmlnaHQ=") != NULL; /* admin:right */
    return is_right ? say(fd, 200, "", "model=T1\ncloud=false\n") : say(fd, 401, basic, "");
}

/* Digest: the answer itself is not looked at, but the nonce grows old as often as `stale` says. */
static bool
digest_camera(struct peer *peer, int fd)
{
    static const char fresh[] = "WWW-Authenticate: Digest realm=\"cam\", nonce=\"a1\"\r\n";
    static const char old[] =
        "WWW-Authenticate: Digest realm=\"cam\", nonce=\"b2\", stale=true\r\n";
    if (strstr(peer->request, "Authorization:") == NULL) {
        return say(fd, 401, fresh, "");
    }
    atomic_fetch_add(&passwords, 1);
    if (atomic_load(&stale) > 0 && strstr(peer->request, "nonce=\"a1\"") != NULL) {
        atomic_fetch_sub(&stale, 1);
        return say(fd, 401, old, "");
    }
    return say(fd, 200, "", "model=T1\ncloud=false\n");
}

static bool
silent_camera(struct peer *peer, int fd)
{
    (void)peer;
    peer_wait_end(fd);
    return false;
}

static void
table_open(struct table *table, peer_fn *behaviour)
{
    struct note note = {""};
    memset(table, 0, sizeof(*table));
    memset(&told, 0, sizeof(told));
    atomic_store(&passwords, 0);
    atomic_store(&stale, 0);
    rig_init(&table->rig);
    table->rig.settings.calls_host = 1; /* the peer has one connection at a time */
    peer_start(&table->peer, "127.0.0.1", behaviour);
    scratch_make(&table->scratch);
    table->store = scratch_open(&table->scratch);
    table->settings = (struct desk_settings){
        .scope = &table->rig.scope,
        .wire = table->rig.settings,
        .store = table->store,
        .vault = {"/nonexistent/secrets.sealed", "/nonexistent/secrets.key"},
        .ledger = {.write = tell                            },
        .video_s = 5,
    };
    assert_int_equal(desk_open(&table->settings, &table->desk, &note), OK);
    table->job = (struct job){.desk = table->desk, .subject = subject_new(1), .driver = &driver};
    assert_non_null(table->job.subject);
    struct ip ip = peer_ip("127.0.0.1");
    (void)subject_add_address(table->job.subject, &ip);
    *subject_port(table->job.subject, table->peer.port) =
        (struct port){table->peer.port, false, "http"};
}

static void
table_close(struct table *table)
{
    desk_close(table->desk);
    subject_free(table->job.subject);
    peer_stop(&table->peer);
    store_close(table->store);
    scratch_remove(&table->scratch);
    arena_release(&table->rig.arena);
}

static enum err
open_with(struct table *table, const char *password, enum session_purpose purpose,
    struct session **ret_session)
{
    struct secret *secret = secret_new_text(password);
    const struct session_key key = {.user = "admin", .password = secret, .purpose = purpose};
    enum err err = session_open(&table->job, &key, ret_session);
    secret_free(secret);
    return err;
}

static void *
ask_often(void *context)
{
    const struct table *table = context;
    struct wire_target target = target_of(&table->peer);
    const struct request request = {.ask = open_page};
    intptr_t right = 0;
    for (int i = 0; i < 10; i++) {
        struct arena arena;
        struct answer answer;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        enum err err = desk_http(table->desk, &target, &request, &arena, &answer);
        right += err == OK && strcmp(answer.body, "name=Gate\n") == 0;
        arena_release(&arena);
    }
    return (void *)right;
}

static void
test_many_threads_get_their_own_answers(void **state)
{
    (void)state;
    struct table table;
    pthread_t jobs[JOBS];
    table_open(&table, camera);
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(pthread_create(&jobs[i], NULL, ask_often, &table), 0);
    }
    for (size_t i = 0; i < JOBS; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(jobs[i], &right), 0);
        assert_int_equal((intptr_t)right, 10);
    }
    table_close(&table);
}

static void *
wait_long(void *context)
{
    const struct table *table = context;
    return (void *)(intptr_t)desk_wait(table->desk, 60000);
}

static void *
ask_silent(void *context)
{
    const struct table *table = context;
    struct wire_target target = target_of(&table->peer);
    const struct request request = {.ask = open_page};
    struct arena arena;
    struct answer answer;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = desk_http(table->desk, &target, &request, &arena, &answer);
    arena_release(&arena);
    return (void *)(intptr_t)err;
}

static void
test_stop_ends_what_waits_and_lets_nothing_begin(void **state)
{
    (void)state;
    struct table table;
    pthread_t jobs[2];
    table_open(&table, silent_camera);
    int64_t begun = clock_mono();
    assert_int_equal(pthread_create(&jobs[0], NULL, wait_long, &table), 0);
    assert_int_equal(pthread_create(&jobs[1], NULL, ask_silent, &table), 0);
    assert_int_equal(desk_wait(table.desk, 100), OK);
    desk_stop(table.desk);
    for (size_t i = 0; i < COUNT(jobs); i++) {
        void *err = NULL;
        assert_int_equal(pthread_join(jobs[i], &err), 0);
        assert_int_equal((intptr_t)err, ERR_CANCELLED);
    }
    assert_in_range(clock_mono() - begun, 90, 8000); /* not the minute that was asked for */
    int requests = atomic_load(&table.peer.accepted);
    struct wire_target target = target_of(&table.peer);
    assert_int_equal(desk_connect(table.desk, &target), ERR_CANCELLED);
    assert_int_equal(desk_wait(table.desk, 1), ERR_CANCELLED);
    assert_int_equal(atomic_load(&table.peer.accepted), requests);
    table_close(&table);
}

static void
test_refuses_an_address_outside_the_scope(void **state)
{
    (void)state;
    struct table table;
    table_open(&table, camera);
    struct wire_target target = {.ip = peer_ip("127.0.0.9"), .port = table.peer.port};
    assert_int_equal(desk_connect(table.desk, &target), ERR_SCOPE);
    table_close(&table);
}

static void
test_right_password_opens_and_reads_the_fact(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    struct facts facts;
    table_open(&table, camera);
    facts_init(&facts, &table.rig.arena);
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), OK);
    assert_int_equal(table.job.logins, 1);
    assert_int_equal(session_read(session, FACT_CLOUD_ENABLED, &facts), OK);
    assert_true(facts_is_no(&facts, FACT_CLOUD_ENABLED));
    assert_int_equal(session_read(session, FACT_DEVICE_NAME, &facts), OK);
    assert_string_equal(facts_text(&facts, FACT_DEVICE_NAME), "Gate");
    assert_int_equal(session_read(session, FACT_UPNP_ENABLED, &facts), ERR_MISSING);
    session_close(session);
    table_close(&table);
}

static void
test_ledger_knows_of_a_password_before_the_device(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    table_open(&table, camera);
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), OK);
    session_close(session);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.texts[0], "assess.login begin");
    assert_int_equal(told.passwords[0], 0);
    assert_string_equal(told.texts[1], "assess.login end");
    assert_int_equal(told.passwords[1], 1);
    table_close(&table);
}

static void
test_nothing_is_sent_when_the_ledger_refuses(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    table_open(&table, camera);
    told.err = ERR_IO;
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), ERR_LIMIT);
    assert_int_equal(atomic_load(&passwords), 0);
    assert_int_equal(table.job.logins, 0);
    assert_non_null(strstr(table.job.why.text, "ledger"));
    table_close(&table);
}

static void
test_nothing_is_sent_without_a_store(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    table_open(&table, camera);
    desk_close(table.desk);
    struct note note = {""};
    table.settings.store = NULL;
    assert_int_equal(desk_open(&table.settings, &table.desk, &note), OK);
    table.job.desk = table.desk;
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), ERR_LIMIT);
    assert_int_equal(atomic_load(&passwords), 0);
    table_close(&table);
}

static void
test_wrong_password_is_sent_once_and_not_again(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    table_open(&table, camera);
    assert_int_equal(open_with(&table, "wrong", SESSION_OWNER, &session), ERR_REFUSED);
    assert_int_equal(atomic_load(&passwords), 1);
    assert_int_equal(open_with(&table, "wrong", SESSION_OWNER, &session), ERR_LIMIT);
    assert_int_equal(atomic_load(&passwords), 1);
    assert_true(table.job.why.text[0] != '\0');
    table_close(&table);
}

static void
test_proofs_with_the_right_password_cost_nothing(void **state)
{
    (void)state;
    struct table table;
    table_open(&table, camera);
    for (int i = 0; i < 5; i++) {
        struct session *session = NULL;
        assert_int_equal(open_with(&table, "right", SESSION_PROOF, &session), OK);
        session_close(session);
        told.count = 0;
    }
    table_close(&table);
}

static void
test_old_nonce_is_renewed_once_without_a_try(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    struct answer answer;
    table_open(&table, digest_camera);
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), OK);
    atomic_store(&stale, 1);
    assert_int_equal(session_ask(session, &info, &table.rig.arena, &answer), OK);
    assert_int_equal(answer.status, 200);
    assert_int_equal(atomic_load(&passwords), 3);
    assert_int_equal(table.job.logins, 1);
    session_close(session);
    table_close(&table);
}

static void
test_silent_device_is_no_wrong_password(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    table_open(&table, silent_camera);
    table.settings.wire.answer_ms = 300;
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), ERR_TIMEOUT);
    assert_int_equal(table.job.logins, 0);
    table_close(&table);
}

static void
test_closed_port_is_no_wrong_password(void **state)
{
    (void)state;
    struct table table;
    struct session *session = NULL;
    table_open(&table, camera);
    peer_stop(&table.peer);
    assert_int_equal(open_with(&table, "right", SESSION_OWNER, &session), ERR_NETWORK);
    peer_start(&table.peer, "127.0.0.1", camera);
    table_close(&table);
}

static void
test_factory_password_that_opened_is_known(void **state)
{
    (void)state;
    struct table table;
    char user[64];
    struct secret *password = NULL;
    const struct source source = {WITNESS_WIRE, 95, NULL};
    table_open(&table, camera);
    assert_int_equal(session_known_key(&table.job, user, sizeof(user), &password), ERR_MISSING);
    facts_set_text(&table.job.subject->facts, FACT_LOGIN_FACTORY, "admin", &source);
    table.job.subject->confidence = 90;
    assert_int_equal(session_known_key(&table.job, user, sizeof(user), &password), OK);
    assert_string_equal(user, "admin");
    assert_string_equal(secret_text(password), "12345");
    secret_free(password);
    table_close(&table);
}

/* A vault of this test's own, with one rotation behind it. */
static void
seal_password(struct table *table, const char *password)
{
    static char file[160];
    static char key_file[160];
    char key[SUBJECT_KEY];
    struct note note = {""};
    (void)snprintf(file, sizeof(file), "%s/secrets.sealed", table->scratch.folder);
    (void)snprintf(key_file, sizeof(key_file), "%s/secrets.key", table->scratch.folder);
    desk_close(table->desk);
    table->settings.vault = (struct vault_place){file, key_file};
    assert_int_equal(desk_open(&table->settings, &table->desk, &note), OK);
    table->job.desk = table->desk;
    const struct keyring_name name = {subject_key(table->job.subject, key), "admin"};
    struct secret *next = secret_new_text(password);
    if (keyring_begin(&table->settings.vault, &name, NULL, next, &note) != OK ||
        keyring_commit(&table->settings.vault, &name, &note) != OK) {
        fail_msg("%s", note.text);
    }
    secret_free(next);
}

static void
unseal(const struct table *table)
{
    char lock[200];
    (void)unlink(table->settings.vault.file);
    (void)unlink(table->settings.vault.key);
    (void)snprintf(lock, sizeof(lock), "%s.lock", table->settings.vault.file);
    (void)unlink(lock);
}

static void
test_password_that_gatehouse_set_wins_over_the_site_file(void **state)
{
    (void)state;
    struct table table;
    char user[64];
    struct secret *password = NULL;
    bool is_stranger = false;
    struct site site = {
        .others = {.user = "viewer", .password = secret_new_text("of-all")}
    };
    struct site_device ring = {.password = NULL};
    struct vault *vault = NULL;
    struct note note = {""};
    table_open(&table, camera);
    table.job.subject->kind = KIND_CAMERA;
    table.settings.site = &site;
    seal_password(&table, "right");
    assert_ptr_equal(site_secret_device(&site, table.job.subject, &is_stranger), &site.others);
    assert_int_equal(session_known_key(&table.job, user, sizeof(user), &password), OK);
    assert_string_equal(user, "admin");
    assert_string_equal(secret_text(password), "right");
    secret_free(password);
    assert_int_equal(vault_open(&table.settings.vault, false, &vault, &note), OK);
    assert_int_equal(site_secret_ring(vault, table.job.subject, &table.rig.arena, &ring), OK);
    assert_string_equal(ring.user, "admin");
    assert_string_equal(secret_text(ring.password), "right");
    assert_string_equal(
        site_secret_words(&ring, &table.rig.arena), "the password that Gatehouse set");
    assert_int_equal(
        site_secret_ring(NULL, table.job.subject, &table.rig.arena, &ring), ERR_MISSING);
    secret_free(ring.password);
    secret_free(site.others.password);
    vault_close(vault);
    unseal(&table);
    table_close(&table);
}

static void
test_event_has_plan_step_and_device(void **state)
{
    (void)state;
    struct table table;
    struct note note = {""};
    table_open(&table, camera);
    assert_int_equal(
        desk_event(&table.job, EVENT_DEVICE_CHANGE, "begin", json_object(), &note), OK);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.texts[0], "device.change begin");
    table_close(&table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_threads_get_their_own_answers),
        cmocka_unit_test(test_stop_ends_what_waits_and_lets_nothing_begin),
        cmocka_unit_test(test_refuses_an_address_outside_the_scope),
        cmocka_unit_test(test_right_password_opens_and_reads_the_fact),
        cmocka_unit_test(test_ledger_knows_of_a_password_before_the_device),
        cmocka_unit_test(test_nothing_is_sent_when_the_ledger_refuses),
        cmocka_unit_test(test_nothing_is_sent_without_a_store),
        cmocka_unit_test(test_wrong_password_is_sent_once_and_not_again),
        cmocka_unit_test(test_proofs_with_the_right_password_cost_nothing),
        cmocka_unit_test(test_old_nonce_is_renewed_once_without_a_try),
        cmocka_unit_test(test_silent_device_is_no_wrong_password),
        cmocka_unit_test(test_closed_port_is_no_wrong_password),
        cmocka_unit_test(test_factory_password_that_opened_is_known),
        cmocka_unit_test(test_password_that_gatehouse_set_wins_over_the_site_file),
        cmocka_unit_test(test_event_has_plan_step_and_device),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
