/* RFC 3161 time-stamps: requests, and what an answer is worth. */
#include "base/text.h"
#include "evidence/stamp_inside.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHA256_BYTES 32
#define NONCE_BITS   64
#define SECOND       1000
#define REQUEST_MOST 128 /* bytes of a request over SHA-256 with a nonce and a policy */

void
stamp_say(struct stamp_verdict *verdict, enum stamp_state state, const char *format, ...)
{
    va_list arguments;
    verdict->state = state;
    va_start(arguments, format);
    (void)vsnprintf(verdict->why.text, sizeof(verdict->why.text), format, arguments);
    va_end(arguments);
}

const char *
stamp_state_text(enum stamp_state state)
{
    static const char *const texts[] = {
        [STAMP_GOOD] = "good",
        [STAMP_UNTRUSTED] = "untrusted",
        [STAMP_PENDING] = "pending",
        [STAMP_REFUSED] = "refused",
        [STAMP_WRONG_IMPRINT] = "wrong-imprint",
        [STAMP_WRONG_NONCE] = "wrong-nonce",
        [STAMP_EXPIRED] = "expired",
        [STAMP_WRONG_SIGNER] = "wrong-signer",
        [STAMP_BROKEN] = "broken",
    };
    return texts[state];
}

static TS_MSG_IMPRINT *
make_imprint(const uint8_t sha256[SHA256_BYTES])
{
    uint8_t bytes[SHA256_BYTES];
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    memcpy(bytes, sha256, sizeof(bytes));
    bool good = imprint != NULL && algorithm != NULL &&
                X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
                TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
                TS_MSG_IMPRINT_set_msg(imprint, bytes, SHA256_BYTES) == 1;
    X509_ALGOR_free(algorithm);
    if (!good) {
        TS_MSG_IMPRINT_free(imprint);
    }
    return good ? imprint : NULL;
}

