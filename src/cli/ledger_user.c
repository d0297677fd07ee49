/* The account behind this process, and what it says into the ledger. */
#include "cli/ledger_user.h"

#include "cli/ledger_connect.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define ANSWER_MS 60000

const char *
ledger_user(char out[LEDGER_USER])
{
    const struct passwd *account = getpwuid(getuid());
    if (account != NULL) {
        (void)snprintf(out, LEDGER_USER, "%s", account->pw_name);
    } else {
        (void)snprintf(out, LEDGER_USER, "uid %lu", (unsigned long)getuid());
    }
    return out;
}

enum err
ledger_user_event(enum event_action action, const char *reason, json_t *detail,
    struct buf *ret_json, struct note *note)
{
    char user[LEDGER_USER];
    struct event event = event_begin(action, EVENT_OK);
    event.user = event_text(ledger_user(user));
    event.site = event_text("local");
    event.detail = detail;
    if (reason != NULL) {
        event.reason = event_text(reason);
    }
    enum err err = detail == NULL ? ERR_MEMORY : event_write(&event, ret_json, note);
    json_decref(detail);
    return err;
}

enum err
ledger_user_record_at(const char *folder, const char *keys, const struct buf *json,
    uint64_t *ret_index, struct note *note)
{
    struct client *client = NULL;
    enum err err = ledger_connect(folder, keys, &client, note);
    if (err == OK) {
        err = client_append_wait(client, json, ANSWER_MS, ret_index, note);
        err = err == OK ? client_publish_wait(client, *ret_index, ANSWER_MS, note) : err;
        ledger_disconnect(client);
    }
    return err;
}

enum err
ledger_user_record(const char *folder, const char *keys, const struct buf *json, struct note *note)
{
    uint64_t index = 0;
    return ledger_user_record_at(folder, keys, json, &index, note);
}
