#include "gate/views.h"

#include "base/text.h"
#include "gate/views_inside.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[96];
static struct views *doorman, *worker;
static struct note note;

/* What the doorman was told of. */
static struct view told[64];
static bool told_ended[64];
static size_t told_count;
static bool refuses;

static bool
tell(void *context, const struct view *view, bool has_ended)
{
    (void)context;
    if (refuses) {
        return false;
    }
    assert_true(told_count < COUNT(told));
    told[told_count] = *view;
    told_ended[told_count++] = has_ended;
    return true;
}

static void
sweep(int64_t now)
{
    told_count = 0;
    views_sweep(doorman, now, tell, NULL);
}

static int
make_file(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-views-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/views", folder);
    refuses = false;
    doorman = NULL;
    worker = NULL;
    return views_create(path, &doorman, &note) == OK && views_open(path, &worker, &note) == OK ? 0
                                                                                               : -1;
}

static int
drop_file(void **state)
{
    (void)state;
    views_close(worker);
    views_close(doorman);
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}

static struct view
sample(const char *session, const char *text)
{
    struct view view = {.kind = ACCESS_LIVE, .from = 0};
    views_key(worker, session, "zoneminder", text, view.key);
    views_new_id(view.id);
    (void)text_copy(view.session, sizeof(view.session), session);
    (void)text_copy(view.user, sizeof(view.user), "anna");
    (void)text_copy(view.ip, sizeof(view.ip), "192.0.2.7");
    (void)text_copy(view.vms_name, sizeof(view.vms_name), "zoneminder");
    (void)text_copy(view.cameras, sizeof(view.cameras), "gate\nyard");
    return view;
}

/* Opens it as a request does whose event became durable at once. */
static struct view_handle
open_view(const struct view *view, int64_t now)
{
    struct view_handle handle;
    enum view_state state = VIEW_REFUSED;
    assert_int_equal(views_enter(worker, view, now, &handle, &state), OK);
    if (state == VIEW_FREE) {
        views_opened(worker, handle, true);
    }
    assert_int_equal(views_state(worker, handle), VIEW_OPEN);
    return handle;
}

static void
test_folds_requests_of_one_view_into_one_row(void **state)
{
    (void)state;
    struct view view = sample("s-1", "hls front");
    struct view_handle first = open_view(&view, 1000);
    views_add(worker, first, 100, 1010);
    views_leave(worker, first, NULL, 1010);
    struct view_handle second = open_view(&view, 5000);
    assert_int_equal(second.row, first.row);
    views_add(worker, second, 50, 5010);
    views_leave(worker, second, NULL, 5010);
    sweep(5010 + VIEWS_IDLE - 1);
    assert_int_equal(told_count, 0);
    sweep(5010 + VIEWS_IDLE);
    assert_int_equal(told_count, 1);
    assert_true(told_ended[0]);
    assert_int_equal(told[0].bytes, 150);
    assert_int_equal(told[0].requests, 2);
    assert_int_equal(told[0].active - told[0].begun, 4010);
    sweep(100000);
    assert_int_equal(told_count, 0);
}

static void
test_joins_only_what_is_open(void **state)
{
    (void)state;
    struct view view = sample("s-1", "hls front");
    struct view_handle handle;
    enum view_state found = VIEW_REFUSED;
    assert_int_equal(views_join(worker, &view, 1000, &handle), ERR_MISSING);
    assert_int_equal(views_enter(worker, &view, 1000, &handle, &found), OK);
    assert_int_equal(views_join(worker, &view, 1000, &handle), ERR_MISSING);
    views_opened(worker, handle, true);
    struct view_handle second;
    struct view more = {.from = 10, .to = 20};
    memcpy(more.key, view.key, sizeof(more.key));
    assert_int_equal(views_join(worker, &more, 1010, &second), OK);
    assert_int_equal(second.row, handle.row);
    views_leave(worker, handle, NULL, 1010);
    sweep(1010 + VIEWS_IDLE);
    assert_int_equal(told_count, 0);
    views_leave(worker, second, NULL, 1020);
    sweep(1020 + VIEWS_IDLE);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].from, 10);
    assert_int_equal(told[0].to, 20);
    assert_int_equal(told[0].requests, 2);
    assert_int_equal(views_join(worker, &view, 1030 + VIEWS_IDLE, &handle), ERR_MISSING);
}

