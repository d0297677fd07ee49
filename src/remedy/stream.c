/*
 * Whether a camera delivers video: its stream is played over RTSP's own connection, and packets are
 * counted and thrown away. What comes is looked at by the loop's thread, under the line's lock.
 */
#include "assess/knock.h"
#include "base/clock.h"
#include "base/text.h"
#include "codec/rtp.h"
#include "codec/rtsp.h"
#include "remedy/session_parts.h"
#include "store/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATHS_MOST 5
#define POLL_MS    40
#define AGAIN_MS   1000
#define FIRST_MS   8000  /* for the first frame of a stream that has begun */
#define PULSE_MS   20000 /* a session without a word ends after 60 s in many cameras */
#define PULSE      512

/* Frames of one camera over all of its connections. */
struct line {
    pthread_mutex_t lock;
    struct stream_sight sight;
    int64_t longest; /* between two frames */
};

/* One connection on which a stream plays. */
struct play {
    struct job *job;
    struct line *line;
    struct session *session;
    struct rtp_feed feed;   /* of the loop's thread */
    struct wire_call *call; /* of the loop's thread */
    int64_t said;
    char pulse[PULSE];
    size_t pulse_len;
    bool is_over;    /* under the line's lock */
    unsigned frames; /* likewise */
};

static void
line_init(struct line *line)
{
    *line = (struct line){.longest = 0};
    (void)pthread_mutex_init(&line->lock, NULL);
}

static void
note_frames(struct line *line, unsigned count, int64_t now)
{
    int64_t gap = line->sight.frames == 0 ? 0 : now - line->sight.last;
    line->longest = gap > line->longest ? gap : line->longest;
    line->sight.first = line->sight.frames == 0 ? now : line->sight.first;
    line->sight.last = now;
    line->sight.frames += count;
}

/* A word now and then, so that the camera does not take the session for forgotten. */
static void
keep_alive(struct play *play, int64_t now)
{
    if (now - play->said >= PULSE_MS && play->pulse_len != 0 &&
        wire_stream_say(play->session->stream, play->pulse, play->pulse_len)) {
        play->said = now;
    }
}

static bool
got_bytes(void *context, const void *bytes, size_t len)
{
    struct play *play = context;
    unsigned before = play->feed.frames;
    int64_t now = clock_mono();
    enum err err = rtp_feed_take(&play->feed, bytes, len);
    unsigned count = play->feed.frames - before;
    if (count != 0) {
        (void)pthread_mutex_lock(&play->line->lock);
        note_frames(play->line, count, now);
        play->frames += count;
        (void)pthread_mutex_unlock(&play->line->lock);
    }
    keep_alive(play, now);
    bool is_refused = play->feed.status != 0 && play->feed.status != 200 && play->feed.frames == 0;
    return err == OK && !is_refused;
}

static void
play_ended(void *context, const struct answer *answer)
{
    struct play *play = context;
    (void)answer;
    play->call = NULL;
    (void)pthread_mutex_lock(&play->line->lock);
    play->is_over = true;
    (void)pthread_mutex_unlock(&play->line->lock);
}

/* Begins or ends to listen, from the loop. */
struct play_post {
    struct desk_post post;
    struct play *play;
    struct wire_question question;
};

static void
start_listen(struct desk_post *post, struct wire *wire)
{
    struct play_post *asked = (struct play_post *)post;
    struct play *play = asked->play;
    const struct wire_listen listen = {.got = got_bytes, .done = play_ended, .context = play};
    play->call = wire_stream_listen(wire, &play->session->stream, &asked->question, &listen);
    desk_post_end(post, play->call == NULL ? ERR_MEMORY : OK);
}

static void
stop_listen(struct desk_post *post, struct wire *wire)
{
    struct play *play = ((struct play_post *)post)->play;
    (void)wire;
    if (play->call != NULL) {
        (void)wire_stream_say(play->session->stream, play->pulse, play->pulse_len);
        wire_cancel(play->call);
        play->call = NULL;
    }
    desk_post_end(post, OK);
}

static void
no_cancel(struct desk_post *post)
{
    (void)post;
}

/* A request within the session of the stream, in the log-in where it has one. */
static enum err
dress(const struct play *play, const struct request *plain, struct arena *arena,
    struct request *ret_request)
{
    struct session *session = play->session;
    *ret_request = *plain;
    if (!session->is_sent) {
        return OK;
    }
    enum err err = session->door->authorize(&session->login, &plain->ask, arena, ret_request);
    ret_request->headers = plain->headers;
    ret_request->header_count = plain->header_count;
    return err;
}

