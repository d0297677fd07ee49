/* Caddyfile: sites that pass requests on to a VMS (Caddy documentation: Caddyfile directives). */
#include "audit/publish.h"
#include "audit/tree_block.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct audit_sign signs[] = {
    {"@Caddyfile*",     50},
    {"@*.caddy*",       40},
    {"^reverse_proxy ", 50},
    {"^forward_auth ",  30},
    {"^basic_auth",     20},
    {"^basicauth",      20},
    {"^tls internal",   20},
    {"^encode ",        10},
};

/* The site block around; NULL for a snippet or the global options. */
static const struct tree_node *
site_of(const struct tree_node *node)
{
    while (node->parent != NULL && node->parent->parent != NULL) {
        node = node->parent;
    }
    return node->first == NULL || node->name[0] == '(' || node->name[0] == '\0' ? NULL : node;
}

/* "import NAME": the snippet "(NAME)" of the same file. */
static const struct tree_node *
snippet(const struct tree_node *root, const char *name)
{
    char quoted[TREE_NAME];
    (void)snprintf(quoted, sizeof(quoted), "(%.*s)", (int)strcspn(name, " "), name);
    return tree_get(root, quoted);
}

static bool
is_path(const char *word)
{
    return word[0] == '/' && !text_equal(word, "/*");
}

/* A guard for some paths only, or behind a named matcher, is none for the others. */
static bool
take_guard(const struct tree_node *node, enum guard guard, struct publication *out)
{
    if (is_path(node->value) || node->value[0] == '@') {
        out->guard = out->guard == GUARD_NONE ? GUARD_UNKNOWN : out->guard;
        out->guard_at = node;
        return false;
    }
    out->guard = guard;
    out->guard_at = node;
    out->guard_name = guard == GUARD_FORWARD ? publish_guard_name(node->value) : NULL;
    return true;
}

/* The directives of one block, and of the snippets that it imports. */
static bool
guard_in(const struct tree_node *root, const struct tree_node *block, struct publication *out)
{
    static const struct {
        const char *name;
        enum guard guard;
    } rows[] = {
        {"forward_auth", GUARD_FORWARD },
        {"basic_auth",   GUARD_PASSWORD},
        {"basicauth",    GUARD_PASSWORD},
        {"authorize",    GUARD_FORWARD },
        {"authenticate", GUARD_FORWARD },
    };
    for (const struct tree_node *n = tree_next(block, NULL, NULL); n != NULL;
         n = tree_next(block, NULL, n)) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            if (text_equal(n->name, rows[i].name) && take_guard(n, rows[i].guard, out)) {
                return true;
            }
        }
        if (text_equal(n->name, "tls") && tree_get(n, "client_auth") != NULL) {
            return take_guard(n, GUARD_KEY, out);
        }
        const struct tree_node *other =
            text_equal(n->name, "import") ? snippet(root, n->value) : NULL;
        if (other != NULL && other != block && guard_in(root, other, out)) {
            return true;
        }
        if (text_equal(n->name, "import") && other == NULL) {
            out->guard = GUARD_UNKNOWN;
            out->guard_at = n;
        }
    }
    return false;
}

static void
find_guard(const struct tree_node *root, const struct tree_node *block, struct publication *out)
{
    for (; block != NULL && block->parent != NULL; block = block->parent) {
        if (guard_in(root, block, out)) {
            return;
        }
    }
}

/* The path of the nearest handle or the matcher of the directive itself. */
static const char *
path_of(const struct tree_node *pass)
{
    for (const struct tree_node *n = pass; n->parent != NULL; n = n->parent) {
        bool handles = text_starts(n->name, "handle") || text_equal(n->name, "route") || n == pass;
        if (handles && n->value[0] == '/') {
            return n->value;
        }
    }
    return "/";
}

static void
read_pass(struct audit_file *file, const struct tree_node *pass)
{
    const struct tree_node *site = site_of(pass);
    struct publication row = {.at = pass, .proxy = "Caddy"};
    const char *address = pass->value;
    char words[700];
    if (site == NULL) {
        return;
    }
    if (address[0] == '/' || address[0] == '@' || address[0] == '*') {
        address += strcspn(address, " ");
        address += strspn(address, " ");
    }
    const char *to = tree_text(pass, "to");
    address = address[0] == '\0' && to != NULL ? to : address;
    if (!publish_split(file, address, &row.host, &row.port)) {
        return;
    }
    (void)snprintf(
        words, sizeof(words), "%.200s %.200s %.200s", address, site->name, path_of(pass));
    row.install = publish_target(file, row.host, row.port, words);
    if (row.install == NULL) {
        return;
    }
    const char *name = site->name;
    row.is_plain = text_starts(name, "http://") || text_starts(name, ":80");
    const char *scheme = strstr(name, "://");
    name = scheme == NULL ? name : scheme + 3;
    row.is_local = text_starts(name, "localhost") || text_starts(name, "127.");
    row.domain = arena_copy_n(&file->audit->arena, name, strcspn(name, ",: /"));
    row.path = path_of(pass);
    row.is_unlogged = tree_get(site, "log") == NULL && tree_get(site, "import") == NULL;
    find_guard(file->tree.root, pass->parent, &row);
    if (row.domain != NULL) {
        publish_add(file, &row);
    }
}

static bool
visit(void *context, const struct tree_node *node)
{
    if (text_equal(node->name, "reverse_proxy")) {
        read_pass(context, node);
    }
    return true;
}

/* A file of one site may do without braces: its address is the first line. */
static void
wrap_single(struct tree *tree)
{
    struct tree_node *site = tree->root->first;
    bool has_block = false;
    for (struct tree_node *n = site; n != NULL; n = n->next) {
        has_block = has_block || text_equal(n->name, "reverse_proxy");
    }
    if (site == NULL || !has_block || site->first != NULL) {
        return;
    }
    site->first = site->next;
    site->last = tree->root->last;
    site->next = NULL;
    tree->root->last = site;
    for (struct tree_node *n = site->first; n != NULL; n = n->next) {
        n->parent = site;
    }
}

static void
read(struct audit_file *file)
{
    wrap_single(&file->tree);
    tree_walk(file->tree.root, visit, file);
}

const struct audit_format audit_caddy = {
    .phase = AUDIT_PROXY,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_block_caddy,
    .read = read,
};
