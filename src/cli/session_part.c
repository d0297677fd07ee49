/* gatehouse session: who is in, and who is shut out. */
#include "cli/session_part.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/gate_ask.h"
#include "cli/part.h"
#include "identity/attempt.h"
#include "identity/session.h"

#include <string.h>

#define HOUR INT64_C(3600000)

static const struct cli_option listing[] = {GATE_OPTION, GATE_JSON};
static const struct cli_option gateway_only[] = {GATE_OPTION};
static const struct cli_option end_options[] = {
    GATE_OPTION, {"user", 0, "NAME", "all sessions of this account"}
};
static const struct cli_option ban_options[] = {
    GATE_OPTION, {"hours",  0, "N",    "for so long (default: 24)"       },
    {"reason", 0, "TEXT", "why, for the ledger and the list"}
};

static json_t *
session_json(const struct session *session)
{
    char created[32], seen[32], expires[32];
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "session", session->id,
        "user", session->user, "factor", session->factor, "ip", session->ip, "agent",
        session->agent, "since", gate_time(session->created, created), "seen",
        gate_time(session->seen, seen), "until", gate_time(session->expires, expires), "elevated",
        session->elevated > clock_wall(), "emergency", session->is_break_glass);
}

int
session_part_list(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "session list [USER] [--json]",
        .about = "Lists the sessions that are open, of all accounts or of one.\n",
        .options = listing,
        .option_count = COUNT(listing),
        .example = "  gatehouse session list anna\n",
    };
    static const struct gate_operands operands = {0, 1, ""};
    struct gate_ask ask;
    struct note note = {{0}};
    struct session *rows = NULL;
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], true, &note);
    const char *user = ask.count == 0 ? NULL : ask.operands[0];
    err = err == OK ? session_list(gate.identity, user, &gate.arena, &rows, &count) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    json_t *list = ask.given[1] ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        char since[32], seen[32];
        if (list != NULL) {
            (void)json_array_append_new(list, session_json(&rows[i]));
            continue;
        }
        (void)printf("%-24s %-20s %-8s %-24s since %s, last seen %s%s\n", rows[i].id, rows[i].user,
            rows[i].factor, rows[i].ip, gate_time(rows[i].created, since),
            gate_time(rows[i].seen, seen), rows[i].is_break_glass ? ", EMERGENCY" : "");
    }
    if (list == NULL && count == 0) {
        (void)printf("Nobody is in.\n");
    }
    return list == NULL ? CLI_OK : gate_print_json(list);
}

static enum err
end_sessions(
    struct gate_open *gate, const struct gate_ask *ask, size_t *ret_count, struct note *note)
{
    const char *id = ask->count == 0 ? NULL : ask->operands[0];
    const char *user = ask->values[1];
    const char *object = arena_format(
        &gate->arena, id != NULL ? "session %s" : "sessions of %s", id != NULL ? id : user);
    struct gate_change change = {.action = EVENT_USER_CHANGE, .object = object, .words = "ended"};
    enum err err = object == NULL ? ERR_MEMORY : gate_change_begin(&change, gate, note);
    if (err != OK) {
        return err;
    }
    if (id != NULL) {
        err = session_end(gate->identity, user, id);
        *ret_count = 1;
    } else {
        err = session_end_all(gate->identity, user, NULL, ret_count);
    }
    if (err == ERR_MISSING) {
        note_set(note,
            "there is no session %.60s; `gatehouse session list` shows all, --user NAME ends those "
            "of an account",
            id != NULL ? id : user);
    }
    return gate_change_end(&change, gate, err, note);
}

int
session_part_end(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "session end SESSION | --user NAME",
        .about = "Ends a session, or all of an account; their streams end within two seconds.\n",
        .options = end_options,
        .option_count = COUNT(end_options),
        .example = "  gatehouse session end --user anna\n",
    };
    static const struct gate_operands operands = {0, 1, ""};
    struct gate_ask ask;
    struct note note = {{0}};
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    if (status != CLI_END) {
        return status;
    }
    if (ask.count == 0 && ask.values[1] == NULL) {
        return cli_usage(&ask.line, "a session or --user NAME is missing");
    }
    enum err err = gate_open(&gate, ask.values[0], true, &note);
    err = err == OK ? end_sessions(&gate, &ask, &count, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf(
        "%zu session%s ended; that counts %s.\n", count, count == 1 ? "" : "s", gate_when(&gate));
    return CLI_OK;
}

