/* Mending XML whose text is broken: a name in another encoding, a bare ampersand. */
#include "codec/mend.h"

#include <string.h>

#define ENTITY_MOST 10 /* "&#1114111;" */

/* Bytes of a UTF-8 character by its first one; 0: none begins so. */
static size_t
length_by(unsigned char first)
{
    return first < 0x80                     ? 1
           : first >= 0xc2 && first <= 0xdf ? 2
           : first >= 0xe0 && first <= 0xef ? 3
           : first >= 0xf0 && first <= 0xf4 ? 4
                                            : 0;
}

/* Bytes of the UTF-8 character that begins here (RFC 3629); 0: it is none. */
static size_t
character(const unsigned char *at, size_t left)
{
    size_t len = length_by(at[0]);
    if (len == 0 || len > left) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf) {
            return 0;
        }
    }
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool outside = (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f);
    bool no_character = at[0] == 0xef && at[1] == 0xbf && at[2] > 0xbd;
    return overlong || outside || no_character ? 0 : len;
}

/* "&name;" or "&#12;" begins here. */
static bool
is_entity(const char *at, size_t left)
{
    static const char letters[] = "#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t len = 1;
    while (len < left && len < ENTITY_MOST && at[len] != '\0' && strchr(letters, at[len]) != NULL) {
        len++;
    }
    return len > 1 && len < left && at[len] == ';';
}

static bool
is_control(unsigned char byte)
{
    return byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n';
}

void
mend_xml(const char *body, size_t len, struct buf *buf)
{
    size_t at = 0;
    while (at < len) {
        size_t size = character((const unsigned char *)body + at, len - at);
        if (size == 0 || is_control((unsigned char)body[at])) {
            buf_byte(buf, '?');
            at++;
        } else if (body[at] == '&' && !is_entity(body + at, len - at)) {
            buf_text(buf, "&amp;");
            at++;
        } else {
            buf_add(buf, body + at, size);
            at += size;
        }
    }
}
