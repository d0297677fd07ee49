/* Asks the witnesses of a policy, and puts together what they signed. */
#include "cli/ledger_witness_round.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/ledger_witness.h"
#include "ledger/tree.h"
#include "wire/post.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TRIES     3 /* a witness says once what it had last; the rest is for races */
#define WITNESSED "checkpoint.witnessed"
#define URL       (POLICY_URL + WITNESS_NAME + 16)

/* One witness being asked. */
struct ask {
    const struct policy_witness *witness;
    struct ledger_witness_line *line;
    struct witness_question question;
    struct buf body;
    bool is_open;  /* still to be asked */
    bool is_known; /* what it cosigned last, as far as we remember: */
    struct merkle_head past;
    char signature[SIGNEDNOTE_BLOB]; /* its line's end */
};

struct asking {
    struct ledger_witness_round *round;
    struct tree *tree;
    struct merkle *merkle;
    struct vkey log;
    struct buf checkpoint; /* the signed note */
    uint64_t now;
    struct ask asks[POLICY_WITNESSES];
};

static const struct policy *
policy_of(const struct asking *asking)
{
    return asking->round->policy;
}

/* The key that the checkpoint must be signed by: one of the policy, else the ledger's own file. */
static enum err
open_checkpoint(struct asking *asking, struct note *note)
{
    const struct policy *policy = policy_of(asking);
    struct checkpoint *checkpoint = &asking->round->checkpoint;
    const struct buf *bytes = &asking->checkpoint;
    CLEANUP(buf_release) struct buf own;
    buf_init(&own, VKEY_TEXT + 2);
    if (policy->log_count == 0) {
        enum err err = tree_file(asking->tree, "log.vkey", &own, note);
        err = err == OK ? vkey_parse(text_trim(own.data), &asking->log) : err;
        return err == OK ? checkpoint_open(bytes->data, bytes->len, &asking->log, checkpoint, note)
                         : err;
    }
    enum err err = ERR_MISSING;
    for (size_t i = 0; i < policy->log_count && err != OK; i++) {
        err = checkpoint_open(bytes->data, bytes->len, &policy->logs[i].key, checkpoint, note);
        asking->log = policy->logs[i].key;
    }
    if (err != OK) {
        note_set(note, "the checkpoint is not signed by a log of the policy");
    }
    return err;
}

static enum err
start(struct asking *asking, struct note *note)
{
    struct ledger_witness_round *round = asking->round;
    asking->now = (uint64_t)(clock_wall() / 1000);
    buf_init(&asking->checkpoint, SIGNEDNOTE_LIMIT);
    asking->merkle = merkle_new();
    if (asking->merkle == NULL) {
        return ERR_MEMORY;
    }
    enum err err = tree_open(round->folder, &asking->tree, note);
    err = err == OK ? tree_file(asking->tree, "checkpoint", &asking->checkpoint, note) : err;
    return err == OK ? open_checkpoint(asking, note) : err;
}

static void
finish(struct asking *asking)
{
    for (size_t i = 0; i < POLICY_WITNESSES; i++) {
        buf_release(&asking->asks[i].body);
    }
    buf_release(&asking->checkpoint);
    merkle_free(asking->merkle);
    tree_close(asking->tree);
    free(asking);
}

/* The root of this ledger's first entries. */
static enum err
root_at(struct asking *asking, uint64_t size, struct merkle_hash *ret_root, struct note *note)
{
    const struct merkle_head *head = &asking->round->checkpoint.head;
    struct merkle_source source = tree_source(asking->tree, head->size);
    struct merkle_frontier frontier;
    if (size == head->size) {
        *ret_root = head->root;
        return OK;
    }
    enum err err = merkle_frontier_at(&source, size, &frontier);
    if (err != OK) {
        note_set(note, "%s", tree_trouble(asking->tree)->text);
        return err;
    }
    merkle_root(asking->merkle, &frontier, ret_root);
    return OK;
}

/* A file of the memory: witness/<SHA-256 of the witness's key>. */
static void
put_path(
    const struct asking *asking, const struct ask *ask, const char *ending, struct buf *ret_path)
{
    char text[VKEY_TEXT];
    char name[WITNESS_NAME];
    buf_format(ret_path, "%s/witness/%s%s", asking->round->folder,
        witness_name(vkey_text(&ask->witness->key, text), name), ending);
}

static void
alarm_with(struct ask *ask, enum witness_reply reply, const char *words, const char *proof)
{
    struct ledger_witness_line *line = ask->line;
    ask->is_open = false;
    line->err = OK;
    line->reply = reply;
    line->is_alarm = true;
    line->is_proven = proof != NULL;
    (void)text_copy(line->proof, sizeof(line->proof), proof == NULL ? "" : proof);
    (void)text_copy(line->words, sizeof(line->words), words);
}