static void
test_key_keeps_its_texts_apart(void **state)
{
    (void)state;
    uint8_t key[16];
    uint8_t other[16];
    views_key(worker, "s", "vms", "view", key);
    views_key(worker, "s", "vms", "view", other);
    assert_memory_equal(key, other, sizeof(key));
    views_key(worker, "sv", "ms", "view", other);
    assert_memory_not_equal(key, other, sizeof(key));
    views_key(worker, "s", "vmsv", "iew", other);
    assert_memory_not_equal(key, other, sizeof(key));
}

static void
test_views_of_other_sessions_are_others(void **state)
{
    (void)state;
    struct view a = sample("s-1", "live 1");
    struct view b = sample("s-2", "live 1");
    struct view c = sample("s-1", "live 2");
    struct view_handle row_a = open_view(&a, 1);
    struct view_handle row_b = open_view(&b, 1);
    struct view_handle row_c = open_view(&c, 1);
    assert_true(row_a.row != row_b.row && row_b.row != row_c.row && row_a.row != row_c.row);
}

static void
test_second_request_waits_for_the_first_ones_event(void **state)
{
    (void)state;
    struct view view = sample("s-1", "live 1");
    struct view_handle first, second;
    enum view_state found = VIEW_REFUSED;
    assert_int_equal(views_enter(worker, &view, 1, &first, &found), OK);
    assert_int_equal(found, VIEW_FREE);
    assert_int_equal(views_enter(worker, &view, 1, &second, &found), OK);
    assert_int_equal(found, VIEW_ASKED);
    assert_int_equal(views_state(worker, second), VIEW_ASKED);
    views_opened(worker, first, false);
    assert_int_equal(views_state(worker, second), VIEW_REFUSED);
    struct view_handle third;
    assert_int_equal(views_enter(worker, &view, 1, &third, &found), OK);
    assert_int_equal(found, VIEW_FREE); /* a refusal is not remembered for the next one */
    views_leave(worker, first, NULL, 2);
    views_leave(worker, second, NULL, 2);
    assert_int_equal(views_state(worker, first), VIEW_REFUSED);
    views_leave(worker, third, NULL, 2);
    views_opened(worker, third, false);
    sweep(100000);
    assert_int_equal(told_count, 0); /* nothing of it is in the ledger */
}

static void
test_ends_at_close_with_its_first_cause(void **state)
{
    (void)state;
    struct view view = sample("s-1", "socket");
    view.ends_at_close = true;
    struct view_handle one = open_view(&view, 1000);
    struct view_handle two = open_view(&view, 1000);
    views_leave(worker, one, "revoked", 2000);
    sweep(2000);
    assert_int_equal(told_count, 0);
    views_leave(worker, two, "connection lost", 3000);
    sweep(3000);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].cause, "revoked");
    assert_int_equal(told[0].active, 3000);
}

static void
test_tells_again_until_it_was_taken_and_frees_once(void **state)
{
    (void)state;
    struct view view = sample("s-1", "socket");
    view.ends_at_close = true;
    struct view_handle handle = open_view(&view, 1000);
    views_leave(worker, handle, NULL, 2000);
    refuses = true;
    sweep(2100);
    refuses = false;
    struct view_handle later = open_view(&view, 2200); /* does not revive what is ending */
    assert_true(later.row != handle.row || later.generation != handle.generation);
    views_add(worker, later, 7, 2200);
    sweep(2300);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].bytes, 0);
    sweep(2400);
    assert_int_equal(told_count, 0);
}

static void
test_tells_a_heartbeat_of_what_goes_on(void **state)
{
    (void)state;
    struct view view = sample("s-1", "socket");
    struct view_handle handle = open_view(&view, 1000);
    views_add(worker, handle, 5, 1000 + VIEWS_HEARTBEAT);
    sweep(1000 + VIEWS_HEARTBEAT - 1);
    assert_int_equal(told_count, 0);
    sweep(1000 + VIEWS_HEARTBEAT);
    assert_int_equal(told_count, 1);
    assert_false(told_ended[0]);
    sweep(1001 + VIEWS_HEARTBEAT);
    assert_int_equal(told_count, 0);
}

