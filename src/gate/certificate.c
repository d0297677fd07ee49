/* The gateway's own authority and server certificate, made with OpenSSL. */
#include "gate/certificate.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define DAY          86400L
#define PEM_MOST     ((size_t)256 * 1024)
#define PATH_MOST    4096
#define SERIAL_BYTES 16
#define COMMON_NAME  64 /* RFC 5280, ub-common-name */
#define AUTHORITY    "Gatehouse authority of "

/* What certificates are made of, freed together. */
struct work {
    EVP_PKEY *ca_key, *key;
    X509 *ca, *server;
};

static void
work_release(struct work *work)
{
    EVP_PKEY_free(work->ca_key);
    EVP_PKEY_free(work->key);
    X509_free(work->ca);
    X509_free(work->server);
}

static enum err
path_of(const char *folder, const char *name, char path[PATH_MOST])
{
    int len = snprintf(path, PATH_MOST, "%s/%s", folder, name);
    return len > 0 && len < PATH_MOST ? OK : ERR_LIMIT;
}

static enum err
set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return ERR_SYSTEM;
    }
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 1); /* positive, and never shorter */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool done =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done ? OK : ERR_MEMORY;
}

static bool
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

/* Everything but names and extensions; not_before lies back for clocks that are behind. */
static enum err
begin(EVP_PKEY *key, const char *common_name, long days, X509 **ret_certificate)
{
    X509 *certificate = X509_new();
    if (certificate == NULL) {
        return ERR_MEMORY;
    }
    X509_NAME *name = X509_get_subject_name(certificate);
    enum err err = set_serial(certificate);
    bool done = err == OK && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) != NULL &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), (days - 1) * DAY) != NULL &&
                X509_set_pubkey(certificate, key) == 1 &&
                X509_NAME_add_entry_by_txt(
                    name, "O", MBSTRING_UTF8, (const uint8_t *)"Gatehouse", -1, -1, 0) == 1 &&
                X509_NAME_add_entry_by_txt(
                    name, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1, 0) == 1;
    if (!done) {
        X509_free(certificate);
        return err == OK ? ERR_TLS : err;
    }
    *ret_certificate = certificate;
    return OK;
}

static bool
is_address(const char *host)
{
    struct ip ip;
    return ip_parse(host, &ip) == OK;
}

/* "DNS:host,IP:10.0.0.5"; as constraints: "permitted;DNS:host,permitted;IP:10.0.0.5/255…". */
static void
put_names(const struct certificate_names *names, bool as_constraints, struct buf *out)
{
    const char *before = as_constraints ? "permitted;" : "";
    if (!is_address(names->host)) {
        buf_format(out, "%sDNS:%s", before, names->host);
    } else if (as_constraints) {
        buf_text(out, "permitted;DNS:invalid"); /* a kind that isn't named would be unlimited */
    }
    for (size_t i = 0; i < names->ip_count; i++) {
        char text[IP_TEXT];
        struct ip ip = names->ips[i];
        ip.zone = 0;
        buf_format(out, "%s%sIP:%s", out->len == 0 ? "" : ",", before, ip_text(&ip, text));
        if (as_constraints) {
            buf_text(out,
                ip.family == 4 ? "/255.255.255.255" : "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        }
    }
    if (as_constraints && names->ip_count == 0) {
        buf_text(out, ",permitted;IP:192.0.2.0/255.255.255.255"); /* RFC 5737: nobody's */
    }
}

static enum err
make_authority(struct work *work, const struct certificate_names *names)
{
    CLEANUP(buf_release) struct buf limits;
    char common_name[COMMON_NAME + 1];
    buf_init(&limits, 4096);
    buf_text(&limits, "critical,");
    size_t len = limits.len;
    struct buf part;
    buf_init(&part, 4000);
    put_names(names, true, &part);
    buf_text(&limits, part.data);
    enum err err = buf_error(&part);
    buf_release(&part);
    (void)text_copy(common_name, sizeof(common_name), AUTHORITY);
    (void)text_copy(
        common_name + strlen(AUTHORITY), sizeof(common_name) - strlen(AUTHORITY), names->host);
    work->ca_key = EVP_EC_gen("P-256");
    if (err != OK || buf_error(&limits) != OK || limits.len == len || work->ca_key == NULL) {
        return ERR_MEMORY;
    }
    err = begin(work->ca_key, common_name, CERTIFICATE_CA_DAYS, &work->ca);
    if (err != OK) {
        return err;
    }
    X509 *ca = work->ca;
    bool done = X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 &&
                add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
                add_extension(ca, ca, NID_name_constraints, limits.data) &&
                X509_sign(ca, work->ca_key, EVP_sha256()) > 0;
    return done ? OK : ERR_TLS;
}

static enum err
make_server(struct work *work, const char *common_name, const char *names)
{
    char short_name[COMMON_NAME + 1];
    (void)text_copy(short_name, sizeof(short_name), common_name);
    work->key = EVP_EC_gen("P-256");
    if (work->key == NULL) {
        return ERR_MEMORY;
    }
    enum err err = begin(work->key, short_name, CERTIFICATE_DAYS, &work->server);
    if (err != OK) {
        return err;
    }
    X509 *server = work->server;
    bool done = X509_set_issuer_name(server, X509_get_subject_name(work->ca)) == 1 &&
                add_extension(server, work->ca, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(server, work->ca, NID_key_usage, "critical,digitalSignature") &&
                add_extension(server, work->ca, NID_ext_key_usage, "serverAuth") &&
                add_extension(server, work->ca, NID_subject_key_identifier, "hash") &&
                add_extension(server, work->ca, NID_authority_key_identifier, "keyid:always") &&
                add_extension(server, work->ca, NID_subject_alt_name, names) &&
                X509_sign(server, work->ca_key, EVP_sha256()) > 0;
    return done ? OK : ERR_TLS;
}

static enum err
write_bio(const char *folder, const char *name, BIO *bio, unsigned mode, struct note *note)
{
    char path[PATH_MOST];
    char *bytes = NULL;
    enum err err = path_of(folder, name, path);
    long len = BIO_get_mem_data(bio, &bytes);
    if (err != OK || len <= 0) {
        return err == OK ? ERR_TLS : err;
    }
    return file_write(path, bytes, (size_t)len, mode, note);
}

static enum err
write_certificate(
    const char *folder, const char *name, X509 *first, X509 *second, struct note *note)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool done = bio != NULL && PEM_write_bio_X509(bio, first) == 1 &&
                (second == NULL || PEM_write_bio_X509(bio, second) == 1);
    enum err err = done ? write_bio(folder, name, bio, 0644, note) : ERR_TLS;
    BIO_free(bio);
    return err;
}

static enum err
write_key(const char *folder, const char *name, EVP_PKEY *key, struct note *note)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
    bool done = bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    enum err err = done ? write_bio(folder, name, bio, 0600, note) : ERR_TLS;
    BIO_free(bio);
    return err;
}

/* The key first: with the old certificate a server refuses to start, and never serves a wrong one.
 */
static enum err
write_server(const char *folder, const struct work *work, struct note *note)
{
    enum err err = write_key(folder, "tls/server.key", work->key, note);
    return err == OK ? write_certificate(folder, "tls/server.pem", work->server, work->ca, note)
                     : err;
}

static enum err
refuse_existing(const char *folder, struct note *note)
{
    static const char *const files[] = {
        "authority/ca.crt", "authority/ca.key", "tls/server.pem", "tls/server.key"};
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[PATH_MOST];
        enum err err = path_of(folder, files[i], path);
        if (err == OK && access(path, F_OK) == 0) {
            note_set(note, "%s is there already; nothing was changed", file_tail(path, 150));
            err = ERR_VALUE;
        }
        if (err != OK) {
            return err;
        }
    }
    return OK;
}