/* Reads a note that both the log and, where `by` is given, the witness signed. */
static enum err
read_signed(const struct asking *asking, const struct buf *bytes, const struct vkey *by,
    struct checkpoint *ret_checkpoint)
{
    struct signednote note;
    enum err err = checkpoint_open(bytes->data, bytes->len, &asking->log, ret_checkpoint, NULL);
    err = err == OK ? signednote_parse(bytes->data, bytes->len, &note, NULL) : err;
    return err == OK && by != NULL ? signednote_verify(&note, by, NULL) : err;
}

/* What it cosigned last must still be the beginning of this ledger. */
static enum err
recall(struct asking *asking, struct ask *ask, struct note *note)
{
    char words[LEDGER_WITNESS_TEXT];
    struct checkpoint past;
    struct merkle_hash root;
    const uint64_t size = asking->round->checkpoint.head.size;
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&path, LEDGER_WITNESS_PATH);
    buf_init(&bytes, 2 * SIGNEDNOTE_LIMIT);
    put_path(asking, ask, "", &path);
    if (buf_error(&path) != OK || file_read(path.data, &bytes, NULL) != OK ||
        read_signed(asking, &bytes, &ask->witness->key, &past) != OK) {
        return OK; /* asked from the beginning: the witness says what it had */
    }
    ask->is_known = true;
    ask->past = past.head;
    ask->line->size = past.head.size;
    ask->question.old = past.head.size;
    if (past.head.size > size) {
        (void)snprintf(words, sizeof(words),
            "it cosigned %" PRIu64 " entries of this ledger, which now has only %" PRIu64
            ": entries were taken away",
            past.head.size, size);
        alarm_with(ask, WITNESS_AHEAD, words, path.data);
        return OK;
    }
    enum err err = root_at(asking, past.head.size, &root, note);
    if (err == OK && !merkle_equal(&root, &past.head.root)) {
        (void)snprintf(words, sizeof(words),
            "the first %" PRIu64 " entries of this ledger are no longer those that it cosigned",
            past.head.size);
        alarm_with(ask, WITNESS_FORKED, words, path.data);
    }
    return err;
}

static enum err
open_asks(struct asking *asking, struct note *note)
{
    const struct policy *policy = policy_of(asking);
    enum err err = OK;
    for (size_t i = 0; i < policy->witness_count && err == OK; i++) {
        struct ask *ask = &asking->asks[i];
        ask->witness = &policy->witnesses[i];
        ask->line = &asking->round->lines[i];
        buf_init(&ask->body, WITNESS_BODY);
        ask->question = (struct witness_question){
            .witness = &ask->witness->key,
            .head = asking->round->checkpoint.head,
            .checkpoint = &asking->checkpoint,
            .now = asking->now,
        };
        ask->is_open = ask->witness->url[0] != '\0';
        ask->line->err = ERR_MISSING;
        (void)text_copy(
            ask->line->words, sizeof(ask->line->words), "the policy has no address for it");
        err = recall(asking, ask, note);
    }
    return err;
}

/* The proof from what it had last; one that does not hold is our own trouble. */
static enum err
write_body(struct asking *asking, struct ask *ask, struct note *note)
{
    const struct merkle_head *head = &asking->round->checkpoint.head;
    struct merkle_source source = tree_source(asking->tree, head->size);
    struct merkle_head old = {.size = ask->question.old};
    struct merkle_path path = {.count = 0};
    enum err err = OK;
    if (old.size != 0 && old.size != head->size) {
        err = root_at(asking, old.size, &old.root, note);
        err = err == OK ? merkle_consistency(asking->merkle, &source, old.size, head->size, &path)
                        : err;
        if (err == OK && merkle_check_consistency(asking->merkle, &path, &old, head) != OK) {
            note_set(note, "the tiles do not belong to the checkpoint; gatehouse ledger verify "
                           "says where");
            err = ERR_VALUE;
        }
    }
    buf_clear(&ask->body);
    witness_put_request(&ask->body, old.size, &path, &asking->checkpoint);
    return err == OK ? buf_error(&ask->body) : err;
}

/* Takes a good cosignature. */
static void
take(struct ask *ask, const struct witness_result *result)
{
    struct ledger_witness_line *line = ask->line;
    if (result->base64_len >= sizeof(ask->signature)) {
        line->reply = WITNESS_NONSENSE;
        return;
    }
    memcpy(ask->signature, result->base64, result->base64_len);
    ask->signature[result->base64_len] = '\0';
    line->size = ask->question.head.size;
    line->time = result->time;
}

