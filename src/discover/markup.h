/*
 * XML from strangers: libxml2 without network, entities or DTD. Elements are found by their local
 * name, because devices use prefixes as they like.
 */
#pragma once

#include "base/err.h"

#include <libxml/tree.h>

#define MARKUP_DATAGRAM ((size_t)64 * 1024)
#define MARKUP_BODY     ((size_t)256 * 1024)

/*
 * Reads a document of at most max bytes; bytes that are not UTF-8 become '?'. ERR_LIMIT when
 * longer, ERR_SYNTAX when not well-formed or when it has a document type.
 */
enum err markup_parse(const void *bytes, size_t len, size_t max, xmlDoc **ret_doc) MUST_CHECK;
void markup_free(xmlDoc **doc);

/* The first element of that name below from (or from itself) in document order; NULL for none. */
const xmlNode *markup_find(const xmlNode *from, const char *name);
/* The next element in document order inside root, after the insides of node; NULL at the end. */
const xmlNode *markup_after(const xmlNode *root, const xmlNode *node, const char *name);
/* The trimmed text of the first element of that name below from; "" and false when there is none.
 */
bool markup_text(const xmlNode *from, const char *name, char *out, size_t size);
