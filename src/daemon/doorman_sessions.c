/* My sessions, and their ends. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/doorman_agent.h"
#include "daemon/doorman_parts.h"

#include <string.h>

/* "2026-11-22 20:15 UTC" */
const char *
doorman_sessions_time(struct visit *visit, int64_t wall)
{
    char text[CLOCK_TEXT];
    if (wall <= 0) {
        return "never";
    }
    (void)clock_text(wall, text);
    const char *out = arena_format(&visit->arena, "%.10s %.5s UTC", text, text + 11);
    return out == NULL ? "" : out;
}

void
doorman_sessions_home(struct visit *visit)
{
    doorman_answer_to(visit, "/gatehouse/sessions");
}

/* How one logged in, for people. */
static const char *
factor_words(const char *factor)
{
    static const struct {
        const char *factor, *words;
    } rows[] = {
        {"totp",     "password and one-time code"},
        {"recovery", "password and recovery code"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(rows[i].factor, factor)) {
            return rows[i].words;
        }
    }
    return factor;
}

static json_t *
row_of(struct visit *visit, const struct session *session)
{
    char agent[sizeof(session->agent)];
    doorman_agent_words(session->agent, agent, sizeof(agent));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "id", session->id, "agent", agent,
        "ip", session->ip, "factor", factor_words(session->factor), "since",
        doorman_sessions_time(visit, session->created), "seen",
        doorman_sessions_time(visit, doorman_board_seen(visit->doorman, session)), "current",
        text_equal(session->id, visit->session.id), "emergency", session->is_break_glass);
}

void
doorman_sessions_show(struct visit *visit)
{
    struct session *rows = NULL;
    size_t count = 0;
    json_t *list = json_array();
    enum err err =
        session_list(visit->doorman->identity, visit->session.user, &visit->arena, &rows, &count);
    for (size_t i = 0; err == OK && i < count; i++) {
        (void)json_array_append_new(list, row_of(visit, &rows[i]));
    }
    json_t *values = json_pack("{s:o, s:b}", "sessions", list, "has_others", count > 1);
    doorman_answer_page(visit, err == OK ? 200 : 503, "sessions", values);
}

static void
tell(struct visit *visit, const struct session *session)
{
    bool is_own = text_equal(session->id, visit->session.id);
    const struct doorman_saying saying = {
        .action = EVENT_AUTH_LOGOUT,
        .outcome = EVENT_OK,
        .user = session->user,
        .session = session->id,
        .factor = session->factor,
        .ip = &visit->ip,
        .reason = is_own ? "logged out" : "ended by its owner from another session",
        .detail = is_own ? NULL : json_pack("{s:s}", "by_session", visit->session.id),
    };
    doorman_say(visit->doorman, &saying);
}

/* Ends own sessions: that id; "others"; "all". */
static void
end(struct visit *visit, const char *which)
{
    struct session *rows = NULL;
    size_t count = 0;
    struct doorman *doorman = visit->doorman;
    bool is_all = text_equal(which, "all"), is_others = text_equal(which, "others");
    if (session_list(doorman->identity, visit->session.user, &visit->arena, &rows, &count) != OK) {
        log_error("sessions can't be listed");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool is_own = text_equal(rows[i].id, visit->session.id);
        bool is_meant = is_all || (is_others && !is_own) || text_equal(rows[i].id, which);
        if (is_meant && session_end(doorman->identity, visit->session.user, rows[i].id) == OK) {
            tell(visit, &rows[i]);
            visit->has_session = visit->has_session && !is_own;
        }
    }
    doorman_board_publish(doorman);
}

static void
leave(struct visit *visit)
{
    if (visit->has_session) {
        doorman_answer_to(visit, "/gatehouse/sessions");
        return;
    }
    doorman_answer_cookie(visit, DOORMAN_SESSION_COOKIE, "");
    doorman_answer_cookie(visit, DOORMAN_PRE_COOKIE, "");
    doorman_answer_to(visit, "/gatehouse/login");
}

void
doorman_sessions_end(struct visit *visit)
{
    end(visit, doorman_form_value(&visit->form, "end"));
    leave(visit);
}

void
doorman_sessions_logout_show(struct visit *visit)
{
    doorman_answer_page(visit, 200, "logout", NULL);
}

void
doorman_sessions_logout(struct visit *visit)
{
    char own[IDENTITY_ID];
    (void)text_copy(own, sizeof(own), visit->session.id);
    end(visit, own);
    leave(visit);
}
