/*
 * The doorman's words to the ledger.
 *
 * Rule of this file: a visit that waits for an event is told exactly once, and OK only for what is
 * durable; an event that nobody waits for is kept until the ledger has it, within DOORMAN_OUTBOX.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "gate/emergency.h"
#include "ledger/event.h"

#include <stdlib.h>
#include <string.h>

#define RETRY 500 /* ms between connections, and of what found the disk full */

static enum err
write_event(const struct doorman *doorman, const struct doorman_saying *saying, json_t *detail,
    struct buf *ret_json, struct note *note)
{
    char ip[IP_TEXT] = "";
    struct event event = event_begin(saying->action, saying->outcome);
    if (saying->ip != NULL) {
        (void)ip_text(saying->ip, ip);
    }
    event.site = event_text(doorman->settings->site == NULL ? "" : doorman->settings->site);
    event.user = event_text(saying->user);
    event.session = event_text(saying->session);
    event.factor = event_text(saying->factor);
    event.reason = event_text(saying->reason);
    event.object = event_text(saying->object);
    event.ip = event_text(saying->ip == NULL ? NULL : ip);
    event.detail = detail;
    return event_write(&event, ret_json, note);
}

static void
free_word(struct doorman_word *word)
{
    struct doorman *doorman = word->doorman;
    struct doorman_word **place = &doorman->words;
    while (*place != word) {
        place = &(*place)->next;
    }
    *place = word->next;
    doorman->word_count--;
    if (word->visit != NULL) {
        word->visit->word = NULL;
    }
    if (word->is_emergency) {
        doorman_emergency_had_one(doorman);
    }
    buf_release(&word->json);
    free(word);
}

/* The ledger may have, or will have, a log-in of which nothing came. */
static void
take_back(struct doorman *doorman, const char *user, const struct ip *ip)
{
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_FAIL,
        .outcome = EVENT_FAILED,
        .user = user,
        .ip = ip,
        .reason = "the ledger answered too late: no session was made of the log-in",
    };
    doorman_say(doorman, &saying);
}

static bool
is_final(enum err err)
{
    return err == OK || err == ERR_VALUE;
}

static void
on_done(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct doorman_word *word = context;
    struct doorman *doorman = word->doorman;
    struct visit *visit = word->visit;
    (void)index;
    word->is_sent = false;
    if (err == ERR_VALUE) {
        log_error("the ledger refuses an event: %s", note->text);
    }
    if (visit != NULL || word->was_awaited) {
        bool is_unsure =
            word->user[0] != '\0' && ((err == OK && visit == NULL) || err == ERR_NETWORK);
        char user[IDENTITY_NAME];
        struct ip ip = word->ip;
        (void)text_copy(user, sizeof(user), word->user);
        free_word(word);
        if (is_unsure && !doorman->is_ending) {
            take_back(doorman, user, &ip);
        }
        if (visit != NULL) {
            visit->said(visit, err);
        }
        return;
    }
    if (is_final(err)) {
        free_word(word);
    }
}

static void on_client(uv_poll_t *poll, int status, int events);

void
doorman_say_watch(struct doorman *doorman)
{
    if (doorman->client_is_polled) {
        int events = UV_READABLE | (client_wants_write(doorman->client) ? UV_WRITABLE : 0);
        (void)uv_poll_start(&doorman->client_poll, events, on_client);
    }
}

static void
on_closed(uv_handle_t *handle)
{
    struct doorman *doorman = handle->data;
    doorman->client_is_closing = false;
}

/* Everything under way is answered by it. */
static void
lose(struct doorman *doorman)
{
    struct client *client = doorman->client;
    if (client == NULL) {
        return;
    }
    doorman->client = NULL;
    if (doorman->client_is_polled) {
        doorman->client_is_polled = false;
        doorman->client_is_closing = true;
        (void)uv_poll_stop(&doorman->client_poll);
        uv_close((uv_handle_t *)&doorman->client_poll, on_closed);
    }
    client_close(client);
}

static void
on_client(uv_poll_t *poll, int status, int events)
{
    struct doorman *doorman = poll->data;
    (void)status;
    (void)events;
    if (client_turn(doorman->client) != OK) {
        log_warn("the ledger is gone: %s", client_trouble(doorman->client)->text);
        lose(doorman);
    } else {
        doorman_say_watch(doorman);
    }
}

static enum err
send_word(struct doorman_word *word)
{
    struct doorman *doorman = word->doorman;
    if (doorman->client == NULL) {
        return ERR_NETWORK;
    }
    word->is_sent = true;
    enum err err = client_append(doorman->client, word->json.data, word->json.len, on_done, word);
    word->is_sent = err == OK;
    doorman_say_watch(doorman);
    return err;
}

static struct doorman_word *
new_word(struct doorman *doorman)
{
    struct doorman_word *word = calloc(1, sizeof(*word));
    if (word == NULL) {
        return NULL;
    }
    word->doorman = doorman;
    buf_init(&word->json, EVENT_LIMIT);
    struct doorman_word **end = &doorman->words;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = word;
    doorman->word_count++;
    return word;
}

