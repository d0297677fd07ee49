/* What single words of a product's name mean. */
#pragma once

#include <stdbool.h>

/* "camera", "series": what kind of thing it is, not which one. */
bool product_words_noise(const char *word);
/* "some", "such as": the list is not the whole story. */
bool product_words_vague(const char *text);
/* "n/a", "*", "". */
bool product_words_nothing(const char *text);
/* Letters and digits together, or a wildcard: DS-76xxNI, C100, NVR4XXX. */
bool product_words_model(const char *word);