static void
test_what_the_ledger_is_not_told_of_is_stopped(void **state)
{
    (void)state;
    struct view plain = sample("s-1", "socket");
    struct view emergency = sample("s-2", "socket");
    (void)text_copy(emergency.reason, sizeof(emergency.reason), "fire in the hall");
    struct view_handle first = open_view(&plain, 1000);
    struct view_handle second = open_view(&emergency, 1000);
    refuses = true;
    sweep(1000 + VIEWS_HEARTBEAT + VIEWS_UNTOLD - 1);
    assert_false(views_is_stopped(worker, first));
    sweep(1000 + VIEWS_HEARTBEAT + VIEWS_UNTOLD);
    assert_true(views_is_stopped(worker, first));
    assert_false(views_is_stopped(worker, second));
    refuses = false;
    views_leave(worker, first, "stopped", 2000 + VIEWS_HEARTBEAT + VIEWS_UNTOLD);
    sweep(2000 + VIEWS_HEARTBEAT + VIEWS_UNTOLD + VIEWS_IDLE);
    assert_string_equal(told[0].cause, "the ledger did not take its heartbeat");
}

static void
test_what_the_ledger_may_have_begun_gets_an_end(void **state)
{
    (void)state;
    struct view view = sample("s-1", "live 1");
    struct view_handle first, second;
    enum view_state found = VIEW_REFUSED;
    assert_int_equal(views_enter(worker, &view, 1000, &first, &found), OK);
    assert_int_equal(views_enter(worker, &view, 1000, &second, &found), OK);
    views_doubted(worker, first, "nobody knows");
    assert_int_equal(views_state(worker, second), VIEW_REFUSED);
    views_leave(worker, first, "later", 1000);
    views_leave(worker, second, "later", 1000);
    sweep(1000);
    assert_int_equal(told_count, 1);
    assert_true(told_ended[0]);
    assert_int_equal(told[0].bytes, 0);
    assert_string_equal(told[0].cause, "nobody knows");
    sweep(1000);
    assert_int_equal(told_count, 0);
}

static void
test_a_handle_of_a_freed_row_changes_nothing(void **state)
{
    (void)state;
    struct view view = sample("s-1", "socket");
    view.ends_at_close = true;
    struct view_handle old = open_view(&view, 1000);
    views_leave(worker, old, NULL, 1000);
    sweep(1000);
    struct view other = sample("s-2", "socket");
    struct view_handle now = open_view(&other, 1000);
    assert_int_equal(now.row, old.row);
    views_add(worker, old, 99, 9000);
    views_leave(worker, old, "no", 9000);
    views_digest(worker, old, (const uint8_t[32]){1}, true);
    assert_int_equal(views_state(worker, old), VIEW_REFUSED);
    views_leave(worker, now, NULL, 1500);
    sweep(1500 + VIEWS_IDLE);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].bytes, 0);
    assert_string_equal(told[0].cause, "");
    assert_false(told[0].has_digest);
}

static void
test_refuses_more_views_than_it_has_rows(void **state)
{
    (void)state;
    char text[32];
    struct view_handle handle = {0, 0};
    enum view_state found;
    for (int i = 0; i < VIEWS_ROWS; i++) {
        (void)snprintf(text, sizeof(text), "live %d", i);
        struct view view = sample("s-1", text);
        handle = open_view(&view, 1000);
    }
    struct view view = sample("s-1", "one too many");
    assert_int_equal(views_enter(worker, &view, 1000, &handle, &found), ERR_LIMIT);
    struct view known = sample("s-1", "live 7");
    handle = open_view(&known, 1000); /* what is open goes on */
    views_leave(worker, handle, NULL, 1000);
    views_leave(worker, handle, NULL, 1000);
    sweep(1000 + VIEWS_IDLE);
    assert_int_equal(told_count, 1);
    assert_int_equal(views_enter(worker, &view, 1000, &handle, &found), OK);
}

static void
test_rows_are_used_again_and_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * VIEWS_ROWS; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "live %d", i);
        struct view view = sample("s-1", text);
        view.ends_at_close = true;
        views_leave(worker, open_view(&view, i), NULL, i);
        if (i % 32 == 31) {
            sweep(i);
            assert_int_equal(told_count, 32);
        }
    }
}

static void
test_remembers_what_was_really_seen(void **state)
{
    (void)state;
    struct view view = sample("s-1", "play 17");
    view.from = 5000;
    view.to = 6000;
    struct view_handle handle = open_view(&view, 1);
    views_saw(worker, handle, 5200, 5300);
    views_saw(worker, handle, 5100, 5250);
    view.from = 4000;
    view.to = 5500;
    views_leave(worker, open_view(&view, 2), NULL, 2);
    views_leave(worker, handle, NULL, 3);
    sweep(3 + VIEWS_IDLE);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].seen_from, 5100);
    assert_int_equal(told[0].seen_to, 5300);
    assert_int_equal(told[0].from, 4000);
    assert_int_equal(told[0].to, 6000);
}

