/* From the words of a record to a maker and a list of models. */
#include "catalog/product.h"

#include "base/text.h"
#include "catalog/condition.h"
#include "catalog/product_maker.h"
#include "catalog/product_words.h"
#include "catalog/prose.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define TEXT       2304 /* the longest product of a CVE record has 2048 */
#define PART       120
#define PART_WORDS 5

static const struct known {
    const char *vendor, *product, *maker, *models;
} products[] = {
#define PRODUCT(vendor, product, maker, models) {vendor, product, maker, models},
#define SPELLING(name, maker)
#include "../../catalog/products.def"
#undef PRODUCT
#undef SPELLING
};

/* "GeutebrÃ¼ck" is UTF-8 that was taken for Latin-1 and written as UTF-8 again. */
static void
mend(char *text)
{
    unsigned char *out = (unsigned char *)text;
    for (const unsigned char *at = out; *at != '\0';) {
        if (at[0] == 0xc3 && at[1] >= 0x82 && at[1] <= 0x84 && at[2] == 0xc2 && at[3] >= 0x80) {
            *out++ = (unsigned char)(at[1] + 0x40);
            *out++ = at[3];
            at += 4;
        } else {
            *out++ = *at++;
        }
    }
    *out = '\0';
}

/* Cleaned, without the backslashes of CPE names, blanks folded. */
static void
prepare(const char *text, char out[TEXT])
{
    CLEANUP(buf_release) struct buf clean;
    buf_init(&clean, 65536);
    prose_clean(text == NULL ? "" : text, &clean);
    size_t len = 0;
    for (const char *at = clean.len == 0 ? "" : clean.data; *at != '\0' && len < TEXT - 1; at++) {
        bool blank = *at == ' ' || *at == '\n';
        if (*at == '\\' || (blank && (len == 0 || out[len - 1] == ' '))) {
            continue;
        }
        out[len++] = blank ? ' ' : *at;
    }
    while (len > 0 && out[len - 1] == ' ') {
        len--;
    }
    out[len] = '\0';
    mend(out);
}

/* "Siveillance Video 2022 R1": one release, whose fixes are not those of another. */
static bool
names_release(const char *name)
{
    if (text_contains_nocase(name, "prior") || text_contains_nocase(name, "older") ||
        text_contains_nocase(name, "earlier")) {
        return false;
    }
    for (const char *at = strstr(name, " 20"); at != NULL; at = strstr(at + 1, " 20")) {
        if (strspn(at + 1, "0123456789") == 4 && at[5] == ' ' && at[6] == 'R' &&
            isdigit((unsigned char)at[7])) {
            return true;
        }
    }
    return false;
}

static bool
find_known(const char *vendor, const char *product, struct product *out)
{
    for (size_t i = 0; i < COUNT(products); i++) {
        const struct known *row = &products[i];
        if (fnmatch(row->vendor, vendor, FNM_CASEFOLD) == 0 &&
            fnmatch(row->product, product, FNM_CASEFOLD) == 0) {
            (void)text_copy(out->maker, sizeof(out->maker), row->maker);
            (void)text_copy(out->models, sizeof(out->models), row->models);
            out->is_named = true;
            out->has_tracks = text_equal(row->maker, "Axis");
            return true;
        }
    }
    return false;
}

static void
add_model(struct product *out, const char *form, const char *name)
{
    size_t len = strlen(out->models);
    if (len + strlen(name) + 16 < sizeof(out->models)) {
        (void)snprintf(out->models + len, sizeof(out->models) - len, "%s%s%s", len == 0 ? "" : ", ",
            form, name);
    } else if (len + 6 < sizeof(out->models) && !text_ends(out->models, "? *")) {
        (void)text_copy(out->models + len, sizeof(out->models) - len, ", ? *"); /* more than fit */
    }
}

static bool
has_model(const struct product *product, const char *entry)
{
    char part[CONDITION_PART];
    for (const char *at = product->models; condition_next(&at, ',', part);) {
        if (text_equal(part, entry)) {
            return true;
        }
    }
    return false;
}

static void
add_anything(struct product *out)
{
    if (!has_model(out, "? *")) {
        add_model(out, "? ", "*");
    }
}

struct part {
    char name[PART];
    char full[PART];   /* with the words of a kind in its middle: FLEXIDOME IP 5000i */
    char middle[PART]; /* such words, until another one follows */
    size_t words;
    bool has_model, has_digit, has_series;
    char kind[4]; /* NVR, DVR: the begin of a model's name when digits follow */
};

static void
append(struct part *part, const char *text)
{
    size_t len = strlen(part->name);
    (void)snprintf(part->name + len, sizeof(part->name) - len, "%s", text);
}

