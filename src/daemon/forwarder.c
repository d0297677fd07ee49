/*
 * The forwarder's life: settings, tokens and the child that looks names up come first, then it is
 * shut in, then its threads begin to talk.
 */
#include "daemon/forwarder.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/sandbox.h"
#include "gate/running.h"
#include "store/vault.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TICK_MS    1000 /* between two writings of the state */
#define ARENA_MOST ((size_t)1024 * 1024)
#define PATHS      (8 + 7 * SIEM_DESTINATIONS)

struct forwarder_thread {
    struct forwarder *forwarder;
    struct siem_forward *forward;
    struct secret *token;
    pthread_t thread;
    bool has_thread;
};

struct forwarder {
    const struct forwarder_settings *given;
    struct arena arena;
    struct siem_stop stop;
    struct siem_resolver *resolver;
    struct forwarder_thread threads[SIEM_DESTINATIONS];
    int signals;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t running;             /* threads that wait for the gate; under the mutex */
    bool is_open;               /* … */
    const char *state, *beside; /* where the state is written */
    char *said;                 /* as it was written last */
    bool is_unwritten;          /* the last try failed, and that was told */
};

int
forwarder_pid(const char *state)
{
    return (int)running_pid(state);
}

static enum err
block_signals(struct forwarder *forwarder)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        (void)sigaddset(&set, numbers[i]);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) {
        return ERR_SYSTEM;
    }
    forwarder->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return forwarder->signals >= 0 ? OK : ERR_SYSTEM;
}

static enum err
read_tokens(struct forwarder *forwarder, struct note *note)
{
    const struct siem_config *config = forwarder->given->config;
    const struct vault_place place = {.file = config->secrets, .key = config->secrets_key};
    struct vault *vault = NULL;
    enum err err = OK;
    for (size_t i = 0; i < config->count && err == OK; i++) {
        const char *name = config->destinations[i].token;
        if (name == NULL) {
            continue;
        }
        err = vault == NULL ? vault_open(&place, false, &vault, note) : OK;
        err = err == OK ? vault_get(vault, name, &forwarder->threads[i].token, note) : err;
    }
    vault_close(vault);
    return err;
}

static enum err
make_forwards(struct forwarder *forwarder, struct note *note)
{
    const struct siem_config *config = forwarder->given->config;
    enum err err = OK;
    for (size_t i = 0; i < config->count && err == OK; i++) {
        const struct siem_destination *to = &config->destinations[i];
        struct forwarder_thread *thread = &forwarder->threads[i];
        const struct siem_forward_settings settings = {
            .config = config,
            .to = to,
            .resolver = forwarder->resolver,
            .stop = &forwarder->stop,
            .token = thread->token,
            .cursor = siem_config_state(config, to->name, "cursor", &forwarder->arena),
            .refused = siem_config_state(config, to->name, "refused", &forwarder->arena),
        };
        thread->forwarder = forwarder;
        err = settings.cursor == NULL || settings.refused == NULL
                  ? ERR_MEMORY
                  : siem_forward_new(&settings, &thread->forward, note);
    }
    return err;
}

/* The folder of a file; it need not be there. */
static const char *
folder_of(struct forwarder *forwarder, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash == path
               ? "/"
               : arena_copy_n(&forwarder->arena, path, (size_t)(slash - path));
}

static bool
is_there(const char *path)
{
    return path != NULL && access(path, F_OK) == 0;
}

/* That of a file, and that of what it is a link to: certbot renews behind a link. */
static size_t
add_folders_of(
    struct forwarder *forwarder, const char *file, struct sandbox_folder rows[PATHS], size_t count)
{
    char *real = realpath(file, NULL);
    const char *folders[] = {
        folder_of(forwarder, file), real == NULL ? NULL : folder_of(forwarder, real)};
    for (size_t i = 0; i < COUNT(folders); i++) {
        if (is_there(folders[i]) && (i == 0 || !text_equal(folders[0], folders[i]))) {
            rows[count++] = (struct sandbox_folder){folders[i], SANDBOX_READ};
        }
    }
    free(real);
    return count;
}

