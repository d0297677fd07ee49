/*
 * The rotation against a played device: log-ins and requests are answered here instead of by the
 * desk, and the keyring is a real one. The device lives in shared memory, so that it outlives a
 * process that is killed.
 */
#include "remedy/consumer.h"
#include "remedy/desk_post.h"
#include "remedy/rotate_parts.h"

#include "base/text.h"
#include "device/account.h"

#include "test.h"

#include "answer.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FACTORY "12345"

enum mood {
    HONEST,
    LIES,           /* says that it is done, and nothing is */
    REFUSES,        /* says no */
    TOO_LONG,       /* takes at most 12 characters, and says so */
    BREAKS_BEFORE,  /* no answer, nothing changed */
    BREAKS_AFTER,   /* no answer, but changed */
    KEEPS_OLD,      /* the old one opens it too */
    ONVIF_REFUSES,  /* the first list changes, the second does not */
    NEVER_BACK,     /* does not take its factory password again */
    CONSUMER_FAILS, /* who uses it can't be told */
};

struct played {
    char web[64], onvif[64];
    enum mood mood;
    size_t looks_at;         /* characters; 0: all */
    size_t keeps;            /* characters, and looks at all; 0: all */
    bool has_onvif, shares;  /* one list by two doors */
    unsigned wrong;          /* log-ins */
    unsigned spare;          /* wrong ones that the budget grants */
    bool owner_is_wrong;     /* no other one of the owner's is granted then */
    bool has_no_room;        /* not even for a proof, says the budget beforehand */
    unsigned silent;         /* log-ins that get no answer: it restarts */
    unsigned calls, dies_at; /* 0: never */
};

static struct played *played;
static struct desk_settings settings;
static char folder[64], file[96], key_file[96];
extern const struct remedy_kind remedy_rotate;
extern const struct remedy_kind remedy_recover;

struct session {
    bool is_onvif;
};

/* The points at which the process may end: before and after each thing that is sent. */
static void
point(void)
{
    if (++played->calls == played->dies_at) {
        _exit(0);
    }
}

static bool
is_password(const char *has, const char *given)
{
    return played->looks_at == 0 ? strcmp(has, given) == 0
                                 : strncmp(has, given, played->looks_at) == 0;
}

enum err
session_open(struct job *job, const struct session_key *key, struct session **ret_session)
{
    bool is_onvif = key->account != NULL && key->account->door == &device_door_onvif;
    const char *given = secret_text(key->password);
    point();
    assert_true(text_equal(key->user, "root"));
    if (played->silent != 0) {
        played->silent--;
        return ERR_TIMEOUT;
    }
    job->logins++;
    bool opens = is_onvif ? played->has_onvif && is_password(played->onvif, given)
                          : is_password(played->web, given) ||
                                (played->mood == KEEPS_OLD && strcmp(given, FACTORY) == 0);
    bool is_owner = key->purpose == SESSION_OWNER;
    if ((!opens && played->wrong == played->spare) || (is_owner && played->owner_is_wrong)) {
        note_set(&job->why, "the budget has none left");
        return ERR_LIMIT;
    }
    if (!opens) {
        played->wrong++;
        played->owner_is_wrong = played->owner_is_wrong || is_owner;
        note_set(&job->why, "the device refused the password of root");
        return ERR_REFUSED;
    }
    *ret_session = calloc(1, sizeof(**ret_session));
    assert_non_null(*ret_session);
    (*ret_session)->is_onvif = is_onvif;
    return OK;
}

enum err
session_may_prove(struct job *job, unsigned wrong)
{
    if (!played->has_no_room && played->wrong + wrong <= played->spare) {
        return OK;
    }
    note_set(&job->why, "the budget has none left");
    return ERR_LIMIT;
}

void
session_close(struct session *session)
{
    free(session);
}

