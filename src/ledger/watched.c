/* Views and who had them. */
#include "ledger/watched.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS_LIMIT ((size_t)4 << 30)
#define LOOK_BACK   CLOCK_DAY /* beyond it only views that lasted longer are looked for */

enum what {
    WATCH,
    SNAPSHOT,
    EXPORT,
    OTHER,
};

/* One event of footage. */
struct piece {
    struct event_text user, ip, view;
    uint64_t index;
    enum what what;
    bool is_end, is_refused;
    int64_t time, duration, bytes, from, to;
};

/* What the events of one view say together. */
struct view {
    struct event_text user, ip;
    enum what what;
    bool is_refused, is_open, has_ended, is_before;
    int64_t start, end; /* cut; start == end == LOGGED_NONE: nobody knows */
    int64_t first, last;
    int64_t bytes, recording_from, recording_to;
};

struct watched {
    struct arena arena;
    int64_t from, to;
    const struct recorded *only;
    struct piece *pieces;
    size_t piece_count, piece_room;
    struct view *views;
    size_t view_count;
    struct watched_row *rows;
    size_t row_count;
    struct event_text last_user, last_ip; /* copied already */
    bool failed;                          /* sticky: memory is out */
};

static int
compare_texts(const struct event_text *a, const struct event_text *b)
{
    if (a->bytes == NULL || b->bytes == NULL) {
        return (a->bytes != NULL) - (b->bytes != NULL);
    }
    int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static struct event_text
keep(struct watched *watched, const struct event_text *text, struct event_text *last)
{
    if (text->bytes == NULL) {
        return (struct event_text){NULL, 0};
    }
    if (last != NULL && compare_texts(text, last) == 0) {
        return *last;
    }
    struct event_text copy = {arena_copy_n(&watched->arena, text->bytes, text->len), text->len};
    watched->failed = watched->failed || copy.bytes == NULL;
    if (last != NULL) {
        *last = copy;
    }
    return copy;
}

static enum what
what_of(const struct logged *logged)
{
    static const struct {
        enum event_action action;
        enum what what;
    } rows[] = {
        {EVENT_LIVE,     WATCH   },
        {EVENT_PLAYBACK, WATCH   },
        {EVENT_SNAPSHOT, SNAPSHOT},
        {EVENT_EXPORT,   EXPORT  },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (logged_says(logged, LOGGED_ACTION, event_action(rows[i].action)->text)) {
            return rows[i].what;
        }
    }
    return OTHER;
}

static bool
take(void *context, const struct logged *logged)
{
    struct watched *watched = context;
    if (watched->only != NULL && !recorded_has(watched->only, logged)) {
        return true;
    }
    if (watched->piece_count == watched->piece_room) {
        size_t room = watched->piece_room == 0 ? 1024 : 2 * watched->piece_room;
        struct piece *pieces = reallocarray(watched->pieces, room, sizeof(*pieces));
        if (pieces == NULL) {
            watched->failed = true;
            return false;
        }
        watched->pieces = pieces;
        watched->piece_room = room;
    }
    int64_t duration = logged->numbers[LOGGED_DURATION];
    watched->pieces[watched->piece_count++] = (struct piece){
        .user = keep(watched, &logged->texts[LOGGED_USER], &watched->last_user),
        .ip = keep(watched, &logged->texts[LOGGED_IP], &watched->last_ip),
        .view = keep(watched, &logged->texts[LOGGED_VIEW], NULL),
        .index = logged->index,
        .what = what_of(logged),
        .is_end = logged_says(logged, LOGGED_PHASE, "end") || duration != LOGGED_NONE,
        .is_refused = logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_REFUSED)) ||
                      logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_FAILED)),
        .time = logged->numbers[LOGGED_TIME],
        .duration = duration < 0 ? LOGGED_NONE : duration,
        .bytes = logged->numbers[LOGGED_BYTES],
        .from = logged->numbers[LOGGED_FROM],
        .to = logged->numbers[LOGGED_TO],
    };
    return !watched->failed;
}

/* The events of a view together, in the order of the log; events without a view stay alone. */
static int
compare_pieces(const void *left, const void *right)
{
    const struct piece *a = left;
    const struct piece *b = right;
    int order = compare_texts(&a->view, &b->view);
    if (order == 0 && a->view.bytes != NULL) {
        order = compare_texts(&a->user, &b->user);
    }
    if (order == 0 && a->view.bytes != NULL) {
        order = a->what < b->what ? -1 : a->what > b->what;
    }
    return order != 0 ? order : a->index < b->index ? -1 : a->index > b->index;
}

static bool
is_same_view(const struct piece *a, const struct piece *b)
{
    return a->view.bytes != NULL && a->what == b->what && compare_texts(&a->view, &b->view) == 0 &&
           compare_texts(&a->user, &b->user) == 0;
}

