/*
 * gatehouse secret export: shows one sealed password, for the day on which nothing else opens the
 * device.
 *
 * Rules of this file: the ledger has the event before the password is seen; a person at a terminal
 * asked for it, an administrator with a second factor where the machine has a gateway; it goes to
 * that terminal or into a new file of the owner's alone, never into a pipe.
 */
#include "cli/secret_export.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/gate_ask.h"
#include "cli/ledger_connect.h"
#include "cli/ledger_folder.h"
#include "cli/ledger_user.h"
#include "identity/attempt.h"
#include "identity/factor.h"
#include "store/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define REASON_LEAST 10
#define LINE_BYTES   300

enum {
    OPTION_BREAK_GLASS,
    OPTION_REASON,
    OPTION_DEVICE,
    OPTION_ACCOUNT,
    OPTION_OUTPUT,
    OPTION_ADMINISTRATOR,
    OPTION_GATEWAY,
    OPTION_LEDGER,
    OPTION_FILE,
    OPTION_KEY,
};

static const struct cli_option options[] = {
    {"break-glass",   0, NULL,   "say that this is an emergency; needed"                     },
    {"reason",        0, "TEXT", "why, for the ledger; needed, 10 characters at least"       },
    {"device",        0, "KEY",  "the password that Gatehouse set for this device"           },
    {"account",       0, "NAME", "of this account of it (default: the one in force)"         },
    {"output",        0, "PATH", "into this new file, which only you may read"               },
    {"administrator", 0, "NAME", "who you are, of the gateway's administrators"              },
    GATE_OPTION,
    LEDGER_OPTION,
    {"file",          0, "PATH", "the sealed passwords (default: secrets.sealed in XDG data)"},
    {"key",           0, "PATH", "their key (default: systemd credential or XDG state)"      },
};

static const struct cli_manual manual = {
    .usage = "secret export --break-glass --reason TEXT NAME|--device KEY [OPTION]…",
    .about =
        "Shows one sealed password. The ledger has who did it and why before it is shown, so\n"
        "there must be one. It asks at the terminal: where this machine has a gateway, for an\n"
        "administrator's password and one-time code (or a recovery code), else for the name of\n"
        "what is shown, typed again. It is printed on a terminal only; --output makes a file.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse secret export --break-glass --reason \"camera must be reset\" gate\n"
               "  gatehouse secret export --break-glass --reason \"VMS is gone\" \\\n"
               "    --device mac:00:11:22:33:44:55\n",
};

/* What was asked for. */
struct order {
    const char *values[COUNT(options)];
    bool given[COUNT(options)];
    const char *name;    /* of a sealed password; NULL: of a device */
    char account[128];   /* of the device */
    char shown[256];     /* for the person and the ledger */
    const char *witness; /* "second factor of anna", "phrase at the terminal" */
};

static int
read_line(struct order *order, struct cli_line *line)
{
    const char *value = NULL;
    for (int row = cli_next(line, &value); row != CLI_END; row = cli_next(line, &value)) {
        if (row == CLI_STOP) {
            return line->status;
        }
        order->values[row] = value;
        order->given[row] = true;
    }
    const char *device = order->values[OPTION_DEVICE];
    int names = line->argc - line->operand;
    order->name = names == 1 ? line->argv[line->operand] : NULL;
    if (!order->given[OPTION_BREAK_GLASS]) {
        return cli_usage(
            line, "secret export shows a password: say --break-glass if that is meant");
    }
    const char *reason = order->values[OPTION_REASON];
    if (reason == NULL || strlen(reason) < REASON_LEAST) {
        return cli_usage(line,
            "secret export: --reason says why, in %d characters at least; it is "
            "kept in the ledger",
            REASON_LEAST);
    }
    if (names > 1 || (names == 1) == (device != NULL)) {
        return cli_usage(line, "secret export: one NAME (gatehouse secret list), or --device KEY");
    }
    return CLI_END;
}