static void
test_finds_an_open_view_by_its_link(void **state)
{
    (void)state;
    struct view view = sample("s-1", "zms 123456"), found;
    struct view_handle handle, by_link;
    (void)text_copy(view.link, sizeof(view.link), "123456");
    assert_int_equal(views_by_link(worker, "s-1", "123456", &found, &by_link), ERR_MISSING);
    handle = open_view(&view, 1);
    assert_int_equal(views_by_link(worker, "s-2", "123456", &found, &by_link), ERR_MISSING);
    assert_int_equal(views_by_link(worker, "s-1", "", &found, &by_link), ERR_MISSING);
    assert_int_equal(views_by_link(worker, "s-1", "123456", &found, &by_link), OK);
    assert_int_equal(by_link.row, handle.row);
    assert_string_equal(found.id, view.id);
}

static void
test_last_request_of_a_session_is_told_to_the_doorman(void **state)
{
    (void)state;
    assert_int_equal(views_touched(doorman, 7), 0);
    views_touch(worker, 7, 4711);
    views_touch(worker, BOARD_SESSIONS, 1);
    assert_int_equal(views_touched(doorman, 7), 4711);
    assert_int_equal(views_touched(doorman, BOARD_SESSIONS), 0);
}

static void
test_view_that_may_show_something_else_must_be_told_of_again_and_again(void **state)
{
    (void)state;
    struct view view = sample("s-1", "zms 1");
    struct view_handle handle = open_view(&view, 1);
    views_told(worker, handle, 1); /* it shows what it began with: nothing is owed */
    assert_false(views_is_untold(worker, handle, INT64_C(1) << 40));
    views_must_tell(worker, handle, 1000);
    assert_false(views_is_untold(worker, handle, 1000 + VIEWS_TOLD));
    views_must_tell(worker, handle, 50000); /* asking again gives no more time */
    assert_true(views_is_untold(worker, handle, 1001 + VIEWS_TOLD));
    views_told(worker, handle, 60000);
    assert_false(views_is_untold(worker, handle, 60000 + VIEWS_TOLD));
    assert_true(views_is_untold(worker, handle, 60001 + VIEWS_TOLD));
}

static void
test_view_that_is_stopped_is_left_to_its_worker_to_end(void **state)
{
    (void)state;
    struct view view = sample("s-1", "zms 1");
    view.ends_at_close = true;
    struct view_handle handle = open_view(&view, 1);
    assert_false(views_is_stopped(worker, handle));
    views_stop(worker, handle);
    assert_true(views_is_stopped(worker, handle));
    struct view_handle other = open_view(&view, 2);
    assert_true(other.row != handle.row); /* nobody joins it */
    views_leave(worker, handle, "no more", 3);
    sweep(3);
    assert_int_equal(told_count, 1);
    assert_true(views_is_stopped(worker, handle)); /* what is gone does not go on */
}

static void
test_what_was_prepared_is_known_by_its_name(void **state)
{
    (void)state;
    struct views_link link = {.session = "s-1", .link = "a.zip", .cameras = "1\n2\n"}, found;
    assert_int_equal(views_find_link(worker, "s-1", "a.zip", 1000, &found), ERR_MISSING);
    views_put_link(worker, &link, 1000);
    assert_int_equal(views_find_link(worker, "s-1", "a.zip", 1000, &found), OK);
    assert_string_equal(found.cameras, "1\n2\n");
    assert_int_equal(views_find_link(worker, "s-2", "a.zip", 1000, &found), ERR_MISSING);
    assert_int_equal(
        views_find_link(worker, "s-1", "a.zip", 1000 + VIEWS_LINKED, &found), ERR_MISSING);
    (void)text_copy(link.cameras, sizeof(link.cameras), "3\n");
    views_put_link(worker, &link, 2000);
    assert_int_equal(views_find_link(worker, "s-1", "a.zip", 2000, &found), OK);
    assert_string_equal(found.cameras, "3\n");
    for (int i = 0; i < VIEWS_LINKS; i++) { /* the oldest gives way */
        (void)snprintf(link.link, sizeof(link.link), "b%d.zip", i);
        views_put_link(worker, &link, 3000 + i);
    }
    assert_int_equal(views_find_link(worker, "s-1", "a.zip", 4000, &found), ERR_MISSING);
    assert_int_equal(views_find_link(worker, "s-1", "b0.zip", 4000, &found), OK);
}

