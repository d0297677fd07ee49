#include "gate/upstream.h"

#include "base/text.h"
#include "shared_scratch.h"

#include <sys/stat.h>

static struct shared_scratch scratch;
static struct upstream given, got;

static int
begin(void **state)
{
    (void)state;
    shared_scratch_make(&scratch);
    given = (struct upstream){.version = "1.36.33", .is_reachable = true, .camera_count = 2};
    given.cameras[0] = (struct policy_camera){0, "front", "Front door"};
    given.cameras[1] = (struct policy_camera){0, "yard", "Yard"};
    given.alias_count = 2;
    given.aliases[0] = (struct upstream_alias){"front_hd", "front"};
    given.aliases[1] = (struct upstream_alias){"front", "yard"};
    return 0;
}

static int
end(void **state)
{
    (void)state;
    shared_scratch_remove(&scratch);
    return 0;
}

static struct upstream_writer *
publish(void)
{
    struct upstream_writer *writer = NULL;
    assert_int_equal(upstream_create(scratch.path, &writer, NULL), OK);
    assert_int_equal(upstream_publish(writer, &given, NULL), OK);
    return writer;
}

static void
test_a_reader_gets_what_was_published_and_learns_of_the_next(void **state)
{
    (void)state;
    struct upstream_writer *writer = publish();
    struct upstream_reader *reader = NULL;
    assert_int_equal(upstream_open(scratch.path, &reader, NULL), OK);
    assert_int_equal(upstream_copy(reader, &got), OK);
    assert_memory_equal(&got, &given, sizeof got);
    uint64_t generation = upstream_generation(reader);
    assert_true(generation == upstream_generation(reader));
    given.zone = 3600;
    assert_int_equal(upstream_publish(writer, &given, NULL), OK);
    assert_true(generation != upstream_generation(reader));
    assert_int_equal(upstream_copy(reader, &got), OK);
    assert_int_equal(got.zone, 3600);
    upstream_reader_close(reader);
    upstream_close(writer);
}

static void
test_nothing_is_there_before_the_first_publication(void **state)
{
    (void)state;
    struct upstream_writer *writer = NULL;
    struct upstream_reader *reader = NULL;
    assert_int_equal(upstream_create(scratch.path, &writer, NULL), OK);
    assert_int_equal(upstream_open(scratch.path, &reader, NULL), ERR_MISSING);
    upstream_close(writer);
}

static void
test_a_reader_finds_the_file_of_the_next_broker(void **state)
{
    (void)state;
    struct upstream_writer *writer = publish();
    struct upstream_reader *reader = NULL;
    assert_int_equal(upstream_open(scratch.path, &reader, NULL), OK);
    uint64_t generation = upstream_generation(reader);
    upstream_close(writer);
    given.zone = 7200;
    writer = publish();
    assert_int_equal(upstream_copy(reader, &got), OK);
    assert_int_equal(got.zone, 0);
    assert_int_equal(upstream_refresh(reader), OK);
    assert_true(generation != upstream_generation(reader));
    assert_int_equal(upstream_copy(reader, &got), OK);
    assert_int_equal(got.zone, 7200);
    upstream_reader_close(reader);
    upstream_close(writer);
}

static void
test_only_owner_and_group_may_read(void **state)
{
    (void)state;
    upstream_close(publish());
    struct stat found;
    assert_int_equal(stat(scratch.path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0640);
}

static void
test_refuses_a_file_of_another_kind_or_length(void **state)
{
    (void)state;
    struct upstream_reader *reader = NULL;
    struct note note = {""};
    FILE *file = fopen(scratch.path, "w");
    assert_non_null(file);
    (void)fputs("not a shared file", file);
    (void)fclose(file);
    assert_int_equal(upstream_open(scratch.path, &reader, &note), ERR_VALUE);
    assert_string_not_equal(note.text, "");
    upstream_close(publish());
    assert_int_equal(truncate(scratch.path, 4096), 0);
    assert_int_equal(upstream_open(scratch.path, &reader, &note), ERR_VALUE);
}

static void
test_a_camera_is_its_own_alias_first(void **state)
{
    (void)state;
    assert_string_equal(upstream_camera(&given, "front"), "front");
    assert_string_equal(upstream_camera(&given, "front_hd"), "front");
    assert_null(upstream_camera(&given, "birdseye"));
    given.camera_count = UINT32_MAX;
    given.alias_count = UINT32_MAX;
    assert_null(upstream_camera(&given, "birdseye"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_reader_gets_what_was_published_and_learns_of_the_next, begin, end),
        cmocka_unit_test_setup_teardown(
            test_nothing_is_there_before_the_first_publication, begin, end),
        cmocka_unit_test_setup_teardown(
            test_a_reader_finds_the_file_of_the_next_broker, begin, end),
        cmocka_unit_test_setup_teardown(test_only_owner_and_group_may_read, begin, end),
        cmocka_unit_test_setup_teardown(test_refuses_a_file_of_another_kind_or_length, begin, end),
        cmocka_unit_test_setup_teardown(test_a_camera_is_its_own_alias_first, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
