/* The progress bar. */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR       24
#define WORDS     62 /* beside the bar, at most */
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
        .is_terminal = isatty(fileno(out)) == 1 && !text_equal(getenv("TERM"), "dumb"),
        .quarter = UINT32_MAX,
    };
}

/* A line that wraps can't be drawn again, so a narrow terminal gets a shorter bar or none. */
static size_t
bar_width(FILE *out)
{
    struct winsize size = {0};
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return BAR;
    }
    return size.ws_col <= WORDS ? 0 : size.ws_col - WORDS < BAR ? size.ws_col - WORDS : BAR;
}

static void
draw_bar(struct progress *progress, const struct assess_progress *state)
{
    char bar[BAR + 1];
    size_t width = bar_width(progress->out);
    size_t filled = state->all == 0 ? width : width * state->done / state->all;
    memset(bar, '-', width);
    memset(bar, '#', filled > width ? width : filled);
    bar[width] = '\0';
    (void)fprintf(progress->out, "\r\033[K%s%s%s%zu/%zu %s  %u log-ins  %u lock-outs  %.1f s",
        width == 0 ? "" : "[", bar, width == 0 ? "" : "] ", state->done, state->all,
        phase_words[state->phase], state->logins, state->lockouts,
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