/* Everything that the threads will read or write, as far as it is there. */
static size_t
list_folders(struct forwarder *forwarder, struct sandbox_folder rows[PATHS])
{
    static const char *const system[] = {"/etc/ssl", "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates", "/usr/lib/ssl"};
    const struct siem_config *config = forwarder->given->config;
    size_t count = 0;
    rows[count++] = (struct sandbox_folder){config->state, SANDBOX_FILES};
    rows[count++] = (struct sandbox_folder){config->ledger, SANDBOX_READ};
    for (size_t i = 0; i < COUNT(system); i++) {
        if (is_there(system[i])) {
            rows[count++] = (struct sandbox_folder){system[i], SANDBOX_READ};
        }
    }
    for (size_t i = 0; i < config->count; i++) {
        const struct siem_destination *to = &config->destinations[i];
        const char *const files[] = {to->ca, to->certificate, to->key};
        for (size_t j = 0; j < COUNT(files); j++) {
            if (files[j] != NULL) {
                count = add_folders_of(forwarder, files[j], rows, count);
            }
        }
        const char *folder = to->path == NULL ? NULL : folder_of(forwarder, to->path);
        if (is_there(folder)) {
            rows[count++] = (struct sandbox_folder){folder, SANDBOX_FILES};
        }
    }
    return count;
}

static enum err
shut_in_folders(struct forwarder *forwarder, struct note *note)
{
    const struct siem_config *config = forwarder->given->config;
    struct sandbox_folder rows[PATHS];
    uint16_t ports[SIEM_DESTINATIONS];
    size_t port_count = 0;
    for (size_t i = 0; i < config->count; i++) {
        if (config->destinations[i].port != 0) {
            ports[port_count++] = config->destinations[i].port;
        }
    }
    size_t count = list_folders(forwarder, rows);
    enum err err = sandbox_folders_and_ports(rows, count, ports, port_count, note);
    if (err == ERR_UNSUPPORTED && forwarder->given->is_open) {
        log_warn("this kernel has no Landlock: the forwarder sees the whole file system");
        err = OK;
    }
    return err;
}

static void *
begin_thread(void *context)
{
    struct forwarder_thread *thread = context;
    struct forwarder *forwarder = thread->forwarder;
    (void)pthread_mutex_lock(&forwarder->mutex);
    forwarder->running++;
    (void)pthread_cond_broadcast(&forwarder->changed);
    while (!forwarder->is_open) {
        (void)pthread_cond_wait(&forwarder->changed, &forwarder->mutex);
    }
    (void)pthread_mutex_unlock(&forwarder->mutex);
    siem_forward_run(thread->forward);
    return NULL;
}

/* They wait at a gate until the whole process is shut in, or ends. */
static enum err
make_threads(struct forwarder *forwarder)
{
    size_t count = 0;
    for (size_t i = 0; i < forwarder->given->config->count; i++) {
        struct forwarder_thread *thread = &forwarder->threads[i];
        thread->has_thread = pthread_create(&thread->thread, NULL, begin_thread, thread) == 0;
        if (!thread->has_thread) {
            return ERR_SYSTEM;
        }
        count++;
    }
    (void)pthread_mutex_lock(&forwarder->mutex);
    while (forwarder->running < count) {
        (void)pthread_cond_wait(&forwarder->changed, &forwarder->mutex);
    }
    (void)pthread_mutex_unlock(&forwarder->mutex);
    return OK;
}

static void
open_gate(struct forwarder *forwarder)
{
    (void)pthread_mutex_lock(&forwarder->mutex);
    forwarder->is_open = true;
    (void)pthread_cond_broadcast(&forwarder->changed);
    (void)pthread_mutex_unlock(&forwarder->mutex);
}

static json_t *
describe(struct forwarder *forwarder)
{
    const struct siem_config *config = forwarder->given->config;
    json_t *rows = json_array();
    for (size_t i = 0; i < config->count; i++) {
        struct siem_state state;
        siem_forward_state(forwarder->threads[i].forward, &state);
        json_t *row = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name",
            config->destinations[i].name, "state", siem_standing_words(state.standing), "trouble",
            state.trouble.text, "failures", (json_int_t)state.failures, "failed",
            (json_int_t)state.failed, "next_try", (json_int_t)state.next_try, "set_aside",
            (json_int_t)state.set_aside, "pruned", (json_int_t)state.pruned);
        (void)json_array_append_new(rows, row);
    }
    return json_pack("{s:I, s:o}", "process", (json_int_t)getpid(), "destinations", rows);
}

