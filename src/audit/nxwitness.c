/* Nx Witness's mediaserver.conf and those of its brands (Nx documentation: server settings). */
#include "audit/say.h"
#include "audit/tree_lines.h"
#include "base/text.h"

#include <string.h>

static const struct audit_sign signs[] = {
    {"@mediaserver.conf", 40},
    {"^appserverHost",    30},
    {"^serverGuid",       30},
    {"^eventsDBFilePath", 30},
    {"^varDir",           20},
    {"^logLevel",         10},
    {"mediaserver",       10},
    {"^dataDir",          20},
};

/* The key may stand in "[General]" or before any section. */
static const struct tree_node *
key(const struct tree_node *root, const char *name)
{
    const struct tree_node *node = tree_get(root, name);
    const struct tree_node *general = tree_get(root, "General");
    return node != NULL || general == NULL ? node : tree_get(general, name);
}

static void
read(struct audit_file *file)
{
    const struct tree_node *root = file->tree.root;
    if (install_of(file, PRODUCT_NXWITNESS, true) == NULL) {
        return;
    }
    const struct tree_node *password = key(root, "appserverPassword");
    if (password != NULL && password->value[0] != '\0') {
        say_secret(file, password);
        say_risk(file, password,
            "appserverPassword sets the administrator's password anew at every start");
    }
    const struct tree_node *port = key(root, "port");
    uint64_t number = 0;
    if (port != NULL && text_to_u64(port->value, 65535, &number) == OK) {
        file->install->port = (unsigned)number;
    }
    const struct tree_node *old = key(root, "allowedSslVersions");
    if (old != NULL &&
        (text_contains_nocase(old->value, "SSLv3") || text_contains_nocase(old->value, "TLSv1|") ||
            text_equal_nocase(old->value, "TLSv1"))) {
        say_risk(file, old, "allowedSslVersions lets in TLS versions that are broken");
    }
}

const struct audit_format audit_nxwitness = {
    .phase = AUDIT_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_lines_ini,
    .read = read,
};
