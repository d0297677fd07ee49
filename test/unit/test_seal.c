/* Personal fields sealed under keys of subjects: opened, disclosed one by one, erased for good. */
#include "ledger/event.h"
#include "ledger/logged.h"
#include "ledger/seal.h"

#include "base/secret.h"
#include "ledger/base64.h"
#include "subjects_scratch.h"

#include <malloc.h>
#include <sodium.h>
#include <sys/stat.h>

#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)
#define IS_LOOKED_AT

/* Memory is looked through before it is given back. */
static const char *needle;
static size_t needle_len;
static unsigned left_behind;

void __libc_free(void *memory);
void *__libc_realloc(void *memory, size_t size);

static void
look(const void *memory, size_t size)
{
    left_behind +=
        memory != NULL && needle != NULL && memmem(memory, size, needle, needle_len) != NULL;
}

void
free(void *memory)
{
    look(memory, malloc_usable_size(memory));
    __libc_free(memory);
}

void *
realloc(void *memory, size_t size)
{
    look(memory, malloc_usable_size(memory));
    return __libc_realloc(memory, size);
}
#endif

static void
again(bool is_writable)
{
    subjects_close(subjects);
    subjects = NULL;
    assert_int_equal(subjects_open(folder, SUBJECTS_FILE, is_writable, &subjects, &note), OK);
}

static void
write_event(struct buf *out, enum event_action action, const char *user, const char *object)
{
    struct event event = event_begin(action, EVENT_OK);
    event.id = "event-0123";
    event.site = event_text("harbour");
    event.user = event_text(user);
    event.ip = event_text("192.0.2.7");
    event.session = event_text("s-1");
    event.object = event_text(object);
    const struct event_text cameras[] = {event_text("front")};
    event.cameras = cameras;
    event.camera_count = 1;
    event.reason = event_text("case 4711");
    buf_init(out, EVENT_LIMIT);
    assert_int_equal(event_write(&event, out, &note), OK);
}

static void
seal(struct buf *out, enum event_action action, const char *user, const char *object)
{
    CLEANUP(buf_release) struct buf event;
    write_event(&event, action, user, object);
    buf_init(out, (size_t)4 * EVENT_LIMIT);
    assert_int_equal(seal_event(subjects, 2026, event.data, event.len, out, &note), OK);
}

/* The member of the sealed event, as `who` sees it. */
static void
shown(const struct subjects *who, const struct buf *event, const char *path, const char *object,
    const char *member, struct buf *ret_text)
{
    json_t *tree = json_loadb(event->data, event->len, 0, NULL);
    const json_t *text = json_object_get(json_object_get(tree, object), member);
    assert_non_null(text);
    buf_init(ret_text, SEAL_OPENED);
    assert_int_equal(
        seal_show(who, path, json_string_value(text), json_string_length(text), ret_text), OK);
    json_decref(tree);
}

static void
assert_user(const struct subjects *who, const struct buf *event, const char *user)
{
    CLEANUP(buf_release) struct buf text;
    shown(who, event, "actor.user", "actor", "user", &text);
    assert_string_equal(text.data, user);
}

static void
test_a_sealed_event_is_an_event_without_names(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    seal(&event, EVENT_LIVE, "anna", NULL);
    CLEANUP(buf_release) struct buf stored;
    struct event_facts facts;
    buf_init(&stored, EVENT_LIMIT);
    event_stamp(&stored, event.data, event.len, &(struct event_stamp){.time = 1});
    assert_int_equal(event_check(stored.data, stored.len, true, &facts, &note), OK);
    assert_int_equal(event_check(event.data, event.len, false, &facts, &note), ERR_VALUE);
    assert_null(strstr(event.data, "anna"));
    assert_null(strstr(event.data, "192.0.2.7"));
    assert_null(strstr(event.data, "s-1"));
    assert_non_null(strstr(event.data, "front"));
    assert_non_null(strstr(event.data, "case 4711"));
}

