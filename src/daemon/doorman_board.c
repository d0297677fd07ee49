/*
 * What the workers must know: policy, sessions and bans go to the board whenever the database or
 * what is known of a VMS has changed.
 *
 * Rule of this file: a session leaves the board before the policy that it pointed into changes its
 * place, and nothing is ever put there that the database does not have.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SLOW       5000  /* ms between looks for idle sessions */
#define SEEN_AFTER 15000 /* ms of difference that are worth a write */
#define BANS_TOLD  64    /* of one change */
#define MEMORY     ((size_t)64 * 1024 * 1024)

static uint16_t
place_of(const struct policy *policy, const char *user)
{
    for (uint16_t i = 0; i < policy->user_count; i++) {
        if (text_equal(policy->users[i].name, user)) {
            return i;
        }
    }
    return POLICY_ANY;
}

static int
by_hash(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    return memcmp(x->hash, y->hash, SESSION_HASH);
}

static void
put_session(struct doorman *doorman, const struct session *session)
{
    struct board_session row = {
        .user = place_of(doorman->policy, session->user),
        .is_break_glass = session->is_break_glass,
    };
    int64_t ahead = clock_boot() - clock_wall();
    if (row.user == POLICY_ANY) {
        board_remove_session(doorman->board, session->hash);
        return;
    }
    memcpy(row.hash, session->hash, sizeof(row.hash));
    (void)text_copy(row.id, sizeof(row.id), session->id);
    (void)text_copy(row.name, sizeof(row.name), session->user);
    (void)text_copy(row.factor, sizeof(row.factor), session->factor);
    (void)text_copy(row.reason, sizeof(row.reason), session->reason);
    row.expires = session->expires + ahead;
    row.begun = session->created + ahead;
    row.elevated = session->elevated == 0 ? 0 : session->elevated + ahead;
    if (board_put_session(doorman->board, &row) != OK) {
        log_error("the board has no room for the session %s", session->id);
    }
}

/* Those of before that are gone, or whose user will have another place. */
static void
remove_sessions(
    struct doorman *doorman, const struct session *rows, size_t count, const struct policy *next)
{
    for (size_t i = 0; i < doorman->session_count; i++) {
        const struct session *old = &doorman->sessions[i];
        bool is_there = count != 0 && bsearch(old, rows, count, sizeof(*rows), by_hash) != NULL;
        if (!is_there || place_of(doorman->policy, old->user) != place_of(next, old->user)) {
            board_remove_session(doorman->board, old->hash);
        }
    }
}

static enum err
keep_sessions(struct doorman *doorman, const struct session *rows, size_t count)
{
    struct session *copy = calloc(count == 0 ? 1 : count, sizeof(*copy));
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    if (count != 0) {
        memcpy(copy, rows, count * sizeof(*copy));
    }
    free(doorman->sessions);
    doorman->sessions = copy;
    doorman->session_count = count;
    return OK;
}

static enum err
publish_sessions(struct doorman *doorman, const struct policy *next, struct arena *arena)
{
    struct session *rows = NULL;
    size_t count = 0;
    enum err err = session_list(doorman->identity, NULL, arena, &rows, &count);
    if (err != OK) {
        return err;
    }
    if (count != 0) {
        qsort(rows, count, sizeof(*rows), by_hash);
    }
    remove_sessions(doorman, rows, count, next);
    *doorman->policy = *next;
    board_set_policy(doorman->board, next);
    int64_t now = clock_wall();
    for (size_t i = 0; i < count; i++) {
        if (rows[i].expires > now) {
            put_session(doorman, &rows[i]);
        }
    }
    return keep_sessions(doorman, rows, count);
}

static int
compare_bans(const void *one, const void *other)
{
    const struct net *a = &((const struct ban *)one)->net;
    const struct net *b = &((const struct ban *)other)->net;
    int order = memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes));
    order = order != 0 ? order : a->ip.family - b->ip.family;
    return order != 0 ? order : a->bits - b->bits;
}

/* Rows are sorted: there may be a hundred thousand. */
static bool
has_ban(const struct ban *rows, size_t count, const struct ban *ban)
{
    return count != 0 && bsearch(ban, rows, count, sizeof(*rows), compare_bans) != NULL;
}

bool
doorman_board_is_banned(const struct doorman *doorman, const struct ip *ip)
{
    int64_t now = clock_wall();
    for (size_t i = 0; i < doorman->ban_count; i++) {
        if (net_contains(&doorman->bans[i].net, ip) && doorman->bans[i].until > now) {
            return true;
        }
    }
    return false;
}

