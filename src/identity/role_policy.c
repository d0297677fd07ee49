/* The policy that the workers decide by, and questions to it: who can do what, who sees a camera.
 */
#include "base/text.h"
#include "identity/identity_inside.h"
#include "identity/role_rule.h"

#include <stdlib.h>
#include <string.h>

struct made {
    struct policy policy;
    int64_t roles[POLICY_ROLES]; /* numbers in the database of the policy's rows */
    int64_t rules[POLICY_RULES];
    const struct role_vms *vms;
    struct identity *identity;
    struct note *note;
};

static enum err
too_many(struct made *made, const char *what, unsigned most)
{
    note_set(made->note, "more than %u %s; the gateway has no room for them", most, what);
    return ERR_LIMIT;
}

static enum err
add_camera(struct made *made, uint16_t vms, const char *key, const char *name)
{
    struct policy *policy = &made->policy;
    if (policy->camera_count == POLICY_CAMERAS) {
        return too_many(made, "cameras", POLICY_CAMERAS);
    }
    struct policy_camera *camera = &policy->cameras[policy->camera_count++];
    camera->vms = vms;
    (void)text_copy(camera->key, sizeof(camera->key), key);
    (void)text_copy(camera->name, sizeof(camera->name), text_is_empty(name) ? key : name);
    return OK;
}

static enum err
add_known_cameras(struct made *made)
{
    enum err err = OK;
    for (uint32_t i = 0; i < made->policy.vms_count && err == OK; i++) {
        const struct upstream *upstream = made->vms[i].upstream;
        uint32_t count = upstream == NULL ? 0 : upstream->camera_count;
        for (uint32_t k = 0; k < count && k < POLICY_CAMERAS && err == OK; k++) {
            err =
                add_camera(made, (uint16_t)i, upstream->cameras[k].key, upstream->cameras[k].name);
        }
    }
    return err;
}

/*
 * By the VMS's own id first: who names a camera in the VMS must not take another one's place. A
 * name that two have is none.
 */
static uint32_t
find_camera(const struct policy *policy, uint16_t vms, const char *word)
{
    uint32_t found = POLICY_ANY;
    unsigned named = 0;
    for (uint32_t i = 0; i < policy->camera_count; i++) {
        const struct policy_camera *camera = &policy->cameras[i];
        if (camera->vms != vms) {
            continue;
        }
        if (text_equal(camera->key, word)) {
            return i;
        }
        if (text_equal_nocase(camera->name, word)) {
            found = i;
            named++;
        }
    }
    return named == 1 ? found : POLICY_ANY;
}

static void
set_camera(struct policy_rule *rule, uint32_t place)
{
    rule->cameras[place / 64] |= UINT64_C(1) << (place % 64);
}

static bool
has_camera(const struct policy_rule *rule, uint32_t place)
{
    return (rule->cameras[place / 64] >> (place % 64) & 1) != 0;
}

/* A camera that is not known (yet) gets a row, so that the rule holds when it appears. */
static enum err
allow_camera(struct made *made, struct policy_rule *rule, const char *word)
{
    bool is_found[POLICY_VMS] = {false};
    unsigned found = 0;
    enum err err = OK;
    for (uint32_t i = 0; i < made->policy.vms_count; i++) {
        uint32_t place = rule->vms == POLICY_ANY || rule->vms == i
                             ? find_camera(&made->policy, (uint16_t)i, word)
                             : POLICY_ANY;
        if (place != POLICY_ANY) {
            set_camera(rule, place);
            is_found[i] = true;
            found++;
        }
    }
    for (uint32_t i = 0; i < made->policy.vms_count && err == OK; i++) {
        bool is_asked = rule->vms == POLICY_ANY || rule->vms == i;
        if (is_asked && !is_found[i] && (found == 0 || made->vms[i].upstream == NULL)) {
            err = add_camera(made, (uint16_t)i, word, word);
            if (err == OK) {
                set_camera(rule, made->policy.camera_count - 1);
            }
        }
    }
    return err;
}

