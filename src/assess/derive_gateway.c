/* Whether a VMS answers beside the gateway that its owner put in front of it. */
#include "assess/derive.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What footage or a VMS's pages come over. */
static bool
may_carry_footage(const struct port *port)
{
    static const char *const protocols[] = {"http", "https", "rtsp"};
    for (size_t i = 0; i < COUNT(protocols); i++) {
        if (text_equal(port->protocol, protocols[i])) {
            return true;
        }
    }
    return false;
}

/* Appends what answers at the address and is not the gateway itself. */
static void
add_open(char *out, size_t size, const struct site *site, const struct ip *guarded,
    const struct subject *subject)
{
    char ip[IP_TEXT];
    for (size_t i = 0; i < subject->port_count; i++) {
        const struct port *port = &subject->ports[i];
        bool is_gateway =
            port->number == site->gateway_port && ip_equal(guarded, &site->gateway_ip);
        if (is_gateway || !may_carry_footage(port)) {
            continue;
        }
        size_t used = strlen(out);
        (void)snprintf(out + used, size - used, "%s%s%s://%s%s%s:%u", used == 0 ? "" : ", ",
            text_equal(port->protocol, "rtsp") ? "rtsp" : "http",
            port->tls && !text_equal(port->protocol, "rtsp") ? "s" : "",
            guarded->family == 6 ? "[" : "", ip_text(guarded, ip), guarded->family == 6 ? "]" : "",
            port->number);
    }
}

void
derive_gateway(struct crowd *crowd, struct subject *whole, const struct derive_from *from)
{
    const struct site *site = from->site;
    if (site == NULL || site->gateway_ip.family == 0) {
        return;
    }
    const struct source declared = {WITNESS_DECLARED, 90, NULL};
    char ip[IP_TEXT];
    char open[512] = "";
    char silent[512] = "";
    facts_set_text(&whole->facts, FACT_GATEWAY_NAME,
        arena_format(
            &whole->arena, "%s port %u", ip_text(&site->gateway_ip, ip), site->gateway_port),
        &declared);
    bool all_asked = from->discovery != NULL && site->guarded_count > 0;
    for (size_t i = 0; i < site->guarded_count; i++) {
        const struct ip *guarded = &site->guarded[i];
        const struct subject *subject = crowd_find(crowd, guarded);
        /* Nothing was asked of an address outside the scope, nor of one that broke off. */
        all_asked = all_asked && scope_contains(from->scope, guarded) &&
                    (subject == NULL || subject->trouble == NULL);
        if (subject != NULL) {
            add_open(open, sizeof(open), site, guarded, subject);
        }
        size_t used = strlen(silent);
        (void)snprintf(silent + used, sizeof(silent) - used, "%s%s", used == 0 ? "" : ", ",
            ip_text(guarded, ip));
    }
    if (open[0] == '\0' && !all_asked) {
        return;
    }
    const struct source seen = {WITNESS_WIRE, 90,
        evidence_new(&whole->arena, "TCP connects to the usual ports of VMSes and cameras",
            open[0] != '\0' ? open : "no answer from any of them", clock_wall())};
    facts_set_text(&whole->facts, open[0] != '\0' ? FACT_GATEWAY_BYPASS : FACT_GATEWAY_CLOSED,
        open[0] != '\0' ? open : silent, &seen);
}
