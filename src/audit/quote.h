/* Quoting a line of a configuration without what is secret in it. */
#pragma once

#include "base/base.h"

/*
 * A printable copy, at most size - 1 bytes, with "***" in the place of passwords in addresses, of
 * values whose name says that they are secret, of log-in headers and of long random texts. Plain
 * words such as true, no and none stay.
 */
void quote_line(char *out, size_t size, const char *line, size_t len);

/* Whether a value with that name is a secret: password, token, api_key, PrivateKey, … */
bool quote_is_secret_name(const char *name);
/* The password inside "scheme://user:password@host", and its length; NULL when there is none. */
const char *quote_password_of_address(const char *text, size_t *ret_len);
