/* Judging an evidence package: the order of it, and the words. */
#include "evidence/judge.h"

#include "base/text.h"
#include "evidence/judge_inside.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINES_MOST ((size_t)256 * 1024) /* of one claim */
#define LINE_MOST  1024

static const struct {
    const char *id;
    const char *sentences[JUDGE_BROKEN + 1];
} rows[] = {
// clang-format off
#define CLAIM(name, id, holds, weak, broken) {id, {"", holds, weak, broken}},
// clang-format on
#include "evidence/claims.def"
#undef CLAIM
};

const char *const judge_unshown[] = {
#define UNSHOWN(sentence) sentence,
#include "evidence/unshown.def"
#undef UNSHOWN
};
const size_t judge_unshown_count = COUNT(judge_unshown);

const char *
judge_state_text(enum judge_state state)
{
    static const char *const texts[] = {
        [JUDGE_NONE] = "none",
        [JUDGE_HOLDS] = "holds",
        [JUDGE_WEAK] = "weak",
        [JUDGE_BROKEN] = "broken",
    };
    return texts[state];
}

void
judge_set(struct judging *judging, enum judge_name name, enum judge_state state)
{
    struct judge_claim *claim = &judging->judge->claims[name];
    claim->state = state > claim->state ? state : claim->state;
}

void
judge_say(struct judging *judging, enum judge_name name, const char *format, ...)
{
    char line[LINE_MOST], clean[LINE_MOST];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_clean(clean, sizeof(clean), line, len < 0 ? 0 : strlen(line));
    buf_format(&judging->judge->claims[name].lines, "%s\n", clean);
}

bool
judge_fault(struct judging *judging, enum err err, const struct note *why)
{
    if (err != ERR_IO && err != ERR_MEMORY) {
        return false;
    }
    if (judging->fault == OK) {
        judging->fault = err;
        note_set(&judging->fault_words, "%s", why->text[0] == '\0' ? err_words(err) : why->text);
    }
    return true;
}

static void
read_manifest(struct judging *judging, const struct buf *bytes)
{
    struct judge *judge = judging->judge;
    struct note why = {""};
    enum err err = manifest_read(bytes->data, bytes->len, &judge->manifest, &judge->tree, &why);
    judge->has_manifest = err == OK;
    if (err != OK) {
        judge_tell(judging, JUDGE_MANIFEST, JUDGE_BROKEN, "%s: %s", PACKAGE_MANIFEST,
            why.text[0] == '\0' ? err_words(err) : why.text);
    } else if (judge->manifest.unknown_count != 0) {
        judge_tell(judging, JUDGE_MANIFEST, JUDGE_WEAK, "%zu unknown members, the first is \"%s\"",
            judge->manifest.unknown_count, judge->manifest.unknown);
    } else {
        judge_set(judging, JUDGE_MANIFEST, JUDGE_HOLDS);
    }
}

static enum err
open_manifest(struct judging *judging)
{
    CLEANUP(buf_release) struct buf bytes;
    struct note why = {""};
    buf_init(&bytes, PACKAGE_SMALL);
    enum err err = package_read(judging->package, PACKAGE_MANIFEST, &bytes, &why);
    if (judge_fault(judging, err, &why)) {
        return OK;
    }
    if (err != OK) {
        judge_tell(judging, JUDGE_MANIFEST, JUDGE_BROKEN, "%s: %s", PACKAGE_MANIFEST, why.text);
        return OK;
    }
    if (EVP_Digest(bytes.data, bytes.len, judging->manifest_sha256, NULL, EVP_sha256(), NULL) !=
        1) {
        return ERR_MEMORY;
    }
    read_manifest(judging, &bytes);
    return OK;
}

static void
judge_remarks(struct judging *judging)
{
    const struct manifest *manifest = &judging->judge->manifest;
    judge_set(judging, JUDGE_REMARKS, JUDGE_HOLDS);
    for (size_t i = 0; i < manifest->remark_count; i++) {
        judge_tell(judging, JUDGE_REMARKS, JUDGE_WEAK, "%s", manifest->remarks[i]);
    }
}

static void
settle(struct judging *judging)
{
    for (size_t i = 0; i < JUDGE_CLAIMS; i++) {
        struct judge_claim *claim = &judging->judge->claims[i];
        claim->sentence = rows[i].sentences[claim->state];
        judging->judge->counts[claim->state]++;
    }
}

static enum err
judge_all(struct judging *judging, struct note *note)
{
    enum err err = open_manifest(judging);
    if (err == OK) {
        judge_keys(judging);
    }
    if (err != OK || !judging->judge->has_manifest) {
        return err;
    }
    judge_files(judging);
    if (judging->given->clip != NULL) {
        err = judge_clip_elsewhere(judging, note);
    }
    if (err == OK) {
        judge_clip_nowhere(judging);
        judge_events(judging);
        judge_remarks(judging);
    }
    return err;
}

enum err
judge_package(struct package *package, const struct judge_given *given, struct judge *ret_judge,
    struct note *note)
{
    struct judging judging = {.judge = ret_judge, .package = package, .given = given};
    *ret_judge = (struct judge){.has_manifest = false};
    buf_init(&judging.vkey, VKEY_TEXT);
    for (size_t i = 0; i < JUDGE_CLAIMS; i++) {
        ret_judge->claims[i].id = rows[i].id;
        buf_init(&ret_judge->claims[i].lines, LINES_MOST);
    }
    enum err err = judge_all(&judging, note);
    if (err == OK) {
        judge_time(&judging);
        settle(&judging);
        err = judging.fault;
    }
    if (err == judging.fault && err != OK) {
        note_set(note, "%s", judging.fault_words.text);
    }
    if (err != OK) {
        judge_release(ret_judge);
    }
    buf_release(&judging.vkey);
    return err;
}

void
judge_release(struct judge *judge)
{
    for (size_t i = 0; i < JUDGE_CLAIMS; i++) {
        buf_release(&judge->claims[i].lines);
    }
    if (judge->has_manifest) {
        manifest_release(&judge->manifest);
    }
    json_decref(judge->tree);
    *judge = (struct judge){.has_manifest = false};
}
