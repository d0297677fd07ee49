/* From a vendor's name to the maker's name in the catalogue. */
#include "catalog/product_maker.h"

#include "base/text.h"
#include "catalog/vendor.h"

#include <ctype.h>
#include <string.h>

#define NAME          96
#define ADDRESS_WORD  5 /* letters of a word in an address that may be a name */
#define LEADING_WORDS 3

static const struct {
    const char *name, *maker;
} spellings[] = {
#define PRODUCT(vendor, product, maker, models)
#define SPELLING(name, maker) {name, maker},
#include "../../catalog/products.def"
#undef PRODUCT
#undef SPELLING
};

static bool
find_whole(const char *name, char ret_maker[PRODUCT_MAKER])
{
    const struct vendor *vendor = vendor_find(name);
    if (vendor != NULL) {
        (void)text_copy(ret_maker, PRODUCT_MAKER, vendor->maker);
        return true;
    }
    for (size_t i = 0; i < COUNT(spellings); i++) {
        if (text_equal_nocase(spellings[i].name, name)) {
            (void)text_copy(ret_maker, PRODUCT_MAKER, spellings[i].maker);
            return true;
        }
    }
    return false;
}

/* CPE writes a company's whole name as one word: lorextechnology, boschsecuritysystems. */
static bool
cut_business(char *name)
{
    static const char *const words[] = {"technology", "technologies", "security", "systems",
        "digital", "networks", "electronics", "communications", "corporation", "international",
        "cameras", "camera", "_project", "project", "inc", "ltd"};
    size_t len = strlen(name);
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t tail = strlen(words[i]);
        if (len >= tail + 3 && text_equal_nocase(name + len - tail, words[i])) {
            name[len - tail] = '\0';
            return true;
        }
    }
    return false;
}

bool
product_maker_find(const char *name, char ret_maker[PRODUCT_MAKER])
{
    char stem[NAME];
    if (find_whole(name, ret_maker)) {
        return true;
    }
    if (strlen(name) >= NAME || strchr(name, ' ') != NULL) {
        return false;
    }
    (void)text_copy(stem, sizeof(stem), name);
    while (cut_business(stem)) {
        if (find_whole(stem, ret_maker)) {
            return true;
        }
    }
    return false;
}

size_t
product_maker_leading(const char *text, char ret_maker[PRODUCT_MAKER])
{
    char words[400];
    size_t ends[LEADING_WORDS];
    size_t count = 0, len = 0;
    for (; count < COUNT(ends) && text[len] != '\0'; count++) {
        len += strspn(text + len, " ");
        len += strcspn(text + len, " ,;");
        ends[count] = len;
    }
    while (count-- > 0) {
        if (ends[count] >= sizeof(words)) {
            continue;
        }
        memcpy(words, text, ends[count]);
        words[ends[count]] = '\0';
        char *own = strstr(words, "'s");
        if (own != NULL && own[2] == '\0') {
            *own = '\0'; /* ThroughTek's */
        }
        if (product_maker_find(words, ret_maker)) {
            return ends[count];
        }
    }
    return 0;
}

bool
product_maker_in_address(const char *address, char ret_maker[PRODUCT_MAKER])
{
    char word[NAME];
    while (*address != '\0') {
        size_t len = 0;
        while (isalpha((unsigned char)address[len])) {
            len++;
        }
        if (len >= ADDRESS_WORD && len < sizeof(word)) {
            memcpy(word, address, len);
            word[len] = '\0';
            if (find_whole(word, ret_maker)) {
                return true;
            }
        }
        address += len == 0 ? 1 : len;
    }
    return false;
}
