/* go2rtc: go2rtc.yaml with addresses of streams; taken by a restart. */
#include "remedy/consumer_kind.h"

/*
 * Whether a picture comes through go2rtc itself, where the site file says where it answers (port
 * 1984). go2rtc README: HTTP API, frame.jpeg.
 */
static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    struct answer answer;
    if (talk->row->login.ip.family == 0 || place->id == NULL) {
        return true;
    }
    const char *name = consumer_encode(&talk->arena, place->id);
    const struct request request = {
        .ask = {.path = name == NULL ? NULL
                                     : arena_format(&talk->arena, "/api/frame.jpeg?src=%s", name)},
    };
    return request.ask.path != NULL && consumer_ask(talk, &request, &answer) == OK &&
           answer.body_len != 0;
}

const struct consumer_kind consumer_go2rtc = {
    .name = "go2rtc",
    .title = "go2rtc",
    .maturity = MATURITY_TRANSCRIPT,
    .source = "go2rtc README: streams, sources rtsp, onvif, ffmpeg; HTTP API",
    .by_file = true,
    .list = consumer_file_list,
    .change = consumer_file_change,
    .is_well = is_well,
    .is_costly = true,
};
