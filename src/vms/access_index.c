/* Which rows may fit a path: chains by the literal beginning of their patterns, made once. */
#include "base/text.h"
#include "vms/access_parts.h"

#include <string.h>

#define GATES_MOST 16
#define FNV_BEGIN  2166136261U
#define FNV_PRIME  16777619U

static uint32_t
hash(uint32_t state, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        state = (state ^ (unsigned char)bytes[i]) * FNV_PRIME;
    }
    return state;
}

/* Chains: of rows with two literal parts, with one, with none. */
enum { SLOT_ALL = 0, SLOTS_FROM = 1 };

static uint16_t
slot(uint32_t state)
{
    return (uint16_t)(SLOTS_FROM + (state ^ state >> 16) % (ACCESS_INDEX_SLOTS - SLOTS_FROM));
}

/* The length of a path's or pattern's next part with its slash before it. */
static size_t
part_len(const char *path)
{
    return *path == '/' ? 1 + strcspn(path + 1, "/") : 0;
}

static bool
is_literal(const char *part, size_t len)
{
    return len != 0 && memchr(part, '{', len) == NULL && memchr(part, '[', len) == NULL;
}

static uint16_t
slot_of_pattern(const char *pattern)
{
    size_t first = part_len(pattern);
    size_t second = part_len(pattern + first);
    if (!is_literal(pattern, first)) {
        return SLOT_ALL;
    }
    uint32_t state = hash(FNV_BEGIN, pattern, first);
    return is_literal(pattern + first, second) ? slot(hash(state, pattern + first, second))
                                               : slot(state);
}

static uint64_t
begin_of(char byte)
{
    return (uint64_t)1 << ((unsigned char)byte & 63U);
}

/* What may come behind the first slash: the beginnings of "[a|b]", a byte, or anything. */
static uint64_t
begins_of_pattern(const char *pattern)
{
    uint64_t begins = 0;
    if (pattern[0] != '/' || pattern[1] == '{' || pattern[1] == '\0') {
        return UINT64_MAX;
    }
    if (pattern[1] != '[') {
        return begin_of(pattern[1]);
    }
    for (const char *at = pattern + 1; *at != ']' && *at != '\0'; at++) {
        bool is_begin = *at == '[' || *at == '|';
        if (is_begin && (at[1] == '|' || at[1] == ']')) {
            return UINT64_MAX; /* one of them is empty */
        }
        begins |= is_begin ? begin_of(at[1]) : 0;
    }
    return begins;
}

/* The first word of a params pattern when it is plain "name=value". */
static uint16_t
word_of_pattern(const char *params)
{
    size_t len = params == NULL ? 0 : strcspn(params, " ");
    bool is_plain = len != 0 && strchr("!?", params[0]) == NULL &&
                    memchr(params, '=', len) != NULL && memchr(params, '|', len) == NULL &&
                    memchr(params, '{', len) == NULL;
    return is_plain ? (uint16_t)(1 + hash(FNV_BEGIN, params, len) % 1024) : 0;
}

static void
make(struct access_index *index, const struct vms_gate *gate)
{
    memset(index->first, 0xff, sizeof(index->first));
    /* Backwards, so that each chain is in the rows' order. */
    for (size_t i = gate->row_count; i-- > 0;) {
        uint16_t at = slot_of_pattern(gate->rows[i].path);
        index->next[i] = index->first[at];
        index->first[at] = (uint16_t)i;
        index->begins[i] = begins_of_pattern(gate->rows[i].path);
        index->word[i] = word_of_pattern(gate->rows[i].params);
    }
    index->gate = gate;
}

const struct access_index *
access_index_of(const struct vms_gate *gate)
{
    static struct access_index indexes[GATES_MOST];
    if (gate->row_count > ACCESS_INDEX_ROWS) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT(indexes); i++) {
        if (indexes[i].gate == NULL) {
            make(&indexes[i], gate);
        }
        if (indexes[i].gate == gate) {
            return &indexes[i];
        }
    }
    return NULL;
}

void
access_index_begin(
    const struct access_index *index, const char *path, struct access_cursor *ret_cursor)
{
    size_t first = part_len(path);
    size_t second = part_len(path + first);
    uint32_t state = hash(FNV_BEGIN, path, first);
    uint16_t one = slot(state);
    uint16_t two = slot(hash(state, path + first, second));
    *ret_cursor = (struct access_cursor){
        .index = index,
        .begin = path[0] == '/' ? begin_of(path[1]) : UINT64_MAX,
        .at = {index->first[SLOT_ALL], index->first[one],
               two == one || second == 0 ? ACCESS_INDEX_END : index->first[two]},
    };
}

static uint16_t
next_of(struct access_cursor *cursor)
{
    size_t least = 0;
    for (size_t i = 1; i < COUNT(cursor->at); i++) {
        if (cursor->at[i] < cursor->at[least]) {
            least = i;
        }
    }
    uint16_t row = cursor->at[least];
    if (row != ACCESS_INDEX_END) {
        cursor->at[least] = cursor->index->next[row];
    }
    return row;
}

uint16_t
access_index_next(struct access_cursor *cursor)
{
    uint16_t row = next_of(cursor);
    while (row != ACCESS_INDEX_END && (cursor->index->begins[row] & cursor->begin) == 0) {
        row = next_of(cursor);
    }
    return row;
}

void
access_words_of(const struct access_params *params, struct access_words *ret_words)
{
    *ret_words = (struct access_words){0};
    for (size_t i = 0; i < params->count; i++) {
        const struct access_param *param = &params->rows[i];
        uint32_t state = hash(FNV_BEGIN, param->name, strlen(param->name));
        state = hash(hash(state, "=", 1), param->value, strlen(param->value)) % 1024;
        ret_words->bits[state / 64] |= (uint64_t)1 << state % 64;
    }
}

bool
access_words_may_hold(const struct access_words *words, uint16_t word)
{
    return word == 0 || (words->bits[(word - 1) / 64] >> (word - 1) % 64 & 1) != 0;
}
