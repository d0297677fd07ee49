/* The list of VMS drivers, and how they write what they found. */
#include "vms/vms.h"

#include "base/text.h"
#include "codec/pick.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERS_MOST       64
#define USERS_TEXT       ((size_t)2048)
#define STREAMS_MOST     4
#define ASKED_CONFIDENCE 80
#define PLAIN_CONFIDENCE 88
#define KNOWN_CONFIDENCE 85

#define VMS_DRIVER(name) extern const struct device_driver vms_##name;
#include "vms/drivers.def"
#undef VMS_DRIVER

const struct device_driver *const vms_drivers[] = {
#define VMS_DRIVER(name) &vms_##name,
#include "vms/drivers.def"
#undef VMS_DRIVER
};
const size_t vms_driver_count = COUNT(vms_drivers);

/* "GET http://10.0.0.7:5000/api" → "http://10.0.0.7:5000/"; NULL when there is no address. */
static const char *
address_of(struct arena *arena, const struct evidence *evidence)
{
    const char *asked = evidence == NULL || evidence->asked == NULL ? "" : evidence->asked;
    const char *start = strstr(asked, "http");
    const char *host = start == NULL ? NULL : strstr(start, "://");
    if (host == NULL) {
        return NULL;
    }
    size_t len = (size_t)(host - start) + 3 + strcspn(host + 3, "/ ");
    return arena_format(arena, "%.*s/", (int)len, start);
}

const char *
vms_address(struct arena *arena, const struct source *source)
{
    return address_of(arena, source->evidence);
}

/* One port asks, another does not: whoever knows the second needs no password. */
static void
note_beside(struct facts *facts, const char *open, const char *asked, const struct source *source)
{
    if (open == NULL || asked == NULL || text_equal(open, asked)) {
        return;
    }
    facts_set_text(facts, FACT_VMS_BESIDE,
        arena_format(facts->arena, "%s, although %s asks for a login", open, asked), source);
}

/* The address of the answer that asked for a login, or NULL. */
static const char *
asked_address(const struct facts *facts)
{
    const struct fact *fact = facts_get(facts, FACT_VMS_AUTH);
    while (fact != NULL && !fact->yes) {
        fact = fact->next;
    }
    return fact == NULL ? NULL : address_of(facts->arena, fact->evidence);
}

void
vms_set_open(struct facts *facts, const struct ask *ask, const struct source *source)
{
    const char *address = address_of(facts->arena, source->evidence);
    if (address == NULL) {
        address =
            ask->port == 0 ? "its web port" : arena_format(facts->arena, "port %u", ask->port);
    }
    note_beside(facts, address, asked_address(facts), source);
    facts_set_bool(facts, FACT_VMS_AUTH, false, source);
    facts_set_text(facts, FACT_VMS_OPEN, address, source);
}

void
vms_set_asked(struct facts *facts, const struct source *source)
{
    struct source weaker = *source;
    weaker.confidence = ASKED_CONFIDENCE;
    note_beside(facts, facts_text(facts, FACT_VMS_OPEN), address_of(facts->arena, source->evidence),
        source);
    facts_set_bool(facts, FACT_VMS_AUTH, true, &weaker);
}

void
vms_set_transport(struct facts *facts, const struct source *source)
{
    struct source this = *source;
    const char *address = address_of(facts->arena, source->evidence);
    bool is_plain = text_starts(address, "http://");
    this.confidence = is_plain ? PLAIN_CONFIDENCE : ASKED_CONFIDENCE;
    if (address != NULL) {
        facts_set_bool(facts, FACT_VMS_TLS, !is_plain, &this);
    }
}

void
vms_add_user(struct buf *list, const char *user, const char *level)
{
    buf_format(list, "%s%s (%s)", list->len == 0 ? "" : ", ", user, level);
}

void
vms_add_encoded(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (plain) {
            buf_byte(out, (uint8_t)*text);
        } else {
            buf_format(out, "%%%02X", (unsigned)(uint8_t)*text);
        }
    }
}

const char *
vms_login_body(json_t *json, struct arena *arena)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    const char *body = text == NULL ? NULL : arena_copy(arena, text);
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
        free(text);
    }
    return body;
}

bool
vms_cookie(const struct answer *answer, const char *name, const char *begin, char *out, size_t size)
{
    char line[2048];
    bool found = false;
    for (size_t n = 0; answer_header(answer, "Set-Cookie", n, line, sizeof(line)); n++) {
        line[strcspn(line, ";")] = '\0';
        size_t len = strcspn(line, "=");
        bool is_named = name == NULL || (strlen(name) == len && text_starts(line, name));
        if (line[len] == '=' && is_named && text_starts(line + len + 1, begin)) {
            found = text_copy(out, size, line);
        }
    }
    return found;
}

