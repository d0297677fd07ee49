/*
 * Roles: what their members may do at which VMS, on which cameras, when, and how far back. Default
 * is to deny. A rule is one line of text, the same in commands and listings:
 *
 *   live,playback vms=zoneminder camera=front,yard days=mon-fri hours=08:00-18:00 back=7d
 *   browse,live,snapshot,playback group=outside
 *
 * A camera is named by the VMS's own id or by its name for people, in quotes when that has a blank:
 * camera="Front door",3. A name that two cameras of a VMS have means neither. Without camera= and
 * group= it is every camera, also future ones. back= is a number with d, h, m or s.
 */
#pragma once

#include "gate/policy.h"
#include "gate/upstream.h"
#include "identity/user.h"

#define ROLE_TEXT 1024

struct role_rule {
    int64_t id;
    char text[ROLE_TEXT]; /* canonical form of the line above */
};

enum err role_add(struct identity *identity, const char *name, struct note *note) MUST_CHECK;
enum err role_remove(struct identity *identity, const char *name, struct note *note) MUST_CHECK;
/* ERR_VALUE with the word that is wrong. */
enum err role_allow(struct identity *identity, const char *role, const char *rule, int64_t *ret_id,
    struct note *note) MUST_CHECK;
enum err role_forbid(
    struct identity *identity, const char *role, int64_t rule, struct note *note) MUST_CHECK;
enum err role_give(
    struct identity *identity, const char *user, const char *role, struct note *note) MUST_CHECK;
enum err role_take(
    struct identity *identity, const char *user, const char *role, struct note *note) MUST_CHECK;
/* Names, sorted; rules of one; roles of a user. In the arena. */
enum err role_list(struct identity *identity, struct arena *arena, char ***ret_names,
    size_t *ret_count) MUST_CHECK;
enum err role_rules(struct identity *identity, const char *role, struct arena *arena,
    struct role_rule **ret_rules, size_t *ret_count) MUST_CHECK;
enum err role_of(struct identity *identity, const char *user, struct arena *arena,
    char ***ret_names, size_t *ret_count) MUST_CHECK;
/* Groups of cameras, for rules; replaces the members, none: the group goes. */
enum err role_group_set(struct identity *identity, const char *group, const char *const *cameras,
    size_t count, struct note *note) MUST_CHECK;
/* Their names; the cameras of one. */
enum err role_groups(struct identity *identity, struct arena *arena, char ***ret_names,
    size_t *ret_count) MUST_CHECK;
enum err role_group(struct identity *identity, const char *group, struct arena *arena,
    char ***ret_cameras, size_t *ret_count) MUST_CHECK;

/* A VMS of the settings with what the broker knows of it (NULL: nothing yet). */
struct role_vms {
    const char *name;
    const struct upstream *upstream;
};
/* The policy for the board. Cameras that rules name but no VMS has are in it too. ERR_LIMIT. */
enum err role_policy(struct identity *identity, const struct role_vms *vms, size_t vms_count,
    struct policy *ret_policy, struct note *note) MUST_CHECK;

/* One rule by which a user may do something. */
struct role_grant {
    char user[IDENTITY_NAME], role[POLICY_NAME];
    int64_t rule;
    char text[ROLE_TEXT];
    uint32_t permits; /* 1 << enum permit */
};
/* "permits" of a grant in words: "browse,live". */
void role_permits(uint32_t permits, char *out, size_t size);
/* What this user can do; none when disabled. ERR_MISSING: no such user. */
enum err role_can(struct identity *identity, const char *user, struct arena *arena,
    struct role_grant **ret_grants, size_t *ret_count, struct note *note) MUST_CHECK;

/* A camera as a person names it, and the VMSes as for role_policy(). */
struct role_camera {
    const struct role_vms *vms;
    size_t vms_count;
    const char *vms_name; /* NULL: of any */
    const char *camera;   /* id or name for people */
};
/* Who can see it, by user and role; ERR_MISSING: neither a VMS nor a rule knows it. */
enum err role_who(struct identity *identity, const struct role_camera *camera, struct arena *arena,
    struct role_grant **ret_grants, size_t *ret_count, struct note *note) MUST_CHECK;

/* The built-in roles "administrator", "operator", "viewer", made with a new database. */
enum err role_defaults(struct identity *identity) MUST_CHECK;
