/* The signer of a time-stamp: certificate, chain, purpose, and the signature itself. */
#include "base/clock.h"
#include "base/text.h"
#include "evidence/stamp_inside.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/tserr.h>
#include <openssl/x509v3.h>
#include <string.h>

#define ROOTS_MOST   256
#define AUTH_LEVEL   2  /* of OpenSSL: 112 bits, so no MD5, no SHA-1, no RSA below 2048 */
#define DIGEST_LEAST 28 /* bytes, the same */
#define SIGNERS_MOST 64 /* certificates in a token */

static void
release_store(X509_STORE **store)
{
    X509_STORE_free(*store);
}

static void
describe(X509 *signer, struct stamp_verdict *verdict)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    if (out != NULL && X509_NAME_print_ex(out, X509_get_subject_name(signer), 0,
                           XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(out, &bytes);
        text_clean(verdict->signer, sizeof(verdict->signer), bytes, len < 0 ? 0 : (size_t)len);
    }
    BIO_free(out);
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(signer), NULL);
    char *hex = number == NULL ? NULL : BN_bn2hex(number);
    (void)text_copy(verdict->serial, sizeof(verdict->serial), hex == NULL ? "" : hex);
    OPENSSL_free(hex);
    BN_free(number);
}

/* RFC 3161 section 2.3: one purpose, time-stamping, and critical. NULL when it is so. */
static const char *
wrong_purpose(X509 *signer)
{
    int critical = 0;
    EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(signer, NID_ext_key_usage, &critical, NULL);
    const char *wrong = NULL;
    if (uses == NULL) {
        return "its certificate is not made for time-stamping (no extended key usage)";
    }
    if (sk_ASN1_OBJECT_num(uses) != 1 ||
        OBJ_obj2nid(sk_ASN1_OBJECT_value(uses, 0)) != NID_time_stamp) {
        wrong = "its certificate has other purposes than time-stamping alone";
    } else if (critical != 1) {
        wrong = "its certificate does not say as critical that it is for time-stamping";
    }
    EXTENDED_KEY_USAGE_free(uses);
    return wrong;
}

static bool
add_roots(X509_STORE *store, const char *pem)
{
    size_t len = strlen(pem);
    BIO *in = BIO_new_mem_buf(pem, len > INT32_MAX ? 0 : (int)len);
    unsigned count = 0;
    X509 *root;
    while (in != NULL && count < ROOTS_MOST &&
           (root = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, root) == 1 ? 1 : 0;
        X509_free(root);
    }
    BIO_free(in);
    return count > 0;
}

/*
 * Where nobody is believed, the certificates that came with the token stand for the authority, so
 * that all else is checked: the signature, its purpose and its dates.
 */
