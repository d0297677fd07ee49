/* Verification from the files: whose signature, which head, then every entry and tile. */
#include "ledger/verify.h"
#include "base/clock.h"
#include "base/text.h"
#include "ledger/handover.h"
#include "ledger/verify_blame.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WITNESSED  "checkpoint.witnessed"
#define EDGE_TRIES 5 /* a live log's partial files may go while they are looked for */

static const struct verify_kind_row kinds[] = {
#define KIND(name, text, words) {text, words},
#include "ledger/verify_kinds.def"
#undef KIND
};

/* An other head that the tree must begin with. */
struct prefix {
    const char *what;
    struct merkle_head head;
};

struct run {
    const struct verify_settings *settings;
    struct verify_result *result;
    struct note *note;
    struct tree *tree;
    struct merkle *merkle;
    struct buf witnessed;  /* the file, empty where there is none */
    struct handover chain; /* the keys that are believed */
    struct verify_edge edge;
    struct verify_scan scan;
    struct retention retention; /* as the file says */
    struct prefix prefixes[HANDOVER_LIMIT + 3];
    size_t prefix_count;
};

const struct verify_kind_row *
verify_kind(enum verify_kind kind)
{
    assert((size_t)kind < COUNT(kinds));
    return &kinds[kind];
}

static void
add_finding(struct run *run, enum verify_kind kind, const char *file, const char *words)
{
    struct verify_finding finding = {.kind = kind};
    (void)text_copy(finding.file, sizeof(finding.file), file);
    (void)text_copy(finding.words, sizeof(finding.words), words);
    verify_blame_add(run->result, &finding);
}

/* Of the logs that a policy names, the one of that name, which only tells which is meant. */
static const struct vkey *
policy_key(const struct policy *policy, const char *name)
{
    if (policy == NULL || policy->log_count == 0) {
        return NULL;
    }
    for (size_t i = 0; i < policy->log_count; i++) {
        if (text_equal(policy->logs[i].key.name, name)) {
            return &policy->logs[i].key;
        }
    }
    return &policy->logs[0].key;
}

/* The key that the owner gave, itself or in the policy, or the one that lies beside the log. */
static enum err
choose_key(struct run *run)
{
    struct vkey *key = &run->result->key;
    if (run->settings->key != NULL) {
        *key = *run->settings->key;
        return OK;
    }
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, VKEY_TEXT + 2);
    enum err err = tree_file(run->tree, "log.vkey", &text, run->note);
    if (err == OK) {
        err = vkey_parse(text_trim(text.data), key);
    }
    const struct vkey *given = policy_key(run->settings->policy, err == OK ? key->name : "");
    if (given != NULL) {
        *key = *given;
        return OK;
    }
    run->result->key_is_own = true;
    if (err != OK) {
        note_set(run->note, "log.vkey of the folder gives no public key; say the log's key");
        return ERR_MISSING;
    }
    return OK;
}

/* The checkpoint, and what only a tree of its size has, while a writer may go on. */
static enum err
read_head(struct run *run)
{
    struct verify_result *result = run->result;
    for (int tries = 0;; tries++) {
        CLEANUP(buf_release) struct buf again;
        struct signednote signed_note;
        struct note ignored;
        buf_init(&again, TREE_CHECKPOINT);
        buf_clear(&result->text);
        enum err err = tree_file(run->tree, "checkpoint", &result->text, run->note);
        if (err != OK) {
            return err;
        }
        err = signednote_parse(result->text.data, result->text.len, &signed_note, run->note);
        if (err == OK) {
            err = checkpoint_parse(
                signed_note.text, signed_note.text_len, &result->checkpoint, run->note);
        }
        if (err != OK) {
            return ERR_SYNTAX;
        }
        result->has_checkpoint = true;
        verify_edge_read(&run->edge, run->tree, result->checkpoint.head.size);
        bool is_whole = run->edge.bundle_err != ERR_MISSING;
        for (size_t i = 0; i < TILE_LEVELS; i++) {
            is_whole = is_whole && run->edge.errs[i] != ERR_MISSING;
        }
        if (is_whole || tries == EDGE_TRIES ||
            tree_file(run->tree, "checkpoint", &again, &ignored) != OK ||
            (again.len == result->text.len &&
                memcmp(again.data, result->text.data, again.len) == 0)) {
            return OK;
        }
    }
}

/* By which of the believed keys the checkpoint is signed, the newest first. */
static enum err
find_signer(struct run *run, size_t *ret_number)
{
    const struct buf *text = &run->result->text;
    struct checkpoint ignored;
    struct note note = {""};
    enum err err = ERR_MISSING;
    for (size_t i = run->chain.count + 1; i != 0 && err == ERR_MISSING; i--) {
        err = checkpoint_open(text->data, text->len, &run->chain.keys[i - 1], &ignored, &note);
        *ret_number = i - 1;
    }
    if (err != OK && err != ERR_MISSING) {
        add_finding(run, VERIFY_FALSE_SIGNATURE, "checkpoint", note.text);
    }
    return err;
}

