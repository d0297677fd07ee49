/*
 * What a request to a VMS means: who would see which camera and which time, told from the request
 * alone. Every VMS driver has a table of rows (vms/PRODUCT_access.c); this is the engine that reads
 * them. Pure: no I/O, no clock, no memory but the arena. Linked into the gateway's nginx module.
 *
 * Story of a request: access_read() splits query and body into parameters as that VMS would,
 * access_classify() finds the first row that matches, and its captures become cameras, times, an
 * object. What only the VMS can tell (the camera of event 17) is left as a question in
 * access.unresolved; gate/resolve.h asks it.
 */
#pragma once

#include "base/arena.h"
#include "ledger/event.h"

#define ACCESS_CAMERAS 64                    /* of one request; more is refused */
#define ACCESS_PARAMS  1024                  /* of one request; PHP's max_input_vars is 1000 */
#define ACCESS_BODY    ((size_t)1024 * 1024) /* of a body that is read; a longer one is refused */
#define ACCESS_TEXT    1024                  /* of a camera, an object, a view's name */

enum access_kind {
#define ACCESS(name, text, action, permit, opens_view, words) ACCESS_##name,
#include "vms/access.def"
#undef ACCESS
    ACCESS_KINDS
};

enum permit {
#define PERMIT(name, text, words) PERMIT_##name,
#include "vms/permits.def"
#undef PERMIT
    PERMITS
};

struct access_kind_row {
    const char *text;
    enum event_action action; /* EVENT_ACTIONS: no event of its own */
    enum permit permit;
    bool opens_view;
    const char *words;
};
const struct access_kind_row *access_kind(enum access_kind kind);
const char *permit_text(enum permit permit);
enum err permit_parse(const char *text, enum permit *ret_permit) MUST_CHECK;

/* How a camera is named in a request. */
enum access_name {
    ACCESS_CAMERA,   /* the VMS's own id or name of a camera */
    ACCESS_STREAM,   /* an alias that the VMS's configuration turns into a camera */
    ACCESS_EVENT,    /* a recorded event's id */
    ACCESS_FRAME,    /* a frame's id */
    ACCESS_EXPORTED, /* an export's id or file name */
    ACCESS_REVIEW,   /* a review item's id (Frigate) */
    ACCESS_GROUP,    /* a group of cameras */
    ACCESS_LINK,     /* what an earlier request made: zms connkey, archive name */
    ACCESS_ALL,      /* every camera: a list of recordings, a composite picture */
};

struct access_camera {
    enum access_name name;
    const char *text; /* "" for ACCESS_ALL */
};

/* Times are milliseconds since 1970; 0: not said. */
struct access {
    enum access_kind kind;
    const struct access_row *row; /* NULL: none matched */
    struct access_camera *cameras;
    size_t camera_count;
    int64_t from, to;
    const char *object; /* what the event's target.object says: "event 17", "user anna", the path */
    const char *view;   /* same text: same view of one session; NULL: opens none */
    const char *link;   /* what a later request will call this view (zms connkey), or NULL */
    const char *command; /* of FOLLOW: the VMS's own number or word */
    bool walks_on;       /* goes on to further recordings by itself (zms replay=all, gapless) */
    bool is_write;       /* changes something, whatever the method */
    bool is_upgrade;     /* becomes a WebSocket */
    bool reads_frames;   /* its WebSocket frames are to be classified (access_frame) */
    bool reads_answer;   /* the answer's body decides or tells more (row->answer) */
};

/*
 * A request as the gateway has it: path canonical and decoded, without the prefix under which the
 * VMS is published; query as sent upstream. All of it outlives the access made of it.
 */
struct access_request {
    const char *method;
    const char *path;
    const char *query; /* without '?', "" when none */
    const char *type;  /* Content-Type, or NULL */
    const void *body;  /* whole, or NULL */
    size_t body_len;
    bool is_upgrade; /* Upgrade: websocket */
};

struct access_param {
    const char *name, *value; /* decoded as the VMS decodes */
    bool is_body;
};

