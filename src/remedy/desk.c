/*
 * The desk: one thread runs the wire's loop, all others post to it and wait. What wire and its
 * calls own is touched by the loop's thread only; the lock guards the queue and the ends of posts.
 */
#include "remedy/desk_post.h"

#include "catalog/catalog.h"
#include "remedy/remedy.h"

#include <libxml/parser.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS 256

struct desk {
    struct desk_settings settings;
    struct wire *wire;
    uv_async_t wake;
    pthread_t thread;
    atomic_bool is_stopped, is_closing;
    pthread_mutex_t lock;
    struct desk_post *first, *last; /* waiting */
    struct desk_post *active;       /* of the loop's thread alone */
    pthread_mutex_t store_lock;
    pthread_mutex_t write_lock;
};

const struct desk_settings *
desk_settings(const struct desk *desk)
{
    return &desk->settings;
}

static void
end_post(struct desk_post *post, enum err err)
{
    struct desk *desk = post->desk;
    (void)pthread_mutex_lock(&desk->lock);
    post->err = err;
    post->is_over = true;
    (void)pthread_cond_signal(&post->over);
    (void)pthread_mutex_unlock(&desk->lock);
}

static void
remove_active(struct desk_post *post)
{
    struct desk *desk = post->desk;
    *(post->prev == NULL ? &desk->active : &post->prev->next) = post->next;
    if (post->next != NULL) {
        post->next->prev = post->prev;
    }
}

void
desk_post_end(struct desk_post *post, enum err err)
{
    remove_active(post);
    end_post(post, err);
}

static struct desk_post *
take_queue(struct desk *desk)
{
    (void)pthread_mutex_lock(&desk->lock);
    struct desk_post *first = desk->first;
    desk->first = desk->last = NULL;
    (void)pthread_mutex_unlock(&desk->lock);
    return first;
}

static void
begin_post(struct desk *desk, struct desk_post *post)
{
    post->prev = NULL;
    post->next = desk->active;
    if (desk->active != NULL) {
        desk->active->prev = post;
    }
    desk->active = post;
    post->start(post, desk->wire);
}

static void
cancel_active(struct desk *desk)
{
    struct desk_post *next = NULL;
    for (struct desk_post *post = desk->active; post != NULL; post = next) {
        next = post->next;
        if (!post->is_last) {
            post->cancel(post);
            desk_post_end(post, ERR_CANCELLED);
        }
    }
}

static void
on_wake(uv_async_t *wake)
{
    struct desk *desk = wake->data;
    struct desk_post *next = NULL;
    for (struct desk_post *post = take_queue(desk); post != NULL; post = next) {
        next = post->next;
        if (desk_is_stopped(desk) && !post->is_last) {
            end_post(post, ERR_CANCELLED);
        } else {
            begin_post(desk, post);
        }
    }
    if (desk_is_stopped(desk)) {
        cancel_active(desk);
    }
    if (atomic_load(&desk->is_closing)) {
        assert(desk->active == NULL);
        uv_close((uv_handle_t *)&desk->wake, NULL);
        wire_stop(desk->wire);
    }
}

static void *
run_loop(void *context)
{
    const struct desk *desk = context;
    wire_run(desk->wire);
    return NULL;
}

enum err
desk_post(struct desk *desk, struct desk_post *post)
{
    post->desk = desk;
    post->next = NULL;
    post->is_over = false;
    (void)pthread_cond_init(&post->over, NULL);
    (void)pthread_mutex_lock(&desk->lock);
    *(desk->last == NULL ? &desk->first : &desk->last->next) = post;
    desk->last = post;
    (void)uv_async_send(&desk->wake);
    while (!post->is_over) {
        (void)pthread_cond_wait(&post->over, &desk->lock);
    }
    (void)pthread_mutex_unlock(&desk->lock);
    (void)pthread_cond_destroy(&post->over);
    return post->err;
}

/* Signals belong to the program's own thread. */
static bool
start_thread(struct desk *desk)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&desk->thread, NULL, run_loop, desk) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

enum err
desk_open(const struct desk_settings *settings, struct desk **ret_desk, struct note *note)
{
    /* What is made at the first use is made before there are threads. */
    (void)catalog_current();
    xmlInitParser();
    struct desk *desk = calloc(1, sizeof(*desk));
    enum err err =
        desk == NULL ? ERR_MEMORY : wire_new(settings->scope, &settings->wire, &desk->wire);
    if (err != OK) {
        note_set(note, "the event loop could not be made: %s", err_words(err));
        free(desk);
        return err;
    }
    desk->settings = *settings;
    (void)pthread_mutex_init(&desk->lock, NULL);
    (void)pthread_mutex_init(&desk->store_lock, NULL);
    (void)pthread_mutex_init(&desk->write_lock, NULL);
    desk->wake.data = desk;
    bool has_wake = uv_async_init(wire_loop(desk->wire), &desk->wake, on_wake) == 0;
    if (!has_wake || !start_thread(desk)) {
        note_set(note, "the thread of the event loop could not be started");
        if (has_wake) {
            uv_close((uv_handle_t *)&desk->wake, NULL);
        }
        wire_free(desk->wire);
        free(desk);
        return ERR_SYSTEM;
    }
    *ret_desk = desk;
    return OK;
}

