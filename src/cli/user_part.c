/* gatehouse user: accounts. */
#include "cli/user_part.h"

#include "base/text.h"
#include "cli/gate_ask.h"
#include "cli/part.h"
#include "identity/user.h"

static const struct gate_operands one_name = {1, 1, "the account's name"};

/* What `user PART NAME` does to an account. */
struct deed {
    const char *words; /* of the event: "disabled" */
    enum err (*act)(
        struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note);
    bool makes_link;
};

static int
act_on(const struct deed *deed, const char *folder, const char *name)
{
    CLEANUP(gate_close) struct gate_open gate;
    struct note note = {{0}};
    char token[USER_TOKEN] = "";
    enum err err = gate_open(&gate, folder, true, &note);
    const char *object = arena_format(&gate.arena, "user %s", name);
    struct gate_change change = {
        .action = EVENT_USER_CHANGE, .object = object, .words = deed->words};
    err = err == OK ? identity_check_name(name, &note) : err;
    err = err == OK ? gate_change_begin(&change, &gate, &note) : err;
    if (err == OK) {
        err = deed->act(gate.identity, name, token, &note);
        if (err == ERR_MISSING && note.text[0] == '\0') {
            note_set(&note, "there is no account %.60s; `gatehouse user list` shows all", name);
        }
        err = gate_change_end(&change, &gate, err, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)fprintf(deed->makes_link ? stderr : stdout, "%s: %s; that counts %s.%s\n", object,
        deed->words, gate_when(&gate), deed->makes_link ? " The link:" : "");
    if (deed->makes_link) {
        gate_print_link(&gate, token);
    }
    return CLI_OK;
}

static enum err
act_add(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    enum err err = user_add(identity, name, false, note);
    return err == OK ? user_invite(identity, name, false, token, note) : err;
}

static enum err
act_add_administrator(
    struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    enum err err = user_add(identity, name, true, note);
    return err == OK ? user_invite(identity, name, false, token, note) : err;
}

static enum err
act_invite(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    return user_invite(identity, name, false, token, note);
}

static enum err
act_reset(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    return user_invite(identity, name, true, token, note);
}

static enum err
act_disable(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    (void)token;
    return user_set_disabled(identity, name, true, note);
}

static enum err
act_enable(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    (void)token;
    return user_set_disabled(identity, name, false, note);
}

static enum err
act_promote(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    (void)token;
    return user_set_administrator(identity, name, true, note);
}

static enum err
act_demote(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    (void)token;
    return user_set_administrator(identity, name, false, note);
}

static enum err
act_remove(struct identity *identity, const char *name, char token[USER_TOKEN], struct note *note)
{
    (void)token;
    return user_remove(identity, name, note);
}

int
user_part_add(int argc, char **argv)
{
    static const struct cli_option options[] = {
        GATE_OPTION, {"administrator", 0, NULL, "it may also use Gatehouse's own emergency path"}
    };
    static const struct cli_manual manual = {
        .usage = "user add NAME [--administrator]",
        .about = "Makes an account and prints a one-time link. Its owner sets password and second\n"
                 "factor by it; nobody else ever knows the password. A new account may do nothing\n"
                 "until it has a role (gatehouse role give).\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse user add anna && gatehouse role give anna viewer\n",
    };
    static const struct deed plain = {"added", act_add, true};
    static const struct deed administrator = {
        "added as administrator", act_add_administrator, true};
    struct gate_ask ask;
    int status = gate_ask_read(&ask, &manual, argc, argv, &one_name);
    return status != CLI_END
               ? status
               : act_on(ask.given[1] ? &administrator : &plain, ask.values[0], ask.operands[0]);
}

/* The parts that take a name and nothing else. */
static int
simple(const struct cli_manual *manual, const struct deed *deed, int argc, char **argv)
{
    struct gate_ask ask;
    int status = gate_ask_read(&ask, manual, argc, argv, &one_name);
    return status != CLI_END ? status : act_on(deed, ask.values[0], ask.operands[0]);
}

static const struct cli_option gateway_only[] = {GATE_OPTION};

int
user_part_invite(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user invite NAME",
        .about = "Makes a fresh one-time link for an account; one that was made before stops\n"
                 "working. Password and factors that are there stay.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse user invite anna\n",
    };
    static const struct deed deed = {"invited", act_invite, true};
    return simple(&manual, &deed, argc, argv);
}

int
user_part_reset(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user reset NAME",
        .about = "For an owner who lost his password or his second factor: takes password, all\n"
                 "factors and all sessions away and makes a one-time link to set new ones. It\n"
                 "ends what the account is watching.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse user reset anna\n",
    };
    static const struct deed deed = {"reset", act_reset, true};
    return simple(&manual, &deed, argc, argv);
}

int
user_part_disable(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user disable NAME",
        .about = "Shuts an account out and ends its sessions and live streams; nothing is lost.\n"
                 "The last administrator can't be disabled.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse user disable anna\n",
    };
    static const struct deed deed = {"disabled", act_disable, false};
    return simple(&manual, &deed, argc, argv);
}

int
user_part_enable(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user enable NAME",
        .about = "Lets a disabled account in again, with the password and factors it had.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse user enable anna\n",
    };
    static const struct deed deed = {"enabled", act_enable, false};
    return simple(&manual, &deed, argc, argv);
}

int
user_part_remove(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user remove NAME",
        .about = "Removes an account with its factors and sessions, for good. What the ledger\n"
                 "says of it stays. The last administrator can't be removed.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse user remove anna\n",
    };
    static const struct deed deed = {"removed", act_remove, false};
    return simple(&manual, &deed, argc, argv);
}

int
user_part_admin(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user admin NAME yes|no",
        .about = "Makes an account an administrator, or no longer one. Administrators may open an\n"
                 "emergency session when the ledger is gone; what they may see their roles say.\n"
                 "The last administrator stays one.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse user admin anna yes\n",
    };
    static const struct gate_operands operands = {2, 2, "the account's name, or yes or no,"};
    static const struct deed promote = {"made administrator", act_promote, false};
    static const struct deed demote = {"no longer administrator", act_demote, false};
    struct gate_ask ask;
    bool is_on = false;
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    if (status != CLI_END) {
        return status;
    }
    if (text_to_bool(ask.operands[1], &is_on) != OK) {
        return cli_usage(&ask.line, "%s is neither yes nor no", ask.operands[1]);
    }
    return act_on(is_on ? &promote : &demote, ask.values[0], ask.operands[0]);
}

int
cli_user(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, user_part_##name},
#include "cli/user.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "user",
        .about =
            "The accounts of the gateway: who may come in. What they may see there, roles say\n"
            "(gatehouse role). Every change is an event in the ledger.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