/* Asks at the terminal itself, never standard input; `is_hidden`: without showing what is typed. */
static enum err
ask(const char *question, bool is_hidden, struct secret **ret_answer, struct note *note)
{
    char line[LINE_BYTES];
    struct termios before;
    FILE *tty = fopen("/dev/tty", "r+");
    if (tty == NULL || tcgetattr(fileno(tty), &before) != 0) {
        if (tty != NULL) {
            (void)fclose(tty);
        }
        note_set(note, "a password is shown to a person at a terminal only; there is none here");
        return ERR_REFUSED;
    }
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    (void)setvbuf(tty, NULL, _IONBF, 0);
    bool is_set = !is_hidden || tcsetattr(fileno(tty), TCSAFLUSH, &quiet) == 0;
    (void)fprintf(tty, "%s: ", question);
    bool got = is_set && fgets(line, sizeof(line), tty) != NULL;
    if (is_hidden) {
        (void)tcsetattr(fileno(tty), TCSAFLUSH, &before);
        (void)fputc('\n', tty);
    }
    (void)fclose(tty);
    line[got ? strcspn(line, "\r\n") : 0] = '\0';
    *ret_answer = secret_new_text(line);
    sodium_memzero(line, sizeof(line));
    return *ret_answer == NULL ? ERR_MEMORY : OK;
}

static enum err
refuse(struct note *note)
{
    note_set(note, "that is no administrator with password and second factor; nothing is shown");
    return ERR_REFUSED;
}

/* Password and a code of an enabled administrator, counted as the gateway counts its log-ins. */
static enum err
check_person(
    struct identity *identity, const char *name, struct secret *const *answers, struct note *note)
{
    struct user user = {.is_disabled = true};
    char hash[USER_HASH];
    struct ip here;
    enum err err = ip_parse("127.0.0.1", &here);
    err = err == OK ? attempt_count(identity, ATTEMPT_PASSWORD, name, &here, clock_wall(), note)
                    : err;
    if (err != OK) {
        return err;
    }
    user_password_hash(identity, name, hash);
    bool fits = user_password_fits(hash, answers[0]);
    err = user_find(identity, name, &user);
    if (!fits || err != OK || !user.is_administrator || user.is_disabled) {
        return refuse(note);
    }
    const char *code = secret_text(answers[1]);
    int64_t now = clock_wall();
    err = attempt_count(identity, ATTEMPT_TOTP, name, &here, now, note);
    err = err == OK ? factor_totp_take(identity, name, code, now) : err;
    if (err == ERR_VALUE) {
        err = attempt_count(identity, ATTEMPT_RECOVERY, name, &here, now, note);
        err = err == OK ? factor_recovery_take(identity, name, code) : err;
    }
    if (err != OK) {
        return note->text[0] == '\0' ? refuse(note) : err;
    }
    return attempt_succeeded(identity, name, &here);
}

static enum err
ask_administrator(struct order *order, struct gate_open *gate, struct note *note)
{
    struct secret *answers[2] = {NULL, NULL};
    const char *name = order->values[OPTION_ADMINISTRATOR];
    if (name == NULL) {
        note_set(note, "this machine has a gateway: say which of its administrators you are, with "
                       "--administrator NAME");
        return ERR_VALUE;
    }
    enum err err = ask("Password of the administrator", true, &answers[0], note);
    err = err == OK ? ask("One-time code, or a recovery code", true, &answers[1], note) : err;
    err = err == OK ? check_person(gate->identity, name, answers, note) : err;
    secret_free(answers[0]);
    secret_free(answers[1]);
    order->witness = arena_format(&gate->arena, "password and second factor of %s", name);
    return err;
}

static enum err
ask_phrase(struct order *order, struct note *note)
{
    struct secret *answer = NULL;
    char question[512];
    (void)snprintf(question, sizeof(question),
        "The password of %s will be shown, and the ledger keeps that.\nType its name to go on",
        order->shown);
    enum err err = ask(question, false, &answer, note);
    if (err == OK && !text_equal(secret_text(answer), order->shown)) {
        note_set(note, "that is not its name; nothing is shown");
        err = ERR_REFUSED;
    }
    secret_free(answer);
    order->witness = "its name, typed at the terminal";
    return err;
}

