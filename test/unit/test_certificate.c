#include "gate/certificate.h"

#include "base/file.h"
#include "base/text.h"
#include "test.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

static char folder[64], crt[96], key[96], ca[96], ca_key[96];

static int
set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/certificate-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(crt, sizeof(crt), "%s/tls/server.pem", folder);
    (void)snprintf(key, sizeof(key), "%s/tls/server.key", folder);
    (void)snprintf(ca, sizeof(ca), "%s/authority/ca.crt", folder);
    (void)snprintf(ca_key, sizeof(ca_key), "%s/authority/ca.key", folder);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    (void)unlink(crt);
    (void)unlink(key);
    (void)unlink(ca);
    (void)unlink(ca_key);
    (void)rmdir(dirname(key));
    (void)rmdir(dirname(ca_key));
    return rmdir(folder);
}

static enum err
make(const char *host, const char *address)
{
    struct note note = {{0}};
    struct certificate_names names = {.host = host};
    if (address != NULL) {
        assert_int_equal(ip_parse(address, &names.ips[0]), OK);
        names.ip_count = 1;
    }
    return certificate_make(folder, &names, &note);
}

static X509 *
load(const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    assert_non_null(certificate);
    return certificate;
}

/* What a browser that trusts only this authority says about a certificate for that host. */
static int
verify(X509 *server, const char *host, const char *address)
{
    X509 *authority = load(ca);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, authority), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, server, NULL), 1);
    X509_VERIFY_PARAM *wanted = X509_STORE_CTX_get0_param(context);
    assert_int_equal(X509_VERIFY_PARAM_set_purpose(wanted, X509_PURPOSE_SSL_SERVER), 1);
    if (host != NULL) {
        assert_int_equal(X509_VERIFY_PARAM_set1_host(wanted, host, 0), 1);
    } else {
        assert_int_equal(X509_VERIFY_PARAM_set1_ip_asc(wanted, address), 1);
    }
    int good = X509_verify_cert(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(authority);
    return good;
}

static void
test_server_is_valid_for_its_names_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(make("gate.example", "10.0.0.2"), OK);
    X509 *server = load(crt);
    assert_int_equal(verify(server, "gate.example", NULL), 1);
    assert_int_equal(verify(server, NULL, "10.0.0.2"), 1);
    assert_int_equal(verify(server, "other.example", NULL), 0);
    assert_int_equal(verify(server, NULL, "10.0.0.3"), 0);
    X509_free(server);
}

static void
test_a_host_may_be_an_address(void **state)
{
    (void)state;
    assert_int_equal(make("2001:db8::7", "2001:db8::7"), OK);
    X509 *server = load(crt);
    assert_int_equal(verify(server, NULL, "2001:db8::7"), 1);
    X509_free(server);
}

static void
test_keys_are_readable_by_their_owner_only(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(make("gate.example", NULL), OK);
    assert_int_equal(stat(key, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(ca_key, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* Stolen, the authority's key makes no certificate for a bank that a browser believes. */
static void
test_the_authority_can_not_sign_for_other_names(void **state)
{
    (void)state;
    static const char *const others[] = {"DNS:bank.example", "IP:10.0.0.9"};
    assert_int_equal(make("gate.example", "10.0.0.2"), OK);
    X509 *authority = load(ca);
    FILE *file = fopen(ca_key, "re");
    EVP_PKEY *stolen = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
    for (size_t i = 0; i < COUNT(others); i++) {
        X509 *forged = load(crt);
        int at = X509_get_ext_by_NID(forged, NID_subject_alt_name, -1);
        X509_EXTENSION_free(X509_delete_ext(forged, at));
        X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, others[i]);
        assert_int_equal(X509_add_ext(forged, names, -1), 1);
        X509_EXTENSION_free(names);
        assert_true(X509_sign(forged, stolen, EVP_sha256()) > 0);
        assert_int_equal(verify(forged, i == 0 ? "bank.example" : NULL, "10.0.0.9"), 0);
        X509_free(forged);
    }
    EVP_PKEY_free(stolen);
    X509_free(authority);
}

static void
test_never_writes_over_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(make("gate.example", NULL), OK);
    assert_int_equal(make("gate.example", NULL), ERR_VALUE);
}

static void
test_renewed_has_the_same_names_and_another_key(void **state)
{
    (void)state;
    struct note note = {{0}};
    assert_int_equal(make("gate.example", "10.0.0.2"), OK);
    X509 *old = load(crt);
    assert_int_equal(certificate_renew(folder, &note), OK);
    X509 *now = load(crt);
    assert_int_equal(verify(now, "gate.example", NULL), 1);
    assert_int_equal(verify(now, NULL, "10.0.0.2"), 1);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(old), X509_get0_pubkey(now)), 0);
    X509_free(old);
    X509_free(now);
}

static void
test_check_tells_what_a_browser_would_refuse(void **state)
{
    (void)state;
    struct note note = {{0}};
    struct certificate_facts facts;
    assert_int_equal(make("gate.example", NULL), OK);
    assert_int_equal(certificate_check(crt, key, "gate.example", &facts, &note), OK);
    assert_true(facts.is_self_made);
    assert_in_range(facts.days, CERTIFICATE_DAYS - 2, CERTIFICATE_DAYS);
    assert_int_equal(certificate_check(crt, key, "other.example", &facts, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "not for other.example"));
    assert_int_equal(certificate_check(crt, ca_key, "gate.example", &facts, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "does not belong"));
    assert_int_equal(certificate_check(key, key, "gate.example", &facts, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "no certificate"));
    assert_int_equal(certificate_check(crt, crt, "gate.example", &facts, &note), ERR_VALUE);
    assert_true(text_contains(note.text, "no private key"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_server_is_valid_for_its_names_and_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_host_may_be_an_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_keys_are_readable_by_their_owner_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_the_authority_can_not_sign_for_other_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_writes_over_what_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_renewed_has_the_same_names_and_another_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_check_tells_what_a_browser_would_refuse, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
