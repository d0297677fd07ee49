/* gatehouse role list and who, gatehouse user list and can: what may be, in tables. */
#include "cli/role_part.h"
#include "cli/user_part.h"

#include "base/text.h"
#include "cli/gate_ask.h"
#include "gate/upstream.h"
#include "identity/role.h"

#include <stdlib.h>

static const struct cli_option listing[] = {GATE_OPTION, GATE_JSON};
static const struct cli_option who_options[] = {
    GATE_OPTION, GATE_JSON, {"vms", 0, "NAME", "of this VMS only"}
};

/* A listing that has its gateway open: CLI_END to go on. */
static int
open_listing(struct gate_open *gate, const struct gate_ask *ask)
{
    struct note note = {{0}};
    enum err err = gate_open(gate, ask->values[0], true, &note);
    return err == OK ? CLI_END : cli_fail_err(err, &note);
}

static json_t *
names_json(char **names, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_string(names[i]));
    }
    return list;
}

static json_t *
rules_json(const struct role_rule *rules, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list,
            json_pack("{s:I, s:s}", "number", (json_int_t)rules[i].id, "rule", rules[i].text));
    }
    return list;
}

static enum err
list_role(struct gate_open *gate, const char *name, json_t *list)
{
    struct role_rule *rules = NULL;
    size_t count = 0;
    enum err err = role_rules(gate->identity, name, &gate->arena, &rules, &count);
    if (err != OK) {
        return err;
    }
    if (list != NULL) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o}", "role", name, "rules", rules_json(rules, count)));
        return OK;
    }
    (void)printf("%s%s\n", name, count == 0 ? ": allows nothing" : "");
    for (size_t i = 0; i < count; i++) {
        (void)printf("  %-4lld %s\n", (long long)rules[i].id, rules[i].text);
    }
    return OK;
}

static enum err
list_groups(struct gate_open *gate, json_t *list)
{
    char **groups = NULL;
    size_t count = 0;
    enum err err = role_groups(gate->identity, &gate->arena, &groups, &count);
    for (size_t i = 0; i < count && err == OK; i++) {
        char **cameras = NULL;
        size_t used = 0;
        err = role_group(gate->identity, groups[i], &gate->arena, &cameras, &used);
        if (err == OK && list != NULL) {
            (void)json_array_append_new(list,
                json_pack("{s:s, s:o}", "group", groups[i], "cameras", names_json(cameras, used)));
        } else if (err == OK) {
            (void)printf("group %s:", groups[i]);
            for (size_t j = 0; j < used; j++) {
                (void)printf(" %s", cameras[j]);
            }
            (void)putchar('\n');
        }
    }
    return err;
}

int
role_part_list(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "role list [ROLE] [--json]",
        .about = "Lists roles with their rules and the rules' numbers, and groups of cameras.\n",
        .options = listing,
        .option_count = COUNT(listing),
        .example = "  gatehouse role list viewer\n",
    };
    static const struct gate_operands operands = {0, 1, ""};
    struct gate_ask ask;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    status = status == CLI_END ? open_listing(&gate, &ask) : status;
    if (status != CLI_END) {
        return status;
    }
    json_t *list = ask.given[1] ? json_array() : NULL;
    char **names = ask.operands;
    size_t count = ask.count;
    enum err err = OK;
    if (count == 0) {
        err = role_list(gate.identity, &gate.arena, &names, &count);
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        err = list_role(&gate, names[i], list);
    }
    if (err == OK && ask.count == 0) {
        err = list_groups(&gate, list);
    }
    if (err != OK) {
        json_decref(list);
        return err == ERR_MISSING ? cli_fail("there is no role %s; `gatehouse role list` shows all",
                                        ask.count == 0 ? "" : ask.operands[0])
                                  : cli_fail("%s", err_words(err));
    }
    return list == NULL ? CLI_OK : gate_print_json(list);
}

static json_t *
grant_json(const struct role_grant *grant)
{
    char permits[128];
    role_permits(grant->permits, permits, sizeof(permits));
    return json_pack("{s:s, s:s, s:I, s:s, s:s}", "user", grant->user, "role", grant->role,
        "number", (json_int_t)grant->rule, "rule", grant->text, "permits", permits);
}

static int
print_grants(const struct role_grant *grants, size_t count, bool by_user, bool as_json)
{
    if (as_json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++) {
            (void)json_array_append_new(list, grant_json(&grants[i]));
        }
        return gate_print_json(list);
    }
    if (count > 0 && by_user) {
        (void)printf("%-20s ", "account");
    }
    if (count > 0) {
        (void)printf("%-20s %s\n", "by role", "may");
    }
    for (size_t i = 0; i < count; i++) {
        if (by_user) {
            (void)printf("%-20s ", grants[i].user);
        }
        (void)printf("%-20s %s\n", grants[i].role, grants[i].text);
    }
    return CLI_OK;
}

int
user_part_can(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user can NAME [--json]",
        .about = "Says what an account may do, by which role and rule; what is not there is\n"
                 "refused.\n",
        .options = listing,
        .option_count = COUNT(listing),
        .example = "  gatehouse user can anna\n",
    };
    static const struct gate_operands operands = {1, 1, "the account's name"};
    struct gate_ask ask;
    struct note note = {{0}};
    struct role_grant *grants = NULL;
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    status = status == CLI_END ? open_listing(&gate, &ask) : status;
    if (status != CLI_END) {
        return status;
    }
    enum err err = role_can(gate.identity, ask.operands[0], &gate.arena, &grants, &count, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (count == 0 && !ask.given[1]) {
        (void)printf("%s may do nothing.\n", ask.operands[0]);
    }
    return print_grants(grants, count, false, ask.given[1]);
}

