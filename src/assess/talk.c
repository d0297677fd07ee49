/* The queue of questions to one device, and its stages. */
#include "assess/talk_step.h"

#include "assess/knock.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "codec/dvrip.h"

#include <stdio.h>
#include <stdlib.h>

/* A port that gave this many questions in a row no answer is not asked again. */
#define DEAD_AFTER 2
/* One that hung up in the middle of as many is asked on, and told. */
#define CUT_AFTER 4

static void
fill_stage(struct talk *talk)
{
    switch (talk->stage) {
    case TALK_LOOK:
        talk_look_begin(talk);
        break;
    case TALK_PROBE:
        talk_look_probe(talk);
        break;
    case TALK_ONVIF:
        talk_read_find_onvif(talk);
        break;
    case TALK_READ:
        talk_read_begin(talk);
        break;
    case TALK_DOORS:
        talk_doors_begin(talk);
        break;
    case TALK_LOGIN:
        talk_login_begin(talk);
        break;
    case TALK_READ_IN:
        talk_read_behind_login(talk);
        break;
    case TALK_LEAVE:
        talk_read_leave_all(talk);
        break;
    case TALK_END:
        talk_login_end(talk);
        break;
    }
}

/* The port's row, or NULL. */
static struct talk_failing *
failing_port(struct talk *talk, uint16_t port)
{
    for (size_t i = 0; i < talk->failing_count; i++) {
        if (talk->failing[i].port == port) {
            return &talk->failing[i];
        }
    }
    return NULL;
}

static bool
is_dead(struct talk *talk, uint16_t port)
{
    const struct talk_failing *row = failing_port(talk, port);
    return row != NULL && row->silent >= DEAD_AFTER;
}

/* A new row where it has none; NULL when all are taken. */
static struct talk_failing *
take_row(struct talk *talk, uint16_t port)
{
    struct talk_failing *row = failing_port(talk, port);
    if (row == NULL && talk->failing_count != TALK_DEAD_PORTS) {
        row = &talk->failing[talk->failing_count++];
        *row = (struct talk_failing){.port = port};
    }
    return row;
}

static void
note_failure(struct talk *talk, const struct answer *answer, bool silent)
{
    char asked[256];
    struct talk_failing *row = take_row(talk, talk->now.target.port);
    if (row == NULL) {
        return;
    }
    row->silent = silent ? (uint8_t)(row->silent + 1) : 0;
    row->failed = (uint8_t)(row->failed + 1);
    bool is_trouble =
        row->silent == DEAD_AFTER || (row->failed == CUT_AFTER && talk->subject->trouble == NULL);
    if (!is_trouble && talk->silence != NULL) {
        return;
    }
    const char *text =
        arena_format(&talk->subject->arena, "port %u: %s (%.100s)", talk->now.target.port,
            err_words(answer->err), talk_asked(&talk->now, asked, sizeof(asked)));
    talk->silence = talk->silence != NULL ? talk->silence : text;
    talk->subject->trouble = is_trouble ? text : talk->subject->trouble;
}

/* Servers that hang up on one question often answer the next. */
static void
forget_failures(struct talk *talk)
{
    struct talk_failing *row = failing_port(talk, talk->now.target.port);
    if (row != NULL) {
        row->silent = row->failed = 0;
    }
}

bool
talk_ask(struct talk *talk, const struct talk_step *step)
{
    if (talk->step_count == TALK_STEPS || is_dead(talk, step->target.port)) {
        return false;
    }
    talk->steps[(talk->step_first + talk->step_count) % TALK_STEPS] = *step;
    talk->step_count++;
    return true;
}

static void take_turn(void *context);

/* The next question is asked from the loop, so that no stage grows the stack. */
static void
schedule(struct talk *talk)
{
    talk->next = wire_after(talk->setting->wire, 0, take_turn, talk);
    if (talk->next == NULL) {
        talk->done(talk->context, talk);
    }
}

/* Hanging up costs no time: from a port that has answered before, it is an answer too. */
static bool
is_silent(struct talk *talk, const struct answer *answer)
{
    const struct port *port = subject_port(talk->subject, talk->now.target.port);
    bool has_answered = answer->status != 0 || (port != NULL && port->protocol != NULL);
    return answer->err == ERR_TIMEOUT || answer->err == ERR_LIMIT ||
           (answer->err == ERR_NETWORK && !has_answered);
}

static void
got_answer(void *context, const struct answer *answer)
{
    struct talk *talk = context;
    talk->call = NULL;
    bool silent = is_silent(talk, answer);
    bool failed = silent || answer->err == ERR_NETWORK;
    talk->has_heard = talk->has_heard || (!failed && talk->now.way != TALK_BANNER);
    if (failed && talk->now.way != TALK_BANNER) {
        note_failure(talk, answer, silent);
    } else if (!silent) {
        forget_failures(talk);
    }
    talk->now.answered(talk, &talk->now, answer);
    schedule(talk);
}

static void
got_frames(void *context, const struct answer *frames)
{
    struct talk *talk = context;
    const struct answer answer = dvrip_answer(frames, &talk->answer_arena);
    got_answer(talk, &answer);
}

/* By the one connection that is the device's session. */
static struct wire_call *
send_frame(struct talk *talk)
{
    const struct talk_step *step = &talk->now;
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, ANSWER_BODY);
    if (dvrip_write(&step->request, talk->frames++, &out) != OK) {
        return NULL;
    }
    const struct wire_question question = {step->target, out.data, out.len, dvrip_whole};
    return wire_stream_ask(
        talk->setting->wire, &talk->stream, &question, &talk->answer_arena, got_frames, talk);
}

