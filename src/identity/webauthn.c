/*
 * Rule of this file: a verdict starts as a fault, and only the last check in a row makes it
 * FAULT_FINE; no result of a library is ignored.
 */
#include "identity/webauthn_inside.h"

#include "base/reader.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <sodium.h>
#include <string.h>

const int webauthn_algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
const size_t webauthn_algorithm_count = COUNT(webauthn_algorithms);

#define BASE64_MOST(bytes) (((bytes) + 2) / 3 * 4)

bool
webauthn_bytes(const json_t *object, const char *key, uint8_t *out, size_t size, size_t *ret_len)
{
    const json_t *member = json_object_get(object, key);
    const char *text = json_string_value(member);
    size_t len = json_string_length(member);
    size_t used = 0;
    bool is_good = text != NULL && len != 0 && len <= BASE64_MOST(size) &&
                   sodium_base642bin(out, size, text, len, NULL, &used, NULL,
                       sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
    if (is_good) {
        *ret_len = used;
    }
    return is_good;
}

static bool
is_text(const json_t *object, const char *key, const char *text)
{
    const json_t *member = json_object_get(object, key);
    return json_is_string(member) && json_string_length(member) == strlen(text) &&
           strcmp(json_string_value(member), text) == 0;
}

enum factor_fault
webauthn_check_id(const json_t *answer, uint8_t id[WEBAUTHN_ID], size_t *ret_len)
{
    uint8_t raw[WEBAUTHN_ID];
    size_t len = 0;
    size_t raw_len = 0;
    if (!is_text(answer, "type", "public-key") ||
        !webauthn_bytes(answer, "id", id, WEBAUTHN_ID, &len) ||
        !webauthn_bytes(answer, "rawId", raw, sizeof(raw), &raw_len)) {
        return FAULT_MALFORMED;
    }
    if (len != raw_len || memcmp(id, raw, len) != 0) {
        return FAULT_RAW_ID;
    }
    *ret_len = len;
    return FAULT_FINE;
}

static enum factor_fault
check_members(const struct webauthn_wanted *wanted, const char *type, const json_t *client)
{
    uint8_t challenge[FACTOR_CHALLENGE];
    size_t len = 0;
    if (!json_is_string(json_object_get(client, "type")) ||
        !json_is_string(json_object_get(client, "challenge")) ||
        !json_is_string(json_object_get(client, "origin"))) {
        return FAULT_MALFORMED;
    }
    if (!is_text(client, "type", type)) {
        return FAULT_TYPE;
    }
    if (!webauthn_bytes(client, "challenge", challenge, sizeof(challenge), &len) ||
        len != FACTOR_CHALLENGE ||
        sodium_memcmp(challenge, wanted->challenge, FACTOR_CHALLENGE) != 0) {
        return FAULT_CHALLENGE;
    }
    /* A page of ours inside somebody else's is not asked for. */
    const json_t *crossing = json_object_get(client, "crossOrigin");
    if (!is_text(client, "origin", wanted->party->origin) ||
        (crossing != NULL && !json_is_false(crossing)) ||
        json_object_get(client, "topOrigin") != NULL) {
        return FAULT_ORIGIN;
    }
    return FAULT_FINE;
}

enum factor_fault
webauthn_check_client(
    const struct webauthn_wanted *wanted, const char *type, const uint8_t *bytes, size_t len)
{
    json_t *client = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
    enum factor_fault fault = FAULT_MALFORMED;
    if (json_is_object(client)) {
        fault = check_members(wanted, type, client);
    }
    json_decref(client);
    return fault;
}

enum factor_fault
webauthn_check_data(const struct webauthn_wanted *wanted, const uint8_t *bytes, size_t len,
    struct webauthn_data *ret_data)
{
    struct reader reader;
    struct webauthn_data data;
    uint8_t party[WEBAUTHN_SHA256];
    reader_init(&reader, bytes, len);
    const uint8_t *hash = reader_bytes(&reader, sizeof(data.party));
    data.flags = reader_u8(&reader);
    data.counter = reader_u32be(&reader);
    if (hash == NULL || reader_error(&reader) != OK) {
        return FAULT_MALFORMED;
    }
    memcpy(data.party, hash, sizeof(data.party));
    (void)crypto_hash_sha256(party, (const uint8_t *)wanted->party->id, strlen(wanted->party->id));
    if (memcmp(party, data.party, sizeof(party)) != 0) {
        return FAULT_PARTY;
    }
    if ((data.flags & WEBAUTHN_PRESENT) == 0) {
        return FAULT_PRESENCE;
    }
    if (wanted->needs_verified && (data.flags & WEBAUTHN_VERIFIED) == 0) {
        return FAULT_VERIFIED;
    }
    *ret_data = data;
    return FAULT_FINE;
}

enum factor_fault
webauthn_read(const json_t *answer, struct webauthn_assertion *ret_assertion)
{
    struct webauthn_assertion *out = ret_assertion;
    const json_t *response = json_object_get(answer, "response");
    const json_t *handle = json_object_get(response, "userHandle");
    out->handle_len = 0;
    enum factor_fault fault = webauthn_check_id(answer, out->id, &out->id_len);
    if (fault != FAULT_FINE) {
        return fault;
    }
    if (!webauthn_bytes(
            response, "clientDataJSON", out->client, WEBAUTHN_CLIENT, &out->client_len) ||
        !webauthn_bytes(response, "authenticatorData", out->data, WEBAUTHN_DATA, &out->data_len) ||
        !webauthn_bytes(
            response, "signature", out->signature, WEBAUTHN_SIGN, &out->signature_len)) {
        return FAULT_MALFORMED;
    }
    if (handle != NULL && !json_is_null(handle) && json_string_length(handle) != 0 &&
        !webauthn_bytes(response, "userHandle", out->handle, WEBAUTHN_HANDLE, &out->handle_len)) {
        return FAULT_MALFORMED;
    }
    return FAULT_FINE;
}

struct key {
    es256_pk_t *es256;
    rs256_pk_t *rs256;
    eddsa_pk_t *eddsa;
};

static void
key_release(struct key *key)
{
    es256_pk_free(&key->es256);
    rs256_pk_free(&key->rs256);
    eddsa_pk_free(&key->eddsa);
}

/* libfido2's form of the key; NULL: it is none of that algorithm. */
static const void *
key_of(struct key *key, const struct webauthn_credential *credential)
{
    const uint8_t *bytes = credential->key;
    size_t len = credential->key_len;
    if (credential->algorithm == COSE_ES256) {
        key->es256 = es256_pk_new();
        return key->es256 != NULL && es256_pk_from_ptr(key->es256, bytes, len) == FIDO_OK
                   ? key->es256
                   : NULL;
    }
    if (credential->algorithm == COSE_RS256) {
        key->rs256 = rs256_pk_new();
        return key->rs256 != NULL && rs256_pk_from_ptr(key->rs256, bytes, len) == FIDO_OK
                   ? key->rs256
                   : NULL;
    }
    if (credential->algorithm == COSE_EDDSA) {
        key->eddsa = eddsa_pk_new();
        return key->eddsa != NULL && eddsa_pk_from_ptr(key->eddsa, bytes, len) == FIDO_OK
                   ? key->eddsa
                   : NULL;
    }
    return NULL;
}

static bool
is_signed(fido_assert_t *assertion, const struct webauthn_wanted *wanted,
    const struct webauthn_credential *credential, const struct webauthn_assertion *parts)
{
    uint8_t hash[WEBAUTHN_SHA256];
    CLEANUP(key_release) struct key key = {.es256 = NULL};
    const void *public_key = key_of(&key, credential);
    (void)crypto_hash_sha256(hash, parts->client, parts->client_len);
    fido_opt_t verified = wanted->needs_verified ? FIDO_OPT_TRUE : FIDO_OPT_OMIT;
    return public_key != NULL && fido_assert_set_count(assertion, 1) == FIDO_OK &&
           fido_assert_set_rp(assertion, wanted->party->id) == FIDO_OK &&
           fido_assert_set_clientdata_hash(assertion, hash, sizeof(hash)) == FIDO_OK &&
           fido_assert_set_authdata_raw(assertion, 0, parts->data, parts->data_len) == FIDO_OK &&
           fido_assert_set_sig(assertion, 0, parts->signature, parts->signature_len) == FIDO_OK &&
           fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
           fido_assert_set_uv(assertion, verified) == FIDO_OK &&
           fido_assert_verify(assertion, 0, credential->algorithm, public_key) == FIDO_OK;
}

enum factor_fault
webauthn_verify(const struct webauthn_wanted *wanted, const struct webauthn_credential *credential,
    const struct webauthn_assertion *assertion, uint32_t *ret_counter)
{
    struct webauthn_data data;
    size_t used = 0;
    enum factor_fault fault =
        webauthn_check_client(wanted, "webauthn.get", assertion->client, assertion->client_len);
    if (fault == FAULT_FINE) {
        fault = webauthn_check_data(wanted, assertion->data, assertion->data_len, &data);
    }
    if (fault != FAULT_FINE) {
        return fault;
    }
    if (assertion->id_len != credential->id_len ||
        memcmp(assertion->id, credential->id, credential->id_len) != 0) {
        return FAULT_UNKNOWN;
    }
    if (assertion->data_len > WEBAUTHN_HEAD && !webauthn_is_bounded(assertion->data + WEBAUTHN_HEAD,
                                                   assertion->data_len - WEBAUTHN_HEAD, &used)) {
        return FAULT_MALFORMED;
    }
    fido_init(0);
    fido_assert_t *signed_by = fido_assert_new();
    fault = signed_by != NULL && is_signed(signed_by, wanted, credential, assertion)
                ? FAULT_FINE
                : FAULT_SIGNATURE;
    fido_assert_free(&signed_by);
    /* Those that count must count up; those that don't say 0 always (level 2, 6.1.1). */
    if (fault == FAULT_FINE && (data.counter != 0 || credential->counter != 0) &&
        data.counter <= credential->counter) {
        return FAULT_COUNTER;
    }
    if (fault == FAULT_FINE) {
        *ret_counter = data.counter;
    }
    return fault;
}
