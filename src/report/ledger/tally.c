/* Making a tally, its names, and the questions about it. */
#include "report/ledger/tally.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ENOUGH      50 /* past acts from which habits are known */
#define ENOUGH_DAYS 10 /* different days that they are of */

const char *
tally_sum_name(enum tally_sum sum)
{
    static const char *const names[TALLY_SUMS] = {
        [TALLY_VIEWS] = "views",
        [TALLY_OPEN] = "open",
        [TALLY_WATCH_MS] = "watch_ms",
        [TALLY_RECORDING_MS] = "recording_ms",
        [TALLY_SNAPSHOTS] = "snapshots",
        [TALLY_EXPORTS] = "exports",
        [TALLY_REFUSED] = "refused",
        [TALLY_LOGINS] = "logins",
        [TALLY_FAILURES] = "failures",
        [TALLY_BYTES] = "bytes",
    };
    return names[sum];
}

struct tally_moment
tally_moment(const struct tally *tally, int64_t time)
{
    int64_t local = time + (int64_t)tally->settings.zone * 60000;
    int64_t day = local / CLOCK_DAY - (local % CLOCK_DAY < 0 ? 1 : 0);
    return (struct tally_moment){
        .hour = (int)((local - day * CLOCK_DAY) / TALLY_HOUR),
        .weekday = (int)(((day + 3) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .day = day,
    };
}

struct tally *
tally_new(const struct tally_settings *settings)
{
    struct tally *tally = calloc(1, sizeof(*tally));
    if (tally == NULL) {
        return NULL;
    }
    int64_t length = settings->to - settings->from;
    tally->settings = *settings;
    tally->step = (length + TALLY_WEEK - 1) / TALLY_WEEK * TALLY_WEEK;
    tally->first = INT64_MAX;
    int64_t first = tally_moment(tally, settings->from).day;
    int64_t days = tally_moment(tally, settings->to - 1).day - first + 1;
    tally->day_count = days < TALLY_DAYS ? (size_t)days : TALLY_DAYS;
    names_init(&tally->users_known);
    names_init(&tally->cameras_known);
    names_init(&tally->addresses_known);
    return tally;
}

void
tally_free(struct tally *tally)
{
    if (tally != NULL) {
        names_release(&tally->users_known);
        names_release(&tally->cameras_known);
        names_release(&tally->addresses_known);
        free(tally);
    }
}

bool
tally_name(void *context, const struct logged *logged)
{
    struct tally *tally = context;
    if (!logged->is_event) {
        return true;
    }
    /* Who only fails to get in may type any name, and would fill the places of those who are in. */
    if (!logged_says(logged, LOGGED_ACTION, event_action(EVENT_AUTH_FAIL)->text)) {
        names_count(&tally->users_known, &logged->texts[LOGGED_USER]);
    }
    names_count(&tally->addresses_known, &logged->texts[LOGGED_IP]);
    for (size_t i = 0; i < logged->camera_count; i++) {
        names_count(&tally->cameras_known, &logged->cameras[i]);
    }
    return true;
}

static void
show_name(char out[TALLY_NAME], const struct event_text *name)
{
    text_clean(out, TALLY_NAME, name->bytes, name->len);
    if (out[0] == '\0') {
        (void)text_copy(out, TALLY_NAME, "(empty)");
    }
}

void
tally_choose(struct tally *tally)
{
    tally->user_count = names_choose(&tally->users_known, TALLY_USERS);
    tally->camera_count = names_choose(&tally->cameras_known, TALLY_CAMERAS);
    tally->address_count = names_choose(&tally->addresses_known, TALLY_ADDRESSES);
    for (size_t i = 0; i <= TALLY_USERS; i++) {
        struct tally_user *user = &tally->users[i];
        user->last_day = INT64_MIN;
        user->last_before = LOGGED_NONE;
        user->first_now = LOGGED_NONE;
        user->past_burst_hour = INT64_MIN;
        user->burst_hour = INT64_MIN;
        if (i < tally->user_count) {
            user->row.name = tally->users_known.rows[i]->text;
            show_name(user->row.shown, &user->row.name);
        }
    }
    for (size_t i = 0; i < tally->camera_count; i++) {
        tally->cameras[i].name = tally->cameras_known.rows[i]->text;
        show_name(tally->cameras[i].shown, &tally->cameras[i].name);
    }
    for (size_t i = 0; i < tally->address_count; i++) {
        tally->addresses[i].name = tally->addresses_known.rows[i]->text;
        show_name(tally->addresses[i].shown, &tally->addresses[i].name);
    }
    (void)text_copy(tally->users[TALLY_USERS].row.shown, TALLY_NAME, "others and unnamed");
    (void)text_copy(tally->cameras[TALLY_CAMERAS].shown, TALLY_NAME, "others");
    (void)text_copy(tally->all.shown, TALLY_NAME, "everybody");
}

void
tally_end(struct tally *tally)
{
    tally->before_count = 0;
    while (tally->before_count < TALLY_BEFORE &&
           tally->settings.from - (int64_t)(tally->before_count + 1) * tally->step + CLOCK_DAY >=
               tally->first) {
        tally->before_count++;
    }
}

bool
tally_has_habits(const struct tally_user *user)
{
    return user->past_acts >= ENOUGH && user->past_days >= ENOUGH_DAYS;
}

static int
compare_numbers(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

int64_t
tally_median(const struct tally *tally, const struct tally_row *row, enum tally_sum sum)
{
    int64_t values[TALLY_BEFORE];
    size_t count = tally->before_count;
    for (size_t i = 0; i < count; i++) {
        values[i] = row->before[i].of[sum];
    }
    if (count == 0) {
        return -1;
    }
    qsort(values, count, sizeof(values[0]), compare_numbers);
    return values[(count - 1) / 2] / 2 + values[count / 2] / 2 +
           (values[(count - 1) / 2] % 2 + values[count / 2] % 2) / 2;
}

void
tally_mark_add(struct tally_marks *marks, const struct logged *logged)
{
    const struct event_text *id = &logged->texts[LOGGED_ID];
    if (marks->count < TALLY_MARKS) {
        struct tally_mark *mark = &marks->first[marks->count];
        mark->index = logged->index;
        mark->time = logged->numbers[LOGGED_TIME];
        text_clean(mark->id, sizeof(mark->id), id->bytes == NULL ? "" : id->bytes, id->len);
    }
    marks->count++;
}

unsigned
tally_bits(const uint8_t bits[TALLY_BITS / 8])
{
    unsigned count = 0;
    for (size_t i = 0; i < TALLY_BITS / 8; i++) {
        count += (unsigned)__builtin_popcount(bits[i]);
    }
    return count;
}
