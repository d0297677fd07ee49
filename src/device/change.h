/*
 * What a driver knows how to change: rows for settings, step functions for passwords. Pure, as
 * everything of a driver: the conductor (remedy) sends, and proves each change by the driver's own
 * readings. A row is only written from a public source, which stands beside it.
 */
#pragma once

#include "device/login.h"
#include "fact/fact.h"

struct facts;

/* What a change does beside its purpose, for the plan. */
enum change_effect {
    CHANGE_RESTARTS = 1 << 0,   /* the device restarts */
    CHANGE_DROPS = 1 << 1,      /* running streams end */
    CHANGE_ONE_WAY = 1 << 2,    /* it can't be taken back by request */
    CHANGE_ON_REQUEST = 1 << 3, /* closes no gap by itself: planned only when the owner asks */
};

/*
 * One setting. The answer to `read` is kept in the journal: the way back is the same request with
 * the value that stood there. In the path and body of `write` "{value}" is the new value
 * (percent-encoded in a path) and "{document}" the answer to `read` with the value in its place
 * (codec/edit.h), everything else of it unchanged. Of several rows for one fact those whose `pick`
 * finds something in the answer are made, one after the other.
 */
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the order in which a row is read
struct device_switch {
    const char *rule;       /* finding that it closes: "vendor-cloud/cloud-on" */
    enum fact_id fact;      /* read again by the driver's readings, it proves the change */
    const char *wanted;     /* the fact's text then: "no"; NULL: any but the present one */
    const struct ask *read; /* an ask of the driver's readings where that is possible */
    const char *pick;       /* which value of its answer (codec/pick.h) */
    const char *value;      /* what it becomes: "false"; "{ntp}": the site's time server */
    struct ask write;
    const char *success; /* its answer must hold this, letter case ignored; NULL: status 2xx */
    const char *title;   /* "Switch off Hik-Connect" */
    const char *effect;  /* who will notice, a sentence; NULL: nobody should */
    unsigned effects;    /* of enum change_effect */
};

/*
 * The request of a switch: with `value` NULL the row's own, else this one (the way back). `read` is
 * the answer that stands before. ERR_MISSING: its pick finds nothing; ERR_UNSUPPORTED: the value
 * can't be put in its place; ERR_LIMIT.
 */
enum err device_switch_request(const struct device_switch *row, const struct answer *read,
    const char *value, struct arena *arena, struct request *ret_request) MUST_CHECK;
/* What the device made of it; false: refused, in the words of `ret_why` (may be NULL). */
bool device_switch_took(
    const struct device_switch *row, const struct answer *answer, const char **ret_why);

/* Rules for a password: published by the maker, or read from the device. */
struct device_password_rule {
    unsigned min, max;                    /* characters; 0: unknown */
    unsigned upper, lower, digits, signs; /* at least so many of each */
    unsigned classes;                     /* at least so many of the four; 0: not asked */
    const char
        *allowed;      /* the only signs that it takes beside letters and digits; NULL: not said */
    bool without_user; /* must not hold the account's name */
    const char *source;
};

/* A password's change under way. */
struct device_change {
    const char *user;
    const struct secret *old, *new;
    unsigned step;   /* calls so far; counted by device_change_step() */
    unsigned number; /* requests with the new password so far */
    char text[4096]; /* e.g. the list of users as the device gave it */
    char why[160];   /* in words, where the state is CHANGE_REFUSED or CHANGE_UNCLEAR */
};

enum change_state {
    CHANGE_SEND,     /* send ret_request, dressed by the open log-in, and call again */
    CHANGE_TAKEN,    /* the device says that it is done: not yet proven */
    CHANGE_REFUSED,  /* it says no, and nothing changed */
    CHANGE_TOO_WEAK, /* no, because of the rule: ask for another password */
    CHANGE_UNCLEAR,  /* broken or no answer: either password may be in force */
};

/* One list of accounts that a device keeps; many keep one for the web and another for ONVIF. */
struct device_account {
    const char *title; /* "web and RTSP", "ONVIF" */
    const struct device_door
        *door;           /* by which it is opened, to change and to prove; NULL: the driver's */
    struct ask door_ask; /* something that only this list's log-in opens */
    bool opens_rtsp;     /* RTSP asks for the same password */
    struct device_password_rule rule;
    const struct ask *rule_ask; /* tells the device's own rule; NULL: it has none */
    void (*read_rule)(const struct answer *answer, struct device_password_rule *rule);
    /* Next step; last is NULL at the first. The requests are authorized by the caller. */
    enum change_state (*step)(struct device_change *change, const struct answer *last,
        struct arena *arena, struct request *ret_request);
};

/* One call of the step function, with the same care as device_login_step(). */
enum change_state device_change_step(const struct device_account *account,
    struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request);

/*
 * A new password by the stricter parts of a rule: at least 16 characters where the device takes
 * them, from the system's random source. ERR_UNSUPPORTED: no safe one (8 characters or more) fits.
 */
enum err device_password_new(const struct device_password_rule *rule, const char *user,
    struct secret **ret_secret) MUST_CHECK;

/* How a firmware file is handed over. */
struct device_firmware {
    const char *title;         /* "ISAPI updateFirmware" */
    struct ask upload;         /* the file is its body; or a part of a form: */
    const char *field;         /* name of that part (multipart/form-data); NULL: the bare file */
    const char *lead;          /* name of a part before it that holds upload.body; NULL: none */
    const struct ask *prepare; /* asked before, tells the address of the upload; NULL: none */
    const char *pick_address;  /* in its answer */
    const char *pick_delay;    /* how long to wait before the upload, "PT5S"; NULL: not */
    const char *success;       /* as in a switch */
    const struct ask *restart; /* asked afterwards where the device does not restart itself */
    unsigned minutes;          /* until it answers again, at most */
    const char *source;
};