/* Parameters as the VMS sees them: what counts when a name is there twice is already decided. */
struct access_params {
    const struct access_param *rows;
    size_t count;
};

/* The answer of the VMS as far as the gateway kept it (at most ACCESS_ANSWER bytes). */
#define ACCESS_ANSWER ((size_t)64 * 1024)
struct access_answer {
    unsigned status;
    const char *type;
    const void *body;
    size_t body_len;
    bool is_whole;
};

/* What an answer adds. */
struct access_told {
    bool has_failed;   /* a refused log-in, whatever the status */
    const char *user;  /* of a log-in */
    const char *link;  /* name by which what was prepared will be fetched */
    const char *event; /* the event that a stream shows now */
    int64_t position;  /* ms into that event; -1: not told */
};

/*
 * A row: matches when method, path and parameters fit. In order, first match wins. Its patterns
 * are described in vms/access_driver.h.
 */
struct access_row {
    const char *methods; /* "GET", "POST|PUT"; "GET" also covers HEAD; NULL: any */
    const char *path;
    const char *params;
    enum access_kind kind;
    unsigned flags;
    const char *role; /* what the VMS itself demands: "public", "any", "camera", "admin"; or NULL */
    const char *source; /* where this is documented, for people; never NULL */
    /* Escape hatch for what a pattern can't say, after the captures; ERR_VALUE refuses the request,
     * ERR_MISSING makes it ACCESS_UNKNOWN. What it sets is kept: only an object or a view that is
     * NULL is made from the cameras and times. */
    enum err (*more)(const struct access_request *, const struct access_params *,
        struct access *access, struct arena *, struct note *);
    void (*answer)(const struct access_answer *, struct access_told *, struct arena *);
};

enum {
    ACCESS_ROW_WRITE = 1 << 0,
    ACCESS_ROW_UPGRADE = 1 << 1, /* only as a WebSocket */
    ACCESS_ROW_FRAMES = 1 << 2,
    ACCESS_ROW_ALL = 1 << 3,        /* touches every camera */
    ACCESS_ROW_LOCAL_TIME = 1 << 4, /* its times are in the VMS's own zone: they are as if UTC */
    ACCESS_ROW_FOLD = 1 << 5,       /* one view for all times of its cameras */
};

/* A VMS's side of the gateway; vms/gates.def lists them. Its rows are indexed at its first use, so
 * it must not change nor go. */
struct vms_gate {
    const char *name; /* "zoneminder": the driver's name */
    const char *title;
    const struct access_row *rows;
    size_t row_count;
    /* Splits query and body as this VMS does; ERR_VALUE: what it would read two ways. NULL: as
     * access_read() does with no flags. Called only for a row that asks for parameters. */
    enum err (*read)(const struct access_request *, struct arena *,
        struct access_params *ret_params, struct note *) MUST_CHECK;
    /* A whole text or binary message from the browser. ERR_VALUE: refuse it. NULL: none are read.
     */
    enum err (*frame)(const void *bytes, size_t len, struct arena *, struct access *ret_access,
        struct note *) MUST_CHECK;
    /* Types of answers that are footage at this VMS beyond those of access_is_media(). */
    const char *const *media;
    const char *maturity;
};

const struct vms_gate *vms_gate_find(const char *name);
extern const struct vms_gate *const vms_gates[];
extern const size_t vms_gate_count;

/*
 * What a request means. OK with ACCESS_UNKNOWN when no row explains it; ERR_VALUE, ERR_LIMIT: it is
 * to be refused, the note says why (a camera named two ways, a duplicate that the VMS would read
 * otherwise, too many). Texts live in the arena or in the request.
 */
enum err access_classify(const struct vms_gate *gate, const struct access_request *request,
    struct arena *arena, struct access *ret_access, struct note *note) MUST_CHECK;

/* Whether an answer carries media, by its type and, where bytes are given, by its first bytes. */
bool access_is_media(const char *type, const void *bytes, size_t len);
/* How many first bytes it wants to see. */
#define ACCESS_SNIFF 512
