/* The keeper's life: everything is opened, then it is shut in, then the door opens. */
#include "daemon/keeper.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/keep.h"
#include "daemon/keeper_seal.h"
#include "daemon/notify.h"
#include "daemon/pool.h"
#include "daemon/sandbox.h"
#include "ledger/syncpool.h"
#include "ledger/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POOL        2 /* a commit and a publish at the same time */
#define STATUS_DEAD 2

void
keeper_die(enum err err, const char *what)
{
    log_error("%s: %s; the keeper ends here, so that nothing is acknowledged that is not on the "
              "disk",
        what, err_words(err));
    _exit(STATUS_DEAD);
}

void
keeper_end(struct keeper *keeper)
{
    if (keeper->is_ending) {
        return;
    }
    keeper_door_pause(keeper);
    keeper->is_ending = true;
    (void)uv_poll_stop(&keeper->door);
    if (keeper_round_is_idle(keeper)) {
        uv_stop(&keeper->loop);
    }
}

static void
on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    keeper_end(handle->data);
}

static void
on_second(uv_timer_t *timer)
{
    struct keeper *keeper = timer->data;
    keeper_own_clock(keeper);
    keeper_seal_second(keeper);
    keeper_door_cut_stuck(keeper);
    keeper_round_look_for_space(keeper);
    keeper_round_publish_soon(keeper);
    keeper_round_go(keeper);
    keeper_door_flush_dirty(keeper);
}

static enum err
shut_in(struct keeper *keeper, struct note *note)
{
    CLEANUP(buf_release) struct buf door;
    buf_init(&door, 4096);
    buf_text(&door, keeper->socket_path);
    const struct sandbox_folder folders[] = {
        {keeper->settings->folder, SANDBOX_FILES },
        {dirname(door.data),       SANDBOX_SOCKET},
        {keeper->settings->keys,   SANDBOX_FILES },
    };
    size_t count = keeper->key_is_fixed ? COUNT(folders) - 1 : COUNT(folders);
    keeper->landlock = sandbox_landlock();
    enum err err = sandbox_folders(folders, count, note);
    if (err == ERR_UNSUPPORTED && keeper->settings->is_open) {
        log_warn("this kernel has no Landlock: the keeper sees the whole file system");
        err = OK;
    }
    if (err == OK) {
        err = sandbox_capabilities(note);
    }
    if (err == OK) {
        err = pool_start(&keeper->loop, POOL);
    }
    if (err == OK) {
        err = syncpool_start();
    }
    if (err == OK) {
        err = sandbox_calls(note);
    }
    keeper->is_shut_in = err == OK && keeper->landlock != 0;
    return err;
}

/* What libraries read or make at their first use, while they still can. */
static enum err
warm_up(void)
{
    struct merkle *merkle = merkle_new();
    struct clockwatch_reading reading;
    merkle_free(merkle);
    clockwatch_read(&reading);
    json_object_seed(0); /* reads /dev/urandom */
    return merkle == NULL ? ERR_MEMORY : OK;
}

static enum err
prepare_loop(struct keeper *keeper)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (uv_loop_init(&keeper->loop) != 0 || uv_timer_init(&keeper->loop, &keeper->second) != 0) {
        return ERR_SYSTEM;
    }
    keeper->second.data = keeper;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        keeper->signals[i].data = keeper;
        if (uv_signal_init(&keeper->loop, &keeper->signals[i]) != 0) {
            return ERR_SYSTEM;
        }
    }
    return OK;
}

/* A command's own keeper ends with the command, not by the keys that were meant for it. */
static enum err
start_signals(struct keeper *keeper)
{
    int failed = uv_signal_start(&keeper->signals[0], on_signal, SIGTERM);
    if (keeper->settings->descriptor >= 0) {
        (void)signal(SIGINT, SIG_IGN);
    } else {
        failed |= uv_signal_start(&keeper->signals[1], on_signal, SIGINT);
    }
    failed |= uv_timer_start(&keeper->second, on_second, 1000, 1000);
    return failed == 0 ? OK : ERR_SYSTEM;
}

