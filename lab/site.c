/* Reads sites and transcripts: YAML, and the body files that it names. */
#include "lab/site.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/ip.h"
#include "base/text.h"
#include "lab/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)4 * 1024 * 1024)
#define PATH_LIMIT ((size_t)4096)

/* libcyaml tells mistakes line by line; the first line holds the cause, the rest where it is. */
static void __attribute__((format(printf, 3, 0)))
listen_to_cyaml(cyaml_log_t level, void *context, const char *format, va_list args)
{
    (void)level;
    struct note *note = context;
    size_t used = strlen(note->text);
    if (used + 1 < sizeof note->text)
        vsnprintf(note->text + used, sizeof note->text - used, format, args);
}

static enum err
read_yaml(const char *path, const cyaml_schema_value_t *schema, void **ret_value, struct note *note)
{
    struct note said = {0};
    const cyaml_config_t config = {
        .log_fn = listen_to_cyaml,
        .log_ctx = &said,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_WARNING,
    };
    cyaml_err_t failed = cyaml_load_file(path, &config, schema, ret_value, NULL);
    if (failed == CYAML_OK)
        return OK;
    for (char *c = said.text; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    note_set(note, "%s: %s: %.140s", file_tail(path, 80), cyaml_strerror(failed), said.text);
    return ERR_SYNTAX;
}

static void
free_yaml(const cyaml_schema_value_t *schema, void *value)
{
    const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
    cyaml_free(&config, schema, value, 0);
}

/* "folder/name", or NULL when memory is out; the caller frees it. */
static char *
join(const char *folder, const char *name)
{
    struct buf path;
    buf_init(&path, PATH_LIMIT);
    buf_format(&path, "%s/%s", folder, name);
    char *copy = buf_error(&path) == OK ? strdup(path.data) : NULL;
    buf_release(&path);
    return copy;
}

static enum err
read_body(const char *folder, const char *file, char **body, size_t *ret_len, struct note *note)
{
    if (file == NULL) {
        *ret_len = *body == NULL ? 0 : strlen(*body);
        return OK;
    }
    char *path = join(folder, file);
    if (path == NULL)
        return ERR_MEMORY;
    struct buf bytes;
    buf_init(&bytes, FILE_LIMIT);
    enum err err = file_read(path, &bytes, note);
    if (err == OK) {
        free(*body);
        *body = malloc(bytes.len + 1);
        if (*body == NULL)
            err = ERR_MEMORY;
    }
    if (err == OK) {
        memcpy(*body, bytes.data, bytes.len + 1);
        *ret_len = bytes.len;
    }
    buf_release(&bytes);
    free(path);
    return err;
}

static enum err
read_reply(const char *folder, struct site_reply *reply, struct note *note)
{
    if (reply == NULL)
        return OK;
    return read_body(folder, reply->file, &reply->body, &reply->body_len, note);
}

static enum err
read_routes(const char *folder, struct site_route *routes, unsigned count, struct note *note)
{
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < count; i++) {
        err = read_reply(folder, &routes[i].reply, note);
        if (err == OK)
            err = read_reply(folder, routes[i].denied, note);
        if (err == OK)
            err = read_reply(folder, routes[i].refused, note);
    }
    return err;
}

static enum err
read_shared(const char *folder, struct site_http *http, struct note *note)
{
    void *value = NULL;
    if (http->routes_of == NULL)
        return OK;
    char *path = join(folder, http->routes_of);
    if (path == NULL)
        return ERR_MEMORY;
    enum err err = read_yaml(path, &schema_routes, &value, note);
    free(path);
    if (err != OK)
        return err;
    http->shared = value;
    return read_routes(folder, http->shared->routes, http->shared->routes_count, note);
}

static enum err
read_server(const char *folder, struct site_http *http, struct note *note)
{
    enum err err = read_reply(folder, http->denied, note);
    if (err == OK)
        err = read_shared(folder, http, note);
    return err == OK ? read_routes(folder, http->routes, http->routes_count, note) : err;
}

static enum err
read_answers(const char *folder, struct site_answer *answers, unsigned count, struct note *note)
{
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < count; i++)
        err = read_body(folder, answers[i].file, &answers[i].body, &answers[i].body_len, note);
    return err;
}