static void
judge(struct ask *ask, const struct post *post)
{
    struct ledger_witness_line *line = ask->line;
    char words[WITNESS_WORDS];
    const struct witness_answer answer = {
        .status = post->status,
        .type = post->type,
        .body = post->answer.data,
        .len = post->answer.len,
    };
    line->err = post->err;
    ask->is_open = false;
    if (post->err != OK) {
        (void)snprintf(line->words, sizeof(line->words), "no answer: %s", post->note.text);
        return;
    }
    struct witness_result result = witness_ask_judge(&ask->question, &answer);
    line->reply = result.reply;
    (void)text_copy(line->words, sizeof(line->words),
        witness_ask_words(&ask->question, &result, post->status, words));
    if (result.reply == WITNESS_COSIGNED) {
        take(ask, &result);
    } else if (result.reply == WITNESS_ASK) {
        ask->is_open = true;
        ask->question.old = result.size;
    } else if (result.reply == WITNESS_AHEAD || result.reply == WITNESS_FORKED) {
        line->is_alarm = true;
        line->size = result.reply == WITNESS_AHEAD ? result.size : ask->question.old;
    }
}

/* One question to each that is still open. */
static enum err
ask_all(struct asking *asking, struct note *note)
{
    struct post posts[POLICY_WITNESSES] = {{.url = NULL}};
    struct ask *asked[POLICY_WITNESSES];
    CLEANUP(buf_release) struct buf urls;
    size_t count = 0;
    enum err err = OK;
    buf_init(&urls, (size_t)POLICY_WITNESSES * URL);
    size_t starts[POLICY_WITNESSES];
    for (size_t i = 0; i < policy_of(asking)->witness_count && err == OK; i++) {
        struct ask *ask = &asking->asks[i];
        if (!ask->is_open) {
            continue;
        }
        err = write_body(asking, ask, note);
        starts[count] = urls.len;
        const char *url = ask->witness->url;
        buf_format(&urls, "%s%sadd-checkpoint", url, text_ends(url, "/") ? "" : "/");
        buf_byte(&urls, '\0');
        asked[count++] = ask;
    }
    err = err == OK ? buf_error(&urls) : err;
    for (size_t i = 0; i < count; i++) {
        posts[i] = (struct post){
            .url = urls.data + starts[i],
            .body = &asked[i]->body,
            .authorities = asking->round->authorities,
            .seconds = asking->round->seconds,
        };
        buf_init(&posts[i].answer, SIGNEDNOTE_LIMIT / 2);
    }
    err = err == OK ? post_all(posts, count, asking->round->may_go_on) : err;
    for (size_t i = 0; i < count; i++) {
        if (err == OK) {
            judge(asked[i], &posts[i]);
        }
        buf_release(&posts[i].answer);
    }
    return err;
}

/* A checkpoint that this ledger's own key signed, and that this ledger does not continue. */
static bool
is_proof(struct asking *asking, const struct buf *bytes)
{
    struct checkpoint other;
    struct merkle_hash root;
    if (read_signed(asking, bytes, NULL, &other) != OK) {
        return false;
    }
    return other.head.size > asking->round->checkpoint.head.size ||
           (root_at(asking, other.head.size, &root, NULL) == OK &&
               !merkle_equal(&root, &other.head.root));
}

/* Anybody can say "fork": it is asked for the checkpoint that it has. */
static void
ask_for_proof(struct asking *asking, struct ask *ask)
{
    char url[URL];
    char name[WITNESS_NAME];
    const char *base = ask->witness->url;
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, LEDGER_WITNESS_PATH);
    (void)snprintf(url, sizeof(url), "%s%s%s/checkpoint", base, text_ends(base, "/") ? "" : "/",
        witness_name(asking->log.name, name));
    struct post post = {
        .url = url,
        .authorities = asking->round->authorities,
        .seconds = asking->round->seconds,
    };
    buf_init(&post.answer, 2 * SIGNEDNOTE_LIMIT);
    put_path(asking, ask, ".proof", &path);
    bool is_shown = post_all(&post, 1, asking->round->may_go_on) == OK && post.err == OK &&
                    post.status == 200 && is_proof(asking, &post.answer) &&
                    file_write(path.data, post.answer.data, post.answer.len, 0600, NULL) == OK;
    if (is_shown) {
        ask->line->is_proven = true;
        (void)text_copy(ask->line->proof, sizeof(ask->line->proof), path.data);
    }
    buf_release(&post.answer);
}

/* The checkpoint and one more line. */
static void
put_line(struct buf *out, const struct ask *ask)
{
    buf_format(out, "\u2014 %s %s\n", ask->witness->key.name, ask->signature);
}

static enum err
remember(const struct asking *asking, const struct ask *ask, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&path, LEDGER_WITNESS_PATH);
    buf_init(&bytes, 2 * SIGNEDNOTE_LIMIT);
    put_path(asking, ask, "", &path);
    buf_add(&bytes, asking->checkpoint.data, asking->checkpoint.len);
    put_line(&bytes, ask);
    enum err err = buf_error(&path) == OK ? buf_error(&bytes) : ERR_LIMIT;
    return err == OK ? file_write(path.data, bytes.data, bytes.len, 0600, note) : err;
}

