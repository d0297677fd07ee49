/* What single words of a product's name mean. */
#include "catalog/product_words.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* Words that say what kind of thing it is, not which one. */
bool
product_words_noise(const char *word)
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
bool
product_words_vague(const char *text)
{
    static const char *const vague[] = {"some ", "certain ", "multiple ", "various ", "several ",
        "other models", "other products", "other devices", "other cameras", "other vendors",
        "other versions", "many ", "etc", "such as", "and more", "family", "families", "e.g.",
        "all models", "all devices", "all cameras", "all products", "series of", "most of ",
        "most others"};
    size_t len = strlen(text);
    for (size_t i = 0; i < COUNT(vague); i++) {
        const char *found = text_find_nocase(text, len, vague[i]);
        if (found != NULL && (found == text || !isalnum((unsigned char)found[-1]))) {
            return true;
        }
    }
    return false;
}

bool
product_words_nothing(const char *text)
{
    static const char *const words[] = {"", "n/a", "-", "*", "unspecified", "unknown", "none"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_equal_nocase(text, words[i])) {
            return true;
        }
    }
    return false;
}

/* Letters and digits together, or a wildcard: DS-76xxNI, C100, NVR4XXX. */
bool
product_words_model(const char *word)
{
    size_t digits = 0, letters = 0, runs = 0;
    for (const char *at = word; *at != '\0'; at++) {
        digits += isdigit((unsigned char)*at) ? 1U : 0U;
        letters += isalpha((unsigned char)*at) ? 1U : 0U;
        runs += (at[0] == 'x' || at[0] == 'X') && (at[1] == 'x' || at[1] == 'X') ? 1U : 0U;
    }
    return (digits != 0 || runs != 0) && letters + digits >= 2;
}
