/* Recog XML to rows, with libxml2: no network, no document type, no entities. */
#include "catalog/fingerprint_xml.h"

#include "base/file.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PREFERENCE 0.10
#define EXAMPLE_LIMIT      ((size_t)1024 * 1024)
#define POS_LIMIT          99

struct parse {
    const struct fingerprint_xml_source *source;
    struct arena *arena;
    struct note *note;
};

static enum err
fail(const struct parse *parse, const xmlNode *node, enum err err, const char *what)
{
    note_set(parse->note, "%s:%ld: %s", parse->source->path, xmlGetLineNo(node), what);
    return err;
}

static const char *
attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        if (text_equal((const char *)a->name, name)) {
            /* Without entities an attribute is one text node, or none when it is empty. */
            return a->children == NULL ? "" : (const char *)a->children->content;
        }
    }
    return NULL;
}

static const char *
kept_attribute(const struct parse *parse, const xmlNode *node, const char *name)
{
    return arena_copy(parse->arena, attribute(node, name));
}

static bool
is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && text_equal((const char *)node->name, name);
}

/* The text of an element, CDATA included; comments are not text. */
static void
content(const xmlNode *element, struct buf *buf)
{
    for (const xmlNode *child = element->children; child != NULL; child = child->next) {
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) {
            buf_text(buf, (const char *)child->content);
        }
    }
}

static enum err
read_fraction(const char *text, double otherwise, double *ret_value)
{
    if (text == NULL) {
        *ret_value = otherwise;
        return OK;
    }
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0.0 && value <= 1.0)) {
        return ERR_VALUE;
    }
    *ret_value = value;
    return OK;
}

static enum err
read_flags(const char *text, unsigned *ret_flags)
{
    static const struct {
        const char *name;
        unsigned flags;
    } rows[] = {
        {"REG_ICASE",         FINGERPRINT_ICASE      },
        {"REG_DOT_NEWLINE",   FINGERPRINT_DOT_NEWLINE},
        {"REG_MULTILINE",     FINGERPRINT_DOT_NEWLINE},
        {"REG_LINE_ANY_CRLF", FINGERPRINT_DOT_NEWLINE},
    };
    unsigned flags = 0;
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ", |");
        size_t i = 0;
        while (i < COUNT(rows) &&
               !(strlen(rows[i].name) == len && memcmp(rows[i].name, text, len) == 0)) {
            i++;
        }
        if (len != 0 && i == COUNT(rows)) {
            return ERR_VALUE;
        }
        flags |= len == 0 ? 0 : rows[i].flags;
        text += len;
        text += strspn(text, ", |");
    }
    *ret_flags = flags;
    return OK;
}

static enum err
read_param(const struct parse *parse, const xmlNode *node, struct fingerprint_param *ret_param)
{
    const char *name = attribute(node, "name");
    const char *value = attribute(node, "value");
    uint64_t pos = 0;
    if (text_is_empty(name)) {
        return fail(parse, node, ERR_VALUE, "a param needs a name");
    }
    if (text_to_u64(attribute(node, "pos"), POS_LIMIT, &pos) != OK) {
        return fail(parse, node, ERR_VALUE, "pos must be a number from 0 to 99");
    }
    /* Recog itself has a captured param with an empty value. */
    value = pos != 0 && text_is_empty(value) ? NULL : value;
    if ((pos == 0) != (value != NULL)) {
        return fail(parse, node, ERR_VALUE, "a param has a value when its pos is 0, and only then");
    }
    ret_param->pos = (unsigned)pos;
    ret_param->name = arena_copy(parse->arena, name);
    ret_param->value = arena_copy(parse->arena, value);
    return parse->arena->full ? ERR_MEMORY : OK;
}

/* Example files lie in a folder beside the XML file that has its name without ".xml". */
static enum err
read_example_file(const struct parse *parse, const char *name, struct buf *buf)
{
    if (name[0] == '/' || text_contains(name, "..")) {
        return ERR_VALUE;
    }
    const char *path = parse->source->path;
    size_t len = strlen(path);
    if (text_ends(path, ".xml")) {
        len -= strlen(".xml");
    }
    CLEANUP(buf_release) struct buf full;
    buf_init(&full, 4096);
    buf_add(&full, path, len);
    buf_format(&full, "/%s", name);
    enum err err = buf_error(&full);
    return err == OK ? file_read(full.data, buf, NULL) : err;
}

