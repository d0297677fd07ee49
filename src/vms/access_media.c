/* Whether an answer carries footage: its declared type, and its first bytes, which lie less. */
#include "base/text.h"
#include "vms/access.h"

#include <string.h>
#include <strings.h>

#define TS_PACKET   188
#define M2TS_PACKET 192
#define BOX_NAME    4 /* of an MP4: where a box is named */

/* Types of media; one that ends in '/' stands for all that begin so. */
static const char *const types[] = {
    "video/",
    "audio/",
    "image/",
    "multipart/x-mixed-replace",
    "application/vnd.apple.mpegurl",
    "application/x-mpegurl",
    "application/dash+xml",
    "application/vnd.ms-sstr+xml",
    "application/mp4",
    "application/ogg",
    "application/mxf",
    "application/x-matroska",
    "application/vnd.rn-realmedia",
    "application/x-rtsp-tunnelled",
    "application/sdp",
};

/* Pictures that a program is drawn with; what their bytes say still counts. */
static const char *const drawings[] = {
    "image/svg+xml",
    "image/x-icon",
    "image/vnd.microsoft.icon",
};

/* Bytes at a place. Archives count whole: only their first name is seen, and the VMS chooses it. */
/* clang-format off */
static const struct magic {
    uint16_t at;
    uint8_t len;
    const char *bytes;
    const char *what; /* for people: the format and where it is defined */
} magics[] = {
    {0,   3, "\xff\xd8\xff",                     "JPEG (ITU-T T.81)"},
    {0,   8, "\x89PNG\r\n\x1a\n",                "PNG (RFC 2083)"},
    {0,   6, "GIF87a",                           "GIF"},
    {0,   6, "GIF89a",                           "GIF"},
    {0,   4, "RIFF",                             "WebP, AVI, WAV (RIFF)"},
    {0,   4, "RF64",                             "WAV (EBU Tech 3306)"},
    {0,   4, "II*\0",                            "TIFF"},
    {0,   4, "MM\0*",                            "TIFF"},
    {0,   2, "\xff\x0a",                         "JPEG XL (ISO/IEC 18181)"},
    {0,  12, "\0\0\0\x0cJXL \r\n\x87\n",         "JPEG XL (ISO/IEC 18181)"},
    {0,  12, "\0\0\0\x0cjP  \r\n\x87\n",         "JPEG 2000 (ISO/IEC 15444)"},
    {BOX_NAME, 4, "ftyp",                             "MP4, AVIF, HEIC (ISO/IEC 14496-12)"},
    {BOX_NAME, 4, "styp",                             "MP4 segment"},
    {BOX_NAME, 4, "sidx",                             "MP4 segment"},
    {BOX_NAME, 4, "moof",                             "MP4 fragment"},
    {BOX_NAME, 4, "moov",                             "MP4"},
    {BOX_NAME, 4, "mdat",                             "MP4"},
    {BOX_NAME, 4, "emsg",                             "MP4 segment"},
    {BOX_NAME, 4, "prft",                             "MP4 segment"},
    {BOX_NAME, 4, "wide",                             "QuickTime"},
    {BOX_NAME, 4, "free",                             "MP4"},
    {BOX_NAME, 4, "skip",                             "MP4"},
    {0,   4, "\x1a\x45\xdf\xa3",                 "Matroska, WebM (RFC 8794)"},
    {0,   4, "FLV\x01",                          "FLV"},
    {0,   4, "OggS",                             "Ogg (RFC 3533)"},
    {0,   4, "fLaC",                             "FLAC (RFC 9639)"},
    {0,   3, "ID3",                              "MP3"},
    {0,   5, "#!AMR",                            "AMR (RFC 4867)"},
    {0,   4, "\x30\x26\xb2\x75",                 "ASF, WMV"},
    {0,   4, "\x06\x0e\x2b\x34",                 "MXF (SMPTE 377)"},
    {0,   4, "DKIF",                             "IVF"},
    {0,   4, "\0\0\x01\xba",                     "MPEG program stream (ISO/IEC 13818-1)"},
    {0,   4, "\0\0\x01\xb3",                     "MPEG video"},
    {0,   4, "\0\0\x01\xb6",                     "MPEG-4 video"},
    {0,   4, "DHAV",                             "Dahua recording"},
    {0,   4, "IMKH",                             "Hikvision recording"},
    {0,   8, "RTSP/1.0",                         "RTSP in HTTP"},
    {0,   4, "PK\x03\x04",                       "ZIP"},
    {0,   4, "PK\x05\x06",                       "ZIP, empty"},
    {0,   6, "7z\xbc\xaf\x27\x1c",               "7z"},
    {257, 5, "ustar",                            "tar (POSIX.1-1988)"},
};
/* clang-format on */

