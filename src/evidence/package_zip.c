/*
 * Reads the files of a zip (PKWARE APPNOTE 6.3.10) by its central directory, which is what every
 * program shows. Strict: stored or deflated only, no overlaps, each local header names the same
 * file. What is left over is told. Sequential readers, libarchive's too, believe other bytes.
 */
#include "base/reader.h"
#include "evidence/package_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define END           22 /* end of central directory, without its comment */
#define END64         56
#define LOCATOR       20
#define CENTRAL       46
#define LOCAL         30
#define DESCRIPTOR    24 /* longest, with signature and 64-bit sizes */
#define DIRECTORY_MAX ((size_t)4 * 1024 * 1024)
#define ALL_ONES      UINT32_C(0xffffffff)

enum {
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    FLAG_ENCRYPTED = 1,
    MADE_BY_UNIX = 3,
    MADE_BY_MAC = 19,
    EXTRA_OTHER_NAME = 0x7075,
};

/* Where things are, of which nothing is believed before it was compared with the size. */
struct ends {
    uint64_t size; /* of the zip */
    uint64_t entries, directory_len, directory;
    uint64_t end; /* where the records after the directory begin */
};

/* A row of the central directory. */
struct row {
    struct package_file file;
    const char *name;
    size_t name_len;
    bool is_link, is_encrypted, has_other_name;
};

