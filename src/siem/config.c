/* siem.yaml: every value is matched with its row of settings.def, then the whole is looked at. */
#include "siem/config.h"

#include "base/file.h"
#include "base/text.h"
#include "codec/outline_row.h"
#include "siem/config_take.h"

#include <string.h>
#include <unistd.h>

#define BATCH      10000
#define BATCH_HTTP 500

static const struct outline_row rows[] = {
#define SETTING(path, shape, take, what, expected, meaning) {path, OUTLINE_##shape, what, expected},
#include "siem/settings.def"
#undef SETTING
};

static const char *
forbidden(const char *pattern)
{
    return text_contains_nocase(outline_key(pattern), "passw")
               ? "a password has no place in this file; `gatehouse secret set NAME` keeps a token "
                 "sealed, and token: has its name"
               : NULL;
}

static const struct outline_table table = {
    .rows = rows,
    .count = COUNT(rows),
    .manual = "gatehouse-siem.yaml(5)",
    .expected = "\"destinations:\"",
    .forbidden = forbidden,
};

static config_take_fn *const takes[] = {
#define SETTING(path, shape, take, what, expected, meaning) take,
#include "siem/settings.def"
#undef SETTING
};

const struct siem_config_key siem_config_keys[] = {
#define SETTING(path, shape, take, what, expected, meaning)                                        \
    {path, OUTLINE_##shape == OUTLINE_TEXT, expected, meaning},
#include "siem/settings.def"
#undef SETTING
};
const size_t siem_config_key_count = COUNT(siem_config_keys);

static enum err
take_node(
    struct config_draft *draft, const struct outline_place *place, const struct outline_node *node)
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

/* What is missing, in words; NULL: nothing. */
static const char *
missing(const struct siem_destination *to)
{
    if (to->name == NULL) {
        return "name is missing; a destination has a name of its own";
    }
    if (!to->has_type) {
        return "type is missing; expected file, syslog or http";
    }
    if (to->type == SIEM_FILE && to->path == NULL) {
        return "path is missing; a file has one";
    }
    if (to->type == SIEM_SYSLOG && (to->host == NULL || to->url != NULL)) {
        return "address is missing; syslog has one, HOST:PORT";
    }
    if (to->type == SIEM_HTTP && (to->url == NULL || !to->has_shape)) {
        return to->url == NULL ? "url is missing; http has one"
                               : "shape is missing; expected splunk or elasticsearch";
    }
    if (to->type == SIEM_HTTP && to->is_elasticsearch && to->index == NULL) {
        return "index is missing; elasticsearch needs one";
    }
    if ((to->certificate == NULL) != (to->key == NULL)) {
        return to->key == NULL ? "key is missing; certificate needs one"
                               : "certificate is missing; key needs one";
    }
    return NULL;
}

static enum err
complete(
    struct siem_destination *to, const struct outline_place *place, const struct outline_node *node)
{
    const char *words = missing(to);
    if (words != NULL) {
        return outline_tell(place, node, words);
    }
    if (to->format == NULL) {
        to->format = siem_format_by_name(to->type == SIEM_SYSLOG ? "rfc5424" : "ecs");
    }
    bool is_syslog = text_equal(to->format->name, "rfc5424") || text_equal(to->format->name, "cef");
    if (to->type == SIEM_SYSLOG && !is_syslog) {
        return outline_tell(place, node,
            "a syslog receiver takes syslog messages only; expected format: rfc5424 or cef");
    }
    if (to->type == SIEM_HTTP && to->is_elasticsearch && is_syslog) {
        return outline_tell(
            place, node, "elasticsearch takes JSON only; expected format: ecs or ocsf");
    }
    to->batch = to->batch != 0 ? to->batch : to->type == SIEM_HTTP ? BATCH_HTTP : BATCH;
    to->server_name = to->server_name == NULL ? to->host : to->server_name;
    return OK;
}

static enum err
fill(struct config_draft *draft, const char *bytes, size_t len, const struct outline_place *place)
{
    struct outline outline = {0};
    struct siem_config *config = draft->config;
    const struct outline_bytes file = {bytes, len};
    enum err err = outline_open(&table, place, &file, draft->arena, &outline);
    for (size_t i = 1; i < outline.count && err == OK; i++) {
        err = take_node(draft, place, &outline.nodes[i]);
    }
    if (err == OK && config->count == 0) {
        return outline_tell(place, &outline.nodes[0],
            "destinations is missing; expected a list of name, type and where to");
    }
    for (size_t i = 0; i < config->count && err == OK; i++) {
        err =
            complete(&config->destinations[i], place, outline_find(&outline, "destinations[]", i));
    }
    return err;
}

/* The folder of the file; "." where it has none. */
static const char *
folder_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL   ? arena_copy(arena, ".")
           : slash == path ? arena_copy(arena, "/")
                           : arena_copy_n(arena, path, (size_t)(slash - path));
}

static enum err
set_defaults(struct siem_config *config, struct arena *arena, const char *path)
{
    char host[256] = "-";
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') {
        (void)text_copy(host, sizeof(host), "-");
    }
    *config = (struct siem_config){
        .file = arena_copy(arena, path),
        .folder = folder_of(path, arena),
        .host = arena_copy(arena, host),
        .destinations = arena_alloc(arena, SIEM_DESTINATIONS * sizeof(*config->destinations)),
    };
    if (config->folder == NULL || config->destinations == NULL) {
        return ERR_MEMORY;
    }
    config->ledger = arena_format(arena, "%s/ledger", config->folder);
    config->state = arena_format(arena, "%s/siem", config->folder);
    return config->state == NULL ? ERR_MEMORY : OK;
}

enum err
siem_config_parse(const char *bytes, size_t len, const char *path, struct arena *arena,
    struct siem_config *ret_config, struct note *note)
{
    struct siem_config config;
    struct config_draft draft = {.config = &config, .arena = arena};
    struct note said = {""};
    const struct outline_place place = {path, &said};
    enum err err = set_defaults(&config, arena, path);
    if (err == OK) {
        err = fill(&draft, bytes, len, &place);
    }
    if (err != OK) {
        note_set(note, "%s", said.text[0] == '\0' ? err_words(err) : said.text);
        return err;
    }
    *ret_config = config;
    return OK;
}

enum err
siem_config_read(
    const char *path, struct arena *arena, struct siem_config *ret_config, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, OUTLINE_BYTES);
    enum err err = file_read(path, &bytes, note);
    if (err == ERR_MISSING) {
        note_set(
            note, "%s: no such file; gatehouse-siem.yaml(5) has an example", file_tail(path, 120));
    }
    return err == OK ? siem_config_parse(bytes.data, bytes.len, path, arena, ret_config, note)
                     : err;
}

const struct siem_destination *
siem_config_find(const struct siem_config *config, const char *name)
{
    for (size_t i = 0; i < config->count; i++) {
        if (text_equal(config->destinations[i].name, name)) {
            return &config->destinations[i];
        }
    }
    return NULL;
}

const char *
siem_config_state(
    const struct siem_config *config, const char *name, const char *ending, struct arena *arena)
{
    return arena_format(arena, "%s/%s.%s", config->state, name, ending);
}
