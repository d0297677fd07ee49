/* WireGuard: wg-quick(8) files. */
#include "audit/say.h"
#include "audit/tree_lines.h"
#include "base/text.h"

#include <stdio.h>

static const struct audit_sign signs[] = {
    {"@wg*.conf",    20},
    {"^[Interface]", 40},
    {"^[Peer]",      40},
    {"^PrivateKey",  20},
    {"^AllowedIPs",  20},
};

struct count {
    unsigned comers, servers; /* peers that come here, peers that this machine goes to */
};

static void
read_peers(struct audit_file *file, struct count *count)
{
    const struct tree_node *root = file->tree.root;
    for (const struct tree_node *peer = tree_next(root, "Peer", NULL); peer != NULL;
         peer = tree_next(root, "Peer", peer)) {
        const struct tree_node *allowed = tree_get(peer, "AllowedIPs");
        bool comes = tree_get(peer, "Endpoint") == NULL;
        count->comers += comes ? 1U : 0U;
        count->servers += comes ? 0U : 1U;
        if (comes && allowed != NULL &&
            (text_contains(allowed->value, "0.0.0.0/0") || text_contains(allowed->value, "::/0"))) {
            say_vpn_risk(file, allowed, "a WireGuard peer may send from any address");
        }
    }
}

static void
read(struct audit_file *file)
{
    const struct tree_node *interface = tree_get(file->tree.root, "Interface");
    const struct tree_node *port = interface == NULL ? NULL : tree_get(interface, "ListenPort");
    const struct tree_node *key = interface == NULL ? NULL : tree_get(interface, "PrivateKey");
    struct count count = {0, 0};
    char words[SAY_PLACE + 100];
    char place[SAY_PLACE];
    read_peers(file, &count);
    if (key != NULL && key->value[0] != '\0' && (file->mode & 044U) != 0) {
        say_vpn_risk(file, key, "others on the machine may read WireGuard's private key");
    }
    /* A machine that only goes out is a client: it lets nobody in. */
    if (port == NULL || count.comers == 0) {
        return;
    }
    (void)snprintf(words, sizeof(words), "WireGuard on port %.10s, %u peer%s (%s)", port->value,
        count.comers, count.comers == 1 ? "" : "s", say_place(file, port, place));
    say_site_text(file, FACT_REMOTE_VPN, words, port);
}

const struct audit_format audit_wireguard = {
    .phase = AUDIT_GUARD,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_lines_ini,
    .read = read,
};
