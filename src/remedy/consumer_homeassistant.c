/*
 * Home Assistant: configuration.yaml, or .storage/core.config_entries, where its integrations keep
 * host, username and password. It keeps the latter in memory and may write it anew when it stops:
 * what is read after the reload shows whether the change stayed.
 */
#include "remedy/consumer_kind.h"

const struct consumer_kind consumer_homeassistant = {
    .name = "homeassistant",
    .title = "Home Assistant",
    .maturity = MATURITY_TRANSCRIPT,
    .source = "Home Assistant docs: camera integrations (generic, mjpeg, onvif, ffmpeg)",
    .by_file = true,
    .list = consumer_file_list,
    .change = consumer_file_change,
};
