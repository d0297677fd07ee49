/*
 * Matroska and WebM (RFC 9559 over EBML, RFC 8794): elements one after the other. What holds
 * blocks is entered and its end not kept, so that files without sizes are read like the others.
 */
#include "base/text.h"
#include "evidence/clip_inside.h"

#include <string.h>

#define WINDOW 4096

/* RFC 9559 section 5.1 */
#define ID_SEGMENT      0x18538067U
#define ID_TRACKS       0x1654AE6BU
#define ID_ENTRY        0xAEU
#define ID_NUMBER       0xD7U
#define ID_TYPE         0x83U
#define ID_CODEC        0x86U
#define ID_PRIVATE      0x63A2U
#define ID_ENCODINGS    0x6D80U
#define ID_CLUSTER      0x1F43B675U
#define ID_GROUP        0xA0U
#define ID_BLOCK        0xA1U
#define ID_SIMPLE_BLOCK 0xA3U
#define TYPE_VIDEO      1
#define UNKNOWN         UINT64_MAX

struct element {
    uint64_t id, body, size; /* size UNKNOWN: to its parent's end */
};

struct track {
    uint64_t number, type;
    uint64_t record, record_size;
    char codec[32];
    bool is_encoded, has_codec;
};

/* A number whose first byte says how many it has; `keep`: with the marking bit, as in an id. */
static bool
read_number(struct clip_source *source, uint64_t *at, bool keep, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t len = 1;
    if (!clip_source_number(source, *at, 1, &number) || number == 0) {
        return false;
    }
    while ((number & (0x100U >> len)) == 0) {
        len++;
    }
    if (len > 8 || (keep && len > 4) || !clip_source_number(source, *at, len, &number)) {
        return false;
    }
    uint64_t mark = UINT64_C(1) << (7 * len);
    *at += len;
    if (!keep) {
        number &= mark - 1;
        number = number == mark - 1 ? UNKNOWN : number;
    }
    *ret_number = number;
    return true;
}

static bool
next_element(struct clip_source *source, uint64_t at, struct element *ret_element)
{
    if (!read_number(source, &at, true, &ret_element->id) ||
        !read_number(source, &at, false, &ret_element->size)) {
        return false;
    }
    ret_element->body = at;
    return true;
}

static uint64_t
value_of(struct clip_source *source, const struct element *element)
{
    uint64_t value = 0;
    return element->size <= 8 &&
                   clip_source_number(source, element->body, (size_t)element->size, &value)
               ? value
               : 0;
}

static void
take_member(struct clip_source *source, const struct element *member, struct track *track)
{
    switch (member->id) {
    case ID_NUMBER:
        track->number = value_of(source, member);
        break;
    case ID_TYPE:
        track->type = value_of(source, member);
        break;
    case ID_PRIVATE:
        track->record = member->body;
        track->record_size = member->size;
        break;
    case ID_ENCODINGS:
        track->is_encoded = true;
        break;
    default:
        if (member->id == ID_CODEC && member->size < sizeof(track->codec)) {
            const uint8_t *text = clip_source_at(source, member->body, (size_t)member->size);
            memcpy(track->codec, text == NULL ? (const uint8_t *)"" : text,
                text == NULL ? 1 : (size_t)member->size);
        }
        break;
    }
}

static void
take_track(struct clip_scan *scan, const struct element *entry, struct track *chosen)
{
    struct track track = {.number = 0};
    struct element member;
    uint64_t end = entry->body + entry->size;
    for (uint64_t at = entry->body; at < end && next_element(&scan->bytes, at, &member);
         at = member.body + member.size) {
        if (member.body > end || member.size > end - member.body) {
            break;
        }
        take_member(&scan->bytes, &member, &track);
    }
    bool is_h264 = text_equal(track.codec, "V_MPEG4/ISO/AVC");
    scan->tracks += track.type == TYPE_VIDEO;
    if (chosen->has_codec || track.type != TYPE_VIDEO ||
        (!is_h264 && !text_equal(track.codec, "V_MPEGH/ISO/HEVC"))) {
        return;
    }
    if (track.is_encoded) {
        clip_scan_tear(scan, "its video is compressed once more or encrypted by the container");
        return;
    }
    scan->codec = is_h264 ? CLIP_H264 : CLIP_H265;
    scan->has_codec = clip_scan_record(scan, track.record, track.record_size);
    *chosen = track;
    chosen->has_codec = scan->has_codec;
}

static bool
take_block(struct clip_scan *scan, const struct element *block, const struct track *track)
{
    uint64_t at = block->body, end = block->body + block->size, number = 0, flags = 0;
    if (!track->has_codec || !read_number(&scan->bytes, &at, false, &number) ||
        number != track->number) {
        return true;
    }
    if (!clip_source_number(&scan->bytes, at + 2, 1, &flags) || end - at < 3 || end < at) {
        return true;
    }
    if ((flags & 6U) != 0) {
        clip_scan_tear(scan, "its pictures are laced, which is not read");
        return false;
    }
    return clip_scan_sample(scan, at + 3, end - at - 3);
}

/* Whether the walk goes on; `at` is the next element's place. */
static bool
take_element(
    struct clip_scan *scan, const struct element *element, struct track *track, uint64_t *at)
{
    switch (element->id) {
    case ID_SEGMENT:
    case ID_TRACKS:
    case ID_CLUSTER:
    case ID_GROUP:
        *at = element->body;
        return true;
    default:
        break;
    }
    if (element->size > scan->bytes.size - element->body) {
        clip_scan_tear(scan, "it ends in the middle of an element: the file was cut");
        return false;
    }
    *at = element->body + element->size;
    if (element->id == ID_ENTRY) {
        take_track(scan, element, track);
    } else if (element->id == ID_BLOCK || element->id == ID_SIMPLE_BLOCK) {
        return take_block(scan, element, track);
    }
    return true;
}

void
clip_matroska_read(struct clip_scan *scan)
{
    struct track track = {.number = 0};
    struct element element;
    struct clip_source source;
    uint64_t at = 0;
    scan->container = "matroska";
    if (clip_source_open(scan->bytes.fd, WINDOW, &source) != OK) {
        clip_scan_tear(scan, "out of memory");
        return;
    }
    bool goes_on = true;
    while (goes_on && at < source.size) {
        if (!next_element(&source, at, &element)) {
            clip_scan_tear(scan, "something in it is no element of Matroska");
            break;
        }
        goes_on = take_element(scan, &element, &track, &at);
    }
    if (!track.has_codec) {
        clip_scan_tear(scan, "it has no video track of H.264 or H.265");
    }
    scan->bytes.failed = scan->bytes.failed || source.failed;
    clip_source_close(&source);
}
