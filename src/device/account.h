/*
 * The lists of accounts that devices keep, by the protocol that changes them, and what their step
 * functions share. For drivers only; the conductor reads a driver's `accounts`.
 */
#pragma once

#include "device/device.h"

extern const struct device_account account_onvif;     /* the same list as the web's, as a rule */
extern const struct device_account account_onvif_own; /* a list of its own */
extern const struct device_account account_isapi;
extern const struct device_account account_dahua;
extern const struct device_account account_axis;
extern const struct device_account account_hanwha;
extern const struct device_account account_vivotek;
extern const struct device_account account_foscam;
extern const struct device_account account_reolink;
extern const struct device_account account_uniview;
extern const struct device_account account_xiongmai;

/*
 * Rule of a step function: change->number is 0 until a request with the new password is given out
 * (account_send() counts), because a broken answer before that has changed nothing.
 */

/* A text for an XML element, for a query or form, for a JSON string (quotes included); NULL: full.
 */
const char *account_xml(const char *text, struct arena *arena);
const char *account_percent(const char *text, struct arena *arena);
const char *account_json(const char *text, struct arena *arena);

/* What is picked, or the other text. */
const char *account_pick(
    const struct answer *answer, const char *pick, const char *other, struct arena *arena);

/* Asks something before the change; ask with login set. */
enum change_state account_ask(const struct ask *ask, struct request *ret_request);
/* Sends the change; a NULL in path or body (the arena is full) is CHANGE_REFUSED. */
enum change_state account_send(
    struct device_change *change, const struct ask *ask, struct request *ret_request);
/* Says why and gives the state. */
enum change_state account_end(
    struct device_change *change, enum change_state state, const char *why);
/* The device's own words: too weak where they speak of the password's quality, else refused. */
enum change_state account_refuse(struct device_change *change, const char *words);
/* An answer whose body told nothing: 401, 403, 4xx refuse, all else (200 too) is unclear. */
enum change_state account_by_status(struct device_change *change, const struct answer *last);
