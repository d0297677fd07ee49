/* Any bytes as a clip: something is said of it, in bounded time, and nothing outside is read. */
#include "evidence/clip.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clip_signs signs;
    struct note note = {""};
    int fd = memfd_create("clip", MFD_CLOEXEC);
    assert(fd >= 0);
    ssize_t put = write(fd, data, size);
    assert(put == (ssize_t)size);
    enum err err = clip_read(fd, &signs, &note);
    assert(err == OK && signs.why.text[0] != '\0');
    /* Of one that is torn nothing is concluded, also where a scheme was seen. */
    assert(signs.signing == CLIP_UNREADABLE ||
           (signs.scheme == NULL) == (signs.signing == CLIP_UNSIGNED));
    assert(signs.pictures <= size && signs.signatures <= size);
    (void)close(fd);
    return 0;
}
