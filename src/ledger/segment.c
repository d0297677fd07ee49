/* Files of the journal: their header, their batches. */
#include "ledger/segment.h"

#include "ledger/disk.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAGIC  "gatehouse-jrnl1\n"  /* 16 bytes */
#define BATCH_MAGIC UINT32_C(0x47484231) /* "GHB1" */

/* As they stand in the file; numbers are big-endian. */
struct file_head {
    char magic[16];
    uint64_t bytes;
    uint64_t is_reserve;
    uint8_t key[SEGMENT_KEY];
    uint8_t origin[crypto_hash_sha256_BYTES];
    uint8_t mark[crypto_onetimeauth_BYTES]; /* of all before it */
};

struct batch_head {
    uint32_t magic;
    uint32_t count;
    uint64_t first;
    uint32_t bytes;
    uint8_t zeros[28];
    uint8_t mark[crypto_onetimeauth_BYTES]; /* of head and payload while this is zero */
};
static_assert(sizeof(struct batch_head) == SEGMENT_HEAD, "the head's length is part of the format");

uint64_t
segment_span(size_t len)
{
    return ((uint64_t)len + SEGMENT_PAGE - 1) / SEGMENT_PAGE * SEGMENT_PAGE;
}

const char *
segment_name(uint64_t number, char out[SEGMENT_NAME])
{
    (void)snprintf(out, SEGMENT_NAME, "%012" PRIu64, number);
    return out;
}

static struct segment *
new_segment(int fd)
{
    struct segment *segment = calloc(1, sizeof(*segment));
    if (segment == NULL) {
        (void)close(fd);
        return NULL;
    }
    segment->fd = fd;
    segment->used = SEGMENT_PAGE;
    segment->durable = SEGMENT_PAGE;
    return segment;
}

void
segment_close(struct segment *segment)
{
    if (segment != NULL) {
        (void)close(segment->fd);
        sodium_memzero(segment->key, sizeof(segment->key));
        free(segment);
    }
}

static void
mark_file(struct file_head *head)
{
    crypto_onetimeauth(
        head->mark, (const uint8_t *)head, offsetof(struct file_head, mark), head->key);
}

static enum err
write_header(struct segment *segment, const struct segment_form *form)
{
    uint8_t page[SEGMENT_PAGE] = {0};
    struct file_head head = {
        .bytes = htobe64(segment->bytes),
        .is_reserve = htobe64(segment->is_reserve ? 1 : 0),
    };
    memcpy(head.magic, FILE_MAGIC, sizeof(head.magic));
    randombytes_buf(head.key, sizeof(head.key));
    crypto_hash_sha256(head.origin, (const uint8_t *)form->origin, strlen(form->origin));
    mark_file(&head);
    memcpy(segment->key, head.key, sizeof(segment->key));
    memcpy(page, &head, sizeof(head));
    enum err err = disk_write(segment->fd, page, sizeof(page), 0);
    return err == OK ? disk_sync(segment->fd) : err;
}

enum err
segment_make(int folder, const struct segment_form *form, struct segment **ret_segment)
{
    int fd = -1;
    enum err err = disk_create(folder, form->name, 0600, &fd);
    if (err != OK) {
        return err;
    }
    struct segment *segment = new_segment(fd);
    if (segment == NULL) {
        return ERR_MEMORY;
    }
    segment->bytes = form->bytes;
    segment->is_reserve = form->is_reserve;
    struct stat status;
    err = fstat(fd, &status) == 0 ? OK : ERR_IO;
    if (err == OK && (uint64_t)status.st_size > form->bytes) {
        err = disk_truncate(fd, (off_t)form->bytes);
    }
    err = err == OK ? disk_allocate(fd, (off_t)form->bytes) : err;
    err = err == OK ? write_header(segment, form) : err;
    if (err != OK) {
        segment_close(segment);
        return err;
    }
    *ret_segment = segment;
    return OK;
}

/* ERR_MISSING: the file ends before. */
static enum err
read_at(int fd, void *bytes, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, (char *)bytes + done, len - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return ERR_IO;
        }
        if (got == 0) {
            return ERR_MISSING;
        }
        done += (size_t)got;
    }
    return OK;
}

