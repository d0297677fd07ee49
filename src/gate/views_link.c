/* By what name a later request calls what an earlier one opened or had prepared. */
#include "base/text.h"
#include "gate/views_inside.h"

static bool
is_link(const struct views_link *row, const char *session, const char *link)
{
    return row->at != 0 && text_equal(row->link, link) && text_equal(row->session, session);
}

void
views_put_link(struct views *views, const struct views_link *link, int64_t now)
{
    views_lock(views->shared);
    struct views_link *place = &views->shared->links[0];
    for (size_t i = 0; i < VIEWS_LINKS; i++) {
        struct views_link *row = &views->shared->links[i];
        if (is_link(row, link->session, link->link)) {
            place = row;
            break;
        }
        place = row->at < place->at ? row : place;
    }
    place->at = 0; /* who dies here leaves a free one */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    int64_t at = now != 0 ? now : 1;
    struct views_link copy = *link;
    copy.at = 0;
    *place = copy;
    __atomic_store_n(&place->at, at, __ATOMIC_RELEASE);
    views_unlock(views->shared);
}

enum err
views_find_link(struct views *views, const char *session, const char *link, int64_t now,
    struct views_link *ret_link)
{
    enum err err = ERR_MISSING;
    views_lock(views->shared);
    for (size_t i = 0; i < VIEWS_LINKS && err != OK; i++) {
        const struct views_link *row = &views->shared->links[i];
        if (is_link(row, session, link) && now - row->at < VIEWS_LINKED) {
            *ret_link = *row;
            err = OK;
        }
    }
    views_unlock(views->shared);
    return err;
}
