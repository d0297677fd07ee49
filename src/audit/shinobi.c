/* Shinobi's conf.json and super.json (conf.sample.json, super.sample.json, libs/config.js). */
#include "audit/say.h"
#include "audit/tree_yaml.h"
#include "base/text.h"

#include <string.h>

#define SAMPLE_KEY "change_this_to_something_very_random" /* conf.sample.json */

static const struct audit_sign signs[] = {
    {"@conf.json",          20},
    {"@super.json",         30},
    {"\"databaseType\"",    30},
    {"\"pluginKeys\"",      30},
    {"\"passwordType\"",    30},
    {"\"cron\"",            10},
    {"\"addStorage\"",      20},
    {"\"ccio\"",            20},
    {"majesticflame",       30},
    {"\"mail\"",            10},
    {"\"pass\"",            20},
    {"admin@shinobi.video", 30},
};

/* MD5 and SHA-256 of "admin". */
static bool
is_factory_hash(const char *hash)
{
    return text_equal_nocase(hash, "21232f297a57a5a743894a0e4a801fc3") ||
           text_equal_nocase(
               hash, "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918");
}

static bool
is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdefABCDEF") == len;
}

/* super.json: a list of super users; a lone mapping in old versions. */
static void
read_super(struct audit_file *file, const struct tree_node *root)
{
    const struct tree_node *user = root->is_list ? root->first : root;
    for (; user != NULL; user = root->is_list ? user->next : NULL) {
        const struct tree_node *mail = tree_get(user, "mail");
        const struct tree_node *pass = tree_get(user, "pass");
        if (mail == NULL || pass == NULL) {
            continue;
        }
        if (is_factory_hash(pass->value)) {
            say_text(file, FACT_VMS_FACTORY, mail->value, mail);
        } else if (is_hex(pass->value, 32)) {
            say_risk(file, mail, "a super user's password is stored as MD5, which is guessed fast");
        }
        say_secret(file, tree_get(user, "tokens"));
        const struct tree_node *tokens = tree_get(user, "tokens");
        if (tokens != NULL && tokens->first != NULL) {
            say_risk(file, tokens, "tokens of the super panel that never end");
        }
    }
}

static void
read_keys(struct audit_file *file, const struct tree_node *root)
{
    const struct tree_node *cron = tree_get(root, "cron/key");
    const struct tree_node *child = tree_get(root, "childNodes/key");
    const struct tree_node *plugins = tree_get(root, "pluginKeys");
    say_secret(file, cron);
    say_secret(file, child);
    /* conf.sample.json of older releases; short ones are guessed. */
    if (cron != NULL && (strlen(cron->value) < 12 || text_starts(cron->value, SAMPLE_KEY))) {
        say_factory(file, cron, "cron.key is the sample's or shorter than 12 characters");
    }
    if (child != NULL &&
        (text_starts(child->value,
            "3123asdasdf1dtj1hjk23sdfaasd12asdasddfdbtnkkfgvesra3asdsd3123afdsfqw345"))) {
        say_factory(file, child, "childNodes.key is the one of the source code");
    }
    for (const struct tree_node *n = tree_next(plugins, NULL, NULL); n != NULL;
         n = tree_next(plugins, NULL, n)) {
        say_secret(file, n);
        if (text_starts(n->value, SAMPLE_KEY) ||
            text_starts(n->value, "SomeOpenALPRkeySoPeopleDontMessWithYourShinobi")) {
            say_factory(file, n, "a plug-in key is the sample's");
        }
    }
}

static void
read_conf(struct audit_file *file, const struct tree_node *root)
{
    static const struct {
        const char *path, *words;
    } switches[] = {
        {"debugLog",                            "debugLog writes addresses with passwords into the log"         },
        {"debugHeap",                           "debugHeap opens a memory dump, passwords included, to everyone"},
        {"enableMgmtConnect",                   "enableMgmtConnect lets a server of the maker manage it"        },
        {"p2pEnabled",                          "p2pEnabled makes it reachable through servers of the maker"    },
        {"dropInEventServer",
         "dropInEventServer takes events and files from cameras by FTP or mail"                                 },
        {"smtpServerOptions/allowInsecureAuth",
         "smtpServerOptions.allowInsecureAuth takes passwords readably"                                         },
    };
    const struct tree_node *db = tree_get(root, "db/password");
    const struct tree_node *type = tree_get(root, "passwordType");
    for (size_t i = 0; i < COUNT(switches); i++) {
        const struct tree_node *node = tree_get(root, switches[i].path);
        if (node != NULL && text_equal(node->value, "true")) {
            say_risk(file, node, switches[i].words);
        }
    }
    say_secret(file, db);
    if (db != NULL && db->value[0] == '\0' &&
        text_equal(tree_text(root, "db/user"), "majesticflame")) {
        say_factory(file, db, "the database account majesticflame has no password");
    }
    if (type == NULL || !text_equal(type->value, "sha512") ||
        text_is_empty(tree_text(root, "passwordSalt"))) {
        say_risk(file, type == NULL ? root : type,
            "passwords are stored without a salt; passwordType sha512 with passwordSalt is "
            "stronger");
    }
    if (tree_get(root, "ssl/key") == NULL) {
        say_absent(file, FACT_TLS_ENABLED, false, "ssl.key");
    }
    say_secret(file, tree_get(root, "mail/auth/pass"));
    say_secret(file, tree_get(root, "passwordSalt"));
}

static void
read(struct audit_file *file)
{
    const struct tree_node *root = file->tree.root;
    if (install_of(file, PRODUCT_SHINOBI, true) == NULL) {
        return;
    }
    if (tree_get(root, "port") != NULL || tree_get(root, "db") != NULL) {
        say_secrets_below(file, tree_get(root, "addStorage"));
        read_keys(file, root);
        read_conf(file, root);
    } else {
        read_super(file, root);
    }
}

const struct audit_format audit_shinobi = {
    .phase = AUDIT_VMS,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_yaml,
    .read = read,
};
