/* gatehouse ledger verify-proof: checks a proof of an entry, without the log. */
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_verdict.h"
#include "cli/ledger_vkey.h"
#include "ledger/proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_SHOWN 4096

enum {
    OPTION_ENTRY,
    OPTION_KEY,
    OPTION_POLICY,
    OPTION_QUIET,
};

static const struct cli_option options[] = {
    {"entry",  0, "FILE", "the entry that the proof is about"                        },
    {"key",    0, "VKEY", "the log's public key, or a file that holds it"            },
    {"policy", 0, "FILE", "logs that are believed, witnesses that must have cosigned"},
    {"quiet",  0, NULL,   "print nothing; the exit status is the answer"             },
};

static const struct cli_manual manual = {
    .usage = "ledger verify-proof --entry FILE --key VKEY [--policy FILE] PROOF",
    .about = "Checks offline that an entry is in a log: by the log's public key, by a policy that "
             "names\n"
             "logs and witnesses (tlog-policy), or by both; nothing else is believed. The entry "
             "must be\n"
             "the very bytes, as `gatehouse ledger prove` writes them.\n"
             "Exit status: 0 proven; 1 not; 2 could not be read; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger verify-proof view.tlog-proof --entry view.json --key log.vkey\n",
};

struct request {
    const char *proof, *entry, *key, *policy;
    bool quiet;
};

/* What was read for it. */
struct given {
    struct vkey key;
    struct policy *policy;
    struct buf proof, entry;
};

static enum err
read_given(const struct request *request, struct given *given, struct note *note)
{
    enum err err = file_read(request->proof, &given->proof, note);
    if (err == OK) {
        err = file_read(request->entry, &given->entry, note);
    }
    if (err == OK && request->key != NULL) {
        err = ledger_vkey(request->key, &given->key, note);
    }
    if (err == OK && request->policy != NULL) {
        err = policy_read(request->policy, &given->policy, note);
    }
    return err;
}

static void
print_witnesses(const struct policy *policy, const struct policy_verdict *verdict)
{
    const char *label = "Witnesses";
    for (size_t i = 0; i < policy->witness_count; i++) {
        char name[VKEY_NAME], time[CLOCK_TEXT];
        if ((verdict->cosigned >> i & 1U) == 0) {
            continue;
        }
        text_clean(
            name, sizeof(name), policy->witnesses[i].name, strlen(policy->witnesses[i].name));
        int64_t seconds =
            verdict->times[i] > INT32_MAX * UINT64_C(100) ? INT64_C(0) : (int64_t)verdict->times[i];
        (void)printf("  %-10s  %s saw this log, of this size, at %s\n", label, name,
            seconds == 0 ? "a time out of range" : clock_text(seconds * 1000, time));
        label = "";
    }
    (void)printf("  %-10s  the policy's quorum is met\n", "");
}

static void
print_proven(
    const struct given *given, const struct proof *proof, const struct proof_verdict *verdict)
{
    static char entry[ENTRY_SHOWN];
    char size[LEDGER_NUMBER], id[2 * VKEY_ID + 1];
    text_hex(id, verdict->log.id, VKEY_ID);
    text_clean(entry, sizeof(entry), given->entry.data, given->entry.len);
    (void)printf("\n PROVEN  this entry is the one at index %" PRIu64 " of the log %s\n\n",
        proof->index, verdict->log.name);
    (void)printf("  %-10s  %s%s\n", "Entry", entry,
        given->entry.len >= ENTRY_SHOWN ? " (the rest is not shown)" : "");
    (void)printf("  %-10s  %s entries when the checkpoint was signed\n", "Log",
        ledger_number(verdict->checkpoint.head.size, size));
    (void)printf("  %-10s  %s+%s\n", "Signed by", verdict->log.name, id);
    if (verdict->has_policy) {
        print_witnesses(given->policy, &verdict->policy);
    } else {
        (void)printf("  %-10s  none was asked for: the owner of the key alone vouches (--policy)\n",
            "Witnesses");
    }
    if (proof->extra != NULL) {
        (void)printf("  %-10s  the proof has an extra line, which nothing vouches for; not shown\n",
            "Extra");
    }
    (void)printf(
        "\nProven is that the log's key signed a log that has exactly this entry there, not\n"
        "that what the entry says is true.\n");
}

static int
check(const struct request *request, const struct given *given)
{
    struct proof proof;
    struct proof_verdict verdict;
    struct merkle_hash leaf;
    struct note note = {""};
    struct proof_trust trust = {.key = request->key == NULL ? NULL : &given->key};
    trust.policy = given->policy;
    enum err err = merkle_leaf_once(given->entry.data, given->entry.len, &leaf);
    if (err == OK) {
        err = proof_parse(given->proof.data, given->proof.len, &proof, &note);
    }
    if (err == OK) {
        err = proof_check(&proof, &leaf, &trust, &verdict, &note);
    }
    if (err == ERR_MEMORY) {
        return cli_fail_err(err, &note);
    }
    if (err != OK) {
        if (!request->quiet) {
            (void)printf("\n NOT PROVEN  %s\n", note.text);
        }
        return CLI_GAPS;
    }
    if (!request->quiet) {
        print_proven(given, &proof, &verdict);
    }
    return CLI_OK;
}

static int
verify_proof(const struct request *request)
{
    struct given given = {.policy = NULL};
    struct note note = {""};
    buf_init(&given.proof, PROOF_LIMIT);
    buf_init(&given.entry, TILE_ENTRY);
    enum err err = secret_start();
    if (err == OK) {
        err = read_given(request, &given, &note);
    }
    int status = err == OK ? check(request, &given) : cli_fail_err(err, &note);
    free(given.policy);
    buf_release(&given.proof);
    buf_release(&given.entry);
    return status;
}

int
ledger_verify_proof(int argc, char **argv)
{
    struct cli_line line;
    struct request request = {.proof = NULL};
    const char *value = NULL;
    int option;
    cli_line_init(&line, &manual, argc, argv);
    while ((option = cli_next(&line, &value)) >= 0) {
        if (option == OPTION_ENTRY) {
            request.entry = value;
        } else if (option == OPTION_KEY) {
            request.key = value;
        } else if (option == OPTION_POLICY) {
            request.policy = value;
        } else {
            request.quiet = true;
        }
    }
    if (option == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand != 1 || request.entry == NULL) {
        return cli_usage(&line, "ledger verify-proof: give one proof, and its entry with --entry");
    }
    if (request.key == NULL && request.policy == NULL) {
        return cli_usage(&line, "ledger verify-proof: whom to believe? give --key or --policy");
    }
    request.proof = argv[line.operand];
    return verify_proof(&request);
}
