/* Records the alarms of witnesses. */
#include "cli/ledger_witness_alarm.h"

#include "base/file.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_witness.h"
#include "ledger/event.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 30000

static enum err
write_event(const struct ledger_witness_round *round, size_t witness, struct buf *ret_event,
    struct note *note)
{
    char text[VKEY_TEXT];
    const struct ledger_witness_line *line = &round->lines[witness];
    const struct policy_witness *row = &round->policy->witnesses[witness];
    struct event event = event_begin(EVENT_LEDGER_FORK, EVENT_REFUSED);
    json_t *detail = json_pack("{s:s, s:s, s:I, s:I, s:b}", "witness", row->key.name, "key",
        vkey_text(&row->key, text), "size", (json_int_t)round->checkpoint.head.size, "witness_size",
        (json_int_t)line->size, "proven", (int)line->is_proven);
    event.site = (struct event_text){round->checkpoint.origin, SIZE_MAX};
    event.reason = (struct event_text){line->words, SIZE_MAX};
    event.detail = detail;
    enum err err = detail == NULL ? ERR_MEMORY : event_write(&event, ret_event, note);
    json_decref(detail);
    return err;
}

static enum err
append(
    const struct ledger_witness_round *round, size_t witness, const char *keys, struct note *note)
{
    struct client *client = NULL;
    CLEANUP(buf_release) struct buf event;
    buf_init(&event, EVENT_LIMIT);
    enum err err = write_event(round, witness, &event, note);
    if (err != OK) {
        return err;
    }
    err = ledger_connect(round->folder, keys, &client, note);
    if (err == OK) {
        err = client_append_wait(client, &event, ANSWER_MS, NULL, note);
        ledger_disconnect(client);
    }
    return err;
}

/* The mark says that it is recorded. */
static enum err
record_one(
    const struct ledger_witness_round *round, size_t witness, const char *keys, struct note *note)
{
    CLEANUP(buf_release) struct buf mark;
    buf_init(&mark, LEDGER_WITNESS_PATH);
    ledger_witness_round_mark(round, witness, &mark);
    const struct ledger_witness_line *line = &round->lines[witness];
    enum err err = buf_error(&mark);
    if (err == OK && line->is_alarm && access(mark.data, F_OK) != 0) {
        err = append(round, witness, keys, note);
        return err == OK ? file_write(mark.data, line->words, strlen(line->words), 0600, note)
                         : err;
    }
    if (err == OK && line->err == OK && line->reply == WITNESS_COSIGNED) {
        (void)unlink(mark.data);
    }
    return err;
}

enum err
ledger_witness_alarm_record(
    const struct ledger_witness_round *round, const char *keys, struct note *note)
{
    enum err first = OK;
    for (size_t i = 0; i < round->policy->witness_count; i++) {
        struct note own = {""};
        enum err err = record_one(round, i, keys, &own);
        if (err != OK && first == OK) {
            first = err;
            note_set(note, "the alarm is not recorded in the ledger: %.180s",
                own.text[0] == '\0' ? err_words(err) : own.text);
        }
    }
    return first;
}
