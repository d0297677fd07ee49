/* From the words of a record to a maker and a list of models. */
#include "catalog/product.h"

#include "base/text.h"
#include "catalog/condition.h"
#include "catalog/prose.h"
#include "catalog/vendor.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define TEXT       400
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

static const struct {
    const char *name, *maker;
} spellings[] = {
#define PRODUCT(vendor, product, maker, models)
#define SPELLING(name, maker) {name, maker},
#include "../../catalog/products.def"
#undef PRODUCT
#undef SPELLING
};

/* Words that say what kind of thing it is, not which one. */
static bool
is_noise(const char *word)
{
    static const char *const noise[] = {"camera", "cameras", "ip", "network", "device", "devices",
        "firmware", "product", "products", "model", "models", "series", "the", "wireless", "smart",
        "security", "surveillance", "video", "recorder", "recorders", "router", "and", "or",
        "version", "hd", "indoor", "outdoor", "cctv", "ip-camera", "doorbell", "software", "a",
        "wi-fi", "channel", "channels", "port", "megapixel", "mp", "dvr", "nvr", "dvrs", "nvrs",
        "dvr/nvr", "2k", "4k", "2k+", "4g", "5g", "1080p", "720p", "3mp", "5mp", "8mp", "h.264",
        "h.265", "h264", "h265", "p2p", "onvif"};
    for (size_t i = 0; i < COUNT(noise); i++) {
        if (text_equal_nocase(noise[i], word)) {
            return true;
        }
    }
    return false;
}

/* Words after which a list is not the whole story. */
static bool
is_vague(const char *text)
{
    static const char *const vague[] = {"some ", "certain ", "multiple ", "various ", "several ",
        "other models", "other products", "other devices", "other cameras", "other vendors",
        "other versions", "many ", "etc", "such as", "and more", "family", "families", "e.g.",
        "all models", "all devices", "all cameras", "all products", "series of"};
    size_t len = strlen(text);
    for (size_t i = 0; i < COUNT(vague); i++) {
        const char *found = text_find_nocase(text, len, vague[i]);
        if (found != NULL && (found == text || !isalnum((unsigned char)found[-1]))) {
            return true;
        }
    }
    return false;
}

static bool
is_nothing(const char *text)
{
    static const char *const words[] = {"", "n/a", "-", "*", "unspecified", "unknown", "none"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_equal_nocase(text, words[i])) {
            return true;
        }
    }
    return false;
}

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

static bool
find_maker(const char *name, char out[PRODUCT_MAKER])
{
    const struct vendor *vendor = vendor_find(name);
    if (vendor != NULL) {
        (void)text_copy(out, PRODUCT_MAKER, vendor->maker);
        return true;
    }
    for (size_t i = 0; i < COUNT(spellings); i++) {
        if (text_equal_nocase(spellings[i].name, name)) {
            (void)text_copy(out, PRODUCT_MAKER, spellings[i].maker);
            return true;
        }
    }
    return false;
}

/* The maker in front of a text: the longest of its first three words that names one. */
static size_t
leading_maker(const char *text, char out[PRODUCT_MAKER])
{
    char words[TEXT];
    size_t ends[3];
    size_t count = 0, len = 0;
    for (; count < COUNT(ends) && text[len] != '\0'; count++) {
        len += strspn(text + len, " ");
        len += strcspn(text + len, " ,;");
        ends[count] = len;
    }
    while (count-- > 0) {
        memcpy(words, text, ends[count]);
        words[ends[count]] = '\0';
        if (find_maker(words, out)) {
            return ends[count];
        }
    }
    return 0;
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

/* Letters and digits together, or a wildcard: DS-76xxNI, C100, NVR4XXX. */
static bool
is_model_word(const char *word)
{
    size_t digits = 0, letters = 0, runs = 0;
    for (const char *at = word; *at != '\0'; at++) {
        digits += isdigit((unsigned char)*at) ? 1U : 0U;
        letters += isalpha((unsigned char)*at) ? 1U : 0U;
        runs += (at[0] == 'x' || at[0] == 'X') && (at[1] == 'x' || at[1] == 'X') ? 1U : 0U;
    }
    return (digits != 0 || runs != 0) && letters + digits >= 2;
}

struct part {
    char name[PART];
    size_t words;
    bool has_model, has_digit, has_series;
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
    if (is_noise(word)) {
        return;
    }
    char own[PART];
    (void)text_copy(own, sizeof(own), word);
    char *series = strcasestr(own, "-series");
    if (series != NULL) {
        *series = '\0';
    }
    part->has_model = part->has_model || is_model_word(own);
    part->has_digit = part->has_digit || strcspn(own, "0123456789") != strlen(own);
    size_t len = strlen(part->name);
    (void)snprintf(part->name + len, sizeof(part->name) - len, "%s%s", len == 0 ? "" : " ", own);
    part->words++;
}

/* Brackets hold a kind ("(IP Camera)") or a variant ("(B)"); only kinds are dropped. */
static void
cut_bracket(char *text)
{
    char *open = strchr(text, '(');
    if (open != NULL && (strchr(open, ' ') != NULL || is_noise(open + 1))) {
        *open = '\0';
    }
}

static void
read_part(char *text, struct product *out)
{
    char maker[PRODUCT_MAKER];
    char word[PART];
    struct part part = {.name = ""};
    cut_bracket(text);
    if (text_ends(text, "_firmware")) {
        text[strlen(text) - strlen("_firmware")] = '\0';
    }
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '_' ? ' ' : *at;
    }
    const char *at = text_trim(text);
    at += leading_maker(at, maker);
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
        if (part.has_series) {
            append(&part, "*");
        }
        add_model(out, "=", part.name);
    } else if (part.has_series && strlen(part.name) <= 4) {
        append(&part, "*");
        add_model(out, "? ", part.name);
    } else {
        if (part.words >= 2 && strlen(whole) < PART) {
            add_model(out, "=", whole); /* a name without a number, as it stands */
        }
        add_anything(out);
    }
}

