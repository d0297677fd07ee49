/*
 * gatehouse ledger answer: who viewed a camera in a time, for the person who was filmed. Nobody's
 * name is in it but of who is disclosed on purpose; entries go out only where they are sealed.
 */
#include "report/ledger/ledger_answer.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_nearest.h"
#include "cli/ledger_open.h"
#include "cli/ledger_user.h"
#include "ledger/entries.h"
#include "ledger/when.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_LIMIT ((size_t)16 << 20)

enum {
    OPTION_LEDGER,
    OPTION_KEYS,
    OPTION_CAMERA,
    OPTION_FROM,
    OPTION_TO,
    OPTION_OUT,
    OPTION_REASON,
    OPTION_DISCLOSE,
    OPTIONS,
};

static const struct cli_option options[] = {
    LEDGER_OPTION,
    KEYS_OPTION,
    {"camera",   0, "NAME", "the camera that filmed"                           },
    {"from",     0, "TIME", "the first moment, UTC unless an offset is written"},
    {"to",       0, "TIME", "the first moment after"                           },
    {"out",      0, "DIR",  "a new folder for the answer"                      },
    {"reason",   0, "TEXT", "why, for the event and the page; must be given"   },
    {"disclose", 0, "USER", "name this one; may be given several times"        },
};

static const struct cli_manual manual = {
    .usage = "ledger answer --camera NAME --from TIME --to TIME --out DIR --reason TEXT\n"
             "       [--disclose USER]... [--ledger DIR] [--keys DIR]",
    .about =
        "Answers a person who was filmed: who viewed the camera in that time, and who viewed or\n"
        "took recordings of that time, then or later. People are their role and a number;\n"
        "--disclose names one. DIR gets answer.html to read, answer.json, and of a ledger whose "
        "personal\n"
        "fields are sealed the entries with their proofs, so that the receiver can check them\n"
        "while names in them stay sealed; each disclosed name has an opening, which shows that\n"
        "one name and can be checked against the entry alone. Entries that are not sealed are not "
        "given out. Reasons\n"
        "in entries are not sealed: read them before you send the folder. That an answer was made\n"
        "is an event (ledger.read).\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger answer --camera front --from 2026-11-22T14:00Z \\\n"
               "      --to 2026-11-22T15:00Z --out answer --reason \"request of 23 November\"\n",
};

struct asked {
    const char *values[OPTIONS];
    struct query query;
    struct ledger_answer *answer;
    json_t *ended;             /* views that had ended before the time */
    struct recorded *recorded; /* views of recordings of the time */
    enum err err;
};

static struct ledger_answer_person *
find_person(struct ledger_answer *answer, const struct event_text *user)
{
    for (size_t i = 0; i < answer->person_count; i++) {
        const struct event_text *his = &answer->persons[i].user;
        if (his->bytes == NULL ? user->bytes == NULL
                               : user->bytes != NULL && his->len == user->len &&
                                     memcmp(his->bytes, user->bytes, his->len) == 0) {
            return &answer->persons[i];
        }
    }
    return NULL;
}

/* A user's rows by address are followed by one of all of them, where there are several. */
static enum err
take_rows(
    struct ledger_answer *answer, const struct watched *watched, bool is_seen, struct note *note)
{
    size_t count = 0;
    const struct watched_row *rows = watched_rows(watched, &count);
    for (size_t i = 0; i < count; i++) {
        struct ledger_answer_person *person = find_person(answer, &rows[i].user);
        if (rows[i].level == WATCHED_ALL) {
            continue;
        }
        if (person == NULL && answer->person_count == ANSWER_PERSONS) {
            note_set(note, "more than %d people: ask for a shorter time", ANSWER_PERSONS);
            return ERR_LIMIT;
        }
        if (person == NULL) {
            person = &answer->persons[answer->person_count++];
            person->user = rows[i].user;
            person->index = UINT64_MAX;
        }
        *(is_seen ? &person->seen : &person->row) = &rows[i];
    }
    return OK;
}

static void
take_role(struct ledger_answer_person *person, const struct event_text *role)
{
    char text[ANSWER_ROLE];
    if (role->bytes == NULL || person->is_mixed) {
        return;
    }
    text_clean(text, sizeof(text), role->bytes, role->len);
    person->is_mixed = person->role[0] != '\0' && !text_equal(person->role, text);
    (void)text_copy(person->role, sizeof(person->role), person->is_mixed ? "" : text);
}

