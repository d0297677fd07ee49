#include "device/device.h"

#include "vms/vms.h"

#include "test.h"

#include "answer.h"

#include <dirent.h>

static void
test_names_are_unique_and_every_driver_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count; i++) {
        const struct device_driver *driver = device_drivers[i];
        assert_non_null(driver->name);
        assert_non_null(driver->title);
        assert_true(driver->sign_count != 0 || driver->probe_count != 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(driver->name, device_drivers[j]->name);
        }
        for (size_t j = 0; j < driver->reading_count; j++) {
            const struct device_reading *reading = &driver->readings[j];
            enum fact_type type = fact_type(reading->fact);
            bool valued = reading->as == AS_CONSTANT || reading->as == AS_SET_YES;
            assert_int_equal(valued, reading->value != NULL);
            assert_int_equal(
                type == FACT_TYPE_BOOL, reading->as == AS_YES_NO || reading->as == AS_SET_YES);
            assert_int_equal(type == FACT_TYPE_INT, reading->as == AS_NUMBER);
            assert_int_equal(reading->ask->path[0], '/');
        }
        for (size_t j = 0; j < driver->fix_count; j++) {
            assert_non_null(strchr(driver->fixes[j].rule, '/'));
            assert_non_null(driver->fixes[j].close);
        }
        assert_true(driver->door == NULL || driver->door_ask.path != NULL);
    }
}

static void
test_no_ask_of_a_driver_is_dangerous(void **state)
{
    (void)state;
    static const char *const writes[] = {"setConfig", "action=set", "action=update", "modify",
        "reboot", "action=add", "action=remove", "/Set"};
    for (size_t i = 0; i < device_driver_count; i++) {
        for (size_t n = 0; device_ask(device_drivers[i], n) != NULL; n++) {
            const struct ask *ask = device_ask(device_drivers[i], n);
            assert_true(ask->method == NULL || strcmp(ask->method, "PUT") != 0);
            for (size_t w = 0; w < COUNT(writes); w++) {
                assert_null(strstr(ask->path, writes[w]));
            }
        }
    }
}

static void
test_every_driver_file_has_its_line(void **state)
{
    (void)state;
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/src/device", getenv("GATEHOUSE_SOURCE"));
    DIR *folder = opendir(path);
    assert_non_null(folder);
    size_t files = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        size_t len = strlen(entry->d_name);
        bool is_driver =
            len > 2 && strcmp(entry->d_name + len - 2, ".c") == 0 &&
            strncmp(entry->d_name, "door", 4) != 0 && strncmp(entry->d_name, "account", 7) != 0 &&
            strncmp(entry->d_name, "switch_", 7) != 0 &&
            strncmp(entry->d_name, "change_", 7) != 0 && strcmp(entry->d_name, "parts.c") != 0 &&
            strcmp(entry->d_name, "take.c") != 0 && strcmp(entry->d_name, "device.c") != 0;
        files += is_driver ? 1 : 0;
    }
    (void)closedir(folder);
    assert_int_equal(files, device_driver_count);
}

static const struct device_driver *
most_likely(const struct facts *facts)
{
    const struct device_driver *best = NULL;
    uint8_t confidence = 0;
    for (size_t i = 0; i < device_driver_count; i++) {
        uint8_t one = device_recognise(device_drivers[i], facts);
        if (one > confidence) {
            confidence = one;
            best = device_drivers[i];
        }
    }
    return best;
}

