/* Opening a log to search it. */
#include "cli/ledger_open.h"

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger_connect.h"
#include "ledger/seal.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_LIMIT 4096
#define PATIENCE   700 /* ms without a word */
#define REDRAW     200
#define PEEK       4096 /* events */

volatile sig_atomic_t ledger_open_stopped;

static void
stop(int number)
{
    (void)number;
    ledger_open_stopped = 1;
}

void
ledger_open_catch(void)
{
    /* Without SA_RESTART, so that a pause ends too; a second one ends the program at once. */
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static bool
has(const struct ledger_open *open, const char *name)
{
    char path[PATH_LIMIT];
    int len = snprintf(path, sizeof(path), "%s/%s", open->folder.data, name);
    return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0;
}

bool
ledger_open_is_live(const struct ledger_open *open)
{
    return has(open, "journal");
}

/* A copy may be the folder that a web server serves: nothing is put into it. */
static enum err
cache_path(struct ledger_open *open)
{
    char real[PATH_MAX];
    uint8_t hash[16];
    char name[2 * sizeof(hash) + 1];
    enum err err = file_xdg("CACHE", &open->index);
    if (err != OK || realpath(open->folder.data, real) == NULL) {
        return ERR_MISSING;
    }
    err = file_make_folder(open->index.data, NULL);
    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)real, strlen(real), NULL, 0);
    text_hex(name, hash, sizeof(hash));
    buf_format(&open->index, "/index-%s.db", name);
    return err == OK ? buf_error(&open->index) : err;
}

/* Who may not read them sees marks; a file that is damaged is told. */
static enum err
find_subjects(struct ledger_open *open, const char *keys, struct note *note)
{
    enum err err = secret_start();
    if (err == OK) {
        err = keys != NULL ? subjects_in(keys, &open->subjects, note)
                           : subjects_beside(open->folder.data, &open->subjects, note);
    }
    open->settings.subjects = open->subjects;
    return err == OK && open->subjects != NULL ? secret_guard() : err;
}

enum err
ledger_open_init(struct ledger_open *open, const char *folder, const char *keys, const char *index,
    struct note *note)
{
    *open = (struct ledger_open){
        .is_terminal = isatty(STDERR_FILENO) == 1 && !text_equal(getenv("TERM"), "dumb")};
    buf_init(&open->folder, PATH_LIMIT);
    buf_init(&open->index, PATH_LIMIT);
    enum err err = ledger_folder_find(folder, &open->folder, note);
    if (err != OK) {
        return err;
    }
    bool found = true;
    if (index != NULL) {
        buf_text(&open->index, index);
    } else if (has(open, "log")) {
        buf_format(&open->index, "%s/index.db", open->folder.data);
    } else {
        found = cache_path(open) == OK;
    }
    open->settings = (struct search_settings){
        .folder = open->folder.data,
        .index = found ? open->index.data : NULL,
        .index_is_ours = index == NULL,
    };
    err = buf_error(&open->index);
    err = err == OK ? buf_error(&open->folder) : err;
    return err == OK ? find_subjects(open, keys, note) : err;
}

struct peek {
    unsigned left;
    bool is_sealed;
};

static bool
peek(void *context, const struct logged *logged)
{
    struct peek *seen = context;
    seen->is_sealed = logged->sealed != 0;
    return !seen->is_sealed && --seen->left != 0;
}

/* A ledger that is sealed goes on being sealed: its last events tell. */
bool
ledger_open_is_blind(
    const struct ledger_open *open, struct search *search, const struct query *query)
{
    struct sealed mark;
    struct peek seen = {.left = PEEK};
    const struct query all = query_begin();
    const struct search_reader reader = {peek, &seen};
    const char *user = query->parts[QUERY_USER];
    bool is_mark = user == NULL || seal_parse(user, strlen(user), &mark) != ERR_MISSING;
    bool asks = !is_mark || query->parts[QUERY_SESSION] != NULL || query->has_net ||
                query->parts[QUERY_OBJECT] != NULL || query->word_count != 0;
    if (!asks || open->subjects != NULL || search_run(search, &all, true, &reader, NULL) != OK ||
        !seen.is_sealed) {
        return false;
    }
    (void)fputs(
        "gatehouse: users, addresses and sessions are sealed here and their keys are not at "
        "hand (--keys DIR):\n           what is looked for may be there all the same; "
        "--user takes a mark, such as sealed:2026-…\n",
        stderr);
    return true;
}

void
ledger_open_forget(struct ledger_open *open)
{
    subjects_close(open->subjects);
    open->subjects = NULL;
    open->settings.subjects = NULL;
}

void
ledger_open_release(struct ledger_open *open)
{
    buf_release(&open->folder);
    buf_release(&open->index);
    subjects_close(open->subjects);
}

static void
wipe(struct ledger_open *open)
{
    if (open->is_drawn) {
        (void)fputs("\r\033[K", stderr);
        open->is_drawn = false;
    }
}

static void
say(void *context, const char *words)
{
    wipe(context);
    (void)fprintf(stderr, "gatehouse: %s\n", words);
}

static bool
turn(void *context, uint64_t done, uint64_t all)
{
    struct ledger_open *open = context;
    int64_t now = clock_mono();
    bool due = now - open->began > PATIENCE && now - open->drawn > REDRAW;
    if (all != 0 && due && open->is_terminal) {
        (void)fprintf(stderr, "\r\033[Kindexing: %llu of %llu events, %llu %%",
            (unsigned long long)done, (unsigned long long)all,
            (unsigned long long)(100 * done / all));
        (void)fflush(stderr);
        open->drawn = now;
        open->is_drawn = true;
    } else if (all != 0 && due && open->drawn == 0) {
        (void)fprintf(stderr, "indexing: %llu of %llu events\n", (unsigned long long)done,
            (unsigned long long)all);
        open->drawn = now;
    } else if (all == 0) {
        wipe(open);
    }
    return ledger_open_stopped == 0;
}

enum err
ledger_open_search(struct ledger_open *open, struct search **ret_search, struct note *note)
{
    open->began = clock_mono();
    open->settings.turn = turn;
    open->settings.say = say;
    open->settings.context = open;
    enum err err = search_open(&open->settings, ret_search, note);
    wipe(open);
    if (err == ERR_CANCELLED) {
        note_set(note, "stopped; what is indexed is kept");
    }
    return err;
}
