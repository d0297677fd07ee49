#include "identity/webauthn.h"

#include "base/text.h"
#include "identity_scratch.h"
#include "webauthn_maker.h"

static const struct factor_party party = {"gate.example", "https://gate.example:8443"};

/* What the test's account says of itself in a ceremony. */
static void
begin(struct scratch *scratch, struct maker *maker, const char *user)
{
    json_t *options =
        factor_passkey_create_options(scratch->identity, &party, user, maker->challenge);
    const char *handle = json_string_value(json_object_get(json_object_get(options, "user"), "id"));
    size_t len = 0;
    assert_non_null(handle);
    assert_int_equal(sodium_base642bin(maker->handle, sizeof(maker->handle), handle, strlen(handle),
                         NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
        0);
    assert_int_equal(len, sizeof(maker->handle));
    json_decref(options);
}

static enum factor_fault
register_as(
    struct scratch *scratch, const struct maker *maker, const char *user, const uint8_t *challenge)
{
    enum factor_fault fault = FAULT_FINE;
    json_t *answer = maker_create(maker);
    enum err err =
        factor_passkey_register(scratch->identity, &party, user, "key", challenge, answer, &fault);
    json_decref(answer);
    assert_true((err == OK) == (fault == FAULT_FINE));
    return fault;
}

static enum factor_fault
verify_as(
    struct scratch *scratch, const struct maker *maker, const char *user, const uint8_t *challenge)
{
    enum factor_fault fault = FAULT_FINE;
    char found[IDENTITY_NAME] = "untouched";
    json_t *answer = maker_get(maker);
    enum err err =
        factor_passkey_verify(scratch->identity, &party, user, challenge, answer, found, &fault);
    json_decref(answer);
    assert_true((err == OK) == (fault == FAULT_FINE));
    assert_string_equal(found, err == OK ? "anna" : "untouched");
    return fault;
}

/* An account "anna" with a passkey. */
static void
enrol(struct scratch *scratch, struct maker *maker, int algorithm)
{
    maker_init(maker, algorithm);
    scratch_user(scratch, "anna", false);
    begin(scratch, maker, "anna");
    assert_int_equal(register_as(scratch, maker, "anna", maker->challenge), FAULT_FINE);
    maker->counter++;
}

static void
test_each_algorithm_registers_and_logs_in(void **state)
{
    static const int algorithms[] = {MAKER_ES256, MAKER_EDDSA, MAKER_RS256};
    struct scratch *scratch = *state;
    struct note note = {""};
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        struct maker maker;
        enrol(scratch, &maker, algorithms[i]);
        assert_int_equal(verify_as(scratch, &maker, "anna", maker.challenge), FAULT_FINE);
        maker.counter++;
        maker.has_handle = true;
        assert_int_equal(verify_as(scratch, &maker, NULL, maker.challenge), FAULT_FINE);
        assert_int_equal(user_remove(scratch->identity, "anna", &note), OK);
        maker_release(&maker);
    }
}

static void
test_an_attestation_that_holds_is_taken_and_one_that_does_not_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct maker maker;
    maker_init(&maker, MAKER_ES256);
    scratch_user(scratch, "anna", false);
    maker.format = "packed";
    maker.breaks_signature = true;
    assert_int_equal(register_as(scratch, &maker, "anna", maker.challenge), FAULT_ATTESTATION);
    maker.breaks_signature = false;
    maker.signs_other = true;
    assert_int_equal(register_as(scratch, &maker, "anna", maker.challenge), FAULT_ATTESTATION);
    maker.signs_other = false;
    maker.format = "android-key";
    assert_int_equal(register_as(scratch, &maker, "anna", maker.challenge), FAULT_ATTESTATION);
    maker.format = "packed";
    assert_int_equal(register_as(scratch, &maker, "anna", maker.challenge), FAULT_FINE);
    maker_release(&maker);
}

struct wrong {
    const char *what;
    enum factor_fault fault;
    void (*change)(struct maker *maker);
};

