/*
 * Registration: the attestation object is taken apart by libcbor, the key in it by libfido2. We ask
 * for no attestation; where one comes all the same, it must hold.
 */
#include "identity/webauthn_inside.h"

#include "base/reader.h"
#include "base/text.h"

#include <cbor.h>
#include <fido.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 8
#define ITEMS 256 /* of one object */

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* RFC 8949, 3: the head of an item; false when it is of a kind that canonical CBOR has not. */
static bool
read_head(struct reader *reader, enum major *ret_major, uint64_t *ret_value)
{
    uint8_t first = reader_u8(reader);
    unsigned more = first & 31;
    *ret_major = (enum major)(first >> 5);
    if (more < 24) {
        *ret_value = more;
    } else if (more == 24) {
        *ret_value = reader_u8(reader);
    } else if (more == 25) {
        *ret_value = reader_u16be(reader);
    } else if (more == 26) {
        *ret_value = reader_u32be(reader);
    } else if (more == 27) {
        *ret_value = (uint64_t)reader_u32be(reader) << 32;
        *ret_value |= reader_u32be(reader);
    }
    return more <= 27 && reader_error(reader) == OK;
}

/* Items that are still to come at each depth, instead of recursion. */
bool
webauthn_is_bounded(const uint8_t *bytes, size_t len, size_t *ret_used)
{
    struct reader reader;
    uint64_t left[DEPTH] = {1};
    size_t depth = 1;
    unsigned items = 0;
    reader_init(&reader, bytes, len);
    while (depth != 0) {
        enum major major = UNSIGNED;
        uint64_t value = 0;
        if (left[depth - 1] == 0) {
            depth--;
            continue;
        }
        left[depth - 1]--;
        if (++items > ITEMS || !read_head(&reader, &major, &value) || major == TAG) {
            return false;
        }
        bool has_bytes = major == BYTES || major == TEXT;
        bool has_items = major == ARRAY || major == MAP;
        if ((has_bytes || has_items) && value > reader_left(&reader)) {
            return false;
        }
        if (has_bytes) {
            reader_skip(&reader, (size_t)value);
        }
        if (has_items) {
            if (depth == DEPTH) {
                return false;
            }
            left[depth++] = major == MAP ? 2 * value : value;
        }
    }
    *ret_used = len - reader_left(&reader);
    return reader_error(&reader) == OK;
}

static void
item_release(cbor_item_t **item)
{
    if (*item != NULL) {
        cbor_decref(item);
    }
}

static cbor_item_t *
load(const uint8_t *bytes, size_t len, size_t *ret_used)
{
    struct cbor_load_result result;
    if (!webauthn_is_bounded(bytes, len, ret_used)) {
        return NULL;
    }
    cbor_item_t *item = cbor_load(bytes, *ret_used, &result);
    if (item != NULL && (result.error.code != CBOR_ERR_NONE || !cbor_isa_map(item))) {
        cbor_decref(&item);
        return NULL;
    }
    return item;
}

/* Borrowed; NULL when there is none, or two: whoever reads on may take the other one. */
static cbor_item_t *
member(const cbor_item_t *map, const char *name)
{
    const struct cbor_pair *pairs = cbor_map_handle(map);
    cbor_item_t *found = NULL;
    unsigned times = 0;
    for (size_t i = 0; i < cbor_map_size(map); i++) {
        const cbor_item_t *key = pairs[i].key;
        if (cbor_isa_string(key) && cbor_string_length(key) == strlen(name) &&
            memcmp(cbor_string_handle(key), name, strlen(name)) == 0) {
            found = pairs[i].value;
            times++;
        }
    }
    return times == 1 ? found : NULL;
}

/* COSE's "alg", label 3 (RFC 9052, 7.1); 0: none. */
static int
algorithm_of(const uint8_t *bytes, size_t len)
{
    size_t used = 0;
    int algorithm = 0;
    CLEANUP(item_release) cbor_item_t *map = load(bytes, len, &used);
    const struct cbor_pair *pairs = map == NULL ? NULL : cbor_map_handle(map);
    for (size_t i = 0; map != NULL && i < cbor_map_size(map); i++) {
        if (cbor_isa_uint(pairs[i].key) && cbor_get_int(pairs[i].key) == 3 &&
            cbor_isa_negint(pairs[i].value) && cbor_get_int(pairs[i].value) < 65536) {
            algorithm = -1 - (int)cbor_get_int(pairs[i].value);
        }
    }
    return algorithm;
}

static bool
is_known_algorithm(int algorithm)
{
    for (size_t i = 0; i < webauthn_algorithm_count; i++) {
        if (webauthn_algorithms[i] == algorithm) {
            return true;
        }
    }
    return false;
}

struct attested {
    const uint8_t *data; /* the authenticator's */
    size_t data_len;
    const cbor_item_t *statement;
    char format[32];
    int algorithm;
};

/* What is attested behind the head: AAGUID, id, key, and maybe extensions; each within bounds. */
static enum factor_fault
check_attested(struct attested *attested, const uint8_t *id, size_t id_len)
{
    struct reader reader;
    size_t used = 0;
    reader_init(&reader, attested->data, attested->data_len);
    reader_skip(&reader, WEBAUTHN_HEAD + 16);
    size_t len = reader_u16be(&reader);
    const uint8_t *own = reader_bytes(&reader, len);
    const uint8_t *key = attested->data + reader.pos;
    size_t left = reader_left(&reader);
    if (own == NULL || len == 0 || !webauthn_is_bounded(key, left, &used)) {
        return FAULT_MALFORMED;
    }
    if (len != id_len || memcmp(own, id, len) != 0) {
        return FAULT_RAW_ID;
    }
    attested->algorithm = algorithm_of(key, left);
    if (!is_known_algorithm(attested->algorithm)) {
        return FAULT_ALGORITHM;
    }
    size_t extensions = 0;
    bool is_whole = used == left || (webauthn_is_bounded(key + used, left - used, &extensions) &&
                                        used + extensions == left);
    return is_whole ? FAULT_FINE : FAULT_MALFORMED;
}

