/* Roles, their rules and members, and groups of cameras. */
#include "identity/role.h"

#include "base/suggest.h"
#include "base/text.h"
#include "identity/identity_inside.h"
#include "identity/role_rule.h"

#include <string.h>

#define NAMES_MOST 4096

static enum err
list_texts(struct identity *identity, sqlite3_stmt *query, struct arena *arena, char ***ret_names,
    size_t *ret_count)
{
    enum err err = OK;
    size_t count = 0;
    size_t room = 0;
    char **names = NULL;
    while (identity_row(identity, query, &err)) {
        if (count == room) {
            size_t more = room == 0 ? 16 : room * 2;
            char **larger = arena_alloc(arena, more * sizeof(*larger));
            if (larger == NULL || more > NAMES_MOST) {
                return ERR_LIMIT;
            }
            if (count != 0) {
                memcpy(larger, names, count * sizeof(*names));
            }
            names = larger;
            room = more;
        }
        names[count] = arena_copy(arena, (const char *)sqlite3_column_text(query, 0));
        if (names[count++] == NULL) {
            return ERR_LIMIT;
        }
    }
    if (err == OK) {
        *ret_names = names;
        *ret_count = count;
    }
    return err;
}

enum err
role_list(struct identity *identity, struct arena *arena, char ***ret_names, size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    enum err err = identity_prepare(identity, &query, "SELECT name FROM role ORDER BY name", "");
    return err == OK ? list_texts(identity, query, arena, ret_names, ret_count) : err;
}

enum err
role_of(struct identity *identity, const char *user, struct arena *arena, char ***ret_names,
    size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    int64_t number = 0;
    enum err err = identity_user(identity, user, &number, NULL);
    if (err == OK) {
        err = identity_prepare(identity, &query,
            "SELECT name FROM member JOIN role ON role.id = member.role WHERE user = ?"
            " ORDER BY name",
            "i", number);
    }
    return err == OK ? list_texts(identity, query, arena, ret_names, ret_count) : err;
}

enum err
role_groups(struct identity *identity, struct arena *arena, char ***ret_names, size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    enum err err = identity_prepare(
        identity, &query, "SELECT DISTINCT name FROM camera_group ORDER BY name", "");
    return err == OK ? list_texts(identity, query, arena, ret_names, ret_count) : err;
}

enum err
role_group(struct identity *identity, const char *group, struct arena *arena, char ***ret_cameras,
    size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    size_t count = 0;
    char **cameras = NULL;
    enum err err = identity_prepare(identity, &query,
        "SELECT camera FROM camera_group WHERE name = ? ORDER BY camera", "t", group);
    if (err == OK) {
        err = list_texts(identity, query, arena, &cameras, &count);
    }
    if (err == OK && count == 0) {
        return ERR_MISSING;
    }
    if (err == OK) {
        *ret_cameras = cameras;
        *ret_count = count;
    }
    return err;
}

/* "there is no role viwer; did you mean viewer?" */
static void
say_missing(struct identity *identity, const char *what, const char *name, struct note *note)
{
    struct arena arena;
    char **names = NULL;
    size_t count = 0;
    arena_init(&arena, (size_t)1024 * 1024);
    enum err err = text_equal(what, "role") ? role_list(identity, &arena, &names, &count)
                                            : role_groups(identity, &arena, &names, &count);
    const char *nearest =
        err == OK ? suggest_nearest(name, (const char *const *)names, count) : NULL;
    note_set(note,
        nearest != NULL ? "there is no %s %.63s; did you mean %s?" : "there is no %s %.63s%s", what,
        name, nearest != NULL ? nearest : "");
    arena_release(&arena);
}

static enum err
find_role(struct identity *identity, const char *name, int64_t *ret_role, struct note *note)
{
    enum err err =
        identity_number(identity, ret_role, "SELECT id FROM role WHERE name = ?", "t", name);
    if (err == ERR_MISSING) {
        say_missing(identity, "role", name, note);
    }
    return err;
}