/* A worker in a process of its own that opens a view, and is killed; holding the lock if wanted. */
static void
run_and_kill(bool holds_lock, bool is_asked, bool ends_at_close)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct views *mine = NULL;
        struct view view = sample("s-9", "live 9");
        struct view_handle handle;
        enum view_state found;
        view.ends_at_close = ends_at_close;
        if (views_open(path, &mine, &note) != OK ||
            views_enter(mine, &view, 1000, &handle, &found) != OK) {
            _exit(1);
        }
        if (!is_asked) {
            views_opened(mine, handle, true);
        }
        views_add(mine, handle, 4096, 1500);
        if (holds_lock) {
            views_lock(mine->shared);
            memset(mine->shared->buckets, 0, sizeof(mine->shared->buckets)); /* half done */
            mine->shared->free = 0;
        }
        (void)!write(ready[1], "x", 1);
        for (;;) {
            (void)pause();
        }
    }
    assert_true(pid > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void
test_view_of_a_killed_worker_ends_exactly_once(void **state)
{
    (void)state;
    struct view mine = sample("s-1", "live 1");
    struct view_handle handle = open_view(&mine, 1000);
    run_and_kill(false, false, true);
    sweep(2000);
    assert_int_equal(told_count, 1);
    assert_true(told_ended[0]);
    assert_string_equal(told[0].cause, "worker ended");
    assert_string_equal(told[0].session, "s-9");
    assert_int_equal(told[0].bytes, 4096);
    assert_int_equal(told[0].active, 1500);
    assert_int_equal(views_state(worker, handle), VIEW_OPEN);
    sweep(2200);
    assert_int_equal(told_count, 0);
}

static void
test_lock_of_a_killed_worker_is_taken_over(void **state)
{
    (void)state;
    struct view mine = sample("s-1", "live 1");
    struct view_handle handle = open_view(&mine, 1000);
    run_and_kill(true, false, true);
    struct view_handle again = open_view(&mine, 1100); /* its index was mended */
    assert_int_equal(again.row, handle.row);
    struct view other = sample("s-2", "live 1");
    (void)open_view(&other, 1100);
    sweep(2000);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].cause, "worker ended");
    assert_string_equal(told[0].session, "s-9");
}

static void
test_view_that_a_killed_worker_had_only_asked_for_ends_too(void **state)
{
    (void)state;
    run_and_kill(false, true, false);
    sweep(2000);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].cause, "worker ended");
    struct view view = sample("s-9", "live 9");
    (void)open_view(&view, 2000);
}

static void
test_view_that_lost_one_of_its_workers_goes_on(void **state)
{
    (void)state;
    run_and_kill(false, false, false);
    sweep(2000);
    assert_int_equal(told_count, 0);
    struct view view = sample("s-9", "live 9");
    struct view_handle handle = open_view(&view, 3000); /* the player asks again elsewhere */
    views_leave(worker, handle, NULL, 3000);
    sweep(3000 + VIEWS_IDLE);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].cause, "");
    assert_int_equal(told[0].requests, 2);
}

static void
test_doorman_that_starts_again_ends_what_nobody_has_open(void **state)
{
    (void)state;
    run_and_kill(true, false, true);
    views_close(doorman);
    assert_int_equal(views_create(path, &doorman, &note), OK);
    sweep(2000);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].cause, "gateway ended");
    sweep(2000);
    assert_int_equal(told_count, 0);
}

static void
test_doorman_that_starts_again_leaves_what_goes_on(void **state)
{
    (void)state;
    struct view mine = sample("s-1", "live 1");
    struct view_handle handle = open_view(&mine, 1000);
    views_close(doorman);
    assert_int_equal(views_create(path, &doorman, &note), OK);
    sweep(1000 + VIEWS_IDLE);
    assert_int_equal(told_count, 0);
    assert_int_equal(views_state(worker, handle), VIEW_OPEN);
}

