/* Small questions about text, ASCII rules only, so that no locale changes an answer. */
#pragma once

#include "base/err.h"

/* NULL is an empty text in all of these. */
bool text_equal(const char *a, const char *b);
bool text_equal_nocase(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);
bool text_starts_nocase(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
bool text_contains(const char *text, const char *part);
bool text_contains_nocase(const char *text, const char *part);
bool text_is_empty(const char *text);

/* As strcasestr over bytes that need not be terminated; NULL when absent. */
const char *text_find_nocase(const char *bytes, size_t len, const char *part);

/* A whole decimal number without sign or blank; ERR_VALUE otherwise, or when above max. */
enum err text_to_u64(const char *text, uint64_t max, uint64_t *ret_value) MUST_CHECK;

/* yes/no as devices write it: true, yes, on, 1, enabled, open; false, "flase", no, off, 0, … */
enum err text_to_bool(const char *text, bool *ret_value) MUST_CHECK;

/* Cuts blanks from both ends, in place; returns the new start. */
char *text_trim(char *text);

/* Length of the valid UTF-8 sequence (RFC 3629) at bytes and its code point; 0: broken, or none. */
size_t text_utf8(const char *bytes, size_t left, uint32_t *ret_point);

/*
 * A printable copy of bytes from outside: valid UTF-8 stays, control and bidi characters and
 * broken sequences become '?'. Cut to size - 1 at a character boundary.
 */
void text_clean(char *out, size_t size, const char *bytes, size_t len);

/* Copies with truncation, always terminated; false when it was cut. */
bool text_copy(char *out, size_t size, const char *text);

/* What a hex digit of either case stands for; -1: it is none. */
int text_hex_digit(char c);
/* The bytes of 2 * len hex digits of either case; false: one is none. */
bool text_unhex(const char *text, uint8_t *out, size_t len);
/* Lower-case hex of bytes; out needs 2 * len + 1. */
void text_hex(char *out, const uint8_t *bytes, size_t len);
