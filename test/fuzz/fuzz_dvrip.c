/* Bytes of a device that speaks DVRIP, or does not: how long the answer is, and its JSON. */
#include "codec/dvrip.h"
#include "codec/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole = 0;
    struct arena arena;
    if (size > ANSWER_BODY || dvrip_whole(data, size, &whole) != OK) {
        return 0;
    }
    assert(whole <= size);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const char *body = arena_copy_n(&arena, (const char *)data, whole);
    if (body != NULL) {
        const struct answer frames = {.headers = "", .body = body, .body_len = whole};
        const struct answer answer = dvrip_answer(&frames, &arena);
        const char *text = NULL;
        assert(answer.body_len <= whole);
        enum err err = pick_text(&answer, "[\"NetWork.Nat\"].NatEnable", &arena, &text);
        (void)err;
    }
    arena_release(&arena);
    return 0;
}