static enum err
add_role(struct identity *identity, const char *name, struct note *note)
{
    int64_t same = 0;
    int64_t count = 0;
    enum err err = identity_number(identity, &count, "SELECT count(*) FROM role", "");
    if (err == OK) {
        err =
            identity_number(identity, &same, "SELECT count(*) FROM role WHERE name = ?", "t", name);
    }
    if (err == OK && same != 0) {
        note_set(note, "there is a role %s already", name);
        return ERR_VALUE;
    }
    if (err == OK && count >= POLICY_ROLES) {
        note_set(note, "there are %d roles already, and no more fit; remove one", POLICY_ROLES);
        return ERR_LIMIT;
    }
    return err == OK ? identity_run(identity, "INSERT INTO role (name) VALUES (?)", "t", name)
                     : err;
}

enum err
role_add(struct identity *identity, const char *name, struct note *note)
{
    enum err err = identity_check_name(name, note);
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    return err == OK ? identity_end(identity, add_role(identity, name, note), note) : err;
}

enum err
role_remove(struct identity *identity, const char *name, struct note *note)
{
    int64_t role = 0;
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    err = find_role(identity, name, &role, note);
    if (err == OK) {
        err = identity_run(identity, "DELETE FROM role WHERE id = ?", "i", role);
    }
    return identity_end(identity, err, note);
}

/* A group that is not there would be a rule that silently allows nothing. */
static enum err
check_groups(struct identity *identity, const struct role_words *words, struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; i < words->group_count && err == OK; i++) {
        int64_t one = 0;
        err = identity_number(identity, &one, "SELECT 1 FROM camera_group WHERE name = ? LIMIT 1",
            "t", words->groups[i]);
        if (err == ERR_MISSING) {
            say_missing(identity, "group", words->groups[i], note);
            err = ERR_VALUE;
        }
    }
    return err;
}

static enum err
add_rule(
    struct identity *identity, int64_t role, const char *text, int64_t *ret_id, struct note *note)
{
    int64_t count = 0;
    int64_t same = 0;
    enum err err = identity_number(identity, &count, "SELECT count(*) FROM rule", "");
    if (err == OK && count >= POLICY_RULES) {
        note_set(note, "there are %d rules already, and no more fit; join some", POLICY_RULES);
        return ERR_LIMIT;
    }
    if (err == OK) {
        err = identity_number(
            identity, &same, "SELECT id FROM rule WHERE role = ? AND text = ?", "it", role, text);
    }
    if (err == OK) {
        note_set(note, "that is rule %lld of the role already", (long long)same);
        return ERR_VALUE;
    }
    if (err == ERR_MISSING) {
        err =
            identity_run(identity, "INSERT INTO rule (role, text) VALUES (?, ?)", "it", role, text);
    }
    if (err == OK) {
        *ret_id = sqlite3_last_insert_rowid(identity->db);
    }
    return err;
}

enum err
role_allow(struct identity *identity, const char *role, const char *rule, int64_t *ret_id,
    struct note *note)
{
    struct role_words words;
    char text[ROLE_TEXT];
    int64_t number = 0;
    enum err err = role_read_rule(rule, &words, note);
    if (err == OK && role_write_rule(&words, text) != OK) {
        note_set(note, "the rule is longer than %d bytes; make a group of cameras", ROLE_TEXT - 1);
        err = ERR_VALUE;
    }
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    err = find_role(identity, role, &number, note);
    if (err == OK) {
        err = check_groups(identity, &words, note);
    }
    if (err == OK) {
        err = add_rule(identity, number, text, ret_id, note);
    }
    return identity_end(identity, err, note);
}

enum err
role_forbid(struct identity *identity, const char *role, int64_t rule, struct note *note)
{
    int64_t number = 0;
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    err = find_role(identity, role, &number, note);
    if (err == OK) {
        err = identity_run(
            identity, "DELETE FROM rule WHERE id = ? AND role = ?", "ii", rule, number);
    }
    if (err == OK && identity_changes(identity) != 1) {
        note_set(note, "role %.63s has no rule %lld", role, (long long)rule);
        err = ERR_MISSING;
    }
    return identity_end(identity, err, note);
}

