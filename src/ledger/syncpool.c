/* Many files synced at once. */
#include "ledger/syncpool.h"

#include "ledger/disk.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* One round at a time; a worker that comes late finds nothing left. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t begun, ended;
    unsigned threads, running, busy;
    uint64_t round;
    int log;
    struct tile first;
    size_t count;
    atomic_size_t next;
    atomic_int err;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
    .begun = PTHREAD_COND_INITIALIZER,
    .ended = PTHREAD_COND_INITIALIZER};

static enum err
sync_tile(int log, const struct tile *tile)
{
    char path[TILE_PATH];
    int fd = openat(log, tile_path(tile, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return ERR_IO;
    }
    enum err err = disk_sync(fd);
    (void)close(fd);
    return err;
}

/* Takes files until there is none left, or one failed. */
static void
take_part(void)
{
    while (atomic_load(&pool.err) == OK) {
        size_t at = atomic_fetch_add(&pool.next, 1);
        if (at >= pool.count) {
            return;
        }
        struct tile tile = pool.first;
        tile.index += at;
        enum err err = sync_tile(pool.log, &tile);
        if (err != OK) {
            atomic_store(&pool.err, err);
        }
    }
}

static void *
work(void *context)
{
    (void)context;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool.lock);
    pool.running++;
    pthread_cond_signal(&pool.ended);
    for (;;) {
        while (pool.round == seen) {
            pthread_cond_wait(&pool.begun, &pool.lock);
        }
        seen = pool.round;
        pthread_mutex_unlock(&pool.lock);
        take_part();
        pthread_mutex_lock(&pool.lock);
        if (--pool.busy == 0) {
            pthread_cond_signal(&pool.ended);
        }
    }
    return NULL;
}

enum err
syncpool_start(void)
{
    pthread_attr_t detached;
    if (pool.threads != 0 || pthread_attr_init(&detached) != 0) {
        return pool.threads != 0 ? OK : ERR_SYSTEM;
    }
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&detached, (size_t)256 * 1024);
    pthread_t thread;
    while (pool.threads < SYNCPOOL_THREADS && pthread_create(&thread, &detached, work, NULL) == 0) {
        pool.threads++;
    }
    (void)pthread_attr_destroy(&detached);
    /* A thread that is only being made still needs system calls that the sandbox takes away. */
    pthread_mutex_lock(&pool.lock);
    while (pool.running != pool.threads) {
        pthread_cond_wait(&pool.ended, &pool.lock);
    }
    pthread_mutex_unlock(&pool.lock);
    return pool.threads != 0 ? OK : ERR_SYSTEM;
}

enum err
syncpool_sync(int log, const struct tile *first, size_t count)
{
    pthread_mutex_lock(&pool.lock);
    pool.log = log;
    pool.first = *first;
    pool.count = count;
    atomic_store(&pool.next, 0);
    atomic_store(&pool.err, OK);
    pool.busy = pool.threads;
    pool.round++;
    pthread_cond_broadcast(&pool.begun);
    pthread_mutex_unlock(&pool.lock);
    take_part();
    pthread_mutex_lock(&pool.lock);
    while (pool.busy != 0) {
        pthread_cond_wait(&pool.ended, &pool.lock);
    }
    pthread_mutex_unlock(&pool.lock);
    return (enum err)atomic_load(&pool.err);
}
