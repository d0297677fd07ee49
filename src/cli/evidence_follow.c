/* gatehouse evidence follow: a package of every export that ended well, made by itself. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/evidence.h"
#include "cli/evidence_given.h"
#include "cli/evidence_shut.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_user.h"
#include "daemon/sandbox.h"
#include "evidence/stamp_send.h"
#include "ledger/key.h"
#include "siem/place.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAKER    "gatehouse"
#define PAUSE_NS 500000000L
#define RETRY_MS 10000 /* after a disk was full, or the like */

enum {
    OPTION_OUT,
    OPTION_TSA,
    OPTION_TSA_ROOTS,
    OPTION_FROM_BEGIN,
    OPTION_NO_LANDLOCK,
    OPTION_LEDGER,
    OPTION_KEYS,
};

static const struct cli_option options[] = {
    {"out",         0, "DIR", "the folder of the packages"                       },
    {"tsa",         0, "URL", "a time-stamp authority (RFC 3161); again for more"},
    {"tsa-roots",   0, "PEM", "certificates of authorities that you trust"       },
    {"from-begin",  0, NULL,  "also of exports that were before its first start" },
    {"no-landlock", 0, NULL,  "go on where the kernel has no Landlock"           },
    LEDGER_OPTION,
    KEYS_OPTION,
};

static const struct cli_manual manual = {
    .usage = "evidence follow --out DIR [OPTION]…",
    .about = "Makes a package of every footage.export that ended well and has the SHA-256 of what\n"
             "left: DIR/DATE-VIEW, with the hash and not the clip. Goes on where it ended; the\n"
             "file DIR/cursor says where. It waits for the ledger's keeper and starts none. With\n"
             "`evidence:` in gateway.yaml `gatehouse serve` runs it. Ctrl-C or SIGTERM end it.\n",
    .options = options,
    .option_count = COUNT(options),
    .example =
        "  gatehouse evidence follow --ledger /var/lib/gatehouse/ledger --out /srv/evidence\n",
};

/* An export that waits for its package. */
struct due {
    uint64_t index;
    char view[EVENT_ID];
    char date[CLOCK_TEXT];
};

struct follow {
    struct evidence_given given;
    const char *out;
    const char *authorities[MAKE_AUTHORITIES];
    size_t authority_count;
    bool from_begin, is_open;
    char place[PATH_MAX]; /* that of `out`, whole */
    struct buf index_path;
    struct buf cursor_path;
    struct siem_cursor cursor;
    struct due *dues;
    size_t count, room;
    bool is_out_of_memory;
    char account[LEDGER_USER];
    struct stat folder; /* the ledger's, as it was found */
};

static bool
remember(void *context, const struct logged *logged)
{
    struct follow *follow = context;
    struct event_text view = logged->texts[LOGGED_VIEW];
    view = view.bytes == NULL ? logged->texts[LOGGED_ID] : view;
    bool is_end =
        logged_says(logged, LOGGED_PHASE, "end") || logged->texts[LOGGED_PHASE].bytes == NULL;
    if (logged->index < follow->cursor.next || !is_end || view.len == 0 || view.len >= EVENT_ID ||
        logged->texts[LOGGED_DIGEST].bytes == NULL) {
        return true;
    }
    if (follow->count == follow->room) {
        size_t room = follow->room == 0 ? 16 : 2 * follow->room;
        struct due *dues = reallocarray(follow->dues, room, sizeof(*dues));
        if (dues == NULL) {
            follow->is_out_of_memory = true;
            return false;
        }
        follow->dues = dues;
        follow->room = room;
    }
    struct due *due = &follow->dues[follow->count++];
    *due = (struct due){.index = logged->index};
    memcpy(due->view, view.bytes, view.len);
    int64_t time = logged->numbers[LOGGED_TIME];
    (void)clock_date(time == LOGGED_NONE ? clock_wall() : time, due->date);
    return true;
}

static struct query
exports(void)
{
    struct query query = query_begin();
    query.parts[QUERY_ACTION] = "footage.export";
    query.parts[QUERY_OUTCOME] = "ok";
    return query;
}

/* With the hash of the entry before: a log that was restored has another there. */
static enum err
move_cursor(struct follow *follow, uint64_t next, size_t made, struct note *note)
{
    struct search_about about;
    struct siem_cursor cursor = follow->cursor;
    enum err err = OK;
    search_about(follow->given.search, &about);
    cursor.next = next;
    cursor.has_leaf = next > 0;
    cursor.delivered += made;
    cursor.moved = clock_wall();
    if (cursor.has_leaf) {
        err = siem_place_leaf(
            follow->given.open.folder.data, next - 1, about.size, &cursor.leaf, note);
    }
    if (err == OK) {
        err = siem_cursor_write(follow->cursor_path.data, &cursor, note);
    }
    if (err == OK) {
        follow->cursor = cursor;
    }
    return err;
}

