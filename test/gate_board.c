/*
 * Plays doorman and broker for tests of the module: writes a board, VMS files and views from lines
 * of JSON on stdin, beats, and tells each view that ended as an event on stdout. Each line is
 * answered with "ok" or "bad: …"; what a line does not name stays.
 *
 *   {"run": "DIR/run"}                                            first, once
 *   {"vms": [{"name": "frigate", "cameras": {"front": "Front door"}, "aliases": {"front_hd":
 * "front"}, "headers": {"Cookie": "zm=1"}, "token_path": "/cgi/", "token": "token=x", "zone": 3600,
 *     "has_session": true, "is_stale": false}]}
 *   {"roles": {"viewer": [{"vms": "frigate", "permits": ["live"], "cameras": ["front"], "back":
 * 60}]}, "users": {"anna": {"roles": ["viewer"], "administrator": false}}}
 *   {"sessions": [{"cookie": "…", "user": "anna", "elevated": 300, "reason": "why",
 *     "break_glass": false, "expires": 3600}]}                    seconds from now
 *   {"bans": {"192.0.2.0/24": 60}}   {"beats": false}   {"exit": true}
 */
#include "base/clock.h"
#include "base/text.h"
#include "gate/board.h"
#include "gate/upstream.h"
#include "gate/views.h"

#include <jansson.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE ((size_t)1024 * 1024)

struct play {
    char run[512];
    struct board *board;
    struct views *views;
    struct upstream_writer *writers[POLICY_VMS];
    struct upstream known[POLICY_VMS];
    struct policy policy;
    bool is_silent;
    bool is_over;
};

static struct play play;

static const char *
get_text(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text == NULL ? "" : text;
}

static const char *
run_path(const char *name, const char *more, char out[640])
{
    (void)snprintf(out, 640, "%s/%s%s", play.run, name, more);
    return out;
}

static void
open_files(const char *run)
{
    char path[640];
    struct note note = {{0}};
    (void)text_copy(play.run, sizeof play.run, run);
    if (board_create(run_path("board", "", path), &play.board, &note) != OK ||
        views_create(run_path("views", "", path), &play.views, &note) != OK) {
        (void)fprintf(stderr, "gate-board: %s\n", note.text);
        exit(1);
    }
}

static unsigned
vms_place(const char *name)
{
    unsigned place = 0;
    while (place < play.policy.vms_count && !text_equal(play.policy.vms[place], name)) {
        place++;
    }
    return place;
}

static void
add_camera(unsigned vms, const char *key, const char *name)
{
    struct policy_camera *camera = &play.policy.cameras[play.policy.camera_count++];
    camera->vms = (uint16_t)vms;
    (void)text_copy(camera->key, sizeof camera->key, key);
    (void)text_copy(camera->name, sizeof camera->name, name);
    struct upstream *up = &play.known[vms];
    up->cameras[up->camera_count++] = *camera;
}

static void
set_vms(const json_t *row)
{
    const char *name = get_text(row, "name");
    unsigned place = vms_place(name);
    bool is_new = place == play.policy.vms_count;
    struct upstream *up = &play.known[place];
    *up = (struct upstream){.is_reachable = true, .at = clock_boot()};
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(row, "cameras"), key, value)
    {
        if (is_new) {
            add_camera(place, key, json_string_value(value));
        }
    }
    json_object_foreach(json_object_get(row, "aliases"), key, value)
    {
        struct upstream_alias *alias = &up->aliases[up->alias_count++];
        (void)text_copy(alias->alias, sizeof alias->alias, key);
        (void)text_copy(alias->key, sizeof alias->key, json_string_value(value));
    }
    json_object_foreach(json_object_get(row, "headers"), key, value)
    {
        struct upstream_header *header = &up->headers[up->header_count++];
        (void)text_copy(header->name, sizeof header->name, key);
        (void)text_copy(header->value, sizeof header->value, json_string_value(value));
    }
    (void)text_copy(up->token_path, sizeof up->token_path, get_text(row, "token_path"));
    (void)text_copy(up->token, sizeof up->token, get_text(row, "token"));
    up->zone = (int32_t)json_integer_value(json_object_get(row, "zone"));
    up->has_session = !json_is_false(json_object_get(row, "has_session"));
    up->at -= json_is_true(json_object_get(row, "is_stale")) ? 2 * UPSTREAM_STALE : 0;
    if (is_new) {
        char path[640];
        (void)text_copy(play.policy.vms[place], POLICY_NAME, name);
        play.policy.vms_count++;
        if (upstream_create(run_path("vms-", name, path), &play.writers[place], NULL) != OK) {
            exit(1);
        }
    }
    if (upstream_publish(play.writers[place], up, NULL) != OK) {
        exit(1);
    }
}