/* Puts everything together; enough of them make the witnessed checkpoint. */
static enum err
merge(struct asking *asking, struct note *note)
{
    struct ledger_witness_round *round = asking->round;
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&path, LEDGER_WITNESS_PATH);
    buf_init(&bytes, 2 * SIGNEDNOTE_LIMIT);
    buf_add(&bytes, asking->checkpoint.data, asking->checkpoint.len);
    enum err err = OK;
    for (size_t i = 0; i < round->policy->witness_count && err == OK; i++) {
        const struct ask *ask = &asking->asks[i];
        round->is_alarm = round->is_alarm || ask->line->is_alarm;
        if (ask->line->err == OK && ask->line->reply == WITNESS_COSIGNED) {
            round->cosigned |= UINT32_C(1) << i;
            put_line(&bytes, ask);
            err = remember(asking, ask, note);
        }
    }
    bool is_met = policy_is_met(round->policy, round->cosigned);
    if (err == OK && is_met) {
        buf_format(&path, "%s/log/checkpoint", round->folder);
        bool is_ledger = buf_error(&path) == OK && access(path.data, F_OK) == 0;
        buf_clear(&path);
        buf_format(&path, "%s/%s" WITNESSED, round->folder, is_ledger ? "log/" : "");
        err = buf_error(&path) == OK ? buf_error(&bytes) : ERR_LIMIT;
        err = err == OK ? file_write(path.data, bytes.data, bytes.len, 0644, note) : err;
    }
    round->is_met = err == OK && is_met;
    return err;
}

static enum err
begin(struct ledger_witness_round *round, struct asking **ret_asking, struct note *note)
{
    struct asking *asking = calloc(1, sizeof(*asking));
    if (asking == NULL) {
        return ERR_MEMORY;
    }
    memset(round->lines, 0, sizeof(round->lines));
    round->cosigned = 0;
    round->is_met = false;
    round->is_alarm = false;
    asking->round = round;
    enum err err = start(asking, note);
    if (err != OK) {
        finish(asking);
        return err;
    }
    *ret_asking = asking;
    return OK;
}

static enum err
run_once(struct ledger_witness_round *round, struct note *note)
{
    struct asking *asking = NULL;
    enum err err = begin(round, &asking, note);
    if (err != OK) {
        return err;
    }
    err = open_asks(asking, note);
    for (unsigned i = 0; i < TRIES && err == OK; i++) {
        err = ask_all(asking, note);
    }
    for (size_t i = 0; i < round->policy->witness_count && err == OK; i++) {
        if (round->lines[i].is_alarm && !round->lines[i].is_proven) {
            ask_for_proof(asking, &asking->asks[i]);
        }
    }
    err = err == OK ? merge(asking, note) : err;
    finish(asking);
    return err;
}

enum err
ledger_witness_round_look(struct ledger_witness_round *round, struct note *note)
{
    struct asking *asking = NULL;
    enum err err = begin(round, &asking, note);
    if (err == OK) {
        finish(asking);
    }
    return err;
}

/* Another submit may have been quicker with a newer checkpoint than the one that was read here. */
static enum err
run_locked(struct ledger_witness_round *round, struct note *note)
{
    enum err err = run_once(round, note);
    if (err != OK || !round->is_alarm) {
        return err;
    }
    struct ledger_witness_round now = *round;
    const uint64_t size = round->checkpoint.head.size;
    err = ledger_witness_round_look(&now, note);
    return err == OK && now.checkpoint.head.size > size ? run_once(round, note) : err;
}

enum err
ledger_witness_round_run(struct ledger_witness_round *round, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, LEDGER_WITNESS_PATH);
    buf_format(&path, "%s/witness", round->folder);
    enum err err = buf_error(&path);
    err = err == OK ? file_make_folder(path.data, note) : err;
    buf_text(&path, "/lock");
    int lock = err == OK && buf_error(&path) == OK
                   ? open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                   : -1;
    if (lock < 0 || flock(lock, LOCK_EX) != 0) { /* the other one's time-outs end the wait */
        if (err == OK) {
            note_set(note, "%.200s: %s", path.data, strerror(errno));
            err = ERR_IO;
        }
    } else {
        err = run_locked(round, note);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    return err;
}

void
ledger_witness_round_mark(
    const struct ledger_witness_round *round, size_t witness, struct buf *ret_path)
{
    char text[VKEY_TEXT];
    char name[WITNESS_NAME];
    buf_format(ret_path, "%s/witness/%s.alarm", round->folder,
        witness_name(vkey_text(&round->policy->witnesses[witness].key, text), name));
}
