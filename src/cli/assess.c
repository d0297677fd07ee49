/* gatehouse assess: find, name, judge, report. */
#include "assess/record.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "catalog/fingerprint.h"
#include "catalog/imported.h"
#include "cli/catalog_recog.h"
#include "cli/data.h"
#include "cli/order.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

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
ask_for_scope(struct order *order, const struct cli_line *line)
{
    struct wire_interface networks[16];
    char net[IP_TEXT];
    char question[128];
    size_t count = list_networks(&order->scope, networks, COUNT(networks));
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
        if (says_yes(question) && scope_allow(&order->scope, net, &note) != OK) {
            (void)fprintf(stderr, "%s\n", note.text);
        }
    }
    if (order->scope.allowed_count != 0) {
        return CLI_END;
    }
    return cli_usage(line, "give a scope, for example: gatehouse assess --scope %s",
        count == 0 ? "192.168.1.0/24" : net_text(&networks[0].net, net));
}

/* Those that `catalog import` kept; a file that can't be read is said and left out. */
static void
add_imported_fingerprints(struct order *order)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf folder;
    CLEANUP(buf_release) struct buf path;
    buf_init(&folder, 4096);
    buf_init(&path, 4096);
    if (imported_folder(order->store_path, &folder) != OK) {
        return;
    }
    catalog_recog_folder(folder.data, &path);
    if (buf_error(&path) == OK && access(path.data, F_OK) == 0 &&
        fingerprint_db_load_folder(order->fingerprints, path.data, &note) != OK) {
        log_warn("imported fingerprints: %s", note.text);
    }
}

/* Fingerprints, MAC vendors, store: what can be missing is said and does without. */
static int
open_data(struct order *order)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    enum err err = data_find("catalog/fingerprints", &path, &note);
    if (err == OK) {
        err = order_add_fingerprints(order, path.data, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    add_imported_fingerprints(order);
    if (mac_db_new(MAC_FOLDER, &order->macs, &note) != OK || note.text[0] != '\0') {
        log_info("%s", note.text);
    }
    err = store_open(order->store_path, &order->store, &order->store_note);
    if (err != OK) {
        log_warn("%s; no log-in will be tried, nothing is remembered", order->store_note.text);
        order->store = NULL;
    }
    order->settings.store = order->store;
    order->settings.store_why = "the lock-out budget could not be stored, so nothing was tried";
    order->settings.look = (struct look){.fingerprints = order->fingerprints, .macs = order->macs};
    return CLI_END;
}

/* What was imported counts only while its signature matches. */
static void
use_catalog(const char *store)
{
    struct note trouble;
    imported_use(store, &trouble);
    if (trouble.text[0] != '\0') {
        log_warn("%s; judged with the catalogue of %s inside this program", trouble.text,
            catalog_current()->date);
    }
}

/* Hosts of an Nmap report that are asked, and those that stay alone. */
static void
print_given(const struct order *order)
{
    const struct given *given = &order->given;
    size_t outside = 0;
    for (size_t i = 0; i < given->count; i++) {
        outside += scope_contains(&order->scope, &given->hosts[i].ip) ? 0 : 1;
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
print_files(const struct order *order)
{
    size_t count = order->audit == NULL ? 0 : audit_file_count(order->audit);
    if (order->audit != NULL && !order->quiet) {
        (void)fprintf(stderr, "Files   %zu configuration file%s read%s\n", count,
            count == 1 ? "" : "s",
            order->scope.allowed_count == 0 ? "; nothing is sent to the network" : "");
    }
    for (size_t i = 0; order->audit != NULL && i < audit_mistake_count(order->audit); i++) {
        (void)cli_fail("%s", audit_mistake(order->audit, i));
    }
}

static void
print_plan(const struct order *order)
{
    struct assess_plan plan = assess_plan(&order->settings);
    char net[IP_TEXT];
    (void)fprintf(stderr, "Scope   ");
    for (size_t i = 0; i < order->scope.allowed_count && i < 8; i++) {
        (void)fprintf(stderr, "%s%s", i == 0 ? "" : ", ", net_text(&order->scope.allowed[i], net));
    }
    (void)fprintf(stderr, "%s\n", order->scope.allowed_count > 8 ? ", …" : "");
    for (size_t i = 0; i < order->scope.allowed_count; i++) {
        const struct ip *ip = &order->scope.allowed[i].ip;
        if (ip->family == 4 && ip_is_public(ip)) {
            (void)fprintf(stderr, "        %s is on the internet: go on only when it is yours\n",
                net_text(&order->scope.allowed[i], net));
        }
    }
    if (order->settings.discover.given != NULL) {
        print_given(order);
    }
    (void)fprintf(stderr, "Plan    %zu host%s, at most %llu probes to find them, ", plan.hosts,
        plan.hosts == 1 ? "" : "s", (unsigned long long)plan.probes);
    if (plan.logins == 0) {
        (void)fputs("no log-in at all,\n", stderr);
    } else {
        (void)fprintf(stderr,
            "%u log-in%s a day for each device\n"
            "        that may have a factory password (one more to confirm one that opens),\n",
            plan.logins, plan.logins == 1 ? "" : "s");
    }
    (void)fprintf(stderr,
        "        about %u s at %u packets/s, then a few seconds for each device found\n",
        plan.seconds, order->settings.wire.packets_per_second);
}

static enum err
write_reports(const struct order *order, const struct assessment *result,
    const struct report_options *look, struct note *note)
{
    static const char *const names[] = {"html", "json", "csv"};
    enum err err = file_make_folder(order->output, note);
    for (size_t i = 0; err == OK && i < COUNT(names); i++) {
        const struct report_format *format = report_by_name(names[i]);
        CLEANUP(buf_release) struct buf path;
        buf_init(&path, 4096);
        buf_format(&path, "%s/report.%s", order->output, format->extension);
        err = path.failed ? ERR_LIMIT : report_write_file(format, result, look, path.data, note);
    }
    return err;
}

static enum err
print_report(const struct order *order, const struct assessment *result,
    const struct report_options *look, struct note *note)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, REPORT_MAX);
    enum err err = order->format->write(result, look, &out);
    if (err == OK && (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0)) {
        note_set(note, "what was found could not be printed: %s; it is in %.150s", strerror(errno),
            order->output);
        err = ERR_IO;
    }
    return err;
}

static void
tell_where(const struct order *order)
{
    if (text_equal(order->format->name, "text") && !order->quiet) {
        (void)printf("\n Evidence and the way to close each: %s/report.html\n"
                     " For scripts: report.json, report.csv beside it\n",
            order->output);
    }
}

static int
exit_status(const struct order *order, const struct assessment *result)
{
    if (result->partial) {
        return CLI_INCOMPLETE;
    }
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        if (finding->verdict == FAIL && finding->waiver == NULL &&
            (int)finding->control->priority <= order->fail_on) {
            return CLI_GAPS;
        }
    }
    return CLI_OK;
}

