/* Picking from any body: the first byte chooses the expression, the rest is headers and body. */
#include "codec/pick.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const picks[] = {"firmwareVersion", "DeviceInfo/model", "a/b/c", "a.b[0].c",
        "[0].value.DevInfo.model", "root.Brand.ProdNbr", "table.T2UServer.Enable",
        "~version=\"([\\d.]+)\"", "~(?i)DDNS\\[\\d+\\]\\.Enable=true", "@server",
        "@server~^BlueServer/([\\d.]+)"};
    if (size == 0 || size > ANSWER_BODY) {
        return 0;
    }
    struct arena arena;
    const char *text = NULL;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    /* As wire does it: bytes that end in a zero. */
    const char *body = arena_copy_n(&arena, (const char *)data + 1, size - 1);
    struct answer answer = {
        .status = 200,
        .headers = body,
        .headers_len = size - 1,
        .body = body,
        .body_len = size - 1,
    };
    if (body != NULL && pick_text(&answer, picks[data[0] % COUNT(picks)], &arena, &text) == OK) {
        assert(strlen(text) != 0 && strlen(text) <= PICK_VALUE);
    }
    arena_release(&arena);
    return 0;
}
