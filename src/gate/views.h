/*
 * Views that are open, in one shared file: workers of nginx open, extend and leave them, the
 * doorman ends them and says so to the ledger, exactly once each. It outlives a worker, all of
 * nginx and the doorman; whoever starts again finds what was open and ends it with its cause.
 *
 * A view is one access of one session that goes on over requests: a WebSocket, an MJPEG stream, the
 * segments of an HLS playlist, a picture asked for once a second. It begins with an event that is
 * durable before the first byte leaves, and ends when nothing is open any more and nothing came for
 * VIEWS_IDLE ms. Locks are robust: one whose owner died is taken over.
 */
#pragma once

#include "gate/board.h"

#define VIEWS_ROWS      4096
#define VIEWS_WORKERS   64
#define VIEWS_IDLE      15000  /* ms; of exports and sockets 0: they end when they close */
#define VIEWS_TOLD      75000  /* ms; browsers let a hidden page ask once a minute */
#define VIEWS_HEARTBEAT 300000 /* ms between events of a view that goes on */
#define VIEWS_UNTOLD    30000  /* ms that a view goes on without a heartbeat that is due */
#define VIEWS_UNBEGUN   10000  /* ms until a view that was asked for and left is told of as ended */
#define VIEWS_ID        24
#define VIEWS_CAMERAS   1024 /* names, one per line */

enum view_state {
    VIEW_FREE,
    VIEW_ASKED,   /* its first event is on the way */
    VIEW_OPEN,    /* the event is durable */
    VIEW_REFUSED, /* the ledger did not take it */
};

/* What a view is about; fixed size, no pointers. */
struct view {
    uint8_t key[16];   /* of session and access.view */
    char id[VIEWS_ID]; /* detail.view; from views_new_id() */
    enum view_state state;
    enum access_kind kind;
    uint16_t vms;
    char vms_name[POLICY_NAME];
    char session[BOARD_ID], user[POLICY_NAME], role[POLICY_NAME], factor[24], ip[IP_TEXT];
    char cameras[VIEWS_CAMERAS];
    char object[256];
    char reason[BOARD_REASON];
    char link[64];              /* zms connkey, archive name */
    int64_t from, to;           /* asked for; wall ms, 0: not said */
    int64_t seen_from, seen_to; /* really delivered; wall ms, 0: not known */
    int64_t begun_wall, begun;  /* the latter boot ms */
    int64_t active;             /* boot ms of the last request or byte */
    int64_t heartbeat;          /* boot ms of the last event */
    uint64_t bytes;
    uint64_t requests;
    bool ends_at_close; /* exports, sockets, endless streams */
    bool is_whole;      /* an export that left completely */
    bool has_digest;
    uint8_t digest[32]; /* SHA-256 of what left */
    bool is_stopped;    /* its worker is to end it */
    int64_t told_by;    /* boot ms by which the VMS must say what it shows; 0: what it began with */
    char cause[96];     /* why it ended, when not by itself: "revoked", "connection lost" */
    uint32_t generation;          /* of the row, so that a handle outlives it harmlessly */
    uint16_t open[VIEWS_WORKERS]; /* connections that each worker has open */
};

#define VIEWS_LINKS  256
#define VIEWS_LINKED 3600000 /* ms that what was prepared can be fetched by its name */

/* What an earlier request of a session prepared under a name: whose footage it is. */
struct views_link {
    char session[BOARD_ID], link[64];
    uint16_t vms;
    bool all_cameras;
    char cameras[VIEWS_CAMERAS]; /* keys, one per line */
    int64_t from, to;
    int64_t at; /* boot ms; 0: free */
};

struct views;
struct view_handle {
    uint32_t row, generation;
};

/*
 * Makes the file (0660), or opens the one of an earlier run; the doorman's. What workers that are
 * gone had open by then ends with the cause "gateway ended".
 */
enum err views_create(const char *path, struct views **ret_views, struct note *note) MUST_CHECK;
/* A worker's: takes one of VIEWS_WORKERS places. ERR_MISSING, ERR_VALUE (version), ERR_LIMIT. */
enum err views_open(const char *path, struct views **ret_views, struct note *note) MUST_CHECK;
/* What the worker still had open is left, with the cause "worker ended". NULL is allowed. */
void views_close(struct views *views);
/* A worker says that it lives; every 200 ms. */
void views_beat(struct views *views, int64_t now);

/* A request of the session in that row of the board came; and when the last one did (0: none). */
void views_touch(struct views *views, uint32_t place, int64_t now);
int64_t views_touched(const struct views *views, uint32_t place);

