#include "ledger/witness.h"
#include "ledger/witness_ask.h"

#include "witness_log.h"

static struct witness_log shop;
static struct key *site; /* the witness's */

static int
set_up(void **state)
{
    (void)state;
    shop = log_new('a');
    assert_int_equal(key_new("example.org/witness", VKEY_COSIGNER, &site), OK);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    log_free(&shop);
    key_free(site);
    return 0;
}

/* HTTP status for a body, from a state with that head (NULL: nothing cosigned yet). */
static int
status_of(const char *body, size_t len, const struct merkle_head *past)
{
    const struct witness_trust trust = {key_public(shop.key), 1};
    struct witness_request request;
    enum witness_verdict verdict = witness_read(body, len, &trust, &request);
    if (verdict == WITNESS_GOOD) {
        verdict = witness_judge(shop.merkle, &request, past);
    }
    return witness_verdict(verdict)->status;
}

static int
ask(const struct witness_log *log, uint64_t old, uint64_t size, const struct merkle_head *past)
{
    struct buf body;
    buf_init(&body, WITNESS_BODY);
    log_request(log, old, size, &body);
    int status = status_of(body.data, body.len, past);
    buf_release(&body);
    return status;
}

static struct merkle_head
head_of(const struct witness_log *log, uint64_t size)
{
    struct merkle_head head = {.size = size};
    log_root(log, 0, size, &head.root);
    return head;
}

static void
test_cosigns_what_continues_the_last_tree(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 64, 100, 128, 255, 256, 300};
    struct merkle_head nothing = head_of(&shop, 0);
    assert_int_equal(ask(&shop, 0, 0, NULL), 200);
    assert_int_equal(ask(&shop, 0, 77, NULL), 200);
    assert_int_equal(ask(&shop, 0, 77, &nothing), 200);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct merkle_head past = head_of(&shop, sizes[i]);
        for (size_t k = i; k < COUNT(sizes); k++) {
            assert_int_equal(ask(&shop, sizes[i], sizes[k], &past), 200);
        }
    }
}

static void
test_answers_409_with_another_size_than_the_last(void **state)
{
    (void)state;
    struct merkle_head past = head_of(&shop, 100);
    assert_int_equal(ask(&shop, 0, 200, &past), 409);
    assert_int_equal(ask(&shop, 99, 200, &past), 409);
    assert_int_equal(ask(&shop, 150, 200, &past), 409);
    assert_int_equal(ask(&shop, 50, 200, NULL), 409);
    /* A rollback: its log has fewer entries than were cosigned. */
    assert_int_equal(ask(&shop, 80, 80, &past), 409);
}

static void
test_refuses_another_history(void **state)
{
    (void)state;
    struct witness_log fork = {.merkle = shop.merkle, .key = shop.key, .salt = 'b'};
    struct merkle_head past = head_of(&shop, 100);
    assert_int_equal(ask(&fork, 100, 200, &past), 422);
    assert_int_equal(ask(&fork, 100, 101, &past), 422);
    assert_int_equal(ask(&fork, 100, 100, &past), 409); /* the same size, another root */
}

/* A body from text: the lines of a proof, then the log's checkpoint. */
static int
ask_text(const char *head, uint64_t size, const struct merkle_head *past)
{
    struct buf body;
    buf_init(&body, 2 * WITNESS_BODY);
    buf_text(&body, head);
    log_checkpoint(&shop, size, &body);
    int status = status_of(body.data, body.len, past);
    buf_release(&body);
    return status;
}

#define HASH "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="

static void
test_refuses_a_proof_that_is_none(void **state)
{
    (void)state;
    struct merkle_head past = head_of(&shop, 100);
    assert_int_equal(ask_text("old 0\n" HASH "\n\n", 5, NULL), 422);
    assert_int_equal(ask_text("old 100\n\n", 200, &past), 422);
    assert_int_equal(ask_text("old 100\n" HASH "\n\n", 200, &past), 422);
    assert_int_equal(ask_text("old 100\n" HASH "\n\n", 100, &past), 422);
    assert_int_equal(ask_text("old 100\n\n", 100, &past), 200);
}

static void
test_answers_400_to_what_is_no_request(void **state)
{
    (void)state;
    static const char *const heads[] = {"", "\n", "old\n\n", "old \n\n", "old x\n\n", "old 01\n\n",
        "old -1\n\n", "old 5 \n\n", " old 5\n\n", "old 5\r\n\r\n", "old 5\n\r\n", "Old 5\n\n",
        "old 99999999999999999999\n\n", "old 5\nabc\n\n", "old 5\n" HASH " \n\n",
        "old 5\n" HASH HASH "\n\n", "old 5\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n\n",
        ("old 5\n" HASH), "old 6\n\n", "old 18446744073709551615\n\n"};
    for (size_t i = 0; i < COUNT(heads); i++) {
        assert_int_equal(ask_text(heads[i], 5, NULL), 400);
    }
    assert_int_equal(status_of("", 0, NULL), 400);
    assert_int_equal(status_of("old 5\n\n", 7, NULL), 400);
    assert_int_equal(status_of("old 5\n\nno checkpoint\n", 21, NULL), 400);
    assert_int_equal(status_of("old 5\0\n\n", 8, NULL), 400);
}

