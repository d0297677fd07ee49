/*
 * ArcSight Common Event Format 0 behind the header of RFC 3164, as its guide shows it ("Common
 * Event Format: using CEF with syslog"). Header fields are the program's own words; whatever
 * somebody else wrote is a value of the extension, where '=' and '\' are escaped.
 */
#include "siem/put.h"

#include <string.h>

#define HOST 255

struct pair {
    unsigned at; /* enum logged_text or logged_number */
    size_t len;
    const char *begin; /* " suser=" */
    const char *label; /* " cs2Label=session" or NULL */
};

#define PAIR(at, key, label)                                                                       \
    {                                                                                              \
        LOGGED_##at, sizeof(" " key "=") - 1, " " key "=",                                         \
            sizeof(label) == 1 ? NULL : " " key "Label=" label                                     \
    }

static const struct pair texts[] = {
#define TEXT(at, member, sd, cef, label, ocsf, ecs) PAIR(at, cef, label),
#include "siem/fields.def"
#undef TEXT
};

static const struct pair times[] = {
#define TIME(at, member, sd, cef, label, ocsf, ecs) PAIR(at, cef, label),
#include "siem/fields.def"
#undef TIME
};

static const struct pair numbers[] = {
#define NUMBER(at, member, sd, cef, label, ocsf, ecs) PAIR(at, cef, label),
#include "siem/fields.def"
#undef NUMBER
};

/* "Nov 23 02:14:05 ", in UTC; rt has the exact time. */
static void
put_time(struct buf *out, int64_t time)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[EVENT_TIME]; /* "2026-11-23T02:14:05.123Z" */
    (void)event_time_text(time, text);
    unsigned month = (unsigned)(text[5] - '0') * 10 + (unsigned)(text[6] - '0');
    buf_add(out, names + (size_t)3 * (month - 1), 3);
    buf_byte(out, ' ');
    buf_byte(out, text[8] == '0' ? ' ' : (uint8_t)text[8]);
    buf_byte(out, (uint8_t)text[9]);
    buf_byte(out, ' ');
    buf_add(out, text + 11, 8);
    buf_byte(out, ' ');
}

static void
put_header(struct buf *out, const struct logged *logged, const struct siem_about *about,
    const struct siem_sense *sense)
{
    const struct siem_scale *scale = siem_scale(sense->level);
    buf_byte(out, '<');
    siem_put_count(out, SIEM_FACILITY * 8 + scale->syslog);
    buf_byte(out, '>');
    put_time(out, logged->is_event ? logged->numbers[LOGGED_TIME] : about->now);
    siem_put_host(out, about, HOST);
    SIEM_PUT(out, " CEF:0|Gatehouse|Gatehouse|" GATEHOUSE_VERSION "|");
    siem_put_action(out, logged, sense);
    buf_byte(out, '|');
    buf_text(out, sense->title);
    buf_byte(out, '|');
    siem_put_count(out, scale->cef);
    SIEM_PUT(out, "|cn1=");
    siem_put_count(out, logged->index);
    SIEM_PUT(out, " cn1Label=index cs6=");
    siem_put_cef(out, SIEM_BYTES, about->origin, strlen(about->origin));
    SIEM_PUT(out, " cs6Label=origin");
}

static void
put_label(struct buf *out, const struct pair *pair)
{
    if (pair->label != NULL) {
        buf_text(out, pair->label);
    }
}

/* The dictionary's keys for addresses hold nothing else; another text has one of ours. */
static void
put_address(struct buf *out, const struct event_text *text)
{
    switch (siem_address(text)) {
    case 4:
        SIEM_PUT(out, " src=");
        buf_add(out, text->bytes, text->len);
        break;
    case 6:
        SIEM_PUT(out, " c6a2=");
        buf_add(out, text->bytes, text->len);
        SIEM_PUT(out, " c6a2Label=Source IPv6 Address");
        break;
    default:
        SIEM_PUT(out, " gatehouseIp=");
        siem_put_cef(out, SIEM_EVENT_TEXT, text->bytes, text->len);
    }
}

static void
put_cameras(struct buf *out, const struct logged *logged)
{
    if (logged->camera_count == 1) {
        SIEM_PUT(out, " cs1=");
        siem_put_cef(out, SIEM_EVENT_TEXT, logged->cameras[0].bytes, logged->cameras[0].len);
        SIEM_PUT(out, " cs1Label=camera");
    } else if (logged->camera_count > 1) {
        struct buf array CLEANUP(buf_release);
        buf_init(&array, out->max);
        siem_put_cameras(&array, logged);
        SIEM_PUT(out, " cs1=");
        siem_put_cef(out, SIEM_JSON, array.data, array.len);
        SIEM_PUT(out, " cs1Label=cameras");
        out->failed |= array.failed;
    }
}

static void
put_numbers(struct buf *out, const struct logged *logged, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = logged->numbers[pairs[i].at];
        if (number != LOGGED_NONE) {
            buf_add(out, pairs[i].begin, pairs[i].len);
            siem_put_number(out, number);
            put_label(out, &pairs[i]);
        }
    }
}

static void
put_event(struct buf *out, const struct logged *logged)
{
    SIEM_PUT(out, " rt=");
    siem_put_number(out, logged->numbers[LOGGED_TIME]);
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct event_text *text = &logged->texts[texts[i].at];
        if (text->bytes != NULL) {
            buf_add(out, texts[i].begin, texts[i].len);
            siem_put_cef(out, SIEM_EVENT_TEXT, text->bytes, text->len);
            put_label(out, &texts[i]);
        }
    }
    if (logged->texts[LOGGED_IP].bytes != NULL) {
        put_address(out, &logged->texts[LOGGED_IP]);
    }
    put_cameras(out, logged);
    put_numbers(out, logged, times, COUNT(times));
    put_numbers(out, logged, numbers, COUNT(numbers));
    if (logged->detail.bytes != NULL) {
        SIEM_PUT(out, " cs5=");
        siem_put_cef(out, SIEM_JSON, logged->detail.bytes, logged->detail.len);
        SIEM_PUT(out, " cs5Label=detail");
    }
}

static void
put_cover(struct buf *out, const struct siem_about *about)
{
    if (about->leaf != NULL) {
        SIEM_PUT(out, " gatehouseLeaf=");
        siem_put_hex(out, about->leaf, MERKLE_HASH);
    }
    if (about->root != NULL) {
        SIEM_PUT(out, " gatehouseRoot=");
        siem_put_cef(out, SIEM_BYTES, about->root, strlen(about->root));
        SIEM_PUT(out, " gatehouseTreeSize=");
        siem_put_count(out, about->tree_size);
    }
}

static enum err
put(const struct logged *logged, const struct siem_about *about, struct buf *ret_record)
{
    size_t start = ret_record->len;
    struct siem_sense sense = siem_sense(logged);
    put_header(ret_record, logged, about, &sense);
    put_cover(ret_record, about);
    if (logged->is_event) {
        put_event(ret_record, logged);
    }
    if (!logged->is_event || logged->has_more) {
        SIEM_PUT(ret_record, " gatehouseEntry=");
        siem_put_cef(ret_record, SIEM_BYTES, logged->entry, logged->entry_len);
    }
    SIEM_PUT(ret_record, " msg="); /* what would have to be escaped is not in it */
    siem_put_sentence(ret_record, logged, &sense);
    return siem_put_end(ret_record, start);
}

const struct siem_format siem_cef = {
    .name = "cef",
    .words = "ArcSight Common Event Format 0, in a syslog message",
    .put = put,
};
