/* What the step functions of change_password's tables have in common. */
#include "device/account.h"

#include "base/buf.h"
#include "base/text.h"
#include "codec/pick.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)2048)

static const char *
finish(struct buf *buf, struct arena *arena)
{
    const char *text = buf->failed ? NULL : arena_copy(arena, buf->data);
    sodium_memzero(buf->data, buf->len);
    buf_release(buf);
    return text;
}

const char *
account_xml(const char *text, struct arena *arena)
{
    static const struct {
        char sign;
        const char *entity;
    } rows[] = {
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'&',  "&amp;" },
        {'"',  "&quot;"},
        {'\'', "&apos;"}
    };
    struct buf out;
    buf_init(&out, TEXT_MAX);
    for (; *text != '\0'; text++) {
        const char *entity = NULL;
        for (size_t i = 0; i < COUNT(rows); i++) {
            entity = rows[i].sign == *text ? rows[i].entity : entity;
        }
        if (entity != NULL) {
            buf_text(&out, entity);
        } else {
            buf_byte(&out, (uint8_t)*text);
        }
    }
    return finish(&out, arena);
}

const char *
account_percent(const char *text, struct arena *arena)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    buf_percent(&out, text);
    return finish(&out, arena);
}

const char *
account_json(const char *text, struct arena *arena)
{
    json_t *value = json_string(text);
    char *dumped = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    const char *copy = dumped == NULL ? NULL : arena_copy(arena, dumped);
    if (dumped != NULL) {
        sodium_memzero(dumped, strlen(dumped));
    }
    free(dumped);
    json_decref(value);
    return copy;
}

const char *
account_pick(const struct answer *answer, const char *pick, const char *other, struct arena *arena)
{
    const char *text = NULL;
    return pick_text(answer, pick, arena, &text) == OK ? text : other;
}

enum change_state
account_ask(const struct ask *ask, struct request *ret_request)
{
    *ret_request = (struct request){.ask = *ask};
    ret_request->ask.login = true;
    return CHANGE_SEND;
}

enum change_state
account_send(struct device_change *change, const struct ask *ask, struct request *ret_request)
{
    if (ask->path == NULL || (ask->type != NULL && ask->body == NULL)) {
        return account_end(change, CHANGE_REFUSED, "the request is too long");
    }
    change->number++;
    return account_ask(ask, ret_request);
}

enum change_state
account_end(struct device_change *change, enum change_state state, const char *why)
{
    text_clean(change->why, sizeof(change->why), why, strlen(why));
    return state;
}

enum change_state
account_refuse(struct device_change *change, const char *words)
{
    static const char *const quality[] = {"weak", "strength", "complex", "simple", "too long",
        "toolong", "too short", "tooshort", "length", "invalid password", "invalid character",
        "password format", "riskpassword", "illegal password", "passwordpolicy"};
    for (size_t i = 0; i < COUNT(quality); i++) {
        if (text_contains_nocase(words, quality[i])) {
            return account_end(change, CHANGE_TOO_WEAK, words);
        }
    }
    return account_end(change, CHANGE_REFUSED, words);
}

enum change_state
account_by_status(struct device_change *change, const struct answer *last)
{
    char words[64];
    if (last->status == 200) {
        return account_end(change, CHANGE_UNCLEAR, "it answered something else");
    }
    (void)snprintf(words, sizeof(words), "it answered with status %d", last->status);
    bool is_no = last->status >= 400 && last->status < 500;
    /* After the change some devices ask for the new password at once: 401 then tells nothing. */
    bool is_unclear = !is_no || (last->status == 401 && change->number != 0);
    return account_end(change, is_unclear ? CHANGE_UNCLEAR : CHANGE_REFUSED, words);
}