static void
test_takes_63_hashes_and_not_64(void **state)
{
    (void)state;
    struct buf head;
    struct merkle_head past = head_of(&shop, 5);
    buf_init(&head, WITNESS_BODY);
    buf_text(&head, "old 5\n");
    for (unsigned i = 0; i < 63; i++) {
        buf_text(&head, HASH "\n");
    }
    size_t len = head.len;
    buf_byte(&head, '\n');
    assert_int_equal(ask_text(head.data, 6, &past), 422);
    head.len = len;
    buf_text(&head, HASH "\n\n");
    assert_int_equal(ask_text(head.data, 6, &past), 400);
    buf_release(&head);
}

static void
test_knows_logs_by_origin_and_key(void **state)
{
    (void)state;
    struct witness_log other = shop;
    assert_int_equal(key_new(LOG_ORIGIN, VKEY_ED25519, &other.key), OK);
    assert_int_equal(ask(&other, 0, 5, NULL), 403); /* signed by a key that nobody named */
    key_free(other.key);
    assert_int_equal(key_new("example.com/else", VKEY_ED25519, &other.key), OK);
    const struct witness_trust trust = {key_public(other.key), 1};
    struct witness_request request;
    struct buf body;
    buf_init(&body, WITNESS_BODY);
    log_request(&shop, 0, 5, &body);
    assert_int_equal(witness_read(body.data, body.len, &trust, &request), WITNESS_UNKNOWN);
    key_free(other.key);
    /* One changed byte: the root is not the one that was signed. */
    char *root = strstr(body.data, "\n5\n") + 3;
    *root = *root == 'A' ? 'B' : 'A';
    assert_int_equal(status_of(body.data, body.len, NULL), 403);
    buf_release(&body);
}

static void
test_ignores_signatures_of_strangers(void **state)
{
    (void)state;
    struct buf body;
    struct buf kept;
    struct witness_request request;
    const struct witness_trust trust = {key_public(shop.key), 1};
    buf_init(&body, WITNESS_BODY);
    buf_init(&kept, WITNESS_BODY);
    log_request(&shop, 0, 5, &body);
    buf_text(&body, "\u2014 stranger AAAAAAA=\n");
    assert_int_equal(witness_read(body.data, body.len, &trust, &request), WITNESS_GOOD);
    witness_put_note(&kept, &request, &trust);
    assert_int_equal(buf_error(&kept), OK);
    assert_null(strstr(kept.data, "stranger"));
    assert_non_null(strstr(kept.data, "\u2014 " LOG_ORIGIN " "));
    struct checkpoint checkpoint;
    assert_int_equal(
        checkpoint_open(kept.data, kept.len, key_public(shop.key), &checkpoint, NULL), OK);
    buf_release(&body);
    buf_release(&kept);
}

/* What the asking side makes of an answer to "old 50, size 100" (or the sizes given). */
struct asked {
    uint64_t old, size;
    int status;
    const char *type, *body;
};

static struct witness_result
reply_to(const struct asked *asked, uint64_t now)
{
    static struct buf checkpoint;
    buf_release(&checkpoint);
    buf_init(&checkpoint, SIGNEDNOTE_LIMIT);
    log_checkpoint(&shop, asked->size, &checkpoint);
    const struct witness_question question = {
        .witness = key_public(site),
        .old = asked->old,
        .head = head_of(&shop, asked->size),
        .checkpoint = &checkpoint,
        .now = now,
    };
    const struct witness_answer answer = {
        .status = asked->status,
        .type = asked->type,
        .body = asked->body,
        .len = strlen(asked->body),
    };
    char words[WITNESS_WORDS];
    struct witness_result result = witness_ask_judge(&question, &answer);
    assert_true(strlen(witness_ask_words(&question, &result, asked->status, words)) > 10);
    if (result.reply == WITNESS_COSIGNED) {
        assert_true(result.base64 > asked->body && result.base64 < asked->body + answer.len);
    }
    return result;
}