/* Where it ended, or at the end of what there is now. */
static enum err
begin_cursor(struct follow *follow, struct note *note)
{
    struct search_about about;
    const char *name = key_public(follow->given.key)->name;
    enum err err = siem_cursor_read(follow->cursor_path.data, &follow->cursor, note);
    search_about(follow->given.search, &about);
    if (err == OK) {
        const struct siem_place place = {
            .ledger = follow->given.open.folder.data,
            .origin = name,
            .size = about.size,
            .way_out = "give --out another folder, or take its file cursor away: then it begins "
                       "with what comes, with --from-begin with all that is there",
        };
        err = siem_place_check(&follow->cursor, &place, note);
    } else if (err == ERR_MISSING) {
        (void)text_copy(follow->cursor.origin, sizeof(follow->cursor.origin), name);
        err = move_cursor(follow, follow->from_begin ? 0 : about.size, 0, note);
    }
    return err;
}

static enum err
look(struct follow *follow, struct note *note)
{
    struct query query = exports();
    const struct search_reader reader = {remember, follow};
    enum err err = OK;
    if (follow->given.search == NULL) {
        err = ledger_open_search(&follow->given.open, &follow->given.search, note);
        if (err == OK) {
            err = begin_cursor(follow, note);
        }
        if (err == OK) {
            err = search_run(follow->given.search, &query, false, &reader, note);
        }
    } else {
        err = search_more(follow->given.search, &query, &reader, note);
    }
    return err == OK && follow->is_out_of_memory ? ERR_MEMORY : err;
}

/* What is done is behind the cursor; a package that is there already was made before a crash. */
static enum err
advance(struct follow *follow, size_t done, struct note *note)
{
    struct search_about about;
    search_about(follow->given.search, &about);
    memmove(follow->dues, follow->dues + done, (follow->count - done) * sizeof(*follow->dues));
    follow->count -= done;
    uint64_t next = follow->count == 0 ? about.size : follow->dues[0].index;
    if (done == 0 && next - follow->cursor.next < 1000) {
        return OK; /* nothing is lost when it is looked at again */
    }
    return move_cursor(follow, next, done, note);
}

static enum err
make(struct follow *follow, const struct due *due, struct note *note)
{
    CLEANUP(buf_release) struct buf out;
    const char *events[] = {due->view};
    struct make_result result;
    struct make_settings settings = {
        .is_hash_only = true,
        .events = events,
        .event_count = 1,
        .reason = "made by itself after an export through the gateway",
        .maker = MAKER,
        .account = follow->account,
        .authority_count = follow->authority_count,
    };
    buf_init(&out, PATH_MAX);
    buf_format(&out, "%s/%s-%s", follow->out, due->date, due->view);
    memcpy(settings.authorities, follow->authorities, sizeof(settings.authorities));
    settings.out = out.data;
    evidence_given_settings(&follow->given, &settings);
    if (buf_error(&out) != OK) {
        return ERR_LIMIT;
    }
    if (access(out.data, F_OK) == 0) {
        return OK;
    }
    enum err err = make_package(&settings, &result, note);
    if (err == OK) {
        log_info("%s: the ledger says so in entry %" PRIu64, out.data, result.index);
    }
    return err;
}

/* Errors after which the same is tried again later. */
static bool
is_passing(enum err err)
{
    return err == ERR_NETWORK || err == ERR_REFUSED || err == ERR_TIMEOUT || err == ERR_FULL ||
           err == ERR_IO || err == ERR_MEMORY || err == ERR_CANCELLED;
}

static enum err
make_all(struct follow *follow, struct note *note)
{
    size_t done = 0;
    enum err err = OK;
    while (done < follow->count && ledger_open_stopped == 0) {
        struct note why = {""};
        err = make(follow, &follow->dues[done], &why);
        if (err != OK) {
            log_warn("no package of export %s: %s", follow->dues[done].view,
                why.text[0] == '\0' ? err_words(err) : why.text);
        }
        if (is_passing(err)) {
            break;
        }
        done++;
        err = OK;
    }
    enum err moved = advance(follow, done, note);
    return moved == OK ? err : moved;
}

static void
pause_for(int64_t ms)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (int64_t waited = 0; waited < ms && ledger_open_stopped == 0;
         waited += PAUSE_NS / 1000000) {
        (void)nanosleep(&pause, NULL);
    }
}

/* The keeper that listens; this process never has a ledger for itself. */
static bool
is_connected(struct follow *follow)
{
    CLEANUP(buf_release) struct buf path;
    struct note note = {""};
    struct client **client = &follow->given.client;
    buf_init(&path, PATH_MAX);
    buf_format(&path, "%s/keeper.sock", follow->given.open.folder.data);
    if (*client != NULL && client_turn(*client) != OK) {
        client_close(*client);
        *client = NULL;
    }
    return *client != NULL || client_open(path.data, client, &note) == OK;
}

/* Landlock holds the folder that was there, whatever has its name now. */
static enum err
check_folder(const struct follow *follow, struct note *note)
{
    struct stat now;
    const char *ledger = follow->given.open.folder.data;
    if (stat(ledger, &now) == 0 && now.st_dev == follow->folder.st_dev &&
        now.st_ino == follow->folder.st_ino) {
        return OK;
    }
    note_set(note,
        "%.120s is another folder than at the start, or is gone: a ledger that was moved or "
        "restored is followed by starting again",
        ledger);
    return ERR_SCOPE;
}