/* Texts that begin with one of these, after blanks. */
static const char *const texts[] = {
    "#EXTM3U",
    "data:image/",
    "data:video/",
    "data:audio/",
};

static bool
is_type(const char *type, const char *row)
{
    size_t len = strlen(row);
    return strncasecmp(type, row, len) == 0 &&
           (row[len - 1] == '/' || type[len] == '\0' || strchr("; \t,", type[len]) != NULL);
}

static bool
is_media_type(const char *type)
{
    type += strspn(type, " \t");
    for (size_t i = 0; i < COUNT(drawings); i++) {
        if (is_type(type, drawings[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        if (is_type(type, types[i])) {
            return true;
        }
    }
    return false;
}

/* Start codes of H.264 and H.265 with a parameter set, a delimiter or a key frame behind. */
static bool
is_annex_b(const uint8_t *bytes, size_t len)
{
    size_t zeros = len > 5 && memcmp(bytes, "\0\0\0\x01", 4) == 0 ? 4
                   : len > 4 && memcmp(bytes, "\0\0\x01", 3) == 0 ? 3
                                                                  : 0;
    if (zeros == 0) {
        return false;
    }
    unsigned h264 = bytes[zeros] & 0x1f;
    unsigned h265 = bytes[zeros] >> 1 & 0x3f;
    return (bytes[zeros] & 0x80) == 0 &&
           ((h264 >= 1 && h264 <= 9) || (h265 >= 32 && h265 <= 35) || h265 == 19 || h265 == 20);
}

/* Sync bytes as far as there are bytes; one alone would also be the letter G. */
static bool
is_transport_stream(const uint8_t *bytes, size_t len)
{
    return (len > TS_PACKET && bytes[0] == 0x47 && bytes[TS_PACKET] == 0x47) ||
           (len > M2TS_PACKET + 4 && bytes[4] == 0x47 && bytes[M2TS_PACKET + 4] == 0x47);
}

/* ADTS and MPEG audio begin with a frame's sync word. */
static bool
is_audio_frame(const uint8_t *bytes, size_t len)
{
    return len > 3 && bytes[0] == 0xff && (bytes[1] & 0xe0) == 0xe0 && (bytes[1] & 0x18) != 0x08 &&
           bytes[1] != 0xff && bytes[1] != 0xfe;
}

/* BITMAPFILEHEADER: two letters and reserved zeros. */
static bool
is_bitmap(const uint8_t *bytes, size_t len)
{
    return len > 14 && memcmp(bytes, "BM", 2) == 0 && memcmp(bytes + 6, "\0\0\0\0", 4) == 0;
}

/* Playlists, and parts of a stream whose own headers name a media type. */
static bool
is_media_text(const char *bytes, size_t len)
{
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    while (len != 0 && (*bytes == ' ' || *bytes == '\t' || *bytes == '\r' || *bytes == '\n')) {
        bytes++;
        len--;
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (len >= strlen(texts[i]) && strncasecmp(bytes, texts[i], strlen(texts[i])) == 0) {
            return true;
        }
    }
    if (len > 2 && bytes[0] == '<') {
        return text_find_nocase(bytes, len, "<MPD") != NULL ||
               text_find_nocase(bytes, len, "<SmoothStreamingMedia") != NULL;
    }
    return len > 4 && memcmp(bytes, "--", 2) == 0 &&
           (text_find_nocase(bytes, len, "content-type: image/") != NULL ||
               text_find_nocase(bytes, len, "content-type:image/") != NULL ||
               text_find_nocase(bytes, len, "content-type: video/") != NULL);
}

/* A box of MP4 begins with its size, which no text does: "The free" is no video. */
static bool
has_magic(const struct magic *magic, const uint8_t *bytes, size_t len)
{
    return len >= (size_t)magic->at + magic->len &&
           memcmp(bytes + magic->at, magic->bytes, magic->len) == 0 &&
           (magic->at != BOX_NAME || bytes[0] < '\t');
}

bool
access_is_media(const char *type, const void *bytes, size_t len)
{
    if (type != NULL && is_media_type(type)) {
        return true;
    }
    if (bytes == NULL || len == 0) {
        return false;
    }
    const uint8_t *first = bytes;
    for (size_t i = 0; i < COUNT(magics); i++) {
        if (has_magic(&magics[i], first, len)) {
            return true;
        }
    }
    return is_annex_b(first, len) || is_transport_stream(first, len) ||
           is_audio_frame(first, len) || is_bitmap(first, len) || is_media_text(bytes, len);
}