static void
test_understands_every_answer_of_a_witness(void **state)
{
    (void)state;
    static const char type[] = "text/x.tlog.size";
    static const struct {
        struct asked asked;
        enum witness_reply reply;
    } rows[] = {
        {{50, 100, 409, type, "70\n"},                        WITNESS_ASK     },
        {{50, 100, 409, type, "0\n"},                         WITNESS_ASK     },
        {{50, 100, 409, type, "100\n"},                       WITNESS_ASK     },
        {{50, 100, 409, type, "101\n"},                       WITNESS_AHEAD   },
        {{100, 100, 409, type, "100\n"},                      WITNESS_FORKED  },
        {{50, 100, 409, type, "50\n"},                        WITNESS_NONSENSE},
        {{50, 100, 409, "text/html", "70\n"},                 WITNESS_NONSENSE},
        {{50, 100, 409, type, "070\n"},                       WITNESS_NONSENSE},
        {{50, 100, 409, type, "70"},                          WITNESS_NONSENSE},
        {{50, 100, 409, type, ""},                            WITNESS_NONSENSE},
        {{50, 100, 409, type, "-1\n"},                        WITNESS_NONSENSE},
        {{50, 100, 409, type, "99999999999999999999999\n"},   WITNESS_NONSENSE},
        {{50, 100, 422, "text/plain", "no\n"},                WITNESS_FORKED  },
        {{0, 100, 422, "text/plain", "no\n"},                 WITNESS_NONSENSE},
        {{50, 100, 404, "text/plain", "no\n"},                WITNESS_REFUSED },
        {{50, 100, 403, "text/plain", "no\n"},                WITNESS_REFUSED },
        {{50, 100, 302, "text/plain", ""},                    WITNESS_REFUSED },
        {{50, 100, 200, "text/html", "<html>\n"},             WITNESS_NONSENSE},
        {{50, 100, 200, "text/plain", ""},                    WITNESS_NONSENSE},
        {{50, 100, 200, "text/plain", "\u2014 x AAAAAAA=\n"}, WITNESS_NONSENSE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct witness_result result = reply_to(&rows[i].asked, 1000000);
        if (result.reply != rows[i].reply) {
            print_error("row %zu\n", i);
        }
        assert_int_equal(result.reply, rows[i].reply);
    }
}

/* The line that the witness answers with. */
static void
cosign(const struct key *key, uint64_t size, uint64_t time, struct buf *out)
{
    const struct witness_trust trust = {key_public(shop.key), 1};
    struct witness_request request;
    struct buf body;
    buf_init(&body, WITNESS_BODY);
    log_request(&shop, 0, size, &body);
    assert_int_equal(witness_read(body.data, body.len, &trust, &request), WITNESS_GOOD);
    witness_cosign(key, &request, time, out);
    assert_int_equal(buf_error(out), OK);
    buf_release(&body);
}

static void
test_believes_only_a_good_cosignature_of_now(void **state)
{
    (void)state;
    struct buf line;
    struct key *twin = NULL;
    buf_init(&line, WITNESS_ANSWER);
    cosign(site, 100, 1000000, &line);
    const struct asked asked = {50, 100, 200, "text/plain", line.data};
    const struct asked other = {50, 101, 200, "text/plain", line.data};
    assert_int_equal(reply_to(&asked, 1000000).reply, WITNESS_COSIGNED);
    assert_int_equal(reply_to(&asked, 1000000).time, 1000000);
    assert_int_equal(reply_to(&asked, 1000000 + WITNESS_CLOCK).reply, WITNESS_COSIGNED);
    assert_int_equal(reply_to(&asked, 1000001 + WITNESS_CLOCK).reply, WITNESS_CLOCKED);
    assert_int_equal(reply_to(&asked, 999999 - WITNESS_CLOCK).reply, WITNESS_CLOCKED);
    assert_int_equal(reply_to(&other, 1000000).reply, WITNESS_NONSENSE); /* for another tree */
    assert_int_equal(key_new("example.org/witness", VKEY_COSIGNER, &twin), OK);
    buf_clear(&line);
    cosign(twin, 100, 1000000, &line); /* the right name, another key */
    assert_int_equal(reply_to(&asked, 1000000).reply, WITNESS_NONSENSE);
    cosign(site, 100, 1000000, &line); /* a stranger's line above its own is skipped */
    const struct asked both = {50, 100, 200, "text/plain", line.data};
    assert_int_equal(reply_to(&both, 1000000).reply, WITNESS_COSIGNED);
    key_free(twin);
    buf_release(&line);
}

static void
test_serves_a_log_below_the_hash_of_its_origin(void **state)
{
    (void)state;
    char name[WITNESS_NAME];
    assert_string_equal(witness_name("abc", name),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180-2 */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosigns_what_continues_the_last_tree),
        cmocka_unit_test(test_answers_409_with_another_size_than_the_last),
        cmocka_unit_test(test_refuses_another_history),
        cmocka_unit_test(test_refuses_a_proof_that_is_none),
        cmocka_unit_test(test_answers_400_to_what_is_no_request),
        cmocka_unit_test(test_takes_63_hashes_and_not_64),
        cmocka_unit_test(test_knows_logs_by_origin_and_key),
        cmocka_unit_test(test_ignores_signatures_of_strangers),
        cmocka_unit_test(test_understands_every_answer_of_a_witness),
        cmocka_unit_test(test_believes_only_a_good_cosignature_of_now),
        cmocka_unit_test(test_serves_a_log_below_the_hash_of_its_origin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
