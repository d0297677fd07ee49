/*
 * ZoneMinder (1.36, 1.38): its API with a token, its pages with a session, zms with the token as a
 * parameter. Sources: ZoneMinder API documentation; 1.36.33 web/includes/auth.php, session.php,
 * web/api/app/Controller.
 */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/broker_part.h"

#include <stdio.h>
#include <string.h>

#define RENEW_TOKEN  5400000 /* ms; it lives 7,200 s (HostController.php, _getCredentials) */
#define RENEW_COOKIE 1200000 /* ms; renamed by itself after half an hour (session.php) */
#define CHECK_COOKIE 60000
#define DEPTH        8 /* of groups in groups */

static bool
has_login(const struct broker_vms *vms)
{
    return vms->password != NULL && !vms->needs_no_login;
}

static bool
is_due(int64_t since, int64_t after)
{
    return since == 0 || clock_mono() - since >= after;
}

static const char *
form(struct broker_vms *vms, const char *fixed, const char *user, const char *password,
    struct arena *arena)
{
    CLEANUP(buf_release) struct buf body;
    buf_init(&body, 8192);
    buf_text(&body, fixed);
    broker_form(&body, user, vms->settings->user);
    buf_text(&body, "&");
    broker_form(&body, password, secret_text(vms->password));
    if (vms->csrf != NULL && fixed[0] != '\0') {
        buf_text(&body, "&");
        broker_form(&body, "__csrf_magic", secret_text(vms->csrf));
    }
    const char *text = buf_error(&body) == OK ? arena_copy(arena, body.data) : NULL;
    explicit_bzero(body.data, body.len);
    return text;
}

static bool
ask_token(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    if (vms->password == NULL ||
        ((vms->token != NULL || vms->needs_no_login) && !is_due(vms->token_at, RENEW_TOKEN))) {
        return false;
    }
    *ret_request = (struct request){
        .ask = {.path = "/zm/api/host/login.json", .body = form(vms, "", "user", "pass", arena)},
        .spends = true,
    };
    return true;
}

