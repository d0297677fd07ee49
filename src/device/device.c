/* The driver engine: recognising, reading and logging in, by the drivers' tables. */
#include "device/device.h"

#include "base/text.h"
#include "codec/httpauth.h"
#include "codec/pick.h"
#include "codec/redact.h"
#include "codec/version.h"

#include <string.h>

#define READING_CONFIDENCE 90
#define LOGIN_STEPS        8
#define EVIDENCE_MAX       512
#define BODY_QUOTED        240

#define DEVICE_DRIVER(name) extern const struct device_driver device_##name;
#include "device/drivers.def"
#undef DEVICE_DRIVER

const struct device_driver *const device_drivers[] = {
#define DEVICE_DRIVER(name) &device_##name,
#include "device/drivers.def"
#undef DEVICE_DRIVER
};
const size_t device_driver_count = COUNT(device_drivers);

const char *
maturity_words(enum maturity maturity)
{
    static const char *const words[] = {
        [MATURITY_EXPERIMENTAL] = "experimental: written from documents",
        [MATURITY_TRANSCRIPT] = "tested on a transcript",
        [MATURITY_REAL] = "tested on the real thing",
    };
    assert((size_t)maturity < COUNT(words));
    return words[maturity];
}

static bool
is_shown_by(const struct device_sign *sign, const struct fact *fact)
{
    switch (sign->test) {
    case SIGN_EQUALS:
        return text_equal_nocase(fact->text, sign->text);
    case SIGN_STARTS:
        return text_starts_nocase(fact->text, sign->text);
    case SIGN_CONTAINS:
        return text_contains_nocase(fact->text, sign->text);
    case SIGN_YES:
        return fact->yes;
    }
    return false;
}

uint8_t
device_recognise(const struct device_driver *driver, const struct facts *facts)
{
    uint8_t best = 0;
    for (size_t i = 0; i < driver->sign_count; i++) {
        const struct device_sign *sign = &driver->signs[i];
        /* Several ports of one device may each have said something else: every value counts. */
        for (const struct fact *fact = facts_get(facts, sign->fact); fact != NULL;
             fact = fact->next) {
            if (sign->confidence > best && is_shown_by(sign, fact)) {
                best = sign->confidence;
            }
        }
    }
    return best;
}

bool
device_probe_matches(const struct device_probe *probe, const struct answer *answer)
{
    if (answer->err != OK || (probe->status != 0 && probe->status != answer->status)) {
        return false;
    }
    return probe->mark == NULL ||
           text_find_nocase(answer->headers, answer->headers_len, probe->mark) != NULL ||
           text_find_nocase(answer->body, answer->body_len, probe->mark) != NULL;
}

const char *
device_path_at(
    const struct device_driver *driver, const char *path, const char *root, struct arena *arena)
{
    const char *usual = driver->root == NULL ? "" : driver->root;
    if (text_equal(usual, root) || !text_starts(path, usual)) {
        return path;
    }
    return arena_format(arena, "%s%s", root, path + strlen(usual));
}

static bool
is_same_ask(const struct ask *a, const struct ask *b)
{
    return a == b || (text_equal(ask_method(a), ask_method(b)) && text_equal(a->path, b->path) &&
                         text_equal(a->body, b->body) && a->port == b->port);
}

/* Asks first, then readings, repeats included; NULL at the end. */
static const struct ask *
ask_at(const struct device_driver *driver, size_t i)
{
    if (i < driver->ask_count) {
        return driver->asks[i];
    }
    i -= driver->ask_count;
    return i < driver->reading_count ? driver->readings[i].ask : NULL;
}

static bool
is_repeated(const struct device_driver *driver, size_t i)
{
    const struct ask *ask = ask_at(driver, i);
    for (size_t j = 0; j < i; j++) {
        const struct ask *earlier = ask_at(driver, j);
        if (is_same_ask(earlier, ask) && earlier->login == ask->login) {
            return true;
        }
    }
    return false;
}

const struct ask *
device_ask(const struct device_driver *driver, size_t n)
{
    for (size_t i = 0; ask_at(driver, i) != NULL; i++) {
        if (!is_repeated(driver, i) && n-- == 0) {
            return ask_at(driver, i);
        }
    }
    return NULL;
}

