/* ZoneMinder's zm.conf and conf.d: the account of its database (zm.conf of 1.36, Debian). */
#include "audit/say.h"
#include "audit/tree_lines.h"
#include "base/text.h"

static const struct audit_sign signs[] = {
    {"@zm*.conf", 20},
    {"^ZM_DB_",   60},
    {"^ZM_PATH_", 50},
    {"^ZM_WEB_",  20},
};

static void
read(struct audit_file *file)
{
    const struct tree_node *root = file->tree.root;
    if (install_of(file, PRODUCT_ZONEMINDER, true) == NULL) {
        return;
    }
    const struct tree_node *pass = tree_get(root, "ZM_DB_PASS");
    say_secret(file, pass);
    /* Both stand so in the zm.conf that the sources ship. */
    if (pass != NULL && text_equal(pass->value, "zmpass")) {
        say_factory(file, pass, "the database account has the password of the sample file");
    }
    if (pass != NULL && pass->value[0] != '\0' && (file->mode & 04U) != 0) {
        say_risk(
            file, pass, "everyone on the machine may read the file with the database password");
    }
    const struct tree_node *host = tree_get(root, "ZM_DB_HOST");
    if (host != NULL && host->value[0] != '\0' && !text_starts(host->value, "localhost") &&
        !text_starts(host->value, "127.") && text_is_empty(tree_text(root, "ZM_DB_SSL_CA_CERT"))) {
        say_risk(
            file, host, "the database is on another machine and its password passes without TLS");
    }
}

const struct audit_format audit_zoneminder = {
    .phase = AUDIT_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_lines_ini,
    .read = read,
};
