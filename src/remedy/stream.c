/* Whether a camera delivers video. */
#include "remedy/session.h"

enum err
stream_look(struct job *job, unsigned frames, unsigned ms, struct stream_sight *ret_sight)
{
    (void)frames;
    (void)ms;
    (void)ret_sight;
    note_set(&job->why, "no stream of it is known");
    return ERR_UNSUPPORTED;
}

enum err
stream_watch_begin(struct job *job, struct stream_watch **ret_watch)
{
    (void)ret_watch;
    note_set(&job->why, "no stream of it is known");
    return ERR_UNSUPPORTED;
}

enum err
stream_watch_end(struct stream_watch *watch, unsigned *ret_gap_ms)
{
    (void)watch;
    (void)ret_gap_ms;
    return ERR_UNSUPPORTED;
}

void
stream_watch_free(struct stream_watch *watch)
{
    (void)watch;
}
