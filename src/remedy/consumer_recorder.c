/*
 * Recorders that hold the accounts of their cameras: Hikvision's input proxy channels and Dahua's
 * remote devices. Neither shows a password again, so that a channel that is online afterwards is
 * what proves it. Their own log-in goes the way of every device's: budget, ledger, session.
 */
#include "remedy/consumer_kind.h"
#include "remedy/session.h"

#include "base/text.h"
#include "codec/edit.h"
#include "codec/pick.h"

#include <stdlib.h>
#include <string.h>

#define CHANNELS 256
#define HIK      "/ISAPI/ContentMgmt/InputProxy/channels" /* hikvision_next; ISAPI guide */
#define DAHUA    "/cgi-bin/configManager.cgi?action="     /* Dahua HTTP API: RemoteDevice */
#define TABLE    "table."

/* The recorder as a device of its own. */
struct recorder {
    struct job job;
    struct session *session;
    bool is_dahua;
};

static const struct device_driver *
driver_named(const char *name)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, name)) {
            return device_drivers[i];
        }
    }
    return NULL;
}

/* ISAPI answers its own address even to strangers, with 401; Dahua's web server has no such page.
 */
static bool
speaks_isapi(struct consumer_talk *talk)
{
    const struct request request = {.ask = {.path = "/ISAPI/System/deviceInfo"}};
    struct answer answer = {.err = OK};
    enum err err = consumer_ask(talk, &request, &answer);
    talk->why.text[0] = '\0';
    return err == OK || answer.status == 401;
}

static enum err
open_door(struct consumer_talk *talk)
{
    const struct site_device *login = &talk->row->login;
    if (talk->job == NULL || login->password == NULL) {
        note_set(&talk->why, "user and secret are missing in the site file");
        return ERR_UNSUPPORTED;
    }
    struct recorder *recorder = arena_alloc(&talk->arena, sizeof(*recorder));
    struct subject *subject = recorder == NULL ? NULL : subject_new(0);
    if (subject == NULL) {
        return ERR_MEMORY;
    }
    recorder->is_dahua = !speaks_isapi(talk);
    recorder->job = (struct job){
        .desk = talk->job->desk,
        .plan = talk->job->plan,
        .step = talk->job->step,
        .subject = subject,
        .driver = driver_named(recorder->is_dahua ? "dahua" : "hikvision"),
    };
    arena_init(&recorder->job.arena, ARENA_DEVICE_LIMIT);
    talk->own = recorder;
    talk->is_blind = recorder->is_dahua;
    subject->kind = KIND_RECORDER;
    subject->in_scope = true;
    (void)subject_add_address(subject, &login->ip);
    struct port *port = subject_port(subject, talk->row->port);
    port->protocol = "http";
    port->tls = talk->row->tls;
    const struct session_key key = {
        .user = login->user, .password = login->password, .purpose = SESSION_OWNER};
    enum err err = session_open(&recorder->job, &key, &recorder->session);
    talk->why = recorder->job.why;
    return err;
}

static void
shut_door(struct consumer_talk *talk)
{
    struct recorder *recorder = talk->own;
    if (recorder != NULL) {
        session_close(recorder->session);
        talk->job->logins += recorder->job.logins;
        json_decref(recorder->job.before);
        json_decref(recorder->job.after);
        arena_wipe(&recorder->job.arena);
        subject_free(recorder->job.subject);
    }
}

static enum err
ask(struct consumer_talk *talk, const struct ask *question, struct answer *ret_answer)
{
    struct recorder *recorder = talk->own;
    const struct request request = {.ask = *question};
    enum err err = session_send(recorder->session, &request, &talk->arena, ret_answer);
    if (err == OK && ret_answer->status != 200) {
        note_set(&talk->why, "it answers with status %d", ret_answer->status);
        return ERR_VALUE;
    }
    return err;
}

static enum err
add_channel(struct consumer_talk *talk, const char *id, const char *host, const char *user)
{
    struct consumer_place *place = consumer_place_add(talk);
    if (place == NULL) {
        return ERR_LIMIT;
    }
    *place = (struct consumer_place){
        .host = host, .user = user, .words = consumer_words(talk, "channel", id, ""), .id = id};
    return talk->arena.full ? ERR_LIMIT : OK;
}

static enum err
list_hikvision(struct consumer_talk *talk)
{
    static const char *const children[] = {"id", "sourceInputPortDescriptor/ipAddress",
        "sourceInputPortDescriptor/hostName", "sourceInputPortDescriptor/userName"};
    static const struct pick_row row = {"InputProxyChannel", children, COUNT(children)};
    const struct ask question = {.path = HIK, .login = true};
    struct answer answer;
    enum err err = ask(talk, &question, &answer);
    for (size_t i = 0; err == OK && i < CHANNELS; i++) {
        const char *texts[COUNT(children)];
        err = pick_row(&answer, &row, i, &talk->arena, texts);
        if (err == ERR_MISSING) {
            return OK;
        }
        const char *host = err != OK || texts[1][0] != '\0' ? texts[1] : texts[2];
        err = err == OK ? add_channel(talk, texts[0], host, texts[3]) : err;
    }
    return err;
}

