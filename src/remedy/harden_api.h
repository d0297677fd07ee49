/*
 * How the settings of a VMS are read and written by its API: one file per VMS, harden_DRIVER.c,
 * and its rows in harden_api.def. For harden_settings.c and these files only.
 */
#pragma once

#include "remedy/session.h"

struct harden_api {
    const char *title;     /* "ZoneMinder" */
    const char *seen;      /* part of an address that the assessment must have read; NULL: none */
    const char *untouched; /* what stays as it is */
    /* The value as text, in the job's arena. ERR_REFUSED: it is not told; job->why says more. */
    enum err (*read)(
        struct job *job, struct session *session, const char *name, const char **ret_value);
    /* ERR_REFUSED: it is not taken. */
    enum err (*write)(
        struct job *job, struct session *session, const char *name, const char *value);
};

enum harden_api_flag {
    HARDEN_TLS = 1 << 0,
};

/* A row of harden_api.def. */
struct harden_setting {
    const char *driver;
    const struct harden_api *api;
    const char *rule, *name, *value, *changes, *notices;
    unsigned flags;
};

extern const struct harden_setting harden_setting_rows[];
extern const size_t harden_setting_count;
