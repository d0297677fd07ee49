/*
 * Second factors: TOTP (RFC 6238, by liboath), recovery codes, passkeys (WebAuthn level 2, verified
 * by libfido2). A step of a TOTP and a recovery code are taken once, atomically in the database, so
 * that neither a second worker nor a restart takes them again.
 */
#pragma once

#include "base/buf.h"
#include "identity/user.h"

#include <jansson.h>

#define FACTOR_TOTP_URI  512
#define FACTOR_CODE      24 /* a recovery code "ABCD-EFGH-JKLM-NPQR", with terminator */
#define FACTOR_CODES     10
#define FACTOR_PASSKEYS  10 /* of one account */
#define FACTOR_CHALLENGE 32

/* A new secret, pending until factor_totp_confirm(); the otpauth:// URI for the QR code. */
enum err factor_totp_begin(struct identity *identity, const char *user, const char *issuer,
    char ret_uri[FACTOR_TOTP_URI], struct note *note) MUST_CHECK;
/* The pending secret becomes the account's when the code fits. ERR_VALUE: it does not. */
enum err factor_totp_confirm(
    struct identity *identity, const char *user, const char *code, int64_t now) MUST_CHECK;
/* ERR_VALUE: wrong, of a step more than one away, or of one that was taken. */
enum err factor_totp_take(
    struct identity *identity, const char *user, const char *code, int64_t now) MUST_CHECK;
/* QR code as rows of UTF-8 half blocks for a terminal; as an SVG for a page. */
enum err factor_qr_text(const char *text, struct buf *ret_text) MUST_CHECK;
enum err factor_qr_svg(const char *text, struct buf *ret_svg) MUST_CHECK;

/* Ten new ones; the old ones stop working. */
enum err factor_recovery_new(struct identity *identity, const char *user,
    char ret_codes[FACTOR_CODES][FACTOR_CODE]) MUST_CHECK;
enum err factor_recovery_take(
    struct identity *identity, const char *user, const char *code) MUST_CHECK;

struct factor_passkey {
    char id[IDENTITY_ID];
    char name[64];
    int64_t created, used;
};

/* Where a ceremony takes place; from the settings, never from a header. */
struct factor_party {
    const char *id;     /* rp id: "gate.example" */
    const char *origin; /* "https://gate.example:8443" */
};

/* JSON for navigator.credentials.create() and .get(); the challenge is the caller's, random, kept
 * by it. */
json_t *factor_passkey_create_options(struct identity *identity, const struct factor_party *party,
    const char *user, const uint8_t challenge[FACTOR_CHALLENGE]);
/* user NULL: a log-in by passkey alone (discoverable credential, user verification required). */
json_t *factor_passkey_get_options(struct identity *identity, const struct factor_party *party,
    const char *user, const uint8_t challenge[FACTOR_CHALLENGE]);

/* Why a ceremony was refused; each has words for the event. */
enum factor_fault {
    FAULT_FINE,
#define FAULT(name, words) FAULT_##name,
#include "identity/faults.def"
#undef FAULT
};
const char *factor_fault_words(enum factor_fault fault);

/* The browser's JSON (id, rawId, type, response{…} in base64url). OK only with FAULT_FINE. */
enum err factor_passkey_register(struct identity *identity, const struct factor_party *party,
    const char *user, const char *name, const uint8_t challenge[FACTOR_CHALLENGE],
    const json_t *answer, enum factor_fault *ret_fault) MUST_CHECK;
/* user NULL: taken from the credential and told in ret_user. */
enum err factor_passkey_verify(struct identity *identity, const struct factor_party *party,
    const char *user, const uint8_t challenge[FACTOR_CHALLENGE], const json_t *answer,
    char ret_user[IDENTITY_NAME], enum factor_fault *ret_fault) MUST_CHECK;
enum err factor_passkeys(struct identity *identity, const char *user, struct arena *arena,
    struct factor_passkey **ret_rows, size_t *ret_count) MUST_CHECK;
/* ERR_REFUSED: it is the last second factor. */
enum err factor_passkey_remove(
    struct identity *identity, const char *user, const char *id, struct note *note) MUST_CHECK;
