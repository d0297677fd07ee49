#include "evidence/package.h"

#include "base/text.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

/* A folder of this test alone, and a zip that is made byte by byte so that it can lie. */
static char folder[64];
static char place[256];
static struct buf zip, directory;
static unsigned entries;
/* What a 64-bit record says of the directory beside the truth; zip's end says nothing of it. */
static struct {
    bool is_there, is_saturated;
    unsigned more_entries, more_len, less_at;
} wide;

struct entry {
    const char *name;
    const char *central; /* NULL: the same name */
    const char *bytes;
    uint32_t mode;
    uint16_t method, flags;
    uint32_t claims;                       /* size it claims; 0: its own */
    uint32_t at;                           /* where it claims to be; 0: where it is */
    bool has_local_name, has_central_name; /* another, as Info-ZIP's Unicode Path */
};

static int
drop(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int
begin(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/gatehouse-package-XXXXXX");
    assert_non_null(mkdtemp(folder));
    buf_init(&zip, (size_t)64 * 1024 * 1024);
    buf_init(&directory, (size_t)8 * 1024 * 1024);
    entries = 0;
    memset(&wide, 0, sizeof(wide));
    return 0;
}

static int
end(void **state)
{
    (void)state;
    (void)nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
    buf_release(&zip);
    buf_release(&directory);
    return 0;
}

static const char *
at(const char *name)
{
    (void)snprintf(place, sizeof(place), "%s/%s", folder, name);
    return place;
}

static void
write_file(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void
u16(struct buf *out, unsigned value)
{
    buf_byte(out, (uint8_t)value);
    buf_byte(out, (uint8_t)(value >> 8));
}

static void
put_sizes(struct buf *out, const struct entry *entry, const char *name, size_t packed, size_t len)
{
    u16(out, entry->method);
    u16(out, 0);
    u16(out, 0x21);
    buf_u32le(out, (uint32_t)crc32(0, (const Bytef *)entry->bytes, (uInt)len));
    buf_u32le(out, (uint32_t)packed);
    buf_u32le(out, entry->claims == 0 ? (uint32_t)len : entry->claims);
    u16(out, (unsigned)strlen(name));
}

/* 0x7075: version, CRC-32 of the name, another name; behind a field that nobody minds. */
static const char other_name[] = "\x99\x99\1\0.\x75\x70\6\0\1abcdx";
#define OTHER_NAME (sizeof(other_name) - 1)

static void
add(struct entry entry)
{
    entry.bytes = entry.bytes == NULL ? "text" : entry.bytes;
    const char *central = entry.central == NULL ? entry.name : entry.central;
    size_t len = strlen(entry.bytes);
    uLongf room = compressBound((uLong)len) + 64;
    Bytef *packed = malloc(room);
    assert_non_null(packed);
    z_stream stream = {.next_in = NULL};
    if (entry.method == 8) {
        assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
        stream.next_in = (Bytef *)(uintptr_t)entry.bytes;
        stream.avail_in = (uInt)len;
        stream.next_out = packed;
        stream.avail_out = (uInt)room;
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        room = stream.total_out;
        assert_int_equal(deflateEnd(&stream), Z_OK);
    } else {
        memcpy(packed, entry.bytes, len);
        room = len;
    }
    uint32_t place_of = entry.at == 0 ? (uint32_t)zip.len : entry.at;
    buf_add(&zip, "PK\3\4", 4);
    u16(&zip, 20);
    u16(&zip, entry.flags);
    put_sizes(&zip, &entry, entry.name, room, len);
    u16(&zip, entry.has_local_name ? OTHER_NAME : 0);
    buf_text(&zip, entry.name);
    buf_add(&zip, other_name, entry.has_local_name ? OTHER_NAME : 0);
    buf_add(&zip, packed, room);
    free(packed);
    buf_add(&directory, "PK\1\2", 4);
    u16(&directory, 3 << 8 | 20);
    u16(&directory, 20);
    u16(&directory, entry.flags);
    put_sizes(&directory, &entry, central, room, len);
    u16(&directory, entry.has_central_name ? OTHER_NAME : 0);
    u16(&directory, 0);
    u16(&directory, 0);
    u16(&directory, 0);
    buf_u32le(&directory, entry.mode << 16);
    buf_u32le(&directory, place_of);
    buf_text(&directory, central);
    buf_add(&directory, other_name, entry.has_central_name ? OTHER_NAME : 0);
    entries++;
}

static void
u64(struct buf *out, uint64_t value)
{
    buf_u32le(out, (uint32_t)value);
    buf_u32le(out, (uint32_t)(value >> 32));
}

/* The 64-bit record and its locator (APPNOTE 4.3.14, 4.3.15). */
static void
put_wide(uint32_t directory_at)
{
    uint64_t at_record = zip.len;
    buf_add(&zip, "PK\6\6", 4);
    u64(&zip, 44);
    u16(&zip, 45);
    u16(&zip, 45);
    u64(&zip, 0);
    u64(&zip, entries + wide.more_entries);
    u64(&zip, entries + wide.more_entries);
    u64(&zip, directory.len + wide.more_len);
    u64(&zip, directory_at - wide.less_at);
    buf_add(&zip, "PK\6\7", 4);
    buf_u32le(&zip, 0);
    u64(&zip, at_record);
    buf_u32le(&zip, 1);
}

static enum err
open_zip(const char *behind, struct package **ret_package, struct note *note)
{
    uint32_t directory_at = (uint32_t)zip.len;
    buf_add(&zip, directory.data, directory.len);
    if (wide.is_there) {
        put_wide(directory_at);
    }
    buf_add(&zip, "PK\5\6", 4);
    u16(&zip, 0);
    u16(&zip, 0);
    u16(&zip, wide.is_saturated ? 0xffff : entries);
    u16(&zip, wide.is_saturated ? 0xffff : entries);
    buf_u32le(&zip, wide.is_saturated ? 0xffffffff : (uint32_t)directory.len);
    buf_u32le(&zip, wide.is_saturated ? 0xffffffff : directory_at);
    u16(&zip, 0);
    buf_text(&zip, behind);
    assert_int_equal(buf_error(&zip), OK);
    write_file("hostile.zip", zip.data, zip.len);
    return package_open(at("hostile.zip"), ret_package, note);
}

/* Opens what was added; all but the manifest is strange. */
static void
assert_strange(const char *behind, const char *words)
{
    struct package *package = NULL;
    struct note note = {""};
    add((struct entry){.name = "manifest.json"});
    assert_int_equal(open_zip(behind, &package, &note), OK);
    assert_int_equal(package_count(package), 1);
    assert_int_equal(package_strange_count(package), 1);
    assert_non_null(strstr(package_strange(package, 0), words));
    package_close(package);
}

static void
assert_refused(const char *words)
{
    struct package *package = NULL;
    struct note note = {""};
    assert_int_equal(open_zip("", &package, &note), ERR_SYNTAX);
    assert_non_null(strstr(note.text, words));
}

static void
test_a_name_is_of_two_parts_and_plain_letters(void **state)
{
    (void)state;
    static const char *const good[] = {"manifest.json", "clip/a.mp4", "events/12.tlog-proof", "a"};
    static const char *const bad[] = {"", "/a", "a/", "../a", "a/../b", "a//b", "a/b/c", ".a",
        "a/.b", "-a", "a/-b", "a b", "a\\b", "C:a", "\xc3\xa4", "a\n"};
    char longest[PACKAGE_NAME + 1];
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(package_is_name(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(package_is_name(bad[i]));
    }
    memset(longest, 'a', PACKAGE_NAME);
    longest[PACKAGE_NAME] = '\0';
    assert_false(package_is_name(longest));
    longest[PACKAGE_NAME - 1] = '\0';
    assert_true(package_is_name(longest));
}

static void
test_any_name_of_a_clip_becomes_one_that_is_allowed(void **state)
{
    (void)state;
    static const char *const names[] = {"", "..", "../../etc/passwd", "Einfahrt Süd (2).mp4", "-rf",
        "\xff\xfe", "a\nb", "CON", "x.mp4"};
    char name[PACKAGE_NAME];
    char longest[5000];
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_true(package_is_name(package_clip_name(names[i], name)));
        assert_true(text_starts(name, "clip/"));
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_true(package_is_name(package_clip_name(longest, name)));
    assert_string_equal(package_clip_name("x.mp4", name), "clip/x.mp4");
}

static void
put_all(struct package_writer *writer, uint8_t sha256[32])
{
    struct note note = {""};
    static char clip[300000];
    memset(clip, 'v', sizeof(clip));
    write_file("video", clip, sizeof(clip));
    struct package_source source = {.words = "video"};
    source.fd = open(at("video"), O_RDONLY);
    assert_int_equal(package_put(writer, "manifest.json", "{}\n", 3, &note), OK);
    assert_int_equal(package_put(writer, "events/1.json", "", 0, &note), OK);
    assert_int_equal(package_put_file(writer, "clip/a.mp4", &source, &note), OK);
    assert_int_equal(source.bytes, sizeof(clip));
    assert_int_equal(close(source.fd), 0);
    (void)crypto_hash_sha256(sha256, (const uint8_t *)clip, sizeof(clip));
    assert_memory_equal(source.sha256, sha256, 32);
}

struct seen {
    crypto_hash_sha256_state sha;
    uint64_t bytes, stop_after;
};

static bool
take_piece(void *context, const void *bytes, size_t len)
{
    struct seen *seen = context;
    (void)crypto_hash_sha256_update(&seen->sha, bytes, len);
    seen->bytes += len;
    return seen->stop_after == 0 || seen->bytes < seen->stop_after;
}

static void
assert_read_back(const char *path, const uint8_t sha256[32])
{
    struct package *package = NULL;
    struct note note = {""};
    struct seen seen = {.bytes = 0};
    uint8_t got[32];
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    assert_int_equal(package_open(path, &package, &note), OK);
    assert_int_equal(package_count(package), 3);
    assert_int_equal(package_strange_count(package), 0);
    assert_string_equal(package_name(package, 0), "clip/a.mp4");
    assert_int_equal(package_read(package, "manifest.json", &text, &note), OK);
    assert_string_equal(text.data, "{}\n");
    assert_int_equal(package_read(package, "manifest.sig", &text, &note), ERR_MISSING);
    (void)crypto_hash_sha256_init(&seen.sha);
    const struct package_reader reader = {take_piece, &seen};
    assert_int_equal(package_stream(package, "clip/a.mp4", &reader, &note), OK);
    (void)crypto_hash_sha256_final(&seen.sha, got);
    assert_memory_equal(got, sha256, 32);
    seen.stop_after = 1;
    assert_int_equal(package_stream(package, "clip/a.mp4", &reader, &note), ERR_CANCELLED);
    package_close(package);
}

static void
test_a_folder_and_a_zip_are_read_as_they_were_written(void **state)
{
    (void)state;
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        struct package_writer *writer = NULL;
        struct note note = {""};
        uint8_t sha256[32];
        struct stat status;
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/case%d", folder, is_zip);
        assert_int_equal(package_begin(path, is_zip != 0, &writer, &note), OK);
        put_all(writer, sha256);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_equal(package_finish(writer, &note), OK);
        assert_read_back(path, sha256);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0077, 0);
    }
}

static void
test_nothing_is_written_over(void **state)
{
    (void)state;
    struct package_writer *writer = NULL;
    struct note note = {""};
    assert_int_equal(mkdir(at("case"), 0700), 0);
    assert_int_equal(package_begin(at("case"), false, &writer, &note), ERR_VALUE);
    assert_int_equal(package_begin(at("case"), true, &writer, &note), ERR_VALUE);
    assert_int_equal(symlink("/nowhere", at("link")), 0);
    assert_int_equal(package_begin(at("link"), true, &writer, &note), ERR_VALUE);
    /* What appears meanwhile stays too. */
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        assert_int_equal(package_begin(at("late"), is_zip != 0, &writer, &note), OK);
        assert_int_equal(package_put(writer, "manifest.json", "{}", 2, &note), OK);
        write_file("late", "mine", 4);
        assert_int_equal(package_finish(writer, &note), ERR_VALUE);
        assert_int_not_equal(access(at("late.gatehouse-part"), F_OK), 0);
        assert_int_equal(unlink(at("late")), 0);
    }
}

