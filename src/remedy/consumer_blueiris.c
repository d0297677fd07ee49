/*
 * Blue Iris keeps cameras in the registry. What is public: HKLM\SOFTWARE\Perspective Software\Blue
 * Iris\Cameras\NAME with ip, ipid and ippw (scripts that add cameras there). How ippw is written is
 * not published: the export itself shows whether it is the password that the camera is known to
 * have, or its base64 (as users' passwords are: github bp2008/BlueIrisRegistryReader, BiUserInfo).
 * Then the new one is written the same way, into the export and into a small file to import; where
 * it is neither, a person types it in.
 */
#include "remedy/consumer_kind.h"

#include "base/file.h"
#include "base/text.h"
#include "ledger/base64.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CAMERAS "\\Blue Iris\\Cameras\\"
#define FIRST   "Windows Registry Editor Version 5.00"
#define BY_HAND                                                                                    \
    "how Blue Iris writes this password is not published, and it is neither the one that the "     \
    "camera is known to have nor its base64: type the new one in at the camera's properties "      \
    "(Video, Configure), then export again; gatehouse secret shows it"
#define NAMES "letters beyond ASCII stand in its name; type the new one in at its properties"

/* A part of the text, in characters. */
struct span {
    size_t at, len;
};

struct camera {
    struct span key, ip, user, password, password_name;
    bool has_password;
};

/* An export: one byte for each character; what is not ASCII is 0x7f. */
struct export
{
    char *text;
    size_t len, start, width; /* of the file: bytes before the text and of each character */
    struct camera *cameras;
    size_t count;
};

static const char *
copy(struct arena *arena, const struct export *export, struct span span)
{
    return arena_copy_n(arena, export->text + span.at, span.len);
}

/* Regedit writes UTF-16LE with a byte order mark; other tools UTF-8 or ASCII. */
static enum err
decode(struct arena *arena, const struct buf *bytes, struct export *export)
{
    const uint8_t *at = (const uint8_t *)bytes->data;
    bool is_wide = bytes->len >= 2 && at[0] == 0xff && at[1] == 0xfe;
    bool is_marked = bytes->len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0;
    *export = (struct export){.width = is_wide ? 2 : 1, .start = is_wide ? 2 : is_marked ? 3 : 0};
    export->len = (bytes->len - export->start) / export->width;
    export->text = arena_alloc(arena, export->len + 1);
    if (export->text == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < export->len; i++) {
        const uint8_t *unit = at + export->start + i * export->width;
        bool is_ascii = unit[0] != 0 && unit[0] < 0x80 && (!is_wide || unit[1] == 0);
        export->text[i] = is_ascii ? (char)unit[0] : '\x7f';
    }
    export->text[export->len] = '\0';
    return OK;
}

/* "name"="value" of a line; false: it is something else. */
static bool
split(const char *text, struct span line, struct span *ret_name, struct span *ret_value)
{
    const char *start = text + line.at;
    const char *middle = memmem(start, line.len, "\"=\"", 3);
    if (line.len < 5 || start[0] != '"' || start[line.len - 1] != '"' || middle == NULL) {
        return false;
    }
    size_t name = (size_t)(middle - start) - 1;
    if (line.len < name + 5) {
        return false;
    }
    *ret_name = (struct span){line.at + 1, name};
    *ret_value = (struct span){line.at + name + 4, line.len - name - 5};
    return true;
}

static bool
is_name(const char *text, struct span name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == name.len && text_starts_nocase(text + name.at, words[i])) {
            return true;
        }
    }
    return false;
}

static void
take_value(const char *text, struct camera *camera, struct span line)
{
    static const char *const ips[] = {"ip"}, *const users[] = {"ipid", "user"},
                             *const passwords[] = {"ippw", "password"};
    struct span name, value;
    if (!split(text, line, &name, &value)) {
        return;
    }
    if (is_name(text, name, ips, COUNT(ips))) {
        camera->ip = value;
    } else if (is_name(text, name, users, COUNT(users))) {
        camera->user = value;
    } else if (is_name(text, name, passwords, COUNT(passwords))) {
        camera->password = value;
        camera->password_name = name;
        camera->has_password = true;
    }
}

/* [HKEY_…\Blue Iris\Cameras\NAME], not what stands below it. */
static bool
is_camera(const char *text, struct span line)
{
    static const size_t most = sizeof(CAMERAS) - 1;
    for (size_t i = 0; i + most < line.len; i++) {
        if (text_starts_nocase(text + line.at + i, CAMERAS)) {
            size_t rest = line.len - i - most;
            return text[line.at] == '[' && rest > 1 && text[line.at + line.len - 1] == ']' &&
                   memchr(text + line.at + i + most, '\\', rest) == NULL;
        }
    }
    return false;
}

