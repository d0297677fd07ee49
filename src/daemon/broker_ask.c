/*
 * Questions about recordings: answered from what is known, from a cache, or by asking the VMS, each
 * thing once however many workers ask. Bounded in number, time and memory.
 */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/broker_part.h"

#include <stdlib.h>
#include <string.h>

#define WAITERS     32
#define HOPS        2      /* a frame, then its event */
#define KEEP        600000 /* ms; what is finished does not change */
#define KEEP_OPEN   5000   /* an event that goes on */
#define KEEP_ABSENT 2000

struct waiter {
    uint32_t link;
    uint64_t id;
};

struct lookup {
    struct lookup *next;
    struct broker_asks *asks;
    struct broker_vms *vms;
    struct resolve_question asked; /* what the workers wanted */
    struct resolve_question now;   /* what the VMS is asked at this hop */
    struct waiter waiters[WAITERS];
    size_t waiter_count;
    struct arena arena;
    struct wire_call *call;
    int64_t deadline;
    unsigned hops;
};

struct entry {
    const struct broker_vms *vms; /* NULL: free */
    enum access_name name;
    char text[RESOLVE_TEXT];
    enum err err;
    struct resolved resolved;
    int64_t until, used;
};

struct broker_asks {
    struct broker *broker;
    struct lookup *lookups;
    size_t count;
    struct entry cache[BROKER_CACHE];
};

struct broker_asks *
broker_asks_new(struct broker *broker)
{
    struct broker_asks *asks = calloc(1, sizeof *asks);
    if (asks != NULL) {
        asks->broker = broker;
    }
    return asks;
}

static bool
is_same(const struct resolve_question *question, enum access_name name, const char *text)
{
    return question->name == name && text_equal(question->text, text);
}

static struct entry *
find_entry(struct broker_asks *asks, const struct broker_vms *vms,
    const struct resolve_question *question, int64_t now)
{
    for (size_t i = 0; i < BROKER_CACHE; i++) {
        struct entry *entry = &asks->cache[i];
        if (entry->vms == vms && entry->until > now &&
            is_same(question, entry->name, entry->text)) {
            entry->used = now;
            return entry;
        }
    }
    return NULL;
}

static void
keep(struct broker_asks *asks, const struct lookup *lookup, enum err err,
    const struct resolved *resolved)
{
    int64_t now = clock_mono();
    struct entry *place = &asks->cache[0];
    for (size_t i = 0; i < BROKER_CACHE; i++) {
        struct entry *entry = &asks->cache[i];
        if (entry->vms == lookup->vms && is_same(&lookup->asked, entry->name, entry->text)) {
            place = entry;
            break;
        }
        if (entry->used < place->used) {
            place = entry;
        }
    }
    bool is_open = err == OK && resolved->to == 0 && lookup->asked.name != ACCESS_EXPORTED;
    *place = (struct entry){.vms = lookup->vms,
        .name = lookup->asked.name,
        .err = err,
        .until = now + (err != OK    ? KEEP_ABSENT
                           : is_open ? KEEP_OPEN
                                     : KEEP),
        .used = now};
    (void)text_copy(place->text, sizeof place->text, lookup->asked.text);
    if (err == OK) {
        place->resolved = *resolved;
    }
}

static void
release(struct lookup *lookup)
{
    wire_cancel(lookup->call);
    arena_wipe(&lookup->arena);
    free(lookup);
}

static void
free_lookup(struct lookup *lookup)
{
    struct broker_asks *asks = lookup->asks;
    struct lookup **at = &asks->lookups;
    while (*at != lookup) {
        at = &(*at)->next;
    }
    *at = lookup->next;
    asks->count--;
    release(lookup);
}

static void
end(struct lookup *lookup, enum err err, const struct resolved *resolved)
{
    struct broker_asks *asks = lookup->asks;
    if (err == OK || err == ERR_MISSING) {
        keep(asks, lookup, err, resolved);
    }
    for (size_t i = 0; i < lookup->waiter_count; i++) {
        broker_door_answer(
            asks->broker->door, lookup->waiters[i].link, lookup->waiters[i].id, err, resolved);
    }
    free_lookup(lookup);
}

static void go(struct lookup *lookup);

static void
on_answer(void *context, const struct answer *answer)
{
    struct lookup *lookup = context;
    struct resolved resolved = {0};
    lookup->call = NULL;
    if (answer->err != OK) {
        end(lookup, ERR_NETWORK, NULL);
        return;
    }
    switch (lookup->vms->kind->read(lookup->vms, answer, &lookup->now, &resolved)) {
    case READ_DONE:
        end(lookup, OK, &resolved);
        break;
    case READ_NEXT:
        go(lookup);
        break;
    case READ_MISSING:
        end(lookup, ERR_MISSING, NULL);
        break;
    case READ_LOGIN:
        broker_look_again(lookup->vms);
        end(lookup, ERR_NETWORK, NULL);
        break;
    case READ_BAD:
        end(lookup, ERR_NETWORK, NULL);
        break;
    }
}

static void
go(struct lookup *lookup)
{
    struct broker_vms *vms = lookup->vms;
    struct request request = {0};
    enum err err = lookup->hops++ < HOPS
                       ? vms->kind->where(&lookup->now, &lookup->arena, &request.ask.path)
                       : ERR_LIMIT;
    if (err == OK) {
        err = vms->kind->sign(vms, &lookup->arena, &request);
    }
    if (err == OK) {
        lookup->call =
            wire_http(vms->broker->wire, &vms->target, &request, &lookup->arena, on_answer, lookup);
        err = lookup->call != NULL ? OK : ERR_MEMORY;
    }
    if (err != OK) {
        end(lookup, err == ERR_MISSING ? ERR_MISSING : ERR_NETWORK, NULL);
    }
}

