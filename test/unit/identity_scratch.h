/* An identity database in a new folder under /tmp, removed at the end; time stands still. */
#pragma once

#include "base/clock.h"
#include "identity/user.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_NOON     INT64_C(1763812800000)
#define SCRATCH_PASSWORD "Kerze-Rotbarsch-Wolke-41"

static int64_t scratch_now;

struct scratch {
    char folder[64];
    struct identity *identity;
};

static inline int64_t
scratch_clock(void)
{
    return scratch_now;
}

static inline struct identity *
scratch_open(const char *folder)
{
    struct identity *identity = NULL;
    struct note note = {""};
    if (identity_open(folder, &identity, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return identity;
}

static inline void
scratch_again(struct scratch *scratch)
{
    identity_close(scratch->identity);
    scratch->identity = scratch_open(scratch->folder);
}

static inline int
scratch_set_up(void **state)
{
    static const struct clock_source source = {.wall = scratch_clock, .mono = scratch_clock};
    static struct scratch scratch;
    scratch = (struct scratch){.folder = "/tmp/gatehouse-identity-XXXXXX"};
    assert_int_equal(secret_start(), OK);
    assert_non_null(mkdtemp(scratch.folder));
    scratch_now = SCRATCH_NOON;
    clock_replace(&source);
    scratch.identity = scratch_open(scratch.folder);
    *state = &scratch;
    return 0;
}

static inline int
scratch_tear_down(void **state)
{
    static const char *const files[] = {
        "identity.db", "identity.db-wal", "identity.db-shm", "identity.key"};
    struct scratch *scratch = *state;
    char path[128];
    identity_close(scratch->identity);
    clock_replace(NULL);
    for (size_t i = 0; i < COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", scratch->folder, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(scratch->folder), 0);
    return 0;
}

/* An account without any factor. */
static inline void
scratch_user(struct scratch *scratch, const char *name, bool is_administrator)
{
    struct note note = {""};
    if (user_add(scratch->identity, name, is_administrator, &note) != OK) {
        fail_msg("%s", note.text);
    }
}

static inline enum err
scratch_password(struct scratch *scratch, const char *name, const char *text, struct note *note)
{
    struct secret *password = secret_new_text(text);
    enum err err = user_set_password(scratch->identity, name, password, note);
    secret_free(password);
    return err;
}

#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)
