/*
 * The engine with made-up kinds on a desk that is a fake: lying, refusing, hurting, stuck and
 * crashing ones. The devices are a file of letters, so that they outlive a crash of the process.
 */
#include "remedy/apply.h"

#include "base/clock.h"
#include "fake_kinds.h"
#include "remedy/session.h"
#include "store_scratch.h"
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define DEVICES 8
#define STEPS   64
#define MEETING 10000 /* times 2 ms */

/* The world: shared with processes that are killed. */
struct world {
    char value[STEPS];      /* by step number: 'o' as before, 'n' as wanted */
    unsigned begun[STEPS];  /* order of the first apply */
    unsigned undone[STEPS]; /* order of the undo */
    atomic_uint clock;
    atomic_uint at_device[DEVICES], most_at_device, serial, most_serial, running, most_running;
    bool must_meet; /* the first step waits until another one runs beside it */
    unsigned crash_step;
    int crash_phase; /* as enum phase; 0: none */
    atomic_uint events;
};
static struct world *world;

enum phase {
    IN_TAKE = 1,
    IN_APPLY,
    AFTER_APPLY,
    IN_PROVE,
    IN_KEEP,
    IN_UNDO,
    PHASES,
};

struct desk {
    struct desk_settings settings;
    bool is_stopped;
};

const struct desk_settings *
desk_settings(const struct desk *desk)
{
    return &desk->settings;
}

void
desk_stop(struct desk *desk)
{
    desk->is_stopped = true;
}

bool
desk_is_stopped(const struct desk *desk)
{
    return desk->is_stopped;
}

enum err
desk_wait(struct desk *desk, unsigned ms)
{
    (void)ms;
    return desk->is_stopped ? ERR_CANCELLED : OK;
}

enum err
desk_event(
    const struct job *job, unsigned action, const char *phase, json_t *detail, struct note *note)
{
    (void)job;
    (void)action;
    (void)phase;
    (void)note;
    json_decref(detail);
    atomic_fetch_add(&world->events, 1);
    return OK;
}

void
desk_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

static bool has_no_video;
static atomic_uint watches, log_ins;

struct stream_watch {
    const struct job *job;
};

struct session {
    const struct job *job;
};

enum err
stream_watch_begin(struct job *job, struct stream_watch **ret_watch)
{
    if (has_no_video) {
        return ERR_UNSUPPORTED;
    }
    *ret_watch = calloc(1, sizeof(**ret_watch));
    (*ret_watch)->job = job;
    atomic_fetch_add(&watches, 1);
    return OK;
}

enum err
stream_watch_again(struct stream_watch *watch)
{
    assert_non_null(watch->job->step);
    return OK;
}

void
stream_watch_move(struct stream_watch *watch, struct job *job)
{
    if (watch != NULL) {
        watch->job = job;
    }
}

void
session_move(struct session *session, struct job *job)
{
    if (session != NULL) {
        session->job = job;
    }
}

enum err
stream_watch_end(struct stream_watch *watch, unsigned *ret_gap_ms)
{
    *ret_gap_ms = 700;
    return text_equal(watch->job->step->kind, "hurting") ? ERR_TIMEOUT : OK;
}

void
session_close(struct session *session)
{
    free(session);
}

void
stream_watch_free(struct stream_watch *watch)
{
    free(watch);
}

static void
crash(const struct job *job, enum phase phase)
{
    if (world->crash_step == job->step->number && world->crash_phase == (int)phase) {
        _exit(9);
    }
}

static void
note_most(atomic_uint *most, unsigned now)
{
    unsigned seen = atomic_load(most);
    while (now > seen && !atomic_compare_exchange_weak(most, &seen, now)) {
    }
}

static enum remedy_result
take(struct job *job)
{
    crash(job, IN_TAKE);
    if (text_equal(job->step->kind, "changed")) {
        return REMEDY_CHANGED;
    }
    char value[2] = {world->value[job->step->number], '\0'};
    job->before = json_pack("{s:s}", "value", value);
    return REMEDY_DONE;
}