static void
test_who_has_the_keys_reads_what_was_sealed(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf ip;
    seal(&event, EVENT_LIVE, "anna", NULL);
    again(false);
    assert_user(subjects, &event, "anna");
    shown(subjects, &event, "actor.ip", "actor", "ip", &ip);
    assert_string_equal(ip.data, "192.0.2.7");
}

static void
test_who_has_no_key_sees_the_same_mark_for_the_same_person(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf one;
    CLEANUP(buf_release) struct buf two;
    CLEANUP(buf_release) struct buf first;
    CLEANUP(buf_release) struct buf second;
    seal(&one, EVENT_LIVE, "anna", NULL);
    seal(&two, EVENT_LIVE, "anna", NULL);
    assert_string_not_equal(one.data, two.data);
    shown(NULL, &one, "actor.user", "actor", "user", &first);
    shown(NULL, &two, "actor.user", "actor", "user", &second);
    assert_string_equal(first.data, second.data);
    assert_int_equal(first.len, strlen("sealed:2026-0123456789abcdef"));
}

static void
test_a_subject_that_is_erased_is_erased_for_good_and_others_are_not(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf anna;
    CLEANUP(buf_release) struct buf ben;
    CLEANUP(buf_release) struct buf later;
    CLEANUP(buf_release) struct buf gone;
    size_t count = 0;
    seal(&anna, EVENT_LIVE, "anna", NULL);
    seal(&ben, EVENT_LIVE, "ben", NULL);
    assert_int_equal(subjects_erase(subjects, "anna", 4, &count), OK);
    assert_int_equal(count, 1);
    shown(subjects, &anna, "actor.user", "actor", "user", &gone);
    assert_int_equal(strncmp(gone.data, "sealed:2026-", 12), 0);
    assert_user(subjects, &ben, "ben");
    seal(&later, EVENT_LIVE, "anna", NULL);
    again(true);
    assert_user(subjects, &later, "anna");
    buf_clear(&gone);
    buf_release(&gone);
    shown(subjects, &anna, "actor.user", "actor", "user", &gone);
    assert_int_equal(strncmp(gone.data, "sealed:2026-", 12), 0);
    assert_int_equal(subjects_count(subjects), 2);
}

/* Not even with the file can the mark in an entry be traced to a name that is guessed. */
static void
test_nothing_of_an_erased_subject_is_left_in_the_file(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf before;
    CLEANUP(buf_release) struct buf after;
    struct subjects_id subject;
    struct subjects_id later;
    char path[256];
    size_t count = 0;
    scratch_path(path, SUBJECTS_FILE);
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &subject), OK);
    buf_init(&before, 4096);
    buf_init(&after, 4096);
    assert_int_equal(file_read(path, &before, &note), OK);
    assert_int_equal(subjects_erase(subjects, "anna", 4, &count), OK);
    assert_int_equal(file_read(path, &after, &note), OK);
    assert_int_equal(before.len, after.len);
    assert_string_equal(after.data + after.len - 63,
        " ---------------- --------------------------------------------\n");
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &later), OK);
    assert_memory_not_equal(later.mark, subject.mark, SUBJECTS_MARK);
}

static void
test_what_a_power_cut_left_half_erased_is_overwritten_to_the_end(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf text;
    struct subjects_id subject;
    char path[256];
    struct stat about;
    scratch_path(path, SUBJECTS_FILE);
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &subject), OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(subjects_need(subjects, "ben", 3, 2026, &subject), OK);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "---", 3, about.st_size - 20), 3);
    (void)close(fd);
    again(true);
    assert_int_equal(subjects_count(subjects), 1);
    assert_int_equal(subjects_finish(subjects), OK);
    assert_int_equal(subjects_count(subjects), 1);
    buf_init(&text, 4096);
    assert_int_equal(file_read(path, &text, &note), OK);
    assert_memory_equal(text.data + about.st_size - 68,
        "\n2026 ---------------- --------------------------------------------\n", 68);
    again(false);
    assert_int_equal(subjects_find(subjects, "ben", 3, 2026, &subject), OK);
    assert_non_null(subjects_key(subjects, &subject));
}

