/* Defaults of a new gateway, and its commented settings. */
#include "cli/gateway_init.h"

#include "base/text.h"
#include "gate/listen.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LISTEN "0.0.0.0:8443"

static const char *
default_host(struct gateway_init *init)
{
    struct ip ip;
    uint16_t port = 0;
    char name[256] = "";
    if (listen_parse(init->listen, &ip, &port) == OK && ip_is_loopback(&ip)) {
        return "localhost";
    }
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') {
        return NULL;
    }
    return arena_copy(init->arena, name);
}

enum err
gateway_init_defaults(struct gateway_init *init, struct note *note)
{
    init->listen = init->listen == NULL ? DEFAULT_LISTEN : init->listen;
    init->name = init->name == NULL ? init->vms : init->name;
    init->host = init->host == NULL ? default_host(init) : init->host;
    init->site = init->site == NULL ? init->host : init->site;
    init->administrator = init->administrator == NULL ? "admin" : init->administrator;
    if (init->host == NULL) {
        note_set(note, "this machine has no name; give --host NAME, as people will type it");
        return ERR_VALUE;
    }
    return identity_check_name(init->administrator, note);
}

/* A value that YAML can't take for anything else. */
static void
put(struct buf *out, const char *key, const char *value)
{
    buf_format(out, "%s: \"", key);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_byte(out, '\\');
        }
        buf_byte(out, (unsigned char)*c < ' ' ? '?' : (uint8_t)*c);
    }
    buf_text(out, "\"\n");
}

static void
put_head(const struct gateway_init *init, struct buf *out)
{
    buf_text(out, "# The gateway's settings; gatehouse-gateway.yaml(5) explains each.\n"
                  "# After a change: gatehouse gateway configure\n"
                  "\n"
                  "# The site's name, in every event of the ledger.\n");
    put(out, "site", init->site);
    buf_text(out, "# The name that people type into the browser. Cookies, passkeys and the\n"
                  "# certificate are bound to it: who changes it has everybody enrol again.\n");
    put(out, "host", init->host);
    if (init->ledger != NULL) {
        put(out, "ledger", init->ledger);
    } else {
        buf_text(out, "#ledger: ledger\n");
    }
    buf_text(out,
        "# Every export gets an evidence package of its own there: gatehouse-evidence(7).\n"
        "#evidence: evidence\n");
    if (init->certificate != NULL) {
        buf_text(out, "# PEM files. After a renewal: gatehouse gateway configure\n");
        put(out, "certificate", init->certificate);
        put(out, "key", init->key);
    } else if (init->is_plain) {
        buf_text(out, "# No TLS: only for tests on this machine.\nplain: yes\n");
    } else {
        buf_text(out, "# tls/ has a certificate of the gateway's own authority, authority/ca.crt.\n"
                      "#certificate: /etc/letsencrypt/live/gate.example/fullchain.pem\n"
                      "#key: /etc/letsencrypt/live/gate.example/privkey.pem\n");
    }
}

static void
put_policy(struct buf *out)
{
    buf_text(out,
        "\n"
        "# Media in an answer that no rule explains: refuse, or record as footage.unclassified.\n"
        "#net: refuse\n"
        "# A session ends when nothing was asked for so long, and after so long in any case.\n"
        "#idle_minutes: 30\n"
        "#session_hours: 12\n"
        "# So long a confirmation with a second factor counts, before an export.\n"
        "#stepup_minutes: 5\n"
        "# Proxies in front of this gateway whose word about a client's address is taken. Nobody\n"
        "# else's is: leave it empty unless there is one.\n"
        "#trusted_proxies: [10.0.0.2]\n");
}

enum err
gateway_init_yaml(struct gateway_init *init)
{
    struct buf *out = &init->yaml;
    put_head(init, out);
    put_policy(out);
    buf_text(out, "\nvms:\n");
    put(out, "  - name", init->name);
    put(out, "    type", init->vms);
    buf_text(out, "    # Where the VMS itself answers. Let nobody but this machine reach it.\n");
    put(out, "    upstream", init->upstream);
    buf_text(out, "    # Where the gateway answers for it.\n");
    put(out, "    listen", init->listen);
    if (init->user != NULL) {
        buf_text(out,
            "    # The account by which the gateway logs in there; its password is\n"
            "    # sealed in identity.db (gatehouse gateway password makes a new one).\n");
        put(out, "    user", init->user);
    } else {
        buf_text(out, "    #user: gatehouse\n");
    }
    buf_text(out,
        "    # Media may leave beside the gateway by WebRTC: nobody could account for it.\n"
        "    #webrtc: no\n");
    return buf_error(out);
}

static void
add_address(struct certificate_names *names, const struct ip *ip)
{
    if (names->ip_count == CERTIFICATE_IPS || ip->family == 0 || ip_is_link_local(ip)) {
        return;
    }
    for (size_t i = 0; i < names->ip_count; i++) {
        if (ip_equal(&names->ips[i], ip)) {
            return;
        }
    }
    names->ips[names->ip_count++] = *ip;
}

void
gateway_init_names(const struct gateway_init *init, struct certificate_names *ret_names)
{
    struct ifaddrs *list = NULL;
    struct ip ip = {0};
    uint16_t port = 0;
    *ret_names = (struct certificate_names){.host = init->settings.host};
    if (ip_parse(init->settings.host, &ip) == OK) {
        add_address(ret_names, &ip);
    }
    if (listen_parse(init->listen, &ip, &port) != OK) {
        return;
    }
    if (!listen_is_any(&ip)) {
        add_address(ret_names, &ip);
        return;
    }
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
        struct ip own = {0};
        if (at->ifa_addr != NULL && ip_from_socket(at->ifa_addr, &own, &port) == OK) {
            add_address(ret_names, &own);
        }
    }
    freeifaddrs(list);
}