void
desk_close(struct desk *desk)
{
    if (desk == NULL) {
        return;
    }
    atomic_store(&desk->is_closing, true);
    (void)uv_async_send(&desk->wake);
    (void)pthread_join(desk->thread, NULL);
    wire_free(desk->wire);
    (void)pthread_mutex_destroy(&desk->lock);
    (void)pthread_mutex_destroy(&desk->store_lock);
    (void)pthread_mutex_destroy(&desk->write_lock);
    free(desk);
}

void
desk_stop(struct desk *desk)
{
    atomic_store(&desk->is_stopped, true);
    (void)uv_async_send(&desk->wake); /* may be called from a signal's handler */
}

bool
desk_is_stopped(const struct desk *desk)
{
    return atomic_load(&desk->is_stopped);
}

void
desk_store_lock(struct desk *desk)
{
    (void)pthread_mutex_lock(&desk->store_lock);
}

void
desk_store_unlock(struct desk *desk)
{
    (void)pthread_mutex_unlock(&desk->store_lock);
}

/* One call of the wire, waited for. */
struct wire_post {
    struct desk_post post;
    struct wire_call *call;
    const struct wire_target *target;
    const struct request *request;
    struct arena *arena;
    struct answer *answer;
    unsigned ms;
};

static void
cancel_call(struct desk_post *post)
{
    struct wire_post *asked = (struct wire_post *)post;
    wire_cancel(asked->call);
}

/* A call that could not be made has ended already. */
static void
took_call(struct wire_post *asked, struct wire_call *call)
{
    asked->call = call;
    if (call == NULL) {
        desk_post_end(&asked->post, ERR_MEMORY);
    }
}

static void
got_answer(void *context, const struct answer *answer)
{
    struct wire_post *asked = context;
    *asked->answer = *answer;
    desk_post_end(&asked->post, answer->err);
}

static void
start_http(struct desk_post *post, struct wire *wire)
{
    struct wire_post *asked = (struct wire_post *)post;
    took_call(
        asked, wire_http(wire, asked->target, asked->request, asked->arena, got_answer, asked));
}

static void
start_rtsp(struct desk_post *post, struct wire *wire)
{
    struct wire_post *asked = (struct wire_post *)post;
    took_call(
        asked, wire_rtsp(wire, asked->target, asked->request, asked->arena, got_answer, asked));
}

static void
got_connect(void *context, const struct wire_target *target, enum err err)
{
    struct wire_post *asked = context;
    (void)target;
    desk_post_end(&asked->post, err);
}

static void
start_connect(struct desk_post *post, struct wire *wire)
{
    struct wire_post *asked = (struct wire_post *)post;
    took_call(asked, wire_connect(wire, asked->target, got_connect, asked));
}

static void
waited(void *context)
{
    struct wire_post *asked = context;
    desk_post_end(&asked->post, OK);
}

static void
start_wait(struct desk_post *post, struct wire *wire)
{
    struct wire_post *asked = (struct wire_post *)post;
    took_call(asked, wire_after(wire, asked->ms, waited, asked));
}

static enum err
exchange(struct desk *desk, struct wire_post *asked)
{
    const struct answer none = {.err = ERR_CANCELLED, .headers = "", .body = ""};
    *asked->answer = none;
    asked->post.cancel = cancel_call;
    enum err err = desk_post(desk, &asked->post);
    asked->answer->err = err;
    return err;
}

enum err
desk_http(struct desk *desk, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    struct wire_post asked = {
        .post.start = start_http,
        .target = target,
        .request = request,
        .arena = arena,
        .answer = ret_answer,
    };
    return exchange(desk, &asked);
}

enum err
desk_rtsp(struct desk *desk, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    struct wire_post asked = {
        .post.start = start_rtsp,
        .target = target,
        .request = request,
        .arena = arena,
        .answer = ret_answer,
    };
    return exchange(desk, &asked);
}

enum err
desk_wait(struct desk *desk, unsigned ms)
{
    struct wire_post asked = {
        .post = {.start = start_wait, .cancel = cancel_call},
          .ms = ms
    };
    return desk_post(desk, &asked.post);
}

enum err
desk_connect(struct desk *desk, const struct wire_target *target)
{
    struct wire_post asked = {
        .post = {.start = start_connect, .cancel = cancel_call},
          .target = target
    };
    return desk_post(desk, &asked.post);
}

enum err
desk_write(void *context, struct event *event, struct note *note)
{
    struct desk *desk = context;
    const struct run_ledger *ledger = &desk->settings.ledger;
    if (ledger->write == NULL) {
        return OK;
    }
    (void)pthread_mutex_lock(&desk->write_lock);
    enum err err = ledger->write(ledger->context, event, note);
    (void)pthread_mutex_unlock(&desk->write_lock);
    return err;
}

void
desk_tell(const struct job *job, const char *format, ...)
{
    const struct desk_settings *settings = &job->desk->settings;
    char words[WORDS];
    va_list list;
    if (settings->progress == NULL) {
        return;
    }
    va_start(list, format);
    (void)vsnprintf(words, sizeof(words), format, list);
    va_end(list);
    (void)pthread_mutex_lock(&job->desk->write_lock);
    settings->progress(settings->context, job, words);
    (void)pthread_mutex_unlock(&job->desk->write_lock);
}