static void
test_the_years_before_are_erased_together(void **state)
{
    (void)state;
    size_t count = 0;
    struct subjects_id subject;
    for (unsigned year = 2020; year < 2026; year++) {
        assert_int_equal(subjects_need(subjects, "anna", 4, year, &subject), OK);
    }
    assert_int_equal(subjects_erase_before(subjects, 2024, &count), OK);
    assert_int_equal(count, 4);
    again(false);
    assert_int_equal(subjects_find(subjects, "anna", 4, 2023, &subject), ERR_MISSING);
    assert_int_equal(subjects_find(subjects, "anna", 4, 2024, &subject), OK);
    assert_non_null(subjects_key(subjects, &subject));
}

static void
test_one_text_is_opened_by_its_own_key_and_no_other(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf text;
    struct sealed user;
    struct sealed ip;
    uint8_t key[SUBJECTS_KEY];
    seal(&event, EVENT_LIVE, "anna", NULL);
    json_t *tree = json_loadb(event.data, event.len, 0, NULL);
    const json_t *actor = json_object_get(tree, "actor");
    const char *words = json_string_value(json_object_get(actor, "user"));
    const char *address = json_string_value(json_object_get(actor, "ip"));
    assert_int_equal(seal_parse(words, strlen(words), &user), OK);
    assert_int_equal(seal_parse(address, strlen(address), &ip), OK);
    assert_int_equal(seal_key(subjects, &user, "actor.user", key), OK);
    buf_init(&text, 1024);
    assert_int_equal(seal_open(&user, "actor.user", key, &text), OK);
    assert_string_equal(text.data, "anna");
    assert_int_equal(seal_open(&ip, "actor.ip", key, &text), ERR_VALUE);
    key[0] ^= 1;
    assert_int_equal(seal_open(&user, "actor.user", key, &text), ERR_VALUE);
    assert_string_equal(text.data, "anna");
    json_decref(tree);
}

#ifdef IS_LOOKED_AT
static void
test_opening_leaves_neither_the_text_nor_its_salt_in_freed_memory(void **state)
{
    (void)state;
    static const char user[] =
        "anna-who-has-a-name-that-is-so-long-that-a-buffer-of-one-opening-had-to-grow-for-it-once-"
        "more-when-the-salt-was-in-it-already-and-so-it-was-copied";
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf opening;
    CLEANUP(buf_release) struct buf text;
    char salt[OPENING_HEX + 1];
    struct sealed sealed;
    uint8_t key[SUBJECTS_KEY];
    seal(&event, EVENT_LIVE, user, NULL);
    json_t *tree = json_loadb(event.data, event.len, 0, NULL);
    const json_t *value = json_object_get(json_object_get(tree, "actor"), "user");
    assert_int_equal(seal_parse(json_string_value(value), json_string_length(value), &sealed), OK);
    buf_init(&opening, OPENING_LIMIT);
    buf_init(&text, SEAL_OPENED);
    needle = user;
    needle_len = strlen(user);
    left_behind = 0;
    assert_int_equal(seal_opening(subjects, &sealed, "actor.user", &opening), OK);
    assert_int_equal(left_behind, 0);
    memcpy(salt, strstr(opening.data, "actor.user\n") + strlen("actor.user\n"), OPENING_HEX);
    needle = salt;
    needle_len = OPENING_HEX;
    assert_int_equal(seal_key(subjects, &sealed, "actor.user", key), OK);
    assert_int_equal(seal_open(&sealed, "actor.user", key, &text), OK);
    needle = NULL;
    assert_int_equal(left_behind, 0);
    assert_string_equal(text.data, user);
    json_decref(tree);
}
#endif