/* With its top bit set, so that no authority need keep a leading zero. */
static ASN1_INTEGER *
make_nonce(void)
{
    BIGNUM *number = BN_new();
    ASN1_INTEGER *nonce = NULL;
    if (number != NULL && BN_rand(number, NONCE_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1) {
        nonce = BN_to_ASN1_INTEGER(number, NULL);
    }
    BN_free(number);
    return nonce;
}

enum err
stamp_request(const uint8_t sha256[SHA256_BYTES], struct buf *ret_request)
{
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = make_imprint(sha256);
    ASN1_INTEGER *nonce = make_nonce();
    uint8_t *der = NULL;
    int len = -1;
    if (request != NULL && imprint != NULL && nonce != NULL &&
        TS_REQ_set_version(request, 1) == 1 && TS_REQ_set_msg_imprint(request, imprint) == 1 &&
        TS_REQ_set_nonce(request, nonce) == 1 && TS_REQ_set_cert_req(request, 1) == 1) {
        len = i2d_TS_REQ(request, &der);
    }
    if (len > 0) {
        buf_add(ret_request, der, (size_t)len);
    }
    OPENSSL_free(der);
    ASN1_INTEGER_free(nonce);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(request);
    ERR_clear_error();
    return len > 0 ? buf_error(ret_request) : ERR_MEMORY;
}

/* What is over other bytes than these 32; NULL: nothing is. */
static const char *
wrong_imprint(TS_MSG_IMPRINT *imprint, const uint8_t *sha256)
{
    const ASN1_OBJECT *algorithm = NULL;
    ASN1_OCTET_STRING *digest = imprint == NULL ? NULL : TS_MSG_IMPRINT_get_msg(imprint);
    if (digest == NULL) {
        return "it has no digest";
    }
    X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    if (OBJ_obj2nid(algorithm) != NID_sha256) {
        return "its digest is not SHA-256";
    }
    return ASN1_STRING_length(digest) == SHA256_BYTES &&
                   CRYPTO_memcmp(ASN1_STRING_get0_data(digest), sha256, SHA256_BYTES) == 0
               ? NULL
               : "it is over other bytes than this manifest";
}

static int64_t
time_of(const ASN1_GENERALIZEDTIME *value)
{
    struct tm parts;
    if (value == NULL || ASN1_TIME_to_tm(value, &parts) != 1) {
        return INT64_MIN;
    }
    int64_t time = (int64_t)timegm(&parts) * SECOND;
    const char *text = (const char *)ASN1_STRING_get0_data(value);
    const char *dot = memchr(text, '.', (size_t)ASN1_STRING_length(value));
    int64_t weight = 100;
    for (const char *at = dot == NULL ? NULL : dot + 1;
         at != NULL && at < text + ASN1_STRING_length(value) && *at >= '0' && *at <= '9'; at++) {
        time += weight * (*at - '0');
        weight /= 10;
    }
    return time;
}

static int64_t
part_of(const ASN1_INTEGER *value)
{
    int64_t number = 0;
    return value != NULL && ASN1_INTEGER_get_int64(&number, value) == 1 && number >= 0 &&
                   number <= INT32_MAX
               ? number
               : 0;
}

static int64_t
accuracy_of(TS_TST_INFO *info)
{
    TS_ACCURACY *accuracy = TS_TST_INFO_get_accuracy(info);
    if (accuracy == NULL) {
        return -1;
    }
    int64_t micros = part_of(TS_ACCURACY_get_micros(accuracy));
    return part_of(TS_ACCURACY_get_seconds(accuracy)) * SECOND +
           part_of(TS_ACCURACY_get_millis(accuracy)) + (micros + 999) / 1000;
}

/* Whether it is written as DER demands, so that no byte of it can be another. */
static bool
is_der(TS_REQ *request, const void *bytes, size_t size)
{
    uint8_t *der = NULL;
    /* OpenSSL keeps what stood there for TRUE. */
    (void)TS_REQ_set_cert_req(request, TS_REQ_get_cert_req(request));
    int len = i2d_TS_REQ(request, &der);
    bool same = len > 0 && (size_t)len == size && memcmp(der, bytes, size) == 0;
    OPENSSL_free(der);
    return same;
}

bool
stamp_is_request(const uint8_t sha256[SHA256_BYTES], const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    TS_REQ *request = len > REQUEST_MOST ? NULL : d2i_TS_REQ(NULL, &at, (long)len);
    bool is_one = request != NULL && is_der(request, bytes, len) &&
                  TS_REQ_get_version(request) == 1 && TS_REQ_get_ext_count(request) <= 0 &&
                  wrong_imprint(TS_REQ_get_msg_imprint(request), sha256) == NULL;
    TS_REQ_free(request);
    ERR_clear_error();
    return is_one;
}

/* The nonce of the request that is beside it; false: said why not. */
static bool
check_nonce(const struct stamp_given *given, TS_TST_INFO *info, struct stamp_verdict *verdict)
{
    if (given->request == NULL) {
        return true;
    }
    const uint8_t *at = given->request;
    TS_REQ *request =
        given->request_len > STAMP_LIMIT ? NULL : d2i_TS_REQ(NULL, &at, (long)given->request_len);
    bool is_whole = request != NULL && is_der(request, given->request, given->request_len);
    const ASN1_INTEGER *mine = is_whole ? TS_REQ_get_nonce(request) : NULL;
    const ASN1_INTEGER *theirs = TS_TST_INFO_get_nonce(info);
    bool is_good = false;
    if (!is_whole) {
        stamp_say(verdict, STAMP_WRONG_NONCE, "the request beside it can't be read");
    } else if (wrong_imprint(TS_REQ_get_msg_imprint(request), given->sha256) != NULL) {
        stamp_say(verdict, STAMP_WRONG_IMPRINT, "the request beside it is over other bytes");
    } else if (mine == NULL || theirs == NULL || ASN1_INTEGER_cmp(mine, theirs) != 0) {
        stamp_say(verdict, STAMP_WRONG_NONCE,
            "it answers another request than the one beside it (nonce)");
    } else {
        is_good = true;
    }
    TS_REQ_free(request);
    return is_good;
}

/* PKIStatus: granted, or granted with modifications (RFC 3161 section 2.4.2). */
static bool
is_granted(TS_RESP *answer, struct stamp_verdict *verdict)
{
    char words[120] = "";
    TS_STATUS_INFO *info = TS_RESP_get_status_info(answer);
    int64_t status = -1;
    if (info == NULL || ASN1_INTEGER_get_int64(&status, TS_STATUS_INFO_get0_status(info)) != 1) {
        status = -1;
    }
    if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS) {
        return true;
    }
    const STACK_OF(ASN1_UTF8STRING) *texts = info == NULL ? NULL : TS_STATUS_INFO_get0_text(info);
    if (texts != NULL && sk_ASN1_UTF8STRING_num(texts) > 0) {
        const ASN1_UTF8STRING *text = sk_ASN1_UTF8STRING_value(texts, 0);
        text_clean(words, sizeof(words), (const char *)ASN1_STRING_get0_data(text),
            (size_t)ASN1_STRING_length(text));
    }
    stamp_say(verdict, STAMP_REFUSED, "the authority refused (status %lld)%s%s", (long long)status,
        words[0] == '\0' ? "" : ": ", words);
    return false;
}

