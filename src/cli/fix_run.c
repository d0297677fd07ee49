/* Runs a plan forwards or backwards under the eyes of a guardian, and says how it went. */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/fix.h"
#include "remedy/proof.h"
#include "remedy/remedy.h"
#include "report/width.h"

#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define VIDEO_S 30

static struct desk *volatile running;

/* The first Ctrl-C lets end what was begun; the second, and whoever ends the process, stop at once.
 */
static void
on_signal(int number)
{
    static volatile sig_atomic_t seen;
    static const char words[] =
        "\ngatehouse: the steps that have begun are brought to their end (kept or taken back), no "
        "other begins.\nOnce more stops at once; the guardian then takes back what is "
        "unfinished.\n";
    if (number == SIGINT && seen == 0) {
        seen = 1;
        apply_stop();
        ssize_t wrote = write(STDERR_FILENO, words, sizeof(words) - 1);
        (void)wrote;
        return;
    }
    apply_stop();
    if (running != NULL) {
        desk_stop(running);
    }
}

static void
catch_signals(bool begins)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = begins ? on_signal : SIG_DFL};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        (void)sigaction(numbers[i], &action, NULL);
    }
}

static void
end_line(struct fix *fix)
{
    if (fix->is_drawn) {
        (void)fputs("\r\033[K", stderr);
        fix->is_drawn = false;
    }
}

/* "kept" or "left: why": the end of a step, in the words of the result. */
static const char *
end_words(const char *words, enum trail_phase *ret_phase)
{
    static const struct {
        enum trail_phase phase;
        const char *words;
    } ends[] = {
        {TRAIL_KEPT,   "done and proven"  },
        {TRAIL_UNDONE, "taken back"       },
        {TRAIL_LEFT,   "left alone"       },
        {TRAIL_STUCK,  "STUCK, look at it"},
    };
    for (size_t i = 0; i < COUNT(ends); i++) {
        const char *name = trail_phase_name(ends[i].phase);
        size_t len = strlen(name);
        if (strncmp(words, name, len) == 0 && (words[len] == '\0' || words[len] == ':')) {
            *ret_phase = ends[i].phase;
            return ends[i].words;
        }
    }
    return NULL;
}

/* One line that is drawn again on a terminal; a line for each end elsewhere, and where it went ill.
 */
