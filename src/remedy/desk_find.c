/*
 * Looks for a device that has a new address: those who answer the maker's own discovery, ONVIF's
 * and the neighbour table say their MAC or serial number. The scope is not swept.
 */
#include "remedy/desk_post.h"

#include "base/clock.h"
#include "base/text.h"
#include "discover/discover.h"
#include "remedy/remedy.h"

#define LISTEN_MS 2500
#define PAUSE_MS  1000

struct find_post {
    struct desk_post post;
    struct wire *wire;
    const struct scope *scope;
    const struct subject *subject;
    struct discovery *discovery;
    struct wire_call *end;
    struct ip found; /* family 0: not seen */
};

/* What says for sure that it is the same device. */
static bool
is_same(const struct subject *subject, const struct sighting *sighting)
{
    const char *serial = facts_text(&subject->facts, FACT_DEVICE_SERIAL);
    const char *other = facts_text(&sighting->facts, FACT_DEVICE_SERIAL);
    const char *stated = facts_text(&sighting->facts, FACT_DEVICE_MAC);
    struct mac mac = {{0}};
    if (mac_is_zero(&subject->mac)) {
        return serial != NULL && other != NULL && text_equal_nocase(serial, other);
    }
    if (!mac_is_zero(&sighting->mac)) {
        return mac_equal(&subject->mac, &sighting->mac);
    }
    return stated != NULL && mac_parse(stated, &mac) == OK && mac_equal(&subject->mac, &mac);
}

/* Its address, in the scope; family 0: none. */
static struct ip
address_of(const struct find_post *find, const struct sighting *sighting)
{
    static const struct ip none;
    const struct ip *ip = sighting->states.family != 0 ? &sighting->states : &sighting->from;
    return ip->family != 0 && scope_contains(find->scope, ip) ? *ip : none;
}

/* Where it was before counts most: then nothing has changed. */
static void
look(struct find_post *find)
{
    for (const struct sighting *sighting = discovery_sightings(find->discovery); sighting != NULL;
         sighting = sighting->next) {
        struct ip ip = address_of(find, sighting);
        if (ip.family == 0 || !is_same(find->subject, sighting)) {
            continue;
        }
        if (subject_has_address(find->subject, &ip)) {
            find->found = ip;
            return;
        }
        bool is_better = find->found.family == 0 || (find->found.family == 6 && ip.family == 4);
        find->found = is_better ? ip : find->found;
    }
}

static void
finish(void *context)
{
    struct find_post *find = context;
    find->end = NULL;
    look(find);
    discovery_free(find->discovery);
    desk_post_end(&find->post, find->found.family == 0 ? ERR_MISSING : OK);
}

/* It is freed from the next turn of the loop, not from its own call. */
static void
heard(void *context)
{
    struct find_post *find = context;
    if (find->end == NULL) {
        find->end = wire_after(find->wire, 0, finish, find);
    }
}

static void
start(struct desk_post *post, struct wire *wire)
{
    static const struct given nobody;
    struct find_post *find = (struct find_post *)post;
    const struct discovery_settings settings = {
        .choice = {.given = &nobody},
        .listen_ms = LISTEN_MS,
        .done = heard,
        .context = find,
    };
    find->wire = wire;
    enum err err = discovery_start(wire, find->scope, &settings, &find->discovery);
    if (err != OK) {
        wire_cancel(find->end);
        desk_post_end(post, err);
    }
}

static void
cancel(struct desk_post *post)
{
    struct find_post *find = (struct find_post *)post;
    wire_cancel(find->end);
    discovery_free(find->discovery);
}

static void
move(struct subject *subject, const struct ip *ip)
{
    if (!subject_has_address(subject, ip)) {
        subject->address_count = 0;
        (void)subject_add_address(subject, ip);
    }
}

enum err
desk_find(struct job *job, unsigned seconds)
{
    const struct scope *scope = desk_settings(job->desk)->scope;
    int64_t deadline = clock_mono() + (int64_t)seconds * 1000;
    bool is_known = !mac_is_zero(&job->subject->mac) ||
                    facts_get(&job->subject->facts, FACT_DEVICE_SERIAL) != NULL;
    if (!is_known) {
        note_set(&job->why, "neither its MAC nor its serial number is known to find it by");
        return ERR_MISSING;
    }
    for (;;) {
        struct find_post find = {
            .post = {.start = start, .cancel = cancel},
              .scope = scope, .subject = job->subject
        };
        enum err err = desk_post(job->desk, &find.post);
        if (err == OK) {
            move(job->subject, &find.found);
            return OK;
        }
        if (err != ERR_MISSING || clock_mono() + PAUSE_MS >= deadline) {
            return err;
        }
        err = desk_wait(job->desk, PAUSE_MS);
        if (err != OK) {
            return err;
        }
    }
}
