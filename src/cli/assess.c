/* gatehouse assess: find, name, judge, report. */
#include "assess/assess.h"

#include "assess/record.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/progress.h"
#include "report/report.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    {"full",         0,   NULL,     "print evidence and steps of every finding too"},
    {"fail-on",      0,   "LEVEL",  "exit 1 from: critical, high (default), medium, never"},
    {"pace",         0,   "N",      "packets a second in all (default 1000)"},
    {"no-login",     0,   NULL,     "log in nowhere, with no password at all"},
    {"store",        0,   "FILE",   "memory of runs and log-in budget (default: XDG state)"},
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
    FINGERPRINTS,
    QUIET
};

static const struct cli_manual manual = {
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

struct command {
    struct scope scope;
    struct site *site;
    struct store *store;
    struct fingerprint_db *fingerprints;
    struct mac_db *macs;
    struct audit *audit;
    struct assess_settings settings;
    struct given given;
    uint16_t ports[DISCOVER_MORE_PORTS];
    const char *searches[SITE_SEARCHES];
    struct progress progress;
    struct note store_note;
    const struct report_format *format;
    const char *output, *store_path, *site_path;
    int fail_on; /* enum priority; -1: never */
    bool has_fail_on, has_pace, full, quiet;
};

static void
release(struct command *command)
{
    site_free(command->site);
    if (command->store != NULL) {
        store_close(command->store);
    }
    fingerprint_db_free(command->fingerprints);
    mac_db_free(command->macs);
    audit_free(command->audit);
    given_release(&command->given);
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

/* A fingerprint file or a folder of them. */
static enum err
add_fingerprints(struct command *command, const char *path, struct note *note)
{
    enum err err = command->fingerprints == NULL ? fingerprint_db_new(&command->fingerprints) : OK;
    if (err != OK) {
        return err;
    }
    err = fingerprint_db_load_folder(command->fingerprints, path, note);
    return err == OK ? OK : fingerprint_db_load(command->fingerprints, path, note);
}

static enum err
add_config(struct command *command, const char *argument, struct note *note)
{
    command->audit = command->audit == NULL ? audit_new() : command->audit;
    if (command->audit == NULL) {
        note_set(note, "%s", err_words(ERR_MEMORY));
        return ERR_MEMORY;
    }
    return audit_add(command->audit, argument, note);
}

static bool
add_port(struct command *command, uint64_t number)
{
    struct discover_choice *choice = &command->settings.discover;
    choice->ports = command->ports;
    if (choice->port_count == COUNT(command->ports)) {
        return false;
    }
    command->ports[choice->port_count++] = (uint16_t)number;
    return true;
}

static void
add_search(struct command *command, const char *name)
{
    struct discover_choice *choice = &command->settings.discover;
    choice->searches = command->searches;
    if (choice->search_count < COUNT(command->searches)) {
        command->searches[choice->search_count++] = name;
    }
}

/* The options that choose what is searched; CLI_END when it is fine, else the exit status. */
static int
take_search_option(struct command *command, const struct cli_line *line, int row, const char *value)
{
    struct note note = {""};
    uint64_t number = 0;
    if (row == FROM_NMAP) {
        command->settings.discover.given = &command->given;
        if (given_read(&command->given, value, &note) != OK) {
            return cli_usage(line, "--from-nmap %s", note.text);
        }
    } else if (row == PORT) {
        if (text_to_u64(value, UINT16_MAX, &number) != OK || number == 0) {
            return cli_usage(line, "--port %s: a TCP port, 1 to 65535", value);
        }
        if (!add_port(command, number)) {
            return cli_usage(line, "--port %s: more than %d of them", value, DISCOVER_MORE_PORTS);
        }
    } else {
        const struct discover_method *method = discover_by_request(value);
        if (method == NULL) {
            return cli_usage(line, "--search %s: pppp and xiongmai are known", value);
        }
        add_search(command, method->name);
    }
    return CLI_END;
}

/* One option; CLI_END when it is fine, else the exit status. */
static int
take_option(struct command *command, const struct cli_line *line, int row, const char *value)
{
    struct note note = {""};
    uint64_t number = 0;
    switch (row) {
    case SITE:
        command->site_path = value;
        break;
    case SCOPE:
        if (scope_allow(&command->scope, value, &note) != OK) {
            return cli_usage(line, "--scope %s", note.text);
        }
        break;
    case EXCLUDE:
        if (scope_exclude(&command->scope, value, &note) != OK) {
            return cli_usage(line, "--exclude %s", note.text);
        }
        break;
    case CONFIG:
        if (add_config(command, value, &note) != OK) {
            return cli_usage(line, "--config %s", note.text);
        }
        break;
    case FROM_NMAP:
    case PORT:
    case SEARCH:
        return take_search_option(command, line, row, value);
    case OUTPUT:
        command->output = value;
        break;
    case FORMAT:
        command->format = report_by_name(value);
        if (command->format == NULL) {
            return cli_usage(line, "--format %s: text, json, html, csv or ocsf are known", value);
        }
        break;
    case FULL:
        command->full = true;
        break;
    case FAIL_ON:
        if (read_priority(value, &command->fail_on) != 0) {
            return cli_usage(line, "--fail-on %s: critical, high, medium or never", value);
        }
        command->has_fail_on = true;
        break;
    case PACE:
        if (text_to_u64(value, 100000, &number) != OK || number == 0) {
            return cli_usage(line, "--pace %s: packets a second, 1 to 100000", value);
        }
        command->settings.wire.packets_per_second = (unsigned)number;
        command->has_pace = true;
        break;
    case NO_LOGIN:
        command->settings.logins_per_day = 0;
        break;
    case STORE:
        command->store_path = value;
        break;
    case FINGERPRINTS:
        if (add_fingerprints(command, value, &note) != OK) {
            return cli_usage(line, "--fingerprints %s: %s", value, note.text);
        }
        break;
    case QUIET:
        command->quiet = true;
        break;
    default:
        return line->status;
    }
    return CLI_END;
}

static int
read_options(struct command *command, struct cli_line *line)
{
    const char *value = NULL;
    for (int row = cli_next(line, &value); row != CLI_END; row = cli_next(line, &value)) {
        int status = take_option(command, line, row, value);
        if (status != CLI_END) {
            return status;
        }
    }
    for (; command->audit != NULL && line->operand < line->argc; line->operand++) {
        struct note note = {""}; /* a shell writes --config *.conf as several words */
        if (add_config(command, line->argv[line->operand], &note) != OK) {
            return cli_usage(line, "--config %s", note.text);
        }
    }
    if (line->operand < line->argc) {
        return cli_usage(line, "assess takes no argument: %s (a network goes with --scope)",
            line->argv[line->operand]);
    }
    return CLI_END;
}

static size_t
list_networks(const struct scope *scope, struct wire_interface *out, size_t max)
{
    struct wire *wire = NULL;
    const struct wire_settings settings = wire_settings_default();
    if (wire_new(scope, &settings, &wire) != OK) {
        return 0;
    }
    size_t count = wire_interfaces(wire, out, max);
    wire_free(wire);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (out[i].net.ip.family == 4 && !ip_is_loopback(&out[i].ip)) {
            out[kept++] = out[i];
        }
    }
    return kept;
}

static bool
says_yes(const char *question)
{
    char line[16] = "";
    (void)fprintf(stderr, "%s [y/N] ", question);
    return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

/* Without a scope: shows the local networks and asks; without a terminal says what to type. */
static int
ask_for_scope(struct command *command, const struct cli_line *line)
{
    struct wire_interface networks[16];
    char net[IP_TEXT];
    char question[128];
    size_t count = list_networks(&command->scope, networks, COUNT(networks));
    bool can_ask = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
    (void)fprintf(stderr,
        "No scope was given: Gatehouse sends nothing to a network that its owner has\n"
        "not authorised. Networks of this machine:\n");
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(stderr, "  %-10s %s\n", networks[i].name, net_text(&networks[i].net, net));
    }
    if (count == 0) {
        (void)fprintf(stderr, "  (none)\n");
    }
    for (size_t i = 0; can_ask && i < count; i++) {
        (void)snprintf(
            question, sizeof(question), "May %s be asked?", net_text(&networks[i].net, net));
        struct note note = {""};
        if (says_yes(question) && scope_allow(&command->scope, net, &note) != OK) {
            (void)fprintf(stderr, "%s\n", note.text);
        }
    }
    if (command->scope.allowed_count != 0) {
        return CLI_END;
    }
    return cli_usage(line, "give a scope, for example: gatehouse assess --scope %s",
        count == 0 ? "192.168.1.0/24" : net_text(&networks[0].net, net));
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
take_site(struct command *command, const struct site *site)
{
    struct assess_settings *settings = &command->settings;
    if (!command->has_pace) {
        settings->wire.packets_per_second = site->pace;
    }
    settings->wire.packets_per_second_host = site->pace_per_host;
    if (settings->logins_per_day != 0) {
        settings->logins_per_day = site->logins_per_day;
    }
    if (!command->has_fail_on && site->fail_on != NULL) {
        (void)read_priority(site->fail_on, &command->fail_on);
    }
    if (command->store_path == NULL) {
        command->store_path = site->store;
    }
    if (command->output == NULL) {
        command->output = site->output;
    }
    for (size_t i = 0; i < site->port_count; i++) {
        (void)add_port(command, site->ports[i]);
    }
    for (size_t i = 0; i < site->search_count; i++) {
        add_search(command, site->searches[i]);
    }
    settings->discover.community = site->snmp.password;
}

static int
load_site(struct command *command)
{
    struct note note = {""};
    if (command->site_path == NULL) {
        return CLI_END;
    }
    if (secret_guard() != OK) {
        return cli_fail("the memory for secrets could not be closed to others");
    }
    if (site_load(command->site_path, &command->site, &note) != OK ||
        site_secret_read(command->site, &note) != OK ||
        take_scope(&command->scope, &command->site->scope, &note) != OK) {
        (void)cli_fail("%s", note.text);
        return CLI_USAGE;
    }
    take_site(command, command->site);
    return CLI_END;
}

/* Fingerprints, MAC vendors, store: what can be missing is said and does without. */
static int
open_data(struct command *command)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    enum err err = data_find("catalog/fingerprints", &path, &note);
    if (err == OK) {
        err = add_fingerprints(command, path.data, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    if (mac_db_new(MAC_FOLDER, &command->macs, &note) != OK || note.text[0] != '\0') {
        log_info("%s", note.text);
    }
    err = store_open(command->store_path, &command->store, &command->store_note);
    if (err != OK) {
        log_warn("%s; no log-in will be tried, nothing is remembered", command->store_note.text);
        command->store = NULL;
    }
    command->settings.store = command->store;
    command->settings.store_why = "the lock-out budget could not be stored, so nothing was tried";
    command->settings.look =
        (struct look){.fingerprints = command->fingerprints, .macs = command->macs};
    return CLI_END;
}

/* Hosts of an Nmap report that are asked, and those that stay alone. */
static void
print_given(const struct command *command)
{
    const struct given *given = &command->given;
    size_t outside = 0;
    for (size_t i = 0; i < given->count; i++) {
        outside += scope_contains(&command->scope, &given->hosts[i].ip) ? 0 : 1;
    }
    (void)fprintf(stderr, "Report  %zu host%s of the Nmap report, in place of a sweep",
        given->count - outside, given->count - outside == 1 ? "" : "s");
    if (outside != 0) {
        (void)fprintf(stderr, "; %zu more outside the scope are left alone", outside);
    }
    if (given->left_out != 0) {
        (void)fprintf(stderr, "; %zu hosts or ports are past the limits", given->left_out);
    }
    (void)fprintf(stderr, "\n");
}

static void
print_files(const struct command *command)
{
    size_t count = command->audit == NULL ? 0 : audit_file_count(command->audit);
    if (command->audit != NULL && !command->quiet) {
        (void)fprintf(stderr, "Files   %zu configuration file%s read%s\n", count,
            count == 1 ? "" : "s",
            command->scope.allowed_count == 0 ? "; nothing is sent to the network" : "");
    }
    for (size_t i = 0; command->audit != NULL && i < audit_mistake_count(command->audit); i++) {
        (void)cli_fail("%s", audit_mistake(command->audit, i));
    }
}

static void
print_plan(const struct command *command)
{
    struct assess_plan plan = assess_plan(&command->settings);
    char net[IP_TEXT];
    (void)fprintf(stderr, "Scope   ");
    for (size_t i = 0; i < command->scope.allowed_count && i < 8; i++) {
        (void)fprintf(
            stderr, "%s%s", i == 0 ? "" : ", ", net_text(&command->scope.allowed[i], net));
    }
    (void)fprintf(stderr, "%s\n", command->scope.allowed_count > 8 ? ", …" : "");
    if (command->settings.discover.given != NULL) {
        print_given(command);
    }
    (void)fprintf(stderr,
        "Plan    %zu host%s, at most %llu probes to find them, %u log-in%s a day for each device\n"
        "        that may have a factory password (one more to confirm one that opens),\n"
        "        about %u s at %u packets/s, then a few seconds for each device found\n",
        plan.hosts, plan.hosts == 1 ? "" : "s", (unsigned long long)plan.probes, plan.logins,
        plan.logins == 1 ? "" : "s", plan.seconds, command->settings.wire.packets_per_second);
}

static enum err
write_reports(const struct command *command, const struct assessment *result,
    const struct report_options *look, struct note *note)
{
    static const char *const names[] = {"html", "json", "csv"};
    enum err err = file_make_folder(command->output, note);
    for (size_t i = 0; err == OK && i < COUNT(names); i++) {
        const struct report_format *format = report_by_name(names[i]);
        CLEANUP(buf_release) struct buf path;
        buf_init(&path, 4096);
        buf_format(&path, "%s/report.%s", command->output, format->extension);
        err = path.failed ? ERR_LIMIT : report_write_file(format, result, look, path.data, note);
    }
    return err;
}

static enum err
print_report(const struct command *command, const struct assessment *result,
    const struct report_options *look)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, REPORT_MAX);
    enum err err = command->format->write(result, look, &out);
    if (err == OK && fwrite(out.data, 1, out.len, stdout) != out.len) {
        err = ERR_IO;
    }
    return fflush(stdout) == 0 ? err : ERR_IO;
}

static void
tell_where(const struct command *command)
{
    if (text_equal(command->format->name, "text") && !command->quiet) {
        (void)printf("\n Evidence and the way to close each: %s/report.html\n"
                     " For scripts: report.json, report.csv beside it\n",
            command->output);
    }
}

static int
exit_status(const struct command *command, const struct assessment *result)
{
    if (result->partial) {
        return CLI_INCOMPLETE;
    }
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        if (finding->verdict == FAIL && finding->waiver == NULL &&
            (int)finding->control->priority <= command->fail_on) {
            return CLI_GAPS;
        }
    }
    return CLI_OK;
}

