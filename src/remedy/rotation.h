/*
 * What the change of a password is made of, for kind_rotate.c and gatehouse fix recover: log-ins
 * that wait for a device which restarts, one list's change, and which of several passwords opens.
 */
#pragma once

#include "remedy/session.h"
#include "store/keyring.h"

#define ROTATION_USER 128
#define ROTATION_MARK 65

struct rotation {
    char device[SUBJECT_KEY], user[ROTATION_USER];
    struct secret *old;  /* what opened it when the step was taken */
    struct secret *next; /* what it gets, or has got */
};

/* The name of its entries; points into it. */
struct keyring_name rotation_name(const struct rotation *rotation);
/* A mark by which the old password is found again among the candidates; kept in job->before. */
enum err rotation_mark(const struct rotation *rotation, char out[ROTATION_MARK]) MUST_CHECK;
/* From job->before and the keyring; ERR_MISSING with job->why: the keyring lacks one of them. */
enum err rotation_load(struct job *job, struct rotation *ret_rotation) MUST_CHECK;
void rotation_release(struct rotation *rotation);

/*
 * As session_open(); a device that does not answer is waited for, two minutes, and looked for at a
 * new address. `account` NULL or without a door: the driver's own.
 */
enum err rotation_open(
    struct job *job, const struct session_key *key, struct session **ret_session) MUST_CHECK;
/* Whether the password opens that list; the same errors. */
enum err rotation_try(struct job *job, const struct rotation *rotation,
    const struct device_account *account, const struct secret *secret,
    enum session_purpose purpose) MUST_CHECK;

/* One list's change from `from` to `to` in an open session; job->why has the device's words. */
struct rotation_change {
    const struct device_account *account;
    const char *user;
    const struct secret *from, *to;
};
enum change_state rotation_set(
    struct job *job, struct session *session, const struct rotation_change *change);
