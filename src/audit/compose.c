/* Docker compose files: which doors of a VMS are published to whom (Compose specification). */
#include "audit/quote.h"
#include "audit/say.h"
#include "audit/traefik.h"
#include "audit/tree_yaml.h"
#include "base/ip.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct audit_sign signs[] = {
    {"@*compose*.y*ml",  40},
    {"^services:",       30},
    {"^image:",          10},
    {"^ports:",          10},
    {"^container_name:", 10},
};

struct published {
    unsigned first, last; /* ports inside */
    unsigned outside;     /* first port outside; 0: not known */
    bool is_local;        /* bound to this machine only */
};

/* "5000", "5000-5001"; 0 when it is no number. */
static unsigned
number_of(const char *text, unsigned *ret_last)
{
    char *end = NULL;
    unsigned long first = strtoul(text, &end, 10);
    *ret_last = 0;
    if (end == text || first == 0 || first > 65535) {
        return 0;
    }
    unsigned long last = first;
    if (*end == '-') {
        last = strtoul(end + 1, NULL, 10);
    }
    *ret_last = last >= first && last <= 65535 ? (unsigned)last : (unsigned)first;
    return (unsigned)first;
}

/* The default of the variable that begins at *text, "${PORT:-5000}"; moves *text behind it. */
static size_t
default_of(const char **text, const char **ret_start)
{
    const char *end = strchr(*text, '}');
    const char *mark = strstr(*text, ":-");
    bool has_default = end != NULL && mark != NULL && mark < end;
    *ret_start = has_default ? mark + 2 : *text;
    *text = end == NULL ? *text + 2 : end + 1;
    return has_default ? (size_t)(end - *ret_start) : 0;
}

/* What stands for "${PORT:-5000}" when nobody sets PORT: its default. */
static void
fill_default(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (const char *c = text; *c != '\0' && used + 1 < size;) {
        const char *start = c;
        size_t len = text_starts(c, "${") ? default_of(&c, &start) : 1;
        c += start == c ? 1 : 0;
        len = len < size - 1 - used ? len : size - 1 - used;
        memcpy(out + used, start, len);
        used += len;
    }
    out[used] = '\0';
}

static bool
is_loopback(const char *host)
{
    struct ip ip;
    return text_equal(host, "localhost") || (ip_parse(host, &ip) == OK && ip_is_loopback(&ip));
}

/* Short form: [HOST:][OUTSIDE:]INSIDE[/PROTOCOL] (Compose specification, ports). */
static bool
parse_short(const char *value, struct published *out)
{
    char text[128];
    fill_default(value, text, sizeof(text));
    text[strcspn(text, "/")] = '\0';
    char *inside = strrchr(text, ':');
    char *outside = NULL;
    char *host = NULL;
    unsigned last = 0;
    if (inside != NULL) {
        *inside++ = '\0';
        outside = strrchr(text, ':');
        if (outside != NULL && strchr(outside, ']') == NULL) {
            *outside++ = '\0';
            host = text;
        } else {
            outside = text;
        }
    }
    if (host != NULL && host[0] == '[') {
        host[strcspn(host, "]")] = '\0';
        host++;
    }
    out->first = number_of(inside == NULL ? text : inside, &out->last);
    out->outside = outside == NULL ? 0 : number_of(outside, &last);
    out->is_local = host != NULL && is_loopback(host);
    return out->first != 0;
}

static bool
parse_port(const struct tree_node *node, struct published *out)
{
    *out = (struct published){0};
    if (node->first == NULL) {
        return parse_short(node->value, out);
    }
    const char *target = tree_text(node, "target");
    const char *published = tree_text(node, "published");
    const char *host = tree_text(node, "host_ip");
    unsigned last = 0;
    if (text_equal(tree_text(node, "protocol"), "udp")) {
        return false;
    }
    out->first = target == NULL ? 0 : number_of(target, &out->last);
    out->outside = published == NULL ? 0 : number_of(published, &last);
    out->is_local = host != NULL && is_loopback(host);
    return out->first != 0;
}

