/* gatehouse siem test: one marked record to each destination, and what happens at each stage. */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/siem.h"
#include "ledger/merkle.h"
#include "siem/outlet.h"
#include "store/vault.h"

#include <curl/curl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEST_ORIGIN "gatehouse-siem-test"
#define RECORD_MOST ((size_t)256 * 1024)
#define ID_BYTES    8
#define SAID        1024
#define PATIENT_MS  15000 /* a person waits */

enum {
    OPTION_CONFIG,
};

static const struct cli_option options[] = {
    SIEM_OPTION_CONFIG,
};

static const struct cli_manual manual = {
    .usage = "siem test [OPTION]… [NAME]",
    .about =
        "Sends one marked record to each destination, or to NAME, and says what happened:\n"
        "whether the name was found, somebody took the connection, which certificate was shown\n"
        "and whether it is believed, whether the record was sent, and whether the receiver\n"
        "confirmed it. The record is an event \"system.note\" with the origin " TEST_ORIGIN ";\n"
        "it is not in the ledger, and no cursor moves. Exit status 1 when one was not confirmed.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse siem test watchroom\n",
};

static void
say(void *context, const char *words)
{
    char clean[SAID];
    (void)context;
    text_clean(clean, sizeof(clean), words, strlen(words));
    (void)printf("  %s\n", clean);
    (void)fflush(stdout);
}

/* An event as the keeper would have written it, but for its origin. */
static char *
make_event(char id[64])
{
    uint8_t random[ID_BYTES];
    char hex[2 * ID_BYTES + 1], time[EVENT_TIME];
    randombytes_buf(random, sizeof(random));
    text_hex(hex, random, sizeof(random));
    (void)snprintf(id, 64, "siem-test-%s", hex);
    json_t *event = json_pack("{s:s, s:{s:s}, s:s, s:s, s:s, s:s, s:s, s:i, s:{s:i, s:i}}",
        "action", "system.note", "actor", "user", "gatehouse siem test", "id", id, "outcome", "ok",
        "reason", "TEST of this destination by gatehouse siem test; nothing happened", "time",
        event_time_text(clock_wall(), time), "time_quality", "synced", "v", 1, "writer", "pid",
        (int)getpid(), "uid", (int)getuid());
    char *text = event == NULL ? NULL : json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(event);
    return text;
}

static enum err
make_record(const struct siem_config *config, const struct siem_destination *to,
    struct buf *ret_record, char id[64])
{
    struct merkle_hash leaf;
    struct merkle *merkle = merkle_new();
    struct logged *logged = logged_new();
    char *event = make_event(id);
    enum err err = merkle == NULL || logged == NULL || event == NULL ? ERR_MEMORY : OK;
    if (err == OK) {
        (void)logged_read(logged, event, strlen(event));
        merkle_leaf(merkle, event, strlen(event), &leaf);
        const struct siem_about about = {
            .origin = TEST_ORIGIN, .host = config->host, .leaf = leaf.bytes, .now = clock_wall()};
        err = to->format->put(logged, &about, ret_record);
    }
    merkle_free(merkle);
    logged_free(logged);
    free(event);
    return err;
}

static enum err
read_token(const struct siem_config *config, const struct siem_destination *to,
    struct secret **ret_token, struct note *note)
{
    const struct vault_place place = {.file = config->secrets, .key = config->secrets_key};
    struct vault *vault = NULL;
    if (to->token == NULL) {
        return OK;
    }
    enum err err = vault_open(&place, false, &vault, note);
    if (err == OK) {
        err = vault_get(vault, to->token, ret_token, note);
        vault_close(vault);
    }
    return err;
}

static enum err
send_one(struct siem_outlet *outlet, const struct buf *bytes, const char *id, struct note *note)
{
    const struct siem_record record = {.time = clock_wall(),
        .origin = id, /* an id of its own, so that Elasticsearch takes each test */
        .bytes = bytes->data,
        .len = bytes->len};
    enum err err = siem_outlet_open(outlet, note);
    err = err == OK ? outlet->kind->begin(outlet, note) : err;
    err = err == OK ? outlet->kind->put(outlet, &record, note) : err;
    err = err == OK ? outlet->kind->end(outlet, note) : err;
    siem_outlet_close(outlet);
    return err;
}

static bool
try(const struct siem_config *config, const struct siem_destination *given)
{
    CLEANUP(buf_release) struct buf record;
    struct siem_destination to = *given;
    struct siem_outlet outlet = {.to = &to, .host = config->host, .say = say};
    struct secret *token = NULL;
    struct note note = {""};
    char id[64];
    buf_init(&record, RECORD_MOST);
    to.confirm_ms = to.confirm_ms < PATIENT_MS ? to.confirm_ms : PATIENT_MS;
    (void)printf("%s\n", to.name);
    enum err err = read_token(config, &to, &token, &note);
    outlet.token = token;
    err = err == OK ? make_record(config, &to, &record, id) : err;
    err = err == OK ? send_one(&outlet, &record, id, &note) : err;
    if (err != OK) {
        const char *words = note.text[0] != '\0' ? note.text : err_words(err);
        char clean[sizeof(note.text)]; /* what a receiver says stands in it */
        text_clean(clean, sizeof(clean), words, strlen(words));
        (void)printf("  NOT DELIVERED: %s\n", clean);
    } else {
        (void)printf("  %s; its id is %s\n",
            outlet.is_unconfirmed ? "sent, and nobody knows whether it arrived" : "delivered", id);
    }
    secret_free(token);
    return err == OK && !outlet.is_unconfirmed;
}

static int
try_all(const char *path, const char *name)
{
    CLEANUP(arena_release) struct arena arena;
    struct siem_config config;
    struct note note = {""};
    int status = CLI_OK;
    arena_init(&arena, (size_t)4 * 1024 * 1024);
    enum err err = secret_start();
    err = err == OK ? siem_read(path, NULL, &arena, &config, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return cli_fail_err(ERR_SYSTEM, NULL);
    }
    if (name != NULL && siem_config_find(&config, name) == NULL) {
        return cli_fail("%s: no destination of that name in %s", name, config.file);
    }
    for (size_t i = 0; i < config.count; i++) {
        const struct siem_destination *to = &config.destinations[i];
        if ((name == NULL || text_equal(name, to->name)) && !try(&config, to)) {
            status = CLI_GAPS;
        }
    }
    return status;
}

int
cli_siem_test(int argc, char **argv)
{
    struct cli_line line;
    const char *value = NULL, *path = NULL;
    int got;
    cli_line_init(&line, &manual, argc, argv);
    while ((got = cli_next(&line, &value)) >= 0) {
        path = value;
    }
    if (got == CLI_STOP) {
        return line.status;
    }
    if (argc - line.operand > 1) {
        return cli_usage(&line, "siem test: takes one name, not %s too", argv[line.operand + 1]);
    }
    return try_all(path, line.operand == argc ? NULL : argv[line.operand]);
}