static void
check_answer(const struct stamp_given *given, TS_RESP *answer, struct stamp_verdict *verdict)
{
    if (!is_granted(answer, verdict)) {
        return;
    }
    PKCS7 *token = TS_RESP_get_token(answer);
    TS_TST_INFO *info = TS_RESP_get_tst_info(answer);
    if (token == NULL || info == NULL || TS_TST_INFO_get_version(info) != 1) {
        stamp_say(verdict, STAMP_BROKEN, "it says granted and has no time-stamp in it");
        return;
    }
    const char *wrong = wrong_imprint(TS_TST_INFO_get_msg_imprint(info), given->sha256);
    if (wrong != NULL) {
        stamp_say(verdict, STAMP_WRONG_IMPRINT, "%s", wrong);
        return;
    }
    if (!check_nonce(given, info, verdict)) {
        return;
    }
    verdict->time = time_of(TS_TST_INFO_get_time(info));
    if (verdict->time == INT64_MIN) {
        stamp_say(verdict, STAMP_BROKEN, "its time can't be read");
        return;
    }
    verdict->accuracy_ms = accuracy_of(info);
    stamp_signer_check(token, given->roots, verdict);
}

void
stamp_check(const struct stamp_given *given, struct stamp_verdict *ret_verdict)
{
    *ret_verdict = (struct stamp_verdict){.time = INT64_MIN, .accuracy_ms = -1};
    if (given->answer == NULL) {
        stamp_say(ret_verdict, STAMP_PENDING, "asked for, and there is no answer yet");
        return;
    }
    if (given->answer_len > STAMP_LIMIT) {
        stamp_say(ret_verdict, STAMP_BROKEN, "too large for a time-stamp");
        return;
    }
    const uint8_t *at = given->answer;
    TS_RESP *answer = d2i_TS_RESP(NULL, &at, (long)given->answer_len);
    if (answer == NULL || at != (const uint8_t *)given->answer + given->answer_len) {
        stamp_say(ret_verdict, STAMP_BROKEN, "it is no answer of a time-stamp authority");
    } else {
        check_answer(given, answer, ret_verdict);
    }
    TS_RESP_free(answer);
    ERR_clear_error();
    bool is_believed = ret_verdict->state == STAMP_GOOD || ret_verdict->state == STAMP_UNTRUSTED;
    if (is_believed && given->request == NULL) {
        size_t len = strlen(ret_verdict->why.text);
        (void)snprintf(ret_verdict->why.text + len, sizeof(ret_verdict->why.text) - len,
            "; there is no request to compare its nonce with");
    }
    if (!is_believed) {
        ret_verdict->time = INT64_MIN; /* nobody vouches for it */
    }
}