static bool
is_token(const char *text)
{
    return text[strspn(
               text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

static enum err
take_token(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    char token[UPSTREAM_VALUE - 8];
    if (answer->status == 401 || answer->status == 403) {
        note_set(
            note, "ZoneMinder refused the log-in of %s (is its API allowed?)", vms->settings->user);
        return ERR_REFUSED;
    }
    json_t *json = broker_json(answer);
    if (!json_is_object(json)) {
        json_decref(json);
        note_set(note, "the log-in was answered with status %d", answer->status);
        return ERR_SYNTAX;
    }
    bool is_given = broker_json_text(json, "access_token", token, sizeof token) && is_token(token);
    json_decref(json);
    /* With its log-in switched off ZoneMinder gives no token and asks for none. */
    vms->needs_no_login = !is_given;
    vms->token_at = clock_mono();
    broker_secret_replace(&vms->token, is_given ? token : NULL);
    explicit_bzero(token, sizeof token);
    return OK;
}

static bool
ask_page(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/zm/index.php?view=login"}};
    return has_login(vms) && (vms->cookie == NULL || is_due(vms->cookie_at, RENEW_COOKIE));
}

/* var csrfMagicToken = "key:…": in every page (web/includes/csrf/csrf-magic.php). */
static void
find_csrf(struct broker_vms *vms, const struct answer *answer)
{
    char value[512];
    const char *mark = text_find_nocase(answer->body, answer->body_len, "csrfMagicToken");
    const char *begin = mark != NULL ? strpbrk(mark, "\"'") : NULL;
    broker_secret_replace(&vms->csrf, NULL);
    if (begin != NULL) {
        size_t len = strcspn(begin + 1, "\"'\r\n");
        if (len > 0 && len < sizeof value) {
            memcpy(value, begin + 1, len);
            value[len] = '\0';
            broker_secret_replace(&vms->csrf, value);
        }
    }
}

static enum err
take_page(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    char cookie[UPSTREAM_VALUE];
    if (!broker_cookie(answer, "ZMSESSID", cookie, sizeof cookie)) {
        note_set(note, "its log-in page gave no session (status %d)", answer->status);
        return ERR_SYNTAX;
    }
    broker_secret_replace(&vms->coming, cookie);
    find_csrf(vms, answer);
    return OK;
}

static bool
ask_session(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    if (vms->coming == NULL) {
        return false;
    }
    *ret_request = (struct request){
        .ask = {.path = "/zm/index.php",
                .body = form(vms, "action=login&view=login&", "username", "password", arena)},
        .cookie = arena_copy(arena, secret_text(vms->coming)),
        .spends = true,
    };
    return true;
}

static enum err
take_session(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    char cookie[UPSTREAM_VALUE];
    bool is_new = broker_cookie(answer, "ZMSESSID", cookie, sizeof cookie);
    broker_secret_replace(&vms->coming, NULL);
    /* Both answers have status 200; the refused one is the form again, without a new session. */
    if (!is_new || text_find_nocase(answer->body, answer->body_len, "loginForm") != NULL) {
        note_set(note, "ZoneMinder's pages refused the log-in of %s", vms->settings->user);
        return ERR_REFUSED;
    }
    broker_secret_replace(&vms->cookie, cookie);
    vms->cookie_at = clock_mono();
    vms->checked_at = 0;
    return OK;
}

/* An empty page (web/skins/classic/views/none.php); who has no session is sent to the log-in. */
static bool
ask_check(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    if (vms->cookie == NULL || !is_due(vms->checked_at, CHECK_COOKIE)) {
        return false;
    }
    *ret_request = (struct request){
        .ask = {.path = "/zm/index.php?view=none"},
        .cookie = arena_copy(arena, secret_text(vms->cookie)),
    };
    return true;
}

static enum err
take_check(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    if (answer->status != 200 ||
        text_find_nocase(answer->body, answer->body_len, "loginForm") != NULL) {
        note_set(note, "the session at ZoneMinder's pages has ended");
        return ERR_REFUSED;
    }
    vms->checked_at = clock_mono();
    return OK;
}

static bool
ask_version(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/zm/api/host/getVersion.json"}};
    return true;
}

static enum err
take_version(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    if (answer->status == 401) {
        note_set(note, vms->password != NULL
                           ? "ZoneMinder wants a new log-in"
                           : "ZoneMinder asks for a log-in, and the settings name no user for it");
        return ERR_REFUSED;
    }
    json_t *json = broker_json(answer);
    char version[sizeof vms->known->version];
    bool is_told = broker_json_text(json, "version", version, sizeof version);
    json_decref(json);
    if (!is_told) {
        note_set(note, "its API answered with status %d", answer->status);
        return ERR_SYNTAX;
    }
    text_clean(vms->known->version, sizeof vms->known->version, version, strlen(version));
    return OK;
}

static bool
ask_monitors(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/zm/api/monitors.json"}};
    return true;
}

static enum err
take_monitors(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    json_t *json = broker_json(answer);
    json_t *rows = json_object_get(json, "monitors");
    size_t i;
    json_t *row;
    if (!json_is_array(rows)) {
        json_decref(json);
        note_set(note, "its list of monitors was answered with status %d", answer->status);
        return ERR_SYNTAX;
    }
    vms->known->camera_count = 0;
    json_array_foreach(rows, i, row)
    {
        char id[POLICY_NAME], name[256] = "";
        const json_t *monitor = json_object_get(row, "Monitor");
        if (broker_json_text(monitor, "Id", id, sizeof id)) {
            (void)broker_json_text(monitor, "Name", name, sizeof name);
            broker_add_camera(vms->known, id, name);
        }
    }
    json_decref(json);
    return OK;
}

static bool
ask_zone(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/zm/api/host/getTimeZone.json"}};
    return true;
}

static enum err
take_zone(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    json_t *json = broker_json(answer);
    char zone[sizeof vms->zone] = "";
    (void)broker_json_text(json, "tz", zone, sizeof zone);
    json_decref(json);
    int32_t offset = 0;
    if (!broker_zone_offset(zone, clock_wall(), &offset)) {
        /* A remark, no end: everything else can be told. */
        note_set(note, "its time zone can't be told: times of recordings are not known");
        vms->zone[0] = '\0';
        return OK;
    }
    (void)text_copy(vms->zone, sizeof vms->zone, zone);
    vms->known->zone = offset;
    return OK;
}

static bool
ask_groups(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/zm/api/groups.json"}};
    return true;
}

static void
add_to_group(json_t *groups, const char *group, const char *key)
{
    json_t *keys = json_object_get(groups, group);
    if (keys == NULL) {
        keys = json_array();
        (void)json_object_set_new(groups, group, keys);
    }
    if (json_array_size(keys) < RESOLVE_CAMERAS + 1) {
        (void)json_array_append_new(keys, json_string(key));
    }
}

/* A camera is in its group and in all that hold that group. */
static void
add_member(json_t *groups, json_t *parents, const char *group, const char *key)
{
    const char *at = group;
    for (unsigned i = 0; i < DEPTH && at != NULL; i++) {
        add_to_group(groups, at, key);
        at = json_string_value(json_object_get(parents, at));
    }
}

static enum err
take_groups(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    (void)note; /* without groups there are none */
    json_t *json = broker_json(answer);
    json_t *rows = json_object_get(json, "groups");
    json_t *groups = json_object(), *parents = json_object();
    size_t i, j;
    json_t *row, *monitor;
    char id[POLICY_NAME], other[POLICY_NAME];
    json_array_foreach(rows, i, row)
    {
        const json_t *group = json_object_get(row, "Group");
        if (broker_json_text(group, "Id", id, sizeof id) &&
            broker_json_text(group, "ParentId", other, sizeof other)) {
            (void)json_object_set_new(parents, id, json_string(other));
        }
    }
    json_array_foreach(rows, i, row)
    {
        const json_t *group = json_object_get(row, "Group");
        bool is_group = broker_json_text(group, "Id", id, sizeof id);
        json_array_foreach(json_object_get(row, "Monitor"), j, monitor)
        {
            if (is_group && broker_json_text(monitor, "Id", other, sizeof other)) {
                add_member(groups, parents, id, other);
            }
        }
    }
    json_decref(parents);
    json_decref(json);
    json_decref(vms->groups);
    vms->groups = groups;
    return OK;
}

static enum err
sign(struct broker_vms *vms, struct arena *arena, struct request *request)
{
    if (vms->token != NULL) {
        request->ask.path =
            arena_format(arena, "%s?token=%s", request->ask.path, secret_text(vms->token));
    }
    return request->ask.path != NULL ? OK : ERR_MEMORY;
}

static enum err
where(const struct resolve_question *question, struct arena *arena, const char **ret_path)
{
    uint64_t id = 0;
    if (question->name != ACCESS_EVENT && question->name != ACCESS_FRAME) {
        return ERR_MISSING;
    }
    if (text_to_u64(question->text, UINT64_MAX, &id) != OK) {
        return ERR_MISSING;
    }
    *ret_path = arena_format(arena, "/zm/api/%s/%llu.json",
        question->name == ACCESS_EVENT ? "events" : "frames", (unsigned long long)id);
    return *ret_path != NULL ? OK : ERR_MEMORY;
}

static int64_t
time_of(const struct broker_vms *vms, const json_t *event, const char *name, const char *old_name)
{
    char text[32];
    if (!broker_json_text(event, name, text, sizeof text) &&
        !broker_json_text(event, old_name, text, sizeof text)) {
        return 0;
    }
    return broker_local_time(text, vms->zone);
}

static enum broker_read
read_json(struct broker_vms *vms, const json_t *json, struct resolve_question *question,
    struct resolved *ret_resolved)
{
    if (question->name == ACCESS_FRAME) {
        const json_t *frame = json_object_get(json_object_get(json, "frame"), "Frame");
        question->name = ACCESS_EVENT;
        return broker_json_text(frame, "EventId", question->text, sizeof question->text) ? READ_NEXT
                                                                                         : READ_BAD;
    }
    const json_t *event = json_object_get(json_object_get(json, "event"), "Event");
    *ret_resolved = (struct resolved){0};
    if (!broker_json_text(
            event, "MonitorId", ret_resolved->cameras[0], sizeof ret_resolved->cameras[0])) {
        return READ_BAD;
    }
    ret_resolved->camera_count = 1;
    ret_resolved->from = time_of(vms, event, "StartDateTime", "StartTime");
    ret_resolved->to = time_of(vms, event, "EndDateTime", "EndTime");
    return READ_DONE;
}

static enum broker_read
read_answer(struct broker_vms *vms, const struct answer *answer, struct resolve_question *question,
    struct resolved *ret_resolved)
{
    if (answer->status == 401) {
        return READ_LOGIN;
    }
    if (answer->status == 404) {
        return READ_MISSING;
    }
    json_t *json = broker_json(answer);
    enum broker_read read = read_json(vms, json, question, ret_resolved);
    json_decref(json);
    return read;
}

static void
publish(const struct broker_vms *vms, struct upstream *upstream)
{
    if (vms->cookie != NULL) {
        struct upstream_header *header = &upstream->headers[upstream->header_count++];
        (void)text_copy(header->name, sizeof header->name, "Cookie");
        (void)text_copy(header->value, sizeof header->value, secret_text(vms->cookie));
    }
    if (vms->token != NULL) {
        (void)text_copy(upstream->token_path, sizeof upstream->token_path, "/zm/cgi-bin/");
        (void)snprintf(
            upstream->token, sizeof upstream->token, "token=%s", secret_text(vms->token));
    }
}

static const struct broker_step steps[] = {
    {"logging in at its API",             true,  ask_token,    take_token   },
    {"asking for its log-in page",        true,  ask_page,     take_page    },
    {"logging in at its pages",           true,  ask_session,  take_session },
    {"looking whether the session holds", true,  ask_check,    take_check   },
    {"asking for its version",            false, ask_version,  take_version },
    {"asking for its monitors",           false, ask_monitors, take_monitors},
    {"asking for its time zone",          false, ask_zone,     take_zone    },
    {"asking for its groups",             false, ask_groups,   take_groups  },
};

const struct broker_kind broker_zoneminder = {
    .type = "zoneminder",
    .steps = steps,
    .step_count = COUNT(steps),
    .sign = sign,
    .where = where,
    .read = read_answer,
    .publish = publish,
};
