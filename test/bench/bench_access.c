/* Requests classified per second: what Frigate's web client asks for, one after another. */
#include "base/text.h"
#include "vms/access.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* ZoneMinder's client asks one script for nearly everything: the parameters decide. */
static const struct sample zoneminder[] = {
    {"GET", "/zm/index.php",                       "view=watch&mid=1",                                      ""},
    {"GET", "/zm/index.php",                       "view=view_video&eid=17",                                ""},
    {"GET", "/zm/index.php",                       "view=request&request=stream&connkey=123456&command=99", ""},
    {"GET", "/zm/index.php",                       "view=image&eid=17&fid=snapshot&width=200",              ""},
    {"GET", "/zm/index.php",                       "view=request&request=status&entity=navBar",             ""},
    {"GET", "/zm/cgi-bin/nph-zms",                 "mode=jpeg&monitor=1&scale=50&maxfps=5&connkey=123456",  ""},
    {"GET", "/zm/api/monitors.json",               "",                                                      ""},
    {"GET", "/zm/skins/classic/css/base/skin.css", "",                                                      ""},
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

/* Of the processor, so that what else runs there counts less. */
static int64_t
spent_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Over some of the samples; what it cost on average, in nanoseconds. */
static double
measure(const struct vms_gate *gate, const char *words, const struct sample *rows, size_t count)
{
    size_t done = 0;
    size_t known = 0;
    int64_t begun = spent_ms();
    int64_t spent = 0;
    while (spent < BENCH_MS) {
        for (size_t i = 0; i < BATCH * count; i++) {
            known += classify(gate, &rows[i % count]) ? 1 : 0;
        }
        done += BATCH * count;
        spent = spent_ms() - begun;
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
    double each = measure(gate, "Frigate, all that its web client asks", samples, COUNT(samples));
    for (size_t i = 0; i < COUNT(samples); i++) {
        if (strstr(samples[i].path, "seg-12") != NULL ||
            text_equal(samples[i].path, "/api/front/latest.webp") ||
            text_equal(samples[i].path, "/assets/index-0a1b2c3d.js") ||
            text_equal(samples[i].path, "/api/config")) {
            (void)measure(gate, samples[i].path, &samples[i], 1);
        }
    }
    (void)measure(vms_gate_find("zoneminder"), "ZoneMinder, pages, pictures, streams", zoneminder,
        COUNT(zoneminder));
    static char dashes[8000];
    memset(dashes, '-', sizeof(dashes) - 1);
    memcpy(dashes, "/clips/previews/front/", 22);
    const struct sample worst = {"GET", dashes, "", ""};
    (void)measure(gate, "made to be slow: 8,000 dashes", &worst, 1);
    (void)printf("target: %d requests/s\n", TARGET);
    return 1e9 / each >= TARGET ? 0 : 1;
}