static void
tell_ban(struct doorman *doorman, const struct ban *ban, bool is_lifted)
{
    char net[IP_TEXT], until[CLOCK_TEXT];
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_BAN,
        .outcome = EVENT_OK,
        .ip = &ban->net.ip,
        .reason = is_lifted                ? "let in again before its time"
                  : ban->reason[0] == '\0' ? "too many attempts"
                                           : ban->reason,
        .detail = json_pack("{s:b, s:s, s:s}", "lifted", is_lifted, "net", net_text(&ban->net, net),
            "until", clock_text(ban->until, until)),
    };
    doorman_say(doorman, &saying);
}

/* A list of thousands is not told one by one: the ledger has its beginning and how many there are.
 */
static void
tell_bans_left(struct doorman *doorman, const struct ban *last, size_t count, bool is_lifted)
{
    if (count <= BANS_TOLD) {
        return;
    }
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_BAN,
        .outcome = EVENT_OK,
        .ip = &last->net.ip,
        .reason = "one of a list",
        .detail =
            json_pack("{s:b, s:I}", "lifted", is_lifted, "more", (json_int_t)(count - BANS_TOLD)),
    };
    doorman_say(doorman, &saying);
}

static void
publish_lifted(struct doorman *doorman, const struct ban *rows, size_t count, int64_t now)
{
    const struct ban *last = NULL;
    size_t told = 0;
    for (size_t i = 0; i < doorman->ban_count; i++) {
        const struct ban *ban = &doorman->bans[i];
        if (has_ban(rows, count, ban)) {
            continue;
        }
        (void)!board_set_ban(doorman->board, &ban->net, 0);
        if (ban->until > now) {
            last = ban;
            if (++told <= BANS_TOLD) {
                tell_ban(doorman, ban, true);
            }
        }
    }
    tell_bans_left(doorman, last, told, true);
}

static enum err
publish_bans(struct doorman *doorman, struct arena *arena)
{
    struct ban *rows = NULL;
    size_t count = 0;
    int64_t now = clock_wall();
    enum err err = attempt_bans(doorman->identity, now, arena, &rows, &count);
    if (err != OK) {
        return err;
    }
    if (count != 0) {
        qsort(rows, count, sizeof(*rows), compare_bans);
    }
    publish_lifted(doorman, rows, count, now);
    const struct ban *last = NULL;
    size_t told = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t until = rows[i].until - now + clock_boot();
        if (board_set_ban(doorman->board, &rows[i].net, until) != OK) {
            log_error("the board has no room for a ban");
        }
        if (doorman->has_published && !has_ban(doorman->bans, doorman->ban_count, &rows[i])) {
            last = &rows[i];
            if (++told <= BANS_TOLD) {
                tell_ban(doorman, &rows[i], false);
            }
        }
    }
    tell_bans_left(doorman, last, told, false);
    struct ban *copy = calloc(count == 0 ? 1 : count, sizeof(*copy));
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    if (count != 0) {
        memcpy(copy, rows, count * sizeof(*copy));
    }
    free(doorman->bans);
    doorman->bans = copy;
    doorman->ban_count = count;
    return OK;
}

static enum err
publish(struct doorman *doorman, struct note *note)
{
    struct arena arena;
    struct policy *next = calloc(1, sizeof(*next));
    if (next == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&arena, MEMORY);
    enum err err = role_policy(
        doorman->identity, doorman->known_vms, doorman->settings->vms_count, next, note);
    err = err == OK ? publish_sessions(doorman, next, &arena) : err;
    err = err == OK ? publish_bans(doorman, &arena) : err;
    arena_release(&arena);
    free(next);
    return err;
}

void
doorman_board_publish(struct doorman *doorman)
{
    struct note note = {""};
    enum err err = publish(doorman, &note);
    doorman->wants_publish = err != OK;
    doorman->has_published = doorman->has_published || err == OK;
    if (err != OK && !doorman->was_told_trouble) {
        log_error("the board can't be brought up to date: %s",
            note.text[0] == '\0' ? err_words(err) : note.text);
    }
    doorman->was_told_trouble = err != OK;
}

