/*
 * gatehouse secret: the owner's passwords, each under a name.
 *
 * Rule of this file: a password comes from the terminal or from standard input and goes into the
 * sealed file; it is never an argument, and never printed.
 */
#include "base/secret.h"
#include "base/strength.h"
#include "base/text.h"
#include "catalog/credential.h"
#include "cli/cli.h"
#include "cli/secret_export.h"
#include "store/vault.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES (VAULT_PASSWORD + 2)

enum {
    OPTION_FILE,
    OPTION_KEY,
    OPTION_NEW_KEY,
};

static const struct cli_option options[] = {
    {"file",    0, "PATH", "the sealed passwords (default: secrets.sealed in XDG data)"},
    {"key",     0, "PATH", "their key (default: systemd credential or XDG state)"      },
    {"new-key", 0, "PATH", "rekey: make the new key there, leave the old one"          },
};

static const struct cli_manual manual = {
    .usage = "secret set|list|remove|check|rekey|export [NAME] [OPTION]…",
    .about =
        "Keeps the passwords of your devices, sealed, each under a name that a site file\n"
        "can use (devices[].secret). A password is typed at the terminal or piped in; it is\n"
        "never an argument, because everyone on the machine can read those.\n"
        "\n"
        "  set NAME      takes a password: asks twice, or reads one line of a pipe\n"
        "  list          prints the names\n"
        "  remove NAME   forgets one\n"
        "  check         says which are easy to guess or used twice, and shows none; 1 if any\n"
        "  rekey         seals all with a new key\n"
        "  export        shows one, in an emergency: see gatehouse secret export --help\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse secret set front-door\n"
               "  pass show cameras/gate | gatehouse secret set gate\n"
               "  gatehouse secret check\n",
};

/* The terminal as it was: put back also when the question is interrupted. */
static struct termios terminal;
static volatile sig_atomic_t is_silent;

static void
loud(void)
{
    if (is_silent) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
        is_silent = 0;
    }
}

static void
interrupted(int number)
{
    loud();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static enum err
silent(void)
{
    struct sigaction action = {.sa_handler = interrupted};
    if (tcgetattr(STDIN_FILENO, &terminal) != 0) {
        return ERR_SYSTEM;
    }
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (sigaction(numbers[i], &action, NULL) != 0) {
            return ERR_SYSTEM;
        }
    }
    struct termios quiet = terminal;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    is_silent = 1;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0 ? OK : ERR_SYSTEM;
}

/* One line of standard input without its end; byte by byte, so that nothing else is taken. */
static enum err
read_line(struct secret **ret_secret, struct note *note)
{
    char line[LINE_MAX_BYTES];
    size_t len = 0;
    ssize_t got = 1;
    while (len < sizeof(line)) {
        got = read(STDIN_FILENO, line + len, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || line[len] == '\n') {
            break;
        }
        len++;
    }
    len -= len > 0 && line[len - 1] == '\r' ? 1 : 0;
    bool is_good = got >= 0 && len != 0 && len <= VAULT_PASSWORD && memchr(line, '\0', len) == NULL;
    *ret_secret = is_good ? secret_new(line, len) : NULL;
    sodium_memzero(line, sizeof(line));
    if (!is_good) {
        note_set(note, len == 0 ? "no password came on standard input"
                                : "a password is one line of 1 to 256 bytes, without NUL");
        return ERR_VALUE;
    }
    return *ret_secret == NULL ? ERR_MEMORY : OK;
}

static enum err
ask(const char *question, const char *name, struct secret **ret_secret, struct note *note)
{
    enum err err = silent(); /* first: it drops what was typed before */
    if (err == OK) {
        (void)fprintf(stderr, "%s %s: ", question, name);
        err = read_line(ret_secret, note);
    }
    loud();
    (void)fputc('\n', stderr);
    return err;
}