/* A slash parts two models when a whole one follows: DVR-4104/DVR-4216, not NI-M1/4P. */
static bool
parts_here(const char *at)
{
    if (*at == ',' || *at == ';' || *at == '|') {
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
            if (text_trim(part)[0] != '\0') {
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
    if (is_nothing(whose) && is_nothing(what)) {
        return;
    }
    if (find_known(whose, what, ret_product)) {
        return;
    }
    ret_product->is_version = prose_is_version(what);
    if (!is_nothing(whose) && !find_maker(whose, ret_product->maker) &&
        leading_maker(whose, ret_product->maker) == 0) {
        (void)text_copy(ret_product->maker, PRODUCT_MAKER, whose);
    }
    if (is_nothing(whose)) {
        struct product guess;
        product_guess(what, &guess);
        (void)text_copy(ret_product->maker, PRODUCT_MAKER, guess.maker);
    }
    if (is_nothing(what) || is_vague(what) || ret_product->is_version) {
        add_anything(ret_product);
        return;
    }
    read_parts(what, ret_product);
    if (ret_product->models[0] == '\0') {
        add_anything(ret_product);
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
    return !version && !is_noise(word) && isupper((unsigned char)word[0]) &&
           strcspn(word, "0123456789") != strlen(word) && strlen(word) >= 3 &&
           strpbrk(word, "=.:") == NULL && !prose_is_version(word) && is_model_word(word);
}

static void
guess_maker(const char *at, struct product *out)
{
    char word[PART];
    char maker[PRODUCT_MAKER];
    size_t len = strcspn(at, " ,;");
    if (len == 0 || len >= sizeof(word)) {
        return;
    }
    memcpy(word, at, len);
    word[len] = '\0';
    if (isupper((unsigned char)word[0]) || isdigit((unsigned char)word[0])) {
        struct product known = {.maker = ""};
        if (leading_maker(at, maker) != 0) {
            (void)text_copy(out->maker, sizeof(out->maker), maker);
        } else if (find_known("", word, &known)) {
            (void)text_copy(out->maker, sizeof(out->maker), known.maker);
        }
    }
}

void
product_guess(const char *description, struct product *ret_product)
{
    CLEANUP(buf_release) struct buf clean;
    char word[PART], entry[PART + 4];
    memset(ret_product, 0, sizeof(*ret_product));
    buf_init(&clean, (size_t)64 * 1024);
    prose_clean(description, &clean);
    const char *at = clean.len == 0 ? "" : clean.data;
    while (*at != '\0') {
        at += strspn(at, " \n,;()");
        if (ret_product->maker[0] == '\0') {
            guess_maker(at, ret_product);
        }
        size_t len = strcspn(at, " \n,;()");
        if (len != 0 && len < sizeof(word) - 1) {
            memcpy(word, at, len);
            word[len] = '\0';
            word[len - 1] = word[len - 1] == '.' ? '\0' : word[len - 1];
            (void)snprintf(entry, sizeof(entry), "? =%s", word);
            if (is_model_in_words(word) && !has_model(ret_product, entry)) {
                add_model(ret_product, "? =", word);
            }
        }
        at += len;
    }
    if (ret_product->models[0] == '\0' || (clean.len != 0 && is_vague(clean.data))) {
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
