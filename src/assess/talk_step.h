/* Inside a conversation: the queue of questions, shared by the files talk*.c only. */
#pragma once

#include "assess/talk.h"
#include "catalog/credential.h"
#include "identify/identify.h"

#define TALK_STEPS      192
#define TALK_DEAD_PORTS 16
#define TALK_ROOTS      4

enum talk_way {
    TALK_HTTP,
    TALK_RTSP,
    TALK_BANNER,
    TALK_DVRIP,
};

struct talk_step;
typedef void talk_answered_fn(
    struct talk *talk, const struct talk_step *step, const struct answer *answer);

/* One question. */
struct talk_step {
    enum talk_way way;
    struct wire_target target;
    struct request request;
    talk_answered_fn *answered;
    const struct device_driver *driver; /* whose ask it is, or NULL */
    const struct ask *ask;              /* the driver's own row */
    const char *path;                   /* where it was really asked, when not the row's path */
    const void *data;                   /* for the answered function */
    const bool *settled;                /* not asked any more once this is true; may be NULL */
};

enum talk_stage {
    TALK_LOOK,    /* first answers of every port */
    TALK_PROBE,   /* marks of drivers */
    TALK_ONVIF,   /* where the ONVIF service is */
    TALK_READ,    /* readings without a login */
    TALK_DOORS,   /* streams and pictures that need no login */
    TALK_LOGIN,   /* factory passwords, inside the budget */
    TALK_READ_IN, /* readings behind the login */
    TALK_LEAVE,   /* the end of its session */
    TALK_END,
};

/* A port, and how many of its questions in a row … */
struct talk_failing {
    uint16_t port;
    uint8_t silent; /* … got no answer, */
    uint8_t failed; /* or none that was whole */
};

struct talk {
    const struct talk_setting *setting;
    struct subject *subject;
    struct arena arena;        /* questions; the subject keeps only what becomes a fact */
    struct arena answer_arena; /* the answer at hand, gone when the next question goes out */
    talk_done_fn *done;
    void *context;
    struct identity identity;
    enum talk_stage stage;
    struct talk_step steps[TALK_STEPS];
    size_t step_first, step_count;
    struct talk_step now; /* the question under way */
    struct wire_call *call;
    struct wire_stream *stream; /* the connection of DVRIP */
    uint32_t frames;            /* sent on it */
    struct wire_call *next;     /* the turn of the loop that asks the next question */
    int64_t deadline;
    struct talk_failing failing[TALK_DEAD_PORTS];
    size_t failing_count;
    const char *silence;                     /* the first question that nothing answered */
    struct identity_place roots[TALK_ROOTS]; /* where front pages lead: "/nvr" */
    size_t root_count;
    uint16_t onvif_port;
    bool onvif_tls, onvif_found;
    bool has_heard; /* any question but of a banner was answered whole */
    const char *onvif_path;
    bool is_sure; /* a probe's mark left no doubt: no other driver's is asked */
    bool stream_settled, picture_settled;
    unsigned streams_asked, pictures_asked; /* paths at which a login was asked for */
    unsigned refusals;       /* readings behind the log-in that were refused in a row */
    bool is_shut;            /* so many that no more are asked */
    struct login login;      /* under way */
    struct secret *password; /* its password */
    struct talk_step login_step;
    const struct device_driver *login_driver;
    const struct device_door *door;
    const struct credential *credential; /* NULL: none, or the owner's */
    size_t credential_count;             /* that its maker published */
    size_t refused_count;                /* of these, refused on earlier days and now */
    const struct site_device *owner;     /* whose password is used instead of a factory one */
    struct site_device ring;             /* that one, where Gatehouse set it */
    struct arena vault;                  /* requests that may hold a password; wiped */
    bool is_control;   /* the log-in under way is the control with a random password */
    bool is_confirmed; /* an earlier run's control was refused */
    bool is_open;      /* a log-in opened; readings behind it may be asked */
    bool has_left;     /* and its session was ended */
    struct login kept; /* the one that opened */
    struct secret *kept_password;
    enum fact_id factory_fact;
    const struct evidence *factory_evidence;
    int64_t ticket; /* of the budget, 0 without one */
};

/* Queues a question; false when the queue is full or its port has stopped answering. */
bool talk_ask(struct talk *talk, const struct talk_step *step);
/* "GET http://10.0.0.7:80/path" of a step, for evidence; never with credentials. */
const char *talk_asked(const struct talk_step *step, char *out, size_t size);
/* The target of the device's port; false when that port is not open or speaks no HTTP. */
bool talk_http_target(const struct talk *talk, uint16_t port, struct wire_target *ret_target);
/* The device's main web port (80, else the lowest plain one, else TLS). */
bool talk_main_target(const struct talk *talk, struct wire_target *ret_target);

/*
 * Where this ask of this driver goes; false when there is no such port. A VMS that was recognised
 * at several places is asked over TLS where it has that.
 */
bool talk_read_target(struct talk *talk, const struct device_driver *driver, const struct ask *ask,
    struct talk_step *step);

/* What each stage queues. */
void talk_look_begin(struct talk *talk);
void talk_look_probe(struct talk *talk);
void talk_read_find_onvif(struct talk *talk);
void talk_read_begin(struct talk *talk);
void talk_read_behind_login(struct talk *talk);
/* Ends the session of this log-in, if its door makes sessions: some devices allow only a few. */
void talk_read_leave(struct talk *talk, struct login *login);
/* Ends what is open and what a log-in under way may have opened. */
void talk_read_leave_all(struct talk *talk);
void talk_doors_begin(struct talk *talk);
void talk_login_begin(struct talk *talk);
/* Maker and firmware may be known only now: what they say about the owner's password. */
void talk_login_end(struct talk *talk);

/* Whether the driver's maker or VMS was stated, not only guessed. */
bool talk_credential_is_stated(const struct talk *talk, const struct device_driver *driver);
/* "login.factory" or "vms.factory": where an open factory account of this device is told. */
enum fact_id talk_credential_fact(const struct talk *talk);
/*
 * Whose password has its turn: the owner's stays, unless one for all others was refused lately;
 * else the likeliest factory password that this device has not refused. What it has refused is
 * told.
 */
void talk_credential_choose(struct talk *talk, const struct device_driver *driver);
/* Tells how many factory passwords were refused (`now`: one more), and how many are left. */
void talk_credential_refused(struct talk *talk, bool now, const struct source *source);
/* Whether the owner's is the one password for all devices without their own. */
bool talk_credential_is_others(const struct talk *talk);
/* What the owner's password tells about the factory's: it is one, or it stands in its place. */
void talk_credential_compare(struct talk *talk);
