/* Collects what an answer says and turns it into a sighting with evidence. */
#include "discover/heard.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Answers that may add to one sighting: a device that repeats itself for ever adds nothing more. */
#define ANSWERS_MAX 32

void
heard_init(struct heard *heard)
{
    heard->count = 0;
    heard->used = 0;
    heard->states = (struct ip){0};
    heard->mac = (struct mac){{0}};
}

static const char *
pool_copy(struct heard *heard, const char *text)
{
    size_t len = strlen(text) + 1;
    if (len > sizeof(heard->pool) - heard->used) {
        return NULL;
    }
    char *copy = heard->pool + heard->used;
    memcpy(copy, text, len);
    heard->used += len;
    return copy;
}

void
heard_text(
    struct heard *heard, enum fact_id id, uint8_t confidence, const char *field, const char *text)
{
    if (text_is_empty(text) || heard->count == HEARD_ROWS) {
        return;
    }
    const char *copy = pool_copy(heard, text);
    if (copy != NULL) {
        heard->rows[heard->count++] =
            (struct heard_row){.id = id, .confidence = confidence, .field = field, .text = copy};
    }
}

void
heard_bool(struct heard *heard, enum fact_id id, uint8_t confidence, const char *field, bool yes)
{
    if (heard->count < HEARD_ROWS) {
        heard->rows[heard->count++] =
            (struct heard_row){.id = id, .confidence = confidence, .field = field, .yes = yes};
    }
}

void
heard_quote(struct heard *heard, const char *quote)
{
    if (heard->count != 0) {
        heard->rows[heard->count - 1].quote = pool_copy(heard, quote);
    }
}

const char *
heard_get(const struct heard *heard, enum fact_id id)
{
    for (size_t i = 0; i < heard->count; i++) {
        if (heard->rows[i].id == id) {
            return heard->rows[i].text;
        }
    }
    return NULL;
}

static void
set_fact(struct facts *facts, const struct heard_row *row, const char *asked)
{
    char answer[512];
    const char *said = row->quote != NULL ? row->quote : row->text;
    if (said == NULL) {
        said = row->yes ? "true" : "false";
    }
    (void)snprintf(answer, sizeof(answer), "%s: %s", row->field, said);
    struct source source = {
        .witness = WITNESS_WIRE,
        .confidence = row->confidence,
        .evidence = evidence_new(facts->arena, asked, answer, clock_wall()),
    };
    if (row->text != NULL) {
        facts_set_text(facts, row->id, row->text, &source);
    } else {
        facts_set_bool(facts, row->id, row->yes, &source);
    }
}

struct sighting *
heard_record(struct discovery *discovery, const struct heard_from *from, const struct heard *heard)
{
    struct sighting *sighting = discovery_find(discovery, from->method, &from->ip, &heard->mac);
    if (sighting == NULL) {
        sighting = discovery_sight(discovery, from->method, &from->ip);
    }
    if (sighting == NULL || sighting->answers == ANSWERS_MAX) {
        return sighting;
    }
    sighting->answers++;
    if (mac_is_zero(&sighting->mac)) {
        sighting->mac = heard->mac;
    }
    if (sighting->states.family == 0) {
        sighting->states = heard->states;
    }
    for (size_t i = 0; i < heard->count; i++) {
        set_fact(&sighting->facts, &heard->rows[i], from->asked);
    }
    return sighting;
}
