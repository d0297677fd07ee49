/* Opens, verifies and writes the ledger for gatehouse assess. */
#include "cli/assess_ledger.h"
#include "base/text.h"
#include "cli/ledger_connect.h"
#include "ledger/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define WRITE_MS   30000
#define VERIFY_MS  INT64_C(300000) /* a run is not kept longer; then the answer is "unknown" */

void
assess_ledger_init(struct assess_ledger *ledger)
{
    *ledger = (struct assess_ledger){.client = NULL};
    buf_init(&ledger->folder, PATH_BYTES);
}

void
assess_ledger_release(struct assess_ledger *ledger)
{
    ledger_disconnect(ledger->client);
    ledger->client = NULL;
    buf_release(&ledger->folder);
}

static bool
is_ledger(const char *folder)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/log/checkpoint", folder);
    return buf_error(&path) == OK && access(path.data, F_OK) == 0;
}

/* The folder, empty when there is none and none was asked for. */
static enum err
find(struct assess_ledger *ledger, const char *named, struct note *note)
{
    const char *environment = getenv("GATEHOUSE_LEDGER");
    bool is_asked = named != NULL || !text_is_empty(environment);
    if (text_equal(named != NULL ? named : environment, "none")) {
        return OK;
    }
    enum err err = ledger_folder(named, &ledger->folder, note);
    if (!is_asked && (err != OK || !is_ledger(ledger->folder.data))) {
        buf_clear(&ledger->folder);
        return OK;
    }
    return err;
}

static enum err
write_event(void *context, struct event *event, struct note *note)
{
    struct assess_ledger *ledger = context;
    struct note why = {""};
    CLEANUP(buf_release) struct buf json;
    buf_init(&json, EVENT_LIMIT);
    event->user = event_text(ledger->user);
    enum err err = event_write(event, &json, &why);
    if (err == OK) {
        err = client_append_wait(ledger->client, &json, WRITE_MS, NULL, &why);
    }
    if (err == OK) {
        ledger->written++;
        return OK;
    }
    note_set(note, "the ledger %.120s does not take events: %.100s", ledger->folder.data,
        why.text[0] == '\0' ? err_words(err) : why.text);
    if (ledger->trouble.text[0] == '\0') {
        ledger->trouble = *note;
    }
    return err;
}

/* Whether it is as it was signed; what was published, that is, not what is on its way. */
static void
verify(struct assess_ledger *ledger, struct run_ledger *ret_ledger)
{
    const struct verify_settings settings = {.folder = ledger->folder.data, .limit_ms = VERIFY_MS};
    struct verify_result *result = calloc(1, sizeof(*result));
    struct note note = {""};
    if (result == NULL) {
        ret_ledger->unverified = err_words(ERR_MEMORY);
        return;
    }
    enum err err = verify_run(&settings, result, &note);
    const char *words = err != OK && note.text[0] != '\0' ? note.text : err_words(err);
    if (err == OK && result->finding_count != 0) {
        words = result->findings[0].words;
    }
    (void)text_copy(ledger->words, sizeof(ledger->words), words);
    ret_ledger->is_verified = err == OK && result->is_verified;
    ret_ledger->unverified = err != OK ? ledger->words : NULL;
    ret_ledger->broken = err == OK && !result->is_verified ? ledger->words : NULL;
    verify_result_release(result);
    free(result);
}

int
assess_ledger_open(struct assess_ledger *ledger, const char *named, struct run_ledger *ret_ledger)
{
    struct note note = {""};
    enum err err = find(ledger, named, &note);
    if (err == OK && ledger->folder.len == 0) {
        return CLI_END;
    }
    if (err == OK) { /* before a keeper mends files from its journal */
        verify(ledger, ret_ledger);
        err = ledger_connect(ledger->folder.data, NULL, &ledger->client, &note);
    }
    if (err != OK) {
        (void)cli_fail("the run can't be recorded, so it does not begin: %s",
            note.text[0] == '\0' ? err_words(err) : note.text);
        (void)fprintf(stderr, "To run without a record of it: --ledger none\n");
        return CLI_INCOMPLETE;
    }
    (void)ledger_user(ledger->user);
    ret_ledger->folder = ledger->folder.data;
    ret_ledger->write = write_event;
    ret_ledger->context = ledger;
    return CLI_END;
}

int
assess_ledger_close(struct assess_ledger *ledger, bool is_quiet, int status)
{
    if (ledger->client == NULL) {
        return status;
    }
    ledger_disconnect(ledger->client);
    ledger->client = NULL;
    if (ledger->trouble.text[0] != '\0') {
        return cli_fail("not all of this run is recorded: %s", ledger->trouble.text);
    }
    if (!is_quiet) {
        (void)printf(" Ledger: %llu events of this run; check it with:\n"
                     "   gatehouse ledger verify %s\n",
            (unsigned long long)ledger->written, ledger->folder.data);
    }
    return fflush(stdout) == 0 ? status : cli_fail("%s", err_words(ERR_IO));
}