/* "none" says nothing, "packed" and the others that libfido2 knows must be signed rightly. */
static enum factor_fault
check_statement(fido_cred_t *cred, const struct attested *attested)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (text_equal(attested->format, "none")) {
        return cbor_map_size(attested->statement) == 0 ? FAULT_FINE : FAULT_ATTESTATION;
    }
    size_t len = cbor_serialize_alloc(attested->statement, &bytes, &size);
    enum factor_fault fault = FAULT_ATTESTATION;
    if (len != 0 && fido_cred_set_fmt(cred, attested->format) == FIDO_OK &&
        fido_cred_set_attstmt(cred, bytes, len) == FIDO_OK) {
        int code =
            fido_cred_x5c_ptr(cred) != NULL ? fido_cred_verify(cred) : fido_cred_verify_self(cred);
        fault = code == FIDO_OK ? FAULT_FINE : FAULT_ATTESTATION;
    }
    free(bytes);
    return fault;
}

static enum factor_fault
take_key(fido_cred_t *cred, const struct webauthn_wanted *wanted, const struct attested *attested,
    const uint8_t *client_hash, struct webauthn_credential *out)
{
    if (fido_cred_set_type(cred, attested->algorithm) != FIDO_OK) {
        return FAULT_ALGORITHM;
    }
    if (fido_cred_set_rp(cred, wanted->party->id, NULL) != FIDO_OK ||
        fido_cred_set_clientdata_hash(cred, client_hash, WEBAUTHN_SHA256) != FIDO_OK ||
        fido_cred_set_authdata_raw(cred, attested->data, attested->data_len) != FIDO_OK) {
        return FAULT_MALFORMED;
    }
    size_t len = fido_cred_pubkey_len(cred);
    const unsigned char *key = fido_cred_pubkey_ptr(cred);
    if (key == NULL || len == 0 || len > WEBAUTHN_KEY) {
        return FAULT_ALGORITHM;
    }
    memcpy(out->key, key, len);
    out->key_len = len;
    out->algorithm = attested->algorithm;
    return check_statement(cred, attested);
}

/* Takes the object apart and judges each part; `object` stays the caller's. */
static enum factor_fault
check_object(const struct webauthn_wanted *wanted, const cbor_item_t *object,
    const uint8_t *client_hash, struct webauthn_credential *out)
{
    struct attested attested = {.algorithm = 0};
    struct webauthn_data data;
    const cbor_item_t *format = member(object, "fmt");
    const cbor_item_t *bytes = member(object, "authData");
    attested.statement = member(object, "attStmt");
    if (format == NULL || !cbor_isa_string(format) || bytes == NULL ||
        !cbor_isa_bytestring(bytes) || attested.statement == NULL ||
        !cbor_isa_map(attested.statement) ||
        cbor_string_length(format) >= sizeof(attested.format)) {
        return FAULT_MALFORMED;
    }
    memcpy(attested.format, cbor_string_handle(format), cbor_string_length(format));
    attested.data = cbor_bytestring_handle(bytes);
    attested.data_len = cbor_bytestring_length(bytes);
    enum factor_fault fault = webauthn_check_data(wanted, attested.data, attested.data_len, &data);
    if (fault != FAULT_FINE) {
        return fault;
    }
    if ((data.flags & WEBAUTHN_ATTESTED) == 0) {
        return FAULT_MALFORMED;
    }
    fault = check_attested(&attested, out->id, out->id_len);
    if (fault != FAULT_FINE) {
        return fault;
    }
    out->counter = data.counter;
    fido_init(0);
    fido_cred_t *cred = fido_cred_new();
    fault = cred == NULL ? FAULT_MALFORMED : take_key(cred, wanted, &attested, client_hash, out);
    fido_cred_free(&cred);
    return fault;
}

enum factor_fault
webauthn_register(const struct webauthn_wanted *wanted, const json_t *answer,
    struct webauthn_credential *ret_credential)
{
    struct webauthn_credential credential = {.id_len = 0};
    uint8_t client[WEBAUTHN_CLIENT];
    uint8_t bytes[WEBAUTHN_OBJECT];
    uint8_t hash[WEBAUTHN_SHA256];
    size_t client_len = 0;
    size_t len = 0;
    size_t used = 0;
    const json_t *response = json_object_get(answer, "response");
    enum factor_fault fault = webauthn_check_id(answer, credential.id, &credential.id_len);
    if (fault != FAULT_FINE) {
        return fault;
    }
    if (!webauthn_bytes(response, "clientDataJSON", client, sizeof(client), &client_len) ||
        !webauthn_bytes(response, "attestationObject", bytes, sizeof(bytes), &len)) {
        return FAULT_MALFORMED;
    }
    fault = webauthn_check_client(wanted, "webauthn.create", client, client_len);
    if (fault != FAULT_FINE) {
        return fault;
    }
    (void)crypto_hash_sha256(hash, client, client_len);
    CLEANUP(item_release) cbor_item_t *object = load(bytes, len, &used);
    if (object == NULL || used != len) {
        return FAULT_MALFORMED;
    }
    fault = check_object(wanted, object, hash, &credential);
    if (fault == FAULT_FINE) {
        *ret_credential = credential;
    }
    return fault;
}
