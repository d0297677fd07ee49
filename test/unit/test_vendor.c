#include "catalog/maker.h"
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

/* What each device says of itself, and what its protocols and prefix say. */
static void
test_the_makers_protocols_win_over_the_names_that_a_device_gives_itself(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        bool sadp, dhip;
        const char *prefix, *vendor, *brand, *scopes; /* NULL: not known */
        const char *true_vendor, *true_brand, *claims;
    } rows[] = {
        {true, false, NULL, "AXIS", NULL, NULL, "Hikvision", NULL, "Axis (device.vendor)"},
        {true, false, NULL, NULL, NULL, "onvif://www.onvif.org/name/AXIS%20M1", "Hikvision", NULL, "Axis (ONVIF scopes)"},
        {true, false, NULL, NULL, "Hanwha", NULL, "Hikvision", NULL, "Hanwha (device.brand)"},
        {false, false, "Hangzhou Hikvision Digital Technology Co.,Ltd.", "Bosch", NULL, NULL, "Hikvision", NULL, "Bosch (device.vendor)"},
        {true, false, NULL, "ANNKE", NULL, NULL, "Hikvision", "Annke", NULL},
        {false, true, NULL, "Amcrest", NULL, NULL, "Dahua", "Amcrest", NULL},
        {false, true, NULL, "Dahua", "Lorex", "onvif://www.onvif.org/name/Lorex", "Dahua", "Lorex", NULL},
        {true, false, NULL, "HIKVISION", NULL, "onvif://www.onvif.org/name/HIKVISION%20DS", "Hikvision", NULL, NULL},
        {true, false, NULL, NULL, NULL, "onvif://www.onvif.org/name/Front%20door", "Hikvision", NULL, NULL},
        {false, false, NULL, "Axis", NULL, NULL, "Axis", NULL, NULL},
        {false, false, "Axis Communications AB", "Bosch", NULL, NULL, "Bosch", NULL, NULL},
        {false, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct subject *subject = subject_new(1);
        assert_non_null(subject);
        struct facts *facts = &subject->facts;
        if (rows[i].sadp) {
            facts_set_bool(facts, FACT_SADP_SEEN, true, &seen);
        }
        if (rows[i].dhip) {
            facts_set_bool(facts, FACT_DHIP_SEEN, true, &seen);
        }
        facts_set_text(facts, FACT_MAC_VENDOR, rows[i].prefix, &seen);
        facts_set_text(facts, FACT_DEVICE_VENDOR, rows[i].vendor, &seen);
        facts_set_text(facts, FACT_DEVICE_BRAND, rows[i].brand, &seen);
        facts_set_text(facts, FACT_ONVIF_SCOPES, rows[i].scopes, &seen);
        maker_apply(subject, 1);
        const struct {
            enum fact_id fact;
            const char *expected;
        } wanted[] = {
            {FACT_DEVICE_VENDOR, rows[i].true_vendor},
            {FACT_DEVICE_BRAND,  rows[i].true_brand },
            {FACT_DEVICE_CLAIMS, rows[i].claims     },
        };
        for (size_t w = 0; w < COUNT(wanted); w++) {
            const char *text = facts_text(facts, wanted[w].fact);
            if (!text_equal(text, wanted[w].expected)) {
                print_error("row %zu %s: %s\n", i, fact_name(wanted[w].fact), text);
            }
            assert_true(text_equal(text, wanted[w].expected));
        }
        subject_free(subject);
    }
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
        cmocka_unit_test(test_the_makers_protocols_win_over_the_names_that_a_device_gives_itself),
    };
    return cmocka_run_group_tests_name("vendor", tests, NULL, NULL);
}