static void
add_word(struct part *part, const char *word)
{
    if (text_equal_nocase(word, "series") || text_ends(word, "-series") ||
        text_ends(word, "-Series")) {
        part->has_series = true;
    }
    if (product_words_noise(word)) {
        bool recorder = text_equal(word, "NVR") || text_equal(word, "DVR");
        (void)text_copy(part->kind, sizeof(part->kind), recorder ? word : "");
        size_t middle = strlen(part->middle);
        (void)snprintf(part->middle + middle, sizeof(part->middle) - middle, " %s", word);
        return;
    }
    char own[PART];
    bool begun = part->kind[0] != '\0' && isdigit((unsigned char)word[0]) && strlen(word) <= 3;
    (void)snprintf(own, sizeof(own), "%s%.100s", begun ? part->kind : "", word);
    part->kind[0] = '\0';
    char *series = strcasestr(own, "-series");
    if (series != NULL) {
        *series = '\0';
    }
    part->has_model = part->has_model || product_words_model(own);
    part->has_digit = part->has_digit || strcspn(own, "0123456789") != strlen(own);
    size_t len = strlen(part->name);
    size_t full = strlen(part->full);
    (void)snprintf(part->name + len, sizeof(part->name) - len, "%s%s", len == 0 ? "" : " ", own);
    (void)snprintf(part->full + full, sizeof(part->full) - full, "%s%s%s",
        full == 0 ? "" : part->middle, full == 0 ? "" : " ", own);
    part->middle[0] = '\0';
    part->words++;
}

/* Brackets hold a kind ("(IP Camera)") or a variant ("(B)"); only kinds are dropped. */
static void
cut_bracket(char *text)
{
    char *more = strcasestr(text, " including");
    if (more != NULL) {
        *more = '\0'; /* variants of what is named */
    }
    char *open = strchr(text, '(');
    if (open != NULL && (memchr(open, ' ', strcspn(open, ")")) != NULL ||
                            product_words_noise(open + 1) || open == text)) {
        *open = '\0';
    }
}

static size_t
digits_before(const char *text, const char *at)
{
    size_t count = 0;
    while (at != text && isdigit((unsigned char)at[-1])) {
        at--;
        count++;
    }
    return count;
}

/* What a bracket leaves open: I(U) is I or IU, Q1(/xP) is Q1 or Q1/8P. */
static void
add_optional(struct product *out, const char *text, const char *series)
{
    char name[2 * PART];
    const char *open = strchr(text, '(');
    const char *close = open == NULL ? NULL : strchr(open, ')');
    if (close == NULL) {
        return;
    }
    int head = (int)(open - text), inner = (int)(close - open - 1);
    bool letters = inner >= 1 && inner <= 2 && isalpha((unsigned char)open[1]) &&
                   isalpha((unsigned char)open[inner]);
    if (letters || open[1] == '/') {
        (void)snprintf(
            name, sizeof(name), "%.*s%.*s%s%s", head, text, inner, open + 1, close + 1, series);
        add_model(out, letters ? "? =" : "=", name);
    }
    if (open[1] == '/') {
        (void)snprintf(name, sizeof(name), "%.*s%s%s", head, text, close + 1, series);
        add_model(out, "=", name);
    }
}

/* DS-K1T8003/8004, SD50/52C: the second is written from where it differs. */
static void
add_models(struct product *out, const char *text, bool has_series)
{
    const char *series = has_series ? "*" : "";
    const char *slash = strchr(text, '/');
    size_t same = slash == NULL ? 0 : digits_before(text, slash);
    char name[2 * PART];
    if (same >= 2 && strspn(slash + 1, "0123456789") == same) {
        int head = (int)(slash - text);
        (void)snprintf(name, sizeof(name), "%.*s%s", head, text, series);
        add_model(out, "=", name);
        (void)snprintf(name, sizeof(name), "%.*s%s%s", head - (int)same, text, slash + 1, series);
        add_model(out, "=", name);
        return;
    }
    (void)snprintf(name, sizeof(name), "%s%s", text, series);
    add_model(out, "=", name);
    add_optional(out, text, series);
}

