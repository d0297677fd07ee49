/* Makes every thread of the pool do one piece of work at the same time: then all of them run. */
#include "daemon/pool.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_barrier_t runs;

static void
work(uv_work_t *one)
{
    (void)one;
    (void)pthread_barrier_wait(&runs);
}

static void
done(uv_work_t *one, int status)
{
    (void)one;
    (void)status;
}

enum err
pool_start(uv_loop_t *loop, unsigned count)
{
    assert(count >= 1 && count <= POOL_MOST);
    uv_work_t works[POOL_MOST];
    const char size[2] = {(char)('0' + count), '\0'};
    if (setenv("UV_THREADPOOL_SIZE", size, 1) != 0 ||
        pthread_barrier_init(&runs, NULL, count) != 0) {
        return ERR_SYSTEM;
    }
    for (unsigned i = 0; i < count; i++) {
        if (uv_queue_work(loop, &works[i], work, done) != 0) {
            return ERR_SYSTEM;
        }
    }
    (void)uv_run(loop, UV_RUN_DEFAULT); /* nothing else is active yet */
    (void)pthread_barrier_destroy(&runs);
    return OK;
}
