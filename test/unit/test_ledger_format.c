/* The worked example of doc/ledger-format.md, made again: what the document shows is what we write.
 */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/checkpoint.h"
#include "ledger/event.h"
#include "ledger/key.h"
#include "ledger/tile.h"

#include "test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ENTRIES 4

/* Of the document's chapter "A worked example". */
static const char *entries[ENTRIES] = {
    "{\"action\":\"system.start\",\"detail\":{\"created\":true},\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\","
    "\"outcome\":\"ok\",\"site\":\"harbour\",\"time\":\"2026-11-22T20:14:07.001Z\",\"v\":1,"
    "\"writer\":{\"pid\":412,\"uid\":990}}",
    "{\"action\":\"footage.playback\",\"actor\":{\"factor\":\"totp\",\"ip\":\"192.0.2.7\","
    "\"role\":\"guard\",\"session\":\"s-1\",\"user\":\"anna\"},"
    "\"detail\":{\"phase\":\"begin\",\"view\":\"k7Qw\"},\"id\":\"BBBBBBBBBBBBBBBBBBBBBB\","
    "\"outcome\":\"ok\",\"reason\":\"Paket am Tor gesucht \xe2\x80\x93 f\xc3\xbcr M\xc3\xbcller\","
    "\"site\":\"harbour\",\"target\":{\"cameras\":[\"gate\",\"yard\"],"
    "\"from\":\"2026-11-22T18:00:00.000Z\",\"to\":\"2026-11-22T18:15:00.000Z\","
    "\"vms\":\"frigate\"},\"time\":\"2026-11-22T20:15:00.250Z\",\"v\":1,"
    "\"writer\":{\"pid\":733,\"uid\":33}}",
    NULL, /* system.key: has the public keys in it */
    "{\"action\":\"system.stop\",\"id\":\"DDDDDDDDDDDDDDDDDDDDDD\",\"outcome\":\"ok\","
    "\"site\":\"harbour\",\"time\":\"2026-11-22T21:30:00.000Z\",\"time_quality\":\"unsynced\","
    "\"v\":1,\"writer\":{\"pid\":412,\"uid\":990}}",
};

static struct buf document;
static struct key *first, *second, *witness;
static char key_event[1024];
static struct merkle *merkle;
static struct merkle_hash leaves[ENTRIES];

/* A key whose seed is start, start + 1, … start + 31. */
static struct key *
key_from(const char *name, enum vkey_type type, uint8_t start)
{
    uint8_t material[1 + crypto_sign_SEEDBYTES] = {(uint8_t)type};
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    char path[] = "/tmp/gatehouse-format.XXXXXX";
    char id[2 * VKEY_ID + 1];
    struct note note = {""};
    struct vkey vkey;
    struct key *key = NULL;
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, 1024);
    for (uint8_t i = 0; i < crypto_sign_SEEDBYTES; i++) {
        material[1 + i] = (uint8_t)(start + i);
    }
    (void)crypto_sign_seed_keypair(public, secret, material + 1);
    assert_int_equal(vkey_make(name, type, public, &vkey), OK);
    text_hex(id, vkey.id, VKEY_ID);
    buf_format(&line, "PRIVATE+KEY+%s+%s+", name, id);
    base64_put(&line, material, sizeof(material));
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(file_write(path, line.data, line.len, 0600, &note), OK);
    assert_int_equal(key_read(path, &key, &note), OK);
    assert_int_equal(unlink(path), 0);
    return key;
}

static int
setup(void **state)
{
    (void)state;
    char path[4096];
    char old[VKEY_TEXT];
    char new[VKEY_TEXT];
    struct note note = {""};
    const char *source = getenv("GATEHOUSE_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/doc/ledger-format.md", source == NULL ? "." : source);
    buf_init(&document, (size_t)1 << 20);
    if (file_read(path, &document, &note) != OK) {
        print_error("%s\n", note.text);
        return -1;
    }
    first = key_from("gatehouse.example/harbour", VKEY_ED25519, 0);
    second = key_from("gatehouse.example/harbour", VKEY_ED25519, 32);
    witness = key_from("witness.example/w1", VKEY_COSIGNER, 64);
    (void)snprintf(key_event, sizeof(key_event),
        "{\"action\":\"system.key\",\"detail\":{\"next\":\"%s\",\"previous\":\"%s\"},"
        "\"id\":\"CCCCCCCCCCCCCCCCCCCCCC\",\"outcome\":\"ok\",\"site\":\"harbour\","
        "\"time\":\"2026-11-22T21:00:00.000Z\",\"v\":1,\"writer\":{\"pid\":412,\"uid\":990}}",
        vkey_text(key_public(second), new), vkey_text(key_public(first), old));
    entries[2] = key_event;
    merkle = merkle_new();
    for (size_t i = 0; i < ENTRIES; i++) {
        merkle_leaf(merkle, entries[i], strlen(entries[i]), &leaves[i]);
    }
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    key_free(first);
    key_free(second);
    key_free(witness);
    merkle_free(merkle);
    buf_release(&document);
    return 0;
}

/* The document has the text as lines of their own. */
static void
assert_shown(const char *text)
{
    const char *end = text_ends(text, "\n") ? "" : "\n";
    CLEANUP(buf_release) struct buf line;
    buf_init(&line, 65536);
    buf_format(&line, "\n%s%s", text, end);
    if (strstr(document.data, line.data) == NULL) {
        fail_msg("doc/ledger-format.md lacks:\n%s", text);
    }
}

