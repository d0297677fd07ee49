#include "ledger/tile.h"

#include "test.h"

/* Examples of C2SP tlog-tiles, and both ends of each number. */
static void
test_names_are_those_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        struct tile tile;
        const char *path;
    } cases[] = {
        {{0, 5, 256},                     "tile/0/005"                                          },
        {{0, 999, 256},                   "tile/0/999"                                          },
        {{0, 1000, 256},                  "tile/0/x001/000"                                     },
        {{0, 67000, 256},                 "tile/0/x067/000"                                     },
        {{0, 1234067, 256},               "tile/0/x001/x234/067"                                },
        {{1, 0, 17},                      "tile/1/000.p/17"                                     },
        {{7, 255, 1},                     "tile/7/255.p/1"                                      },
        {{63, 0, 255},                    "tile/63/000.p/255"                                   },
        {{TILE_ENTRIES, 12, 256},         "tile/entries/012"                                    },
        {{TILE_ENTRIES, 1000000, 12},     "tile/entries/x001/x000/000.p/12"                     },
        {{TILE_ENTRIES, UINT64_MAX, 255}, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[TILE_PATH];
        struct tile tile;
        assert_string_equal(tile_path(&cases[i].tile, path), cases[i].path);
        assert_int_equal(tile_parse(cases[i].path, &tile), OK);
        assert_int_equal(tile.level, cases[i].tile.level);
        assert_int_equal(tile.index, cases[i].tile.index);
        assert_int_equal(tile.width, cases[i].tile.width);
    }
}

static void
test_refuses_every_other_name(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/5",
        "tile/0/0005", "tile/0/x000/005", "tile/0/001/002", "tile/0/x001", "tile/0/x001/",
        "tile/0/005/", "tile/0/005 ", "tile/0/005.p", "tile/0/005.p/", "tile/0/005.p/0",
        "tile/0/005.p/01", "tile/0/005.p/256", "tile/0/005.p/1/", "tile/00/005", "tile/64/005",
        "tile/-1/005", "tile/+1/005", "tile//005", "/tile/0/005", "tile/0/../005", "tile/data/005",
        "tile/entries/X001/002", "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/99999999999999999999/005",
        "tile/0/005.p/99999999999999999999"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct tile tile = {.level = 42};
        assert_int_equal(tile_parse(bad[i], &tile), ERR_VALUE);
        assert_int_equal(tile.level, 42);
    }
}

/* "a tree of size 70,000", "a tree of size 256": C2SP tlog-tiles, Partial Tiles. */
static void
test_widths_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 0, 70000), 256);
    assert_int_equal(tile_width(0, 272, 70000), 256);
    assert_int_equal(tile_width(0, 273, 70000), 112);
    assert_int_equal(tile_width(0, 274, 70000), 0);
    assert_int_equal(tile_width(1, 0, 70000), 256);
    assert_int_equal(tile_width(1, 1, 70000), 17);
    assert_int_equal(tile_width(1, 2, 70000), 0);
    assert_int_equal(tile_width(2, 0, 70000), 1);
    assert_int_equal(tile_width(3, 0, 70000), 0);
    assert_int_equal(tile_width(TILE_ENTRIES, 273, 70000), 112);
    assert_int_equal(tile_width(0, 0, 256), 256);
    assert_int_equal(tile_width(0, 1, 256), 0);
    assert_int_equal(tile_width(1, 0, 256), 1);
    assert_int_equal(tile_width(0, 0, 0), 0);
}

static void
test_widths_hold_at_the_largest_sizes(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, UINT64_MAX / 256, UINT64_MAX), 255);
    assert_int_equal(tile_width(0, UINT64_MAX / 256 + 1, UINT64_MAX), 0);
    assert_int_equal(tile_width(0, UINT64_MAX, UINT64_MAX), 0);
    assert_int_equal(tile_width(7, 0, UINT64_MAX), 255);
    assert_int_equal(tile_width(7, 1, UINT64_MAX), 0);
    assert_int_equal(tile_width(8, 0, UINT64_MAX), 0);
    assert_int_equal(tile_width(63, 0, UINT64_MAX), 0);
}

static void
test_bundle_gives_back_its_entries(void **state)
{
    (void)state;
    static char largest[TILE_ENTRY + 1];
    memset(largest, 'x', sizeof(largest));
    const size_t lens[] = {1, 0, 300, TILE_ENTRY};
    CLEANUP(buf_release) struct buf bundle;
    buf_init(&bundle, (size_t)1 << 20);
    for (size_t i = 0; i < COUNT(lens); i++) {
        tile_put_entry(&bundle, largest, lens[i]);
    }
    assert_int_equal(buf_error(&bundle), OK);
    struct reader reader;
    size_t len = 0;
    reader_init(&reader, bundle.data, bundle.len);
    for (size_t i = 0; i < COUNT(lens); i++) {
        assert_non_null(tile_next_entry(&reader, &len));
        assert_int_equal(len, lens[i]);
    }
    assert_null(tile_next_entry(&reader, &len));
    assert_int_equal(reader_error(&reader), OK);
    tile_put_entry(&bundle, largest, sizeof(largest));
    assert_int_equal(buf_error(&bundle), ERR_LIMIT);
}

static void
test_cut_bundle_ends_with_an_error(void **state)
{
    (void)state;
    static const uint8_t bundle[] = {0, 2, 'a', 'b', 0, 3, 'c', 'd'}; /* one byte is missing */
    for (size_t len = 1; len <= sizeof(bundle); len++) {
        struct reader reader;
        size_t entry = 0;
        reader_init(&reader, bundle, len);
        unsigned count = 0;
        while (tile_next_entry(&reader, &entry) != NULL) {
            count++;
        }
        assert_int_equal(count, len < 4 ? 0 : 1);
        assert_int_equal(reader_error(&reader), len == 4 ? OK : ERR_SYNTAX);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_those_of_the_specification),
        cmocka_unit_test(test_refuses_every_other_name),
        cmocka_unit_test(test_widths_are_those_of_the_specification),
        cmocka_unit_test(test_widths_hold_at_the_largest_sizes),
        cmocka_unit_test(test_bundle_gives_back_its_entries),
        cmocka_unit_test(test_cut_bundle_ends_with_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
