/* README.txt of a package: what it is, what it shows and does not, and how to check it by hand. */
#include "base/text.h"
#include "evidence/make.h"
#include "evidence/package.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH 78
#define LONG  2000

/* Breaks at blanks; the first line goes on at the column, the others begin with the indent. */
static void
put_wrapped(struct buf *out, const char *text, size_t column, unsigned indent)
{
    bool is_fresh = true;
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (!is_fresh && column + 1 + len > WIDTH) {
            buf_format(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!is_fresh) {
            buf_byte(out, ' ');
            column++;
        }
        is_fresh = false;
        buf_add(out, text, len);
        column += len;
        text += len;
        text += strspn(text, " \n");
    }
    buf_byte(out, '\n');
}

static void
put_text(struct buf *out, const char *name, const char *value)
{
    char clean[LONG];
    const char *text = value == NULL ? "not said" : value;
    text_clean(clean, sizeof(clean), text, strlen(text));
    buf_format(out, "  %-14s ", name);
    put_wrapped(out, clean, 17, 17);
}

void
make_clock_words(struct buf *out, const struct manifest_clock *clock)
{
    if (!clock->is_known) {
        buf_text(out, "not known");
        return;
    }
    int64_t offset = clock->offset_ms;
    buf_format(out, "%" PRId64 ".%03d s %s", (offset < 0 ? -offset : offset) / 1000,
        (int)((offset < 0 ? -offset : offset) % 1000),
        offset == 0  ? "off"
        : offset < 0 ? "behind"
                     : "ahead");
    if (clock->seen != NULL) {
        buf_text(out, ", measured ");
        events_time_words(out, clock->seen);
    } else {
        buf_text(out, ", as the maker of this package says");
    }
}

const char *
make_export_words(const struct make_page *page)
{
    return page->is_matched   ? "an export of exactly these bytes"
           : page->has_export ? "an export with this SHA-256; the clip was not at hand"
                              : "nothing about exactly these bytes";
}

static void
put_time(struct buf *out, const char *name, const char *time)
{
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, LONG);
    if (time != NULL) {
        events_time_words(&words, time);
    }
    put_text(out, name, time == NULL ? NULL : words.data);
}

static void
put_clock(struct buf *out, const char *name, const struct manifest_clock *clock)
{
    CLEANUP(buf_release) struct buf words;
    buf_init(&words, LONG);
    make_clock_words(&words, clock);
    put_text(out, name, words.data);
}

static void
put_head(struct buf *out, const struct make_page *page)
{
    const struct manifest *manifest = page->manifest;
    char hex[65];
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, LONG);
    text_hex(hex, manifest->clip_sha256, 32);
    events_bytes_words(&bytes, manifest->clip_bytes);
    buf_text(out, "EVIDENCE PACKAGE\n\nindex.html shows the same as a page. Times are UTC.\n\n");
    put_text(out, "Reason", manifest->reason);
    put_text(out, "Made by", manifest->maker);
    put_time(out, "Made at", manifest->made);
    put_text(out, "Site", manifest->site);
    put_text(out, "Camera", manifest->camera);
    put_time(out, "Recorded from", manifest->from);
    put_time(out, "to", manifest->to);
    put_clock(out, "Camera clock", &manifest->camera_clock);
    put_clock(out, "VMS clock", &manifest->vms_clock);
    put_text(out, "Log", manifest->origin);
    put_text(out, "Made with", manifest->tool);
    buf_text(out, "\nTHE CLIP\n\n");
    put_text(out, "Name", manifest->clip);
    put_text(out, "File here",
        manifest->clip_file == NULL ? "none: only its hash is in this package"
                                    : manifest->clip_file);
    put_text(out, "Size", bytes.data);
    put_text(out, "SHA-256", hex);
    put_text(out, "The log says", make_export_words(page));
    put_text(out, "Signed video", page->signed_video);
}

static void
put_lists(struct buf *out, const struct make_page *page)
{
    const struct manifest *manifest = page->manifest;
    for (size_t i = 0; i < manifest->remark_count; i++) {
        buf_text(out, i == 0 ? "\nNOTE WELL\n\n  " : "  ");
        put_wrapped(out, manifest->remarks[i], 2, 2);
    }
    buf_text(out, "\nWHAT THE LOG SAYS\n\n");
    for (size_t i = 0; i < page->events->count; i++) {
        CLEANUP(buf_release) struct buf words;
        buf_init(&words, 16384);
        buf_format(&words, "Entry %" PRIu64 ", ", page->events->rows[i].index);
        events_words(&words, page->events->rows[i].json);
        buf_text(out, "  ");
        put_wrapped(out, words.data, 2, 4);
    }
}

/* The names that were sealed in the log and stand in the words above; false: there are none. */
static bool
put_opened(struct buf *out, const struct manifest *manifest)
{
    bool is_first = true;
    for (size_t i = 0; i < manifest->file_count; i++) {
        const char *name = manifest->files[i].name;
        if (text_starts(name, PACKAGE_OPENED)) {
            buf_format(out, "%s  %s\n",
                is_first ? "\n  The log holds names sealed. Those that these files open are "
                           "written in\n  the lines above; step 8 says how to check them:\n\n"
                         : "",
                name);
            is_first = false;
        }
    }
    return !is_first;
}

