/* Jumps and quality of the machine's clock. */
#include "daemon/clockwatch.h"
#include "base/clock.h"

#include <string.h>
#include <sys/timex.h>

void
clockwatch_read(struct clockwatch_reading *ret_reading)
{
    struct timex state;
    memset(&state, 0, sizeof(state)); /* modes 0: only asks */
    int asked = adjtimex(&state);
    *ret_reading = (struct clockwatch_reading){
        .wall = clock_wall(),
        .elapsed = clock_boot(),
        .synced = asked >= 0 && (state.status & STA_UNSYNC) == 0,
        .max_error = asked >= 0 ? state.maxerror : -1,
    };
}

enum event_clock
clockwatch_quality(const struct clockwatch *watch)
{
    if (watch->now < watch->newest) {
        return EVENT_CLOCK_STEPPED;
    }
    return watch->last.synced ? EVENT_CLOCK_SYNCED : EVENT_CLOCK_UNSYNCED;
}

bool
clockwatch_look(struct clockwatch *watch, const struct clockwatch_reading *reading,
    struct clockwatch_change *ret_change)
{
    enum event_clock before = clockwatch_quality(watch);
    bool was_begun = watch->begun;
    int64_t expected = watch->last.wall + reading->elapsed - watch->last.elapsed;
    int64_t off = reading->wall - expected;
    watch->begun = true;
    watch->last = *reading;
    watch->now = reading->wall;
    enum event_clock after = clockwatch_quality(watch);
    if (watch->now > watch->newest) {
        watch->newest = watch->now;
    }
    bool jumped = was_begun && (off > CLOCKWATCH_JUMP || off < -CLOCKWATCH_JUMP);
    if (!was_begun || (!jumped && after == before)) {
        return false;
    }
    *ret_change = (struct clockwatch_change){expected, reading->wall, jumped, before, after};
    return true;
}

void
clockwatch_remember(struct clockwatch *watch, int64_t stamped)
{
    if (stamped > watch->newest) {
        watch->newest = stamped;
    }
}

const char *
clockwatch_words(enum event_clock clock)
{
    static const char *const words[] = {
        [EVENT_CLOCK_SYNCED] = "synced",
        [EVENT_CLOCK_UNSYNCED] = "unsynced",
        [EVENT_CLOCK_STEPPED] = "stepped",
    };
    assert((size_t)clock < COUNT(words));
    return words[clock];
}