#define CHANGE(name, statement)                                                                    \
    static void name(struct maker *maker)                                                          \
    {                                                                                              \
        statement;                                                                                 \
    }
CHANGE(other_type, maker->type = "webauthn.other")
CHANGE(get_type, maker->type = "webauthn.get")
CHANGE(create_type, maker->type = "webauthn.create")
CHANGE(other_challenge, maker->challenge[0] ^= 1)
CHANGE(other_origin, maker->origin = "https://gate.example.evil:8443")
CHANGE(other_port, maker->origin = "https://gate.example")
CHANGE(other_scheme, maker->origin = "http://gate.example:8443")
CHANGE(crossing, maker->more = ",\"crossOrigin\":true")
CHANGE(framed, maker->more = ",\"topOrigin\":\"https://evil.example\"")
CHANGE(twice, maker->more = ",\"type\":\"webauthn.get\"")
CHANGE(no_json, maker->more = ",")
CHANGE(other_party, maker->party = "evil.example")
CHANGE(upper_party, maker->party = "example")
CHANGE(other_raw_id, maker->other_raw_id = true)
CHANGE(other_attested_id, maker->other_attested_id = true)
CHANGE(absent, maker->flags = MAKER_UV)
CHANGE(unverified, maker->flags = MAKER_UP)
CHANGE(es384, maker->said_algorithm = -35)
CHANGE(none, maker->said_algorithm = 5)
CHANGE(mixed, maker->said_algorithm = MAKER_RS256)
CHANGE(tail, maker->tail = "\xa0\xa0")
CHANGE(long_tail, maker->tail = "\x5a\xff\xff\xff\xff")
CHANGE(extension, (maker->flags |= MAKER_ED, maker->tail = "\xbf\xff"))
CHANGE(signs_other, maker->signs_other = true)
CHANGE(breaks_signature, maker->breaks_signature = true)
CHANGE(old_counter, maker->counter = 1)
CHANGE(no_counter, maker->counter = 0)
CHANGE(other_id, maker->id[0] ^= 1)
CHANGE(other_handle, maker->handle[0] ^= 1)
CHANGE(no_handle, maker->has_handle = false)

static void
other_key(struct maker *maker)
{
    EVP_PKEY_free(maker->key);
    maker->key = EVP_EC_gen("P-256");
}

static void
test_each_wrong_registration_is_refused_with_its_fault(void **state)
{
    static const struct wrong rows[] = {
        {"type of another ceremony", FAULT_TYPE,      get_type         },
        {"unknown type",             FAULT_TYPE,      other_type       },
        {"stale challenge",          FAULT_CHALLENGE, other_challenge  },
        {"foreign origin",           FAULT_ORIGIN,    other_origin     },
        {"origin of another port",   FAULT_ORIGIN,    other_port       },
        {"origin without TLS",       FAULT_ORIGIN,    other_scheme     },
        {"in a foreign frame",       FAULT_ORIGIN,    crossing         },
        {"with a top origin",        FAULT_ORIGIN,    framed           },
        {"a member twice",           FAULT_MALFORMED, twice            },
        {"no JSON",                  FAULT_MALFORMED, no_json          },
        {"foreign party",            FAULT_PARTY,     other_party      },
        {"parent domain",            FAULT_PARTY,     upper_party      },
        {"rawId is not id",          FAULT_RAW_ID,    other_raw_id     },
        {"attested id is another",   FAULT_RAW_ID,    other_attested_id},
        {"nobody was there",         FAULT_PRESENCE,  absent           },
        {"an algorithm not offered", FAULT_ALGORITHM, es384            },
        {"no algorithm",             FAULT_ALGORITHM, none             },
        {"key of another algorithm", FAULT_MALFORMED, mixed            },
        {"bytes at the end",         FAULT_MALFORMED, tail             },
        {"a length that lies",       FAULT_MALFORMED, long_tail        },
        {"indefinite lengths",       FAULT_MALFORMED, extension        },
    };
    struct scratch *scratch = *state;
    struct user user;
    scratch_user(scratch, "anna", false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct maker maker;
        uint8_t challenge[FACTOR_CHALLENGE];
        maker_init(&maker, MAKER_ES256);
        memcpy(challenge, maker.challenge, sizeof(challenge));
        rows[i].change(&maker);
        enum factor_fault fault = register_as(scratch, &maker, "anna", challenge);
        if (fault != rows[i].fault) {
            fail_msg("%s: %d (%s)", rows[i].what, fault, factor_fault_words(fault));
        }
        maker_release(&maker);
    }
    assert_int_equal(user_find(scratch->identity, "anna", &user), OK);
    assert_int_equal(user.passkeys, 0);
}

