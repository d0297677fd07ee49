#include "identify/look.h"

#include "test.h"

#define SCOPE "onvif://www.onvif.org/"

static void
test_the_first_word_of_the_name_scope_names_a_maker_without_a_driver(void **state)
{
    (void)state;
    static const struct {
        const char *scopes;
        const char *vendor;
    } rows[] = {
        {SCOPE "type/video_encoder " SCOPE "name/MOBOTIX%20M73 " SCOPE "hardware/M73", "Mobotix"    },
        {SCOPE "name/Milesight " SCOPE "hardware/MS-C2964",                            "Milesight"  },
        {SCOPE "name/ACTi%20E32",                                                      "ACTi"       },
        {SCOPE "name/GRANDSTREAM " SCOPE "location/",                                  "Grandstream"},
        {SCOPE "name/i-PRO",                                                           "i-PRO"      },
        {SCOPE "name/SONY " SCOPE "hardware/SNC-VB770",                                "Sony"       },
        {SCOPE "name/Front%20door",                                                    NULL         },
        {SCOPE "name/Sonya",                                                           NULL         },
        {SCOPE "name/Axis%20of%20the%20yard",                                          NULL         },
        {SCOPE "name/",                                                                NULL         },
        {SCOPE "hardware/Mobotix",                                                     NULL         },
        {NULL,                                                                         NULL         },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct subject *subject = subject_new((unsigned)i + 1);
        const struct source source = {WITNESS_WIRE, 80, NULL};
        assert_non_null(subject);
        facts_set_text(&subject->facts, FACT_ONVIF_SCOPES, rows[i].scopes, &source);
        look_scopes(subject);
        const struct fact *vendor = facts_get(&subject->facts, FACT_DEVICE_VENDOR);
        if (rows[i].vendor == NULL) {
            assert_null(vendor);
        } else {
            assert_non_null(vendor);
            assert_string_equal(vendor->text, rows[i].vendor);
            assert_true(vendor->confidence < 60); /* no password is tried on a guess */
        }
        subject_free(subject);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_word_of_the_name_scope_names_a_maker_without_a_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