static enum remedy_result
apply(struct job *job)
{
    size_t target = job->step->target;
    unsigned number = job->step->number;
    crash(job, IN_APPLY);
    note_most(&world->most_at_device, atomic_fetch_add(&world->at_device[target], 1) + 1);
    note_most(&world->most_running, atomic_fetch_add(&world->running, 1) + 1);
    if (text_equal(job->step->kind, "serial")) {
        note_most(&world->most_serial, atomic_fetch_add(&world->serial, 1) + 1);
    }
    for (int i = 0; i < MEETING && world->must_meet && number == 1; i++) {
        (void)usleep(2000);
        i = atomic_load(&world->most_running) > 1 ? MEETING : i;
    }
    (void)usleep(2000);
    if (text_equal(job->step->kind, "serial")) {
        atomic_fetch_sub(&world->serial, 1);
    }
    world->begun[number] = atomic_fetch_add(&world->clock, 1) + 1;
    atomic_fetch_sub(&world->running, 1);
    atomic_fetch_sub(&world->at_device[target], 1);
    if (text_equal(job->step->kind, "refusing")) {
        return REMEDY_REFUSED;
    }
    if (!text_equal(job->step->kind, "lying")) {
        world->value[number] = 'n';
    }
    if (text_equal(job->step->kind, "stopping")) {
        apply_stop();
    }
    crash(job, AFTER_APPLY);
    return REMEDY_DONE;
}

static enum remedy_result
prove(struct job *job)
{
    crash(job, IN_PROVE);
    return world->value[job->step->number] == 'n' ? REMEDY_DONE : REMEDY_UNPROVEN;
}

static enum remedy_result
keep(struct job *job)
{
    crash(job, IN_KEEP);
    return REMEDY_DONE;
}

static enum remedy_result
undo(struct job *job)
{
    crash(job, IN_UNDO);
    const char *value = json_string_value(json_object_get(job->before, "value"));
    if (value == NULL || text_equal(job->step->kind, "stuck")) {
        note_set(&job->why, "it does not answer");
        return REMEDY_FAILED;
    }
    world->value[job->step->number] = value[0];
    world->undone[job->step->number] = atomic_fetch_add(&world->clock, 1) + 1;
    return REMEDY_DONE;
}

static enum remedy_result
prove_not(struct job *job)
{
    (void)job;
    return REMEDY_UNPROVEN;
}

static enum remedy_result
take_logged_in(struct job *job)
{
    if (job->session == NULL) {
        job->session = calloc(1, sizeof(*job->session));
        job->session->job = job;
        atomic_fetch_add(&log_ins, 1);
    }
    assert_ptr_equal(job->session->job, job);
    return take(job);
}

#define GOOD .take = take, .apply = apply, .prove = prove, .keep = keep, .undo = undo
static const struct remedy_kind good = {.name = "good", GOOD, .has_video = true};
static const struct remedy_kind sharing = {.name = "sharing",
    .take = take_logged_in,
    .apply = apply,
    .prove = prove,
    .undo = undo,
    .has_video = true,
    .shares_login = true};
static const struct remedy_kind failing = {.name = "failing",
    .take = take_logged_in,
    .apply = apply,
    .prove = prove_not,
    .undo = undo,
    .has_video = true,
    .shares_login = true};
static const struct remedy_kind lying = {.name = "lying", GOOD};
static const struct remedy_kind refusing = {.name = "refusing", GOOD};
static const struct remedy_kind changed = {.name = "changed", GOOD};
static const struct remedy_kind hurting = {.name = "hurting", GOOD, .has_video = true};
static const struct remedy_kind serial = {.name = "serial", GOOD, .is_serial = true};
static const struct remedy_kind stopping = {.name = "stopping", GOOD};
static const struct remedy_kind stuck = {
    .name = "stuck", .take = take, .apply = apply, .prove = prove_not, .undo = undo};
FAKE_KINDS(
    &sharing, &failing, &good, &lying, &refusing, &changed, &hurting, &serial, &stopping, &stuck)

static char folder[64], key[96], file[96];
static const struct vault_place vault = {.file = file, .key = key};

