/* DVRIP as Xiongmai devices speak it: log-in by hash, then one JSON answer per name. */
#include "lab/dvrip.h"

#include "base/reader.h"
#include "base/text.h"
#include "codec/dvrip.h"
#include "lab/auth.h"
#include "lab/change.h"
#include "lab/state.h"
#include "lab/template.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define HEADER       20
#define ANSWER_LIMIT ((size_t)128 * 1024)
#define LOGIN        1000U
#define LOGOUT       1002U
#define SYSTEM       1020U
#define CONFIG_SET   1040U
#define CONFIG       1042U
#define PASSWORD     1488U

/* What only who logged in can know. */
static uint32_t
session_of(const struct device *device)
{
    char digits[9] = {0};
    memcpy(digits, device->nonce, 8);
    return (uint32_t)strtoul(digits, NULL, 16) | 1U;
}

static void
send_frame(struct conn *conn, unsigned message, const char *body, size_t len)
{
    struct buf out;
    buf_init(&out, ANSWER_LIMIT + HEADER + 2);
    buf_u32le(&out, 0x01ff);
    buf_u32le(&out, session_of(conn->device));
    buf_u32le(&out, 0);
    buf_byte(&out, 0);
    buf_byte(&out, 0);
    buf_byte(&out, (uint8_t)(message & 0xffU));
    buf_byte(&out, (uint8_t)(message >> 8U));
    buf_u32le(&out, (uint32_t)len + 2);
    buf_add(&out, body, len);
    buf_add(&out, "\n", 2);
    if (buf_error(&out) == OK)
        conn_send(conn, out.data, out.len);
    buf_release(&out);
}

static void
send_code(struct conn *conn, unsigned message, int code, const char *name)
{
    char text[256];
    int len = snprintf(text, sizeof text,
        "{ \"Name\" : \"%s\", \"Ret\" : %d, \"SessionID\" : \"0x%08X\" }", name, code,
        code == 100 ? session_of(conn->device) : 0);
    send_frame(conn, message, text, (size_t)len);
}

static void
log_in(struct conn *conn, const json_t *body)
{
    const char *user = json_string_value(json_object_get(body, "UserName"));
    const char *hash = json_string_value(json_object_get(body, "PassWord"));
    enum auth_verdict verdict = auth_dvrip(conn->device, user, hash);
    int code = verdict == AUTH_RIGHT ? 100 : verdict == AUTH_LOCKED ? 205 : 203;
    send_code(conn, LOGIN + 1, code, "");
}

static struct state_text
shown(const struct device *device, const struct site_answer *answer)
{
    const struct state_document *document = state_find(device, answer->file);
    if (document != NULL)
        return (struct state_text){document->text.data, document->text.len};
    return (struct state_text){answer->body, answer->body_len};
}

static enum err
merge(struct device *device, const struct site_answer *answer, json_t *value)
{
    const struct state_text now = shown(device, answer);
    const struct state_text first = {answer->body, answer->body_len};
    json_t *document = json_loadb(now.text, now.len, 0, NULL);
    json_t *values = json_pack("{s:O}", answer->action, value);
    size_t count = change_merge_into(document, values);
    char *dump = count == 0 ? NULL : json_dumps(document, JSON_COMPACT);
    enum err err = ERR_VALUE;
    if (dump != NULL) {
        struct buf text;
        buf_init(&text, ANSWER_LIMIT);
        buf_text(&text, dump);
        err = state_write(device, answer->file, first, &text);
        buf_release(&text);
    }
    free(dump);
    json_decref(values);
    json_decref(document);
    return err;
}

/* {"Name": "NetWork.Nat", "NetWork.Nat": {…}} changes values of it (OpenIPC python-dvr set_info).
 */
static void
set_name(struct conn *conn, const char *name, const json_t *body)
{
    const struct site_dvrip *dvrip = conn->port->config;
    json_t *value = json_object_get(body, name);
    int code = 607;
    for (unsigned i = 0; i < dvrip->answers_count; i++)
        if (value != NULL && text_equal(dvrip->answers[i].action, name))
            code = merge(conn->device, &dvrip->answers[i], value) == OK ? 100 : 102;
    if (code == 100)
        state_changed(conn->device);
    send_code(conn, CONFIG_SET + 1, code, name);
}

/* OpenIPC python-dvr changePasswd: both passwords come as their hashes. */
static void
set_password(struct conn *conn, const json_t *body)
{
    const char *user = json_string_value(json_object_get(body, "UserName"));
    const char *old = json_string_value(json_object_get(body, "PassWord"));
    const char *now = json_string_value(json_object_get(body, "NewPassWord"));
    struct device *device = conn->device;
    const struct state_password wanted = {.user = user, .password = now, .is_hashed = true};
    int code = 203;
    if (user != NULL && old != NULL && now != NULL && auth_dvrip(device, user, old) == AUTH_RIGHT)
        code = state_set_password(device, &wanted) == OK ? 100 : 102;
    if (code == 100)
        state_changed(device);
    if (!device->swallows_answer)
        send_code(conn, PASSWORD + 1, code, "");
    device->swallows_answer = false;
}

static void
answer_name(struct conn *conn, unsigned message, const char *name)
{
    const struct site_dvrip *dvrip = conn->port->config;
    const struct template_scope scope = {.device = conn->device};
    for (unsigned i = 0; i < dvrip->answers_count; i++) {
        const struct site_answer *answer = &dvrip->answers[i];
        if (!text_equal(answer->action, name))
            continue;
        struct buf body;
        buf_init(&body, ANSWER_LIMIT);
        const struct state_text now = shown(conn->device, answer);
        template_add(&body, &scope, now.text, now.len);
        send_frame(conn, message + 1, body.data, body.len);
        buf_release(&body);
        return;
    }
    send_code(conn, message + 1, 607, "");
}

static void
answer_frame(struct conn *conn, const char *frame, size_t len)
{
    struct reader reader;
    reader_init(&reader, frame, len);
    reader_skip(&reader, 4);
    uint32_t session = reader_u32le(&reader);
    reader_skip(&reader, 6);
    unsigned message = reader_u16le(&reader);
    json_t *body =
        json_loadb(frame + HEADER, len - HEADER, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(body, "Name"));
    conn->device->stats.requests++;
    if (message == LOGIN)
        log_in(conn, body);
    else if (session != session_of(conn->device))
        send_code(conn, message + 1, 105, "");
    else if (message == CONFIG_SET)
        set_name(conn, name == NULL ? "" : name, body);
    else if (message == PASSWORD)
        set_password(conn, body);
    else if (message == LOGOUT) {
        conn->device->stats.logouts++;
        send_code(conn, message + 1, 100, "");
    } else if (message == SYSTEM || message == CONFIG)
        answer_name(conn, message, name == NULL ? "" : name);
    else
        send_code(conn, message + 1, 103, "");
    json_decref(body);
}

static void
on_data(struct conn *conn)
{
    size_t whole = 0;
    while (conn->in.len != 0) {
        if (dvrip_whole(conn->in.data, conn->in.len, &whole) != OK) {
            conn_reset(conn);
            return;
        }
        if (whole == 0)
            return;
        answer_frame(conn, conn->in.data, whole);
        conn_consume(conn, whole);
    }
}

const struct conn_protocol dvrip_protocol = {.data = on_data};
