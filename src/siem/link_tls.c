/* TLS towards a syslog receiver, by OpenSSL. */
#include "siem/link_tls.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <openssl/x509v3.h>
#include <string.h>

#define NAME_TEXT 128
#define TIME_TEXT 64
#define RESUMED   ((int64_t)60 * 60 * 1000) /* ms until certificate and authorities count anew */

/* Alerts by which a receiver says that it does not take our certificate (RFC 8446 6.2). */
static const struct {
    int reason;
    const char *words;
} refusals[] = {
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,   "it wants one"                  },
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,         "it says it is bad"             },
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "it can't use it"               },
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,     "it was revoked"                },
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,     "it has expired"                },
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,     "it does not know it"           },
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA,              "it does not know who signed it"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED,           "it denies access"              },
};

void
siem_link_forget(struct siem_link_memory *memory)
{
    SSL_SESSION_free(memory->session);
    SSL_CTX_free(memory->tls);
    *memory = (struct siem_link_memory){.tls = NULL};
}

static int
keep_session(SSL *tls, SSL_SESSION *session)
{
    struct siem_link_memory *memory = SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls));
    SSL_SESSION_free(memory->session);
    memory->session = session;
    return 1; /* ours now */
}

static int
note_asked(SSL *tls, void *context)
{
    struct siem_link_memory *memory = context;
    (void)tls;
    memory->was_asked = true;
    return 1;
}

static enum err
can_not_read(const char *path, const char *what, struct note *note)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    note_set(note, "%s: %s: %s", file_tail(path, 120), what, words == NULL ? "?" : words);
    return ERR_VALUE;
}

/* Nobody is there to be asked for a passphrase. */
static int
no_passphrase(char *out, int size, int is_writing, void *context)
{
    (void)out, (void)size, (void)is_writing, (void)context;
    return 0;
}

static enum err
load(SSL_CTX *tls, const struct siem_destination *to, struct note *note)
{
    ERR_clear_error();
    if (to->ca != NULL && SSL_CTX_load_verify_file(tls, to->ca) != 1) {
        return can_not_read(to->ca, "ca can't be read", note);
    }
    if (to->ca == NULL && SSL_CTX_set_default_verify_paths(tls) != 1) {
        return ERR_SYSTEM;
    }
    if (to->certificate == NULL) {
        return OK;
    }
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(tls, to->certificate) != 1) {
        return can_not_read(to->certificate, "certificate can't be read", note);
    }
    if (SSL_CTX_use_PrivateKey_file(tls, to->key, SSL_FILETYPE_PEM) != 1) {
        return can_not_read(
            to->key, "key can't be read, has a passphrase, or is not the certificate's", note);
    }
    return OK;
}

static enum err
make_context(const struct siem_destination *to, struct siem_link_memory *memory, struct note *note)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (tls == NULL) {
        return ERR_MEMORY;
    }
    (void)SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    /* Each record that is no data comes back to us, so that no stream of them holds us. */
    (void)SSL_CTX_clear_mode(tls, SSL_MODE_AUTO_RETRY);
    (void)SSL_CTX_set_mode(tls, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls, keep_session);
    SSL_CTX_set_cert_cb(tls, note_asked, memory);
    (void)SSL_CTX_set_app_data(tls, memory);
    enum err err = load(tls, to, note);
    if (err != OK) {
        SSL_CTX_free(tls);
        return err;
    }
    memory->tls = tls;
    return OK;
}

static bool
expect_name(SSL *tls, const char *name)
{
    struct ip ip;
    char host[256]; /* OpenSSL's macro takes no const */
    if (ip_parse(name, &ip) == OK) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name) == 1;
    }
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return text_copy(host, sizeof(host), name) && SSL_set1_host(tls, name) == 1 &&
           SSL_set_tlsext_host_name(tls, host) == 1;
}