static uint8_t
trust(const struct device_driver *driver)
{
    return driver->trust != 0 ? driver->trust : READING_CONFIDENCE;
}

/* What the device says about its own settings is its configuration; all else was seen in answers.
 */
static enum witness
witness_of(enum fact_id fact)
{
    static const enum fact_id settings[] = {
        FACT_CLOUD_ENABLED,
        FACT_CLOUD_NAME,
        FACT_CLOUD_ARMED,
        FACT_CLOUD_UNREAD,
        FACT_DDNS_ENABLED,
        FACT_UPNP_ENABLED,
        FACT_VMS_LIMIT,
        FACT_VMS_ACCESS_LOG,
        FACT_CLOCK_NTP,
        FACT_CLOCK_SYNCED,
        FACT_USERS_LIST,
        FACT_USERS_ANONYMOUS,
        FACT_LOCKOUT_ENABLED,
        FACT_LOCKOUT_TRIES,
        FACT_LOCKOUT_SECONDS,
        FACT_SERVICE_TELNET,
        FACT_SERVICE_SSH,
        FACT_SERVICE_FTP,
        FACT_SERVICE_SNMP,
        FACT_SERVICE_BONJOUR,
        FACT_SERVICE_PLATFORM,
        FACT_AUTH_MODES,
        FACT_AUTH_BASIC,
        FACT_TLS_ENABLED,
        FACT_ONVIF_POLICY,
    };
    for (size_t i = 0; i < COUNT(settings); i++) {
        if (settings[i] == fact) {
            return WITNESS_CONFIG;
        }
    }
    return WITNESS_WIRE;
}

/* A serial number or address of zeros only is a place that nobody filled in; so is "0x0". */
static bool
is_unset(enum fact_id fact, const char *text)
{
    bool names = fact == FACT_DEVICE_SERIAL || fact == FACT_DEVICE_MAC;
    return (names && text[strspn(text, "0:-. ")] == '\0') ||
           (fact == FACT_DEVICE_HARDWARE && text_equal_nocase(text, "0x0"));
}

/* False when the text is no value of the wanted form. */
static bool
write_fact(struct facts *facts, const struct device_reading *reading, const char *text,
    const struct source *source)
{
    bool yes = false;
    uint64_t number = 0;
    char date[VERSION_DATE];
    switch (reading->as) {
    case AS_TEXT:
        if (is_unset(reading->fact, text)) {
            return false;
        }
        facts_set_text(facts, reading->fact, text, source);
        return true;
    case AS_CONSTANT:
        facts_set_text(facts, reading->fact, reading->value, source);
        return true;
    case AS_YES_NO:
        if (text_to_bool(text, &yes) != OK) {
            return false;
        }
        facts_set_bool(facts, reading->fact, yes, source);
        return true;
    case AS_SET_YES:
        facts_set_bool(facts, reading->fact, text_equal_nocase(text, reading->value), source);
        return true;
    case AS_NUMBER:
        if (text_to_u64(text, INT64_MAX, &number) != OK) {
            return false;
        }
        facts_set_int(facts, reading->fact, (int64_t)number, source);
        return true;
    case AS_DATE:
        if (!version_date(text, date)) {
            return false;
        }
        facts_set_text(facts, reading->fact, date, source);
        return true;
    }
    return false;
}

/* What was sent and the part of the answer that decides; a regular expression is no quotation. */
static const struct evidence *
quote(struct facts *facts, const struct answer *answer, const char *asked, const char *pick,
    const char *text)
{
    char clean[EVIDENCE_MAX];
    redact_text(clean, sizeof(clean), asked == NULL ? "" : asked);
    const char *words = strchr(pick, '~') != NULL ? arena_format(facts->arena, "HTTP %d: %.*s",
                                                        answer->status, BODY_QUOTED, text)
                                                  : arena_format(facts->arena, "HTTP %d: %s = %.*s",
                                                        answer->status, pick, BODY_QUOTED, text);
    return words == NULL ? NULL : evidence_new(facts->arena, clean, words, answer->at);
}