/* OPTIONS needs no log-in, and TEARDOWN would only say what closing says too. */
static void
write_pulse(struct play *play, const struct request *play_request)
{
    CLEANUP(buf_release) struct buf out;
    struct request pulse = {
        .ask = {.method = "OPTIONS", .path = play_request->ask.path}
    };
    pulse.headers = play_request->headers;
    pulse.header_count = 1; /* the session */
    buf_init(&out, PULSE);
    if (rtsp_write(&pulse, 1000, &out) == OK) {
        memcpy(play->pulse, out.data, out.len);
        play->pulse_len = out.len;
    }
    play->said = clock_mono();
}

static enum err
listen_to(struct play *play, const char *uri, const char *session, struct arena *arena)
{
    CLEANUP(buf_release) struct buf out;
    const struct request_header headers[] = {
        {"Session", session     },
        {"Range",   "npt=0.000-"},
    };
    const struct request plain = {
        .ask = {.method = "PLAY", .path = uri},
          .headers = headers, .header_count = COUNT(headers)
    };
    struct request request;
    buf_init(&out, ANSWER_HEADERS);
    write_pulse(play, &plain);
    enum err err = dress(play, &plain, arena, &request);
    err = err == OK ? rtsp_write(&request, ++play->session->frames, &out) : err;
    if (err != OK) {
        return err;
    }
    struct play_post asked = {
        .post = {.start = start_listen, .cancel = no_cancel},
        .play = play,
        .question.target = play->session->place.target,
        .question.bytes = out.data,
        .question.len = out.len,
    };
    return desk_post(play->job->desk, &asked.post);
}

/* SETUP over this connection (RFC 2326 section 10.12), then PLAY. */
static enum err
set_up(struct play *play, const char *uri, const struct answer *description)
{
    static const struct request_header headers[] = {
        {"Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"},
    };
    char control[RTSP_URI];
    char session[256];
    struct arena arena;
    struct answer answer;
    enum err err = rtsp_control(description, uri, control);
    if (err != OK) {
        return err;
    }
    const struct request request = {
        .ask = {.method = "SETUP", .path = control},
        .headers = headers,
        .header_count = COUNT(headers)
    };
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    err = session_send_once(play->session, &request, play->session->is_sent, &arena, &answer);
    if (err == OK && answer.status != 200) {
        note_set(&play->job->why, "the stream could not be set up: status %d", answer.status);
        err = ERR_UNSUPPORTED;
    }
    err = err == OK ? rtsp_session(&answer, session, sizeof(session)) : err;
    err = err == OK ? listen_to(play, uri, session, &arena) : err;
    arena_wipe(&arena);
    return err;
}

static void
play_close(struct play *play)
{
    if (play == NULL) {
        return;
    }
    struct play_post asked = {
        .post = {.start = stop_listen, .is_last = true},
          .play = play
    };
    if (play->session != NULL) {
        (void)!desk_post(play->job->desk, &asked.post);
        session_close(play->session);
    }
    rtp_feed_release(&play->feed);
    free(play);
}

static enum err
play_open(struct job *job, struct line *line, const struct session_key *key, const char *uri,
    struct play **ret_play)
{
    struct answer description;
    struct arena arena;
    struct play *play = calloc(1, sizeof(*play));
    if (play == NULL) {
        return ERR_MEMORY;
    }
    play->job = job;
    play->line = line;
    rtp_feed_init(&play->feed);
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const struct stream_place place = {uri, &arena};
    enum err err = session_open_stream(job, key, &place, &play->session, &description);
    err = err == OK ? set_up(play, uri, &description) : err;
    arena_wipe(&arena);
    if (err != OK) {
        play_close(play);
        return err;
    }
    (void)pthread_mutex_lock(&line->lock);
    (void)text_copy(line->sight.where, sizeof(line->sight.where), uri);
    (void)pthread_mutex_unlock(&line->lock);
    *ret_play = play;
    return OK;
}

/* URIs at which the camera is likely to have a stream, the surest first. */
struct uris {
    char texts[PATHS_MOST][RTSP_URI];
    size_t count;
};

static void
add_uri(struct uris *uris, const char *base, const char *path)
{
    char uri[RTSP_URI];
    int used = snprintf(uri, sizeof(uri), "%s%s", base, path);
    bool fits = used > 0 && (size_t)used < sizeof(uri) && uris->count < PATHS_MOST;
    for (size_t i = 0; i < uris->count && fits; i++) {
        fits = !text_equal(uris->texts[i], uri);
    }
    if (fits) {
        (void)text_copy(uris->texts[uris->count++], RTSP_URI, uri);
    }
}