static enum err
check_asker(const struct follow *follow, struct note *note)
{
    if (ledger_open_stopped != 0 || follow->given.apart == NULL ||
        stamp_apart_is_there(follow->given.apart)) {
        return OK;
    }
    note_set(note, "the process that asks time-stamp authorities has ended");
    return ERR_SYSTEM;
}

static enum err
run(struct follow *follow, struct note *note)
{
    while (ledger_open_stopped == 0) {
        struct note why = {""};
        enum err err = check_folder(follow, note);
        if (err != OK) {
            return err;
        }
        err = look(follow, &why);
        if (err != OK && err != ERR_CANCELLED) {
            *note = why;
            return err;
        }
        if (err == OK && follow->count != 0 && !is_connected(follow)) {
            err = ERR_NETWORK;
        } else if (err == OK) {
            err = make_all(follow, &why);
        }
        if (err != OK && !is_passing(err)) {
            *note = why;
            return err;
        }
        enum err asker = check_asker(follow, note);
        if (asker != OK) {
            return asker;
        }
        pause_for(err == OK || err == ERR_NETWORK ? 1000 : RETRY_MS);
    }
    return OK;
}

/* The folder, and in it the cursor and an index of its own: the ledger's it could not write. */
static enum err
prepare_folder(struct follow *follow, struct note *note)
{
    enum err err = file_make_folder(follow->out, note);
    if (err == OK && realpath(follow->out, follow->place) == NULL) {
        note_set(note, "%.120s: %s", follow->out, strerror(errno));
        err = ERR_IO;
    }
    follow->out = follow->place;
    buf_format(&follow->cursor_path, "%s/cursor", follow->out);
    buf_format(&follow->index_path, "%s/.gatehouse-index.db", follow->out);
    err = err == OK ? buf_error(&follow->cursor_path) : err;
    return err == OK ? buf_error(&follow->index_path) : err;
}

/* What needs the outside; the child is made before there are keys. */
static enum err
prepare(struct follow *follow, const char *const places[COUNT(options)], struct note *note)
{
    struct evidence_given *given = &follow->given;
    struct stamp_apart *apart = NULL;
    const struct stamp_apart_settings asker = {
        .urls = follow->authorities,
        .count = follow->authority_count,
        .shut_in = sandbox_resolver,
        .stop = &ledger_open_stopped,
    };
    enum err err = OK;
    if (follow->authority_count != 0) {
        err = stamp_apart_new(&asker, &apart, note);
    }
    if (err != OK) {
        return err;
    }
    err = evidence_given_open(
        given, places[OPTION_LEDGER], places[OPTION_KEYS], follow->index_path.data, note);
    given->apart = apart;
    if (err == OK && places[OPTION_TSA_ROOTS] != NULL) {
        err = evidence_given_roots(places[OPTION_TSA_ROOTS], &given->roots, note);
    }
    ledger_open_forget(&given->open); /* nothing is disclosed here */
    given->clocks = evidence_clocks_read(NULL);
    if (err == OK && stat(given->open.folder.data, &follow->folder) != 0) {
        note_set(note, "%.120s: %s", given->open.folder.data, strerror(errno));
        err = ERR_IO;
    }
    return err;
}

static int
start(struct follow *follow, const char *const places[COUNT(options)])
{
    struct note note = {""};
    enum err err = secret_start();
    log_set_level(LOG_INFO);
    buf_init(&follow->cursor_path, PATH_MAX);
    buf_init(&follow->index_path, PATH_MAX);
    (void)ledger_user(follow->account);
    err = err == OK ? prepare_folder(follow, &note) : err;
    if (err == OK) {
        err = prepare(follow, places, &note);
        err = err == OK ? evidence_shut_packer(
                              follow->given.open.folder.data, follow->out, follow->is_open, &note)
                        : err;
        err = err == OK ? run(follow, &note) : err;
        evidence_given_close(&follow->given);
    }
    buf_release(&follow->cursor_path);
    buf_release(&follow->index_path);
    free(follow->dues);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}

int
evidence_follow(int argc, char **argv)
{
    struct cli_line line;
    struct follow follow = {.out = NULL};
    struct note note = {""};
    const char *value = NULL;
    const char *places[COUNT(options)] = {NULL};
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        places[got] = value;
        follow.from_begin |= got == OPTION_FROM_BEGIN;
        follow.is_open |= got == OPTION_NO_LANDLOCK;
        if (got == OPTION_TSA && (stamp_server_check(value, &note) != OK ||
                                     follow.authority_count == MAKE_AUTHORITIES)) {
            return cli_usage(&line, "--tsa: %s", note.text[0] == '\0' ? "too many" : note.text);
        }
        if (got == OPTION_TSA) {
            follow.authorities[follow.authority_count++] = value;
        }
    }
    follow.out = places[OPTION_OUT];
    if (got == CLI_STOP) {
        return line.status;
    }
    if (line.operand != argc || follow.out == NULL) {
        return cli_usage(&line, "evidence follow: say --out DIR, and no operand");
    }
    return start(&follow, places);
}
