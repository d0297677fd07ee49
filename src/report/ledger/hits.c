/* The patterns, one after the other: what each needs to see before it is told. */
#include "report/ledger/hits.h"

#include "base/clock.h"
#include "base/text.h"
#include "ledger/query.h"
#include "ledger/seal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSUAL_LEAST  3
#define CAMERA_LEAST   20
#define CAMERA_NEXT    5
#define CAMERA_TIMES   3
#define PEER_LEAST     UINT64_C(10)
#define WEEKEND_LEAST  10
#define WEEKEND_POINTS 30
#define REFUSED_LEAST  10
#define REFUSED_TIMES  3
#define BURST_TIMES    2
#define IDLE           (60 * CLOCK_DAY)
#define ACCOUNTS_LEAST 4
#define ACCOUNTS_MORE  3
#define READS_LEAST    5
#define READS_TIMES    3

const struct pattern_row pattern_rows[PATTERNS] = {
#define PATTERN(name, id, words, compares, threshold, innocent)                                    \
    [PATTERN_##name] = {id, words, compares, threshold, innocent},
#include "report/ledger/patterns.def"
#undef PATTERN
};

/* A new row, or NULL where the pattern has enough of them: it is counted all the same. */
static struct hit *
add(struct hits *hits, enum pattern pattern, const struct tally_marks *marks)
{
    if (++hits->found[pattern] > HITS_PER_PATTERN) {
        return NULL;
    }
    struct hit *hit = &hits->rows[hits->count++];
    *hit = (struct hit){.pattern = pattern};
    if (marks != NULL) {
        hit->marks = *marks;
    }
    return hit;
}

static void PRINTF(2, 3) say(struct hit *hit, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(hit->words, sizeof(hit->words), format, args);
    va_end(args);
}

/* In quotes for a POSIX shell; left out when what is shown is not the name itself. */
static void
look_for(struct buf *out, const char *option, const char *shown, const struct event_text *name)
{
    if (shown == NULL || name->bytes == NULL || strlen(shown) != name->len ||
        memcmp(shown, name->bytes, name->len) != 0) {
        return;
    }
    buf_format(out, " --%s '", option);
    for (const char *c = shown; *c != '\0'; c++) {
        if (*c == '\'') {
            buf_text(out, "'\\''");
        } else {
            buf_byte(out, (uint8_t)*c);
        }
    }
    buf_byte(out, '\'');
}

/* The command that shows what a hit is about. */
static void
set_look(struct hit *hit, const struct tally *tally, const char *more)
{
    CLEANUP(buf_release) struct buf out;
    char from[CLOCK_TEXT];
    char to[CLOCK_TEXT];
    buf_init(&out, sizeof(hit->look) - 1);
    buf_format(&out, "gatehouse ledger search --from %s --to %s%s",
        clock_text(tally->settings.from, from), clock_text(tally->settings.to, to), more);
    look_for(&out, "user", hit->user, &hit->user_name);
    look_for(&out, "camera", hit->camera, &hit->camera_name);
    (void)text_copy(hit->look, sizeof(hit->look), buf_error(&out) == OK ? out.data : "");
}

static struct hit *
add_user(struct hits *hits, enum pattern pattern, const struct tally_user *user,
    const struct tally_marks *marks)
{
    struct hit *hit = add(hits, pattern, marks);
    if (hit != NULL) {
        hit->user = user->row.shown;
        hit->user_name = user->row.name;
    }
    return hit;
}

#define FOOTAGE " --action 'footage.*'"

static void
find_hours(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    hits->is_judged[PATTERN_HOURS] |= tally_has_habits(user);
    if (user->unusual.count < UNUSUAL_LEAST) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_HOURS, user, &user->unusual);
    if (hit != NULL) {
        struct tally_moment moment = tally_moment(tally, user->unusual.first[0].time);
        say(hit,
            "%" PRIu64 " of %" PRIu64 " views, pictures and exports of this account were at hours "
            "(the first about %02d:00) at which hardly any of its %" PRIu64
            " in the weeks before were.",
            user->unusual.count, user->acts, moment.hour, user->past_acts);
        set_look(hit, tally, FOOTAGE);
    }
}

struct shares {
    uint64_t acts, all;           /* the account's of this camera, and of all */
    uint64_t next;                /* its camera after this one */
    uint64_t peer_acts, peer_all; /* all others together */
    uint64_t past_acts, past_all;
};

static uint64_t
percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (part * 100 + whole / 2) / whole;
}

