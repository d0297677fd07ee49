/* gateway.yaml: every value is matched with its row of settings.def, then the whole is looked at.
 */
#include "gate/settings.h"

#include "base/file.h"
#include "base/text.h"
#include "codec/outline_row.h"
#include "gate/settings_take.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define FRIGATE_OPEN 5000U /* Frigate docs, authentication: "port 5000 is unauthenticated" */

static const struct outline_row rows[] = {
#define SETTING(path, shape, take, what, expected, meaning) {path, OUTLINE_##shape, what, expected},
#include "gate/settings.def"
#undef SETTING
};

static const char *
forbidden(const char *pattern)
{
    return text_contains_nocase(outline_key(pattern), "passw")
               ? "a password has no place in this file; gatehouse gateway init makes one and "
                 "keeps it sealed"
               : NULL;
}

static const struct outline_table table = {
    .rows = rows,
    .count = COUNT(rows),
    .manual = "gatehouse-gateway.yaml(5)",
    .expected = "keys such as \"host:\"",
    .forbidden = forbidden,
};

static settings_take_fn *const takes[] = {
#define SETTING(path, shape, take, what, expected, meaning) take,
#include "gate/settings.def"
#undef SETTING
};

const struct settings_key settings_keys[] = {
#define SETTING(path, shape, take, what, expected, meaning)                                        \
    {path, OUTLINE_##shape == OUTLINE_TEXT, expected, meaning},
#include "gate/settings.def"
#undef SETTING
};
const size_t settings_key_count = COUNT(settings_keys);

static enum err
take_node(struct settings_draft *draft, const struct outline_place *place,
    const struct outline_node *node)
{
    const struct outline_row *row = NULL;
    struct note said = {""};
    enum err err = outline_match(&table, place, node, &row);
    if (err != OK || row == NULL || takes[row - rows] == NULL) {
        return err;
    }
    err = takes[row - rows](draft, node, &said);
    return outline_taken(row, place, node, err, &said);
}

static bool
is_loopback(const char *listen)
{
    return text_starts(listen, "127.") || text_starts(listen, "[::1]:");
}

/* What no single value of a VMS shows. */
static enum err
look_at_vms(const struct settings *settings, const struct outline_place *place,
    const struct outline *outline, size_t i)
{
    const struct settings_vms *vms = &settings->vms[i];
    const struct outline_node *node = outline_find(outline, "vms[]", i);
    struct note words;
    const char *missing = vms->type == NULL       ? "type"
                          : vms->upstream == NULL ? "upstream"
                          : vms->listen == NULL   ? "listen"
                                                  : NULL;
    if (missing != NULL) {
        note_set(&words, "%s is missing; a VMS has type, upstream and listen", missing);
        return outline_tell(place, node, words.text);
    }
    for (size_t j = 0; j < i; j++) {
        if (text_equal_nocase(settings->vms[j].name, vms->name)) {
            note_set(
                &words, "\"%s\" is the name of two; expected name: with one of its own", vms->name);
            return outline_tell(place, node, words.text);
        }
    }
    if (text_equal(vms->type, "frigate") && vms->port == FRIGATE_OPEN) {
        note_set(&words,
            "upstream %.60s: Frigate asks nobody for a log-in on port %u and takes everyone for "
            "its "
            "administrator; expected port 8971",
            vms->upstream, FRIGATE_OPEN);
        return outline_tell(place, node, words.text);
    }
    if (settings->is_plain && !is_loopback(vms->listen)) {
        note_set(&words,
            "listen %s is not on this machine alone, which plain: yes demands; expected "
            "127.0.0.1:PORT, or plain: no",
            vms->listen);
        return outline_tell(place, node, words.text);
    }
    return OK;
}

static enum err
look_for_gaps(
    struct settings *settings, const struct outline_place *place, const struct outline *outline)
{
    if (settings->host == NULL) {
        return outline_tell(place, &outline->nodes[0],
            "host is missing; expected host: with the name that people type into the browser");
    }
    if (settings->vms_count == 0) {
        return outline_tell(place, &outline->nodes[0],
            "vms is missing; expected a list of type, upstream and listen");
    }
    for (size_t i = 0; i < settings->vms_count; i++) {
        struct settings_vms *vms = &settings->vms[i];
        vms->name = vms->name == NULL ? vms->type : vms->name;
        enum err err = look_at_vms(settings, place, outline, i);
        if (err != OK) {
            return err;
        }
    }
    settings->site = settings->site == NULL ? settings->host : settings->site;
    return OK;
}

/* Makes of a draft what callers see. */
static enum err
finish(struct settings_draft *draft)
{
    struct settings *settings = draft->settings;
    const char **list =
        arena_alloc(draft->arena, (draft->proxy_count + 1) * sizeof(*draft->proxies));
    if (list == NULL) {
        return ERR_MEMORY;
    }
    memcpy(list, draft->proxies, draft->proxy_count * sizeof(*list));
    settings->trusted_proxies = list;
    return OK;
}

static enum err
fill(struct settings_draft *draft, const char *bytes, size_t len, const struct outline_place *place)
{
    struct outline outline = {0};
    const struct outline_bytes file = {bytes, len};
    enum err err = outline_open(&table, place, &file, draft->arena, &outline);
    for (size_t i = 1; i < outline.count && err == OK; i++) {
        err = take_node(draft, place, &outline.nodes[i]);
    }
    if (err == OK) {
        err = look_for_gaps(draft->settings, place, &outline);
    }
    return err == OK ? finish(draft) : err;
}

static enum err
set_defaults(struct settings *settings, struct arena *arena, const char *folder)
{
    *settings = (struct settings){
        .folder = arena_copy(arena, folder),
        .net = NET_REFUSE,
        .idle_minutes = 30,
        .session_hours = 12,
        .stepup_minutes = 5,
    };
    settings->ledger = settings_file(settings, "ledger", arena);
    settings->certificate = settings_file(settings, "tls/server.pem", arena);
    settings->key = settings_file(settings, "tls/server.key", arena);
    return settings->key == NULL ? ERR_MEMORY : OK;
}

enum err
settings_parse(const char *bytes, size_t len, const char *folder, struct arena *arena,
    struct settings *ret_settings, struct note *note)
{
    struct settings settings;
    struct settings_draft draft = {.settings = &settings, .arena = arena};
    struct note said = {""};
    enum err err = set_defaults(&settings, arena, folder);
    const char *file = settings_file(&settings, "gateway.yaml", arena);
    const struct outline_place place = {file == NULL ? "gateway.yaml" : file, &said};
    if (err == OK) {
        err = fill(&draft, bytes, len, &place);
    }
    if (err != OK) {
        note_set(note, "%s", said.text[0] == '\0' ? err_words(err) : said.text);
        return err;
    }
    *ret_settings = settings;
    return OK;
}

/* The first address of an upstream's name; none when it can't be looked up now. */
static void
look_up(struct settings_vms *vms)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    uint16_t port = 0;
    char host[256];
    const char *begin = strstr(vms->upstream, "://") + 3;
    size_t len = (size_t)(strrchr(begin, ':') - begin);
    if (len >= sizeof(host)) {
        return;
    }
    memcpy(host, begin, len);
    host[len] = '\0';
    if (getaddrinfo(host, NULL, &hints, &list) != 0) {
        return;
    }
    for (const struct addrinfo *at = list; at != NULL && vms->address.family == 0;
         at = at->ai_next) {
        if (ip_from_socket(at->ai_addr, &vms->address, &port) != OK) {
            vms->address.family = 0;
        }
    }
    freeaddrinfo(list);
}

