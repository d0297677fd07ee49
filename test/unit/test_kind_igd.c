/* How the owner is told to switch off what opens ports, by the make and the protocol of a router.
 */
#include "remedy/plan.h"
#include "remedy/remedy.h"

#include "test.h"

extern const struct remedy_kind remedy_igd;

static const struct control upnp = {.id = "upnp"};
static const struct source wire = {.witness = WITNESS_WIRE, .confidence = 90};

struct row {
    const char *title;
    enum fact_id fact; /* that tells the make */
    const char *text;
    const char *protocols; /* NULL: a run of an older Gatehouse */
    const char *words;     /* that the step has */
    const char *lacks;     /* and has not; NULL: whatever */
};

/* The only step of a router that is known by this row. */
static struct plan *
plan_for(const struct row *row)
{
    struct ip ip = ip_from_v4(0x0a000001);
    struct subject *router = subject_new(1);
    assert_non_null(router);
    router->kind = KIND_ROUTER;
    assert_true(subject_add_address(router, &ip));
    facts_set_bool(&router->facts, FACT_IGD_PRESENT, true, &wire);
    facts_set_text(&router->facts, row->fact, row->text, &wire);
    facts_set_text(&router->facts, FACT_IGD_PROTOCOLS, row->protocols, &wire);
    struct finding_place place = {.subject = router};
    struct finding findings[] = {
        {.id = "upnp/mappings-held",
         .verdict = FAIL,
         .control = &upnp,
         .places = &place,
         .place_count = 1},
        {.id = "upnp/router-igd",
         .verdict = FAIL,
         .control = &upnp,
         .places = &place,
         .place_count = 1},
    };
    struct assessment *assessment = assessment_new();
    struct plan *plan = plan_new();
    assert_non_null(assessment);
    assert_non_null(plan);
    assessment->findings = findings;
    assessment->finding_count = COUNT(findings);
    const struct plan_from from = {.assessment = assessment};
    assert_int_equal(remedy_igd.propose(plan, &from), OK);
    assessment->findings = NULL;
    assessment->finding_count = 0;
    assessment_free(assessment);
    subject_free(router);
    return plan;
}

static void
test_tells_each_router_its_own_way(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct row rows[] = {
        {"a make that is known", FACT_SSDP_SERVER, "FRITZ!Box 7590 UPnP/1.0 AVM", "UPnP IGD", "(FRITZ!Box): fritz.box > Internet", NULL},
        {"by its web page", FACT_HTTP_TITLE, "LuCI - OpenWrt", NULL, "Services > UPnP", NULL},
        {"by its MAC", FACT_MAC_VENDOR, "Routerboard.com MikroTik", "UPnP IGD, and NAT-PMP or PCP", "/ip upnp set enabled=no", NULL},
        {"a make that is not known", FACT_HTTP_TITLE, "My router", "UPnP IGD", "Switch UPnP off on", "("},
        {"NAT-PMP only", FACT_HTTP_TITLE, "AirPort Extreme", "NAT-PMP or PCP", "Switch NAT-PMP and PCP off on", "Switch UPnP"},
        {"NAT-PMP only: why nothing is deleted", FACT_HTTP_TITLE, "AirPort Extreme", "NAT-PMP or PCP", "lets only the device that asked for a mapping end it", NULL},
        {"NAT-PMP only, of a make that is known", FACT_DEVICE_VENDOR, "pfSense", "NAT-PMP or PCP", "(pfSense): Open the router's page", NULL},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct plan *plan = plan_for(&rows[i]);
        assert_int_equal(plan->step_count, 1);
        const struct plan_step *step = &plan->steps[0];
        if (strstr(step->words, rows[i].words) == NULL ||
            (rows[i].lacks != NULL &&
                strncmp(step->words, rows[i].lacks, strlen(rows[i].lacks)) == 0)) {
            fail_msg("%s: %s", rows[i].title, step->words);
        }
        assert_true(step->by_hand);
        assert_string_equal(step->rules[0], "upnp/router-igd");
        plan_free(plan);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tells_each_router_its_own_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
