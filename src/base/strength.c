/* Rule of this file: what is said of a password holds for thousands of others too. */
#include "base/strength.h"

#include "base/text.h"

#include <math.h>
#include <string.h>
#include <zxcvbn.h>

#define JUDGED 64 /* characters: the time of the estimate grows fast with the length */

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_part(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

static void
add_word(struct strength_words *words, const char *start, size_t len)
{
    char word[sizeof(words->text[0])];
    if (len < 3 || len >= sizeof(word) || words->count == STRENGTH_WORDS) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        word[i] = lower(start[i]);
    }
    word[len] = '\0';
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->text[i], word) == 0) {
            return;
        }
    }
    memcpy(words->text[words->count++], word, len + 1);
}

void
strength_add(struct strength_words *words, const char *text)
{
    if (text == NULL) {
        return;
    }
    add_word(words, text, strlen(text));
    for (const char *start = text; *start != '\0';) {
        size_t len = 0;
        while (is_part(start[len])) {
            len++;
        }
        add_word(words, start, len);
        start += len == 0 ? 1 : len;
    }
}

/* The match that takes most of the password says why it is weak. */
static ZxcTypeMatch_t
main_type(const ZxcMatch_t *info)
{
    ZxcTypeMatch_t type = BRUTE_MATCH;
    int longest = 0;
    for (const ZxcMatch_t *match = info; match != NULL; match = match->Next) {
        if (match->Length > longest) {
            longest = match->Length;
            type = (ZxcTypeMatch_t)((unsigned)match->Type & ~(unsigned)MULTIPLE_MATCH);
        }
    }
    return type;
}

static const char *
type_words(ZxcTypeMatch_t type)
{
    static const struct {
        ZxcTypeMatch_t type;
        const char *words;
    } rows[] = {
        {DICTIONARY_MATCH, "it is made of common words or passwords"        },
        {DICT_LEET_MATCH,  "it is made of common words with swapped signs"  },
        {USER_MATCH,       "it is made of the names of its site or device"  },
        {USER_LEET_MATCH,  "it is made of the names of its site or device"  },
        {REPEATS_MATCH,    "it repeats itself"                              },
        {SEQUENCE_MATCH,   "it is a row of letters or digits in their order"},
        {SPATIAL_MATCH,    "it is a run of neighbours on the keyboard"      },
        {DATE_MATCH,       "it is made of a date"                           },
        {YEAR_MATCH,       "it is made of a date"                           },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].type == type) {
            return rows[i].words;
        }
    }
    return "it is short";
}

const char *
strength_trouble(const struct secret *secret, const struct strength_words *words)
{
    const char *list[STRENGTH_WORDS + 1] = {NULL};
    char judged[JUDGED + 1];
    ZxcMatch_t *info = NULL;
    if (secret_len(secret) < STRENGTH_SHORT) {
        return "it is short";
    }
    for (size_t i = 0; words != NULL && i < words->count; i++) {
        list[i] = words->text[i];
    }
    (void)text_copy(judged, sizeof(judged), secret_text(secret));
    double bits = ZxcvbnMatch(judged, list, &info);
    explicit_bzero(judged, sizeof(judged));
    const char *why = bits < log2(STRENGTH_GUESSES) ? type_words(main_type(info)) : NULL;
    ZxcvbnFreeInfo(info);
    return why;
}
