#include "reading.h"

#include "vms/vms.h"

extern const struct device_driver vms_frigate;

#define DIR_ "transcript/frigate/0.17.2/"
#define BODY "answers/frigate/0.17.2/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_VERSION, "0.17.2", NULL, 0},
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_PRODUCT, "Frigate", NULL, 0},
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/",
         NULL, 0},
        {BODY "beta.txt", 200, "/api/version", NULL, FACT_VMS_VERSION, "0.18.0-beta1", NULL, 0},
        {BODY "beta.txt", 200, "/api/version", NULL, FACT_VMS_ACCESS_LOG, NULL, NULL, 0},
        {BODY "version.txt", 200, "/api/version", NULL, FACT_VMS_ACCESS_LOG, "no", NULL, 0},
        {BODY "profile.json", 200, "/api/profile", NULL, FACT_VMS_AUTH, "no", NULL, 0},
        {BODY "profile.json", 200, "/api/profile", NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/",
         NULL, 0},
        {DIR_ "401.html", 401, "/api/profile", NULL, FACT_VMS_AUTH, "yes", NULL, 0},
        {DIR_ "401.html", 401, "/api/version", NULL, FACT_VMS_VERSION, NULL, NULL, 0},
        {DIR_ "config.json", 200, "/api/config", NULL, FACT_VMS_LIMIT, "no", NULL, 0},
        {DIR_ "go2rtc.json", 200, "/api", NULL, FACT_VMS_RESTREAM, "http://10.0.0.7:1984/", NULL, 1984},
        {DIR_ "index.html", 200, "/api/version", NULL, FACT_VMS_OPEN, NULL, NULL, 0},
        {DIR_ "index.html", 200, "/api/profile", NULL, FACT_VMS_AUTH, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&vms_frigate, rows, COUNT(rows));
}

static void
test_one_open_port_outweighs_one_that_asks(void **state)
{
    (void)state;
    struct arena arena;
    struct facts facts;
    const struct ask open = {.path = "/api/profile"};
    const struct ask asked = {.path = "/api/profile"};
    struct answer yes = answer_of(200, "", "{\"username\":\"anonymous\",\"role\":\"admin\"}");
    struct answer no = answer_of(401, "", "");
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    (void)device_read(&vms_frigate, &open, &yes, "GET http://10.0.0.7:5000/api/profile", &facts);
    (void)device_read(&vms_frigate, &asked, &no, "GET https://10.0.0.7:8971/api/profile", &facts);
    assert_true(facts_is_no(&facts, FACT_VMS_AUTH));
    arena_release(&arena);
}

static void
test_names_are_unique_and_every_vms_driver_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < vms_driver_count; i++) {
        const struct device_driver *driver = vms_drivers[i];
        assert_int_equal(driver->kind, KIND_VMS);
        assert_true(driver->probe_count != 0 || driver->sign_count != 0);
        assert_non_null(driver->parse);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(driver->name, vms_drivers[j]->name);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
        cmocka_unit_test(test_one_open_port_outweighs_one_that_asks),
        cmocka_unit_test(test_names_are_unique_and_every_vms_driver_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