static enum err
make_folder(const char *folder, const char *name, struct note *note)
{
    char path[PATH_MOST];
    enum err err = path_of(folder, name, path);
    return err == OK ? file_make_folder(path, note) : err;
}

enum err
certificate_make(const char *folder, const struct certificate_names *names, struct note *note)
{
    CLEANUP(work_release) struct work work = {0};
    CLEANUP(buf_release) struct buf list;
    buf_init(&list, 4096);
    enum err err = refuse_existing(folder, note);
    if (err != OK) {
        return err;
    }
    put_names(names, false, &list);
    err = buf_error(&list);
    err = err == OK ? make_folder(folder, "authority", note) : err;
    err = err == OK ? make_folder(folder, "tls", note) : err;
    err = err == OK ? make_authority(&work, names) : err;
    err = err == OK ? make_server(&work, names->host, list.data) : err;
    if (err != OK) {
        note_set(
            note, "no certificate can be made for the name %s: %s", names->host, err_words(err));
        return err;
    }
    err = write_key(folder, "authority/ca.key", work.ca_key, note);
    err = err == OK ? write_certificate(folder, "authority/ca.crt", work.ca, NULL, note) : err;
    return err == OK ? write_server(folder, &work, note) : err;
}

static enum err
read_pem(const char *path, BIO **ret_bio, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, PEM_MOST);
    enum err err = file_read(path, &bytes, note);
    BIO *bio = err == OK ? BIO_new(BIO_s_secmem()) : NULL;
    if (err == OK && (bio == NULL || BIO_write(bio, bytes.data, (int)bytes.len) <= 0)) {
        BIO_free(bio);
        note_set(note, "%s: empty", file_tail(path, 150));
        err = ERR_VALUE;
    }
    OPENSSL_cleanse(bytes.data, bytes.len);
    if (err == OK) {
        *ret_bio = bio;
    }
    return err;
}

static enum err
read_certificate(const char *path, X509 **ret_certificate, struct note *note)
{
    BIO *bio = NULL;
    enum err err = read_pem(path, &bio, note);
    if (err == OK) {
        *ret_certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (*ret_certificate == NULL) {
            note_set(note, "%s holds no certificate in PEM form", file_tail(path, 150));
            err = ERR_VALUE;
        }
        BIO_free(bio);
    }
    return err;
}

