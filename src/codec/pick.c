/* One value out of XML, JSON, key=value lines, a header, or anything by regular expression. */
#include "codec/pick.h"

#include "base/buf.h"
#include "base/reader.h"
#include "base/text.h"
#include "codec/mend.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define XML_DEPTH     64
#define NAME_MAX_LEN  128
#define REGEX_SUBJECT ((size_t)256 * 1024)
#define MATCH_LIMIT   10000
#define DEPTH_LIMIT   200
#define HEAP_LIMIT    1024 /* KiB */

/* A copy without blanks around it; a zero byte ends it, as it would for every later reader. */
static enum err
keep(struct arena *arena, const char *bytes, size_t len, const char **ret_text)
{
    const char *zero = memchr(bytes, '\0', len);
    len = zero == NULL ? len : (size_t)(zero - bytes);
    while (len != 0 && strchr(" \t\r\n", bytes[0]) != NULL) {
        bytes++;
        len--;
    }
    while (len != 0 && strchr(" \t\r\n", bytes[len - 1]) != NULL) {
        len--;
    }
    if (len == 0) {
        return ERR_MISSING;
    }
    if (len > PICK_VALUE) {
        return ERR_LIMIT;
    }
    const char *copy = arena_copy_n(arena, bytes, len);
    if (copy == NULL) {
        return ERR_LIMIT;
    }
    *ret_text = copy;
    return OK;
}

/* Past a byte order mark and blanks. */
static void
skip_blanks(const char **body, size_t *len)
{
    if (*len >= 3 && memcmp(*body, "\xef\xbb\xbf", 3) == 0) {
        *body += 3;
        *len -= 3;
    }
    while (*len != 0 && strchr(" \t\r\n", **body) != NULL && **body != '\0') {
        (*body)++;
        (*len)--;
    }
}

static void
release_doc(xmlDoc **doc)
{
    xmlFreeDoc(*doc);
}

static void
release_context(xmlParserCtxt **context)
{
    xmlFreeParserCtxt(*context);
}

/* Without its prefix: where a device forgot to declare one, the parser leaves it in the name. */
static const char *
local_name(const xmlNode *node)
{
    const char *name = (const char *)node->name;
    const char *colon = node->ns == NULL ? strchr(name, ':') : NULL;
    return colon == NULL ? name : colon + 1;
}

static bool
is_named(const xmlNode *node, const char *name, size_t len)
{
    return node->type == XML_ELEMENT_NODE && strlen(local_name(node)) == len &&
           text_starts_nocase(name, local_name(node));
}

static const xmlNode *
child_named(const xmlNode *parent, const char *name, size_t len)
{
    const xmlNode *node = parent->children;
    while (node != NULL && !is_named(node, name, len)) {
        node = node->next;
    }
    return node;
}

/* The element at the path that begins at node, or NULL. */
static const xmlNode *
follow(const xmlNode *node, const char *path)
{
    size_t len = strcspn(path, "/");
    if (!is_named(node, path, len)) {
        return NULL;
    }
    while (node != NULL && path[len] == '/') {
        path += len + 1;
        len = strcspn(path, "/");
        node = child_named(node, path, len);
    }
    return node;
}

/* The next element in document order, no deeper than the limit; NULL at the end. */
static const xmlNode *
next_element(const xmlNode *node, unsigned *depth)
{
    const xmlNode *next =
        node->type == XML_ELEMENT_NODE && *depth < XML_DEPTH ? node->children : NULL;
    if (next != NULL) {
        (*depth)++;
        return next;
    }
    while (node != NULL && node->next == NULL) {
        node = node->parent;
        if (node == NULL || node->type != XML_ELEMENT_NODE) {
            return NULL;
        }
        (*depth)--;
    }
    return node == NULL ? NULL : node->next;
}

/* An element with children of its own has no value. */
static enum err
element_text(const xmlNode *node, struct arena *arena, const char **ret_text)
{
    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) {
            const char *text = (const char *)child->content;
            if (text != NULL && keep(arena, text, strlen(text), ret_text) == OK) {
                return OK;
            }
        }
    }
    return ERR_MISSING;
}