enum err
vms_with_cookie(
    struct login *login, const struct ask *ask, struct arena *arena, struct request *ret_request)
{
    const char *cookie = login->text[0] == '\0' ? NULL : arena_copy(arena, login->text);
    if (cookie == NULL) {
        return ERR_LIMIT;
    }
    *ret_request = (struct request){.ask = *ask, .cookie = cookie};
    return OK;
}

const char *
vms_sibling(const char *path, const char *name, struct arena *arena)
{
    size_t len = strcspn(path, "?");
    while (len != 0 && path[len - 1] != '/') {
        len--;
    }
    return arena_format(arena, "%.*s%s", (int)len, path, name);
}

/* One row of the list as an answer of its own, {"row": …}; its body is NULL when there is none. */
static struct answer
row_answer(const json_t *row, struct arena *arena)
{
    struct answer answer = {.status = 200, .headers = "", .body = NULL};
    char *text = row == NULL ? NULL : json_dumps(row, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text != NULL) {
        answer.body = arena_format(arena, "{\"row\":%s}", text);
        answer.body_len = answer.body == NULL ? 0 : strlen(answer.body);
    }
    free(text);
    return answer;
}

/* The whole answer is read once, however many rows a hostile one has. */
void
vms_set_users(struct facts *facts, const struct answer *answer, const char *array, const char *name,
    vms_level_fn *level, const struct source *source)
{
    struct source config = *source;
    struct buf list;
    struct arena arena;
    const char *path = arena_format(facts->arena, "row.%s", name);
    json_t *json = json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *rows = array[0] == '\0' ? json : json_object_get(json, array);
    config.witness = WITNESS_CONFIG;
    buf_init(&list, USERS_TEXT);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    for (size_t i = 0; i < USERS_MOST && path != NULL; i++) {
        const char *user = NULL;
        const struct answer row = row_answer(json_array_get(rows, i), &arena);
        if (row.body == NULL || pick_text(&row, path, &arena, &user) != OK) {
            break;
        }
        const char *may = level == NULL ? NULL : level(&row, "row", &arena);
        vms_add_user(&list, user, may == NULL ? "user" : may);
        arena_wipe(&arena);
    }
    if (list.len != 0) {
        facts_set_text(facts, FACT_USERS_LIST, list.data, &config);
    }
    arena_release(&arena);
    buf_release(&list);
    json_decref(json);
}

void
vms_set_known(struct facts *facts, enum fact_id fact, bool yes, const char *words,
    const struct source *source)
{
    int64_t at = source->evidence == NULL ? 0 : source->evidence->at;
    const struct source known = {
        .witness = WITNESS_CONFIG,
        .confidence = KNOWN_CONFIDENCE,
        .evidence = evidence_new(facts->arena, "documentation of the product", words, at),
    };
    if (facts_get(facts, fact) == NULL) {
        facts_set_bool(facts, fact, yes, &known);
    }
}

void
vms_read_streams(const struct answer *answer, struct facts *facts, const struct source *source)
{
    struct buf names;
    const char *name = NULL;
    json_t *row = NULL;
    size_t count = 0;
    json_t *json = json_loadb(answer->body, answer->body_len, JSON_REJECT_DUPLICATES, NULL);
    buf_init(&names, 256);
    json_object_foreach(json, name, row)
    {
        if (count < STREAMS_MOST && json_object_get(row, "producers") != NULL &&
            strspn(name, VMS_NAME_LETTERS) == strlen(name)) {
            buf_format(&names, "%s%s", count++ == 0 ? "" : ", ", name);
        }
    }
    if (count != 0 && buf_error(&names) == OK) {
        facts_set_text(facts, FACT_VMS_STREAMS, names.data, source);
    }
    buf_release(&names);
    json_decref(json);
}

void
vms_read_go2rtc(const struct answer *answer, struct facts *facts, const struct source *source)
{
    const char *text = NULL;
    const char *address = vms_address(facts->arena, source);
    struct source surer = *source;
    if (address == NULL) {
        return;
    }
    if (pick_text(answer, "config_path", facts->arena, &text) == OK &&
        pick_text(answer, "rtsp.listen", facts->arena, &text) == OK) {
        facts_set_text(facts, FACT_VMS_RESTREAM, address, source);
        return;
    }
    vms_read_streams(answer, facts, source);
    if (facts_get(facts, FACT_VMS_STREAMS) == NULL ||
        pick_text(answer, "~\"(?:rtsps?|https?)://[^/\"@:\\s]+:[^/\"@\\s*]+@", facts->arena,
            &text) != OK) {
        return;
    }
    surer.confidence++;
    surer.evidence = evidence_new(facts->arena, source->evidence->asked,
        "addresses of cameras with user and password", answer->at);
    facts_set_text(facts, FACT_VMS_RESTREAM,
        arena_format(facts->arena, "%s, and shows the passwords of cameras", address), &surer);
}