static uint16_t
role_place(const char *name)
{
    uint16_t place = 0;
    while (place < play.policy.role_count && !text_equal(play.policy.roles[place], name)) {
        place++;
    }
    return place;
}

static void
add_rule(uint16_t role, const json_t *row)
{
    struct policy_rule *rule = &play.policy.rules[play.policy.rule_count++];
    const char *vms = get_text(row, "vms");
    *rule = (struct policy_rule){.role = role,
        .vms = vms[0] == '\0' ? POLICY_ANY : (uint16_t)vms_place(vms),
        .back = (uint32_t)json_integer_value(json_object_get(row, "back"))};
    size_t i = 0;
    json_t *value = NULL;
    json_array_foreach(json_object_get(row, "permits"), i, value)
    {
        enum permit permit = PERMIT_BROWSE;
        if (permit_parse(json_string_value(value), &permit) == OK) {
            rule->permits |= 1U << permit;
        }
    }
    const json_t *cameras = json_object_get(row, "cameras");
    rule->all_cameras = cameras == NULL;
    json_array_foreach(cameras, i, value)
    {
        uint16_t place = policy_camera(&play.policy, rule->vms, json_string_value(value));
        if (place != POLICY_ANY) {
            rule->cameras[place / 64] |= UINT64_C(1) << place % 64;
        }
    }
}

static void
set_roles(json_t *roles)
{
    play.policy.role_count = 0;
    play.policy.rule_count = 0;
    const char *key = NULL;
    json_t *rows = NULL;
    json_object_foreach(roles, key, rows)
    {
        uint16_t role = (uint16_t)play.policy.role_count++;
        (void)text_copy(play.policy.roles[role], POLICY_NAME, key);
        size_t i = 0;
        json_t *row = NULL;
        json_array_foreach(rows, i, row)
        {
            add_rule(role, row);
        }
    }
}

static void
set_users(json_t *users)
{
    play.policy.user_count = 0;
    const char *key = NULL;
    json_t *row = NULL;
    json_object_foreach(users, key, row)
    {
        struct policy_user *user = &play.policy.users[play.policy.user_count++];
        *user = (struct policy_user){.is_enabled = !json_is_true(json_object_get(row, "disabled")),
            .is_administrator = json_is_true(json_object_get(row, "administrator"))};
        (void)text_copy(user->name, sizeof user->name, key);
        size_t i = 0;
        json_t *role = NULL;
        json_array_foreach(json_object_get(row, "roles"), i, role)
        {
            user->roles |= UINT64_C(1) << role_place(json_string_value(role));
        }
    }
}

static int64_t
seconds_from_now(const json_t *row, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(row, name);
    int64_t seconds = value == NULL ? otherwise : json_integer_value(value);
    return seconds == 0 ? 0 : clock_boot() + seconds * 1000;
}