/* The time of the last event, so that a clock that went back while nobody looked is seen. */
static void
remember_last_time(struct keeper *keeper)
{
    struct tree *tree = NULL;
    const uint8_t *entry = NULL;
    size_t len = 0;
    int64_t stamped = 0;
    uint64_t size = ledger_published(keeper->ledger);
    if (size == 0 || tree_open(keeper->settings->folder, &tree, NULL) != OK) {
        return;
    }
    if (tree_entry(tree, size - 1, size, &entry, &len, NULL) == OK) {
        json_t *event = json_loadb((const char *)entry, len, 0, NULL);
        const char *text = json_string_value(json_object_get(event, "time"));
        if (text != NULL && clock_parse(text, &stamped) == OK) {
            clockwatch_remember(&keeper->clock, stamped);
        }
        json_decref(event);
    }
    tree_close(tree);
}

static enum err
open_ledger(struct keeper *keeper, struct note *note)
{
    const struct ledger_settings settings = {
        .folder = keeper->settings->folder,
        .key = keeper->key,
        /* For one command's sake no large segments are filled with zeros. */
        .segment_bytes = keeper->settings->descriptor < 0 ? 0 : LEDGER_SMALL_SEGMENT,
    };
    enum err err = ledger_open(&settings, &keeper->ledger, &keeper->recovery, note);
    if (err == OK) {
        remember_last_time(keeper);
        keeper_own_clock(keeper);
        err = keeper_key_settle(keeper, note);
    }
    err = err == OK ? keeper_seal_start(keeper, note) : err;
    return err;
}

/* In this order: what needs the outside, the sandbox, what reads bytes from outside. */
static enum err
begin(struct keeper *keeper, struct note *note)
{
    enum err err = secret_guard();
    /* No file of the caller's environment says which code runs beside the key. */
    if (err == OK && OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
        err = ERR_SYSTEM;
    }
    err = err == OK ? keeper_key_find(keeper, note) : err;
    err = err == OK ? keeper_seal_open(keeper, note) : err;
    err = err == OK ? warm_up() : err;
    err = err == OK ? prepare_loop(keeper) : err;
    err = err == OK ? keeper_round_prepare(keeper, note) : err;
    err = err == OK ? keeper_door_prepare(keeper, note) : err;
    keeper->notify_fd = notify_open();
    err = err == OK ? shut_in(keeper, note) : err;
    err = err == OK ? open_ledger(keeper, note) : err;
    err = err == OK ? start_signals(keeper) : err;
    err = err == OK ? keeper_door_open(keeper, note) : err;
    return err;
}

static void
finish(struct keeper *keeper)
{
    struct note note = {{0}};
    notify_say(keeper->notify_fd, "STOPPING=1");
    if (keeper->settings->descriptor < 0) {
        keeper_own_say(keeper, EVENT_STOP, NULL);
    }
    keeper_round_finish(keeper);
    enum err err = ledger_flush(keeper->ledger, &note);
    if (err != OK && err != ERR_FULL) {
        keeper_die(err, note.text);
    }
    keeper_door_flush_dirty(keeper);
    keeper_door_dismiss(keeper, "the keeper is ending");
}

static void
release(struct keeper *keeper)
{
    keeper_door_close(keeper);
    ledger_close(keeper->ledger);
    key_free(keeper->key);
    key_free(keeper->next);
    keeper_round_release(keeper);
    keeper_seal_release(keeper);
    free(keeper->socket_path);
    free(keeper);
}

static char *
socket_path(const struct keeper_settings *settings)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    if (settings->socket != NULL) {
        buf_text(&path, settings->socket);
    } else {
        buf_format(&path, "%s/keeper.sock", settings->folder);
    }
    return buf_error(&path) == OK ? strdup(path.data) : NULL;
}

enum err
keeper_run(const struct keeper_settings *settings, struct note *note)
{
    struct keeper *keeper = calloc(1, sizeof(*keeper));
    if (keeper == NULL) {
        return ERR_MEMORY;
    }
    keeper->settings = settings;
    keeper->door_fd = keeper->epoll_fd = keeper->notify_fd = -1;
    keeper->started = clock_boot();
    keeper->socket_path = socket_path(settings);
    enum err err = keeper->socket_path == NULL ? ERR_LIMIT : begin(keeper, note);
    if (err == OK) {
        if (keeper_own_must_start(keeper)) {
            keeper_own_start(keeper);
        }
        keeper_round_go(keeper);
        notify_say(keeper->notify_fd, "READY=1");
        (void)uv_run(&keeper->loop, UV_RUN_DEFAULT);
        finish(keeper);
    }
    release(keeper);
    return err;
}
