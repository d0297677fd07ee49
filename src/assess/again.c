/* The devices of an earlier run, taken over for another look at some of them. */
#include "assess/again.h"

#include "base/text.h"

#include <string.h>

/* What follows from the routers' mappings, which are read anew. */
static const enum fact_id anew[] = {
    FACT_EXPOSURE_MAPPED,
    FACT_EXPOSURE_ASKED,
    FACT_REMOTE_OPEN,
    FACT_IGD_PRESENT,
    FACT_IGD_PROTOCOLS,
    FACT_IGD_MAPPINGS,
};

static bool
is_touched(const struct again *again, const struct subject *subject)
{
    char key[SUBJECT_KEY];
    (void)subject_key(subject, key);
    for (size_t i = 0; i < again->touched_count; i++) {
        if (text_equal(again->touched[i], key)) {
            return true;
        }
    }
    return false;
}

static bool
is_same(const struct subject *one, const struct subject *other)
{
    if (!mac_is_zero(&one->mac) && !mac_is_zero(&other->mac)) {
        return mac_equal(&one->mac, &other->mac);
    }
    for (size_t i = 0; i < one->address_count; i++) {
        if (subject_has_address(other, &one->addresses[i])) {
            return true;
        }
    }
    return false;
}

/* Its row in the run before; NULL: it is new. */
static const struct subject *
before(const struct again *again, const struct subject *subject)
{
    for (size_t i = 0; i < again->before->device_count; i++) {
        if (is_same(again->before->devices[i], subject)) {
            return again->before->devices[i];
        }
    }
    return NULL;
}

bool
again_keeps(const struct again *again, const struct subject *subject)
{
    const struct subject *old = again == NULL ? NULL : before(again, subject);
    return old != NULL && !is_touched(again, old);
}

/* Where it is and what it is called; not what is known of it. */
static struct subject *
copy_place(const struct subject *old)
{
    struct subject *subject = subject_new(old->number);
    if (subject == NULL) {
        return NULL;
    }
    subject->name = arena_copy(&subject->arena, old->name);
    subject->seen_by = arena_copy(&subject->arena, old->seen_by);
    subject->in_scope = old->in_scope;
    subject->mac = old->mac;
    memcpy(subject->addresses, old->addresses, sizeof(subject->addresses));
    subject->address_count = old->address_count;
    for (size_t i = 0; i < old->port_count; i++) {
        subject->ports[i] = old->ports[i];
        subject->ports[i].protocol = arena_copy(&subject->arena, old->ports[i].protocol);
    }
    subject->port_count = old->port_count;
    return subject;
}

/* All that is known of it. */
static void
copy_known(struct subject *subject, const struct subject *old)
{
    crowd_copy_facts(subject, &old->facts);
    for (size_t i = 0; i < COUNT(anew); i++) {
        facts_forget(&subject->facts, anew[i]);
    }
    subject->kind = old->kind;
    subject->driver = arena_copy(&subject->arena, old->driver);
    subject->confidence = old->confidence;
    subject->trouble = arena_copy(&subject->arena, old->trouble);
}

/* What discovery heard of it just now, a new address included. */
static void
copy_heard(struct subject *subject, const struct crowd *heard)
{
    for (size_t i = 0; i < heard->count; i++) {
        const struct subject *fresh = heard->subjects[i];
        if (!is_same(subject, fresh)) {
            continue;
        }
        crowd_copy_facts(subject, &fresh->facts);
        if (fresh->in_scope && fresh->address_count != 0) {
            memcpy(subject->addresses, fresh->addresses, sizeof(subject->addresses));
            subject->address_count = fresh->address_count;
        }
        return;
    }
}

enum err
again_join(const struct again *again, struct crowd *crowd)
{
    struct crowd heard = *crowd;
    enum err err = OK;
    crowd_init(crowd);
    for (size_t i = 0; i < again->before->device_count && err == OK; i++) {
        const struct subject *old = again->before->devices[i];
        if (old->config != NULL) {
            continue; /* its files are read again */
        }
        struct subject *subject = copy_place(old);
        if (subject == NULL) {
            err = ERR_MEMORY;
            break;
        }
        if (is_touched(again, old)) {
            copy_heard(subject, &heard);
        } else {
            copy_known(subject, old);
        }
        err = crowd_adopt(crowd, subject);
    }
    for (size_t i = 0; i < crowd->count; i++) {
        crowd->subjects[i]->number = (unsigned)i + 1;
    }
    crowd_release(&heard);
    return err;
}

enum err
assess_again(const struct assess_settings *settings, const struct again *again,
    struct assessment **ret_assessment, struct note *note)
{
    static const struct given nobody;
    struct assess_settings changed = *settings;
    changed.again = again;
    changed.discover.given = &nobody;
    return assess_run(&changed, ret_assessment, note);
}
