/* A small made-up site for the tests of findings and score. */
#pragma once

#include "assess/findings.h"
#include "assess/score.h"

static const struct source site_seen = {.witness = WITNESS_WIRE, .confidence = 90};

struct test_site {
    struct assessment assessment;
    struct subject *devices[16];
    struct waiver waivers[4];
};

static inline void
site_init(struct test_site *site)
{
    *site = (struct test_site){.assessment = {.site = "shop"}};
    arena_init(&site->assessment.arena, ARENA_DEVICE_LIMIT);
    site->assessment.devices = site->devices;
    site->assessment.waivers = site->waivers;
    site->assessment.whole = subject_new(0);
}

static inline struct subject *
site_add(struct test_site *site, enum kind kind, const char *name)
{
    struct subject *subject = subject_new((unsigned)site->assessment.device_count + 1);
    subject->kind = kind;
    subject->name = name;
    struct ip ip;
    char text[IP_TEXT];
    (void)snprintf(text, sizeof(text), "10.0.0.%zu", site->assessment.device_count + 10);
    if (ip_parse(text, &ip) == OK) {
        (void)subject_add_address(subject, &ip);
    }
    site->devices[site->assessment.device_count++] = subject;
    return subject;
}

static inline void
site_text(struct subject *subject, enum fact_id id, const char *text)
{
    facts_set_text(&subject->facts, id, text, &site_seen);
}

static inline void
site_bool(struct subject *subject, enum fact_id id, bool yes)
{
    facts_set_bool(&subject->facts, id, yes, &site_seen);
}

static inline void
site_int(struct subject *subject, enum fact_id id, int64_t number)
{
    facts_set_int(&subject->facts, id, number, &site_seen);
}

static inline void
site_release(struct test_site *site)
{
    for (size_t i = 0; i < site->assessment.device_count; i++) {
        subject_free(site->devices[i]);
    }
    subject_free(site->assessment.whole);
    arena_release(&site->assessment.arena);
}

/* Every question about a camera answered well. */
static inline void
site_good_camera(struct subject *camera)
{
    site_int(camera, FACT_LOGIN_REFUSED, 2);
    site_bool(camera, FACT_LOGIN_RTSP_ASKED, true);
    site_bool(camera, FACT_LOGIN_SNAPSHOT_ASKED, true);
    site_bool(camera, FACT_LOGIN_ONVIF_OPEN, false);
    site_text(camera, FACT_EXPOSURE_ASKED, "10.0.0.1");
    site_bool(camera, FACT_EXPOSURE_PUBLIC, false);
    site_text(camera, FACT_SEGMENT_CLEAN, "only cameras answered");
    site_bool(camera, FACT_CLOUD_ENABLED, false);
    site_bool(camera, FACT_DDNS_ENABLED, false);
    site_text(camera, FACT_CLOUD_WATCHED, "a day");
    site_text(camera, FACT_DEVICE_FIRMWARE, "V5.7.23");
    site_text(camera, FACT_FIRMWARE_JUDGED, "20 advisories");
    site_int(camera, FACT_FIRMWARE_AGE, 20);
    site_text(camera, FACT_FIRMWARE_CURRENT, "newest is V5.7.23");
    site_text(camera, FACT_FIRMWARE_AUDITED, "9 runs since 2026-01-02");
    site_bool(camera, FACT_UPNP_ENABLED, false);
    site_int(camera, FACT_CLOCK_OFFSET, 0);
}

/* Every question about the site itself answered well. */
static inline void
site_good_whole(struct subject *whole)
{
    site_text(whole, FACT_LOGIN_UNIQUE, "declared");
    site_text(whole, FACT_EXPOSURE_VANTAGE, "a phone network");
    site_text(whole, FACT_SEGMENT_TIGHT, "probe of today");
    site_text(whole, FACT_REMOTE_VPN, "WireGuard");
    site_text(whole, FACT_IGD_ABSENT, "no router answers");
    site_text(whole, FACT_LOG_TARGET, "syslog.example");
}
