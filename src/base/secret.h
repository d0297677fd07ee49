/*
 * Passwords and tokens: guarded memory (libsodium), never in an arena, a log, a report or a core
 * dump; wiped when freed. Look at the bytes only for the moment of use.
 */
#pragma once

#include "base/err.h"

struct secret;

/* A copy in guarded memory; NULL when memory is out. The program must have run secret_start(). */
struct secret *secret_new(const void *bytes, size_t len);
struct secret *secret_new_text(const char *text);
/* Letters and digits from the system's random source; at most 128 characters. */
struct secret *secret_new_random(size_t len);
void secret_free(struct secret *secret);

/* The terminated text; valid until the secret is freed. */
const char *secret_text(const struct secret *secret);
size_t secret_len(const struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b);

/*
 * A mark that only equal secrets share (BLAKE2b under a random key of this process), so that many
 * can be compared without being looked at again; secret_start() made the key.
 */
#define SECRET_MARK 32
void secret_mark(const struct secret *secret, uint8_t out[SECRET_MARK]);

/* Once per process, before any secret: prepares libsodium and forbids core dumps. */
enum err secret_start(void) MUST_CHECK;
/*
 * Before a program reads the owner's secrets: nobody but root can trace it, read its memory or get
 * a dump of it.
 */
enum err secret_guard(void) MUST_CHECK;
