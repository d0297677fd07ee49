/* Lists that are changed by a call with JSON: Reolink, Uniview, Xiongmai. */
#include "device/account.h"

#include "base/text.h"
#include "codec/dvrip.h"
#include "codec/pick.h"

#include <string.h>

/*
 * Reolink Camera HTTP API User Guide, ModifyUser: "code" 0 and rspCode 200 is done, also in a 200
 * page. 31 characters at most (the same guide: AddUser).
 */
static enum change_state
reolink_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *code = NULL;
    if (last == NULL) {
        const char *user = account_json(change->user, arena);
        const char *old = account_json(secret_text(change->old), arena);
        const char *new = account_json(secret_text(change->new), arena);
        if (user == NULL || old == NULL || new == NULL) {
            return account_end(change, CHANGE_REFUSED, "the request is too long");
        }
        const struct ask ask = {.method = "POST",
            .path = "/cgi-bin/api.cgi?cmd=ModifyUser",
            .body = arena_format(arena,
                "[{\"cmd\":\"ModifyUser\",\"action\":0,\"param\":{\"User\":{\"userName\":%s,"
                "\"newPassword\":%s,\"oldPassword\":%s}}}]",
                user, new, old),
            .type = "application/json"};
        return account_send(change, &ask, ret_request);
    }
    if (last->status != 200) {
        return account_by_status(change, last);
    }
    if (pick_text(last, "[0].code", arena, &code) != OK) {
        return account_end(change, CHANGE_UNCLEAR, "it answered something else");
    }
    if (text_equal(code, "0")) {
        return CHANGE_TAKEN;
    }
    return account_refuse(change, account_pick(last, "[0].error.detail", "it said no", arena));
}

const struct device_account account_reolink = {
    .title = "web and RTSP",
    .door = NULL, /* the driver's own */
    .opens_rtsp = true,
    .rule = {.min = 8, .max = 31, .source = "Reolink Camera HTTP API User Guide: 31 characters"},
    .step = reolink_step,
};

/*
 * Uniview LAPI, System/Users/{ID}/Password; written from documents: the account's number is its
 * place in the list where that gives none. StatusCode 0 is done, also in a 200 page.
 */
#define UNIVIEW_USERS "/LAPI/V1.0/System/Users"

static const struct ask uniview_users = {.path = UNIVIEW_USERS, .login = true};
/* Cameras have it here (published answers of an IPC6322SR, CVE-2021-45039). */
static const struct ask uniview_channel_users = {
    .path = "/LAPI/V1.0/Channel/0/System/Users", .login = true};

static enum change_state
uniview_put(struct device_change *change, const struct answer *list, struct arena *arena,
    struct request *ret_request)
{
    const char *name = NULL;
    const char *id = NULL;
    unsigned place = 0;
    const char *rows = change->step > 1 ? "UserList" : "Users";
    for (;; place++) {
        const char *pick = arena_format(arena, "Response.Data.%s[%u].UserName", rows, place);
        if (place == 32 || pick == NULL || pick_text(list, pick, arena, &name) != OK) {
            return account_end(change, CHANGE_REFUSED, "its list of accounts lacks this one");
        }
        if (text_equal(name, change->user)) {
            break;
        }
    }
    const char *pick = arena_format(arena, "Response.Data.%s[%u].ID", rows, place);
    if (pick == NULL || pick_text(list, pick, arena, &id) != OK ||
        strspn(id, "0123456789") != strlen(id)) {
        id = arena_format(arena, "%u", place);
    }
    const char *old = account_json(secret_text(change->old), arena);
    const char *new = account_json(secret_text(change->new), arena);
    if (id == NULL || old == NULL || new == NULL) {
        return account_end(change, CHANGE_REFUSED, "the request is too long");
    }
    const struct ask ask = {.method = "PUT",
        .path = arena_format(arena, UNIVIEW_USERS "/%s/Password", id),
        .body = arena_format(arena, "{\"OldPassword\":%s,\"NewPassword\":%s}", old, new),
        .type = "application/json"};
    return account_send(change, &ask, ret_request);
}

static enum change_state
uniview_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    const char *code = NULL;
    if (last == NULL) {
        return account_ask(&uniview_users, ret_request);
    }
    if (last->status != 200 && change->step == 1) {
        return account_ask(&uniview_channel_users, ret_request);
    }
    if (last->status != 200) {
        return account_by_status(change, last);
    }
    if (change->number == 0) {
        return uniview_put(change, last, arena, ret_request);
    }
    if (pick_text(last, "Response.StatusCode", arena, &code) != OK &&
        pick_text(last, "Response.ResponseCode", arena, &code) != OK) {
        return account_end(change, CHANGE_UNCLEAR, "it answered something else");
    }
    if (text_equal(code, "0")) {
        return CHANGE_TAKEN;
    }
    return account_refuse(change, account_pick(last, "Response.StatusString", "it said no", arena));
}

const struct device_account account_uniview = {
    .title = "web and RTSP",
    .door = &device_door_http,
    .door_ask = {.path = "/LAPI/V1.0/System/DeviceInfo", .login = true                             },
    .opens_rtsp = true,
    .rule = { .min = 9,
                 .max = 20,
                 .classes = 3,
                 .source = "Uniview user manuals: at least 9 characters of upper, lower and digits"},
    .step = uniview_step,
};

/*
 * Xiongmai DVRIP 1488 (OpenIPC python-dvr): both passwords by their hash of 8 letters, which is all
 * that the device keeps. Ret 100 is done; 1489 comes back.
 */
static enum change_state
xiongmai_step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    char old[DVRIP_HASH];
    char new[DVRIP_HASH];
    const char *code = NULL;
    if (last == NULL) {
        const char *user = account_json(change->user, arena);
        if (user == NULL || dvrip_hash(secret_text(change->old), old) != OK ||
            dvrip_hash(secret_text(change->new), new) != OK) {
            return account_end(change, CHANGE_REFUSED, "its hash (MD5) is not to be had here");
        }
        const struct ask ask = {.method = DVRIP_METHOD,
            .path = DVRIP_PASSWORD,
            .port = DVRIP_PORT,
            .type = "application/json",
            .body = arena_format(arena,
                "{\"EncryptType\":\"MD5\",\"NewPassWord\":\"%s\",\"PassWord\":\"%s\","
                "\"UserName\":%s}",
                new, old, user)};
        return account_send(change, &ask, ret_request);
    }
    if (pick_text(last, "Ret", arena, &code) != OK) {
        return account_end(change, CHANGE_UNCLEAR, "it answered something else");
    }
    if (text_equal(code, "100")) {
        return CHANGE_TAKEN;
    }
    const char *why = arena_format(arena, "it answered Ret %.16s", code);
    return account_end(change, CHANGE_REFUSED, why == NULL ? "it said no" : why);
}

const struct device_account account_xiongmai = {
    .title = "DVRIP, web and RTSP",
    .door = &device_door_dvrip,
    .door_ask = {.method = DVRIP_METHOD, .path = DVRIP_SYSTEM, .port = DVRIP_PORT, .login = true},
    .opens_rtsp = true,
    .rule = {.min = 8,                      .max = 16,                                   .source = "XMeye manuals; 8 letters of a hash are kept"                      },
    .step = xiongmai_step,
};
