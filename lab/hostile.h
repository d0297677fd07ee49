/* What broken, rude and hostile devices do. One row of behaviours per name in hostile.c. */
#pragma once

#include "base/buf.h"
#include "lab/device.h"

struct conn;

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
/* The device is, for this answer, somebody else. */
bool hostile_other_identity(const struct device *device);
