/* Counting one event: into its time, its user, its cameras, its address, and for the patterns. */
#include "base/clock.h"
#include "base/text.h"
#include "codec/pick.h"
#include "ledger/seal.h"
#include "report/ledger/tally.h"

#include <string.h>

#define NOW     0 /* slots: the time asked for, then those before it */
#define NO_SLOT SIZE_MAX

/* Where an event belongs. */
struct place {
    struct tally *tally;
    const struct logged *logged;
    size_t user_place; /* NAMES_OTHER: of the others */
    struct tally_user *user;
    int64_t time;
    size_t slot;
    bool is_past, is_footage, is_begin, is_end, is_refused;
    enum event_action action; /* EVENT_ACTIONS: another */
};

static size_t
slot_of(const struct tally *tally, int64_t time)
{
    const struct tally_settings *settings = &tally->settings;
    for (size_t i = 0; i <= TALLY_BEFORE; i++) {
        int64_t shift = (int64_t)i * tally->step;
        if (time >= settings->from - shift && time < settings->to - shift) {
            return i;
        }
    }
    return NO_SLOT;
}

static struct tally_sums *
sums_of(struct tally_row *row, size_t slot)
{
    return slot == NOW ? &row->now : &row->before[slot - 1];
}

static struct tally_row *
camera_row(struct tally *tally, const struct event_text *camera)
{
    size_t at = names_place(&tally->cameras_known, camera);
    return &tally->cameras[at == NAMES_OTHER ? TALLY_CAMERAS : at];
}

/* A ledger of somebody else may hold any numbers. */
static void
add_to(struct tally_sums *sums, enum tally_sum sum, int64_t value)
{
    int64_t *at = &sums->of[sum];
    if (__builtin_add_overflow(*at, value, at)) {
        *at = INT64_MAX;
    }
}

static void
add(const struct place *place, size_t slot, enum tally_sum sum, int64_t value)
{
    struct tally *tally = place->tally;
    if (slot == NO_SLOT) {
        return;
    }
    add_to(sums_of(&tally->all, slot), sum, value);
    add_to(sums_of(&place->user->row, slot), sum, value);
    for (size_t i = 0; i < place->logged->camera_count; i++) {
        add_to(sums_of(camera_row(tally, &place->logged->cameras[i]), slot), sum, value);
    }
}

static struct tally_sums *
day_of(struct tally *tally, int64_t time)
{
    int64_t day = tally_moment(tally, time).day - tally_moment(tally, tally->settings.from).day;
    return day >= 0 && day < (int64_t)tally->day_count ? &tally->days[day] : NULL;
}

/* One number of the event itself, at its time. */
static void
add_here(const struct place *place, enum tally_sum sum, int64_t value)
{
    add(place, place->slot, sum, value);
    struct tally_sums *day = place->slot == NOW ? day_of(place->tally, place->time) : NULL;
    if (day != NULL) {
        add_to(day, sum, value);
    }
}

/* A stretch of watching within the time asked for, hour by hour. */
static void
add_hours(struct tally *tally, int64_t from, int64_t to)
{
    while (from < to) {
        struct tally_moment moment = tally_moment(tally, from);
        int64_t local = from + (int64_t)tally->settings.zone * 60000;
        int64_t next = from + TALLY_HOUR - ((local % TALLY_HOUR) + TALLY_HOUR) % TALLY_HOUR;
        int64_t part = (next < to ? next : to) - from;
        struct tally_sums *day = day_of(tally, from);
        int64_t *heat = &tally->heat[moment.weekday][moment.hour];
        *heat += *heat < INT64_MAX - part ? part : 0;
        if (day != NULL) {
            add_to(day, TALLY_WATCH_MS, part);
        }
        from += part;
    }
}

