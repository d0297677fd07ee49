/*
 * Devices without a switch for their cloud or for an open service: what to block at the router or
 * firewall, in words for a person.
 */
#include "remedy/remedy.h"
#include "remedy/switching.h"

#include "base/text.h"

#define CLOUD "vendor-cloud"

/* Open services, and what the firewall keeps from the device where it has no switch of its own. */
static const struct {
    const char *rule, *ports;
} services[] = {
    {"default-credentials/telnet-open",       "TCP port 23 (telnet)"          },
    {"default-credentials/telnet-on",         "TCP port 23 (telnet)"          },
    {"default-credentials/ftp-open",          "TCP port 21 (FTP)"             },
    {"default-credentials/ftp-on",            "TCP port 21 (FTP)"             },
    {"default-credentials/ssh-on",            "TCP port 22 (SSH)"             },
    {"default-credentials/snmp-on",           "UDP port 161 (SNMP)"           },
    {"default-credentials/rtsp-open",         "TCP port 554 (RTSP)"           },
    {"default-credentials/snapshot-open",     "its web ports (HTTP)"          },
    {"default-credentials/anonymous-viewing", "its web ports and TCP port 554"},
    {"default-credentials/onvif-open",        "its web and ONVIF ports"       },
    {"default-credentials/onvif-users-open",  "its web and ONVIF ports"       },
    {"upnp/device-upnp-on",                   NULL /* see fill_service() */   },
};

static bool
has_switch(const struct finding *finding, const struct subject *subject)
{
    const char *rule = switching_rule(finding->id);
    const struct device_driver *driver = switching_driver(subject);
    bool was_asked = facts_get(&subject->facts, FACT_LOGIN_OWNER) != NULL ||
                     facts_get(&subject->facts, FACT_LOGIN_FACTORY) != NULL;
    return driver != NULL && switching_row(driver, rule, 0) != NULL &&
           (!was_asked || switching_is_told(subject, rule));
}

/* Its maker's own way by hand, which is better than a block. */
static bool
has_way(const struct finding *finding, const struct subject *subject)
{
    const struct device_driver *driver = switching_driver(subject);
    for (size_t i = 0; driver != NULL && i < driver->fix_count; i++) {
        if (text_equal(driver->fixes[i].rule, finding->id)) {
            return true;
        }
    }
    return false;
}

/* The row of an open service that only a block closes at this device; the count where it is none.
 */
static size_t
service_of(
    const struct plan_from *from, const struct finding *finding, const struct finding_place *place)
{
    size_t i = 0;
    while (i < COUNT(services) && !text_equal(services[i].rule, finding->id)) {
        i++;
    }
    bool is_ours = i < COUNT(services) && (subject_kinds(place->subject) & KINDS_VIDEO) != 0 &&
                   place->subject->address_count != 0 && plan_wants(from, finding, place) &&
                   !has_switch(finding, place->subject) && !has_way(finding, place->subject);
    return is_ours ? i : COUNT(services);
}

/* A finding of the control that only a block at the router closes at this device. */
static bool
needs_block(
    const struct plan_from *from, const struct finding *finding, const struct finding_place *place)
{
    const struct device_driver *driver = switching_driver(place->subject);
    bool is_switched =
        driver != NULL && switching_row(driver, switching_rule(finding->id), 0) != NULL;
    if (finding->control == NULL || !text_equal(finding->control->id, CLOUD) ||
        (subject_kinds(place->subject) & KINDS_VIDEO) == 0 || is_switched ||
        place->subject->address_count == 0) {
        return false;
    }
    /* Where nothing can be read, a maker without a switch is reason enough. */
    struct finding asked = *finding;
    bool is_unread = finding->verdict == UNKNOWN && driver != NULL && driver->no_switch != NULL &&
                     text_starts(finding->rule, "cloud-");
    asked.verdict = is_unread ? NOTE : finding->verdict;
    return plan_wants(from, &asked, place);
}

static const char *
why_no_switch(const struct subject *subject)
{
    const struct device_driver *driver = switching_driver(subject);
    return driver != NULL && driver->no_switch != NULL
               ? driver->no_switch
               : "no switch for this is known in its own settings";
}

