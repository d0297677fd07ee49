/* Hands a new password to every consumer of the site, and takes it back. */
#include "remedy/consumer_kind.h"

#include "base/file.h"
#include "base/text.h"
#include "ledger/event.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Jobs of several devices tell the same consumers: one at a time. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static enum err
ask_desk(void *context, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    const struct job *job = context;
    return desk_http(job->desk, target, request, arena, ret_answer);
}

static enum err
wait_desk(void *context, unsigned ms)
{
    const struct job *job = context;
    return desk_wait(job->desk, ms);
}

/* What a person calls it: "Frigate (frigate.yml)". */
static void
name_it(const struct site_consumer *row, char *out, size_t size)
{
    const struct consumer_kind *kind = consumer_kind(row->kind);
    const char *title = row->name != NULL ? row->name : kind == NULL ? row->kind : kind->title;
    char address[IP_TEXT];
    if (row->file != NULL) {
        (void)snprintf(out, size, "%s (%s)", title, file_tail(row->file, 60));
    } else {
        (void)snprintf(out, size, "%s (%s:%u)", title, ip_text(&row->login.ip, address), row->port);
    }
}

/* One consumer, one change. */
struct handing {
    struct job *job;
    const struct consumer_change *change;
    const struct secret *from, *to;
    bool is_back, is_rehearsal;
    const struct consumer_kind *kind;
    struct consumer_talk *talk;
    struct consumer_place *chosen;
    size_t count;
    struct note unknown; /* who can't be told */
    struct note other;   /* who has another password than this device's */
    struct note said;    /* what was done */
    struct note absent;  /* who does not record, though he has what he had before */
};

static bool
is_his(const struct consumer_place *place, const char *user)
{
    return place->user != NULL && text_equal(place->user, user);
}

static bool
has(const struct consumer_place *place, const struct secret *password)
{
    return place->password != NULL && text_equal(place->password, secret_text(password));
}

/* A name that is not known to be this device's, but the very password: it may be its. */
static bool
may_be_his(const struct handing *handing, const struct consumer_place *place)
{
    struct ip ip;
    return place->host != NULL && ip_parse(place->host, &ip) != OK && has(place, handing->from) &&
           is_his(place, handing->change->user);
}

/* The places that have the old password, or don't tell which. */
static enum err
choose(struct handing *handing)
{
    struct consumer_talk *talk = handing->talk;
    handing->chosen = arena_alloc(&talk->arena, (talk->place_count + 1) * sizeof(*handing->chosen));
    handing->count = 0;
    if (handing->chosen == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < talk->place_count; i++) {
        const struct consumer_place *place = &talk->places[i];
        if (!consumer_place_is_at(place, handing->job->subject)) {
            if (may_be_his(handing, place)) {
                note_set(&handing->unknown,
                    "%s has this password for %s; write its address there, or its name as in "
                    "devices: of the site file",
                    place->words, place->host);
            }
        } else if (place->by_hand != NULL) {
            if (place->user == NULL || is_his(place, handing->change->user)) {
                note_set(&handing->unknown, "%s: %s", place->words, place->by_hand);
            }
        } else if (is_his(place, handing->change->user)) {
            if (place->password == NULL || has(place, handing->from)) {
                handing->chosen[handing->count++] = *place;
            } else if (!has(place, handing->to)) {
                note_set(&handing->other,
                    "%s has another password than the device had, and is left as it is",
                    place->words);
            }
        }
    }
    return OK;
}

static enum err
list_again(struct handing *handing)
{
    handing->talk->place_count = 0;
    return handing->kind->list(handing->talk);
}

/* Read again: nobody has the old password, and as many as were changed have the new one. */
static enum err
prove(struct handing *handing)
{
    struct consumer_talk *talk = handing->talk;
    size_t right = 0;
    enum err err = list_again(handing);
    for (size_t i = 0; i < talk->place_count && err == OK; i++) {
        const struct consumer_place *place = &talk->places[i];
        if (!consumer_place_is_at(place, handing->job->subject) ||
            !is_his(place, handing->change->user) || place->by_hand != NULL) {
            continue;
        }
        if (has(place, handing->from)) {
            note_set(&talk->why, "%s still has the other password after the change", place->words);
            return ERR_VALUE;
        }
        right += place->password == NULL || has(place, handing->to) ? 1 : 0;
    }
    if (err == OK && right < handing->count) {
        note_set(&talk->why, "only %zu of %zu places have the password after the change", right,
            handing->count);
        return ERR_VALUE;
    }
    return err;
}

