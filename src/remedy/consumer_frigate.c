/* Frigate: config.yml with ffmpeg inputs, go2rtc streams and onvif accounts; taken by a restart. */
#include "remedy/consumer_kind.h"

/*
 * Whether the camera delivers frames to Frigate itself, where the site file says where it answers
 * (port 5000). Frigate docs: HTTP API, stats (camera_fps; below "cameras" since 0.13).
 */
static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    const struct request request = {.ask = {.path = "/api/stats"}};
    if (talk->row->login.ip.family == 0 || place->id == NULL) {
        return true;
    }
    if (consumer_ask_json(talk, &request) != OK) {
        return false;
    }
    const json_t *cameras = json_object_get(talk->document, "cameras");
    const json_t *camera = json_object_get(cameras == NULL ? talk->document : cameras, place->id);
    /* A stream of go2rtc's part that no camera has the name of: nothing is said of it. */
    return camera == NULL || json_number_value(json_object_get(camera, "camera_fps")) > 0;
}

const struct consumer_kind consumer_frigate = {
    .name = "frigate",
    .title = "Frigate",
    .maturity = MATURITY_TRANSCRIPT,
    .source = "Frigate docs: configuration reference (ffmpeg.inputs, go2rtc, onvif)",
    .by_file = true,
    .list = consumer_file_list,
    .change = consumer_file_change,
    .is_well = is_well,
};
