/* The thread beside the one that hashes: it waits for a descriptor, reads the clip, and waits. */
#include "evidence/clip_look.h"

#include <pthread.h>
#include <stdlib.h>

enum look_state {
    LOOK_MADE, /* the thread does not run yet */
    LOOK_WAITING,
    LOOK_ASKED,
    LOOK_DONE,
    LOOK_OVER,
};

struct clip_look {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum look_state state; /* under the mutex; all below belongs to who moves it on */
    int fd;
    enum err err;
    struct clip_signs signs;
    struct note note;
};

static void
move_on(struct clip_look *look, enum look_state state)
{
    (void)pthread_mutex_lock(&look->mutex);
    look->state = state;
    (void)pthread_cond_broadcast(&look->changed);
    (void)pthread_mutex_unlock(&look->mutex);
}

/* Until it is in one of the two. */
static enum look_state
wait_for(struct clip_look *look, enum look_state first, enum look_state second)
{
    (void)pthread_mutex_lock(&look->mutex);
    while (look->state != first && look->state != second) {
        (void)pthread_cond_wait(&look->changed, &look->mutex);
    }
    enum look_state state = look->state;
    (void)pthread_mutex_unlock(&look->mutex);
    return state;
}

static void *
work(void *context)
{
    struct clip_look *look = context;
    move_on(look, LOOK_WAITING);
    while (wait_for(look, LOOK_ASKED, LOOK_OVER) == LOOK_ASKED) {
        look->err = clip_read(look->fd, &look->signs, &look->note);
        move_on(look, LOOK_DONE);
    }
    return NULL;
}

enum err
clip_look_new(struct clip_look **ret_look)
{
    struct clip_look *look = calloc(1, sizeof(*look));
    if (look == NULL) {
        return ERR_MEMORY;
    }
    (void)pthread_mutex_init(&look->mutex, NULL);
    (void)pthread_cond_init(&look->changed, NULL);
    if (pthread_create(&look->thread, NULL, work, look) != 0) {
        (void)pthread_cond_destroy(&look->changed);
        (void)pthread_mutex_destroy(&look->mutex);
        free(look);
        return ERR_SYSTEM;
    }
    (void)wait_for(look, LOOK_WAITING, LOOK_WAITING);
    *ret_look = look;
    return OK;
}

void
clip_look_free(struct clip_look *look)
{
    if (look == NULL) {
        return;
    }
    move_on(look, LOOK_OVER);
    (void)pthread_join(look->thread, NULL);
    (void)pthread_cond_destroy(&look->changed);
    (void)pthread_mutex_destroy(&look->mutex);
    free(look);
}

void
clip_look_begin(struct clip_look *look, int fd)
{
    assert(look->state == LOOK_WAITING);
    look->fd = fd;
    look->note = (struct note){""};
    move_on(look, LOOK_ASKED);
}

enum err
clip_look_end(struct clip_look *look, struct clip_signs *ret_signs, struct note *note)
{
    (void)wait_for(look, LOOK_DONE, LOOK_DONE);
    enum err err = look->err;
    if (err == OK) {
        *ret_signs = look->signs;
    } else {
        *note = look->note;
    }
    move_on(look, LOOK_WAITING);
    return err;
}
