/* What a witness's answer means for the ledger that asked. */
#include "ledger/witness_ask.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SIZE_TYPE "text/x.tlog.size"

/* The text that was asked about, with the answer's lines as its signatures. */
static bool
join(const struct witness_question *question, const struct witness_answer *answer,
    struct buf *ret_note)
{
    struct signednote note;
    if (signednote_parse(question->checkpoint->data, question->checkpoint->len, &note, NULL) !=
        OK) {
        return false;
    }
    buf_add(ret_note, note.text, note.text_len);
    buf_byte(ret_note, '\n');
    buf_add(ret_note, answer->body, answer->len);
    return buf_error(ret_note) == OK;
}

/* Where the answer itself has the line, which outlives the joined note. */
static void
point_into(const struct witness_answer *answer, const struct signednote_line *line,
    struct witness_result *result)
{
    result->base64 = memmem(answer->body, answer->len, line->base64, line->base64_len);
    result->base64_len = line->base64_len;
}

static void
judge_cosignature(const struct witness_question *question, const struct witness_answer *answer,
    struct witness_result *result)
{
    struct signednote note;
    CLEANUP(buf_release) struct buf joined;
    buf_init(&joined, SIGNEDNOTE_LIMIT);
    result->reply = WITNESS_NONSENSE;
    if (!join(question, answer, &joined) ||
        signednote_parse(joined.data, joined.len, &note, NULL) != OK ||
        signednote_verify(&note, question->witness, &result->time) != OK) {
        return;
    }
    for (size_t i = 0; i < note.count; i++) {
        const struct signednote_line *line = &note.lines[i];
        if (text_equal(line->name, question->witness->name) &&
            memcmp(line->id, question->witness->id, VKEY_ID) == 0) {
            point_into(answer, line, result);
        }
    }
    uint64_t apart =
        result->time > question->now ? result->time - question->now : question->now - result->time;
    result->reply = result->base64 == NULL  ? WITNESS_NONSENSE
                    : apart > WITNESS_CLOCK ? WITNESS_CLOCKED
                                            : WITNESS_COSIGNED;
}

/* The size in a 409, a decimal and a line end. */
static bool
read_size(const struct witness_answer *answer, uint64_t *ret_size)
{
    char digits[24];
    size_t len = answer->len;
    if (!text_starts(answer->type, SIZE_TYPE) || len < 2 || len > sizeof(digits) ||
        answer->body[len - 1] != '\n' || memchr(answer->body, '\0', len) != NULL ||
        (answer->body[0] == '0' && len != 2)) {
        return false;
    }
    memcpy(digits, answer->body, len - 1);
    digits[len - 1] = '\0';
    return text_to_u64(digits, UINT64_MAX, ret_size) == OK;
}

static enum witness_reply
judge_conflict(const struct witness_question *question, const struct witness_answer *answer,
    uint64_t *ret_size)
{
    if (!read_size(answer, ret_size)) {
        return WITNESS_NONSENSE;
    }
    if (*ret_size > question->head.size) {
        return WITNESS_AHEAD;
    }
    if (*ret_size != question->old) {
        return WITNESS_ASK;
    }
    /* It agrees on the size and refuses: only another root of the same size is that. */
    return question->old == question->head.size ? WITNESS_FORKED : WITNESS_NONSENSE;
}

struct witness_result
witness_ask_judge(const struct witness_question *question, const struct witness_answer *answer)
{
    struct witness_result result = {.reply = WITNESS_REFUSED};
    switch (answer->status) {
    case 200:
        judge_cosignature(question, answer, &result);
        break;
    case 409:
        result.reply = judge_conflict(question, answer, &result.size);
        break;
    case 422: /* there is nothing to prove from an empty tree */
        result.reply = question->old == 0 ? WITNESS_NONSENSE : WITNESS_FORKED;
        break;
    default:
        break;
    }
    return result;
}

static const char *
refusal(int status)
{
    static const struct {
        int status;
        const char *words;
    } rows[] = {
        {400, "it found the request malformed"                                   },
        {403, "it knows another key of this log; give it the key of log/log.vkey"},
        {404, "it does not witness this log, or nothing is behind this address"  },
        {413, "the checkpoint is too long for it"                                },
        {500, "it is broken: what it stored of this log can't be read"           },
        {502, "the proxy in front of it does not reach it"                       },
        {503, "it can't store anything now"                                      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].status == status) {
            return rows[i].words;
        }
    }
    return "its answer means nothing to a log";
}

const char *
witness_ask_words(const struct witness_question *question, const struct witness_result *result,
    int status, char out[WITNESS_WORDS])
{
    const uint64_t size = question->head.size;
    int done = 0;
    switch (result->reply) {
    case WITNESS_COSIGNED:
        done = snprintf(out, WITNESS_WORDS, "cosigned %" PRIu64 " entries", size);
        break;
    case WITNESS_ASK:
        done = snprintf(out, WITNESS_WORDS, "it cosigned %" PRIu64 " entries last", result->size);
        break;
    case WITNESS_AHEAD:
        done = snprintf(out, WITNESS_WORDS,
            "it has cosigned %" PRIu64 " entries of this log, which has only %" PRIu64
            ": entries were taken back, or there are two histories",
            result->size, size);
        break;
    case WITNESS_FORKED:
        done = snprintf(out, WITNESS_WORDS,
            "it holds another history: its first %" PRIu64 " entries are not those of this log",
            question->old);
        break;
    case WITNESS_REFUSED:
        done = snprintf(out, WITNESS_WORDS, "refused (HTTP %d): %s", status, refusal(status));
        break;
    case WITNESS_CLOCKED:
        done = snprintf(out, WITNESS_WORDS,
            "its clock and ours are %" PRId64 " s apart, so its cosignature does not count",
            (int64_t)(result->time - question->now));
        break;
    case WITNESS_NONSENSE:
        done = snprintf(out, WITNESS_WORDS, "HTTP %d, but not as a witness answers", status);
        break;
    }
    (void)done;
    return out;
}
