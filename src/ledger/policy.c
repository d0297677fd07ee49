/* Reading and judging by a policy file. */
#include "ledger/policy.h"
#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define WORDS (POLICY_WITNESSES + POLICY_GROUPS + 4) /* more can't be meant */

struct word {
    const char *text;
    size_t len;
};

/* One file being read. */
struct parse {
    struct policy *policy;
    struct note *note;
    size_t line;
    bool has_quorum;
    bool used[POLICY_WITNESSES + POLICY_GROUPS]; /* is a member already */
    size_t count;
    struct word words[WORDS];
};

static enum err
complain(struct parse *parse, enum err err, const char *what, const struct word *word)
{
    char clean[80];
    text_clean(clean, sizeof(clean), word->text, word->len);
    note_set(parse->note, "line %zu: %s: %s", parse->line, what, clean);
    return err;
}

static bool
is_word(const struct word *word, const char *text)
{
    return strlen(text) == word->len && memcmp(word->text, text, word->len) == 0;
}

static enum err
copy_word(struct parse *parse, const struct word *word, size_t size, char *out)
{
    if (word->len >= size) {
        return complain(parse, ERR_LIMIT, "this is too long", word);
    }
    memcpy(out, word->text, word->len);
    out[word->len] = '\0';
    return OK;
}

/* A member's number, or POLICY_NONE for a name that nobody has. */
static int
find_name(const struct policy *policy, const struct word *name)
{
    for (size_t i = 0; i < policy->witness_count; i++) {
        if (is_word(name, policy->witnesses[i].name)) {
            return (int)i;
        }
    }
    for (size_t i = 0; i < policy->group_count; i++) {
        if (is_word(name, policy->groups[i].name)) {
            return (int)(POLICY_WITNESSES + i);
        }
    }
    return POLICY_NONE;
}

static enum err
new_name(struct parse *parse, const struct word *name, char out[VKEY_NAME])
{
    if (is_word(name, "none") || find_name(parse->policy, name) != POLICY_NONE) {
        return complain(parse, ERR_VALUE, "this name is taken", name);
    }
    return copy_word(parse, name, VKEY_NAME, out);
}

static enum err
read_key(struct parse *parse, const struct word *word, enum vkey_type type, struct vkey *ret_key)
{
    char text[VKEY_TEXT];
    struct vkey key;
    if (word->len >= sizeof(text)) {
        return complain(parse, ERR_LIMIT, "this key is too long", word);
    }
    memcpy(text, word->text, word->len);
    text[word->len] = '\0';
    enum err err = vkey_parse(text, &key);
    if (err == ERR_UNSUPPORTED || (err == OK && key.type != type)) {
        return complain(parse, ERR_UNSUPPORTED,
            type == VKEY_COSIGNER ? "this is no Ed25519 cosigner's key (type 4)"
                                  : "this is no Ed25519 log key (type 1)",
            word);
    }
    if (err != OK) {
        return complain(parse, err, "this is no public key (name+id+base64)", word);
    }
    *ret_key = key;
    return OK;
}

static bool
same_public(const struct vkey *a, const struct vkey *b)
{
    return memcmp(a->public_key, b->public_key, VKEY_PUBLIC) == 0;
}

static enum err
read_url(struct parse *parse, size_t at, char out[POLICY_URL])
{
    if (parse->count > at + 1) {
        return complain(parse, ERR_SYNTAX, "one word too many", &parse->words[at + 1]);
    }
    return parse->count <= at ? OK : copy_word(parse, &parse->words[at], POLICY_URL, out);
}

static enum err
read_log(struct parse *parse)
{
    struct policy *policy = parse->policy;
    struct policy_log log = {.url = ""};
    if (parse->count < 2) {
        return complain(parse, ERR_SYNTAX, "a public key is missing after", &parse->words[0]);
    }
    if (policy->log_count == POLICY_LOGS) {
        return complain(parse, ERR_LIMIT, "more than 32 logs", &parse->words[1]);
    }
    enum err err = read_key(parse, &parse->words[1], VKEY_ED25519, &log.key);
    if (err != OK) {
        return err;
    }
    for (size_t i = 0; i < policy->log_count; i++) {
        if (same_public(&policy->logs[i].key, &log.key)) {
            return complain(parse, ERR_VALUE, "this log's key stands here twice", &parse->words[1]);
        }
    }
    err = read_url(parse, 2, log.url);
    if (err == OK) {
        policy->logs[policy->log_count++] = log;
    }
    return err;
}