/* What stands between two marks. */
static const char *
part(const char *text, const char *begin, const char *end, char out[64])
{
    const char *at = strstr(text, begin);
    assert_non_null(at);
    at += strlen(begin);
    size_t len = end == NULL ? strlen(at) : (size_t)(strstr(at, end) - at);
    assert_true(len < 64);
    memcpy(out, at, len);
    out[len] = '\0';
    return out;
}

/* The password must be on disk before it is here. */
static void
assert_sealed(const char *password)
{
    struct vault *vault = NULL;
    struct note note = {""};
    bool is_sealed = false;
    assert_int_equal(vault_open(&settings.vault, false, &vault, &note), OK);
    for (size_t i = 0; i < vault_count(vault); i++) {
        struct secret *secret = NULL;
        assert_int_equal(vault_get(vault, vault_name(vault, i), &secret, &note), OK);
        is_sealed = is_sealed || strcmp(secret_text(secret), password) == 0;
        secret_free(secret);
    }
    vault_close(vault);
    assert_true(is_sealed);
}

static struct answer
set(char *list, const char *password, const char *done)
{
    enum mood mood = played->mood;
    assert_sealed(password);
    bool is_no = mood == REFUSES || (mood == NEVER_BACK && strcmp(password, FACTORY) == 0) ||
                 (mood == ONVIF_REFUSES && list == played->onvif);
    if (is_no) {
        return answer_of(
            200, "", list == played->web ? "Error: no" : "<Fault>ter:FixedUser</Fault>");
    }
    if (mood == TOO_LONG && strlen(password) > 12) {
        return answer_of(200, "", "Error: the password is too long");
    }
    if (mood != LIES && mood != BREAKS_BEFORE) {
        size_t kept = played->keeps == 0 ? 64 : played->keeps + 1;
        (void)snprintf(list, kept, "%s", password);
        if (played->shares) {
            (void)snprintf(played->onvif, kept, "%s", password);
        }
    }
    struct answer answer = answer_of(200, "", done);
    answer.err = mood == BREAKS_BEFORE || mood == BREAKS_AFTER ? ERR_TIMEOUT : OK;
    return answer;
}

#define USERS                                                                                      \
    "<Envelope><User><Username>root</Username><UserLevel>Administrator</UserLevel></User>"         \
    "</Envelope>"

enum err
session_send(struct session *session, const struct request *request, struct arena *arena,
    struct answer *ret_answer)
{
    char password[64];
    (void)arena;
    point();
    if (!session->is_onvif) {
        *ret_answer = set(played->web, part(request->ask.body, "&pwd=", NULL, password),
            "Modified account root.");
    } else if (strstr(request->ask.body, "GetUsers") != NULL) {
        *ret_answer = answer_of(200, "", USERS);
    } else {
        *ret_answer =
            set(played->onvif, part(request->ask.body, "<tt:Password>", "</tt:Password>", password),
                "<Envelope><SetUserResponse/></Envelope>");
    }
    point();
    return ret_answer->err;
}

enum err
session_ask(
    struct session *session, const struct ask *ask, struct arena *arena, struct answer *ret_answer)
{
    (void)session;
    (void)ask;
    (void)arena;
    *ret_answer = answer_of(200, "",
        "<Envelope><GetPasswordComplexityConfigurationResponse><MinLen>8</MinLen>"
        "</GetPasswordComplexityConfigurationResponse></Envelope>");
    return OK;
}

enum err
session_known_key(struct job *job, char *user, size_t user_size, struct secret **ret_password)
{
    struct vault *vault = NULL;
    struct note note = {""};
    const struct keyring_name name = {"mac:00:11:22:33:44:55", "root"};
    (void)job;
    (void)text_copy(user, user_size, "root");
    assert_int_equal(vault_open(&settings.vault, false, &vault, &note), OK);
    if (keyring_get(vault, &name, ret_password, &note) != OK) {
        *ret_password = secret_new_text(FACTORY);
    }
    vault_close(vault);
    return OK;
}

const struct desk_settings *
desk_settings(const struct desk *desk)
{
    (void)desk;
    return &settings;
}

