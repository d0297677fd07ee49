/* The progress bar. */
#include "cli/progress.h"

#include "base/clock.h"

#include <string.h>
#include <unistd.h>

#define BAR       24
#define REDRAW_MS 100

static const char *const phase_words[] = {
    [ASSESS_DISCOVER] = "addresses",
    [ASSESS_ASK] = "devices asked",
    [ASSESS_JUDGE] = "judged",
};

void
progress_init(struct progress *progress, FILE *out)
{
    *progress = (struct progress){
        .out = out,
        .is_terminal = isatty(fileno(out)) == 1,
        .quarter = UINT32_MAX,
    };
}

static void
draw_bar(struct progress *progress, const struct assess_progress *state)
{
    char bar[BAR + 1];
    size_t filled = state->all == 0 ? BAR : BAR * state->done / state->all;
    memset(bar, '-', BAR);
    memset(bar, '#', filled > BAR ? BAR : filled);
    bar[BAR] = '\0';
    (void)fprintf(progress->out, "\r\033[K[%s] %zu/%zu %s  %u log-ins  %u lock-outs  %.1f s", bar,
        state->done, state->all, phase_words[state->phase], state->logins, state->lockouts,
        (double)state->elapsed_ms / 1000.0);
    (void)fflush(progress->out);
    progress->is_open = true;
}

static void
print_line(struct progress *progress, const struct assess_progress *state)
{
    unsigned quarter = state->all == 0 ? 4 : (unsigned)(4 * state->done / state->all);
    if (state->phase == progress->phase && quarter == progress->quarter) {
        return;
    }
    progress->quarter = quarter;
    if (state->phase != ASSESS_JUDGE) {
        (void)fprintf(progress->out, "%5.1f s  %zu of %zu %s, %u log-ins, %u lock-outs\n",
            (double)state->elapsed_ms / 1000.0, state->done, state->all, phase_words[state->phase],
            state->logins, state->lockouts);
    }
}

void
progress_show(void *context, const struct assess_progress *state)
{
    struct progress *progress = context;
    int64_t now = clock_mono();
    if (!progress->is_terminal) {
        print_line(progress, state);
    } else if (state->phase != progress->phase || now - progress->drawn >= REDRAW_MS) {
        if (state->phase != ASSESS_JUDGE) {
            draw_bar(progress, state);
        }
        progress->drawn = now;
    }
    progress->phase = state->phase;
}

void
progress_end(struct progress *progress)
{
    if (progress->is_open) {
        (void)fputc('\n', progress->out);
        progress->is_open = false;
    }
}
