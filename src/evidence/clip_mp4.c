/*
 * MP4 and QuickTime (ISO/IEC 14496-12): where the pictures of the first H.264 or H.265 track are,
 * by its sample tables and by fragments. Tables are read where they are, never loaded; the scan's
 * budget ends what points to the same bytes again and again.
 */
#include "evidence/clip_inside.h"

#define WINDOW 4096
#define TYPE(a, b, c, d)                                                                           \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define VISUAL_ENTRY 78 /* bytes of a VisualSampleEntry before its boxes */

struct box {
    uint32_t type;
    uint64_t start, body, end;
};

struct table {
    struct clip_source source; /* a window of its own: tables are read side by side */
    struct box box;
    uint64_t count;
    uint64_t fixed; /* TABLE_SIZES: of all samples, or how wide a size is */
};

enum {
    TABLE_CHUNKS, /* stco, co64 */
    TABLE_RUNS,   /* stsc */
    TABLE_SIZES,  /* stsz, stz2 */
    TABLES,
};

struct walk {
    struct clip_scan *scan;
    struct clip_source *source; /* of boxes */
    uint64_t track;             /* id of the chosen track */
    bool has_track, has_moov;
    uint64_t default_size; /* of the track's samples in fragments (trex) */
    struct table tables[TABLES];
};

/* The box at a place inside its parent; false at the parent's end or where there is none. */
static bool
next_box(struct clip_source *source, uint64_t at, uint64_t parent_end, struct box *ret_box)
{
    uint64_t size = 0, type = 0, head = 8;
    if (at > parent_end || parent_end - at < 8 || !clip_source_number(source, at, 4, &size) ||
        !clip_source_number(source, at + 4, 4, &type)) {
        return false;
    }
    if (size == 1) {
        head = 16;
        if (!clip_source_number(source, at + 8, 8, &size)) {
            return false;
        }
    } else if (size == 0) {
        size = parent_end - at;
    }
    if (size < head || size > parent_end - at) {
        return false;
    }
    *ret_box = (struct box){(uint32_t)type, at, at + head, at + size};
    return true;
}

static bool
find_box(struct clip_source *source, const struct box *parent, uint32_t type, struct box *ret_box)
{
    for (uint64_t at = parent->body; next_box(source, at, parent->end, ret_box);
         at = ret_box->end) {
        if (ret_box->type == type) {
            return true;
        }
    }
    return false;
}

/* Boxes in one another; types end with 0. */
static bool
find_path(struct clip_source *source, const struct box *parent, const uint32_t *types,
    struct box *ret_box)
{
    struct box box = *parent;
    for (; *types != 0; types++) {
        struct box inside;
        if (!find_box(source, &box, *types, &inside)) {
            return false;
        }
        box = inside;
    }
    *ret_box = box;
    return true;
}

static bool
number_in(struct clip_source *source, const struct box *box, uint64_t place, uint64_t *ret_number)
{
    return box->end - box->body >= place + 4 &&
           clip_source_number(source, box->body + place, 4, ret_number);
}

static bool
codec_of(uint32_t type, enum clip_codec *ret_codec)
{
    /* ISO/IEC 14496-15: parameter sets beside (1) or also among (3, hev1) the pictures */
    static const struct {
        uint32_t type;
        enum clip_codec codec;
    } rows[] = {
        {TYPE('a', 'v', 'c', '1'), CLIP_H264},
        {TYPE('a', 'v', 'c', '2'), CLIP_H264},
        {TYPE('a', 'v', 'c', '3'), CLIP_H264},
        {TYPE('a', 'v', 'c', '4'), CLIP_H264},
        {TYPE('h', 'v', 'c', '1'), CLIP_H265},
        {TYPE('h', 'e', 'v', '1'), CLIP_H265},
        {TYPE('h', 'v', 'c', '2'), CLIP_H265},
        {TYPE('h', 'e', 'v', '2'), CLIP_H265},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].type == type) {
            *ret_codec = rows[i].codec;
            return true;
        }
    }
    return false;
}