static void
test_each_wrong_assertion_is_refused_with_its_fault(void **state)
{
    static const struct wrong rows[] = {
        {"type of another ceremony",     FAULT_TYPE,      create_type     },
        {"stale challenge",              FAULT_CHALLENGE, other_challenge },
        {"foreign origin",               FAULT_ORIGIN,    other_origin    },
        {"origin of another port",       FAULT_ORIGIN,    other_port      },
        {"in a foreign frame",           FAULT_ORIGIN,    crossing        },
        {"foreign party",                FAULT_PARTY,     other_party     },
        {"rawId is not id",              FAULT_RAW_ID,    other_raw_id    },
        {"nobody was there",             FAULT_PRESENCE,  absent          },
        {"nobody was verified",          FAULT_VERIFIED,  unverified      },
        {"unknown credential",           FAULT_UNKNOWN,   other_id        },
        {"another account's handle",     FAULT_OTHER,     other_handle    },
        {"no handle for a sole log-in",  FAULT_OTHER,     no_handle       },
        {"signature over other data",    FAULT_SIGNATURE, signs_other     },
        {"signature with a bit turned",  FAULT_SIGNATURE, breaks_signature},
        {"signature of another key",     FAULT_SIGNATURE, other_key       },
        {"count that stands still",      FAULT_COUNTER,   old_counter     },
        {"count that went back to none", FAULT_COUNTER,   no_counter      },
        {"a length that lies",           FAULT_MALFORMED, long_tail       },
    };
    struct scratch *scratch = *state;
    struct note note = {""};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct maker maker;
        uint8_t challenge[FACTOR_CHALLENGE];
        enrol(scratch, &maker, MAKER_ES256);
        maker.has_handle = true;
        memcpy(challenge, maker.challenge, sizeof(challenge));
        rows[i].change(&maker);
        enum factor_fault fault = verify_as(scratch, &maker, NULL, challenge);
        if (fault != rows[i].fault) {
            fail_msg("%s: %d (%s)", rows[i].what, fault, factor_fault_words(fault));
        }
        assert_int_equal(user_remove(scratch->identity, "anna", &note), OK);
        maker_release(&maker);
    }
}

static void
test_a_second_factor_needs_presence_and_no_verification(void **state)
{
    struct scratch *scratch = *state;
    struct maker maker;
    enrol(scratch, &maker, MAKER_ES256);
    maker.flags = MAKER_UP;
    assert_int_equal(verify_as(scratch, &maker, "anna", maker.challenge), FAULT_FINE);
    maker.counter++;
    maker.flags = 0;
    assert_int_equal(verify_as(scratch, &maker, "anna", maker.challenge), FAULT_PRESENCE);
    maker_release(&maker);
}

static void
test_an_answer_is_not_taken_twice_and_a_key_without_counter_is_taken(void **state)
{
    struct scratch *scratch = *state;
    struct maker maker;
    struct maker synced;
    enrol(scratch, &maker, MAKER_ES256);
    assert_int_equal(verify_as(scratch, &maker, "anna", maker.challenge), FAULT_FINE);
    assert_int_equal(verify_as(scratch, &maker, "anna", maker.challenge), FAULT_COUNTER);
    maker_init(&synced, MAKER_ES256);
    synced.counter = 0;
    assert_int_equal(register_as(scratch, &synced, "anna", synced.challenge), FAULT_FINE);
    assert_int_equal(verify_as(scratch, &synced, "anna", synced.challenge), FAULT_FINE);
    assert_int_equal(verify_as(scratch, &synced, "anna", synced.challenge), FAULT_FINE);
    maker_release(&maker);
    maker_release(&synced);
}

