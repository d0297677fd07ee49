/* The file of the views: made, or found again after a worker, nginx or the doorman went. */
#include "base/clock.h"
#include "base/file.h"
#include "gate/views_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0660

static enum err
complain(struct note *note, enum err err, const char *path, const char *words)
{
    note_set(note, "%s: %s", file_tail(path, 120), words);
    return err;
}

/* Names this run of the machine; "" when the kernel does not say. */
static void
read_boot(char out[40])
{
    memset(out, 0, 40);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t len = read(fd, out, 36);
        out[len > 0 ? len : 0] = '\0';
        (void)close(fd);
    }
}

static enum err
make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) {
        return ERR_SYSTEM;
    }
    bool is_good = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
                   pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0 &&
                   pthread_mutex_init(lock, &attributes) == 0;
    (void)pthread_mutexattr_destroy(&attributes);
    return is_good ? OK : ERR_SYSTEM;
}

/* Locks of processes that are all gone, as in a new file and after the machine started again. */
static enum err
make_locks(struct views_shared *shared)
{
    enum err err = make_lock(&shared->lock);
    for (size_t i = 0; i < VIEWS_WORKERS && err == OK; i++) {
        err = make_lock(&shared->workers[i].life);
        shared->workers[i].beat = 0;
    }
    read_boot(shared->boot);
    return err;
}

static enum err
map(int fd, struct views_shared **ret_shared)
{
    void *place = mmap(NULL, sizeof(**ret_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED) {
        return ERR_SYSTEM;
    }
    *ret_shared = place;
    return OK;
}

/* OK with the mapping; ERR_MISSING; ERR_VALUE: another version's, or none. */
static enum err
find_file(const char *path, struct views_shared **ret_shared, struct note *note)
{
    struct stat status;
    struct views_shared *shared = NULL;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return complain(note, errno == ENOENT ? ERR_MISSING : ERR_SYSTEM, path, strerror(errno));
    }
    enum err err = ERR_VALUE;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size == (off_t)sizeof(*shared)) {
        err = map(fd, &shared);
    }
    (void)close(fd);
    if (err == OK && (memcmp(shared->magic, VIEWS_MAGIC, sizeof(shared->magic)) != 0 ||
                         shared->version != VIEWS_VERSION || shared->size != sizeof(*shared))) {
        (void)munmap(shared, sizeof(*shared));
        err = ERR_VALUE;
    }
    if (err != OK) {
        return complain(note, err, path, "not a file of views of this version");
    }
    *ret_shared = shared;
    return OK;
}

static enum err
fill_new(struct views_shared *shared)
{
    memcpy(shared->magic, VIEWS_MAGIC, sizeof(shared->magic));
    shared->version = VIEWS_VERSION;
    shared->size = sizeof(*shared);
    randombytes_buf(shared->secret, sizeof(shared->secret));
    views_index(shared);
    return make_locks(shared);
}

/* Beside its place and renamed, with all its space taken: no writer may meet a full disk. */
static enum err
new_file(const char *path, struct views_shared **ret_shared, struct note *note)
{
    CLEANUP(buf_release) struct buf beside;
    struct views_shared *shared = NULL;
    buf_init(&beside, 8192);
    buf_format(&beside, "%s.new", path);
    if (buf_error(&beside) != OK || (unlink(beside.data) != 0 && errno != ENOENT)) {
        return complain(note, ERR_SYSTEM, path, strerror(errno));
    }
    int fd = open(beside.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);
    if (fd < 0) {
        return complain(note, ERR_SYSTEM, path, strerror(errno));
    }
    int error = posix_fallocate(fd, 0, (off_t)sizeof(*shared));
    enum err err = error == 0 && fchmod(fd, MODE) == 0 ? map(fd, &shared) : ERR_SYSTEM;
    (void)close(fd);
    if (err == OK) {
        err = fill_new(shared);
    }
    if (err == OK && rename(beside.data, path) != 0) {
        err = ERR_SYSTEM;
    }
    if (err != OK) {
        (void)unlink(beside.data);
        if (shared != NULL) {
            (void)munmap(shared, sizeof(*shared));
        }
        return complain(note, err, path, strerror(error != 0 ? error : errno));
    }
    *ret_shared = shared;
    return OK;
}

