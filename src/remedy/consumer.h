/*
 * Who uses a device's password: VMSes, recorders, home automation, as the site file lists them
 * (consumers:). A new password is handed to each of them in the same transaction in which the
 * device got it, and the old one when that is taken back. Each kind is one file of consumers.def.
 */
#pragma once

#include "remedy/remedy.h"

/*
 * The signs beside letters and digits that every consumer writes and reads alike: they stand for
 * themselves in an address (RFC 3986 section 2.3) and in YAML, and Frigate encodes none of them a
 * second time. A new password for a device with consumers keeps to these.
 */
#define CONSUMER_SIGNS "-._~"

struct consumer_survey;

/*
 * Looks at every consumer of the site: reads its file, or asks it over the network, with its own
 * log-in and at most once, inside the scope. For the plan; nothing is changed. One that can't be
 * read is remembered with the reason. The site must outlive the survey.
 */
enum err consumer_survey_new(const struct site *site, const struct scope *scope,
    const struct wire_settings *wire, struct consumer_survey **ret_survey) MUST_CHECK;
void consumer_survey_free(struct consumer_survey *survey);

/* Who notices when a device's password changes. */
struct consumer_users {
    const char *words;   /* "Frigate (frigate.yml line 12), ZoneMinder (monitor 3)"; NULL: nobody */
    const char *unknown; /* who uses it, or may, and can't be told, and why; NULL: nobody */
    bool restarts;       /* one of them takes the change by a restart: recording stands still */
};

/*
 * The words live in the arena. A plan does not rotate the password of a device with an `unknown`,
 * but says so, unless plan_choice.even_unknown. survey NULL: nobody.
 */
enum err consumer_users(const struct consumer_survey *survey, const struct subject *subject,
    struct arena *arena, struct consumer_users *ret_users) MUST_CHECK;

/* One account's password of the job's device. */
struct consumer_change {
    const char *user;
    const struct secret *from, *to;
    bool even_unknown; /* go on past who can't be told; said in job->after */
};

/*
 * Tells every consumer of the site that uses this account of the device: each is read, changed,
 * read again, and shows that it still records where it can tell; what it was is kept beside its
 * file. What was done stands in words in job->after ("consumers", a list), what is left to a
 * person too ("remarks"). May be called twice, and
 * by any process. Not REMEDY_DONE: some may have the new password, some not; consumer_take_back()
 * is the way back. REMEDY_REFUSED: one of them can't be told, and none was.
 */
enum remedy_result consumer_hand_over(struct job *job, const struct consumer_change *change);
/*
 * The same change the other way round: every consumer that has change->to gets change->from again.
 * Goes on with the others where one fails, and says so.
 */
enum remedy_result consumer_take_back(struct job *job, const struct consumer_change *change);
