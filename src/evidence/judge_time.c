/* The time-stamps of a package: before which time its manifest existed, and on whose word. */
#include "base/clock.h"
#include "evidence/judge_inside.h"
#include "evidence/stamp.h"
#include "ledger/event.h"

#include <inttypes.h>
#include <stdio.h>

bool
judge_has_stamp(const struct judging *judging, uint64_t number)
{
    static const char *const ends[] = {".tsq", ".tsr"};
    char name[PACKAGE_NAME];
    uint64_t bytes = 0;
    for (size_t i = 0; i < COUNT(ends) && number < PACKAGE_STAMPS; i++) {
        (void)package_numbered(PACKAGE_TIME, number, ends[i], name);
        if (package_size(judging->package, name, &bytes) == OK) {
            return true;
        }
    }
    return false;
}

/* A file of time/; NULL: it is not there. */
static const char *
read_part(struct judging *judging, uint64_t number, const char *end, struct buf *bytes)
{
    char name[PACKAGE_NAME];
    struct note why = {""};
    (void)package_numbered(PACKAGE_TIME, number, end, name);
    enum err err = package_read(judging->package, name, bytes, &why);
    (void)judge_fault(judging, err, &why);
    /* What is too large is an answer all the same, and no good one. */
    return err == ERR_MISSING ? NULL : bytes->data;
}

static enum judge_state
worth(enum stamp_state state)
{
    switch (state) {
    case STAMP_GOOD:
        return JUDGE_HOLDS;
    case STAMP_UNTRUSTED:
    case STAMP_PENDING:
    case STAMP_REFUSED:
        return JUDGE_WEAK;
    case STAMP_WRONG_IMPRINT:
    case STAMP_WRONG_NONCE:
    case STAMP_EXPIRED:
    case STAMP_WRONG_SIGNER:
    case STAMP_BROKEN:
        break;
    }
    return JUDGE_BROKEN;
}

/* The files that a verdict is about. */
static const char *
stamp_files(const struct stamp_given *given, uint64_t number, char out[2 * PACKAGE_NAME + 8])
{
    char request[PACKAGE_NAME], answer[PACKAGE_NAME];
    (void)package_numbered(PACKAGE_TIME, number, ".tsq", request);
    (void)package_numbered(PACKAGE_TIME, number, ".tsr", answer);
    (void)snprintf(out, 2 * PACKAGE_NAME + 8, "%s%s%s", given->answer == NULL ? "" : answer,
        given->answer == NULL || given->request == NULL ? "" : " for ",
        given->request == NULL ? "" : request);
    return out;
}

static void
say_stamp(struct judging *judging, const char *files, const struct stamp_verdict *verdict,
    const char *own)
{
    char time[EVENT_TIME], accuracy[48] = "";
    if (verdict->time == INT64_MIN) {
        judge_say(judging, JUDGE_TIME, "%s: %s: %s", files, stamp_state_text(verdict->state),
            verdict->why.text);
        return;
    }
    if (verdict->accuracy_ms >= 0) {
        (void)snprintf(
            accuracy, sizeof(accuracy), " (within %" PRId64 " ms)", verdict->accuracy_ms);
    }
    judge_say(judging, JUDGE_TIME, "%s: %s: existed by %s%s, says %s; %s%s", files,
        stamp_state_text(verdict->state), event_time_text(verdict->time, time), accuracy,
        verdict->signer, verdict->why.text, own);
}

/* What a maker left for whoever asks again: nothing that was signed is over it. */
static void
say_unsigned(struct judging *judging, uint64_t number)
{
    static const char *const ends[] = {".url", ".pem"};
    char name[PACKAGE_NAME];
    uint64_t bytes = 0;
    for (size_t i = 0; i < COUNT(ends); i++) {
        (void)package_numbered(PACKAGE_TIME, number, ends[i], name);
        if (package_size(judging->package, name, &bytes) == OK) {
            judge_say(judging, JUDGE_TIME, "%s: the maker's, and nothing vouches for it", name);
        }
    }
}

/* With the roots that were given; else by the package's own certificate, which is weak. */
static enum judge_state
judge_stamp(struct judging *judging, uint64_t number)
{
    CLEANUP(buf_release) struct buf request;
    CLEANUP(buf_release) struct buf answer;
    CLEANUP(buf_release) struct buf root;
    struct stamp_verdict verdict;
    struct stamp_given given = {.sha256 = judging->manifest_sha256};
    char files[2 * PACKAGE_NAME + 8];
    buf_init(&request, STAMP_LIMIT);
    buf_init(&answer, STAMP_LIMIT);
    buf_init(&root, STAMP_LIMIT);
    given.request = read_part(judging, number, ".tsq", &request);
    given.request_len = request.len;
    given.answer = read_part(judging, number, ".tsr", &answer);
    given.answer_len = answer.len;
    given.roots = judging->given->roots;
    const char *own = "";
    if (given.roots == NULL && read_part(judging, number, ".pem", &root) != NULL) {
        struct stamp_given by_own = given;
        by_own.roots = root.data;
        stamp_check(&by_own, &verdict);
        own = verdict.state == STAMP_GOOD
                  ? "; the package brings that authority's certificate itself"
                  : "";
    }
    stamp_check(&given, &verdict);
    say_stamp(judging, stamp_files(&given, number, files), &verdict, own);
    say_unsigned(judging, number);
    if (verdict.state == STAMP_GOOD && verdict.time > clock_wall() + CLOCK_DAY) {
        judge_say(judging, JUDGE_TIME, "%s: its time is in the future", files);
        return JUDGE_WEAK;
    }
    return worth(verdict.state);
}

void
judge_time(struct judging *judging)
{
    unsigned counts[JUDGE_BROKEN + 1] = {0};
    bool has_any = false;
    for (uint64_t number = 0; number < PACKAGE_STAMPS; number++) {
        if (judge_has_stamp(judging, number)) {
            counts[judge_stamp(judging, number)]++;
            has_any = true;
        }
    }
    /* One authority that is believed is enough; another that has not answered takes nothing away.
     */
    judge_set(judging, JUDGE_TIME,
        counts[JUDGE_BROKEN] != 0  ? JUDGE_BROKEN
        : counts[JUDGE_HOLDS] != 0 ? JUDGE_HOLDS
                                   : JUDGE_WEAK);
    if (!has_any) {
        judge_say(judging, JUDGE_TIME, "there is none in the package");
    }
}