static void
take_name(struct ledger_answer *answer, struct ledger_answer_person *person,
    const struct event_text *user)
{
    for (size_t i = 0; i < answer->disclose_count; i++) {
        const char *name = answer->disclose[i];
        if (user->bytes != NULL && user->len == strlen(name) &&
            memcmp(user->bytes, name, user->len) == 0) {
            person->name = name;
        }
    }
}

static void
take_person(
    struct ledger_answer *answer, struct ledger_answer_person *person, const struct logged *logged)
{
    bool is_ok = logged_says(logged, LOGGED_OUTCOME, "ok");
    bool is_live = logged_says(logged, LOGGED_ACTION, "footage.live");
    bool is_recorded = logged_says(logged, LOGGED_ACTION, "footage.playback");
    take_role(person, &logged->texts[LOGGED_ROLE]);
    take_name(answer, person, &logged->texts[LOGGED_USER]);
    person->is_live = person->is_live || (is_ok && is_live);
    person->is_recorded = person->is_recorded || (is_ok && is_recorded);
    person->index = logged->index < person->index ? logged->index : person->index;
}

/*
 * Backwards from the time asked for: a view that began before it and had not ended says who and
 * what as well, but its entry is not given out.
 */
static bool
take_earlier(void *context, const struct logged *logged)
{
    struct asked *asked = context;
    const struct event_text *view = &logged->texts[LOGGED_VIEW];
    struct ledger_answer_person *person = find_person(asked->answer, &logged->texts[LOGGED_USER]);
    if (person == NULL || view->bytes == NULL || !logged_says(logged, LOGGED_OUTCOME, "ok")) {
        return true;
    }
    if (logged_says(logged, LOGGED_PHASE, "end") ||
        logged->numbers[LOGGED_DURATION] != LOGGED_NONE) {
        bool is_set =
            json_object_setn_new_nocheck(asked->ended, view->bytes, view->len, json_true()) == 0;
        asked->err = is_set ? OK : ERR_MEMORY;
    } else if (json_object_getn(asked->ended, view->bytes, view->len) == NULL) {
        take_person(asked->answer, person, logged);
    }
    return asked->err == OK;
}

/* The end of a view says its length, so also one that was recorded after the time belongs here. */
static bool
is_of_time(const struct ledger_answer *answer, const struct logged *logged)
{
    int64_t time = logged->numbers[LOGGED_TIME];
    int64_t length = logged->numbers[LOGGED_DURATION];
    bool is_late = time >= answer->to && length != LOGGED_NONE && time - length < answer->to;
    return (time >= answer->from && time < answer->to) || is_late;
}

static bool
give_out(struct asked *asked, const struct logged *logged)
{
    unsigned is_sealed = (logged->opened | logged->sealed) & 1U << LOGGED_USER;
    asked->answer->unsealed += is_sealed == 0 ? 1 : 0;
    asked->err = is_sealed == 0 ? OK : events_add(&asked->answer->events, logged, ANSWER_ENTRIES);
    return asked->err == OK;
}

static bool
take_event(void *context, const struct logged *logged)
{
    struct asked *asked = context;
    struct ledger_answer *answer = asked->answer;
    struct ledger_answer_person *person = find_person(answer, &logged->texts[LOGGED_USER]);
    if (!is_of_time(answer, logged)) {
        return true;
    }
    if (person != NULL) {
        take_person(answer, person, logged);
    }
    return give_out(asked, logged);
}

/* Recordings of the time that were viewed at another. */
static bool
take_seen(void *context, const struct logged *logged)
{
    struct asked *asked = context;
    struct ledger_answer *answer = asked->answer;
    struct ledger_answer_person *person = find_person(answer, &logged->texts[LOGGED_USER]);
    if (is_of_time(answer, logged) || !recorded_has(asked->recorded, logged)) {
        return true;
    }
    if (person != NULL) {
        take_role(person, &logged->texts[LOGGED_ROLE]);
        take_name(answer, person, &logged->texts[LOGGED_USER]);
        person->index = logged->index < person->index ? logged->index : person->index;
    }
    return give_out(asked, logged);
}

/* Who is to be named must be in the answer; a typing error must not pass as "was not there". */
static enum err
check_disclosed(const struct ledger_answer *answer, struct note *note)
{
    for (size_t i = 0; i < answer->disclose_count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < answer->person_count; j++) {
            is_there = is_there || (answer->persons[j].name != NULL &&
                                       text_equal(answer->persons[j].name, answer->disclose[i]));
        }
        if (!is_there) {
            note_set(note, "--disclose %.100s: did not view it in that time, or the name is erased",
                answer->disclose[i]);
            return ERR_MISSING;
        }
    }
    return OK;
}

