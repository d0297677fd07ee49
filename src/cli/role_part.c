/* gatehouse role: what accounts may do. */
#include "cli/role_part.h"

#include "base/text.h"
#include "cli/gate_ask.h"
#include "cli/part.h"
#include "identity/role.h"

#define RULE_MOST 1024

/* A change of roles: its words, and what it does with the operands. */
struct deed {
    const char *words;  /* of the event */
    const char *object; /* "role %s": the first operand */
    enum err (*act)(struct identity *identity, const struct gate_ask *ask, struct note *said,
        struct note *note);
};

static const struct cli_option gateway_only[] = {GATE_OPTION};

static int
change(const struct cli_manual *manual, const struct gate_operands *operands,
    const struct deed *deed, int argc, char **argv)
{
    struct gate_ask ask;
    struct note note = {{0}};
    struct note said = {{0}};
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, manual, argc, argv, operands);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], true, &note);
    struct gate_change event = {.action = EVENT_USER_CHANGE,
        .words = deed->words,
        .object = arena_format(&gate.arena, "%s %s", deed->object, ask.operands[0])};
    err = err == OK ? gate_change_begin(&event, &gate, &note) : err;
    if (err == OK) {
        err = deed->act(gate.identity, &ask, &said, &note);
        event.words = said.text[0] != '\0' ? said.text : event.words;
        err = gate_change_end(&event, &gate, err, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("%s: %s; that counts %s.\n", event.object, event.words, gate_when(&gate));
    return CLI_OK;
}

static enum err
act_add(struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    (void)said;
    return role_add(identity, ask->operands[0], note);
}

static enum err
act_remove(
    struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    (void)said;
    return role_remove(identity, ask->operands[0], note);
}

/* The rest of the line is the rule, whether it was quoted or not. */
static enum err
act_allow(
    struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    CLEANUP(buf_release) struct buf rule;
    int64_t id = 0;
    buf_init(&rule, RULE_MOST);
    for (size_t i = 1; i < ask->count; i++) {
        buf_format(&rule, "%s%s", i == 1 ? "" : " ", ask->operands[i]);
    }
    enum err err = buf_error(&rule);
    err = err == OK ? role_allow(identity, ask->operands[0], rule.data, &id, note) : err;
    note_set(said, "rule %lld allows %s", (long long)id, rule.data);
    return err;
}

static enum err
act_forbid(
    struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    uint64_t id = 0;
    if (text_to_u64(ask->operands[1], INT64_MAX, &id) != OK) {
        note_set(note, "%.60s is no number of a rule; `gatehouse role list %.60s` shows them",
            ask->operands[1], ask->operands[0]);
        return ERR_VALUE;
    }
    note_set(said, "rule %llu taken out", (unsigned long long)id);
    return role_forbid(identity, ask->operands[0], (int64_t)id, note);
}

static enum err
act_give(
    struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    note_set(said, "given role %s", ask->operands[1]);
    return role_give(identity, ask->operands[0], ask->operands[1], note);
}

static enum err
act_take(
    struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    note_set(said, "role %s taken away", ask->operands[1]);
    return role_take(identity, ask->operands[0], ask->operands[1], note);
}

static enum err
act_group(
    struct identity *identity, const struct gate_ask *ask, struct note *said, struct note *note)
{
    union {
        char **from;
        const char *const *to;
    } plain = {.from = ask->operands + 1};
    note_set(said, ask->count == 1 ? "removed" : "now %zu camera%s", ask->count - 1,
        ask->count == 2 ? "" : "s");
    return role_group_set(identity, ask->operands[0], plain.to, ask->count - 1, note);
}

#define ROLE_MANUAL(line, words, shown)                                                            \
    static const struct cli_manual manual = {.usage = (line),                                      \
        .about = (words),                                                                          \
        .options = gateway_only,                                                                   \
        .option_count = COUNT(gateway_only),                                                       \
        .example = (shown)}

int
role_part_add(int argc, char **argv)
{
    ROLE_MANUAL("role add ROLE",
        "Makes a role. It allows nothing until it has rules (role allow).\n",
        "  gatehouse role add night-watch\n");
    static const struct gate_operands operands = {1, 1, "the role's name"};
    static const struct deed deed = {"added", "role", act_add};
    return change(&manual, &operands, &deed, argc, argv);
}

int
role_part_remove(int argc, char **argv)
{
    ROLE_MANUAL("role remove ROLE",
        "Removes a role and its rules; accounts that had it lose what it allowed, and what they\n"
        "are watching by it ends.\n",
        "  gatehouse role remove night-watch\n");
    static const struct gate_operands operands = {1, 1, "the role's name"};
    static const struct deed deed = {"removed", "role", act_remove};
    return change(&manual, &operands, &deed, argc, argv);
}

int
role_part_allow(int argc, char **argv)
{
    ROLE_MANUAL("role allow ROLE RULE",
        "Adds a rule: what is allowed (browse, live, snapshot, playback, export, ptz, configure),\n"
        "and limits: vms=NAME camera=ID,… group=NAME days=mon-fri hours=08:00-18:00 back=7d.\n"
        "Without camera= and group= it is every camera. What no rule allows is refused;\n"
        "gatehouse-gateway(7) has all of it.\n",
        "  gatehouse role allow night-watch browse,live camera=front,yard hours=20:00-06:00\n");
    static const struct gate_operands operands = {2, 64, "a role, or what it allows,"};
    static const struct deed deed = {"allowed", "role", act_allow};
    return change(&manual, &operands, &deed, argc, argv);
}

int
role_part_forbid(int argc, char **argv)
{
    ROLE_MANUAL("role forbid ROLE NUMBER",
        "Takes a rule out of a role, by the number that `role list` shows.\n",
        "  gatehouse role forbid night-watch 7\n");
    static const struct gate_operands operands = {2, 2, "a role, or the number of its rule,"};
    static const struct deed deed = {"rule taken out", "role", act_forbid};
    return change(&manual, &operands, &deed, argc, argv);
}

int
role_part_give(int argc, char **argv)
{
    ROLE_MANUAL("role give USER ROLE", "Gives an account a role; it may have several.\n",
        "  gatehouse role give anna viewer\n");
    static const struct gate_operands operands = {2, 2, "an account, or a role,"};
    static const struct deed deed = {"given a role", "user", act_give};
    return change(&manual, &operands, &deed, argc, argv);
}

int
role_part_take(int argc, char **argv)
{
    ROLE_MANUAL("role take USER ROLE",
        "Takes a role from an account; what it is watching by it ends within two seconds.\n",
        "  gatehouse role take anna viewer\n");
    static const struct gate_operands operands = {2, 2, "an account, or a role,"};
    static const struct deed deed = {"role taken away", "user", act_take};
    return change(&manual, &operands, &deed, argc, argv);
}

int
role_part_group(int argc, char **argv)
{
    ROLE_MANUAL("role group GROUP [CAMERA…]",
        "Gives cameras a name for rules (group=NAME), by the VMS's own ids or names; replaces\n"
        "what the group had. Without cameras the group is removed.\n",
        "  gatehouse role group outside front yard\n");
    static const struct gate_operands operands = {1, 256, "the group's name"};
    static const struct deed deed = {"set", "group", act_group};
    return change(&manual, &operands, &deed, argc, argv);
}

int
cli_role(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, role_part_##name},
#include "cli/role.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "role",
        .about =
            "Roles say what accounts may do: on which cameras, when, and how far back. What no\n"
            "rule allows is refused. A change counts for streams that run, too.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
