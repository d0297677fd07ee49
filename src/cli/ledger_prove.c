/* gatehouse ledger prove: a file that proves an entry to somebody who has nothing else. */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "ledger/event.h"
#include "ledger/proof.h"
#include "ledger/retention.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 10000

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_OUTPUT,
    OPTION_ENTRY,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"output", 0, "FILE", "where the proof goes (default: INDEX.tlog-proof)"},
    {"entry",  0, "FILE", "where the entry goes (default: INDEX.json)"      },
};

static const struct cli_manual manual = {
    .usage = "ledger prove [OPTION]... INDEX",
    .about =
        "Writes the entry with that number, and a proof that it is in the log (C2SP tlog-proof):\n"
        "the hashes that lead from it to the signed checkpoint, with the cosignatures of "
        "witnesses\n"
        "where they cover it. Whoever has the log's public key can check both without the log:\n"
        "`gatehouse ledger verify-proof`. That an entry was read is an event of the ledger "
        "itself;\n"
        "a copy of a log (only log/) can't record that, and says so.\n"
        "Exit status: 0 written; 2 not; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger prove 73894 --output view.tlog-proof --entry view.json\n",
};

struct request {
    const char *ledger, *keys, *output, *entry;
    uint64_t index;
};

/* Durable before anything is handed out. */
static enum err
record_reading(const struct request *request, const char *folder, struct note *note)
{
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf journal;
    struct client *client = NULL;
    buf_init(&event, EVENT_LIMIT);
    buf_init(&journal, 4096);
    buf_format(&journal, "%s/journal", folder);
    if (access(journal.data, F_OK) != 0) {
        (void)fputs("gatehouse: a copy of a log: that it is read is not recorded\n", stderr);
        return OK;
    }
    enum err err = ledger_user_event(EVENT_LEDGER_READ, NULL,
        json_pack("{s:s, s:I}", "kind", "proof", "index", (json_int_t)request->index), &event,
        note);
    if (err == OK) {
        err = ledger_connect(folder, request->keys, &client, note);
    }
    if (err == OK) {
        err = client_append_wait(client, &event, ANSWER_MS, NULL, note);
        ledger_disconnect(client);
    }
    return err;
}

/* The leaf's proof is checked before it is given away: what the files say is not believed. */
static enum err
check_own(const struct proof *proof, const uint8_t *entry, size_t len, struct note *note)
{
    struct signednote signed_note;
    struct checkpoint checkpoint;
    struct merkle_hash leaf;
    enum err err = signednote_parse(proof->checkpoint, proof->checkpoint_len, &signed_note, note);
    if (err == OK) {
        err = checkpoint_parse(signed_note.text, signed_note.text_len, &checkpoint, note);
    }
    struct merkle *merkle = err == OK ? merkle_new() : NULL;
    if (merkle == NULL) {
        return err == OK ? ERR_MEMORY : err;
    }
    merkle_leaf(merkle, entry, len, &leaf);
    err = merkle_check_inclusion(merkle, &proof->path, proof->index, &leaf, &checkpoint.head);
    merkle_free(merkle);
    if (err != OK) {
        note_set(note,
            "entry %" PRIu64 " does not lead to the checkpoint: the log is damaged; "
            "`gatehouse ledger verify` says where",
            proof->index);
    }
    return err;
}

static enum err
make(const struct request *request, struct tree *tree, struct buf *proof_text,
    struct buf *entry_text, struct note *note)
{
    CLEANUP(buf_release) struct buf checkpoint;
    struct proof proof;
    const uint8_t *entry = NULL;
    size_t len = 0;
    buf_init(&checkpoint, TREE_CHECKPOINT);
    enum err err = retention_entry(tree, request->index, note);
    err = err == OK ? proof_make(tree, request->index, &checkpoint, &proof, note) : err;
    if (err == OK) {
        /* Any size that covers the entry finds its bundle; the full one stands in for a partial. */
        struct signednote signed_note;
        struct checkpoint head;
        err = signednote_parse(checkpoint.data, checkpoint.len, &signed_note, note);
        if (err == OK) {
            err = checkpoint_parse(signed_note.text, signed_note.text_len, &head, note);
        }
        if (err == OK) {
            err = tree_entry(tree, request->index, head.head.size, &entry, &len, note);
        }
    }
    if (err == OK) {
        err = check_own(&proof, entry, len, note);
    }
    if (err == OK) {
        proof_put(proof_text, &proof);
        buf_add(entry_text, entry, len);
        err = buf_error(proof_text);
    }
    return err == OK ? buf_error(entry_text) : err;
}

static enum err
write_both(const struct request *request, const struct buf *proof, const struct buf *entry,
    struct note *note)
{
    char names[2][48];
    (void)snprintf(names[0], sizeof(names[0]), "%" PRIu64 ".tlog-proof", request->index);
    (void)snprintf(names[1], sizeof(names[1]), "%" PRIu64 ".json", request->index);
    const char *output = request->output == NULL ? names[0] : request->output;
    const char *file = request->entry == NULL ? names[1] : request->entry;
    enum err err = file_write(output, proof->data, proof->len, 0644, note);
    if (err == OK) {
        err = file_write(file, entry->data, entry->len, 0600, note);
    }
    if (err == OK) {
        (void)printf(
            "Entry %" PRIu64 " is in %s, its proof in %s.\n", request->index, file, output);
    }
    return err;
}

static enum err
prove(const struct request *request, struct note *note)
{
    CLEANUP(buf_release) struct buf folder;
    CLEANUP(buf_release) struct buf proof;
    CLEANUP(buf_release) struct buf entry;
    struct tree *tree = NULL;
    buf_init(&folder, 4096);
    buf_init(&proof, PROOF_LIMIT);
    buf_init(&entry, TILE_ENTRY);
    enum err err = ledger_folder_find(request->ledger, &folder, note);
    if (err == OK) {
        err = tree_open(folder.data, &tree, note);
    }
    if (err != OK) {
        return err;
    }
    err = make(request, tree, &proof, &entry, note);
    tree_close(tree);
    if (err == OK) {
        err = record_reading(request, folder.data, note);
    }
    return err == OK ? write_both(request, &proof, &entry, note) : err;
}

static void
take_option(struct request *request, int option, const char *value)
{
    switch (option) {
    case OPTION_LEDGER:
        request->ledger = value;
        break;
    case OPTION_KEYS:
        request->keys = value;
        break;
    case OPTION_OUTPUT:
        request->output = value;
        break;
    default:
        request->entry = value;
        break;
    }
}

int
ledger_prove(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.ledger = NULL};
    struct note note = {""};
    const char *value = NULL;
    int option;
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        take_option(&request, option, value);
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand != 1) {
        return cli_usage(&line, "ledger prove: give the number of one entry");
    }
    if (text_to_u64(argv[line.operand], INT64_MAX, &request.index) != OK) {
        return cli_usage(
            &line, "ledger prove: %s is not the number of an entry", argv[line.operand]);
    }
    enum err err = secret_start();
    if (err == OK) {
        err = prove(&request, &note);
    }
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}