static void
test_start_of_the_machine_ends_everything(void **state)
{
    (void)state;
    struct view mine = sample("s-1", "live 1");
    struct view_handle handle = open_view(&mine, 1000);
    views_touch(worker, 3, 5);
    memset(doorman->shared->boot, 'x', 8); /* the file is of an earlier start */
    struct views *late = NULL;
    assert_int_equal(views_open(path, &late, &note), ERR_MISSING);
    views_close(doorman);
    assert_int_equal(views_create(path, &doorman, &note), OK);
    sweep(1000);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].cause, "gateway ended");
    assert_int_equal(views_touched(doorman, 3), 0);
    assert_int_equal(views_state(worker, handle), VIEW_REFUSED);
}

static void
test_file_of_another_version_is_replaced_by_the_doorman_only(void **state)
{
    (void)state;
    struct views *other = NULL;
    doorman->shared->version++;
    assert_int_equal(views_open(path, &other, &note), ERR_VALUE);
    views_close(doorman);
    doorman = NULL;
    assert_int_equal(views_create(path, &doorman, &note), OK);
    assert_int_equal(views_open(path, &other, &note), OK);
    views_close(other);
    (void)unlink(path);
    assert_int_equal(views_open(path, &other, &note), ERR_MISSING);
}

static void
test_refuses_more_workers_than_it_has_places(void **state)
{
    (void)state;
    struct views *more[VIEWS_WORKERS];
    for (size_t i = 0; i + 1 < VIEWS_WORKERS; i++) {
        assert_int_equal(views_open(path, &more[i], &note), OK);
    }
    struct views *last = NULL;
    assert_int_equal(views_open(path, &last, &note), ERR_LIMIT);
    views_close(more[5]);
    assert_int_equal(views_open(path, &more[5], &note), OK);
    for (size_t i = 0; i + 1 < VIEWS_WORKERS; i++) {
        views_close(more[i]);
    }
}

/* The event of a view, produced and checked, as JSON. */
static json_t *
event_of(const struct view *view, enum view_phase phase, int64_t now)
{
    CLEANUP(buf_release) struct buf json;
    struct event_facts facts;
    buf_init(&json, EVENT_LIMIT);
    assert_int_equal(views_event(view, phase, "harbour", now, &json, &note), OK);
    assert_int_equal(event_check(json.data, json.len, false, &facts, &note), OK);
    json_t *root = json_loadb(json.data, json.len, 0, NULL);
    assert_non_null(root);
    return root;
}

static const char *
text_at(const json_t *root, const char *object, const char *name)
{
    const json_t *from = object == NULL ? root : json_object_get(root, object);
    return json_string_value(json_object_get(from, name));
}

static void
test_begin_says_what_was_asked_for(void **state)
{
    (void)state;
    struct view view = sample("s-1", "play 17");
    view.kind = ACCESS_PLAYBACK;
    view.from = INT64_C(1763900000000);
    view.to = INT64_C(1763900600000);
    json_t *root = event_of(&view, VIEW_BEGIN, 1000);
    assert_string_equal(text_at(root, NULL, "action"), "footage.playback");
    assert_string_equal(text_at(root, "detail", "phase"), "begin");
    assert_string_equal(text_at(root, "detail", "access"), "playback");
    assert_string_equal(text_at(root, "detail", "view"), view.id);
    assert_string_equal(text_at(root, "target", "from"), "2025-11-23T12:13:20.000Z");
    assert_null(json_object_get(root, "bytes"));
    const json_t *cameras = json_object_get(json_object_get(root, "target"), "cameras");
    assert_int_equal(json_array_size(cameras), 2);
    assert_string_equal(json_string_value(json_array_get(cameras, 1)), "yard");
    json_decref(root);
}

static void
test_end_says_what_really_left(void **state)
{
    (void)state;
    struct view view = sample("s-1", "export 17");
    view.kind = ACCESS_EXPORT;
    view.from = INT64_C(1763900000000);
    view.to = INT64_C(1763900600000);
    view.seen_from = INT64_C(1763900100000);
    view.seen_to = INT64_C(1763900200000);
    view.begun = 1000;
    view.active = 3500;
    view.bytes = 12345;
    view.requests = 3;
    view.has_digest = true;
    (void)text_copy(view.cause, sizeof(view.cause), "connection lost");
    json_t *root = event_of(&view, VIEW_END, 99000);
    const json_t *detail = json_object_get(root, "detail");
    assert_int_equal(json_integer_value(json_object_get(detail, "duration_ms")), 2500);
    assert_int_equal(json_integer_value(json_object_get(detail, "requests")), 3);
    assert_true(json_is_false(json_object_get(detail, "is_whole")));
    assert_string_equal(text_at(root, "detail", "cause"), "connection lost");
    assert_int_equal(json_integer_value(json_object_get(root, "bytes")), 12345);
    assert_string_equal(text_at(root, "target", "from"), "2025-11-23T12:15:00.000Z");
    assert_string_equal(text_at(root, NULL, "digest"),
        "sha256:0000000000000000000000000000000000000000000000000000000000000000");
    json_decref(root);
}

