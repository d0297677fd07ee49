/*
 * How easily a password is guessed: zxcvbn's estimate (Wheeler, USENIX Security 2016), with words
 * that somebody who knows the place would try first. The words that say why tell nothing of the
 * password itself.
 */
#pragma once

#include "base/secret.h"

/*
 * Below 10^8 guesses: what zxcvbn calls 0 to 2 of 4. A camera that answers ten log-ins a second
 * holds out for less than four months.
 */
#define STRENGTH_GUESSES 1e8
#define STRENGTH_WORDS   64
#define STRENGTH_SHORT   8 /* NIST SP 800-63B 5.1.1.1: eight characters at least */

/* Words that are bad in a password of this place: lower case, at least three characters. */
struct strength_words {
    char text[STRENGTH_WORDS][32];
    size_t count;
};

/* Adds a text and its parts (letters and digits in a row); what does not fit is left out. */
void strength_add(struct strength_words *words, const char *text);

/* NULL when it is strong enough; else why not: "it is short", "it is a common word", … */
const char *strength_trouble(const struct secret *secret, const struct strength_words *words);
