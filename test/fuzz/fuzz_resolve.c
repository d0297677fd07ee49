/* Lines between workers and broker: what is accepted is bounded, and survives being written again.
 */
#include "gate/resolve.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf out;
    struct resolve_question question, again;
    buf_init(&out, (size_t)64 * 1024);
    if (resolve_parse_question((const char *)data, size, &question) != OK) {
        return;
    }
    assert(question.name <= ACCESS_ALL && strlen(question.text) < sizeof(question.text));
    resolve_put_question(&out, &question);
    if (question.text[0] != '\0') { /* ACCESS_ALL may be without */
        assert(resolve_parse_question(out.data, out.len, &again) == OK);
        assert(memcmp(question.text, again.text, strlen(question.text) + 1) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf out;
    struct resolved resolved, again;
    uint64_t id = 0;
    uint64_t id_again = 0;
    enum err said = OK;
    ask(data, size);
    buf_init(&out, (size_t)64 * 1024);
    if (resolve_parse_answer((const char *)data, size, &id, &said, &resolved) != OK) {
        return 0;
    }
    assert(resolved.camera_count <= RESOLVE_CAMERAS);
    assert(said != OK || resolved.camera_count != 0 || resolved.all_cameras);
    resolve_put_answer(&out, id, said, &resolved);
    assert(resolve_parse_answer(out.data, out.len, &id_again, &said, &again) == OK);
    assert(id == id_again);
    return 0;
}
