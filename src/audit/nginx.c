/* nginx: server and location blocks that pass requests on to a VMS (nginx.org documentation). */
#include "audit/publish.h"
#include "audit/tree_block.h"
#include "base/ip.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct audit_sign signs[] = {
    {"@nginx.conf",    30},
    {"^server {",      40},
    {"^server{",       40},
    {"^listen ",       20},
    {"^server_name ",  20},
    {"^location ",     20},
    {"^proxy_pass ",   20},
    {"^upstream ",     20},
    {"^fastcgi_pass ", 20},
    {"^events",        10},
};

/* The nearest block around that has the directive. */
static const struct tree_node *
nearest(const struct tree_node *block, const char *name)
{
    for (; block != NULL; block = block->parent) {
        const struct tree_node *found = tree_get(block, name);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool
is_deny_all(const struct tree_node *block)
{
    bool denies = false;
    for (const struct tree_node *n = tree_next(block, NULL, NULL); n != NULL;
         n = tree_next(block, NULL, n)) {
        bool all = text_equal(n->value, "all") || text_equal(n->value, "0.0.0.0/0");
        if (text_equal(n->name, "allow") && all) {
            return false;
        }
        denies = denies || (text_equal(n->name, "deny") && text_equal(n->value, "all"));
    }
    return denies;
}

/* Files of settings that hold no log-in. */
static bool
is_plain_include(const char *path)
{
    static const char *const words[] = {"mime.types", "proxy_params", "proxy.conf", "proxy-headers",
        "fastcgi", "ssl", "letsencrypt", "websocket", "resolver", "uwsgi_params"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_contains(path, words[i])) {
            return true;
        }
    }
    return false;
}

/* An include may bring a log-in, but not one that is switched on from outside the server. */
static const struct tree_node *
unread_include(const struct tree_node *block)
{
    for (; block != NULL && !text_equal(block->name, "http"); block = block->parent) {
        for (const struct tree_node *n = tree_next(block, "include", NULL); n != NULL;
             n = tree_next(block, "include", n)) {
            if (!is_plain_include(n->value) && block->parent != NULL) {
                return n;
            }
        }
    }
    return NULL;
}

static void
find_guard(const struct tree_node *location, struct publication *out)
{
    static const struct {
        const char *name;
        enum guard guard;
    } rows[] = {
        {"auth_request",      GUARD_FORWARD },
        {"auth_basic",        GUARD_PASSWORD},
        {"auth_jwt",          GUARD_FORWARD },
        {"ssl_verify_client", GUARD_KEY     },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct tree_node *node = nearest(location, rows[i].name);
        if (node != NULL && !text_equal(node->value, "off") &&
            !text_starts(node->value, "optional")) {
            out->guard = rows[i].guard;
            out->guard_at = node;
            out->guard_name = publish_guard_name(node->value);
            return;
        }
        if (node != NULL && node->parent == location) {
            out->guard_at = node; /* switched off here on purpose: an include changes nothing */
        }
    }
    for (const struct tree_node *block = location; block != NULL; block = block->parent) {
        if (tree_get(block, "allow") != NULL || tree_get(block, "deny") != NULL) {
            out->guard = is_deny_all(block) ? GUARD_ADDRESSES : GUARD_NONE;
            break;
        }
    }
    if (out->guard == GUARD_NONE && out->guard_at == NULL && unread_include(location) != NULL) {
        out->guard = GUARD_UNKNOWN;
        out->guard_at = unread_include(location);
    }
}

/* "listen": TLS, and whether only this machine may come. */
static void
read_listen(const struct tree_node *server, struct publication *out)
{
    bool any = false;
    bool tls = text_equal(tree_text(server, "ssl"), "on");
    bool local = true;
    for (const struct tree_node *n = tree_next(server, "listen", NULL); n != NULL;
         n = tree_next(server, "listen", n)) {
        any = true;
        tls = tls || text_contains(n->value, " ssl") || text_contains(n->value, " quic");
        local = local && (text_starts(n->value, "127.") || text_starts(n->value, "localhost") ||
                             text_starts(n->value, "[::1]") || text_starts(n->value, "unix:"));
    }
    out->is_plain = !tls;
    out->is_local = any && local;
}

/* "set $name value" of the blocks around. */
static const char *
variable(const struct tree_node *block, const char *name, size_t len)
{
    for (; block != NULL; block = block->parent) {
        for (const struct tree_node *n = tree_next(block, "set", NULL); n != NULL;
             n = tree_next(block, "set", n)) {
            size_t word = strcspn(n->value, " ");
            if (word == len && strncmp(n->value, name, len) == 0 && n->value[word] == ' ') {
                return n->value + word + 1;
            }
        }
    }
    return NULL;
}

/* Fills in the variables that this file sets. */
static void
fill(const struct tree_node *block, const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text != '\0' && used + 1 < size) {
        size_t len = 1;
        const char *value = NULL;
        if (*text == '$') {
            len +=
                strspn(text + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
            value = variable(block, text, len);
        }
        int put = value != NULL ? snprintf(out + used, size - used, "%s", value)
                                : snprintf(out + used, size - used, "%.*s", (int)len, text);
        used += put < 0 ? 0 : (size_t)put;
        text += len;
    }
    out[used < size ? used : size - 1] = '\0';
}

/* The first server of "upstream NAME { server …; }", when the host is such a name. */
static const char *
upstream_of(const struct tree_node *root, const char *host)
{
    const struct tree_node *http = tree_get(root, "http");
    const struct tree_node *blocks[] = {root, http};
    for (size_t i = 0; i < COUNT(blocks) && blocks[i] != NULL; i++) {
        for (const struct tree_node *n = tree_next(blocks[i], "upstream", NULL); n != NULL;
             n = tree_next(blocks[i], "upstream", n)) {
            if (text_equal(n->value, host)) {
                return tree_text(n, "server");
            }
        }
    }
    return NULL;
}

static const struct tree_node *
enclosing(const struct tree_node *node, const char *name)
{
    while (node != NULL && !text_equal(node->name, name)) {
        node = node->parent;
    }
    return node;
}

static void
read_pass(struct audit_file *file, const struct tree_node *pass)
{
    const struct tree_node *location = pass->parent;
    const struct tree_node *server = enclosing(location, "server");
    const char *names = server == NULL ? NULL : tree_text(server, "server_name");
    char address[300];
    char words[700];
    struct publication row = {.at = pass, .proxy = "nginx"};
    bool is_location = text_equal(location->name, "location");
    if (server == NULL || tree_get(location, "internal") != NULL) {
        return;
    }
    fill(location, pass->value, address, sizeof(address));
    if (!publish_split(file, address, &row.host, &row.port)) {
        return;
    }
    const char *real = upstream_of(file->tree.root, row.host);
    (void)snprintf(words, sizeof(words), "%s %s %s %s", address, is_location ? location->value : "",
        names == NULL ? "" : names,
        tree_text(location, "alias") == NULL ? "" : tree_text(location, "alias"));
    if (real != NULL && !publish_split(file, real, &row.host, &row.port)) {
        return;
    }
    row.install = publish_target(file, row.host, row.port, words);
    if (row.install == NULL) {
        return;
    }
    row.domain = arena_copy_n(
        &file->audit->arena, names == NULL ? "" : names, names == NULL ? 0 : strcspn(names, " "));
    row.path = is_location ? location->value : "/";
    const struct tree_node *log = nearest(location, "access_log");
    row.is_unlogged = log != NULL && text_equal(log->value, "off");
    read_listen(server, &row);
    find_guard(location, &row);
    if (row.domain != NULL) {
        publish_add(file, &row);
    }
}

static bool
visit(void *context, const struct tree_node *node)
{
    if (text_equal(node->name, "proxy_pass") || text_equal(node->name, "fastcgi_pass")) {
        read_pass(context, node);
    }
    return true;
}

static void
read(struct audit_file *file)
{
    tree_walk(file->tree.root, visit, file);
}

const struct audit_format audit_nginx = {
    .phase = AUDIT_PROXY,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_block_nginx,
    .read = read,
};
