/* What broken, rude and hostile devices do. One row of behaviours per name in hostile.c. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

struct conn;

/* How a device behaves when something of it is changed. */
enum hostile_change {
    HOSTILE_SAYS_DONE = 1 << 8, /* the answer is good, and nothing has changed */
    HOSTILE_SETS_BACK = 1 << 9, /* a second later everything is as before */
    HOSTILE_RESTARTS = 1 << 10,
    HOSTILE_ELSEWHERE = 1 << 11,        /* comes back from a restart with another address */
    HOSTILE_DIES_BETWEEN = 1 << 12,     /* the network is lost after a change */
    HOSTILE_FIRST_EIGHT = 1 << 13,      /* keeps the first 8 characters of a password */
    HOSTILE_FIRST_EIGHT_BOTH = 1 << 14, /* looks at no more of it */
    HOSTILE_REFUSES_SIGNS = 1 << 15,
    HOSTILE_SHORT_PASSWORD = 1 << 16,
    HOSTILE_LOCKS_OUT = 1 << 17,      /* at the third wrong one, right ones in between or not */
    HOSTILE_OLD_STAYS = 1 << 18,      /* the password before the last change opens, too */
    HOSTILE_NO_VIDEO_AFTER = 1 << 19, /* until the next change */
    HOSTILE_NEVER_ANSWERS_SET = 1 << 20,
    HOSTILE_ONVIF_APART = 1 << 21,
    HOSTILE_OLD_FIRMWARE = 1 << 22, /* restarts after an update and is as before */
    HOSTILE_NEVER_BACK = 1 << 23,   /* an update is its end */
    HOSTILE_FORGETS = 1 << 24,      /* after an update all is as the factory sends it */
    HOSTILE_REFUSES_FIRMWARE = 1 << 25,
};

enum err hostile_find(const char *name, const struct behaviour **ret_behaviour) MUST_CHECK;

/* At a new connection (after TLS): true when the behaviour has taken it over. */
bool hostile_open(struct conn *conn);
/* Instead of this answer: true when the behaviour has sent its own. */
bool hostile_http(struct conn *conn, const struct buf *answer);
bool hostile_rtsp(struct conn *conn, const struct buf *answer);
/* Changes a datagram before it is sent. */
void hostile_datagram(const struct device *device, struct buf *datagram);

/* All of these are false or NULL for a NULL behaviour. */
bool hostile_is_deaf(const struct behaviour *behaviour);
bool hostile_breaks_tls(const struct behaviour *behaviour);
bool hostile_takes_any_password(const struct behaviour *behaviour);
const char *hostile_claimed_ip(const struct behaviour *behaviour);
bool hostile_does(const struct device *device, enum hostile_change what);
/* The device is, for this answer, somebody else. */
bool hostile_other_identity(const struct device *device);
