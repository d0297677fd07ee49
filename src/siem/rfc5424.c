/*
 * Syslog with structured data (RFC 5424). Facility 13, log audit. The SD-ID has the enterprise
 * number that RFC 5612 sets aside for documentation: the project has none of its own.
 */
#include "siem/put.h"

#include <string.h>

#define HOST 255 /* longest HOSTNAME (RFC 5424 section 6) */
#define BOM  "\xef\xbb\xbf"

struct param {
    unsigned at; /* enum logged_text or logged_number */
    size_t len;
    const char *begin; /* ` user="` */
};

#define PARAM(at, name)                                                                            \
    {                                                                                              \
        LOGGED_##at, sizeof(" " name "=\"") - 1, " " name "=\""                                    \
    }

static const struct param texts[] = {
#define TEXT(at, member, sd, cef, label, ocsf, ecs) PARAM(at, sd),
#include "siem/fields.def"
#undef TEXT
};

static const struct param times[] = {
#define TIME(at, member, sd, cef, label, ocsf, ecs) PARAM(at, sd),
#include "siem/fields.def"
#undef TIME
};

static const struct param numbers[] = {
#define NUMBER(at, member, sd, cef, label, ocsf, ecs) PARAM(at, sd),
#include "siem/fields.def"
#undef NUMBER
};

/* <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID */
static void
put_header(struct buf *out, const struct logged *logged, const struct siem_about *about,
    const struct siem_sense *sense)
{
    buf_byte(out, '<');
    siem_put_count(out, SIEM_FACILITY * 8 + siem_scale(sense->level)->syslog);
    SIEM_PUT(out, ">1 ");
    if (logged->is_event) {
        siem_put_time(out, logged->numbers[LOGGED_TIME]);
    } else {
        buf_byte(out, '-');
    }
    buf_byte(out, ' ');
    siem_put_host(out, about, HOST);
    SIEM_PUT(out, " gatehouse - ");
    siem_put_action(out, logged, sense);
}

static void
put_value(struct buf *out, const struct param *param, enum siem_value kind, struct event_text text)
{
    buf_add(out, param->begin, param->len);
    siem_put_param(out, kind, text.bytes, text.len);
    buf_byte(out, '"');
}

/* One camera by its name; more as a JSON array, since readers keep one value of a name. */
static void
put_cameras(struct buf *out, const struct logged *logged)
{
    static const struct param one = {0, sizeof(" camera=\"") - 1, " camera=\""};
    static const struct param many = {0, sizeof(" cameras=\"") - 1, " cameras=\""};
    if (logged->camera_count == 1) {
        put_value(out, &one, SIEM_EVENT_TEXT, logged->cameras[0]);
    } else if (logged->camera_count > 1) {
        struct buf array CLEANUP(buf_release);
        buf_init(&array, out->max);
        siem_put_cameras(&array, logged);
        put_value(out, &many, SIEM_JSON, (struct event_text){array.data, array.len});
        out->failed |= array.failed;
    }
}

static void
put_event(struct buf *out, const struct logged *logged)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct event_text *text = &logged->texts[texts[i].at];
        if (text->bytes != NULL) {
            put_value(out, &texts[i], SIEM_EVENT_TEXT, *text);
        }
    }
    if (logged->texts[LOGGED_IP].bytes != NULL) {
        static const struct param ip = {0, sizeof(" ip=\"") - 1, " ip=\""};
        put_value(out, &ip, SIEM_EVENT_TEXT, logged->texts[LOGGED_IP]);
    }
    put_cameras(out, logged);
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t time = logged->numbers[times[i].at];
        if (time != LOGGED_NONE) {
            buf_add(out, times[i].begin, times[i].len);
            siem_put_time(out, time);
            buf_byte(out, '"');
        }
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        int64_t number = logged->numbers[numbers[i].at];
        if (number != LOGGED_NONE) {
            buf_add(out, numbers[i].begin, numbers[i].len);
            siem_put_number(out, number);
            buf_byte(out, '"');
        }
    }
    if (logged->detail.bytes != NULL) {
        static const struct param detail = {0, sizeof(" detail=\"") - 1, " detail=\""};
        put_value(out, &detail, SIEM_JSON, logged->detail);
    }
}

static void
put_place(struct buf *out, const struct logged *logged, const struct siem_about *about)
{
    SIEM_PUT(out, " [gatehouse@" SIEM_PEN " index=\"");
    siem_put_count(out, logged->index);
    SIEM_PUT(out, "\" origin=\"");
    siem_put_param(out, SIEM_BYTES, about->origin, strlen(about->origin));
    if (about->leaf != NULL) {
        SIEM_PUT(out, "\" leaf=\"");
        siem_put_hex(out, about->leaf, MERKLE_HASH);
    }
    if (about->root != NULL) {
        SIEM_PUT(out, "\" root=\"");
        buf_text(out, about->root);
        SIEM_PUT(out, "\" tree_size=\"");
        siem_put_count(out, about->tree_size);
    }
    buf_byte(out, '"');
}

static enum err
put(const struct logged *logged, const struct siem_about *about, struct buf *ret_record)
{
    static const struct param entry = {0, sizeof(" entry=\"") - 1, " entry=\""};
    size_t start = ret_record->len;
    struct siem_sense sense = siem_sense(logged);
    put_header(ret_record, logged, about, &sense);
    put_place(ret_record, logged, about);
    if (logged->is_event) {
        put_event(ret_record, logged);
    }
    if (!logged->is_event || logged->has_more) {
        put_value(
            ret_record, &entry, SIEM_BYTES, (struct event_text){logged->entry, logged->entry_len});
    }
    SIEM_PUT(ret_record, "]");
    if (logged->is_event) { /* RFC 5424 section 7.1 */
        SIEM_PUT(ret_record, "[timeQuality tzKnown=\"1\" isSynced=\"");
        buf_byte(ret_record, logged->texts[LOGGED_QUALITY].bytes == NULL ? '1' : '0');
        SIEM_PUT(ret_record, "\"]");
    }
    SIEM_PUT(ret_record, " " BOM);
    siem_put_sentence(ret_record, logged, &sense);
    return siem_put_end(ret_record, start);
}

const struct siem_format siem_rfc5424 = {
    .name = "rfc5424",
    .words = "syslog with structured data (RFC 5424)",
    .put = put,
};
