/* The owner's firmware files: what is named, what is refused, and when they may be installed. */
#include "test.h"

#include "base/clock.h"
#include "base/text.h"
#include "remedy/firmware.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEX_ABC                                                                                    \
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-4               \
                                                                        */

#define HEX_NONE "0000000000000000000000000000000000000000000000000000000000000000"

static const char good[] =
    "files:\n"
    "  - file: digicap.dav\n"
    "    maker: Hikvision\n"
    "    models: [DS-2CD2032-I, DS-2CD21*]\n"
    "    version: V5.4.5\n"
    "    released: 2017-01-24\n"
    "    minutes: 3\n"
    "    sha256: BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\n";

static enum err
parse(const char *text, struct firmware_list **ret_list, struct note *note)
{
    note->text[0] = '\0';
    return firmware_parse(text, strlen(text), "firmware.yaml", ret_list, note);
}

static const struct firmware_file *
find(const struct firmware_list *list, const char *vendor, const char *model)
{
    struct subject *subject = subject_new(1);
    const struct source source = {.witness = WITNESS_CONFIG, .confidence = 90};
    facts_set_text(&subject->facts, FACT_DEVICE_VENDOR, vendor, &source);
    facts_set_text(&subject->facts, FACT_DEVICE_MODEL, model, &source);
    const struct firmware_file *file = firmware_for(list, &subject->facts);
    subject_free(subject);
    return file;
}

static void
test_finds_the_file_of_a_model(void **state)
{
    (void)state;
    struct firmware_list *list = NULL;
    struct note note;
    assert_int_equal(parse(good, &list, &note), OK);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->files[0].sha256, HEX_ABC);
    assert_int_equal(list->files[0].minutes, 3);
    assert_non_null(find(list, "Hikvision", "ds-2cd2032-i"));
    assert_non_null(find(list, "Hikvision", "DS-2CD2143G2-I"));
    assert_null(find(list, "Hikvision", "DS-2CD2032-IW"));
    assert_null(find(list, "Dahua", "DS-2CD2032-I"));
    firmware_free(list);
}

static void
test_refuses_a_list_and_names_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"files:\n  - file: ../x\n",                                "firmware.yaml:2"  },
        {"files:\n  - file: .hidden\n",                             "firmware.yaml:2"  },
        {"files:\n  - file: a\n    models: ['*']\n",                "firmware.yaml:3"  },
        {"files:\n  - file: a\n    models: [M]\n    version: 1\n",  "sha256 is missing"},
        {"files:\n  - file: a\n    models: [M]\n    sha256: abc\n", "firmware.yaml:4"  },
        {"files:\n  - file: a\n    url: http://x\n",                "url"              },
        {"files:\n  - file: a\n    minutes: 0\n",                   "firmware.yaml:3"  },
        {"files:\n  - a\n",                                         "firmware.yaml:2"  },
        {"files: [",                                                "firmware.yaml:"   },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct firmware_list *list = NULL;
        struct note note;
        assert_int_not_equal(parse(rows[i].text, &list, &note), OK);
        assert_null(list);
        assert_non_null(strstr(note.text, rows[i].said));
    }
}

static void
put(const char *folder, const char *name, const char *bytes)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    assert_int_equal(close(fd), 0);
}

static void
drop(const char *folder, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)unlink(path);
}

