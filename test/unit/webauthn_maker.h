/*
 * An authenticator and its browser in a few lines, made with OpenSSL and libcbor alone: every part
 * of what they say can be made wrong.
 */
#pragma once

#include "identity/factor.h"

#include "test.h"

#include <cbor.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

#define MAKER_ES256 (-7)
#define MAKER_EDDSA (-8)
#define MAKER_RS256 (-257)

enum { MAKER_UP = 1, MAKER_UV = 4, MAKER_AT = 64, MAKER_ED = 128 };

struct maker {
    EVP_PKEY *key;
    int algorithm;
    uint8_t id[32], challenge[FACTOR_CHALLENGE], handle[32];
    bool has_handle;
    const char *party, *origin, *type, *format;
    const char *more; /* further members of the client's data, beginning with a comma */
    uint8_t flags;
    uint32_t counter;
    /* What is wrong, when something is. */
    int said_algorithm;     /* 0: the true one */
    bool other_raw_id;      /* rawId is not id */
    bool other_attested_id; /* nor is the one in the authenticator's data */
    bool signs_other;       /* the signature is over other client data */
    bool breaks_signature;  /* one bit is turned */
    const char *tail;       /* bytes behind the authenticator's data */
};

static inline void
maker_init(struct maker *maker, int algorithm)
{
    *maker = (struct maker){.algorithm = algorithm,
        .party = "gate.example",
        .origin = "https://gate.example:8443",
        .format = "none",
        .more = "",
        .tail = "",
        .flags = MAKER_UP | MAKER_UV,
        .counter = 1};
    maker->key = algorithm == MAKER_ES256   ? EVP_EC_gen("P-256")
                 : algorithm == MAKER_RS256 ? EVP_RSA_gen(2048)
                                            : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(maker->key);
    randombytes_buf(maker->id, sizeof(maker->id));
    randombytes_buf(maker->challenge, sizeof(maker->challenge));
}

static inline void
maker_release(struct maker *maker)
{
    EVP_PKEY_free(maker->key);
    maker->key = NULL;
}

static inline void
maker_add(cbor_item_t *map, cbor_item_t *key, cbor_item_t *value)
{
    assert_true(
        cbor_map_add(map, (struct cbor_pair){.key = cbor_move(key), .value = cbor_move(value)}));
}

/* In the shortest form, as CTAP2's canonical CBOR demands. */
static inline cbor_item_t *
maker_number(int number)
{
    if (number >= 0) {
        return cbor_build_uint8((uint8_t)number);
    }
    return number >= -256 ? cbor_build_negint8((uint8_t)(-1 - number))
                          : cbor_build_negint16((uint16_t)(-1 - number));
}

/* The public key as RFC 9053 and RFC 8230 write it; how many bytes. */
static inline size_t
maker_cose(const struct maker *maker, uint8_t *out, size_t size)
{
    uint8_t point[65];
    size_t len = 0;
    cbor_item_t *map = cbor_new_definite_map(5);
    int said = maker->said_algorithm != 0 ? maker->said_algorithm : maker->algorithm;
    int kind = maker->algorithm == MAKER_ES256 ? 2 : maker->algorithm == MAKER_RS256 ? 3 : 1;
    maker_add(map, maker_number(1), maker_number(kind));
    maker_add(map, maker_number(3), maker_number(said));
    if (maker->algorithm == MAKER_ES256) {
        assert_int_equal(EVP_PKEY_get_octet_string_param(
                             maker->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len),
            1);
        assert_int_equal(len, sizeof(point));
        maker_add(map, maker_number(-1), maker_number(1));
        maker_add(map, maker_number(-2), cbor_build_bytestring(point + 1, 32));
        maker_add(map, maker_number(-3), cbor_build_bytestring(point + 33, 32));
    } else if (maker->algorithm == MAKER_RS256) {
        uint8_t n[256];
        const uint8_t e[3] = {1, 0, 1};
        BIGNUM *number = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(maker->key, OSSL_PKEY_PARAM_RSA_N, &number), 1);
        assert_int_equal(BN_bn2binpad(number, n, sizeof(n)), sizeof(n));
        BN_free(number);
        maker_add(map, maker_number(-1), cbor_build_bytestring(n, sizeof(n)));
        maker_add(map, maker_number(-2), cbor_build_bytestring(e, sizeof(e)));
    } else {
        len = 32;
        assert_int_equal(EVP_PKEY_get_raw_public_key(maker->key, point, &len), 1);
        maker_add(map, maker_number(-1), maker_number(6));
        maker_add(map, maker_number(-2), cbor_build_bytestring(point, 32));
    }
    size_t written = cbor_serialize(map, out, size);
    assert_true(written != 0);
    cbor_decref(&map);
    return written;
}

