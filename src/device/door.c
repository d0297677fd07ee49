/* Reading the mood of an answer to a log-in. */
#include "device/door.h"

#include "base/text.h"
#include "codec/pick.h"

#include <string.h>

#define LOOKED_AT     ((size_t)16 * 1024)
#define TRIES_TO_KEEP 2 /* fewer or as many left: the next wrong one could lock */

static size_t
looked_at(const struct answer *answer)
{
    return answer->body_len < LOOKED_AT ? answer->body_len : LOOKED_AT;
}

bool
door_is_page(const struct answer *answer)
{
    size_t len = looked_at(answer);
    return text_find_nocase(answer->body, len, "<html") != NULL ||
           text_find_nocase(answer->body, len, "<!doctype html") != NULL ||
           text_find_nocase(answer->body, len, "<body") != NULL;
}

/* "locked" as a word of its own, not "unlocked" or "blockedList". */
static bool
says_locked(const char *body, size_t len)
{
    const char *end = body + len;
    const char *at = text_find_nocase(body, len, "locked");
    while (at != NULL) {
        bool before = at == body || strchr(" _\"'>:-.", at[-1]) != NULL;
        const char *after = at + strlen("locked");
        if (before && (after == end || strchr(" _\"'<,.!;:\r\n\t", *after) != NULL)) {
            return true;
        }
        at = text_find_nocase(after, (size_t)(end - after), "locked");
    }
    return false;
}

/* ISAPI's userCheck body, which a 401 carries too: <lockStatus>, <retryLoginTime>. */
static bool
is_hikvision_lock(const struct answer *answer)
{
    char text[64];
    size_t len = looked_at(answer);
    const char *tag = text_find_nocase(answer->body, len, "<lockStatus>");
    if (tag != NULL) {
        (void)text_copy(text, sizeof(text), tag + strlen("<lockStatus>"));
        if (text_starts_nocase(text, "lock")) {
            return true;
        }
    }
    tag = text_find_nocase(answer->body, len, "<retryLoginTime>");
    if (tag == NULL) {
        return false;
    }
    (void)text_copy(text, sizeof(text), tag + strlen("<retryLoginTime>"));
    text[strspn(text, "0123456789")] = '\0';
    uint64_t left = 0;
    return text_to_u64(text, UINT64_MAX, &left) == OK && left <= TRIES_TO_KEEP;
}

/* Dahua RPC2: the code of a locked user, or so few tries left that the next could lock. */
static bool
is_dahua_lock(const struct answer *answer)
{
    char text[32];
    size_t len = looked_at(answer);
    uint64_t left = 0;
    if (text_find_nocase(answer->body, len, "268632081") != NULL) {
        return true;
    }
    const char *at = text_find_nocase(answer->body, len, "\"remainLoginTimes\"");
    if (at == NULL) {
        return false;
    }
    at += strlen("\"remainLoginTimes\"");
    (void)text_copy(text, sizeof(text), at + strspn(at, ": \t\r\n"));
    text[strspn(text, "0123456789")] = '\0';
    return text_to_u64(text, UINT64_MAX, &left) == OK && left <= TRIES_TO_KEEP;
}

bool
door_is_locked(const struct answer *answer)
{
    static const char *const words[] = {"-40404", "Temporary Suspension", "DEVICE_BLOCKED"};
    if (answer->status == 423 || answer->status == 429) {
        return true;
    }
    if (answer->status == 200 && door_is_page(answer)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_find_nocase(answer->body, looked_at(answer), words[i]) != NULL) {
            return true;
        }
    }
    return is_hikvision_lock(answer) || is_dahua_lock(answer) ||
           says_locked(answer->body, looked_at(answer));
}
