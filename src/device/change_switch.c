/* Makes the request that changes one setting, and reads what a device made of it. */
#include "base/buf.h"
#include "base/text.h"
#include "codec/edit.h"
#include "codec/pick.h"
#include "device/device.h"

#include <string.h>

#define DOCUMENT "{document"
#define VALUE    "{value}"

/* How a setting is spelt stands in the device's own answer: "1" becomes "0", "True" "False". */
static const char *
spelt_alike(const char *value, const char *stands)
{
    static const char *const pairs[][2] = {
        {"true", "false"},
        {"True", "False"},
        {"yes",  "no"   },
        {"Yes",  "No"   },
        {"on",   "off"  },
        {"On",   "Off"  },
        {"1",    "0"    },
    };
    bool yes = false;
    if (text_to_bool(value, &yes) != OK) {
        return value;
    }
    for (size_t i = 0; i < COUNT(pairs); i++) {
        if (text_equal(stands, pairs[i][0]) || text_equal(stands, pairs[i][1])) {
            return pairs[i][yes ? 0 : 1];
        }
    }
    return value;
}

static void
add_value(const char *format, const char *value, struct buf *out)
{
    switch (format[0]) {
    case '<':
        edit_escape_xml(value, out);
        break;
    case '{':
    case '[':
        edit_escape_json(value, out);
        break;
    default:
        buf_percent(out, value);
    }
}

/* "{document}" is all of it, "{document.params.table}" the part of its JSON at that path. */
static enum err
add_document(const char **at, const struct answer *document, struct buf *out)
{
    char path[64];
    const char *bytes = document->body;
    size_t len = document->body_len;
    const char *from = *at + strlen(DOCUMENT);
    size_t path_len = strcspn(from, "}");
    if (path_len >= sizeof(path) || from[path_len] != '}') {
        return ERR_VALUE;
    }
    memcpy(path, from, path_len);
    path[path_len] = '\0';
    *at = from + path_len + 1;
    enum err err =
        path_len == 0 ? OK : edit_part(document, path + (path[0] == '.' ? 1 : 0), &bytes, &len);
    if (err == OK) {
        buf_add(out, bytes, len);
    }
    return err;
}

/* The body's or path's words filled in; document NULL: it has none. */
static enum err
fill(const char *words, const char *value, const struct answer *document, struct buf *out)
{
    enum err err = OK;
    for (const char *at = words; err == OK && *at != '\0';) {
        if (text_starts(at, VALUE)) {
            add_value(document == NULL ? "" : words, value, out);
            at += strlen(VALUE);
        } else if (document != NULL && text_starts(at, DOCUMENT)) {
            err = add_document(&at, document, out);
        } else {
            buf_byte(out, (uint8_t)*at++);
        }
    }
    return err != OK ? err : buf_error(out);
}

static enum err
fill_copy(const char *words, const char *value, const struct answer *document, struct arena *arena,
    const char **ret_text)
{
    struct buf out;
    buf_init(&out, 2 * ANSWER_BODY);
    enum err err = fill(words, value, document, &out);
    const char *text = err == OK ? arena_copy(arena, out.data) : NULL;
    buf_release(&out);
    if (text == NULL) {
        return err == OK ? ERR_LIMIT : err;
    }
    *ret_text = text;
    return OK;
}

/* The body, from the answer with the value in its place where the row wants that. */
static enum err
fill_body(const struct device_switch *row, const struct answer *read, const char *value,
    struct arena *arena, const char **ret_body)
{
    struct buf edited;
    struct answer document = *read;
    if (!text_contains(row->write.body, DOCUMENT)) {
        return fill_copy(row->write.body, value, &document, arena, ret_body);
    }
    buf_init(&edited, 2 * ANSWER_BODY);
    enum err err = edit_value(read, row->pick, value, &edited);
    document.body = edited.data;
    document.body_len = edited.len;
    if (err == OK) {
        err = fill_copy(row->write.body, value, &document, arena, ret_body);
    }
    buf_release(&edited);
    return err;
}

enum err
device_switch_request(const struct device_switch *row, const struct answer *read, const char *value,
    struct arena *arena, struct request *ret_request)
{
    const char *stands = NULL;
    struct request request = {.ask = row->write};
    enum err err = pick_text(read, row->pick, arena, &stands);
    if (err != OK) {
        return err == ERR_SYNTAX ? ERR_MISSING : err;
    }
    if (value == NULL && text_starts(row->value, "{")) {
        return ERR_UNSUPPORTED;
    }
    value = value == NULL ? spelt_alike(row->value, stands) : value;
    err = fill_copy(row->write.path, value, NULL, arena, &request.ask.path);
    if (err == OK && row->write.body != NULL) {
        err = fill_body(row, read, value, arena, &request.ask.body);
    }
    if (err == OK) {
        request.ask.login = true;
        *ret_request = request;
    }
    return err;
}

