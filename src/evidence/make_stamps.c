/* Time-stamps over a package's manifest: the request is kept, the answer when one came. */
#include "base/text.h"
#include "evidence/make_inside.h"
#include "evidence/stamp.h"
#include "evidence/stamp_send.h"

#include <stdio.h>
#include <string.h>

static enum err
put(struct make *make, size_t number, const char *end, const struct buf *bytes, struct note *note)
{
    char name[PACKAGE_NAME];
    (void)package_numbered(PACKAGE_TIME, number, end, name);
    return package_put(make->writer, name, bytes->data, bytes->len, note);
}

static void
say(const struct make *make, const char *url, const char *words)
{
    char text[512];
    char clean[160];
    text_clean(clean, sizeof(clean), url, strlen(url));
    (void)snprintf(text, sizeof(text), "time-stamp of %s: %s", clean, words);
    make->settings->say(make->settings->context, text);
}

static enum err
ask_authority(const struct make *make, const char *url, const struct buf *request,
    struct buf *ret_answer, struct note *note)
{
    const struct make_settings *settings = make->settings;
    const struct stamp_server server = {.url = url};
    return settings->send != NULL
               ? settings->send(settings->context, url, request, ret_answer, note)
               : stamp_send(&server, request, ret_answer, note);
}

/* Asks, and keeps what is an answer to this request; anything else leaves it pending. */
static enum err
ask(struct make *make, size_t number, const char *url, const struct buf *request, struct note *note)
{
    CLEANUP(buf_release) struct buf answer;
    struct stamp_verdict verdict;
    struct note why = {""};
    buf_init(&answer, STAMP_LIMIT);
    if (ask_authority(make, url, request, &answer, &why) != OK) {
        say(make, url, why.text);
        say(make, url, "pending; `gatehouse evidence stamp PACKAGE` asks again");
        return OK;
    }
    const struct stamp_given given = {
        .sha256 = make->result->sha256,
        .request = request->data,
        .request_len = request->len,
        .answer = answer.data,
        .answer_len = answer.len,
        .roots = make->settings->roots,
    };
    stamp_check(&given, &verdict);
    if (verdict.state != STAMP_GOOD && verdict.state != STAMP_UNTRUSTED) {
        say(make, url, stamp_state_text(verdict.state));
        say(make, url, verdict.why.text);
        return OK;
    }
    make->result->stamped++;
    return put(make, number, ".tsr", &answer, note);
}

static enum err
stamp(struct make *make, size_t number, const char *url, struct note *note)
{
    CLEANUP(buf_release) struct buf request;
    CLEANUP(buf_release) struct buf text;
    buf_init(&request, 1024);
    buf_init(&text, PACKAGE_SMALL);
    enum err err = stamp_request(make->result->sha256, &request);
    if (err == OK) {
        err = put(make, number, ".tsq", &request, note);
    }
    if (err == OK) {
        buf_format(&text, "%s\n", url);
        err = put(make, number, ".url", &text, note);
    }
    if (err == OK && make->settings->roots != NULL) {
        buf_clear(&text);
        buf_text(&text, make->settings->roots);
        err = buf_error(&text) == OK ? put(make, number, ".pem", &text, note) : ERR_LIMIT;
    }
    return err == OK ? ask(make, number, url, &request, note) : err;
}

enum err
make_stamps(struct make *make, struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; i < make->settings->authority_count && err == OK; i++) {
        make->result->asked++;
        err = stamp(make, i + 1, make->settings->authorities[i], note);
    }
    return err;
}
