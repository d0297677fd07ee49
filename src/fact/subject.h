/*
 * What facts are about: one device of the site (a camera, a recorder, a server with a VMS, a
 * router, a printer) or the site itself. Owns its arena; everything it points at lives there.
 */
#pragma once

#include "base/ip.h"
#include "fact/fact.h"

enum kind {
#define KIND(id, name, plural) KIND_##id,
#include "fact/kinds.def"
#undef KIND
    KIND_COUNT
};

/* A set of kinds, for tables: KIND_BIT(CAMERA) | KIND_BIT(RECORDER). */
#define KIND_BIT(id) (1U << KIND_##id)
/* Everything that takes, keeps or shows video in a box of its own. */
#define KINDS_VIDEO (KIND_BIT(CAMERA) | KIND_BIT(RECORDER) | KIND_BIT(ENCODER) | KIND_BIT(DOOR))
/* The site itself, not a device. */
#define KINDS_SITE (1U << KIND_COUNT)

const char *kind_name(enum kind kind);
const char *kind_plural(enum kind kind);
/* KIND_UNKNOWN when there is no such name. */
enum kind kind_by_name(const char *name);

#define SUBJECT_ADDRESSES 16
#define SUBJECT_PORTS     64

struct port {
    uint16_t number;
    bool tls;
    const char *protocol; /* "http", "rtsp", "ssh", …; NULL while unknown */
};

struct subject {
    unsigned number; /* 1, 2, …: the device's number in this run; 0 is the site */
    struct arena arena;
    struct facts facts;
    enum kind kind;
    const char *name;    /* the owner's name for it, else NULL */
    const char *driver;  /* driver that recognised it, else NULL */
    uint8_t confidence;  /* of its identity, 0 to 100 */
    bool in_scope;       /* false: seen in an answer, never sent a packet */
    const char *trouble; /* why it could not be asked to the end (tarpit, garbage), else NULL */
    const char *seen_by; /* discovery methods, comma-separated */
    const char *config;  /* "frigate:/etc/frigate": known by its files only; else NULL */
    struct ip addresses[SUBJECT_ADDRESSES];
    size_t address_count;
    struct mac mac; /* all zero while unknown */
    struct port ports[SUBJECT_PORTS];
    size_t port_count;
};

/* NULL when memory is out. */
struct subject *subject_new(unsigned number);
void subject_free(struct subject *subject);

/* Adds once; false when it was there or there is no room. */
bool subject_add_address(struct subject *subject, const struct ip *ip);
bool subject_has_address(const struct subject *subject, const struct ip *ip);
/* The port's row, made when new; NULL when there is no room. */
struct port *subject_port(struct subject *subject, uint16_t number);

/* The kinds bit of this subject (KINDS_SITE for the site). */
unsigned subject_kinds(const struct subject *subject);

#define SUBJECT_KEY   96
#define SUBJECT_TITLE 160

/* A stable key over runs: "mac:…", else "serial:…", "ip:…" or "config:…"; returns out. */
const char *subject_key(const struct subject *subject, char out[SUBJECT_KEY]);
/* Whether this is its key, its title or one of its addresses, letter case ignored. */
bool subject_is_called(const struct subject *subject, const char *name);
/* How a person calls it: own name, else vendor and model, else its address; returns out. */
const char *subject_title(const struct subject *subject, char out[SUBJECT_TITLE]);
