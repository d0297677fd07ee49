/* A set of configuration files: opened, recognised, read in the order of their phases. */
#include "audit/audit.h"

#include "audit/publish.h"
#include "audit/say.h"
#include "audit/traefik.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_LIMIT  ((size_t)192 * 1024 * 1024)
#define FOLDER_FILES 64

static const struct audit_format *const formats[] = {
#define CONFIG_FORMAT(name, title, reads) &audit_##name,
#include "audit/files.def"
#undef CONFIG_FORMAT
};

const struct audit_row audit_rows[] = {
#define CONFIG_FORMAT(name, title, reads) {#name, title, reads},
#include "audit/files.def"
#undef CONFIG_FORMAT
};
const size_t audit_row_count = COUNT(audit_rows);

struct audit *
audit_new(void)
{
    struct audit *audit = calloc(1, sizeof(*audit));
    if (audit == NULL) {
        return NULL;
    }
    arena_init(&audit->arena, ARENA_LIMIT);
    audit->site = subject_new(0);
    if (audit->site == NULL) {
        free(audit);
        return NULL;
    }
    return audit;
}

void
audit_free(struct audit *audit)
{
    if (audit == NULL) {
        return;
    }
    while (audit->installs != NULL) {
        struct install *next = audit->installs->next;
        install_free(audit->installs);
        audit->installs = next;
    }
    subject_free(audit->site);
    arena_wipe(&audit->arena); /* the files hold passwords */
    free(audit);
}

static void
add_mistake(struct audit *audit, const char *text)
{
    if (audit->mistake_count < COUNT(audit->mistakes)) {
        const char *copy = arena_copy(&audit->arena, text);
        if (copy != NULL) {
            audit->mistakes[audit->mistake_count++] = copy;
        }
    }
}

static bool
has_line(const struct audit_file *file, const char *start)
{
    size_t len = strlen(start);
    const char *end = file->bytes + file->len;
    for (const char *at = file->bytes; at != NULL && at < end;) {
        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        if ((size_t)(end - at) >= len && memcmp(at, start, len) == 0) {
            return true;
        }
        at = memchr(at, '\n', (size_t)(end - at));
        at = at == NULL ? NULL : at + 1;
    }
    return false;
}

static bool
has_sign(const struct audit_file *file, const char *sign)
{
    if (sign[0] == '@') {
        const char *slash = strrchr(file->path, '/');
        return fnmatch(sign + 1, slash == NULL ? file->path : slash + 1, FNM_CASEFOLD) == 0;
    }
    return sign[0] == '^' ? has_line(file, sign + 1)
                          : memmem(file->bytes, file->len, sign, strlen(sign)) != NULL;
}

/* The row of the format whose signs the file has; COUNT(formats): none. */
static size_t
recognise(const struct audit_file *file)
{
    size_t best = COUNT(formats);
    unsigned most = AUDIT_ENOUGH - 1;
    for (size_t i = 0; i < COUNT(formats); i++) {
        unsigned points = 0;
        for (size_t j = 0; j < formats[i]->sign_count; j++) {
            points += has_sign(file, formats[i]->signs[j].text) ? formats[i]->signs[j].points : 0;
        }
        if (points > most) {
            most = points;
            best = i;
        }
    }
    return best;
}

