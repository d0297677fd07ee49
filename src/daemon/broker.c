/*
 * The broker's life: settings and passwords are read, files and the socket are made, then it is
 * shut in; only then does it hear from a VMS.
 */
#include "daemon/broker.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/broker_part.h"
#include "daemon/sandbox.h"
#include "identity/identity.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK  200
#define ZONES "/usr/share/zoneinfo"

static const struct broker_kind *const kinds[] = {&broker_zoneminder, &broker_frigate};

static void
on_tick(uv_timer_t *timer)
{
    struct broker *broker = timer->data;
    broker_asks_tick(broker->asks);
}

static void
on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    const struct broker *broker = handle->data;
    wire_stop(broker->wire);
}

static enum err
read_secret(struct identity *identity, const char *name, bool is_needed, struct secret **ret_secret,
    struct note *note)
{
    enum err err = identity_unseal(identity, name, ret_secret, note);
    if (err == ERR_MISSING && !is_needed) {
        note_set(note, "%s", "");
        return OK;
    }
    if (err == ERR_MISSING) {
        note_set(note, "no password is kept under %s: gatehouse gateway init keeps it", name);
    }
    return err;
}

/* Frigate without a user is told by a secret who asks; `gateway init` keeps it as the password. */
static enum err
read_secrets(struct broker_vms *vms, struct identity *identity, struct note *note)
{
    char name[2 * POLICY_NAME], beside[2 * POLICY_NAME + 8];
    (void)snprintf(name, sizeof name, "vms/%s", vms->settings->name);
    (void)snprintf(beside, sizeof beside, "%s/secret", name);
    enum err err = OK;
    if (vms->settings->user != NULL) {
        err = read_secret(identity, name, true, &vms->password, note);
    }
    if (err != OK || vms->kind != &broker_frigate) {
        return err;
    }
    err = read_secret(identity, beside, false, &vms->proxy_secret, note);
    if (err == OK && vms->proxy_secret == NULL && vms->password == NULL) {
        err = read_secret(identity, name, false, &vms->proxy_secret, note);
    }
    return err;
}

static enum err
read_all_secrets(struct broker *broker, struct note *note)
{
    bool is_needed = false;
    for (size_t i = 0; i < broker->vms_count; i++) {
        const struct broker_vms *vms = &broker->vms[i];
        is_needed |= vms->settings->user != NULL || vms->kind == &broker_frigate;
    }
    struct identity *identity = NULL;
    enum err err = is_needed ? identity_open(broker->given->folder, &identity, note) : OK;
    for (size_t i = 0; i < broker->vms_count && is_needed && err == OK; i++) {
        err = read_secrets(&broker->vms[i], identity, note);
    }
    if (identity != NULL) {
        identity_close(identity);
    }
    return err;
}

static enum err
prepare_vms(struct broker *broker, const struct settings_vms *settings, struct note *note)
{
    struct broker_vms *vms = &broker->vms[broker->vms_count];
    char name[POLICY_NAME + 8], address[IP_TEXT];
    *vms = (struct broker_vms){.broker = broker, .settings = settings, .kind = &broker_plain};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (text_equal(kinds[i]->type, settings->type)) {
            vms->kind = kinds[i];
        }
    }
    if (vms->kind == &broker_plain && settings->user != NULL) {
        note_set(note, "%s: the gateway can't log in at a VMS of type %s yet; take out its user",
            settings->name, settings->type);
        return ERR_UNSUPPORTED;
    }
    if (settings->address.family == 0) {
        note_set(note, "%s: the address of %s could not be found out", settings->name,
            settings->upstream);
        return ERR_MISSING;
    }
    vms->target = (struct wire_target){settings->address, settings->port, settings->upstream_tls};
    enum err err = scope_allow(&broker->scope, ip_text(&settings->address, address), note);
    (void)snprintf(name, sizeof name, "vms-%s", settings->name);
    const char *path = settings_run(&broker->settings, name, &broker->arena);
    vms->known = calloc(1, sizeof *vms->known);
    if (vms->known == NULL || path == NULL) {
        err = ERR_MEMORY;
    }
    if (err == OK) {
        err = upstream_create(path, &vms->writer, note);
    }
    broker->vms_count++; /* also when it failed: broker_run() releases it */
    return err;
}

