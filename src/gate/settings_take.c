/* One function for each sort of value of gateway.yaml. */
#include "gate/settings_take.h"

#include "base/text.h"
#include "evidence/stamp_send.h"

#include <string.h>

#define LINE_LIMIT 80
#define PATH_LIMIT 1024
#define HOST_LIMIT 253 /* RFC 1035 2.3.4 */

/* The last key of a path: "user" of "vms[0].user". */
static const char *
last_key(const struct outline_node *node)
{
    const char *dot = strrchr(node->pattern, '.');
    return dot == NULL ? node->pattern : dot + 1;
}

static struct settings_vms *
last_vms(struct settings_draft *draft)
{
    return &draft->settings->vms[draft->settings->vms_count - 1];
}

static enum err
keep(struct settings_draft *draft, const char *text, size_t len, const char **ret_text)
{
    *ret_text = arena_copy_n(draft->arena, text, len);
    return *ret_text == NULL ? ERR_MEMORY : OK;
}

enum err
settings_take_line(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    char clean[LINE_LIMIT + 1];
    size_t len = strlen(node->text);
    (void)note;
    if (len == 0 || len > LINE_LIMIT) {
        return ERR_VALUE;
    }
    text_clean(clean, sizeof(clean), node->text, len);
    if (!text_equal(clean, node->text) || text_is_empty(text_trim(clean))) {
        return ERR_VALUE;
    }
    bool is_site = text_equal(last_key(node), "site");
    return keep(draft, node->text, len, is_site ? &draft->settings->site : &last_vms(draft)->user);
}

static bool
is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* A name, an IPv4 address, or an IPv6 address; it goes into nginx's configuration as it is. */
static bool
is_host(const char *text, size_t len)
{
    char copy[HOST_LIMIT + 1];
    struct ip ip;
    if (len == 0 || len > HOST_LIMIT || text[0] == '-' || text[0] == '.') {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (!is_host_byte(text[i])) {
            return strchr(copy, '%') == NULL && strchr(copy, ':') != NULL &&
                   ip_parse(copy, &ip) == OK;
        }
    }
    return true;
}

enum err
settings_take_host(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    size_t len = strlen(node->text);
    (void)note;
    return is_host(node->text, len) ? keep(draft, node->text, len, &draft->settings->host)
                                    : ERR_VALUE;
}

enum err
settings_take_path(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    struct settings *settings = draft->settings;
    char clean[PATH_LIMIT + 1];
    size_t len = strlen(node->text);
    if (len == 0 || len > PATH_LIMIT) {
        return ERR_VALUE;
    }
    text_clean(clean, sizeof(clean), node->text, len);
    if (!text_equal(clean, node->text) || strpbrk(node->text, "\"\\$") != NULL) {
        note_set(note, "has a character that nginx would read otherwise (\", \\, $ or a control "
                       "character); expected a path without them");
        return ERR_VALUE;
    }
    const char *key = last_key(node);
    const char **place = text_equal(key, "ledger")        ? &settings->ledger
                         : text_equal(key, "tsa_roots")   ? &settings->tsa_roots
                         : text_equal(key, "evidence")    ? &settings->evidence
                         : text_equal(key, "certificate") ? &settings->certificate
                                                          : &settings->key;
    *place = settings_file(settings, node->text, draft->arena);
    return *place == NULL ? ERR_MEMORY : OK;
}

enum err
settings_take_switch(
    struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    const char *key = last_key(node);
    (void)note;
    bool is_on = text_equal(node->text, "yes") || text_equal(node->text, "true");
    if (!is_on && !text_equal(node->text, "no") && !text_equal(node->text, "false")) {
        return ERR_VALUE;
    }
    if (text_equal(key, "plain")) {
        draft->settings->is_plain = is_on;
    } else {
        last_vms(draft)->allows_webrtc = is_on;
    }
    return OK;
}

enum err
settings_take_net(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    if (text_equal(node->text, "refuse") || text_equal(node->text, "record")) {
        draft->settings->net = node->text[2] == 'f' ? NET_REFUSE : NET_RECORD;
        return OK;
    }
    return ERR_VALUE;
}

enum err
settings_take_number(
    struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    struct settings *settings = draft->settings;
    const struct {
        const char *key;
        unsigned *place;
        uint64_t most;
    } rows[] = {
        {"idle_minutes",   &settings->idle_minutes,   720},
        {"session_hours",  &settings->session_hours,  24 },
        {"stepup_minutes", &settings->stepup_minutes, 60 },
    };
    (void)note;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 0;
        if (text_equal(rows[i].key, last_key(node))) {
            if (text_to_u64(node->text, rows[i].most, &value) != OK || value == 0) {
                return ERR_VALUE;
            }
            *rows[i].place = (unsigned)value;
        }
    }
    return OK;
}

enum err
settings_take_proxy(
    struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    struct net net;
    char text[IP_TEXT];
    if (net_parse(node->text, &net) != OK || net.ip.zone != 0) {
        return ERR_VALUE;
    }
    if (net.bits == 0) {
        note_set(note, "would trust everybody's word on addresses; expected the proxy's own");
        return ERR_VALUE;
    }
    if (draft->proxy_count + 1 == COUNT(draft->proxies)) {
        note_set(note, "is one too many; at most 31 are read");
        return ERR_LIMIT;
    }
    (void)net_text(&net, text);
    return keep(draft, text, strlen(text), &draft->proxies[draft->proxy_count++]);
}