static const char shows[] =
    "\nWHAT THIS SHOWS\n\n"
    "  - That the clip named above is byte for byte the one that this package was\n"
    "    made for: its SHA-256 is in manifest.json, which is signed.\n"
    "  - That the events above are entries of the log, at the numbers given, and\n"
    "    that none of them was changed since: each has a proof that leads to a\n"
    "    checkpoint that the log has signed.\n"
    "  - When an event of footage.export says the same SHA-256: that this clip is\n"
    "    what left the recording system then, to that user.\n"
    "  - Where time/ has an answer of a time-stamp authority: that manifest.json\n"
    "    existed at that time, by the word of somebody else.\n"
    "\nWHAT IT DOES NOT SHOW\n\n"
    "  - That the camera saw what the clip shows, or that nobody changed the video\n"
    "    before it was exported. Only video that the camera itself signs shows that;\n"
    "    the line \"Signed video\" says whether there are traces of it. Its signatures\n"
    "    were recognised, not verified: that takes the camera maker's or ONVIF's\n"
    "    validator, and the clip.\n"
    "  - That the clock of camera or recorder was right, beyond the offsets above.\n"
    "  - That nobody else watched or copied it; ask for the log's other events.\n"
    "  - Who sat in front of the screen. The log knows accounts and what proved them.\n"
    "\nHOW TO CHECK IT WITH GATEHOUSE\n\n"
    "  gatehouse evidence verify FOLDER-OR-ZIP\n\n"
    "  It needs no network and says in words what holds and what is weak.\n"
    "\nHOW TO CHECK IT WITHOUT GATEHOUSE\n\n"
    "  In the package's folder, with a usual shell, coreutils and OpenSSL 3:\n\n"
    "  1. Each file is the one that the manifest lists. Compare with the \"sha256\" of\n"
    "     each name in manifest.json (the last part of it, \"files\"):\n\n"
    "       find . -type f -print0 | sort -z | xargs -0 sha256sum\n\n"
    "  2. The manifest is the one that is signed: both print the same 64 digits.\n\n"
    "       sha256sum < manifest.json\n"
    "       sed -n 3p manifest.sig\n\n"
    "  3. The signature is good. evidence.vkey has an Ed25519 key (RFC 8032):\n\n"
    "       d=$(mktemp -d)\n"
    "       (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000';\n"
    "        cut -d+ -f3- evidence.vkey | base64 -d | tail -c 32) > \"$d/key\"\n"
    "       head -n 3 manifest.sig > \"$d/text\"\n"
    "       tail -n 1 manifest.sig | cut -d' ' -f3 | base64 -d | tail -c 64 > \"$d/sig\"\n"
    "       openssl pkeyutl -verify -pubin -keyform DER -inkey \"$d/key\" \\\n"
    "         -rawin -in \"$d/text\" -sigfile \"$d/sig\"\n\n"
    "  4. Each entry is in the log. In events/N.tlog-proof (C2SP tlog-proof@v1) stand\n"
    "     the entry's index, then hashes in base64, then the log's checkpoint. Begin\n"
    "     with SHA-256(0x00 || entry) and join hash after hash as RFC 9162, section\n"
    "     2.1.3.2, says (SHA-256(0x01 || left || right)); the last is the third line\n"
    "     of the checkpoint. Its signature is checked as in 3, with log.vkey. The\n"
    "     \"target\" of the export with the clip's SHA-256 says camera, recorder and\n"
    "     time: compare them with manifest.json, which is the maker's word.\n\n"
    "  5. The log vouches for the key of 3: made/N.json is its event about this\n"
    "     package, proven as in 4. Its \"action\" is evidence.make, its \"outcome\" ok, its\n"
    "     \"digest\" the SHA-256 of manifest.json, its \"detail\".\"key\" evidence.vkey.\n\n"
    "  6. log.vkey is the log's key: compare it with the one that the owner gave to\n"
    "     you, or published, before. This is the one thing that no file here can show.\n\n"
    "  7. Time-stamps (RFC 3161), where time/ has an answer:\n\n"
    "       openssl ts -reply -in time/1.tsr -text\n"
    "       openssl ts -verify -in time/1.tsr -data manifest.json -CAfile AUTHORITY.pem\n\n"
    "     When its certificate has expired since, add -attime SECONDS: the time that\n"
    "     the first line prints, as seconds since 1970 (date -u -d TIME +%s).\n";

static const char opens[] =
    "\n  8. In an entry, \"sealed:YEAR-MARK:DIGITS:...\" is a name that is sealed: the log\n"
    "     has only the SHA-256 (DIGITS) of what opens it. Where opened/ has a file,\n"
    "     the name is opened: its second line says which member of the entry, what\n"
    "     stands behind the third line is the name. Its SHA-256 must be the DIGITS of\n"
    "     that member in an entry of 4; no other name has it. A name without a file\n"
    "     stays sealed. This prints each name after the entry that was sealed with it:\n\n"
    "       for f in opened/*.txt; do\n"
    "         [ -e \"$f\" ] || continue\n"
    "         d=$(openssl dgst -sha256 -r \"$f\" | cut -c1-64)\n"
    "         m=$(sed -n 2p \"$f\" | sed 's/.*[.]//')\n"
    "         grep -lE \"\\\"$m\\\":(\\\"|\\[[^]]*\\\")sealed:[0-9a-f-]*:$d:\" events/*.json \\\n"
    "           && sed 1,3d \"$f\" | cat -v && echo || echo \"BROKEN $f\"\n"
    "       done\n";

void
make_readme(struct buf *out, const struct make_page *page)
{
    put_head(out, page);
    put_lists(out, page);
    bool has_opened = put_opened(out, page->manifest);
    buf_text(out, shows);
    buf_text(out, has_opened ? opens : "");
    buf_text(out, "\nTHE KEYS\n\n");
    buf_format(out, "  log.vkey       %s\n", page->log_key);
    buf_format(out, "  evidence.vkey  %s\n", page->evidence_key);
}
