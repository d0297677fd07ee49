/* The words and the JSON of a verification. */
#include "cli/ledger_verdict.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "ledger/base64.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

const char *
ledger_number(uint64_t number, char out[LEDGER_NUMBER])
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number), at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i != 0 && (len - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* A line with a name in front of it. */
static void PRINTF(3, 4) put_line(FILE *out, const char *name, const char *format, ...)
{
    va_list arguments;
    (void)fprintf(out, " %-11s ", name);
    va_start(arguments, format);
    (void)vfprintf(out, format, arguments);
    va_end(arguments);
    (void)fputc('\n', out);
}

/* Nobody need have signed what stands in a checkpoint, and C2SP's names may hold control
 * characters. */
static const char *
clean_name(const char *text, char out[VKEY_NAME])
{
    text_clean(out, VKEY_NAME, text, strlen(text));
    return out;
}

static void
print_headline(const struct verify_result *result, FILE *out)
{
    bool colour = cli_colour(out);
    char number[LEDGER_NUMBER], name[VKEY_NAME];
    const struct verify_finding *first = &result->findings[0];
    if (result->is_verified) {
        (void)fprintf(out, "\n %sVERIFIED%s  %s entries of %s\n\n", colour ? "\033[1;32m" : "",
            colour ? "\033[0m" : "", ledger_number(result->checkpoint.head.size, number),
            clean_name(result->checkpoint.origin, name));
        return;
    }
    (void)fprintf(out, "\n %sNOT VERIFIED%s  %s", colour ? "\033[1;31m" : "",
        colour ? "\033[0m" : "", verify_kind(first->kind)->text);
    if (first->has_index) {
        (void)fprintf(out, ", first at entry %" PRIu64, first->index);
    }
    (void)fprintf(out, "\n\n");
}

static void
print_finding(const struct verify_finding *finding, FILE *out)
{
    char words[VERIFY_WORDS];
    text_clean(words, sizeof(words), finding->words, strlen(finding->words));
    (void)fprintf(out, "  %-15s  %s\n", verify_kind(finding->kind)->text, words);
    if (finding->file[0] != '\0') {
        (void)fprintf(out, "  %-15s  %s\n", "", finding->file);
    }
}

static void
print_findings(const struct verify_result *result, FILE *out)
{
    char number[LEDGER_NUMBER];
    for (size_t i = 0; i < result->finding_count; i++) {
        print_finding(&result->findings[i], out);
    }
    if (result->bad_bundles > 1) {
        put_line(out, "Entries", "%s files of entries are not as they were signed",
            ledger_number(result->bad_bundles, number));
    }
    if (result->bad_tiles > 1) {
        put_line(out, "Tiles", "%s tiles are damaged or missing",
            ledger_number(result->bad_tiles, number));
    }
    if (result->not_events != 0) {
        put_line(out, "Events", "%s entries have no form of an event (--hashes-only allows them)",
            ledger_number(result->not_events, number));
    }
    if (result->finding_count != 0) {
        (void)fputc('\n', out);
    }
}

static void
print_head(const struct verify_result *result, FILE *out)
{
    char root[BASE64_SIZE(MERKLE_HASH)], id[2 * VKEY_ID + 1], number[LEDGER_NUMBER];
    char name[VKEY_NAME];
    if (!result->has_checkpoint) {
        return;
    }
    put_line(out, "Log", "%s", clean_name(result->checkpoint.origin, name));
    put_line(out, "Head", "%s entries, root %s",
        ledger_number(result->checkpoint.head.size, number),
        base64_encode(result->checkpoint.head.root.bytes, MERKLE_HASH, root, sizeof(root)));
    text_hex(id, result->key.id, VKEY_ID);
    put_line(out, "Key", "%s+%s", clean_name(result->key.name, name), id);
    if (result->key_is_own) {
        put_line(out, "", "read from the log itself: that shows that the files agree with each");
        put_line(out, "", "other, not whose they are; give --key with the key that you noted");
    }
    if (result->handovers != 0) {
        put_line(out, "", "reached from the key given over %u signed hand-over%s",
            result->handovers, result->handovers == 1 ? "" : "s");
    }
}

static void
print_others(const struct verify_result *result, FILE *out)
{
    char number[LEDGER_NUMBER];
    if (result->older.size != 0 && result->is_verified) {
        put_line(out, "Older", "begins with the older checkpoint's %s entries",
            ledger_number(result->older.size, number));
    }
    if (result->has_policy) {
        put_line(out, "Witnesses", "%d cosigned, over %s entries; the quorum is%s met",
            __builtin_popcount(result->policy.cosigned),
            ledger_number(result->witnessed.size, number), result->policy.is_met ? "" : " NOT");
        if (result->policy.is_met && result->witnessed.size < result->checkpoint.head.size) {
            put_line(out, "", "the %s after those no witness has seen yet",
                ledger_number(result->checkpoint.head.size - result->witnessed.size, number));
        }
    }
}

static void
print_entries(const struct verify_result *result, FILE *out)
{
    char number[LEDGER_NUMBER];
    double seconds = (double)result->milliseconds / 1000.0;
    put_line(out, "Read", "%s entries, %.1f MB in %.1f s", ledger_number(result->entries, number),
        (double)result->bytes / 1e6, seconds);
    if (result->pruned != 0) {
        put_line(out, "Pruned",
            "entries below %" PRIu64 " are pruned by policy (event #%" PRIu64 "): their hashes",
            result->retention.minimum, result->retention.event);
        put_line(out, "", "are checked, their contents are not there");
        put_line(out, "", "policy: %s", result->retention.policy);
    }
    if (result->since != 0) {
        put_line(out, "", "the %s before them were verified earlier and not read again",
            ledger_number(result->since, number));
    }
    if (result->first_time[0] != '\0') {
        char first[VERIFY_TIME], last[VERIFY_TIME];
        text_clean(first, sizeof(first), result->first_time, strlen(result->first_time));
        text_clean(last, sizeof(last), result->last_time, strlen(result->last_time));
        put_line(out, "Times", "%s to %s", first, last);
    }
    if (result->steps_back != 0) {
        put_line(out, "Clock", "went back %s times", ledger_number(result->steps_back, number));
    }
    if (result->steps_unsaid != 0) {
        put_line(out, "", "%s of them are not owned up to, the first at entry %" PRIu64,
            ledger_number(result->steps_unsaid, number), result->first_unsaid);
    }
}

void
ledger_verdict_print(const struct verify_result *result, FILE *out)
{
    print_headline(result, out);
    print_findings(result, out);
    print_head(result, out);
    print_others(result, out);
    print_entries(result, out);
}

/* JSON holds no larger integers without loss. */
static json_t *
number_json(uint64_t number)
{
    return json_integer((json_int_t)(number > INT64_MAX ? INT64_MAX : number));
}

/* Texts that come from files may be anything. */
static json_t *
text_json(const char *text)
{
    char clean[VERIFY_WORDS];
    text_clean(clean, sizeof(clean), text, strlen(text));
    return json_string(clean);
}

static json_t *
findings_json(const struct verify_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct verify_finding *finding = &result->findings[i];
        json_t *index = finding->has_index ? number_json(finding->index) : json_null();
        (void)json_array_append_new(list,
            json_pack("{s:s, s:o, s:o, s:o}", "kind", verify_kind(finding->kind)->text, "index",
                index, "file", finding->file[0] == '\0' ? json_null() : json_string(finding->file),
                "words", text_json(finding->words)));
    }
    return list;
}

