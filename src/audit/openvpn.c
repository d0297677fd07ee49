/* OpenVPN server configurations (openvpn(8), 2.6). */
#include "audit/say.h"
#include "audit/tree_lines.h"
#include "base/text.h"

#include <stdio.h>

static const struct audit_sign signs[] = {
    {"@*.ovpn",                50},
    {"@openvpn*.conf",         30},
    {"@server.conf",           10},
    {"^dev tun",               30},
    {"^dev tap",               30},
    {"^tls-crypt",             20},
    {"^tls-auth",              20},
    {"^server ",               20},
    {"^proto udp",             20},
    {"^proto tcp",             10},
    {"^persist-key",           20},
    {"^ifconfig-pool-persist", 20},
};

static const struct tree_node *
find(const struct audit_file *file, const char *name)
{
    return tree_get(file->tree.root, name);
}

static bool
has_plugin_login(const struct audit_file *file)
{
    const struct tree_node *plugin = find(file, "plugin");
    return find(file, "auth-user-pass-verify") != NULL ||
           find(file, "management-client-auth") != NULL ||
           (plugin != NULL &&
               (text_contains(plugin->value, "auth") || text_contains(plugin->value, "ldap") ||
                   text_contains(plugin->value, "radius")));
}

/* What lets in people who should not be, or lets others read along. */
static bool
read_broken(struct audit_file *file)
{
    const struct tree_node *verify = find(file, "verify-client-cert");
    const struct tree_node *old = find(file, "client-cert-not-required");
    const struct tree_node *none =
        verify != NULL && text_equal(verify->value, "none") ? verify : old;
    const struct tree_node *cipher = find(file, "cipher");
    const struct tree_node *secret = find(file, "secret");
    bool broken = false;
    if (none != NULL && !has_plugin_login(file)) {
        say_vpn_broken(file, none, "OpenVPN asks for no certificate and no password");
        broken = true;
    } else if (none != NULL) {
        say_vpn_risk(file, none, "OpenVPN asks for a password alone, no certificate");
    }
    if (cipher != NULL &&
        (text_equal_nocase(cipher->value, "none") || text_starts_nocase(cipher->value, "BF-") ||
            text_starts_nocase(cipher->value, "DES-") ||
            text_starts_nocase(cipher->value, "RC2-"))) {
        say_vpn_broken(file, cipher, "OpenVPN's cipher is none or broken");
        broken = true;
    }
    if (secret != NULL) {
        say_vpn_risk(
            file, secret, "OpenVPN uses one static key: who gets it reads all that ever passed");
    }
    return broken;
}

static void
read_risks(struct audit_file *file)
{
    const struct tree_node *same = find(file, "duplicate-cn");
    const struct tree_node *server = find(file, "server");
    if (same != NULL) {
        say_vpn_risk(file, same, "OpenVPN lets several people use one certificate");
    }
    if (find(file, "tls-auth") == NULL && find(file, "tls-crypt") == NULL &&
        find(file, "tls-crypt-v2") == NULL) {
        say_vpn_risk(file, server, "OpenVPN answers strangers: neither tls-crypt nor tls-auth");
    }
    if (find(file, "crl-verify") == NULL) {
        say_vpn_risk(file, server, "OpenVPN can't shut a lost certificate out: no crl-verify");
    }
}

static void
read(struct audit_file *file)
{
    const struct tree_node *server = find(file, "server");
    const struct tree_node *mode = find(file, "mode");
    const struct tree_node *port = find(file, "port");
    char words[SAY_PLACE + 100];
    char place[SAY_PLACE];
    server = server == NULL && mode != NULL && text_equal(mode->value, "server") ? mode : server;
    server = server == NULL ? find(file, "server-bridge") : server;
    if (server == NULL || find(file, "client") != NULL) {
        return; /* a client lets nobody in */
    }
    bool broken = read_broken(file);
    read_risks(file);
    if (!broken) {
        (void)snprintf(words, sizeof(words), "OpenVPN on port %.10s (%s)",
            port == NULL ? "1194" : port->value, say_place(file, server, place));
        say_site_text(file, FACT_REMOTE_VPN, words, server);
    }
}

const struct audit_format audit_openvpn = {
    .phase = AUDIT_GUARD,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_lines_words,
    .read = read,
};
