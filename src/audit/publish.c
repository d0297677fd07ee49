/* What all proxies together mean for each VMS. */
#include "audit/publish.h"

#include "audit/authelia.h"
#include "audit/say.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 600

const char *
publish_guard_name(const char *text)
{
    static const char *const names[][2] = {
        {"authelia",  "Authelia"    },
        {"authentik", "authentik"   },
        {"oauth2",    "oauth2-proxy"},
        {"vouch",     "Vouch"       },
        {"tinyauth",  "Tinyauth"    },
        {"keycloak",  "Keycloak"    },
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        if (text_contains_nocase(text, names[i][0])) {
            return names[i][1];
        }
    }
    return NULL;
}

bool
publish_split(
    struct audit_file *file, const char *address, const char **ret_host, unsigned *ret_port)
{
    const char *scheme = strstr(address, "://");
    const char *host = scheme == NULL ? address : scheme + 3;
    size_t len = strcspn(host, "/ ?");
    const char *colon = memrchr(host, ':', len);
    uint64_t port = scheme == NULL ? 0 : text_starts(address, "https:") ? 443 : 80;
    char digits[8];
    if (colon != NULL && host[len - 1] != ']') {
        (void)snprintf(
            digits, sizeof(digits), "%.*s", (int)(host + len - colon - 1) % 8, colon + 1);
        if (text_to_u64(digits, 65535, &port) != OK) {
            port = 0;
        }
        len = (size_t)(colon - host);
    }
    *ret_host = arena_copy_n(&file->audit->arena, host, len);
    *ret_port = (unsigned)port;
    return *ret_host != NULL && len != 0;
}

/* A port that belongs to nobody by itself, but to a VMS whose own file was read. */
static struct install *
install_on_port(struct audit *audit, unsigned port)
{
    struct install *found = NULL;
    for (struct install *i = audit->installs; i != NULL; i = i->next) {
        bool is_own = i->port == port || install_door(i->product, port) == DOOR_LOGIN;
        if (port != 0 && is_own) {
            found = found == NULL ? i : NULL;
        }
    }
    return found;
}

struct install *
publish_target(struct audit_file *file, const char *host, unsigned port, const char *names)
{
    enum product product = install_product(host);
    if (publish_guard_name(host) != NULL) {
        return NULL;
    }
    product = product == PRODUCT_COUNT ? install_product_of_port(port) : product;
    struct install *install = product == PRODUCT_COUNT ? install_on_port(file->audit, port) : NULL;
    if (install == NULL && product == PRODUCT_COUNT) {
        product = install_product(names);
    }
    if (install == NULL && product != PRODUCT_COUNT) {
        install = install_of(file, product, false);
    }
    file->install = install;
    return install;
}

void
publish_add(struct audit_file *file, const struct publication *publication)
{
    struct publication *copy = arena_alloc(&file->audit->arena, sizeof(*copy));
    if (copy != NULL) {
        *copy = *publication;
        copy->file = file;
        copy->next = file->audit->publications;
        file->audit->publications = copy;
    }
}

static const char *
place_words(const struct publication *p, char out[WORDS])
{
    char place[SAY_PLACE];
    (void)snprintf(out, WORDS, "%s publishes %.80s%.60s (%s)", p->proxy, p->domain, p->path,
        say_place(p->file, p->at, place));
    return out;
}

static void
set(const struct publication *p, enum fact_id fact, const struct tree_node *at, const char *words)
{
    struct subject *subject = p->install->subject;
    const struct source source = {WITNESS_CONFIG, 90, say_evidence(subject, p->file, at)};
    if (facts_get(&subject->facts, fact) == NULL) {
        facts_set_text(&subject->facts, fact, words, &source);
    }
}

/* Without a word of the proxy's, is the VMS itself open to who comes this way? */
static const char *
open_reason(const struct publication *p)
{
    if (install_door(p->install->product, p->port) == DOOR_OPEN) {
        return "that port has no log-in";
    }
    if (p->install->auth_off) {
        return "the log-in of the VMS is off";
    }
    if (facts_get(&p->install->subject->facts, FACT_VMS_ASKS) != NULL) {
        return "the VMS asks only strangers to its network for a log-in, and the proxy is none";
    }
    return NULL;
}

static bool
is_guarded(const struct publication *p)
{
    return p->guard == GUARD_PASSWORD || p->guard == GUARD_FORWARD || p->guard == GUARD_KEY ||
           p->guard == GUARD_ADDRESSES;
}

/* Another path of the same domain is guarded: this one was forgotten, or left out on purpose. */
static bool
is_gap(const struct audit *audit, const struct publication *p)
{
    for (const struct publication *o = audit->publications; o != NULL; o = o->next) {
        if (o != p && o->file == p->file && o->install == p->install &&
            text_equal(o->domain, p->domain) && is_guarded(o)) {
            return true;
        }
    }
    return false;
}

static void
say_unguarded(const struct audit *audit, const struct publication *p)
{
    char place[WORDS];
    char words[WORDS + 120];
    const char *reason = open_reason(p);
    (void)place_words(p, place);
    if (is_gap(audit, p)) {
        (void)snprintf(words, sizeof(words), "%s without the log-in of its other paths", place);
        set(p, FACT_GUARD_GAP, p->at, words);
    } else if (reason != NULL) {
        (void)snprintf(words, sizeof(words), "%s: %s", place, reason);
        set(p, FACT_VMS_UNGUARDED, p->at, words);
    } else {
        set(p, FACT_VMS_PUBLISHED, p->at, place);
    }
}

