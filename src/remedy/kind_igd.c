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

static enum err
propose_one(struct plan *plan, const struct subject *router)
{
    char title[SUBJECT_TITLE];
    size_t row = row_of(&router->facts);
    size_t target = plan_target(plan, router);
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "igd", target);
    if (step == NULL) {
        return ERR_LIMIT;
    }
    step->by_hand = true;
    step->is_reversible = true;
    step->words = row == COUNT(routers)
                      ? arena_format(&plan->arena, "Switch UPnP off on %s: %s",
                            subject_title(router, title), any)
                      : arena_format(&plan->arena, "Switch UPnP off on %s (%s): %s",
                            subject_title(router, title), routers[row].name, routers[row].steps);
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
