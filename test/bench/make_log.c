/* Makes a log of N events of a busy site, straight into static files: for measuring its readers. */
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "events.h"
#include "log_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define START INT64_C(1764000000000) /* 2025-11-24 */
#define STEP  37                     /* ms from event to event */

struct request {
    const char *folder;
    uint64_t count, seed, old_size;
    const char *key_path; /* NULL: FOLDER-keys/ledger.key, made */
};

static int
usage(void)
{
    (void)fprintf(stderr,
        "usage: make_log FOLDER COUNT [SEED [KEY-FILE [OLD-SIZE]]]\n"
        "Writes FOLDER/log and, without a key file, FOLDER-keys/ledger.key. The first half of the\n"
        "events is the same for every seed. With OLD-SIZE, log/checkpoint.old has that size.\n");
    return 64;
}

static int
fail(const char *what, const struct note *note)
{
    (void)fprintf(stderr, "make_log: %s: %s\n", what, note->text);
    return 1;
}

static enum err
get_key(const struct request *request, struct key **ret_key, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    if (request->key_path != NULL) {
        return key_read(request->key_path, ret_key, note);
    }
    buf_init(&path, 4096);
    buf_format(&path, "%s-keys", request->folder);
    (void)mkdir(path.data, 0700);
    buf_text(&path, "/ledger.key");
    struct key *key = NULL;
    enum err err = key_new("gatehouse.example/bench", VKEY_ED25519, &key);
    if (err == OK) {
        err = key_write(key, path.data, note);
    }
    if (err != OK) {
        key_free(key);
        return err;
    }
    *ret_key = key;
    return OK;
}

static void
make(const struct request *request, const struct key *key)
{
    static struct events events;
    struct log_maker maker;
    char event[EVENTS_ROOM];
    events_init(&events, 1);
    log_maker_open(&maker, request->folder);
    for (uint64_t i = 0; i < request->count; i++) {
        if (i == request->old_size && i != 0) {
            log_maker_sign(&maker, key, NULL, "checkpoint.old");
        }
        if (i == request->count / 2 && request->seed != 1) {
            events_init(&events, request->seed);
        }
        size_t len = events_next(&events, START + (int64_t)i * STEP, true, event);
        log_maker_add(&maker, event, len);
    }
    log_maker_sign(&maker, key, NULL, "checkpoint");
    log_maker_close(&maker);
}

int
main(int argc, char **argv)
{
    struct request request = {.seed = 1};
    struct note note = {""};
    struct key *key = NULL;
    if (argc < 3 || argc > 6 || text_to_u64(argv[2], UINT32_MAX, &request.count) != OK ||
        (argc > 3 && text_to_u64(argv[3], UINT32_MAX, &request.seed) != OK) ||
        (argc > 5 && text_to_u64(argv[5], UINT32_MAX, &request.old_size) != OK)) {
        return usage();
    }
    request.folder = argv[1];
    request.key_path = argc > 4 && argv[4][0] != '\0' ? argv[4] : NULL;
    if (secret_start() != OK || get_key(&request, &key, &note) != OK) {
        return fail(request.folder, &note);
    }
    int64_t start = clock_mono();
    make(&request, key);
    (void)fprintf(stderr, "%llu entries in %.1f s\n", (unsigned long long)request.count,
        (double)(clock_mono() - start) / 1000.0);
    key_free(key);
    return 0;
}
