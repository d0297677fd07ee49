/* The event of a view. */
#include "base/text.h"
#include "gate/views.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *const phases[] = {
    [VIEW_BEGIN] = "begin",
    [VIEW_GOES_ON] = "goes-on",
    [VIEW_END] = "end",
};

static bool
put(json_t *detail, const char *name, json_t *value)
{
    return json_object_set_new(detail, name, value) == 0;
}

static bool
put_text(json_t *detail, const char *name, const char *text)
{
    return put(detail, name, event_text_json(event_text(text)));
}

/* NULL: out of memory. */
static json_t *
make_detail(const struct view *view, enum view_phase phase, int64_t now)
{
    char begun[EVENT_TIME];
    json_t *detail = json_object();
    bool is_good = put_text(detail, "view", view->id) && put_text(detail, "phase", phases[phase]) &&
                   put_text(detail, "access", access_kind(view->kind)->text);
    if (phase != VIEW_BEGIN) {
        int64_t end = phase == VIEW_END ? view->active : now;
        int64_t lasted = end > view->begun ? end - view->begun : 0;
        is_good = is_good && put(detail, "duration_ms", json_integer(lasted)) &&
                  put(detail, "requests", json_integer((json_int_t)view->requests)) &&
                  put_text(detail, "begun", event_time_text(view->begun_wall, begun));
    }
    if (phase == VIEW_END && view->cause[0] != '\0') {
        is_good = is_good && put_text(detail, "cause", view->cause);
    }
    if (phase == VIEW_END && view->has_digest) {
        is_good = is_good && put(detail, "is_whole", json_boolean(view->is_whole));
    }
    if (!is_good) {
        json_decref(detail);
        return NULL;
    }
    return detail;
}

/* One per line; how many. */
static size_t
split_cameras(const char *lines, struct event_text out[ACCESS_CAMERAS])
{
    size_t count = 0;
    while (*lines != '\0' && count < ACCESS_CAMERAS) {
        size_t len = strcspn(lines, "\n");
        if (len != 0) {
            out[count++] = (struct event_text){lines, len};
        }
        lines += len + (lines[len] == '\n' ? 1 : 0);
    }
    return count;
}

#define COUNT_MOST ((UINT64_C(1) << 53) - 1) /* of a number in an event */

static struct event_text
maybe(const char *text)
{
    return event_text(text_is_empty(text) ? NULL : text);
}

static struct event_text
maybe_time(int64_t time, char out[EVENT_TIME])
{
    return event_text(time == 0 ? NULL : event_time_text(time, out));
}

/* Tells apart what is sent twice: "VIEW-begin", "VIEW-300s", "VIEW-end". */
static void
make_id(const struct view *view, enum view_phase phase, int64_t now, char out[EVENT_ID])
{
    if (phase == VIEW_GOES_ON) {
        (void)snprintf(out, EVENT_ID, "%s-%llds", view->id,
            (long long)((now > view->begun ? now - view->begun : 0) / 1000));
    } else {
        (void)snprintf(out, EVENT_ID, "%s-%s", view->id, phases[phase]);
    }
}

enum err
views_event(const struct view *view, enum view_phase phase, const char *site, int64_t now,
    struct buf *ret_json, struct note *note)
{
    char id[EVENT_ID], from[EVENT_TIME], to[EVENT_TIME];
    char digest[sizeof("sha256:") + 64] = "sha256:";
    struct event_text cameras[ACCESS_CAMERAS];
    enum event_action action = access_kind(view->kind)->action;
    bool was_seen = phase != VIEW_BEGIN && view->seen_from != 0;
    struct event event =
        event_begin(action == EVENT_ACTIONS ? EVENT_UNCLASSIFIED : action, EVENT_OK);
    json_t *detail = make_detail(view, phase, now);
    if (detail == NULL) {
        return ERR_MEMORY;
    }
    make_id(view, phase, now, id);
    event.id = id;
    event.site = event_text(site);
    event.user = maybe(view->user);
    event.role = maybe(view->role);
    event.ip = maybe(view->ip);
    event.session = maybe(view->session);
    event.factor = maybe(view->factor);
    event.vms = maybe(view->vms_name);
    event.object = maybe(view->object);
    event.reason = maybe(view->reason);
    event.from = maybe_time(was_seen ? view->seen_from : view->from, from);
    event.to = maybe_time(was_seen ? view->seen_to : view->to, to);
    event.cameras = cameras;
    event.camera_count = split_cameras(view->cameras, cameras);
    event.detail = detail;
    if (phase != VIEW_BEGIN) {
        event.bytes = (int64_t)(view->bytes < COUNT_MOST ? view->bytes : COUNT_MOST);
    }
    if (phase == VIEW_END && view->has_digest) {
        text_hex(digest + strlen(digest), view->digest, sizeof(view->digest));
        event.digest = digest;
    }
    enum err err = event_write(&event, ret_json, note);
    json_decref(detail);
    return err;
}