enum err
desk_wait(struct desk *desk, unsigned ms)
{
    (void)desk;
    (void)ms;
    return OK;
}

bool
desk_is_stopped(const struct desk *desk)
{
    (void)desk;
    return false;
}

void
desk_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

enum err
desk_find(struct job *job, unsigned seconds)
{
    (void)job;
    (void)seconds;
    return ERR_MISSING;
}

enum err
desk_event(
    const struct job *job, unsigned action, const char *phase, json_t *detail, struct note *note)
{
    (void)job;
    (void)action;
    (void)phase;
    (void)note;
    char *text = json_dumps(detail, 0);
    assert_null(strstr(text, FACTORY));
    free(text);
    json_decref(detail);
    return OK;
}

void
desk_store_lock(struct desk *desk)
{
    (void)desk;
}

void
desk_store_unlock(struct desk *desk)
{
    (void)desk;
}

const char *
desk_key(const struct job *job, char out[SUBJECT_KEY])
{
    (void)job;
    (void)text_copy(out, SUBJECT_KEY, "mac:00:11:22:33:44:55");
    return out;
}

static const char *told; /* what consumers had; NULL: the factory's */

enum remedy_result
consumer_hand_over(struct job *job, const struct consumer_change *change)
{
    (void)job;
    assert_string_equal(change->user, "root");
    assert_string_equal(secret_text(change->from), told == NULL ? FACTORY : told);
    return played->mood == CONSUMER_FAILS ? REMEDY_FAILED : REMEDY_DONE;
}

enum remedy_result
consumer_take_back(struct job *job, const struct consumer_change *change)
{
    (void)job;
    (void)change;
    return REMEDY_DONE;
}

enum err
consumer_users(const struct consumer_survey *survey, const struct subject *subject,
    struct arena *arena, struct consumer_users *ret_users)
{
    (void)survey;
    (void)subject;
    (void)arena;
    *ret_users = (struct consumer_users){.words = NULL};
    return OK;
}

static const struct device_account *const own_lists[] = {&account_axis, &account_onvif_own};
static const struct device_account *const one_list[] = {&account_axis, &account_onvif};
static const struct device_driver with_own = {
    .name = "played", .title = "played", .accounts = own_lists, .account_count = 2};
static const struct device_driver with_one = {
    .name = "played", .title = "played", .accounts = one_list, .account_count = 2};