/* A passphrase can't be asked for by a server that starts by itself. */
static int
no_passphrase(char *out, int size, int writes, void *context)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)context;
    return -1;
}

static enum err
read_key(const char *path, EVP_PKEY **ret_key, struct note *note)
{
    BIO *bio = NULL;
    enum err err = read_pem(path, &bio, note);
    if (err == OK) {
        *ret_key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        if (*ret_key == NULL) {
            note_set(note, "%s holds no private key in PEM form without a passphrase",
                file_tail(path, 150));
            err = ERR_VALUE;
        }
        BIO_free(bio);
    }
    return err;
}

static void
put_general_name(const GENERAL_NAME *name, struct buf *out)
{
    struct ip ip = {0};
    char text[IP_TEXT];
    if (name->type == GEN_DNS) {
        buf_format(out, "%sDNS:%.*s", out->len == 0 ? "" : ",", ASN1_STRING_length(name->d.dNSName),
            (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
        size_t len = (size_t)ASN1_STRING_length(name->d.iPAddress);
        ip.family = len == 4 ? 4 : 6;
        if (len == 4 || len == sizeof(ip.bytes)) {
            memcpy(ip.bytes, ASN1_STRING_get0_data(name->d.iPAddress), len);
            buf_format(out, "%sIP:%s", out->len == 0 ? "" : ",", ip_text(&ip, text));
        }
    }
}

static void
put_old_names(const X509 *certificate, struct buf *out)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        put_general_name(sk_GENERAL_NAME_value(names, i), out);
    }
    GENERAL_NAMES_free(names);
}

enum err
certificate_renew(const char *folder, struct note *note)
{
    CLEANUP(work_release) struct work work = {0};
    CLEANUP(buf_release) struct buf names;
    char ca[PATH_MOST], ca_key[PATH_MOST], server[PATH_MOST], common_name[COMMON_NAME + 1];
    X509 *old = NULL;
    buf_init(&names, 4096);
    enum err err = path_of(folder, "authority/ca.crt", ca);
    err = err == OK ? path_of(folder, "authority/ca.key", ca_key) : err;
    err = err == OK ? path_of(folder, "tls/server.pem", server) : err;
    err = err == OK ? read_certificate(ca, &work.ca, note) : err;
    err = err == OK ? read_key(ca_key, &work.ca_key, note) : err;
    err = err == OK ? read_certificate(server, &old, note) : err;
    if (err != OK) {
        return err;
    }
    put_old_names(old, &names);
    if (X509_NAME_get_text_by_NID(
            X509_get_subject_name(old), NID_commonName, common_name, sizeof(common_name)) < 0) {
        common_name[0] = '\0';
    }
    X509_free(old);
    err = make_server(&work, common_name, names.data);
    if (err != OK) {
        note_set(note, "%s can't be renewed: %s", file_tail(server, 150), err_words(err));
        return err;
    }
    return write_server(folder, &work, note);
}

static enum err
check_pair(const X509 *certificate, EVP_PKEY *key, const char *path, const char *host,
    struct certificate_facts *facts, struct note *note)
{
    int days = 0, seconds = 0;
    X509 *plain = X509_dup(certificate);
    bool fits = plain != NULL && X509_check_private_key(plain, key) == 1;
    bool names_host =
        plain != NULL && (is_address(host) ? X509_check_ip_asc(plain, host, 0) == 1
                                           : X509_check_host(plain, host, 0, 0, NULL) == 1);
    X509_free(plain);
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1) {
        return ERR_TLS;
    }
    facts->days = days - (seconds < 0 ? 1 : 0);
    if (!fits) {
        note_set(note, "the key does not belong to the certificate %s", file_tail(path, 150));
    } else if (!names_host) {
        note_set(note, "the certificate %s is not for %s; browsers would refuse it",
            file_tail(path, 120), host);
    } else if (facts->days < 0) {
        note_set(note, "the certificate %s has expired", file_tail(path, 150));
    }
    return fits && names_host && facts->days >= 0 ? OK : ERR_VALUE;
}

enum err
certificate_check(const char *certificate, const char *key, const char *host,
    struct certificate_facts *ret_facts, struct note *note)
{
    CLEANUP(work_release) struct work work = {0};
    struct certificate_facts facts = {0};
    char issuer[sizeof(facts.issuer)] = "";
    enum err err = read_certificate(certificate, &work.server, note);
    err = err == OK ? read_key(key, &work.key, note) : err;
    if (err != OK) {
        return err;
    }
    X509_NAME *name = X509_get_issuer_name(work.server);
    if (X509_NAME_get_text_by_NID(name, NID_commonName, issuer, sizeof(issuer)) < 0) {
        (void)X509_NAME_get_text_by_NID(name, NID_organizationName, issuer, sizeof(issuer));
    }
    text_clean(facts.issuer, sizeof(facts.issuer), issuer, strlen(issuer));
    facts.is_self_made = text_starts(issuer, AUTHORITY);
    err = check_pair(work.server, work.key, certificate, host, &facts, note);
    *ret_facts = facts;
    return err;
}