static void
set_sessions(json_t *sessions)
{
    board_mark_sessions(play.board);
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(sessions, i, row)
    {
        const char *cookie = get_text(row, "cookie");
        struct board_session session = {.begun = clock_boot(),
            .expires = seconds_from_now(row, "expires", 3600),
            .elevated = seconds_from_now(row, "elevated", 0),
            .is_break_glass = json_is_true(json_object_get(row, "break_glass"))};
        board_hash(cookie, strlen(cookie), session.hash);
        (void)snprintf(session.id, sizeof session.id, "s-%02x%02x%02x%02x", session.hash[0],
            session.hash[1], session.hash[2], session.hash[3]);
        (void)text_copy(session.name, sizeof session.name, get_text(row, "user"));
        (void)text_copy(session.factor, sizeof session.factor, "totp");
        (void)text_copy(session.reason, sizeof session.reason, get_text(row, "reason"));
        if (board_put_session(play.board, &session) != OK) {
            exit(1);
        }
    }
    board_sweep_sessions(play.board);
}

static void
set_bans(json_t *bans)
{
    const char *key = NULL;
    json_t *seconds = NULL;
    json_object_foreach(bans, key, seconds)
    {
        struct net net;
        int64_t until = clock_boot() + json_integer_value(seconds) * 1000;
        if (net_parse(key, &net) != OK ||
            board_set_ban(play.board, &net, json_integer_value(seconds) == 0 ? 0 : until) != OK) {
            exit(1);
        }
    }
}

static void
obey(const json_t *line)
{
    if (json_object_get(line, "run") != NULL) {
        open_files(get_text(line, "run"));
    }
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(json_object_get(line, "vms"), i, row)
    {
        set_vms(row);
    }
    if (json_object_get(line, "roles") != NULL) {
        set_roles(json_object_get(line, "roles"));
    }
    if (json_object_get(line, "users") != NULL) {
        set_users(json_object_get(line, "users"));
    }
    board_set_policy(play.board, &play.policy);
    if (json_object_get(line, "sessions") != NULL) {
        set_sessions(json_object_get(line, "sessions"));
    }
    set_bans(json_object_get(line, "bans"));
    if (json_object_get(line, "beats") != NULL) {
        play.is_silent = json_is_false(json_object_get(line, "beats"));
    }
    play.is_over = json_is_true(json_object_get(line, "exit"));
}

static bool
tell(void *context, const struct view *view, bool has_ended)
{
    (void)context;
    struct buf json;
    buf_init(&json, EVENT_LIMIT);
    struct note note = {{0}};
    enum view_phase phase = has_ended ? VIEW_END : VIEW_GOES_ON;
    if (views_event(view, phase, "test", clock_boot(), &json, &note) == OK) {
        (void)printf("%s\n", json.data);
    } else {
        (void)printf("bad: %s\n", note.text);
    }
    (void)fflush(stdout);
    buf_release(&json);
    return true;
}

static void
beat(void)
{
    if (play.board == NULL || play.is_silent) {
        return;
    }
    if (board_beat(play.board) != OK) {
        exit(1);
    }
    views_sweep(play.views, clock_boot(), tell, NULL);
}

/* Takes what stdin has; false at its end. */
static bool
take_lines(char *line, size_t *len)
{
    ssize_t got = read(STDIN_FILENO, line + *len, LINE - *len);
    if (got <= 0) {
        return false;
    }
    *len += (size_t)got;
    char *end = NULL;
    while ((end = memchr(line, '\n', *len)) != NULL) {
        json_error_t error;
        json_t *json = json_loadb(line, (size_t)(end - line), 0, &error);
        if (json != NULL && (play.board != NULL || json_object_get(json, "run") != NULL)) {
            obey(json);
            beat();
            (void)printf("ok\n");
        } else {
            (void)printf("bad: %s\n", json == NULL ? error.text : "run comes first");
        }
        (void)fflush(stdout);
        json_decref(json);
        *len -= (size_t)(end + 1 - line);
        memmove(line, end + 1, *len);
    }
    return true;
}

int
main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    char *line = malloc(LINE);
    size_t len = 0;
    while (line != NULL && !play.is_over) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&in, 1, 100) > 0 && !take_lines(line, &len)) {
            break;
        }
        beat();
    }
    free(line);
    return 0;
}
