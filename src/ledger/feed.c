/* Reads lines, makes events of them, keeps the keeper busy. */
#include "ledger/feed.h"
#include "base/suggest.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNDER_WAY CLIENT_QUEUE
#define POLL_MS   500 /* a stop that comes just before the poll is seen after this */
#define WAIT_MS   10000

struct feed;

/* An event under way: answers come in any order. */
struct handed {
    struct feed *feed;
    uint64_t line;
};

struct feed {
    const struct feed_settings *settings;
    struct feed_result result;
    struct note *note;
    enum err err; /* the first trouble; nothing is read after it */
    bool is_at_end;
    char *bytes; /* FEED_LINE + 1 of them */
    size_t len;
    size_t at; /* begin of the line that is next */
    struct buf event;
    struct handed handed[UNDER_WAY];
    size_t free[UNDER_WAY];
    size_t free_count;
};

static void
fail(struct feed *feed, enum err err, uint64_t line)
{
    if (feed->err == OK) {
        feed->err = err;
        feed->result.failed = line;
    }
}

/* "Did you mean": the nearest of the actions. */
static void
suggest_action(const json_t *json, struct note *note)
{
    const char *names[EVENT_ACTIONS];
    enum event_action action;
    char word[48];
    const char *text = json_string_value(json_object_get(json, "action"));
    if (text == NULL || event_action_parse(text, strlen(text), &action) == OK) {
        return;
    }
    for (unsigned i = 0; i < EVENT_ACTIONS; i++) {
        names[i] = event_action((enum event_action)i)->text;
    }
    const char *nearest = suggest_nearest(text, names, COUNT(names));
    text_clean(word, sizeof(word), text, strlen(text));
    note_set(note, "action %s is not known%s%s%s", word,
        nearest == NULL ? "; see: gatehouse ledger actions" : ", did you mean ",
        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

static enum err
judge_voice(const struct buf *event, size_t before, struct note *note)
{
    struct event_facts facts;
    enum err err = event_check(event->data + before, event->len - before, false, &facts, note);
    if (err == OK && event_action(facts.action)->voice == EVENT_KEEPER) {
        note_set(
            note, "action %s is for the ledger itself to say", event_action(facts.action)->text);
        err = ERR_VALUE;
    }
    return err;
}

enum err
feed_event(const json_t *json, const json_t *defaults, struct buf *ret_event, struct note *note)
{
    size_t before = ret_event->len;
    json_t *whole = defaults == NULL ? json_object() : json_deep_copy(defaults);
    json_t *given = json_deep_copy(json);
    if (!json_is_object(json)) {
        note_set(note, "an event is a JSON object");
        json_decref(whole);
        json_decref(given);
        return ERR_VALUE;
    }
    enum err err =
        whole == NULL || json_object_update_recursive(whole, given) != 0 ? ERR_MEMORY : OK;
    if (err == OK) {
        err = event_from_json(whole, ret_event, note);
        if (err == ERR_VALUE) {
            suggest_action(whole, note);
        }
    }
    json_decref(whole);
    json_decref(given);
    if (err == OK) {
        err = judge_voice(ret_event, before, note);
    }
    return err;
}

static enum err
read_object(const char *line, size_t len, json_t **ret_json, struct note *note)
{
    json_error_t trouble;
    char words[128];
    json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &trouble);
    if (json == NULL) {
        text_clean(words, sizeof(words), trouble.text, strlen(trouble.text));
        note_set(note, "not JSON: %s (byte %d)", words, trouble.position);
        return ERR_SYNTAX;
    }
    *ret_json = json;
    return OK;
}

/* The function of client_append(). */
static void
answered(void *context, enum err err, uint64_t index, const struct note *note)
{
    struct handed *handed = context;
    struct feed *feed = handed->feed;
    feed->free[feed->free_count++] = (size_t)(handed - feed->handed);
    if (err == ERR_NETWORK || err == ERR_CANCELLED) {
        feed->result.unknown++;
    }
    if (err != OK) {
        if (feed->err == OK) {
            note_set(feed->note, "line %llu: %s", (unsigned long long)handed->line,
                note->text[0] == '\0' ? err_words(err) : note->text);
        }
        fail(feed, err, handed->line);
        return;
    }
    feed->result.recorded++;
    feed->result.later += feed->result.failed != 0 && handed->line > feed->result.failed ? 1 : 0;
    if (feed->settings->recorded != NULL) {
        feed->settings->recorded(feed->settings->context, handed->line, index);
    }
}

static enum err
hand_over(struct feed *feed)
{
    struct handed *handed = &feed->handed[feed->free[feed->free_count - 1]];
    *handed = (struct handed){feed, feed->result.lines};
    enum err err =
        client_append(feed->settings->client, feed->event.data, feed->event.len, answered, handed);
    if (err == OK) {
        feed->free_count--;
    }
    return err;
}

static bool
is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
            return false;
        }
    }
    return true;
}

/* Makes an event of one line and hands it over; ERR_LIMIT from the client: later. */
static enum err
take_line(struct feed *feed, const char *line, size_t len)
{
    json_t *json = NULL;
    struct note why = {""};
    if (is_blank(line, len)) {
        return OK;
    }
    buf_clear(&feed->event);
    enum err err = read_object(line, len, &json, &why);
    if (err == OK) {
        err = feed_event(json, feed->settings->defaults, &feed->event, &why);
        json_decref(json);
    }
    if (err != OK) {
        note_set(feed->note, "line %llu: %.200s", (unsigned long long)feed->result.lines, why.text);
        fail(feed, err, feed->result.lines);
        return err;
    }
    if (feed->settings->client != NULL) {
        return hand_over(feed);
    }
    if (feed->settings->made != NULL) {
        feed->settings->made(feed->settings->context, &feed->event);
    }
    return OK;
}