static enum err
fill(struct plan *plan, struct plan_step *step, const struct subject *subject)
{
    char ip[IP_TEXT];
    const char *address = ip_text(&subject->addresses[0], ip);
    step->by_hand = true;
    step->words = arena_format(&plan->arena,
        "By hand, at the router or firewall: block from %s to the internet; allow NTP and DNS to "
        "the gateway only (%s)",
        address, why_no_switch(subject));
    step->changes = arena_format(&plan->arena,
        "forwarded from %s to outside: drop, for IPv4 and IPv6; from %s to the gateway: udp 123, "
        "udp and tcp 53, nothing else; from the VMS to %s: as it is",
        address, address, address);
    step->notices = "The maker's app reaches it in the local network only, if at all; updates from "
                    "the maker stop until they are let through or brought by hand.";
    step->untouched = "the device's own settings";
    return step->words == NULL || step->changes == NULL ? ERR_MEMORY : OK;
}

/* A block of a service is a step of its own: somebody may want the one and not the other. */
static enum err
propose_service(
    struct plan *plan, const struct finding *finding, const struct subject *subject, size_t service)
{
    char ip[IP_TEXT];
    const char *address = ip_text(&subject->addresses[0], ip);
    const char *ports = services[service].ports;
    size_t target = plan_target(plan, subject);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "firewall", target);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->by_hand = true;
    step->words =
        ports == NULL
            ? arena_format(&plan->arena,
                  "By hand, at the router or firewall: let %s ask the router for nothing but NTP "
                  "and DNS (its settings tell of no switch for this)",
                  address)
            : arena_format(&plan->arena,
                  "By hand, at the router or firewall: let only the VMS reach %s of %s (its "
                  "settings tell of no switch for this)",
                  ports, address);
    step->changes = ports == NULL ? arena_format(&plan->arena,
                                        "from %s to the router: udp 1900, udp 5351 and its UPnP "
                                        "port: drop",
                                        address)
                                  : arena_format(&plan->arena,
                                        "from all but the VMS to %s, %s: drop; hosts of the same "
                                        "subnet are kept away only by a network of its own (VLAN)",
                                        address, ports);
    step->notices = "Who used this service of the device from elsewhere than the VMS.";
    step->untouched = "the device's own settings";
    return step->words == NULL || step->changes == NULL ? ERR_MEMORY
                                                        : plan_closes(plan, step, finding->id);
}

/* The block of its cloud, told from those of services by what it closes. */
static struct plan_step *
planned(struct plan *plan, size_t target)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        struct plan_step *step = &plan->steps[i];
        if (step->target == target && text_equal(step->kind, "firewall") && step->rule_count != 0 &&
            text_starts(step->rules[0], CLOUD "/")) {
            return step;
        }
    }
    return NULL;
}

static enum err
propose_place(struct plan *plan, const struct finding *finding, const struct subject *subject)
{
    enum err err = OK;
    size_t target = plan_target(plan, subject);
    struct plan_step *step = target == SIZE_MAX ? NULL : planned(plan, target);
    if (target != SIZE_MAX && step == NULL) {
        step = plan_add(plan, "firewall", target);
        err = step == NULL ? ERR_LIMIT : fill(plan, step, subject);
    }
    if (step == NULL) {
        return ERR_LIMIT;
    }
    return err == OK ? plan_closes(plan, step, finding->id) : err;
}

static enum err
propose(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    for (size_t i = 0; i < from->assessment->finding_count; i++) {
        const struct finding *finding = &from->assessment->findings[i];
        for (size_t n = 0; n < finding->place_count && err == OK; n++) {
            const struct finding_place *place = &finding->places[n];
            size_t service = service_of(from, finding, place);
            if (service != COUNT(services)) {
                err = propose_service(plan, finding, place->subject, service);
            } else if (needs_block(from, finding, place)) {
                err = propose_place(plan, finding, place->subject);
            }
        }
    }
    return err;
}

const struct remedy_kind remedy_firewall = {
    .name = "firewall",
    .title = "Block at the firewall",
    .propose = propose,
};
