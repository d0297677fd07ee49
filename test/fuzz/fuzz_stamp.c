/* Any bytes as a time-stamp's answer: never believed by chance, always something said. */
#include "evidence/stamp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t digest[32] = {1};
    struct stamp_verdict verdict;
    struct stamp_given given = {.sha256 = digest, .answer = data, .answer_len = size};
    if (size > 0 && (data[0] & 1U) != 0) {
        given.request = data;
        given.request_len = size;
    }
    if (size > 128) {
        /* The digest that a real answer has, so that what is behind it is reached too. */
        static uint8_t found[32];
        memcpy(found, data + size - 32, sizeof(found));
        given.sha256 = found;
        given.answer_len = size - 32;
    }
    (void)stamp_is_request(digest, data, size);
    stamp_check(&given, &verdict);
    assert(verdict.state != STAMP_GOOD && verdict.state != STAMP_PENDING);
    assert(verdict.why.text[0] != '\0' && memchr(verdict.signer, 0, sizeof(verdict.signer)));
    return 0;
}
