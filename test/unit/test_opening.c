/* What one sealed text says, shown to somebody without a key; and whether a ledger is sealed. */
#include "ledger/event.h"
#include "ledger/ledger.h"
#include "ledger/logged.h"
#include "ledger/seal.h"
#include "ledger/sealing.h"

#include "base/secret.h"
#include "base/text.h"
#include "ledger/base64.h"
#include "subjects_scratch.h"

#include <sodium.h>
#include <sys/stat.h>

static const char read_event[] =
    "{\"action\":\"ledger.read\",\"actor\":{\"user\":\"chief\"},\"detail\":{\"query\":{"
    "\"ip\":\"192.0.2.7\",\"text\":[\"anna\",7,\"s-1\"],\"user\":\"ben\"}},"
    "\"id\":\"event-0123\",\"outcome\":\"ok\",\"site\":\"x\",\"time\":\"2026-11-22T20:14:07.001Z\","
    "\"v\":1}";

/* The event of a search, sealed. */
static json_t *
sealed_event(struct buf *ret_event)
{
    buf_init(ret_event, EVENT_LIMIT);
    assert_int_equal(
        seal_event(subjects, 2026, read_event, sizeof(read_event) - 1, ret_event, &note), OK);
    json_t *event = json_loadb(ret_event->data, ret_event->len, 0, NULL);
    assert_non_null(event);
    return event;
}

static void
assert_opens(const struct seal_place *place, const char *path, const char *text)
{
    CLEANUP(buf_release) struct buf bytes;
    struct opening opening;
    buf_init(&bytes, OPENING_LIMIT);
    assert_string_equal(place->path, path);
    assert_int_equal(seal_opening(subjects, &place->sealed, place->path, &bytes), OK);
    assert_true(seal_is_opening(&place->sealed, place->path, &bytes, &opening));
    assert_int_equal(opening.len, strlen(text));
    assert_memory_equal(opening.text, text, opening.len);
}

static void
test_every_sealed_text_of_an_event_is_found_and_has_its_opening(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"actor.user",        "chief"    },
        {"detail.query.ip",   "192.0.2.7"},
        {"detail.query.text", "anna"     },
        {"detail.query.text", "s-1"      },
        {"detail.query.user", "ben"      }
    };
    CLEANUP(buf_release) struct buf bytes;
    struct seal_place place = {0};
    json_t *event = sealed_event(&bytes);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(seal_next(event, &place));
        assert_opens(&place, rows[i][0], rows[i][1]);
    }
    assert_false(seal_next(event, &place));
    json_decref(event);
}

static void
test_what_is_not_sealed_has_no_place(void **state)
{
    (void)state;
    struct seal_place place = {0};
    json_t *event = json_loadb(read_event, sizeof(read_event) - 1, 0, NULL);
    assert_false(seal_next(event, &place));
    json_decref(event);
    event = json_loads("[1]", 0, NULL);
    place = (struct seal_place){0};
    assert_false(seal_next(event, &place));
    json_decref(event);
}

/* Each byte of an opening counts, and it is of one text at one path. */
static void
test_a_forged_opening_is_none(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf one;
    struct opening opening;
    struct seal_place user = {0};
    struct seal_place ip = {0};
    json_t *event = sealed_event(&bytes);
    assert_true(seal_next(event, &user));
    ip = user;
    assert_true(seal_next(event, &ip));
    buf_init(&one, OPENING_LIMIT);
    assert_int_equal(seal_opening(subjects, &user.sealed, user.path, &one), OK);
    for (size_t i = 0; i < one.len; i++) {
        one.data[i] ^= 1;
        assert_false(seal_is_opening(&user.sealed, user.path, &one, &opening));
        one.data[i] ^= 1;
    }
    buf_byte(&one, ' ');
    assert_false(seal_is_opening(&user.sealed, user.path, &one, &opening));
    one.len--;
    assert_true(seal_is_opening(&user.sealed, user.path, &one, &opening));
    assert_false(seal_is_opening(&user.sealed, "actor.ip", &one, &opening));
    assert_false(seal_is_opening(&ip.sealed, ip.path, &one, &opening));
    one.len--;
    assert_false(seal_is_opening(&user.sealed, user.path, &one, &opening));
    json_decref(event);
}

static void
test_an_opening_tells_no_key(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf one;
    uint8_t key[SUBJECTS_KEY];
    char hex[2 * SUBJECTS_KEY + 1];
    struct seal_place place = {0};
    json_t *event = sealed_event(&bytes);
    assert_true(seal_next(event, &place));
    buf_init(&one, OPENING_LIMIT);
    assert_int_equal(seal_opening(subjects, &place.sealed, place.path, &one), OK);
    assert_int_equal(seal_key(subjects, &place.sealed, place.path, key), OK);
    text_hex(hex, key, sizeof(key));
    assert_null(strstr(one.data, hex));
    text_hex(hex, subjects_key(subjects, &place.sealed.subject), SUBJECTS_KEY);
    assert_null(strstr(one.data, hex));
    json_decref(event);
}

static void
test_who_is_erased_has_no_opening_any_more(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf one;
    struct seal_place place = {0};
    size_t count = 0;
    json_t *event = sealed_event(&bytes);
    assert_true(seal_next(event, &place));
    assert_int_equal(subjects_erase(subjects, "chief", 5, &count), OK);
    buf_init(&one, OPENING_LIMIT);
    assert_int_equal(seal_opening(subjects, &place.sealed, place.path, &one), ERR_MISSING);
    assert_int_equal(seal_opening(NULL, &place.sealed, place.path, &one), ERR_MISSING);
    assert_int_equal(one.len, 0);
    json_decref(event);
}