static int
run(struct command *command)
{
    struct assessment *result = NULL;
    struct note note = {""};
    print_files(command);
    if (!command->quiet && command->scope.allowed_count != 0) {
        print_plan(command);
        progress_init(&command->progress, stderr);
        command->settings.progress = progress_show;
        command->settings.context = &command->progress;
    }
    enum err err = assess_run(&command->settings, &result, &note);
    progress_end(&command->progress);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    const struct report_options look = {
        .colour = cli_colour(stdout),
        .ascii = !text_equal_nocase(nl_langinfo(CODESET), "UTF-8"),
        .full = command->full,
        .now = clock_wall(),
    };
    int status = exit_status(command, result);
    if (command->store != NULL && record_save(command->store, result) != OK) {
        log_warn("this run is not remembered: %s", store_trouble(command->store));
    }
    err = print_report(command, result, &look);
    enum err written = write_reports(command, result, &look, &note);
    assessment_free(result);
    if (written != OK || err != OK) {
        return cli_fail_err(written != OK ? written : err, &note);
    }
    tell_where(command);
    return fflush(stdout) == 0 ? status : cli_fail_err(ERR_IO, &note);
}

/* Said before the first packet, not after the last. */
static int
check_output(const struct command *command)
{
    struct note note = {""};
    enum err err = file_make_folder(command->output, &note);
    if (err == OK && access(command->output, W_OK | X_OK) != 0) {
        note_set(&note, "%s: %s; say where with --output DIR", command->output, strerror(errno));
        err = ERR_IO;
    }
    return err == OK ? CLI_END : cli_fail_err(err, &note);
}