static enum err
prepare_loop(struct broker *broker, struct note *note)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    struct wire_settings pace = wire_settings_default();
    /* One's own VMS, asked on behalf of people who wait: no pace but few at once. */
    pace.packets_per_second = pace.packets_per_second_host = 20000;
    pace.calls_host = 4;
    pace.answer_ms = BROKER_WAIT - 500;
    pace.answer_bytes = BROKER_BODY;
    enum err err = wire_new(&broker->scope, &pace, &broker->wire);
    if (err != OK) {
        return err;
    }
    uv_loop_t *loop = wire_loop(broker->wire);
    int failed = uv_timer_init(loop, &broker->tick);
    broker->tick.data = broker;
    for (size_t i = 0; i < COUNT(numbers) && failed == 0; i++) {
        failed = uv_signal_init(loop, &broker->signals[i]);
        broker->signals[i].data = broker;
        failed = failed == 0 ? uv_signal_start(&broker->signals[i], on_signal, numbers[i]) : failed;
    }
    failed = failed == 0 ? uv_timer_start(&broker->tick, on_tick, TICK, TICK) : failed;
    broker->asks = broker_asks_new(broker);
    const char *path = settings_run(&broker->settings, "broker.sock", &broker->arena);
    if (failed != 0 || broker->asks == NULL || path == NULL) {
        return ERR_SYSTEM;
    }
    return broker_door_open(broker, path, &broker->door, note);
}

static enum err
shut_in(struct broker *broker, struct note *note)
{
    const char *run = settings_run(&broker->settings, "", &broker->arena);
    if (run == NULL) {
        return ERR_MEMORY;
    }
    const struct sandbox_folder folders[] = {
        {run,   SANDBOX_FILES},
        {ZONES, SANDBOX_READ },
    };
    uint16_t ports[POLICY_VMS];
    for (size_t i = 0; i < broker->vms_count; i++) {
        ports[i] = broker->vms[i].target.port;
    }
    bool has_zones = access(ZONES, R_OK) == 0;
    enum err err = sandbox_folders_and_ports(
        folders, has_zones ? COUNT(folders) : 1, ports, broker->vms_count, note);
    if (err == ERR_UNSUPPORTED && broker->given->is_open) {
        log_warn("this kernel has no Landlock: the broker sees the whole file system");
        err = OK;
    }
    err = err == OK ? sandbox_capabilities(note) : err;
    return err == OK ? sandbox_calls_network(note) : err;
}

static enum err
begin(struct broker *broker, struct note *note)
{
    enum err err = secret_guard();
    if (err == OK && OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
        err = ERR_SYSTEM;
    }
    json_object_seed(0); /* reads /dev/urandom */
    (void)signal(SIGPIPE, SIG_IGN);
    err = err == OK ? settings_read(broker->given->folder, &broker->arena, &broker->settings, note)
                    : err;
    for (size_t i = 0; i < broker->settings.vms_count && err == OK; i++) {
        err = prepare_vms(broker, &broker->settings.vms[i], note);
    }
    err = err == OK ? read_all_secrets(broker, note) : err;
    err = err == OK ? prepare_loop(broker, note) : err;
    return err == OK ? shut_in(broker, note) : err;
}

static void
release_vms(struct broker_vms *vms)
{
    secret_free(vms->password);
    secret_free(vms->proxy_secret);
    json_decref(vms->groups);
    upstream_close(vms->writer);
    if (vms->known != NULL) {
        explicit_bzero(vms->known, sizeof *vms->known);
        free(vms->known);
    }
}

static void
release(struct broker *broker)
{
    broker_asks_free(broker->asks);
    for (size_t i = 0; i < broker->vms_count; i++) {
        broker_look_stop(&broker->vms[i]);
    }
    if (broker->door != NULL) {
        for (size_t i = 0; i < COUNT(broker->signals); i++) {
            uv_close((uv_handle_t *)&broker->signals[i], NULL);
        }
        uv_close((uv_handle_t *)&broker->tick, NULL);
        broker_door_close(broker->door);
    }
    if (broker->wire != NULL) {
        wire_free(broker->wire);
    }
    for (size_t i = 0; i < broker->vms_count; i++) {
        release_vms(&broker->vms[i]);
    }
    arena_release(&broker->arena);
    free(broker);
}

enum err
broker_run(const struct broker_settings *given, struct note *note)
{
    struct broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL) {
        return ERR_MEMORY;
    }
    broker->given = given;
    arena_init(&broker->arena, (size_t)1024 * 1024);
    scope_init(&broker->scope);
    enum err err = begin(broker, note);
    if (err == OK) {
        for (size_t i = 0; i < broker->vms_count; i++) {
            broker_look_start(&broker->vms[i]);
        }
        (void)uv_run(wire_loop(broker->wire), UV_RUN_DEFAULT);
    }
    release(broker);
    return err;
}
