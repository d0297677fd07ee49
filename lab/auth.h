/* The device's side of a log-in: HTTP and RTSP challenges, WS-UsernameToken, forms. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

enum auth_verdict {
    AUTH_ABSENT, /* no credentials: costs nothing */
    AUTH_STALE,  /* an old nonce: asked again, costs nothing */
    AUTH_RIGHT,
    AUTH_WRONG,
    AUTH_LOCKED,
};

/* A parameter of an Authorization header, without its quotes; false when absent or too long. */
bool auth_parameter(const char *header, const char *name, char *out, size_t size);

/* Copies a form value up to the next '&', decoded. */
void auth_form_decode(const char *value, char *out, size_t size);
/* A parameter of a query or form, decoded; false when absent. */
bool auth_form_value(const char *form, const char *name, char *out, size_t size);

/* Judges an Authorization header (RFC 7616 with MD5, RFC 7617) and counts the log-in. */
enum auth_verdict auth_header(struct device *device, const struct site_auth *auth,
    enum device_way way, const char *method, const char *authorization) MUST_CHECK;

/* WWW-Authenticate lines, each with its CR LF. */
void auth_challenge(
    struct buf *out, const struct device *device, const struct site_auth *auth, bool stale);

/* A WS-UsernameToken as received; texts may be NULL. */
struct auth_token {
    const char *user;
    const char *password; /* as text, or the digest in base64 */
    bool is_digest;
    const char *nonce; /* base64 */
    const char *created;
};

/* OASIS UsernameToken 1.0; a Created time that is off by 5 minutes or more is refused. */
enum auth_verdict auth_username_token(
    struct device *device, const struct auth_token *token) MUST_CHECK;

/* A DVRIP log-in: the user and the hash of his password. */
enum auth_verdict auth_dvrip(struct device *device, const char *user, const char *hash) MUST_CHECK;

/* Whether it is the MD5 that RPC2 keeps of the password in force: of user, realm and password. */
bool auth_rpc2_is(const struct device *device, const char *user, const char *hash);

/* A log-in by a request body: JSON, a form, or Blue Iris' hashed answer. */
enum auth_verdict auth_body(
    struct device *device, enum site_login login, const char *body, size_t len) MUST_CHECK;