static void
test_a_name_is_put_once(void **state)
{
    (void)state;
    struct package_writer *writer = NULL;
    struct note note = {""};
    assert_int_equal(package_begin(at("case"), false, &writer, &note), OK);
    assert_int_equal(package_put(writer, "clip/a", "1", 1, &note), OK);
    assert_int_equal(package_put(writer, "clip/A", "2", 1, &note), ERR_VALUE);
    assert_int_equal(package_put(writer, "../a", "2", 1, &note), ERR_VALUE);
    package_drop(writer);
    assert_int_not_equal(access(at("case.gatehouse-part"), F_OK), 0);
}

static void
test_what_a_killed_writer_left_is_cleared_by_the_next(void **state)
{
    (void)state;
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        struct package_writer *writer = NULL;
        struct note note = {""};
        uint8_t sha256[32];
        pid_t child = fork();
        if (child == 0) {
            if (package_begin(at("case"), is_zip != 0, &writer, &note) == OK) {
                put_all(writer, sha256);
            }
            _exit(0);
        }
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_not_equal(access(at("case"), F_OK), 0);
        assert_int_equal(access(at("case.gatehouse-part"), F_OK), 0);
        assert_int_equal(package_begin(at("case"), is_zip != 0, &writer, &note), OK);
        struct package_writer *second = NULL;
        assert_int_equal(package_begin(at("case"), is_zip != 0, &second, &note), ERR_VALUE);
        assert_non_null(strstr(note.text, "another program"));
        put_all(writer, sha256);
        assert_int_equal(package_finish(writer, &note), OK);
        assert_read_back(at("case"), sha256);
        assert_int_equal(nftw(at("case"), drop, 8, FTW_DEPTH | FTW_PHYS), 0);
    }
}