static void
draw(struct fix *fix, const struct job *job, const char *words)
{
    char line[1024], fitted[1024];
    CLEANUP(buf_release) struct buf cut;
    struct winsize size = {.ws_col = 80};
    (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    (void)snprintf(line, sizeof(line), "%u of %u steps  %s: %s", fix->ended, fix->runs,
        job->plan->targets[job->step->target].title, words);
    text_clean(fitted, sizeof(fitted), line, strlen(line));
    buf_init(&cut, sizeof(fitted) + 8);
    width_cut(&cut, fitted, size.ws_col < 24 ? 23 : size.ws_col - 1U, "~");
    (void)fprintf(stderr, "\r\033[K%s", cut.data);
    fix->is_drawn = true;
}

static void
show_progress(void *context, const struct job *job, const char *words)
{
    struct fix *fix = context;
    char clean[512];
    enum trail_phase phase = TRAIL_WAITING;
    if (fix->order.quiet) {
        return;
    }
    const char *end = end_words(words, &phase);
    const char *why = strchr(words, ':');
    fix->ended += end == NULL ? 0 : 1;
    text_clean(clean, sizeof(clean), end == NULL || why == NULL ? words : why,
        strlen(end == NULL || why == NULL ? words : why));
    if (fix->is_terminal && (end == NULL || phase == TRAIL_KEPT || phase == TRAIL_LEFT)) {
        draw(fix, job, end == NULL ? clean : end);
    } else if (end != NULL || !text_equal(words, job->step->words)) {
        end_line(fix);
        (void)fprintf(stderr, "%3u  %s: %s%s\n", job->step->number,
            job->plan->targets[job->step->target].title, end == NULL ? clean : end,
            end == NULL || why == NULL ? "" : clean);
    }
}

static enum err
open_desk(struct fix *fix, struct trail *trail, struct desk **ret_desk, struct note *note)
{
    const struct desk_settings settings = {
        .scope = &fix->order.scope,
        .wire = fix->order.settings.wire,
        .site = fix->order.site,
        .store = fix->order.store,
        .vault = fix->vault,
        .journal = trail,
        .ledger = fix->order.settings.ledger,
        .devices_at_once = fix->order.settings.devices_at_once,
        .video_s = VIDEO_S,
        .progress = show_progress,
        .context = fix,
    };
    return desk_open(&settings, ret_desk, note);
}

static enum err
run_way(enum fix_way way, struct desk *desk, const struct plan *plan, struct apply_result *result,
    struct note *note)
{
    switch (way) {
    case FIX_APPLY:
        return apply_plan(desk, plan, result, note);
    case FIX_RESUME:
        return apply_resume(desk, plan, true, result, note);
    case FIX_UNFINISHED:
        return apply_resume(desk, plan, false, result, note);
    case FIX_ROLLBACK:
        break;
    }
    return apply_rollback(desk, plan, result, note);
}

static void
print_json(const struct proof *proof)
{
    json_t *json = proof_json(proof);
    if (json != NULL) {
        (void)json_dumpf(json, stdout, JSON_INDENT(2));
        (void)printf("\n");
    }
    json_decref(json);
}

static void
print_text(const struct proof *proof)
{
    CLEANUP(buf_release) struct buf out;
    struct page page;
    const struct report_options look = {
        .colour = cli_colour(stdout),
        .ascii = !text_equal_nocase(nl_langinfo(CODESET), "UTF-8"),
        .now = clock_wall(),
    };
    buf_init(&out, REPORT_MAX);
    page_init(&page, &look, &out);
    proof_text(proof, &page);
    page_release(&page);
    (void)fwrite(out.data, 1, out.len, stdout);
}

/* Before and after, on the screen and beside the reports. */
static void
prove(struct fix *fix, struct proof *proof)
{
    char digest[PLAN_DIGEST];
    struct note note = {""};
    struct note why_not = {""};
    struct assessment *after = NULL;
    const char *output = fix->order.output == NULL ? "gatehouse-report" : fix->order.output;
    if (fix_look_again(fix, proof->plan, proof->journal, &after, &why_not) != OK) {
        proof->why_not = why_not.text;
    }
    proof->after = after;
    if (fix->json) {
        print_json(proof);
    } else {
        print_text(proof);
    }
    if (proof_save(proof, output, digest, &note) != OK) {
        log_warn("the proof could not be written to %s: %s", output, note.text);
    } else if (!fix->json && !fix->order.quiet) {
        (void)printf("\n Proof: %s/fix.html\n", output);
    }
    (void)fflush(stdout);
    proof->why_not = NULL;
    proof->after = NULL;
    if (after != NULL) {
        assessment_free(after);
    }
}

static void
name_stuck(const struct trail *trail, const struct plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        const struct trail_step state = trail_step(trail, step->number);
        if (state.phase == TRAIL_STUCK) {
            (void)cli_fail("step %u at %s is stuck (%s): %s", step->number,
                plan->targets[step->target].title, step->words,
                state.why == NULL ? "it is not known why" : state.why);
        }
    }
}

static int
tell_unended(const struct trail *trail, const struct plan *plan, const struct apply_result *result,
    bool is_cut_off)
{
    if (result->stuck != 0) {
        name_stuck(trail, plan);
        (void)cli_fail("%u step%s could neither be kept nor taken back. When the device answers "
                       "again: gatehouse fix rollback %s; or as it is: gatehouse fix confirm %s. "
                       "Until then nothing else is changed at that device",
            result->stuck, result->stuck == 1 ? "" : "s", plan->id, plan->id);
    } else if (is_cut_off) {
        (void)cli_fail(
            "stopped at once; the plan's guardian takes back what is unfinished. gatehouse "
            "fix status shows it");
    } else {
        (void)cli_fail("stopped between two steps: gatehouse fix resume %s goes on, gatehouse fix "
                       "rollback %s takes it back",
            plan->id, plan->id);
    }
    return CLI_INCOMPLETE;
}

