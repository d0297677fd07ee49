/* Traefik: dynamic configuration in YAML, TOML or labels (Traefik documentation: routers,
 * middlewares). */
#include "audit/traefik.h"

#include "audit/publish.h"
#include "audit/tree_toml.h"
#include "audit/tree_yaml.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct audit_sign signs[] = {
    {"@*traefik*",        20},
    {"^routers:",         40},
    {"^middlewares:",     20},
    {"^loadBalancer:",    20},
    {"[http.routers",     60},
    {"[http.middlewares", 40},
    {"^entryPoints:",     40},
    {"[entryPoints",      40},
    {"^providers:",       10},
    {"rule: ",            10},
};

static enum err
parse(struct tree *tree, const char *bytes, size_t len)
{
    bool is_toml = len != 0 && bytes[0] == '[';
    for (const char *at = bytes; !is_toml && at != NULL && at < bytes + len;) {
        at = memchr(at, '\n', len - (size_t)(at - bytes));
        at = at == NULL ? NULL : at + 1;
        is_toml = at != NULL && at < bytes + len && *at == '[';
    }
    return is_toml ? tree_toml(tree, bytes, len) : tree_yaml(tree, bytes, len);
}

/* "Host(`cams.example.org`) && PathPrefix(`/api`)": what stands between the quotes behind a word.
 */
static const char *
argument(struct audit_file *file, const char *rule, const char *word)
{
    const char *at = rule == NULL ? NULL : strstr(rule, word);
    size_t len = 0;
    if (at != NULL) {
        at += strlen(word);
        at += strspn(at, "(`\"' ");
        len = strcspn(at, "`\"',) ");
    }
    return arena_copy_n(&file->audit->arena, at == NULL ? "" : at, len);
}

/* The middleware of that name here or in another file that was read. */
static const struct tree_node *
find_middleware(const struct audit *audit, const struct tree_node *root, const char *name)
{
    char path[TREE_NAME];
    (void)snprintf(path, sizeof(path), "http/middlewares/%.*s", (int)strcspn(name, "@"), name);
    const struct tree_node *found = tree_get(root, path);
    for (size_t i = 0; found == NULL && i < audit->traefik_count; i++) {
        found = tree_get(audit->traefik[i], path);
    }
    return found;
}

static void take_middleware(const struct audit *audit, const struct tree_node *root,
    const struct tree_node *at, unsigned depth, struct publication *out);

/* A list, or names in one value with commas between. */
static void
take_names(const struct audit *audit, const struct tree_node *root, const struct tree_node *list,
    unsigned depth, struct publication *out)
{
    if (list == NULL) {
        return;
    }
    if (list->first == NULL) {
        struct tree_node part = *list;
        char name[TREE_NAME];
        for (const char *at = list->value; *at != '\0'; at += strspn(at, ", ")) {
            size_t len = strcspn(at, ", ");
            (void)snprintf(name, sizeof(name), "%.*s", (int)(len < 200 ? len : 200), at);
            part.value = name;
            take_middleware(audit, root, &part, depth, out);
            out->guard_at = out->guard_at == &part ? list : out->guard_at;
            at += len;
        }
    }
    for (const struct tree_node *n = list->first; n != NULL; n = n->next) {
        take_middleware(audit, root, n, depth, out);
    }
}

static void
take_middleware(const struct audit *audit, const struct tree_node *root, const struct tree_node *at,
    unsigned depth, struct publication *out)
{
    static const struct {
        const char *name;
        enum guard guard;
    } rows[] = {
        {"forwardAuth", GUARD_FORWARD  },
        {"forwardauth", GUARD_FORWARD  },
        {"basicAuth",   GUARD_PASSWORD },
        {"basicauth",   GUARD_PASSWORD },
        {"digestAuth",  GUARD_PASSWORD },
        {"digestauth",  GUARD_PASSWORD },
        {"ipAllowList", GUARD_ADDRESSES},
        {"ipallowlist", GUARD_ADDRESSES},
        {"ipWhiteList", GUARD_ADDRESSES},
        {"ipwhitelist", GUARD_ADDRESSES},
    };
    const struct tree_node *middleware = find_middleware(audit, root, at->value);
    if (middleware == NULL) {
        out->guard = out->guard == GUARD_NONE ? GUARD_UNKNOWN : out->guard;
        return;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct tree_node *node = tree_get(middleware, rows[i].name);
        if (node != NULL) {
            const char *address = tree_text(node, "address");
            out->guard = rows[i].guard;
            out->guard_at = middleware->line == 0 ? NULL : at;
            out->guard_name = rows[i].guard == GUARD_FORWARD ? publish_guard_name(address) : NULL;
            return;
        }
    }
    if (depth < 4) {
        take_names(audit, root, tree_get(middleware, "chain/middlewares"), depth + 1, out);
    }
}