static void
say(struct handing *handing)
{
    size_t len = 0;
    for (size_t i = 0; i < handing->count && len < sizeof(handing->said.text) - 40; i++) {
        int got = snprintf(handing->said.text + len, sizeof(handing->said.text) - len, "%s%s",
            i == 0 ? "" : ", ", handing->chosen[i].words);
        len += got < 0 ? 0 : (size_t)got;
    }
}

/* The change itself, when it is known who gets it. */
static enum err
tell(struct handing *handing)
{
    struct consumer_talk *talk = handing->talk;
    char name[160];
    name_it(talk->row, name, sizeof(name));
    json_t *detail = json_pack("{s:s, s:s, s:s}", "consumer", name, "places", handing->said.text,
        "device", handing->job->step == NULL ? "" : handing->job->step->words);
    enum err err = desk_event(handing->job, EVENT_CONFIG_CHANGE,
        handing->is_back ? "take-back" : "hand-over", detail, &talk->why);
    if (err == OK) {
        desk_tell(handing->job, "telling %s", name);
        err = handing->kind->change(talk, handing->chosen, handing->count, handing->to);
    }
    return err == OK ? prove(handing) : err;
}

static enum err
converse(struct handing *handing)
{
    struct consumer_talk *talk = handing->talk;
    enum err err = handing->kind->open == NULL ? OK : handing->kind->open(talk);
    err = err == OK ? handing->kind->list(talk) : err;
    err = err == OK ? choose(handing) : err;
    if (err != OK) {
        return err;
    }
    if (handing->unknown.text[0] != '\0' && !handing->is_back && !handing->change->even_unknown) {
        talk->why = handing->unknown;
        return ERR_UNSUPPORTED;
    }
    bool by_hand = handing->count != 0 && handing->kind->by_file && talk->row->reload == NULL;
    if (by_hand && !handing->is_back && !handing->change->even_unknown) {
        note_set(&talk->why, "the site file says no reload: for it, so it would go on with the "
                             "password before");
        return ERR_UNSUPPORTED;
    }
    say(handing);
    return handing->count == 0 || handing->is_rehearsal ? OK : tell(handing);
}

/*
 * Taken back is what has its password of before; that it does not restart or record has to be said,
 * but nothing more can be put back.
 */
static enum err
excuse(struct handing *handing, enum err err, const char *more)
{
    if (err == OK || err == ERR_CANCELLED || !handing->is_back) {
        return err;
    }
    note_set(&handing->absent, "%.140s, though it has its password of before%s",
        handing->talk->why.text, more);
    handing->talk->why.text[0] = '\0';
    return OK;
}

/* After the turn, so that hand-overs of several devices share one restart. */
static enum err
settle(struct handing *handing)
{
    struct consumer_talk *talk = handing->talk;
    /* A process that died in between may have written the file and not told the program. */
    bool takes = handing->count != 0 || handing->job->is_resumed;
    if (takes && handing->kind->by_file && talk->row->reload != NULL) {
        desk_tell(handing->job, "%s", talk->row->reload);
        enum err err = excuse(handing, consumer_file_reload(talk), "; restart it by hand");
        if (err != OK || handing->absent.text[0] != '\0') {
            return err;
        }
    }
    return excuse(
        handing, consumer_await(talk, handing->kind, handing->chosen, handing->count), "");
}

/* "consumers": what was done; "remarks": what is left to a person. */
static void
note_in(struct job *job, const char *list_name, const char *name, const char *what)
{
    job->after = job->after == NULL ? json_object() : job->after;
    json_t *list = json_object_get(job->after, list_name);
    if (list == NULL) {
        list = json_array();
        (void)json_object_set_new(job->after, list_name, list);
    }
    json_t *line = json_sprintf("%s: %s", name, what);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), line)) {
            json_decref(line);
            return;
        }
    }
    (void)json_array_append_new(list, line);
}

static enum remedy_result
result_of(enum err err, bool changed)
{
    return err == OK                                                    ? REMEDY_DONE
           : err == ERR_CANCELLED                                       ? REMEDY_STOPPED
           : err == ERR_VALUE && changed                                ? REMEDY_UNPROVEN
           : (err == ERR_UNSUPPORTED || err == ERR_REFUSED) && !changed ? REMEDY_REFUSED
                                                                        : REMEDY_FAILED;
}

