/* Frigate's config.yml (Frigate docs: reference config, authentication, go2rtc; v0.17). */
#include "audit/say.h"
#include "audit/tree_yaml.h"
#include "base/ip.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct audit_sign signs[] = {
    {"@config.y*ml",            20},
    {"@frigate*.y*ml",          30},
    {"^cameras:",               30},
    {"ffmpeg:",                 20},
    {"^go2rtc:",                20},
    {"^detectors:",             20},
    {"^mqtt:",                  10},
    {"FRIGATE_",                20},
    {"failed_login_rate_limit", 30},
};

static bool
is_no(const char *text)
{
    bool yes = true;
    return text != NULL && text_to_bool(text, &yes) == OK && !yes;
}

static bool
is_yes(const char *text)
{
    bool yes = false;
    return text != NULL && text_to_bool(text, &yes) == OK && yes;
}

/* Log-ins came with 0.14; Frigate writes its version into the file when it brings it up to date. */
static bool
has_login(const struct tree_node *root)
{
    const char *version = tree_text(root, "version");
    uint64_t minor = 0;
    char digits[4];
    if (tree_get(root, "auth") != NULL) {
        return true;
    }
    if (version == NULL || !text_starts(version, "0.")) {
        return false;
    }
    (void)snprintf(
        digits, sizeof(digits), "%.*s", (int)strspn(version + 2, "0123456789") % 4, version + 2);
    return text_to_u64(digits, 999, &minor) == OK && minor >= 14;
}

/* auth.enabled false hands the log-in to a proxy; only with auth_secret can no one else play it. */
static void
read_auth(struct audit_file *file, const struct tree_node *root)
{
    const struct tree_node *enabled = tree_get(root, "auth/enabled");
    const struct tree_node *secret = tree_get(root, "proxy/auth_secret");
    if (enabled == NULL && has_login(root)) {
        say_absent(file, FACT_VMS_AUTH, true, "auth.enabled");
    } else if (enabled == NULL) {
        return; /* before 0.14 there was no log-in at all */
    } else if (is_yes(enabled->value)) {
        say_bool(file, FACT_VMS_AUTH, true, enabled);
    } else if (is_no(enabled->value) && secret == NULL) {
        say_bool(file, FACT_VMS_AUTH, false, enabled);
        file->install->auth_off = true;
    } else if (is_no(enabled->value)) {
        say_bool(file, FACT_VMS_AUTH, true, secret);
    }
    say_secret(file, secret);
}

static void
read_limit(struct audit_file *file, const struct tree_node *root)
{
    const struct tree_node *limit = tree_get(root, "auth/failed_login_rate_limit");
    file->install->limit_known = true;
    if (limit == NULL || limit->value[0] == '\0') {
        say_absent(file, FACT_VMS_LIMIT, false, "auth.failed_login_rate_limit");
    } else if (!say_is_reference(limit)) {
        say_bool(file, FACT_VMS_LIMIT, true, limit);
        file->install->limit_works = true;
    }
}

/* A proxy whose word about the client's address counts: a whole network is no proxy. */
static void
read_proxies(struct audit_file *file, const struct tree_node *root)
{
    const struct tree_node *list = tree_get(root, "auth/trusted_proxies");
    for (const struct tree_node *n = tree_next(list, NULL, NULL); n != NULL;
         n = tree_next(list, NULL, n)) {
        struct net net;
        if (net_parse(n->value, &net) == OK && net.bits < (net.ip.family == 4 ? 16 : 48)) {
            say_risk(file, n,
                "auth.trusted_proxies is so wide that who guesses may state any address as his "
                "own");
        }
    }
}

static void
read_risks(struct audit_file *file, const struct tree_node *root)
{
    static const struct {
        const char *path;
        const char *bad;
        const char *words;
    } rows[] = {
        {"auth/reset_admin_password", "true",
         "auth.reset_admin_password prints a new administrator password into the log at every "
            "start"                                                                                      },
        {"proxy/default_role",        "admin",
         "proxy.default_role makes everyone whom the proxy lets in an administrator"                     },
        {"mqtt/tls_insecure",         "true",  "mqtt.tls_insecure takes any certificate for the broker's"},
        {"tls/enabled",               "false",
         "tls.enabled false: log-ins pass readably unless a proxy adds TLS"                              },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct tree_node *node = tree_get(root, rows[i].path);
        bool want = text_equal(rows[i].bad, "true");
        if (node == NULL) {
            continue;
        }
        if (text_equal_nocase(node->value, rows[i].bad) || (want && is_yes(node->value)) ||
            (text_equal(rows[i].bad, "false") && is_no(node->value))) {
            say_risk(file, node, rows[i].words);
        }
    }
    const struct tree_node *tls = tree_get(root, "tls/enabled");
    if (tls != NULL && is_no(tls->value)) {
        say_bool(file, FACT_TLS_ENABLED, false, tls);
    }
    const struct tree_node *mqtt = tree_get(root, "mqtt/host");
    if (mqtt != NULL && tree_get(root, "mqtt/user") == NULL &&
        !is_no(tree_text(root, "mqtt/enabled"))) {
        say_risk(
            file, mqtt, "mqtt without user: the broker takes and gives events without a log-in");
    }
}

/* go2rtc's own doors: RTSP on 8554 and its API on 1984 have no log-in unless they get one. */
static void
read_go2rtc(struct audit_file *file, const struct tree_node *root)
{
    const char *listen = tree_text(root, "go2rtc/api/listen");
    file->install->stream_login = !text_is_empty(tree_text(root, "go2rtc/rtsp/username"));
    file->install->go2rtc_closed =
        !text_is_empty(tree_text(root, "go2rtc/api/username")) ||
        (listen != NULL && (listen[0] == '\0' || text_starts(listen, "127.")));
    const struct tree_node *streams = tree_get(root, "go2rtc/streams");
    for (const struct tree_node *n = tree_next(streams, NULL, NULL); n != NULL;
         n = tree_next(streams, NULL, n)) {
        const struct tree_node *source = n->first == NULL ? n : n->first;
        for (; source != NULL; source = source == n ? NULL : source->next) {
            if (text_starts(source->value, "exec:") || text_starts(source->value, "echo:")) {
                say_risk(file, source, "a go2rtc stream runs a program");
            }
        }
    }
}

static void
read(struct audit_file *file)
{
    const struct tree_node *root = file->tree.root;
    if (install_of(file, PRODUCT_FRIGATE, true) == NULL) {
        return;
    }
    say_secrets_below(file, root);
    read_auth(file, root);
    read_limit(file, root);
    read_proxies(file, root);
    read_risks(file, root);
    read_go2rtc(file, root);
}

const struct audit_format audit_frigate = {
    .phase = AUDIT_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_yaml,
    .read = read,
};
