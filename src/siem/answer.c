/* Answers of Splunk's HTTP Event Collector and of Elasticsearch's _bulk. */
#include "siem/answer.h"

#include "base/text.h"

#include <jansson.h>
#include <string.h>

#define SHOWN 120

/* Splunk docs, "Troubleshoot HTTP Event Collector": codes that are about the data of a request. */
static const int of_records[] = {6, 12, 13, 15};
/*
 * Elasticsearch's errors that are about a document, not about the index or our rights
 * (server/src/main/java/org/elasticsearch/index/mapper). A record is set aside for no other.
 */
static const char *const of_documents[] = {
    "mapper_parsing_exception", "document_parsing_exception", "strict_dynamic_mapping_exception"};

static void
clean(char out[SHOWN + 1], const char *text)
{
    text_clean(out, SHOWN + 1, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

/* Of a status that is no success. */
static enum err
judge_status(long status, const struct buf *answer, struct note *note)
{
    char shown[SHOWN + 1];
    text_clean(shown, sizeof(shown), answer->data, answer->len);
    switch (status) {
    case 413:
        note_set(note, "it is too much for the receiver (status %ld): %s", status, shown);
        return ERR_VALUE;
    case 400:
    case 422:
        note_set(note, "the receiver refuses it with status %ld and does not say which record: %s",
            status, shown);
        return ERR_REFUSED;
    case 401:
    case 403:
        note_set(note, "the receiver refuses our token with status %ld: %s", status, shown);
        return ERR_REFUSED;
    case 404:
    case 405:
        note_set(note, "the receiver has nothing at this url (status %ld): %s", status, shown);
        return ERR_REFUSED;
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
        note_set(note, "the receiver is busy (status %ld)", status);
        return ERR_FULL;
    default:
        note_set(note, "the receiver answers with status %ld: %s", status, shown);
        return ERR_NETWORK;
    }
}

static enum err
judge_splunk(long status, const struct buf *answer, const json_t *json, struct note *note)
{
    char shown[SHOWN + 1];
    const json_t *code = json_object_get(json, "code");
    clean(shown, json_string_value(json_object_get(json, "text")));
    if (!json_is_integer(code)) {
        if (status / 100 != 2) {
            return judge_status(status, answer, note);
        }
        note_set(note, "the receiver answers with status %ld, but without Splunk's code", status);
        return ERR_NETWORK;
    }
    json_int_t number = json_integer_value(code);
    if (status / 100 == 2 && number == 0) {
        return OK;
    }
    if (status == 400 || status / 100 == 2) {
        note_set(note, "the receiver answers with status %ld and code %lld: %s", status,
            (long long)number, shown);
        for (size_t i = 0; i < COUNT(of_records); i++) {
            if (number == of_records[i]) {
                return ERR_VALUE;
            }
        }
        return number == 9 ? ERR_FULL : ERR_REFUSED;
    }
    return judge_status(status, answer, note);
}

static bool
is_of_document(json_int_t status, const char *type)
{
    bool is_one = status == 413;
    for (size_t i = 0; status == 400 && i < COUNT(of_documents); i++) {
        is_one = is_one || text_equal(type, of_documents[i]);
    }
    return is_one;
}

/* The one row that a "create" has; 409: it is there already, from a batch that came before. */
static enum err
judge_item(const json_t *item, struct note *note)
{
    char type[SHOWN + 1], reason[SHOWN + 1];
    const json_t *row = json_object_get(item, "create");
    const json_t *error = json_object_get(row, "error");
    json_int_t status = json_integer_value(json_object_get(row, "status"));
    if (status / 100 == 2 || status == 409) {
        return OK;
    }
    clean(type, json_string_value(json_object_get(error, "type")));
    clean(reason, json_string_value(json_object_get(error, "reason")));
    note_set(note, "the receiver refuses a record with status %lld: %s: %s", (long long)status,
        type, reason);
    return is_of_document(status, type)                                       ? ERR_VALUE
           : status == 400 || status == 401 || status == 403 || status == 404 ? ERR_REFUSED
           : status == 429 || status == 503                                   ? ERR_FULL
                                                                              : ERR_NETWORK;
}

/* The first that must be waited for or told; a record that is refused counts only when none is. */
static enum err
judge_bulk(const json_t *json, size_t count, struct note *note)
{
    size_t i = 0;
    const json_t *item = NULL;
    const json_t *items = json_object_get(json, "items");
    const json_t *errors = json_object_get(json, "errors");
    enum err worst = OK;
    if (json_is_false(errors)) {
        return OK;
    }
    if (!json_is_true(errors) || !json_is_array(items)) {
        note_set(note, "the receiver's answer is none of Elasticsearch's _bulk");
        return ERR_NETWORK;
    }
    if (json_array_size(items) != count) {
        note_set(note, "the receiver answers for %zu records, and got %zu", json_array_size(items),
            count);
        return ERR_NETWORK;
    }
    json_array_foreach(items, i, item)
    {
        struct note said = {""};
        enum err err = judge_item(item, &said);
        if (err != OK && (worst == OK || (worst == ERR_VALUE && err != ERR_VALUE))) {
            worst = err;
            note_set(note, "%s", said.text);
        }
    }
    return worst;
}

enum err
siem_answer_judge(
    bool is_elasticsearch, size_t count, long status, const struct buf *answer, struct note *note)
{
    json_t *json = json_loadb(answer->data, answer->len, 0, NULL);
    enum err err = !is_elasticsearch   ? judge_splunk(status, answer, json, note)
                   : status / 100 == 2 ? judge_bulk(json, count, note)
                                       : judge_status(status, answer, note);
    json_decref(json);
    return err;
}