static void
send_now(struct talk *talk)
{
    const struct talk_step *step = &talk->now;
    struct wire *wire = talk->setting->wire;
    struct arena *arena = &talk->answer_arena;
    arena_wipe(arena);
    switch (step->way) {
    case TALK_HTTP:
        talk->call = wire_http(wire, &step->target, &step->request, arena, got_answer, talk);
        break;
    case TALK_RTSP:
        talk->call = wire_rtsp(wire, &step->target, &step->request, arena, got_answer, talk);
        break;
    case TALK_BANNER:
        talk->call = wire_banner(wire, &step->target, 2000, arena, got_answer, talk);
        break;
    case TALK_DVRIP:
        talk->call = send_frame(talk);
        break;
    }
    if (talk->call == NULL) {
        schedule(talk);
    }
}

/* Takes the next question that is still wanted, filling stages on the way; false at the end. */
static bool
next_step(struct talk *talk)
{
    for (;;) {
        while (talk->step_count == 0 && talk->stage != TALK_END) {
            talk->stage++;
            fill_stage(talk);
        }
        if (talk->step_count == 0) {
            return false;
        }
        talk->now = talk->steps[talk->step_first];
        talk->step_first = (talk->step_first + 1) % TALK_STEPS;
        talk->step_count--;
        if (talk->now.settled == NULL || !*talk->now.settled) {
            return true;
        }
    }
}

static void
take_turn(void *context)
{
    struct talk *talk = context;
    talk->next = NULL;
    if (clock_mono() > talk->deadline && talk->stage < TALK_LEAVE) {
        talk->subject->trouble = talk->deadline == 0 /* stopped: the run says why */
                                     ? talk->subject->trouble
                                     : arena_format(&talk->subject->arena,
                                           "gave up after %u s; what was seen until then stays",
                                           talk->setting->deadline_ms / 1000);
        talk->step_count = 0;
        talk->stage = TALK_LEAVE;
        fill_stage(talk);
    }
    if (!next_step(talk)) {
        if (talk->subject->trouble == NULL && !talk->has_heard) {
            talk->subject->trouble = talk->silence;
        }
        identify_decide(&talk->identity, talk->subject);
        talk->done(talk->context, talk);
        return;
    }
    if (is_dead(talk, talk->now.target.port)) {
        const struct answer silent = {
            .err = ERR_TIMEOUT, .headers = "", .body = "", .at = clock_wall()};
        talk->now.answered(talk, &talk->now, &silent);
        schedule(talk);
        return;
    }
    send_now(talk);
}

struct talk *
talk_start(
    const struct talk_setting *setting, struct subject *subject, talk_done_fn *done, void *context)
{
    struct talk *talk = calloc(1, sizeof(*talk));
    if (talk == NULL) {
        return NULL;
    }
    talk->setting = setting;
    talk->subject = subject;
    arena_init(&talk->arena, ARENA_DEVICE_LIMIT);
    arena_init(&talk->answer_arena, ARENA_DEVICE_LIMIT);
    talk->done = done;
    talk->context = context;
    talk->deadline = clock_mono() + setting->deadline_ms;
    talk->stage = TALK_LOOK;
    arena_init(&talk->vault, ARENA_DEVICE_LIMIT);
    fill_stage(talk);
    talk->next = wire_after(setting->wire, 0, take_turn, talk);
    if (talk->next == NULL) {
        free(talk);
        return NULL;
    }
    return talk;
}

void
talk_free(struct talk *talk)
{
    if (talk == NULL) {
        return;
    }
    if (talk->call != NULL) {
        wire_cancel(talk->call);
    }
    if (talk->next != NULL) {
        wire_cancel(talk->next);
    }
    wire_stream_close(talk->stream);
    secret_free(talk->password);
    secret_free(talk->kept_password);
    secret_free(talk->ring.password);
    arena_wipe(&talk->vault);
    arena_wipe(&talk->answer_arena);
    arena_release(&talk->arena);
    free(talk);
}

bool
talk_hurry(struct talk *talk)
{
    bool has_session = talk->stage < TALK_END && (talk->is_open || talk->ticket != 0) &&
                       talk->login_driver->leave_ask.path != NULL;
    talk->deadline = has_session ? 0 : talk->deadline;
    return has_session || talk->stage == TALK_LEAVE;
}

struct subject *
talk_subject(const struct talk *talk)
{
    return talk->subject;
}

const char *
talk_asked(const struct talk_step *step, char *out, size_t size)
{
    char ip[IP_TEXT];
    const struct ask *ask = step->ask != NULL ? step->ask : &step->request.ask;
    const char *method = ask->method != NULL ? ask->method : ask->body != NULL ? "POST" : "GET";
    const char *scheme = step->way == TALK_RTSP    ? "rtsp"
                         : step->way == TALK_DVRIP ? "dvrip"
                         : step->target.tls        ? "https"
                                                   : "http";
    bool is_v6 = step->target.ip.family == 6;
    (void)ip_text(&step->target.ip, ip);
    if (step->way == TALK_BANNER) {
        (void)snprintf(out, size, "connect to %s port %u and listen", ip, step->target.port);
    } else {
        const char *path = step->path != NULL ? step->path : ask->path;
        (void)snprintf(out, size, "%s %s://%s%s%s:%u%s", method, scheme, is_v6 ? "[" : "", ip,
            is_v6 ? "]" : "", step->target.port, path == NULL ? "/" : path);
    }
    return out;
}

bool
talk_http_target(const struct talk *talk, uint16_t port, struct wire_target *ret_target)
{
    return knock_http(talk->subject, port, ret_target);
}

bool
talk_main_target(const struct talk *talk, struct wire_target *ret_target)
{
    return knock_web(talk->subject, ret_target);
}