/* The clock of boot began anew; where it stood is told by the wall's. */
static void
move_times(struct view *view)
{
    int64_t lasted = view->active - view->begun;
    view->begun = clock_boot() - (clock_wall() - view->begun_wall);
    view->active = view->begun + lasted;
    view->heartbeat = view->active;
}

static enum err
find_again(struct views_shared *shared)
{
    char boot[40];
    enum err err = OK;
    read_boot(boot);
    bool is_same = memcmp(boot, shared->boot, sizeof(boot)) == 0;
    if (!is_same) {
        err = make_locks(shared);
        memset(shared->touched, 0, sizeof(shared->touched));
        memset(shared->links, 0, sizeof(shared->links));
    }
    bool one_lives = err == OK && is_same && views_bury_dead(shared, "gateway ended");
    if (err != OK || one_lives) {
        return err;
    }
    views_lock(shared);
    views_index(shared);
    for (size_t i = 0; i < VIEWS_ROWS; i++) {
        struct views_row *row = &shared->rows[i];
        if (row->view.state == VIEW_FREE) {
            continue;
        }
        if (!is_same) {
            move_times(&row->view);
        }
        memset(row->view.open, 0, sizeof(row->view.open));
        if (row->view.state != VIEW_REFUSED) {
            views_end(shared, row, "gateway ended");
        }
    }
    views_unlock(shared);
    return OK;
}

static enum err
hand_out(struct views_shared *shared, uint16_t worker, struct views **ret_views)
{
    struct views *views = calloc(1, sizeof(*views));
    if (views == NULL) {
        (void)munmap(shared, sizeof(*shared));
        return ERR_MEMORY;
    }
    *views = (struct views){shared, worker};
    *ret_views = views;
    return OK;
}

enum err
views_create(const char *path, struct views **ret_views, struct note *note)
{
    struct views_shared *shared = NULL;
    struct note unused;
    enum err err = find_file(path, &shared, &unused);
    if (err == OK) {
        err = find_again(shared);
    } else if (err == ERR_MISSING || err == ERR_VALUE) {
        err = new_file(path, &shared, note);
    } else {
        *note = unused;
    }
    return err == OK ? hand_out(shared, VIEWS_NONE, ret_views) : err;
}

/* A place whose life nobody holds. */
static uint16_t
take_place(struct views_shared *shared)
{
    for (uint16_t i = 0; i < VIEWS_WORKERS; i++) {
        struct views_worker *worker = &shared->workers[i];
        int error = pthread_mutex_trylock(&worker->life);
        if (error == EOWNERDEAD) {
            (void)pthread_mutex_consistent(&worker->life);
            views_lock(shared);
            views_bury(shared, i, "worker ended");
            views_unlock(shared);
        }
        if (error == 0 || error == EOWNERDEAD) {
            worker->beat = clock_boot();
            return i;
        }
    }
    return VIEWS_NONE;
}

enum err
views_open(const char *path, struct views **ret_views, struct note *note)
{
    char boot[40];
    struct views_shared *shared = NULL;
    enum err err = find_file(path, &shared, note);
    if (err != OK) {
        return err;
    }
    read_boot(boot);
    bool is_same = memcmp(boot, shared->boot, sizeof(boot)) == 0;
    uint16_t worker = is_same ? take_place(shared) : VIEWS_NONE;
    if (worker == VIEWS_NONE) {
        (void)munmap(shared, sizeof(*shared));
        return is_same ? complain(note, ERR_LIMIT, path, "all places of workers are taken")
                       : complain(note, ERR_MISSING, path, "no doorman has run since the start");
    }
    return hand_out(shared, worker, ret_views);
}

void
views_close(struct views *views)
{
    if (views == NULL) {
        return;
    }
    if (views->worker != VIEWS_NONE) {
        views_lock(views->shared);
        views_bury(views->shared, views->worker, "worker ended");
        views_unlock(views->shared);
        (void)pthread_mutex_unlock(&views->shared->workers[views->worker].life);
    }
    (void)munmap(views->shared, sizeof(*views->shared));
    free(views);
}