static bool
grow_clip(void *context, uint64_t done, uint64_t all)
{
    (void)all;
    if (done == 262144 || context == NULL) {
        FILE *file = fopen(at("video"), "a");
        assert_non_null(file);
        assert_int_equal(fputs("more", file) >= 0, 1);
        assert_int_equal(fclose(file), 0);
    }
    return context != NULL;
}

static void
test_a_clip_that_changes_while_it_is_read_is_noticed(void **state)
{
    (void)state;
    static char clip[400000];
    struct note note = {""};
    write_file("video", clip, sizeof(clip));
    struct package_source source = {.words = "video", .turn = grow_clip, .context = &note};
    source.fd = open(at("video"), O_RDONLY);
    assert_int_equal(package_hash_file(&source, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "changed while it was read"));
    assert_int_equal(lseek(source.fd, 0, SEEK_SET), 0);
    source.context = NULL;
    assert_int_equal(package_hash_file(&source, &note), ERR_CANCELLED);
    assert_int_equal(close(source.fd), 0);
}

static void
test_a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    struct note note = {""};
    struct package_writer *writer = NULL;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    /* A limit of the file's size is what a test without root has of a full disk. */
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit = {100000, 100000};
        char bytes[200000] = "";
        enum err begun = package_begin(at("case.zip"), true, &writer, &note);
        enum err put = setrlimit(RLIMIT_FSIZE, &limit) == 0 && begun == OK
                           ? package_put(writer, "manifest.json", bytes, sizeof(bytes), &note)
                           : OK;
        enum err end = put == OK ? package_finish(writer, &note) : put;
        if (put != OK) {
            package_drop(writer);
        }
        _exit(end == ERR_FULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_not_equal(access(at("case.zip.gatehouse-part"), F_OK), 0);
    assert_int_not_equal(access(at("case.zip"), F_OK), 0);
}