static bool
read_at(int fd, uint64_t at, void *out, size_t len)
{
    uint8_t *bytes = out;
    while (len != 0) {
        ssize_t got = at > INT64_MAX ? -1 : pread(fd, bytes, len, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        bytes += got;
        len -= (size_t)got;
        at += (uint64_t)got;
    }
    return true;
}

static enum err
broken(struct note *note, const char *words)
{
    note_set(note, "%s", words);
    return ERR_SYNTAX;
}

static uint64_t
u64le(struct reader *reader)
{
    uint64_t low = reader_u32le(reader);
    return low | (uint64_t)reader_u32le(reader) << 32;
}

/* A number of 32 bits (16 for counts) that says nothing, or the same as the one of 64. */
static bool
agree(uint64_t narrow, uint64_t nothing, uint64_t wide)
{
    return narrow == nothing || narrow == wide;
}

/*
 * The 64-bit record before the end. Some programs read it wherever it is, some only where the end
 * says that its own numbers are too small: so it counts whenever it is there, and must agree.
 */
static enum err
read_end64(const struct package *package, uint64_t end, struct ends *ends, struct note *note)
{
    uint8_t locator[LOCATOR];
    uint8_t record[END64];
    struct reader reader;
    const struct ends narrow = *ends;
    bool wants = ends->entries == UINT16_MAX || ends->directory_len == ALL_ONES ||
                 ends->directory == ALL_ONES;
    bool has_locator = end >= LOCATOR &&
                       read_at(package->fd, end - LOCATOR, locator, sizeof(locator)) &&
                       memcmp(locator, "PK\6\7", 4) == 0;
    if (!has_locator) {
        return wants ? broken(note, "the zip's end has no 64-bit record") : OK;
    }
    reader_init(&reader, locator, sizeof(locator));
    reader_skip(&reader, 8);
    uint64_t at = u64le(&reader);
    if (end < LOCATOR + END64 || at != end - LOCATOR - END64 ||
        !read_at(package->fd, at, record, sizeof(record)) || memcmp(record, "PK\6\6", 4) != 0) {
        return broken(note, "the zip's 64-bit record is not where its end says");
    }
    reader_init(&reader, record, sizeof(record));
    reader_skip(&reader, 24);
    uint64_t here = u64le(&reader);
    ends->entries = u64le(&reader);
    ends->directory_len = u64le(&reader);
    ends->directory = u64le(&reader);
    ends->end = at;
    if (here != ends->entries || !agree(narrow.entries, UINT16_MAX, ends->entries) ||
        !agree(narrow.directory_len, ALL_ONES, ends->directory_len) ||
        !agree(narrow.directory, ALL_ONES, ends->directory)) {
        return broken(note, "two ends that differ: two programs could show different files");
    }
    return OK;
}

static enum err
read_end(struct package *package, const uint8_t *tail, size_t len, size_t at, struct ends *ends,
    struct note *note)
{
    struct reader reader;
    reader_init(&reader, tail + at, len - at);
    reader_skip(&reader, 8);
    uint16_t here = reader_u16le(&reader);
    ends->entries = reader_u16le(&reader);
    ends->directory_len = reader_u32le(&reader);
    ends->directory = reader_u32le(&reader);
    size_t comment = reader_u16le(&reader);
    ends->end = ends->size - len + at;
    if (here != ends->entries) {
        return broken(note, "a part of a zip of several parts");
    }
    enum err err = read_end64(package, ends->end, ends, note);
    if (comment + END != len - at) {
        package_tell(package, "", 0, "bytes after the end of the zip");
    } else if (comment != 0) {
        package_tell(package, "", 0, "a comment at the end of the zip");
    }
    return err;
}

/* Searches the end from behind: its last place counts, as it does for other programs. */
static enum err
find_end(struct package *package, struct ends *ends, struct note *note)
{
    size_t len = END + UINT16_MAX;
    len = ends->size < len ? (size_t)ends->size : len;
    uint8_t *tail = package->piece;
    static_assert(END + UINT16_MAX <= PACKAGE_PIECE, "the end fits");
    if (len < END || !read_at(package->fd, ends->size - len, tail, len)) {
        return broken(note, "neither a folder nor a zip");
    }
    for (size_t at = len - END + 1; at-- != 0;) {
        if (memcmp(tail + at, "PK\5\6", 4) == 0) {
            return read_end(package, tail, len, at, ends, note);
        }
    }
    return broken(note, "neither a folder nor a whole zip");
}

/* Info-ZIP's Unicode Path: a second name, which some programs show instead of the first. */
static bool
has_other_name(const uint8_t *bytes, size_t len)
{
    struct reader reader;
    reader_init(&reader, bytes, len);
    while (reader_left(&reader) >= 4) {
        uint16_t kind = reader_u16le(&reader);
        if (kind == EXTRA_OTHER_NAME) {
            return true;
        }
        reader_skip(&reader, reader_u16le(&reader));
    }
    return false;
}

/* Sizes and place that are too large for 32 bits: extra field 1, in this order. */
static bool
read_extra(const uint8_t *bytes, size_t len, struct package_file *file)
{
    struct reader reader;
    bool wants = file->bytes == ALL_ONES || file->packed == ALL_ONES || file->at == ALL_ONES;
    reader_init(&reader, bytes, len);
    while (wants && reader_left(&reader) >= 4) {
        uint16_t kind = reader_u16le(&reader);
        size_t size = reader_u16le(&reader);
        const uint8_t *field = reader_bytes(&reader, size);
        if (field == NULL || kind != 1) {
            continue;
        }
        struct reader inside;
        reader_init(&inside, field, size);
        file->bytes = file->bytes == ALL_ONES ? u64le(&inside) : file->bytes;
        file->packed = file->packed == ALL_ONES ? u64le(&inside) : file->packed;
        file->at = file->at == ALL_ONES ? u64le(&inside) : file->at;
        return !inside.failed;
    }
    return !wants;
}

static bool
read_row(struct reader *reader, struct row *ret_row)
{
    const uint8_t *signature = reader_bytes(reader, 4);
    if (signature == NULL || memcmp(signature, "PK\1\2", 4) != 0) {
        return false;
    }
    uint16_t made_by = reader_u16le(reader);
    reader_skip(reader, 2);
    uint16_t flags = reader_u16le(reader);
    struct row row = {.is_encrypted = (flags & FLAG_ENCRYPTED) != 0};
    row.file.method = reader_u16le(reader);
    reader_skip(reader, 4);
    row.file.crc = reader_u32le(reader);
    row.file.packed = reader_u32le(reader);
    row.file.bytes = reader_u32le(reader);
    row.name_len = reader_u16le(reader);
    size_t extra_len = reader_u16le(reader);
    size_t comment_len = reader_u16le(reader);
    reader_skip(reader, 4);
    uint32_t mode = reader_u32le(reader) >> 16;
    row.file.at = reader_u32le(reader);
    row.name = (const char *)reader_bytes(reader, row.name_len);
    const uint8_t *extra = reader_bytes(reader, extra_len);
    reader_skip(reader, comment_len);
    unsigned host = made_by >> 8;
    row.is_link = (host == MADE_BY_UNIX || host == MADE_BY_MAC) && (mode & S_IFMT) != 0 &&
                  !S_ISREG(mode) && !S_ISDIR(mode);
    row.has_other_name = !reader->failed && has_other_name(extra, extra_len);
    *ret_row = row;
    return !reader->failed && read_extra(extra, extra_len, &ret_row->file);
}

/* The one folder that everything is in, as file managers pack it: with its '/', or empty. */
struct prefix {
    const char *bytes;
    size_t len;
};

static struct prefix
find_prefix(const struct row *rows, size_t count)
{
    const size_t len = strlen(PACKAGE_MANIFEST);
    struct prefix prefix = {"", 0};
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        if (row->name_len < len ||
            memcmp(row->name + row->name_len - len, PACKAGE_MANIFEST, len) != 0) {
            continue;
        }
        size_t before = row->name_len - len;
        if (before == 0) {
            return (struct prefix){"", 0};
        }
        if (memchr(row->name, '/', before) == row->name + before - 1) {
            prefix = (struct prefix){row->name, before};
        }
    }
    return prefix;
}