static struct span
next_line(const struct export *export, size_t *at)
{
    const char *start = export->text + *at;
    const char *end = memchr(start, '\n', export->len - *at);
    size_t len = end == NULL ? export->len - *at : (size_t)(end - start);
    struct span line = {*at, len};
    *at += len + 1;
    line.len -= line.len != 0 && start[line.len - 1] == '\r' ? 1 : 0;
    return line;
}

static enum err
scan(struct arena *arena, struct export *export)
{
    struct camera *camera = NULL;
    export->cameras = arena_alloc(arena, CONSUMER_PLACES * sizeof(*export->cameras));
    for (size_t at = 0; export->cameras != NULL && at < export->len;) {
        struct span line = next_line(export, &at);
        if (line.len == 0) {
            continue;
        }
        if (export->text[line.at] == '[') {
            bool is_one = is_camera(export->text, line);
            if (is_one && export->count == CONSUMER_PLACES) {
                return ERR_LIMIT;
            }
            camera = is_one ? &export->cameras[export->count++] : NULL;
            if (camera != NULL) {
                *camera = (struct camera){.key = line};
            }
        } else if (camera != NULL) {
            take_value(export->text, camera, line);
        }
    }
    return export->cameras == NULL ? ERR_LIMIT : OK;
}

/* How a value stands for a password; NULL: it does not. */
static const char *
writing_of(const char *value, const struct secret *password)
{
    char text[BASE64_SIZE(VAULT_PASSWORD)];
    if (text_equal(value, secret_text(password))) {
        return "plain";
    }
    bool fits = secret_len(password) <= VAULT_PASSWORD;
    if (fits) {
        (void)base64_encode(secret_text(password), secret_len(password), text, sizeof(text));
    }
    const char *writing = fits && text_equal(value, text) ? "base64" : NULL;
    explicit_bzero(text, sizeof(text));
    return writing;
}

/* Which password a value is, of those that are known; a survey knows none, and is told none. */
static void
read_password(struct consumer_talk *talk, const char *value, struct consumer_place *place)
{
    for (size_t i = 0; i < COUNT(talk->known) && talk->known[i] != NULL; i++) {
        const char *writing = writing_of(value, talk->known[i]);
        if (writing != NULL) {
            place->key = writing;
            place->password = arena_copy(&talk->arena, secret_text(talk->known[i]));
            return;
        }
    }
    place->by_hand = talk->known[0] == NULL ? NULL : BY_HAND;
}

static enum err
add_camera(struct consumer_talk *talk, const struct export *export, const struct camera *camera)
{
    struct arena *arena = &talk->arena;
    if (camera->ip.len == 0 || camera->user.len == 0) {
        return OK;
    }
    struct consumer_place *place = consumer_place_add(talk);
    const char *key = copy(arena, export, camera->key);
    if (place == NULL || key == NULL) {
        return ERR_LIMIT;
    }
    const char *name = strrchr(key, '\\') + 1;
    *place = (struct consumer_place){
        .host = copy(arena, export, camera->ip),
        .user = copy(arena, export, camera->user),
        .words = consumer_words(talk, "camera", arena_copy_n(arena, name, strlen(name) - 1), ""),
        .style = CONSUMER_REG,
        .at = camera->password.at,
        .len = camera->password.len,
        .id = key,
    };
    if (!camera->has_password) {
        place->by_hand = BY_HAND;
    } else {
        read_password(talk, copy(arena, export, camera->password), place);
    }
    if (strchr(key, '\x7f') != NULL) {
        place->by_hand = NAMES;
    }
    return arena->full ? ERR_LIMIT : OK;
}

static enum err
list(struct consumer_talk *talk)
{
    struct export *export = arena_alloc(&talk->arena, sizeof(*export));
    enum err err = export == NULL ? ERR_LIMIT : consumer_file_read(talk);
    err = err == OK ? decode(&talk->arena, &talk->bytes, export) : err;
    if (err == OK && !text_starts(export->text, FIRST) && !text_starts(export->text, "REGEDIT4")) {
        note_set(
            &talk->why, "line 1: expected \"%s\"; export the key Blue Iris with regedit", FIRST);
        return ERR_SYNTAX;
    }
    err = err == OK ? scan(&talk->arena, export) : err;
    for (size_t i = 0; err == OK && i < export->count; i++) {
        err = add_camera(talk, export, &export->cameras[i]);
    }
    talk->own = export;
    return err;
}

static void
put(struct buf *out, size_t width, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf_byte(out, (uint8_t)text[i]);
        if (width == 2) {
            buf_byte(out, 0);
        }
    }
}

/* The password as this place writes it, in text, wiped by the caller. */
static bool
write_as(const struct consumer_place *place, const struct secret *password, char *text, size_t size)
{
    const char *plain = secret_text(password);
    if (text_equal(place->key, "base64") && secret_len(password) <= VAULT_PASSWORD) {
        (void)base64_encode(plain, secret_len(password), text, size);
        return true;
    }
    return text_equal(place->key, "plain") && strpbrk(plain, "\"\\") == NULL &&
           text_copy(text, size, plain);
}

