/*
 * What a report over the ledger counts, in memory that does not grow with the ledger: sums by user,
 * by camera and of all, for the time asked for and for up to TALLY_BEFORE times like it before,
 * with what the patterns (patterns.def) need to know. Two runs over the events: first the names of
 * the time asked for, then everything. Pure.
 */
#pragma once

#include "report/ledger/names.h"

#include "ledger/logged.h"

#define TALLY_USERS     200
#define TALLY_CAMERAS   400
#define TALLY_ADDRESSES 500
#define TALLY_READS     200 /* pairs of who read and about whom */
#define TALLY_BEFORE    8
#define TALLY_DAYS      93 /* longest time asked for */
#define TALLY_MARKS     5
#define TALLY_BURST     5 /* exports in one hour of the clock */
#define TALLY_BITS      256
#define TALLY_LOOK_BACK (400 * CLOCK_DAY)
#define TALLY_WEEK      (7 * CLOCK_DAY)
#define TALLY_HOUR      INT64_C(3600000)
#define TALLY_NAME      200 /* as shown, with its end */

enum tally_sum {
    TALLY_VIEWS, /* live and playback that began */
    TALLY_OPEN,  /* of them, those without a recorded end */
    TALLY_WATCH_MS,
    TALLY_RECORDING_MS, /* of recordings that were played */
    TALLY_SNAPSHOTS,
    TALLY_EXPORTS,
    TALLY_REFUSED,
    TALLY_LOGINS,
    TALLY_FAILURES,
    TALLY_BYTES,
    TALLY_SUMS,
};
const char *tally_sum_name(enum tally_sum sum); /* "views" */

struct tally_sums {
    int64_t of[TALLY_SUMS];
};

/* Events that a finding names. */
struct tally_mark {
    uint64_t index;
    int64_t time;
    char id[EVENT_ID];
};
struct tally_marks {
    uint64_t count; /* of all; the first TALLY_MARKS are kept */
    struct tally_mark first[TALLY_MARKS];
};

struct tally_row {
    struct event_text name;
    char shown[TALLY_NAME]; /* cleaned */
    struct tally_sums now;
    struct tally_sums before[TALLY_BEFORE]; /* [0] is the one just before */
};

struct tally_user {
    struct tally_row row;
    /* Acts: views begun, pictures and exports that were allowed. */
    uint64_t past_hours[24]; /* by hour of the day, in the weeks before */
    uint64_t past_acts, past_weekend, past_days;
    uint64_t acts, weekend;
    int64_t last_day;    /* of the past ones */
    int64_t last_before; /* anything by the account before the time asked for; LOGGED_NONE */
    int64_t first_now;
    uint64_t export_count;
    struct tally_marks burst_run; /* exports in the hour of the clock that is counted */
    int64_t burst_hour;
    uint64_t past_burst, past_burst_run; /* most exports in one hour of the clock, before */
    int64_t past_burst_hour;
    struct tally_marks unusual, weekends, no_case, refused, woke;
    struct tally_marks burst; /* most exports in one hour of the clock */
};

struct tally_address {
    struct event_text name;
    char shown[TALLY_NAME];
    uint8_t now[TALLY_BITS / 8]; /* accounts, hashed */
    uint8_t past[TALLY_BITS / 8];
    struct tally_marks marks; /* the first event of each account */
};

struct tally_read {
    char reader[TALLY_NAME], person[TALLY_NAME];
    uint64_t past;
    struct tally_marks marks;
};

struct tally_settings {
    int64_t from, to;      /* wall ms; at most TALLY_DAYS */
    int zone;              /* minutes east of UTC that hours and days are told in */
    const char *case_sign; /* regular expression that a reason with a case number matches */
};

struct tally {
    struct tally_settings settings;
    int64_t step; /* from one time to the one before it: whole weeks */
    struct names users_known, cameras_known, addresses_known;
    size_t user_count, camera_count, address_count, read_count, day_count;
    struct tally_user users[TALLY_USERS + 1]; /* the last: all others, and nobody */
    struct tally_row cameras[TALLY_CAMERAS + 1];
    struct tally_address addresses[TALLY_ADDRESSES];
    struct tally_read reads[TALLY_READS];
    struct tally_row all;
    struct tally_sums days[TALLY_DAYS];
    int64_t heat[7][24]; /* ms watched, Monday first */
    uint32_t acts[TALLY_USERS][TALLY_CAMERAS];
    uint32_t past_acts[TALLY_USERS][TALLY_CAMERAS];
    uint64_t events;     /* of the time asked for */
    uint64_t strange;    /* entries that are no events */
    uint64_t reads_lost; /* readings that there was no row for */
    int64_t first;       /* time of the first event looked at; INT64_MAX: none */
    size_t before_count; /* times before that the ledger knows; after tally_end() */
};

/* NULL when memory is out. The settings are copied, case_sign is the caller's. */
struct tally *tally_new(const struct tally_settings *settings);
void tally_free(struct tally *tally);
/* search_found_fns, the context is the tally: the first run, of the events asked for … */
bool tally_name(void *context, const struct logged *logged);
void tally_choose(struct tally *tally);
/* … and the second, of those from TALLY_LOOK_BACK before to a day after. */
bool tally_add(void *context, const struct logged *logged);
void tally_end(struct tally *tally);

/* The middle of the times before that the ledger knows; -1 where there is none. */
int64_t tally_median(const struct tally *tally, const struct tally_row *row, enum tally_sum sum);
/* Whether enough is known of the account from before to call something unusual. */
bool tally_has_habits(const struct tally_user *user);
void tally_mark_add(struct tally_marks *marks, const struct logged *logged);
/* Of accounts hashed into bits; never more than there are. */
unsigned tally_bits(const uint8_t bits[TALLY_BITS / 8]);
/* Hour of the day, day of the week (0 is Monday) and running day, in the zone asked for. */
struct tally_moment {
    int hour, weekday;
    int64_t day;
};
struct tally_moment tally_moment(const struct tally *tally, int64_t time);
