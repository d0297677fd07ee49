/* What links say to the keeper, and what it answers. */
#include "base/log.h"
#include "base/text.h"
#include "daemon/keep.h"
#include "daemon/keeper_seal.h"

#include <unistd.h>

static void
mark_dirty(struct keeper *keeper, struct keep_link *link)
{
    if (!link->is_dirty) {
        link->is_dirty = true;
        keeper->dirty[keeper->dirty_count++] = (uint16_t)(link - keeper->links);
    }
}

void
keeper_talk_answer(
    struct keeper *keeper, const struct keep_asker *asker, const struct message_done *done)
{
    struct keep_link *link = keeper_door_find(keeper, asker);
    if (link != NULL) {
        message_put_done(&link->out, asker->token, done);
        mark_dirty(keeper, link);
    }
}

void
keeper_talk_end(struct keeper *keeper, struct keep_link *link, const struct message_done *done)
{
    if (!link->is_ending) {
        link->is_ending = true;
        message_put_done(&link->out, MESSAGE_ALL, done);
        mark_dirty(keeper, link);
    }
}

static void
refuse(struct keeper *keeper, const struct keep_asker *asker, const char *words)
{
    struct message_done done = {.status = MESSAGE_BAD};
    (void)text_copy(done.words, sizeof(done.words), words);
    keeper->bad++;
    keeper_talk_answer(keeper, asker, &done);
}

static void
refuse_full(struct keeper *keeper, const struct keep_asker *asker)
{
    static const struct message_done done = {
        MESSAGE_FULL, 0, "no space left on the disk of the ledger: footage must stop"};
    keeper_round_refused(keeper, asker);
    keeper_talk_answer(keeper, asker, &done);
}

/* ERR_LIMIT: there is no room now, the same frame must come again. */
static enum err
take_append(struct keeper *keeper, struct keep_asker *asker, const struct message *message)
{
    struct event_facts facts;
    struct note note = {{0}};
    enum err err = event_check(message->payload, message->len, false, &facts, &note);
    if (err != OK) {
        refuse(keeper, asker, note.text[0] != '\0' ? note.text : err_words(err));
        return OK;
    }
    enum event_voice voice = event_action(facts.action)->voice;
    if (voice == EVENT_KEEPER) {
        note_set(&note, "only the ledger itself may say %s", event_action(facts.action)->text);
        refuse(keeper, asker, note.text);
        return OK;
    }
    asker->is_reserved = voice == EVENT_RESERVED;
    struct message sealed;
    err = keeper_seal_event(keeper, message, &sealed, &note);
    if (err == ERR_VALUE) {
        refuse(keeper, asker, note.text);
        return OK;
    }
    err = err == OK ? keeper_round_add(keeper, asker, sealed.payload, sealed.len) : err;
    if (err == ERR_FULL) {
        refuse_full(keeper, asker);
    } else if (err != OK && err != ERR_LIMIT) {
        refuse(keeper, asker, err_words(err));
    }
    return err == ERR_LIMIT ? err : OK;
}

static void
take_publish(struct keeper *keeper, const struct keep_asker *asker, const struct message *message)
{
    uint64_t index = 0;
    if (message_parse_index(message, &index) != OK) {
        refuse(keeper, asker, "an index has eight bytes");
        return;
    }
    keeper_round_wait_published(keeper, asker, index);
}

static void
take_state(struct keeper *keeper, struct keep_link *link, const struct message *message)
{
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, 4096);
    keeper_own_state(keeper, &json);
    const struct message report = {
        MESSAGE_REPORT, message->token, (const uint8_t *)json.data, json.len};
    message_put(&link->out, &report);
    mark_dirty(keeper, link);
}

static void
take_rotate(struct keeper *keeper, const struct keep_link *link, const struct keep_asker *asker)
{
    if (link->uid != 0 && link->uid != (int64_t)geteuid()) {
        refuse(keeper, asker, "only the keeper's own user and root may have the key replaced");
    } else if (keeper->key_is_fixed) {
        refuse(keeper, asker,
            "the key is a credential of the service: it can't be replaced from here; see "
            "gatehouse-ledger(7), MOVING");
    } else if (keeper->wants_rotation) {
        refuse(keeper, asker, "the key is being replaced already");
    } else {
        keeper->rotation = *asker;
        keeper->wants_rotation = true;
        keeper_door_pause(keeper);
    }
}

static void
take_erase(struct keeper *keeper, const struct keep_link *link, const struct keep_asker *asker,
    const struct message *message)
{
    struct note note = {{0}};
    struct message_done done = {.status = MESSAGE_OK};
    if (link->uid != 0 && link->uid != (int64_t)geteuid()) {
        refuse(keeper, asker, "only the keeper's own user and root may have keys destroyed");
    } else if (keeper_seal_erase(keeper, link, message, &done.index, &note) != OK) {
        refuse(keeper, asker, note.text);
    } else {
        keeper_talk_answer(keeper, asker, &done);
    }
}

static enum err
take(struct keeper *keeper, struct keep_link *link, const struct message *message)
{
    struct keep_asker asker = {
        .link = (uint16_t)(link - keeper->links),
        .generation = link->generation,
        .token = message->token,
    };
    switch (message->kind) {
    case MESSAGE_APPEND:
        return take_append(keeper, &asker, message);
    case MESSAGE_PUBLISH:
        take_publish(keeper, &asker, message);
        break;
    case MESSAGE_STATE:
        take_state(keeper, link, message);
        break;
    case MESSAGE_ROTATE:
        take_rotate(keeper, link, &asker);
        break;
    case MESSAGE_ERASE:
        take_erase(keeper, link, &asker, message);
        break;
    case MESSAGE_DONE:
    case MESSAGE_REPORT:
        assert(false); /* message_parse() lets none of them through to a keeper */
    }
    return OK;
}

size_t
keeper_talk_take(struct keeper *keeper, struct keep_link *link, const uint8_t *bytes, size_t len)
{
    static const struct message_done garbage = {
        MESSAGE_BAD, 0, "what came is no frame of the keeper's socket"};
    size_t at = 0;
    while (!link->is_ending) {
        struct message message;
        size_t used = 0;
        if (keeper->is_paused || keeper_door_is_slow(link)) {
            link->is_stalled = at < len;
            break;
        }
        if (message_parse(MESSAGE_KEEPER, bytes + at, len - at, &message, &used) != OK) {
            log_debug("process %lld sent what is no frame", (long long)link->pid);
            keeper_talk_end(keeper, link, &garbage);
            return len;
        }
        if (used == 0) {
            break;
        }
        if (take(keeper, link, &message) == ERR_LIMIT) {
            link->is_stalled = true;
            keeper_door_pause(keeper);
            break;
        }
        at += used;
    }
    return link->is_ending ? len : at;
}
