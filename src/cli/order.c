/* Options and site file of gatehouse assess. */
#include "cli/order.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>

// clang-format off
static const struct cli_option options[] = {
    {"site",         's', "FILE",   "site file, see gatehouse.yaml(5)"},
    {"scope",        0,   "NET",    "network or host that may be asked; again for more"},
    {"exclude",      0,   "NET",    "part of the scope that is left alone; again for more"},
    {"config",       'c', "FILE",   "configuration file to audit, or FORMAT:FILE, or a folder; again for more"},
    {"from-nmap",    0,   "FILE",   "hosts and ports of an Nmap report (-oX) in place of a sweep"},
    {"port",         0,   "N",      "a TCP port that is asked beside the usual ones; again for more"},
    {"search",       0,   "NAME",   "also search by broadcast: pppp or xiongmai"},
    {"output",       'o', "DIR",    "where the reports go (default gatehouse-report)"},
    {"format",       'f', "FORMAT", "printed: text, json, html, csv or ocsf (default text)"},
    {"full",         0,   NULL,     "print evidence and steps of every finding (fix: every step) too"},
    {"fail-on",      0,   "LEVEL",  "exit 1 from: critical, high (default), medium, never"},
    {"pace",         0,   "N",      "packets a second in all (default 1000)"},
    {"no-login",     0,   NULL,     "log in nowhere, with no password at all"},
    {"store",        0,   "FILE",   "memory of runs and log-in budget (default: XDG state)"},
    {"ledger",       0,   "DIR",    "where the run is recorded, or none (default: if it is there, XDG state)"},
    {"fingerprints", 0,   "PATH",   "more fingerprints in the Recog format, file or folder"},
    {"quiet",        'q', NULL,     "no plan, no progress"},
};
// clang-format on

enum {
    SITE,
    SCOPE,
    EXCLUDE,
    CONFIG,
    FROM_NMAP,
    PORT,
    SEARCH,
    OUTPUT,
    FORMAT,
    FULL,
    FAIL_ON,
    PACE,
    NO_LOGIN,
    STORE,
    LEDGER,
    FINGERPRINTS,
    QUIET
};

const struct cli_manual order_manual = {
    .usage = "assess [OPTION]…",
    .about =
        "Finds every camera, recorder and VMS in the scope, names it, judges it against\n"
        "the nine controls and says what to do first. Nothing outside the scope is sent a\n"
        "packet; only harmless questions are asked; a device that may have a factory\n"
        "password gets at most one log-in a day (two to confirm one that opens).\n"
        "With --config alone nothing is sent at all: the files of a VMS, of its proxy, VPN and\n"
        "guards are read, and findings name file and line.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse assess --scope 192.168.1.0/24\n"
               "  gatehouse assess --site shop.yaml --fail-on critical --output /srv/reports\n"
               "  gatehouse assess --scope 10.0.0.0/24 --from-nmap scan.xml --port 5001\n"
               "  gatehouse assess --config /etc/zm/zm.conf /etc/nginx/sites-enabled/cams.conf\n",
};

void
order_release(struct order *order)
{
    assess_ledger_release(&order->ledger);
    site_free(order->site);
    vault_close(order->keyring);
    if (order->store != NULL) {
        store_close(order->store);
    }
    fingerprint_db_free(order->fingerprints);
    mac_db_free(order->macs);
    audit_free(order->audit);
    given_release(&order->given);
}

void
order_init(struct order *order)
{
    *order = (struct order){
        .settings = assess_settings_default(),
        .format = report_by_name("text"),
        .fail_on = PRIORITY_HIGH,
    };
    scope_init(&order->scope);
    assess_ledger_init(&order->ledger);
    order->settings.scope = &order->scope;
}

static int
read_priority(const char *value, int *ret_priority)
{
    static const char *const names[] = {"critical", "high", "medium"};
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_equal_nocase(value, names[i])) {
            *ret_priority = (int)i;
            return 0;
        }
    }
    *ret_priority = -1;
    return text_equal(value, "never") ? 0 : -1;
}

enum err
order_add_fingerprints(struct order *order, const char *path, struct note *note)
{
    enum err err = order->fingerprints == NULL ? fingerprint_db_new(&order->fingerprints) : OK;
    if (err != OK) {
        return err;
    }
    err = fingerprint_db_load_folder(order->fingerprints, path, note);
    return err == OK ? OK : fingerprint_db_load(order->fingerprints, path, note);
}