/* The path of "rtsp://10.0.0.7:554/live" somewhere in the text. */
static void
add_seen(struct uris *uris, const char *base, const char *text)
{
    char path[RTSP_URI];
    const char *at = text == NULL ? NULL : strstr(text, "rtsp://");
    const char *slash = at == NULL ? NULL : strchr(at + strlen("rtsp://"), '/');
    size_t len = slash == NULL ? 0 : strcspn(slash, " ");
    if (len != 0 && len < sizeof(path)) {
        memcpy(path, slash, len);
        path[len] = '\0';
        add_uri(uris, base, path);
    }
}

static bool
has_rtsps(const struct subject *subject)
{
    bool has = false;
    for (size_t i = 0; subject != NULL && i < subject->port_count; i++) {
        has = has || (subject->ports[i].tls && text_equal(subject->ports[i].protocol, "rtsp"));
    }
    return has;
}

static bool
list_uris(const struct job *job, struct uris *uris)
{
    struct wire_target target;
    struct arena arena;
    uris->count = 0;
    if (job->subject == NULL || !knock_rtsp(job->subject, &target)) {
        return false;
    }
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    const char *base = knock_base(&target, &arena);
    const struct facts *facts = &job->subject->facts;
    const struct fact *asked = facts_get(facts, FACT_LOGIN_RTSP_ASKED);
    if (base != NULL) {
        add_seen(uris, base, facts_text(facts, FACT_LOGIN_RTSP_OPEN));
        add_seen(
            uris, base, asked == NULL || asked->evidence == NULL ? NULL : asked->evidence->asked);
        for (size_t i = 0; job->driver != NULL && i < job->driver->stream_count; i++) {
            add_uri(uris, base, job->driver->streams[i]);
        }
    }
    arena_release(&arena);
    return uris->count != 0;
}

/* Plays the first stream that there is. */
static enum err
play_any(struct job *job, struct line *line, struct play **ret_play)
{
    struct uris uris;
    char user[SESSION_USER] = "";
    struct secret *password = NULL;
    if (!list_uris(job, &uris)) {
        note_set(&job->why, "%s",
            has_rtsps(job->subject) ? "its stream comes by TLS (RTSPS) only, which is not played"
                                    : "no stream of it is known");
        return ERR_UNSUPPORTED;
    }
    enum err err = session_known_key(job, user, sizeof(user), &password);
    if (err != OK && err != ERR_MISSING) {
        return err;
    }
    const struct session_key key = {.user = user, .password = password};
    err = ERR_MISSING;
    for (size_t i = 0; i < uris.count && err == ERR_MISSING; i++) {
        err = play_open(job, line, &key, uris.texts[i], ret_play);
    }
    secret_free(password);
    if (err == ERR_MISSING) {
        note_set(&job->why, "it has no stream at any of the usual paths");
        err = ERR_UNSUPPORTED;
    }
    return err;
}

/* Waits for so many frames on this connection. */
static enum err
await_frames(struct play *play, unsigned frames, unsigned ms)
{
    int64_t deadline = clock_mono() + ms;
    for (;;) {
        (void)pthread_mutex_lock(&play->line->lock);
        bool has_all = play->frames >= frames;
        bool is_over = play->is_over;
        (void)pthread_mutex_unlock(&play->line->lock);
        if (has_all) {
            return OK;
        }
        if (is_over || clock_mono() >= deadline) {
            note_set(&play->job->why, is_over ? "the stream ended" : "no frame came in time");
            return ERR_TIMEOUT;
        }
        enum err err = desk_wait(play->job->desk, POLL_MS);
        if (err != OK) {
            return err;
        }
    }
}

static bool
is_picture(const struct answer *answer)
{
    return answer->status == 200 && answer->body_len > 16 &&
           (memcmp(answer->body, "\xff\xd8\xff", 3) == 0 ||
               memcmp(answer->body, "\x89PNG", 4) == 0);
}

/* Where there is no RTSP: one picture by the driver's paths. ERR_UNSUPPORTED: it has none. */
static enum err
look_picture(struct job *job, struct line *line)
{
    struct session *session = NULL;
    if (job->driver == NULL || job->driver->picture_count == 0) {
        return ERR_UNSUPPORTED;
    }
    char user[SESSION_USER];
    struct secret *password = NULL;
    enum err err = session_known_key(job, user, sizeof(user), &password);
    if (err == OK) {
        const struct session_key key = {.user = user, .password = password};
        err = session_open(job, &key, &session);
        secret_free(password);
    }
    if (err != OK) {
        return err;
    }
    err = ERR_UNSUPPORTED;
    for (size_t i = 0; i < job->driver->picture_count && i < PATHS_MOST && err != OK; i++) {
        struct arena arena;
        struct answer answer;
        const struct ask ask = {.path = job->driver->pictures[i]};
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        enum err failed = session_ask(session, &ask, &arena, &answer);
        if ((failed == OK || failed == ERR_LIMIT) && is_picture(&answer)) {
            note_frames(line, 1, clock_mono());
            line->sight.is_picture = true;
            (void)text_copy(line->sight.where, sizeof(line->sight.where), ask.path);
            err = OK;
        }
        arena_release(&arena);
    }
    session_close(session);
    return err;
}