static void
say_door(struct audit_file *file, const struct tree_node *at, const struct published *published,
    unsigned port)
{
    struct install *install = file->install;
    char place[SAY_PLACE];
    char words[SAY_PLACE + 80];
    unsigned outside =
        published->outside == 0 ? port : published->outside + port - published->first;
    enum door door = install_door(install->product, port);
    (void)snprintf(
        words, sizeof(words), "port %u of its machine (%s)", outside, say_place(file, at, place));
    if (door != DOOR_UNKNOWN && door != DOOR_STREAM) {
        audit_note_port(file->audit, outside);
    }
    bool is_open = door == DOOR_OPEN && !(port == 1984 && install->go2rtc_closed);
    bool is_told = facts_get(&install->subject->facts, FACT_VMS_OPEN) != NULL;
    if (is_open || (door == DOOR_LOGIN && install->auth_off)) {
        if (is_told && port != 5000) {
            return;
        }
        say_text(file, FACT_VMS_OPEN, words, at);
    } else if (door == DOOR_STREAM && !install->stream_login && install->is_own) {
        say_text(file, FACT_LOGIN_RTSP_OPEN, words, at);
    } else if (door == DOOR_UNKNOWN && (port == 3306 || port == 1883)) {
        say_risk(file, at, "a database or broker port is published beside the VMS");
    }
}

static void
read_ports(struct audit_file *file, const struct tree_node *service)
{
    const struct tree_node *list = tree_get(service, "ports");
    for (const struct tree_node *n = tree_next(list, NULL, NULL); n != NULL;
         n = tree_next(list, NULL, n)) {
        struct published published;
        if (text_ends(n->value, "/udp") || !parse_port(n, &published) || published.is_local) {
            continue;
        }
        for (unsigned port = published.first;
             port <= published.last && port < published.first + 100; port++) {
            say_door(file, n, &published, port);
        }
    }
    const struct tree_node *mode = tree_get(service, "network_mode");
    if (mode == NULL || !text_equal(mode->value, "host")) {
        return;
    }
    if (file->install->product == PRODUCT_FRIGATE) {
        const struct published all = {5000, 5000, 5000, false};
        say_door(file, mode, &all, 5000);
    } else {
        say_risk(file, mode, "network_mode host publishes every port of the container");
    }
}

/* "NAME=value" of a list, or NAME: value of a mapping. */
static void
read_environment(struct audit_file *file, const struct tree_node *service)
{
    const struct tree_node *list = tree_get(service, "environment");
    for (const struct tree_node *n = tree_next(list, NULL, NULL); n != NULL;
         n = tree_next(list, NULL, n)) {
        struct tree_node pair = *n;
        char name[TREE_NAME];
        if (list->is_list) {
            size_t len = strcspn(n->value, "=");
            (void)snprintf(name, sizeof(name), "%.*s", (int)(len < 200 ? len : 200), n->value);
            pair.name = name;
            pair.value = n->value + len + (n->value[len] == '=' ? 1 : 0);
        }
        if (quote_is_secret_name(pair.name) && !text_ends(pair.name, "_FILE")) {
            say_secret(file, &pair);
        }
        say_address(file, &pair);
        if (text_equal(pair.name, "GO2RTC_ALLOW_ARBITRARY_EXEC") &&
            text_equal_nocase(pair.value, "true")) {
            say_risk(file, n, "GO2RTC_ALLOW_ARBITRARY_EXEC lets stream settings run any program");
        }
    }
}