static enum err
read_files(struct site_transcript *record, struct note *note)
{
    enum err err = OK;
    const char *folder = record->folder;
    if (record->lockout != NULL)
        err = read_reply(folder, record->lockout->reply, note);
    for (unsigned i = 0; err == OK && i < record->http_count; i++)
        err = read_server(folder, &record->http[i], note);
    struct site_datagram *const datagrams[] = {record->sadp, record->dhip};
    for (size_t i = 0; err == OK && i < COUNT(datagrams); i++)
        if (datagrams[i] != NULL)
            err = read_body(
                folder, datagrams[i]->file, &datagrams[i]->body, &datagrams[i]->body_len, note);
    struct site_onvif *onvif = record->onvif;
    if (err == OK && onvif != NULL)
        err = read_answers(folder, onvif->answers, onvif->answers_count, note);
    if (err == OK && record->dvrip != NULL)
        err = read_answers(folder, record->dvrip->answers, record->dvrip->answers_count, note);
    return err;
}

enum err
site_read_transcript(const char *folder, struct site_transcript **ret_record, struct note *note)
{
    char *path = join(folder, "device.yaml");
    if (path == NULL)
        return ERR_MEMORY;
    void *value = NULL;
    enum err err = read_yaml(path, &schema_transcript, &value, note);
    free(path);
    if (err != OK)
        return err;
    struct site_transcript *record = value;
    record->folder = strdup(folder);
    err = record->folder == NULL ? ERR_MEMORY : read_files(record, note);
    if (err != OK) {
        site_free_transcript(record);
        return err;
    }
    *ret_record = record;
    return OK;
}

static void
free_answers(struct site_transcript *record)
{
    struct site_onvif *onvif = record->onvif;
    for (unsigned i = 0; i < record->http_count; i++)
        if (record->http[i].shared != NULL)
            free_yaml(&schema_routes, record->http[i].shared);
    for (unsigned i = 0; onvif != NULL && i < onvif->answers_count; i++)
        free(onvif->answers[i].body);
    for (unsigned i = 0; record->dvrip != NULL && i < record->dvrip->answers_count; i++)
        free(record->dvrip->answers[i].body);
    if (record->sadp != NULL)
        free(record->sadp->body);
    if (record->dhip != NULL)
        free(record->dhip->body);
    free(record->folder);
}

void
site_free_transcript(struct site_transcript *record)
{
    if (record == NULL)
        return;
    free_answers(record);
    free_yaml(&schema_transcript, record);
}

/* Devices of one model share their record. */
static enum err
find_record(struct site *site, const char *folder, struct site_transcript **ret, struct note *note)
{
    for (unsigned i = 0; i < site->records_count; i++) {
        if (text_equal(site->records[i]->folder, folder)) {
            *ret = site->records[i];
            return OK;
        }
    }
    struct site_transcript **more =
        realloc(site->records, (site->records_count + 1) * sizeof(struct site_transcript *));
    if (more == NULL)
        return ERR_MEMORY;
    site->records = more;
    enum err err = site_read_transcript(folder, ret, note);
    if (err == OK)
        site->records[site->records_count++] = *ret;
    return err;
}

static enum err
check_device(const struct site_device *device, struct note *note)
{
    struct ip ip;
    struct mac mac;
    if (ip_parse(device->ip, &ip) != OK || ip.family != 4) {
        note_set(note, "device %s: ip is not an IPv4 address: %s", device->name, device->ip);
        return ERR_VALUE;
    }
    const char *text = device->mac != NULL ? device->mac : device->record->mac;
    if (mac_parse(text, &mac) != OK) {
        note_set(note, "device %s: mac is not a MAC address: %s", device->name, text);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
read_records(struct site *site, const char *site_path, struct note *note)
{
    const char *slash = strrchr(site_path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - site_path) + 1;
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < site->devices_count; i++) {
        struct site_device *device = &site->devices[i];
        struct buf folder;
        buf_init(&folder, PATH_LIMIT);
        if (site->transcripts[0] != '/')
            buf_add(&folder, site_path, len);
        buf_format(&folder, "%s/%s", site->transcripts, device->transcript);
        err = buf_error(&folder);
        if (err == OK)
            err = find_record(site, folder.data, &device->record, note);
        if (err == OK)
            err = check_device(device, note);
        buf_release(&folder);
    }
    return err;
}

enum err
site_load(const char *path, struct site **ret_site, struct note *note)
{
    void *value = NULL;
    enum err err = read_yaml(path, &schema_site, &value, note);
    if (err != OK)
        return err;
    struct site *site = value;
    err = read_records(site, path, note);
    if (err != OK) {
        site_free(site);
        return err;
    }
    *ret_site = site;
    return OK;
}

void
site_free(struct site *site)
{
    if (site == NULL)
        return;
    for (unsigned i = 0; i < site->records_count; i++)
        site_free_transcript(site->records[i]);
    free(site->records);
    free_yaml(&schema_site, site);
}