/* The export with these places changed, every other byte as it was. */
static enum err
patch(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password, struct buf *out)
{
    const struct export *export = talk->own;
    char text[BASE64_SIZE(VAULT_PASSWORD)];
    size_t done = 0;
    bool fits = true;
    for (size_t i = 0; i < count && fits; i++) {
        size_t at = export->start + places[i].at * export->width;
        fits = write_as(&places[i], password, text, sizeof(text));
        buf_add(out, talk->bytes.data + done, at - done);
        put(out, export->width, text, fits ? strlen(text) : 0);
        done = at + places[i].len * export->width;
    }
    buf_add(out, talk->bytes.data + done, talk->bytes.len - done);
    explicit_bzero(text, sizeof(text));
    return fits ? buf_error(out) : ERR_UNSUPPORTED;
}

static enum err
import_path(const struct consumer_talk *talk, char out[PATH_MAX])
{
    char path[PATH_MAX];
    enum err err = site_find_file(talk->site, talk->row->file, path, sizeof(path));
    int len = err != OK ? -1 : snprintf(out, PATH_MAX, "%s.import.reg", path);
    return err != OK ? err : len < 0 || len >= PATH_MAX ? ERR_LIMIT : OK;
}

/* What this plan has written into the file before: several cameras share one import. */
static const char *
earlier(struct consumer_talk *talk, const char *path)
{
    struct export export;
    struct note unused = {""};
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, CONSUMER_BYTES);
    bool is_there =
        file_read(path, &bytes, &unused) == OK && decode(&talk->arena, &bytes, &export) == OK;
    if (bytes.size != 0) {
        explicit_bzero(bytes.data, bytes.size);
    }
    const char *mark = arena_format(&talk->arena, "; gatehouse %s\r\n", talk->stamp);
    return is_there && mark != NULL && strstr(export.text, mark) != NULL ? export.text : "";
}

static bool
is_in(const struct consumer_place *places, size_t count, const char *earlier, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(places[i].id, key)) {
            return true;
        }
    }
    return strstr(earlier, key) != NULL;
}

/* The file to import: of each changed camera its key and that one value, as the export has it. */
static enum err
write_import(struct consumer_talk *talk, const struct consumer_place *places, size_t count)
{
    char path[PATH_MAX];
    const struct export *export = talk->own;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, CONSUMER_BYTES);
    enum err err = import_path(talk, path);
    const char *before = err == OK ? earlier(talk, path) : "";
    const char *head = arena_format(&talk->arena, FIRST "\r\n; gatehouse %s\r\n", talk->stamp);
    if (err != OK || head == NULL) {
        return err == OK ? ERR_LIMIT : err;
    }
    buf_add(&out, "\xff\xfe", 2);
    put(&out, 2, head, strlen(head));
    for (size_t i = 0; i < export->count; i++) {
        const struct camera *camera = &export->cameras[i];
        const char *key = copy(&talk->arena, export, camera->key);
        if (key == NULL || !camera->has_password || !is_in(places, count, before, key)) {
            continue;
        }
        const char *lines = arena_format(&talk->arena, "\r\n%s\r\n\"%s\"=\"%s\"\r\n", key,
            copy(&talk->arena, export, camera->password_name),
            copy(&talk->arena, export, camera->password));
        put(&out, 2, lines == NULL ? "" : lines, lines == NULL ? 0 : strlen(lines));
    }
    err = talk->arena.full ? ERR_LIMIT : buf_error(&out);
    err = err != OK ? err : file_write(path, out.data, out.len, 0600, &talk->why);
    if (out.size != 0) {
        explicit_bzero(out.data, out.size);
    }
    return err;
}

static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    struct buf bytes;
    buf_init(&bytes, CONSUMER_BYTES);
    enum err err = patch(talk, places, count, password, &bytes);
    err = consumer_file_write(talk, err, &bytes);
    talk->place_count = 0;
    err = err == OK ? list(talk) : err;
    return err == OK ? write_import(talk, places, count) : err;
}

/* What the import made of it, where the owner's reload: exports again. */
static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    talk->place_count = 0;
    if (list(talk) != OK || talk->known[1] == NULL) {
        return false;
    }
    for (size_t i = 0; i < talk->place_count; i++) {
        const struct consumer_place *now = &talk->places[i];
        if (text_equal(now->id, place->id)) {
            return now->password != NULL && text_equal(now->password, secret_text(talk->known[1]));
        }
    }
    return false;
}

const struct consumer_kind consumer_blueiris = {
    .name = "blueiris",
    .title = "Blue Iris",
    .maturity = MATURITY_EXPERIMENTAL,
    .source =
        "Blue Iris help: export and import of settings; scripts that add cameras (ipid, ippw)",
    .by_file = true,
    .alone = "stop Blue Iris, import the file beside the export that ends in .import.reg with "
             "regedit, and start it; until then it goes on with the password before",
    .list = list,
    .change = change,
    .is_well = is_well,
};