static int
make(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-rotate-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/s", folder);
    (void)snprintf(key_file, sizeof(key_file), "%s/k", folder);
    settings.vault = (struct vault_place){file, key_file};
    played = mmap(NULL, sizeof(*played), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(played != MAP_FAILED);
    *played = (struct played){.web = FACTORY, .onvif = FACTORY, .has_onvif = true, .spare = 3};
    return 0;
}

static int
clean(void **state)
{
    static const char *const names[] = {"s", "s.lock", "k"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(munmap(played, sizeof(*played)), 0);
    return rmdir(folder);
}

static struct plan_step step;

static void
job_begin(struct job *job)
{
    *job = (struct job){.step = &step, .driver = played->shares ? &with_one : &with_own};
    job->subject = subject_new(1);
    assert_non_null(job->subject);
    const struct source source = {.witness = WITNESS_WIRE, .confidence = 90};
    facts_set_text(&job->subject->facts, FACT_ONVIF_SERVICE, "http://10.0.0.7/onvif", &source);
    arena_init(&job->arena, ARENA_DEVICE_LIMIT);
}

static void
job_end(struct job *job)
{
    session_close(job->session);
    json_decref(job->before);
    json_decref(job->after);
    arena_release(&job->arena);
    subject_free(job->subject);
}

/* As the engine does it. */
static enum remedy_result
run(struct job *job, enum remedy_result *ret_undone)
{
    enum remedy_result result = remedy_rotate.take(job);
    *ret_undone = REMEDY_DONE;
    if (result != REMEDY_DONE) {
        return result;
    }
    result = remedy_rotate.apply(job);
    if (result == REMEDY_REFUSED) {
        return result;
    }
    result = result == REMEDY_DONE ? remedy_rotate.prove(job) : result;
    result = result == REMEDY_DONE ? remedy_rotate.keep(job) : result;
    if (result != REMEDY_DONE) {
        *ret_undone = remedy_rotate.undo(job);
    }
    return result;
}

/* The keyring's candidates that open the list; and whether the first of them is in force. */
static bool
is_known(const char *list)
{
    struct secret *all[KEYRING_CANDIDATES];
    const struct keyring_name name = {"mac:00:11:22:33:44:55", "root"};
    struct vault *vault = NULL;
    struct note note = {""};
    size_t count = 0;
    bool known = strcmp(list, FACTORY) == 0;
    assert_int_equal(vault_open(&settings.vault, false, &vault, &note), OK);
    assert_int_equal(keyring_candidates(vault, &name, all, &count, &note), OK);
    for (size_t i = 0; i < count; i++) {
        known = known || strcmp(secret_text(all[i]), list) == 0;
        secret_free(all[i]);
    }
    vault_close(vault);
    return known;
}

static bool
is_in_force(const char *password)
{
    const struct keyring_name name = {"mac:00:11:22:33:44:55", "root"};
    struct secret *secret = NULL;
    struct vault *vault = NULL;
    struct note note = {""};
    assert_int_equal(vault_open(&settings.vault, false, &vault, &note), OK);
    bool is = keyring_get(vault, &name, &secret, &note) == OK &&
              strcmp(secret_text(secret), password) == 0;
    secret_free(secret);
    vault_close(vault);
    return is;
}

static void
test_gives_both_lists_the_same_new_password_and_proves_it(void **state)
{
    (void)state;
    enum remedy_result undone = REMEDY_DONE;
    struct job job;
    job_begin(&job);
    assert_int_equal(run(&job, &undone), REMEDY_DONE);
    assert_string_equal(played->web, played->onvif);
    assert_int_equal(strlen(played->web), 20);
    assert_true(is_in_force(played->web));
    assert_int_equal(played->wrong, 3); /* the further list is asked for the new one first */
    assert_true(json_is_true(json_object_get(job.after, "web")));
    assert_true(json_is_true(json_object_get(job.after, "onvif")));
    assert_true(json_is_true(json_object_get(job.after, "old_fails")));
    assert_true(json_is_true(json_object_get(job.after, "looks_at_all")));
    char *text = json_dumps(job.before, 0);
    assert_null(strstr(text, FACTORY));
    assert_null(strstr(text, played->web));
    free(text);
    job_end(&job);
}

static void
test_ends_well_or_as_before_with_every_mood(void **state)
{
    static const struct {
        enum mood mood;
        bool shares;
        enum remedy_result result, undone;
        bool is_new; /* at the end */
    } rows[] = {
        {HONEST,         true,  REMEDY_DONE,     REMEDY_DONE, true },
        {LIES,           false, REMEDY_UNPROVEN, REMEDY_DONE, false},
        {REFUSES,        false, REMEDY_REFUSED,  REMEDY_DONE, false},
        {TOO_LONG,       false, REMEDY_DONE,     REMEDY_DONE, true },
        {BREAKS_BEFORE,  false, REMEDY_REFUSED,  REMEDY_DONE, false},
        {BREAKS_AFTER,   false, REMEDY_DONE,     REMEDY_DONE, true },
        {KEEPS_OLD,      false, REMEDY_UNPROVEN, REMEDY_DONE, false},
        {ONVIF_REFUSES,  false, REMEDY_FAILED,   REMEDY_DONE, false},
        {CONSUMER_FAILS, false, REMEDY_FAILED,   REMEDY_DONE, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum remedy_result undone = REMEDY_DONE;
        struct job job;
        if (i != 0) {
            assert_int_equal(make(state), 0);
        }
        played->mood = rows[i].mood;
        played->shares = rows[i].shares;
        played->spare = 6;
        job_begin(&job);
        enum remedy_result result = run(&job, &undone);
        bool is_new = strcmp(played->web, FACTORY) != 0;
        if (result != rows[i].result || undone != rows[i].undone || is_new != rows[i].is_new ||
            strcmp(played->web, played->onvif) != 0) {
            fail_msg("row %zu: result %d, undone %d, web %s, ONVIF %s: %s", i, (int)result,
                (int)undone, played->web, played->onvif, job.why.text);
        }
        assert_true(is_known(played->web));
        assert_int_equal(is_in_force(played->web), is_new);
        job_end(&job);
        if (i + 1 != COUNT(rows)) {
            assert_int_equal(clean(state), 0);
        }
    }
}

static void
test_finds_a_device_that_looks_at_eight_characters(void **state)
{
    (void)state;
    enum remedy_result undone = REMEDY_DONE;
    char cut[16];
    struct job job;
    played->looks_at = 8;
    job_begin(&job);
    assert_int_equal(run(&job, &undone), REMEDY_DONE);
    assert_int_equal(json_integer_value(json_object_get(job.after, "looks_at")), 8);
    assert_true(is_in_force(played->web));
    (void)text_copy(cut, 9, played->web);
    assert_true(is_known(cut));
    job_end(&job);
}

/* With room it is found by a try, without by the first eight before the whole. */
static void
test_device_that_keeps_eight_characters_ends_with_eight_whatever_the_budget(void **state)
{
    for (unsigned spare = 1; spare <= 3; spare++) {
        enum remedy_result undone = REMEDY_DONE;
        struct job job;
        if (spare != 1) {
            assert_int_equal(make(state), 0);
        }
        played->keeps = 8;
        played->shares = true;
        played->spare = spare;
        job_begin(&job);
        enum remedy_result result = run(&job, &undone);
        if (result != REMEDY_DONE) {
            fail_msg("%u wrong ones to spare: %s", spare, job.why.text);
        }
        assert_int_equal(strlen(played->web), 8);
        assert_true(is_in_force(played->web));
        assert_true(played->wrong <= spare);
        assert_int_equal(json_integer_value(json_object_get(job.after, "keeps")), 8);
        job_end(&job);
        assert_int_equal(clean(state), 0);
    }
    assert_int_equal(make(state), 0);
}

static void
test_short_of_budget_an_honest_device_gets_a_long_one_all_the_same(void **state)
{
    (void)state;
    enum remedy_result undone = REMEDY_DONE;
    struct job job;
    played->shares = true;
    played->spare = 1;
    job_begin(&job);
    assert_int_equal(run(&job, &undone), REMEDY_DONE);
    assert_int_equal(strlen(played->web), 20);
    assert_true(is_in_force(played->web));
    job_end(&job);
}

static void
test_short_of_budget_a_liar_is_found_with_the_one_try(void **state)
{
    (void)state;
    enum remedy_result undone = REMEDY_DONE;
    struct job job;
    played->mood = LIES;
    played->shares = true;
    played->spare = 1;
    job_begin(&job);
    assert_int_equal(run(&job, &undone), REMEDY_UNPROVEN);
    assert_int_equal(undone, REMEDY_DONE);
    assert_string_equal(played->web, FACTORY);
    assert_true(played->wrong <= 1);
    job_end(&job);
}

static void
test_device_that_kept_eight_gets_eight_the_next_time(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        enum remedy_result undone = REMEDY_DONE;
        char before[64];
        struct job job;
        played->keeps = 8;
        played->shares = true;
        played->wrong = 0;
        (void)text_copy(before, sizeof(before), played->web);
        told = before;
        job_begin(&job);
        assert_int_equal(run(&job, &undone), REMEDY_DONE);
        assert_string_not_equal(played->web, before);
        assert_int_equal(strlen(played->web), 8);
        told = NULL;
        job_end(&job);
    }
    assert_int_equal(played->wrong, 1); /* the old one alone */
}

static void
test_says_what_it_could_not_prove_within_the_budget(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    assert_int_equal(remedy_rotate.take(&job), REMEDY_DONE);
    played->spare = 0;
    played->shares = true;
    assert_int_equal(remedy_rotate.apply(&job), REMEDY_DONE);
    assert_int_equal(remedy_rotate.prove(&job), REMEDY_DONE);
    assert_true(json_is_null(json_object_get(job.after, "old_fails")));
    assert_int_equal(played->wrong, 0);
    job_end(&job);
}

static void
test_changes_nothing_where_a_bad_outcome_could_not_be_found_out(void **state)
{
    (void)state;
    struct job job;
    played->spare = 0;
    job_begin(&job);
    assert_int_equal(remedy_rotate.take(&job), REMEDY_REFUSED);
    assert_non_null(strstr(job.why.text, "no log-in would be left"));
    assert_string_equal(played->web, FACTORY);
    job_end(&job);
}

static void
test_changes_nothing_that_could_not_be_proven_today(void **state)
{
    (void)state;
    struct job job;
    played->has_no_room = true;
    job_begin(&job);
    assert_int_equal(remedy_rotate.take(&job), REMEDY_REFUSED);
    assert_string_equal(job.why.text, "the budget has none left");
    assert_string_equal(played->web, FACTORY);
    job_end(&job);
}

static void
test_waits_for_a_device_that_restarts(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    assert_int_equal(remedy_rotate.take(&job), REMEDY_DONE);
    assert_int_equal(remedy_rotate.apply(&job), REMEDY_DONE);
    played->silent = 5;
    assert_int_equal(remedy_rotate.prove(&job), REMEDY_DONE);
    job_end(&job);
}

static void
test_keeps_the_new_one_where_the_old_is_not_taken_back(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    assert_int_equal(remedy_rotate.take(&job), REMEDY_DONE);
    assert_int_equal(remedy_rotate.apply(&job), REMEDY_DONE);
    played->mood = NEVER_BACK;
    assert_int_equal(remedy_rotate.undo(&job), REMEDY_REFUSED);
    assert_non_null(strstr(job.why.text, "in force"));
    assert_true(is_in_force(played->web));
    job_end(&job);
}

static void
test_leaves_a_list_alone_that_the_password_did_not_open(void **state)
{
    (void)state;
    enum remedy_result undone = REMEDY_DONE;
    struct job job;
    (void)text_copy(played->onvif, sizeof(played->onvif), "another");
    job_begin(&job);
    assert_int_equal(run(&job, &undone), REMEDY_DONE);
    assert_string_equal(played->onvif, "another");
    assert_string_not_equal(played->web, FACTORY);
    job_end(&job);
}

/* Documented to be apart, and yet it changes with the first one. */
static void
test_takes_it_well_when_a_list_follows_that_should_be_apart(void **state)
{
    (void)state;
    enum remedy_result undone = REMEDY_DONE;
    struct job job;
    played->shares = true;
    job_begin(&job);
    job.driver = &with_own;
    assert_int_equal(run(&job, &undone), REMEDY_DONE);
    assert_string_equal(played->web, played->onvif);
    assert_true(is_in_force(played->web));
    job_end(&job);
}

/* Dies at each of its points in turn; then another process takes it back with what the journal has.
 */
static void
kill_everywhere(void **state, bool is_staged)
{
    bool is_over = false;
    for (unsigned at = 1; !is_over; at++) {
        int status = 0;
        struct job job;
        if (at != 1) {
            assert_int_equal(make(state), 0);
        }
        played->spare = is_staged ? 1 : 3;
        played->shares = is_staged;
        job_begin(&job);
        assert_int_equal(remedy_rotate.take(&job), REMEDY_DONE);
        played->spare = 6;
        played->calls = 0;
        played->dies_at = at;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            enum remedy_result result = remedy_rotate.apply(&job);
            result = result == REMEDY_DONE ? remedy_rotate.prove(&job) : result;
            _exit(result == REMEDY_DONE ? 10 : 20);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 20);
        is_over = WEXITSTATUS(status) == 10;
        assert_true(is_known(played->web));
        assert_true(is_known(played->onvif));
        played->dies_at = 0;
        job.is_resumed = true;
        for (int twice = 0; twice < 2; twice++) {
            if (remedy_rotate.undo(&job) != REMEDY_DONE) {
                fail_msg("killed at %u: %s", at, job.why.text);
            }
            assert_string_equal(played->web, FACTORY);
            assert_string_equal(played->onvif, FACTORY);
        }
        assert_true(played->wrong <= 6);
        job_end(&job);
        if (!is_over) {
            assert_int_equal(clean(state), 0);
        }
        assert_true(at < 60);
    }
}

/* The same on the way back of one that is in force already, with a day between. */
static void
test_takes_it_back_wherever_that_was_killed_before(void **state)
{
    bool is_over = false;
    for (unsigned at = 1; !is_over; at++) {
        int status = 0;
        struct job job;
        if (at != 1) {
            assert_int_equal(make(state), 0);
        }
        job_begin(&job);
        assert_int_equal(remedy_rotate.take(&job), REMEDY_DONE);
        assert_int_equal(remedy_rotate.apply(&job), REMEDY_DONE);
        assert_int_equal(remedy_rotate.prove(&job), REMEDY_DONE);
        played->wrong = 0;
        played->calls = 0;
        played->dies_at = at;
        job.is_resumed = true;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            _exit(remedy_rotate.undo(&job) == REMEDY_DONE ? 10 : 20);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        is_over = WEXITSTATUS(status) == 10;
        assert_int_not_equal(WEXITSTATUS(status), 20);
        assert_true(is_known(played->web));
        played->dies_at = 0;
        played->wrong = 0;
        played->owner_is_wrong = false;
        if (remedy_rotate.undo(&job) != REMEDY_DONE) {
            fail_msg("killed at %u: %s", at, job.why.text);
        }
        assert_string_equal(played->web, FACTORY);
        assert_string_equal(played->onvif, FACTORY);
        job_end(&job);
        if (!is_over) {
            assert_int_equal(clean(state), 0);
        }
        assert_true(at < 40);
    }
}

static void
test_knows_the_password_wherever_it_is_killed_and_takes_it_back(void **state)
{
    kill_everywhere(state, false);
}

static void
test_knows_it_too_where_the_beginning_is_set_first(void **state)
{
    kill_everywhere(state, true);
}

static void
seal(const char *text)
{
    const struct keyring_name name = {"mac:00:11:22:33:44:55", "root"};
    struct secret *secret = secret_new_text(text);
    struct note note = {""};
    assert_int_equal(keyring_begin(&settings.vault, &name, NULL, secret, &note), OK);
    assert_int_equal(keyring_commit(&settings.vault, &name, &note), OK);
    secret_free(secret);
}

static void
test_recovers_the_one_that_opens_within_the_budget(void **state)
{
    (void)state;
    struct job job;
    seal("first");
    seal("second");
    seal("third");
    (void)text_copy(played->web, sizeof(played->web), "first");
    for (unsigned spare = 1; spare <= 2; spare++) {
        played->spare = spare;
        played->wrong = 0;
        job_begin(&job);
        assert_int_equal(remedy_recover.take(&job), REMEDY_DONE);
        assert_int_equal(remedy_recover.apply(&job), spare == 2 ? REMEDY_DONE : REMEDY_REFUSED);
        assert_int_equal(is_in_force("first"), spare == 2);
        job_end(&job);
    }
    (void)text_copy(played->web, sizeof(played->web), "strange");
    played->spare = 9;
    job_begin(&job);
    assert_int_equal(remedy_recover.take(&job), REMEDY_DONE);
    assert_int_equal(remedy_recover.apply(&job), REMEDY_REFUSED);
    assert_non_null(strstr(job.why.text, "none of the 3"));
    assert_true(is_in_force("first"));
    job_end(&job);
}

/* What an earlier rotation left: neither opened, and the budget had none left. */
static void
test_recovers_the_beginning_that_a_device_kept(void **state)
{
    (void)state;
    const struct keyring_name name = {"mac:00:11:22:33:44:55", "root"};
    struct secret *old = secret_new_text(FACTORY);
    struct secret *whole = secret_new_text("Harbour-Lantern-77"),
                  *cut = secret_new_text("Harbour-");
    struct note note = {""};
    struct job job;
    assert_int_equal(keyring_begin(&settings.vault, &name, old, whole, &note), OK);
    assert_int_equal(keyring_begin(&settings.vault, &name, NULL, cut, &note), OK);
    (void)text_copy(played->web, sizeof(played->web), "Harbour-");
    (void)text_copy(played->onvif, sizeof(played->onvif), "Harbour-");
    played->keeps = 8;
    played->shares = true;
    played->spare = 0; /* right at once */
    job_begin(&job);
    assert_int_equal(remedy_recover.take(&job), REMEDY_DONE);
    assert_int_equal(remedy_recover.apply(&job), REMEDY_DONE);
    assert_true(is_in_force("Harbour-"));
    assert_int_equal(json_integer_value(json_object_get(job.after, "keeps")), 8);
    job_end(&job);
    played->spare = 3;
    job_begin(&job);
    assert_int_equal(remedy_rotate.take(&job), REMEDY_DONE);
    assert_int_equal(remedy_rotate.apply(&job), REMEDY_DONE);
    assert_int_equal(remedy_rotate.prove(&job), REMEDY_DONE);
    assert_int_equal(strlen(played->web), 8);
    assert_true(is_in_force(played->web) && strcmp(played->web, "Harbour-") != 0);
    job_end(&job);
    secret_free(old);
    secret_free(whole);
    secret_free(cut);
}

static void
test_recovers_nothing_of_a_device_that_it_never_set(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    assert_int_equal(remedy_recover.take(&job), REMEDY_REFUSED);
    assert_string_not_equal(job.why.text, "");
    job_end(&job);
}

int
main(void)
{
#define PLAYED(test) cmocka_unit_test_setup_teardown(test, make, clean)
    const struct CMUnitTest tests[] = {
        PLAYED(test_gives_both_lists_the_same_new_password_and_proves_it),
        PLAYED(test_ends_well_or_as_before_with_every_mood),
        PLAYED(test_finds_a_device_that_looks_at_eight_characters),
        PLAYED(test_device_that_keeps_eight_characters_ends_with_eight_whatever_the_budget),
        PLAYED(test_short_of_budget_an_honest_device_gets_a_long_one_all_the_same),
        PLAYED(test_short_of_budget_a_liar_is_found_with_the_one_try),
        PLAYED(test_device_that_kept_eight_gets_eight_the_next_time),
        PLAYED(test_changes_nothing_where_a_bad_outcome_could_not_be_found_out),
        PLAYED(test_recovers_the_beginning_that_a_device_kept),
        PLAYED(test_says_what_it_could_not_prove_within_the_budget),
        PLAYED(test_changes_nothing_that_could_not_be_proven_today),
        PLAYED(test_waits_for_a_device_that_restarts),
        PLAYED(test_keeps_the_new_one_where_the_old_is_not_taken_back),
        PLAYED(test_leaves_a_list_alone_that_the_password_did_not_open),
        PLAYED(test_takes_it_well_when_a_list_follows_that_should_be_apart),
        PLAYED(test_takes_it_back_wherever_that_was_killed_before),
        PLAYED(test_recovers_the_one_that_opens_within_the_budget),
        PLAYED(test_recovers_nothing_of_a_device_that_it_never_set),
        PLAYED(test_knows_it_too_where_the_beginning_is_set_first),
        PLAYED(test_knows_the_password_wherever_it_is_killed_and_takes_it_back),
    };
    return secret_start() == OK ? cmocka_run_group_tests_name("kind_rotate", tests, NULL, NULL) : 1;
}
