#include "gate/emergency.h"

#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char folder[64], path[96], taken[96];
};

static int
set_up(void **state)
{
    static struct place place;
    (void)snprintf(place.folder, sizeof(place.folder), "/tmp/gatehouse-emergency-XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.path, sizeof(place.path), "%s/emergency.jsonl", place.folder);
    (void)snprintf(place.taken, sizeof(place.taken), "%s/taken.jsonl", place.folder);
    *state = &place;
    return 0;
}

static int
tear_down(void **state)
{
    const struct place *place = *state;
    (void)unlink(place->path);
    (void)unlink(place->taken);
    return rmdir(place->folder);
}

static void
add(const struct place *place, const char *line)
{
    struct note note = {""};
    assert_int_equal(emergency_append(place->path, line, strlen(line), &note), OK);
}

static enum err
take(const struct place *place, struct buf *lines)
{
    struct note note = {""};
    buf_init(lines, EMERGENCY_MOST);
    return emergency_take(place->path, place->taken, lines, &note);
}

static void
test_what_was_written_is_taken_once(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    CLEANUP(buf_release) struct buf lines;
    CLEANUP(buf_release) struct buf none;
    add(place, "{\"a\":1}");
    add(place, "{\"b\":2}");
    assert_int_equal(take(place, &lines), OK);
    assert_string_equal(lines.data, "{\"a\":1}\n{\"b\":2}\n");
    assert_int_equal(emergency_done(place->taken, &note), OK);
    assert_int_equal(take(place, &none), ERR_MISSING);
}

static void
test_what_was_taken_and_not_finished_comes_again_before_the_new(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    CLEANUP(buf_release) struct buf first;
    CLEANUP(buf_release) struct buf again;
    CLEANUP(buf_release) struct buf next;
    add(place, "one");
    assert_int_equal(take(place, &first), OK);
    add(place, "two");
    assert_int_equal(take(place, &again), OK);
    assert_string_equal(again.data, "one\n");
    assert_int_equal(emergency_done(place->taken, &note), OK);
    assert_int_equal(take(place, &next), OK);
    assert_string_equal(next.data, "two\n");
}

static void
test_refuses_an_event_of_two_lines(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    assert_int_equal(emergency_append(place->path, "a\nb", 3, &note), ERR_VALUE);
    assert_int_equal(emergency_append(place->path, "", 0, &note), ERR_VALUE);
}

static void
test_a_full_file_takes_no_more(void **state)
{
    const struct place *place = *state;
    struct note note = {""};
    int fd = open(place->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, (off_t)EMERGENCY_MOST - 3), 0);
    (void)close(fd);
    assert_int_equal(emergency_append(place->path, "abc", 3, &note), ERR_FULL);
    assert_int_equal(emergency_append(place->path, "ab", 2, &note), OK);
}

static void
test_no_line_is_lost_while_the_file_is_taken_from_under_writers(void **state)
{
    enum { WRITERS = 4, LINES = 50 };
    const struct place *place = *state;
    struct note note = {""};
    size_t count = 0;
    unsigned living = WRITERS;
    for (unsigned i = 0; i < WRITERS; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (unsigned k = 0; k < LINES; k++) {
                if (emergency_append(place->path, "line", 4, &note) != OK) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    for (bool is_last = false; !is_last || living != 0;) {
        int status = 0;
        CLEANUP(buf_release) struct buf lines;
        is_last = living == 0;
        if (take(place, &lines) == OK) {
            count += lines.len / 5;
            assert_int_equal(emergency_done(place->taken, &note), OK);
        }
        while (living != 0 && waitpid(-1, &status, WNOHANG) > 0) {
            assert_int_equal(status, 0);
            living--;
        }
    }
    assert_int_equal(count, WRITERS * LINES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_written_is_taken_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_was_taken_and_not_finished_comes_again_before_the_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_an_event_of_two_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_file_takes_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_no_line_is_lost_while_the_file_is_taken_from_under_writers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
