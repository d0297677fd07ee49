/* Programs of the site file: what reaches them, how they end. */
#include "remedy/command.h"

#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct command_end
run(const char *script, unsigned seconds)
{
    struct command_end end;
    char shell[] = "/bin/sh", option[] = "-c", text[256];
    (void)snprintf(text, sizeof(text), "%s", script);
    char *const argv[] = {shell, option, text, NULL};
    assert_int_equal(command_run(argv, seconds, &end), OK);
    return end;
}

static void
test_nothing_of_the_caller_but_what_is_named_reaches_it(void **state)
{
    (void)state;
    assert_int_equal(setenv("GATEHOUSE_SECRET", "hunter2", 1), 0);
    assert_int_equal(setenv("LD_PRELOAD_OF_NOBODY", "x", 1), 0);
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_int_equal(setenv("HOME", "/home/anna", 1), 0);
    assert_int_equal(unsetenv("TZ"), 0);
    assert_string_equal(run("env | grep -c -e hunter2 -e NOBODY -e nowhere -e TZ", 20).said, "0");
    assert_string_equal(run("echo $HOME", 20).said, "/home/anna");
}

static void
test_signals_are_as_they_are_by_default(void **state)
{
    (void)state;
    sigset_t mask;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    assert_int_equal(run("kill -PIPE $$; exit 0", 20).status, -1);
    assert_int_equal(run("kill -TERM $$; exit 0", 20).status, -1);
}

static void
test_end_is_told_by_status_and_last_line(void **state)
{
    (void)state;
    struct command_end end = run("echo one; echo two >&2; exit 3", 20);
    assert_int_equal(end.status, 3);
    assert_string_equal(end.said, "two");
    assert_false(end.is_late);
    assert_string_equal(run("yes | head -c 100000; echo; echo end", 20).said, "end");
}

static void
test_time_ends_it_with_all_that_it_began(void **state)
{
    (void)state;
    struct command_end end = run("echo begun; sleep 60 & wait", 1);
    assert_true(end.is_late);
    assert_string_equal(end.said, "begun");
}

static void
test_name_alone_is_looked_for_where_the_machine_has_its_programs(void **state)
{
    (void)state;
    struct command_end end;
    char name[] = "true";
    char *const argv[] = {name, NULL};
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_int_equal(command_run(argv, 20, &end), OK);
    assert_int_equal(end.status, 0);
}

static void
test_program_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct command_end end;
    char none[] = "/nowhere/at/all";
    char *const argv[] = {none, NULL};
    assert_int_equal(command_run(argv, 1, &end), ERR_SYSTEM);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_of_the_caller_but_what_is_named_reaches_it),
        cmocka_unit_test(test_signals_are_as_they_are_by_default),
        cmocka_unit_test(test_end_is_told_by_status_and_last_line),
        cmocka_unit_test(test_time_ends_it_with_all_that_it_began),
        cmocka_unit_test(test_name_alone_is_looked_for_where_the_machine_has_its_programs),
        cmocka_unit_test(test_program_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