static bool
is_header(const struct file_head *head, const char *origin, uint64_t size)
{
    struct file_head expected = *head;
    uint8_t hash[sizeof(head->origin)];
    mark_file(&expected);
    crypto_hash_sha256(hash, (const uint8_t *)origin, strlen(origin));
    return memcmp(head->magic, FILE_MAGIC, sizeof(head->magic)) == 0 &&
           sodium_memcmp(expected.mark, head->mark, sizeof(head->mark)) == 0 &&
           memcmp(hash, head->origin, sizeof(hash)) == 0 && be64toh(head->bytes) <= size;
}

enum err
segment_open(int folder, const char *name, const char *origin, struct segment **ret_segment,
    struct note *note)
{
    int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        note_set(note, "journal/%s can't be opened: %s", name, strerrordesc_np(errno));
        return errno == EROFS ? ERR_FULL : ERR_IO;
    }
    struct segment *segment = new_segment(fd);
    if (segment == NULL) {
        return ERR_MEMORY;
    }
    struct file_head head;
    struct stat status;
    enum err err = fstat(fd, &status) == 0 ? read_at(fd, &head, sizeof(head), 0) : ERR_IO;
    if (err == ERR_MISSING || (err == OK && !is_header(&head, origin, (uint64_t)status.st_size))) {
        note_set(note, "journal/%s is damaged or not of this log: its header does not hold", name);
        err = ERR_VALUE;
    } else if (err != OK) {
        note_set(note, "journal/%s can't be read", name);
    }
    if (err != OK) {
        segment_close(segment);
        return err;
    }
    segment->bytes = be64toh(head.bytes);
    segment->is_reserve = head.is_reserve != 0;
    memcpy(segment->key, head.key, sizeof(segment->key));
    *ret_segment = segment;
    return OK;
}

void
segment_seal(const struct segment *segment, const struct segment_batch *batch, uint8_t *bytes)
{
    struct batch_head head = {
        .magic = htobe32(BATCH_MAGIC),
        .count = htobe32(batch->count),
        .first = htobe64(batch->first),
        .bytes = htobe32(batch->bytes),
    };
    memcpy(bytes, &head, sizeof(head));
    crypto_onetimeauth(head.mark, bytes, SEGMENT_HEAD + (size_t)batch->bytes, segment->key);
    memcpy(bytes, &head, sizeof(head));
}

/* ERR_MISSING: nothing there that could be a batch. */
static enum err
read_head(const struct segment *segment, uint64_t at, struct batch_head *ret_head)
{
    if (segment->bytes < SEGMENT_HEAD || at > segment->bytes - SEGMENT_HEAD) {
        return ERR_MISSING;
    }
    enum err err = read_at(segment->fd, ret_head, sizeof(*ret_head), at);
    if (err != OK) {
        return err;
    }
    uint64_t left = segment->bytes - at;
    uint64_t len = SEGMENT_HEAD + (uint64_t)be32toh(ret_head->bytes);
    bool fits = be32toh(ret_head->magic) == BATCH_MAGIC && len <= left && len <= SEGMENT_BATCH;
    return fits && ret_head->count != 0 ? OK : ERR_MISSING;
}

enum err
segment_read(
    const struct segment *segment, uint64_t at, uint8_t *bytes, struct segment_batch *ret_batch)
{
    struct batch_head head;
    enum err err = read_head(segment, at, &head);
    if (err != OK) {
        return err;
    }
    size_t len = be32toh(head.bytes);
    err = read_at(segment->fd, bytes + SEGMENT_HEAD, len, at + SEGMENT_HEAD);
    if (err != OK) {
        return err;
    }
    uint8_t mark[sizeof(head.mark)];
    struct batch_head unmarked = head;
    memset(unmarked.mark, 0, sizeof(unmarked.mark));
    memcpy(bytes, &unmarked, sizeof(unmarked));
    crypto_onetimeauth(mark, bytes, SEGMENT_HEAD + len, segment->key);
    memcpy(bytes, &head, sizeof(head));
    if (sodium_memcmp(mark, head.mark, sizeof(mark)) != 0) {
        return ERR_MISSING;
    }
    *ret_batch = (struct segment_batch){
        .first = be64toh(head.first),
        .count = be32toh(head.count),
        .bytes = be32toh(head.bytes),
    };
    return OK;
}

size_t
segment_claim(const struct segment *segment, uint64_t at, uint64_t first)
{
    struct batch_head head;
    if (read_head(segment, at, &head) != OK || be64toh(head.first) != first) {
        return 0;
    }
    return SEGMENT_HEAD + (size_t)be32toh(head.bytes);
}