/* A view that ended, each part of it in the time in which it was. */
static void
add_watch(const struct place *place)
{
    const struct tally_settings *settings = &place->tally->settings;
    int64_t duration = place->logged->numbers[LOGGED_DURATION];
    if (duration <= 0) {
        return;
    }
    duration = duration < TALLY_LOOK_BACK ? duration : TALLY_LOOK_BACK;
    int64_t begun = place->time - duration;
    for (size_t i = 0; i <= TALLY_BEFORE; i++) {
        int64_t shift = (int64_t)i * place->tally->step;
        int64_t from = begun > settings->from - shift ? begun : settings->from - shift;
        int64_t to = place->time < settings->to - shift ? place->time : settings->to - shift;
        if (from < to) {
            add(place, i, TALLY_WATCH_MS, to - from);
            if (i == NOW) {
                add_hours(place->tally, from, to);
            }
        }
    }
}

static void
add_recording(const struct place *place)
{
    int64_t from = place->logged->numbers[LOGGED_FROM];
    int64_t to = place->logged->numbers[LOGGED_TO];
    if (place->action == EVENT_PLAYBACK && from != LOGGED_NONE && to != LOGGED_NONE && to > from &&
        to - from < TALLY_LOOK_BACK) {
        add_here(place, TALLY_RECORDING_MS, to - from);
    }
}

static void
count_footage(const struct place *place)
{
    bool is_view = place->action == EVENT_LIVE || place->action == EVENT_PLAYBACK;
    if (place->is_refused) {
        add_here(place, TALLY_REFUSED, place->is_begin ? 1 : 0);
        return;
    }
    if (place->is_begin) {
        add_here(place, TALLY_VIEWS, is_view ? 1 : 0);
        add_here(place, TALLY_SNAPSHOTS, place->action == EVENT_SNAPSHOT ? 1 : 0);
        add_here(place, TALLY_EXPORTS, place->action == EVENT_EXPORT ? 1 : 0);
    }
    int64_t bytes = place->logged->numbers[LOGGED_BYTES];
    if (place->is_end && bytes > 0 && bytes < INT64_C(1) << 53) {
        add_here(place, TALLY_BYTES, bytes);
    }
    if (place->is_end && is_view) {
        add_watch(place);
        add_recording(place);
    }
    /* A view that began and has no end stays open; its end finds the time in which it began. */
    int64_t duration = place->logged->numbers[LOGGED_DURATION];
    if (is_view && place->is_begin && (!place->is_end || duration == LOGGED_NONE)) {
        add(place, place->slot, TALLY_OPEN, 1);
    } else if (is_view && place->is_end && !place->is_begin && duration >= 0 &&
               duration < TALLY_LOOK_BACK) {
        add(place, slot_of(place->tally, place->time - duration), TALLY_OPEN, -1);
    }
}

/* An hour and its neighbours that had less than one of 200 acts before. */
static bool
is_unusual(const struct tally_user *user, int hour)
{
    uint64_t near = user->past_hours[(hour + 23) % 24] + user->past_hours[hour] +
                    user->past_hours[(hour + 1) % 24];
    return tally_has_habits(user) && near * 200 < user->past_acts;
}

static void
count_past_act(const struct place *place, const struct tally_moment *moment)
{
    struct tally_user *user = place->user;
    user->past_acts++;
    user->past_hours[moment->hour]++;
    user->past_weekend += moment->weekday >= 5 ? 1 : 0;
    if (moment->day != user->last_day) {
        user->last_day = moment->day;
        user->past_days++;
    }
    if (place->action == EVENT_EXPORT) {
        int64_t hour = place->time / TALLY_HOUR;
        user->past_burst_run = hour == user->past_burst_hour ? user->past_burst_run + 1 : 1;
        user->past_burst_hour = hour;
        user->past_burst =
            user->past_burst > user->past_burst_run ? user->past_burst : user->past_burst_run;
    }
}