static enum err
take_password(const char *name, struct secret **ret_secret, struct note *note)
{
    if (isatty(STDIN_FILENO) != 1) {
        return read_line(ret_secret, note);
    }
    struct secret *first = NULL;
    struct secret *second = NULL;
    enum err err = ask("Password of", name, &first, note);
    if (err == OK) {
        err = ask("Once more, of", name, &second, note);
    }
    if (err == OK && !secret_equal(first, second)) {
        note_set(note, "the two are not the same; nothing was changed");
        err = ERR_VALUE;
    }
    secret_free(second);
    if (err != OK) {
        secret_free(first);
        return err;
    }
    *ret_secret = first;
    return OK;
}

/* What can be said without the site: a published or an easy one. */
static const char *
trouble(const struct secret *secret, const char *name)
{
    static const char *const usual[] = {"camera", "cam", "kamera", "cctv", "nvr", "dvr", "video",
        "security", "admin", "root", "gatehouse"};
    struct strength_words words = {.count = 0};
    for (size_t i = 0; i < COUNT(usual); i++) {
        strength_add(&words, usual[i]);
    }
    strength_add(&words, name);
    return credential_is_published(secret_text(secret)) ? "it is a factory password"
                                                        : strength_trouble(secret, &words);
}

static enum err
do_set(struct vault *vault, const char *name, struct note *note)
{
    struct secret *secret = NULL;
    enum err err = take_password(name, &secret, note);
    if (err == OK) {
        err = vault_set(vault, name, secret, note);
    }
    if (err == OK) {
        err = vault_save(vault, note);
    }
    const char *why = err == OK ? trouble(secret, name) : NULL;
    if (why != NULL) {
        (void)fprintf(stderr, "gatehouse: %s is kept, but easy to guess: %s\n", name, why);
    }
    secret_free(secret);
    return err;
}

/* The history of the keyring is no password in use. */
static bool
is_in_use(const char *name)
{
    const char *account = vault_name_is_device(name) ? strrchr(name, '/') : NULL;
    return account == NULL || strchr(account, '.') == NULL;
}

/* Prints the name with what is wrong with its password; false when nothing is. */
static bool
tell_trouble(struct secret *const *secrets, const struct vault *vault, size_t i)
{
    const char *name = vault_name(vault, i);
    const char *why = trouble(secrets[i], name);
    if (why != NULL) {
        (void)printf("%s: easy to guess: %s\n", name, why);
    }
    bool is_shared = false;
    for (size_t k = 0; k < i; k++) {
        if (is_in_use(vault_name(vault, k)) && secret_equal(secrets[k], secrets[i])) {
            (void)printf("%s: the same password as %s\n", name, vault_name(vault, k));
            is_shared = true;
            break;
        }
    }
    return why != NULL || is_shared;
}

static enum err
do_check(const struct vault *vault, int *ret_status, struct note *note)
{
    struct secret *secrets[VAULT_SECRETS] = {NULL};
    size_t bad = 0;
    size_t count = 0;
    enum err err = OK;
    for (size_t i = 0; i < vault_count(vault) && err == OK; i++) {
        err = vault_get(vault, vault_name(vault, i), &secrets[i], note);
    }
    for (size_t i = 0; i < vault_count(vault) && err == OK; i++) {
        bool is_used = is_in_use(vault_name(vault, i));
        count += is_used ? 1 : 0;
        bad += is_used && tell_trouble(secrets, vault, i) ? 1 : 0;
    }
    for (size_t i = 0; i < vault_count(vault); i++) {
        secret_free(secrets[i]);
    }
    if (err == OK) {
        (void)printf("%zu password%s, %zu to replace\n", count, count == 1 ? "" : "s", bad);
        *ret_status = bad == 0 ? CLI_OK : CLI_GAPS;
    }
    return err;
}

static enum err
do_remove(struct vault *vault, const char *name, struct note *note)
{
    enum err err = vault_remove(vault, name, note);
    return err == OK ? vault_save(vault, note) : err;
}

