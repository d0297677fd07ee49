#include "reading.h"

extern const struct device_driver device_axis;

#define LIST   "/axis-cgi/param.cgi?action=list&group="
#define INFO   LIST "Brand,Properties.Firmware,Properties.System"
#define BASIC  "/axis-cgi/basicdeviceinfo.cgi"
#define READY  "/axis-cgi/systemready.cgi"
#define GROUPS "/axis-cgi/pwdgrp.cgi?action=get"
#define NTP    "/axis-cgi/ntp.cgi"
#define P5534  "transcript/axis/P5534-5.40.9.5/"
#define M3045  "transcript/axis/M3045-V-6.50.5.19/"
#define Q6128  "transcript/axis/Q6128-E-8.40.4.3/"
#define M1065  "transcript/axis/M1065-LW-9.80.3.15/"
#define P3225  "transcript/axis/P3225-LVE-10.12.206/"
#define P3265  "transcript/axis/P3265-LV-12.1.60/"
#define M1137  "transcript/axis/M1137-Mk-II-12.11.77-new/"
#define DOME   "transcript/axis/P3245-LV-11.11.73/"
#define OLD    "answers/axis/M1031-W-5.51/"

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
        {DOME "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "no",         NULL, 0},
        {DOME "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "11.11.73",   NULL, 0},
        {DOME "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_MODEL,     "P3245-LV",   NULL, 0},
        {DOME "param.txt",         401, INFO,                 NULL, FACT_DEVICE_MODEL,     NULL,         NULL, 0},
        {OLD "param.txt",          200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "5.51",       NULL, 0},
        {OLD "param.txt",          200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    NULL,         NULL, 0},
        {OLD "param.txt",          200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "yes",        NULL, 0},
        {OLD "index.html",         200, "/",                  NULL, FACT_DEVICE_ACTIVATED, "no",         NULL, 0},
        {NULL,                     200, "/",                  NULL, FACT_DEVICE_ACTIVATED, NULL,         NULL, 0},
    };
    reading_check(&device_axis, rows, COUNT(rows));
}

static void
test_reads_every_era_of_firmware(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {P5534 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "P5534",                NULL, 0},
        {P5534 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "5.40.9.5",             NULL, 0},
        {P5534 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2014-09-02",           NULL, 0},
        {P5534 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {P5534 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    NULL,                   NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "no",                   NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_SSH,      NULL,                   NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_FTP,      "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_BONJOUR,  "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_MODES,       "basic_digest",         NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_BASIC,       "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {P5534 "param.txt",         200, LIST "Network",       NULL, FACT_DDNS_ENABLED,     "no",                   NULL, 0},
        {P5534 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_ENABLED,  "no",                   NULL, 0},
        {P5534 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_TRIES,    NULL,                   NULL, 0},
        {P5534 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_SECONDS,  NULL,                   NULL, 0},
        {P5534 "param.txt",         200, LIST "System",        NULL, FACT_USERS_ANONYMOUS,  "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "System",        NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "HTTPS",         NULL, FACT_TLS_ENABLED,      "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "SNMP",          NULL, FACT_SERVICE_SNMP,     "yes",                  NULL, 0},
        {P5534 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_SYNCED,     "no",                   NULL, 0},
        {P5534 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_NTP,        NULL,                   NULL, 0},
        {P5534 "pwdgrp.txt",        200, GROUPS,               NULL, FACT_USERS_LIST,
         "root (administrator), anna (operator), gate (viewer)",                                                    NULL, 0},
        {M3045 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "M3045-V",              NULL, 0},
        {M3045 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "6.50.5.19",            NULL, 0},
        {M3045 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2021-01-27",           NULL, 0},
        {M3045 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {M3045 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_SSH,      "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_FTP,      "no",                   NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_BONJOUR,  "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_MODES,       "digest",               NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_BASIC,       "no",                   NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_USERS_ANONYMOUS,  "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "Network",       NULL, FACT_DDNS_ENABLED,     "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_ENABLED,  "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_TRIES,    "20",                   NULL, 0},
        {M3045 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_SECONDS,  "10",                   NULL, 0},
        {M3045 "param.txt",         200, LIST "System",        NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {M3045 "param.txt",         200, LIST "System",        NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "HTTPS",         NULL, FACT_TLS_ENABLED,      "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "SNMP",          NULL, FACT_SERVICE_SNMP,     "no",                   NULL, 0},
        {M3045 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_SYNCED,     "yes",                  NULL, 0},
        {M3045 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_NTP,        "pool.ntp.org",         NULL, 0},
        {M3045 "pwdgrp.txt",        200, GROUPS,               NULL, FACT_USERS_LIST,       "root (administrator)", NULL, 0},
        {Q6128 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "Q6128-E",              NULL, 0},
        {Q6128 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "8.40.4.3",             NULL, 0},
        {Q6128 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2020-09-22",           NULL, 0},
        {Q6128 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {Q6128 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_SSH,      "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_FTP,      "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_BONJOUR,  "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_MODES,       "digest",               NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_BASIC,       "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Network",       NULL, FACT_DDNS_ENABLED,     "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_ENABLED,  "yes",                  NULL, 0},
        {Q6128 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_TRIES,    "20",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_SECONDS,  "10",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "System",        NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "System",        NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {Q6128 "param.txt",         200, LIST "HTTPS",         NULL, FACT_TLS_ENABLED,      "yes",                  NULL, 0},
        {Q6128 "param.txt",         200, LIST "SNMP",          NULL, FACT_SERVICE_SNMP,     "no",                   NULL, 0},
        {Q6128 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_SYNCED,     "yes",                  NULL, 0},
        {Q6128 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_NTP,        "10.20.0.1",            NULL, 0},
        {Q6128 "pwdgrp.txt",        200, GROUPS,               NULL, FACT_USERS_LIST,
         "root (administrator), vms (operator)",                                                                    NULL, 0},
        {M1065 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "M1065-LW",             NULL, 0},
        {M1065 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "9.80.3.15",            NULL, 0},
        {M1065 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2022-08-26",           NULL, 0},
        {M1065 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {M1065 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_SSH,      "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_FTP,      "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_BONJOUR,  "yes",                  NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_MODES,       "digest",               NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_BASIC,       "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_USERS_ANONYMOUS,  NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Network",       NULL, FACT_DDNS_ENABLED,     "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_ENABLED,  "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_TRIES,    NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_SECONDS,  NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "System",        NULL, FACT_USERS_ANONYMOUS,  NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "System",        NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {M1065 "param.txt",         200, LIST "HTTPS",         NULL, FACT_TLS_ENABLED,      "yes",                  NULL, 0},
        {M1065 "param.txt",         200, LIST "SNMP",          NULL, FACT_SERVICE_SNMP,     "no",                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_SYNCED,     NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_NTP,        NULL,                   NULL, 0},
        {M1065 "pwdgrp.txt",        200, GROUPS,               NULL, FACT_USERS_LIST,       "root (administrator)", NULL, 0},
        {P3225 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "P3225-LVE Mk II",      NULL, 0},
        {P3225 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "10.12.206",            NULL, 0},
        {P3225 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2023-11-21",           NULL, 0},
        {P3225 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {P3225 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    "no",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "no",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_SSH,      "no",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_FTP,      "no",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_BONJOUR,  "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_MODES,       "basic",                NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_BASIC,       "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "Network",       NULL, FACT_DDNS_ENABLED,     NULL,                   NULL, 0},
        {P3225 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_ENABLED,  "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_TRIES,    "20",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_SECONDS,  "10",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "System",        NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {P3225 "param.txt",         200, LIST "System",        NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "HTTPS",         NULL, FACT_TLS_ENABLED,      "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "SNMP",          NULL, FACT_SERVICE_SNMP,     "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_SYNCED,     "yes",                  NULL, 0},
        {P3225 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_NTP,        "ntp.example.org",      NULL, 0},
        {P3225 "pwdgrp.txt",        200, GROUPS,               NULL, FACT_USERS_LIST,
         "root (administrator), service (administrator), lobby (viewer)",                                           NULL, 0},
        {P3265 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_MODEL,     "P3265-LV",             NULL, 0},
        {P3265 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_FIRMWARE,  "12.1.60",              NULL, 0},
        {P3265 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_BUILD,     "2024-11-05",           NULL, 0},
        {P3265 "param.txt",         200, INFO,                 NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {P3265 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ENABLED,    "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_UPNP_ENABLED,     "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_SSH,      "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_FTP,      NULL,                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_SERVICE_BONJOUR,  "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_MODES,       "recommended",          NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_AUTH_BASIC,       "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Network",       NULL, FACT_DDNS_ENABLED,     NULL,                   NULL, 0},
        {P3265 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_ENABLED,  "yes",                  NULL, 0},
        {P3265 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_TRIES,    "20",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "System",        NULL, FACT_LOCKOUT_SECONDS,  "10",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "System",        NULL, FACT_USERS_ANONYMOUS,  "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "System",        NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {P3265 "param.txt",         200, LIST "HTTPS",         NULL, FACT_TLS_ENABLED,      "yes",                  NULL, 0},
        {P3265 "param.txt",         200, LIST "SNMP",          NULL, FACT_SERVICE_SNMP,     "no",                   NULL, 0},
        {P3265 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_SYNCED,     "yes",                  NULL, 0},
        {P3265 "param.txt",         200, LIST "Time",          NULL, FACT_CLOCK_NTP,        "10.20.0.1",            NULL, 0},
        {P3265 "pwdgrp.txt",        200, GROUPS,               NULL, FACT_USERS_LIST,
         "siteadmin (administrator), vms (viewer)",                                                                 NULL, 0},
        {Q6128 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "8.40.4.3",             NULL, 0},
        {Q6128 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {M1065 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "9.80.3.15",            NULL, 0},
        {M1065 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {P3225 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "10.12.206",            NULL, 0},
        {P3225 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {P3265 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "12.1.60",              NULL, 0},
        {P3265 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {M1137 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_FIRMWARE,  "12.11.77",             NULL, 0},
        {M1137 "unrestricted.json", 200, BASIC,                NULL, FACT_DEVICE_KIND,      "camera",               NULL, 0},
        {M1065 "systemready.json",  200, READY,                NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {P3225 "systemready.json",  200, READY,                NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {P3265 "systemready.json",  200, READY,                NULL, FACT_DEVICE_ACTIVATED, "yes",                  NULL, 0},
        {M1137 "systemready.json",  200, READY,                NULL, FACT_DEVICE_ACTIVATED, "no",                   NULL, 0},
        {P3225 "ntp.json",          200, NTP,                  NULL, FACT_CLOCK_SYNCED,     "yes",                  NULL, 0},
        {P3225 "ntp.json",          200, NTP,                  NULL, FACT_CLOCK_NTP,        "ntp.example.org",      NULL, 0},
        {M1065 "ntp.json",          200, NTP,                  NULL, FACT_CLOCK_SYNCED,     "no",                   NULL, 0},
        {Q6128 "ntp.json",          200, NTP,                  NULL, FACT_CLOCK_SYNCED,     NULL,                   NULL, 0},
        {M1065 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ARMED,
         "RemoteService.Enabled is oneclick: whoever presses its button connects it; no would "
            "switch it off",                                                                                        NULL, 0},
        {P3265 "param.txt",         200, LIST "RemoteService", NULL, FACT_CLOUD_ARMED,      NULL,                   NULL, 0},
    };
    reading_check(&device_axis, rows, COUNT(rows));
}

static void
test_a_viewer_without_a_password_outweighs_the_other_door(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "root.Network.RTSP.ProtViewer=anonymous\n", "root.System.BoaProtViewer=password\n"};
    static const char *const paths[] = {LIST "Network", LIST "System"};
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        const struct ask ask = {.path = paths[i]};
        struct answer answer = answer_of(200, "", bodies[i]);
        (void)device_read(&device_axis, &ask, &answer, "GET", &facts);
    }
    assert_true(facts_is_yes(&facts, FACT_USERS_ANONYMOUS));
    arena_release(&arena);
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
        cmocka_unit_test(test_reads_every_era_of_firmware),
        cmocka_unit_test(test_a_viewer_without_a_password_outweighs_the_other_door),
        cmocka_unit_test(test_knows_which_firmware_has_no_factory_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
