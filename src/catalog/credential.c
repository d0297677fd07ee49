/* Looking up factory passwords. */
#include "catalog/credential.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct credential credentials[] = {
#define CREDENTIAL(vendor, user, password, devices, source)                                        \
    {vendor, user, password, devices, source},
#include "catalog/credentials.def"
#undef CREDENTIAL
};

const struct credential *
credential_next(const char *vendor, const struct credential *previous)
{
    size_t i = previous == NULL ? 0 : (size_t)(previous - credentials) + 1;
    for (; !text_is_empty(vendor) && i < COUNT(credentials); i++) {
        if (text_equal_nocase(credentials[i].vendor, vendor)) {
            return &credentials[i];
        }
    }
    return NULL;
}

const char *
credential_id(const struct credential *credential, char out[CREDENTIAL_ID])
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    char digits[7];
    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)credential->password,
        strlen(credential->password), NULL, 0);
    text_hex(digits, hash, 3);
    (void)snprintf(
        out, CREDENTIAL_ID, "%.24s:%.24s#%s", credential->vendor, credential->user, digits);
    return out;
}

bool
credential_is_published(const char *password)
{
    for (size_t i = 0; i < COUNT(credentials); i++) {
        if (text_equal(credentials[i].password, password)) {
            return true;
        }
    }
    return false;
}