/* Whether part/whole is so many times other/others. */
static bool
is_times(const struct shares *shares, uint64_t other, uint64_t others)
{
    return shares->acts * others >= CAMERA_TIMES * other * shares->all;
}

static struct shares
camera_shares(const struct tally *tally, size_t user, size_t camera)
{
    struct shares shares = {.all = tally->users[user].acts};
    shares.acts = tally->acts[user][camera];
    shares.past_acts = tally->past_acts[user][camera];
    shares.past_all = tally->users[user].past_acts;
    for (size_t i = 0; i < tally->camera_count; i++) {
        bool more = i != camera && tally->acts[user][i] > shares.next;
        shares.next = more ? tally->acts[user][i] : shares.next;
    }
    for (size_t i = 0; i < tally->user_count; i++) {
        if (i != user && tally->users[i].acts >= PEER_LEAST) {
            shares.peer_acts += tally->acts[i][camera];
            shares.peer_all += tally->users[i].acts;
        }
    }
    return shares;
}

static void
find_camera(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    size_t at = (size_t)(user - tally->users);
    size_t most = 0;
    for (size_t i = 1; at < tally->user_count && i < tally->camera_count; i++) {
        most = tally->acts[at][i] > tally->acts[at][most] ? i : most;
    }
    if (at >= tally->user_count || tally->camera_count < 3) {
        return;
    }
    struct shares shares = camera_shares(tally, at, most);
    bool has_peers = shares.peer_all >= 2 * PEER_LEAST;
    hits->is_judged[PATTERN_CAMERA] |= has_peers;
    if (!has_peers || shares.acts < CAMERA_LEAST || shares.acts * 2 < shares.all ||
        shares.acts < CAMERA_NEXT * shares.next ||
        !is_times(&shares, shares.peer_acts, shares.peer_all) ||
        (tally_has_habits(user) && !is_times(&shares, shares.past_acts, shares.past_all))) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_CAMERA, user, NULL);
    if (hit != NULL) {
        char past[64] = "; of its own weeks before nothing is known";
        if (shares.past_all != 0) {
            (void)snprintf(past, sizeof(past), ", of its own in the weeks before %" PRIu64 " %%",
                percent(shares.past_acts, shares.past_all));
        }
        hit->camera = tally->cameras[most].shown;
        hit->camera_name = tally->cameras[most].name;
        say(hit,
            "%" PRIu64 " of %" PRIu64 " views, pictures and exports of this account (%" PRIu64
            " %%) were of one camera. Of the others' it was %" PRIu64 " %%%s.",
            shares.acts, shares.all, percent(shares.acts, shares.all),
            percent(shares.peer_acts, shares.peer_all), past);
        set_look(hit, tally, FOOTAGE);
    }
}

static void
find_weekend(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    uint64_t now = percent(user->weekend, user->acts);
    uint64_t past = percent(user->past_weekend, user->past_acts);
    hits->is_judged[PATTERN_WEEKEND] |= tally_has_habits(user);
    if (!tally_has_habits(user) || user->weekend < WEEKEND_LEAST || now < past + WEEKEND_POINTS) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_WEEKEND, user, &user->weekends);
    if (hit != NULL) {
        say(hit,
            "%" PRIu64
            " %% of what this account watched or took was on Saturday and Sunday (%" PRIu64
            " of %" PRIu64 "); in the weeks before it was %" PRIu64 " %%.",
            now, user->weekend, user->acts, past);
        set_look(hit, tally, FOOTAGE);
    }
}

static void
find_no_case(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    hits->is_judged[PATTERN_NO_CASE] = true;
    if (user->no_case.count == 0) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_NO_CASE, user, &user->no_case);
    if (hit != NULL) {
        say(hit, "%" PRIu64 " of %" PRIu64 " exports say no case number in their reason.",
            user->no_case.count, user->export_count);
        set_look(hit, tally, " --action footage.export");
    }
}

static void
find_refused(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    int64_t median = tally_median(tally, &user->row, TALLY_REFUSED);
    hits->is_judged[PATTERN_REFUSED] = true;
    if (user->refused.count < REFUSED_LEAST ||
        (int64_t)user->refused.count < REFUSED_TIMES * median) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_REFUSED, user, &user->refused);
    if (hit != NULL) {
        say(hit, "%" PRIu64 " times video was asked for and not given%s%" PRId64 ".",
            user->refused.count, median < 0 ? "; there is no time before: " : "; usual are ",
            median < 0 ? 0 : median);
        set_look(hit, tally, FOOTAGE);
    }
}