/* The first sample entry says codec and size of lengths. */
static bool
take_entry(struct walk *walk, const struct box *stbl)
{
    struct box stsd, entry, record;
    struct clip_scan *scan = walk->scan;
    if (!find_box(walk->source, stbl, TYPE('s', 't', 's', 'd'), &stsd) ||
        !next_box(walk->source, stsd.body + 8, stsd.end, &entry) ||
        !codec_of(entry.type, &scan->codec) || entry.end - entry.body < VISUAL_ENTRY) {
        return false;
    }
    entry.body += VISUAL_ENTRY;
    uint32_t type = scan->codec == CLIP_H264 ? TYPE('a', 'v', 'c', 'C') : TYPE('h', 'v', 'c', 'C');
    scan->has_codec = find_box(walk->source, &entry, type, &record) &&
                      clip_scan_record(scan, record.body, record.end - record.body);
    return scan->has_codec;
}

/* The n-th number of a table with `width` bytes each behind `head`; false: it has none. */
static bool
cell(struct table *table, uint64_t head, uint64_t n, size_t width, uint64_t *ret_number)
{
    uint64_t room = table->box.end - table->box.body;
    return room >= head && n < (room - head) / width &&
           clip_source_number(
               &table->source, table->box.body + head + n * width, width, ret_number);
}

static bool
size_of(struct table *table, uint64_t n, uint64_t *ret_size)
{
    if (n >= table->count) {
        return false;
    }
    if (table->box.type == TYPE('s', 't', 's', 'z')) {
        *ret_size = table->fixed;
        return table->fixed != 0 || cell(table, 12, n, 4, ret_size);
    }
    switch (table->fixed & 0xffU) {
    case 16:
        return cell(table, 12, n, 2, ret_size);
    case 8:
        return cell(table, 12, n, 1, ret_size);
    case 4:
        if (!cell(table, 12, n / 2, 1, ret_size)) {
            return false;
        }
        *ret_size = n % 2 == 0 ? *ret_size >> 4 : *ret_size & 0xfU;
        return true;
    default:
        return false;
    }
}

/* Samples of a chunk: those of the last run that began at or before it. */
static uint64_t
samples_of(struct table *runs, uint64_t chunk, uint64_t *run)
{
    uint64_t first = 0, count = 0;
    while (
        cell(runs, 8, (*run + 1) * 3, 4, &first) && *run + 1 < runs->count && first <= chunk + 1) {
        (*run)++;
    }
    return cell(runs, 8, *run * 3 + 1, 4, &count) ? count : 0;
}

static void
walk_chunks(struct walk *walk)
{
    struct table *chunks = &walk->tables[TABLE_CHUNKS], *sizes = &walk->tables[TABLE_SIZES];
    size_t width = chunks->box.type == TYPE('c', 'o', '6', '4') ? 8 : 4;
    uint64_t at = 0, sample = 0, run = 0, size = 0;
    for (uint64_t chunk = 0; chunk < chunks->count && cell(chunks, 8, chunk, width, &at); chunk++) {
        uint64_t count = samples_of(&walk->tables[TABLE_RUNS], chunk, &run);
        for (uint64_t i = 0; i < count && size_of(sizes, sample, &size); i++, sample++) {
            if (!clip_scan_sample(walk->scan, at, size)) {
                return;
            }
            at += size;
        }
    }
    if (sample < sizes->count) {
        clip_scan_tear(walk->scan, "its index names pictures and not where they are");
    }
}

static bool
open_table(struct walk *walk, const struct box *stbl, size_t which, const uint32_t types[2])
{
    struct table *table = &walk->tables[which];
    if (!find_box(walk->source, stbl, types[0], &table->box) &&
        (types[1] == 0 || !find_box(walk->source, stbl, types[1], &table->box))) {
        return false;
    }
    uint64_t place = which == TABLE_SIZES ? 8 : 4;
    return clip_source_open(walk->source->fd, WINDOW, &table->source) == OK &&
           number_in(&table->source, &table->box, place, &table->count) &&
           (which != TABLE_SIZES || number_in(&table->source, &table->box, 4, &table->fixed));
}