static enum err
gather_earlier(struct asked *asked, struct search *search, struct note *note)
{
    const struct search_reader reader = {take_earlier, asked};
    struct query earlier = asked->query;
    earlier.to = earlier.from;
    earlier.from = earlier.from > INT64_MIN + CLOCK_DAY ? earlier.from - CLOCK_DAY : INT64_MIN;
    asked->ended = json_object();
    enum err err = asked->ended == NULL ? ERR_MEMORY : OK;
    err = err == OK ? search_run(search, &earlier, true, &reader, note) : err;
    json_decref(asked->ended);
    asked->ended = NULL;
    return err == OK ? asked->err : err;
}

/* Also later ends of views that began before the time was over; of a day later only long ones. */
static enum err
gather_entries(struct asked *asked, struct search *search, struct note *note)
{
    const struct search_reader reader = {take_event, asked};
    struct query wider = asked->query;
    struct query later = asked->query;
    bool is_endless = wider.to >= INT64_MAX - CLOCK_DAY;
    wider.to = is_endless ? wider.to : wider.to + CLOCK_DAY;
    later.from = wider.to;
    later.to = INT64_MAX;
    later.is_long = true;
    enum err err = search_run(search, &wider, false, &reader, note);
    err = err == OK && !is_endless && asked->err == OK
              ? search_run(search, &later, false, &reader, note)
              : err;
    const struct search_reader seen = {take_seen, asked};
    struct query always = asked->query;
    always.from = INT64_MIN;
    always.to = INT64_MAX;
    err = err == OK && asked->err == OK ? search_run(search, &always, false, &seen, note) : err;
    if (err == OK && asked->err != OK) {
        note_set(note, "more than %d entries: ask for a shorter time", ANSWER_ENTRIES);
        err = asked->err;
    }
    return err;
}

static int64_t
first_moment(const struct ledger_answer_person *person)
{
    int64_t then = person->row == NULL ? INT64_MAX : person->row->first;
    int64_t seen = person->seen == NULL ? INT64_MAX : person->seen->first;
    return then < seen ? then : seen;
}

