/* Looks at journals without owning them: for the list, and for whether one is unfinished. */
#include "remedy/trail.h"

#include "base/file.h"
#include "base/text.h"
#include "remedy/trail_lines.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define LIST_MOST  10000

static int
by_id(const void *a, const void *b)
{
    return strcmp(a, b);
}

enum err
trail_list(const char *folder, struct trail_list *ret_list)
{
    *ret_list = (struct trail_list){.ids = NULL};
    DIR *open = opendir(folder);
    if (open == NULL) {
        return errno == ENOENT ? OK : ERR_IO;
    }
    enum err err = OK;
    for (struct dirent *row = readdir(open); row != NULL && err == OK; row = readdir(open)) {
        if (row->d_name[0] == '.' || strlen(row->d_name) >= TRAIL_ID) {
            continue;
        }
        char(*more)[TRAIL_ID] = ret_list->count == LIST_MOST
                                    ? NULL
                                    : reallocarray(ret_list->ids, ret_list->count + 1, TRAIL_ID);
        if (more == NULL) {
            err = ret_list->count == LIST_MOST ? ERR_LIMIT : ERR_MEMORY;
            break;
        }
        ret_list->ids = more;
        (void)text_copy(more[ret_list->count++], TRAIL_ID, row->d_name);
    }
    (void)closedir(open);
    if (ret_list->count > 1) {
        qsort(ret_list->ids, ret_list->count, TRAIL_ID, by_id);
    }
    return err;
}

void
trail_list_release(struct trail_list *list)
{
    free(list->ids);
    *list = (struct trail_list){.ids = NULL};
}

static bool
is_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0) {
        (void)close(fd);
    }
    return held;
}

static void
sum_up(const struct plan *plan, const struct trail_lines *lines, struct trail_summary *summary)
{
    (void)text_copy(summary->site, sizeof(summary->site), plan->site);
    (void)text_copy(summary->scope, sizeof(summary->scope), plan->scope);
    (void)text_copy(summary->how, sizeof(summary->how), lines->how);
    summary->is_begun = lines->count != 0;
    summary->is_back = lines->is_back;
    summary->confirm_by = lines->confirm_by;
    summary->made = plan->made;
    summary->last = lines->last;
    for (size_t i = 1; i < lines->row_count; i++) {
        summary->steps[lines->rows[i].phase]++;
    }
}

enum err
trail_look_whole(const char *folder, struct plan **ret_plan, struct trail_lines *ret_lines,
    struct trail_summary *ret_summary, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    CLEANUP(buf_release) struct buf bytes;
    struct plan *plan = NULL;
    struct trail_lines lines = {.rows = NULL};
    *ret_summary = (struct trail_summary){.is_begun = false};
    buf_init(&path, PATH_BYTES);
    buf_init(&bytes, TRAIL_BYTES);
    buf_format(&path, "%s/plan.json", folder);
    enum err err = buf_error(&path);
    err = err == OK ? file_read(path.data, &bytes, note) : err;
    err = err == OK ? plan_parse(bytes.data, bytes.len, &plan, note) : err;
    buf_clear(&path);
    buf_clear(&bytes);
    buf_format(&path, "%s/journal.jsonl", folder);
    ret_summary->is_held = err == OK && is_held(path.data);
    err = err == OK ? file_read(path.data, &bytes, note) : err;
    err = err == OK ? trail_lines_init(&lines, plan) : err;
    err = err == OK ? trail_lines_read(&lines, bytes.data, bytes.len, note) : err;
    if (err != OK) {
        trail_lines_release(&lines);
        plan_free(plan);
        return err;
    }
    sum_up(plan, &lines, ret_summary);
    *ret_plan = plan;
    *ret_lines = lines;
    return OK;
}

enum err
trail_look(const char *folder, const char *id, struct trail_summary *ret_summary, struct note *note)
{
    CLEANUP(buf_release) struct buf path;
    struct plan *plan = NULL;
    struct trail_lines lines;
    buf_init(&path, PATH_BYTES);
    buf_format(&path, "%s/%s", folder, id);
    enum err err = buf_error(&path);
    err = err == OK ? trail_look_whole(path.data, &plan, &lines, ret_summary, note) : err;
    if (err != OK) {
        return err;
    }
    trail_lines_release(&lines);
    plan_free(plan);
    return OK;
}

bool
trail_is_torn_off(const struct trail_summary *summary)
{
    static const enum trail_phase phases[] = {
        TRAIL_APPLYING, TRAIL_PROVING, TRAIL_KEEPING, TRAIL_UNDOING};
    size_t count = 0;
    for (size_t i = 0; i < COUNT(phases); i++) {
        count += summary->steps[phases[i]];
    }
    return count != 0 && summary->how[0] == '\0' && !summary->is_held;
}

bool
trail_is_stuck(const struct trail_summary *summary)
{
    size_t open = summary->steps[TRAIL_WAITING] + summary->steps[TRAIL_TAKEN];
    return trail_is_unfinished(summary) && !summary->is_held && summary->confirm_by == 0 &&
           summary->steps[TRAIL_STUCK] != 0 && open == 0 && !trail_is_torn_off(summary);
}

bool
trail_is_overdue(const struct trail_summary *summary, int64_t now)
{
    return trail_is_unfinished(summary) && !summary->is_held && summary->confirm_by != 0 &&
           summary->confirm_by <= now;
}

bool
trail_is_unfinished(const struct trail_summary *summary)
{
    return summary->how[0] == '\0' && (summary->is_begun || summary->is_held);
}

enum err
trail_newest(const char *folder, char ret_id[TRAIL_ID], struct note *note)
{
    struct trail_list list;
    enum err err = trail_list(folder, &list);
    enum err found = ERR_MISSING;
    for (size_t i = list.count; i-- > 0 && err == OK && found == ERR_MISSING;) {
        struct trail_summary summary;
        enum err looked = trail_look(folder, list.ids[i], &summary, note);
        if (looked != ERR_MISSING && (looked != OK || trail_is_unfinished(&summary))) {
            found = looked;
            (void)text_copy(ret_id, TRAIL_ID, list.ids[i]);
        }
    }
    trail_list_release(&list);
    if (err == OK && found == ERR_MISSING) {
        note_set(note, "no plan is unfinished");
    }
    return err == OK ? found : err;
}