static enum err
read_witness(struct parse *parse)
{
    struct policy *policy = parse->policy;
    struct policy_witness witness = {.url = ""};
    if (parse->count < 3) {
        return complain(parse, ERR_SYNTAX, "a name and a public key must follow", &parse->words[0]);
    }
    if (policy->witness_count == POLICY_WITNESSES) {
        return complain(parse, ERR_LIMIT, "more than 32 witnesses", &parse->words[1]);
    }
    enum err err = new_name(parse, &parse->words[1], witness.name);
    if (err == OK) {
        err = read_key(parse, &parse->words[2], VKEY_COSIGNER, &witness.key);
    }
    for (size_t i = 0; err == OK && i < policy->witness_count; i++) {
        if (same_public(&policy->witnesses[i].key, &witness.key)) {
            return complain(
                parse, ERR_VALUE, "this witness's key stands here twice", &parse->words[2]);
        }
    }
    if (err == OK) {
        err = read_url(parse, 3, witness.url);
    }
    if (err == OK) {
        policy->witnesses[policy->witness_count++] = witness;
    }
    return err;
}

static enum err
read_need(struct parse *parse, const struct word *word, unsigned count, unsigned *ret_need)
{
    char text[8];
    uint64_t need = 0;
    if (is_word(word, "all") || is_word(word, "any")) {
        *ret_need = is_word(word, "all") ? count : 1;
        return OK;
    }
    if (word->len < sizeof(text)) {
        memcpy(text, word->text, word->len);
        text[word->len] = '\0';
    }
    if (word->len >= sizeof(text) || text_to_u64(text, count, &need) != OK || need == 0) {
        return complain(parse, ERR_VALUE,
            "\"all\", \"any\" or a number from 1 to the count of members must stand here", word);
    }
    *ret_need = (unsigned)need;
    return OK;
}

static enum err
read_group(struct parse *parse)
{
    struct policy *policy = parse->policy;
    struct policy_group group = {.count = 0};
    if (parse->count < 4) {
        return complain(parse, ERR_SYNTAX,
            "a name, \"all\", \"any\" or a number, and members must follow", &parse->words[0]);
    }
    if (policy->group_count == POLICY_GROUPS) {
        return complain(parse, ERR_LIMIT, "more than 32 groups", &parse->words[1]);
    }
    enum err err = new_name(parse, &parse->words[1], group.name);
    if (err != OK) {
        return err;
    }
    for (size_t i = 3; i < parse->count; i++) {
        int member = find_name(policy, &parse->words[i]);
        if (member == POLICY_NONE) {
            return complain(
                parse, ERR_VALUE, "no earlier line defines this member", &parse->words[i]);
        }
        if (parse->used[member]) {
            return complain(
                parse, ERR_VALUE, "this is a member of a group already", &parse->words[i]);
        }
        parse->used[member] = true;
        group.members[group.count++] = (uint8_t)member;
    }
    err = read_need(parse, &parse->words[2], group.count, &group.need);
    if (err == OK) {
        policy->groups[policy->group_count++] = group;
    }
    return err;
}

static enum err
read_quorum(struct parse *parse)
{
    if (parse->count != 2) {
        return complain(parse, ERR_SYNTAX, "one name must follow", &parse->words[0]);
    }
    if (parse->has_quorum) {
        return complain(parse, ERR_VALUE, "a second quorum", &parse->words[1]);
    }
    int quorum = find_name(parse->policy, &parse->words[1]);
    if (quorum == POLICY_NONE && !is_word(&parse->words[1], "none")) {
        return complain(parse, ERR_VALUE, "no earlier line defines this", &parse->words[1]);
    }
    parse->policy->quorum = quorum;
    parse->has_quorum = true;
    return OK;
}

static const struct {
    const char *keyword;
    enum err (*read)(struct parse *parse);
} lines[] = {
    {"log",     read_log    },
    {"witness", read_witness},
    {"group",   read_group  },
    {"quorum",  read_quorum },
};

static enum err
split(struct parse *parse, const char *line, size_t len)
{
    size_t pos = 0;
    parse->count = 0;
    for (;;) {
        while (pos < len && (line[pos] == ' ' || line[pos] == '\t')) {
            pos++;
        }
        if (pos == len || (parse->count == 0 && line[pos] == '#')) {
            return OK;
        }
        struct word word = {.text = line + pos};
        while (pos < len && line[pos] != ' ' && line[pos] != '\t') {
            pos++;
        }
        word.len = (size_t)(line + pos - word.text);
        if (parse->count == WORDS) {
            return complain(parse, ERR_LIMIT, "too many words", &word);
        }
        parse->words[parse->count++] = word;
    }
}

