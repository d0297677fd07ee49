/* XML from strangers, bounded. */
#include "discover/markup.h"

#include "base/text.h"

#include <libxml/parser.h>

#include <stdlib.h>
#include <string.h>

enum err
markup_parse(const void *bytes, size_t len, size_t max, xmlDoc **ret_doc)
{
    const char *text = bytes;
    if (len > max) {
        return ERR_LIMIT;
    }
    /* Some devices send the rest of their buffer: NULs behind the last tag. */
    while (len != 0 && (text[len - 1] == '\0' || strchr(" \t\r\n", text[len - 1]) != NULL)) {
        len--;
    }
    if (len == 0 || text_find_nocase(text, len, "<!DOCTYPE") != NULL ||
        text_find_nocase(text, len, "<!ENTITY") != NULL) {
        return ERR_SYNTAX;
    }
    char *clean = malloc(len + 1);
    if (clean == NULL) {
        return ERR_MEMORY;
    }
    text_clean(clean, len + 1, text, len);
    /* The bytes are UTF-8 now, whatever the declaration says. */
    xmlDoc *doc = xmlReadMemory(clean, (int)strlen(clean), NULL, "UTF-8",
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    free(clean);
    if (doc == NULL) {
        return ERR_SYNTAX;
    }
    if (doc->intSubset != NULL || xmlDocGetRootElement(doc) == NULL) {
        markup_free(&doc);
        return ERR_SYNTAX;
    }
    *ret_doc = doc;
    return OK;
}

void
markup_free(xmlDoc **doc)
{
    xmlFreeDoc(*doc);
    *doc = NULL;
}

/* Document order without recursion; the parser limits the depth to 256. */
static const xmlNode *
next_node(const xmlNode *root, const xmlNode *node, bool inside)
{
    if (inside && node->type == XML_ELEMENT_NODE && node->children != NULL) {
        return node->children;
    }
    while (node != root && node->next == NULL) {
        node = node->parent;
    }
    return node == root ? NULL : node->next;
}

/* Where a device forgot to declare a prefix, the parser leaves it in the name. */
static bool
is_named(const xmlNode *node, const char *name)
{
    const char *whole = (const char *)node->name;
    const char *colon = node->ns == NULL ? strchr(whole, ':') : NULL;
    return strcmp(colon == NULL ? whole : colon + 1, name) == 0;
}

static const xmlNode *
search(const xmlNode *root, const xmlNode *node, const char *name)
{
    for (; node != NULL; node = next_node(root, node, true)) {
        if (node->type == XML_ELEMENT_NODE && is_named(node, name)) {
            return node;
        }
    }
    return NULL;
}

const xmlNode *
markup_find(const xmlNode *from, const char *name)
{
    return search(from, from, name);
}

const xmlNode *
markup_after(const xmlNode *root, const xmlNode *node, const char *name)
{
    return search(root, next_node(root, node, false), name);
}

bool
markup_text(const xmlNode *from, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    const xmlNode *node = markup_find(from, name);
    if (node == NULL) {
        return false;
    }
    xmlChar *content = xmlNodeGetContent(node);
    if (content == NULL) {
        return false;
    }
    bool fits = text_copy(out, size, text_trim((char *)content));
    xmlFree(content);
    return fits && out[0] != '\0';
}