static void
count_export(const struct place *place)
{
    struct tally_user *user = place->user;
    const struct event_text *reason = &place->logged->texts[LOGGED_REASON];
    const char *at = NULL;
    size_t len = 0;
    if (reason->bytes == NULL ||
        pick_match(reason->bytes, reason->len, place->tally->settings.case_sign, &at, &len) != OK) {
        tally_mark_add(&user->no_case, place->logged);
    }
    int64_t hour = place->time / TALLY_HOUR;
    if (hour != user->burst_hour) {
        user->burst_run = (struct tally_marks){.count = 0};
        user->burst_hour = hour;
    }
    user->export_count++;
    tally_mark_add(&user->burst_run, place->logged);
    user->burst = user->burst_run.count > user->burst.count ? user->burst_run : user->burst;
}

static void
count_act(const struct place *place)
{
    struct tally *tally = place->tally;
    struct tally_user *user = place->user;
    struct tally_moment moment = tally_moment(tally, place->time);
    bool is_named = place->user_place != NAMES_OTHER;
    for (size_t i = 0; is_named && i < place->logged->camera_count; i++) {
        size_t camera = names_place(&tally->cameras_known, &place->logged->cameras[i]);
        if (camera != NAMES_OTHER) {
            (place->is_past ? tally->past_acts : tally->acts)[place->user_place][camera]++;
        }
    }
    if (place->is_past) {
        count_past_act(place, &moment);
        return;
    }
    user->acts++;
    if (moment.weekday >= 5) {
        user->weekend++;
        tally_mark_add(&user->weekends, place->logged);
    }
    if (is_unusual(user, moment.hour)) {
        tally_mark_add(&user->unusual, place->logged);
    }
    if (place->action == EVENT_EXPORT) {
        count_export(place);
    }
}

/* FNV-1a: bits say how many accounts there are, nothing hangs on who can choose them. */
static unsigned
bit_of(const struct event_text *text)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < text->len; i++) {
        hash = (hash ^ (uint8_t)text->bytes[i]) * 16777619u;
    }
    return (hash ^ (hash >> 16)) % TALLY_BITS;
}

static void
count_address(const struct place *place)
{
    size_t at = names_place(&place->tally->addresses_known, &place->logged->texts[LOGGED_IP]);
    const struct event_text *user = &place->logged->texts[LOGGED_USER];
    if (at == NAMES_OTHER || user->bytes == NULL || (!place->is_past && place->slot != NOW)) {
        return;
    }
    struct tally_address *address = &place->tally->addresses[at];
    unsigned bit = bit_of(user);
    uint8_t mask = (uint8_t)(1u << (bit % 8));
    uint8_t *bits = place->is_past ? address->past : address->now;
    bool is_new = (bits[bit / 8] & mask) == 0;
    bits[bit / 8] |= mask;
    if (is_new && !place->is_past) {
        tally_mark_add(&address->marks, place->logged);
    }
}

/* One more reading by somebody about somebody. */
static void
add_read(const struct place *place, const struct event_text *about)
{
    struct tally *tally = place->tally;
    const struct event_text *by = &place->logged->texts[LOGGED_USER];
    char reader[TALLY_NAME];
    char person[TALLY_NAME];
    size_t i = 0;
    text_clean(reader, TALLY_NAME, by->bytes, by->len);
    text_clean(person, TALLY_NAME, about->bytes, about->len);
    while (i < tally->read_count && (!text_equal(tally->reads[i].reader, reader) ||
                                        !text_equal(tally->reads[i].person, person))) {
        i++;
    }
    if (i == TALLY_READS) {
        tally->reads_lost++;
        return;
    }
    struct tally_read *read = &tally->reads[i];
    tally->read_count += i == tally->read_count ? 1 : 0;
    (void)text_copy(read->reader, TALLY_NAME, reader);
    (void)text_copy(read->person, TALLY_NAME, person);
    if (place->is_past) {
        read->past++;
    } else {
        tally_mark_add(&read->marks, place->logged);
    }
}

