/*
 * gatehouse gateway init: settings, certificate, ledger, first administrator, and what to do at the
 * VMS.
 *
 * Rule of this file: everything is made in a folder beside (gateway_init_folder.c) and appears
 * whole; what was asked is checked before the first file is written.
 */
#include "cli/gateway_init.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "identity/role.h"
#include "identity/user.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_LENGTH 48

enum {
    OPTION_GATEWAY,
    OPTION_VMS,
    OPTION_UPSTREAM,
    OPTION_HOST,
    OPTION_LISTEN,
    OPTION_USER,
    OPTION_ADMINISTRATOR,
    OPTION_SITE,
    OPTION_NAME,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_LEDGER,
    OPTION_PLAIN,
};

static const struct cli_option options[] = {
    GATE_OPTION,
    {"vms",           0, "TYPE",         "zoneminder or frigate"                            },
    {"upstream",      0, "URL",          "where the VMS answers: http://10.0.0.5"           },
    {"host",          0, "NAME",         "as people type it (default: this machine's name)" },
    {"listen",        0, "ADDRESS:PORT", "where the gateway answers (default: 0.0.0.0:8443)"},
    {"user",          0, "NAME",         "account at the VMS that only the gateway uses"    },
    {"administrator", 0, "NAME",         "the first account of the gateway (default: admin)"},
    {"site",          0, "NAME",         "the site's name in events (default: the host)"    },
    {"name",          0, "NAME",         "what this VMS is called here (default: its type)" },
    {"certificate",   0, "PEM",          "your own certificate (default: one is made)"      },
    {"key",           0, "PEM",          "its key"                                          },
    {"ledger",        0, "DIR",          "a ledger that is there (default: one is made)"    },
    {"plain",         0, NULL,           "no TLS: for tests, with --listen on 127.0.0.1"    },
};

static const struct cli_manual manual = {
    .usage = "gateway init --vms TYPE --upstream URL [OPTION]…",
    .about =
        "Makes a gateway in front of a VMS: its settings, nginx's configuration, a certificate of\n"
        "an authority of its own (good for this name only), a ledger, and the first\n"
        "administrator, who gets a one-time link. Says what to set at the VMS, whether it\n"
        "answers, and what of it answers around the gateway. Writes over nothing.\n",
    .options = options,
    .option_count = COUNT(options),
    .example =
        "  gatehouse gateway init --vms zoneminder --upstream http://10.0.0.5 --user gatehouse\n"
        "  gatehouse serve\n",
};

struct made {
    char token[USER_TOKEN];
    struct secret *secret; /* of the VMS, or NULL */
};

static void
made_release(struct made *made)
{
    secret_free(made->secret);
}

/* A pair of the owner's must be good before anything is made. */
static enum err
check_pair(const struct gateway_init *init, struct note *note)
{
    struct certificate_facts facts;
    return init->certificate == NULL ? OK
                                     : certificate_check(init->settings.certificate,
                                           init->settings.key, init->settings.host, &facts, note);
}

static enum err
absolute(struct gateway_init *init, const char **path, struct note *note)
{
    if (*path == NULL) {
        return OK;
    }
    char *real = realpath(*path, NULL);
    const char *copy = real == NULL ? NULL : arena_copy(init->arena, real);
    if (real == NULL) {
        note_set(note, "%s: there is no such file", file_tail(*path, 150));
        return ERR_MISSING;
    }
    free(real);
    *path = copy;
    return copy == NULL ? ERR_MEMORY : OK;
}