int
cli_assess(int argc, char **argv)
{
    CLEANUP(release)
    struct command command = {
        .settings = assess_settings_default(),
        .format = report_by_name("text"),
        .fail_on = PRIORITY_HIGH,
    };
    struct cli_line line;
    (void)setlocale(LC_CTYPE, "");
    if (secret_start() != OK) {
        return cli_fail("the memory for secrets could not be prepared");
    }
    scope_init(&command.scope);
    command.settings.scope = &command.scope;
    cli_line_init(&line, &manual, argc, argv);
    int status = read_options(&command, &line);
    if (status == CLI_END) {
        status = load_site(&command);
    }
    bool sends = command.scope.allowed_count != 0;
    if (status == CLI_END && !sends && command.audit == NULL) {
        status = ask_for_scope(&command, &line);
        sends = true;
    }
    if (status == CLI_END && sends && scope_host_count(&command.scope) == 0) {
        status = cli_usage(&line, "nothing is left of the scope: what is excluded covers it");
    }
    if (status == CLI_END && sends) {
        status = open_data(&command);
    }
    if (command.audit != NULL) {
        audit_judge(command.audit);
        command.settings.audit = command.audit;
    }
    if (status == CLI_END) {
        command.settings.site = command.site;
        command.output = command.output == NULL ? "gatehouse-report" : command.output;
        status = check_output(&command);
    }
    if (status == CLI_END) {
        status = run(&command);
    }
    return status;
}