/* Whether there is a gateway that says who administers. A named one must be there. */
static enum err
confirm(struct order *order, struct gate_open *gate, struct note *note)
{
    struct note why = {""};
    const char *folder = order->values[OPTION_GATEWAY];
    const char *place = NULL;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, (size_t)64 * 1024);
    enum err err = settings_folder(folder, &arena, &place);
    bool is_there = err == OK && access(place, F_OK) == 0;
    if (!is_there && folder == NULL && order->values[OPTION_ADMINISTRATOR] == NULL) {
        return ask_phrase(order, note);
    }
    err = gate_open(gate, folder, true, &why);
    if (err != OK) {
        note_set(note, "%s", why.text[0] == '\0' ? err_words(err) : why.text);
        return err;
    }
    return ask_administrator(order, gate, note);
}

static enum err
find_secret(
    struct order *order, const struct vault *vault, struct secret **ret_secret, struct note *note)
{
    const char *device = order->values[OPTION_DEVICE];
    const char *account = order->values[OPTION_ACCOUNT];
    if (order->name != NULL) {
        (void)text_copy(order->shown, sizeof(order->shown), order->name);
        return vault_get(vault, order->name, ret_secret, note);
    }
    enum err err = account != NULL
                       ? text_copy(order->account, sizeof(order->account), account) ? OK : ERR_LIMIT
                       : keyring_account(vault, device, order->account, sizeof(order->account));
    if (err != OK) {
        note_set(note,
            "no password of %.120s is in force that Gatehouse set; gatehouse secret "
            "list shows the devices",
            device);
        return err;
    }
    const struct keyring_name name = {device, order->account};
    (void)snprintf(order->shown, sizeof(order->shown), "%.120s/%.100s", device, order->account);
    return keyring_get(vault, &name, ret_secret, note);
}

static enum err
record(const struct order *order, struct note *note)
{
    CLEANUP(buf_release) struct buf folder;
    CLEANUP(buf_release) struct buf json;
    buf_init(&folder, 4096);
    buf_init(&json, EVENT_LIMIT);
    enum err err = ledger_folder_find(order->values[OPTION_LEDGER], &folder, note);
    if (err == OK) {
        json_t *detail = json_pack("{s:s, s:s, s:s, s:b}", "secret", order->shown, "by",
            "break-glass", "witness", order->witness, "file", order->given[OPTION_OUTPUT] ? 1 : 0);
        err =
            ledger_user_event(EVENT_SECRET_SHOW, order->values[OPTION_REASON], detail, &json, note);
    }
    return err == OK ? ledger_user_record(folder.data, NULL, &json, note) : err;
}

/* Into a file that was not there, or on the terminal. */
static enum err
show(const struct order *order, const struct secret *secret, struct note *note)
{
    const char *path = order->values[OPTION_OUTPUT];
    int fd = path == NULL ? STDOUT_FILENO
                          : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        note_set(note, "%.160s: %s", path, strerrordesc_np(errno));
        return ERR_IO;
    }
    bool is_written = dprintf(fd, "%s\n", secret_text(secret)) > 0;
    if (path != NULL) {
        is_written = fsync(fd) == 0 && is_written;
        is_written = close(fd) == 0 && is_written;
    }
    return is_written ? OK : ERR_IO;
}

static enum err
export_one(struct order *order, struct note *note)
{
    struct gate_open gate = {.identity = NULL};
    struct vault *vault = NULL;
    struct secret *secret = NULL;
    const struct vault_place place = {order->values[OPTION_FILE], order->values[OPTION_KEY]};
    if (!order->given[OPTION_OUTPUT] && isatty(STDOUT_FILENO) != 1) {
        note_set(note, "a password is printed on a terminal only; --output PATH makes a file that "
                       "only you may read");
        return ERR_REFUSED;
    }
    enum err err = vault_open(&place, false, &vault, note);
    err = err == OK ? find_secret(order, vault, &secret, note) : err;
    err = err == OK ? confirm(order, &gate, note) : err;
    err = err == OK ? record(order, note) : err;
    err = err == OK ? show(order, secret, note) : err;
    secret_free(secret);
    vault_close(vault);
    gate_close(&gate);
    return err;
}

int
secret_export(int argc, char **argv)
{
    struct order order = {.name = NULL};
    struct cli_line line;
    struct note note = {""};
    cli_line_init(&line, &manual, argc, argv);
    int status = read_line(&order, &line);
    if (status != CLI_END) {
        return status;
    }
    enum err err = export_one(&order, &note);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}
