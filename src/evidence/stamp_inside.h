/* What the parts of stamp share. */
#pragma once

#include "evidence/stamp.h"

#include <openssl/ts.h>
#include <openssl/x509.h>

void stamp_say(struct stamp_verdict *verdict, enum stamp_state state, const char *format, ...)
    PRINTF(3, 4);
/*
 * Who signed the token, and whether that is one whose time is believed: chain at the time that it
 * says, purpose, ESSCertID(v2), signature. Sets STAMP_GOOD, STAMP_UNTRUSTED, STAMP_EXPIRED,
 * STAMP_WRONG_SIGNER or STAMP_BROKEN.
 */
void stamp_signer_check(PKCS7 *token, const char *roots, struct stamp_verdict *verdict);
