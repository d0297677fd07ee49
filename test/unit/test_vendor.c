#include "catalog/vendor.h"

#include "base/text.h"
#include "test.h"

static const struct source seen = {.witness = WITNESS_WIRE, .confidence = 70};

static void
test_knows_the_maker_behind_a_brand(void **state)
{
    (void)state;
    static const struct {
        const char *name, *maker;
    } known[] = {
        {"Hikvision",                                      "Hikvision"  },
        {"HIKVISION",                                      "Hikvision"  },
        {"HiLook",                                         "Hikvision"  },
        {"Hangzhou Hikvision Digital Technology Co.,Ltd.", "Hikvision"  },
        {"Annke",                                          "Hikvision"  },
        {"Amcrest",                                        "Dahua"      },
        {"CP PLUS",                                        "Dahua"      },
        {"Zhejiang Dahua Technology Co., Ltd.",            "Dahua"      },
        {"hangzhou huacheng network technology co., ltd",  "Dahua"      },
        {"AXIS COMMUNICATIONS AB",                         "Axis"       },
        {"Reolink Innovation Limited",                     "Reolink"    },
        {"TVT CO.,LTD",                                    "TVT"        },
        {"Uniarch",                                        "Uniview"    },
        {"Geutebrück",                                    "Geutebrück"},
        {"INSTAR Deutschland GmbH",                        "INSTAR"     },
        {"Vivotek, Inc.",                                  "Vivotek"    },
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_string_equal(vendor_maker(known[i].name), known[i].maker);
    }
}

/* Real entries of the IEEE registry that word matching takes for camera makers. */
static void
test_never_matches_a_part_of_a_name(void **state)
{
    (void)state;
    static const char *const others[] = {"Dinstar Technologies Co., Ltd.",
        "WINSTAR Display CO.,Ltd", "Winstars Technology Ltd", "Opelcomm Inc.",
        "PELCOMBE GROUP LTD.", "Shanghai Dahua Scale", "ProVision Communications",
        "NAVTECH PTE LTD", "HYESUNG TECHWIN", "Axis Corp Europe", "Dahua2", "", "Co., Ltd.",
        "Aloys, Inc"};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_null(vendor_maker(others[i]));
    }
    assert_null(vendor_maker(NULL));
}

static void
test_the_covered_list_goes_by_the_real_maker(void **state)
{
    (void)state;
    struct subject *subject = subject_new(1);
    assert_non_null(subject);
    facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, "Amcrest", &seen);
    vendor_apply(subject, 1);
    assert_string_equal(
        facts_text(&subject->facts, FACT_DEVICE_COVERED), "Dahua (list of 2021-03-12)");
    subject_free(subject);
    subject = subject_new(1);
    assert_non_null(subject);
    facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, "Axis", &seen);
    vendor_apply(subject, 1);
    assert_null(facts_text(&subject->facts, FACT_DEVICE_COVERED));
    subject_free(subject);
}

static void
test_the_brand_decides_before_the_mac_prefix(void **state)
{
    (void)state;
    struct subject *subject = subject_new(1);
    assert_non_null(subject);
    facts_set_text(&subject->facts, FACT_MAC_VENDOR, "Axis Communications AB", &seen);
    assert_string_equal(vendor_of(&subject->facts)->maker, "Axis");
    facts_set_text(&subject->facts, FACT_DEVICE_BRAND, "HiLook", &seen);
    assert_string_equal(vendor_of(&subject->facts)->maker, "Hikvision");
    subject_free(subject);
}

static void
test_a_name_longer_than_any_company_is_unknown(void **state)
{
    (void)state;
    char name[4096];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_null(vendor_maker(name));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows_the_maker_behind_a_brand),
        cmocka_unit_test(test_never_matches_a_part_of_a_name),
        cmocka_unit_test(test_the_covered_list_goes_by_the_real_maker),
        cmocka_unit_test(test_the_brand_decides_before_the_mac_prefix),
        cmocka_unit_test(test_a_name_longer_than_any_company_is_unknown),
    };
    return cmocka_run_group_tests_name("vendor", tests, NULL, NULL);
}