static void
test_names_that_leave_the_package_are_told_and_not_read(void **state)
{
    (void)state;
    static const char *const names[] = {"../evil", "/etc/passwd", "clip/../../evil", "a/b/c",
        "..\\evil", "C:\\evil", "clip/\nx", ".hidden", "x/"};
    for (size_t i = 0; i < COUNT(names); i++) {
        buf_clear(&zip);
        buf_clear(&directory);
        entries = 0;
        add((struct entry){.name = names[i]});
        assert_strange("", "not a name");
    }
}

static void
test_links_in_a_zip_are_told_and_not_followed(void **state)
{
    (void)state;
    add((struct entry){.name = "clip/a", .bytes = "/etc/passwd", .mode = S_IFLNK | 0777});
    assert_strange("", "a link or device");
}

static void
test_encrypted_and_oddly_packed_files_are_told(void **state)
{
    (void)state;
    add((struct entry){.name = "clip/a", .flags = 1});
    assert_strange("", "encrypted");
    buf_clear(&zip);
    buf_clear(&directory);
    entries = 0;
    add((struct entry){.name = "clip/a", .method = 12});
    assert_strange("", "packed in a way");
}

static void
test_bytes_after_the_end_are_told(void **state)
{
    (void)state;
    assert_strange("more", "after the end");
}

