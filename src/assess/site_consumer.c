/* The part of the site file that lists who uses the passwords of cameras. */
#include "assess/site_take.h"

#include "base/text.h"
#include "store/vault_format.h"

#include <string.h>

#define NAME_LIMIT 80
#define LINE_LIMIT 200
#define CONSUMERS  64

/* How each is reached; remedy/consumers.def has the same names. */
static const struct {
    const char *kind;
    bool by_file;
} kinds[] = {
    {"frigate",       true },
    {"go2rtc",        true },
    {"homeassistant", true },
    {"blueiris",      true },
    {"zoneminder",    false},
    {"shinobi",       false},
    {"nxwitness",     false},
    {"milestone",     false},
    {"recorder",      false},
};

enum err
site_take_consumer(struct site *site, const struct outline_node *node, struct note *note)
{
    if (site->consumer_count == CONSUMERS) {
        note_set(note, "more than %d consumers", CONSUMERS);
        return ERR_LIMIT;
    }
    site->consumers[site->consumer_count++].line = node->line;
    return OK;
}

static enum err
take_line(struct site *site, const char *text, size_t limit, const char **ret_text)
{
    char clean[LINE_LIMIT + 1];
    size_t len = strlen(text);
    if (len == 0 || len > limit) {
        return ERR_VALUE;
    }
    text_clean(clean, sizeof(clean), text, len);
    char *copy = arena_copy(&site->arena, text_trim(clean));
    if (text_is_empty(copy)) {
        return ERR_VALUE;
    }
    *ret_text = copy;
    return OK;
}

static enum err
take_address(struct site_consumer *consumer, const char *written)
{
    char text[IP_TEXT + 8];
    uint64_t port = 0;
    char *colon = text_copy(text, sizeof(text), written) ? strrchr(text, ':') : NULL;
    if (colon == NULL || text_to_u64(colon + 1, UINT16_MAX, &port) != OK || port == 0) {
        return ERR_VALUE;
    }
    *colon = '\0';
    char *start = text;
    if (text[0] == '[' && colon > text && colon[-1] == ']') {
        colon[-1] = '\0';
        start++;
    }
    consumer->port = (uint16_t)port;
    return ip_parse(start, &consumer->login.ip);
}

static enum err
take_kind(struct site_consumer *consumer, const char *text)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (text_equal_nocase(kinds[i].kind, text)) {
            consumer->kind = kinds[i].kind;
            return OK;
        }
    }
    return ERR_VALUE;
}

static enum err
take_secret(struct site *site, struct site_consumer *consumer, const struct outline_node *node,
    struct note *note)
{
    consumer->login.password_line = node->line;
    if (!vault_name_is_valid(node->text)) {
        note_set(note, "is not a name of gatehouse secret list, such as zoneminder; a password "
                       "itself has no place in a site file");
        return ERR_VALUE;
    }
    return take_line(site, node->text, VAULT_NAME, &consumer->login.secret);
}

enum err
site_take_consumer_key(struct site *site, const struct outline_node *node, struct note *note)
{
    struct site_consumer *consumer = &site->consumers[site->consumer_count - 1];
    const char *key = strrchr(node->pattern, '.') + 1;
    if (text_equal(key, "kind")) {
        return take_kind(consumer, node->text);
    }
    if (text_equal(key, "address")) {
        return take_address(consumer, node->text);
    }
    if (text_equal(key, "tls")) {
        return text_to_bool(node->text, &consumer->tls);
    }
    if (text_equal(key, "secret")) {
        return take_secret(site, consumer, node, note);
    }
    if (text_equal(key, "root")) {
        bool is_path = node->text[0] == '/' && strpbrk(node->text, " ?#\\%") == NULL;
        return is_path ? take_line(site, node->text, LINE_LIMIT, &consumer->root) : ERR_VALUE;
    }
    const struct {
        const char *key;
        size_t limit;
        const char **text;
    } rows[] = {
        {"name",          NAME_LIMIT, &consumer->name               },
        {"file",          LINE_LIMIT, &consumer->file               },
        {"user",          NAME_LIMIT, &consumer->login.user         },
        {"password_file", LINE_LIMIT, &consumer->login.password_file},
        {"reload",        LINE_LIMIT, &consumer->reload             },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(rows[i].key, key)) {
            bool is_password = rows[i].text == &consumer->login.password_file;
            consumer->login.password_line =
                is_password ? node->line : consumer->login.password_line;
            return take_line(site, node->text, rows[i].limit, rows[i].text);
        }
    }
    return ERR_UNSUPPORTED;
}

static bool
is_by_file(const char *kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (text_equal(kinds[i].kind, kind)) {
            return kinds[i].by_file;
        }
    }
    return false;
}

const char *
site_consumer_gap(const struct site *site, const struct site_consumer *consumer)
{
    const struct site_device *login = &consumer->login;
    bool has_password = login->secret != NULL || login->password_file != NULL;
    if (consumer->kind == NULL) {
        return "kind is missing; a consumer has kind and file or address";
    }
    if (is_by_file(consumer->kind) && consumer->file == NULL) {
        return "file is missing; this kind is told by its file";
    }
    if (login->ip.family == 0) {
        return is_by_file(consumer->kind)
                   ? NULL
                   : "address is missing; this kind is told over the network";
    }
    if (site->scope.allowed_count != 0 && !scope_contains(&site->scope, &login->ip)) {
        return "its address is outside the scope, and nothing is sent there; add it to scope";
    }
    if (login->secret != NULL && login->password_file != NULL) {
        return "secret and password_file are both given; a log-in takes one";
    }
    return (login->user != NULL) != has_password
               ? "user, or secret or password_file, is missing; a log-in takes both"
               : NULL;
}
