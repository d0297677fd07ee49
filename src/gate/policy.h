/*
 * Who may do what, as the workers see it: fixed arrays without pointers, so that it can lie in
 * shared memory. Made by the doorman from the identity database; default is to deny. Pure.
 */
#pragma once

#include "vms/access.h"

#define POLICY_USERS   1024
#define POLICY_ROLES   64
#define POLICY_RULES   512
#define POLICY_CAMERAS 512
#define POLICY_VMS     8
#define POLICY_NAME    64 /* of a user, role, camera, with its terminator */
#define POLICY_ANY     UINT16_MAX

/* A camera that a rule may name; its place is its bit. */
struct policy_camera {
    uint16_t vms;
    char key[POLICY_NAME];  /* the VMS's own id: "1", "front" */
    char name[POLICY_NAME]; /* for people: "Front door" */
};

/* One permission of a role. */
struct policy_rule {
    uint16_t role;
    uint16_t vms;     /* or POLICY_ANY */
    uint32_t permits; /* 1 << enum permit */
    bool all_cameras; /* also those that are not known yet */
    uint64_t cameras[POLICY_CAMERAS / 64];
    uint8_t days; /* bit 0 Monday … bit 6 Sunday; 0: every day */
    uint16_t begin,
        end;       /* minutes of the day, local; equal: the whole day; end may be before begin */
    uint32_t back; /* seconds that a recording may be old; 0: no limit */
};

struct policy_user {
    char name[POLICY_NAME];
    uint64_t roles; /* bit per role */
    bool is_enabled;
    bool is_administrator; /* may use the break-glass path and Gatehouse's own pages for admins */
};

struct policy {
    uint32_t user_count, role_count, rule_count, camera_count, vms_count;
    char vms[POLICY_VMS][POLICY_NAME];
    char roles[POLICY_ROLES][POLICY_NAME];
    struct policy_user users[POLICY_USERS];
    struct policy_rule rules[POLICY_RULES];
    struct policy_camera cameras[POLICY_CAMERAS];
};

/*
 * What somebody asks to do, with every camera resolved to its key. Without any camera only browsing
 * is allowed by a rule for some cameras; everything else then needs a rule for all of them.
 */
struct policy_question {
    uint16_t user; /* place in users */
    uint16_t vms;
    enum permit permit;
    const char *const *cameras; /* keys */
    size_t camera_count;
    bool all_cameras; /* it touches every camera of the VMS */
    int64_t from;     /* oldest time it shows, ms since 1970; 0: not said; now for what is live */
    int64_t now;      /* ms since 1970 */
    uint16_t minute;  /* local minute of the day, 0 to 1439 */
    uint8_t weekday;  /* local, 0 Monday */
};

struct policy_answer {
    bool is_allowed;
    uint16_t role;      /* that allowed it, or POLICY_ANY */
    const char *why;    /* of a refusal, for the event: "no role allows export of camera" */
    const char *camera; /* the first that was refused, or NULL */
    /* How far back the roles that allow it go, in seconds; 0: no limit. Playback, export or
     * snapshot without a known time is refused when there is a limit. */
    uint32_t back;
};

/* Every camera must be allowed, each by any one rule of any role of that user. */
void policy_ask(const struct policy *policy, const struct policy_question *question,
    struct policy_answer *ret_answer);
/* Place of a camera by the VMS's own id, or POLICY_ANY. */
uint16_t policy_camera(const struct policy *policy, uint16_t vms, const char *key);
