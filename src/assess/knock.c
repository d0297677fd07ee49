/* Small parts of a log-in, without a queue and without I/O. */
#include "assess/knock.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A maker that was only guessed is no reason to try its password. */
#define STATED_SURE 60

bool
knock_http(const struct subject *subject, uint16_t port, struct wire_target *ret_target)
{
    for (size_t i = 0; i < subject->port_count; i++) {
        if (subject->ports[i].number == port && text_equal(subject->ports[i].protocol, "http")) {
            *ret_target = (struct wire_target){subject->addresses[0], port, subject->ports[i].tls};
            return true;
        }
    }
    return false;
}

bool
knock_web(const struct subject *subject, struct wire_target *ret_target)
{
    const struct port *best = NULL;
    if (knock_http(subject, 80, ret_target)) {
        return true;
    }
    for (size_t i = 0; i < subject->port_count; i++) {
        const struct port *port = &subject->ports[i];
        if (text_equal(port->protocol, "http") &&
            (best == NULL || (best->tls && !port->tls) ||
                (best->tls == port->tls && port->number < best->number))) {
            best = port;
        }
    }
    return best != NULL && knock_http(subject, best->number, ret_target);
}

bool
knock_rtsp(const struct subject *subject, struct wire_target *ret_target)
{
    for (size_t i = 0; i < subject->port_count; i++) {
        const struct port *port = &subject->ports[i];
        if (text_equal(port->protocol, "rtsp") && !port->tls) {
            *ret_target = (struct wire_target){subject->addresses[0], port->number, false};
            return true;
        }
    }
    return false;
}

bool
knock_dvrip(const struct subject *subject, uint16_t port, struct wire_target *ret_target)
{
    for (size_t i = 0; i < subject->port_count; i++) {
        if (subject->ports[i].number == port && text_equal(subject->ports[i].protocol, "dvrip")) {
            *ret_target = (struct wire_target){subject->addresses[0], port, false};
            return true;
        }
    }
    return false;
}

/* ":8080" or nothing; false when it is no port. */
static bool
read_port(const char **rest, uint16_t *ret_port)
{
    uint64_t port = 80;
    if (**rest == ':') {
        char digits[8];
        size_t width = strspn(*rest + 1, "0123456789");
        (void)snprintf(digits, sizeof(digits), "%.*s", (int)(width > 5 ? 5 : width), *rest + 1);
        if (text_to_u64(digits, UINT16_MAX, &port) != OK) {
            return false;
        }
        *rest += 1 + width;
    }
    *ret_port = (uint16_t)port;
    return true;
}

bool
knock_onvif(
    const struct subject *subject, struct arena *arena, uint16_t *ret_port, const char **ret_path)
{
    const char *url = facts_text(&subject->facts, FACT_ONVIF_SERVICE);
    char host[IP_TEXT];
    struct ip ip;
    uint16_t port = 0;
    if (!text_starts_nocase(url, "http://")) {
        return false;
    }
    const char *start = url + strlen("http://");
    size_t len = strcspn(start, ":/ ");
    if (len >= sizeof(host)) {
        return false;
    }
    memcpy(host, start, len);
    host[len] = '\0';
    const char *rest = start + len;
    if (!read_port(&rest, &port) || ip_parse(host, &ip) != OK ||
        !subject_has_address(subject, &ip)) {
        return false;
    }
    const char *path = arena_copy_n(arena, rest, strcspn(rest, " "));
    if (path == NULL || path[0] != '/') {
        return false;
    }
    *ret_port = port;
    *ret_path = path;
    return true;
}

const char *
knock_base(const struct wire_target *target, struct arena *arena)
{
    char ip[IP_TEXT];
    bool is_v6 = target->ip.family == 6;
    return arena_format(arena, "rtsp://%s%s%s:%u", is_v6 ? "[" : "", ip_text(&target->ip, ip),
        is_v6 ? "]" : "", target->port);
}

const struct credential *
knock_credential(const struct device_driver *driver, const struct facts *facts, bool is_stated)
{
    static const enum fact_id names[] = {FACT_DEVICE_BRAND, FACT_DEVICE_VENDOR};
    const struct credential *credential =
        driver->vendor == NULL || !is_stated ? NULL : credential_next(driver->vendor, NULL);
    for (size_t i = 0; i < COUNT(names) && credential == NULL; i++) {
        const struct fact *fact = facts_get(facts, names[i]);
        if (fact != NULL && fact->confidence >= STATED_SURE) {
            credential = credential_next(fact->text, NULL);
        }
    }
    return credential;
}

static unsigned
as_count(const struct fact *fact)
{
    return fact == NULL || fact->number < 0 || fact->number > UINT32_MAX ? 0
                                                                         : (unsigned)fact->number;
}

void
knock_limits(struct budget_request *request, const struct facts *facts)
{
    const struct fact *tries = facts_get(facts, FACT_LOCKOUT_TRIES);
    const struct fact *seconds = facts_get(facts, FACT_LOCKOUT_SECONDS);
    const struct fact *left = facts_get(facts, FACT_LOCKOUT_LEFT);
    budget_limit(request, as_count(tries), as_count(seconds));
    request->says_left = left != NULL && left->number >= 0;
    request->left = as_count(left);
}

bool
knock_proves(
    const struct device_driver *driver, const struct device_door *door, const struct answer *last)
{
    if (last == NULL) {
        return false;
    }
    return door->rtsp ? last->status == 200 && text_contains(last->body, "m=video")
                      : device_proves(driver, last);
}

enum login_state
knock_heed(const struct device_driver *driver, const struct answer *last, enum login_state state,
    struct device_warning *ret_warning)
{
    if (last == NULL) {
        return state;
    }
    *ret_warning = device_warning(driver, last);
    /* A door takes "two are left" for a lock, to go no further; after a try it was a refusal. */
    bool is_near = state == LOGIN_LOCKED && !ret_warning->locked && ret_warning->left > 0;
    return ret_warning->locked ? LOGIN_LOCKED : is_near ? LOGIN_REFUSED : state;
}

bool
knock_is_replayable(const struct device_door *door, const struct request *request)
{
    return door->replayable || text_contains(request->ask.body, "UsernameToken");
}

/* Whether the text holds the longest run of letters and digits of the password: escaping keeps it.
 */
static bool
holds_password(const char *text, const char *password)
{
    const char *run = password;
    size_t longest = 0;
    for (const char *c = password; *c != '\0';) {
        size_t len = strspn(c, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        if (len > longest) {
            run = c;
            longest = len;
        }
        c += len == 0 ? 1 : len;
    }
    if (text == NULL || longest == 0) { /* nothing of it would stay as it is */
        return text != NULL;
    }
    return memmem(text, strlen(text), run, longest) != NULL;
}

bool
knock_tells(
    const struct device_door *door, const struct request *request, const struct secret *password)
{
    const char *text = secret_text(password);
    return knock_is_replayable(door, request) ||
           text_starts_nocase(request->authorization, "Basic") ||
           holds_password(request->ask.body, text) || holds_password(request->ask.path, text);
}
