/* Devices whose cloud has no switch: what to block at the router, in words for a person. */
#include "remedy/remedy.h"
#include "remedy/switching.h"

#include "base/text.h"

/* A finding of the control that only a block at the router closes at this device. */
static bool
needs_block(
    const struct plan_from *from, const struct finding *finding, const struct finding_place *place)
{
    const struct device_driver *driver = switching_driver(place->subject);
    bool has_switch =
        driver != NULL && switching_row(driver, switching_rule(finding->id), 0) != NULL;
    if (finding->control == NULL || !text_equal(finding->control->id, "vendor-cloud") ||
        (subject_kinds(place->subject) & KINDS_VIDEO) == 0 || has_switch ||
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

static struct plan_step *
planned(struct plan *plan, size_t target)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].target == target && text_equal(plan->steps[i].kind, "firewall")) {
            return &plan->steps[i];
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
            if (needs_block(from, finding, &finding->places[n])) {
                err = propose_place(plan, finding, finding->places[n].subject);
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