static json_t *
head_json(const struct merkle_head *head)
{
    char root[BASE64_SIZE(MERKLE_HASH)];
    return json_pack("{s:o, s:s}", "size", number_json(head->size), "root",
        base64_encode(head->root.bytes, MERKLE_HASH, root, sizeof(root)));
}

static json_t *
log_json(const struct verify_result *result)
{
    char key[VKEY_TEXT];
    if (!result->has_checkpoint) {
        return json_null();
    }
    json_t *log = head_json(&result->checkpoint.head);
    (void)json_object_set_new(log, "origin", text_json(result->checkpoint.origin));
    (void)json_object_set_new(log, "key", json_string(vkey_text(&result->key, key)));
    (void)json_object_set_new(log, "key_is_own", json_boolean(result->key_is_own));
    (void)json_object_set_new(log, "handovers", json_integer(result->handovers));
    return log;
}

enum err
ledger_verdict_json(const struct verify_result *result, FILE *out)
{
    json_t *all = json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}",
        "verified", result->is_verified ? 1 : 0, "findings", findings_json(result), "log",
        log_json(result), "verified_before", number_json(result->since), "entries",
        number_json(result->entries), "bytes", number_json(result->bytes), "bad_bundles",
        number_json(result->bad_bundles), "bad_tiles", number_json(result->bad_tiles), "not_events",
        number_json(result->not_events), "clock_went_back", number_json(result->steps_back),
        "clock_unsaid", number_json(result->steps_unsaid), "milliseconds",
        (json_int_t)result->milliseconds);
    if (all == NULL) {
        return ERR_MEMORY;
    }
    if (result->first_time[0] != '\0') {
        (void)json_object_set_new(all, "first_time", text_json(result->first_time));
        (void)json_object_set_new(all, "last_time", text_json(result->last_time));
    }
    if (result->retention.minimum != 0) {
        (void)json_object_set_new(all, "retention",
            json_pack("{s:o, s:o, s:s, s:o}", "minimum", number_json(result->retention.minimum),
                "event", number_json(result->retention.event), "policy", result->retention.policy,
                "missing", number_json(result->pruned)));
    }
    if (result->older.size != 0) {
        (void)json_object_set_new(all, "older", head_json(&result->older));
    }
    if (result->has_policy) {
        (void)json_object_set_new(all, "witnesses",
            json_pack("{s:i, s:b, s:o}", "cosigned", __builtin_popcount(result->policy.cosigned),
                "quorum", result->policy.is_met ? 1 : 0, "over", head_json(&result->witnessed)));
    }
    int failed = json_dumpf(all, out, JSON_INDENT(2));
    json_decref(all);
    (void)fputc('\n', out);
    return failed == 0 ? OK : ERR_IO;
}
