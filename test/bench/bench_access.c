/* Requests classified per second: what Frigate's web client asks for, one after another. */
#include "base/clock.h"
#include "base/text.h"
#include "vms/access.h"

#include <stdio.h>
#include <string.h>

#define BENCH_MS    1000
#define BATCH       64
#define TARGET      500000 /* a second: two microseconds each */
#define ARENA_LIMIT ((size_t)256 * 1024)

static const struct sample {
    const char *method, *path, *query, *body;
} samples[] = {
#define REQUEST(method, path, query, body, kind, cameras, from, to, source)                        \
    {method, path, query, body},
#define FRAME(text, kind, cameras, source)
#include "unit/frigate_requests.def"
#undef REQUEST
#undef FRAME
};

static bool
classify(const struct vms_gate *gate, const struct sample *sample)
{
    struct arena arena;
    struct access access;
    struct note note;
    bool is_upgrade = sample->method[0] == 'W';
    const struct access_request request = {
        .method = is_upgrade ? "GET" : sample->method,
        .path = sample->path,
        .query = sample->query,
        .type = *sample->body == '{' ? "application/json" : NULL,
        .body = *sample->body == '{' ? sample->body : NULL,
        .body_len = *sample->body == '{' ? strlen(sample->body) : 0,
        .is_upgrade = is_upgrade,
    };
    arena_init(&arena, ARENA_LIMIT);
    enum err err = access_classify(gate, &request, &arena, &access, &note);
    bool is_known = err == OK && access.row != NULL;
    arena_release(&arena);
    return is_known;
}

/* Over some of the samples; what it cost on average, in nanoseconds. */
static double
measure(const struct vms_gate *gate, const char *words, size_t first, size_t count)
{
    size_t done = 0;
    size_t known = 0;
    int64_t begun = clock_boot();
    int64_t spent = 0;
    while (spent < BENCH_MS) {
        for (size_t i = 0; i < BATCH * count; i++) {
            known += classify(gate, &samples[first + i % count]) ? 1 : 0;
        }
        done += BATCH * count;
        spent = clock_boot() - begun;
    }
    double each = (double)spent * 1e6 / (double)done;
    (void)printf("%-44s %10.0f requests/s  %7.0f ns each%s\n", words, 1e9 / each, each,
        known == done ? "" : "  (some are not known)");
    return each;
}

int
main(void)
{
    const struct vms_gate *gate = vms_gate_find("frigate");
    double each = measure(gate, "Frigate, all that its web client asks", 0, COUNT(samples));
    for (size_t i = 0; i < COUNT(samples); i++) {
        if (strstr(samples[i].path, "seg-12") != NULL ||
            text_equal(samples[i].path, "/api/front/latest.webp") ||
            text_equal(samples[i].path, "/assets/index-0a1b2c3d.js") ||
            text_equal(samples[i].path, "/api/config")) {
            (void)measure(gate, samples[i].path, i, 1);
        }
    }
    (void)printf("target: %d requests/s\n", TARGET);
    return 1e9 / each >= TARGET ? 0 : 1;
}
