/* Facts of a device, read again by its driver. */
#include "remedy/session_parts.h"

#include "base/text.h"
#include "codec/httpauth.h"

/* What one ask tells, as the assessment reads it. */
static enum err
read_ask(struct session *session, const struct ask *ask, struct facts *facts)
{
    struct arena arena;
    struct answer answer;
    char ip[IP_TEXT];
    const struct request request = {.ask = *ask};
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    enum err err = ask->login ? session_ask(session, ask, &arena, &answer)
                              : session_send_once(session, &request, false, &arena, &answer);
    if (err == OK) {
        const struct ip *address = &session->job->subject->addresses[0];
        const char *asked = arena_format(
            &arena, "%s http://%s%s", ask_method(ask), ip_text(address, ip), ask->path);
        (void)device_read(session->driver, ask, &answer, asked, facts);
    }
    arena_wipe(&arena);
    return err;
}

static bool
reads(const struct device_driver *driver, const struct ask *ask, enum fact_id fact)
{
    for (size_t i = 0; i < driver->reading_count; i++) {
        const struct device_reading *reading = &driver->readings[i];
        if (reading->fact == fact && text_equal(reading->ask->path, ask->path) &&
            text_equal(reading->ask->body, ask->body)) {
            return true;
        }
    }
    return false;
}

enum err
session_read(struct session *session, enum fact_id fact, struct facts *facts)
{
    const struct device_driver *driver = session->driver;
    enum err err = OK;
    facts_forget(facts, fact);
    /* First what the table reads it from; else what the driver's parsers want, until it is told. */
    for (int round = 0; round < 2; round++) {
        const struct ask *ask = device_ask(driver, 0);
        for (size_t n = 0; ask != NULL; ask = device_ask(driver, ++n)) {
            bool is_wanted = reads(driver, ask, fact) == (round == 0);
            if (!is_wanted || (round == 1 && facts_get(facts, fact) != NULL)) {
                continue;
            }
            enum err failed = read_ask(session, ask, facts);
            if (failed == ERR_CANCELLED) {
                return failed;
            }
            err = err == OK && failed != ERR_UNSUPPORTED ? failed : err;
        }
        if (facts_get(facts, fact) != NULL) {
            return OK;
        }
    }
    return err != OK ? err : ERR_MISSING;
}