enum err
settings_take_tsa(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    struct note ignored = {""};
    (void)note;
    if (stamp_server_check(node->text, &ignored) != OK) {
        return ERR_VALUE;
    }
    return keep(draft, node->text, strlen(node->text), &draft->settings->tsa);
}

enum err
settings_take_vms(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)node;
    if (draft->settings->vms_count == POLICY_VMS) {
        note_set(note, "is one too many; a gateway guards at most %d", POLICY_VMS);
        return ERR_LIMIT;
    }
    draft->settings->vms_count++;
    return OK;
}

/* It is also the name of a file and a word of nginx's configuration. */
static bool
is_name(const char *text)
{
    size_t len = strlen(text);
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    return len != 0 && len < POLICY_NAME && good == len && text[0] != '-';
}

enum err
settings_take_name(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    const struct settings *settings = draft->settings;
    if (!is_name(node->text)) {
        return ERR_VALUE;
    }
    for (size_t i = 0; i + 1 < settings->vms_count; i++) {
        if (text_equal_nocase(settings->vms[i].name, node->text)) {
            note_set(note, "\"%s\" is the name of two; expected one of its own", node->text);
            return ERR_VALUE;
        }
    }
    return keep(draft, node->text, strlen(node->text), &last_vms(draft)->name);
}

enum err
settings_take_type(struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    (void)note;
    if (vms_gate_find(node->text) == NULL) {
        return ERR_VALUE;
    }
    return keep(draft, node->text, strlen(node->text), &last_vms(draft)->type);
}

/* "HOST" or "HOST:PORT", an IPv6 address in brackets; port 0: none was given. */
static enum err
split_port(const char *text, size_t len, char host[HOST_LIMIT + 1], uint16_t *ret_port)
{
    bool has_brackets = len != 0 && text[0] == '[';
    const char *close = has_brackets ? memchr(text, ']', len) : NULL;
    const char *begin = has_brackets ? text + 1 : text;
    const char *end = has_brackets ? close : memchr(text, ':', len);
    const char *rest = has_brackets && close != NULL ? close + 1 : end;
    char port[8] = "";
    uint64_t number = 0;
    if ((has_brackets && close == NULL) || (rest != NULL && rest != text + len && *rest != ':')) {
        return ERR_VALUE;
    }
    end = end == NULL ? text + len : end;
    if (!is_host(begin, (size_t)(end - begin)) ||
        has_brackets != (memchr(begin, ':', (size_t)(end - begin)) != NULL)) {
        return ERR_VALUE;
    }
    if (rest != NULL && rest != text + len) {
        size_t digits = (size_t)(text + len - rest) - 1;
        if (digits == 0 || digits >= sizeof(port)) {
            return ERR_VALUE;
        }
        memcpy(port, rest + 1, digits);
        if (text_to_u64(port, UINT16_MAX, &number) != OK || number == 0) {
            return ERR_VALUE;
        }
    }
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *ret_port = (uint16_t)number;
    return OK;
}

enum err
settings_take_upstream(
    struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    struct settings_vms *vms = last_vms(draft);
    const char *text = node->text;
    char host[HOST_LIMIT + 1];
    bool uses_tls = text_starts(text, "https://");
    if (!uses_tls && !text_starts(text, "http://")) {
        return ERR_VALUE;
    }
    const char *begin = text + (uses_tls ? 8 : 7);
    size_t len = strcspn(begin, "/?#");
    if (memchr(begin, '@', len) != NULL) {
        note_set(note, "has a user or password in it; expected only http://HOST:PORT; gatehouse "
                       "gateway init keeps the password");
        return ERR_VALUE;
    }
    if (!text_is_empty(begin + len) && !text_equal(begin + len, "/")) {
        return ERR_VALUE;
    }
    if (split_port(begin, len, host, &vms->port) != OK) {
        return ERR_VALUE;
    }
    vms->port = vms->port != 0 ? vms->port : uses_tls ? 443 : 80;
    vms->upstream_tls = uses_tls;
    if (ip_parse(host, &vms->address) != OK) {
        vms->address.family = 0; /* a name: settings_read() looks it up */
    }
    bool is_bare = strchr(host, ':') != NULL;
    vms->upstream = arena_format(draft->arena, "%s://%s%s%s:%u", uses_tls ? "https" : "http",
        is_bare ? "[" : "", host, is_bare ? "]" : "", vms->port);
    return vms->upstream == NULL ? ERR_MEMORY : OK;
}

enum err
settings_take_listen(
    struct settings_draft *draft, const struct outline_node *node, struct note *note)
{
    const struct settings *settings = draft->settings;
    char host[HOST_LIMIT + 1];
    uint16_t port = 0;
    struct ip ip;
    if (split_port(node->text, strlen(node->text), host, &port) != OK || port == 0 ||
        ip_parse(host, &ip) != OK) {
        return ERR_VALUE;
    }
    for (size_t i = 0; i + 1 < settings->vms_count; i++) {
        if (text_equal(settings->vms[i].listen, node->text)) {
            note_set(note,
                "\"%s\" is taken by another VMS; expected an address and port of its own",
                node->text);
            return ERR_VALUE;
        }
    }
    return keep(draft, node->text, strlen(node->text), &last_vms(draft)->listen);
}
