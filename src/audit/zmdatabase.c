/* ZoneMinder's tables Config, Users and Monitors in a database dump (ConfigData.pm,
 * zm_create.sql, 1.36). */
#include "audit/say.h"
#include "audit/tree_sql.h"
#include "base/buf.h"
#include "base/text.h"

#include <string.h>

static const struct audit_sign signs[] = {
    {"@*.sql",                20},
    {"ZM_OPT_USE_AUTH",       60},
    {"CREATE TABLE `Config`", 10},
};

/* Settings that are bad at one value; the default of 1.36 counts when it stands in the table. */
static const struct {
    const char *name, *bad, *words;
} settings[] = {
    {"ZM_AUTH_RELAY",              "plain",
     "ZM_AUTH_RELAY plain puts user and password into every stream address"                         },
    {"ZM_AUTH_HASH_LOGINS",        "1",
     "ZM_AUTH_HASH_LOGINS lets whoever has seen a stream address log in with it"                    },
    {"ZM_ENABLE_CSRF_MAGIC",       "0",
     "ZM_ENABLE_CSRF_MAGIC is off: another web page can act as the user"                            },
    {"ZM_OPT_USE_LEGACY_API_AUTH", "1",
     "ZM_OPT_USE_LEGACY_API_AUTH takes user and password in every API address"                      },
    {"ZM_OPT_TRIGGERS",            "1",     "ZM_OPT_TRIGGERS opens port 6802 without a log-in"      },
    {"ZM_USER_SELF_EDIT",          "1",     "ZM_USER_SELF_EDIT lets users change their own accounts"},
};

static const struct tree_node *
setting(const struct tree_node *table, const char *name)
{
    for (const struct tree_node *row = tree_next(table, NULL, NULL); row != NULL;
         row = tree_next(table, NULL, row)) {
        if (text_equal(tree_text(row, "Name"), name)) {
            return tree_get(row, "Value");
        }
    }
    return NULL;
}

static void
read_config(struct audit_file *file, const struct tree_node *table)
{
    const struct tree_node *auth = setting(table, "ZM_OPT_USE_AUTH");
    const struct tree_node *secret = setting(table, "ZM_AUTH_HASH_SECRET");
    const struct tree_node *captcha = setting(table, "ZM_OPT_USE_GOOG_RECAPTCHA");
    const struct tree_node *weblog = setting(table, "ZM_LOG_LEVEL_WEBLOG");
    const struct tree_node *level = setting(table, "ZM_LOG_LEVEL_DATABASE");
    if (auth != NULL) {
        say_bool(file, FACT_VMS_AUTH, text_equal(auth->value, "1"), auth);
        file->install->auth_off = !text_equal(auth->value, "1");
    }
    if (captcha != NULL) {
        file->install->limit_known = true;
        file->install->limit_works = text_equal(captcha->value, "1");
        say_bool(file, FACT_VMS_LIMIT, file->install->limit_works, captcha);
    }
    if (secret != NULL && text_starts(secret->value, "...Change me to something unique")) {
        say_factory(file, secret,
            "ZM_AUTH_HASH_SECRET is the published one: anyone can make himself an administrator's "
            "token");
    }
    for (size_t i = 0; i < COUNT(settings); i++) {
        const struct tree_node *node = setting(table, settings[i].name);
        if (node != NULL && text_equal(node->value, settings[i].bad)) {
            say_risk(file, node, settings[i].words);
        }
    }
    if (weblog != NULL) { /* a refused log-in is an error: level -2 */
        file->install->weblog_known = true;
        file->install->weblog_errors = weblog->value[0] != '-' || text_equal(weblog->value, "-1") ||
                                       text_equal(weblog->value, "-2");
    }
    if (level != NULL && level->value[0] == '-') {
        say_risk(file, level, "ZM_LOG_LEVEL_DATABASE drops the lines that tell who logged in");
    }
}

/* As zm_create.sql of 1.36 and the versions before it write "admin". */
static bool
is_factory_hash(const char *hash)
{
    static const char *const hashes[] = {
        "$2b$12$NHZsm6AM2f2LQVROriz79ul3D6DnmFiZC.ZK5eqbF.ZWfwH9bqUJ6",
        "*4ACFE3202A5FF5CF467898FC58AAB1D615029441",
        "admin",
    };
    for (size_t i = 0; i < COUNT(hashes); i++) {
        if (text_equal_nocase(hashes[i], hash)) {
            return true;
        }
    }
    return false;
}

static void
read_users(struct audit_file *file, const struct tree_node *table)
{
    CLEANUP(buf_release) struct buf list;
    buf_init(&list, 900);
    const struct tree_node *first = NULL;
    for (const struct tree_node *row = tree_next(table, NULL, NULL); row != NULL;
         row = tree_next(table, NULL, row)) {
        const char *name = tree_text(row, "Username");
        const struct tree_node *hash = tree_get(row, "Password");
        const char *system = tree_text(row, "System");
        if (name == NULL || hash == NULL || text_equal(tree_text(row, "Enabled"), "0")) {
            continue;
        }
        first = first == NULL ? tree_get(row, "Username") : first;
        buf_format(&list, "%s%.40s (%s)", list.len == 0 ? "" : ", ", name,
            text_equal(system, "Edit") ? "administrator" : "user");
        if (is_factory_hash(hash->value)) {
            say_text(file, FACT_VMS_FACTORY, name, tree_get(row, "Username"));
        } else if (hash->value[0] == '*') {
            say_risk(file, tree_get(row, "Username"),
                "an account's password is stored as an old MySQL hash, which is guessed fast");
        }
    }
    if (buf_error(&list) == OK && first != NULL) {
        say_text(file, FACT_USERS_LIST, list.data, first);
    }
}

static void
read(struct audit_file *file)
{
    const struct tree_node *root = file->tree.root;
    if (install_of(file, PRODUCT_ZONEMINDER, false) == NULL) {
        return;
    }
    file->install->is_own = true;
    read_config(file, tree_get(root, "Config"));
    read_users(file, tree_get(root, "Users"));
    say_secrets_below(file, tree_get(root, "Monitors"));
}

const struct audit_format audit_zmdatabase = {
    .phase = AUDIT_HOST, /* joins the zm.conf that was read */
    .limit = AUDIT_BYTES_DUMP,
    .quotes_nodes = true,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_sql,
    .read = read,
};