static int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the view was on: what its end says, else the time between its events. */
static void
time_view(struct view *view, const struct piece *pieces, size_t count)
{
    const struct piece *end = NULL;
    view->first = pieces[0].time;
    view->last = pieces[0].time;
    for (size_t i = 0; i < count; i++) {
        const struct piece *piece = &pieces[i];
        view->first = smaller(view->first, piece->time);
        view->last = larger(view->last, piece->time);
        view->bytes = larger(view->bytes, piece->bytes);
        view->is_refused = view->is_refused && piece->is_refused;
        if (piece->from != LOGGED_NONE && piece->to != LOGGED_NONE && piece->to > piece->from) {
            view->recording_from = piece->from;
            view->recording_to = piece->to;
        }
        end = piece->is_end ? piece : end;
    }
    view->start = LOGGED_NONE;
    view->end = LOGGED_NONE;
    view->has_ended = end != NULL;
    view->is_open = end == NULL || (end->duration == LOGGED_NONE && end == &pieces[0]);
    if (!view->is_open) {
        view->end = end->time;
        view->start = end->duration != LOGGED_NONE ? end->time - end->duration : pieces[0].time;
        view->start = smaller(view->start, view->end);
        view->first = view->start;
        view->last = view->end;
    }
}

/* Whether any of it was in the time that was asked for; cuts it to that. */
static bool
cut_view(struct view *view, int64_t from, int64_t to)
{
    if (view->what != WATCH || view->is_refused) {
        view->is_open = false;
        return view->last >= from && view->first < to;
    }
    if (view->is_open && view->last < from) {
        view->is_before = !view->has_ended;
        return view->is_before;
    }
    bool touches = view->first < to && (view->last > from || view->first >= from);
    view->first = larger(view->first, from);
    view->last = smaller(view->last, to);
    if (!view->is_open) {
        view->start = view->first;
        view->end = view->last;
    }
    return touches;
}

static void
join(struct watched *watched)
{
    const struct piece *pieces = watched->pieces;
    for (size_t i = 0; i < watched->piece_count;) {
        size_t count = 1;
        while (i + count < watched->piece_count && is_same_view(&pieces[i], &pieces[i + count])) {
            count++;
        }
        struct view view = {
            .user = pieces[i].user,
            .ip = pieces[i].ip,
            .what = pieces[i].what,
            .is_refused = true,
            .bytes = LOGGED_NONE,
            .recording_from = LOGGED_NONE,
            .recording_to = LOGGED_NONE,
        };
        time_view(&view, &pieces[i], count);
        if (view.what != OTHER && cut_view(&view, watched->from, watched->to)) {
            watched->views[watched->view_count++] = view;
        }
        i += count;
    }
}

static int
compare_views(const void *left, const void *right)
{
    const struct view *a = left;
    const struct view *b = right;
    int order = compare_texts(&a->user, &b->user);
    order = order != 0 ? order : compare_texts(&a->ip, &b->ip);
    return order != 0 ? order : a->first < b->first ? -1 : a->first > b->first;
}

static int
compare_starts(const void *left, const void *right)
{
    const struct view *a = *(const struct view *const *)left;
    const struct view *b = *(const struct view *const *)right;
    return a->start < b->start ? -1 : a->start > b->start;
}

/* Time in which at least one of the views was on; -1: memory is out. */
static int64_t
wall_time(const struct view *views, size_t count)
{
    const struct view **sorted = reallocarray(NULL, count + 1, sizeof(*sorted));
    size_t known = 0;
    int64_t wall = 0;
    int64_t until = INT64_MIN;
    if (sorted == NULL) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (views[i].what == WATCH && !views[i].is_refused && views[i].start != LOGGED_NONE) {
            sorted[known++] = &views[i];
        }
    }
    qsort(sorted, known, sizeof(const struct view *), compare_starts);
    for (size_t i = 0; i < known; i++) {
        int64_t start = larger(sorted[i]->start, until);
        wall += sorted[i]->end > start ? sorted[i]->end - start : 0;
        until = larger(until, sorted[i]->end);
    }
    free(sorted);
    return wall;
}

static void
add_recording(struct watched_row *row, const struct view *view)
{
    if (view->recording_from == LOGGED_NONE) {
        return;
    }
    bool first = row->recording_from == LOGGED_NONE;
    row->recording_ms += view->recording_to - view->recording_from;
    row->recording_from =
        first ? view->recording_from : smaller(row->recording_from, view->recording_from);
    row->recording_to = first ? view->recording_to : larger(row->recording_to, view->recording_to);
}