enum err
stream_look(struct job *job, unsigned frames, unsigned ms, struct stream_sight *ret_sight)
{
    struct line line;
    struct play *play = NULL;
    line_init(&line);
    enum err err = play_any(job, &line, &play);
    if (err == OK) {
        err = await_frames(play, frames, ms);
        play_close(play);
    } else if (err == ERR_UNSUPPORTED) {
        err = look_picture(job, &line);
    }
    if (err == OK) {
        *ret_sight = line.sight;
    }
    (void)pthread_mutex_destroy(&line.lock);
    return err;
}

struct stream_watch {
    struct job *job;
    struct line line;
    struct play *play; /* NULL: pictures, or it has ended */
    bool is_picture;
};

enum err
stream_watch_begin(struct job *job, struct stream_watch **ret_watch)
{
    struct stream_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return ERR_MEMORY;
    }
    watch->job = job;
    line_init(&watch->line);
    enum err err = play_any(job, &watch->line, &watch->play);
    if (err == OK) {
        err = await_frames(watch->play, 1, FIRST_MS);
    } else if (err == ERR_UNSUPPORTED) {
        err = look_picture(job, &watch->line);
        watch->is_picture = err == OK;
    }
    if (err != OK) {
        stream_watch_free(watch);
        return err;
    }
    *ret_watch = watch;
    return OK;
}

/* One try with a new connection, by the password in force now. */
static enum err
see_again(struct stream_watch *watch)
{
    struct play *play = NULL;
    if (watch->is_picture) {
        return look_picture(watch->job, &watch->line);
    }
    enum err err = play_any(watch->job, &watch->line, &play);
    if (err != OK) {
        return err;
    }
    err = await_frames(play, 1, FIRST_MS);
    if (err == OK) { /* the one from before the change has done its duty */
        struct play *before = watch->play;
        watch->play = play;
        play = before;
    }
    play_close(play);
    return err;
}

/* Not worth another try: it would be the same, or a wrong password more. */
static bool
is_final(enum err err)
{
    return err == OK || err == ERR_REFUSED || err == ERR_LIMIT || err == ERR_CANCELLED;
}

enum err
stream_watch_end(struct stream_watch *watch, unsigned *ret_gap_ms)
{
    const struct desk_settings *settings = desk_settings(watch->job->desk);
    int64_t begun = clock_mono();
    int64_t deadline = begun + (int64_t)settings->video_s * 1000;
    enum err err = see_again(watch);
    while (!is_final(err) && clock_mono() < deadline) {
        err = desk_wait(watch->job->desk, AGAIN_MS);
        err = err == OK ? see_again(watch) : err;
    }
    if (err != OK) {
        return is_final(err) ? err : ERR_TIMEOUT;
    }
    (void)pthread_mutex_lock(&watch->line.lock);
    int64_t gap = watch->is_picture ? watch->line.sight.last - begun : watch->line.longest;
    (void)pthread_mutex_unlock(&watch->line.lock);
    *ret_gap_ms = gap < 0 ? 0 : (unsigned)(gap > UINT32_MAX ? UINT32_MAX : gap);
    return OK;
}

void
stream_watch_move(struct stream_watch *watch, struct job *job)
{
    if (watch != NULL) {
        watch->job = job;
    }
    if (watch != NULL && watch->play != NULL) {
        watch->play->job = job;
        session_move(watch->play->session, job);
    }
}

enum err
stream_watch_again(struct stream_watch *watch)
{
    struct play *play = watch->play;
    if (play == NULL) {
        return ERR_UNSUPPORTED;
    }
    (void)pthread_mutex_lock(&watch->line.lock);
    play->frames = 0;
    watch->line.sight.frames = 0;
    watch->line.longest = 0;
    (void)pthread_mutex_unlock(&watch->line.lock);
    return await_frames(play, 1, FIRST_MS);
}

void
stream_watch_free(struct stream_watch *watch)
{
    if (watch != NULL) {
        play_close(watch->play);
        (void)pthread_mutex_destroy(&watch->line.lock);
        free(watch);
    }
}
