/* What the two ceremonies share. */
#pragma once

#include "identity/webauthn.h"

#define WEBAUTHN_SHA256 32

/* The authenticator's data (level 2, 6.1) up to what is attested. */
struct webauthn_data {
    uint8_t party[WEBAUTHN_SHA256];
    uint8_t flags;
    uint32_t counter;
};
#define WEBAUTHN_HEAD     37
#define WEBAUTHN_PRESENT  0x01
#define WEBAUTHN_VERIFIED 0x04
#define WEBAUTHN_ATTESTED 0x40

/* Bytes of a member in base64url; false when it is absent, empty, malformed or longer than size. */
bool webauthn_bytes(
    const json_t *object, const char *key, uint8_t *out, size_t size, size_t *ret_len);
/* Type, id and rawId of the answer. */
enum factor_fault webauthn_check_id(
    const json_t *answer, uint8_t id[WEBAUTHN_ID], size_t *ret_len) MUST_CHECK;
/* clientDataJSON: type, challenge, origin. */
enum factor_fault webauthn_check_client(const struct webauthn_wanted *wanted, const char *type,
    const uint8_t *bytes, size_t len) MUST_CHECK;
/* rpIdHash and flags. */
enum factor_fault webauthn_check_data(const struct webauthn_wanted *wanted, const uint8_t *bytes,
    size_t len, struct webauthn_data *ret_data) MUST_CHECK;
/*
 * Whether bytes begin with one whole CBOR item whose every length fits into what is there, 8 deep
 * at most and without indefinite lengths (CTAP2 canonical form), so that a library can be given it.
 */
bool webauthn_is_bounded(const uint8_t *bytes, size_t len, size_t *ret_used);
