/* Nearest words by edit distance (Damerau-Levenshtein, adjacent swaps count once). */
#include "base/suggest.h"

#include <string.h>
#include <strings.h>

#define WORD_LIMIT 40

static char
lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

static unsigned
smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

static unsigned
distance(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    unsigned cost[3][WORD_LIMIT + 1];
    for (size_t j = 0; j <= b_len; j++) {
        cost[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = cost[i % 3];
        const unsigned *above = cost[(i + 2) % 3];
        const unsigned *two_above = cost[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1));
            bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped && two_above[j - 2] + 1 < row[j]) {
                row[j] = two_above[j - 2] + 1;
            }
        }
    }
    return cost[a_len % 3][b_len];
}

const char *
suggest_nearest(const char *word, const char *const *words, size_t count)
{
    size_t len = strlen(word);
    const char *nearest = NULL;
    unsigned least = (unsigned)(len / 3) + 2; /* further away is another word, not a slip */
    for (size_t i = 0; i < count && len <= WORD_LIMIT; i++) {
        if (strlen(words[i]) > WORD_LIMIT) {
            continue;
        }
        unsigned far = distance(word, words[i]);
        if (far < least && far < strlen(words[i])) {
            least = far;
            nearest = words[i];
        }
    }
    return nearest;
}