enum err
settings_read(
    const char *folder, struct arena *arena, struct settings *ret_settings, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, OUTLINE_BYTES);
    const char *path = arena_format(arena, "%s/gateway.yaml", folder);
    enum err err = path == NULL ? ERR_MEMORY : file_read(path, &bytes, note);
    if (err == ERR_MISSING) {
        note_set(note, "%s: no such file; gatehouse gateway init writes it", file_tail(path, 120));
    }
    if (err == OK) {
        err = settings_parse(bytes.data, bytes.len, folder, arena, ret_settings, note);
    }
    for (size_t i = 0; err == OK && i < ret_settings->vms_count; i++) {
        if (ret_settings->vms[i].address.family == 0) {
            look_up(&ret_settings->vms[i]);
        }
    }
    return err;
}

const char *
settings_run(const struct settings *settings, const char *name, struct arena *arena)
{
    return arena_format(arena, "%s/run/%s", settings->folder, name);
}

const char *
settings_file(const struct settings *settings, const char *name, struct arena *arena)
{
    return name[0] == '/' ? arena_copy(arena, name)
                          : arena_format(arena, "%s/%s", settings->folder, name);
}

enum err
settings_folder(const char *option, struct arena *arena, const char **ret_folder)
{
    CLEANUP(buf_release) struct buf path;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets the environment
    const char *given = option != NULL ? option : getenv("GATEHOUSE_GATEWAY");
    buf_init(&path, 8192);
    if (text_is_empty(given)) {
        enum err err = file_xdg("STATE", &path);
        if (err != OK) {
            return err;
        }
        buf_text(&path, "/gateway");
        given = path.data;
    }
    const char *folder = buf_error(&path) == OK ? arena_copy(arena, given) : NULL;
    if (folder == NULL) {
        return ERR_MEMORY;
    }
    *ret_folder = folder;
    return OK;
}