static enum err
add_config(struct order *order, const char *argument, const char *beside, struct note *note)
{
    order->audit = order->audit == NULL ? audit_new() : order->audit;
    if (order->audit == NULL) {
        note_set(note, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    if (order->file_count < COUNT(order->files)) {
        order->files[order->file_count++] = (struct order_file){argument, beside};
    }
    return audit_add(order->audit, argument, beside, note);
}

static bool
add_port(struct order *order, uint64_t number)
{
    struct discover_choice *choice = &order->settings.discover;
    choice->ports = order->ports;
    if (choice->port_count == COUNT(order->ports)) {
        return false;
    }
    order->ports[choice->port_count++] = (uint16_t)number;
    return true;
}

static void
add_search(struct order *order, const char *name)
{
    struct discover_choice *choice = &order->settings.discover;
    choice->searches = order->searches;
    if (choice->search_count < COUNT(order->searches)) {
        order->searches[choice->search_count++] = name;
    }
}

/* The options that choose what is searched; CLI_END when it is fine, else the exit status. */
static int
take_search_option(struct order *order, const struct cli_line *line, int row, const char *value)
{
    struct note note = {""};
    uint64_t number = 0;
    if (row == FROM_NMAP) {
        order->settings.discover.given = &order->given;
        if (given_read(&order->given, value, &note) != OK) {
            return cli_usage(line, "--from-nmap %s", note.text);
        }
    } else if (row == PORT) {
        if (text_to_u64(value, UINT16_MAX, &number) != OK || number == 0) {
            return cli_usage(line, "--port %s: a TCP port, 1 to 65535", value);
        }
        if (!add_port(order, number)) {
            return cli_usage(line, "--port %s: more than %d of them", value, DISCOVER_MORE_PORTS);
        }
    } else {
        const struct discover_method *method = discover_by_request(value);
        if (method == NULL) {
            return cli_usage(line, "--search %s: pppp and xiongmai are known", value);
        }
        add_search(order, method->name);
    }
    return CLI_END;
}

int
order_take(struct order *order, const struct cli_line *line, int row, const char *value)
{
    struct note note = {""};
    uint64_t number = 0;
    switch (row) {
    case SITE:
        order->site_path = value;
        break;
    case SCOPE:
        if (scope_allow(&order->scope, value, &note) != OK) {
            return cli_usage(line, "--scope %s", note.text);
        }
        break;
    case EXCLUDE:
        if (scope_exclude(&order->scope, value, &note) != OK) {
            return cli_usage(line, "--exclude %s", note.text);
        }
        break;
    case CONFIG:
        if (add_config(order, value, NULL, &note) != OK) {
            return cli_usage(line, "--config %s", note.text);
        }
        break;
    case FROM_NMAP:
    case PORT:
    case SEARCH:
        return take_search_option(order, line, row, value);
    case OUTPUT:
        order->output = value;
        break;
    case FORMAT:
        order->format = report_by_name(value);
        if (order->format == NULL) {
            return cli_usage(line, "--format %s: text, json, html, csv or ocsf are known", value);
        }
        break;
    case FULL:
        order->full = true;
        break;
    case FAIL_ON:
        if (read_priority(value, &order->fail_on) != 0) {
            return cli_usage(line, "--fail-on %s: critical, high, medium or never", value);
        }
        order->has_fail_on = true;
        break;
    case PACE:
        if (text_to_u64(value, 100000, &number) != OK || number == 0) {
            return cli_usage(line, "--pace %s: packets a second, 1 to 100000", value);
        }
        order->settings.wire.packets_per_second = (unsigned)number;
        order->has_pace = true;
        break;
    case NO_LOGIN:
        order->settings.logins_per_day = 0;
        break;
    case STORE:
        order->store_path = value;
        break;
    case LEDGER:
        order->ledger_path = value;
        break;
    case FINGERPRINTS:
        if (order_add_fingerprints(order, value, &note) != OK) {
            return cli_usage(line, "--fingerprints %s: %s", value, note.text);
        }
        break;
    case QUIET:
        order->quiet = true;
        break;
    default:
        return line->status;
    }
    return CLI_END;
}

int
order_read(struct order *order, struct cli_line *line)
{
    const char *value = NULL;
    for (int row = cli_next(line, &value); row != CLI_END; row = cli_next(line, &value)) {
        int status = row == CLI_STOP ? line->status : order_take(order, line, row, value);
        if (status != CLI_END) {
            return status;
        }
    }
    for (; order->audit != NULL && line->operand < line->argc; line->operand++) {
        struct note note = {""}; /* a shell writes --config *.conf as several words */
        if (add_config(order, line->argv[line->operand], NULL, &note) != OK) {
            return cli_usage(line, "--config %s", note.text);
        }
    }
    if (line->operand < line->argc) {
        return cli_usage(line, "assess takes no argument: %s (a network goes with --scope)",
            line->argv[line->operand]);
    }
    return CLI_END;
}

/* A scope of the command line stands in the place of the site's; what either excludes stays out. */
static enum err
take_scope(struct scope *scope, const struct scope *site, struct note *note)
{
    if (scope->allowed_count == 0) {
        memcpy(scope->allowed, site->allowed, sizeof(scope->allowed));
        scope->allowed_count = site->allowed_count;
    }
    for (size_t i = 0; i < site->excluded_count; i++) {
        if (scope->excluded_count == SCOPE_NETS) {
            note_set(note, "more than %d networks are excluded, in the site file and by --exclude",
                SCOPE_NETS);
            return ERR_LIMIT;
        }
        scope->excluded[scope->excluded_count++] = site->excluded[i];
    }
    return OK;
}

/* What the site file says holds unless the command line says otherwise. */
static void
take_site(struct order *order, const struct site *site)
{
    struct assess_settings *settings = &order->settings;
    if (!order->has_pace) {
        settings->wire.packets_per_second = site->pace;
    }
    settings->wire.packets_per_second_host = site->pace_per_host;
    if (settings->logins_per_day != 0) {
        settings->logins_per_day = site->logins_per_day;
    }
    if (!order->has_fail_on && site->fail_on != NULL) {
        (void)read_priority(site->fail_on, &order->fail_on);
    }
    if (order->store_path == NULL) {
        order->store_path = site->store;
    }
    if (order->output == NULL) {
        order->output = site->output;
    }
    if (order->ledger_path == NULL) {
        order->ledger_path = site->ledger;
    }
    for (size_t i = 0; i < site->port_count; i++) {
        (void)add_port(order, site->ports[i]);
    }
    for (size_t i = 0; i < site->search_count; i++) {
        add_search(order, site->searches[i]);
    }
    settings->discover.community = site->snmp.password;
}

int
order_check(const struct order *order, const struct cli_line *line)
{
    const struct discover_choice *choice = &order->settings.discover;
    bool searches = choice->given != NULL || choice->port_count != 0 || choice->search_count != 0 ||
                    order->scope.excluded_count != 0;
    if (order->scope.allowed_count == 0 && order->audit != NULL && order->site_path == NULL &&
        searches) {
        return cli_usage(line, "--from-nmap, --port, --search and --exclude are about a network: "
                               "give its scope too, or only --config");
    }
    return CLI_END;
}

/* Whoever has no home and names no file has no keyring either. */
static bool
has_home(const struct order *order)
{
    CLEANUP(buf_release) struct buf data;
    CLEANUP(buf_release) struct buf state;
    buf_init(&data, 4096);
    buf_init(&state, 4096);
    return (order->site != NULL && order->site->secrets_file != NULL) ||
           (file_xdg("DATA", &data) == OK && file_xdg("STATE", &state) == OK);
}

/* A keyring that can't be read would let passwords be tried that are no longer in force. */
static int
open_keyring(struct order *order)
{
    struct note note = {""};
    struct vault_place place = {NULL, NULL};
    if (order->scope.allowed_count == 0 || !has_home(order)) {
        return CLI_END;
    }
    if (secret_guard() != OK) {
        return cli_fail("the memory for secrets could not be closed to others");
    }
    enum err err =
        order->site == NULL ? OK : site_secret_place(order->site, &order->site->arena, &place);
    err = err == OK ? vault_open(&place, false, &order->keyring, &note) : err;
    if (err != OK) {
        return cli_fail("%s", note.text[0] == '\0' ? err_words(err) : note.text);
    }
    order->settings.keyring = order->keyring;
    return CLI_END;
}

static int
load_site(struct order *order)
{
    struct note note = {""};
    if (order->site_path == NULL) {
        return CLI_END;
    }
    if (secret_guard() != OK) {
        return cli_fail("the memory for secrets could not be closed to others");
    }
    if (site_load(order->site_path, &order->site, &note) != OK ||
        site_secret_read(order->site, &note) != OK ||
        take_scope(&order->scope, &order->site->scope, &note) != OK) {
        (void)cli_fail("%s", note.text);
        return CLI_USAGE;
    }
    take_site(order, order->site);
    for (size_t i = 0; i < order->site->config_count; i++) {
        if (add_config(order, order->site->config[i], order->site->file, &note) != OK) {
            (void)cli_fail("%s: config: %s", order->site->file, note.text);
            return CLI_USAGE;
        }
    }
    return CLI_END;
}

int
order_load_site(struct order *order)
{
    int status = load_site(order);
    return status == CLI_END ? open_keyring(order) : status;
}

enum err
order_refresh(struct order *order, struct note *note)
{
    size_t count = order->file_count;
    enum err err = OK;
    vault_close(order->keyring);
    order->keyring = NULL;
    order->settings.keyring = NULL;
    if (open_keyring(order) != CLI_END) {
        note_set(note, "the keyring could not be opened again");
        return ERR_STORE;
    }
    audit_free(order->audit);
    order->audit = NULL;
    order->settings.audit = NULL;
    order->file_count = 0;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = add_config(order, order->files[i].argument, order->files[i].beside, note);
    }
    if (err == OK && order->audit != NULL) {
        audit_judge(order->audit);
        order->settings.audit = order->audit;
    }
    return err;
}

static bool
is_usual(uint16_t port)
{
    for (size_t i = 0; i < discover_port_count; i++) {
        if (discover_ports[i].number == port) {
            return true;
        }
    }
    return false;
}

void
order_add_hints(struct order *order)
{
    const uint16_t *ports = NULL;
    size_t count = audit_ports(order->audit, &ports);
    for (size_t i = 0; i < count; i++) {
        if (!is_usual(ports[i])) {
            (void)add_port(order, ports[i]);
        }
    }
}
