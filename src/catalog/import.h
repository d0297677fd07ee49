/*
 * Public records of flaws to rows of the catalogue (catalog.h): CVE JSON 5, NVD 2.0, CSAF 2.0 and
 * CISA KEV. Every record becomes rows or is refused with a reason. A range that can't be read
 * exactly becomes a row that only might match, with the record's own words beside it.
 */
#pragma once

#include "base/buf.h"
#include "catalog/product.h"
#include "catalog/range.h"

#include <jansson.h>

#define IMPORT_LIMIT  ((size_t)64 * 1024 * 1024) /* one document */
#define IMPORT_RULE   240
#define IMPORT_EFFECT 120

/* Told of each record: reason is NULL when it was imported. */
typedef void import_told_fn(void *context, const char *record, const char *reason);

struct import {
    struct buf lines; /* rows as lines of JSON */
    json_t *records;  /* "SOURCE ID" of what was imported, to replace older rows of it */
    size_t imported, refused, rows;
    import_told_fn *told; /* may be NULL */
    void *context;
    json_t *pending; /* the last row, to which models of the same range are added */
};

enum err import_init(struct import *import) MUST_CHECK;
void import_release(struct import *import);

/*
 * Reads one document of any known format, which may hold many records. ERR_SYNTAX or
 * ERR_UNSUPPORTED with a note when it is none of them; records inside are counted and told.
 */
enum err import_document(
    struct import *import, const char *bytes, size_t len, struct note *note) MUST_CHECK;
/* Ends the last row; lines are complete after it. */
enum err import_finish(struct import *import) MUST_CHECK;

/* What a format's file exports. */
struct import_format {
    const char *title;
    bool (*is_mine)(const json_t *document);
    void (*read)(struct import *import, const json_t *document);
};

#define IMPORT_FORMAT(name) extern const struct import_format import_##name;
#include "catalog/formats.def"
#undef IMPORT_FORMAT

/* For formats: one record being read. */
struct import_record {
    const char *id;     /* CVE number, or the advisory's own */
    const char *source; /* "CVE record", "NVD", "icsa-17-124-01" */
    const char *severity, *exploited;
    char effect[IMPORT_EFFECT];
    size_t rows;
};

/* One set of models and versions of a record. */
struct import_row {
    const char *part;  /* "cna", "adp NAME", "nvd", "csaf" */
    const char *rule;  /* the record's words */
    const char *fixed; /* NULL: not said */
    bool is_clear;
};

/* Adds a row; a record without rows is refused by import_end(). */
void import_add(struct import *import, struct import_record *record, const struct import_row *row,
    const struct product *product, const struct range *range);
/* A flaw that is exploited since that day. */
void import_exploited(struct import *import, const char *id, const char *day);
void import_end(struct import *import, const struct import_record *record, const char *why_none);
void import_refuse(struct import *import, const char *record, const char *reason);

/* A text member, "" when there is none or it is no text. */
const char *import_text(const json_t *object, const char *name);
/* Whether it is "CVE-", a year, "-" and 1 to 19 digits, and nothing more. */
bool import_is_cve(const char *id);
/* "critical", …, or NULL when the words are none of them. */
const char *import_severity(const char *words);
/* Adds a value or words of a version's place to the range; false when nothing was read from it. */
void import_words(struct range *range, const struct product *product, const char *text);
/*
 * Where a version's place holds lists of models, each with a date before which it is affected:
 * a row for each list, and true.
 */
bool import_segments(struct import *import, struct import_record *record,
    const struct import_row *row, const char *maker, const char *text);
/* The bounds of a sentence, each no more than "might be"; without an upper one it is open. */
void import_sentence(struct range *range, const char *words);
/* What a description alone says, all of it no more than "might be"; maker: when it names none. */
void import_description(
    struct import *import, struct import_record *record, const char *words, const char *maker);
/* -1: can't be read, 0: no bound, 1: a bound of that kind. */
int import_bound(const struct product *product, const char *text, enum prose_kind kind,
    struct prose_bound *ret_bound);
