/* Lists that one request of a CGI changes: Dahua, Axis, Hanwha, Vivotek, Foscam. */
#include "device/account.h"

#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

/* User, old and new password, each as a part of a query or form; false: the arena is full. */
struct parts {
    const char *user, *old, *new;
};

static bool
make_parts(const struct device_change *change, struct arena *arena, struct parts *parts)
{
    *parts = (struct parts){
        .user = account_percent(change->user, arena),
        .old = account_percent(secret_text(change->old), arena),
        .new = account_percent(secret_text(change->new), arena),
    };
    return parts->user != NULL && parts->old != NULL && parts->new != NULL;
}

static enum change_state
full(struct device_change *change)
{
    return account_end(change, CHANGE_REFUSED, "the request is too long");
}

static bool
holds(const struct answer *answer, const char *words)
{
    return text_find_nocase(answer->body, answer->body_len, words) != NULL;
}

/* The body's first line that says something. */
static const char *
first_line(const struct answer *answer, struct arena *arena)
{
    return account_pick(answer, "~([^\\s<>][^\\r\\n<>]{0,119})", "it answered nothing", arena);
}

/* Where the log-in goes by RPC2, its door sends the hashes, and the answer is JSON. */
static enum change_state
dahua_rpc2(struct device_change *change, const struct answer *last, struct arena *arena)
{
    const char *result = account_pick(last, "result", "", arena);
    if (text_equal(result, "true")) {
        return CHANGE_TAKEN;
    }
    const char *code = account_pick(last, "error.code", "", arena);
    if (!text_equal(result, "false") || code[0] == '\0') {
        return account_end(change, CHANGE_UNCLEAR, "it answered something else");
    }
    const char *words = arena_format(arena, "%.80s (error %.16s)",
        account_pick(last, "error.message", "it said no", arena), code);
    return account_refuse(change, words == NULL ? "it said no" : words);
}

/*
 * Dahua HTTP API for IPC and SD, "Modify user password": userManager.cgi, "OK" or "Error". The
 * rule: user manuals, 8 to 32 characters of at least two kinds, without ' " ; : &.
 */
static enum change_state
dahua_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct parts parts;
    if (last == NULL) {
        if (!make_parts(change, arena, &parts)) {
            return full(change);
        }
        const struct ask ask = {
            .path = arena_format(arena,
                "/cgi-bin/userManager.cgi?action=modifyPassword&name=%s&pwd=%s&pwdOld=%s",
                parts.user, parts.new, parts.old)};
        return account_send(change, &ask, ret_request);
    }
    if (last->status == 200 && last->body[strspn(last->body, " \t\r\n")] == '{') {
        return dahua_rpc2(change, last, arena);
    }
    const char *line = first_line(last, arena);
    if (last->status == 200 && text_equal_nocase(line, "OK")) {
        return CHANGE_TAKEN;
    }
    if (text_starts_nocase(line, "Error")) {
        return account_refuse(
            change, account_pick(last, "~(?is)Error\\s+(\\S[^\\r\\n]{0,100})", line, arena));
    }
    return account_by_status(change, last);
}

const struct device_account account_dahua = {
    .title = "web and RTSP",
    .door = &device_door_rpc2,
    .door_ask = {.path = "/cgi-bin/magicBox.cgi?action=getSoftwareVersion", .login = true},
    .opens_rtsp = true,
    .rule = { .min = 8, .max = 32,                   .classes = 2, .source = "Dahua user manuals: 8 to 32"},
    .step = dahua_step,
};

/*
 * Axis VAPIX, user management: pwdgrp.cgi?action=update. The status is 200 whatever came of it: the
 * text says it ("Modified account joe.", "Error: …"; axis library for Python, pwdgrp_cgi).
 */
static enum change_state
axis_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct parts parts;
    if (last == NULL) {
        if (!make_parts(change, arena, &parts)) {
            return full(change);
        }
        const struct ask ask = {.method = "POST",
            .path = "/axis-cgi/pwdgrp.cgi",
            .body = arena_format(arena, "action=update&user=%s&pwd=%s", parts.user, parts.new),
            .type = "application/x-www-form-urlencoded"};
        return account_send(change, &ask, ret_request);
    }
    if (last->status != 200) {
        return account_by_status(change, last);
    }
    if (holds(last, "Error")) {
        return account_refuse(
            change, account_pick(last, "~(?i)(Error[^\\r\\n<>]{0,100})", "Error", arena));
    }
    return holds(last, "Modified account") || text_equal_nocase(first_line(last, arena), "OK")
               ? CHANGE_TAKEN
               : account_end(change, CHANGE_UNCLEAR, "it answered something else");
}

