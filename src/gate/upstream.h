/*
 * What the broker knows of one VMS, in a shared file that only it writes: cameras and their
 * aliases, and the headers by which the VMS lets the gateway in. Workers map it read-only, the
 * doorman takes the cameras' names from it. One file for each VMS: run/vms-NAME.
 */
#pragma once

#include "gate/policy.h"

#define UPSTREAM_ALIASES 2048
#define UPSTREAM_HEADERS 4
#define UPSTREAM_VALUE   2048
#define UPSTREAM_STALE   120000 /* ms */

struct upstream_alias {
    char alias[POLICY_NAME]; /* a stream's name */
    char key[POLICY_NAME];   /* the camera's */
};

/* A header for requests to the VMS; "Cookie" is joined with what remains of the browser's. */
struct upstream_header {
    char name[48];
    char value[UPSTREAM_VALUE]; /* {user} and {role} are replaced by the session's */
};

struct upstream {
    char version[32]; /* of the VMS, "" when not known */
    bool is_reachable;
    bool has_session;  /* a brokered session holds, or none is needed */
    char trouble[160]; /* why not, in words */
    int64_t at;        /* clock_boot() of the last look */
    int32_t zone;      /* seconds that its local time is ahead of UTC */
    uint32_t camera_count, alias_count, header_count;
    struct policy_camera cameras[POLICY_CAMERAS];
    struct upstream_alias aliases[UPSTREAM_ALIASES];
    struct upstream_header headers[UPSTREAM_HEADERS];
    /* Parameters that are added to requests whose path begins so (zms takes a token only there). */
    char token_path[64];
    char token[UPSTREAM_VALUE]; /* "token=…" */
};

struct upstream_writer;
struct upstream_reader;
enum err upstream_create(
    const char *path, struct upstream_writer **ret_writer, struct note *note) MUST_CHECK;
/* The first publication puts the file in its place, so that readers never see an empty one. */
enum err upstream_publish(
    struct upstream_writer *writer, const struct upstream *upstream, struct note *note) MUST_CHECK;
void upstream_close(struct upstream_writer *writer);

enum err upstream_open(
    const char *path, struct upstream_reader **ret_reader, struct note *note) MUST_CHECK;
void upstream_reader_close(struct upstream_reader *reader);
/* Maps the file anew when the broker was started again: one system call; from a timer. */
enum err upstream_refresh(struct upstream_reader *reader) MUST_CHECK;
/* Changes with every publication. */
uint64_t upstream_generation(const struct upstream_reader *reader);
/* A consistent copy into memory that the caller has (it is large). */
enum err upstream_copy(
    const struct upstream_reader *reader, struct upstream *ret_upstream) MUST_CHECK;
/* The camera of an alias; NULL: none. Camera keys are their own alias. */
const char *upstream_camera(const struct upstream *upstream, const char *alias);