static void
assert_hash_shown(const struct merkle_hash *hash)
{
    char hex[2 * MERKLE_HASH + 1];
    text_hex(hex, hash->bytes, MERKLE_HASH);
    if (strstr(document.data, hex) == NULL) {
        fail_msg("doc/ledger-format.md lacks %s", hex);
    }
}

static struct merkle_head
head_of(size_t size)
{
    struct merkle_frontier frontier = {0};
    struct merkle_head head = {.size = size};
    for (size_t i = 0; i < size; i++) {
        merkle_grow(merkle, &frontier, &leaves[i]);
    }
    merkle_root(merkle, &frontier, &head.root);
    return head;
}

static void
put_text(struct buf *out, size_t size)
{
    struct checkpoint checkpoint = {.head = head_of(size)};
    (void)text_copy(checkpoint.origin, sizeof(checkpoint.origin), key_public(first)->name);
    checkpoint_put(out, &checkpoint);
}

static void
put_signature(struct buf *out, const struct key *key, const struct buf *text, uint64_t time)
{
    uint8_t blob[VKEY_BLOB];
    CLEANUP(buf_release) struct buf cosigned;
    buf_init(&cosigned, 4096);
    if (key == witness) {
        signednote_cosigned(&cosigned, text->data, text->len, time);
    } else {
        buf_add(&cosigned, text->data, text->len);
    }
    key_sign(key, cosigned.data, cosigned.len, blob);
    signednote_put(out,
        &(struct signednote_signature){.key = key_public(key), .signature = blob, .time = time});
}

static void
test_entries_are_events_and_have_these_hashes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES; i++) {
        struct event_facts facts;
        struct note note = {""};
        assert_int_equal(event_check(entries[i], strlen(entries[i]), true, &facts, &note), OK);
        assert_shown(entries[i]);
        assert_hash_shown(&leaves[i]);
    }
    struct merkle_hash node;
    merkle_node(merkle, &leaves[0], &leaves[1], &node);
    assert_hash_shown(&node);
    merkle_node(merkle, &leaves[2], &leaves[3], &node);
    assert_hash_shown(&node);
    struct merkle_head head = head_of(3);
    assert_hash_shown(&head.root);
    head = head_of(4);
    assert_hash_shown(&head.root);
}

static void
test_keys_are_these(void **state)
{
    (void)state;
    const struct key *const keys[] = {first, second, witness};
    for (size_t i = 0; i < COUNT(keys); i++) {
        char text[VKEY_TEXT];
        assert_shown(vkey_text(key_public(keys[i]), text));
    }
}

static void
test_checkpoints_are_these(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf whole;
    buf_init(&text, 4096);
    buf_init(&whole, 4096);
    put_text(&text, 3);
    buf_format(&whole, "%s\n", text.data);
    put_signature(&whole, first, &text, 0);
    put_signature(&whole, second, &text, 0);
    assert_shown(whole.data); /* handover/1 */
    buf_clear(&text);
    buf_clear(&whole);
    put_text(&text, 4);
    buf_format(&whole, "%s\n", text.data);
    put_signature(&whole, second, &text, 0);
    assert_shown(whole.data); /* checkpoint */
    put_signature(&whole, witness, &text, 1795383003);
    assert_shown(whole.data); /* checkpoint.witnessed */
}

static void
test_proof_is_this(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf whole;
    struct merkle_hash node;
    buf_init(&text, 4096);
    buf_init(&whole, 4096);
    buf_text(&whole, "c2sp.org/tlog-proof@v1\nindex 1\n");
    base64_put(&whole, leaves[0].bytes, MERKLE_HASH);
    buf_byte(&whole, '\n');
    merkle_node(merkle, &leaves[2], &leaves[3], &node);
    base64_put(&whole, node.bytes, MERKLE_HASH);
    buf_text(&whole, "\n\n");
    put_text(&text, 4);
    buf_format(&whole, "%s\n", text.data);
    put_signature(&whole, second, &text, 0);
    put_signature(&whole, witness, &text, 1795383003);
    assert_shown(whole.data);
}

/* Length and first bytes of the bundle, as a hex dump shows them. */
static void
test_bundle_begins_like_this(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bundle;
    char hex[2 * 18 + 1];
    size_t at = 0;
    buf_init(&bundle, 65536);
    for (size_t i = 0; i < ENTRIES; i++) {
        at = bundle.len;
        tile_put_entry(&bundle, entries[i], strlen(entries[i]));
        text_hex(hex, (const uint8_t *)bundle.data + at, 18);
        if (strstr(document.data, hex) == NULL) {
            fail_msg("doc/ledger-format.md lacks %s", hex);
        }
    }
    char words[32];
    (void)snprintf(words, sizeof(words), "%zu bytes", bundle.len);
    assert_true(text_contains(document.data, words));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_are_events_and_have_these_hashes),
        cmocka_unit_test(test_keys_are_these),
        cmocka_unit_test(test_checkpoints_are_these),
        cmocka_unit_test(test_proof_is_this),
        cmocka_unit_test(test_bundle_begins_like_this),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, setup, teardown) : 1;
}