static void
read_part(char *text, struct product *out)
{
    char maker[PRODUCT_MAKER];
    char word[PART];
    struct part part = {.name = ""};
    cut_bracket(text);
    bool exact = text_ends(text, "_firmware"); /* a name of CPE: nothing else is meant */
    if (exact) {
        text[strlen(text) - strlen("_firmware")] = '\0';
    }
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '_' ? ' ' : *at;
    }
    const char *at = text_trim(text);
    at += product_maker_leading(at, maker);
    const char *whole = at + strspn(at, " ");
    while (*at != '\0') {
        at += strspn(at, " ");
        size_t len = strcspn(at, " ");
        if (len != 0 && len < sizeof(word)) {
            memcpy(word, at, len);
            word[len] = '\0';
            add_word(&part, word);
        }
        at += len;
    }
    if (part.name[0] == '\0' || part.words > PART_WORDS) {
        add_anything(out);
    } else if (part.has_model || (part.has_digit && part.words >= 2)) {
        add_models(out, part.name, part.has_series);
        if (!text_equal(part.full, part.name)) {
            add_models(out, part.full, part.has_series);
        }
    } else if (part.has_series && strlen(part.name) <= 4) {
        append(&part, "*");
        add_model(out, "? ", part.name);
    } else {
        if (part.words >= 2 && strlen(whole) < PART) {
            add_model(out, "=", whole); /* a name without a number, as it stands */
        }
        if (!exact || part.words < 2) {
            add_anything(out);
        }
    }
}

/* A slash parts two models when a whole one follows: DVR-4104/DVR-4216, not NI-M1/4P. */
static bool
parts_here(const char *at)
{
    if (*at == ',' || *at == ';' || *at == '|' || *at == '[') {
        return true;
    }
    if (text_starts_nocase(at, " and ") || text_starts_nocase(at, " or ")) {
        return true;
    }
    size_t len = strcspn(at + 1, " ,;/|");
    size_t letters = 0;
    while (isalpha((unsigned char)at[1 + letters])) {
        letters++;
    }
    return *at == '/' && letters >= 1 && len >= 3 && strcspn(at + 1, "0123456789") < len;
}

static void
close_blanks(char *text)
{
    char *out = text;
    for (const char *at = text; *at != '\0'; at++) {
        bool beside =
            *at == ' ' && ((at != text && (at[-1] == '-' || at[-1] == '/')) || at[1] == '/');
        if (!beside) {
            *out++ = *at;
        }
    }
    *out = '\0';
}

static void
read_parts(char *text, struct product *out)
{
    char part[PART];
    close_blanks(text);
    const char *at = text;
    while (*at != '\0') {
        size_t len = 0;
        while (at[len] != '\0' && !parts_here(at + len)) {
            len++;
        }
        if (len >= sizeof(part)) {
            add_anything(out);
        } else if (len != 0) {
            memcpy(part, at, len);
            part[len] = '\0';
            if (text_trim(part)[0] != '\0' && text_trim(part)[0] != '(') {
                read_part(text_trim(part), out);
            }
        }
        at += len;
        at += *at == ' ' ? strcspn(at + 1, " ") + 1 : 0;
        at += *at == '\0' ? 0 : 1;
    }
}

void
product_read(const char *vendor, const char *product, struct product *ret_product)
{
    char whose[TEXT], what[TEXT];
    memset(ret_product, 0, sizeof(*ret_product));
    prepare(vendor, whose);
    prepare(product, what);
    if (product_words_nothing(whose) && product_words_nothing(what)) {
        return;
    }
    if (find_known(whose, what, ret_product)) {
        ret_product->is_release = names_release(what);
        return;
    }
    ret_product->is_version = prose_is_version(what);
    if (!product_words_nothing(whose) && !product_maker_find(whose, ret_product->maker) &&
        product_maker_leading(whose, ret_product->maker) == 0) {
        (void)text_copy(ret_product->maker, PRODUCT_MAKER, whose);
    }
    if (product_words_nothing(whose)) {
        struct product guess;
        product_guess(what, &guess);
        (void)text_copy(ret_product->maker, PRODUCT_MAKER, guess.maker);
    }
    if (product_words_nothing(what) || product_words_vague(what) || ret_product->is_version) {
        add_anything(ret_product);
        return;
    }
    read_parts(what, ret_product);
    if (ret_product->models[0] == '\0') {
        add_anything(ret_product);
    }
}

void
product_narrow(struct product *product, const char *platform)
{
    char text[TEXT];
    struct product read = {.models = ""};
    prepare(platform, text);
    read_parts(text, &read);
    if (text_equal(product->models, "*")) {
        (void)text_copy(product->models, sizeof(product->models), "? *");
    } else if (text_ends(product->models, "? *") && text_starts(read.models, "=")) {
        char models[PRODUCT_MODELS];
        (void)text_copy(models, sizeof(models), product->models);
        (void)snprintf(
            product->models, sizeof(product->models), "%.400s, %.1600s", read.models, models);
    }
}