/* The authenticator's data: level 2, 6.1. */
static inline size_t
maker_data(const struct maker *maker, uint8_t *out, size_t size, bool is_attested)
{
    size_t len = 37;
    (void)crypto_hash_sha256(out, (const uint8_t *)maker->party, strlen(maker->party));
    out[32] = (uint8_t)(maker->flags | (is_attested ? MAKER_AT : 0));
    for (unsigned i = 0; i < 4; i++) {
        out[33 + i] = (uint8_t)(maker->counter >> (24 - 8 * i));
    }
    if (is_attested) {
        memset(out + len, 0, 16);
        out[len + 16] = 0;
        out[len + 17] = sizeof(maker->id);
        memcpy(out + len + 18, maker->id, sizeof(maker->id));
        out[len + 18] ^= maker->other_attested_id ? 1 : 0;
        len += 18 + sizeof(maker->id);
        len += maker_cose(maker, out + len, size - len);
    }
    memcpy(out + len, maker->tail, strlen(maker->tail));
    return len + strlen(maker->tail);
}

static inline json_t *
maker_text(const void *bytes, size_t len)
{
    char text[8192];
    (void)sodium_bin2base64(
        text, sizeof(text), bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return json_string(text);
}

static inline size_t
maker_client(const struct maker *maker, const char *type, char *out, size_t size)
{
    char challenge[64];
    (void)sodium_bin2base64(challenge, sizeof(challenge), maker->challenge,
        sizeof(maker->challenge), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    int len = snprintf(out, size, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}",
        maker->type != NULL ? maker->type : type, challenge, maker->origin, maker->more);
    assert_true(len > 0 && (size_t)len < size);
    return (size_t)len;
}

/* Signs data and the client data's hash; the signature's length. */
static inline size_t
maker_sign(const struct maker *maker, const uint8_t *data, size_t data_len, const char *client,
    uint8_t out[512])
{
    uint8_t message[2048];
    size_t len = 512;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *md = maker->algorithm == MAKER_EDDSA ? NULL : EVP_sha256();
    assert_true(data_len + 32 <= sizeof(message));
    memcpy(message, data, data_len);
    (void)crypto_hash_sha256(message + data_len, (const uint8_t *)client, strlen(client));
    message[data_len] ^= maker->signs_other ? 1 : 0;
    assert_int_equal(EVP_DigestSignInit(context, NULL, md, NULL, maker->key), 1);
    assert_int_equal(EVP_DigestSign(context, out, &len, message, data_len + 32), 1);
    EVP_MD_CTX_free(context);
    out[len / 2] ^= maker->breaks_signature ? 1 : 0;
    return len;
}

static inline json_t *
maker_answer(const struct maker *maker, json_t *response)
{
    uint8_t raw[32];
    memcpy(raw, maker->id, sizeof(raw));
    raw[31] ^= maker->other_raw_id ? 1 : 0;
    return json_pack("{s:o, s:o, s:s, s:{}, s:o}", "id", maker_text(maker->id, 32), "rawId",
        maker_text(raw, 32), "type", "public-key", "clientExtensionResults", "response", response);
}

/* What navigator.credentials.create() gives. Format "packed": attested by the key itself. */
static inline json_t *
maker_create(const struct maker *maker)
{
    uint8_t data[2048];
    uint8_t object[4096];
    char client[1024];
    size_t client_len = maker_client(maker, "webauthn.create", client, sizeof(client));
    size_t data_len = maker_data(maker, data, sizeof(data), true);
    cbor_item_t *map = cbor_new_definite_map(3);
    cbor_item_t *statement = cbor_new_definite_map(2);
    if (strcmp(maker->format, "none") != 0) {
        uint8_t signature[512];
        size_t len = maker_sign(maker, data, data_len, client, signature);
        maker_add(statement, cbor_build_string("alg"), maker_number(maker->algorithm));
        maker_add(statement, cbor_build_string("sig"), cbor_build_bytestring(signature, len));
    }
    maker_add(map, cbor_build_string("fmt"), cbor_build_string(maker->format));
    maker_add(map, cbor_build_string("attStmt"), statement);
    maker_add(map, cbor_build_string("authData"), cbor_build_bytestring(data, data_len));
    size_t len = cbor_serialize(map, object, sizeof(object));
    assert_true(len != 0);
    cbor_decref(&map);
    return maker_answer(
        maker, json_pack("{s:o, s:o}", "clientDataJSON", maker_text(client, client_len),
                   "attestationObject", maker_text(object, len)));
}

/* What navigator.credentials.get() gives. */
static inline json_t *
maker_get(const struct maker *maker)
{
    uint8_t data[2048];
    uint8_t signature[512];
    char client[1024];
    size_t client_len = maker_client(maker, "webauthn.get", client, sizeof(client));
    size_t data_len = maker_data(maker, data, sizeof(data), false);
    size_t len = maker_sign(maker, data, data_len, client, signature);
    json_t *response = json_pack("{s:o, s:o, s:o}", "clientDataJSON",
        maker_text(client, client_len), "authenticatorData", maker_text(data, data_len),
        "signature", maker_text(signature, len));
    if (maker->has_handle) {
        (void)json_object_set_new(response, "userHandle", maker_text(maker->handle, 32));
    }
    return maker_answer(maker, response);
}
