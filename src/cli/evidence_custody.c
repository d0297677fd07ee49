/* gatehouse evidence custody: the way of one clip from the camera to the court. */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "cli/evidence_given.h"
#include "cli/evidence_shut.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_open.h"
#include "cli/ledger_user.h"
#include "cli/ledger_vkey.h"
#include "evidence/custody.h"
#include "report/custody_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE_LIMIT ((size_t)16 * 1024 * 1024)

enum {
    OPTION_EVENT,
    OPTION_KEY,
    OPTION_CLIP,
    OPTION_TSA_ROOTS,
    OPTION_HTML,
    OPTION_JSON,
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTIONS,
};

static const struct cli_option options[OPTIONS] = {
    {"event",     0, "ID",   "of that event, or of a view, in the ledger; without a package"  },
    {"key",       0, "VKEY", "the log's public key as you got it elsewhere, or a file with it"},
    {"clip",      0, "FILE", "the clip, where the package has only its hash"                  },
    {"tsa-roots", 0, "PEM",  "certificates of time-stamp authorities that are believed"       },
    {"html",      0, "FILE", "write it as a page there"                                       },
    {"json",      0, NULL,   "print JSON"                                                     },
    LEDGER_OPTION,
    KEYS_OPTION,
};

static const struct cli_manual manual = {
    .usage = "evidence custody PACKAGE|--event ID [OPTION]…",
    .about =
        "Tells the way of one clip: recorded by which camera, watched and exported by whom,\n"
        "packaged, time-stamped, verified now. Of a package it needs no network and no ledger;\n"
        "with --ledger, or of an --event, the ledger says who else saw that recording, and that\n"
        "it was asked is an event in it.\n"
        "Exit status: 0 told; 1 told, and claims of the package are broken; 2 not; 64 usage.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse evidence custody case-4711.zip --key log.vkey --html custody.html\n"
               "  gatehouse evidence custody --event 5fK2…Q-end\n",
};

struct telling {
    const char *values[OPTIONS];
    const char *package_path;
    struct custody custody;
    struct package *package;
    struct judge judge;
    struct events events;
    struct buf roots;
    bool has_judge;
};

static enum err
take_package(struct telling *telling, struct note *note)
{
    struct vkey key;
    const char *given_key = telling->values[OPTION_KEY];
    const char *roots = telling->values[OPTION_TSA_ROOTS];
    struct evidence_shut help;
    struct judge_given given = {.clip = telling->values[OPTION_CLIP]};
    evidence_shut_help(&help, &given);
    enum err err = given_key == NULL ? OK : ledger_vkey(given_key, &key, note);
    given.key = given_key == NULL ? NULL : &key;
    if (err == OK && roots != NULL) {
        err = evidence_given_roots(roots, &telling->roots, note);
        given.roots = telling->roots.data;
    }
    if (err == OK) {
        err = package_open(telling->package_path, &telling->package, note);
    }
    if (err == OK) {
        err = judge_package(telling->package, &given, &telling->judge, note);
        telling->has_judge = err == OK;
    }
    evidence_shut_release(&help);
    return err == OK
               ? custody_add_package(&telling->custody, telling->package, &telling->judge, note)
               : err;
}

/* Durable before anything is shown, and all that was recorded until then is published. */
static enum err
record(const struct telling *telling, const struct ledger_open *open, struct note *note)
{
    CLEANUP(buf_release) struct buf json;
    const char *of =
        telling->package_path != NULL ? telling->package_path : telling->values[OPTION_EVENT];
    buf_init(&json, EVENT_LIMIT);
    if (!ledger_open_is_live(open)) {
        return OK;
    }
    enum err err = ledger_user_event(EVENT_LEDGER_READ, NULL,
        json_pack("{s:s, s:o}", "kind", "custody", "of", event_text_json(event_text(of))), &json,
        note);
    return err == OK
               ? ledger_user_record(open->folder.data, telling->values[OPTION_KEYS], &json, note)
               : err;
}

static enum err
take_ledger(struct telling *telling, struct note *note)
{
    struct ledger_open open;
    struct search *search = NULL;
    enum err err = ledger_open_init(
        &open, telling->values[OPTION_LEDGER], telling->values[OPTION_KEYS], NULL, note);
    if (err == OK) {
        err = record(telling, &open, note);
    }
    if (err == OK) {
        err = ledger_open_search(&open, &search, note);
    }
    if (err == OK && telling->package_path == NULL) {
        err = events_find(
            &telling->events, search, telling->values[OPTION_EVENT], MANIFEST_EVENTS, note);
        err = err == OK ? events_prove(&telling->events, open.folder.data, note) : err;
        err = err == OK ? custody_add_events(&telling->custody, &telling->events) : err;
    }
    if (err == OK) {
        err = custody_add_log(&telling->custody, search, note);
    }
    search_close(search);
    ledger_open_release(&open);
    return err;
}

