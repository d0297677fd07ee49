/* By hand: how the owner switches UPnP port mapping off on the router itself, by its make. */
#include "remedy/remedy.h"

#include "base/text.h"

#include <string.h>

#define RULE "upnp/router-igd"

static const struct {
    const char *name, *marks, *steps;
} routers[] = {
#define ROUTER(name, marks, steps) {name, marks, steps},
#include "remedy/routers.def"
#undef ROUTER
};

static const char any[] =
    "Open the router's page, find UPnP (also NAT-PMP or PCP; often under Advanced, NAT or port "
    "forwarding), switch it off, and delete what its list still holds";

/*
 * RFC 6886 3.4, RFC 6887 11.1 and 15: no list of mappings can be asked for, and only the host that
 * asked for a mapping ends it; a lifetime ends it too.
 */
static const char by_its_host[] =
    "Open the router's page, find NAT-PMP or PCP (often under UPnP, NAT or port forwarding), "
    "switch "
    "it off and restart the router. Gatehouse can't delete what devices asked for: this protocol "
    "shows nobody its list, and lets only the device that asked for a mapping end it; so switch it "
    "off (UPnP, NAT-PMP, P2P) in the cameras and the VMS too, and look from outside whether a port "
    "is still open";

/* Facts that tell the make of a router without a log-in. */
static const enum fact_id told[] = {FACT_DEVICE_BRAND, FACT_DEVICE_VENDOR, FACT_DEVICE_MODEL,
    FACT_DEVICE_NAME, FACT_SSDP_SERVER, FACT_HTTP_TITLE, FACT_HTTP_SERVER, FACT_HTTP_REALM,
    FACT_MAC_VENDOR};

/* Whether the text holds one of the marks. */
static bool
has_mark(const char *text, const char *marks)
{
    while (text != NULL && *marks != '\0') {
        char mark[40];
        size_t len = strcspn(marks, "|");
        if (len < sizeof(mark)) {
            memcpy(mark, marks, len);
            mark[len] = '\0';
            if (text_contains_nocase(text, mark)) {
                return true;
            }
        }
        marks += len + (marks[len] == '|' ? 1 : 0);
    }
    return false;
}

/* The row of the first fact that names a make; the table's count where none does. */
static size_t
row_of(const struct facts *facts)
{
    for (size_t i = 0; i < COUNT(told); i++) {
        for (size_t j = 0; j < COUNT(routers); j++) {
            if (has_mark(facts_text(facts, told[i]), routers[j].marks)) {
                return j;
            }
        }
    }
    return COUNT(routers);
}

static const char *
words_of(struct plan *plan, const struct subject *router, const char *title)
{
    size_t row = row_of(&router->facts);
    bool is_known = row != COUNT(routers);
    const char *protocols = facts_text(&router->facts, FACT_IGD_PROTOCOLS);
    if (text_equal(protocols, "NAT-PMP or PCP")) {
        return arena_format(&plan->arena, "Switch NAT-PMP and PCP off on %s%s%s%s: %s", title,
            is_known ? " (" : "", is_known ? routers[row].name : "", is_known ? ")" : "",
            by_its_host);
    }
    return is_known ? arena_format(&plan->arena, "Switch UPnP off on %s (%s): %s", title,
                          routers[row].name, routers[row].steps)
                    : arena_format(&plan->arena, "Switch UPnP off on %s: %s", title, any);
}

static enum err
propose_one(struct plan *plan, const struct subject *router)
{
    char title[SUBJECT_TITLE];
    size_t target = plan_target(plan, router);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "igd", target);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->by_hand = true;
    step->is_reversible = true;
    step->words = words_of(plan, router, subject_title(router, title));
    step->changes = "what opens ports to the internet on anyone's request: on → off";
    step->notices = "Games and calls may connect less well; nothing that records video needs it";
    step->fact = fact_name(FACT_IGD_PRESENT);
    step->from = "yes";
    step->wanted = "no";
    return step->words == NULL ? ERR_MEMORY : plan_closes(plan, step, RULE);
}

static enum err
propose(struct plan *plan, const struct plan_from *from)
{
    enum err err = OK;
    const struct assessment *assessment = from->assessment;
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        for (size_t j = 0; text_equal(finding->id, RULE) && j < finding->place_count && err == OK;
             j++) {
            err = plan_wants(from, finding, &finding->places[j])
                      ? propose_one(plan, finding->places[j].subject)
                      : OK;
        }
    }
    return err;
}

const struct remedy_kind remedy_igd = {
    .name = "igd",
    .title = "Router: stop opening ports",
    .propose = propose,
};
