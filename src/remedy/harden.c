/* The rows of harden.def, and which of them a file fails. */
#include "remedy/harden.h"

#include "audit/install.h"
#include "audit/tree_lines.h"
#include "audit/tree_yaml.h"
#include "base/ip.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEAK_LEN 12

// clang-format off
const struct harden_row harden_rows[] = {
#define HARDEN(id, format, place, test, bad, value, rule, fact, told, flags, words, notices)       \
    {#id, format, place, HARDEN_##test, FACT_##fact, told, bad, value, rule, words, notices, flags},
#include "remedy/harden.def"
#undef HARDEN
};
// clang-format on
const size_t harden_row_count = COUNT(harden_rows);

const struct harden_row *
harden_row(const char *id)
{
    for (size_t i = 0; i < harden_row_count; i++) {
        if (text_equal(harden_rows[i].id, id)) {
            return &harden_rows[i];
        }
    }
    return NULL;
}

/* The parser of the formats that have rows. */
static tree_parse_fn *
parser_of(const char *format)
{
    static const struct {
        const char *format;
        tree_parse_fn *parse;
    } parsers[] = {
        {"frigate",   tree_yaml     },
        {"compose",   tree_yaml     },
        {"shinobi",   tree_yaml     },
        {"nxwitness", tree_lines_ini},
    };
    for (size_t i = 0; i < COUNT(parsers); i++) {
        if (text_equal(parsers[i].format, format)) {
            return parsers[i].parse;
        }
    }
    return NULL;
}

static struct tree_node *
child_of(struct tree_node *node, const char *name, size_t len)
{
    for (struct tree_node *n = node->first; n != NULL; n = n->next) {
        if (strlen(n->name) == len && memcmp(n->name, name, len) == 0 && !n->is_merged) {
            return n;
        }
    }
    return NULL;
}

/* The nearest node on the way to path; what is left of the path in *ret_rest ("": it is there). */
static struct tree_node *
walk_to(struct tree_node *node, const char *path, const char **ret_rest)
{
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        struct tree_node *child = child_of(node, path, len);
        if (child == NULL) {
            break;
        }
        node = child;
        path += len + (path[len] == '/' ? 1 : 0);
    }
    *ret_rest = path;
    return node;
}

static bool
is_switch(const char *text, bool wanted)
{
    bool value = !wanted;
    return text_to_bool(text, &value) == OK && value == wanted;
}

/* Versions of TLS that are broken, as the audit names them. */
static bool
is_old_tls(const char *value)
{
    return text_contains_nocase(value, "SSLv") || text_contains_nocase(value, "TLSv1|") ||
           text_equal_nocase(value, "TLSv1");
}

static bool
is_bad(const struct harden_row *row, const char *value)
{
    switch (row->test) {
    case HARDEN_TRUE:
        return is_switch(value, true);
    case HARDEN_FALSE:
        return is_switch(value, false);
    case HARDEN_EQUALS:
        return text_equal_nocase(value, row->bad);
    case HARDEN_STARTS:
        return text_starts(value, row->bad);
    case HARDEN_WEAK:
        return text_starts(value, row->bad) || strlen(value) < WEAK_LEN;
    case HARDEN_SET:
        return value[0] != '\0';
    case HARDEN_OLD_TLS:
        return is_old_tls(value);
    case HARDEN_LIMIT:
        return value[0] == '\0';
    case HARDEN_OPEN:
    case HARDEN_STREAM:
        break;
    }
    return false;
}

/* A place of the file that a row fails; NULL when there is no room. */
static struct harden_found *
add_found(struct harden_file *file, const struct harden_row *row, struct tree_node *node)
{
    if (file->found_count == HARDEN_FOUND) {
        return NULL;
    }
    struct harden_found *found = &file->found[file->found_count++];
    *found = (struct harden_found){
        .row = row,
        .node = node,
        .rest = "",
        .was = node->value,
        .value = row->value,
        .line = node->line,
    };
    (void)tree_path(node, found->place, sizeof(found->place));
    return found;
}

static void
add_missing(struct harden_file *file, const struct harden_row *row, struct tree_node *parent,
    const char *rest)
{
    struct harden_found *found = add_found(file, row, parent);
    if (found != NULL) {
        size_t used = strlen(found->place);
        found->node = NULL;
        found->parent = parent;
        found->rest = rest;
        found->was = "";
        (void)snprintf(
            found->place + used, sizeof(found->place) - used, "%s%s", used == 0 ? "" : ".", rest);
        for (char *c = found->place; *c != '\0'; c++) {
            *c = *c == '/' ? '.' : *c;
        }
    }
}

/* Log-ins and their limit came with Frigate 0.14; an older one refuses a file with "auth". */
static bool
knows_limit(struct tree_node *root)
{
    const char *version = tree_text(root, "version");
    char *end = NULL;
    if (tree_get(root, "auth") != NULL) {
        return true;
    }
    return text_starts(version, "0.") && strtoul(version + 2, &end, 10) >= 14 && *end == '-';
}

/* One place, or every key of one. */
static void
find_value(struct harden_file *file, const struct harden_row *row, struct tree_node *root)
{
    const char *rest = NULL;
    struct tree_node *node = walk_to(root, row->place, &rest);
    if (text_equal(rest, "*")) {
        for (struct tree_node *n = node->first; n != NULL; n = n->next) {
            if (n->first == NULL && is_bad(row, n->value)) {
                (void)add_found(file, row, n);
            }
        }
        return;
    }
    if (rest[0] == '\0' && node->first == NULL && is_bad(row, node->value)) {
        (void)add_found(file, row, node);
    } else if (rest[0] != '\0' && row->test == HARDEN_LIMIT && knows_limit(root)) {
        add_missing(file, row, node, rest);
    }
}