static enum err
allow_group(struct made *made, struct policy_rule *rule, const char *group)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    enum err err = identity_prepare(made->identity, &query,
        "SELECT camera FROM camera_group WHERE name = ? ORDER BY camera", "t", group);
    while (identity_row(made->identity, query, &err)) {
        char camera[POLICY_NAME];
        identity_text(query, 0, camera, sizeof(camera));
        err = allow_camera(made, rule, camera);
    }
    return err;
}

/* A rule of a VMS that the settings don't have allows nothing, and is left out. */
static bool
find_vms(const struct made *made, const char *name, uint16_t *ret_vms)
{
    *ret_vms = POLICY_ANY;
    for (uint32_t i = 0; i < made->policy.vms_count; i++) {
        if (text_equal_nocase(made->policy.vms[i], name)) {
            *ret_vms = (uint16_t)i;
        }
    }
    return name[0] == '\0' || *ret_vms != POLICY_ANY;
}

static enum err
add_rule(struct made *made, uint16_t role, int64_t id, const char *text)
{
    struct policy *policy = &made->policy;
    struct role_words words;
    uint16_t vms = POLICY_ANY;
    enum err err = role_read_rule(text, &words, made->note);
    if (err != OK || !find_vms(made, words.vms, &vms)) {
        return err;
    }
    if (policy->rule_count == POLICY_RULES) {
        return too_many(made, "rules", POLICY_RULES);
    }
    struct policy_rule *rule = &policy->rules[policy->rule_count];
    *rule = (struct policy_rule){.role = role,
        .vms = vms,
        .permits = words.permits,
        .all_cameras = words.camera_count + words.group_count == 0,
        .days = words.days,
        .begin = words.begin,
        .end = words.end,
        .back = words.back};
    made->rules[policy->rule_count++] = id;
    for (size_t i = 0; i < words.camera_count && err == OK; i++) {
        err = allow_camera(made, rule, words.cameras[i]);
    }
    for (size_t i = 0; i < words.group_count && err == OK; i++) {
        err = allow_group(made, rule, words.groups[i]);
    }
    return err;
}

static enum err
add_roles(struct made *made)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    struct policy *policy = &made->policy;
    enum err err =
        identity_prepare(made->identity, &query, "SELECT id, name FROM role ORDER BY name", "");
    while (identity_row(made->identity, query, &err)) {
        if (policy->role_count == POLICY_ROLES) {
            return too_many(made, "roles", POLICY_ROLES);
        }
        made->roles[policy->role_count] = sqlite3_column_int64(query, 0);
        identity_text(query, 1, policy->roles[policy->role_count++], POLICY_NAME);
    }
    return err;
}

static enum err
add_rules(struct made *made)
{
    enum err err = OK;
    for (uint32_t i = 0; i < made->policy.role_count && err == OK; i++) {
        CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
        err = identity_prepare(made->identity, &query,
            "SELECT id, text FROM rule WHERE role = ? ORDER BY id", "i", made->roles[i]);
        while (identity_row(made->identity, query, &err)) {
            char text[ROLE_TEXT];
            identity_text(query, 1, text, sizeof(text));
            err = add_rule(made, (uint16_t)i, sqlite3_column_int64(query, 0), text);
        }
    }
    return err;
}

static void
give_role(struct made *made, struct policy_user *user, int64_t role)
{
    for (uint32_t i = 0; i < made->policy.role_count; i++) {
        if (made->roles[i] == role) {
            user->roles |= UINT64_C(1) << i;
        }
    }
}