/* The text of UTF-16LE (regedit's export) as UTF-8; other bytes stay as they are. */
static enum err
to_utf8(const char *bytes, size_t len, struct buf *out)
{
    const uint8_t *at = (const uint8_t *)bytes;
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        buf_add(out, bytes + 3, len - 3);
        return buf_error(out);
    }
    if (len < 2 || at[0] != 0xff || at[1] != 0xfe) {
        buf_add(out, bytes, len);
        return buf_error(out);
    }
    for (size_t i = 2; i + 1 < len; i += 2) {
        unsigned unit = (unsigned)at[i] | (unsigned)at[i + 1] << 8;
        if (unit < 0x80) {
            buf_byte(out, unit == 0 ? '?' : (uint8_t)unit);
        } else if (unit < 0x800) {
            buf_byte(out, (uint8_t)(0xc0 | unit >> 6));
            buf_byte(out, (uint8_t)(0x80 | (unit & 0x3f)));
        } else if (unit >= 0xd800 && unit < 0xe000) {
            buf_byte(out, '?'); /* beyond what names of users and cameras need */
        } else {
            buf_byte(out, (uint8_t)(0xe0 | unit >> 12));
            buf_byte(out, (uint8_t)(0x80 | (unit >> 6 & 0x3f)));
            buf_byte(out, (uint8_t)(0x80 | (unit & 0x3f)));
        }
    }
    return buf_error(out);
}

/* "conf.d" is a part of the folder that holds it. */
static const char *
folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return ".";
    }
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    const size_t part = sizeof("/conf.d") - 1;
    if (len > part && memcmp(slash - part, "/conf.d", part) == 0) {
        len -= part;
    }
    return arena_copy_n(arena, path, len);
}

static void
tell_unknown(struct audit *audit, const char *path)
{
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, 2000);
    buf_format(&words,
        "%.120s: not known as a configuration file; say what it is with FORMAT:%.60s, FORMAT one "
        "of",
        path, path);
    for (size_t i = 0; i < audit_row_count; i++) {
        buf_format(&words, "%s %s", i == 0 ? "" : ",", audit_rows[i].name);
    }
    add_mistake(audit, words.data);
}

static void
tell_syntax(struct audit *audit, const struct audit_file *file, const char *title)
{
    char text[600];
    char clean[sizeof(file->tree.mistake.text)];
    text_clean(clean, sizeof(clean), file->tree.mistake.text, strlen(file->tree.mistake.text));
    (void)snprintf(text, sizeof(text), "%.200s:%u: %s (read as %s)", file->path,
        file->tree.mistake_line, clean, title);
    add_mistake(audit, text);
}

/* Recognises and parses; a file that can't be read leaves a mistake. */
static enum err
take_file(struct audit *audit, struct audit_file *file, size_t row, bool is_quiet)
{
    row = row == COUNT(formats) ? recognise(file) : row;
    if (row == COUNT(formats)) {
        if (!is_quiet) {
            tell_unknown(audit, file->path);
        }
        return OK;
    }
    file->format = formats[row];
    file->kind = audit_rows[row].name;
    size_t limit = file->format->limit == 0 ? AUDIT_BYTES : file->format->limit;
    if (tree_init(&file->tree, &audit->arena) != OK) {
        return ERR_MEMORY;
    }
    if (file->len > limit) {
        (void)tree_fail(&file->tree, ERR_LIMIT, 1, "larger than %zu bytes", limit);
        tell_syntax(audit, file, audit_rows[row].title);
        return OK;
    }
    if (file->format->parse(&file->tree, file->bytes, file->len) != OK) {
        tell_syntax(audit, file, audit_rows[row].title);
        return OK;
    }
    if (file->tree.root->first == NULL && file->tree.root->value[0] != '\0') {
        (void)tree_fail(&file->tree, ERR_SYNTAX, 1, "no settings, only words");
        tell_syntax(audit, file, audit_rows[row].title);
        return OK;
    }
    if (audit->last == NULL) {
        audit->files = file;
    } else {
        audit->last->next = file;
    }
    audit->last = file;
    audit->file_count++;
    return OK;
}

struct origin {
    const char *path;
    size_t row; /* of formats; COUNT(formats): to be recognised */
    unsigned mode;
    bool is_quiet; /* not named by a person: what is not known is passed over */
};