/* What Authelia's rules make of a guard that asks it. */
static void
ask_authelia(struct audit *audit, struct publication *p)
{
    char words[WORDS + 200];
    char place[SAY_PLACE];
    struct authelia_answer answer;
    if (p->guard != GUARD_FORWARD || audit->authelia == NULL ||
        (p->guard_name != NULL && !text_equal(p->guard_name, "Authelia"))) {
        return;
    }
    answer = authelia_ask(audit->authelia, p->domain);
    if (answer.policy == AUTHELIA_UNKNOWN) {
        p->guard = GUARD_UNKNOWN;
        return;
    }
    struct publication rule = *p;
    rule.file = audit->authelia;
    if (answer.policy == AUTHELIA_BYPASS) {
        p->guard = GUARD_NONE;
        (void)snprintf(words, sizeof(words), "Authelia lets everyone through to %.80s (%s)",
            p->domain, say_place(audit->authelia, answer.at, place));
        set(&rule, FACT_GUARD_GAP, answer.at, words);
        return;
    }
    if (answer.gap != NULL) {
        (void)snprintf(words, sizeof(words),
            "Authelia lets everyone through to some paths of %.80s (%s)", p->domain,
            say_place(audit->authelia, answer.gap, place));
        set(&rule, FACT_GUARD_GAP, answer.gap, words);
    }
    if (answer.lan != NULL) {
        p->guard = GUARD_PARTLY;
        p->guard_at = answer.lan;
    }
    p->guard_name =
        answer.policy == AUTHELIA_TWO && !answer.is_weaker ? "Authelia with a second factor"
        : answer.policy == AUTHELIA_TWO ? "Authelia, for a part with less than a second factor"
                                        : "Authelia with a password alone";
    if (authelia_unlimited(audit->authelia) != NULL) {
        install_add_risk(p->install, "passwords at Authelia can be guessed without end",
            say_place(audit->authelia, authelia_unlimited(audit->authelia), place));
    }
    authelia_say_site(audit, &answer);
}

static void
say_one(struct audit *audit, struct publication *p)
{
    struct subject *subject = p->install->subject;
    char words[WORDS];
    ask_authelia(audit, p);
    if (p->guard == GUARD_NONE && !p->is_local) {
        say_unguarded(audit, p);
    } else if (p->guard == GUARD_PARTLY) {
        char partly[WORDS + 60];
        (void)snprintf(partly, sizeof(partly), "%s, and Authelia lets some networks in",
            place_words(p, words));
        set(p, FACT_VMS_PUBLISHED, p->at, partly);
    } else if (p->guard == GUARD_UNKNOWN) {
        set(p, FACT_GUARD_UNREAD, p->at, place_words(p, words));
    }
    if (p->is_plain && !p->is_local) {
        const struct source source = {WITNESS_CONFIG, 85, say_evidence(subject, p->file, p->at)};
        facts_set_bool(&subject->facts, FACT_VMS_TLS, false, &source);
    }
    if (p->is_unlogged) {
        set(p, FACT_PROXY_UNLOGGED, p->at, place_words(p, words));
    }
    bool loopback = text_starts(p->host, "127.") || text_equal(p->host, "localhost") ||
                    text_equal(p->host, "[::1]");
    if (loopback && p->install->product == PRODUCT_SHINOBI) {
        /* libs/socketio.js: a peer at 127.0.0.1 is taken for a part of Shinobi. */
        char place[SAY_PLACE];
        install_add_risk(p->install,
            "a proxy that comes from 127.0.0.1 switches the log-in of Shinobi's live connections "
            "off",
            say_place(p->file, p->at, place));
    }
}

/* Every way in is guarded: only then is it said. */
static void
say_guarded(const struct audit *audit, const struct install *install)
{
    static const char *const names[] = {[GUARD_PASSWORD] = "a password",
        [GUARD_FORWARD] = "another program's log-in",
        [GUARD_KEY] = "a client certificate",
        [GUARD_ADDRESSES] = "an address of its list"};
    const struct publication *last = NULL;
    for (const struct publication *p = audit->publications; p != NULL; p = p->next) {
        if (p->install == install && !p->is_local) {
            if (!is_guarded(p)) {
                return;
            }
            last = p;
        }
    }
    if (last == NULL || facts_get(&install->subject->facts, FACT_GUARD_GAP) != NULL) {
        return;
    }
    char words[WORDS];
    char place[SAY_PLACE];
    const struct tree_node *at = last->guard_at == NULL ? last->at : last->guard_at;
    (void)snprintf(words, sizeof(words), "%s asks for %s (%s)", last->proxy,
        last->guard_name != NULL ? last->guard_name : names[last->guard],
        say_place(last->file, at, place));
    set(last, FACT_VMS_GUARD, at, words);
}

void
publish_finish(struct audit *audit)
{
    for (struct publication *p = audit->publications; p != NULL; p = p->next) {
        say_one(audit, p);
    }
    for (const struct install *i = audit->installs; i != NULL; i = i->next) {
        say_guarded(audit, i);
    }
}
