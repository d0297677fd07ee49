/* Taking passwords and tokens out of text before a person sees it. */
#pragma once

#include "base/base.h"

/*
 * Copies text with the values of pwd, password, passwd, usr, user, token, session, auth and their
 * like replaced by "***", and user and password of an address ("rtsp://user:password@host"), in a
 * query, a form, JSON or a header line; cut at size, terminated.
 */
void redact_text(char *out, size_t size, const char *text);