static const char *
why_strange(const struct row *row, const char *name, size_t len)
{
    if (!package_may_be(name, len)) {
        return "not a name that a package has";
    }
    if (row->is_link) {
        return "a link or device, not followed";
    }
    if (row->is_encrypted) {
        return "encrypted";
    }
    if (row->file.method != METHOD_STORED && row->file.method != METHOD_DEFLATED) {
        return "packed in a way that is not read here";
    }
    return NULL;
}

static enum err
list_row(
    struct package *package, const struct row *row, const struct prefix *prefix, struct note *note)
{
    const char *name = row->name;
    size_t len = row->name_len;
    if (len < prefix->len || memcmp(name, prefix->bytes, prefix->len) != 0) {
        package_tell(package, name, len, "beside the package's folder");
        return OK;
    }
    name += prefix->len;
    len -= prefix->len;
    if (len == 0 || (name[len - 1] == '/' && row->file.bytes == 0 && !row->is_link &&
                        package_may_be(name, len - 1))) {
        return OK;
    }
    const char *why = why_strange(row, name, len);
    if (why != NULL) {
        package_tell(package, name, len, why);
        return OK;
    }
    return package_list(package, &row->file, name, len, note);
}

static int
compare_places(const void *a, const void *b)
{
    uint64_t at_a = ((const struct row *)a)->file.at;
    uint64_t at_b = ((const struct row *)b)->file.at;
    return (at_a > at_b) - (at_a < at_b);
}

