/* Words about versions, taken apart into bounds. */
#include "catalog/prose.h"

#include "base/text.h"
#include "catalog/prose_token.h"
#include "codec/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What is being put together while words go by. */
struct state {
    struct prose *out;
    enum prose_kind ahead; /* what the words before a value say of it */
    bool has_ahead;
    bool builds;   /* "build time", "build date": a date follows */
    bool is_aside; /* inside brackets, which only say more of the last bound */
    enum prose_aside { ASIDE_NONE, ASIDE_WITH, ASIDE_WITHOUT } aside;
    bool apart; /* ; or a line end stood between */
    bool comma;
    bool range;   /* a dash or "to" stood behind a value */
    bool between; /* "between": a second value ends the range */
};

static void
set_trust(struct prose *prose, enum prose_trust trust)
{
    prose->trust = trust > prose->trust ? trust : prose->trust;
}

static bool
is_upper(const struct prose_bound *bound)
{
    return bound->kind == PROSE_UP_TO || bound->kind == PROSE_BEFORE;
}

static bool
is_lower(const struct prose_bound *bound)
{
    return bound->kind == PROSE_FROM || bound->kind == PROSE_AFTER;
}

static struct prose_bound *
last_of(struct prose *prose)
{
    return prose->count == 0 ? NULL : &prose->bounds[prose->count - 1];
}

/* "(including V5.02)", "(not including V5.02)" change the bound before them. */
static void
apply_aside(struct state *state, enum prose_aside aside)
{
    struct prose_bound *last = last_of(state->out);
    if (last == NULL) {
        set_trust(state->out, PROSE_OPAQUE);
    } else if (is_upper(last)) {
        last->kind = aside == ASIDE_WITH ? PROSE_UP_TO : PROSE_BEFORE;
    } else if (is_lower(last)) {
        last->kind = aside == ASIDE_WITH ? PROSE_FROM : PROSE_AFTER;
    }
}

static void
join(struct state *state, struct prose_bound *bound)
{
    const struct prose_bound *before = last_of(state->out);
    if (before == NULL || state->apart || before->joins) {
        return;
    }
    bound->joins = (is_lower(before) && is_upper(bound)) ||
                   (is_upper(before) && is_lower(bound) && !state->comma &&
                       version_compare(bound->value, before->value) < 0);
}

static void
add_value(struct state *state, const struct prose_token *token)
{
    struct prose *out = state->out;
    struct prose_bound *last = last_of(out);
    if (state->aside != ASIDE_NONE && state->is_aside) {
        apply_aside(state, state->aside);
        state->aside = ASIDE_NONE;
        return;
    }
    if (out->count == PROSE_BOUNDS) {
        set_trust(out, PROSE_OPAQUE);
        return;
    }
    struct prose_bound bound = {.kind = state->has_ahead ? state->ahead : PROSE_EXACT,
        .is_date = token->kind == PROSE_DATE,
        .is_track = token->is_track};
    (void)text_copy(bound.value, sizeof(bound.value), token->text);
    if (state->builds && !bound.is_date) {
        set_trust(out, PROSE_OPAQUE);
    }
    if (state->between && !state->has_ahead) {
        bound.kind = PROSE_UP_TO;
        state->between = false;
    } else if (state->range && last != NULL && !state->has_ahead) {
        last->kind = last->kind == PROSE_EXACT ? PROSE_FROM : last->kind;
        bound.kind = PROSE_UP_TO;
    }
    join(state, &bound);
    out->bounds[out->count++] = bound;
    state->has_ahead = state->range = state->comma = state->apart = false;
}

/* "and earlier", "or later" behind a value. */
static bool
turn_last(struct state *state, enum prose_kind kind)
{
    struct prose_bound *last = last_of(state->out);
    if (last == NULL || last->kind != PROSE_EXACT) {
        return last != NULL && last->kind == kind;
    }
    last->kind = kind;
    return true;
}

/* What a word says, and whether a value follows it. */
static void
add_direction(struct state *state, const struct prose_token *token, const struct prose_token *next)
{
    bool value_follows = next->kind == PROSE_VERSION || next->kind == PROSE_DATE;
    if (value_follows || !turn_last(state, token->backward)) {
        state->ahead = token->direction;
        state->has_ahead = true;
    }
}

