/* Signed video: which container, what was counted, and what that says. */
#include "evidence/clip_inside.h"

#include <inttypes.h>
#include <string.h>

#define WINDOW 2048 /* of what is looked at in a picture: its first bytes */

static const char *const scheme_names[CLIP_SCHEMES] = {
    [CLIP_ONVIF] = "ONVIF Media Signing",
    [CLIP_AXIS] = "Axis Signed Video",
};

const char *
clip_signing_text(enum clip_signing signing)
{
    static const char *const texts[] = {
        [CLIP_SIGNED] = "present",
        [CLIP_STRIPPED] = "stripped",
        [CLIP_UNSIGNED] = "absent",
        [CLIP_UNREADABLE] = "unread",
    };
    return texts[signing];
}

/* Box types with which files of ISO/IEC 14496-12 begin. */
static bool
is_mp4(const uint8_t *head)
{
    static const char types[][5] = {
        "ftyp", "styp", "moov", "moof", "mdat", "free", "skip", "wide", "pnot", "sidx"};
    for (size_t i = 0; i < COUNT(types); i++) {
        if (memcmp(head + 4, types[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

static void
read_container(struct clip_scan *scan)
{
    static const uint8_t ebml[] = {0x1a, 0x45, 0xdf, 0xa3};
    const uint8_t *head = clip_source_at(&scan->bytes, 0, 8);
    if (head == NULL) {
        clip_scan_tear(scan, "it is empty, or too short for a clip");
    } else if (is_mp4(head)) {
        clip_mp4_read(scan);
    } else if (memcmp(head, ebml, sizeof(ebml)) == 0) {
        clip_matroska_read(scan);
    } else if (head[0] == 0 && head[1] == 0 && (head[2] == 1 || (head[2] == 0 && head[3] == 1))) {
        clip_annexb_read(scan);
    } else {
        clip_scan_tear(
            scan, "no container that is known: MP4, Matroska and raw H.264 or H.265 are");
    }
}

/* How many groups of pictures the signer leaves between two signatures, at least one. */
static uint64_t
usual_gap(const struct clip_scan *scan)
{
    uint64_t best = 1;
    for (uint64_t i = 2; i < CLIP_USUAL; i++) {
        best = scan->usual[i] > scan->usual[best] ? i : best;
    }
    return best;
}

/*
 * A signature may come anywhere in the group after the one that it signs, so one that is a group
 * late is followed by one that is early: a wide gap alone is no loss, a wide gap and too few are.
 */
static bool
has_loss(const struct clip_scan *scan, uint64_t signatures)
{
    uint64_t usual = usual_gap(scan), most = 2 * usual + 1;
    uint64_t tail = scan->groups - scan->last_group;
    uint64_t expected = (scan->last_group - scan->first_group) / usual + 1;
    return (scan->longest_groups >= 2 * usual && signatures < expected) ||
           scan->first_group > most || tail > most;
}

static void
judge_traces(const struct clip_scan *scan, struct clip_signs *signs)
{
    uint64_t signatures = signs->signatures;
    uint64_t traces = scan->traces[CLIP_ONVIF] + scan->traces[CLIP_AXIS];
    if (signatures == 0) {
        signs->signing = CLIP_STRIPPED;
        note_set(&signs->why,
            "%" PRIu64 " messages of %s, and not one has a signature: the signatures were taken "
            "out, or the clip ends before the first",
            traces, signs->scheme);
    } else if (has_loss(scan, signatures)) {
        signs->signing = CLIP_STRIPPED;
        note_set(&signs->why,
            "%" PRIu64 " signatures of %s, but none for %" PRIu64 " pictures after picture %" PRIu64
            ", more than this camera leaves elsewhere",
            signatures, signs->scheme, signs->longest_gap, scan->gap_at);
    } else {
        signs->signing = CLIP_SIGNED;
        note_set(&signs->why,
            "%" PRIu64 " signatures of %s through %" PRIu64
            " pictures, recognised and not verified: whether they are good is for the camera "
            "maker's or ONVIF's validator",
            signatures, signs->scheme, scan->pictures);
    }
}

static const char *
scheme_of(const struct clip_scan *scan)
{
    if (scan->traces[CLIP_ONVIF] != 0 && scan->traces[CLIP_AXIS] != 0) {
        return "ONVIF Media Signing and Axis Signed Video";
    }
    return scan->traces[CLIP_ONVIF] != 0  ? scheme_names[CLIP_ONVIF]
           : scan->traces[CLIP_AXIS] != 0 ? scheme_names[CLIP_AXIS]
                                          : NULL;
}

static void
judge(struct clip_scan *scan, struct clip_signs *signs)
{
    static const char *const codecs[CLIP_CODECS] = {[CLIP_H264] = "h264", [CLIP_H265] = "h265"};
    uint64_t tail = scan->pictures - scan->last_picture;
    if (tail > scan->longest_gap) {
        scan->longest_gap = tail;
        scan->gap_at = scan->last_picture;
    }
    *signs = (struct clip_signs){
        .signing = CLIP_UNREADABLE,
        .scheme = scheme_of(scan),
        .container = scan->container,
        .codec = scan->has_codec ? codecs[scan->codec] : NULL,
        .pictures = scan->pictures,
        .signatures = scan->signatures[CLIP_ONVIF] + scan->signatures[CLIP_AXIS],
        .tracks = scan->tracks,
        .longest_gap = scan->longest_gap,
    };
    if (scan->is_torn) {
        note_set(&signs->why, "%s", scan->why.text);
    } else if (signs->scheme != NULL) {
        judge_traces(scan, signs);
    } else if (scan->pictures == 0) {
        note_set(&signs->why, "it has no coded picture of H.264 or H.265");
    } else {
        signs->signing = CLIP_UNSIGNED;
        note_set(&signs->why,
            "no message of ONVIF Media Signing or Axis Signed Video in %" PRIu64
            " pictures: the camera did not sign, or all of it was taken out",
            scan->pictures);
    }
    if (scan->tracks > 1) {
        const struct note first = signs->why;
        note_set(&signs->why, "of %" PRIu64 " video tracks only the first was read: %.180s",
            scan->tracks, first.text);
    }
}

enum err
clip_read(int fd, struct clip_signs *ret_signs, struct note *note)
{
    struct clip_scan scan = {.length_size = 4};
    enum err err = clip_source_open(fd, WINDOW, &scan.bytes);
    if (err == OK) {
        scan.budget = scan.bytes.size + 1;
        read_container(&scan);
        err = scan.bytes.failed ? ERR_IO : OK;
    }
    if (err == OK) {
        judge(&scan, ret_signs);
    } else {
        note_set(note, "the clip could not be read: %s", err_words(err));
    }
    clip_source_close(&scan.bytes);
    return err;
}
