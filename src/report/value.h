/* JSON values of facts and findings, for the formats that are JSON. */
#pragma once

#include "fact/fact.h"

#include <jansson.h>

/* null for NULL; text that is not UTF-8 is cleaned first. */
json_t *value_text(const char *text);
/* Cut at the largest number that JSON readers agree on. */
json_t *value_number(uint64_t number);
/* A member's text; "" when there is none, or it is no text. */
const char *value_get_text(const json_t *object, const char *name);
/* Takes the value; a failed one leaves the member out, and the object is no longer whole. */
void value_put(json_t *object, const char *name, json_t *value);
/* The same, but an unknown text (NULL or empty) is no member. */
void value_put_known(json_t *object, const char *name, const char *text);