static int
make_world(void **state)
{
    (void)state;
    (void)text_copy(folder, sizeof(folder), "/tmp/gatehouse-fix-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(key, sizeof(key), "%s/.key", folder);
    (void)snprintf(file, sizeof(file), "%s/.sealed", folder);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(world != MAP_FAILED);
    *world = (struct world){.events = 0};
    memset(world->value, 'o', sizeof(world->value));
    has_no_video = false;
    return 0;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static int
free_world(void **state)
{
    (void)state;
    (void)munmap(world, sizeof(*world));
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct plan *
make_plan(const char *const *kinds, size_t count, size_t devices)
{
    static unsigned serial_number;
    struct plan *plan = plan_new();
    struct subject *subjects[DEVICES];
    char address[32];
    for (size_t i = 0; i < devices; i++) {
        struct ip ip;
        subjects[i] = subject_new((unsigned)i + 1);
        (void)snprintf(address, sizeof(address), "10.20.0.%zu", i + 10);
        assert_int_equal(ip_parse(address, &ip), OK);
        (void)subject_add_address(subjects[i], &ip);
    }
    plan->id = arena_format(&plan->arena, "20261122T201500Z-%06x", ++serial_number);
    plan->site = "shop";
    for (size_t i = 0; i < count; i++) {
        struct plan_step *step = plan_add(plan, kinds[i], plan_target(plan, subjects[i % devices]));
        assert_non_null(step);
    }
    for (size_t i = 0; i < devices; i++) {
        subject_free(subjects[i]);
    }
    return plan;
}

static struct desk
make_desk(struct trail *journal)
{
    return (struct desk){
        .settings = {.journal = journal, .devices_at_once = 4}
    };
}

static struct trail *
create(const struct plan *plan)
{
    struct trail *journal = NULL;
    struct note note = {""};
    if (trail_create(folder, plan, &vault, &journal, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return journal;
}

static void
run(struct desk *desk, const struct plan *plan, struct apply_result *result)
{
    struct note note = {""};
    if (apply_plan(desk, plan, result, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static void
test_each_end_is_told_and_the_device_is_as_it_says(void **state)
{
    (void)state;
    static const char *const kinds[] = {
        "good", "lying", "refusing", "changed", "hurting", "unheard-of"};
    static const enum trail_phase ends[] = {
        TRAIL_KEPT, TRAIL_UNDONE, TRAIL_UNDONE, TRAIL_LEFT, TRAIL_UNDONE, TRAIL_LEFT};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 3);
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    run(&desk, plan, &result);
    for (unsigned i = 0; i < COUNT(ends); i++) {
        struct trail_step step = trail_step(journal, i + 1);
        assert_string_equal(trail_phase_name(step.phase), trail_phase_name(ends[i]));
        assert_int_equal(world->value[i + 1], ends[i] == TRAIL_KEPT ? 'n' : 'o');
        assert_int_equal(step.why == NULL, ends[i] == TRAIL_KEPT);
    }
    assert_int_equal(trail_step(journal, 1).gap_ms, 700);
    assert_int_equal(result.kept, 1);
    assert_int_equal(result.undone, 3);
    assert_int_equal(result.left, 2);
    trail_close(journal);
    plan_free(plan);
}

static void
test_gap_of_video_that_can_not_be_watched_is_not_known(void **state)
{
    (void)state;
    static const char *const kinds[] = {"good", "serial"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 1);
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    has_no_video = true;
    run(&desk, plan, &result);
    assert_int_equal(trail_step(journal, 1).gap_ms, TRAIL_GAP_UNKNOWN);
    assert_int_equal(trail_step(journal, 2).gap_ms, 0); /* it touches no video */
    trail_close(journal);
    plan_free(plan);
}

static void
test_stuck_step_leaves_the_rest_of_its_device_alone(void **state)
{
    (void)state;
    static const char *const kinds[] = {"stuck", "good", "good", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 2);
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    run(&desk, plan, &result);
    assert_int_equal(trail_step(journal, 1).phase, TRAIL_STUCK);
    assert_non_null(strstr(trail_step(journal, 1).why, "does not answer"));
    assert_int_equal(trail_step(journal, 2).phase, TRAIL_KEPT);
    assert_int_equal(trail_step(journal, 3).phase, TRAIL_LEFT);
    assert_int_equal(trail_step(journal, 4).phase, TRAIL_KEPT);
    assert_int_equal(world->value[3], 'o');
    assert_int_equal(result.stuck, 1);
    trail_close(journal);
    plan_free(plan);
}

static void
test_steps_of_a_device_run_in_order_and_devices_side_by_side(void **state)
{
    (void)state;
    static const char *const kinds[] = {"good", "good", "serial", "serial", "good", "good",
        "serial", "serial", "good", "good", "good", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 4);
    plan->steps[4].after[0] = 2; /* another device's */
    world->must_meet = true;
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    run(&desk, plan, &result);
    assert_int_equal(result.kept, COUNT(kinds));
    assert_int_equal(world->most_at_device, 1);
    assert_int_equal(world->most_serial, 1);
    assert_true(world->most_running > 1);
    for (unsigned i = 1; i + 4 <= COUNT(kinds); i++) {
        assert_true(world->begun[i] < world->begun[i + 4]);
    }
    assert_true(world->begun[2] < world->begun[5]);
    trail_close(journal);
    plan_free(plan);
}

static void
test_steps_of_a_device_share_its_log_in_and_its_stream(void **state)
{
    (void)state;
    static const char *const kinds[] = {"sharing", "sharing", "sharing", "sharing"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 2);
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    atomic_store(&watches, 0);
    atomic_store(&log_ins, 0);
    run(&desk, plan, &result);
    assert_int_equal(result.kept, COUNT(kinds));
    assert_int_equal(atomic_load(&watches), 2);
    assert_int_equal(atomic_load(&log_ins), 2);
    trail_close(journal);
    plan_free(plan);
}

static void
test_neither_comes_from_a_step_that_was_taken_back_or_keeps_its_log_in(void **state)
{
    (void)state;
    static const char *const kinds[] = {"sharing", "failing", "sharing", "good", "sharing"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 1);
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    atomic_store(&watches, 0);
    atomic_store(&log_ins, 0);
    run(&desk, plan, &result);
    assert_int_equal(result.kept, 4);
    assert_int_equal(atomic_load(&watches), 2); /* a stream may be watched over any step */
    assert_int_equal(atomic_load(&log_ins), 3);
    trail_close(journal);
    plan_free(plan);
}

static void
test_step_is_left_when_the_one_before_it_was_not_kept(void **state)
{
    (void)state;
    static const char *const kinds[] = {"lying", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 2);
    plan->steps[1].after[0] = 1;
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    run(&desk, plan, &result);
    assert_int_equal(trail_step(journal, 2).phase, TRAIL_LEFT);
    assert_int_equal(world->value[2], 'o');
    trail_close(journal);
    plan_free(plan);
}

static void
test_rollback_takes_kept_steps_back_in_reverse_order(void **state)
{
    (void)state;
    static const char *const kinds[] = {"good", "good", "good", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 2);
    plan->steps[3].after[0] = 1;
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    struct note note = {""};
    run(&desk, plan, &result);
    assert_int_equal(result.kept, 4);
    assert_int_equal(apply_rollback(&desk, plan, &result, &note), OK);
    assert_int_equal(result.undone, 4);
    assert_memory_equal(world->value + 1, "oooo", 4);
    assert_true(world->undone[3] < world->undone[1] && world->undone[4] < world->undone[2]);
    assert_true(world->undone[4] < world->undone[1]);
    trail_close(journal);
    plan_free(plan);
}

static void
run_to_crash(struct plan *plan, unsigned step, enum phase phase)
{
    world->crash_step = step;
    world->crash_phase = (int)phase;
    pid_t pid = fork();
    if (pid == 0) {
        struct trail *journal = create(plan);
        struct desk desk = make_desk(journal);
        struct apply_result result;
        struct note note = {""};
        (void)!apply_plan(&desk, plan, &result, &note);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 9);
    world->crash_phase = 0;
}

/* After the way back or on, every step is as the journal says, and none is between. */
static void
assert_settled(const struct trail *journal, const struct plan *plan)
{
    for (unsigned i = 1; i <= plan->step_count; i++) {
        enum trail_phase phase = trail_step(journal, i).phase;
        assert_true(phase == TRAIL_KEPT || phase == TRAIL_UNDONE || phase == TRAIL_LEFT);
        assert_int_equal(world->value[i], phase == TRAIL_KEPT ? 'n' : 'o');
    }
}

static void
crash_and_go_on(enum phase phase, bool goes_on)
{
    static const char *const kinds[] = {"good", "lying", "good", "good", "good", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 2), *again = NULL;
    struct trail *journal = NULL;
    struct apply_result result;
    struct note note = {""};
    memset(world->value, 'o', sizeof(world->value));
    run_to_crash(plan, phase == IN_UNDO ? 2 : 3, phase);
    assert_int_equal(trail_open(folder, plan->id, &vault, &journal, &again, &note), OK);
    struct desk desk = make_desk(journal);
    assert_int_equal(apply_resume(&desk, again, goes_on, &result, &note), OK);
    assert_settled(journal, again);
    assert_false(result.is_stopped);
    enum trail_phase end = trail_step(journal, 3).phase;
    if (phase == IN_KEEP) {
        assert_int_equal(end, TRAIL_KEPT);
    } else if (phase == IN_TAKE) {
        assert_int_equal(end, goes_on ? TRAIL_KEPT : TRAIL_LEFT);
    } else if (phase != IN_UNDO) {
        assert_int_equal(end, TRAIL_UNDONE);
    }
    assert_int_equal(trail_end(journal, "ended"), OK);
    trail_close(journal);
    plan_free(again);
    plan_free(plan);
}

static void
test_crash_in_every_phase_is_settled_by_going_on(void **state)
{
    (void)state;
    for (int phase = IN_TAKE; phase < PHASES; phase++) {
        crash_and_go_on((enum phase)phase, true);
    }
}

static void
test_crash_in_every_phase_is_settled_by_taking_back(void **state)
{
    (void)state;
    for (int phase = IN_TAKE; phase < PHASES; phase++) {
        crash_and_go_on((enum phase)phase, false);
    }
}

static void
test_time_that_is_over_begins_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"good", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 2);
    plan->dead_man_s = 0;
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    run(&desk, plan, &result);
    assert_true(result.is_stopped);
    assert_memory_equal(world->value + 1, "oo", 2);
    trail_close(journal);
    plan_free(plan);
}

/* The last test: a stop stays. */
static void
test_stop_ends_what_was_begun_and_begins_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"stopping", "good", "good"};
    struct plan *plan = make_plan(kinds, COUNT(kinds), 1);
    struct trail *journal = create(plan);
    struct desk desk = make_desk(journal);
    struct apply_result result;
    run(&desk, plan, &result);
    assert_true(result.is_stopped);
    assert_int_equal(trail_step(journal, 1).phase, TRAIL_KEPT);
    assert_int_equal(trail_step(journal, 2).phase, TRAIL_WAITING);
    assert_memory_equal(world->value + 1, "noo", 3);
    trail_close(journal);
    plan_free(plan);
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_each_end_is_told_and_the_device_is_as_it_says),
        WORLD_TEST(test_gap_of_video_that_can_not_be_watched_is_not_known),
        WORLD_TEST(test_stuck_step_leaves_the_rest_of_its_device_alone),
        WORLD_TEST(test_steps_of_a_device_run_in_order_and_devices_side_by_side),
        WORLD_TEST(test_steps_of_a_device_share_its_log_in_and_its_stream),
        WORLD_TEST(test_neither_comes_from_a_step_that_was_taken_back_or_keeps_its_log_in),
        WORLD_TEST(test_step_is_left_when_the_one_before_it_was_not_kept),
        WORLD_TEST(test_rollback_takes_kept_steps_back_in_reverse_order),
        WORLD_TEST(test_crash_in_every_phase_is_settled_by_going_on),
        WORLD_TEST(test_crash_in_every_phase_is_settled_by_taking_back),
        WORLD_TEST(test_time_that_is_over_begins_nothing),
        WORLD_TEST(test_stop_ends_what_was_begun_and_begins_nothing),
    };
    if (secret_start() != OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
