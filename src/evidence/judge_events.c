/* Events of a package: that they are in the log, what they say of clip, package and clocks. */
#include "base/text.h"
#include "evidence/events.h"
#include "evidence/judge_inside.h"
#include "ledger/event.h"
#include "ledger/seal.h"

#include <inttypes.h>
#include <string.h>

#define CLOCK_APART 2000 /* ms that count as agreed */

/* An entry with its proof, by the folder and index in the package. */
struct entry {
    const char *folder;
    uint64_t index;
    enum judge_name claim; /* which it stands or falls with */
    struct buf bytes;
    struct merkle_hash leaf;
    json_t *json;
};

static void
note_witnesses(struct judging *judging, enum err err, const struct note *why)
{
    if (judging->given->policy == NULL || judge_fault(judging, err, why)) {
        return;
    }
    if (err == OK) {
        judge_set(judging, JUDGE_WITNESSES, JUDGE_HOLDS);
    } else {
        judge_tell(judging, JUDGE_WITNESSES, JUDGE_BROKEN, "%s", why->text);
    }
}

/* The log's key alone, so that a missing witness is told apart from a missing signature. */
static enum err
check_key(
    struct judging *judging, const struct proof *proof, const struct entry *entry, struct note *why)
{
    struct proof_verdict verdict;
    struct proof_trust trust = {.key = judging->given->key};
    if (trust.key == NULL) {
        if (!judging->has_own) {
            note_set(why, "there is no key of the log");
            return ERR_MISSING;
        }
        trust.key = &judging->own;
    }
    enum err err = proof_check(proof, &entry->leaf, &trust, &verdict, why);
    if (err == OK && !text_equal(verdict.checkpoint.origin, judging->judge->manifest.origin)) {
        note_set(why, "it is of another log than the manifest says");
        err = ERR_VALUE;
    }
    return err;
}

static enum err
check_proof(struct judging *judging, const struct entry *entry, struct note *why)
{
    CLEANUP(buf_release) struct buf bytes;
    char name[PACKAGE_NAME];
    struct proof proof;
    struct proof_verdict verdict;
    buf_init(&bytes, PROOF_LIMIT);
    (void)package_numbered(entry->folder, entry->index, ".tlog-proof", name);
    enum err err = package_read(judging->package, name, &bytes, why);
    if (err == OK) {
        err = proof_parse(bytes.data, bytes.len, &proof, why);
    }
    if (err == OK && proof.index != entry->index) {
        note_set(why, "its proof is of entry %" PRIu64, proof.index);
        err = ERR_VALUE;
    }
    if (err == OK) {
        err = check_key(judging, &proof, entry, why);
    }
    if (err == OK && judging->given->policy != NULL) {
        struct note words = {""};
        struct proof_trust trust = {.key = judging->given->key, .policy = judging->given->policy};
        note_witnesses(
            judging, proof_check(&proof, &entry->leaf, &trust, &verdict, &words), &words);
    }
    return err;
}

/* Reads and proves an entry; false: it falls, which was said. */
static bool
open_entry(struct judging *judging, struct entry *entry)
{
    char name[PACKAGE_NAME];
    char proof[PACKAGE_NAME] = "";
    struct note why = {""};
    struct event_facts facts;
    (void)package_numbered(entry->folder, entry->index, ".json", name);
    enum err err = package_read(judging->package, name, &entry->bytes, &why);
    if (err == OK) {
        err = merkle_leaf_once(entry->bytes.data, entry->bytes.len, &entry->leaf);
    }
    if (err == OK) {
        err = check_proof(judging, entry, &why);
        (void)package_numbered(entry->folder, entry->index, ".tlog-proof", proof);
    }
    if (err == OK) {
        proof[0] = '\0';
        err = event_check(entry->bytes.data, entry->bytes.len, true, &facts, &why);
    }
    if (err == OK) {
        entry->json = json_loadb(entry->bytes.data, entry->bytes.len, JSON_REJECT_DUPLICATES, NULL);
        err = entry->json == NULL ? ERR_SYNTAX : OK;
    }
    if (err != OK && !judge_fault(judging, err, &why)) {
        judge_tell(judging, entry->claim, JUDGE_BROKEN, "%s%s%s: %s", name,
            proof[0] == '\0' ? "" : " by ", proof, why.text[0] == '\0' ? err_words(err) : why.text);
    }
    return err == OK;
}

static void
close_entry(struct entry *entry)
{
    buf_release(&entry->bytes);
    json_decref(entry->json);
}

static const char *
member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text == NULL ? "" : text;
}