/* Length of the next whole line, without its end; the last may lack one. */
static bool
next_line(const struct feed *feed, size_t *ret_len, size_t *ret_step)
{
    const char *begin = feed->bytes + feed->at;
    size_t left = feed->len - feed->at;
    const char *end = left == 0 ? NULL : memchr(begin, '\n', left);
    if (end == NULL && (!feed->is_at_end || left == 0)) {
        return false;
    }
    *ret_len = end == NULL ? left : (size_t)(end - begin);
    *ret_step = *ret_len + (end == NULL ? 0 : 1);
    return true;
}

static bool
has_room(const struct feed *feed)
{
    return feed->settings->client == NULL || feed->free_count != 0;
}

static void
take_lines(struct feed *feed)
{
    size_t len = 0;
    size_t step = 0;
    while (feed->err == OK && has_room(feed) && next_line(feed, &len, &step)) {
        feed->result.lines++;
        enum err err = take_line(feed, feed->bytes + feed->at, len);
        if (err == ERR_LIMIT && feed->err == OK) { /* the client is full */
            feed->result.lines--;
            return;
        }
        if (err != OK && feed->err == OK) {
            note_set(feed->note, "line %llu: %s", (unsigned long long)feed->result.lines,
                client_trouble(feed->settings->client)->text);
            fail(feed, err, feed->result.lines);
        }
        feed->at += step;
    }
}

static void
read_more(struct feed *feed)
{
    memmove(feed->bytes, feed->bytes + feed->at, feed->len - feed->at);
    feed->len -= feed->at;
    feed->at = 0;
    if (feed->len > FEED_LINE) {
        feed->result.lines++;
        note_set(feed->note, "line %llu: longer than %zu bytes",
            (unsigned long long)feed->result.lines, FEED_LINE);
        fail(feed, ERR_LIMIT, feed->result.lines);
        return;
    }
    ssize_t got = read(feed->settings->fd, feed->bytes + feed->len, FEED_LINE + 1 - feed->len);
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
        note_set(feed->note, "after line %llu: %s", (unsigned long long)feed->result.lines,
            strerror(errno));
        fail(feed, ERR_IO, 0);
    }
    feed->is_at_end = got == 0;
    feed->len += got > 0 ? (size_t)got : 0;
}

/* Waits for lines, as long as they are wanted, and for the keeper. */
static void
wait_for_work(struct feed *feed, bool wants_lines)
{
    struct client *client = feed->settings->client;
    struct pollfd watch[2] = {{.fd = -1}, {.fd = -1}};
    if (wants_lines) {
        watch[0] = (struct pollfd){.fd = feed->settings->fd, .events = POLLIN};
    }
    if (client != NULL) {
        short write = client_wants_write(client) ? POLLOUT : 0;
        watch[1] = (struct pollfd){.fd = client_fd(client), .events = (short)(POLLIN | write)};
    }
    int ready = poll(watch, COUNT(watch), POLL_MS);
    if (ready > 0 && watch[1].revents != 0 && client_turn(client) != OK && feed->err == OK) {
        note_set(feed->note, "%s", client_trouble(client)->text);
        fail(feed, ERR_NETWORK, 0);
    }
    if (ready > 0 && watch[0].revents != 0) {
        read_more(feed);
    }
}

static bool
is_stopped(const struct feed *feed)
{
    return feed->settings->stop != NULL && *feed->settings->stop != 0;
}

static void
run(struct feed *feed)
{
    size_t len = 0;
    size_t step = 0;
    while (feed->err == OK) {
        if (is_stopped(feed)) {
            note_set(feed->note, "stopped after line %llu", (unsigned long long)feed->result.lines);
            fail(feed, ERR_CANCELLED, 0);
            break;
        }
        take_lines(feed);
        bool waits = next_line(feed, &len, &step);
        if (feed->err != OK || (feed->is_at_end && !waits)) {
            break;
        }
        wait_for_work(feed, !waits);
    }
    if (feed->settings->client != NULL && client_under_way(feed->settings->client) != 0 &&
        client_wait(feed->settings->client, WAIT_MS) != OK) {
        if (feed->err == OK) {
            note_set(feed->note, "the keeper did not answer");
        }
        fail(feed, ERR_TIMEOUT, 0);
    }
    if (feed->settings->client != NULL) { /* answers what is left, while there is who is told */
        feed->settings->close(feed->settings->client);
    }
}

enum err
feed_run(const struct feed_settings *settings, struct feed_result *ret_result, struct note *note)
{
    struct feed *feed = calloc(1, sizeof(*feed));
    char *bytes = malloc(FEED_LINE + 1);
    if (feed == NULL || bytes == NULL) {
        free(feed);
        free(bytes);
        if (settings->client != NULL) {
            settings->close(settings->client);
        }
        return ERR_MEMORY;
    }
    feed->settings = settings;
    feed->note = note;
    feed->bytes = bytes;
    buf_init(&feed->event, EVENT_LIMIT);
    for (size_t i = 0; i < UNDER_WAY; i++) {
        feed->free[feed->free_count++] = i;
    }
    run(feed);
    enum err err = feed->err;
    *ret_result = feed->result;
    buf_release(&feed->event);
    free(bytes);
    free(feed);
    return err;
}