static enum err
read_line(struct parse *parse, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f) {
            struct word word = {.text = line, .len = len};
            return complain(parse, ERR_SYNTAX, "a control character", &word);
        }
    }
    enum err err = split(parse, line, len);
    if (err != OK || parse->count == 0) {
        return err;
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        if (is_word(&parse->words[0], lines[i].keyword)) {
            return lines[i].read(parse);
        }
    }
    return complain(parse, ERR_SYNTAX, "a line begins with log, witness, group or quorum, not with",
        &parse->words[0]);
}

enum err
policy_parse(const char *bytes, size_t len, struct policy *ret_policy, struct note *note)
{
    struct parse parse = {.policy = ret_policy, .note = note};
    if (len > POLICY_LIMIT) {
        note_set(note, "a policy is no longer than %zu bytes", POLICY_LIMIT);
        return ERR_LIMIT;
    }
    memset(ret_policy, 0, sizeof(*ret_policy));
    ret_policy->quorum = POLICY_NONE;
    for (size_t pos = 0; pos < len;) {
        const char *end = memchr(bytes + pos, '\n', len - pos);
        size_t line_len = end == NULL ? len - pos : (size_t)(end - (bytes + pos));
        parse.line++;
        enum err err = read_line(&parse, bytes + pos, line_len);
        if (err != OK) {
            return err;
        }
        pos += line_len + 1;
    }
    if (!parse.has_quorum) {
        note_set(note, "line %zu: a quorum line is missing (\"quorum none\" needs no witness)",
            parse.line + 1);
        return ERR_MISSING;
    }
    return OK;
}

enum err
policy_read(const char *path, struct policy **ret_policy, struct note *note)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, POLICY_LIMIT);
    enum err err = file_read(path, &text, note);
    if (err != OK) {
        return err;
    }
    struct policy *policy = malloc(sizeof(*policy));
    if (policy == NULL) {
        return ERR_MEMORY;
    }
    struct note detail = {""};
    err = policy_parse(text.data, text.len, policy, &detail);
    if (err != OK) {
        note_set(note, "%s, %s", file_tail(path, 80), detail.text);
        free(policy);
        return err;
    }
    *ret_policy = policy;
    return OK;
}

/* Groups only name earlier ones, so one pass in their order settles all. */
bool
policy_is_met(const struct policy *policy, uint32_t witnesses)
{
    bool met[POLICY_WITNESSES + POLICY_GROUPS] = {false};
    for (size_t i = 0; i < policy->witness_count; i++) {
        met[i] = (witnesses >> i & 1U) != 0;
    }
    for (size_t i = 0; i < policy->group_count; i++) {
        const struct policy_group *group = &policy->groups[i];
        unsigned have = 0;
        for (unsigned m = 0; m < group->count; m++) {
            have += met[group->members[m]] ? 1U : 0U;
        }
        met[POLICY_WITNESSES + i] = have >= group->need;
    }
    return policy->quorum == POLICY_NONE || met[policy->quorum];
}

enum err
policy_judge(const struct policy *policy, const struct signednote *signed_note,
    struct policy_verdict *ret_verdict, struct note *note)
{
    struct policy_verdict verdict = {.has_log = false};
    for (size_t i = 0; i < policy->log_count; i++) {
        enum err err = signednote_verify(signed_note, &policy->logs[i].key, NULL);
        if (err == OK && !verdict.has_log) {
            verdict.has_log = true;
            verdict.log = i;
        } else if (err != OK && err != ERR_MISSING) {
            note_set(note, "the signature of log %s is false", policy->logs[i].key.name);
            return err;
        }
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        const struct policy_witness *witness = &policy->witnesses[i];
        enum err err = signednote_verify(signed_note, &witness->key, &verdict.times[i]);
        if (err == OK) {
            verdict.cosigned |= UINT32_C(1) << i;
        } else if (err != ERR_MISSING) {
            note_set(note, "the cosignature of witness %s is false", witness->name);
            return err;
        }
    }
    verdict.is_met = policy_is_met(policy, verdict.cosigned);
    *ret_verdict = verdict;
    return OK;
}
