/*
 * How the forms write texts and numbers. Inside src/siem only. A record is written for every event
 * of a ledger: no printf. Texts may be an attacker's.
 *
 * A value of syslog and CEF is one line of text. What can't be one stands as "base64:" and its
 * base64 (RFC 4648, padded): what is not UTF-8, has a control character or a separator of lines or
 * paragraphs (U+2028, U+2029), and, where it is no event's own encoded text, what begins with
 * "base64:". So what begins with "base64:" is always encoded, as in the ledger.
 */
#pragma once

#include "siem/format.h"
#include "siem/severity.h"

#define SIEM_FACILITY 13      /* log audit (RFC 5424 section 6.2.1) */
#define SIEM_PEN      "32473" /* for documentation (RFC 5612); there is no number of our own */

/* A text of the program, with its length known when it is compiled. */
#define SIEM_PUT(out, text) buf_add(out, text, sizeof(text) - 1)

void siem_put_number(struct buf *out, int64_t number);
void siem_put_count(struct buf *out, uint64_t count);
void siem_put_hex(struct buf *out, const uint8_t *bytes, size_t len);
/* 4 or 6: the text is such an address and nothing else; 0: it is none. */
int siem_address(const struct event_text *text);
/* The machine's name in printable ASCII, at most `max` bytes; "-" when it is not known. */
void siem_put_host(struct buf *out, const struct siem_about *about, size_t max);
/* The action of a header, which is one of this version; else "unknown.action" or "no.event". */
void siem_put_action(struct buf *out, const struct logged *logged, const struct siem_sense *sense);
/* "2026-11-22T20:15:00.123Z" */
void siem_put_time(struct buf *out, int64_t time);

enum siem_value {
    SIEM_EVENT_TEXT, /* a text of an event, which may stand for bytes already */
    SIEM_BYTES,      /* anything, as it is */
    SIEM_JSON,       /* JSON on one line: what breaks lines is escaped as JSON does it */
};
/* A PARAM-VALUE (RFC 5424 section 6.3.3). */
void siem_put_param(struct buf *out, enum siem_value kind, const char *bytes, size_t len);
/* The value of a CEF extension: LF and CR are escaped there; what is empty or has blanks at an end
 * is encoded. */
void siem_put_cef(struct buf *out, enum siem_value kind, const char *bytes, size_t len);

/*
 * A JSON text with its quotes, as RFC 8785 has it; bytes that are not UTF-8 are encoded as above.
 */
void siem_put_json(struct buf *out, const char *bytes, size_t len);
/* `begin` and the value as JSON: a text, a number, a time; nothing when it is absent. */
void siem_put_member(struct buf *out, const char *begin, const struct event_text *text);
void siem_put_member_number(struct buf *out, const char *begin, int64_t number);
void siem_put_member_time(struct buf *out, const char *begin, int64_t time);
/* The cameras as a JSON array. */
void siem_put_cameras(struct buf *out, const struct logged *logged);
/*
 * Escapes, in the JSON from `start` on, characters that RFC 8785 leaves alone and that break a line
 * or deceive the eye: controls, separators, zero width, bidi, byte order marks.
 */
void siem_tame_json(struct buf *json, size_t start);

/* What happened, for people: no control, no quote, no '=' from outside, long names cut. */
void siem_put_sentence(
    struct buf *out, const struct logged *logged, const struct siem_sense *sense);

/* Takes back what was added since `start` when the buffer has failed. */
enum err siem_put_end(struct buf *out, size_t start) MUST_CHECK;