enum err
siem_link_tls_new(const struct siem_destination *to, struct siem_link_memory *memory, SSL **ret_tls,
    struct note *note)
{
    if (memory->tls != NULL && clock_mono() - memory->verified >= RESUMED) {
        siem_link_forget(memory); /* an authority that was taken away counts no longer than this */
    }
    enum err err = memory->tls == NULL ? make_context(to, memory, note) : OK;
    SSL *tls = err == OK ? SSL_new(memory->tls) : NULL;
    if (err != OK) {
        return err;
    }
    if (tls == NULL || !expect_name(tls, to->server_name)) {
        SSL_free(tls);
        return ERR_MEMORY;
    }
    if (memory->session != NULL) {
        (void)SSL_set_session(tls, memory->session);
        SSL_SESSION_free(memory->session); /* each is used once (RFC 8446 C.4) */
        memory->session = NULL;
    }
    *ret_tls = tls;
    return OK;
}

bool
siem_link_tls_is_eof(int why, int reason)
{
    unsigned long code = ERR_peek_error();
    return (why == SSL_ERROR_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) ||
           (why == SSL_ERROR_SYSCALL && reason == 0 && code == 0);
}

enum err
siem_link_tls_trouble(SSL *tls, const struct siem_destination *to, struct note *note)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    long verdict = SSL_get_verify_result(tls);
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        note_set(note,
            "the receiver's certificate is not for %.100s; nothing was sent (server_name: says "
            "which name it must have)",
            to->server_name);
        return ERR_TLS;
    }
    if (verdict != X509_V_OK && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        note_set(note, "the receiver's certificate is not believed: %s; nothing was sent (ca: %s)",
            X509_verify_cert_error_string(verdict),
            to->ca == NULL ? "the system's" : file_tail(to->ca, 60));
        return ERR_TLS;
    }
    for (size_t i = 0; i < COUNT(refusals); i++) {
        if (refusals[i].reason == reason) {
            note_set(note, "the receiver refuses our certificate: %s (%s)", refusals[i].words,
                to->certificate == NULL ? "we have none" : file_tail(to->certificate, 80));
            return ERR_TLS;
        }
    }
    const char *words = ERR_reason_error_string(code);
    note_set(note, "TLS: %s", words == NULL ? "it failed" : words);
    return ERR_TLS;
}

static void
time_words(const ASN1_TIME *time, char out[TIME_TEXT])
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, TIME_TEXT, "%Y-%m-%d", &tm) == 0) {
        (void)text_copy(out, TIME_TEXT, "?");
    }
}

void
siem_link_tls_tell(
    SSL *tls, const struct siem_outlet *outlet, const struct siem_link_memory *memory)
{
    char subject[NAME_TEXT] = "?", issuer[NAME_TEXT] = "?", until[TIME_TEXT] = "?";
    char clean_subject[NAME_TEXT], clean_issuer[NAME_TEXT];
    X509 *certificate = outlet->say == NULL ? NULL : SSL_get1_peer_certificate(tls);
    if (certificate == NULL) {
        return;
    }
    (void)X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof(subject));
    (void)X509_NAME_oneline(X509_get_issuer_name(certificate), issuer, sizeof(issuer));
    time_words(X509_get0_notAfter(certificate), until);
    text_clean(clean_subject, sizeof(clean_subject), subject, strlen(subject));
    text_clean(clean_issuer, sizeof(clean_issuer), issuer, strlen(issuer));
    siem_outlet_say(outlet,
        "%s: the certificate is %s, signed by %s, good until %s; it is believed and has the name "
        "%s",
        SSL_get_version(tls), clean_subject, clean_issuer, until, outlet->to->server_name);
    siem_outlet_say(outlet, "our certificate: %s",
        !memory->was_asked                ? "the receiver did not ask for one"
        : outlet->to->certificate == NULL ? "the receiver asked for one, and we have none"
                                          : "sent; whether it is taken shows at the end");
    X509_free(certificate);
}