static void
test_the_length_of_a_sealed_text_tells_no_name(void **state)
{
    (void)state;
    static const struct {
        size_t len, blocks;
    } rows[] = {
        {1,    1 },
        {12,   1 },
        {63,   1 },
        {64,   2 },
        {127,  2 },
        {128,  3 },
        {2000, 32},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(buf_release) struct buf event;
        char name[2001];
        memset(name, 'x', rows[i].len);
        name[rows[i].len] = '\0';
        seal(&event, EVENT_LIVE, name, NULL);
        assert_user(subjects, &event, name);
        json_t *tree = json_loadb(event.data, event.len, 0, NULL);
        const json_t *user = json_object_get(json_object_get(tree, "actor"), "user");
        size_t bytes = 24 + 64 * rows[i].blocks + 16;
        assert_int_equal(
            json_string_length(user), SEAL_SHOWN + 1 + OPENING_HEX + 1 + (bytes + 2) / 3 * 4);
        json_decref(tree);
    }
}

/* As a keeper that is none, but has the key, could write it. */
static void
test_a_text_without_its_padding_is_not_opened(void **state)
{
    (void)state;
    static const char texts[][64] = {"anna", "", "anna\x80\x01"};
    static const size_t lens[] = {4, 64, 64, 0};
    for (size_t i = 0; i < COUNT(lens); i++) {
        uint8_t key[SUBJECTS_KEY] = {7};
        uint8_t blob[24 + 64 + 16] = {0};
        char base64[BASE64_SIZE(sizeof(blob))];
        char text[SEAL_SHOWN + 1 + sizeof(base64)];
        struct sealed sealed;
        CLEANUP(buf_release) struct buf out;
        buf_init(&out, 1024);
        buf_text(&out, "as it was");
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(blob + 24, NULL,
            (const uint8_t *)texts[i % COUNT(texts)], lens[i], NULL, 0, NULL, blob, key);
        (void)base64_encode(blob, 24 + lens[i] + 16, base64, sizeof(base64));
        (void)snprintf(text, sizeof(text), "sealed:2026-0123456789abcdef:%s", base64);
        assert_int_equal(seal_parse(text, strlen(text), &sealed), OK);
        assert_int_equal(seal_open(&sealed, "actor.user", key, &out), ERR_VALUE);
        assert_string_equal(out.data, "as it was");
        assert_int_equal(out.len, 9);
    }
}

static void
test_an_account_that_was_changed_is_sealed_under_itself(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf object;
    size_t count = 0;
    seal(&event, EVENT_USER_CHANGE, "chief", "anna");
    assert_int_equal(subjects_erase(subjects, "chief", 5, &count), OK);
    shown(subjects, &event, "target.object", "target", "object", &object);
    assert_string_equal(object.data, "anna");
    assert_null(strstr(event.data, "anna"));
}

static void
test_another_action_keeps_its_object(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    seal(&event, EVENT_CONFIG_CHANGE, "chief", "Config/ZM_OPT_USE_AUTH");
    assert_non_null(strstr(event.data, "Config/ZM_OPT_USE_AUTH"));
}

static void
test_many_subjects_are_all_there_after_a_restart(void **state)
{
    (void)state;
    char name[32];
    struct subjects_id subject;
    for (int i = 0; i < 300; i++) {
        size_t len = (size_t)snprintf(name, sizeof(name), "user %d", i);
        assert_int_equal(subjects_need(subjects, name, len, 2026, &subject), OK);
    }
    again(false);
    assert_int_equal(subjects_count(subjects), 300);
    for (int i = 0; i < 300; i++) {
        size_t len = (size_t)snprintf(name, sizeof(name), "user %d", i);
        assert_int_equal(subjects_find(subjects, name, len, 2026, &subject), OK);
        assert_non_null(subjects_key(subjects, &subject));
    }
}