static void
find_burst(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    hits->is_judged[PATTERN_BURST] = true;
    if (user->burst.count < TALLY_BURST || user->burst.count <= BURST_TIMES * user->past_burst) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_BURST, user, &user->burst);
    if (hit != NULL) {
        say(hit,
            "%" PRIu64 " exports in one hour of the clock, the most of this time; the most in one "
            "hour in the weeks before was %" PRIu64 ".",
            user->burst.count, user->past_burst);
        set_look(hit, tally, " --action footage.export");
    }
}

static void
find_woke(struct hits *hits, const struct tally *tally, const struct tally_user *user)
{
    hits->is_judged[PATTERN_WOKE] |= tally->settings.from - tally->first >= IDLE;
    if (user->last_before == LOGGED_NONE || user->first_now == LOGGED_NONE ||
        user->first_now - user->last_before < IDLE) {
        return;
    }
    struct hit *hit = add_user(hits, PATTERN_WOKE, user, &user->woke);
    if (hit != NULL) {
        char date[CLOCK_TEXT];
        say(hit,
            "This account was not used for %" PRId64 " days (last on %s), and is in use again.",
            (user->first_now - user->last_before) / CLOCK_DAY, clock_date(user->last_before, date));
        set_look(hit, tally, "");
    }
}

static void
find_addresses(struct hits *hits, const struct tally *tally)
{
    for (size_t i = 0; i < tally->address_count; i++) {
        const struct tally_address *address = &tally->addresses[i];
        /* An address is sealed under its user: its mark says nothing of who else has it. */
        if (text_starts(address->shown, SEAL_PREFIX)) {
            continue;
        }
        hits->is_judged[PATTERN_ADDRESS] = true;
        unsigned now = tally_bits(address->now);
        unsigned past = tally_bits(address->past);
        if (now < ACCOUNTS_LEAST || now < past + ACCOUNTS_MORE) {
            continue;
        }
        struct hit *hit = add(hits, PATTERN_ADDRESS, &address->marks);
        if (hit != NULL) {
            char more[TALLY_NAME + 16] = "";
            struct query query = query_begin();
            hit->address = address->shown;
            say(hit,
                "At least %u accounts came, or tried to come, from this address; in the weeks "
                "before %u.",
                now, past);
            if (query_set_net(&query, address->shown) == OK) {
                (void)snprintf(more, sizeof(more), " --ip %s", address->shown);
            }
            set_look(hit, tally, more);
        }
    }
}

static void
find_reads(struct hits *hits, const struct tally *tally)
{
    uint64_t before = tally->before_count == 0 ? 1 : tally->before_count;
    hits->is_judged[PATTERN_READS] = true;
    for (size_t i = 0; i < tally->read_count; i++) {
        const struct tally_read *read = &tally->reads[i];
        if (read->marks.count < READS_LEAST ||
            read->marks.count * before < READS_TIMES * read->past) {
            continue;
        }
        struct hit *hit = add(hits, PATTERN_READS, &read->marks);
        if (hit != NULL) {
            hit->user = read->reader;
            hit->user_name = event_text(read->reader);
            hit->person = read->person;
            say(hit,
                "This account searched the ledger %" PRIu64
                " times for \xe2\x80\x9c%s\xe2\x80\x9d; in all the weeks before %" PRIu64 " times.",
                read->marks.count, read->person, read->past);
            set_look(hit, tally, " --action ledger.read");
        }
    }
}

struct hits *
hits_new(const struct tally *tally)
{
    static void (*const of_users[])(
        struct hits *, const struct tally *, const struct tally_user *) = {
        find_hours, find_camera, find_weekend, find_no_case, find_refused, find_burst, find_woke};
    struct hits *hits = calloc(1, sizeof(*hits));
    if (hits == NULL) {
        return NULL;
    }
    for (size_t find = 0; find < COUNT(of_users); find++) {
        for (size_t i = 0; i < tally->user_count; i++) {
            of_users[find](hits, tally, &tally->users[i]);
        }
    }
    find_addresses(hits, tally);
    find_reads(hits, tally);
    return hits;
}

void
hits_free(struct hits *hits)
{
    free(hits);
}

bool
hits_mark(void *context, const struct logged *logged)
{
    struct hit *hit = context;
    bool has_phase = logged->texts[LOGGED_PHASE].bytes != NULL;
    if ((!has_phase || logged_says(logged, LOGGED_PHASE, "begin")) &&
        logged_says(logged, LOGGED_OUTCOME, event_outcome_text(EVENT_OK))) {
        tally_mark_add(&hit->marks, logged);
    }
    return true;
}
