/*
 * What jobs share: the loop that sends for them, the budget, the keyring, the journal, the ledger.
 * Every call here may be made from any job's thread and waits until it is done; after a stop all of
 * them return ERR_CANCELLED at once.
 */
#pragma once

#include "assess/run_events.h"
#include "assess/site.h"
#include "codec/exchange.h"
#include "device/device.h"
#include "store/store.h"
#include "store/vault.h"
#include "wire/wire.h"

#include <jansson.h>

struct desk;
struct trail;
struct plan_step;
struct job;

struct desk_settings {
    const struct scope *scope;
    struct wire_settings wire;
    struct site *site;   /* NULL: none */
    struct store *store; /* keeps the lock-out budget; NULL: no password is sent */
    struct vault_place vault;
    struct trail *journal;
    struct run_ledger ledger; /* write NULL: there is none */
    unsigned devices_at_once;
    unsigned video_s; /* how long a stream may take to come back; 30 */
    void (*progress)(void *context, const struct job *job, const char *words);
    void *context;
};

enum err desk_open(
    const struct desk_settings *settings, struct desk **ret_desk, struct note *note) MUST_CHECK;
/* Stops the loop's thread; every job must have ended. */
void desk_close(struct desk *desk);
const struct desk_settings *desk_settings(const struct desk *desk);
/* From a signal or the dead-man timer: what waits returns, nothing new is sent. */
void desk_stop(struct desk *desk);
bool desk_is_stopped(const struct desk *desk);

/* One exchange, without a log-in. The answer's texts are in the arena. */
enum err desk_http(struct desk *desk, const struct wire_target *target,
    const struct request *request, struct arena *arena, struct answer *ret_answer) MUST_CHECK;
enum err desk_rtsp(struct desk *desk, const struct wire_target *target,
    const struct request *request, struct arena *arena, struct answer *ret_answer) MUST_CHECK;
/* Waits; ERR_CANCELLED after a stop. */
enum err desk_wait(struct desk *desk, unsigned ms) MUST_CHECK;
/* Whether the port answers a TCP connect. */
enum err desk_connect(struct desk *desk, const struct wire_target *target) MUST_CHECK;

/*
 * An event of this step, with the person who runs it; durable when it returns OK. action as in
 * ledger/actions.def (DEVICE_CHANGE, …); detail is taken over, no secret in it.
 */
enum err desk_event(const struct job *job, unsigned action, const char *phase, json_t *detail,
    struct note *note) MUST_CHECK;
/* Says what a job does at the moment, for the progress line and the journal's reader. */
void desk_tell(const struct job *job, const char *format, ...) PRINTF(2, 3);

/*
 * Finds the device again by its MAC, serial or certificate when its address does not answer any
 * more (a new address after a restart), inside the scope only; updates job->subject. ERR_MISSING.
 */
enum err desk_find(struct job *job, unsigned seconds) MUST_CHECK;
