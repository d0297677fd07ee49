/* The shared file of views; for views*.c only. */
#pragma once

#include "gate/views.h"

#include <pthread.h>

#define VIEWS_MAGIC   "GHVIEWS"
#define VIEWS_VERSION 5
#define VIEWS_NONE    UINT16_MAX /* no row, no worker */

/* Its state is written last when it is made and first when it is freed: what a dead writer left
 * half done is a free row. */
struct views_row {
    struct view view;
    bool is_ending; /* found by nobody; waits for the sweep to tell of it */
    uint16_t asker; /* worker whose event it waits for */
    uint16_t next;  /* of its bucket, or the next free one */
};

/* A worker holds `life` for as long as it lives: whoever can take it knows that it is gone. */
struct views_worker {
    pthread_mutex_t life;
    int64_t beat; /* boot ms; 0: the place is free */
};

struct views_shared {
    char magic[8];
    uint32_t version;
    uint32_t size;
    uint8_t secret[16];   /* of views_key() */
    char boot[40];        /* of the machine's run that the times and locks belong to */
    pthread_mutex_t lock; /* of everything but bytes, active and touched */
    struct views_worker workers[VIEWS_WORKERS];
    int64_t touched[BOARD_SESSIONS];
    uint16_t free;
    uint16_t buckets[VIEWS_ROWS];
    struct views_link links[VIEWS_LINKS];
    struct views_row rows[VIEWS_ROWS];
};

struct views {
    struct views_shared *shared;
    uint16_t worker; /* VIEWS_NONE: the doorman */
};

/* Takes the lock, mending what a holder that died left. */
void views_lock(struct views_shared *shared);
void views_unlock(struct views_shared *shared);
/* Finds the free rows and the buckets anew. */
void views_index(struct views_shared *shared);
/* With the lock held: what that worker had open is left. */
void views_bury(struct views_shared *shared, uint16_t worker, const char *cause);
/* Buries every worker that died; whether one lives. */
bool views_bury_dead(struct views_shared *shared, const char *cause);
/* With the lock held: nobody finds it any more, and the sweep tells of it. */
void views_end(struct views_shared *shared, struct views_row *row, const char *cause);