const struct device_account account_axis = {
    .title = "web and RTSP",
    .door = &device_door_http,
    .door_ask = {.path = "/axis-cgi/param.cgi?action=list&group=Brand,Properties.Firmware,"
                         "Properties.System", .login = true                                              },
    .opens_rtsp = true,
    .rule = { .min = 8,                                   .max = 64, .source = "Axis VAPIX, user management: 1 to 64 characters"},
    .step = axis_step,
};

/*
 * Hanwha SUNAPI 2.x, security.cgi: users, action=update; the first place (Index 0) is admin's for
 * good, "OK" or "NG" with an error code. The rule: Wisenet manuals, 8 to 15 characters, of three
 * kinds below 10.
 */
static enum change_state
hanwha_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct parts parts;
    if (last == NULL) {
        if (!text_equal(change->user, "admin")) {
            return account_end(
                change, CHANGE_REFUSED, "only the place of the account admin is published");
        }
        if (!make_parts(change, arena, &parts)) {
            return full(change);
        }
        const struct ask ask = {
            .path = arena_format(arena,
                "/stw-cgi/security.cgi?msubmenu=users&action=update&Index=0&UserID=%s&Password=%s",
                parts.user, parts.new)};
        return account_send(change, &ask, ret_request);
    }
    const char *line = first_line(last, arena);
    const char *json = NULL;
    if (last->status == 200 &&
        (text_equal_nocase(line, "OK") || (pick_text(last, "Response", arena, &json) == OK &&
                                              text_starts_nocase(json, "Succ")))) {
        return CHANGE_TAKEN;
    }
    if (text_equal_nocase(line, "NG") || json != NULL) {
        return account_refuse(
            change, account_pick(last, "~(?i)(Error[^\\r\\n<>}]{0,100})", "NG", arena));
    }
    return account_by_status(change, last);
}

const struct device_account account_hanwha = {
    .title = "web and RTSP",
    .door = &device_door_http,
    .door_ask = {.path = "/stw-cgi/system.cgi?msubmenu=deviceinfo&action=view", .login = true},
    .opens_rtsp = true,
    .rule = { .min = 8,
                 .max = 15,
                 .classes = 3,
                 .without_user = true,
                 .source = "Wisenet camera manuals: 8 to 15 characters"},
    .step = hanwha_step,
};

/* Vivotek URL commands, "Account management": editaccount.cgi; what it answers is not published. */
static enum change_state
vivotek_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct parts parts;
    if (last == NULL) {
        if (!make_parts(change, arena, &parts)) {
            return full(change);
        }
        const struct ask ask = {
            .path = arena_format(arena,
                "/cgi-bin/admin/editaccount.cgi?method=edit&username=%s&userpass=%s", parts.user,
                parts.new)};
        return account_send(change, &ask, ret_request);
    }
    if (last->status != 200) {
        return account_by_status(change, last);
    }
    if (holds(last, "error") || holds(last, "fail") || holds(last, "invalid")) {
        return account_refuse(change, first_line(last, arena));
    }
    return CHANGE_TAKEN; /* the proof decides */
}

const struct device_account account_vivotek = {
    .title = "web and RTSP",
    .door = &device_door_http,
    .door_ask = {.path = "/cgi-bin/admin/getparam.cgi?system_info", .login = true                                              },
    .opens_rtsp = true,
    .rule = { .min = 8,                                        .max = 60, .source = "Vivotek URL commands: security_user_i0_pass, 60"},
    .step = vivotek_step,
};

/*
 * Foscam IPCamera CGI User Guide, changePassword: <result> 0 is done, -1 a wrong form, -2 a wrong
 * log-in, -3 no right. The rule: Foscam manuals, 6 to 12 characters.
 */
static enum change_state
foscam_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    struct parts parts;
    const char *result = NULL;
    if (last == NULL) {
        if (!make_parts(change, arena, &parts)) {
            return full(change);
        }
        const struct ask ask = {
            .path = arena_format(arena,
                "/cgi-bin/CGIProxy.fcgi?cmd=changePassword&usrName=%s&oldPwd=%s&newPwd=%s",
                parts.user, parts.old, parts.new)};
        return account_send(change, &ask, ret_request);
    }
    if (last->status != 200) {
        return account_by_status(change, last);
    }
    if (pick_text(last, "CGI_Result/result", arena, &result) != OK) {
        return account_end(change, CHANGE_UNCLEAR, "it answered something else");
    }
    if (text_equal(result, "0")) {
        return CHANGE_TAKEN;
    }
    return text_equal(result, "-1")
               ? account_end(change, CHANGE_TOO_WEAK, "it takes this password's form not (-1)")
               : account_end(change, CHANGE_REFUSED, "it said no");
}

const struct device_account account_foscam = {
    .title = "web and RTSP",
    .door = NULL, /* the driver's own */
    .opens_rtsp = true,
    .rule = {.min = 6, .max = 12, .source = "Foscam camera manuals: 6 to 12 characters"},
    .step = foscam_step,
};
