/*
 * Records per second and core for each form of a SIEM's record, from events of a busy site that
 * were read before; and with reading them, as the forwarder does.
 */
#include "events.h"

#include "siem/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_MS 2000
#define EVENTS   512
#define TARGET   300000 /* a second */
#define RECORDS  ((size_t)4 * 1024 * 1024)

static struct {
    char bytes[EVENTS_ROOM];
    size_t len;
    struct logged *logged;
} samples[EVENTS];

/* Of the processor, so that what else runs there counts less. */
static int64_t
spent_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double
measure(const struct siem_format *format, bool reads, size_t *ret_bytes)
{
    static const uint8_t leaf[MERKLE_HASH] = {1, 2, 3};
    struct siem_chain chain = {.uid = ""};
    const struct siem_about about = {.origin = "log.example/north",
        .host = "gatehouse.example",
        .root = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        .tree_size = 1000000,
        .leaf = leaf,
        .chain = &chain};
    struct buf out CLEANUP(buf_release);
    buf_init(&out, RECORDS);
    size_t done = 0;
    size_t bytes = 0;
    int64_t begun = spent_ms();
    while (spent_ms() - begun < BENCH_MS) {
        for (size_t i = 0; i < EVENTS; i++) {
            if (reads) {
                (void)logged_read(samples[i].logged, samples[i].bytes, samples[i].len);
            }
            if (format->put(samples[i].logged, &about, &out) != OK) {
                abort();
            }
        }
        done += EVENTS;
        bytes += out.len;
        buf_clear(&out);
    }
    *ret_bytes = bytes / done;
    return (double)done * 1000 / (double)(spent_ms() - begun);
}

int
main(void)
{
    static struct events events;
    bool slow = false;
    events_init(&events, 1);
    for (size_t i = 0; i < EVENTS; i++) {
        samples[i].logged = logged_new();
        samples[i].len =
            events_next(&events, INT64_C(1795400045123) + (int64_t)i, true, samples[i].bytes);
        if (!logged_read(samples[i].logged, samples[i].bytes, samples[i].len)) {
            return EXIT_FAILURE;
        }
        samples[i].logged->index = 900000 + i;
    }
    (void)puts("form      records/s  with reading  bytes each");
    for (size_t i = 0; i < siem_format_count; i++) {
        size_t bytes = 0;
        double alone = measure(siem_formats[i], false, &bytes);
        double whole = measure(siem_formats[i], true, &bytes);
        (void)printf("%-8s %10.0f %13.0f %11zu\n", siem_formats[i]->name, alone, whole, bytes);
        slow |= alone < TARGET;
    }
    return slow ? EXIT_FAILURE : EXIT_SUCCESS;
}