/* By time, never by name: the order of the names would tell something of them. */
static int
compare_persons(const void *left, const void *right)
{
    const struct ledger_answer_person *a = left;
    const struct ledger_answer_person *b = right;
    int order = (first_moment(a) > first_moment(b)) - (first_moment(a) < first_moment(b));
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* In the time, and of the time: a recording may be viewed whenever it is there. */
struct both {
    struct watched *then, *seen;
};

static enum err
gather_both(struct asked *asked, struct search *search, struct both *both, struct note *note)
{
    struct query always = asked->query;
    always.from = INT64_MIN;
    always.to = INT64_MAX;
    enum err err = watched_gather(search, &asked->query, NULL, &both->then, note);
    err = err == OK ? recorded_gather(search, &asked->query, &asked->recorded, note) : err;
    return err == OK ? watched_gather(search, &always, asked->recorded, &both->seen, note) : err;
}

static enum err
gather(struct asked *asked, struct search *search, const struct both *both, struct note *note)
{
    struct ledger_answer *answer = asked->answer;
    struct search_about about;
    search_about(search, &about);
    answer->pruned = about.pruned;
    answer->unplaced = recorded_unplaced(asked->recorded);
    enum err err = take_rows(answer, both->then, false, note);
    err = err == OK ? take_rows(answer, both->seen, true, note) : err;
    err = err == OK ? gather_earlier(asked, search, note) : err;
    err = err == OK ? gather_entries(asked, search, note) : err;
    qsort(answer->persons, answer->person_count, sizeof(answer->persons[0]), compare_persons);
    return err == OK ? check_disclosed(answer, note) : err;
}

static enum err
write_entries(const struct ledger_answer *answer, const char *out, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    enum err err = OK;
    buf_init(&path, 4096);
    buf_format(&path, "%s/entries", out);
    err = answer->events.count == 0 ? OK : file_make_folder(path.data, note);
    for (size_t i = 0; err == OK && i < answer->events.count; i++) {
        const struct events_row *row = &answer->events.rows[i];
        buf_clear(&path);
        buf_format(&path, "%s/entries/%" PRIu64 ".json", out, row->index);
        err = buf_error(&path);
        err = err == OK ? file_write(path.data, row->entry.data, row->entry.len, 0644, note) : err;
        buf_clear(&path);
        buf_format(&path, "%s/entries/%" PRIu64 ".tlog-proof", out, row->index);
        err = err == OK ? file_write(path.data, row->proof.data, row->proof.len, 0644, note) : err;
    }
    for (size_t i = 0; err == OK && i < answer->opened_count; i++) {
        const struct ledger_answer_opened *opened = &answer->opened[i];
        const struct buf *bytes = &opened->opening;
        buf_clear(&path);
        buf_format(&path, "%s/entries/%" PRIu64 ".opening", out, opened->index);
        err = buf_error(&path);
        err = err == OK && bytes->len != 0
                  ? file_write(path.data, bytes->data, bytes->len, 0644, note)
                  : err;
    }
    return err;
}

static enum err
write_page(const char *out, const char *name, const struct buf *page, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    buf_format(&path, "%s/%s", out, name);
    enum err err = buf_error(page) == OK ? buf_error(&path) : buf_error(page);
    return err == OK ? file_write(path.data, page->data, page->len, 0644, note) : err;
}

static int
drop(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    (void)remove(path);
    return 0;
}

static enum err
write_answer(const struct ledger_answer *answer, const char *out, struct note *note)
{
    CLEANUP(buf_release) struct buf page;
    CLEANUP(buf_release) struct buf json;
    buf_init(&page, PAGE_LIMIT);
    buf_init(&json, PAGE_LIMIT);
    ledger_answer_page(answer, &page);
    enum err err = ledger_answer_json(answer, &json);
    bool is_ours = err == OK && mkdir(out, 0700) == 0;
    if (err == OK && !is_ours) {
        note_set(note, "--out %.150s: %s", out,
            errno == EEXIST ? "is there already; an answer gets a new folder"
                            : strerrordesc_np(errno));
        err = ERR_IO;
    }
    err = err == OK ? write_entries(answer, out, note) : err;
    err = err == OK ? write_page(out, "answer.json", &json, note) : err;
    err = err == OK ? write_page(out, "answer.html", &page, note) : err;
    if (err != OK && is_ours) {
        (void)nftw(out, drop, 16, FTW_PHYS | FTW_DEPTH);
    }
    return err;
}

/* Durable and published before anything is read: who asked is as much a fact as what they saw. */
static enum err
record(const struct asked *asked, const struct ledger_open *open, struct note *note)
{
    CLEANUP(buf_release) struct buf event;
    json_t *detail = json_pack("{s:s, s:o, s:i}", "kind", "answer", "query",
        query_json(&asked->query), "disclosed", (int)asked->answer->disclose_count);
    buf_init(&event, EVENT_LIMIT);
    enum err err =
        ledger_user_event(EVENT_LEDGER_READ, asked->values[OPTION_REASON], detail, &event, note);
    return err == OK
               ? ledger_user_record(open->folder.data, asked->values[OPTION_KEYS], &event, note)
               : err;
}

static enum err
make(struct asked *asked, struct ledger_open *open, struct note *note)
{
    struct search *search = NULL;
    struct both both = {NULL, NULL};
    struct entries *entries = NULL;
    struct ledger_answer *answer = asked->answer;
    enum err err = record(asked, open, note);
    err = err == OK ? ledger_open_search(open, &search, note) : err;
    err = err == OK ? gather_both(asked, search, &both, note) : err;
    err = err == OK ? gather(asked, search, &both, note) : err;
    err = err == OK ? events_prove(&answer->events, open->folder.data, note) : err;
    err = err == OK ? entries_open(open->folder.data, &entries, note) : err;
    if (err == OK) {
        (void)text_copy(answer->origin, sizeof(answer->origin), entries_origin(entries));
        answer->subjects = open->subjects;
        err = ledger_answer_open(answer, note);
    }
    if (err == OK) {
        err = write_answer(answer, asked->values[OPTION_OUT], note);
    }
    if (err == OK && answer->person_count == 0) {
        ledger_nearest_tell(search, &asked->query);
    }
    entries_close(entries);
    watched_free(both.then);
    watched_free(both.seen);
    recorded_free(asked->recorded);
    search_close(search);
    return err;
}

/* Reasons are not sealed, and a name may stand in one. */
static void
warn_of_reasons(const struct ledger_answer *answer)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->events.count; i++) {
        count += events_text(answer->events.rows[i].json, "reason") != NULL ? 1 : 0;
    }
    if (count != 0) {
        (void)fprintf(stderr,
            "gatehouse: %zu of the entries say a reason in the clear: read them before you send "
            "the folder\n",
            count);
    }
}