void
doorman_say(struct doorman *doorman, const struct doorman_saying *saying)
{
    struct note note = {""};
    if (doorman->word_count >= DOORMAN_OUTBOX) {
        doorman->lost++;
        json_decref(saying->detail);
        return;
    }
    struct doorman_word *word = new_word(doorman);
    enum err err = word == NULL ? ERR_MEMORY
                                : write_event(doorman, saying, saying->detail, &word->json, &note);
    json_decref(saying->detail);
    if (err != OK) {
        log_error("%s: %s", event_action(saying->action)->text,
            note.text[0] == '\0' ? err_words(err) : note.text);
        if (word != NULL) {
            free_word(word);
        }
        return;
    }
    (void)!send_word(word); /* else later */
}

void
doorman_say_line(struct doorman *doorman, const struct buf *json)
{
    struct doorman_word *word = new_word(doorman);
    if (word == NULL) {
        return;
    }
    buf_add(&word->json, json->data, json->len);
    word->is_emergency = true;
    doorman->emergencies++;
    (void)!send_word(word);
}

void
doorman_say_wait(struct visit *visit, const struct doorman_saying *saying, doorman_said_fn *said)
{
    struct note note = {""};
    struct doorman_word *word = new_word(visit->doorman);
    enum err err = word == NULL
                       ? ERR_MEMORY
                       : write_event(visit->doorman, saying, saying->detail, &word->json, &note);
    json_decref(saying->detail);
    if (err == OK) {
        word->visit = visit;
        word->was_awaited = true;
        word->until = clock_boot() + DOORMAN_PATIENCE;
        word->ip = visit->ip;
        if (saying->action == EVENT_AUTH_LOGIN) {
            (void)text_copy(word->user, sizeof(word->user), saying->user);
        }
        visit->word = word;
        visit->said = said;
        err = send_word(word);
    }
    if (err != OK) {
        log_warn(
            "an event can't be written: %s", note.text[0] == '\0' ? err_words(err) : note.text);
        if (word != NULL) {
            free_word(word);
        }
        said(visit, err);
    }
}

enum err
doorman_say_emergency(struct doorman *doorman, const struct doorman_saying *saying)
{
    char at[EVENT_TIME];
    struct note note = {""};
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    json_t *detail = saying->detail == NULL ? json_object() : saying->detail;
    (void)json_object_set_new(detail, "emergency", json_true());
    (void)json_object_set_new(detail, "at", json_string(event_time_text(clock_wall(), at)));
    enum err err = write_event(doorman, saying, detail, &json, &note);
    json_decref(detail);
    err = err == OK ? emergency_append(doorman->emergency_path, json.data, json.len, &note) : err;
    if (err != OK) {
        log_error("emergency event: %s", note.text[0] == '\0' ? err_words(err) : note.text);
    }
    return err;
}

void
doorman_say_fail(struct visit *visit, const char *user, const char *factor, const char *why)
{
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_FAIL,
        .outcome = EVENT_REFUSED,
        .user = text_is_empty(user) ? NULL : user,
        .factor = factor,
        .ip = &visit->ip,
        .reason = text_is_empty(why) ? "refused" : why,
    };
    doorman_say(visit->doorman, &saying);
}

static void
connect_again(struct doorman *doorman)
{
    struct note note = {""};
    struct client *client = NULL;
    if (doorman->client_is_closing || client_open(doorman->keeper_path, &client, &note) != OK) {
        return;
    }
    if (uv_poll_init(&doorman->loop, &doorman->client_poll, client_fd(client)) != 0) {
        client_close(client);
        return;
    }
    doorman->client = client;
    doorman->client_is_polled = true;
    doorman->client_poll.data = doorman;
    doorman_say_watch(doorman);
}

/* One that waited too long: its visit goes on without the ledger, the event is waited for. */
static void
give_up(struct doorman_word *word)
{
    struct visit *visit = word->visit;
    word->visit = NULL;
    visit->word = NULL;
    visit->said(visit, ERR_TIMEOUT);
}

void
doorman_say_tick(struct doorman *doorman, int64_t now)
{
    for (struct doorman_word *word = doorman->words, *next; word != NULL; word = next) {
        next = word->next;
        if (word->visit != NULL && now >= word->until) {
            give_up(word);
            return; /* the list may be another now; the others in 250 ms */
        }
    }
    if (now - doorman->tried < RETRY) {
        return;
    }
    doorman->tried = now;
    if (doorman->client == NULL) {
        connect_again(doorman);
    }
    for (struct doorman_word *word = doorman->words; word != NULL; word = word->next) {
        if (!word->is_sent && !word->was_awaited && send_word(word) != OK) {
            return;
        }
    }
    if (doorman->lost != 0 && doorman->client != NULL) {
        log_error("%llu events were not recorded: the ledger was gone for too long",
            (unsigned long long)doorman->lost);
        doorman->lost = 0;
    }
}

void
doorman_say_stop(struct doorman *doorman)
{
    if (doorman->client != NULL) {
        (void)!client_wait(doorman->client, 2000);
    }
    lose(doorman);
    for (struct doorman_word *word = doorman->words, *next; word != NULL; word = next) {
        next = word->next;
        free_word(word);
    }
}