/* A word of a device that says no although its status is 200. */
struct refusal {
    const char *pick;
    const char *fine[3]; /* these are a yes; all NULL: whatever stands there is a no */
    const char *why;
};

/*
 * ISAPI: ResponseStatus, 1 OK, 7 reboot required (Hikvision ISAPI developer guide; isapi clients).
 * LAPI: Response.ResponseCode and StatusCode (Uniview's web page). Reolink HTTP API guide: code.
 * Foscam IPCamera CGI user guide: result, setResult. ONVIF Core: SOAP fault. DVRIP: Ret 100, 515
 * and 603 with a restart (OpenIPC python-dvr). VAPIX JSON APIs: error. SUNAPI 2.6: Response Fail.
 * Dahua RPC2: result false, with an error.
 */
static const struct refusal refusals[] = {
    {"ResponseStatus/statusCode", {"0", "1", "7"},       "the device refused it (ISAPI status)" },
    {"statusCode",                {"0", "1", "7"},       "the device refused it (ISAPI status)" },
    {"Response.ResponseCode",     {"0", "0", "0"},       "the device refused it (LAPI response)"},
    {"Response.StatusCode",       {"0", "0", "0"},       "the device refused it (LAPI status)"  },
    {"[0].code",                  {"0", "0", "0"},       "the device refused it (error code)"   },
    {"CGI_Result/result",         {"0", "0", "0"},       "the device refused it (CGI result)"   },
    {"CGI_Result/setResult",      {"0", "0", "0"},       "the device refused it (CGI result)"   },
    {"Ret",                       {"100", "515", "603"}, "the device refused it (DVRIP)"        },
    {"result",                    {"true", "0", "OK"},   "the device refused it (RPC)"          },
    {"Fault/Code/Value",          {NULL, NULL, NULL},    "the device refused it (SOAP fault)"   },
    {"Fault/faultcode",           {NULL, NULL, NULL},    "the device refused it (SOAP fault)"   },
    {"error.code",                {NULL, NULL, NULL},    "the device answered with an error"    },
    {"Response",                  {"Success", "OK", ""}, "the device refused it (SUNAPI)"       },
};

/* Of answers that are lines: the first word tells. */
static const struct {
    const char *start;
    const char *why;
} lines[] = {
    {"Error",     "the device answered \"Error\""       }, /* Dahua HTTP API */
    {"# Error",   "the device answered \"# Error\""     }, /* VAPIX parameter management */
    {"# Request", "the device answered \"# Request…\""}, /* VAPIX: # Request failed */
    {"NG",        "the device answered \"NG\""          }, /* SUNAPI */
    {"error",     "the device answered \"error\""       }, /* Foscam MJPEG CGI */
    {"ERR",       "the device answered with an error"   }, /* Vivotek URL commands */
};

static const char *
refusal_of(const struct answer *answer)
{
    struct arena arena;
    const char *why = NULL;
    const char *body = answer->body + strspn(answer->body, " \t\r\n");
    for (size_t i = 0; i < COUNT(lines); i++) {
        if (text_starts(body, lines[i].start)) {
            return lines[i].why;
        }
    }
    if (body[0] != '<' && body[0] != '{' && body[0] != '[') {
        return NULL;
    }
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    for (size_t i = 0; i < COUNT(refusals) && why == NULL; i++) {
        const char *text = NULL;
        const struct refusal *row = &refusals[i];
        if (pick_text(answer, row->pick, &arena, &text) == OK && !text_equal(text, row->fine[0]) &&
            !text_equal(text, row->fine[1]) && !text_equal(text, row->fine[2])) {
            why = row->why;
        }
    }
    arena_release(&arena);
    return why;
}

static const char *
why_not(const struct device_switch *row, const struct answer *answer)
{
    if (answer->err != OK) {
        return err_words(answer->err);
    }
    if (answer->status == 401 || answer->status == 403) {
        return "the log-in may not change this setting";
    }
    if (answer->status < 200 || answer->status > 299) {
        return answer->status == 404 ? "the device does not know this request"
                                     : "the device refused it";
    }
    const char *why = answer->body == NULL ? NULL : refusal_of(answer);
    if (why != NULL || row->success == NULL) {
        return why;
    }
    return answer->body != NULL &&
                   text_find_nocase(answer->body, answer->body_len, row->success) != NULL
               ? NULL
               : "the device did not say that it is done";
}

bool
device_switch_took(
    const struct device_switch *row, const struct answer *answer, const char **ret_why)
{
    const char *why = why_not(row, answer);
    if (why != NULL && ret_why != NULL) {
        *ret_why = why;
    }
    return why == NULL;
}
