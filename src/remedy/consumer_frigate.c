/* Frigate: config.yml with ffmpeg inputs, go2rtc streams and onvif accounts; taken by a restart. */
#include "remedy/consumer_kind.h"

const struct consumer_kind consumer_frigate = {
    .name = "frigate",
    .title = "Frigate",
    .maturity = MATURITY_TRANSCRIPT,
    .source = "Frigate docs: configuration reference (ffmpeg.inputs, go2rtc, onvif)",
    .by_file = true,
    .list = consumer_file_list,
    .change = consumer_file_change,
};
