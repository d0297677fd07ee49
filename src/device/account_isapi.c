/* Hikvision and its brands: /ISAPI/Security/users (ISAPI, user management). */
#include "device/account.h"

#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

#define USERS      "/ISAPI/Security/users"
#define USERS_MOST 40
#define NAMESPACE  "http://www.isapi.org/ver20/XMLSchema"

static const struct ask users = {.path = USERS, .login = true};

/* The number and level of the account; NULL where the list lacks it. */
static const char *
id_of(const struct answer *answer, const char *user, struct arena *arena, const char **ret_level)
{
    static const char *const children[] = {"userName", "id", "userLevel"};
    const struct pick_row row = {"User", children, COUNT(children)};
    const char *texts[COUNT(children)];
    for (size_t i = 0; i < USERS_MOST && pick_row(answer, &row, i, arena, texts) == OK; i++) {
        bool is_number = texts[1][0] != '\0' && strspn(texts[1], "0123456789") == strlen(texts[1]);
        if (text_equal(texts[0], user) && is_number) {
            *ret_level = texts[2];
            return texts[1];
        }
    }
    return NULL;
}

/*
 * The password in force goes along as loginPassword: newer firmware wants it (ISAPI, "User":
 * loginPassword), older firmware ignores it, or says that the document is wrong and gets it
 * without.
 */
static const char *
document(const struct device_change *change, const char *id, const char *level, bool has_old,
    struct arena *arena)
{
    const char *user = account_xml(change->user, arena);
    const char *new = account_xml(secret_text(change->new), arena);
    const char *old = account_xml(secret_text(change->old), arena);
    if (user == NULL || new == NULL || old == NULL) {
        return NULL;
    }
    return arena_format(arena,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<User version=\"2.0\" xmlns=\"%s\"><id>%s</id><userName>%s</userName>"
        "<userLevel>%s</userLevel>%s%s%s<password>%s</password></User>",
        change->text, id, user, level, has_old ? "<loginPassword>" : "", has_old ? old : "",
        has_old ? "</loginPassword>" : "", new);
}

static enum change_state
put(struct device_change *change, const struct answer *list, bool has_old, struct arena *arena,
    struct request *ret_request)
{
    const char *level = "";
    const char *space = NULL;
    const char *id = id_of(list, change->user, arena, &level);
    if (id == NULL) {
        return account_end(change, CHANGE_REFUSED, "its list of accounts lacks this one");
    }
    if (pick_text(list, "~<UserList[^>]*xmlns=\"(http://[\\w./]+)\"", arena, &space) != OK) {
        space = NAMESPACE;
    }
    (void)text_copy(change->text, sizeof(change->text), space);
    const char *plain = account_xml(level, arena);
    const struct ask ask = {.method = "PUT",
        .path = arena_format(arena, USERS "/%s", id),
        .body = plain == NULL ? NULL : document(change, id, plain, has_old, arena),
        .type = "application/xml; charset=\"UTF-8\""};
    return account_send(change, &ask, ret_request);
}

/* ResponseStatus: statusCode 1 is done, 7 done after a restart, all else a refusal (ISAPI). */
static enum change_state
judge(struct device_change *change, const struct answer *last, struct arena *arena)
{
    const char *code = NULL;
    if (pick_text(last, "ResponseStatus/statusCode", arena, &code) != OK) {
        return last->status == 200 ? account_end(change, CHANGE_UNCLEAR, "it answered nothing")
                                   : account_by_status(change, last);
    }
    if (text_equal(code, "1") || text_equal(code, "7")) {
        return CHANGE_TAKEN;
    }
    const char *sub = account_pick(last, "ResponseStatus/subStatusCode", "", arena);
    const char *words = account_pick(last, "ResponseStatus/statusString", "", arena);
    const char *why = arena_format(arena, "%s (%s)", words, sub);
    return account_refuse(change, why == NULL ? sub : why);
}

static bool
is_wrong_document(const struct answer *last, struct arena *arena)
{
    const char *sub = NULL;
    return pick_text(last, "ResponseStatus/subStatusCode", arena, &sub) == OK &&
           (text_equal_nocase(sub, "badXmlContent") || text_equal_nocase(sub, "badXmlFormat") ||
               text_equal_nocase(sub, "badParameters"));
}

static enum change_state
step(struct device_change *change, const struct answer *last, struct arena *arena,
    struct request *ret_request)
{
    if (last == NULL) {
        return account_ask(&users, ret_request);
    }
    switch (change->step) {
    case 1:
        return last->status == 200 ? put(change, last, true, arena, ret_request)
                                   : account_by_status(change, last);
    case 2:
        /* Refused for its form: nothing changed. The list is asked anew for the second form. */
        return is_wrong_document(last, arena) ? account_ask(&users, ret_request)
                                              : judge(change, last, arena);
    case 3:
        return last->status == 200 ? put(change, last, false, arena, ret_request)
                                   : account_by_status(change, last);
    default:
        return judge(change, last, arena);
    }
}

const struct device_account account_isapi = {
    .title = "web and RTSP",
    .door = &device_door_isapi,
    .door_ask = {.path = "/ISAPI/System/deviceInfo", .login = true                           },
    .opens_rtsp = true,
    .rule = { .min = 8,
                 .max = 16,
                 .classes = 2,
                 .without_user = true,
                 .source = "Hikvision user manuals: 8 to 16 characters of at least two kinds"},
    .step = step,
};
