/* Answers of HTTP receivers: first byte which receiver and how many records, the next two the
 * status, then the body. */
#include "siem/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf answer;
    struct note note = {""};
    if (size < 3) {
        return 0;
    }
    long status = 100 + (data[1] * 256 + data[2]) % 500;
    buf_init(&answer, size + 1);
    buf_add(&answer, data + 3, size - 3);
    enum err err = siem_answer_judge(data[0] % 2 == 1, data[0] / 2, status, &answer, &note);
    assert(err == OK || note.text[0] != '\0');
    buf_release(&answer);
    return 0;
}