/* As people see it: of a sealed text its mark, of a long one its begin. */
static const char *
shown(const char *text, struct buf *words)
{
    buf_init(words, SEAL_OPENED);
    if (seal_show(NULL, "", text, strlen(text), words) == OK && words->len > JUDGE_SHOWN) {
        words->len = JUDGE_SHOWN;
        buf_text(words, "…");
    }
    return words->failed ? "?" : words->data;
}

/* What the manifest says against what the event says: a text, or one of a list of texts. */
static enum judge_state
compare_said(struct judging *judging, const struct entry *entry, const char *said, const char *name)
{
    const json_t *value = json_object_get(json_object_get(entry->json, "target"), name);
    if (events_target_says(entry->json, name, said)) {
        return JUDGE_HOLDS;
    }
    bool is_absent = !json_is_string(value) && json_array_size(value) == 0;
    judge_say(judging, JUDGE_SAID, "entry %" PRIu64 " says %s of target.%s: %.200s", entry->index,
        is_absent ? "nothing" : "something else", name, said);
    return is_absent ? JUDGE_WEAK : JUDGE_BROKEN;
}

/* Where the clip is from, by the manifest, against the export that it was. */
static void
compare_target(struct judging *judging, const struct entry *entry)
{
    const struct manifest *manifest = &judging->judge->manifest;
    const struct {
        const char *said, *name;
    } rows[] = {
        {manifest->camera, "cameras"},
        {manifest->vms,    "vms"    },
        {manifest->from,   "from"   },
        {manifest->to,     "to"     },
    };
    enum judge_state worst = JUDGE_NONE;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].said != NULL) {
            enum judge_state state = compare_said(judging, entry, rows[i].said, rows[i].name);
            worst = state > worst ? state : worst;
        }
    }
    if (judging->said == JUDGE_NONE || worst < judging->said) {
        judging->said = worst;
    }
}

/* An export's digest against the clip's. */
static void
compare_export(struct judging *judging, const struct entry *entry)
{
    char wanted[65];
    const char *digest = events_export_digest(entry->json);
    if (digest == NULL || judging->judge->manifest.clip == NULL) {
        return;
    }
    text_hex(wanted, judging->judge->manifest.clip_sha256, 32);
    judging->has_digest = true;
    if (text_equal(digest, wanted)) {
        CLEANUP(buf_release) struct buf words;
        const char *user = shown(member(json_object_get(entry->json, "actor"), "user"), &words);
        bool is_whole = events_is_whole(entry->json);
        judging->has_export = true;
        judging->has_whole = judging->has_whole || is_whole;
        judge_say(judging, JUDGE_EXPORT, "entry %" PRIu64 ": exported by %s at %s%s", entry->index,
            user, member(entry->json, "time"), is_whole ? "" : ", a part, or not said to be whole");
        compare_target(judging, entry);
    }
}

static void
compare_clock(struct judging *judging, const struct entry *entry)
{
    const char *quality = member(entry->json, "time_quality");
    if (quality[0] != '\0') {
        judge_tell(judging, JUDGE_CLOCKS, JUDGE_WEAK,
            "entry %" PRIu64 ": the ledger's clock was %s", entry->index, quality);
    }
}

static void
judge_event(struct judging *judging, const struct manifest_event *event)
{
    struct entry entry = {
        .folder = PACKAGE_EVENTS, .index = event->index, .claim = JUDGE_EVENTS, .json = NULL};
    buf_init(&entry.bytes, TILE_ENTRY);
    if (open_entry(judging, &entry)) {
        if (memcmp(entry.leaf.bytes, event->leaf, sizeof(event->leaf)) != 0 ||
            !text_equal(member(entry.json, "id"), event->id)) {
            judge_tell(judging, JUDGE_EVENTS, JUDGE_BROKEN,
                "entry %" PRIu64 " is in the log, and is not the one that the manifest names",
                event->index);
        } else {
            judge_tell(judging, JUDGE_EVENTS, JUDGE_HOLDS, "entry %" PRIu64 ": %s at %s",
                event->index, member(entry.json, "action"), member(entry.json, "time"));
            judge_opened(judging, event->index, entry.json);
            compare_export(judging, &entry);
            compare_clock(judging, &entry);
        }
    }
    close_entry(&entry);
}

static void
say_made(struct judging *judging, const struct entry *entry)
{
    CLEANUP(buf_release) struct buf user;
    CLEANUP(buf_release) struct buf account;
    const char *by = shown(member(json_object_get(entry->json, "actor"), "user"), &user);
    const char *of = shown(member(json_object_get(entry->json, "detail"), "account"), &account);
    judge_tell(judging, JUDGE_MADE, JUDGE_HOLDS, "entry %" PRIu64 ": made by %s%s%s at %s",
        entry->index, by, of[0] == '\0' ? "" : ", by the account ", of,
        member(entry->json, "time"));
}

