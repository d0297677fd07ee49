#include "reading.h"

extern const struct device_driver device_axis;

#define LIST  "/axis-cgi/param.cgi?action=list&group="
#define INFO  LIST "Brand,Properties.Firmware,Properties.System"
#define BASIC "/axis-cgi/basicdeviceinfo.cgi"
#define DOME  "transcript/axis/P3245-LV-11.11.73/"
#define OLD   "answers/axis/M1031-W-5.51/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {DOME "param.txt",         200, INFO,                 NULL, FACT_DEVICE_VENDOR,    "Axis",       NULL, 0},
        {DOME "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "P3245-LV",   NULL, 0},
        {DOME "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "11.11.73",   NULL, 0},
        {DOME "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2023-11-27", NULL, 0},
        {DOME "param.txt",         200, INFO,                 NULL, FACT_DEVICE_HARDWARE,  "7AF",        NULL, 0},
        {DOME "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    "no",         NULL, 0},
        {DOME "param.txt",         200, LIST "Network.UPnP",  NULL, FACT_UPNP_ENABLED,     "no",         NULL, 0},
        {DOME "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "11.11.73",   NULL, 0},
        {DOME "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_MODEL,     "P3245-LV",   NULL, 0},
        {DOME "param.txt",         401, INFO,                 NULL, FACT_DEVICE_MODEL,     NULL,         NULL, 0},
        {OLD "param.txt",          200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "5.51",       NULL, 0},
        {OLD "param.txt",          200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    NULL,         NULL, 0},
        {OLD "param.txt",          200, LIST "Network.UPnP",  NULL, FACT_UPNP_ENABLED,     "yes",        NULL, 0},
        {OLD "index.html",         200, "/",                  NULL, FACT_DEVICE_ACTIVATED, "no",         NULL, 0},
        {NULL,                     200, "/",                  NULL, FACT_DEVICE_ACTIVATED, NULL,         NULL, 0},
    };
    reading_check(&device_axis, rows, COUNT(rows));
}

static void
test_oneclick_is_neither_on_nor_off(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {OLD "param.txt", 200, LIST "RemoteService", NULL, FACT_CLOUD_UNREAD,
         "RemoteService.Enabled is oneclick: it connects to the cloud when its button is "
            "pressed; no would switch it off", NULL, 0},
    };
    reading_check(&device_axis, rows, COUNT(rows));
}

static void
test_knows_which_firmware_has_no_factory_password(void **state)
{
    (void)state;
    static const struct {
        const char *firmware;
        bool none;
    } rows[] = {
        {"11.11.73", true },
        {"11.6",     true },
        {"11.5.64",  false},
        {"5.51",     false},
        {NULL,       false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        const struct source source = {.confidence = 90};
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        facts_set_text(&facts, FACT_DEVICE_FIRMWARE, rows[i].firmware, &source);
        assert_int_equal(device_axis.no_factory(&facts) != NULL, rows[i].none);
        facts_set_bool(&facts, FACT_DEVICE_ACTIVATED, false, &source);
        assert_non_null(device_axis.no_factory(&facts));
        arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_oneclick_is_neither_on_nor_off),
        cmocka_unit_test(test_knows_which_firmware_has_no_factory_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