/* What was done and what is left to a person, for the page. */
static void
tell_outcome(struct handing *handing, enum err err, const char *name)
{
    struct note *why = &handing->job->why;
    if (err != OK) {
        const char *words = handing->talk->why.text;
        note_set(why, "%s: %s", name, words[0] == '\0' ? err_words(err) : words);
        return;
    }
    if (handing->count != 0) {
        note_in(handing->job, "consumers", name, handing->said.text);
    }
    if (handing->unknown.text[0] != '\0') {
        note_in(handing->job, "remarks", name, handing->unknown.text);
    }
    if (handing->count != 0 && handing->kind->by_file && handing->talk->row->reload == NULL) {
        const char *alone = handing->kind->alone;
        note_in(handing->job, "remarks", name,
            alone != NULL ? alone : "restart it; until then it goes on with the password before");
    }
    if (handing->other.text[0] != '\0' && !handing->is_back) {
        note_in(handing->job, "remarks", name, handing->other.text);
    }
    if (handing->absent.text[0] != '\0') {
        note_in(handing->job, "remarks", name, handing->absent.text);
    }
}

/* One consumer from beginning to end; a rehearsal only looks whether it can be told. */
static enum remedy_result
hand(struct handing *handing, const struct site *site, const struct site_consumer *row)
{
    struct job *job = handing->job;
    struct consumer_talk talk;
    char name[160];
    name_it(row, name, sizeof(name));
    handing->kind = consumer_kind(row->kind);
    if (handing->kind == NULL) {
        note_set(&job->why, "%s: nothing is known of this kind", name);
        return REMEDY_REFUSED;
    }
    handing->talk = &talk;
    handing->count = 0;
    handing->unknown.text[0] = handing->said.text[0] = '\0';
    handing->other.text[0] = handing->absent.text[0] = '\0';
    consumer_talk_init(&talk, site, row);
    talk.http = ask_desk;
    talk.wait = wait_desk;
    talk.context = talk.job = job;
    talk.known[0] = handing->from;
    talk.known[1] = handing->to;
    talk.stamp = job->plan == NULL ? talk.stamp : job->plan->id;
    (void)pthread_mutex_lock(&turn);
    enum err err = converse(handing);
    (void)pthread_mutex_unlock(&turn);
    err = err == OK && !handing->is_rehearsal ? settle(handing) : err;
    if (err != OK || !handing->is_rehearsal) {
        tell_outcome(handing, err, name);
    }
    enum remedy_result result = result_of(err, talk.changed);
    consumer_talk_release(&talk);
    handing->talk = NULL;
    handing->chosen = NULL;
    return result;
}

/* Each of the site's consumers in turn, as far as they go. */
static enum remedy_result
hand_all(struct handing *handing)
{
    struct job *job = handing->job;
    const struct site *site = desk_settings(job->desk)->site;
    for (size_t i = 0; site != NULL && i < site->consumer_count; i++) {
        enum remedy_result result = hand(handing, site, &site->consumers[i]);
        if (result == REMEDY_REFUSED && handing->change->even_unknown) {
            if (!handing->is_rehearsal) {
                note_in(job, "remarks", "to be told by hand", job->why.text);
            }
            job->why.text[0] = '\0';
        } else if (result != REMEDY_DONE) {
            return result;
        }
    }
    return REMEDY_DONE;
}

enum remedy_result
consumer_hand_over(struct job *job, const struct consumer_change *change)
{
    struct handing handing = {
        .job = job, .change = change, .from = change->from, .to = change->to, .is_rehearsal = true};
    enum remedy_result result = hand_all(&handing);
    if (result != REMEDY_DONE) {
        return result;
    }
    handing.is_rehearsal = false;
    job->after = job->after == NULL ? json_object() : job->after;
    (void)json_object_set_new(job->after, "consumers_begun", json_true());
    result = hand_all(&handing);
    return result == REMEDY_REFUSED ? REMEDY_FAILED : result;
}

enum remedy_result
consumer_take_back(struct job *job, const struct consumer_change *change)
{
    const struct site *site = desk_settings(job->desk)->site;
    struct handing handing = {
        .job = job, .change = change, .from = change->to, .to = change->from, .is_back = true};
    enum remedy_result worst = REMEDY_DONE;
    struct note why = job->why;
    if (!job->is_resumed && !json_is_true(json_object_get(job->after, "consumers_begun"))) {
        return REMEDY_DONE; /* nobody was told */
    }
    for (size_t i = site == NULL ? 0 : site->consumer_count; i-- > 0;) {
        job->why.text[0] = '\0';
        enum remedy_result result = hand(&handing, site, &site->consumers[i]);
        if (result != REMEDY_DONE && !(result == REMEDY_REFUSED && change->even_unknown)) {
            worst = result;
            why = job->why;
        }
    }
    job->why = why;
    return worst;
}