static void
test_bytes_between_files_are_told(void **state)
{
    (void)state;
    buf_text(&zip, "PK\3\4 a file that no list has, and which a program that reads on shows");
    assert_strange("", "belong to no file");
}

static void
test_two_files_of_one_name_are_refused(void **state)
{
    (void)state;
    add((struct entry){.name = "manifest.json", .bytes = "1"});
    add((struct entry){.name = "manifest.json", .bytes = "2"});
    assert_refused("two files are called");
    buf_clear(&zip);
    buf_clear(&directory);
    entries = 0;
    add((struct entry){.name = "manifest.json", .bytes = "1"});
    add((struct entry){.name = "Manifest.JSON", .bytes = "2"});
    assert_refused("two files are called");
}

static void
test_a_local_name_other_than_the_lists_is_refused(void **state)
{
    (void)state;
    add((struct entry){.name = "manifest.json"});
    add((struct entry){.name = "clip/a", .central = "clip/b"});
    assert_refused("not where its list says");
}

static void
test_a_second_name_of_a_file_is_refused(void **state)
{
    (void)state;
    add((struct entry){.name = "manifest.json", .has_central_name = true});
    assert_refused("two names");
    buf_clear(&zip);
    buf_clear(&directory);
    entries = 0;
    add((struct entry){.name = "manifest.json", .has_local_name = true});
    assert_refused("not where its list says");
}

static void
test_two_ends_that_differ_are_refused(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    for (unsigned turn = 0; turn < 5; turn++) {
        buf_clear(&zip);
        buf_clear(&directory);
        entries = 0;
        wide.is_there = true;
        wide.is_saturated = turn == 0;
        wide.more_entries = turn == 2;
        wide.more_len = turn == 3;
        wide.less_at = turn == 4;
        add((struct entry){.name = "manifest.json"});
        if (turn < 2) {
            assert_int_equal(open_zip("", &package, &note), OK);
            assert_int_equal(package_count(package), 1);
            package_close(package);
        } else {
            assert_refused("two ends that differ");
        }
    }
}

static void
test_a_number_of_a_name_has_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {"made/012.json", "made/12.x.json", "made/12json",
        "made/.json", "made/+1.json", "time/12.json", "made/99999999999999999999.json",
        "made/1111111111111111111111111111112.json", "made/12.json.json"};
    uint64_t number = 0;
    assert_true(package_is_numbered("made/12.json", "made/", ".json", &number));
    assert_int_equal(number, 12);
    assert_true(package_is_numbered("made/0.json", "made/", ".json", &number));
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(package_is_numbered(bad[i], "made/", ".json", &number));
    }
}

