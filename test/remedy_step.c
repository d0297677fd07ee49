/*
 * Runs functions of one kind of step against something real: a step's detail as JSON on stdin, the
 * functions as arguments. "remedy-step mapping ADDRESS take apply prove undo" prints what came of
 * each, a line of JSON each.
 */
#include "base/text.h"
#include "remedy/remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum remedy_result
call(const struct remedy_kind *kind, struct job *job, const char *name)
{
    return text_equal(name, "take")    ? kind->take(job)
           : text_equal(name, "apply") ? kind->apply(job)
           : text_equal(name, "prove") ? kind->prove(job)
                                       : kind->undo(job);
}

static void
on_progress(void *context, const struct job *job, const char *words)
{
    (void)context;
    (void)job;
    (void)fprintf(stderr, "%s\n", words);
}

int
main(int argc, char **argv)
{
    struct scope scope;
    struct desk *desk = NULL;
    struct note note = {""};
    struct ip ip;
    const struct remedy_kind *kind = argc < 3 ? NULL : remedy_kind(argv[1]);
    struct plan_step step = {.number = 1, .kind = "mapping", .detail = json_loadf(stdin, 0, NULL)};
    struct plan plan = {.steps = &step, .step_count = 1};
    scope_init(&scope);
    if (kind == NULL || step.detail == NULL || ip_parse(argv[2], &ip) != OK ||
        scope_allow(&scope, argv[2], &note) != OK) {
        return 64;
    }
    const struct desk_settings settings = {
        .scope = &scope, .wire = wire_settings_default(), .progress = on_progress};
    if (desk_open(&settings, &desk, &note) != OK) {
        return 2;
    }
    struct job job = {.desk = desk, .plan = &plan, .step = &step, .subject = subject_new(1)};
    (void)subject_add_address(job.subject, &ip);
    arena_init(&job.arena, ARENA_DEVICE_LIMIT);
    for (int i = 3; i < argc; i++) {
        job.why.text[0] = '\0';
        enum remedy_result result = call(kind, &job, argv[i]);
        json_t *line = json_pack("{s:s, s:s, s:s}", "function", argv[i], "result",
            remedy_result_words(result), "why", job.why.text);
        (void)json_dumpf(line, stdout, 0);
        (void)fputs("\n", stdout);
        (void)fflush(stdout);
        json_decref(line);
    }
    desk_close(desk);
    json_decref(step.detail);
    json_decref(job.before);
    json_decref(job.after);
    arena_release(&job.arena);
    subject_free(job.subject);
    return 0;
}