int
session_part_bans(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "session bans [--json]",
        .about =
            "Lists the addresses that are shut out after too many failed attempts, or by hand.\n",
        .options = listing,
        .option_count = COUNT(listing),
        .example = "  gatehouse session bans\n",
    };
    static const struct gate_operands nothing = {0, 0, ""};
    struct gate_ask ask;
    struct note note = {{0}};
    struct ban *bans = NULL;
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    if (status != CLI_END) {
        return status;
    }
    enum err err = gate_open(&gate, ask.values[0], true, &note);
    err = err == OK ? attempt_bans(gate.identity, clock_wall(), &gate.arena, &bans, &count) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    json_t *list = ask.given[1] ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        char net[IP_TEXT], since[32], until[32];
        (void)net_text(&bans[i].net, net);
        (void)gate_time(bans[i].since, since);
        (void)gate_time(bans[i].until, until);
        if (list != NULL) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s, s:s, s:s}", "address", net, "since", since, "until",
                          until, "reason", bans[i].reason));
        } else {
            (void)printf("%-24s until %s  %s\n", net, until, bans[i].reason);
        }
    }
    if (list == NULL && count == 0) {
        (void)printf("Nobody is shut out.\n");
    }
    return list == NULL ? CLI_OK : gate_print_json(list);
}

/* Shuts an address out until then, or lets it in again (0). */
static int
set_ban(const struct gate_ask *ask, int64_t until, const char *reason)
{
    struct note note = {{0}};
    struct net net;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    if (net_parse(ask->operands[0], &net) != OK) {
        return cli_usage(
            &ask->line, "%s is no address and no network such as 192.0.2.0/24", ask->operands[0]);
    }
    enum err err = gate_open(&gate, ask->values[0], true, &note);
    struct gate_change change = {.action = EVENT_USER_CHANGE,
        .object = arena_format(&gate.arena, "address %s", ask->operands[0]),
        .words = until == 0 ? "ban lifted" : "banned"};
    err = err == OK ? gate_change_begin(&change, &gate, &note) : err;
    if (err == OK) {
        err = until == 0 ? attempt_lift(gate.identity, &net, &note)
                         : attempt_ban(gate.identity, &net, until, reason, &note);
        err = gate_change_end(&change, &gate, err, &note);
    }
    if (err == ERR_MISSING && note.text[0] == '\0') {
        return cli_fail(
            "%s is not shut out; `gatehouse session bans` shows who is", ask->operands[0]);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("%s is %s; that counts %s.\n", ask->operands[0],
        until == 0 ? "let in again" : "shut out", gate_when(&gate));
    return CLI_OK;
}

int
session_part_ban(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "session ban ADDRESS [--hours N] [--reason TEXT]",
        .about = "Shuts an address or a network out, whoever comes from there.\n",
        .options = ban_options,
        .option_count = COUNT(ban_options),
        .example = "  gatehouse session ban 192.0.2.0/24 --hours 2\n",
    };
    static const struct gate_operands operands = {1, 1, "the address"};
    struct gate_ask ask;
    uint64_t hours = 24;
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    if (status != CLI_END) {
        return status;
    }
    if (ask.values[1] != NULL && (text_to_u64(ask.values[1], 87600, &hours) != OK || hours == 0)) {
        return cli_usage(
            &ask.line, "--hours %s: a number from 1 to 87600 is needed", ask.values[1]);
    }
    return set_ban(&ask, clock_wall() + (int64_t)hours * HOUR,
        ask.values[2] == NULL ? "by an administrator" : ask.values[2]);
}

int
session_part_lift(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "session lift ADDRESS",
        .about = "Lets an address or a network in again, before its time.\n",
        .options = gateway_only,
        .option_count = COUNT(gateway_only),
        .example = "  gatehouse session lift 192.0.2.7\n",
    };
    static const struct gate_operands operands = {1, 1, "the address"};
    struct gate_ask ask;
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    return status != CLI_END ? status : set_ban(&ask, 0, NULL);
}

int
cli_session(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, session_part_##name},
#include "cli/session.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "session",
        .about = "Who is logged in at the gateway, and which addresses are shut out.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
