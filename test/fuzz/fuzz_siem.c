/*
 * Any entry as a record of every form: one line without control characters, UTF-8, JSON that parses
 * and whose canonical form has the fingerprint that it says, CEF and structured data that split
 * into as many fields as were written and back into the bytes of each text.
 */
#include "base/text.h"
#include "ledger/base64.h"
#include "ledger/canonical.h"
#include "siem/format.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define RECORD ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
breaks_lines(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

static void
check_line(const struct buf *record)
{
    for (size_t i = 0; i < record->len;) {
        uint32_t point = 0;
        size_t step = text_utf8(record->data + i, record->len - i, &point);
        assert(step != 0 && !breaks_lines(point));
        i += step;
    }
}

/* The bytes that a value stands for, which has been unescaped; `out` has room for them. */
static size_t
meant(const char *value, size_t len, uint8_t *out, size_t size)
{
    size_t got = 0;
    if (len < 7 || memcmp(value, "base64:", 7) != 0) {
        memcpy(out, value, len);
        return len;
    }
    enum err err = base64_decode(value + 7, len - 7, out, size, &got);
    assert(err == OK);
    return got;
}

static bool
is_same(const struct event_text *text, const char *value, size_t len)
{
    static uint8_t said[RECORD];
    static uint8_t read[RECORD];
    size_t read_len = meant(value, len, read, sizeof(read));
    bool is_encoded = event_text_is_encoded(text->bytes, text->len);
    size_t said_len = text->len;
    if (is_encoded) {
        said_len = meant(text->bytes, text->len, said, sizeof(said));
    } else {
        memcpy(said, text->bytes, text->len);
    }
    return said_len == read_len && memcmp(said, read, read_len) == 0;
}

/* Values in the order of their names; a text is looked for where it is expected. */
struct expected {
    const char *name; /* "user" */
    enum logged_text text;
    bool was_read;
};

static void
check_field(struct expected *rows, size_t count, const struct logged *logged,
    const struct event_text *name, const struct event_text *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(rows[i].name) == name->len &&
            memcmp(rows[i].name, name->bytes, name->len) == 0) {
            assert(logged->is_event && !rows[i].was_read);
            assert(logged->texts[rows[i].text].bytes != NULL);
            assert(is_same(&logged->texts[rows[i].text], value->bytes, value->len));
            rows[i].was_read = true;
        }
    }
}

static void
check_all(const struct expected *rows, size_t count, const struct logged *logged)
{
    for (size_t i = 0; i < count && logged->is_event; i++) {
        assert(rows[i].was_read == (logged->texts[rows[i].text].bytes != NULL));
    }
}

/* RFC 5424 section 6.3: SD-ID, then NAME="VALUE" with three escapes. */
static void
check_params(const struct buf *record, const struct logged *logged)
{
    // clang-format off
    struct expected rows[] = {
#define TEXT(at, member, sd, cef, label, ocsf, ecs) {sd, LOGGED_##at, false},
#include "siem/fields.def"
#undef TEXT
        {"ip", LOGGED_IP, false},
    };
    // clang-format on
    static char value[RECORD];
    const char *at = strstr(record->data, "[gatehouse@32473");
    assert(at != NULL);
    at += strlen("[gatehouse@32473");
    while (*at == ' ') {
        size_t len = 0;
        struct event_text name = {at + 1, strcspn(at + 1, "= ]\"")};
        at += 1 + name.len;
        assert(name.len != 0 && name.len <= 32 && at[0] == '=' && at[1] == '"');
        for (at += 2; *at != '"'; at++) {
            bool is_escaped = *at == '\\';
            at += is_escaped ? 1 : 0;
            assert(*at != '\0' && (is_escaped || *at != ']'));
            value[len++] = *at;
        }
        at++;
        check_field(rows, COUNT(rows), logged, &name, &(struct event_text){value, len});
    }
    assert(at[0] == ']' && (at[1] == '[' || at[1] == ' '));
    check_all(rows, COUNT(rows), logged);
}

/* Where the next " key=" begins: a '=' that no '\' escapes, behind a word. */
static const char *
next_key(const char *at)
{
    const char *blank = NULL;
    for (; *at != '\0'; at++) {
        bool is_word =
            (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
        if (*at == '=' && blank != NULL && at - blank > 1) {
            return blank;
        }
        blank = *at == ' ' ? at : is_word ? blank : NULL;
        at += *at == '\\' && at[1] != '\0' ? 1 : 0;
    }
    return at;
}

static size_t
unescape(const char *from, const char *to, char *out)
{
    size_t len = 0;
    for (; from < to; from++) {
        bool is_escaped = *from == '\\';
        from += is_escaped ? 1 : 0;
        out[len++] = is_escaped && *from == 'n' ? '\n' : is_escaped && *from == 'r' ? '\r' : *from;
    }
    return len;
}

static void
check_cef(const struct buf *record, const struct logged *logged)
{
    struct expected rows[] = {
#define TEXT(at, member, sd, cef, label, ocsf, ecs) {cef, LOGGED_##at, false},
#include "siem/fields.def"
#undef TEXT
    };
    static char value[RECORD];
    const char *at = strstr(record->data, " CEF:0|");
    for (int i = 0; i < 7; i++) {
        assert(at != NULL);
        at = strchr(at + 1, '|');
    }
    assert(at != NULL);
    while (*at != '\0') {
        struct event_text name = {at + 1, strcspn(at + 1, "=")};
        const char *from = name.bytes + name.len + 1;
        const char *to = next_key(from);
        check_field(rows, COUNT(rows), logged, &name,
            &(struct event_text){value, unescape(from, to, value)});
        at = to;
    }
    check_all(rows, COUNT(rows), logged);
}

static void
check_json(const struct buf *record, bool is_ocsf)
{
    struct buf whole CLEANUP(buf_release);
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char hex[2 * sizeof(hash) + 1];
    buf_init(&whole, 2 * RECORD);
    json_t *json =
        json_loadb(record->data, record->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert(json_is_object(json));
    if (is_ocsf) {
        json_t *seal = json_array_get(json_object_get(json, "attestation_list"), 0);
        json_t *print = json_incref(json_object_get(seal, "fingerprint"));
        (void)json_object_del(seal, "fingerprint");
        if (canonical_put(&whole, json) == OK) { /* a number or a depth that it does not write */
            (void)SHA256((const uint8_t *)whole.data, whole.len, hash);
            text_hex(hex, hash, sizeof(hash));
            assert(strcmp(hex, json_string_value(json_object_get(print, "value"))) == 0);
        }
        json_decref(print);
    }
    json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t leaf[MERKLE_HASH] = {1};
    struct siem_chain chain = {.uid = "e-before", .type_uid = 99};
    const struct siem_about about = {.origin = "log.example/north", .leaf = leaf, .chain = &chain};
    struct logged *logged = logged_new();
    struct buf record CLEANUP(buf_release);
    if (logged == NULL || size > EVENT_LIMIT) {
        logged_free(logged);
        return 0;
    }
    (void)logged_read(logged, data, size);
    buf_init(&record, RECORD);
    for (size_t i = 0; i < siem_format_count; i++) {
        buf_clear(&record);
        enum err err = siem_formats[i]->put(logged, &about, &record);
        assert(err == OK);
        check_line(&record);
        if (text_equal(siem_formats[i]->name, "rfc5424")) {
            check_params(&record, logged);
        } else if (text_equal(siem_formats[i]->name, "cef")) {
            check_cef(&record, logged);
        } else {
            check_json(&record, text_equal(siem_formats[i]->name, "ocsf"));
        }
    }
    logged_free(logged);
    return 0;
}
