/*
 * WebAuthn's two ceremonies as the relying party judges them (W3C WebAuthn level 2, 7.1 and 7.2):
 * every check of the client's data and of the authenticator's is here, signatures are libfido2's.
 * Pure: no database, no clock. FAULT_FINE is returned by the last check only.
 */
#pragma once

#include "identity/factor.h"

#define WEBAUTHN_ID     1023 /* bytes of a credential's id: level 2, 4 */
#define WEBAUTHN_KEY    320  /* libfido2's longest: RS256 with 2,048 bits */
#define WEBAUTHN_HANDLE 64
#define WEBAUTHN_CLIENT 4096  /* of clientDataJSON */
#define WEBAUTHN_OBJECT 16384 /* of attestationObject */
#define WEBAUTHN_DATA   4096  /* of authenticatorData */
#define WEBAUTHN_SIGN   512

/* What must be in the answer. */
struct webauthn_wanted {
    const struct factor_party *party;
    const uint8_t *challenge; /* FACTOR_CHALLENGE bytes */
    bool needs_verified;
};

struct webauthn_credential {
    uint8_t id[WEBAUTHN_ID];
    size_t id_len;
    int algorithm; /* COSE's number: -7, -257 or -8 */
    uint8_t key[WEBAUTHN_KEY];
    size_t key_len;
    uint32_t counter;
};

struct webauthn_assertion {
    uint8_t id[WEBAUTHN_ID], handle[WEBAUTHN_HANDLE], client[WEBAUTHN_CLIENT], data[WEBAUTHN_DATA],
        signature[WEBAUTHN_SIGN];
    size_t id_len, handle_len, client_len, data_len, signature_len;
};

/* The algorithms that are offered, in the order of preference. */
extern const int webauthn_algorithms[];
extern const size_t webauthn_algorithm_count;

/* A registration; the credential is untouched unless FAULT_FINE. */
enum factor_fault webauthn_register(const struct webauthn_wanted *wanted, const json_t *answer,
    struct webauthn_credential *ret_credential) MUST_CHECK;
/* The parts of an assertion, so that its credential can be looked up; nothing is believed yet. */
enum factor_fault webauthn_read(
    const json_t *answer, struct webauthn_assertion *ret_assertion) MUST_CHECK;
/* An assertion of that credential; the counter is the new one. */
enum factor_fault webauthn_verify(const struct webauthn_wanted *wanted,
    const struct webauthn_credential *credential, const struct webauthn_assertion *assertion,
    uint32_t *ret_counter) MUST_CHECK;
