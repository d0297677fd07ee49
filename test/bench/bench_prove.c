/*
 * How long inclusion proofs of random entries take in a log's static files; one line of JSON.
 * Usage: bench_prove FOLDER COUNT
 */
#include "base/text.h"
#include "latency.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PROOFS_MAX 1000000

/* Size and root of the log's newest checkpoint; its signature is another measurement's matter. */
static bool
read_head(struct tree *tree, struct merkle_head *ret_head, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    struct signednote *signed_note = calloc(1, sizeof(*signed_note));
    struct checkpoint checkpoint;
    buf_init(&text, TREE_CHECKPOINT);
    bool good = signed_note != NULL && tree_file(tree, "checkpoint", &text, note) == OK &&
                signednote_parse(text.data, text.len, signed_note, note) == OK &&
                checkpoint_parse(signed_note->text, signed_note->text_len, &checkpoint, note) == OK;
    free(signed_note);
    if (good) {
        *ret_head = checkpoint.head;
    }
    return good;
}

/* One proof, made and checked; only the making counts. */
static bool
prove_one(struct tree *tree, struct merkle *merkle, const struct merkle_head *head, uint64_t index,
    struct latency *latency)
{
    struct merkle_path path;
    struct merkle_source source = tree_source(tree, head->size);
    int64_t begin = latency_now();
    if (merkle_inclusion(merkle, &source, index, head->size, &path) != OK) {
        return false;
    }
    latency_add(latency, latency_now() - begin, 1);
    const uint8_t *entry;
    size_t len;
    struct note note;
    struct merkle_hash leaf;
    if (tree_entry(tree, index, head->size, &entry, &len, &note) != OK) {
        return false;
    }
    merkle_leaf(merkle, entry, len, &leaf);
    return merkle_check_inclusion(merkle, &path, index, &leaf, head) == OK;
}

int
main(int argument_count, char *arguments[])
{
    if (argument_count != 3) {
        fprintf(stderr, "Usage: bench_prove FOLDER COUNT\n");
        return 2;
    }
    const char *folder = arguments[1];
    uint64_t count;
    struct tree *tree;
    struct note note = {""};
    struct merkle_head head;
    static struct latency latency;
    if (text_to_u64(arguments[2], PROOFS_MAX, &count) != OK ||
        tree_open(folder, &tree, &note) != OK || !read_head(tree, &head, &note) || head.size == 0) {
        fprintf(stderr, "bench_prove: %s: %s\n", folder, note.text);
        return 2;
    }
    struct merkle *merkle = merkle_new();
    uint64_t random = 1;
    bool good = merkle != NULL;
    for (uint64_t i = 0; i < count && good; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        good = prove_one(tree, merkle, &head, (random >> 16) % head.size, &latency);
    }
    printf("{\"size\":%" PRIu64 ",\"count\":%" PRIu64
           ",\"p50_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f}\n",
        head.size, latency.count, latency_at(&latency, 0.5), latency_at(&latency, 0.99),
        latency_at(&latency, 0.999));
    merkle_free(merkle);
    tree_close(tree);
    return good ? 0 : 1;
}