static void
do_list(const struct vault *vault)
{
    for (size_t i = 0; i < vault_count(vault); i++) {
        (void)puts(vault_name(vault, i));
    }
}

enum work { SET, LIST, REMOVE, CHECK, REKEY };

static const struct {
    const char *name;
    bool edits, named;
} works[] = {
    [SET] = {"set",    true,  true },
    [LIST] = {"list",   false, false},
    [REMOVE] = {"remove", true,  true },
    [CHECK] = {"check",  false, false},
    [REKEY] = {"rekey",  true,  false},
};

static int
work_on(enum work work, const struct vault_place *place, const char *name, const char *new_key)
{
    struct vault *vault = NULL;
    struct note note = {""};
    int status = CLI_OK;
    enum err err = vault_open(place, works[work].edits, &vault, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    switch (work) {
    case SET:
        err = do_set(vault, name, &note);
        break;
    case LIST:
        do_list(vault);
        break;
    case REMOVE:
        err = do_remove(vault, name, &note);
        break;
    case CHECK:
        err = do_check(vault, &status, &note);
        break;
    case REKEY:
        err = vault_rekey(vault, new_key, &note);
        break;
    }
    vault_close(vault);
    return err == OK ? status : cli_fail_err(err, &note);
}

static int
refuse_word(const struct cli_line *line)
{
    return cli_usage(line,
        "a password is no argument: others can read it in the list of processes, and the shell "
        "keeps it. Take it for known, choose another, and type it when asked: "
        "gatehouse secret set NAME");
}

/* The words after the options: what to do and, for some, a name. */
static int
read_operands(const struct cli_line *line, enum work *ret_work, const char **ret_name)
{
    char **words = line->argv + line->operand;
    int count = line->argc - line->operand;
    if (count == 0) {
        return cli_usage(line, "secret: say what to do: set, list, remove, check, rekey or export");
    }
    for (size_t i = 0; i < COUNT(works); i++) {
        int wanted = works[i].named ? 2 : 1;
        if (!text_equal(words[0], works[i].name)) {
            continue;
        }
        if (count > wanted) {
            return refuse_word(line);
        }
        if (count < wanted) {
            return cli_usage(line, "secret %s: a name is missing, such as front-door", words[0]);
        }
        bool is_name = !works[i].named || vault_name_is_valid(words[1]) ||
                       (works[i].name == works[REMOVE].name && vault_name_is_device(words[1]));
        if (!is_name) {
            return cli_usage(line,
                "secret %s: a name is 1 to %d of a-z, 0-9, '.', '_' and '-', such as front-door",
                words[0], VAULT_NAME);
        }
        *ret_work = (enum work)i;
        *ret_name = words[works[i].named ? 1 : 0];
        return CLI_END;
    }
    return cli_usage(
        line, "secret does not know that word: set, list, remove, check, rekey or export");
}

int
cli_secret(int argc, char **argv)
{
    struct cli_line line;
    struct vault_place place = {NULL, NULL};
    const char *new_key = NULL;
    const char *value = NULL;
    const char *name = NULL;
    enum work work = LIST;
    if (secret_start() != OK || secret_guard() != OK) {
        return cli_fail("the memory for secrets could not be prepared");
    }
    if (argc > 1 && text_equal(argv[1], "export")) {
        return secret_export(argc - 1, argv + 1);
    }
    cli_line_init(&line, &manual, argc, argv);
    for (int row = cli_next(&line, &value); row != CLI_END; row = cli_next(&line, &value)) {
        switch (row) {
        case OPTION_FILE:
            place.file = value;
            break;
        case OPTION_KEY:
            place.key = value;
            break;
        case OPTION_NEW_KEY:
            new_key = value;
            break;
        default:
            return line.status;
        }
    }
    int status = read_operands(&line, &work, &name);
    if (status == CLI_END && new_key != NULL && work != REKEY) {
        status = cli_usage(&line, "--new-key goes with rekey");
    }
    return status == CLI_END ? work_on(work, &place, name, new_key) : status;
}