static void
test_a_torn_last_line_is_dropped_and_a_damaged_one_refused(void **state)
{
    (void)state;
    struct subjects_id subject;
    char path[256];
    struct stat about;
    scratch_path(path, SUBJECTS_FILE);
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &subject), OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    off_t whole = about.st_size;
    assert_int_equal(subjects_need(subjects, "ben", 3, 2026, &subject), OK);
    assert_int_equal(truncate(path, whole + 20), 0);
    again(true);
    assert_int_equal(subjects_count(subjects), 1);
    assert_int_equal(subjects_need(subjects, "carla", 5, 2026, &subject), OK);
    again(true);
    assert_int_equal(subjects_count(subjects), 2);
    assert_int_equal(subjects_find(subjects, "carla", 5, 2026, &subject), OK);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "20x6", 4, whole - 67), 4);
    (void)close(fd);
    struct subjects *none = NULL;
    assert_int_equal(subjects_open(folder, SUBJECTS_FILE, false, &none, &note), ERR_SYNTAX);
    assert_non_null(strstr(note.text, "line 2"));
    assert_int_equal(subjects_create(folder, SUBJECTS_FILE, &note), ERR_VALUE);
}

static void
test_hostile_texts_are_shown_as_they_are_or_not_opened(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "sealed", "sealed:", "sealed:2026", "sealed:2026-01",
        "sealed:20x6-0123456789abcdef:AAAA", "sealed:2026-0123456789abcdeg:AAAA",
        "sealed:2026x0123456789abcdef:AAAA"};
    struct sealed sealed;
    for (size_t i = 0; i < COUNT(texts); i++) {
        CLEANUP(buf_release) struct buf out;
        buf_init(&out, 1024);
        assert_int_not_equal(seal_parse(texts[i], strlen(texts[i]), &sealed), OK);
        assert_int_equal(seal_show(subjects, "actor.user", texts[i], strlen(texts[i]), &out), OK);
        assert_string_equal(out.data, texts[i]);
    }
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 1024);
    static const char lie[] = "sealed:2026-0123456789abcdef:AAAA";
    assert_int_equal(seal_show(subjects, "actor.user", lie, sizeof(lie) - 1, &out), OK);
    assert_string_equal(out.data, "sealed:2026-0123456789abcdef");
}

static void
test_a_name_that_grows_over_the_limit_is_refused_with_words(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf out;
    static char name[9001];
    memset(name, 'x', sizeof(name) - 1);
    write_event(&event, EVENT_LIVE, name, NULL);
    buf_init(&out, EVENT_LIMIT);
    assert_int_equal(seal_event(subjects, 2026, event.data, event.len, &out, &note), ERR_LIMIT);
    assert_int_equal(out.len, 0);
    assert_non_null(strstr(note.text, "actor."));
}

static void
test_a_search_reads_what_is_inside_and_a_stranger_reads_marks(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf stored;
    struct logged *logged = logged_new();
    seal(&event, EVENT_LIVE, "anna \"the\" guard", NULL);
    buf_init(&stored, EVENT_LIMIT);
    event_stamp(&stored, event.data, event.len, &(struct event_stamp){.time = 1});
    assert_true(logged_read(logged, stored.data, stored.len));
    assert_int_equal(logged->texts[LOGGED_USER].len, SEAL_SHOWN);
    assert_int_equal(logged->opened, 0);
    logged->subjects = subjects;
    assert_true(logged_read(logged, stored.data, stored.len));
    assert_true(logged_says(logged, LOGGED_USER, "anna \"the\" guard"));
    assert_true(logged_says(logged, LOGGED_IP, "192.0.2.7"));
    assert_true(logged_says(logged, LOGGED_SESSION, "s-1"));
    assert_int_equal(logged->sealed, 0);
    logged_free(logged);
}

static void
assert_object_is_erased_with(enum event_action action, const char *object, const char *user)
{
    CLEANUP(buf_release) struct buf event;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(buf_release) struct buf gone;
    size_t count = 0;
    seal(&event, action, "chief", object);
    shown(subjects, &event, "target.object", "target", "object", &text);
    assert_string_equal(text.data, object);
    assert_int_equal(subjects_erase(subjects, user, strlen(user), &count), OK);
    assert_int_equal(count, 1);
    shown(subjects, &event, "target.object", "target", "object", &gone);
    assert_int_equal(strncmp(gone.data, "sealed:2026-", 12), 0);
}