static void
test_a_credential_of_another_account_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct maker maker;
    enrol(scratch, &maker, MAKER_ES256);
    scratch_user(scratch, "berta", false);
    assert_int_equal(verify_as(scratch, &maker, "berta", maker.challenge), FAULT_OTHER);
    assert_int_equal(register_as(scratch, &maker, "berta", maker.challenge), FAULT_TAKEN);
    assert_int_equal(register_as(scratch, &maker, "anna", maker.challenge), FAULT_TAKEN);
    assert_int_equal(user_set_disabled(scratch->identity, "anna", true, &note), OK);
    assert_int_equal(verify_as(scratch, &maker, "anna", maker.challenge), FAULT_UNKNOWN);
    maker_release(&maker);
}

static void
test_an_account_has_ten_passkeys_at_most(void **state)
{
    struct scratch *scratch = *state;
    scratch_user(scratch, "anna", false);
    for (unsigned i = 0; i <= FACTOR_PASSKEYS; i++) {
        struct maker maker;
        maker_init(&maker, MAKER_EDDSA);
        assert_int_equal(register_as(scratch, &maker, "anna", maker.challenge),
            i < FACTOR_PASSKEYS ? FAULT_FINE : FAULT_LIMIT);
        maker_release(&maker);
    }
}

static void
test_the_last_second_factor_stays(void **state)
{
    struct scratch *scratch = *state;
    struct note note = {""};
    struct arena arena;
    struct factor_passkey *rows = NULL;
    size_t count = 0;
    struct maker one;
    struct maker two;
    enrol(scratch, &one, MAKER_ES256);
    arena_init(&arena, 1 << 20);
    assert_int_equal(factor_passkeys(scratch->identity, "anna", &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].name, "key");
    assert_int_equal(rows[0].created, SCRATCH_NOON);
    assert_int_equal(
        factor_passkey_remove(scratch->identity, "anna", rows[0].id, &note), ERR_REFUSED);
    assert_int_equal(
        factor_passkey_remove(scratch->identity, "anna", "nothing", &note), ERR_MISSING);
    maker_init(&two, MAKER_ES256);
    assert_int_equal(register_as(scratch, &two, "anna", two.challenge), FAULT_FINE);
    assert_int_equal(factor_passkey_remove(scratch->identity, "anna", rows[0].id, &note), OK);
    assert_int_equal(verify_as(scratch, &one, "anna", one.challenge), FAULT_UNKNOWN);
    maker_release(&one);
    maker_release(&two);
    arena_release(&arena);
}

static void
test_options_ask_for_what_is_checked(void **state)
{
    struct scratch *scratch = *state;
    struct maker maker;
    enrol(scratch, &maker, MAKER_ES256);
    json_t *create =
        factor_passkey_create_options(scratch->identity, &party, "anna", maker.challenge);
    json_t *second = factor_passkey_get_options(scratch->identity, &party, "anna", maker.challenge);
    json_t *sole = factor_passkey_get_options(scratch->identity, &party, NULL, maker.challenge);
    json_t *nobody =
        factor_passkey_get_options(scratch->identity, &party, "nobody", maker.challenge);
    const json_t *parameters = json_object_get(create, "pubKeyCredParams");
    assert_int_equal(json_array_size(parameters), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(parameters, 0), "alg")), -7);
    assert_string_equal(json_string_value(json_object_get(create, "attestation")), "none");
    assert_int_equal(json_array_size(json_object_get(create, "excludeCredentials")), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(create, "rp"), "id")), "gate.example");
    assert_int_equal(json_array_size(json_object_get(second, "allowCredentials")), 1);
    assert_string_equal(
        json_string_value(json_object_get(second, "userVerification")), "preferred");
    assert_int_equal(json_array_size(json_object_get(sole, "allowCredentials")), 0);
    assert_string_equal(json_string_value(json_object_get(sole, "userVerification")), "required");
    assert_int_equal(strlen(json_string_value(json_object_get(sole, "challenge"))), 43);
    assert_int_equal(json_array_size(json_object_get(nobody, "allowCredentials")), 0);
    assert_null(
        factor_passkey_create_options(scratch->identity, &party, "nobody", maker.challenge));
    json_decref(create);
    json_decref(second);
    json_decref(sole);
    json_decref(nobody);
    maker_release(&maker);
}

