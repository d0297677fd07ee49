#include "codec/version.h"

#include "test.h"

static void
test_orders_versions_as_vendors_mean_them(void **state)
{
    (void)state;
    static const struct {
        const char *lower;
        const char *higher;
    } rows[] = {
        {"V5.3.9",               "V5.4.0"              },
        {"5.9",                  "5.10"                },
        {"V5.02.006",            "5.2.7"               },
        {"0.17.0-beta1",         "0.17.0"              },
        {"0.17.0-beta2",         "0.17.0-rc1"          },
        {"0.13.0-beta2",         "0.13.0-beta3"        },
        {"V5.7.23",              "V5.7.23_SP2"         },
        {"V4.30.096build221219", "V4.30.096build221220"},
        {"",                     "0.0.1"               },
        {"1.36.33",              "1.37"                },
        {"99999999999999999998", "99999999999999999999"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(version_compare(rows[i].lower, rows[i].higher) < 0);
        assert_true(version_compare(rows[i].higher, rows[i].lower) > 0);
        assert_int_equal(version_compare(rows[i].lower, rows[i].lower), 0);
    }
}

static void
test_treats_spellings_of_one_version_as_equal(void **state)
{
    (void)state;
    assert_int_equal(version_compare("V5.02.006", "5.2.6"), 0);
    assert_int_equal(version_compare("1.41", "1.41.0"), 0);
    assert_int_equal(version_compare("v1.0-SP2", "1.0 sp2"), 0);
    assert_int_equal(version_compare(NULL, ""), 0);
}

static void
test_reads_build_dates_of_every_vendor_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *date;
    } rows[] = {
        {"V5.5.82build 190910",                   "2019-09-10"},
        {"build 240826",                          "2024-08-26"},
        {"V4.30.096build221220",                  "2022-12-20"},
        {"2.800.0000016.0.R,build:2020-06-05",    "2020-06-05"},
        {"Eng_PN_V3.002.0000002.0.R.20250307",    "2025-03-07"},
        {"2.623.00AC004.0.R.200316",              "2020-03-16"},
        {"1.000.0000009.0.R.220620",              "2022-06-20"},
        {"v3.0.0.1889_23031701",                  "2023-03-17"},
        {"v3.1.0.4417_2412122130",                "2024-12-12"},
        {"v3.0.0.136_20121102",                   "2020-12-11"},
        {"53_20081901_v1.0.0.255",                "2020-08-19"},
        {"CIPC-B2303.2.8.230105",                 "2023-01-05"},
        {"IPC_G6103 B6103.16.10.B25.201218",      "2020-12-18"},
        {"NVR-B3801.20.17.240507",                "2024-05-07"},
        {"1.1.15 Build 211130 Rel.15378n(4555)",  "2021-11-30"},
        {"1.3.4.22966B181219.D00.U1(4A21S)",      "2018-12-19"},
        {"Nov 27 2023 12:09",                     "2023-11-27"},
        {"2023.03.02",                            "2023-03-02"},
        {"2023.3.2",                              ""          },
        {"2023.13.02",                            ""          },
        {"Jun  5 2024 09:13",                     "2024-06-05"},
        {"2024/2/2",                              "2024-02-02"},
        {"5.51",                                  ""          },
        {"9.80.3.15",                             ""          },
        {"V4.02.R11.C6380171.11201.141900.00000", ""          },
        {"build 991301",                          ""          },
        {"build",                                 ""          },
        {"",                                      ""          },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char date[VERSION_DATE] = "";
        bool found = version_date(rows[i].text, date);
        if (strcmp(date, rows[i].date) != 0 || found != (rows[i].date[0] != '\0')) {
            print_error("%s: %s\n", rows[i].text, date);
        }
        assert_string_equal(date, rows[i].date);
        assert_int_equal(found, rows[i].date[0] != '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_versions_as_vendors_mean_them),
        cmocka_unit_test(test_treats_spellings_of_one_version_as_equal),
        cmocka_unit_test(test_reads_build_dates_of_every_vendor_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
