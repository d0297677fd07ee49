/* One function for each sort of value of siem.yaml. */
#include "siem/config_take.h"

#include "base/ip.h"
#include "base/text.h"
#include "codec/outline_row.h"

#include <string.h>

#define PATH_LIMIT  1024
#define HOST_LIMIT  255 /* RFC 5424 6: HOSTNAME */
#define TOKEN_LIMIT 128
#define LETTERS     "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS      "0123456789"

static struct siem_destination *
last(struct config_draft *draft)
{
    return &draft->config->destinations[draft->config->count - 1];
}

static enum err
keep(struct config_draft *draft, const char *text, const char **ret_text)
{
    *ret_text = arena_copy(draft->arena, text);
    return *ret_text == NULL ? ERR_MEMORY : OK;
}

/* Paths are the owner's, but one with a control character was never meant. */
static enum err
keep_path(struct config_draft *draft, const char *text, const char **ret_path)
{
    char clean[PATH_LIMIT + 1];
    size_t len = strlen(text);
    if (len == 0 || len > PATH_LIMIT) {
        return ERR_VALUE;
    }
    text_clean(clean, sizeof(clean), text, len);
    if (!text_equal(clean, text)) {
        return ERR_VALUE;
    }
    *ret_path = text[0] == '/' ? arena_copy(draft->arena, text)
                               : arena_format(draft->arena, "%s/%s", draft->config->folder, text);
    return *ret_path == NULL ? ERR_MEMORY : OK;
}

/* One of two words; true: the first. */
static enum err
choose(const char *text, const char *first, const char *second, bool *ret_is_first)
{
    if (!text_equal(text, first) && !text_equal(text, second)) {
        return ERR_VALUE;
    }
    *ret_is_first = text_equal(text, first);
    return OK;
}

static bool
consists_of(const char *text, const char *letters, size_t most)
{
    size_t len = strlen(text);
    return len != 0 && len <= most && strspn(text, letters) == len;
}

/* A name, an IPv4 address or an IPv6 address without brackets. */
static bool
is_host(const char *text)
{
    struct ip ip;
    if (strchr(text, ':') != NULL) {
        return ip_parse(text, &ip) == OK;
    }
    return consists_of(text, LETTERS CAPITALS DIGITS ".-_", HOST_LIMIT) && text[0] != '-' &&
           text[0] != '.';
}

enum err
config_take_ledger(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    draft->config->says_ledger = true;
    return keep_path(draft, node->text, &draft->config->ledger);
}

enum err
config_take_secrets(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    bool is_key = text_equal(node->pattern, "secrets_key");
    (void)note;
    return keep_path(
        draft, node->text, is_key ? &draft->config->secrets_key : &draft->config->secrets);
}

enum err
config_take_state(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return keep_path(draft, node->text, &draft->config->state);
}

enum err
config_take_host(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    if (!is_host(node->text)) {
        return ERR_VALUE;
    }
    bool is_own = text_equal(node->pattern, "host");
    return keep(draft, node->text, is_own ? &draft->config->host : &last(draft)->server_name);
}

enum err
config_take_destination(
    struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    struct siem_config *config = draft->config;
    (void)node;
    if (config->count == SIEM_DESTINATIONS) {
        note_set(note, "is one too many; at most %d are served", SIEM_DESTINATIONS);
        return ERR_LIMIT;
    }
    config->destinations[config->count++] = (struct siem_destination){
        .flush_ms = 2000, .confirm_ms = 60000, .uses_tls = true, .filter = siem_filter_begin()};
    return OK;
}

enum err
config_take_name(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    const struct siem_config *config = draft->config;
    if (!consists_of(node->text, LETTERS CAPITALS DIGITS "-_", SIEM_NAME - 1) ||
        node->text[0] == '-') {
        return ERR_VALUE;
    }
    for (size_t i = 0; i + 1 < config->count; i++) {
        if (text_equal_nocase(config->destinations[i].name, node->text)) {
            note_set(note, "\"%s\" is the name of two; expected one of its own", node->text);
            return ERR_VALUE;
        }
    }
    return keep(draft, node->text, &last(draft)->name);
}

enum err
config_take_type(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    static const char *const words[] = {
        [SIEM_FILE] = "file", [SIEM_SYSLOG] = "syslog", [SIEM_HTTP] = "http"};
    (void)note;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_equal(words[i], node->text)) {
            last(draft)->type = (enum siem_type)i;
            last(draft)->has_type = true;
            return OK;
        }
    }
    return ERR_VALUE;
}

enum err
config_take_format(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    last(draft)->format = siem_format_by_name(node->text);
    return last(draft)->format == NULL ? ERR_VALUE : OK;
}

enum err
config_take_from(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return choose(node->text, "now", "first", &last(draft)->begins_now);
}

enum err
config_take_number(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    struct siem_destination *to = last(draft);
    const struct {
        const char *key;
        unsigned *place;
        uint64_t most;
        unsigned unit;
    } rows[] = {
        {"batch",           &to->batch,      100000, 1   },
        {"flush_seconds",   &to->flush_ms,   3600,   1000},
        {"confirm_seconds", &to->confirm_ms, 3600,   1000},
    };
    (void)note;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 0;
        if (text_equal(rows[i].key, outline_key(node->pattern))) {
            if (text_to_u64(node->text, rows[i].most, &value) != OK || value == 0) {
                return ERR_VALUE;
            }
            *rows[i].place = (unsigned)value * rows[i].unit;
        }
    }
    return OK;
}