static enum err
add_text(struct audit *audit, const struct origin *origin, const char *bytes, size_t len)
{
    char clean[PATH_MAX];
    if (audit->file_count == AUDIT_FILES) {
        return ERR_LIMIT;
    }
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, AUDIT_BYTES_DUMP * 2);
    enum err err = to_utf8(bytes, len, &text);
    struct audit_file *file = arena_alloc(&audit->arena, sizeof(*file));
    text_clean(clean, sizeof(clean), origin->path, strlen(origin->path));
    if (err != OK || file == NULL) {
        return err != OK ? err : ERR_MEMORY;
    }
    file->audit = audit;
    file->path = arena_copy(&audit->arena, clean);
    file->folder = file->path == NULL ? NULL : folder_of(&audit->arena, file->path);
    file->bytes = arena_copy_n(&audit->arena, text.data, text.len);
    file->len = text.len;
    file->mode = origin->mode;
    file->read_at = clock_wall();
    if (file->folder == NULL || file->bytes == NULL) {
        return ERR_MEMORY;
    }
    return take_file(audit, file, origin->row, origin->is_quiet);
}

static void
tell_errno(struct audit *audit, const char *path, const char *words)
{
    char text[400];
    char clean[200];
    text_clean(clean, sizeof(clean), path, strlen(path));
    (void)snprintf(text, sizeof(text), "%s: %s", clean, words);
    add_mistake(audit, text);
}

/* Opens without waiting (a FIFO would) and takes only what is an ordinary file. */
static enum err
add_path(struct audit *audit, struct origin *origin)
{
    struct stat stat;
    char reason[128];
    int fd = open(origin->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        tell_errno(audit, origin->path, strerror_r(errno, reason, sizeof(reason)));
        return OK;
    }
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, AUDIT_BYTES_DUMP);
    bool is_file = fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode);
    ssize_t got = 1;
    char chunk[16384];
    while (is_file && got > 0 && !bytes.failed) {
        got = read(fd, chunk, sizeof(chunk));
        if (got > 0) {
            buf_add(&bytes, chunk, (size_t)got);
        }
    }
    (void)close(fd);
    if (!is_file || got < 0 || bytes.failed) {
        tell_errno(audit, origin->path,
            !is_file  ? "not an ordinary file; expected a configuration file"
            : got < 0 ? "can't be read"
                      : "larger than 16 MiB");
        return OK;
    }
    origin->mode = (unsigned)stat.st_mode & 0777U;
    return add_text(audit, origin, bytes.len == 0 ? "" : bytes.data, bytes.len);
}

static bool
is_config_name(const char *name)
{
    static const char *const ends[] = {".yml", ".yaml", ".json", ".conf", ".toml", ".reg", ".sql",
        ".ovpn", ".local", ".cfg", ".caddyfile", "Caddyfile"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (name[0] != '.' && text_ends(name, ends[i])) {
            return true;
        }
    }
    return false;
}

static int
select_name(const struct dirent *entry)
{
    return is_config_name(entry->d_name) ? 1 : 0;
}

/* The files of a folder by name, not those of its folders. */
static enum err
add_folder(struct audit *audit, const char *path, struct note *note)
{
    struct dirent **names = NULL;
    enum err err = OK;
    int count = scandir(path, &names, select_name, alphasort);
    size_t before = audit->file_count + audit->mistake_count;
    for (int i = 0; i < count; i++) {
        CLEANUP(buf_release) struct buf full;
        buf_init(&full, PATH_MAX);
        buf_format(&full, "%s%s%s", path, text_ends(path, "/") ? "" : "/", names[i]->d_name);
        free(names[i]);
        struct origin origin = {full.data, COUNT(formats), 0, true};
        if (i < FOLDER_FILES && err == OK && !full.failed) {
            err = add_path(audit, &origin);
        }
    }
    free((void *)names);
    if (count > FOLDER_FILES) {
        tell_errno(audit, path, "holds more than 64 configuration files; name those that matter");
    } else if (err == OK && audit->file_count + audit->mistake_count == before) {
        tell_errno(audit, path, "no file in it is known as a configuration file");
    }
    if (err == ERR_LIMIT) {
        note_set(note, "more than %d configuration files", AUDIT_FILES);
    }
    return err;
}

