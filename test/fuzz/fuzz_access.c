/*
 * Any request line and body, to every VMS that the gateway understands: "METHOD TARGET TYPE", a
 * line's end, the body. A method "WS" is a GET that becomes a WebSocket.
 */
#include "base/text.h"
#include "vms/access.h"

#include <string.h>

#define LINE_MOST ((size_t)16 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
next_word(char **text)
{
    char *word = *text;
    char *end = strchr(word, ' ');
    if (end != NULL) {
        *end = '\0';
    }
    *text = end == NULL ? word + strlen(word) : end + 1;
    return word;
}

/* What the gateway relies on, whatever was asked. */
static void
check(const struct access_request *request, const struct access *access, struct arena *arena)
{
    const struct access_kind_row *kind = access_kind(access->kind);
    assert(access->camera_count <= ACCESS_CAMERAS);
    for (size_t i = 0; i < access->camera_count; i++) {
        const struct access_camera *camera = &access->cameras[i];
        assert(strlen(camera->text) < ACCESS_TEXT);
        assert((camera->name == ACCESS_ALL) == (*camera->text == '\0'));
    }
    assert(access->row != NULL || access->kind == ACCESS_UNKNOWN);
    assert(access->object != NULL && (access->view != NULL || !kind->opens_view));
    assert(access->row == NULL || access->is_upgrade == request->is_upgrade);
    if (access->row != NULL && access->row->answer != NULL) {
        struct access_told told = {.position = -1};
        const struct access_answer answer = {.status = 200,
            .type = request->type,
            .body = request->body,
            .body_len = request->body_len < ACCESS_ANSWER ? request->body_len : ACCESS_ANSWER,
            .is_whole = true};
        access->row->answer(&answer, &told, arena);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end == NULL ? size : (size_t)(end - data);
    struct arena arena;
    if (size == 0 || len > LINE_MOST) {
        return 0;
    }
    for (size_t i = 0; i < vms_gate_count; i++) {
        struct note note = {""};
        struct access access;
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        char *line = arena_copy_n(&arena, (const char *)data, len);
        char *method = next_word(&line);
        char *path = next_word(&line);
        char *query = strchr(path, '?');
        if (query != NULL) {
            *query++ = '\0';
        }
        const struct access_request request = {
            .method = text_equal(method, "WS") ? "GET" : method,
            .path = path,
            .query = query == NULL ? "" : query,
            .type = *line == '\0' ? NULL : line,
            .body = end == NULL ? NULL : end + 1,
            .body_len = end == NULL ? 0 : size - len - 1,
            .is_upgrade = text_equal(method, "WS"),
        };
        if (access_classify(vms_gates[i], &request, &arena, &access, &note) == OK) {
            check(&request, &access, &arena);
        }
        arena_release(&arena);
    }
    (void)access_is_media("text/plain", data, size < ACCESS_SNIFF ? size : ACCESS_SNIFF);
    return 0;
}