/* Another digest than the text's: a keeper that would show people one name and a court another. */
static void
test_a_text_that_its_opening_would_not_show_is_not_opened(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf text;
    char changed[512];
    uint8_t key[SUBJECTS_KEY];
    struct seal_place place = {0};
    struct sealed other;
    json_t *event = sealed_event(&bytes);
    assert_true(seal_next(event, &place));
    (void)snprintf(changed, sizeof(changed), "%s", place.text);
    changed[SEAL_SHOWN + 1] = changed[SEAL_SHOWN + 1] == '0' ? '1' : '0';
    assert_int_equal(seal_parse(changed, strlen(changed), &other), OK);
    assert_int_equal(seal_key(subjects, &other, place.path, key), OK);
    buf_init(&text, SEAL_OPENED);
    assert_int_equal(seal_open(&other, place.path, key, &text), ERR_VALUE);
    assert_int_equal(text.len, 0);
    assert_int_equal(seal_open(&place.sealed, place.path, key, &text), OK);
    json_decref(event);
}

/* Texts of before openings are read as ever, and shown to nobody. */
static void
test_a_text_of_before_is_read_and_has_no_opening(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf text;
    char old[512];
    struct seal_place place = {0};
    struct sealed before;
    json_t *event = sealed_event(&bytes);
    assert_true(seal_next(event, &place));
    (void)snprintf(old, sizeof(old), "%.*s:%.*s", SEAL_SHOWN, place.text,
        (int)place.sealed.base64_len, place.sealed.base64);
    assert_int_equal(seal_parse(old, strlen(old), &before), OK);
    assert_null(before.digest);
    buf_init(&text, SEAL_OPENED);
    assert_int_equal(seal_show(subjects, place.path, old, strlen(old), &text), OK);
    assert_string_equal(text.data, "chief");
    assert_int_equal(seal_opening(subjects, &before, place.path, &text), ERR_UNSUPPORTED);
    json_decref(event);
}

static void
test_a_digest_in_another_spelling_is_no_sealed_text(void **state)
{
    (void)state;
    char text[256];
    struct sealed sealed;
    static const char *const digits[] = {"0", "A", "g", "\n"};
    for (size_t i = 0; i < COUNT(digits); i++) {
        (void)snprintf(
            text, sizeof(text), "sealed:2026-0123456789abcdef:%063d%s:AAAA", 0, digits[i]);
        assert_int_equal(seal_parse(text, strlen(text), &sealed), i == 0 ? OK : ERR_SYNTAX);
    }
}

static void
hear(void *context, const char *bytes, size_t len)
{
    struct buf *heard = context;
    buf_add(heard, bytes, len);
    buf_byte(heard, '|');
}

static void
test_who_has_the_keys_reads_the_details_too(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf heard;
    struct logged *logged = logged_new();
    json_decref(sealed_event(&bytes));
    buf_init(&heard, 4096);
    logged->sink = hear;
    logged->sink_context = &heard;
    assert_true(logged_read(logged, bytes.data, bytes.len));
    assert_null(logged->details);
    assert_null(strstr(heard.data, "192.0.2.7"));
    logged->subjects = subjects;
    assert_true(logged_read(logged, bytes.data, bytes.len));
    char *said = json_dumps(logged->details, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(said, "{\"detail.query.ip\":\"192.0.2.7\","
                              "\"detail.query.text\":[\"anna\",\"s-1\"],"
                              "\"detail.query.user\":\"ben\"}");
    assert_non_null(strstr(heard.data, "192.0.2.7|"));
    assert_non_null(strstr(heard.data, "s-1|"));
    free(said);
    logged_free(logged);
}

static void
test_a_ledger_says_itself_whether_it_is_sealed(void **state)
{
    (void)state;
    enum sealing said = SEALING_NONE;
    assert_int_equal(sealing_read(folder, &said), OK);
    assert_int_equal(said, SEALING_UNSAID);
    assert_int_equal(sealing_write(folder, SEALING_NONE), OK);
    assert_int_equal(sealing_read(folder, &said), OK);
    assert_int_equal(said, SEALING_NONE);
    assert_int_equal(sealing_write(folder, SEALING_SEALED), OK);
    assert_int_equal(sealing_read(folder, &said), OK);
    assert_int_equal(said, SEALING_SEALED);
    int fd = openat(folder, SEALING_FILE, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(fd, "gatehouse sealing 1: none", 25), 25);
    (void)close(fd);
    assert_int_equal(sealing_read(folder, &said), OK);
    assert_int_equal(said, SEALING_UNSAID); /* cut short: the entries are asked */
}

int
main(void)
{
    if (secret_start() != OK) {
        return 1;
    }
#define EACH(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        EACH(test_every_sealed_text_of_an_event_is_found_and_has_its_opening),
        EACH(test_what_is_not_sealed_has_no_place),
        EACH(test_a_forged_opening_is_none),
        EACH(test_an_opening_tells_no_key),
        EACH(test_who_is_erased_has_no_opening_any_more),
        EACH(test_a_text_that_its_opening_would_not_show_is_not_opened),
        EACH(test_a_text_of_before_is_read_and_has_no_opening),
        EACH(test_a_digest_in_another_spelling_is_no_sealed_text),
        EACH(test_who_has_the_keys_reads_the_details_too),
        EACH(test_a_ledger_says_itself_whether_it_is_sealed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
