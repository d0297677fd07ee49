/* go2rtc: go2rtc.yaml with addresses of streams; taken by a restart. */
#include "remedy/consumer_kind.h"

const struct consumer_kind consumer_go2rtc = {
    .name = "go2rtc",
    .title = "go2rtc",
    .maturity = MATURITY_TRANSCRIPT,
    .source = "go2rtc README: streams, sources rtsp, onvif, ffmpeg",
    .by_file = true,
    .list = consumer_file_list,
    .change = consumer_file_change,
};