/* "websecure" is what everyone calls the entry point with TLS. */
static bool
is_plain(const struct tree_node *router)
{
    const struct tree_node *tls = tree_get(router, "tls");
    const struct tree_node *points = tree_get(router, "entryPoints");
    points = points == NULL ? tree_get(router, "entrypoints") : points;
    if (tls != NULL && !text_equal(tls->value, "false")) {
        return false;
    }
    for (const struct tree_node *n = points == NULL ? NULL : points->first; n != NULL;
         n = n->next) {
        if (text_contains(n->value, "secure") || text_contains(n->value, "https")) {
            return false;
        }
    }
    return points != NULL && !text_contains(points->value, "secure") &&
           !text_contains(points->value, "https");
}

static const char *
target_of(const struct tree_node *root, const struct tree_node *router, char *out, size_t size)
{
    char path[TREE_NAME];
    const char *name = tree_text(router, "service");
    (void)snprintf(path, sizeof(path), "http/services/%.*s",
        (int)(name == NULL ? 0 : strcspn(name, "@")), name == NULL ? "" : name);
    const struct tree_node *service = name == NULL ? NULL : tree_get(root, path);
    const struct tree_node *services = tree_get(root, "http/services");
    service = service == NULL && services != NULL && services->first == services->last
                  ? services->first
                  : service;
    const struct tree_node *balancer = service == NULL ? NULL : tree_get(service, "loadBalancer");
    balancer = balancer == NULL && service != NULL ? tree_get(service, "loadbalancer") : balancer;
    if (balancer == NULL) {
        return NULL;
    }
    const char *url = tree_text(balancer, "servers/*/url");
    const char *port = tree_text(balancer, "server/port");
    if (url == NULL && port != NULL) {
        (void)snprintf(out, size, "container:%s", port);
        return out;
    }
    return url;
}

void
traefik_read(struct audit_file *file, const struct tree_node *root, const char *service)
{
    const struct tree_node *routers = tree_get(root, "http/routers");
    /* Publications are judged when every file is read: they keep nothing of the caller's. */
    service = arena_copy(&file->audit->arena, service);
    for (const struct tree_node *n = tree_next(routers, NULL, NULL); n != NULL;
         n = tree_next(routers, NULL, n)) {
        struct publication row = {.at = n, .proxy = "Traefik"};
        char text[80];
        char words[700];
        const char *rule = tree_text(n, "rule");
        const char *address = target_of(root, n, text, sizeof(text));
        row.host = service == NULL ? "" : service;
        if (address != NULL && !publish_split(file, address, &row.host, &row.port)) {
            continue;
        }
        row.host = service == NULL ? row.host : service;
        (void)snprintf(words, sizeof(words), "%.200s %.200s %.200s", n->name,
            rule == NULL ? "" : rule, service == NULL ? "" : service);
        row.install = publish_target(file, row.host, row.port, words);
        if (row.install == NULL) {
            continue;
        }
        row.domain = argument(file, rule, "Host");
        const char *path = argument(file, rule, "Path");
        const char *prefix = argument(file, rule, "PathPrefix");
        path = text_is_empty(prefix) ? path : prefix;
        row.path = text_is_empty(path) ? "/" : path;
        row.is_plain = is_plain(n);
        take_names(file->audit, root, tree_get(n, "middlewares"), 0, &row);
        if (row.domain != NULL) {
            publish_add(file, &row);
        }
    }
}

void
traefik_keep(struct audit_file *file, const struct tree_node *root)
{
    struct audit *audit = file->audit;
    if (audit->traefik_count < COUNT(audit->traefik)) {
        audit->traefik[audit->traefik_count++] = root;
    }
}

static void
read(struct audit_file *file)
{
    traefik_read(file, file->tree.root, NULL);
}

const struct audit_format audit_traefik = {
    .phase = AUDIT_PROXY,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = parse,
    .read = read,
};
