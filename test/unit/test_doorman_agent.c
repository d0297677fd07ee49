#include "daemon/doorman_agent.h"

#include "test.h"

static void
test_says_browser_and_system_in_words(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
         "Safari/537.36",                                               "Chrome on Linux"    },
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",                "Edge on Windows"    },
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
         "Gecko) Version/17.1 Mobile/15E148 Safari/604.1",              "Safari on an iPhone"},
        {"Mozilla/5.0 (Android 14; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0",
         "Firefox on Android"                                                                         },
        {"curl/7.88.1",                                                          "curl/7.88.1"        },
        {"",                                                                     "Unknown program"    },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char words[256];
        doorman_agent_words(rows[i][0], words, sizeof(words));
        assert_string_equal(words, rows[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_browser_and_system_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