/* As the commands and the doorman write them. */
static void
test_what_names_an_account_is_erased_with_that_account(void **state)
{
    (void)state;
    assert_object_is_erased_with(EVENT_USER_CHANGE, "user anna", "anna");
    assert_object_is_erased_with(EVENT_USER_CHANGE, "sessions of anna", "anna");
    assert_object_is_erased_with(EVENT_USER_CHANGE, "anna", "anna");
    assert_object_is_erased_with(EVENT_USER_CHANGE, "address 192.0.2.7", "");
}

static void
test_nothing_that_was_asked_for_is_left_in_the_event_of_a_search(void **state)
{
    (void)state;
    static const char event[] =
        "{\"action\":\"ledger.read\",\"actor\":{\"user\":\"chief\"},\"detail\":{\"query\":{"
        "\"ip\":\"192.0.2.7\",\"object\":\"user anna\",\"session\":\"s-1\",\"text\":[\"anna\",7,"
        "\"s-1\"],\"user\":\"anna\"}},\"id\":\"event-0123\",\"outcome\":\"ok\",\"site\":\"x\"}";
    CLEANUP(buf_release) struct buf out;
    size_t count = 0;
    buf_init(&out, EVENT_LIMIT);
    assert_int_equal(seal_event(subjects, 2026, event, sizeof(event) - 1, &out, &note), OK);
    assert_null(strstr(out.data, "anna"));
    assert_null(strstr(out.data, "192.0.2.7"));
    assert_null(strstr(out.data, "s-1"));
    assert_non_null(strstr(out.data, ",7,"));
    assert_int_equal(subjects_erase(subjects, "anna", 4, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(subjects_count(subjects), 2); /* the chief's and nobody's */
}

static void
test_the_session_that_ended_another_is_sealed_too(void **state)
{
    (void)state;
    static const char event[] = "{\"action\":\"auth.logout\",\"actor\":{\"session\":\"s-1\","
                                "\"user\":\"anna\"},\"detail\":{\"by_session\":\"s-2\"},"
                                "\"id\":\"event-0123\",\"outcome\":\"ok\",\"site\":\"x\"}";
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, EVENT_LIMIT);
    assert_int_equal(seal_event(subjects, 2026, event, sizeof(event) - 1, &out, &note), OK);
    assert_null(strstr(out.data, "s-2"));
    assert_int_equal(subjects_count(subjects), 1);
}

/* A keeper reads the file before it has the ledger; another may be at its end then. */
static void
test_what_another_keeper_added_before_is_not_overwritten(void **state)
{
    (void)state;
    struct subjects *other = NULL;
    struct subjects_id subject;
    struct subjects_id anna;
    size_t count = 0;
    assert_int_equal(subjects_need(subjects, "zoe", 3, 2026, &subject), OK);
    assert_int_equal(subjects_open(folder, SUBJECTS_FILE, true, &other, &note), OK);
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &anna), OK);
    assert_int_equal(subjects_erase(subjects, "zoe", 3, &count), OK);
    assert_int_equal(subjects_refresh(other), OK);
    assert_int_equal(subjects_need(other, "ben", 3, 2026, &subject), OK);
    subjects_close(other);
    again(false);
    assert_int_equal(subjects_count(subjects), 2);
    assert_non_null(subjects_key(subjects, &anna));
    assert_int_equal(subjects_find(subjects, "zoe", 3, 2026, &subject), ERR_MISSING);
}

static void
test_an_erasing_within_one_tick_of_the_clock_reaches_a_reader(void **state)
{
    (void)state;
    struct subjects *reader = NULL;
    struct subjects_id subject;
    struct stat about;
    char path[256];
    size_t count = 0;
    scratch_path(path, SUBJECTS_FILE);
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &subject), OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(subjects_open(folder, SUBJECTS_FILE, false, &reader, &note), OK);
    assert_int_equal(subjects_erase(subjects, "anna", 4, &count), OK);
    const struct timespec times[] = {about.st_atim, about.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(subjects_refresh(reader), OK);
    assert_null(subjects_key(reader, &subject));
    subjects_close(reader);
}

