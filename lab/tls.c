/* Self-signed certificates of the devices, made at start. */
#include "lab/tls.h"

#include "lab/template.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define YEAR 31536000L

/* One key for the whole site: making one per device would cost a minute. */
static EVP_PKEY *shared_key;

static enum err
add_name(X509_NAME *name, const char *field, const char *text, const struct template_scope *scope)
{
    if (text == NULL)
        return OK;
    struct buf value;
    buf_init(&value, 256);
    template_add(&value, scope, text, strlen(text));
    int done = X509_NAME_add_entry_by_txt(
        name, field, MBSTRING_UTF8, (const unsigned char *)value.data, (int)value.len, -1, 0);
    buf_release(&value);
    return done == 1 ? OK : ERR_TLS;
}

static enum err
fill_certificate(X509 *certificate, const struct device *device)
{
    const struct template_scope scope = {.device = device};
    const struct site_certificate *subject = device->record->certificate;
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1 + device->mac.bytes[5]);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -YEAR / 2);
    X509_gmtime_adj(X509_getm_notAfter(certificate), YEAR / 2);
    X509_set_pubkey(certificate, shared_key);
    enum err err = add_name(name, "O", subject == NULL ? NULL : subject->organisation, &scope);
    if (err == OK)
        err = add_name(name, "OU", subject == NULL ? NULL : subject->unit, &scope);
    if (err == OK)
        err = add_name(name, "CN", subject == NULL ? "@ip@" : subject->common_name, &scope);
    if (err != OK || X509_set_issuer_name(certificate, name) != 1)
        return ERR_TLS;
    return X509_sign(certificate, shared_key, EVP_sha256()) > 0 ? OK : ERR_TLS;
}

enum err
tls_new(const struct device *device, SSL_CTX **ret_context)
{
    if (shared_key == NULL)
        shared_key = EVP_EC_gen("P-256");
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    X509 *certificate = X509_new();
    enum err err = ERR_MEMORY;
    if (shared_key != NULL && context != NULL && certificate != NULL)
        err = fill_certificate(certificate, device);
    if (err == OK && (SSL_CTX_use_certificate(context, certificate) != 1 ||
                         SSL_CTX_use_PrivateKey(context, shared_key) != 1))
        err = ERR_TLS;
    X509_free(certificate);
    if (err != OK) {
        SSL_CTX_free(context);
        return err;
    }
    *ret_context = context;
    return OK;
}

void
tls_release(void)
{
    EVP_PKEY_free(shared_key);
    shared_key = NULL;
}
