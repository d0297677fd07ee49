/* Whose word a package rests on: the signature of its manifest, and the log's key. */
#include "base/text.h"
#include "evidence/judge_inside.h"
#include "ledger/signednote.h"

#include <string.h>

static bool
read_small(struct judging *judging, const char *name, struct buf *bytes, struct note *note)
{
    enum err err = package_read(judging->package, name, bytes, note);
    (void)judge_fault(judging, err, note);
    return err == OK;
}

/* A file that holds one key and a line end. */
static enum err
read_key(struct judging *judging, const char *name, struct buf *text, struct vkey *ret_key)
{
    struct note ignored = {""};
    if (!read_small(judging, name, text, &ignored) || text->len == 0 ||
        text->data[text->len - 1] != '\n') {
        return ERR_SYNTAX;
    }
    text->data[--text->len] = '\0';
    return strlen(text->data) == text->len ? vkey_parse(text->data, ret_key) : ERR_SYNTAX;
}

/* Whether the note in manifest.sig is over this manifest, by that key. */
static const char *
wrong_signature(struct judging *judging, const struct vkey *key)
{
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf text;
    struct signednote signed_note;
    struct note note = {""};
    const struct manifest *manifest = &judging->judge->manifest;
    buf_init(&bytes, SIGNEDNOTE_LIMIT);
    buf_init(&text, SIGNEDNOTE_LIMIT);
    if (!read_small(judging, PACKAGE_SIG, &bytes, &note)) {
        return "there is no " PACKAGE_SIG ", or it can't be read";
    }
    if (signednote_parse(bytes.data, bytes.len, &signed_note, &note) != OK) {
        return PACKAGE_SIG " is no signed note";
    }
    package_signed_text(
        &text, judging->judge->has_manifest ? manifest->origin : "?", judging->manifest_sha256);
    if (judging->judge->has_manifest &&
        (text.len != signed_note.text_len || memcmp(text.data, signed_note.text, text.len) != 0)) {
        return PACKAGE_SIG " is not over this " PACKAGE_MANIFEST ": one of them was changed";
    }
    switch ((int)signednote_verify(&signed_note, key, NULL)) {
    case OK:
        return judging->judge->has_manifest ? NULL : "there is no manifest that it could be over";
    case ERR_MISSING:
        return PACKAGE_SIG " is signed by another key than " PACKAGE_KEY;
    default:
        return "the signature does not verify";
    }
}

static void
judge_signature(struct judging *judging)
{
    char name[VKEY_NAME];
    struct vkey key;
    if (read_key(judging, PACKAGE_KEY, &judging->vkey, &key) != OK) {
        judge_tell(judging, JUDGE_SIGNATURE, JUDGE_BROKEN, "%s holds no public key", PACKAGE_KEY);
        buf_clear(&judging->vkey);
        return;
    }
    const char *wrong = wrong_signature(judging, &key);
    if (wrong != NULL) {
        judge_tell(judging, JUDGE_SIGNATURE, JUDGE_BROKEN, "%s", wrong);
        return;
    }
    if (!text_equal(key.name, package_key_name(judging->judge->manifest.origin, name))) {
        judge_tell(judging, JUDGE_SIGNATURE, JUDGE_BROKEN,
            "the evidence key is named %s and not after the log %s", key.name,
            judging->judge->manifest.origin);
        return;
    }
    judge_tell(judging, JUDGE_SIGNATURE, JUDGE_HOLDS, "signed by %s", judging->vkey.data);
}

static bool
is_of_policy(const struct policy *policy, const struct vkey *key)
{
    for (size_t i = 0; i < policy->log_count; i++) {
        if (vkey_equal(&policy->logs[i].key, key)) {
            return true;
        }
    }
    return false;
}

static void
judge_log_key(struct judging *judging, const char *text)
{
    const struct judge_given *given = judging->given;
    bool is_given = given->key != NULL || given->policy != NULL;
    if (!judging->has_own) {
        judge_tell(judging, JUDGE_LOG_KEY, JUDGE_BROKEN, "%s holds no public key", PACKAGE_LOG_KEY);
    } else if (!is_given) {
        judge_tell(judging, JUDGE_LOG_KEY, JUDGE_WEAK, "the package says %s", text);
    } else if (given->key != NULL ? !vkey_equal(given->key, &judging->own)
                                  : !is_of_policy(given->policy, &judging->own)) {
        judge_tell(judging, JUDGE_LOG_KEY, JUDGE_BROKEN, "the package says %s", text);
    } else {
        judge_tell(judging, JUDGE_LOG_KEY, JUDGE_HOLDS, "%s", text);
    }
    if (judging->has_own && judging->judge->has_manifest &&
        !text_equal(judging->own.name, judging->judge->manifest.origin)) {
        judge_tell(judging, JUDGE_LOG_KEY, JUDGE_BROKEN,
            "the key is of the log %s, the manifest is about %s", judging->own.name,
            judging->judge->manifest.origin);
    }
}

void
judge_keys(struct judging *judging)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, VKEY_TEXT);
    judge_signature(judging);
    judging->has_own = read_key(judging, PACKAGE_LOG_KEY, &text, &judging->own) == OK;
    judge_log_key(judging, text.data);
}
