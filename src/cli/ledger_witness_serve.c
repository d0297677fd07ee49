/* gatehouse ledger witness serve: the witness as a service. */
#include "base/file.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ledger_witness.h"
#include "daemon/witness_server.h"
#include "ledger/policy.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOGS   256
#define LISTEN "127.0.0.1:8460"

enum {
    OPTION_STATE,
    OPTION_LISTEN,
    OPTION_LOG,
    OPTION_POLICY,
    OPTION_KEY,
    OPTION_QUIET,
};

static const struct cli_option options[] = {
    {"state",  0, "DIR",          "the folder that `ledger witness init` made"                },
    {"listen", 0, "ADDRESS:PORT", "where to listen (default: " LISTEN ")"                     },
    {"log",    0, "VKEY",         "a log to watch, the line in its log.vkey; may be repeated" },
    {"policy", 0, "FILE",         "watch every log of a policy file"                          },
    {"key",    0, "FILE",         "the witness's key (default: " LEDGER_WITNESS_KEY " in DIR)"},
    {"quiet",  0, NULL,           "say only what is wrong"                                    },
};

static const struct cli_manual manual = {
    .usage = "ledger witness serve --state DIR --log VKEY [OPTION]…",
    .about =
        "Cosigns the checkpoints of logs, each only when it continues the last one, by the\n"
        "protocol of C2SP tlog-witness. Speaks plain HTTP: it listens on a loopback, private or\n"
        "VPN address, and a reverse proxy in front of it has the certificate.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse ledger witness serve --state /var/lib/gatehouse/witness \\\n"
               "      --log \"$(cat shop.vkey)\"\n",
};

/* The command line, read. */
struct asked {
    const char *state, *listen, *policy, *key;
    struct vkey *logs; /* LOGS of them */
    size_t count;
};

static enum err
add_log(struct asked *asked, const struct vkey *key, struct note *note)
{
    if (key->type != VKEY_ED25519) {
        note_set(note, "%.100s: the key of a witness, not of a log", key->name);
        return ERR_VALUE;
    }
    if (asked->count == LOGS) {
        note_set(note, "more than %d logs", LOGS);
        return ERR_LIMIT;
    }
    asked->logs[asked->count++] = *key;
    return OK;
}

static enum err
add_text(struct asked *asked, const char *text, struct note *note)
{
    struct vkey key;
    enum err err = vkey_parse(text, &key);
    if (err != OK) {
        note_set(note, "--log %.100s: no public key of a log: %s", text, err_words(err));
        return err;
    }
    return add_log(asked, &key, note);
}

static enum err
add_policy(struct asked *asked, const char *path, struct note *note)
{
    struct policy *policy = NULL;
    enum err err = policy_read(path, &policy, note);
    for (size_t i = 0; err == OK && i < policy->log_count; i++) {
        err = add_log(asked, &policy->logs[i].key, note);
    }
    free(policy);
    return err;
}

/* "127.0.0.1:8460" or "[fd00::1]:8460"; what the whole world can reach is refused. */
static enum err
read_listen(const char *text, struct ip *ret_ip, uint16_t *ret_port, struct note *note)
{
    char host[IP_TEXT + 2];
    uint64_t port = 0;
    const char *colon = strrchr(text, ':');
    static const struct ip any4 = {.family = 4};
    static const struct ip any6 = {.family = 6};
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    if (len == 0 || len >= sizeof(host) || text_to_u64(colon + 1, UINT16_MAX, &port) != OK) {
        note_set(note, "--listen %.80s: not ADDRESS:PORT, such as " LISTEN, text);
        return ERR_VALUE;
    }
    bool has_brackets = text[0] == '[' && colon[-1] == ']';
    memcpy(host, text + (has_brackets ? 1 : 0), len - (has_brackets ? 2 : 0));
    host[len - (has_brackets ? 2 : 0)] = '\0';
    if (ip_parse(host, ret_ip) != OK) {
        note_set(note, "--listen %.80s: %.60s is not an address", text, host);
        return ERR_VALUE;
    }
    if (ip_is_public(ret_ip) || ip_equal(ret_ip, &any4) || ip_equal(ret_ip, &any6)) {
        note_set(note,
            "--listen %.60s: without TLS only on a loopback, private or VPN address; "
            "put a reverse proxy in front",
            text);
        return ERR_VALUE;
    }
    *ret_port = (uint16_t)port;
    return OK;
}