static void
test_files_that_share_bytes_are_refused(void **state)
{
    (void)state;
    add((struct entry){.name = "manifest.json"});
    add((struct entry){.name = "clip/a"});
    add((struct entry){.name = "clip/b", .at = 47});
    assert_refused("not where its list says");
}

static void
test_a_bomb_ends_at_the_size_that_it_says(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    struct seen seen = {.bytes = 0};
    const struct package_reader reader = {take_piece, &seen};
    char *zeros = malloc(20000001);
    assert_non_null(zeros);
    memset(zeros, '0', 20000000);
    zeros[20000000] = '\0';
    add((struct entry){.name = "manifest.json", .bytes = zeros, .method = 8});
    add((struct entry){.name = "clip/a", .bytes = zeros, .method = 8, .claims = 1000});
    free(zeros);
    assert_int_equal(open_zip("", &package, &note), OK);
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    assert_int_equal(package_read(package, "manifest.json", &text, &note), ERR_LIMIT);
    assert_int_equal(text.len, 0);
    (void)crypto_hash_sha256_init(&seen.sha);
    assert_int_equal(package_stream(package, "clip/a", &reader, &note), ERR_LIMIT);
    assert_true(seen.bytes <= 1000);
    package_close(package);
}

static void
test_damage_in_a_packed_file_is_noticed(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    add((struct entry){.name = "manifest.json", .bytes = "0123456789"});
    zip.data[zip.len - 1] ^= 1;
    assert_int_equal(open_zip("", &package, &note), OK);
    assert_int_equal(package_read(package, "manifest.json", &text, &note), ERR_SYNTAX);
    package_close(package);
}

static void
test_thousands_of_files_are_refused(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    char name[32];
    for (int i = 0; i <= PACKAGE_FILES; i++) {
        (void)snprintf(name, sizeof(name), "events/%d.json", i);
        add((struct entry){.name = name, .bytes = ""});
    }
    add((struct entry){.name = "manifest.json"});
    assert_int_equal(open_zip("", &package, &note), ERR_LIMIT);
}

static void
test_a_zip_of_the_folder_is_read_without_its_name(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    add((struct entry){.name = "Fall 4711/"});
    add((struct entry){.name = "Fall 4711/clip/a", .method = 8});
    add((struct entry){.name = "Fall 4711/manifest.json", .method = 8});
    add((struct entry){.name = "__MACOSX/._a"});
    assert_int_equal(open_zip("", &package, &note), OK);
    assert_int_equal(package_count(package), 2);
    assert_string_equal(package_name(package, 0), "clip/a");
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    assert_int_equal(package_read(package, "manifest.json", &text, &note), OK);
    assert_string_equal(text.data, "text");
    package_close(package);
}

static void
test_a_cut_off_zip_is_refused_at_every_length(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    add((struct entry){.name = "manifest.json"});
    assert_int_equal(open_zip("", &package, &note), OK);
    package_close(package);
    for (size_t len = 0; len < zip.len; len++) {
        write_file("cut.zip", zip.data, len);
        assert_int_equal(package_open(at("cut.zip"), &package, &note), ERR_SYNTAX);
    }
}

static void
test_links_and_pipes_in_a_folder_are_told(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    assert_int_equal(mkdir(at("case"), 0700), 0);
    assert_int_equal(mkdir(at("case/clip"), 0700), 0);
    assert_int_equal(mkdir(at("case/clip/deep"), 0700), 0);
    write_file("case/manifest.json", "{}", 2);
    write_file("case/.DS_Store", "x", 1);
    assert_int_equal(symlink("/etc/passwd", at("case/clip/a")), 0);
    assert_int_equal(symlink("/etc", at("case/events")), 0);
    assert_int_equal(mkfifo(at("case/pipe"), 0600), 0);
    assert_int_equal(package_open(at("case"), &package, &note), OK);
    assert_int_equal(package_count(package), 1);
    assert_int_equal(package_strange_count(package), 5);
    /* A file that became a link since is not followed either. */
    assert_int_equal(unlink(at("case/manifest.json")), 0);
    assert_int_equal(symlink("/etc/passwd", at("case/manifest.json")), 0);
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, PACKAGE_SMALL);
    assert_int_equal(package_read(package, "manifest.json", &text, &note), ERR_IO);
    package_close(package);
}

