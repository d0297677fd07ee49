/* Inside a session, for the files session*.c and stream*.c. */
#pragma once

#include "remedy/desk_post.h"
#include "remedy/session.h"

#define SESSION_USER 128

enum session_way {
    BY_HTTP,
    BY_RTSP,
    BY_DVRIP,
    BY_STREAM, /* RTSP on the connection that the stream is played on */
};

/* Where something is asked. */
struct session_place {
    enum session_way way;
    struct wire_target target;
    const char *path; /* NULL: the ask's own */
};

struct session {
    struct job *job;
    const struct device_driver *driver;
    const struct device_door *door;
    struct ask door_ask;
    struct session_place place; /* of the door */
    struct login login;
    struct secret *password;
    char user[SESSION_USER];
    enum session_purpose purpose;
    struct arena arena; /* paths; no password */
    struct wire_stream *stream;
    uint32_t frames; /* sent on it */
    int64_t ticket;  /* of the budget; 0: none */
    bool is_sent;    /* the password has left */
    bool has_password;
};

/* Where that is asked; false: the device has no such place. */
bool session_where(struct session *session, const struct ask *ask, struct session_place *ret_place);
/*
 * One exchange there. A closed port is ERR_NETWORK: "refused" is what a device says to a password.
 */
enum err session_exchange(struct session *session, const struct session_place *place,
    const struct request *request, struct arena *arena, struct answer *ret_answer) MUST_CHECK;
/* Asks once; `dressed`: with the open log-in. */
enum err session_send_once(struct session *session, const struct request *request, bool dressed,
    struct arena *arena, struct answer *ret_answer) MUST_CHECK;
/* Closes the connection that it asks on, if there is one. */
void session_hang_up(struct session *session);

/* A stream to be played, and where its description is kept. */
struct stream_place {
    const char *uri;
    struct arena *arena;
};

/*
 * Opens it on a connection of its own, with its description as the answer; without a password where
 * none is asked for (key->password may be NULL then). ERR_MISSING: there is no such stream; else as
 * session_open().
 */
enum err session_open_stream(struct job *job, const struct session_key *key,
    const struct stream_place *place, struct session **ret_session,
    struct answer *ret_answer) MUST_CHECK;