static enum err
decode_base64(struct buf *buf)
{
    size_t len = 0;
    /* In place: what comes out is shorter than what went in. */
    if (sodium_base642bin((unsigned char *)buf->data, buf->len, buf->data, buf->len, " \t\r\n",
            &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        return ERR_SYNTAX;
    }
    buf->len = len;
    return OK;
}

static enum err
read_expected(
    const struct parse *parse, const xmlNode *node, struct fingerprint_example *ret_example)
{
    size_t count = 0;
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        count++;
    }
    struct fingerprint_value *expected = arena_alloc(parse->arena, count * sizeof(*expected));
    count = 0;
    for (const xmlAttr *a = node->properties; a != NULL && expected != NULL; a = a->next) {
        /* Names that begin with _ say how the example is written. */
        if (a->name[0] != '_') {
            const char *name = (const char *)a->name;
            expected[count].name = arena_copy(parse->arena, name);
            expected[count].value = kept_attribute(parse, node, name);
            count++;
        }
    }
    ret_example->expected = expected;
    ret_example->expected_count = count;
    return parse->arena->full ? ERR_MEMORY : OK;
}

static enum err
read_example(
    const struct parse *parse, const xmlNode *node, struct fingerprint_example *ret_example)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, EXAMPLE_LIMIT);
    const char *file = attribute(node, "_filename");
    const char *encoding = attribute(node, "_encoding");
    if (file == NULL) {
        content(node, &text);
    } else if (read_example_file(parse, file, &text) != OK) {
        return fail(parse, node, ERR_MISSING, "the example's file cannot be read");
    }
    if (encoding != NULL && (!text_equal(encoding, "base64") || decode_base64(&text) != OK)) {
        return fail(parse, node, ERR_SYNTAX, "an encoded example must be valid base64");
    }
    ret_example->line = (unsigned)xmlGetLineNo(node);
    ret_example->text.len = text.len;
    ret_example->text.bytes = arena_copy_n(parse->arena, text.data, text.len);
    enum err err = buf_error(&text);
    return err == OK ? read_expected(parse, node, ret_example) : err;
}

static enum err
read_description(const struct parse *parse, const xmlNode *node, struct fingerprint_row *row)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 1024);
    content(node, &text);
    row->description = arena_copy(parse->arena, text_trim(text.data));
    return text.failed ? fail(parse, node, ERR_LIMIT, "a description has 1024 bytes at most") : OK;
}

static size_t
count_children(const xmlNode *node, const char *name)
{
    size_t count = 0;
    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        count += is_element(child, name) ? 1 : 0;
    }
    return count;
}

static enum err
read_children(const struct parse *parse, const xmlNode *node, struct fingerprint_row *row)
{
    bool with_examples = parse->source->with_examples;
    size_t example_count = with_examples ? count_children(node, "example") : 0;
    struct fingerprint_param *params =
        arena_alloc(parse->arena, count_children(node, "param") * sizeof(*params));
    struct fingerprint_example *examples =
        arena_alloc(parse->arena, example_count * sizeof(*examples));
    if (params == NULL || examples == NULL) {
        return ERR_MEMORY;
    }
    row->params = params;
    row->examples = examples;
    enum err err = OK;
    for (const xmlNode *child = node->children; child != NULL && err == OK; child = child->next) {
        if (is_element(child, "param")) {
            err = read_param(parse, child, &params[row->param_count++]);
        } else if (is_element(child, "description")) {
            err = read_description(parse, child, row);
        } else if (is_element(child, "example")) {
            err = with_examples ? read_example(parse, child, &examples[row->example_count++]) : OK;
        } else if (child->type == XML_ELEMENT_NODE) {
            err = fail(parse, child, ERR_SYNTAX, "expected description, example or param");
        }
    }
    return err;
}

static enum err
read_row(const struct parse *parse, const xmlNode *node, struct fingerprint_row *row)
{
    const char *pattern = attribute(node, "pattern");
    row->line = (unsigned)xmlGetLineNo(node);
    row->description = "";
    if (pattern == NULL || strlen(pattern) > FINGERPRINT_PATTERN_LIMIT) {
        return fail(parse, node, ERR_VALUE, "a fingerprint needs a pattern of 4096 bytes at most");
    }
    if (read_flags(attribute(node, "flags"), &row->flags) != OK) {
        return fail(parse, node, ERR_VALUE, "unknown flag");
    }
    if (read_fraction(attribute(node, "certainty"), FINGERPRINT_CERTAINTY, &row->certainty) != OK) {
        return fail(parse, node, ERR_VALUE, "certainty must be a number from 0 to 1");
    }
    row->pattern = arena_copy(parse->arena, pattern);
    enum err err = read_children(parse, node, row);
    return err == OK && parse->arena->full ? ERR_MEMORY : err;
}