static bool
is_back(enum fix_way way)
{
    return way == FIX_ROLLBACK || way == FIX_UNFINISHED;
}

/* The plan is over as it stands, or it waits for a person. */
static enum err
end_plan(const struct fix *fix, enum fix_way way, struct trail *trail,
    const struct apply_result *result, bool *ret_waits)
{
    *ret_waits = !is_back(way) && fix->confirm_s != 0 && result->kept != 0;
    if (*ret_waits) {
        return trail_await(trail, clock_wall() + (int64_t)fix->confirm_s * 1000);
    }
    /* What was kept can be taken back by name later. */
    bool is_all = way == FIX_ROLLBACK || (way == FIX_UNFINISHED && result->kept == 0);
    return trail_end(trail, is_all ? "rolled-back" : "ended");
}

static int
conclude(struct fix *fix, enum fix_way way, const struct plan *plan,
    const struct apply_result *result, bool waits)
{
    if (waits && !fix->json) {
        (void)printf(" All of it is taken back in %u s unless this is run before:\n"
                     "   gatehouse fix confirm %s\n",
            fix->confirm_s, plan->id);
    }
    if (!is_back(way) && !waits && !fix->json && !fix->order.quiet && result->kept != 0) {
        (void)printf(" Take it back: gatehouse fix rollback %s\n", plan->id);
    }
    (void)fflush(stdout);
    if (way == FIX_ROLLBACK) {
        return result->kept == 0 ? CLI_OK : CLI_GAPS;
    }
    if (way == FIX_UNFINISHED) {
        return CLI_OK;
    }
    return result->undone == 0 && result->left == 0 && plan->left_count == 0 ? CLI_OK : CLI_GAPS;
}

/* The guardian of a plan that goes forward. */
static enum err
start_guard(const struct fix *fix, enum fix_way way, const struct plan *plan,
    struct guard **ret_guard, struct note *note)
{
    const struct guard_orders orders = {
        .folder = fix->folder,
        .id = plan->id,
        .dead_man_s = plan->dead_man_s,
        .confirm_s = fix->confirm_s,
    };
    return way == FIX_APPLY || way == FIX_RESUME ? guard_start(&orders, ret_guard, note) : OK;
}

int
fix_run(struct fix *fix, enum fix_way way, struct trail *trail, const struct plan *plan)
{
    struct note note = {""};
    struct apply_result result = {.kept = 0};
    struct guard *guard = NULL;
    struct desk *desk = NULL;
    struct proof proof = {.plan = plan, .journal = trail, .result = &result, .began = clock_wall()};
    bool waits = false;
    enum err err = open_desk(fix, trail, &desk, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    err = start_guard(fix, way, plan, &guard, &note);
    for (size_t i = 0; i < plan->step_count; i++) {
        fix->runs += plan->steps[i].by_hand ? 0 : 1;
    }
    fix->is_terminal = isatty(STDERR_FILENO) == 1 && !text_equal(getenv("TERM"), "dumb");
    running = desk;
    catch_signals(true);
    err = err == OK ? run_way(way, desk, plan, &result, &note) : err;
    catch_signals(false);
    running = NULL;
    end_line(fix);
    bool is_cut_off = desk_is_stopped(desk);
    desk_close(desk);
    if (err != OK) {
        return cli_fail_err(err, &note); /* the guardian sees this process end */
    }
    proof.ended = clock_wall();
    bool is_over = !result.is_stopped && result.stuck == 0;
    if (is_over && end_plan(fix, way, trail, &result, &waits) != OK) {
        return cli_fail("the journal of the plan can't be written: %s", trail_folder(trail));
    }
    if (waits) {
        guard_await(guard);
    } else if (!is_cut_off) {
        guard_dismiss(guard);
    }
    prove(fix, &proof);
    return is_over ? conclude(fix, way, plan, &result, waits)
                   : tell_unended(trail, plan, &result, is_cut_off);
}