/* What the broker knows of each VMS; nothing where it has not run. */
static void
load_upstreams(struct gate_open *gate, struct role_vms rows[POLICY_VMS])
{
    for (size_t i = 0; i < gate->settings.vms_count; i++) {
        struct upstream_reader *reader = NULL;
        struct upstream *upstream = calloc(1, sizeof(*upstream));
        const char *name = arena_format(&gate->arena, "vms-%s", gate->settings.vms[i].name);
        const char *path = settings_run(&gate->settings, name, &gate->arena);
        rows[i] = (struct role_vms){.name = gate->settings.vms[i].name, .upstream = upstream};
        if (upstream == NULL || path == NULL || upstream_open(path, &reader, NULL) != OK ||
            upstream_copy(reader, upstream) != OK) {
            free(upstream);
            rows[i].upstream = NULL;
        }
        upstream_reader_close(reader);
    }
}

static void
drop_upstreams(const struct role_vms *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        union {
            const struct upstream *from;
            void *to;
        } plain = {.from = rows[i].upstream};
        free(plain.to);
    }
}

int
role_part_who(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "role who CAMERA [--vms NAME] [--json]",
        .about = "Says which accounts may see a camera, by which role and rule. The camera is\n"
                 "named by the VMS's own id or by its name.\n",
        .options = who_options,
        .option_count = COUNT(who_options),
        .example = "  gatehouse role who front\n",
    };
    static const struct gate_operands operands = {1, 1, "the camera"};
    struct gate_ask ask;
    struct note note = {{0}};
    struct role_grant *grants = NULL;
    struct role_vms rows[POLICY_VMS];
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &operands);
    status = status == CLI_END ? open_listing(&gate, &ask) : status;
    if (status != CLI_END) {
        return status;
    }
    load_upstreams(&gate, rows);
    const struct role_camera camera = {
        rows, gate.settings.vms_count, ask.values[2], ask.operands[0]};
    enum err err = role_who(gate.identity, &camera, &gate.arena, &grants, &count, &note);
    drop_upstreams(rows, gate.settings.vms_count);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (count == 0 && !ask.given[1]) {
        (void)printf("Nobody may see %s.\n", ask.operands[0]);
    }
    return print_grants(grants, count, true, ask.given[1]);
}

static json_t *
user_json(const struct user *user, json_t *roles)
{
    char created[32], seen[32], invited[32];
    return json_pack("{s:s, s:b, s:b, s:b, s:b, s:i, s:i, s:s, s:s, s:s, s:o}", "name", user->name,
        "administrator", user->is_administrator, "disabled", user->is_disabled, "password",
        user->has_password, "totp", user->has_totp, "passkeys", (int)user->passkeys,
        "recovery_codes", (int)user->recovery_left, "created", gate_time(user->created, created),
        "last_login", gate_time(user->last_login, seen), "invited_until",
        gate_time(user->invited_until, invited), "roles", roles);
}

static const char *
state_words(const struct user *user)
{
    bool is_ready = user->has_password && (user->has_totp || user->passkeys > 0);
    return user->is_disabled          ? "disabled"
           : is_ready                 ? "enrolled"
           : user->invited_until != 0 ? "invited"
                                      : "no link";
}

static void
print_user(const struct user *user, char **roles, size_t count)
{
    char seen[32];
    char factors[64];
    (void)snprintf(factors, sizeof(factors), "%s%s%u passkeys, %u codes",
        user->has_password ? "password, " : "", user->has_totp ? "totp, " : "", user->passkeys,
        user->recovery_left);
    (void)printf("%-20s %-9s %-6s %-21s %-38s ", user->name, state_words(user),
        user->is_administrator ? "admin" : "", gate_time(user->last_login, seen), factors);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s%s", i == 0 ? "" : ",", roles[i]);
    }
    (void)putchar('\n');
}

int
user_part_list(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "user list [--json]",
        .about =
            "Lists the accounts: whether each is enrolled, its factors, roles and last log-in.\n",
        .options = listing,
        .option_count = COUNT(listing),
        .example = "  gatehouse user list\n",
    };
    static const struct gate_operands nothing = {0, 0, ""};
    struct gate_ask ask;
    struct user *users = NULL;
    size_t count = 0;
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    status = status == CLI_END ? open_listing(&gate, &ask) : status;
    if (status != CLI_END) {
        return status;
    }
    json_t *list = ask.given[1] ? json_array() : NULL;
    enum err err = user_list(gate.identity, &gate.arena, &users, &count);
    if (err == OK && list == NULL && count > 0) {
        (void)printf("%-20s %-9s %-6s %-21s %-38s %s\n", "account", "state", "", "last log-in",
            "factors", "roles");
    }
    for (size_t i = 0; i < count && err == OK; i++) {
        char **roles = NULL;
        size_t used = 0;
        err = role_of(gate.identity, users[i].name, &gate.arena, &roles, &used);
        if (err == OK && list != NULL) {
            (void)json_array_append_new(list, user_json(&users[i], names_json(roles, used)));
        } else if (err == OK) {
            print_user(&users[i], roles, used);
        }
    }
    if (err != OK) {
        json_decref(list);
        return cli_fail("%s", err_words(err));
    }
    return list == NULL ? CLI_OK : gate_print_json(list);
}