/* The log's own word about this package. */
static void
judge_made(struct judging *judging, uint64_t index)
{
    struct entry entry = {
        .folder = PACKAGE_MADE, .index = index, .claim = JUDGE_MADE, .json = NULL};
    char digest[80] = "sha256:";
    text_hex(digest + strlen(digest), judging->manifest_sha256, 32);
    buf_init(&entry.bytes, TILE_ENTRY);
    if (open_entry(judging, &entry)) {
        const char *key = member(json_object_get(entry.json, "detail"), "key");
        if (!text_equal(member(entry.json, "action"), "evidence.make")) {
            judge_tell(
                judging, JUDGE_MADE, JUDGE_BROKEN, "entry %" PRIu64 " is no evidence.make", index);
        } else if (!text_equal(member(entry.json, "outcome"), "ok")) {
            judge_tell(judging, JUDGE_MADE, JUDGE_BROKEN,
                "entry %" PRIu64 " says that making it failed", index);
        } else if (!text_equal(member(entry.json, "digest"), digest)) {
            judge_tell(judging, JUDGE_MADE, JUDGE_BROKEN,
                "entry %" PRIu64 " is about another manifest", index);
        } else if (judging->vkey.len == 0 || !text_equal(key, judging->vkey.data)) {
            judge_tell(judging, JUDGE_MADE, JUDGE_BROKEN,
                "entry %" PRIu64 " names another evidence key", index);
        } else {
            judge_opened(judging, index, entry.json);
            say_made(judging, &entry);
            compare_clock(judging, &entry);
        }
    }
    close_entry(&entry);
}

static void
judge_all_made(struct judging *judging)
{
    bool found = false;
    for (size_t i = 0; i < package_count(judging->package); i++) {
        uint64_t index = 0;
        if (package_is_numbered(package_name(judging->package, i), PACKAGE_MADE, ".json", &index)) {
            found = true;
            judge_made(judging, index);
        }
    }
    if (!found) {
        judge_set(judging, JUDGE_MADE, JUDGE_WEAK);
    }
}

static void
judge_clock(struct judging *judging, const char *whose, const struct manifest_clock *clock)
{
    if (!clock->is_known) {
        judge_tell(
            judging, JUDGE_CLOCKS, JUDGE_WEAK, "the clock of the %s was not compared", whose);
        return;
    }
    bool is_near = clock->offset_ms >= -CLOCK_APART && clock->offset_ms <= CLOCK_APART;
    judge_tell(judging, JUDGE_CLOCKS, is_near && clock->seen != NULL ? JUDGE_HOLDS : JUDGE_WEAK,
        "the clock of the %s was %+" PRId64 " ms off%s%s", whose, clock->offset_ms,
        clock->seen == NULL ? ", as the maker said; nobody measured it" : ", measured at ",
        clock->seen == NULL ? "" : clock->seen);
}

static void
settle(struct judging *judging)
{
    const struct manifest *manifest = &judging->judge->manifest;
    const struct policy *policy = judging->given->policy;
    if (policy == NULL || policy->quorum == POLICY_NONE) {
        judge_set(judging, JUDGE_WITNESSES, JUDGE_WEAK);
    }
    if (manifest->event_count == 0) {
        judge_set(judging, JUDGE_EVENTS, JUDGE_WEAK);
    }
    if (manifest->clip == NULL) {
        return;
    }
    bool has_wrong_clip = judging->judge->claims[JUDGE_CLIP].state == JUDGE_BROKEN;
    if (judging->has_export) {
        judge_set(judging, JUDGE_EXPORT,
            has_wrong_clip       ? JUDGE_BROKEN
            : judging->has_whole ? JUDGE_HOLDS
                                 : JUDGE_WEAK);
        judge_set(judging, JUDGE_SAID, judging->said);
    } else {
        judge_tell(judging, JUDGE_SAID, JUDGE_WEAK, "no export event has the clip's SHA-256");
        judge_set(judging, JUDGE_EXPORT, judging->has_digest ? JUDGE_BROKEN : JUDGE_WEAK);
    }
}

void
judge_events(struct judging *judging)
{
    const struct manifest *manifest = &judging->judge->manifest;
    judge_set(judging, JUDGE_CLOCKS, JUDGE_HOLDS);
    for (size_t i = 0; i < manifest->event_count; i++) {
        judge_event(judging, &manifest->events[i]);
    }
    judge_all_made(judging);
    judge_opened_rest(judging);
    judge_clock(judging, "camera", &manifest->camera_clock);
    judge_clock(judging, "VMS", &manifest->vms_clock);
    settle(judging);
}