/* The broker's word on a VMS, when there is a new one. */
static bool
look_at(struct doorman *doorman, size_t place)
{
    struct doorman_upstream *upstream = &doorman->upstreams[place];
    struct stat info;
    if (stat(upstream->path, &info) != 0) {
        return false;
    }
    if (upstream->reader == NULL || upstream->inode != info.st_ino) {
        struct note note = {""};
        upstream_reader_close(upstream->reader);
        upstream->reader = NULL;
        if (upstream_open(upstream->path, &upstream->reader, &note) != OK) {
            log_debug("%s", note.text);
            return false;
        }
        upstream->inode = info.st_ino;
        upstream->generation = UINT64_MAX;
    }
    uint64_t generation = upstream_generation(upstream->reader);
    if (generation == upstream->generation ||
        upstream_copy(upstream->reader, upstream->copy) != OK) {
        return false;
    }
    upstream->generation = generation;
    doorman->known_vms[place].upstream = upstream->copy;
    return true;
}

int64_t
doorman_board_seen(struct doorman *doorman, const struct session *session)
{
    uint32_t place = 0;
    int64_t seen = session->seen > session->created ? session->seen : session->created;
    if (board_place(doorman->board, session->hash, &place) == OK) {
        int64_t touched = views_touched(doorman->views, place);
        int64_t wall = touched == 0 ? 0 : clock_wall() - (clock_boot() - touched);
        seen = wall > seen ? wall : seen;
    }
    return seen;
}

void
doorman_board_touch(struct doorman *doorman, const struct session *session)
{
    uint32_t place = 0;
    if (board_place(doorman->board, session->hash, &place) == OK) {
        views_touch(doorman->views, place, clock_boot());
    }
}

static void
ended(void *context, const struct session *session, const char *why)
{
    struct doorman *doorman = context;
    struct ip ip;
    bool has_ip = ip_parse(session->ip, &ip) == OK;
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_LOGOUT,
        .outcome = EVENT_OK,
        .user = session->user,
        .session = session->id,
        .factor = session->factor,
        .ip = has_ip ? &ip : NULL,
        .reason = why,
    };
    doorman_say(doorman, &saying);
    doorman->wants_publish = true;
}

/* Idle sessions, by what the workers saw of them. */
static void
look_for_idle(struct doorman *doorman)
{
    int64_t idle = INT64_C(60000) * doorman->settings->idle_minutes;
    for (size_t i = 0; i < doorman->session_count; i++) {
        struct session *session = &doorman->sessions[i];
        int64_t seen = doorman_board_seen(doorman, session);
        if (seen > session->seen + SEEN_AFTER &&
            session_seen(doorman->identity, session->hash, seen) == OK) {
            session->seen = seen;
        }
    }
    if (session_expire(doorman->identity, clock_wall(), idle, ended, doorman) != OK) {
        log_error("sessions that are over can't be ended");
    }
}

void
doorman_board_tick(struct doorman *doorman, int64_t now)
{
    bool has_news = identity_has_changed(doorman->identity) || doorman->wants_publish;
    for (size_t i = 0; i < doorman->settings->vms_count; i++) {
        has_news = look_at(doorman, i) || has_news;
    }
    if (now - doorman->looked >= SLOW) {
        doorman->looked = now;
        look_for_idle(doorman);
        has_news = has_news || doorman->wants_publish;
    }
    if (has_news) {
        doorman_board_publish(doorman);
    }
    if (doorman->has_published) {
        board_beat(doorman->board);
    }
}

enum err
doorman_board_open(struct doorman *doorman, struct note *note)
{
    const struct settings *settings = doorman->settings;
    const char *path = settings_run(settings, "board", doorman->arena);
    doorman->policy = calloc(1, sizeof(*doorman->policy));
    doorman->known_vms = calloc(POLICY_VMS, sizeof(*doorman->known_vms));
    if (path == NULL || doorman->policy == NULL || doorman->known_vms == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < settings->vms_count; i++) {
        struct doorman_upstream *upstream = &doorman->upstreams[i];
        const char *name = arena_format(doorman->arena, "vms-%s", settings->vms[i].name);
        upstream->path = name == NULL ? NULL : settings_run(settings, name, doorman->arena);
        upstream->copy = calloc(1, sizeof(*upstream->copy));
        if (upstream->path == NULL || upstream->copy == NULL) {
            return ERR_MEMORY;
        }
        doorman->known_vms[i].name = settings->vms[i].name;
    }
    return board_create(path, &doorman->board, note);
}

void
doorman_board_close(struct doorman *doorman)
{
    for (size_t i = 0; i < COUNT(doorman->upstreams); i++) {
        upstream_reader_close(doorman->upstreams[i].reader);
        free(doorman->upstreams[i].copy);
    }
    board_close(doorman->board);
    free(doorman->policy);
    free(doorman->known_vms);
    free(doorman->sessions);
    free(doorman->bans);
}