/* `change` has the places ?1 of the account and ?2 of the role. */
static enum err
change_member(struct identity *identity, const char *user, const char *role, const char *change,
    struct note *note)
{
    int64_t user_number = 0;
    int64_t role_number = 0;
    enum err err = identity_begin(identity, note);
    if (err != OK) {
        return err;
    }
    err = identity_user(identity, user, &user_number, note);
    if (err == OK) {
        err = find_role(identity, role, &role_number, note);
    }
    if (err == OK) {
        err = identity_run(identity, change, "ii", user_number, role_number);
    }
    if (err == OK && identity_changes(identity) != 1) {
        bool gives = text_starts(change, "INSERT");
        note_set(note, gives ? "%.63s has the role %.63s already" : "%.63s has no role %.63s", user,
            role);
        err = gives ? ERR_VALUE : ERR_MISSING;
    }
    return identity_end(identity, err, note);
}

enum err
role_give(struct identity *identity, const char *user, const char *role, struct note *note)
{
    return change_member(
        identity, user, role, "INSERT OR IGNORE INTO member (user, role) VALUES (?1, ?2)", note);
}

enum err
role_take(struct identity *identity, const char *user, const char *role, struct note *note)
{
    return change_member(
        identity, user, role, "DELETE FROM member WHERE user = ?1 AND role = ?2", note);
}

enum err
role_rules(struct identity *identity, const char *role, struct arena *arena,
    struct role_rule **ret_rules, size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    int64_t number = 0;
    int64_t most = 0;
    enum err err = find_role(identity, role, &number, NULL);
    if (err == OK) {
        err = identity_number(
            identity, &most, "SELECT count(*) FROM rule WHERE role = ?", "i", number);
    }
    if (err != OK) {
        return err;
    }
    struct role_rule *rules = arena_alloc(arena, ((size_t)most + 1) * sizeof(*rules));
    size_t count = 0;
    if (rules == NULL) {
        return ERR_LIMIT;
    }
    err = identity_prepare(identity, &query,
        "SELECT id, text FROM rule WHERE role = ? ORDER BY id LIMIT ?", "ii", number, most);
    while (identity_row(identity, query, &err)) {
        rules[count].id = sqlite3_column_int64(query, 0);
        identity_text(query, 1, rules[count++].text, ROLE_TEXT);
    }
    if (err == OK) {
        *ret_rules = rules;
        *ret_count = count;
    }
    return err;
}

enum err
role_group_set(struct identity *identity, const char *group, const char *const *cameras,
    size_t count, struct note *note)
{
    enum err err = identity_check_name(group, note);
    for (size_t i = 0; i < count && err == OK; i++) {
        if (!role_is_name(cameras[i])) {
            note_set(note, "camera %zu of group %s: 1 to %d bytes without quotes were expected",
                i + 1, group, POLICY_NAME - 1);
            err = ERR_VALUE;
        }
    }
    if (err == OK && count > POLICY_CAMERAS) {
        note_set(note, "a group has at most %d cameras", POLICY_CAMERAS);
        err = ERR_LIMIT;
    }
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    err = identity_run(identity, "DELETE FROM camera_group WHERE name = ?", "t", group);
    for (size_t i = 0; i < count && err == OK; i++) {
        err = identity_run(identity,
            "INSERT OR IGNORE INTO camera_group (name, camera) VALUES (?, ?)", "tt", group,
            cameras[i]);
    }
    return identity_end(identity, err, note);
}

enum err
role_defaults(struct identity *identity)
{
    static const struct {
        const char *role, *rule;
    } rows[] = {
        {"administrator", "browse,live,snapshot,playback,export,ptz,configure"},
        {"operator",      "browse,live,snapshot,playback,export,ptz"          },
        {"viewer",        "browse,live,snapshot"                              },
    };
    enum err err = identity_begin(identity, NULL);
    if (err != OK) {
        return err;
    }
    for (size_t i = 0; i < COUNT(rows) && err == OK; i++) {
        int64_t id = 0;
        err = role_add(identity, rows[i].role, NULL);
        if (err == OK) {
            err = role_allow(identity, rows[i].role, rows[i].rule, &id, NULL);
        }
    }
    return identity_end(identity, err, NULL);
}
