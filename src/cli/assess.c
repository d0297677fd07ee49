/* gatehouse assess: find, name, judge, report. */
#include "assess/record.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/order.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

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
        status = order_prepare(&order, &line);
    }
    if (status == CLI_END) {
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
