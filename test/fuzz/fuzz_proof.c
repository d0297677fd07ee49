/* Any bytes as a proof: what is read is written the same again, and nothing is proven by chance. */
#include "ledger/proof.h"

#include <sodium.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t public_key[VKEY_PUBLIC] = {1};
    struct proof proof;
    struct proof_verdict verdict;
    struct vkey key;
    struct note note = {""};
    struct merkle_hash leaf = {{0}};
    if (sodium_init() < 0 || proof_parse((const char *)data, size, &proof, &note) != OK) {
        assert(note.text[0] != '\0');
        return 0;
    }
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, PROOF_LIMIT);
    proof_put(&bytes, &proof);
    assert(bytes.len == size && memcmp(bytes.data, data, size) == 0);
    struct proof_trust trust = {.key = &key};
    enum err err = vkey_make("log.example", VKEY_ED25519, public_key, &key);
    assert(err == OK);
    err = proof_check(&proof, &leaf, &trust, &verdict, &note);
    assert(err != OK && note.text[0] != '\0');
    return 0;
}