/* The part of a short port that begins at text; variables and brackets have colons of their own. */
static size_t
part_len(const char *text)
{
    size_t len = 0;
    unsigned depth = 0;
    for (; text[len] != '\0' && (text[len] != ':' || depth != 0); len++) {
        depth += text[len] == '{' || text[len] == '[' ? 1U : 0U;
        depth -= (text[len] == '}' || text[len] == ']') && depth != 0 ? 1U : 0U;
    }
    return len;
}

/* "5000", "5000-5001", "${PORT:-5000}": whether a port among them has that door. */
static bool
has_door(const char *text, enum door door)
{
    const char *start = text_starts(text, "${") ? strstr(text, ":-") : text;
    char *end = NULL;
    if (start == NULL) {
        return false;
    }
    start += start == text ? 0 : 2;
    unsigned long first = strtoul(start, &end, 10);
    unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
    for (unsigned long port = first; port <= last && port <= UINT16_MAX && port - first < 1000;
         port++) {
        if (install_door(PRODUCT_FRIGATE, (unsigned)port) == door) {
            return true;
        }
    }
    return false;
}

static bool
is_loopback(const char *host, size_t len)
{
    char text[80];
    struct ip ip;
    bool bracket = len > 1 && host[0] == '[';
    len -= bracket ? 2 : 0;
    (void)snprintf(
        text, sizeof(text), "%.*s", (int)(len < 79 ? len : 79), bracket ? host + 1 : host);
    return text_equal(text, "localhost") || (ip_parse(text, &ip) == OK && ip_is_loopback(&ip));
}

/* [HOST:][OUTSIDE:]INSIDE[/PROTOCOL]: the same with the host 127.0.0.1 (Compose specification). */
static void
find_short(struct harden_file *file, const struct harden_row *row, struct tree_node *node)
{
    const char *parts[3] = {node->value};
    enum door door = row->test == HARDEN_OPEN ? DOOR_OPEN : DOOR_STREAM;
    size_t count = 1;
    size_t host = part_len(node->value);
    for (const char *at = node->value; at[part_len(at)] == ':' && count < 3; count++) {
        at += part_len(at) + 1;
        parts[count] = at;
    }
    if (text_ends(node->value, "/udp") || !has_door(parts[count - 1], door) ||
        (count == 3 && is_loopback(node->value, host))) {
        return;
    }
    struct harden_found *found = add_found(file, row, node);
    if (found != NULL) {
        found->value = arena_format(file->arena, "127.0.0.1:%s%s", count == 1 ? ":" : "",
            count == 3 ? parts[1] : node->value);
    }
}

/* target, published, host_ip as keys. */
static void
find_long(struct harden_file *file, const struct harden_row *row, struct tree_node *node)
{
    const char *target = tree_text(node, "target");
    struct tree_node *host = child_of(node, "host_ip", strlen("host_ip"));
    enum door door = row->test == HARDEN_OPEN ? DOOR_OPEN : DOOR_STREAM;
    if (target == NULL || text_equal(tree_text(node, "protocol"), "udp") ||
        !has_door(target, door)) {
        return;
    }
    if (host == NULL) {
        add_missing(file, row, node, "host_ip");
    } else if (!is_loopback(host->value, strlen(host->value))) {
        (void)add_found(file, row, host);
    }
}

static void
find_ports(struct harden_file *file, const struct harden_row *row, struct tree_node *root)
{
    struct tree_node *services = child_of(root, "services", strlen("services"));
    for (struct tree_node *n = services == NULL ? NULL : services->first; n != NULL; n = n->next) {
        const char *image = tree_text(n, "image");
        struct tree_node *ports = child_of(n, "ports", strlen("ports"));
        if (install_product(image == NULL ? n->name : image) != PRODUCT_FRIGATE || ports == NULL) {
            continue;
        }
        for (struct tree_node *p = ports->first; p != NULL; p = p->next) {
            if (p->first == NULL) {
                find_short(file, row, p);
            } else {
                find_long(file, row, p);
            }
        }
    }
}

static void
find(struct harden_file *file, const struct harden_row *row)
{
    struct tree_node *root = file->tree.root;
    struct tree_node *general = child_of(root, "General", strlen("General"));
    if (row->test == HARDEN_OPEN || row->test == HARDEN_STREAM) {
        find_ports(file, row, root);
        return;
    }
    if ((row->flags & HARDEN_UNSECRET) != 0 && tree_get(root, "proxy/auth_secret") != NULL) {
        return;
    }
    find_value(file, row, root);
    if (general != NULL && text_equal(row->format, "nxwitness")) {
        find_value(file, row, general);
    }
}

enum err
harden_read(
    struct harden_file *file, const char *format, const char *bytes, size_t len, struct note *note)
{
    tree_parse_fn *parse = parser_of(format);
    if (parse == NULL) {
        note_set(note, "files of the format %.40s are not edited", format);
        return ERR_UNSUPPORTED;
    }
    if (len >= 2 && ((uint8_t)bytes[0] >= 0xfe || memchr(bytes, '\0', len) != NULL)) {
        note_set(note, "its characters are not UTF-8");
        return ERR_UNSUPPORTED;
    }
    file->format = format;
    file->bytes = bytes;
    file->len = len;
    file->found_count = 0;
    enum err err = tree_init(&file->tree, file->arena);
    err = err != OK ? err : parse(&file->tree, bytes, len);
    if (err != OK) {
        note_set(note, "line %u: %s", file->tree.mistake_line, file->tree.mistake.text);
        return err;
    }
    for (size_t i = 0; i < harden_row_count; i++) {
        if (text_equal(harden_rows[i].format, format)) {
            find(file, &harden_rows[i]);
        }
    }
    return OK;
}