/* Its local header names the same file; gives where the file's bytes end. */
static bool
check_local(struct package *package, const struct row *row, uint64_t *ret_end)
{
    uint8_t header[LOCAL];
    char name[1024];
    struct reader reader;
    if (!read_at(package->fd, row->file.at, header, sizeof(header)) ||
        memcmp(header, "PK\3\4", 4) != 0) {
        return false;
    }
    reader_init(&reader, header, sizeof(header));
    reader_skip(&reader, 8);
    uint16_t method = reader_u16le(&reader);
    reader_skip(&reader, 16);
    size_t name_len = reader_u16le(&reader);
    size_t extra_len = reader_u16le(&reader);
    uint64_t data = row->file.at + LOCAL + name_len + extra_len;
    if (method != row->file.method || name_len != row->name_len || name_len > sizeof(name) ||
        !read_at(package->fd, row->file.at + LOCAL, name, name_len) ||
        memcmp(name, row->name, name_len) != 0 ||
        !read_at(package->fd, row->file.at + LOCAL + name_len, package->piece, extra_len) ||
        has_other_name(package->piece, extra_len)) {
        return false;
    }
    *ret_end = data + row->file.packed;
    return *ret_end >= data;
}

/* No two files share bytes, and no bytes but descriptors are between them. */
static enum err
check_places(struct package *package, struct row *rows, size_t count, const struct ends *ends,
    struct note *note)
{
    uint64_t last = 0;
    bool is_loose = false;
    qsort(rows, count, sizeof(*rows), compare_places);
    for (size_t i = 0; i < count; i++) {
        uint64_t end = 0;
        if (rows[i].file.at < last || rows[i].file.at >= ends->directory ||
            !check_local(package, &rows[i], &end) || end > ends->directory) {
            return broken(note, "a file in the zip is not where its list says");
        }
        is_loose |= rows[i].file.at - last > (i == 0 ? 0 : DESCRIPTOR);
        last = end;
    }
    if (is_loose || ends->directory - last > DESCRIPTOR) {
        package_tell(package, "", 0, "bytes in the zip that belong to no file");
    }
    return OK;
}

static enum err
list_rows(struct package *package, const uint8_t *bytes, const struct ends *ends, struct note *note)
{
    struct reader reader;
    size_t count = (size_t)ends->entries;
    struct row *rows = calloc(count + 1, sizeof(*rows));
    reader_init(&reader, bytes, (size_t)ends->directory_len);
    enum err err = rows == NULL ? ERR_MEMORY : OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = read_row(&reader, &rows[i]) ? OK : broken(note, "the zip's list of files is damaged");
        if (err == OK && rows[i].has_other_name) {
            err = broken(note, "a file in the zip has two names");
        }
    }
    if (err == OK && reader_left(&reader) != 0) {
        err = broken(note, "the zip's list of files has more than its end says");
    }
    if (err == OK) {
        err = check_places(package, rows, count, ends, note);
    }
    const struct prefix prefix = find_prefix(rows, err == OK ? count : 0);
    for (size_t i = 0; i < count && err == OK; i++) {
        err = list_row(package, &rows[i], &prefix, note);
    }
    free(rows);
    return err;
}

enum err
package_zip_list(struct package *package, struct note *note)
{
    struct stat status;
    if (fstat(package->fd, &status) != 0) {
        return ERR_IO;
    }
    struct ends ends = {.size = (uint64_t)status.st_size};
    enum err err = find_end(package, &ends, note);
    if (err != OK) {
        return err;
    }
    if (ends.entries > (uint64_t)2 * PACKAGE_FILES || ends.directory_len > DIRECTORY_MAX) {
        note_set(note, "more than %d files", PACKAGE_FILES);
        return ERR_LIMIT;
    }
    if (ends.directory > ends.end || ends.end - ends.directory != ends.directory_len) {
        return broken(note, "the zip's list of files is not where its end says");
    }
    uint8_t *bytes = malloc((size_t)ends.directory_len + 1);
    if (bytes == NULL) {
        return ERR_MEMORY;
    }
    err = read_at(package->fd, ends.directory, bytes, (size_t)ends.directory_len)
              ? list_rows(package, bytes, &ends, note)
              : ERR_IO;
    free(bytes);
    return err;
}

/* Bytes of one file on their way out. */
struct flow {
    struct package *package;
    const struct package_file *file;
    const struct package_reader *reader;
    uint64_t at, left; /* in the zip */
    uint64_t done;
    uLong crc;
};

