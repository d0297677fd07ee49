/* Blue Iris: its part of the registry, exported (BlueIris Registry Backup, Blue Iris help). */
#include "audit/say.h"
#include "audit/tree_reg.h"
#include "base/buf.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define BASE "hkey_local_machine/software/perspective software/blue iris"

static const struct audit_sign signs[] = {
    {"@*.reg",                          20},
    {"Perspective Software\\Blue Iris", 80},
};

/* Under Wow6432Node on some machines. */
static const struct tree_node *
base_of(const struct tree_node *root)
{
    const struct tree_node *base = tree_get(root, BASE);
    return base != NULL
               ? base
               : tree_get(root,
                     "hkey_local_machine/software/wow6432node/perspective software/blue iris");
}

static void
read_server(struct audit_file *file, const struct tree_node *server)
{
    const struct tree_node *auth = tree_get(server, "authenticate");
    const struct tree_node *secure = tree_get(server, "secureonly");
    const struct tree_node *port = tree_get(server, "port");
    if (text_equal(tree_text(server, "enable"), "0")) {
        return;
    }
    if (auth != NULL && text_equal(auth->value, "0")) {
        say_bool(file, FACT_VMS_AUTH, false, auth);
        file->install->auth_off = true;
    } else if (auth != NULL && text_equal(auth->value, "1")) {
        say_bool(file, FACT_VMS_AUTH, true, auth);
    } else if (auth != NULL && text_equal(auth->value, "2")) {
        say_text(file, FACT_VMS_ASKS, "who comes from another network", auth);
    }
    if (secure != NULL && text_equal(secure->value, "0")) {
        say_bool(file, FACT_AUTH_BASIC, true, secure);
        say_risk(file, secure, "secureonly is off: passwords are taken readably, in every address");
    }
    if (port != NULL) {
        uint64_t number = 0;
        file->install->port = text_to_u64(port->value, 65535, &number) == OK ? (unsigned)number : 0;
    }
}

static bool
is_on(const struct tree_node *node, const char *name)
{
    const char *text = tree_text(node, name);
    return text != NULL && !text_equal(text, "0") && text[0] != '\0';
}

/* Accounts; the password is base64 of the clear text, so every backup of the registry holds it. */
static void
read_users(struct audit_file *file, const struct tree_node *users)
{
    CLEANUP(buf_release) struct buf list;
    buf_init(&list, 900);
    for (const struct tree_node *user = tree_next(users, NULL, NULL); user != NULL;
         user = tree_next(users, NULL, user)) {
        const struct tree_node *password = tree_get(user, "password");
        bool admin = is_on(user, "admin");
        if (user->first == NULL || text_equal(tree_text(user, "enabled"), "0")) {
            continue;
        }
        buf_format(&list, "%s%.40s (%s)", list.len == 0 ? "" : ", ", user->name,
            admin ? "administrator" : "user");
        if (text_equal(user->name, "anonymous")) {
            say_bool(file, FACT_USERS_ANONYMOUS, true, user);
        } else if (password == NULL || password->value[0] == '\0') {
            say_factory(file, user, "an account has no password");
        } else if (admin && !is_on(user, "lanonly")) {
            say_risk(file, user, "an administrator may log in from outside (lanonly is off)");
        }
        say_secret(file, password);
    }
    if (list.len != 0 && buf_error(&list) == OK) {
        say_text(file, FACT_USERS_LIST, list.data, users);
    }
}

/* "version"=dword: one byte for each of the four parts. */
static void
read_version(struct audit_file *file, const struct tree_node *base)
{
    const struct tree_node *version = tree_get(base, "version");
    uint64_t n = 0;
    char text[32];
    if (version != NULL && text_to_u64(version->value, UINT32_MAX, &n) == OK && n > 0xffffff) {
        (void)snprintf(text, sizeof(text), "%u.%u.%u.%u", (unsigned)(n >> 24 & 255),
            (unsigned)(n >> 16 & 255), (unsigned)(n >> 8 & 255), (unsigned)(n & 255));
        say_text(file, FACT_VMS_VERSION, text, version);
    }
}

static void
read(struct audit_file *file)
{
    const struct tree_node *base = base_of(file->tree.root);
    if (install_of(file, PRODUCT_BLUEIRIS, true) == NULL || base == NULL) {
        return;
    }
    read_version(file, base);
    read_server(file, tree_get(base, "server"));
    read_users(file, tree_get(base, "server/users"));
    say_secrets_below(file, tree_get(base, "cameras"));
}

const struct audit_format audit_blueiris = {
    .phase = AUDIT_VMS,
    .limit = AUDIT_BYTES_DUMP,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_reg,
    .read = read,
};
