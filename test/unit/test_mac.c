#include "catalog/mac.h"

#include "base/file.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64] = "/tmp/gatehouse-mac-XXXXXX";

static void
write_registry(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), OK);
}

static const char *
vendor(const struct mac_db *db, const char *text)
{
    struct mac mac;
    assert_int_equal(mac_parse(text, &mac), OK);
    return mac_vendor(db, &mac);
}

static int
set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"oui.csv", "mam.csv", "oui36.csv"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void
test_absent_registries_are_a_note_and_an_empty_table(void **state)
{
    (void)state;
    struct mac_db *db = NULL;
    struct note note;
    assert_int_equal(mac_db_new(folder, &db, &note), OK);
    assert_int_equal(mac_db_count(db), 0);
    assert_non_null(strstr(note.text, "ieee-data"));
    assert_null(vendor(db, "00:40:8c:01:02:03"));
    mac_db_free(db);
}

static void
test_longest_prefix_wins(void **state)
{
    (void)state;
    write_registry("oui.csv", "Registry,Assignment,Organization Name,Organization Address\r\n"
                              "MA-L,00408C,AXIS COMMUNICATIONS AB,\"Emdalavagen 14, LUND\"\r\n"
                              "MA-L,70B3D5,IEEE Registration Authority,Piscataway\r\n"
                              "MA-L,741AE0,\"Quoted, \"\"Name\"\" Ltd.\",x\r\n"
                              "MA-L,ZZZZZZ,Broken,\r\nMA-L\r\n,,,\r\n\r\nMA-L,0040,Short,\r\n");
    write_registry("mam.csv", "MA-M,741AE09,Private,\n");
    write_registry("oui36.csv", "MA-S,70B3D5F2F,TELEPLATFORMS,x\n");
    struct mac_db *db = NULL;
    struct note note;
    assert_int_equal(mac_db_new(folder, &db, &note), OK);
    assert_string_equal(note.text, "");
    assert_int_equal(mac_db_count(db), 5);
    assert_string_equal(vendor(db, "00:40:8C:01:02:03"), "AXIS COMMUNICATIONS AB");
    assert_string_equal(vendor(db, "70-b3-d5-f2-f1-23"), "TELEPLATFORMS");
    assert_string_equal(vendor(db, "70b3d5f30123"), "IEEE Registration Authority");
    assert_string_equal(vendor(db, "741ae0900001"), "Private");
    assert_string_equal(vendor(db, "741ae0100001"), "Quoted, \"Name\" Ltd.");
    assert_null(vendor(db, "00:40:8d:01:02:03"));
    mac_db_free(db);
}

static void
test_made_up_addresses_have_no_vendor(void **state)
{
    (void)state;
    write_registry("oui.csv", "MA-L,024098,Old Company,x\nMA-L,01005E,Group,x\n");
    struct mac_db *db = NULL;
    assert_int_equal(mac_db_new(folder, &db, NULL), OK);
    assert_null(vendor(db, "02:40:98:00:00:01"));
    assert_null(vendor(db, "01:00:5e:00:00:01"));
    mac_db_free(db);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_registries_are_a_note_and_an_empty_table),
        cmocka_unit_test(test_longest_prefix_wins),
        cmocka_unit_test(test_made_up_addresses_have_no_vendor),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
