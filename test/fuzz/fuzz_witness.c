/* Requests to a witness; the same bytes as its answer to a log. */
#include "ledger/witness_ask.h"

#include <string.h>

#define LOG "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vkey log;
    static struct merkle *merkle;
    if (merkle == NULL) {
        merkle = merkle_new();
        assert(merkle != NULL && vkey_parse(LOG, &log) == OK);
    }
    const struct witness_trust trust = {&log, 1};
    struct witness_request request;
    enum witness_verdict verdict = witness_read((const char *)data, size, &trust, &request);
    if (verdict != WITNESS_MALFORMED) { /* whoever signed it: the rest must hold, too */
        struct merkle_head past = {.size = request.old};
        assert(request.path.count <= WITNESS_PROOF && request.note_len <= SIGNEDNOTE_LIMIT);
        (void)!witness_judge(merkle, &request, &past);
        (void)!witness_judge(merkle, &request, NULL);
    }
    static const int statuses[] = {200, 409, 422};
    char checkpoint[] = "example.com/foo\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
                        "\u2014 x AAAAAAA=\n";
    const struct buf note = {.data = checkpoint, .len = sizeof(checkpoint) - 1};
    const struct witness_question question = {
        .witness = &log, .old = 3, .head = {.size = 5}, .checkpoint = &note};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        char words[WITNESS_WORDS];
        const struct witness_answer answer = {
            statuses[i], "text/x.tlog.size", (const char *)data, size};
        struct witness_result result = witness_ask_judge(&question, &answer);
        assert(strlen(witness_ask_words(&question, &result, statuses[i], words)) != 0);
    }
    return 0;
}