/* "frigate:" in front of a path, when there is such a format. */
static size_t
take_prefix(const char **argument)
{
    const char *colon = strchr(*argument, ':');
    for (size_t i = 0; colon != NULL && i < COUNT(formats); i++) {
        size_t len = (size_t)(colon - *argument);
        if (strlen(audit_rows[i].name) == len && memcmp(audit_rows[i].name, *argument, len) == 0) {
            *argument = colon + 1;
            return i;
        }
    }
    return COUNT(formats);
}

enum err
audit_add(struct audit *audit, const char *argument, const char *beside, struct note *note)
{
    struct stat info;
    size_t row = take_prefix(&argument);
    const char *slash = beside == NULL ? NULL : strrchr(beside, '/');
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, PATH_MAX);
    if (slash != NULL && argument[0] != '/') {
        buf_add(&path, beside, (size_t)(slash - beside) + 1);
    }
    buf_text(&path, argument);
    if (buf_error(&path) != OK) {
        note_set(note, "%.200s: name too long", argument);
        return ERR_LIMIT;
    }
    if (row == COUNT(formats) && stat(path.data, &info) == 0 && S_ISDIR(info.st_mode)) {
        return add_folder(audit, path.data, note);
    }
    struct origin origin = {path.data, row, 0, false};
    enum err err = add_path(audit, &origin);
    if (err == ERR_LIMIT) {
        note_set(note, "more than %d configuration files", AUDIT_FILES);
    } else if (err != OK) {
        note_set(note, "%.200s: %s", argument, err_words(err));
    }
    return err;
}

enum err
audit_add_bytes(struct audit *audit, const char *name, const char *bytes, size_t len)
{
    size_t row = take_prefix(&name);
    const struct origin origin = {name, row, 0, false};
    return add_text(audit, &origin, bytes, len);
}

const char *
audit_kind(const char *name, const char *bytes, size_t len)
{
    size_t row = take_prefix(&name);
    const struct audit_file file = {.path = name, .bytes = bytes, .len = len};
    row = row == COUNT(formats) ? recognise(&file) : row;
    return row == COUNT(formats) ? NULL : audit_rows[row].name;
}

void
audit_judge(struct audit *audit)
{
    for (struct audit_file *file = audit->files; file != NULL; file = file->next) {
        if (text_equal(file->kind, "traefik")) {
            traefik_keep(file, file->tree.root);
        }
    }
    for (int phase = AUDIT_VMS; phase <= AUDIT_GUARD; phase++) {
        for (struct audit_file *file = audit->files; file != NULL; file = file->next) {
            if ((int)file->format->phase == phase) {
                file->format->read(file);
            }
        }
    }
    publish_finish(audit);
    install_finish(audit);
}

size_t
audit_file_count(const struct audit *audit)
{
    return audit->file_count;
}

void
audit_note_port(struct audit *audit, unsigned port)
{
    for (size_t i = 0; i < audit->port_count; i++) {
        if (audit->ports[i] == port) {
            return;
        }
    }
    if (port != 0 && port <= UINT16_MAX && audit->port_count < COUNT(audit->ports)) {
        audit->ports[audit->port_count++] = (uint16_t)port;
    }
}

size_t
audit_ports(const struct audit *audit, const uint16_t **ret_ports)
{
    *ret_ports = audit->ports;
    return audit->port_count;
}

size_t
audit_mistake_count(const struct audit *audit)
{
    return audit->mistake_count;
}

const char *
audit_mistake(const struct audit *audit, size_t index)
{
    assert(index < audit->mistake_count);
    return audit->mistakes[index];
}

struct subject *
audit_take(struct audit *audit)
{
    for (struct install *i = audit->installs; i != NULL; i = i->next) {
        if (i->subject != NULL) {
            struct subject *subject = i->subject;
            i->subject = NULL;
            return subject;
        }
    }
    return NULL;
}

const struct subject *
audit_site(const struct audit *audit)
{
    return audit->site;
}
