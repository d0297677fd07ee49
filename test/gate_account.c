/*
 * For tests of the doorman: makes and changes accounts of a gateway's folder as a command would,
 * and looks at the board as a worker does.
 *
 *   gate-account DIR add NAME [admin]      prints the one-time link's secret
 *   gate-account DIR disable|end|reset NAME
 *   gate-account DIR session COOKIE        prints what the board has of it, or "none"
 *   gate-account DIR banned ADDRESS        "yes" or "no"
 *   gate-account DIR stale                 "yes" or "no"
 *   gate-account DIR view ID               a worker's export of 1000 bytes, begun and ended
 */
#include "base/clock.h"
#include "base/text.h"
#include "gate/views.h"
#include "identity/role.h"
#include "identity/session.h"

#include <stdio.h>
#include <string.h>

static enum err
change(struct identity *identity, const char *what, const char *name, bool is_admin)
{
    struct note note = {""};
    char token[USER_TOKEN] = "";
    size_t count = 0;
    enum err err = ERR_VALUE;
    if (text_equal(what, "add")) {
        err = user_add(identity, name, is_admin, &note);
        err = err == OK ? user_invite(identity, name, false, token, &note) : err;
    } else if (text_equal(what, "reset")) {
        err = user_invite(identity, name, true, token, &note);
    } else if (text_equal(what, "disable")) {
        err = user_set_disabled(identity, name, true, &note);
    } else if (text_equal(what, "end")) {
        err = session_end_all(identity, name, NULL, &count);
    }
    (void)fprintf(err == OK ? stdout : stderr, "%s\n", err == OK ? token : note.text);
    return err;
}

static void
show_session(const struct board_reader *board, const char *cookie)
{
    uint8_t hash[BOARD_HASH];
    struct board_session session;
    board_hash(cookie, strlen(cookie), hash);
    if (board_find_session(board, hash, clock_boot(), &session) != OK) {
        (void)puts("none");
        return;
    }
    (void)printf("%s %s %s %s %s\n", session.name, session.factor,
        session.elevated > clock_boot() ? "elevated" : "plain",
        session.is_break_glass ? "break-glass" : "ordinary", session.reason);
}

static int
export_as_worker(const char *folder, const char *id)
{
    char path[4096];
    struct note note = {""};
    struct views *views = NULL;
    struct view_handle handle;
    enum view_state state = VIEW_FREE;
    int64_t now = clock_boot();
    struct view view = {
        .kind = ACCESS_EXPORT,
        .vms_name = "zoneminder",
        .session = "abcdefgh",
        .user = "anna",
        .ip = "192.0.2.9",
        .cameras = "Front door",
        .object = "event 17",
        .reason = "Police case 4711",
        .begun_wall = clock_wall(),
        .begun = now,
        .ends_at_close = true,
    };
    (void)text_copy(view.id, sizeof(view.id), id);
    (void)snprintf(path, sizeof(path), "%s/run/views", folder);
    enum err err = views_open(path, &views, &note);
    if (err == OK) {
        views_key(views, view.session, view.vms_name, id, view.key);
        err = views_enter(views, &view, now, &handle, &state);
    }
    if (err != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        return 2;
    }
    views_opened(views, handle, true);
    views_add(views, handle, 1000, now);
    views_leave(views, handle, NULL, now);
    views_close(views);
    return 0;
}

static int
look(const char *folder, const char *what, const char *operand)
{
    char path[4096];
    struct ip ip;
    struct note note = {""};
    struct board_reader *board = NULL;
    (void)snprintf(path, sizeof(path), "%s/run/board", folder);
    if (board_open(path, &board, &note) != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        return 2;
    }
    if (text_equal(what, "session")) {
        show_session(board, operand);
    } else if (text_equal(what, "stale")) {
        (void)puts(board_is_stale(board, clock_boot()) ? "yes" : "no");
    } else if (ip_parse(operand, &ip) == OK) {
        (void)puts(board_is_banned(board, &ip, clock_boot()) ? "yes" : "no");
    }
    board_reader_close(board);
    return 0;
}

int
main(int argc, char **argv)
{
    struct note note = {""};
    struct identity *identity = NULL;
    if (argc < 3 || secret_start() != OK) {
        return 64;
    }
    if (text_equal(argv[2], "session") || text_equal(argv[2], "banned") ||
        text_equal(argv[2], "stale")) {
        return look(argv[1], argv[2], argc > 3 ? argv[3] : "");
    }
    if (text_equal(argv[2], "view")) {
        return export_as_worker(argv[1], argc > 3 ? argv[3] : "");
    }
    if (argc < 4 || identity_open(argv[1], &identity, &note) != OK) {
        (void)fprintf(stderr, "%s\n", note.text);
        return 2;
    }
    enum err err = change(identity, argv[2], argv[3], argc > 4);
    identity_close(identity);
    return err == OK ? 0 : 1;
}
