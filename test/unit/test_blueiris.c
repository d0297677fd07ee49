#include "reading.h"

extern const struct device_driver vms_blueiris;

#define HOME   "transcript/blueiris/5.9.9.98/"
#define EXEMPT "answers/blueiris/exempt/"
#define SERVER "Server: BlueServer/5.9.9.98\r\n"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct reading_row rows[] = {
        {HOME "login.htm", 200, "/login.htm", NULL, FACT_VMS_PRODUCT, "Blue Iris", SERVER, 0},
        {HOME "login.htm", 200, "/login.htm", NULL, FACT_VMS_VERSION, "5.9.9.98", SERVER, 0},
        {HOME "login.htm", 200, "/login.htm", NULL, FACT_VMS_AUTH, "yes", SERVER, 0},
        {HOME "login.htm", 200, "/login.htm", NULL, FACT_DEVICE_NAME, "Home", SERVER, 0},
        {HOME "challenge.json", 200, "/json", NULL, FACT_VMS_AUTH, "yes", SERVER, 0},
        {HOME "challenge.json", 200, "/json", NULL, FACT_VMS_VERSION, "5.9.9.98", SERVER, 0},
        {EXEMPT "login.htm", 200, "/login.htm", NULL, FACT_VMS_AUTH, "no", NULL, 0},
        {EXEMPT "login.htm", 200, "/login.htm", NULL, FACT_VMS_OPEN, "http://10.0.0.7:80/", NULL,
         0},
        {EXEMPT "login.htm", 200, "/login.htm", NULL, FACT_VMS_VERSION, "4.8.6.3", NULL, 0},
        {EXEMPT "picture.jpg", 200, "/image/index", NULL, FACT_VMS_AUTH, "no", NULL, 0},
        {EXEMPT "picture.jpg", 200, "/image/index", NULL, FACT_LOGIN_SNAPSHOT_OPEN, "/image/index",
         NULL, 0},
        {EXEMPT "login.htm", 200, "/image/index", NULL, FACT_VMS_AUTH, NULL, NULL, 0},
        {NULL, 403, "/image/index", NULL, FACT_VMS_AUTH, "yes", NULL, 0},
        {NULL, 200, "/login.htm", NULL, FACT_VMS_VERSION, NULL, NULL, 0},
    };
    /* clang-format on */
    reading_check(&vms_blueiris, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
