/*
 * DVRIP ("Sofia", XMeye): the protocol of Xiongmai devices on TCP 34567. A frame is a header of 20
 * bytes and JSON (OpenIPC python-dvr). Written here can be log-in, log-out, keep alive, system
 * information, one configuration by name, read or set, and a new password.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "codec/exchange.h"

#define DVRIP_METHOD "DVRIP"
#define DVRIP_PORT   34567
#define DVRIP_HASH   9

/* "/1042/NetWork.Nat": message and name; an ask's path. */
#define DVRIP_LOGIN    "/1000"
#define DVRIP_LOGOUT   "/1002"
#define DVRIP_SYSTEM   "/1020/SystemInfo"
#define DVRIP_CONFIG   "/1042/"
#define DVRIP_PASSWORD "/1488"
#define DVRIP_SET      "/1040/"

/*
 * The frame of a request: its path names the message, its body is the JSON, its authorization the
 * session ("0x0000001a") or NULL. ERR_VALUE for a message that is not one of those above, or
 * that sets something without an open log-in.
 */
enum err dvrip_write(const struct request *request, uint32_t sequence, struct buf *out) MUST_CHECK;

/*
 * How many of the bytes are the answer, events that the device sends by itself before it included;
 * 0: more must come. ERR_SYNTAX when it is no DVRIP, ERR_LIMIT when it claims to be too long.
 */
enum err dvrip_whole(const void *bytes, size_t len, size_t *ret_len) MUST_CHECK;

/*
 * Of an answer whose body is frames: its JSON as the body, and a status as HTTP has it (Ret 100 is
 * 200, refused and locked log-ins are 401, forbidden is 403, all else 400).
 */
struct answer dvrip_answer(const struct answer *frames, struct arena *arena);

/* The 8 letters that stand for a password; ERR_UNSUPPORTED when OpenSSL's policy forbids MD5. */
enum err dvrip_hash(const char *password, char ret_hash[DVRIP_HASH]) MUST_CHECK;