static void
test_opens_only_the_file_that_is_named_by_its_digest(void **state)
{
    (void)state;
    char folder[] = "/tmp/gatehouse-firmware-XXXXXX";
    char path[256];
    int fd = -1;
    uint64_t size = 0;
    struct note note = {""};
    assert_non_null(mkdtemp(folder));
    put(folder, "good.bin", "abc");
    put(folder, "other.bin", "abd");
    put(folder, "empty.bin", "");
    (void)snprintf(path, sizeof(path), "%s/link.bin", folder);
    assert_int_equal(symlink("good.bin", path), 0);
    assert_int_equal(firmware_open(folder, "good.bin", HEX_ABC, &fd, &size, &note), OK);
    assert_int_equal(size, 3);
    assert_int_equal(close(fd), 0);
    assert_int_equal(firmware_open(folder, "other.bin", HEX_ABC, &fd, &size, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "SHA-256"));
    assert_int_equal(firmware_open(folder, "empty.bin", HEX_ABC, &fd, &size, &note), ERR_LIMIT);
    assert_int_equal(firmware_open(folder, "link.bin", HEX_ABC, &fd, &size, &note), ERR_IO);
    assert_int_equal(firmware_open(folder, "../good.bin", HEX_ABC, &fd, &size, &note), ERR_VALUE);
    assert_int_equal(firmware_open(folder, "none.bin", HEX_ABC, &fd, &size, &note), ERR_IO);
    static const char *const names[] = {"good.bin", "other.bin", "empty.bin", "link.bin"};
    for (size_t i = 0; i < COUNT(names); i++) {
        drop(folder, names[i]);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void
test_refuses_a_file_that_a_list_beside_it_speaks_against(void **state)
{
    (void)state;
    static const struct {
        const char *list, *text;
        const char *said; /* NULL: the file is used */
    } rows[] = {
        {"SHA256SUMS",      HEX_ABC "  good.bin\n",                         NULL             },
        {"SHA256SUMS",      "# of the maker\n" HEX_ABC " *./good.bin\n",    NULL             },
        {"SHA256SUMS",      HEX_NONE "  other.bin\n",                       NULL             },
        {"SHA256SUMS",      HEX_NONE "  good.bin\n",                        "SHA256SUMS says"},
        {"sha256sums.txt",  "SHA256 (good.bin) = " HEX_NONE "\r\n",         "its SHA256 is"  },
        {"SHA256SUMS",      HEX_ABC "  good.bin\n" HEX_NONE "  good.bin\n", "more than one"  },
        {"good.bin.sha256", HEX_ABC "\n",                                   NULL             },
        {"good.bin.sha256", HEX_NONE "  C:\\release\\good_v2.bin\n",        "its SHA256 is"  },
        {"good.bin.sha256", "<html>Not found</html>",                       "holds no SHA256"},
        {"good.bin.md5",    "900150983CD24FB0D6963F7D28E17F72\n",           NULL             },
        {"good.bin.md5",    "900150983cd24fb0d6963f7d28e17f73 *good.bin\n", "its MD5 is"     },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char folder[] = "/tmp/gatehouse-firmware-XXXXXX";
        int fd = -1;
        uint64_t size = 0;
        struct note note = {""};
        assert_non_null(mkdtemp(folder));
        put(folder, "good.bin", "abc");
        put(folder, rows[i].list, rows[i].text);
        enum err err = firmware_open(folder, "good.bin", HEX_ABC, &fd, &size, &note);
        if (err != (rows[i].said == NULL ? OK : ERR_VALUE) ||
            strstr(note.text, rows[i].said == NULL ? "" : rows[i].said) == NULL) {
            fail_msg("%s \"%s\": %s", rows[i].list, rows[i].text, note.text);
        }
        if (err == OK) {
            assert_int_equal(close(fd), 0);
        }
        drop(folder, "good.bin");
        drop(folder, rows[i].list);
        assert_int_equal(rmdir(folder), 0);
    }
}

static bool
may(const char *maintenance, const char *when)
{
    char text[512];
    struct site *site = NULL;
    struct note note = {""};
    int64_t now = 0;
    struct subject *subject = subject_new(1);
    (void)snprintf(text, sizeof(text), "name: s\n%s", maintenance);
    assert_int_equal(site_parse(text, strlen(text), "s.yaml", &site, &note), OK);
    assert_int_equal(clock_parse(when, &now), OK);
    bool is_open = firmware_may(site, "firmware", subject, now, &note);
    assert_true(is_open || note.text[0] != '\0');
    site_free(site);
    subject_free(subject);
    return is_open;
}

static void
test_installs_only_in_the_hours_of_maintenance(void **state)
{
    (void)state;
    static const char night[] = "maintenance:\n  - every: month\n    hours: \"22:30-04:00\"\n";
    static const char day[] = "maintenance:\n  - date: 2026-11-23\n    hours: \"02:00-04:00\"\n";
    static const char vms[] = "maintenance:\n  - every: month\n    what: vms\n";
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    assert_true(may(night, "2026-11-23T23:00:00Z"));
    assert_true(may(night, "2026-11-23T03:59:00Z"));
    assert_false(may(night, "2026-11-23T04:00:00Z"));
    assert_false(may(night, "2026-11-23T22:29:00Z"));
    assert_true(may(day, "2026-11-23T02:00:00Z"));
    assert_false(may(day, "2026-11-24T02:00:00Z"));
    assert_false(may(vms, "2026-11-23T02:00:00Z"));
    assert_false(may("", "2026-11-23T02:00:00Z"));
}

static void
test_refuses_hours_that_are_none(void **state)
{
    (void)state;
    static const char *const hours[] = {"2-4", "02:00-02:00", "25:00-26:00", "02:60-03:00",
        "02:00_04:00", "24:30-25:00", "at night it is"};
    for (size_t i = 0; i < COUNT(hours); i++) {
        char text[160];
        struct site *site = NULL;
        struct note note = {""};
        (void)snprintf(text, sizeof(text),
            "name: s\nmaintenance:\n  - every: month\n    hours: \"%s\"\n", hours[i]);
        assert_int_equal(site_parse(text, strlen(text), "s.yaml", &site, &note), ERR_VALUE);
        assert_non_null(strstr(note.text, "s.yaml:4"));
    }
}

static void
test_takes_an_update_command_only_by_its_whole_path(void **state)
{
    (void)state;
    static const char text[] =
        "name: s\nvms_update:\n  argv: [/usr/bin/apt-get, install, zoneminder]\n  timeout: 60\n";
    static const char bare[] = "name: s\nvms_update:\n  argv: [apt-get, install]\n";
    struct site *site = NULL;
    struct note note = {""};
    assert_int_equal(site_parse(text, strlen(text), "s.yaml", &site, &note), OK);
    assert_int_equal(site->vms_update.count, 3);
    assert_null(site->vms_update.argv[3]);
    assert_int_equal(site->vms_update.timeout_s, 60);
    site_free(site);
    site = NULL;
    assert_int_equal(site_parse(bare, strlen(bare), "s.yaml", &site, &note), ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_file_of_a_model),
        cmocka_unit_test(test_refuses_a_list_and_names_the_line),
        cmocka_unit_test(test_opens_only_the_file_that_is_named_by_its_digest),
        cmocka_unit_test(test_refuses_a_file_that_a_list_beside_it_speaks_against),
        cmocka_unit_test(test_installs_only_in_the_hours_of_maintenance),
        cmocka_unit_test(test_refuses_hours_that_are_none),
        cmocka_unit_test(test_takes_an_update_command_only_by_its_whole_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
