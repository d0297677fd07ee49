/* Who uses which device, looked up before a plan is made. */
#include "remedy/consumer_kind.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What one consumer says. */
struct view {
    const struct site_consumer *row;
    const struct consumer_kind *kind;
    struct consumer_place *places; /* without passwords */
    size_t count;
    const char *trouble; /* why it could not be read; NULL: it was */
};

struct consumer_survey {
    struct arena arena;
    struct view *views;
    size_t count;
};

/* The loop of one survey: each question is waited for. */
struct wired {
    struct wire *wire;
    struct answer *answer;
};

static void
take_answer(void *context, const struct answer *answer)
{
    struct wired *wired = context;
    *wired->answer = *answer;
    wire_stop(wired->wire);
}

static enum err
ask_wire(void *context, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    struct wired *wired = context;
    struct answer answer = {.err = ERR_NETWORK};
    wired->answer = &answer;
    if (wire_http(wired->wire, target, request, arena, take_answer, wired) == NULL) {
        return ERR_MEMORY;
    }
    wire_run(wired->wire);
    *ret_answer = answer;
    return answer.err;
}

/* Keeps what a plan needs of the places; the passwords are left behind. */
static enum err
keep(struct consumer_survey *survey, struct view *view, const struct consumer_talk *talk)
{
    struct arena *arena = &survey->arena;
    view->places = arena_alloc(arena, (talk->place_count + 1) * sizeof(*view->places));
    for (size_t i = 0; view->places != NULL && i < talk->place_count; i++) {
        const struct consumer_place *place = &talk->places[i];
        view->places[view->count++] = (struct consumer_place){
            .host = arena_copy(arena, place->host),
            .words = arena_copy(arena, place->words),
            .by_hand = arena_copy(arena, place->by_hand),
        };
    }
    return arena->full ? ERR_LIMIT : OK;
}

static enum err
look(
    struct consumer_survey *survey, const struct site *site, struct view *view, struct wired *wired)
{
    struct consumer_talk talk;
    if (view->kind == NULL) {
        view->trouble = "nothing is known of this kind";
        return OK;
    }
    if (view->kind->late != NULL) {
        return OK;
    }
    consumer_talk_init(&talk, site, view->row);
    talk.http = ask_wire;
    talk.context = wired;
    enum err err = view->kind->open == NULL ? OK : view->kind->open(&talk);
    err = err == OK ? view->kind->list(&talk) : err;
    if (err != OK) {
        const char *words = talk.why.text[0] == '\0' ? err_words(err) : talk.why.text;
        view->trouble = arena_copy(&survey->arena, words);
        err = view->trouble == NULL ? ERR_LIMIT : OK;
    } else {
        err = keep(survey, view, &talk);
    }
    consumer_talk_release(&talk);
    return err;
}

enum err
consumer_survey_new(const struct site *site, const struct scope *scope,
    const struct wire_settings *wire, struct consumer_survey **ret_survey)
{
    struct wired wired = {.wire = NULL};
    struct consumer_survey *survey = calloc(1, sizeof(*survey));
    if (survey == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&survey->arena, CONSUMER_BYTES);
    survey->views =
        arena_alloc(&survey->arena, (site->consumer_count + 1) * sizeof(*survey->views));
    enum err err = survey->views == NULL ? ERR_MEMORY : wire_new(scope, wire, &wired.wire);
    for (size_t i = 0; i < site->consumer_count && err == OK; i++) {
        struct view *view = &survey->views[survey->count++];
        view->row = &site->consumers[i];
        view->kind = consumer_kind(view->row->kind);
        err = look(survey, site, view, &wired);
    }
    if (wired.wire != NULL) {
        wire_free(wired.wire);
    }
    if (err != OK) {
        consumer_survey_free(survey);
        return err;
    }
    *ret_survey = survey;
    return OK;
}

void
consumer_survey_free(struct consumer_survey *survey)
{
    if (survey != NULL) {
        arena_release(&survey->arena);
        free(survey);
    }
}

static void
add(struct arena *arena, const char **words, const char *more)
{
    *words = *words == NULL ? arena_copy(arena, more) : arena_format(arena, "%s, %s", *words, more);
}

static const char *
title_of(const struct view *view)
{
    return view->row->name != NULL ? view->row->name
           : view->kind == NULL    ? view->row->kind
                                   : view->kind->title;
}

/* "Frigate (frigate.yml line 12 and line 40)". */
static void
tell_view(const struct view *view, const struct subject *subject, struct arena *arena,
    struct consumer_users *users)
{
    const char *where = NULL;
    for (size_t i = 0; i < view->count; i++) {
        const struct consumer_place *place = &view->places[i];
        if (!consumer_place_is_at(place, subject)) {
            continue;
        }
        add(arena, &where, place->words);
        if (place->by_hand != NULL) {
            add(arena, &users->unknown,
                arena_format(arena, "%s, %s: %s", title_of(view), place->words, place->by_hand));
        }
    }
    if (where == NULL) {
        return;
    }
    const char *file = view->row->file == NULL ? "" : file_tail(view->row->file, 60);
    const char *blank = file[0] == '\0' ? "" : " ";
    const char *trial = view->kind->maturity == MATURITY_EXPERIMENTAL ? "; experimental" : "";
    add(arena, &users->words,
        arena_format(arena, "%s (%s%s%s%s)", title_of(view), file, blank, where, trial));
    users->restarts = users->restarts || view->row->reload != NULL;
    if (view->kind->by_file && view->row->reload == NULL) {
        add(arena, &users->unknown,
            arena_format(arena,
                "%s: the site file says no reload: for it, so it would go on with the old password",
                title_of(view)));
    }
}

enum err
consumer_users(const struct consumer_survey *survey, const struct subject *subject,
    struct arena *arena, struct consumer_users *ret_users)
{
    struct consumer_users users = {.words = NULL};
    for (size_t i = 0; survey != NULL && i < survey->count; i++) {
        const struct view *view = &survey->views[i];
        if (view->trouble != NULL) {
            add(arena, &users.unknown,
                arena_format(arena, "%s may use it and could not be read: %s", title_of(view),
                    view->trouble));
        } else if (view->kind->late != NULL) {
            add(arena, &users.words,
                arena_format(arena, "%s (%s)", title_of(view), view->kind->late));
        } else {
            tell_view(view, subject, arena, &users);
        }
    }
    *ret_users = users;
    return arena->full ? ERR_LIMIT : OK;
}