static void
add_view(struct watched_row *row, const struct view *view)
{
    if (view->is_before) {
        row->before++;
        return;
    }
    row->first = smaller(row->first, view->first);
    row->last = larger(row->last, view->last);
    if (view->is_refused) {
        row->refused++;
        return;
    }
    row->bytes += larger(view->bytes, 0);
    row->snapshots += view->what == SNAPSHOT ? 1 : 0;
    row->exports += view->what == EXPORT ? 1 : 0;
    if (view->what == WATCH) {
        row->views++;
        row->open += view->is_open ? 1 : 0;
        row->total_ms += view->is_open ? 0 : view->end - view->start;
        add_recording(row, view);
    }
}

static void
add_row(struct watched *watched, enum watched_level level, size_t start, size_t end)
{
    const struct view *views = watched->views + start;
    struct watched_row row = {
        .level = level,
        .recording_from = LOGGED_NONE,
        .recording_to = LOGGED_NONE,
        .first = INT64_MAX,
        .last = INT64_MIN,
    };
    for (size_t i = 0; i < end - start; i++) {
        add_view(&row, &views[i]);
    }
    row.user = level != WATCHED_ALL ? views[0].user : row.user;
    row.ip = level == WATCHED_ADDRESS ? views[0].ip : row.ip;
    row.wall_ms = wall_time(views, end - start);
    watched->failed = watched->failed || row.wall_ms < 0;
    watched->rows[watched->row_count++] = row;
}

static void
add_rows(struct watched *watched)
{
    const struct view *views = watched->views;
    size_t count = watched->view_count;
    for (size_t user = 0; user < count;) {
        size_t addresses = 0;
        size_t end = user;
        while (end < count && compare_texts(&views[user].user, &views[end].user) == 0) {
            size_t ip = end;
            while (end < count && compare_texts(&views[user].user, &views[end].user) == 0 &&
                   compare_texts(&views[ip].ip, &views[end].ip) == 0) {
                end++;
            }
            add_row(watched, WATCHED_ADDRESS, ip, end);
            addresses++;
        }
        if (addresses > 1) {
            add_row(watched, WATCHED_USER, user, end);
        }
        user = end;
    }
    add_row(watched, WATCHED_ALL, 0, count);
}

static enum err
gather(struct watched *watched, struct search *search, const struct query *query, struct note *note)
{
    struct query near = *query;
    const struct search_reader reader = {take, watched};
    if (near.parts[QUERY_ACTION] == NULL) {
        near.parts[QUERY_ACTION] = "footage.*";
    }
    struct query late = near;
    near.from = near.from <= INT64_MIN + LOOK_BACK ? INT64_MIN : near.from - LOOK_BACK;
    near.to = near.to >= INT64_MAX - LOOK_BACK ? INT64_MAX : near.to + LOOK_BACK;
    enum err err = search_run(search, &near, false, &reader, note);
    if (err == OK && near.to != INT64_MAX && !watched->failed) {
        late.from = near.to;
        late.to = INT64_MAX;
        late.is_long = true;
        err = search_run(search, &late, false, &reader, note);
    }
    return err == OK && watched->failed ? ERR_MEMORY : err;
}

static enum err
conclude(struct watched *watched)
{
    watched->views = reallocarray(NULL, watched->piece_count + 1, sizeof(*watched->views));
    if (watched->views == NULL) {
        return ERR_MEMORY;
    }
    if (watched->piece_count != 0) {
        qsort(watched->pieces, watched->piece_count, sizeof(*watched->pieces), compare_pieces);
    }
    join(watched);
    qsort(watched->views, watched->view_count, sizeof(*watched->views), compare_views);
    watched->rows = reallocarray(NULL, 2 * watched->view_count + 1, sizeof(*watched->rows));
    if (watched->rows == NULL) {
        return ERR_MEMORY;
    }
    add_rows(watched);
    return watched->failed ? ERR_MEMORY : OK;
}

enum err
watched_gather(struct search *search, const struct query *query, const struct recorded *only,
    struct watched **ret_watched, struct note *note)
{
    struct watched *watched = calloc(1, sizeof(*watched));
    if (watched == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&watched->arena, TEXTS_LIMIT);
    watched->from = query->from;
    watched->to = query->to;
    watched->only = only;
    enum err err = gather(watched, search, query, note);
    if (err == OK) {
        err = conclude(watched);
    }
    if (err != OK) {
        watched_free(watched);
        return err;
    }
    *ret_watched = watched;
    return OK;
}

void
watched_free(struct watched *watched)
{
    if (watched != NULL) {
        arena_release(&watched->arena);
        free(watched->pieces);
        free(watched->views);
        free(watched->rows);
        free(watched);
    }
}

const struct watched_row *
watched_rows(const struct watched *watched, size_t *ret_count)
{
    *ret_count = watched->row_count;
    return watched->rows;
}
