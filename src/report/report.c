/* The list of formats, and files of them. */
#include "report/report.h"

#include "base/file.h"
#include "base/text.h"

#define FORMAT(name, extension, title) extern const struct report_format report_##name;
#include "report/formats.def"
#undef FORMAT

const struct report_format *const report_formats[] = {
#define FORMAT(name, extension, title) &report_##name,
#include "report/formats.def"
#undef FORMAT
};

const size_t report_format_count = COUNT(report_formats);

const struct report_format *
report_by_name(const char *name)
{
    for (size_t i = 0; i < report_format_count; i++) {
        if (text_equal(report_formats[i]->name, name)) {
            return report_formats[i];
        }
    }
    return NULL;
}

enum err
report_write_file(const struct report_format *format, const struct assessment *assessment,
    const struct report_options *options, const char *path, struct note *note)
{
    struct buf out CLEANUP(buf_release);
    struct file_draft draft;
    enum err err = file_draft_open(&draft, path, 0600, note);
    if (err != OK) {
        return err;
    }
    buf_init(&out, REPORT_MAX);
    buf_pour(&out, file_draft_add, &draft);
    err = format->write(assessment, options, &out);
    if (err != OK) {
        note_set(note, "%s", path);
    }
    bool is_whole = err == OK && file_draft_add(&draft, out.data, out.len);
    enum err closed = file_draft_close(&draft, is_whole, note);
    return closed != OK ? closed : err;
}