static void
walk_tables(struct walk *walk, const struct box *stbl)
{
    static const uint32_t types[TABLES][2] = {
        [TABLE_CHUNKS] = {TYPE('s', 't',   'c', 'o'), TYPE('c', 'o', '6',  '4')  },
        [TABLE_RUNS] = {TYPE('s', 't',   's', 'c'), 0       },
        [TABLE_SIZES] = {TYPE('s',    't', 's', 'z'),  TYPE('s',     't',    'z', '2')},
    };
    bool is_good = true;
    for (size_t i = 0; i < TABLES && is_good; i++) {
        is_good = open_table(walk, stbl, i, types[i]);
    }
    if (is_good) {
        walk_chunks(walk);
    }
    for (size_t i = 0; i < TABLES; i++) {
        walk->scan->bytes.failed = walk->scan->bytes.failed || walk->tables[i].source.failed;
        clip_source_close(&walk->tables[i].source);
    }
}

/* The first track of a codec that is known is the one that is read. */
static void
take_track(struct walk *walk, const struct box *trak)
{
    static const uint32_t to_stbl[] = {
        TYPE('m', 'd', 'i', 'a'), TYPE('m', 'i', 'n', 'f'), TYPE('s', 't', 'b', 'l'), 0};
    struct box stbl, tkhd;
    uint64_t version = 0;
    if (walk->has_track || !find_path(walk->source, trak, to_stbl, &stbl) ||
        !take_entry(walk, &stbl)) {
        return;
    }
    walk->has_track = find_box(walk->source, trak, TYPE('t', 'k', 'h', 'd'), &tkhd) &&
                      number_in(walk->source, &tkhd, 0, &version) &&
                      number_in(walk->source, &tkhd, version >> 24 == 1 ? 20 : 12, &walk->track);
    walk_tables(walk, &stbl);
}

static bool
is_video(struct walk *walk, const struct box *trak)
{
    static const uint32_t to_hdlr[] = {TYPE('m', 'd', 'i', 'a'), TYPE('h', 'd', 'l', 'r'), 0};
    struct box hdlr;
    uint64_t kind = 0;
    return find_path(walk->source, trak, to_hdlr, &hdlr) &&
           number_in(walk->source, &hdlr, 8, &kind) && kind == TYPE('v', 'i', 'd', 'e');
}

static void
take_moov(struct walk *walk, const struct box *moov)
{
    struct box box, mvex;
    walk->has_moov = true;
    for (uint64_t at = moov->body; next_box(walk->source, at, moov->end, &box); at = box.end) {
        if (box.type == TYPE('t', 'r', 'a', 'k')) {
            walk->scan->tracks += is_video(walk, &box);
            take_track(walk, &box);
        }
    }
    if (!find_box(walk->source, moov, TYPE('m', 'v', 'e', 'x'), &mvex)) {
        return;
    }
    for (uint64_t at = mvex.body; next_box(walk->source, at, mvex.end, &box); at = box.end) {
        uint64_t id = 0;
        if (box.type == TYPE('t', 'r', 'e', 'x') && number_in(walk->source, &box, 4, &id) &&
            id == walk->track) {
            (void)number_in(walk->source, &box, 16, &walk->default_size);
        }
    }
}

/* What a track's part of a fragment says before its runs. */
struct part {
    uint64_t base, size;
};

/* false: another track's */
static bool
take_head(struct walk *walk, const struct box *traf, uint64_t moof_start, struct part *ret_part)
{
    struct box tfhd;
    uint64_t flags = 0, id = 0, place = 8;
    struct part part = {.base = moof_start, .size = walk->default_size};
    if (!find_box(walk->source, traf, TYPE('t', 'f', 'h', 'd'), &tfhd) ||
        !number_in(walk->source, &tfhd, 0, &flags) || !number_in(walk->source, &tfhd, 4, &id) ||
        id != walk->track) {
        return false;
    }
    /* 14496-12, 8.8.7: base offset, description, duration, size, each when its flag is set */
    if ((flags & 1U) != 0) {
        if (tfhd.end - tfhd.body < place + 8 ||
            !clip_source_number(walk->source, tfhd.body + place, 8, &part.base)) {
            return false;
        }
        place += 8;
    }
    place += (flags & 2U) != 0 ? 4 : 0;
    place += (flags & 8U) != 0 ? 4 : 0;
    if ((flags & 0x10U) != 0 && !number_in(walk->source, &tfhd, place, &part.size)) {
        return false;
    }
    *ret_part = part;
    return true;
}

