/*
 * Kinds of steps, one file each (kind_NAME.c, kinds.def), and what they work with. A kind writes
 * straight on: each job has a thread of its own, and desk.h's calls wait for answers while the one
 * loop does all I/O inside scope and pace.
 */
#pragma once

#include "remedy/desk.h"
#include "remedy/plan.h"

/* What came of one function of a kind. */
enum remedy_result {
    REMEDY_DONE,
    REMEDY_CHANGED,  /* the site is not as planned: nothing was done */
    REMEDY_REFUSED,  /* the device said no, nothing changed */
    REMEDY_UNPROVEN, /* done as the device says, but what was read afterwards is not so */
    REMEDY_HURT,     /* proven, but video or recording does not come back */
    REMEDY_FAILED,   /* not known how far it got: it is taken back */
    REMEDY_STOPPED,  /* the person or the dead-man timer said stop */
};

/* One step under way at one device. Steps of one device run one after the other. */
struct job {
    struct desk *desk;
    const struct plan *plan;
    const struct plan_step *step;
    struct subject *subject; /* the plan's, for this job alone; addresses may be found anew */
    const struct device_driver *driver; /* NULL: none */
    struct arena arena;                 /* as long as the job */
    json_t *before;          /* what take() noted for the way back; sealed in the journal */
    json_t *after;           /* what the proof read, for the page; no secret */
    struct note why;         /* why a result is not REMEDY_DONE, for a person */
    unsigned logins;         /* spent */
    struct session *session; /* a log-in that the step's functions share; NULL: none */
    int64_t changed;         /* clock_mono() of the last change that was sent; 0: none */
    bool is_spent;           /* the budget refused a log-in: not before another day */
    bool is_resumed;         /* by another process than the one that began it */
};

struct remedy_kind {
    const char *name;
    const char *title; /* plural, for headings: "Switch off" */
    /* Adds steps for the findings that it can close. */
    enum err (*propose)(struct plan *plan, const struct plan_from *from);
    /*
     * In this order. take: reads what stands there into job->before; nothing is changed. The
     * journal has it durably before apply is called. prove: reads again, by the driver's readings,
     * from the device. keep: hands on what others need, after video was seen again; may be called
     * twice. undo: back to job->before, called in any state after take, also by another process and
     * twice; it ends with its own proof. NULL: nothing to do there.
     */
    enum remedy_result (*take)(struct job *job);
    enum remedy_result (*apply)(struct job *job);
    enum remedy_result (*prove)(struct job *job);
    enum remedy_result (*keep)(struct job *job);
    enum remedy_result (*undo)(struct job *job);
    bool is_serial; /* one at a time over the whole site (router, VMS), not one per device */
    bool has_video; /* prove that the touched camera delivers frames, before and after */
    /* job->session may come from the step before at the device, and is left for the next one. */
    bool shares_login;
};

extern const struct remedy_kind *const remedy_kinds[];
extern const size_t remedy_kind_count;
const struct remedy_kind *remedy_kind(const char *name);
const char *remedy_result_words(enum remedy_result result);