/* What was typed was an option, not a line of a file that nobody has seen yet. */
static void
name_options(struct note *note)
{
    static const char *const rows[][2] = {
        {"vms[0].type: ",     "--vms "        },
        {"vms[0].upstream: ", "--upstream "   },
        {"vms[0].listen: ",   "--listen "     },
        {"vms[0].user: ",     "--user "       },
        {"vms[0].name: ",     "--name "       },
        {"vms[0]: ",          "--"            },
        {"host: ",            "--host "       },
        {"site: ",            "--site "       },
        {"ledger: ",          "--ledger "     },
        {"certificate: ",     "--certificate "},
        {"key: ",             "--key "        },
    };
    const char *at = strstr(note->text, "gateway.yaml:");
    const char *words = at == NULL ? NULL : strstr(at, ": ");
    for (size_t i = 0; words != NULL && i < COUNT(rows); i++) {
        if (text_starts(words + 2, rows[i][0])) {
            struct note typed;
            note_set(&typed, "%s%s", rows[i][1], words + 2 + strlen(rows[i][0]));
            *note = typed;
            return;
        }
    }
}

static enum err
plan(struct gateway_init *init, struct note *note)
{
    if ((init->certificate == NULL) != (init->key == NULL)) {
        note_set(note, "--certificate and --key belong together; give both or none");
        return ERR_VALUE;
    }
    enum err err = absolute(init, &init->certificate, note);
    err = err == OK ? absolute(init, &init->key, note) : err;
    err = err == OK ? absolute(init, &init->ledger, note) : err;
    err = err == OK ? gateway_init_defaults(init, note) : err;
    err = err == OK ? gateway_init_yaml(init) : err;
    err = err == OK ? settings_parse(init->yaml.data, init->yaml.len, init->folder, init->arena,
                          &init->settings, note)
                    : err;
    if (err != OK) {
        name_options(note);
    }
    return err == OK ? check_pair(init, note) : err;
}

/* The settings as they are, and again with names looked up. */
static enum err
write_settings(struct gateway_init *init, struct note *note)
{
    struct settings found;
    const char *path = arena_format(init->arena, "%s/gateway.yaml", init->beside);
    enum err err =
        path == NULL ? ERR_MEMORY : file_write(path, init->yaml.data, init->yaml.len, 0600, note);
    err = err == OK ? settings_read(init->beside, init->arena, &found, note) : err;
    if (err == OK) {
        init->settings.vms[0].address = found.vms[0].address;
    }
    return err;
}

static enum err
make_certificate(struct gateway_init *init, struct note *note)
{
    struct certificate_names names;
    if (init->is_plain || init->certificate != NULL) {
        return OK;
    }
    gateway_init_names(init, &names);
    return certificate_make(init->beside, &names, note);
}

/* In the new ledger the first event is who made it, and for whom. */
static enum err
make_people(struct gateway_init *init, struct made *made, struct note *note)
{
    struct gate_open gate = {.settings = init->settings};
    const char *who = init->administrator;
    const char *ledger =
        init->ledger != NULL ? init->ledger : arena_format(init->arena, "%s/ledger", init->beside);
    const char *object = arena_format(init->arena, "user %s", who);
    const char *sealed = arena_format(init->arena, "vms/%s", init->settings.vms[0].name);
    struct gate_change change = {
        .action = EVENT_USER_CHANGE, .object = object, .words = "first administrator"};
    if (ledger == NULL || object == NULL || sealed == NULL) {
        return ERR_MEMORY;
    }
    gate.settings.ledger = ledger;
    (void)ledger_user(gate.who);
    enum err err = init->ledger != NULL ? OK : ledger_make(ledger, NULL, note);
    err = err == OK ? secret_start() : err;
    err = err == OK ? identity_open(init->beside, &gate.identity, note) : err;
    if (err == OK && gateway_needs_secret(&init->settings.vms[0])) {
        made->secret = secret_new_random(SECRET_LENGTH);
        err = made->secret == NULL ? ERR_MEMORY
                                   : identity_seal(gate.identity, sealed, made->secret, note);
    }
    err = err == OK ? gate_change_begin(&change, &gate, note) : err;
    if (err == OK) {
        err = user_add(gate.identity, who, true, note);
        err = err == OK ? role_give(gate.identity, who, "administrator", note) : err;
        err = err == OK ? user_invite(gate.identity, who, false, made->token, note) : err;
        err = gate_change_end(&change, &gate, err, note);
    }
    identity_close(gate.identity);
    return err;
}