static void
test_recognises_vendors_by_their_signs(void **state)
{
    (void)state;
    static const struct {
        enum fact_id fact;
        const char *text;
        const char *driver;
    } rows[] = {
        {FACT_HTTP_SERVER,  "Hikvision-Webs",                                 "hikvision"},
        {FACT_HTTP_SERVER,  "DNVRS-Webs",                                     "hikvision"},
        {FACT_HTTP_REALM,   "Login to 4C012345PAZABCD",                       "dahua"    },
        {FACT_MAC_VENDOR,   "Zhejiang Dahua Technology Co., Ltd.",            "dahua"    },
        {FACT_MAC_VENDOR,   "Shanghai Dahua Scale Factory",                   NULL       },
        {FACT_ONVIF_SCOPES, "onvif://www.onvif.org/type/x",                   "onvif"    },
        {FACT_TLS_SUBJECT,  "CN=axis-b8a44f010203, O=Axis Communications AB", "axis"     },
        {FACT_HTTP_TITLE,   "Reolink",                                        "reolink"  },
        {FACT_HTTP_REALM,   "iPolis_00:09:18:01:02:03",                       "hanwha"   },
        {FACT_HTTP_SERVER,  "Vivotek Network Camera",                         "vivotek"  },
        {FACT_HTTP_TITLE,   "IPCam Client",                                   "foscam"   },
        {FACT_HTTP_REALM,   "TP-LINK IP-Camera",                              "tplink"   },
        {FACT_HTTP_REALM,   "Use 'live' as User Name",                        "bosch"    },
        {FACT_HTTP_TITLE,   "NETSurveillance WEB",                            "xiongmai" },
        {FACT_MAC_VENDOR,   "Zhejiang Uniview Technologies Co.,Ltd.",         "uniview"  },
        {FACT_MDNS_SERVICE, "_axis-video._tcp",                               "axis"     },
        {FACT_RTSP_REALM,   "TP-LINK IP-Camera",                              "tplink"   },
        {FACT_RTSP_REALM,   "IP Camera(C1214)",                               "hikvision"},
        {FACT_RTSP_REALM,   "iPOLiS",                                         "hanwha"   },
        {FACT_RTSP_REALM,   "LIVE555 Streaming Media",                        NULL       },
        {FACT_HTTP_SERVER,  "nginx",                                          NULL       },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct facts facts;
        const struct source source = {.confidence = 90};
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        facts_init(&facts, &arena);
        facts_set_text(&facts, rows[i].fact, rows[i].text, &source);
        facts_set_text(&facts, rows[i].fact, "something of another port", &source);
        const struct device_driver *driver = most_likely(&facts);
        if (rows[i].driver == NULL) {
            assert_null(driver);
        } else {
            assert_non_null(driver);
            assert_string_equal(driver->name, rows[i].driver);
        }
        arena_release(&arena);
    }
}

static void
test_a_probe_wants_its_status_and_mark(void **state)
{
    (void)state;
    const struct device_probe probe = {{.path = "/"}, 200, "MARK", 90};
    struct answer right = answer_of(200, "", "xx mark xx");
    struct answer header = answer_of(200, "X: Mark\r\n", "");
    struct answer status = answer_of(404, "", "mark");
    struct answer none = answer_of(200, "", "mar k");
    assert_true(device_probe_matches(&probe, &right));
    assert_true(device_probe_matches(&probe, &header));
    assert_false(device_probe_matches(&probe, &status));
    assert_false(device_probe_matches(&probe, &none));
    right.err = ERR_LIMIT;
    assert_false(device_probe_matches(&probe, &right));
}

static void
test_an_application_is_asked_where_it_was_found(void **state)
{
    (void)state;
    static const struct device_driver under_zm = {.name = "x", .root = "/zm"};
    static const struct device_driver at_top = {.name = "y"};
    struct arena arena;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    assert_string_equal(
        device_path_at(&under_zm, "/zm/api/x", "/cctv/zm", &arena), "/cctv/zm/api/x");
    assert_string_equal(device_path_at(&under_zm, "/zm/", "", &arena), "/");
    assert_string_equal(device_path_at(&under_zm, "/zm/", "/zm", &arena), "/zm/");
    assert_string_equal(device_path_at(&under_zm, "/other", "/cctv", &arena), "/other");
    assert_string_equal(device_path_at(&at_top, "/api/", "/frigate", &arena), "/frigate/api/");
    arena_release(&arena);
}

