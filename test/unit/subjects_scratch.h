/* Keys of subjects in a new folder under /tmp: a fresh file of them before each test. */
#pragma once

#include "ledger/sealing.h"
#include "ledger/subjects.h"

#include "log_scratch.h"

#include <fcntl.h>
#include <unistd.h>

static int folder;
static struct subjects *subjects;
static struct note note;

static int
setup(void **state)
{
    (void)state;
    scratch_make("subjects");
    folder = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0;
}

static int
fresh(void **state)
{
    (void)state;
    (void)unlinkat(folder, SUBJECTS_FILE, 0);
    (void)unlinkat(folder, SEALING_FILE, 0);
    return subjects_create(folder, SUBJECTS_FILE, &note) != OK ||
           subjects_open(folder, SUBJECTS_FILE, true, &subjects, &note) != OK;
}

static int
done(void **state)
{
    (void)state;
    subjects_close(subjects);
    subjects = NULL;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)close(folder);
    return scratch_remove();
}