static enum err
make(struct gateway_init *init, struct made *made, struct note *note)
{
    enum err (*const steps[])(struct gateway_init *, struct note *) = {
        gateway_init_folder_begin, write_settings, make_certificate};
    enum err err = OK;
    for (size_t i = 0; i < COUNT(steps) && err == OK; i++) {
        err = gateway_init_is_stopped() ? ERR_CANCELLED : steps[i](init, note);
    }
    err = err == OK ? gateway_write_conf(&init->settings, init->beside, note) : err;
    err = err == OK && gateway_init_is_stopped() ? ERR_CANCELLED : err;
    err = err == OK ? make_people(init, made, note) : err;
    return err == OK ? gateway_init_folder_keep(init, note) : err;
}

static void
print_next(const struct gateway_init *init, const struct made *made)
{
    struct gate_open gate = {.settings = init->settings};
    (void)printf("The gateway is in %s\n", init->folder);
    if (!init->is_plain && init->certificate == NULL) {
        (void)printf(
            "\nInstall %s/authority/ca.crt as an authority in the browsers and phones that\n"
            "will use it. It is good for %s and for nothing else. Move ca.key beside it to\n"
            "a safe place when you like; only a renewal needs it.\n",
            init->folder, init->settings.host);
    }
    gateway_print_vms(&(struct gateway_vms_words){
        &init->settings.vms[0], made->secret == NULL ? NULL : secret_text(made->secret)});
    (void)printf("\nWhat is there now:\n\n");
    unsigned bad = gateway_look(&init->settings);
    (void)printf("\n%sThen start it:\n\n  gatehouse serve --gateway %s\n\n"
                 "and let %s, the administrator, open this link:\n\n",
        bad == 0 ? "" : "See to the lines with LOOK. ", init->folder, init->administrator);
    gate_print_link(&gate, made->token);
}

static int
run(struct gateway_init *init)
{
    CLEANUP(made_release) struct made made = {.secret = NULL};
    struct note note = {{0}};
    enum err err = plan(init, &note);
    if (err == OK) {
        err = make(init, &made, &note);
        gateway_init_folder_drop(init);
    }
    if (err == ERR_CANCELLED) {
        note_set(&note, "stopped; nothing was made");
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    print_next(init, &made);
    return CLI_OK;
}

int
gateway_init(int argc, char **argv)
{
    static const struct gate_operands nothing = {0, 0, ""};
    CLEANUP(arena_release) struct arena arena;
    struct gateway_init init = {.arena = &arena};
    struct gate_ask ask;
    struct note note = {{0}};
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    if (status != CLI_END) {
        return status;
    }
    const char **const places[COUNT(options)] = {
        [OPTION_VMS] = &init.vms,
        [OPTION_UPSTREAM] = &init.upstream,
        [OPTION_HOST] = &init.host,
        [OPTION_LISTEN] = &init.listen,
        [OPTION_USER] = &init.user,
        [OPTION_ADMINISTRATOR] = &init.administrator,
        [OPTION_SITE] = &init.site,
        [OPTION_NAME] = &init.name,
        [OPTION_CERTIFICATE] = &init.certificate,
        [OPTION_KEY] = &init.key,
        [OPTION_LEDGER] = &init.ledger,
    };
    for (size_t i = 0; i < COUNT(places); i++) {
        if (places[i] != NULL) {
            *places[i] = ask.values[i];
        }
    }
    init.is_plain = ask.given[OPTION_PLAIN];
    if (init.vms == NULL || init.upstream == NULL) {
        return cli_usage(&ask.line, "--%s is missing", init.vms == NULL ? "vms" : "upstream");
    }
    buf_init(&init.yaml, (size_t)64 * 1024);
    enum err err = gate_folder(ask.values[OPTION_GATEWAY], &arena, &init.folder, &note);
    status = err == OK ? run(&init) : cli_fail_err(err, &note);
    buf_release(&init.yaml);
    return status;
}