enum err
config_take_path(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    struct siem_destination *to = last(draft);
    const char *key = outline_key(node->pattern);
    (void)note;
    const char **place = text_equal(key, "path")          ? &to->path
                         : text_equal(key, "ca")          ? &to->ca
                         : text_equal(key, "certificate") ? &to->certificate
                                                          : &to->key;
    return keep_path(draft, node->text, place);
}

/* "HOST:PORT", an IPv6 address in brackets; the port may be missing where one is usual. */
static enum err
take_host_port(struct config_draft *draft, const char *text, uint16_t usual)
{
    struct siem_destination *to = last(draft);
    char host[HOST_LIMIT + 1];
    uint64_t port = usual;
    bool has_brackets = text[0] == '[';
    const char *begin = text + (has_brackets ? 1 : 0);
    size_t len = strcspn(begin, has_brackets ? "]" : ":");
    const char *rest = begin + len;
    if (len == 0 || len > HOST_LIMIT || (has_brackets && *rest != ']')) {
        return ERR_VALUE;
    }
    memcpy(host, begin, len);
    host[len] = '\0';
    rest += has_brackets ? 1 : 0;
    bool has_port = *rest == ':';
    if (!is_host(host) || has_brackets != (strchr(host, ':') != NULL) ||
        (*rest != '\0' && !has_port) || (!has_port && usual == 0) ||
        (has_port && text_to_u64(rest + 1, UINT16_MAX, &port) != OK) || port == 0) {
        return ERR_VALUE;
    }
    to->port = (uint16_t)port;
    return keep(draft, host, &to->host);
}

enum err
config_take_address(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return take_host_port(draft, node->text, 0);
}

enum err
config_take_switch(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return choose(text_equal(node->text, "true")    ? "yes"
                  : text_equal(node->text, "false") ? "no"
                                                    : node->text,
        "yes", "no", &last(draft)->uses_tls);
}

enum err
config_take_framing(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return choose(node->text, "lf", "octet", &last(draft)->uses_lines);
}

enum err
config_take_unconfirmed(
    struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return choose(node->text, "accept", "hold", &last(draft)->accepts_unconfirmed);
}

/* Tokens and records leave unencrypted only to this machine. */
static bool
is_own_machine(const char *host)
{
    struct ip ip;
    return text_equal_nocase(host, "localhost") ||
           (ip_parse(host, &ip) == OK && ip_is_loopback(&ip));
}

enum err
config_take_url(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    char authority[PATH_LIMIT + 1];
    const char *text = node->text;
    bool uses_tls = text_starts(text, "https://");
    if ((!uses_tls && !text_starts(text, "http://")) || strlen(text) > PATH_LIMIT ||
        strpbrk(text, " \t\r\n#") != NULL) {
        return ERR_VALUE;
    }
    const char *begin = text + (uses_tls ? 8 : 7);
    size_t len = strcspn(begin, "/?");
    memcpy(authority, begin, len);
    authority[len] = '\0';
    if (strchr(authority, '@') != NULL) {
        note_set(note, "has a user or password in it; a token is kept by `gatehouse secret set`, "
                       "and token: has its name");
        return ERR_VALUE;
    }
    enum err err = take_host_port(draft, authority, uses_tls ? 443 : 80);
    if (err == OK && !uses_tls && !is_own_machine(last(draft)->host)) {
        note_set(note, "http:// would show token and events to everybody on the way; expected "
                       "https://, or http:// to 127.0.0.1 or localhost");
        return ERR_VALUE;
    }
    last(draft)->uses_tls = uses_tls;
    return err == OK ? keep(draft, text, &last(draft)->url) : err;
}

enum err
config_take_shape(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    last(draft)->has_shape = true;
    return choose(node->text, "elasticsearch", "splunk", &last(draft)->is_elasticsearch);
}

enum err
config_take_index(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return consists_of(node->text, LETTERS DIGITS "._-", TOKEN_LIMIT)
               ? keep(draft, node->text, &last(draft)->index)
               : ERR_VALUE;
}

enum err
config_take_token(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    size_t len = strlen(node->text);
    (void)note;
    return len != 0 && len <= TOKEN_LIMIT ? keep(draft, node->text, &last(draft)->token)
                                          : ERR_VALUE;
}

enum err
config_take_refused(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return choose(node->text, "aside", "stop", &last(draft)->sets_aside);
}

enum err
config_take_level(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    return siem_level_parse(node->text, &last(draft)->filter.least);
}

enum err
config_take_filter(struct config_draft *draft, const struct outline_node *node, struct note *note)
{
    static const struct {
        const char *pattern;
        enum siem_filter_part part;
    } rows[] = {
        {"destinations[].actions[]",  SIEM_FILTER_ACTION },
        {"destinations[].outcomes[]", SIEM_FILTER_OUTCOME},
        {"destinations[].cameras[]",  SIEM_FILTER_CAMERA },
        {"destinations[].users[]",    SIEM_FILTER_USER   },
    };
    const char *value = NULL;
    enum err err = keep(draft, node->text, &value);
    for (size_t i = 0; i < COUNT(rows) && err == OK; i++) {
        if (text_equal(rows[i].pattern, node->pattern)) {
            err = siem_filter_add(&last(draft)->filter, rows[i].part, value);
        }
    }
    if (err == ERR_LIMIT) {
        note_set(note, "is one too many; at most %d are taken", SIEM_FILTER_VALUES);
    }
    return err;
}
