/* Doors that may stand open: streams and pictures asked without any credentials. */
#include "assess/talk_step.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* More paths than these tell little and cost packets; where no maker is known, only guessing helps.
 */
#define PATHS_EACH    4
#define PATHS_UNKNOWN 20
/* One path that asks for a login may stand beside another that does not. */
#define ASKED_ENOUGH 2

/*
 * Usual paths of unknown makers (ch-bas/cctv-camera-database rtsp-patterns, AnyCam notes), and of
 * servers: GStreamer's and live555's examples, go2rtc and MediaMTX guides, ffmpeg tutorials.
 */
static const char *const common_streams[] = {
    "/",
    "/live/ch00_0",
    "/stream1",
    "/11",
    "/live",
    "/Streaming/Channels/101",
    "/cam/realmonitor?channel=1&subtype=0",
    "/main",
    "/test",
    "/stream",
    "/cam",
    "/video",
    "/live.sdp",
    "/h264",
    "/live/main",
    "/camera",
    "/cam1",
    "/ch0",
    "/media/video1",
    "/unicast",
};
static const char *const common_pictures[] = {
    "/snapshot.jpg",
    "/onvif/snapshot",
    "/image.jpg",
    "/snap.jpg",
};

static void
state(struct talk *talk, const struct talk_step *step, const struct answer *answer,
    const char *quote, struct source *ret_source)
{
    char asked[256];
    char line[160];
    (void)snprintf(line, sizeof(line), "status %d%s%s", answer->status, quote == NULL ? "" : ", ",
        quote == NULL ? "" : quote);
    const char *question = talk_asked(step, asked, sizeof(asked));
    *ret_source = (struct source){
        WITNESS_WIRE, 90, evidence_new(&talk->subject->arena, question, line, answer->at)};
}

static const char *
address_only(const struct talk_step *step, char *out, size_t size)
{
    const char *asked = talk_asked(step, out, size);
    const char *blank = strchr(asked, ' ');
    return blank == NULL ? asked : blank + 1;
}

static void
got_description(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    struct source source;
    struct facts *facts = &talk->subject->facts;
    look_rtsp(talk->setting->look, talk->subject, talk_asked(step, asked, sizeof(asked)), answer);
    if (answer->err != OK || talk->stream_settled) {
        return;
    }
    if (answer->status == 401) { /* 403 is how it leaves strangers or wrong paths alone */
        state(talk, step, answer, "a login is asked for", &source);
        facts_set_bool(facts, FACT_LOGIN_RTSP_ASKED, true, &source);
        facts_set_bool(facts, FACT_RTSP_PLAIN, true, &source);
        talk->stream_settled = ++talk->streams_asked == ASKED_ENOUGH;
    } else if (answer->status == 200 && text_contains(answer->body, "m=video")) {
        state(talk, step, answer, "session description with m=video", &source);
        facts_set_text(
            facts, FACT_LOGIN_RTSP_OPEN, address_only(step, asked, sizeof(asked)), &source);
        facts_set_bool(facts, FACT_RTSP_PLAIN, true, &source);
        talk->stream_settled = true;
    }
}

static bool
is_picture(const struct answer *answer)
{
    static const char jpeg[] = "\xff\xd8\xff";
    static const char png[] = "\x89PNG";
    return answer->status == 200 && answer->body_len > 16 &&
           (memcmp(answer->body, jpeg, 3) == 0 || memcmp(answer->body, png, 4) == 0);
}

static void
got_picture(struct talk *talk, const struct talk_step *step, const struct answer *answer)
{
    char asked[256];
    struct source source;
    struct facts *facts = &talk->subject->facts;
    if (talk->picture_settled || (answer->err != OK && answer->err != ERR_LIMIT)) {
        return;
    }
    if (answer->status == 401) {
        state(talk, step, answer, "a login is asked for", &source);
        facts_set_bool(facts, FACT_LOGIN_SNAPSHOT_ASKED, true, &source);
        talk->picture_settled = ++talk->pictures_asked == ASKED_ENOUGH;
    } else if (is_picture(answer)) {
        state(talk, step, answer, "a picture came back", &source);
        facts_set_text(
            facts, FACT_LOGIN_SNAPSHOT_OPEN, address_only(step, asked, sizeof(asked)), &source);
        talk->picture_settled = true;
    }
}

/* Paths of the driver first, then the usual ones, at most so many as the maker is known. */
static void
ask_paths(
    struct talk *talk, struct talk_step *step, const char *const *lists[2], const size_t counts[2])
{
    size_t asked = 0;
    size_t most = talk->identity.device == NULL ? PATHS_UNKNOWN : PATHS_EACH;
    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i < counts[list] && asked < most; i++) {
            step->request.ask.path = lists[list][i];
            asked += talk_ask(talk, step) ? 1 : 0;
        }
    }
}

/* The streams that a VMS named, as paths; the number of them. */
static size_t
named_streams(struct talk *talk, const char *ret_paths[PATHS_EACH])
{
    const char *name = facts_text(&talk->subject->facts, FACT_VMS_STREAMS);
    size_t count = 0;
    while (name != NULL && count < PATHS_EACH) {
        size_t len = strcspn(name, ",");
        const char *path = arena_format(&talk->arena, "/%.*s", (int)len, name);
        if (path != NULL) {
            ret_paths[count++] = path;
        }
        name = name[len] == ',' ? name + len + 1 + strspn(name + len + 1, " ") : NULL;
    }
    return count;
}

static void
ask_streams(struct talk *talk, const struct device_driver *driver)
{
    const char *named[PATHS_EACH];
    size_t named_count = named_streams(talk, named);
    struct talk_step step = {
        .way = TALK_RTSP,
        .request.ask.method = "DESCRIBE",
        .answered = got_description,
        .settled = &talk->stream_settled,
    };
    const char *const *lists[2] = {driver == NULL ? named : driver->streams, common_streams};
    const size_t counts[2] = {
        driver == NULL ? named_count : driver->stream_count, COUNT(common_streams)};
    for (size_t i = 0; i < talk->subject->port_count; i++) {
        const struct port *port = &talk->subject->ports[i];
        if (text_equal(port->protocol, "rtsp")) {
            step.target =
                (struct wire_target){talk->subject->addresses[0], port->number, port->tls};
            ask_paths(talk, &step, lists, counts);
        }
    }
}

void
talk_doors_begin(struct talk *talk)
{
    const struct device_driver *driver = talk->identity.device;
    identify_by_signs(&talk->identity, &talk->subject->facts);
    identify_decide(&talk->identity, talk->subject);
    ask_streams(talk, driver);
    bool is_video = (subject_kinds(talk->subject) & KINDS_VIDEO) != 0;
    struct talk_step step = {
        .way = TALK_HTTP, .answered = got_picture, .settled = &talk->picture_settled};
    if (is_video && talk_main_target(talk, &step.target)) {
        const char *const *lists[2] = {driver == NULL ? NULL : driver->pictures, common_pictures};
        const size_t counts[2] = {
            driver == NULL ? 0 : driver->picture_count, COUNT(common_pictures)};
        ask_paths(talk, &step, lists, counts);
    }
}
