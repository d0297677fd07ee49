/* A browser's answer to a passkey ceremony: read within bounds, and never believed. */
#include "identity/webauthn.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No corpus knows the private key of this one; a point that is on the curve (P-256's base point).
 */
static const struct webauthn_credential owned = {
    .id = {0    },
    .id_len = 32,
    .algorithm = -7,
    .key_len = 64,
    .key = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
           0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8,
           0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
           0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40,
           0x68, 0x37, 0xbf, 0x51, 0xf5}
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t challenge[FACTOR_CHALLENGE] = {0};
    const struct factor_party party = {"gate.example", "https://gate.example"};
    const struct webauthn_wanted wanted = {.party = &party, .challenge = challenge};
    struct webauthn_credential credential = {.id_len = 0};
    struct webauthn_assertion assertion;
    uint32_t counter = 7;
    json_t *answer = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    enum factor_fault fault = webauthn_register(&wanted, answer, &credential);
    assert(fault != FAULT_FINE || (credential.id_len != 0 && credential.key_len != 0));
    assert(fault == FAULT_FINE || credential.id_len == 0);
    if (webauthn_read(answer, &assertion) == FAULT_FINE) {
        struct webauthn_credential known = owned;
        memcpy(known.id, assertion.id, assertion.id_len);
        known.id_len = assertion.id_len;
        fault = webauthn_verify(&wanted, &known, &assertion, &counter);
        assert(fault != FAULT_FINE && counter == 7);
    }
    json_decref(answer);
    return 0;
}
