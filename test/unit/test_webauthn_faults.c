/* Every call of libfido2 and libcbor fails once: a result that were ignored would let somebody in.
 */
#include "identity/webauthn.h"

#include "identity_scratch.h"
#include "webauthn_maker.h"

#include <fido.h>
#include <fido/es256.h>

static const struct factor_party party = {"gate.example", "https://gate.example:8443"};

static unsigned calls;    /* so far */
static unsigned fails_at; /* this one fails; 0: none */

static bool
fails(void)
{
    return ++calls == fails_at;
}

// clang-format off
/* The linker gives us the calls (--wrap), and their true ones as __real_. */
#define WRAP(type, name, failure, parameters, arguments)                                           \
    type __real_##name parameters;              /* NOLINT(bugprone-reserved-identifier) */         \
    type __wrap_##name parameters;              /* NOLINT(bugprone-reserved-identifier) */         \
    type __wrap_##name parameters               /* NOLINT(bugprone-reserved-identifier) */         \
    {                                                                                              \
        return fails() ? (failure) : __real_##name arguments;                                      \
    }

WRAP(fido_assert_t *, fido_assert_new, NULL, (void), ())
WRAP(int, fido_assert_set_count, FIDO_ERR_INTERNAL, (fido_assert_t *a, size_t n), (a, n))
WRAP(int, fido_assert_set_rp, FIDO_ERR_INTERNAL, (fido_assert_t *a, const char *id), (a, id))
WRAP(int, fido_assert_set_clientdata_hash, FIDO_ERR_INTERNAL,
    (fido_assert_t *a, const unsigned char *p, size_t n), (a, p, n))
WRAP(int, fido_assert_set_authdata_raw, FIDO_ERR_INTERNAL,
    (fido_assert_t *a, size_t i, const unsigned char *p, size_t n), (a, i, p, n))
WRAP(int, fido_assert_set_sig, FIDO_ERR_INTERNAL,
    (fido_assert_t *a, size_t i, const unsigned char *p, size_t n), (a, i, p, n))
WRAP(int, fido_assert_set_up, FIDO_ERR_INTERNAL, (fido_assert_t *a, fido_opt_t o), (a, o))
WRAP(int, fido_assert_set_uv, FIDO_ERR_INTERNAL, (fido_assert_t *a, fido_opt_t o), (a, o))
WRAP(int, fido_assert_verify, FIDO_ERR_INVALID_SIG,
    (const fido_assert_t *a, size_t i, int algorithm, const void *key), (a, i, algorithm, key))
WRAP(es256_pk_t *, es256_pk_new, NULL, (void), ())
WRAP(int, es256_pk_from_ptr, FIDO_ERR_INTERNAL, (es256_pk_t *k, const void *p, size_t n), (k, p, n))
WRAP(fido_cred_t *, fido_cred_new, NULL, (void), ())
WRAP(int, fido_cred_set_type, FIDO_ERR_INTERNAL, (fido_cred_t *c, int algorithm), (c, algorithm))
WRAP(int, fido_cred_set_rp, FIDO_ERR_INTERNAL, (fido_cred_t *c, const char *id, const char *name),
    (c, id, name))
WRAP(int, fido_cred_set_clientdata_hash, FIDO_ERR_INTERNAL,
    (fido_cred_t *c, const unsigned char *p, size_t n), (c, p, n))
WRAP(int, fido_cred_set_authdata_raw, FIDO_ERR_INTERNAL,
    (fido_cred_t *c, const unsigned char *p, size_t n), (c, p, n))
WRAP(int, fido_cred_set_fmt, FIDO_ERR_INTERNAL, (fido_cred_t *c, const char *f), (c, f))
WRAP(int, fido_cred_set_attstmt, FIDO_ERR_INTERNAL,
    (fido_cred_t *c, const unsigned char *p, size_t n), (c, p, n))
WRAP(int, fido_cred_verify_self, FIDO_ERR_INVALID_SIG, (const fido_cred_t *c), (c))
WRAP(const unsigned char *, fido_cred_pubkey_ptr, NULL, (const fido_cred_t *c), (c))
WRAP(size_t, fido_cred_pubkey_len, 0, (const fido_cred_t *c), (c))
// clang-format on

static void
test_no_call_may_fail_unnoticed_in_a_registration(void **state)
{
    struct maker maker;
    struct webauthn_credential credential;
    (void)state;
    maker_init(&maker, MAKER_ES256);
    maker.format = "packed";
    const struct webauthn_wanted wanted = {.party = &party, .challenge = maker.challenge};
    json_t *answer = maker_create(&maker);
    fails_at = 0;
    calls = 0;
    assert_int_equal(webauthn_register(&wanted, answer, &credential), FAULT_FINE);
    unsigned count = calls;
    assert_int_equal(count, 10);
    for (fails_at = 1; fails_at <= count; fails_at++) {
        calls = 0;
        credential.id_len = 0;
        assert_int_not_equal(webauthn_register(&wanted, answer, &credential), FAULT_FINE);
        assert_int_equal(credential.id_len, 0);
    }
    json_decref(answer);
    maker_release(&maker);
}

static void
test_no_call_may_fail_unnoticed_in_an_assertion(void **state)
{
    struct maker maker;
    struct webauthn_credential credential;
    struct webauthn_assertion assertion;
    uint32_t counter = 0;
    (void)state;
    fails_at = 0;
    maker_init(&maker, MAKER_ES256);
    const struct webauthn_wanted wanted = {
        .party = &party, .challenge = maker.challenge, .needs_verified = true};
    json_t *made = maker_create(&maker);
    assert_int_equal(webauthn_register(&wanted, made, &credential), FAULT_FINE);
    maker.counter++;
    json_t *answer = maker_get(&maker);
    assert_int_equal(webauthn_read(answer, &assertion), FAULT_FINE);
    calls = 0;
    assert_int_equal(webauthn_verify(&wanted, &credential, &assertion, &counter), FAULT_FINE);
    unsigned count = calls;
    assert_int_equal(count, 11);
    assert_int_equal(counter, 2);
    for (fails_at = 1; fails_at <= count; fails_at++) {
        calls = 0;
        counter = 0;
        assert_int_equal(
            webauthn_verify(&wanted, &credential, &assertion, &counter), FAULT_SIGNATURE);
        assert_int_equal(counter, 0);
    }
    json_decref(made);
    json_decref(answer);
    maker_release(&maker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_no_call_may_fail_unnoticed_in_a_registration),
        SCRATCH_TEST(test_no_call_may_fail_unnoticed_in_an_assertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