static enum err
add_users(struct made *made)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    struct policy *policy = &made->policy;
    int64_t last = 0;
    enum err err = identity_prepare(made->identity, &query,
        "SELECT id, name, is_disabled, is_administrator, coalesce(role, 0) FROM user"
        " LEFT JOIN member ON member.user = user.id ORDER BY name, id",
        "");
    while (identity_row(made->identity, query, &err)) {
        int64_t id = sqlite3_column_int64(query, 0);
        if (id != last && policy->user_count == POLICY_USERS) {
            return too_many(made, "users", POLICY_USERS);
        }
        if (id != last) {
            struct policy_user *user = &policy->users[policy->user_count++];
            identity_text(query, 1, user->name, sizeof(user->name));
            user->is_enabled = sqlite3_column_int(query, 2) == 0;
            user->is_administrator = sqlite3_column_int(query, 3) != 0;
            last = id;
        }
        give_role(made, &policy->users[policy->user_count - 1], sqlite3_column_int64(query, 4));
    }
    return err;
}

static enum err
fill(struct made *made)
{
    enum err (*const steps[])(struct made *) = {add_known_cameras, add_roles, add_rules, add_users};
    enum err err = OK;
    for (size_t i = 0; i < COUNT(steps) && err == OK; i++) {
        err = steps[i](made);
    }
    return err;
}

static enum err
make(struct identity *identity, const struct role_vms *vms, size_t vms_count,
    struct made **ret_made, struct note *note)
{
    struct made *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return ERR_MEMORY;
    }
    made->identity = identity;
    made->vms = vms;
    made->note = note;
    enum err err = vms_count > POLICY_VMS ? too_many(made, "VMSes", POLICY_VMS) : OK;
    if (err == OK) {
        err = identity_begin_reading(identity, note);
    }
    if (err != OK) {
        free(made);
        return err;
    }
    for (size_t i = 0; i < vms_count; i++) {
        (void)text_copy(made->policy.vms[i], POLICY_NAME, vms[i].name);
    }
    made->policy.vms_count = (uint32_t)vms_count;
    err = identity_end(identity, fill(made), note);
    if (err != OK) {
        free(made);
        return err;
    }
    *ret_made = made;
    return OK;
}

enum err
role_policy(struct identity *identity, const struct role_vms *vms, size_t vms_count,
    struct policy *ret_policy, struct note *note)
{
    struct made *made = NULL;
    enum err err = make(identity, vms, vms_count, &made, note);
    if (err == OK) {
        *ret_policy = made->policy;
        free(made);
    }
    return err;
}

struct grants {
    struct identity *identity;
    struct arena *arena;
    struct role_grant *rows;
    size_t count, room;
};

static enum err
read_grants(struct grants *grants, sqlite3_stmt *query)
{
    enum err err = OK;
    while (identity_row(grants->identity, query, &err)) {
        struct role_words words;
        if (grants->count == grants->room) {
            size_t room = grants->room == 0 ? 16 : grants->room * 2;
            struct role_grant *rows = arena_alloc(grants->arena, room * sizeof(*rows));
            if (rows == NULL) {
                return ERR_LIMIT;
            }
            if (grants->count != 0) {
                memcpy(rows, grants->rows, grants->count * sizeof(*rows));
            }
            grants->rows = rows;
            grants->room = room;
        }
        struct role_grant *row = &grants->rows[grants->count++];
        identity_text(query, 0, row->user, sizeof(row->user));
        identity_text(query, 1, row->role, sizeof(row->role));
        row->rule = sqlite3_column_int64(query, 2);
        identity_text(query, 3, row->text, sizeof(row->text));
        err = role_read_rule(row->text, &words, NULL);
        row->permits = err == OK ? words.permits : 0;
    }
    return err;
}

#define SELECT_GRANTS                                                                              \
    "SELECT user.name, role.name, rule.id, rule.text FROM user"                                    \
    " JOIN member ON member.user = user.id JOIN role ON role.id = member.role"                     \
    " JOIN rule ON rule.role = role.id WHERE user.is_disabled = 0 "