static bool
join(struct broker_asks *asks, const struct broker_vms *vms, uint32_t link,
    const struct resolve_question *question)
{
    for (struct lookup *lookup = asks->lookups; lookup != NULL; lookup = lookup->next) {
        if (lookup->vms == vms && lookup->waiter_count < WAITERS &&
            is_same(question, lookup->asked.name, lookup->asked.text)) {
            lookup->waiters[lookup->waiter_count++] = (struct waiter){link, question->id};
            return true;
        }
    }
    return false;
}

static void
begin(struct broker_asks *asks, struct broker_vms *vms, uint32_t link,
    const struct resolve_question *question)
{
    struct lookup *lookup = asks->count < BROKER_LOOKUPS ? calloc(1, sizeof *lookup) : NULL;
    if (lookup == NULL || !vms->known->has_session) {
        free(lookup);
        broker_door_answer(asks->broker->door, link, question->id, ERR_NETWORK, NULL);
        return;
    }
    lookup->asks = asks;
    lookup->vms = vms;
    lookup->asked = lookup->now = *question;
    lookup->waiters[lookup->waiter_count++] = (struct waiter){link, question->id};
    lookup->deadline = clock_mono() + BROKER_WAIT;
    lookup->next = asks->lookups;
    asks->lookups = lookup;
    asks->count++;
    arena_init(&lookup->arena, BROKER_ARENA);
    go(lookup);
}

/* ERR_MISSING: no such group, or more cameras than an answer holds. */
static enum err
read_group(const struct broker_vms *vms, const char *name, struct resolved *ret_resolved)
{
    const json_t *keys = json_object_get(vms->groups, name);
    size_t count = json_array_size(keys);
    *ret_resolved = (struct resolved){0};
    if (!json_is_array(keys) || count > RESOLVE_CAMERAS) {
        return ERR_MISSING;
    }
    for (size_t i = 0; i < count; i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        char *place = ret_resolved->cameras[i];
        if (key == NULL || !text_copy(place, sizeof ret_resolved->cameras[i], key)) {
            return ERR_MISSING;
        }
    }
    ret_resolved->camera_count = count;
    return OK;
}

/* What needs no request: ERR_UNSUPPORTED when it does. */
static enum err
answer_known(const struct broker_vms *vms, const struct resolve_question *question,
    struct resolved *ret_resolved)
{
    const char *key = NULL;
    *ret_resolved = (struct resolved){0};
    if (vms->kind->where == NULL && question->name != ACCESS_LINK) {
        ret_resolved->all_cameras = true; /* it may be any */
        return OK;
    }
    switch (question->name) {
    case ACCESS_CAMERA:
    case ACCESS_STREAM:
        if (vms->kind->composite != NULL && text_equal(question->text, vms->kind->composite)) {
            ret_resolved->all_cameras = true;
            return OK;
        }
        key = upstream_camera(vms->known, question->text);
        ret_resolved->camera_count = 1;
        return key != NULL &&
                       text_copy(ret_resolved->cameras[0], sizeof ret_resolved->cameras[0], key)
                   ? OK
                   : ERR_MISSING;
    case ACCESS_GROUP:
        return read_group(vms, question->text, ret_resolved);
    case ACCESS_ALL:
        ret_resolved->all_cameras = true;
        return OK;
    case ACCESS_LINK:
        return ERR_MISSING;
    case ACCESS_EVENT:
    case ACCESS_FRAME:
    case ACCESS_EXPORTED:
    case ACCESS_REVIEW:
        break;
    }
    return ERR_UNSUPPORTED;
}

void
broker_ask(struct broker_asks *asks, uint32_t link, const struct resolve_question *question)
{
    struct broker *broker = asks->broker;
    struct broker_vms *vms = NULL;
    struct resolved resolved;
    for (size_t i = 0; i < broker->vms_count; i++) {
        if (text_equal(broker->vms[i].settings->name, question->vms)) {
            vms = &broker->vms[i];
        }
    }
    if (vms == NULL) {
        broker_door_answer(broker->door, link, question->id, ERR_MISSING, NULL);
        return;
    }
    enum err err = answer_known(vms, question, &resolved);
    if (err != ERR_UNSUPPORTED) {
        broker_door_answer(broker->door, link, question->id, err, err == OK ? &resolved : NULL);
        return;
    }
    struct entry *entry = find_entry(asks, vms, question, clock_mono());
    if (entry != NULL) {
        broker_door_answer(broker->door, link, question->id, entry->err,
            entry->err == OK ? &entry->resolved : NULL);
    } else if (!join(asks, vms, link, question)) {
        begin(asks, vms, link, question);
    }
}

void
broker_asks_tick(struct broker_asks *asks)
{
    int64_t now = clock_mono();
    struct lookup *next = NULL;
    for (struct lookup *lookup = asks->lookups; lookup != NULL; lookup = next) {
        next = lookup->next;
        if (now >= lookup->deadline) {
            end(lookup, ERR_NETWORK, NULL);
        }
    }
}

void
broker_asks_free(struct broker_asks *asks)
{
    struct lookup *next = NULL;
    for (struct lookup *at = asks != NULL ? asks->lookups : NULL; at != NULL; at = next) {
        next = at->next;
        release(at);
    }
    free(asks);
}
