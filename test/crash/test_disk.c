/*
 * The ledger on file systems that are really full or read-only: a small tmpfs and a small ext4, in
 * a mount namespace of its own. Skipped, and said so, where the machine does not let it mount.
 */
#include "unit/test.h"

#include "base/secret.h"
#include "faults.h"
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BALLAST  "ballast"
#define MEGABYTE 1048576

extern char **environ;

static struct world world;
static bool may_mount;

/* Real blocks up to the last one; removing the file is making room. */
static void
set_full(bool is_full)
{
    static char block[4096];
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/" BALLAST, world.folder);
    if (!is_full) {
        assert_int_equal(unlink(path), 0);
        sync();
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    memset(block, 'x', sizeof(block));
    while (write(fd, block, sizeof(block)) > 0) {
    }
    assert_int_equal(errno, ENOSPC);
    (void)close(fd);
}

static int
set_up(void **state)
{
    (void)state;
    world_make(&world);
    world.set_full = set_full;
    may_mount =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    world_remove(&world);
    return 0;
}

/* The exit status of a program; -1 when it can't be run. */
static int
run(const char *program, const char *const arguments[])
{
    pid_t child = 0;
    char *copies[12] = {NULL};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        copies[i] = strdup(arguments[i]);
    }
    int status = -1;
    if (posix_spawnp(&child, program, NULL, NULL, copies, environ) == 0) {
        (void)waitpid(child, &status, 0);
    }
    for (size_t i = 0; copies[i] != NULL; i++) {
        free(copies[i]);
    }
    return status;
}

static void
live_on_a_full_disk(void)
{
    world_reset(&world);
    enum err err = workload_live(&world);
    if (err != OK) {
        fail_msg("the life ended: %s", err_words(err));
    }
    assert_true(world.promise->refused > 0);
    assert_true(world.promise->reserved > 0);
    const char *trouble = workload_check(&world);
    if (trouble != NULL) {
        fail_msg("%s", trouble);
    }
}

static void
test_full_tmpfs_refuses_footage_takes_the_reserve_and_goes_on_after(void **state)
{
    (void)state;
    if (!may_mount || mount("tmpfs", world.folder, "tmpfs", 0, "size=8m") != 0) {
        print_message("skipped: may not mount a tmpfs\n");
        skip();
    }
    live_on_a_full_disk();
    assert_int_equal(umount2(world.folder, MNT_DETACH), 0);
}

static void
test_full_ext4_refuses_footage_takes_the_reserve_and_goes_on_after(void **state)
{
    (void)state;
    char image[] = "/tmp/gatehouse-ext4-XXXXXX";
    int fd = mkstemp(image);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 16 * MEGABYTE), 0);
    (void)close(fd);
    const char *const make[] = {"mkfs.ext4", "-q", "-F", "-m", "0", image, NULL};
    const char *const attach[] = {"mount", "-o", "loop", image, world.folder, NULL};
    bool is_there = may_mount && run("mkfs.ext4", make) == 0 && run("mount", attach) == 0;
    if (is_there) {
        char lost[128];
        (void)snprintf(lost, sizeof(lost), "%s/lost+found", world.folder);
        (void)rmdir(lost);
        live_on_a_full_disk();
        assert_int_equal(umount2(world.folder, 0), 0);
    }
    (void)unlink(image);
    if (!is_there) {
        print_message("skipped: may not mount an ext4 image\n");
        skip();
    }
}

static void
test_read_only_remount_is_told_as_full_and_nothing_is_lost(void **state)
{
    (void)state;
    if (!may_mount || mount("tmpfs", world.folder, "tmpfs", 0, "size=8m") != 0) {
        print_message("skipped: may not mount a tmpfs\n");
        skip();
    }
    world_reset(&world);
    assert_int_equal(workload_live(&world), OK);
    assert_int_equal(mount("tmpfs", world.folder, NULL, MS_REMOUNT | MS_RDONLY, "size=8m"), 0);
    assert_int_equal(workload_go_on(&world), ERR_FULL);
    assert_int_equal(mount("tmpfs", world.folder, NULL, MS_REMOUNT, "size=8m"), 0);
    const char *trouble = workload_check(&world);
    if (trouble != NULL) {
        fail_msg("%s", trouble);
    }
    assert_int_equal(umount2(world.folder, MNT_DETACH), 0);
}

int
main(void)
{
    if (secret_start() != OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_tmpfs_refuses_footage_takes_the_reserve_and_goes_on_after),
        cmocka_unit_test(test_full_ext4_refuses_footage_takes_the_reserve_and_goes_on_after),
        cmocka_unit_test(test_read_only_remount_is_told_as_full_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