static void
test_each_phase_has_an_id_of_its_own_that_is_the_same_again(void **state)
{
    (void)state;
    struct view view = sample("s-1", "live 1");
    json_t *begin = event_of(&view, VIEW_BEGIN, 0);
    json_t *on = event_of(&view, VIEW_GOES_ON, VIEWS_HEARTBEAT);
    json_t *end = event_of(&view, VIEW_END, 1);
    json_t *again = event_of(&view, VIEW_END, 2);
    assert_string_not_equal(text_at(begin, NULL, "id"), text_at(end, NULL, "id"));
    assert_string_not_equal(text_at(on, NULL, "id"), text_at(end, NULL, "id"));
    assert_string_equal(text_at(again, NULL, "id"), text_at(end, NULL, "id"));
    json_decref(begin);
    json_decref(on);
    json_decref(end);
    json_decref(again);
}

static void
test_media_that_no_row_explains_is_unclassified(void **state)
{
    (void)state;
    struct view view = sample("s-1", "/odd");
    view.kind = ACCESS_UNKNOWN;
    (void)text_copy(view.object, sizeof(view.object), "/odd");
    json_t *root = event_of(&view, VIEW_BEGIN, 0);
    assert_string_equal(text_at(root, NULL, "action"), "footage.unclassified");
    json_decref(root);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make_file, drop_file)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(test_folds_requests_of_one_view_into_one_row),
        WITH_FILE(test_views_of_other_sessions_are_others),
        WITH_FILE(test_second_request_waits_for_the_first_ones_event),
        WITH_FILE(test_ends_at_close_with_its_first_cause),
        WITH_FILE(test_tells_again_until_it_was_taken_and_frees_once),
        WITH_FILE(test_tells_a_heartbeat_of_what_goes_on),
        WITH_FILE(test_what_the_ledger_is_not_told_of_is_stopped),
        WITH_FILE(test_what_the_ledger_may_have_begun_gets_an_end),
        WITH_FILE(test_a_handle_of_a_freed_row_changes_nothing),
        WITH_FILE(test_refuses_more_views_than_it_has_rows),
        WITH_FILE(test_rows_are_used_again_and_again),
        WITH_FILE(test_remembers_what_was_really_seen),
        WITH_FILE(test_finds_an_open_view_by_its_link),
        WITH_FILE(test_last_request_of_a_session_is_told_to_the_doorman),
        WITH_FILE(test_view_that_may_show_something_else_must_be_told_of_again_and_again),
        WITH_FILE(test_view_that_is_stopped_is_left_to_its_worker_to_end),
        WITH_FILE(test_what_was_prepared_is_known_by_its_name),
        WITH_FILE(test_view_of_a_killed_worker_ends_exactly_once),
        WITH_FILE(test_lock_of_a_killed_worker_is_taken_over),
        WITH_FILE(test_view_that_a_killed_worker_had_only_asked_for_ends_too),
        WITH_FILE(test_view_that_lost_one_of_its_workers_goes_on),
        WITH_FILE(test_doorman_that_starts_again_ends_what_nobody_has_open),
        WITH_FILE(test_doorman_that_starts_again_leaves_what_goes_on),
        WITH_FILE(test_start_of_the_machine_ends_everything),
        WITH_FILE(test_file_of_another_version_is_replaced_by_the_doorman_only),
        WITH_FILE(test_refuses_more_workers_than_it_has_places),
        WITH_FILE(test_joins_only_what_is_open),
        WITH_FILE(test_key_keeps_its_texts_apart),
        WITH_FILE(test_begin_says_what_was_asked_for),
        WITH_FILE(test_end_says_what_really_left),
        WITH_FILE(test_each_phase_has_an_id_of_its_own_that_is_the_same_again),
        WITH_FILE(test_media_that_no_row_explains_is_unclassified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