/* Else a right log-in could never be told from a page that says 200 to everything. */
static void
test_every_door_can_be_proven(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count + vms_driver_count; i++) {
        const struct device_driver *driver =
            i < device_driver_count ? device_drivers[i] : vms_drivers[i - device_driver_count];
        bool proven = driver->door == NULL || driver->door->certain;
        for (size_t j = 0; j < driver->reading_count; j++) {
            const struct ask *ask = driver->readings[j].ask;
            proven = proven || (strcmp(ask->path, driver->door_ask.path) == 0 && ask->login);
        }
        if (!proven) {
            print_error("%s\n", driver->name);
        }
        assert_true(proven);
    }
}

static void
test_an_answer_with_an_error_gives_no_facts(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    struct answer answer =
        answer_of(200, "", "<DeviceInfo><model>DS-2CD2032-I</model></DeviceInfo>");
    answer.err = ERR_LIMIT;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    for (size_t i = 0; i < device_driver_count; i++) {
        for (size_t n = 0; device_ask(device_drivers[i], n) != NULL; n++) {
            const struct ask *ask = device_ask(device_drivers[i], n);
            assert_int_equal(device_read(device_drivers[i], ask, &answer, "", &facts), 0);
        }
    }
    arena_release(&arena);
}

/* A placeholder would make one device of all that carry it (github starkillerOG/reolink_aio 110).
 */
static void
test_zeros_are_no_identity(void **state)
{
    (void)state;
    static const struct ask ask = {.path = "/info", .login = true};
    static const struct device_reading readings[] = {
        {FACT_DEVICE_SERIAL,   &ask, "serial", AS_TEXT, NULL},
        {FACT_DEVICE_SERIAL,   &ask, "id",     AS_TEXT, NULL},
        {FACT_DEVICE_MAC,      &ask, "mac",    AS_TEXT, NULL},
        {FACT_DEVICE_HARDWARE, &ask, "board",  AS_TEXT, NULL},
        {FACT_DEVICE_MODEL,    &ask, "model",  AS_TEXT, NULL},
        {FACT_DEVICE_MODEL,    &ask, "serial", AS_TEXT, NULL},
    };
    static const struct device_driver driver = {
        .name = "made-up", .readings = readings, .reading_count = COUNT(readings)};
    const struct answer zeros =
        answer_of(200, "", "serial=00000000000000\nmac=00:00:00:00:00:00\nboard=0x0\nmodel=M\n");
    const struct answer other = answer_of(200, "", "serial=0000\nid=0007\nmodel=M\n");
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    (void)device_read(&driver, &ask, &zeros, "GET x", &facts);
    assert_null(facts_text(&facts, FACT_DEVICE_SERIAL));
    assert_null(facts_text(&facts, FACT_DEVICE_MAC));
    assert_null(facts_text(&facts, FACT_DEVICE_HARDWARE));
    /* Said again it is still the first row's, not the second's. */
    (void)device_read(&driver, &ask, &other, "GET x", &facts);
    assert_string_equal(facts_text(&facts, FACT_DEVICE_SERIAL), "0007");
    assert_string_equal(facts_text(&facts, FACT_DEVICE_MODEL), "M");
    arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_unique_and_every_driver_is_whole),
        cmocka_unit_test(test_no_ask_of_a_driver_is_dangerous),
        cmocka_unit_test(test_every_driver_file_has_its_line),
        cmocka_unit_test(test_recognises_vendors_by_their_signs),
        cmocka_unit_test(test_a_probe_wants_its_status_and_mark),
        cmocka_unit_test(test_an_application_is_asked_where_it_was_found),
        cmocka_unit_test(test_every_door_can_be_proven),
        cmocka_unit_test(test_an_answer_with_an_error_gives_no_facts),
        cmocka_unit_test(test_zeros_are_no_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
