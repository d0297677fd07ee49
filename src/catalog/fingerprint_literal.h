/* The literal bytes that a pattern cannot match without: a cautious reader of PCRE syntax. */
#pragma once

#include "base/base.h"

#define FINGERPRINT_GRAM        4
#define FINGERPRINT_GRAM_CHOICE 32

/* How common each gram is, by fingerprint_literal_slot; the rarest piece is chosen. */
struct fingerprint_weights {
    uint16_t slots[4096];
};

/* One of these must occur in the text (ASCII case folded); none known when count is 0. */
struct fingerprint_choice {
    uint32_t grams[FINGERPRINT_GRAM_CHOICE];
    size_t count;
    unsigned weight;
};

/* Four bytes, ASCII letters in lower case. */
uint32_t fingerprint_literal_gram(const char *bytes);
size_t fingerprint_literal_slot(uint32_t gram);

/* What syntax is not understood gives an empty choice, never a wrong one. */
void fingerprint_literal_choose(const char *pattern, const struct fingerprint_weights *weights,
    struct fingerprint_choice *ret_choice);