static void
test_answers_of_a_wrong_shape_are_malformed(void **state)
{
    static const char *const texts[] = {"null", "[]", "{}", "7",
        "{\"type\":\"public-key\",\"id\":\"AAAA\",\"rawId\":\"AAAA\"}",
        "{\"type\":\"public-key\",\"id\":\"AAAA\",\"rawId\":\"AAAA\",\"response\":[]}",
        "{\"type\":\"public-key\",\"id\":\"A\",\"rawId\":\"A\",\"response\":{}}",
        "{\"type\":\"public-key\",\"id\":\"AA==\",\"rawId\":\"AA==\",\"response\":{}}",
        "{\"type\":\"public-key\",\"id\":\"AAAA\",\"rawId\":\"AAAA\",\"response\":"
        "{\"clientDataJSON\":\"e30\",\"attestationObject\":\"oA\",\"authenticatorData\":\"AA\","
        "\"signature\":\"AA\"}}",
        "{\"type\":\"x\",\"id\":\"AAAA\",\"rawId\":\"AAAA\",\"response\":{}}"};
    struct scratch *scratch = *state;
    const uint8_t challenge[FACTOR_CHALLENGE] = {0};
    scratch_user(scratch, "anna", false);
    for (size_t i = 0; i < COUNT(texts); i++) {
        enum factor_fault fault = FAULT_FINE;
        char found[IDENTITY_NAME];
        json_t *answer = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_non_null(answer);
        assert_int_equal(factor_passkey_register(
                             scratch->identity, &party, "anna", "key", challenge, answer, &fault),
            ERR_VALUE);
        assert_int_equal(fault, FAULT_MALFORMED);
        assert_int_equal(factor_passkey_verify(
                             scratch->identity, &party, NULL, challenge, answer, found, &fault),
            ERR_VALUE);
        assert_true(fault == FAULT_MALFORMED || fault == FAULT_UNKNOWN);
        json_decref(answer);
    }
}

static void
test_each_fault_has_words(void **state)
{
    (void)state;
    for (unsigned i = FAULT_FINE + 1; i <= FAULT_LIMIT; i++) {
        assert_true(strlen(factor_fault_words((enum factor_fault)i)) > 5);
    }
    assert_string_equal(factor_fault_words(FAULT_FINE), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_each_algorithm_registers_and_logs_in),
        SCRATCH_TEST(test_an_attestation_that_holds_is_taken_and_one_that_does_not_is_refused),
        SCRATCH_TEST(test_each_wrong_registration_is_refused_with_its_fault),
        SCRATCH_TEST(test_each_wrong_assertion_is_refused_with_its_fault),
        SCRATCH_TEST(test_a_second_factor_needs_presence_and_no_verification),
        SCRATCH_TEST(test_an_answer_is_not_taken_twice_and_a_key_without_counter_is_taken),
        SCRATCH_TEST(test_a_credential_of_another_account_is_refused),
        SCRATCH_TEST(test_an_account_has_ten_passkeys_at_most),
        SCRATCH_TEST(test_the_last_second_factor_stays),
        SCRATCH_TEST(test_options_ask_for_what_is_checked),
        SCRATCH_TEST(test_answers_of_a_wrong_shape_are_malformed),
        cmocka_unit_test(test_each_fault_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
