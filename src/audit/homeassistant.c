/* Home Assistant's configuration.yaml: integrations that name a VMS (Home Assistant docs). */
#include "audit/say.h"
#include "audit/tree_yaml.h"
#include "base/text.h"

static const struct audit_sign signs[] = {
    {"@configuration.y*ml", 20},
    {"^homeassistant:",     50},
    {"^default_config:",    50},
    {"^automation:",        10},
    {"!include",            20},
    {"!secret",             10},
};

static void
read_host(struct audit_file *file, const struct tree_node *node)
{
    const struct tree_node *ssl = tree_get(node, "ssl");
    say_secrets_below(file, node);
    if (ssl != NULL && text_equal(ssl->value, "false") && tree_get(node, "password") != NULL) {
        say_risk(file, ssl, "Home Assistant sends the password of the VMS without TLS");
    }
}

/* "zoneminder:", "frigate:", … at the top; a list or one mapping. */
static void
read(struct audit_file *file)
{
    for (const struct tree_node *n = tree_next(file->tree.root, NULL, NULL); n != NULL;
         n = tree_next(file->tree.root, NULL, n)) {
        enum product product = install_product(n->name);
        if (product == PRODUCT_COUNT || n->first == NULL ||
            install_of(file, product, false) == NULL) {
            continue;
        }
        for (const struct tree_node *item = n->is_list ? n->first : n; item != NULL;
             item = n->is_list ? item->next : NULL) {
            read_host(file, item);
        }
    }
}

const struct audit_format audit_homeassistant = {
    .phase = AUDIT_HOST,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_yaml,
    .read = read,
};