static enum err
read_key(const struct asked *asked, struct key **ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, LEDGER_WITNESS_PATH);
    if (asked->key != NULL) {
        buf_text(&path, asked->key);
    } else {
        buf_format(&path, "%s/" LEDGER_WITNESS_KEY, asked->state);
    }
    enum err err = buf_error(&path);
    err = err == OK ? key_read(path.data, ret_key, note) : err;
    if (err == ERR_MISSING && asked->key == NULL) {
        note_set(note, "%.150s: no witness; gatehouse ledger witness init --state %.150s makes one",
            asked->state, asked->state);
    }
    if (err == OK && key_public(*ret_key)->type != VKEY_COSIGNER) {
        note_set(note, "%.150s: the key of a log, not of a witness", path.data);
        key_free(*ret_key);
        return ERR_VALUE;
    }
    return err;
}

static void
tell_start(const struct asked *asked, const struct key *key, const struct ip *ip, uint16_t port)
{
    char address[IP_TEXT];
    char text[VKEY_TEXT];
    (void)printf("witness %s on %s%s%s port %u, for %zu key%s of logs\n",
        vkey_text(key_public(key), text), ip->family == 6 ? "[" : "", ip_text(ip, address),
        ip->family == 6 ? "]" : "", port, asked->count, asked->count == 1 ? "" : "s");
    (void)fflush(stdout);
}

/* SIGTERM and SIGINT are read by the server, and a client that is gone is no reason to die. */
static void
take_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static enum err
serve(const struct asked *asked, const struct key *key, struct note *note)
{
    struct witness_state *state = NULL;
    struct ip ip;
    uint16_t port = 0;
    int fd = -1;
    const struct witness_settings settings = {
        .folder = asked->state,
        .trust = {asked->logs, asked->count},
        .key = key,
    };
    enum err err = read_listen(asked->listen, &ip, &port, note);
    err = err == OK ? witness_state_open(&settings, &state, note) : err;
    if (err != OK) {
        return err;
    }
    take_signals();
    err = witness_server_listen(&ip, port, &fd, &port, note);
    if (err == OK) {
        tell_start(asked, key, &ip, port);
        err = witness_server_run(state, fd, asked->state, note);
    }
    witness_state_close(state);
    return err;
}

/* Takes one option. */
static enum err
take_option(struct asked *asked, int option, const char *value, struct note *note)
{
    switch (option) {
    case OPTION_STATE:
        asked->state = value;
        return OK;
    case OPTION_LISTEN:
        asked->listen = value;
        return OK;
    case OPTION_LOG:
        return add_text(asked, value, note);
    case OPTION_POLICY:
        return add_policy(asked, value, note);
    case OPTION_KEY:
        asked->key = value;
        return OK;
    default:
        log_set_level(LOG_WARN);
        return OK;
    }
}

static int
read_line(struct cli_line *line, struct asked *asked)
{
    const char *value = NULL;
    struct note note = {""};
    int got;
    while ((got = cli_next(line, &value)) >= 0) {
        if (take_option(asked, got, value, &note) != OK) {
            line->status = cli_usage(line, "%s", note.text);
            return CLI_STOP;
        }
    }
    if (got == CLI_END && (line->operand != line->argc || asked->state == NULL)) {
        line->status = cli_usage(line, "ledger witness serve: takes --state DIR and no operand");
        return CLI_STOP;
    }
    if (got == CLI_END && asked->count == 0) {
        line->status = cli_usage(line, "ledger witness serve: no log to watch; give --log VKEY");
        return CLI_STOP;
    }
    return got;
}

int
ledger_witness_serve(int argc, char **argv)
{
    static struct vkey logs[LOGS];
    struct asked asked = {.listen = LISTEN, .logs = logs};
    struct note note = {""};
    struct cli_line line;
    struct key *key = NULL;
    cli_line_init(&line, &manual, argc, argv);
    log_set_level(LOG_INFO);
    if (read_line(&line, &asked) == CLI_STOP) {
        return line.status;
    }
    enum err err = secret_start();
    err = err == OK ? secret_guard() : err;
    err = err == OK ? read_key(&asked, &key, &note) : err;
    if (err == OK) {
        err = serve(&asked, key, &note);
        key_free(key);
    }
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}
