/* Home Assistant's configuration.yaml: integrations that name a VMS (Home Assistant docs). */
#include "audit/say.h"
#include "audit/tree_yaml.h"
#include "base/text.h"

#include <string.h>

static const struct audit_sign signs[] = {
    {"@configuration.y*ml", 20},
    {"^homeassistant:",     50},
    {"^default_config:",    50},
    {"^automation:",        10},
    {"!include",            20},
    {"!secret",             10},
};

/* "http://10.0.0.3:5001", "10.0.0.3:8080" or a port of its own. */
static void
hint_port(struct audit_file *file, const struct tree_node *node)
{
    static const char *const keys[] = {"url", "host", "port"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct tree_node *found = tree_get(node, keys[i]);
        const char *text = found == NULL || found->value == NULL ? "" : found->value;
        const char *colon = strrchr(text, ':');
        char digits[8];
        uint64_t number = 0;
        (void)text_copy(digits, sizeof(digits), colon == NULL ? text : colon + 1);
        digits[strspn(digits, "0123456789")] = '\0';
        if (text_to_u64(digits, UINT16_MAX, &number) == OK) {
            audit_note_port(file->audit, (unsigned)number);
        }
    }
}

static void
read_host(struct audit_file *file, const struct tree_node *node)
{
    hint_port(file, node);
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