static void
add_token(struct state *state, const struct prose_token *token, const struct prose_token *next)
{
    switch (token->kind) {
    case PROSE_VERSION:
    case PROSE_DATE:
        add_value(state, token);
        break;
    case PROSE_OPERATOR:
        state->ahead = token->direction;
        state->has_ahead = true;
        break;
    case PROSE_DIRECTION:
        add_direction(state, token, next);
        break;
    case PROSE_BETWEEN:
        state->ahead = PROSE_FROM;
        state->has_ahead = state->between = true;
        break;
    case PROSE_RANGE:
        state->range = state->out->count != 0;
        if (!state->range && token->direction == PROSE_UP_TO) {
            state->ahead = PROSE_UP_TO;
            state->has_ahead = true;
        }
        break;
    case PROSE_BUILD:
        state->builds = true;
        break;
    case PROSE_WITH:
    case PROSE_WITHOUT:
        state->aside = token->kind == PROSE_WITH ? ASIDE_WITH : ASIDE_WITHOUT;
        if (!state->is_aside) {
            state->is_aside = true;
        }
        if (next->kind != PROSE_VERSION && next->kind != PROSE_DATE) {
            apply_aside(state, state->aside);
            state->aside = ASIDE_NONE;
        }
        break;
    case PROSE_APART:
        state->apart = true;
        state->has_ahead = state->range = false;
        break;
    case PROSE_COMMA:
        state->comma = true;
        break;
    case PROSE_BRACKET:
        state->is_aside = token->text[0] == '(';
        break;
    case PROSE_MODEL:
        state->out->has_model = true;
        set_trust(state->out, PROSE_WORDY);
        break;
    case PROSE_ALL:
        state->out->is_all = true;
        break;
    case PROSE_DANGER:
        set_trust(state->out, PROSE_OPAQUE);
        break;
    case PROSE_UNKNOWN:
        set_trust(state->out, PROSE_WORDY);
        break;
    case PROSE_FILLER:
    case PROSE_END:
        break;
    }
}

static bool
is_nothing(const char *text)
{
    static const char *const words[] = {"", "n/a", "na", "-", "--", "unspecified", "unknown",
        "none", "not specified", "not available", "tbd", "?", "."};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_equal_nocase(text, words[i])) {
            return true;
        }
    }
    return false;
}

/* An upper bound that is no more than the lower one can't be what was meant. */
static void
check_order(struct prose *prose)
{
    if (prose->is_all && prose->count != 0) {
        prose->is_all = false; /* "all versions before 5" */
    }
    if (prose->count == 0 && !prose->is_all && !prose->is_empty) {
        set_trust(prose, PROSE_OPAQUE);
    }
}

void
prose_read(const char *text, struct prose *ret_prose)
{
    *ret_prose = (struct prose){.is_empty = is_nothing(text)};
    if (ret_prose->is_empty) {
        return;
    }
    struct state state = {.out = ret_prose};
    struct prose_cursor cursor;
    struct prose_token token, next;
    prose_cursor_init(&cursor, text);
    prose_next(&cursor, &token);
    while (token.kind != PROSE_END) {
        prose_next(&cursor, &next);
        add_token(&state, &token, &next);
        token = next;
    }
    if (state.between) {
        set_trust(ret_prose, PROSE_OPAQUE); /* the other end was not found */
    }
    check_order(ret_prose);
}

bool
prose_is_version(const char *text)
{
    text += (text[0] == 'v' || text[0] == 'V') ? 1 : 0;
    return isdigit((unsigned char)text[0]) && strchr(text, '.') != NULL &&
           strspn(text, "0123456789.") == strlen(text);
}

/* UTF-8 to a code point; 0 for what is broken. */
static unsigned
decode(const unsigned char **at)
{
    const unsigned char *c = *at;
    size_t more = c[0] < 0x80 ? 0 : (c[0] & 0xe0) == 0xc0 ? 1 : (c[0] & 0xf0) == 0xe0 ? 2 : 3;
    unsigned code = more == 0 ? c[0] : c[0] & (0x3fU >> more);
    size_t i = 1;
    for (; i <= more && (c[i] & 0xc0) == 0x80; i++) {
        code = (code << 6) | (c[i] & 0x3fU);
    }
    *at += i;
    return i <= more ? 0 : code;
}

static void
put_code(struct buf *out, unsigned code, const unsigned char *bytes, size_t len)
{
    if (code >= 0xff01 && code <= 0xff5e) {
        buf_byte(out, (uint8_t)(code - 0xff01 + 0x21));
    } else if (code == 0xa0 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f ||
               code == 0x3000) {
        buf_byte(out, ' ');
    } else if (code == 0x2013 || code == 0x2014 || code == 0x2015 || code == 0x301c) {
        buf_text(out, " - ");
    } else if (code == 0x2010 || code == 0x2011 || code == 0x2012 || code == 0x2212) {
        buf_byte(out, '-');
    } else if (code == 0x2264 || code == 0x2265) {
        buf_text(out, code == 0x2264 ? "<=" : ">=");
    } else if (code == 0x3001 || code == 0x3002) {
        buf_text(out, code == 0x3001 ? "," : ".");
    } else if (code == '\n' || code == '\r') {
        buf_byte(out, '\n');
    } else if (code == '\t') {
        buf_byte(out, ' ');
    } else if (code >= 0x20 && code != 0x7f && (code < 0x200b || code > 0x200f)) {
        buf_add(out, bytes, len);
    }
}

void
prose_clean(const char *text, struct buf *ret_text)
{
    static const struct {
        const char *written, *meant;
    } escapes[] = {
        {"\\u003c", "<" },
        {"\\u003e", ">" },
        {"&lt;",    "<" },
        {"&gt;",    ">" },
        {"<br>",    "\n"}
    };
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t i = 0;
        while (i < COUNT(escapes) && !text_starts_nocase((const char *)at, escapes[i].written)) {
            i++;
        }
        if (i < COUNT(escapes)) {
            buf_text(ret_text, escapes[i].meant);
            at += strlen(escapes[i].written);
            continue;
        }
        const unsigned char *begin = at;
        unsigned code = decode(&at);
        put_code(ret_text, code, begin, (size_t)(at - begin));
    }
}