/* After a hand-over the key before it is good for nothing larger. */
static void
judge_signer(struct run *run, size_t number)
{
    struct verify_result *result = run->result;
    const struct handover *chain = &run->chain;
    if (number < chain->count && result->checkpoint.head.size > chain->heads[number].size) {
        char words[VERIFY_WORDS];
        (void)snprintf(words, sizeof(words),
            "The checkpoint is signed by a key that was handed over at %" PRIu64
            " entries: somebody still uses it.",
            chain->heads[number].size);
        add_finding(run, VERIFY_FORKED, "checkpoint", words);
        return;
    }
    result->key = chain->keys[number];
    result->handovers = (unsigned)number;
    for (size_t i = 0; i < chain->count; i++) {
        struct prefix *prefix = &run->prefixes[run->prefix_count++];
        *prefix = (struct prefix){"the hand-over of the key", chain->heads[i]};
    }
}

static void
check_signature(struct run *run)
{
    struct verify_result *result = run->result;
    struct note note = {""};
    size_t number = 0;
    enum err err =
        handover_follow(run->tree, result->checkpoint.head.size, &result->key, &run->chain, &note);
    enum err signer_err = find_signer(run, &number);
    if (signer_err == ERR_MISSING) {
        char words[VERIFY_WORDS], id[2 * VKEY_ID + 1];
        text_hex(id, result->key.id, VKEY_ID);
        (void)snprintf(words, sizeof(words),
            "The checkpoint is signed by another key than %.160s+%s%s%.120s.", result->key.name, id,
            err == OK ? ", and no hand-over leads on from that" : "; ", err == OK ? "" : note.text);
        add_finding(run, VERIFY_NOT_SIGNED, "checkpoint", words);
    } else if (signer_err == OK && err != OK) {
        add_finding(
            run, err == ERR_LIMIT ? VERIFY_TRUNCATED : VERIFY_NOT_SIGNED, "handover", note.text);
    } else if (signer_err == OK) {
        judge_signer(run, number);
    }
}

/* A checkpoint by any of the keys that are believed. */
static enum err
open_other(
    struct run *run, const char *bytes, size_t len, const char *what, struct merkle_head *ret_head)
{
    struct checkpoint checkpoint;
    enum err err = ERR_MISSING;
    for (size_t i = 0; i <= run->chain.count && err == ERR_MISSING; i++) {
        struct note note = {""};
        err = checkpoint_open(bytes, len, &run->chain.keys[i], &checkpoint, &note);
        if (err != OK) {
            note_set(run->note, "%s: %.200s", what,
                err == ERR_MISSING ? "not signed by the log's key" : note.text);
        } else if (i < run->chain.count && checkpoint.head.size > run->chain.heads[i].size) {
            note_set(run->note, "%s: signed by a key that had been handed over before", what);
            return ERR_VALUE;
        }
    }
    if (err != OK) {
        return ERR_VALUE;
    }
    *ret_head = checkpoint.head;
    return OK;
}

static void
add_prefix(struct run *run, const char *what, const struct merkle_head *head)
{
    uint64_t size = run->result->checkpoint.head.size;
    if (head->size <= size) {
        run->prefixes[run->prefix_count++] = (struct prefix){what, *head};
        return;
    }
    struct verify_finding finding = {.kind = VERIFY_TRUNCATED, .has_index = true, .index = size};
    (void)text_copy(finding.file, sizeof(finding.file), "checkpoint");
    (void)snprintf(finding.words, sizeof(finding.words),
        "The log has %" PRIu64 " entries, but %s has %" PRIu64 ": the log was taken back.", size,
        what, head->size);
    verify_blame_add(run->result, &finding);
}

static enum err
take_others(struct run *run)
{
    const struct verify_settings *settings = run->settings;
    struct verify_result *result = run->result;
    struct merkle_head since;
    enum err err = OK;
    if (settings->older != NULL) {
        err = open_other(
            run, settings->older, settings->older_len, "the older checkpoint", &result->older);
        if (err != OK) {
            return err;
        }
        add_prefix(run, "the older checkpoint", &result->older);
    }
    if (settings->since != NULL) {
        err = open_other(
            run, settings->since, settings->since_len, "the remembered checkpoint", &since);
        if (err != OK) {
            return err;
        }
        add_prefix(run, "the remembered checkpoint", &since);
        if (since.size <= result->checkpoint.head.size) {
            run->scan.first = since.size / TILE_WIDTH;
            result->since = run->scan.first * TILE_WIDTH;
        }
    }
    return OK;
}