/* Whom a reading of the ledger is about: detail.query.user, which may be sealed. */
static void
count_read(const struct place *place)
{
    const struct event_text *detail = &place->logged->detail;
    CLEANUP(buf_release) struct buf shown;
    buf_init(&shown, SEAL_OPENED);
    json_t *json = detail->bytes == NULL ? NULL : json_loadb(detail->bytes, detail->len, 0, NULL);
    json_t *person = json_object_get(json_object_get(json, "query"), "user");
    size_t len = json_string_length(person);
    if (len != 0 && place->logged->texts[LOGGED_USER].bytes != NULL &&
        seal_show(place->logged->subjects, "detail.query.user", json_string_value(person), len,
            &shown) == OK) {
        add_read(place, &(struct event_text){shown.data, shown.len});
    }
    json_decref(json);
}

/* When the account was last there, and whether it comes back after a long time. */
static void
count_presence(const struct place *place)
{
    struct tally_user *user = place->user;
    if (place->action == EVENT_AUTH_FAIL) {
        return;
    }
    if (place->time < place->tally->settings.from) {
        user->last_before = place->time;
    } else if (user->woke.count < TALLY_MARKS) {
        user->first_now = user->first_now == LOGGED_NONE ? place->time : user->first_now;
        tally_mark_add(&user->woke, place->logged);
    }
}

static struct place
find_place(struct tally *tally, const struct logged *logged)
{
    const struct event_text *action = &logged->texts[LOGGED_ACTION];
    struct place place = {.tally = tally, .logged = logged};
    place.time = logged->numbers[LOGGED_TIME];
    place.slot = slot_of(tally, place.time);
    place.user_place = names_place(&tally->users_known, &logged->texts[LOGGED_USER]);
    place.user = &tally->users[place.user_place == NAMES_OTHER ? TALLY_USERS : place.user_place];
    place.is_past = place.time < tally->settings.from &&
                    place.time >= tally->settings.from - TALLY_BEFORE * tally->step;
    place.is_footage = action->len > 8 && memcmp(action->bytes, "footage.", 8) == 0;
    bool has_phase = logged->texts[LOGGED_PHASE].bytes != NULL;
    place.is_begin = !has_phase || logged_says(logged, LOGGED_PHASE, "begin");
    place.is_end = !has_phase || logged_says(logged, LOGGED_PHASE, "end");
    place.is_refused = logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_REFUSED)) ||
                       logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_FAILED));
    if (event_action_parse(action->bytes, action->len, &place.action) != OK) {
        place.action = EVENT_ACTIONS;
    }
    return place;
}

bool
tally_add(void *context, const struct logged *logged)
{
    struct tally *tally = context;
    if (!logged->is_event || logged->numbers[LOGGED_TIME] == LOGGED_NONE) {
        tally->strange++;
        return true;
    }
    struct place place = find_place(tally, logged);
    bool is_now = place.slot == NOW;
    tally->first = place.time < tally->first ? place.time : tally->first;
    tally->events += is_now ? 1 : 0;
    if (place.is_footage) {
        count_footage(&place);
    }
    if (is_now || place.time < tally->settings.from) {
        count_presence(&place);
    }
    if (!is_now && !place.is_past) {
        return true;
    }
    if (place.action == EVENT_AUTH_LOGIN && !place.is_refused) {
        add_here(&place, TALLY_LOGINS, 1);
    } else if (place.action == EVENT_AUTH_FAIL || place.action == EVENT_AUTH_LOGIN) {
        add_here(&place, TALLY_FAILURES, 1);
    } else if (place.action == EVENT_LEDGER_READ) {
        count_read(&place);
    }
    if (place.action <= EVENT_UNCLASSIFIED) {
        count_address(&place);
    }
    if (place.is_footage && place.is_begin && place.is_refused && is_now) {
        tally_mark_add(&place.user->refused, logged);
    }
    if (place.is_footage && place.is_begin && !place.is_refused &&
        place.action != EVENT_UNCLASSIFIED) {
        count_act(&place);
    }
    return true;
}