/* A run of samples; `at` is where it begins when it does not say so, and then where it ended. */
static bool
take_run(struct walk *walk, const struct box *trun, const struct part *part, uint64_t *at)
{
    uint64_t flags = 0, count = 0, offset = 0, place = 8;
    if (!number_in(walk->source, trun, 0, &flags) || !number_in(walk->source, trun, 4, &count)) {
        return false;
    }
    if ((flags & 1U) != 0) {
        if (!number_in(walk->source, trun, place, &offset)) {
            return false;
        }
        *at = part->base + (uint64_t)(int64_t)(int32_t)(uint32_t)offset;
        place += 4;
    }
    place += (flags & 4U) != 0 ? 4 : 0;
    /* 8.8.8: of each sample duration, size, flags and offset, where the flag is set */
    uint64_t before = (flags & 0x100U) != 0 ? 4 : 0;
    uint64_t width = before + ((flags & 0x200U) != 0 ? 4 : 0) + ((flags & 0x400U) != 0 ? 4 : 0) +
                     ((flags & 0x800U) != 0 ? 4 : 0);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t size = part->size;
        if ((flags & 0x200U) != 0 &&
            !number_in(walk->source, trun, place + i * width + before, &size)) {
            return false;
        }
        if (!clip_scan_sample(walk->scan, *at, size)) {
            return false;
        }
        *at += size;
    }
    return true;
}

static bool
take_fragment(struct walk *walk, const struct box *moof)
{
    struct box traf, trun;
    struct part part;
    for (uint64_t at = moof->body; next_box(walk->source, at, moof->end, &traf); at = traf.end) {
        if (traf.type != TYPE('t', 'r', 'a', 'f') || !take_head(walk, &traf, moof->start, &part)) {
            continue;
        }
        uint64_t data = part.base;
        for (uint64_t run = traf.body; next_box(walk->source, run, traf.end, &trun);
             run = trun.end) {
            if (trun.type == TYPE('t', 'r', 'u', 'n') && !take_run(walk, &trun, &part, &data)) {
                clip_scan_tear(walk->scan, "a fragment's index does not fit the file");
                return false;
            }
        }
    }
    return true;
}

static void
walk_file(struct walk *walk)
{
    uint64_t size = walk->source->size, at;
    struct box box;
    /* The index may be behind the pictures. */
    for (at = 0; next_box(walk->source, at, size, &box); at = box.end) {
        if (box.type == TYPE('m', 'o', 'o', 'v') && !walk->has_moov) {
            take_moov(walk, &box);
        }
    }
    if (!walk->has_moov) {
        clip_scan_tear(walk->scan, "it has no index (moov): the recording was not closed or cut");
    } else if (!walk->has_track) {
        clip_scan_tear(walk->scan, "it has no video track of H.264 or H.265 that can be read");
    } else {
        bool goes_on = true;
        for (at = 0; goes_on && next_box(walk->source, at, size, &box); at = box.end) {
            goes_on = box.type != TYPE('m', 'o', 'o', 'f') || take_fragment(walk, &box);
        }
        if (goes_on && at != size) {
            clip_scan_tear(walk->scan, "it ends in the middle of a box: the file was cut");
        }
    }
}

void
clip_mp4_read(struct clip_scan *scan)
{
    struct clip_source source;
    scan->container = "mp4";
    if (clip_source_open(scan->bytes.fd, WINDOW, &source) != OK) {
        clip_scan_tear(scan, "out of memory");
        return;
    }
    struct walk walk = {.scan = scan, .source = &source};
    walk_file(&walk);
    scan->bytes.failed = scan->bytes.failed || source.failed;
    clip_source_close(&source);
}
