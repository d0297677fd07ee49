/*
 * Roles: what their members may do at which VMS, on which cameras, when, and how far back. Default
 * is to deny. A rule is one line of text, the same in commands and listings:
 *
 *   live,playback vms=zoneminder camera=front,yard days=mon-fri hours=08:00-18:00 back=7d
 *   browse,live,snapshot,playback group=outside
 */
#pragma once

#include "gate/policy.h"
#include "gate/upstream.h"
#include "identity/user.h"

struct role_rule {
    int64_t id;
    char text[1024]; /* canonical form of the line above */
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
/* Groups of cameras, for rules. */
enum err role_group_set(struct identity *identity, const char *group, const char *const *cameras,
    size_t count, struct note *note) MUST_CHECK;

/* A VMS of the settings with what the broker knows of it (NULL: nothing yet). */
struct role_vms {
    const char *name;
    const struct upstream *upstream;
};
/* The policy for the board. Cameras that rules name but no VMS has are in it too. ERR_LIMIT. */
enum err role_policy(struct identity *identity, const struct role_vms *vms, size_t vms_count,
    struct policy *ret_policy, struct note *note) MUST_CHECK;
/* The built-in roles "administrator", "operator", "viewer", made with a new database. */
enum err role_defaults(struct identity *identity) MUST_CHECK;