/* "table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address=10.0.3.7". */
static const char *
dahua_value(struct consumer_talk *talk, const struct answer *answer, const char *name, size_t len,
    const char *key)
{
    const char *line = arena_format(&talk->arena, "%.*s.%s=", (int)len, name, key);
    const char *found = line == NULL ? NULL : strstr(answer->body, line);
    return found == NULL ? ""
                         : arena_copy_n(&talk->arena, found + strlen(line),
                               strcspn(found + strlen(line), "\r\n"));
}

static enum err
list_dahua(struct consumer_talk *talk)
{
    const struct ask question = {.path = DAHUA "getConfig&name=RemoteDevice", .login = true};
    struct answer answer;
    enum err err = ask(talk, &question, &answer);
    const char *at = err == OK ? answer.body : "";
    while (err == OK && (at = strstr(at, ".Address=")) != NULL) {
        const char *line = at;
        while (line > answer.body && line[-1] != '\n') {
            line--;
        }
        size_t len = (size_t)(at - line);
        at++;
        if (!text_starts(line, TABLE "RemoteDevice.")) {
            continue;
        }
        const char *host = dahua_value(talk, &answer, line, len, "Address");
        const char *user = dahua_value(talk, &answer, line, len, "UserName");
        const char *id = arena_copy_n(&talk->arena, line + strlen(TABLE), len - strlen(TABLE));
        err = id == NULL || host == NULL || user == NULL ? ERR_LIMIT
                                                         : add_channel(talk, id, host, user);
    }
    return err;
}

static enum err
list(struct consumer_talk *talk)
{
    const struct recorder *recorder = talk->own;
    return recorder->is_dahua ? list_dahua(talk) : list_hikvision(talk);
}

/* The channel's own document, with the password in its place or behind the account. */
static enum err
fill_document(const struct answer *answer, const char *password, struct buf *out)
{
    enum err err = edit_value(answer, "sourceInputPortDescriptor/password", password, out);
    if (err != ERR_MISSING) {
        return err;
    }
    buf_clear(out);
    const char *end = strstr(answer->body, "</userName>");
    if (end == NULL) {
        return ERR_MISSING;
    }
    end += strlen("</userName>");
    buf_add(out, answer->body, (size_t)(end - answer->body));
    buf_text(out, "<password>");
    edit_escape_xml(password, out);
    buf_text(out, "</password>");
    buf_add(out, end, answer->body_len - (size_t)(end - answer->body));
    return buf_error(out);
}

static enum err
change_hikvision(
    struct consumer_talk *talk, const struct consumer_place *place, const char *password)
{
    const char *id = consumer_encode(&talk->arena, place->id);
    struct ask question = {.path = arena_format(&talk->arena, HIK "/%s", id), .login = true};
    struct answer answer;
    struct buf document;
    enum err err = question.path == NULL ? ERR_LIMIT : ask(talk, &question, &answer);
    buf_init(&document, ANSWER_BODY);
    err = err == OK ? fill_document(&answer, password, &document) : err;
    question.method = "PUT";
    question.type = "application/xml";
    question.body = err == OK ? arena_copy(&talk->arena, document.data) : NULL;
    if (document.size != 0) {
        explicit_bzero(document.data, document.size);
    }
    buf_release(&document);
    talk->changed = talk->changed || err == OK;
    return err == OK && question.body == NULL ? ERR_LIMIT
           : err == OK                        ? ask(talk, &question, &answer)
                                              : err;
}

static enum err
change_dahua(struct consumer_talk *talk, const struct consumer_place *place, const char *password)
{
    const struct ask question = {
        .path = arena_format(&talk->arena, DAHUA "setConfig&%s.Password=%s",
            consumer_encode(&talk->arena, place->id), consumer_encode(&talk->arena, password)),
        .login = true,
    };
    struct answer answer;
    talk->changed = true;
    enum err err = talk->arena.full ? ERR_LIMIT : ask(talk, &question, &answer);
    if (err == OK && !text_starts_nocase(answer.body, "OK")) {
        note_set(&talk->why, "it refuses the change of %s", place->words);
        return ERR_VALUE;
    }
    return err;
}

static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    const struct recorder *recorder = talk->own;
    const char *text = secret_text(password);
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = recorder->is_dahua ? change_dahua(talk, &places[i], text)
                                 : change_hikvision(talk, &places[i], text);
    }
    return err;
}

/* Hikvision: channels/ID/status says whether the camera is online. */
static bool
is_well(struct consumer_talk *talk, const struct consumer_place *place)
{
    const char *id = consumer_encode(&talk->arena, place->id);
    const struct ask question = {
        .path = arena_format(&talk->arena, HIK "/%s/status", id), .login = true};
    struct answer answer;
    const char *online = NULL;
    return question.path != NULL && ask(talk, &question, &answer) == OK &&
           pick_text(&answer, "online", &talk->arena, &online) == OK &&
           text_equal_nocase(online, "true");
}

const struct consumer_kind consumer_recorder = {
    .name = "recorder",
    .title = "Recorder",
    .maturity = MATURITY_EXPERIMENTAL,
    .source = "Hikvision ISAPI: ContentMgmt/InputProxy/channels; Dahua HTTP API: RemoteDevice",
    .late = "experimental; its channels are read when the step begins",
    .open = open_door,
    .close = shut_door,
    .list = list,
    .change = change,
    .is_well = is_well,
};
