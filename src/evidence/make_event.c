/* The log's own event about a package, and its proof for the package. */
#include "base/text.h"
#include "evidence/make_inside.h"
#include "ledger/event.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MS 60000

static json_t *
detail_json(const struct make *make)
{
    const struct make_settings *settings = make->settings;
    const char *slash = strrchr(settings->out, '/');
    char hex[65];
    text_hex(hex, make->manifest.clip_sha256, 32);
    json_t *ids = json_array();
    for (size_t i = 0; i < make->events.count; i++) {
        (void)json_array_append_new(ids, json_string(make->events.rows[i].id));
    }
    json_t *detail =
        json_pack("{s:s, s:o, s:o, s:s, s:b, s:b}", "key", make->evidence_key, "events", ids,
            "package", event_text_json(event_text(slash == NULL ? settings->out : slash + 1)),
            "clip", hex, "is_clip_inside", make->manifest.clip_file != NULL, "is_clip_matched",
            make->result->is_matched);
    if (detail != NULL && settings->account != NULL) {
        (void)json_object_set_new(
            detail, "account", event_text_json(event_text(settings->account)));
    }
    if (detail != NULL && make->disclosed != NULL) {
        (void)json_object_set(detail, "disclosed", make->disclosed);
    }
    return detail;
}

static enum err
write_event(const struct make *make, enum event_outcome outcome, const char *reason,
    struct buf *ret_json, struct note *note)
{
    const struct manifest *manifest = &make->manifest;
    char digest[sizeof("sha256:") + 64] = "sha256:";
    const struct event_text camera = event_text(manifest->camera);
    text_hex(digest + strlen(digest), make->result->sha256, 32);
    json_t *detail = detail_json(make);
    struct event event = event_begin(EVENT_EVIDENCE, outcome);
    event.site = event_text(manifest->site);
    event.user = event_text(manifest->maker);
    event.vms = event_text(manifest->vms);
    event.from = event_text(manifest->from);
    event.to = event_text(manifest->to);
    event.cameras = &camera;
    event.camera_count = manifest->camera == NULL ? 0 : 1;
    event.reason = event_text(reason);
    event.bytes = manifest->clip_bytes < INT64_MAX ? (int64_t)manifest->clip_bytes : INT64_MAX;
    event.digest = digest;
    event.detail = detail;
    enum err err = detail == NULL ? ERR_MEMORY : event_write(&event, ret_json, note);
    json_decref(detail);
    return err;
}

static enum err
put_proven(struct make *make, uint64_t index, struct note *note)
{
    struct events made;
    struct logged found = {.index = index};
    events_init(&made);
    enum err err = events_add(&made, &found, 1);
    if (err == OK) {
        err = events_prove(&made, make->settings->folder, note);
    }
    if (err == OK) {
        err = make_put_events(make, PACKAGE_MADE, &made, note);
    }
    events_release(&made);
    return err;
}

enum err
make_event(struct make *make, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    struct client *client = make->settings->client;
    struct note why = {""};
    buf_init(&json, EVENT_LIMIT);
    enum err err = write_event(make, EVENT_OK, make->manifest.reason, &json, &why);
    if (err == OK) {
        err = client_append_wait(client, &json, ANSWER_MS, &make->result->index, &why);
    }
    if (err != OK) {
        bool is_unknown = err == ERR_TIMEOUT || err == ERR_NETWORK;
        note_set(note, "the ledger %s the event, so there is no package: %.120s",
            is_unknown ? "is not known to have taken" : "did not take",
            why.text[0] == '\0' ? err_words(err) : why.text);
        if (is_unknown) {
            make_event_failed(make, note);
        }
        return err;
    }
    err = client_publish_wait(client, make->result->index, ANSWER_MS, note);
    if (err == OK) {
        err = put_proven(make, make->result->index, note);
    }
    if (err != OK) {
        make_event_failed(make, note);
    }
    return err;
}

void
make_event_failed(struct make *make, const struct note *why)
{
    CLEANUP(buf_release) struct buf json;
    char reason[512];
    struct note ignored = {""};
    buf_init(&json, EVENT_LIMIT);
    (void)snprintf(reason, sizeof(reason), "The package was not finished: %s", why->text);
    enum err err = write_event(make, EVENT_FAILED, reason, &json, &ignored);
    if (err == OK) {
        err = client_append_wait(make->settings->client, &json, ANSWER_MS, NULL, &ignored);
    }
    if (err != OK) {
        make->settings->say(make->settings->context,
            "the ledger may say that a package was made, and could not be told that it was not");
    }
}