static bool
add_own(X509_STORE *store, STACK_OF(X509) * own, X509 *signer)
{
    bool has_issuer = false;
    for (int i = 0; i < sk_X509_num(own); i++) {
        X509 *one = sk_X509_value(own, i);
        if (X509_cmp(one, signer) != 0 && X509_check_issued(one, signer) == X509_V_OK) {
            has_issuer = X509_STORE_add_cert(store, one) == 1 || has_issuer;
        }
    }
    (void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return has_issuer || X509_STORE_add_cert(store, signer) == 1;
}

/* X509_V_OK, or the first thing that is wrong with the chain. */
static int
check_chain(X509_STORE *store, X509 *signer, STACK_OF(X509) * own)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int error = X509_V_ERR_OUT_OF_MEM;
    if (context != NULL && X509_STORE_CTX_init(context, store, signer, own) == 1) {
        X509_STORE_CTX_set_purpose(context, X509_PURPOSE_TIMESTAMP_SIGN);
        error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    return error;
}

static bool
judge_chain(int error, struct stamp_verdict *verdict)
{
    switch (error) {
    case X509_V_OK:
        return true;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        stamp_say(verdict, STAMP_EXPIRED,
            "the authority's certificate, or one above it, had expired when it signed");
        return false;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        stamp_say(verdict, STAMP_EXPIRED,
            "the authority's certificate, or one above it, was not yet valid when it signed");
        return false;
    default:
        stamp_say(verdict, STAMP_WRONG_SIGNER, "no authority that is believed stands behind it: %s",
            X509_verify_cert_error_string(error));
        return false;
    }
}

/* What the token itself is signed over; the level above is of certificates. */
static bool
has_weak_digest(PKCS7 *token)
{
    const STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(token);
    for (int i = 0; i < sk_PKCS7_SIGNER_INFO_num(infos); i++) {
        const PKCS7_SIGNER_INFO *info = sk_PKCS7_SIGNER_INFO_value(infos, i);
        const EVP_MD *digest = EVP_get_digestbyobj(info->digest_alg->algorithm);
        if (digest == NULL || EVP_MD_get_size(digest) < DIGEST_LEAST) {
            return true;
        }
    }
    return false;
}

/* The signature over the token, and that it names this very certificate. */
static bool
check_signature(PKCS7 *token, X509_STORE *store, struct stamp_verdict *verdict)
{
    ERR_clear_error();
    if (TS_RESP_verify_signature(token, NULL, store, NULL) == 1) {
        return true;
    }
    unsigned long error = ERR_peek_error(), last = ERR_peek_last_error();
    bool names_other = ERR_GET_LIB(error) == ERR_LIB_ESS || ERR_GET_LIB(last) == ERR_LIB_ESS;
    ERR_clear_error();
    if (names_other) {
        stamp_say(verdict, STAMP_WRONG_SIGNER,
            "the certificate is not the one that the signature names (ESSCertID)");
    } else {
        stamp_say(verdict, STAMP_BROKEN, "its signature does not verify: it was altered");
    }
    return false;
}

static void
check_with(PKCS7 *token, X509 *signer, const char *roots, struct stamp_verdict *verdict)
{
    CLEANUP(release_store) X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *own = token->d.sign->cert;
    if (store == NULL) {
        stamp_say(verdict, STAMP_BROKEN, "out of memory");
        return;
    }
    if (!(roots != NULL ? add_roots(store, roots) : add_own(store, own, signer))) {
        stamp_say(verdict, STAMP_WRONG_SIGNER,
            "no certificate could be read among those of the authorities that are believed");
        return;
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), AUTH_LEVEL);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(verdict->time / 1000));
    if (!judge_chain(check_chain(store, signer, own), verdict) ||
        !check_signature(token, store, verdict)) {
        return;
    }
    time_t now = (time_t)(clock_wall() / 1000);
    bool is_over = X509_cmp_time(X509_get0_notAfter(signer), &now) < 0;
    stamp_say(verdict, roots == NULL ? STAMP_UNTRUSTED : STAMP_GOOD, "%s%s",
        roots == NULL ? "right in itself; no authority was given to believe (--tsa-roots)"
                      : "signed by an authority that is believed",
        is_over ? "; its certificate has expired since, it was valid then" : "");
}

void
stamp_signer_check(PKCS7 *token, const char *roots, struct stamp_verdict *verdict)
{
    if (!PKCS7_type_is_signed(token) || token->d.sign == NULL ||
        sk_X509_num(token->d.sign->cert) > SIGNERS_MOST) {
        stamp_say(verdict, STAMP_BROKEN, "it has no signature");
        return;
    }
    STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);
    if (signers == NULL || sk_X509_num(signers) != 1) {
        stamp_say(verdict, STAMP_WRONG_SIGNER, "the certificate of its signer is not with it");
    } else {
        X509 *signer = sk_X509_value(signers, 0);
        describe(signer, verdict);
        const char *wrong = wrong_purpose(signer);
        if (wrong != NULL || has_weak_digest(token)) {
            stamp_say(verdict, STAMP_WRONG_SIGNER, "%s",
                wrong != NULL ? wrong : "it is signed over a digest that is too weak (not SHA-2)");
        } else {
            check_with(token, signer, roots, verdict);
        }
    }
    sk_X509_free(signers);
    ERR_clear_error();
}