static int
run(struct asked *asked)
{
    struct ledger_open open;
    struct note note = {""};
    enum err err = secret_start();
    if (err != OK) {
        return cli_fail("%s", err_words(err));
    }
    err = ledger_open_init(
        &open, asked->values[OPTION_LEDGER], asked->values[OPTION_KEYS], NULL, &note);
    if (err == OK && !ledger_open_is_live(&open)) {
        note_set(&note, "this is a copy of a log: an answer is made from the ledger, which "
                        "records it");
        err = ERR_VALUE;
    }
    ledger_open_catch();
    err = err == OK ? make(asked, &open, &note) : err;
    ledger_open_release(&open);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("%zu people, %zu entries with proofs, %" PRIu64 " entries not given out: %s\n",
        asked->answer->person_count, asked->answer->events.count, asked->answer->unsealed,
        asked->values[OPTION_OUT]);
    if (asked->answer->unplaced != 0) {
        (void)fprintf(stderr,
            "gatehouse: %" PRIu64 " views or exports of recordings, then or since, don't say of "
            "which time they were, or not all of it; the page says so\n",
            asked->answer->unplaced);
    }
    if (asked->answer->unproven != 0) {
        (void)fprintf(stderr,
            "gatehouse: %" PRIu64 " entries of disclosed people were sealed by an earlier version: "
            "their name in them is only your word; the page says so\n",
            asked->answer->unproven);
    }
    warn_of_reasons(asked->answer);
    return CLI_OK;
}

/* CLI_END: it is right. */
static int
take(struct cli_line *line, struct asked *asked)
{
    static const int needed[] = {OPTION_CAMERA, OPTION_FROM, OPTION_TO, OPTION_OUT, OPTION_REASON};
    int64_t now = clock_wall();
    for (size_t i = 0; i < COUNT(needed); i++) {
        if (text_is_empty(asked->values[needed[i]])) {
            return cli_usage(line, "ledger answer: --%s is missing", options[needed[i]].name);
        }
    }
    asked->query = query_begin();
    const char *from = asked->values[OPTION_FROM];
    const char *to = asked->values[OPTION_TO];
    if (when_parse(from, now, false, &asked->query.from) != OK) {
        return cli_usage(line, "--from %.60s: no time; 2026-11-22T14:00Z is one", from);
    }
    if (when_parse(to, now, true, &asked->query.to) != OK) {
        return cli_usage(line, "--to %.60s: no time; 2026-11-22T15:00Z is one", to);
    }
    if (asked->answer->disclose_count > ANSWER_DISCLOSE) {
        return cli_usage(line, "--disclose: at most %d times", ANSWER_DISCLOSE);
    }
    if (asked->query.from >= asked->query.to) {
        return cli_usage(line, "--from %.60s is not before --to %.60s", from, to);
    }
    if (query_set(&asked->query, QUERY_CAMERA, asked->values[OPTION_CAMERA]) != OK ||
        query_set(&asked->query, QUERY_ACTION, "footage.*") != OK) {
        return cli_usage(line, "--camera: no name of a camera");
    }
    asked->answer->camera = asked->values[OPTION_CAMERA];
    asked->answer->reason = asked->values[OPTION_REASON];
    asked->answer->from = asked->query.from;
    asked->answer->to = asked->query.to;
    asked->answer->made = now;
    return CLI_END;
}

int
ledger_answer(int argc, char **argv)
{
    struct cli_line line;
    struct asked asked = {.answer = calloc(1, sizeof(struct ledger_answer))};
    const char *value = NULL;
    int got;
    if (asked.answer == NULL) {
        return cli_fail("%s", err_words(ERR_MEMORY));
    }
    events_init(&asked.answer->events);
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        asked.values[got] = value;
        if (got != OPTION_DISCLOSE) {
            continue;
        }
        if (asked.answer->disclose_count < ANSWER_DISCLOSE) {
            asked.answer->disclose[asked.answer->disclose_count] = value;
        }
        asked.answer->disclose_count++;
    }
    int status = got == CLI_STOP ? line.status : CLI_END;
    if (status == CLI_END && line.operand != argc) {
        status = cli_usage(&line, "ledger answer: takes no operand, not %s", argv[line.operand]);
    }
    status = status == CLI_END ? take(&line, &asked) : status;
    status = status == CLI_END ? run(&asked) : status;
    ledger_answer_release(asked.answer);
    free(asked.answer);
    return status;
}