/* It is only of this moment, so it need not outlive a power cut: no sync. */
static void
write_state(struct forwarder *forwarder)
{
    const char *path = forwarder->state, *beside = forwarder->beside;
    json_t *json = describe(forwarder);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(json);
    if (text == NULL || text_equal(text, forwarder->said)) {
        free(text);
        return;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    bool is_written = fd >= 0 && write(fd, text, len) == (ssize_t)len && rename(beside, path) == 0;
    if (!is_written && !forwarder->is_unwritten) {
        log_warn("%s: %s", path, strerror(errno));
    }
    forwarder->is_unwritten = !is_written;
    if (fd >= 0) {
        (void)close(fd);
    }
    free(forwarder->said);
    forwarder->said = is_written ? text : NULL; /* what failed is tried again */
    if (!is_written) {
        free(text);
    }
}

/* Until a signal. Shut in, no other child can be made: without one the process ends, too. */
static enum err
watch(struct forwarder *forwarder, struct note *note)
{
    struct pollfd waits[] = {
        {.fd = forwarder->signals, .events = POLLIN},
        {.fd = siem_resolver_fd(forwarder->resolver)                       }
    };
    struct signalfd_siginfo info;
    for (;;) {
        write_state(forwarder);
        if (poll(waits, COUNT(waits), TICK_MS) <= 0) {
            continue;
        }
        if (read(forwarder->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
            return OK;
        }
        if ((waits[1].revents & (POLLHUP | POLLERR)) != 0) {
            note_set(note, "the process that looks names up has ended");
            return ERR_SYSTEM;
        }
    }
}

static enum err
prepare(struct forwarder *forwarder, struct note *note)
{
    const struct siem_config *config = forwarder->given->config;
    enum err err = file_make_folder(config->state, note);
    err = err == OK ? running_take(config->state, note) : err;
    if (err == ERR_REFUSED) {
        note_set(note, "process %d forwards with %s already; end it, or leave it alone",
            forwarder_pid(config->state), file_tail(config->state, 120));
    }
    err = err == OK ? block_signals(forwarder) : err;
    err = err == OK ? siem_resolver_new(
                          config, sandbox_resolver, &forwarder->stop, &forwarder->resolver, note)
                    : err;
    err = err == OK ? secret_guard() : err;
    if (err == OK && (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
                         curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)) {
        err = ERR_SYSTEM;
    }
    json_object_seed(0); /* reads /dev/urandom */
    forwarder->state = arena_format(&forwarder->arena, "%s/state.json", config->state);
    forwarder->beside = arena_format(&forwarder->arena, "%s/state.json.new", config->state);
    if (err == OK && (forwarder->state == NULL || forwarder->beside == NULL)) {
        err = ERR_MEMORY;
    }
    err = err == OK ? read_tokens(forwarder, note) : err;
    return err == OK ? make_forwards(forwarder, note) : err;
}

static enum err
shut_in(struct forwarder *forwarder, struct note *note)
{
    enum err err = shut_in_folders(forwarder, note);
    err = err == OK ? sandbox_capabilities(note) : err; /* threads have those of their maker */
    err = err == OK ? make_threads(forwarder) : err;
    return err == OK ? sandbox_calls_network(note) : err;
}

static void
end(struct forwarder *forwarder)
{
    atomic_store(&forwarder->stop.at, clock_mono());
    open_gate(forwarder);
    for (size_t i = 0; i < SIEM_DESTINATIONS; i++) {
        struct forwarder_thread *thread = &forwarder->threads[i];
        if (thread->has_thread) {
            (void)pthread_join(thread->thread, NULL);
        }
    }
}

static void
release(struct forwarder *forwarder)
{
    for (size_t i = 0; i < SIEM_DESTINATIONS; i++) {
        siem_forward_free(forwarder->threads[i].forward);
        secret_free(forwarder->threads[i].token);
    }
    siem_resolver_free(forwarder->resolver);
    if (forwarder->signals >= 0) {
        (void)close(forwarder->signals);
    }
    (void)pthread_cond_destroy(&forwarder->changed);
    (void)pthread_mutex_destroy(&forwarder->mutex);
    free(forwarder->said);
    arena_release(&forwarder->arena);
    free(forwarder);
}

enum err
forwarder_run(const struct forwarder_settings *settings, struct note *note)
{
    struct forwarder *forwarder = calloc(1, sizeof(*forwarder));
    if (forwarder == NULL) {
        return ERR_MEMORY;
    }
    forwarder->given = settings;
    forwarder->signals = -1;
    arena_init(&forwarder->arena, ARENA_MOST);
    (void)pthread_mutex_init(&forwarder->mutex, NULL);
    (void)pthread_cond_init(&forwarder->changed, NULL);
    enum err err = prepare(forwarder, note);
    err = err == OK ? shut_in(forwarder, note) : err;
    if (err == OK) {
        log_info("forwarding to %zu destination%s", settings->config->count,
            settings->config->count == 1 ? "" : "s");
        open_gate(forwarder);
        err = watch(forwarder, note);
        log_info("ending");
    }
    end(forwarder);
    if (err == OK) {
        write_state(forwarder);
    }
    release(forwarder);
    return err;
}