static int
run(struct order *order)
{
    struct assessment *result = NULL;
    struct note note = {""};
    print_files(order);
    if (!order->quiet && order->scope.allowed_count != 0) {
        print_plan(order);
        progress_init(&order->progress, stderr);
        order->settings.progress = progress_show;
        order->settings.context = &order->progress;
    }
    enum err err = assess_run(&order->settings, &result, &note);
    progress_end(&order->progress);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    const struct report_options look = {
        .colour = cli_colour(stdout),
        .ascii = !text_equal_nocase(nl_langinfo(CODESET), "UTF-8"),
        .full = order->full,
        .now = clock_wall(),
    };
    int status = exit_status(order, result);
    if (order->store != NULL && record_save(order->store, result) != OK) {
        log_warn("this run is not remembered: %s", store_trouble(order->store));
    }
    struct note unprinted = {""};
    err = print_report(order, result, &look, &unprinted);
    enum err written = write_reports(order, result, &look, &note);
    assessment_free(result);
    if (written != OK || err != OK) {
        return written != OK ? cli_fail_err(written, &note) : cli_fail_err(err, &unprinted);
    }
    tell_where(order);
    return fflush(stdout) == 0 ? status : cli_fail_err(ERR_IO, &note);
}

/* Said before the first packet, not after the last. */
static int
check_output(const struct order *order)
{
    struct note note = {""};
    enum err err = file_make_folder(order->output, &note);
    if (err == OK && access(order->output, W_OK | X_OK) != 0) {
        note_set(&note, "%s: %s; say where with --output DIR", order->output, strerror(errno));
        err = ERR_IO;
    }
    return err == OK ? CLI_END : cli_fail_err(err, &note);
}

int
cli_assess(int argc, char **argv)
{
    CLEANUP(order_release) struct order order;
    struct cli_line line;
    (void)setlocale(LC_CTYPE, "");
    order_init(&order);
    if (secret_start() != OK) {
        return cli_fail("the memory for secrets could not be prepared");
    }
    cli_line_init(&line, &order_manual, argc, argv);
    int status = order_read(&order, &line);
    if (status == CLI_END) {
        status = order_load_site(&order);
    }
    if (status == CLI_END) {
        status = order_check(&order, &line);
    }
    bool sends = order.scope.allowed_count != 0;
    if (status == CLI_END && !sends && order.audit == NULL) {
        status = ask_for_scope(&order, &line);
        sends = true;
    }
    if (status == CLI_END && sends && scope_host_count(&order.scope) == 0) {
        status = cli_usage(&line, "nothing is left of the scope: what is excluded covers it");
    }
    if (status == CLI_END && sends) {
        status = open_data(&order);
    }
    if (status == CLI_END) {
        use_catalog(order.store_path);
    }
    if (order.audit != NULL) {
        audit_judge(order.audit);
        order_add_hints(&order);
        order.settings.audit = order.audit;
    }
    if (status == CLI_END) {
        order.settings.site = order.site;
        order.output = order.output == NULL ? "gatehouse-report" : order.output;
        status = check_output(&order);
    }
    if (status == CLI_END) {
        status = assess_ledger_open(&order.ledger, order.ledger_path, &order.settings.ledger);
    }
    if (status == CLI_END) {
        status = run(&order);
        bool is_text = text_equal(order.format->name, "text");
        status = assess_ledger_close(&order.ledger, order.quiet || !is_text, status);
    }
    return status;
}
