/* Bytes of a clip, wherever they are, in constant memory. */
#include "evidence/clip_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum err
clip_source_open(int fd, size_t room, struct clip_source *ret_source)
{
    struct stat about;
    assert(room >= CLIP_REACH);
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return ERR_IO;
    }
    *ret_source = (struct clip_source){.fd = fd, .size = (uint64_t)about.st_size, .room = room};
    ret_source->window = malloc(room);
    return ret_source->window == NULL ? ERR_MEMORY : OK;
}

void
clip_source_close(struct clip_source *source)
{
    free(source->window);
    source->window = NULL;
}

static void
fill(struct clip_source *source, uint64_t at)
{
    source->start = at;
    source->len = 0;
    while (source->len < source->room && !source->failed) {
        ssize_t got = pread(source->fd, source->window + source->len, source->room - source->len,
            (off_t)(at + source->len));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            source->failed = got < 0;
            break;
        }
        source->len += (size_t)got;
    }
}

const uint8_t *
clip_source_at(struct clip_source *source, uint64_t at, size_t len)
{
    assert(len <= CLIP_REACH);
    if (at > source->size || len > source->size - at) {
        return NULL;
    }
    if (at < source->start || at - source->start > source->len ||
        len > source->len - (size_t)(at - source->start)) {
        fill(source, at);
    }
    size_t inside = (size_t)(at - source->start);
    return source->len - inside < len ? NULL : source->window + inside;
}

const uint8_t *
clip_source_run(struct clip_source *source, uint64_t at, size_t *ret_len)
{
    const uint8_t *bytes = clip_source_at(source, at, 1);
    if (bytes != NULL) {
        *ret_len = source->len - (size_t)(at - source->start);
    }
    return bytes;
}

bool
clip_source_number(struct clip_source *source, uint64_t at, size_t len, uint64_t *ret_number)
{
    const uint8_t *bytes = clip_source_at(source, at, len);
    if (bytes == NULL) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        number = number << 8 | bytes[i];
    }
    *ret_number = number;
    return true;
}
