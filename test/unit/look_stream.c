/*
 * Looks at a stream as a change does, for the integration test: look_stream STORE ADDRESS PORT PATH
 * USER PASSWORD [watch|tls|picture]. Prints what was seen; with "watch" it waits for a line on its
 * input between the begin and the end of a watch, with "tls" the port speaks TLS, with "picture" it
 * is HTTP and PATH shows a picture.
 */
#include "base/text.h"
#include "remedy/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
watch(struct job *job)
{
    struct stream_watch *watched = NULL;
    char line[16];
    unsigned gap = 0;
    enum err err = stream_watch_begin(job, &watched);
    (void)printf("begun: %s %s\n", err_words(err), job->why.text);
    (void)fflush(stdout);
    if (err != OK || fgets(line, sizeof(line), stdin) == NULL) {
        stream_watch_free(watched);
        return 1;
    }
    err = stream_watch_end(watched, &gap);
    (void)printf(
        "ended: %s %s gap %u logins %u\n", err_words(err), job->why.text, gap, job->logins);
    stream_watch_free(watched);
    return err != OK;
}

static int
look(struct job *job)
{
    struct stream_sight sight = {.frames = 0};
    enum err err = stream_look(job, 5, 15000, &sight);
    (void)printf("%s %s frames %u at %s logins %u%s\n", err_words(err), job->why.text, sight.frames,
        sight.where, job->logins, sight.is_picture ? " picture" : "");
    return err != OK;
}

/* A camera of which no more is known than in the arguments. */
static void
describe(struct job *job, char **argv, const char *mode)
{
    struct ip ip;
    uint64_t port = 0;
    char seen[256];
    struct subject *subject = job->subject;
    const struct source source = {WITNESS_WIRE, 90, NULL};
    if (ip_parse(argv[2], &ip) != OK || text_to_u64(argv[3], UINT16_MAX, &port) != OK) {
        exit(64);
    }
    (void)subject_add_address(subject, &ip);
    bool is_picture = text_equal(mode, "picture");
    *subject_port(subject, (uint16_t)port) =
        (struct port){(uint16_t)port, text_equal(mode, "tls"), is_picture ? "http" : "rtsp"};
    (void)snprintf(seen, sizeof(seen), "rtsp://%s:%s%s", argv[2], argv[3], argv[4]);
    facts_set_text(&subject->facts, FACT_LOGIN_RTSP_OPEN, seen, &source);
}

static struct site *
make_site(char **argv)
{
    struct site *site = calloc(1, sizeof(*site));
    if (site == NULL) {
        exit(1);
    }
    site->logins_per_day = 1;
    site->others.user = argv[5];
    site->others.password = secret_new_text(argv[6]);
    return site;
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 7 ? argv[7] : "";
    const char *pictures[] = {argc > 4 ? argv[4] : ""};
    bool is_picture = text_equal(mode, "picture");
    struct device_door door = device_door_http;
    door.certain = true;
    const struct device_driver driver = {
        .name = "test",
        .title = "Test",
        .door = is_picture ? &door : NULL,
        .door_ask = {.path = pictures[0], .login = true},
        .pictures = pictures,
        .picture_count = is_picture ? 1 : 0
    };
    struct scope scope;
    struct note note = {""};
    struct desk_settings settings = {.scope = &scope, .wire = wire_settings_default()};
    struct desk *desk = NULL;
    if (argc < 7 || secret_start() != OK) {
        return 64;
    }
    scope_init(&scope);
    settings.video_s = 10;
    settings.vault = (struct vault_place){"/nonexistent/a", "/nonexistent/b"};
    settings.site = make_site(argv);
    if (scope_allow(&scope, argv[2], &note) != OK ||
        store_open(argv[1], &settings.store, &note) != OK ||
        desk_open(&settings, &desk, &note) != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        return 1;
    }
    struct job job = {.desk = desk, .subject = subject_new(1), .driver = &driver};
    job.subject->kind = KIND_CAMERA;
    describe(&job, argv, mode);
    int status = text_equal(mode, "watch") ? watch(&job) : look(&job);
    subject_free(job.subject);
    desk_close(desk);
    store_close(settings.store);
    secret_free(settings.site->others.password);
    free(settings.site);
    return status;
}