/* Names that somebody types at a log-in are subjects as well. */
static void
test_when_there_are_no_more_keys_new_persons_are_sealed_under_nobodys(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf event;
    struct subjects_id subject;
    static const char erased[] =
        "2020 ---------------- --------------------------------------------\n";
    char path[256];
    scratch_path(path, SUBJECTS_FILE);
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    for (size_t i = 0; i < SUBJECTS_MAX; i++) {
        assert_int_equal(fwrite(erased, sizeof(erased) - 1, 1, file), 1);
    }
    assert_int_equal(fclose(file), 0);
    again(true);
    assert_int_equal(subjects_need(subjects, "anna", 4, 2026, &subject), ERR_LIMIT);
    seal(&event, EVENT_LIVE, "anna", NULL);
    assert_null(strstr(event.data, "anna"));
    assert_user(subjects, &event, "anna");
    assert_int_equal(subjects_find(subjects, "anna", 4, 2026, &subject), ERR_MISSING);
    assert_int_equal(subjects_count(subjects), 1);
}

static void
test_a_file_that_root_makes_is_of_who_the_folder_is_of(void **state)
{
    (void)state;
    char path[256];
    struct stat about;
    if (geteuid() != 0) {
        skip();
    }
    scratch_path(path, "keys");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chown(path, 12345, 12346), 0);
    int keys = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(keys >= 0);
    assert_int_equal(subjects_create(keys, SUBJECTS_FILE, &note), OK);
    assert_int_equal(fstatat(keys, SUBJECTS_FILE, &about, 0), 0);
    assert_int_equal(about.st_uid, 12345);
    assert_int_equal(about.st_gid, 12346);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(unlinkat(keys, SUBJECTS_FILE, 0), 0);
    (void)close(keys);
    assert_int_equal(rmdir(path), 0);
}

int
main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        EACH(test_a_sealed_event_is_an_event_without_names),
        EACH(test_who_has_the_keys_reads_what_was_sealed),
        EACH(test_who_has_no_key_sees_the_same_mark_for_the_same_person),
        EACH(test_a_subject_that_is_erased_is_erased_for_good_and_others_are_not),
        EACH(test_nothing_of_an_erased_subject_is_left_in_the_file),
        EACH(test_what_a_power_cut_left_half_erased_is_overwritten_to_the_end),
        EACH(test_the_years_before_are_erased_together),
        EACH(test_one_text_is_opened_by_its_own_key_and_no_other),
        EACH(test_the_length_of_a_sealed_text_tells_no_name),
#ifdef IS_LOOKED_AT
        EACH(test_opening_leaves_neither_the_text_nor_its_salt_in_freed_memory),
#endif
        EACH(test_a_text_without_its_padding_is_not_opened),
        EACH(test_an_account_that_was_changed_is_sealed_under_itself),
        EACH(test_another_action_keeps_its_object),
        EACH(test_many_subjects_are_all_there_after_a_restart),
        EACH(test_a_torn_last_line_is_dropped_and_a_damaged_one_refused),
        EACH(test_hostile_texts_are_shown_as_they_are_or_not_opened),
        EACH(test_a_search_reads_what_is_inside_and_a_stranger_reads_marks),
        EACH(test_what_names_an_account_is_erased_with_that_account),
        EACH(test_nothing_that_was_asked_for_is_left_in_the_event_of_a_search),
        EACH(test_the_session_that_ended_another_is_sealed_too),
        EACH(test_what_another_keeper_added_before_is_not_overwritten),
        EACH(test_an_erasing_within_one_tick_of_the_clock_reaches_a_reader),
        EACH(test_when_there_are_no_more_keys_new_persons_are_sealed_under_nobodys),
        EACH(test_a_file_that_root_makes_is_of_who_the_folder_is_of),
        EACH(test_a_name_that_grows_over_the_limit_is_refused_with_words),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, setup, teardown) : 1;
}
