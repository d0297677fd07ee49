/*
 * Sightings to devices: answers by several methods and at several addresses are one device when
 * they share a MAC, an address or a serial number.
 */
#pragma once

#include "discover/discover.h"

/* Devices of a run, numbered from 1. */
struct crowd {
    struct subject **subjects;
    size_t count;
    size_t size;
};

#define CROWD_LIMIT 65536

void crowd_init(struct crowd *crowd);
/* Frees the subjects that are still in it. */
void crowd_release(struct crowd *crowd);

/* Joins a discovery's sightings into devices; ERR_MEMORY or ERR_LIMIT when there are too many. */
enum err crowd_join(
    struct crowd *crowd, const struct discovery *discovery, const struct scope *scope) MUST_CHECK;

/* Forgets the device with that address when no port of it is open: this machine's own echo. */
void crowd_drop_silent(struct crowd *crowd, const struct ip *ip);

/* After the conversations: joins devices that state the same MAC or serial number. */
void crowd_merge_same(struct crowd *crowd);

/* NULL when no device has the address. */
struct subject *crowd_find(const struct crowd *crowd, const struct ip *ip);

/* Takes a device that was made elsewhere; it is freed when there is no room. */
enum err crowd_adopt(struct crowd *crowd, struct subject *subject) MUST_CHECK;
/* Joins the device at `place` into another one and takes it out. */
void crowd_fold(struct crowd *crowd, struct subject *into, size_t place);
/* Copies the facts with their evidence. */
void crowd_copy_facts(struct subject *subject, const struct facts *from);