/* Also where nobody asks for witnesses the log has to continue what its key signed for them. */
static void
take_witnessed(struct run *run)
{
    struct merkle_head head;
    if (run->witnessed.len != 0 &&
        open_other(run, run->witnessed.data, run->witnessed.len, WITNESSED, &head) == OK) {
        add_prefix(run, "the witnessed checkpoint", &head);
    }
}

/* The witnessed checkpoint where there is one, else the log's own with whatever it carries. */
static enum err
check_witnesses(struct run *run)
{
    struct verify_result *result = run->result;
    struct signednote signed_note;
    struct merkle_head head;
    struct note note = {""};
    char words[VERIFY_WORDS];
    if (run->settings->policy == NULL) {
        take_witnessed(run);
        return OK;
    }
    result->has_policy = true;
    bool is_apart = run->witnessed.len != 0;
    const char *name = is_apart ? WITNESSED : "checkpoint";
    const struct buf bytes = is_apart ? run->witnessed : result->text;
    enum err err = open_other(run, bytes.data, bytes.len, name, &head);
    if (err != OK) {
        add_finding(run, VERIFY_NOT_SIGNED, name, run->note->text);
        return OK;
    }
    add_prefix(run, "the witnessed checkpoint", &head);
    result->witnessed = head;
    err = signednote_parse(bytes.data, bytes.len, &signed_note, run->note);
    if (err == OK) {
        err = policy_judge(run->settings->policy, &signed_note, &result->policy, &note);
    }
    if (err == ERR_VALUE) {
        add_finding(run, VERIFY_FALSE_SIGNATURE, name, note.text);
    } else if (err == OK && !result->policy.is_met) {
        (void)snprintf(words, sizeof(words), "%d of the policy's %zu witnesses have cosigned.",
            __builtin_popcount(result->policy.cosigned), run->settings->policy->witness_count);
        add_finding(run, VERIFY_NOT_WITNESSED, name, words);
    }
    return err == ERR_VALUE ? OK : err;
}

/* Only what the log itself states may be missing. */
static enum err
check_retention(struct run *run)
{
    struct verify_result *result = run->result;
    struct note note = {""};
    enum err err = retention_check(run->tree, &run->retention, &result->checkpoint.head, &note);
    if (err == ERR_VALUE) {
        add_finding(run, VERIFY_NOT_STATED, RETENTION_FILE, note.text);
        return OK;
    }
    if (err == OK) {
        result->retention = run->retention;
        run->scan.pruned = retention_bundles(&run->retention);
    }
    return err;
}

static void
count_pruned(struct run *run)
{
    for (uint64_t i = run->scan.first; i < run->scan.pruned; i++) {
        bool is_absent = verify_scan_state(&run->scan, i) == VERIFY_PRUNED;
        run->result->pruned += is_absent ? TILE_WIDTH : 0;
    }
}

/* What the blocks counted, in the order of the log. */
static void
sum_block(struct verify_result *result, const struct verify_block *block, uint64_t start)
{
    result->entries += block->entries;
    result->bytes += block->bytes;
    if (block->not_events != 0 && result->not_events == 0) {
        struct verify_finding finding = {
            .kind = VERIFY_NO_EVENT, .has_index = true, .index = block->first_no_event};
        (void)snprintf(finding.words, sizeof(finding.words), "Entry %" PRIu64 " is no event: %s",
            block->first_no_event, block->no_event);
        verify_blame_add(result, &finding);
    }
    result->not_events += block->not_events;
    if (block->first_time[0] == '\0') {
        return;
    }
    if (result->last_time[0] == '\0') {
        memcpy(result->first_time, block->first_time, sizeof(result->first_time));
    } else if (memcmp(block->first_time, result->last_time, sizeof(result->last_time)) < 0) {
        result->steps_back++;
        if (!block->first_owns_up && result->steps_unsaid++ == 0) {
            result->first_unsaid = start;
        }
    }
    if (block->steps_unsaid != 0 && result->steps_unsaid == 0) {
        result->first_unsaid = block->first_unsaid;
    }
    result->steps_back += block->steps_back;
    result->steps_unsaid += block->steps_unsaid;
    memcpy(result->last_time, block->last_time, sizeof(result->last_time));
}

static void
check_prefixes(struct run *run, struct verify_trust *trust)
{
    for (size_t i = 0; i < run->prefix_count; i++) {
        const struct prefix *prefix = &run->prefixes[i];
        struct merkle_hash root;
        char words[VERIFY_WORDS];
        enum err err = verify_blame_root(trust, prefix->head.size, &root);
        if (err == OK && merkle_equal(&root, &prefix->head.root)) {
            continue;
        }
        if (err == OK) {
            (void)snprintf(words, sizeof(words),
                "The first %" PRIu64 " entries are not those of %s: there are two histories, and "
                "they part before entry %" PRIu64 ".",
                prefix->head.size, prefix->what, prefix->head.size);
            add_finding(run, VERIFY_FORKED, "checkpoint", words);
        } else if (run->result->finding_count == 0) {
            (void)snprintf(words, sizeof(words),
                "The tiles are too damaged to tell whether the log still begins with %s.",
                prefix->what);
            add_finding(run, VERIFY_DAMAGED, "tile", words);
        }
    }
}