static void
test_what_is_no_package_is_said_to_be_none(void **state)
{
    (void)state;
    struct package *package = NULL;
    struct note note = {""};
    assert_int_equal(package_open(folder, &package, &note), ERR_SYNTAX);
    assert_non_null(strstr(note.text, "not an evidence package"));
    assert_int_equal(package_open(at("none"), &package, &note), ERR_MISSING);
    assert_int_equal(package_open("/dev/null", &package, &note), ERR_SYNTAX);
}

static void
test_an_answer_is_added_to_folder_and_zip(void **state)
{
    (void)state;
    static const struct package_addition answer = {"time/1.tsr", "answer", 6};
    static const struct package_addition other = {"clip/x", "x", 1};
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        struct package_writer *writer = NULL;
        struct package *package = NULL;
        struct note note = {""};
        CLEANUP(buf_release) struct buf text;
        buf_init(&text, PACKAGE_SMALL);
        const char *path = at(is_zip != 0 ? "case.zip" : "case");
        assert_int_equal(package_begin(path, is_zip != 0, &writer, &note), OK);
        assert_int_equal(package_put(writer, "manifest.json", "{}", 2, &note), OK);
        assert_int_equal(package_finish(writer, &note), OK);
        assert_int_equal(package_add(path, &other, 1, &note), ERR_VALUE);
        assert_int_equal(package_add(path, &answer, 1, &note), OK);
        assert_int_equal(package_add(path, &answer, 1, &note), OK);
        assert_int_equal(package_open(path, &package, &note), OK);
        assert_int_equal(package_count(package), 2);
        assert_int_equal(package_read(package, "time/1.tsr", &text, &note), OK);
        assert_string_equal(text.data, "answer");
        package_close(package);
    }
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(test_a_name_is_of_two_parts_and_plain_letters),
        CASE(test_any_name_of_a_clip_becomes_one_that_is_allowed),
        CASE(test_a_folder_and_a_zip_are_read_as_they_were_written),
        CASE(test_nothing_is_written_over),
        CASE(test_a_name_is_put_once),
        CASE(test_what_a_killed_writer_left_is_cleared_by_the_next),
        CASE(test_a_clip_that_changes_while_it_is_read_is_noticed),
        CASE(test_a_full_disk_leaves_nothing),
        CASE(test_names_that_leave_the_package_are_told_and_not_read),
        CASE(test_links_in_a_zip_are_told_and_not_followed),
        CASE(test_encrypted_and_oddly_packed_files_are_told),
        CASE(test_bytes_after_the_end_are_told),
        CASE(test_bytes_between_files_are_told),
        CASE(test_two_files_of_one_name_are_refused),
        CASE(test_a_local_name_other_than_the_lists_is_refused),
        CASE(test_a_second_name_of_a_file_is_refused),
        CASE(test_two_ends_that_differ_are_refused),
        CASE(test_a_number_of_a_name_has_one_form),
        CASE(test_files_that_share_bytes_are_refused),
        CASE(test_a_bomb_ends_at_the_size_that_it_says),
        CASE(test_damage_in_a_packed_file_is_noticed),
        CASE(test_thousands_of_files_are_refused),
        CASE(test_a_zip_of_the_folder_is_read_without_its_name),
        CASE(test_a_cut_off_zip_is_refused_at_every_length),
        CASE(test_links_and_pipes_in_a_folder_are_told),
        CASE(test_what_is_no_package_is_said_to_be_none),
        CASE(test_an_answer_is_added_to_folder_and_zip),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