enum err
role_can(struct identity *identity, const char *user, struct arena *arena,
    struct role_grant **ret_grants, size_t *ret_count, struct note *note)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    struct grants grants = {.identity = identity, .arena = arena};
    int64_t number = 0;
    enum err err = identity_user(identity, user, &number, note);
    if (err == OK) {
        err = identity_prepare(identity, &query,
            SELECT_GRANTS "AND user.id = ? ORDER BY role.name, rule.id", "i", number);
    }
    if (err == OK) {
        err = read_grants(&grants, query);
    }
    if (err == OK) {
        *ret_grants = grants.rows;
        *ret_count = grants.count;
    }
    return err;
}

/* Where the policy has that camera: a bit per place. */
static bool
find_places(const struct made *made, const struct role_camera *camera, struct policy_rule *places)
{
    bool has_any = false;
    for (uint32_t i = 0; i < made->policy.vms_count; i++) {
        bool is_asked =
            camera->vms_name == NULL || text_equal_nocase(camera->vms_name, made->policy.vms[i]);
        uint32_t place =
            is_asked ? find_camera(&made->policy, (uint16_t)i, camera->camera) : POLICY_ANY;
        if (place != POLICY_ANY) {
            set_camera(places, place);
            has_any = true;
        }
    }
    return has_any;
}

static bool
covers(
    const struct policy *policy, const struct policy_rule *rule, const struct policy_rule *places)
{
    bool is_covered = false;
    for (uint32_t i = 0; i < policy->camera_count; i++) {
        is_covered = is_covered ||
                     (has_camera(places, i) &&
                         ((rule->all_cameras &&
                              (rule->vms == POLICY_ANY || rule->vms == policy->cameras[i].vms)) ||
                             has_camera(rule, i)));
    }
    return is_covered;
}

static enum err
add_covering(struct made *made, const struct policy_rule *places, struct grants *grants)
{
    /* Opening pages shows no picture. */
    const uint32_t sees = ~((UINT32_C(1) << PERMIT_BROWSE) | (UINT32_C(1) << PERMIT_PTZ) |
                            (UINT32_C(1) << PERMIT_CONFIGURE));
    enum err err = OK;
    for (uint32_t i = 0; i < made->policy.rule_count && err == OK; i++) {
        const struct policy_rule *rule = &made->policy.rules[i];
        CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
        if ((rule->permits & sees) == 0 || !covers(&made->policy, rule, places)) {
            continue;
        }
        err = identity_prepare(made->identity, &query,
            SELECT_GRANTS "AND rule.id = ? ORDER BY user.name", "i", made->rules[i]);
        if (err == OK) {
            err = read_grants(grants, query);
        }
    }
    return err;
}

static int
compare_grants(const void *a, const void *b)
{
    const struct role_grant *one = a;
    const struct role_grant *two = b;
    int order = strcmp(one->user, two->user);
    order = order != 0 ? order : strcmp(one->role, two->role);
    return order != 0 ? order : (one->rule > two->rule) - (one->rule < two->rule);
}

enum err
role_who(struct identity *identity, const struct role_camera *camera, struct arena *arena,
    struct role_grant **ret_grants, size_t *ret_count, struct note *note)
{
    struct grants grants = {.identity = identity, .arena = arena};
    struct policy_rule places = {.role = 0};
    struct made *made = NULL;
    enum err err = make(identity, camera->vms, camera->vms_count, &made, note);
    if (err != OK) {
        return err;
    }
    if (!find_places(made, camera, &places)) {
        note_set(note, "neither a VMS nor a rule knows a camera %.63s", camera->camera);
        err = ERR_MISSING;
    }
    if (err == OK) {
        err = add_covering(made, &places, &grants);
    }
    free(made);
    if (err == OK && grants.count != 0) {
        qsort(grants.rows, grants.count, sizeof(*grants.rows), compare_grants);
    }
    if (err == OK) {
        *ret_grants = grants.rows;
        *ret_count = grants.count;
    }
    return err;
}
