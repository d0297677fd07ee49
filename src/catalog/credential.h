/* Factory passwords that vendors published: catalog/credentials.def as a table. */
#pragma once

#include "base/base.h"

struct credential {
    const char *vendor; /* key: "hikvision" */
    const char *user;
    const char *password; /* published; "" is an empty password */
    const char *devices;  /* which devices had it */
    const char *source;
};

/*
 * The vendor's credentials in order of likelihood: the one after previous, or the first when
 * previous is NULL; NULL at the end. Letter case of the vendor is ignored.
 */
const struct credential *credential_next(const char *vendor, const struct credential *previous);

/*
 * A name for it that lasts and holds no password: "hikvision:admin#9c1f02". The digits tell two
 * passwords of one account apart.
 */
#define CREDENTIAL_ID 64
const char *credential_id(const struct credential *credential, char out[CREDENTIAL_ID]);

/* Whether the text is one of all published passwords, for judging a known password as weak. */
bool credential_is_published(const char *password);
