/* Events that the tests of the ledger's events start from. */
#pragma once

#include "ledger/event.h"

#include "test.h"

#define SAMPLE_ID   "Zm9vYmFyYmF6cXV4MTIzNA"
#define SAMPLE_SITE "harbour"

/* One that says all that any action demands, and more. */
static inline struct event
sample_event(enum event_action action, const json_t *detail)
{
    static struct event_text cameras[] = {
        {"gate", 4},
        {"yard", 4},
    };
    struct event event = event_begin(action, EVENT_OK);
    event.id = SAMPLE_ID;
    event.site = event_text(SAMPLE_SITE);
    event.user = event_text("anna");
    event.role = event_text("guard");
    event.ip = event_text("192.0.2.7");
    event.session = event_text("s-1");
    event.factor = event_text("totp");
    event.vms = event_text("frigate");
    event.object = event_text("/api/events");
    event.from = event_text("2026-11-22T20:00:00.000Z");
    event.to = event_text("2026-11-22T20:15:00.000Z");
    event.cameras = cameras;
    event.camera_count = COUNT(cameras);
    event.reason = event_text("parcel went missing");
    event.bytes = 1048576;
    event.digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    event.detail = detail;
    return event;
}