/* The file's name without folder and ".xml", as Recog does for a file without `matches`. */
static const char *
key_from_path(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t len = strlen(name);
    return arena_copy_n(arena, name, text_ends(name, ".xml") ? len - strlen(".xml") : len);
}

static enum err
read_root(const struct parse *parse, const xmlNode *root, struct fingerprint_file *ret_file)
{
    if (!is_element(root, "fingerprints")) {
        return fail(parse, root, ERR_SYNTAX, "expected the element fingerprints");
    }
    struct fingerprint_file file = {.path = arena_copy(parse->arena, parse->source->path)};
    file.key = kept_attribute(parse, root, "matches");
    if (text_is_empty(file.key)) {
        file.key = key_from_path(parse->arena, parse->source->path);
    }
    file.protocol = kept_attribute(parse, root, "protocol");
    if (read_fraction(attribute(root, "preference"), DEFAULT_PREFERENCE, &file.preference) != OK) {
        return fail(parse, root, ERR_VALUE, "preference must be a number from 0 to 1");
    }
    struct fingerprint_row *rows =
        arena_alloc(parse->arena, count_children(root, "fingerprint") * sizeof(*rows));
    if (rows == NULL) {
        return ERR_MEMORY;
    }
    enum err err = OK;
    for (const xmlNode *child = root->children; child != NULL && err == OK; child = child->next) {
        if (is_element(child, "fingerprint")) {
            err = read_row(parse, child, &rows[file.row_count++]);
        } else if (child->type == XML_ELEMENT_NODE) {
            err = fail(parse, child, ERR_SYNTAX, "expected the element fingerprint");
        }
    }
    if (err == OK) {
        file.rows = rows;
        *ret_file = file;
    }
    return err;
}

/* A document type is where entities come from; the format has none, so parsing ends there. */
static void
refuse_document_type(
    void *context, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
    (void)name;
    (void)external_id;
    (void)system_id;
    xmlParserCtxt *parser = context;
    *(bool *)parser->_private = true;
    xmlStopParser(parser);
}

static void
release_parser(xmlParserCtxt **parser)
{
    if (*parser != NULL) {
        xmlFreeParserCtxt(*parser);
    }
}

static void
release_document(xmlDoc **document)
{
    xmlFreeDoc(*document);
}

static enum err
note_syntax(const struct fingerprint_xml_source *source, xmlParserCtxt *parser, struct note *note)
{
    const xmlError *error = xmlCtxtGetLastError(parser);
    char words[160] = "not XML";
    int line = 1;
    if (error != NULL && error->message != NULL) {
        text_clean(words, sizeof(words), error->message, strcspn(error->message, "\r\n"));
        line = error->line;
    }
    note_set(note, "%s:%d: %s", source->path, line, words);
    return ERR_SYNTAX;
}

enum err
fingerprint_xml_parse(const struct fingerprint_xml_source *source, struct arena *arena,
    struct fingerprint_file *ret_file, struct note *note)
{
    if (source->len > FINGERPRINT_FILE_LIMIT) {
        note_set(note, "%s: larger than %zu bytes", source->path, FINGERPRINT_FILE_LIMIT);
        return ERR_LIMIT;
    }
    CLEANUP(release_parser) xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL) {
        return ERR_MEMORY;
    }
    bool has_document_type = false;
    parser->_private = &has_document_type;
    parser->sax->internalSubset = refuse_document_type;
    CLEANUP(release_document)
    xmlDoc *document = xmlCtxtReadMemory(parser, source->bytes, (int)source->len, NULL, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES);
    if (has_document_type) {
        note_set(note, "%s: a document type is not allowed", source->path);
        return ERR_SYNTAX;
    }
    if (document == NULL) {
        return note_syntax(source, parser, note);
    }
    const struct parse parse = {source, arena, note};
    enum err err = read_root(&parse, xmlDocGetRootElement(document), ret_file);
    return err == OK && arena->full ? ERR_MEMORY : err;
}

enum err
fingerprint_xml_read(const char *path, bool with_examples, struct arena *arena,
    struct fingerprint_file *ret_file, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, FINGERPRINT_FILE_LIMIT);
    enum err err = file_read(path, &bytes, note);
    if (err != OK) {
        return err;
    }
    const struct fingerprint_xml_source source = {path, bytes.data, bytes.len, with_examples};
    return fingerprint_xml_parse(&source, arena, ret_file, note);
}
