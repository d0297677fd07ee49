#include "reading.h"

extern const struct device_driver vms_milestone;

#define URIS "/api/.well-known/uris"
#define IDP  "/IDP/.well-known/openid-configuration"
#define XP   "answers/milestone/24.2/"

static void
test_reads_what_the_transcripts_say(void **state)
{
    (void)state;
    static const struct reading_row rows[] = {
        {XP "uris.json",     200, URIS,                 NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 0},
        {XP "uris.json",     200, URIS,                 NULL, FACT_VMS_VERSION, "24.2.12065.1",       NULL, 0},
        {XP "identity.json", 200, IDP,                  NULL, FACT_VMS_PRODUCT, "Milestone XProtect", NULL, 0},
        {NULL,               401, "/api/rest/v1/sites", NULL, FACT_VMS_AUTH,    "yes",                NULL, 0},
        {NULL,               404, "/api/rest/v1/sites", NULL, FACT_VMS_AUTH,    NULL,                 NULL, 0},
    };
    reading_check(&vms_milestone, rows, COUNT(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_the_transcripts_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
