/* Hands the emergency's events over to the ledger, when there is one again. */
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"
#include "gate/emergency.h"
#include "ledger/event.h"

#include <string.h>

/* Once more as a produced event that says what it is. */
static void
hand_over(struct doorman *doorman, const char *line, size_t len)
{
    struct note note = {""};
    json_error_t error;
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    json_t *detail = json_object_get(event, "detail");
    if (json_is_object(event) && !json_is_object(detail)) {
        (void)json_object_set_new(event, "detail", json_object());
        detail = json_object_get(event, "detail");
    }
    (void)json_object_set_new(detail, "emergency", json_true());
    enum err err = event == NULL ? ERR_SYNTAX : event_from_json(event, &json, &note);
    json_decref(event);
    if (err != OK) {
        log_error("a line of the emergency's events is not one (%s): %.*s", err_words(err),
            (int)(len > 200 ? 200 : len), line);
        return;
    }
    doorman_say_line(doorman, &json);
}

void
doorman_emergency_had_one(struct doorman *doorman)
{
    struct note note = {""};
    doorman->emergencies--;
    if (doorman->emergencies != 0 || doorman->is_ending) {
        return;
    }
    if (emergency_done(doorman->taken_path, &note) != OK) {
        log_error("%s", note.text);
    }
    doorman->is_emptying = false;
}

void
doorman_emergency_tick(struct doorman *doorman)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf lines;
    buf_init(&lines, EMERGENCY_MOST + EVENT_LIMIT);
    if (doorman->is_emptying || doorman->client == NULL) {
        return;
    }
    enum err err = emergency_take(doorman->emergency_path, doorman->taken_path, &lines, &note);
    if (err == ERR_MISSING) {
        return;
    }
    if (err != OK) {
        log_error("%s", note.text);
        return;
    }
    doorman->is_emptying = true;
    doorman->emergencies++; /* this one, until all lines are on their way */
    for (size_t at = 0; at < lines.len;) {
        const char *end = memchr(lines.data + at, '\n', lines.len - at);
        size_t len = end == NULL ? lines.len - at : (size_t)(end - lines.data) - at;
        if (len != 0) {
            hand_over(doorman, lines.data + at, len);
        }
        at += len + 1;
    }
    doorman_emergency_had_one(doorman);
}