/* A model in the middle of a sentence: upper case and digits, no version, no standard. */
static bool
is_model_in_words(const char *word)
{
    static const char *const standards[] = {"CVE-", "CWE-", "HTTP", "MD5", "SHA", "AES", "IPV",
        "UTF", "X.5", "802", "TLS", "SSL", "BASE64", "VDB-", "ICSA", "RFC", "GHSA", "SHODAN"};
    for (size_t i = 0; i < COUNT(standards); i++) {
        if (text_starts_nocase(word, standards[i])) {
            return false;
        }
    }
    bool version = (word[0] == 'v' || word[0] == 'V') && isdigit((unsigned char)word[1]);
    return !version && !product_words_noise(word) && isupper((unsigned char)word[0]) &&
           strcspn(word, "0123456789") != strlen(word) && strlen(word) >= 2 &&
           strpbrk(word, "=.:") == NULL && !prose_is_version(word) && product_words_model(word);
}

/* One to three words that name a product: "DW Spectrum Server". */
static bool
find_known_words(const char *at, struct product *out)
{
    char words[PART];
    size_t len = 0;
    for (size_t count = 0; count < 3 && at[len] != '\0'; count++) {
        len += strspn(at + len, " ");
        len += strcspn(at + len, " ,;");
        if (len >= sizeof(words)) {
            return false;
        }
        memcpy(words, at, len);
        words[len] = '\0';
        if (find_known("", words, out)) {
            return true;
        }
    }
    return false;
}

static void
guess_maker(const char *at, struct product *out)
{
    char maker[PRODUCT_MAKER];
    if (isupper((unsigned char)at[0]) || isdigit((unsigned char)at[0])) {
        struct product known = {.maker = ""};
        if (product_maker_leading(at, maker) != 0) {
            (void)text_copy(out->maker, sizeof(out->maker), maker);
        } else if (find_known_words(at, &known)) {
            (void)text_copy(out->maker, sizeof(out->maker), known.maker);
        }
    }
}

void
product_guess(const char *description, struct product *ret_product)
{
    CLEANUP(buf_release) struct buf clean;
    char word[PART], entry[PART + 4];
    bool is_certain = false; /* two characters may be anything: "Amazon S3" */
    memset(ret_product, 0, sizeof(*ret_product));
    buf_init(&clean, (size_t)64 * 1024);
    prose_clean(description, &clean);
    const char *at = clean.len == 0 ? "" : clean.data;
    while (*at != '\0') {
        at += strspn(at, " \n,;()/");
        if (ret_product->maker[0] == '\0') {
            guess_maker(at, ret_product);
        }
        size_t len = strcspn(at, " \n,;()/");
        if (len != 0 && len < sizeof(word) - 1) {
            memcpy(word, at, len);
            word[len] = '\0';
            word[len - 1] = word[len - 1] == '.' ? '\0' : word[len - 1];
            (void)snprintf(entry, sizeof(entry), "? =%s", word);
            if (is_model_in_words(word) && !has_model(ret_product, entry)) {
                add_model(ret_product, "? =", word);
                is_certain = is_certain || strlen(word) > 2;
            }
        }
        at += len;
    }
    if (!is_certain || (clean.len != 0 && (product_words_vague(clean.data) ||
                                              text_contains_nocase(clean.data, " including ")))) {
        add_anything(ret_product);
    }
}

static bool
says_all_models(const char *text)
{
    return text_contains_nocase(text, "all models") || text_contains_nocase(text, "all products") ||
           text_contains_nocase(text, "all devices") || text_contains_nocase(text, "all cameras");
}

/* A longer word of the full name that ends like the product is the product. */
static void
complete_word(struct product *product, const char *name, const char *word)
{
    char entry[PART + 4];
    if (!is_model_in_words(word)) {
        return;
    }
    bool lost = strlen(name) >= 4 && strlen(word) > strlen(name) && text_ends(word, name);
    (void)snprintf(entry, sizeof(entry), "=%s", word);
    if (!has_model(product, entry)) {
        add_model(product, lost ? "=" : "? =", word);
    }
}

void
product_complete(struct product *product, const char *name, const char *full_name)
{
    char text[TEXT], word[PART];
    if (has_model(product, "? *") && says_all_models(full_name)) {
        (void)text_copy(product->models, sizeof(product->models), "*");
    }
    if (product->is_named || product->models[0] != '=') {
        return;
    }
    prepare(full_name, text);
    for (const char *at = text; *at != '\0';) {
        at += strspn(at, " ,;()");
        size_t len = strcspn(at, " ,;():");
        if (len != 0 && len < sizeof(word)) {
            memcpy(word, at, len);
            word[len] = '\0';
            complete_word(product, name, word);
        }
        at += len;
        at += *at == ':' ? 1 : 0;
    }
}