static bool
read_row(const struct device_driver *driver, const struct device_reading *reading,
    const struct answer *answer, const char *asked, struct facts *facts)
{
    const char *text = NULL;
    if (pick_text(answer, reading->pick, facts->arena, &text) != OK) {
        return false;
    }
    struct source source = {
        .witness = witness_of(reading->fact),
        .confidence = trust(driver),
        .evidence = quote(facts, answer, asked, reading->pick, text),
    };
    return write_fact(facts, reading, text, &source);
}

static void
parse_answer(const struct device_driver *driver, const struct ask *ask, const struct answer *answer,
    const char *asked, struct facts *facts)
{
    char clean[EVIDENCE_MAX];
    char body[BODY_QUOTED];
    redact_text(clean, sizeof(clean), asked == NULL ? "" : asked);
    redact_text(body, sizeof(body), answer->body);
    const char *words = arena_format(facts->arena, "HTTP %d: %s", answer->status, body);
    struct source source = {
        .witness = WITNESS_WIRE,
        .confidence = trust(driver),
        .evidence = words == NULL ? NULL : evidence_new(facts->arena, clean, words, answer->at),
    };
    if (driver->parse != NULL) {
        driver->parse(ask, answer, facts, &source);
    }
    for (size_t i = 0; answer->status == 200 && i < driver->parser_count; i++) {
        if (text_equal(ask->path, driver->parsers[i].ask->path)) {
            driver->parsers[i].parse(answer, facts, &source);
        }
    }
}

size_t
device_read(const struct device_driver *driver, const struct ask *ask, const struct answer *answer,
    const char *asked, struct facts *facts)
{
    if (answer->err != OK) {
        return 0;
    }
    const struct facts before = *facts;
    bool found[FACT_COUNT] = {false};
    for (size_t i = 0; answer->status == 200 && i < driver->reading_count; i++) {
        const struct device_reading *reading = &driver->readings[i];
        if (!found[reading->fact] && is_same_ask(reading->ask, ask)) {
            found[reading->fact] = read_row(driver, reading, answer, asked, facts);
        }
    }
    if (driver->parse != NULL || driver->parser_count != 0) {
        parse_answer(driver, ask, answer, asked, facts);
    }
    size_t count = 0;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        count += facts->best[i] != before.best[i] ? 1 : 0;
    }
    return count;
}

static void
release_arena(struct arena *arena)
{
    arena_release(arena);
}

bool
device_proves(const struct device_driver *driver, const struct answer *answer)
{
    CLEANUP(release_arena) struct arena arena;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    if (answer->err != OK || answer->status != 200) {
        return false;
    }
    if (driver->door != NULL && driver->door->certain) {
        return true;
    }
    for (size_t i = 0; i < driver->reading_count; i++) {
        const struct device_reading *reading = &driver->readings[i];
        const char *text = NULL;
        if (is_same_ask(reading->ask, &driver->door_ask) &&
            pick_text(answer, reading->pick, &arena, &text) == OK) {
            return true;
        }
    }
    return false;
}

struct device_warning
device_warning(const struct device_driver *driver, const struct answer *answer)
{
    struct device_warning warning = {.left = -1};
    if (driver->warn != NULL && answer->err == OK) {
        driver->warn(answer, &warning);
    }
    return warning;
}

enum login_state
device_login_step(const struct device_door *door, struct login *login, const struct ask *ask,
    const struct answer *last, struct arena *arena, struct request *ret_request)
{
    *ret_request = (struct request){.spends = false};
    if (login->step >= LOGIN_STEPS || (login->step == 0) != (last == NULL)) {
        return LOGIN_UNCLEAR;
    }
    enum login_state state = door->step(login, ask, last, arena, ret_request);
    login->step++;
    return state;
}

bool
device_login_renew(struct login *login, const struct answer *answer)
{
    struct httpauth_challenge present;
    struct httpauth_challenge fresh;
    /* A door that is open by a session or token has no challenge there: its scheme is another. */
    memcpy(&present, login->text, sizeof(present));
    if (answer->status != 401 || httpauth_challenge(answer, &fresh) != OK || !fresh.stale ||
        present.scheme != HTTPAUTH_DIGEST || fresh.scheme != HTTPAUTH_DIGEST ||
        !text_equal(present.realm, fresh.realm)) {
        return false;
    }
    memcpy(login->text, &fresh, sizeof(fresh));
    login->number &= ~0xffffU; /* the count of requests; above it the door's own marks */
    return true;
}
