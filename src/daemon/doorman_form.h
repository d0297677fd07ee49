/*
 * What browsers send to the doorman, read strictly: forms (application/x-www-form-urlencoded),
 * cookies, paths to go back to. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#define DOORMAN_FORM_FIELDS 16
#define DOORMAN_FORM_NAME   32
#define DOORMAN_FORM_COOKIE 43   /* base64url of 32 bytes */
#define DOORMAN_FORM_PATH   2048 /* longest path to go back to */

struct doorman_form_field {
    const char *name, *value;
    size_t len; /* of the value */
};

struct doorman_form {
    struct doorman_form_field fields[DOORMAN_FORM_FIELDS];
    size_t count;
};

/*
 * Texts live in the arena. ERR_SYNTAX: a bad percent sequence, a NUL, a name that is none;
 * ERR_VALUE: a name twice; ERR_LIMIT: too many.
 */
enum err doorman_form_read(
    const char *bytes, size_t len, struct arena *arena, struct doorman_form *ret_form) MUST_CHECK;
/* "" when it is not there. */
const char *doorman_form_value(const struct doorman_form *form, const char *name);

/* Whether a text is 32 bytes in base64url: a cookie of ours, a token of a form. */
bool doorman_form_is_token(const char *text);
/*
 * The value of a cookie of ours in a Cookie header. ERR_MISSING; ERR_VALUE: it is there twice or
 * can't be ours.
 */
enum err doorman_form_cookie(
    const char *header, const char *name, char ret_value[DOORMAN_FORM_COOKIE + 1]) MUST_CHECK;
/* Whether a path may be gone back to: of this server, in its plainest form, not of the log-in. */
bool doorman_form_is_local(const char *path);
/* Appends the text as a value in a query: all but letters, digits, "-._~/" is percent-encoded. */
void doorman_form_encode(struct buf *out, const char *text);