static enum err
give(struct flow *flow, const uint8_t *bytes, size_t len)
{
    if (len > flow->file->bytes - flow->done) {
        return ERR_LIMIT;
    }
    flow->done += len;
    flow->crc = crc32(flow->crc, bytes, (uInt)len);
    return flow->reader->piece(flow->reader->context, bytes, len) ? OK : ERR_CANCELLED;
}

/* The next piece as it lies in the zip; 0 bytes at the end. */
static enum err
take(struct flow *flow, uint8_t *out, size_t *ret_len)
{
    size_t len = flow->left < PACKAGE_PIECE ? (size_t)flow->left : PACKAGE_PIECE;
    if (!read_at(flow->package->fd, flow->at, out, len)) {
        return ERR_IO;
    }
    flow->at += len;
    flow->left -= len;
    *ret_len = len;
    return OK;
}

static enum err
stream_stored(struct flow *flow)
{
    size_t len = 0;
    enum err err = OK;
    while (flow->left != 0 && err == OK) {
        err = take(flow, flow->package->piece, &len);
        err = err == OK ? give(flow, flow->package->piece, len) : err;
    }
    return err;
}

/* One input's worth of output; ret_ended when the stream said that it is over. */
static enum err
inflate_piece(struct flow *flow, z_stream *stream, bool *ret_ended)
{
    enum err err = OK;
    do {
        stream->next_out = flow->package->piece;
        stream->avail_out = PACKAGE_PIECE;
        int got = inflate(stream, Z_NO_FLUSH);
        if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR) {
            return ERR_SYNTAX;
        }
        *ret_ended = got == Z_STREAM_END;
        size_t len = PACKAGE_PIECE - stream->avail_out;
        err = len == 0 ? OK : give(flow, flow->package->piece, len);
    } while (err == OK && !*ret_ended && stream->avail_out == 0);
    return err;
}

static enum err
stream_deflated(struct flow *flow)
{
    z_stream stream = {.next_in = NULL};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return ERR_MEMORY;
    }
    bool is_ended = false;
    enum err err = OK;
    while (err == OK && !is_ended && flow->left != 0) {
        size_t len = 0;
        err = take(flow, flow->package->packed, &len);
        stream.next_in = flow->package->packed;
        stream.avail_in = (uInt)len;
        err = err == OK ? inflate_piece(flow, &stream, &is_ended) : err;
    }
    if (err == OK && (!is_ended || stream.avail_in != 0 || flow->left != 0)) {
        err = ERR_SYNTAX;
    }
    (void)inflateEnd(&stream);
    return err;
}

enum err
package_zip_stream(struct package *package, const struct package_file *file,
    const struct package_reader *reader, struct note *note)
{
    uint8_t header[LOCAL];
    struct reader local;
    struct flow flow = {.package = package, .file = file, .reader = reader, .left = file->packed};
    if (!read_at(package->fd, file->at, header, sizeof(header))) {
        note_set(note, "%.100s can't be read any more", file->name);
        return ERR_IO;
    }
    reader_init(&local, header, sizeof(header));
    reader_skip(&local, LOCAL - 4);
    flow.at = file->at + LOCAL;
    flow.at += reader_u16le(&local);
    flow.at += reader_u16le(&local);
    flow.crc = crc32(0, NULL, 0);
    enum err err = file->method == METHOD_STORED ? stream_stored(&flow) : stream_deflated(&flow);
    if (err == ERR_LIMIT) {
        note_set(note, "%.100s is longer than the zip says", file->name);
    } else if (err == ERR_SYNTAX ||
               (err == OK && (flow.done != file->bytes || (uint32_t)flow.crc != file->crc))) {
        note_set(note, "%.100s is damaged in the zip", file->name);
        err = ERR_SYNTAX;
    }
    return err;
}
