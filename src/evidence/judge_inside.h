/* What the parts of judge share. */
#pragma once

#include "evidence/judge.h"
#include "ledger/proof.h"

#define JUDGE_SHOWN 200 /* bytes of a text of a package, on a line */

struct judging {
    struct judge *judge;
    struct package *package;
    const struct judge_given *given;
    uint8_t manifest_sha256[32];
    struct buf vkey; /* text of evidence.vkey, trimmed */
    struct vkey own; /* the package's log.vkey */
    bool has_own;
    enum err fault; /* of this machine, not of the package: no verdict */
    struct note fault_words;
    bool has_digest, has_export; /* an export with a digest; one with the clip's */
    bool has_whole;              /* one with the clip's that left as a whole */
    bool *used; /* by number of the package's file: it opened something; NULL: none did */
    enum judge_state said; /* the best of those with the clip's: what they say of its origin */
};

/* The worse state stays: none, holds, weak, broken. */
void judge_set(struct judging *judging, enum judge_name name, enum judge_state state);
/* A line below a claim; cleaned, so that nothing of a package moves a terminal's cursor. */
void judge_say(struct judging *judging, enum judge_name name, const char *format, ...) PRINTF(3, 4);
/* Both. */
#define judge_tell(judging, name, state, ...)                                                      \
    do {                                                                                           \
        judge_set(judging, name, state);                                                           \
        judge_say(judging, name, __VA_ARGS__);                                                     \
    } while (0)

/*
 * Whether that is a fault of the machine that judges (ERR_IO, ERR_MEMORY): it is kept, and ends the
 * judging without a verdict.
 */
bool judge_fault(struct judging *judging, enum err err, const struct note *why);

void judge_files(struct judging *judging);
/* The clip that lies elsewhere. */
enum err judge_clip_elsewhere(struct judging *judging, struct note *note) MUST_CHECK;
/*
 * Hashes the clip and looks for signatures of the camera at the same time. ERR_UNSUPPORTED: there
 * is no place to unpack it, the note says why.
 */
enum err judge_clip_stream(struct judging *judging, const char *name, uint8_t ret_sha256[32],
    struct note *note) MUST_CHECK;
/* Compares the clip's hash with the manifest's. */
void judge_clip_digest(struct judging *judging, const uint8_t sha256[32], const char *where);
void judge_clip_nowhere(struct judging *judging);
void judge_keys(struct judging *judging);
void judge_events(struct judging *judging);
void judge_time(struct judging *judging);
/* judge_opened.c: puts into a proven event what the package opens of it, and says what stays. */
void judge_opened(struct judging *judging, uint64_t index, const json_t *event);
/* When all events are judged: openings of nothing. */
void judge_opened_rest(struct judging *judging);
/* Whether time/ has a request or an answer of that number, which is one that is judged. */
bool judge_has_stamp(const struct judging *judging, uint64_t number);
