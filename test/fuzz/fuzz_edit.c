/* Editing any body: the first byte chooses pick and value; what is written differs there only. */
#include "codec/edit.h"

#include "codec/pick.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct answer *answer, const char *pick, const char *value, const struct buf *out)
{
    struct arena arena;
    const char *text = NULL;
    struct answer edited = *answer;
    edited.body = out->data;
    edited.body_len = out->len;
    arena_init(&arena, ANSWER_BODY);
    assert(pick_text(&edited, pick, &arena, &text) == OK && strcmp(text, value) == 0);
    size_t head = 0;
    size_t tail = 0;
    size_t least = answer->body_len < out->len ? answer->body_len : out->len;
    while (head < least && answer->body[head] == out->data[head]) {
        head++;
    }
    while (tail < least - head &&
           answer->body[answer->body_len - 1 - tail] == out->data[out->len - 1 - tail]) {
        tail++;
    }
    assert(out->len - head - tail <= 6 * strlen(value));
    arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const picks[] = {"enabled", "a/b/c", "EZVIZ/enabled", "a.b[0].c",
        "[0].value.P2p.enable", "[\"NetWork.Nat\"].NatEnable", "root.Network.UPnP.Enabled",
        "table.T2UServer.Enable"};
    static const char *const values[] = {"false", "0", "no", "a<&\"\\b"};
    if (size == 0 || size > ANSWER_BODY) {
        return 0;
    }
    struct buf out;
    const char *pick = picks[data[0] % COUNT(picks)];
    const char *value = values[data[0] / COUNT(picks) % COUNT(values)];
    char *body = malloc(size);
    assert(body != NULL);
    memcpy(body, data + 1, size - 1);
    body[size - 1] = '\0';
    struct answer answer = {.status = 200, .headers = "", .body = body, .body_len = size - 1};
    buf_init(&out, 2 * ANSWER_BODY);
    if (edit_value(&answer, pick, value, &out) == OK) {
        check(&answer, pick, value, &out);
    }
    buf_release(&out);
    free(body);
    return 0;
}