/* The key of one session's view at a VMS, and a random id for a new one. Keyed by a secret of the
 * file: nobody can make two views of one key. */
void views_key(const struct views *views, const char *session, const char *vms, const char *view,
    uint8_t out[16]);
void views_new_id(char out[VIEWS_ID]);

/*
 * Finds the view of that key or makes one of the row that is given. *ret_state as it was found:
 * VIEW_FREE: it is new, the caller must have its event written and then call views_opened();
 * VIEW_ASKED: another request does that, ask again soon; VIEW_OPEN: go on. The caller is counted as
 * open and must call views_leave(). A view that is found takes the wider of both times; its begun,
 * active and requests are kept here. ERR_LIMIT: all rows are taken.
 */
enum err views_enter(struct views *views, const struct view *view, int64_t now,
    struct view_handle *ret_handle, enum view_state *ret_state) MUST_CHECK;
/* The same where the view is open already, of which only key, from and to need be given;
 * ERR_MISSING: it is not, or not yet. */
enum err views_join(struct views *views, const struct view *view, int64_t now,
    struct view_handle *ret_handle) MUST_CHECK;
/* VIEW_REFUSED also of a view that is no more. */
enum view_state views_state(struct views *views, struct view_handle handle);
/* Its event is durable, or was refused (then the row is freed when all have left). To be called
 * also when the caller has left meanwhile. */
void views_opened(struct views *views, struct view_handle handle, bool is_durable);
/* Nobody knows whether its event is durable: it is told of as ended, with that cause. */
void views_doubted(struct views *views, struct view_handle handle, const char *cause);
void views_add(struct views *views, struct view_handle handle, uint64_t bytes, int64_t now);
/* Widens what was really delivered. */
void views_saw(struct views *views, struct view_handle handle, int64_t from, int64_t to);
void views_digest(
    struct views *views, struct view_handle handle, const uint8_t digest[32], bool is_whole);
/* One connection less; the cause is kept when it is the first one given. */
void views_leave(struct views *views, struct view_handle handle, const char *cause, int64_t now);
/* The open view of a session that a later request names by its link; ERR_MISSING. */
enum err views_by_link(struct views *views, const char *session, const char *link,
    struct view *ret_view, struct view_handle *ret_handle) MUST_CHECK;

/* Has the worker end what is open of it. */
void views_stop(struct views *views, struct view_handle handle);
bool views_is_stopped(const struct views *views, struct view_handle handle);
/*
 * From now on the view may show something else than it began with (zms goes on, or was told to):
 * within VIEWS_TOLD the VMS must say what, by the answer to a question of the browser, and again
 * and again. Told: it did, of a view that must. A view that is untold has to end.
 */
void views_must_tell(struct views *views, struct view_handle handle, int64_t now);
void views_told(struct views *views, struct view_handle handle, int64_t now);
bool views_is_untold(const struct views *views, struct view_handle handle, int64_t now);

/* Keeps it, in the place of the same name or of the oldest. ERR_MISSING: none, or too old. */
void views_put_link(struct views *views, const struct views_link *link, int64_t now);
enum err views_find_link(struct views *views, const char *session, const char *link, int64_t now,
    struct views_link *ret_link) MUST_CHECK;

/* What the doorman does with a view that ended or is due for a heartbeat; false: try again later.
 */
typedef bool views_tell_fn(void *context, const struct view *view, bool has_ended);
/* Tells of each view that is due, and frees those that ended and were told of. A view that is told
 * of as ended does not change any more and is found by nobody. One whose heartbeat can't be told
 * for VIEWS_UNTOLD ms is stopped, unless it has a reason of its own (an export, an emergency). */
void views_sweep(struct views *views, int64_t now, views_tell_fn *tell, void *context);

/*
 * Appends the event of a view's begin, heartbeat or end, as gatehouse-events(7) has it:
 * detail.view, detail.phase, detail.access, detail.duration_ms, bytes, digest, target.from and
 * target.to (asked for at the begin, really delivered at the end where that is known). Its id is
 * made of the view's and the phase, so that a second delivery can be seen. An access whose kind has
 * no action of its own is footage.unclassified.
 */
enum view_phase { VIEW_BEGIN, VIEW_GOES_ON, VIEW_END };
enum err views_event(const struct view *view, enum view_phase phase, const char *site, int64_t now,
    struct buf *ret_json, struct note *note) MUST_CHECK;
