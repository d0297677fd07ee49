/* The doorman's life: everything is opened, then it is shut in, then the door opens. */
#include "daemon/doorman.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/doorman_parts.h"
#include "daemon/notify.h"
#include "daemon/pool.h"
#include "daemon/sandbox.h"
#include "ledger/subjects.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TICK   100  /* ms: news reach the board within a quarter of a second */
#define SWEEP  250  /* ms between looks at views */
#define ENDING 5000 /* ms that visits get to end */
#define ARENA  ((size_t)1024 * 1024)

static void
end(struct doorman *doorman)
{
    if (!doorman->is_ending) {
        doorman->is_ending = true;
        doorman->ends_at = clock_boot() + ENDING;
    }
}

static void
on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    end(handle->data);
}

static void
on_tick(uv_timer_t *timer)
{
    struct doorman *doorman = timer->data;
    int64_t now = clock_boot();
    doorman_board_tick(doorman, now);
    doorman_say_tick(doorman, now);
    if (now - doorman->swept >= SWEEP) {
        doorman->swept = now;
        doorman_views_tick(doorman, now);
        doorman_emergency_tick(doorman);
    }
    bool is_done = doorman->visits == NULL || now >= doorman->ends_at;
    if (doorman->is_ending && is_done && doorman->hashing == 0 && !doorman->is_searching) {
        uv_stop(&doorman->loop);
    }
}

/* One doorman at a time: the board has one writer. */
static enum err
take_lock(struct doorman *doorman, struct note *note)
{
    const char *path = settings_run(doorman->settings, "doorman.lock", doorman->arena);
    if (path == NULL) {
        return ERR_MEMORY;
    }
    doorman->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (doorman->lock < 0) {
        note_set(note, "%s: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (flock(doorman->lock, LOCK_EX | LOCK_NB) != 0) {
        note_set(note, "another doorman has this gateway");
        return ERR_REFUSED;
    }
    return OK;
}

static enum err
know_paths(struct doorman *doorman, const struct doorman_settings *settings)
{
    struct arena *arena = doorman->arena;
    const struct settings *gate = settings->gate;
    doorman->ledger_folder = gate->ledger;
    doorman->keeper_path = settings->keeper != NULL
                               ? settings->keeper
                               : arena_format(arena, "%s/keeper.sock", gate->ledger);
    doorman->emergency_path = settings_run(gate, "emergency.jsonl", arena);
    doorman->taken_path = settings_run(gate, "emergency-taken.jsonl", arena);
    doorman->index_path = settings_run(gate, "accesses.db", arena);
    return doorman->keeper_path == NULL || doorman->emergency_path == NULL ||
                   doorman->taken_path == NULL || doorman->index_path == NULL
               ? ERR_MEMORY
               : OK;
}

static enum err
shut_in(struct doorman *doorman, bool is_open, struct note *note)
{
    const struct settings *settings = doorman->settings;
    struct arena *arena = doorman->arena;
    const struct sandbox_folder paths[] = {
        {settings_file(settings, "identity.db", arena), SANDBOX_FILE},
        {settings_file(settings,          "identity.db-wal",                       arena), SANDBOX_FILE},
        {settings_file(settings,"identity.db-shm",arena), SANDBOX_FILE},
        {settings_file(settings,                      "run",              arena), SANDBOX_FILES},
        {settings->ledger,                SANDBOX_READ                                    },
    };
    for (size_t i = 0; i < COUNT(paths); i++) {
        if (paths[i].path == NULL) {
            return ERR_MEMORY;
        }
    }
    bool has_ledger = access(settings->ledger, X_OK) == 0;
    enum err err = sandbox_folders(paths, COUNT(paths) - (has_ledger ? 0 : 1), note);
    if (err == ERR_UNSUPPORTED && is_open) {
        log_warn("this kernel has no Landlock: the doorman sees the whole file system");
        err = OK;
    }
    err = err == OK ? sandbox_capabilities(note) : err;
    err = err == OK ? pool_start(&doorman->loop, DOORMAN_POOL) : err;
    return err == OK ? sandbox_calls_client(note) : err;
}

static enum err
start_loop(struct doorman *doorman)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (uv_signal_init(&doorman->loop, &doorman->terms[i]) != 0 ||
            uv_signal_start(&doorman->terms[i], on_signal, numbers[i]) != 0) {
            return ERR_SYSTEM;
        }
        doorman->terms[i].data = doorman;
    }
    doorman->tick.data = doorman;
    return uv_timer_init(&doorman->loop, &doorman->tick) == 0 &&
                   uv_timer_start(&doorman->tick, on_tick, 0, TICK) == 0
               ? OK
               : ERR_SYSTEM;
}

/* It starts all the same: without room it serves whoever is in. */
static void
reserve_room(struct doorman *doorman, enum err err)
{
    struct note note = {""};
    if (err == OK && identity_reserve(doorman->identity, &note) != OK) {
        log_warn("no room is reserved for log-ins on a full disk: %s", note.text);
    }
}

static enum err
open_all(struct doorman *doorman, const struct doorman_settings *settings, struct note *note)
{
    enum err err = take_lock(doorman, note);
    err = err == OK ? know_paths(doorman, settings) : err;
    err = err == OK ? identity_open(settings->gate->folder, &doorman->identity, note) : err;
    reserve_room(doorman, err);
    err = err == OK ? doorman_board_open(doorman, note) : err;
    err = err == OK ? doorman_views_open(doorman, note) : err;
    err = err == OK ? subjects_beside(doorman->ledger_folder, &doorman->subjects, note) : err;
    if (err == OK) {
        const char *path = settings_run(settings->gate, "doorman.sock", doorman->arena);
        err = path == NULL ? ERR_MEMORY : doorman_http_open(doorman, path, note);
    }
    return err;
}

static void
release(struct doorman *doorman)
{
    views_close(doorman->views);
    subjects_close(doorman->subjects);
    doorman_board_close(doorman);
    identity_close(doorman->identity);
    if (doorman->lock >= 0) {
        (void)close(doorman->lock);
    }
    sodium_memzero(doorman->key, sizeof(doorman->key));
    sodium_memzero(doorman->halves, sizeof(doorman->halves));
    free(doorman);
}

enum err
doorman_run(const struct doorman_settings *settings, struct note *note)
{
    struct arena arena;
    struct doorman *doorman = calloc(1, sizeof(*doorman));
    if (doorman == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&arena, ARENA);
    doorman->arena = &arena;
    doorman->settings = settings->gate;
    doorman->lock = doorman->door = -1;
    randombytes_buf(doorman->key, sizeof(doorman->key));
    json_object_seed(0); /* reads /dev/urandom */
    int notify = notify_open();
    enum err err = uv_loop_init(&doorman->loop) == 0 ? OK : ERR_SYSTEM;
    err = err == OK ? open_all(doorman, settings, note) : err;
    err = err == OK ? shut_in(doorman, settings->is_open, note) : err;
    err = err == OK ? start_loop(doorman) : err;
    err = err == OK ? doorman_http_start(doorman) : err;
    if (err == OK) {
        doorman_board_publish(doorman);
        notify_say(notify, "READY=1");
        (void)uv_run(&doorman->loop, UV_RUN_DEFAULT);
    }
    doorman->is_ending = true;
    doorman_say_stop(doorman);
    doorman_http_stop(doorman);
    release(doorman);
    arena_release(&arena);
    return err;
}