static void
print_step(const struct custody_step *step)
{
    CLEANUP(buf_release) struct buf when;
    buf_init(&when, 256);
    if (step->when[0] == '\0') {
        buf_text(&when, "time not known");
    } else {
        events_time_words(&when, step->when);
    }
    (void)printf("  %-24s%s\n      %s\n      (%s", when.data, custody_stage_text(step->stage),
        step->words.data, step->by);
    if (step->index >= 0) {
        (void)printf(", entry %" PRId64, step->index);
    }
    (void)puts(")\n");
}

static void
print_text(const struct telling *telling)
{
    const struct custody *custody = &telling->custody;
    (void)puts("Chain of custody; times are UTC.\n");
    if (custody->clip[0] != '\0') {
        (void)printf("  The clip's SHA-256 is %s.\n\n", custody->clip);
    }
    for (size_t i = 0; i < custody->count; i++) {
        print_step(&custody->steps[i]);
    }
    if (!custody->has_log) {
        (void)puts("The ledger was not asked who else saw this recording; --ledger does.");
    }
}

static int
print_json(const struct telling *telling)
{
    const struct custody *custody = &telling->custody;
    json_t *steps = json_array();
    for (size_t i = 0; i < custody->count; i++) {
        const struct custody_step *step = &custody->steps[i];
        json_t *row = json_pack("{s:s, s:s, s:s}", "stage", custody_stage_text(step->stage), "by",
            step->by, "words", step->words.data);
        if (step->when[0] != '\0') {
            (void)json_object_set_new(row, "time", json_string(step->when));
        }
        if (step->index >= 0) {
            (void)json_object_set_new(row, "index", json_integer(step->index));
        }
        (void)json_array_append_new(steps, row);
    }
    json_t *json = json_pack("{s:s, s:b, s:o}", "clip", custody->clip, "asked_ledger",
        (int)custody->has_log, "steps", steps);
    int failed = json == NULL ? -1 : json_dumpf(json, stdout, JSON_INDENT(2));
    json_decref(json);
    (void)putchar('\n');
    return failed == 0 ? CLI_OK : cli_fail("%s", err_words(ERR_MEMORY));
}

static enum err
write_page(const struct telling *telling, struct note *note)
{
    CLEANUP(buf_release) struct buf html;
    const char *path = telling->package_path;
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    const struct custody_page page = {
        .title = path == NULL                        ? telling->values[OPTION_EVENT]
                 : slash != NULL && slash[1] != '\0' ? slash + 1
                                                     : path,
        .site = telling->has_judge ? telling->judge.manifest.site : NULL,
        .reason = telling->has_judge ? telling->judge.manifest.reason : NULL,
        .custody = &telling->custody,
    };
    buf_init(&html, PAGE_LIMIT);
    custody_page(&html, &page);
    enum err err = buf_error(&html);
    return err == OK ? file_write(telling->values[OPTION_HTML], html.data, html.len, 0600, note)
                     : err;
}

static int
show(const struct telling *telling, bool as_json)
{
    struct note note = {""};
    int status = CLI_OK;
    if (telling->values[OPTION_HTML] != NULL) {
        enum err err = write_page(telling, &note);
        if (err != OK) {
            return cli_fail_err(err, &note);
        }
    }
    if (as_json) {
        status = print_json(telling);
    } else if (telling->values[OPTION_HTML] == NULL) {
        print_text(telling);
    } else {
        (void)printf("The page is %s.\n", telling->values[OPTION_HTML]);
    }
    bool is_broken = telling->has_judge && telling->judge.counts[JUDGE_BROKEN] != 0;
    return status == CLI_OK && is_broken ? CLI_GAPS : status;
}

static int
tell(struct telling *telling, bool as_json)
{
    struct note note = {""};
    enum err err = secret_start();
    custody_init(&telling->custody);
    events_init(&telling->events);
    buf_init(&telling->roots, PACKAGE_SMALL);
    if (err == OK && telling->package_path != NULL) {
        err = take_package(telling, &note);
    }
    if (err == OK && (telling->package_path == NULL || telling->values[OPTION_LEDGER] != NULL)) {
        err = take_ledger(telling, &note);
    }
    custody_settle(&telling->custody);
    int status = err == OK ? show(telling, as_json) : cli_fail_err(err, &note);
    if (telling->has_judge) {
        judge_release(&telling->judge);
    }
    package_close(telling->package);
    events_release(&telling->events);
    custody_release(&telling->custody);
    buf_release(&telling->roots);
    return status;
}

int
evidence_custody(int argc, char **argv)
{
    struct cli_line line;
    struct telling telling = {.package = NULL};
    bool as_json = false;
    const char *value = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        telling.values[got] = value;
        as_json |= got == OPTION_JSON;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    bool has_event = telling.values[OPTION_EVENT] != NULL;
    if (argc - line.operand != (has_event ? 0 : 1)) {
        return cli_usage(&line, "evidence custody: give one package, or --event ID");
    }
    telling.package_path = has_event ? NULL : argv[line.operand];
    return tell(&telling, as_json);
}
