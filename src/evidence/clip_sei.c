/* SEI messages that sign video: which scheme, and whether there is a signature in it. */
#include "evidence/clip_inside.h"

#include <string.h>

#define USER_DATA_UNREGISTERED 5 /* ITU-T H.264 and H.265, D.1 */
#define UUID                   16
#define SEI_MOST               ((uint64_t)1024 * 1024) /* of a NAL unit, no more is looked at */
#define NO_TAG                 0

/*
 * A scheme's messages: UUID, one byte of flags, then tags, each with its length and value. Where a
 * tag's length has one byte, its bit is set; else two.
 */
struct scheme {
    enum clip_scheme scheme;
    uint8_t uuid[UUID];
    uint8_t signature;
    uint32_t short_tags;
};

static const struct scheme schemes[] = {
  /* github.com/onvif/media-signing-framework: lib/src/oms_common.c (UUID), oms_tlv.h, oms_tlv.c
  */
    {CLIP_ONVIF,
     {0x00, 0x5b, 0xc9, 0x3f, 0x2d, 0x71, 0x5e, 0x95, 0xad, 0xa4, 0x79, 0x6f, 0x90, 0x87, 0x7a,
            0x6f},
     3, 0                },
 /* github.com/AxisCommunications/signed-video-framework: lib/src/sv_common.c, sv_defines.h,
  sv_tlv.c; tags 1 (general) and 7 (crypto) have lengths of one byte */
    {CLIP_AXIS,
     {0x53, 0x69, 0x67, 0x6e, 0x65, 0x64, 0x20, 0x56, 0x69, 0x64, 0x65, 0x6f, 0x2e, 0x2e, 0x2e,
            0x30},
     5, 1U << 1 | 1U << 7},
};

/* The bytes of a NAL unit without those that prevent emulation (H.264 7.3.1, H.265 7.3.1.1). */
struct unit {
    struct clip_source *source;
    uint64_t at, end;
    unsigned zeros;
    bool is_over;
};

static uint8_t
next_raw(struct unit *unit)
{
    const uint8_t *byte = unit->at < unit->end ? clip_source_at(unit->source, unit->at, 1) : NULL;
    if (byte == NULL) {
        unit->is_over = true;
        return 0;
    }
    unit->at++;
    return *byte;
}

static uint8_t
next_byte(struct unit *unit)
{
    if (unit->is_over) {
        return 0;
    }
    uint8_t byte = next_raw(unit);
    if (unit->zeros >= 2 && byte == 3 && !unit->is_over) {
        unit->zeros = 0;
        byte = next_raw(unit);
    } else if (unit->zeros >= 2 && byte <= 1) {
        unit->is_over = true; /* a start code: the next NAL unit of a raw stream */
    }
    unit->zeros = byte == 0 ? unit->zeros + 1 : 0;
    return unit->is_over ? 0 : byte;
}

/* A payload's type and size: as many 255 as it takes, and the rest (H.264 7.3.2.3.1). */
static uint64_t
next_number(struct unit *unit)
{
    uint64_t number = 0;
    uint8_t byte = next_byte(unit);
    while (byte == 0xff && !unit->is_over) {
        number += byte;
        byte = next_byte(unit);
    }
    return number + byte;
}

static void
skip(struct unit *unit, uint64_t count)
{
    while (count > 0 && !unit->is_over) {
        (void)next_byte(unit);
        count--;
    }
}

/* Goes over the tags; whether the one with a signature is there and not empty. */
static bool
find_signature(struct unit *unit, const struct scheme *scheme, uint64_t left)
{
    bool found = false;
    while (left >= 2 && !unit->is_over) {
        uint8_t tag = next_byte(unit);
        bool is_short = tag < 32 && (scheme->short_tags >> tag & 1U) != 0;
        uint64_t head = is_short ? 2 : 3;
        if (tag == NO_TAG || left < head) {
            left--;
            break;
        }
        uint64_t len = next_byte(unit);
        if (!is_short) {
            len = len << 8 | next_byte(unit);
        }
        left -= head;
        len = len < left ? len : left;
        skip(unit, len);
        left -= len;
        found = found || (tag == scheme->signature && len > 0 && !unit->is_over);
    }
    skip(unit, left);
    return found;
}

static void
read_user_data(struct clip_scan *scan, struct unit *unit, uint64_t size)
{
    uint8_t uuid[UUID];
    for (size_t i = 0; i < UUID; i++) {
        uuid[i] = next_byte(unit);
    }
    const struct scheme *scheme = NULL;
    for (size_t i = 0; i < COUNT(schemes) && !unit->is_over; i++) {
        scheme = memcmp(uuid, schemes[i].uuid, UUID) == 0 ? &schemes[i] : scheme;
    }
    if (scheme == NULL || size < UUID + 1) {
        skip(unit, size - UUID);
        return;
    }
    skip(unit, 1);
    bool is_signed = find_signature(unit, scheme, size - UUID - 1);
    clip_scan_message(scan, scheme->scheme, is_signed);
}

void
clip_sei_read(struct clip_scan *scan, uint64_t at, uint64_t end)
{
    if (end > at && end - at > SEI_MOST) {
        end = at + SEI_MOST;
    }
    struct unit unit = {.source = &scan->bytes, .at = at, .end = end};
    while (!unit.is_over && unit.at < unit.end) {
        uint64_t type = next_number(&unit);
        uint64_t size = next_number(&unit);
        if (unit.is_over) {
            break; /* the stop bit is no message */
        }
        if (type == USER_DATA_UNREGISTERED && size >= UUID) {
            read_user_data(scan, &unit, size);
        } else {
            skip(&unit, size);
        }
    }
}