static void
release_buf(struct buf *buf)
{
    buf_release(buf);
}

/* ret_doc is freed by the caller. */
static enum err
parse_xml(const char *body, size_t len, xmlDoc **ret_doc)
{
    CLEANUP(release_context) xmlParserCtxt *context = xmlNewParserCtxt();
    if (context == NULL) {
        return ERR_MEMORY;
    }
    xmlDoc *doc = xmlCtxtReadMemory(context, body, (int)len, NULL, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    /* Another encoding could have hidden the DOCTYPE from the look of the caller. */
    if (doc == NULL || doc->intSubset != NULL || doc->extSubset != NULL) {
        xmlFreeDoc(doc);
        return ERR_SYNTAX;
    }
    *ret_doc = doc;
    return OK;
}

/*
 * Some devices send the zero byte that ends their text along, or a name in an encoding other than
 * the declared one. ret_doc is freed by the caller.
 */
static enum err
read_xml(const char *body, size_t len, xmlDoc **ret_doc)
{
    while (len != 0 && body[len - 1] == '\0') {
        len--;
    }
    if (text_find_nocase(body, len, "<!DOCTYPE") != NULL || memchr(body, '\0', len) != NULL) {
        return ERR_SYNTAX;
    }
    enum err err = parse_xml(body, len, ret_doc);
    if (err != ERR_SYNTAX) {
        return err;
    }
    CLEANUP(release_buf) struct buf mended;
    buf_init(&mended, 2 * ANSWER_BODY);
    mend_xml(body, len, &mended);
    bool same = mended.len == len && memcmp(mended.data, body, len) == 0;
    return same || buf_error(&mended) != OK ? ERR_SYNTAX
                                            : parse_xml(mended.data, mended.len, ret_doc);
}

static enum err
pick_xml(const char *body, size_t len, const char *pick, struct arena *arena, const char **ret_text)
{
    CLEANUP(release_doc) xmlDoc *doc = NULL;
    enum err err = read_xml(body, len, &doc);
    if (err != OK) {
        return err;
    }
    const xmlNode *node = xmlDocGetRootElement(doc);
    unsigned depth = 0;
    for (; node != NULL; node = next_element(node, &depth)) {
        const xmlNode *found = follow(node, pick);
        if (found != NULL && element_text(found, arena, ret_text) == OK) {
            return OK;
        }
    }
    return ERR_MISSING;
}

/* The child at the path below node, or NULL. */
static const xmlNode *
descend(const xmlNode *node, const char *path)
{
    const xmlNode *child = child_named(node, path, strcspn(path, "/"));
    return child == NULL ? NULL : follow(child, path);
}

/* The document of an answer that is XML. */
static enum err
read_answer(const struct answer *answer, xmlDoc **ret_doc)
{
    const char *body = answer->body;
    size_t len = answer->body_len;
    if (body == NULL || len > ANSWER_BODY) {
        return body == NULL ? ERR_MISSING : ERR_LIMIT;
    }
    skip_blanks(&body, &len);
    return len == 0 || *body != '<' ? ERR_SYNTAX : read_xml(body, len, ret_doc);
}

enum err
pick_row(const struct answer *answer, const struct pick_row *row, size_t n, struct arena *arena,
    const char **ret_texts)
{
    CLEANUP(release_doc) xmlDoc *doc = NULL;
    unsigned depth = 0;
    enum err err = read_answer(answer, &doc);
    if (err != OK) {
        return err;
    }
    const xmlNode *node = xmlDocGetRootElement(doc);
    while (node != NULL && (!is_named(node, row->element, strlen(row->element)) || n-- != 0)) {
        node = next_element(node, &depth);
    }
    for (size_t i = 0; node != NULL && i < row->count; i++) {
        const xmlNode *child = descend(node, row->children[i]);
        if (child == NULL || element_text(child, arena, &ret_texts[i]) != OK) {
            ret_texts[i] = "";
        }
    }
    return node == NULL ? ERR_MISSING : OK;
}

static void
release_json(json_t **json)
{
    json_decref(*json);
}

/* Firmwares of one vendor spell a key in several ways ("Enable", "enable"). */
static json_t *
member_nocase(json_t *json, const char *key)
{
    void *item = json_object_iter(json);
    while (item != NULL && !text_equal_nocase(json_object_iter_key(item), key)) {
        item = json_object_iter_next(json, item);
    }
    return item == NULL ? NULL : json_object_iter_value(item);
}

/* One step of a JSON path; moves the path on. */
static json_t *
json_step(json_t *json, const char **path)
{
    const char *at = *path;
    char key[NAME_MAX_LEN];
    if (text_starts(at, "[\"")) {
        size_t quoted = strcspn(at + 2, "\"");
        if (quoted >= sizeof(key) || !text_starts(at + 2 + quoted, "\"]")) {
            return NULL;
        }
        memcpy(key, at + 2, quoted);
        key[quoted] = '\0';
        *path = at + quoted + 4;
        return json_object_get(json, key);
    }
    if (*at == '[') {
        size_t digits = strspn(at + 1, "0123456789");
        if (digits == 0 || digits > 6 || at[digits + 1] != ']') {
            return NULL;
        }
        *path = at + digits + 2;
        return json_array_get(json, (size_t)strtoul(at + 1, NULL, 10));
    }
    at += *at == '.' ? 1 : 0;
    size_t len = strcspn(at, ".[");
    if (len == 0 || len >= sizeof(key)) {
        return NULL;
    }
    memcpy(key, at, len);
    key[len] = '\0';
    *path = at + len;
    json_t *value = json_object_get(json, key);
    return value != NULL ? value : member_nocase(json, key);
}

static enum err
pick_json(
    const char *body, size_t len, const char *pick, struct arena *arena, const char **ret_text)
{
    CLEANUP(release_json)
    json_t *root = json_loadb(body, len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    if (root == NULL) {
        return ERR_SYNTAX;
    }
    json_t *json = root;
    while (json != NULL && *pick != '\0') {
        json = json_step(json, &pick);
    }
    if (json_is_string(json)) {
        return keep(arena, json_string_value(json), strlen(json_string_value(json)), ret_text);
    }
    if (json_is_boolean(json)) {
        const char *word = json_is_true(json) ? "true" : "false";
        return keep(arena, word, strlen(word), ret_text);
    }
    if (!json_is_number(json)) {
        return ERR_MISSING;
    }
    const char *number = json_is_integer(json) ? arena_format(arena, "%" JSON_INTEGER_FORMAT,
                                                     json_integer_value(json))
                                               : arena_format(arena, "%g", json_real_value(json));
    if (number == NULL) {
        return ERR_LIMIT;
    }
    *ret_text = number;
    return OK;
}

/* The value when the line is "key = value", perhaps without the key's first word. */
static bool
is_line_of(const char *line, size_t len, const char *key, const char **ret_value)
{
    while (len != 0 && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    const char *equals = memchr(line, '=', len);
    if (equals == NULL) {
        return false;
    }
    size_t key_len = (size_t)(equals - line);
    while (key_len != 0 && line[key_len - 1] == ' ') {
        key_len--;
    }
    const char *bare = key;
    if (text_starts(key, "root.") || text_starts(key, "table.")) {
        bare = strchr(key, '.') + 1;
    }
    bool same = (strlen(key) == key_len && text_starts_nocase(line, key)) ||
                (strlen(bare) == key_len && text_starts_nocase(line, bare));
    *ret_value = equals + 1;
    return same;
}

enum err
pick_line(const char *body, size_t len, const char *key, const char **ret_value, size_t *ret_len)
{
    struct reader reader;
    const char *line = NULL;
    size_t line_len = 0;
    reader_init(&reader, body, len);
    while (reader_line(&reader, &line, &line_len)) {
        const char *value = NULL;
        if (!is_line_of(line, line_len, key, &value)) {
            continue;
        }
        size_t value_len = line_len - (size_t)(value - line);
        bool quoted = value_len >= 2 && (value[0] == '\'' || value[0] == '"') &&
                      value[value_len - 1] == value[0];
        *ret_value = value + quoted;
        *ret_len = value_len - (quoted ? 2 : 0);
        return OK;
    }
    return ERR_MISSING;
}

static enum err
pick_value(
    const char *body, size_t len, const char *pick, struct arena *arena, const char **ret_text)
{
    const char *value = NULL;
    size_t value_len = 0;
    enum err err = pick_line(body, len, pick, &value, &value_len);
    return err == OK ? keep(arena, value, value_len, ret_text) : err;
}

static void
release_code(pcre2_code **code)
{
    pcre2_code_free(*code);
}

static void
release_match(pcre2_match_data **match)
{
    pcre2_match_data_free(*match);
}

static void
release_limits(pcre2_match_context **limits)
{
    pcre2_match_context_free(*limits);
}

enum err
pick_match(const char *body, size_t len, const char *regex, const char **ret_at, size_t *ret_len)
{
    int error = 0;
    PCRE2_SIZE where = 0;
    CLEANUP(release_code)
    pcre2_code *code = pcre2_compile(
        (PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, PCRE2_MULTILINE, &error, &where, NULL);
    if (code == NULL) {
        return ERR_VALUE;
    }
    CLEANUP(release_match)
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
    CLEANUP(release_limits) pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (match == NULL || limits == NULL) {
        return ERR_MEMORY;
    }
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT);
    size_t subject = len < REGEX_SUBJECT ? len : REGEX_SUBJECT;
    int count = pcre2_match(code, (PCRE2_SPTR)body, subject, 0, 0, match, limits);
    if (count < 0) {
        return count == PCRE2_ERROR_NOMATCH ? ERR_MISSING : ERR_LIMIT;
    }
    const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(match);
    size_t group = count > 1 ? 1 : 0;
    if (spans[2 * group] == PCRE2_UNSET || spans[2 * group] > spans[2 * group + 1]) {
        return ERR_MISSING;
    }
    *ret_at = body + spans[2 * group];
    *ret_len = spans[2 * group + 1] - spans[2 * group];
    return OK;
}

static enum err
pick_regex(
    const char *body, size_t len, const char *regex, struct arena *arena, const char **ret_text)
{
    const char *at = NULL;
    size_t found = 0;
    enum err err = pick_match(body, len, regex, &at, &found);
    return err == OK ? keep(arena, at, found, ret_text) : err;
}

static enum err
pick_header(
    const struct answer *answer, const char *pick, struct arena *arena, const char **ret_text)
{
    char name[NAME_MAX_LEN];
    char value[PICK_VALUE];
    size_t len = strcspn(pick, "~");
    if (len >= sizeof(name)) {
        return ERR_VALUE;
    }
    memcpy(name, pick, len);
    name[len] = '\0';
    if (!answer_header(answer, name, 0, value, sizeof(value))) {
        return ERR_MISSING;
    }
    return pick[len] == '~' ? pick_regex(value, strlen(value), pick + len + 1, arena, ret_text)
                            : keep(arena, value, strlen(value), ret_text);
}

enum err
pick_text(const struct answer *answer, const char *pick, struct arena *arena, const char **ret_text)
{
    if (pick[0] == '@') {
        return pick_header(answer, pick + 1, arena, ret_text);
    }
    const char *body = answer->body;
    size_t len = answer->body_len;
    if (body == NULL || len > ANSWER_BODY) {
        return body == NULL ? ERR_MISSING : ERR_LIMIT;
    }
    if (pick[0] == '~') {
        return pick_regex(body, len, pick + 1, arena, ret_text);
    }
    skip_blanks(&body, &len);
    if (len == 0) {
        return ERR_MISSING;
    }
    switch (*body) {
    case '<':
        return pick_xml(body, len, pick, arena, ret_text);
    case '{':
    case '[':
        return pick_json(body, len, pick, arena, ret_text);
    default:
        return pick_value(body, len, pick, arena, ret_text);
    }
}