/* A tree of no entries has no files, only the one root. */
static void
check_empty(struct run *run)
{
    struct merkle_frontier frontier = {.size = 0};
    struct merkle_hash root;
    merkle_root(run->merkle, &frontier, &root);
    if (!merkle_equal(&root, &run->result->checkpoint.head.root)) {
        add_finding(run, VERIFY_FORKED, "checkpoint", "The root of an empty log is another one.");
    }
}

static enum err
check_files(struct run *run)
{
    struct verify_trust *trust = malloc(sizeof(*trust));
    if (trust == NULL) {
        return ERR_MEMORY;
    }
    struct verify_result *result = run->result;
    enum err err = verify_scan_run(&run->scan, run->note);
    if (err == OK) {
        err =
            verify_trust_init(trust, &run->scan, &result->checkpoint.head, run->tree, run->merkle);
        if (err == OK) {
            verify_blame(trust, result);
            check_prefixes(run, trust);
            count_pruned(run);
        }
        verify_trust_release(trust);
    }
    for (size_t i = 0; err == OK && run->scan.list != NULL && i < run->scan.blocks; i++) {
        if (run->scan.list[i] != NULL) {
            sum_block(result, run->scan.list[i], (uint64_t)i * TILE_WIDTH * TILE_WIDTH);
        }
    }
    free(trust);
    return err;
}

static enum err
verify(struct run *run)
{
    struct verify_result *result = run->result;
    struct note ignored;
    enum err err = choose_key(run);
    if (err != OK) {
        return err;
    }
    /* Before the checkpoint, which in a log that grows is then not the smaller one. */
    if (tree_file(run->tree, WITNESSED, &run->witnessed, &ignored) != OK) {
        buf_clear(&run->witnessed);
    }
    err = retention_read(run->tree, &run->retention, run->note);
    if (err == ERR_SYNTAX) {
        add_finding(run, VERIFY_UNREADABLE, RETENTION_FILE, run->note->text);
        err = OK;
    }
    err = err == OK ? read_head(run) : err;
    if (err == ERR_SYNTAX || (err == ERR_LIMIT && !result->has_checkpoint)) {
        add_finding(run, VERIFY_UNREADABLE, "checkpoint", run->note->text);
        return OK;
    }
    if (err != OK) {
        return err;
    }
    size_t before = result->finding_count;
    check_signature(run);
    if (result->finding_count != before) {
        return OK;
    }
    uint64_t size = result->checkpoint.head.size;
    if (size > VERIFY_SIZE) {
        note_set(run->note, "a log of %" PRIu64 " entries is larger than this program reads", size);
        return ERR_LIMIT;
    }
    err = take_others(run);
    if (err == OK) {
        err = check_witnesses(run);
    }
    if (err != OK) {
        return err;
    }
    run->scan.size = size;
    run->scan.settings = run->settings;
    run->scan.edge = &run->edge;
    if (size == 0) {
        check_empty(run);
        return OK;
    }
    err = check_retention(run);
    return err == OK ? check_files(run) : err;
}

enum err
verify_run(
    const struct verify_settings *settings, struct verify_result *ret_result, struct note *note)
{
    int64_t start = clock_mono();
    memset(ret_result, 0, sizeof(*ret_result));
    buf_init(&ret_result->text, TREE_CHECKPOINT);
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL) {
        return ERR_MEMORY;
    }
    struct note unused;
    run->settings = settings;
    run->result = ret_result;
    run->note = note == NULL ? &unused : note;
    buf_init(&run->edge.bundle, TREE_BUNDLE);
    buf_init(&run->witnessed, TREE_CHECKPOINT);
    run->merkle = merkle_new();
    enum err err =
        run->merkle == NULL ? ERR_MEMORY : tree_open(settings->folder, &run->tree, run->note);
    if (err == OK) {
        err = verify(run);
    }
    verify_scan_release(&run->scan);
    merkle_free(run->merkle);
    tree_close(run->tree);
    buf_release(&run->edge.bundle);
    buf_release(&run->witnessed);
    free(run);
    ret_result->is_verified = err == OK && ret_result->finding_count == 0;
    ret_result->milliseconds = clock_mono() - start;
    return err;
}

void
verify_result_release(struct verify_result *result)
{
    buf_release(&result->text);
}