static void
read_rights(struct audit_file *file, const struct tree_node *service)
{
    const struct tree_node *privileged = tree_get(service, "privileged");
    const struct tree_node *volumes = tree_get(service, "volumes");
    if (privileged != NULL && text_equal_nocase(privileged->value, "true")) {
        say_risk(file, privileged, "privileged: a flaw of the VMS is a flaw of the whole machine");
    }
    for (const struct tree_node *n = tree_next(volumes, NULL, NULL); n != NULL;
         n = tree_next(volumes, NULL, n)) {
        const char *source = n->first == NULL ? n->value : tree_text(n, "source");
        if (source != NULL && text_starts(source, "/var/run/docker.sock")) {
            say_risk(file, n, "docker.sock in the container gives it the whole machine");
        }
    }
}

/* "traefik.http.routers.cams.rule" as nodes of a tree of its own. */
static bool
add_label(struct tree *tree, const char *label, size_t len, const char *value, unsigned line)
{
    struct tree_node *node = tree->root;
    char name[TREE_NAME];
    for (size_t at = sizeof("traefik.") - 1; at < len && node != NULL;) {
        size_t word = strcspn(label + at, ".=");
        (void)snprintf(name, sizeof(name), "%.*s", (int)(word < 200 ? word : 200), label + at);
        struct tree_node *child = node->first;
        while (child != NULL && !text_equal(child->name, name)) {
            child = child->next;
        }
        node = child != NULL ? child : tree_add(tree, node, name, line);
        at += word + 1;
    }
    return node != NULL && tree_set(tree, node, value, strlen(value));
}

/* The labels of one container as Traefik reads them; NULL when it has none. */
static const struct tree_node *
read_labels(struct audit_file *file, const struct tree_node *service)
{
    const struct tree_node *list = tree_get(service, "labels");
    struct tree tree;
    if (list == NULL || tree_init(&tree, &file->audit->arena) != OK) {
        return NULL;
    }
    for (const struct tree_node *n = tree_next(list, NULL, NULL); n != NULL;
         n = tree_next(list, NULL, n)) {
        const char *label = list->is_list ? n->value : n->name;
        size_t len = strcspn(label, "=");
        const char *value = !list->is_list ? n->value : label[len] == '=' ? label + len + 1 : "";
        if (text_starts(label, "traefik.") && !add_label(&tree, label, len, value, n->line)) {
            return NULL;
        }
    }
    if (tree.root->first != NULL) {
        traefik_keep(file, tree.root);
    }
    return tree.root->first == NULL ? NULL : tree.root;
}

static void
read_routers(struct audit_file *file, const struct tree_node *services)
{
    const struct tree_node *labels[64] = {NULL};
    size_t count = 0;
    for (const struct tree_node *n = tree_next(services, NULL, NULL); n != NULL && count < 64;
         n = tree_next(services, NULL, n)) {
        labels[count++] = read_labels(file, n);
    }
    count = 0;
    for (const struct tree_node *n = tree_next(services, NULL, NULL); n != NULL && count < 64;
         n = tree_next(services, NULL, n)) {
        const char *image = tree_text(n, "image");
        char names[300];
        (void)snprintf(names, sizeof(names), "%.100s %.180s", n->name, image == NULL ? "" : image);
        if (labels[count] != NULL && install_product(names) != PRODUCT_COUNT) {
            traefik_read(file, labels[count], names);
        }
        count++;
    }
}

static void
read(struct audit_file *file)
{
    const struct tree_node *services = tree_get(file->tree.root, "services");
    for (const struct tree_node *n = tree_next(services, NULL, NULL); n != NULL;
         n = tree_next(services, NULL, n)) {
        const char *image = tree_text(n, "image");
        enum product product = install_product(image == NULL ? n->name : image);
        /* A database or a helper beside it carries its name too. */
        if (product == PRODUCT_COUNT || text_contains(n->name, "db") ||
            install_of(file, product, false) == NULL) {
            continue;
        }
        read_environment(file, n);
        read_ports(file, n);
        read_rights(file, n);
    }
    read_routers(file, services);
}

const struct audit_format audit_compose = {
    .phase = AUDIT_HOST,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_yaml,
    .read = read,
};
