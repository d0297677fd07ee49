/* Port mappings are deleted, watched and made again, at a router that is played here. */
#include "test.h"

#include "remedy/remedy.h"

/* The desk and the plan are this test's own. */
#define desk_http                  played_http
#define desk_wait                  played_wait
#define desk_tell                  played_tell
#define plan_target(plan, subject) played_target(plan, subject)
#define plan_add                   played_add
#define plan_closes                played_closes

enum err played_http(struct desk *desk, const struct wire_target *target,
    const struct request *request, struct arena *arena, struct answer *ret_answer);
enum err played_wait(struct desk *desk, unsigned ms);
void played_tell(const struct job *job, const char *format, ...) PRINTF(2, 3);
size_t played_target(struct plan *plan, const struct subject *subject);
struct plan_step *played_add(struct plan *plan, const char *kind, size_t target);
enum err played_closes(struct plan *plan, struct plan_step *step, const char *rule);

#include "remedy/kind_mapping.c"

/* The router: at most one mapping, and how it behaves. */
static struct {
    bool has, is_secure, comes_back, is_broken, lies;
    unsigned waited, added;
    char inside[IP_TEXT];
    const char *body; /* of the last AddPortMapping */
    char last[4096];
} router;

static const char row_format[] =
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
    "<u:GetGenericPortMappingEntryResponse xmlns:u=\"x\"><NewRemoteHost></NewRemoteHost>"
    "<NewExternalPort>18000</NewExternalPort><NewProtocol>TCP</NewProtocol>"
    "<NewInternalPort>8000</NewInternalPort><NewInternalClient>%s</NewInternalClient>"
    "<NewEnabled>1</NewEnabled><NewPortMappingDescription>cam&amp;port</NewPortMappingDescription>"
    "<NewLeaseDuration>0</NewLeaseDuration></u:GetGenericPortMappingEntryResponse></s:Body>"
    "</s:Envelope>";
static const char fault_format[] =
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>"
    "<detail><UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>%u</errorCode>"
    "</UPnPError></detail></s:Fault></s:Body></s:Envelope>";

static void
fault(struct arena *arena, unsigned code, struct answer *answer)
{
    answer->status = 500;
    answer->body = arena_format(arena, fault_format, code);
}

static void
act(const struct request *request, struct arena *arena, struct answer *answer)
{
    bool is_first = text_contains(request->ask.body, "<NewPortMappingIndex>0<");
    answer->status = 200;
    answer->body = "<ok/>";
    if (text_contains(request->soap_action, "#GetGenericPortMappingEntry")) {
        if (router.has && is_first) {
            answer->body = arena_format(arena, row_format, router.inside);
        } else {
            fault(arena, 713, answer);
        }
    } else if (text_contains(request->soap_action, "#DeletePortMapping")) {
        if (router.is_secure) {
            fault(arena, 606, answer);
        } else {
            router.has = router.lies;
        }
    } else if (text_contains(request->soap_action, "#AddPortMapping")) {
        (void)text_copy(router.last, sizeof(router.last), request->ask.body);
        router.has = true;
        router.added++;
    }
}

enum err
played_http(struct desk *desk, const struct wire_target *target, const struct request *request,
    struct arena *arena, struct answer *ret_answer)
{
    (void)desk;
    assert_int_equal(target->port, 5000);
    assert_string_equal(request->ask.path, "/ctl/IPConn");
    *ret_answer = (struct answer){.headers = "", .body = ""};
    if (router.is_broken) {
        ret_answer->status = 200;
        ret_answer->body = "<html>Welcome</html>";
    } else {
        act(request, arena, ret_answer);
    }
    ret_answer->body_len = strlen(ret_answer->body);
    return OK;
}

enum err
played_wait(struct desk *desk, unsigned ms)
{
    (void)desk;
    router.waited += ms;
    router.has = router.has || router.comes_back;
    return OK;
}

void
played_tell(const struct job *job, const char *format, ...)
{
    (void)job;
    (void)format;
}

static struct plan_target targets[4];
static struct plan_step steps[4];

size_t
played_target(struct plan *plan, const struct subject *subject)
{
    (void)subject;
    plan->targets = targets;
    plan->target_count = 1;
    return 0;
}

struct plan_step *
played_add(struct plan *plan, const char *kind, size_t target)
{
    struct plan_step *step = &steps[plan->step_count++];
    *step =
        (struct plan_step){.number = (unsigned)plan->step_count, .kind = kind, .target = target};
    plan->steps = steps;
    return step;
}

enum err
played_closes(struct plan *plan, struct plan_step *step, const char *rule)
{
    (void)plan;
    (void)rule;
    step->rule_count++;
    return OK;
}

/* A job at the router 10.0.3.1 about the mapping to 10.0.3.7. */
struct scene {
    struct subject *subject;
    struct plan_step step;
    struct job job;
};

static void
begin(struct scene *scene)
{
    struct ip ip;
    memset(&router, 0, sizeof(router));
    router.has = true;
    (void)text_copy(router.inside, sizeof(router.inside), "10.0.3.7");
    *scene = (struct scene){.subject = subject_new(1)};
    assert_int_equal(ip_parse("10.0.3.1", &ip), OK);
    assert_true(subject_add_address(scene->subject, &ip));
    scene->step.detail = json_pack("{s:s, s:i, s:s, s:s, s:s, s:i, s:s, s:i, s:s, s:s, s:i, s:b}",
        "router", "10.0.3.1", "control_port", 5000, "control", "/ctl/IPConn", "service",
        "urn:schemas-upnp-org:service:WANIPConnection:1", "protocol", "TCP", "outside_port", 18000,
        "inside", "10.0.3.7", "inside_port", 8000, "description", "cam&port", "remote", "", "lease",
        0, "on", 1);
    assert_non_null(scene->step.detail);
    scene->job = (struct job){.step = &scene->step, .subject = scene->subject};
}

static void
end(struct scene *scene)
{
    json_decref(scene->step.detail);
    json_decref(scene->job.before);
    json_decref(scene->job.after);
    subject_free(scene->subject);
}

static void
test_deletes_a_mapping_and_looks_again_after_a_while(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_false(router.has);
    assert_int_equal(prove(&scene.job), REMEDY_DONE);
    assert_int_equal(router.waited, LATER_MS);
    end(&scene);
}

static void
test_says_who_asks_anew(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    router.comes_back = true;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_UNPROVEN);
    assert_non_null(strstr(scene.job.why.text, "asks for it by itself"));
    end(&scene);
}

static void
test_does_not_believe_a_router_that_deletes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    router.lies = true;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(prove(&scene.job), REMEDY_UNPROVEN);
    assert_int_equal(router.waited, 0);
    end(&scene);
}

static void
test_says_that_only_the_device_may_delete(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    router.is_secure = true;
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_REFUSED);
    assert_non_null(strstr(scene.job.why.text, "only the device"));
    assert_non_null(strstr(scene.job.why.text, "606"));
    end(&scene);
}

static void
test_leaves_a_port_that_leads_elsewhere_by_now(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    (void)text_copy(router.inside, sizeof(router.inside), "10.0.3.8");
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    router.has = false;
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_null(scene.job.before);
    end(&scene);
}

static void
test_makes_the_mapping_again_as_it_was_and_only_once(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    assert_int_equal(apply(&scene.job), REMEDY_DONE);
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    assert_int_equal(undo(&scene.job), REMEDY_DONE);
    assert_int_equal(router.added, 1);
    assert_non_null(strstr(router.last, "<NewInternalClient>10.0.3.7</NewInternalClient>"));
    assert_non_null(strstr(router.last, "<NewPortMappingDescription>cam&amp;port<"));
    end(&scene);
}

static void
test_an_answer_that_is_no_list_is_not_an_empty_list(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(take(&scene.job), REMEDY_DONE);
    router.is_broken = true;
    assert_int_equal(prove(&scene.job), REMEDY_FAILED);
    assert_int_equal(undo(&scene.job), REMEDY_FAILED);
    end(&scene);
}

static void
test_sends_nothing_to_a_host_that_is_not_the_target(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(json_object_set_new(scene.step.detail, "router", json_string("10.0.3.99")), 0);
    assert_int_equal(take(&scene.job), REMEDY_CHANGED);
    assert_int_equal(apply(&scene.job), REMEDY_CHANGED);
    assert_true(router.has);
    end(&scene);
}

static void
test_plans_what_leads_to_devices_of_the_site_only(void **state)
{
    (void)state;
    struct subject *device = subject_new(1);
    struct subject *gateway = subject_new(2);
    struct subject *devices[] = {device, gateway};
    struct port_mapping mappings[2] = {
        {.protocol = "TCP",
         .outside_port = 18000,
         .inside_port = 8000,
         .description = "camport",
         .control_port = 5000,
         .control = "/ctl/IPConn",
         .service = "s",
         .next = &mappings[1]},
        {.protocol = "UDP", .outside_port = 9,        .inside_port = 9, .control = "/ctl/IPConn"  },
    };
    assert_int_equal(ip_parse("10.0.3.1", &mappings[0].router), OK);
    mappings[1].router = mappings[0].router;
    assert_int_equal(ip_parse("10.0.3.7", &mappings[0].inside), OK);
    assert_int_equal(ip_parse("10.0.3.66", &mappings[1].inside), OK);
    assert_true(subject_add_address(device, &mappings[0].inside));
    assert_true(subject_add_address(gateway, &mappings[0].router));
    const struct source source = {.witness = WITNESS_CONFIG, .confidence = 90};
    facts_set_bool(&device->facts, FACT_UPNP_ENABLED, true, &source);
    const struct finding_place places[] = {{.subject = device}, {.subject = gateway}};
    struct finding findings[] = {
        {.id = RULE_DEVICE, .verdict = FAIL, .places = &places[0], .place_count = 1},
        {.id = RULE_ROUTER, .verdict = FAIL, .places = &places[1], .place_count = 1},
    };
    const struct assessment assessment = {.findings = findings,
        .finding_count = 2,
        .devices = devices,
        .device_count = 2,
        .mappings = mappings};
    const struct plan_from from = {.assessment = &assessment};
    struct plan plan = {.step_count = 0};
    arena_init(&plan.arena, 65536);
    assert_int_equal(propose(&plan, &from), OK);
    assert_int_equal(plan.step_count, 1);
    assert_int_equal(steps[0].rule_count, 2);
    assert_non_null(strstr(steps[0].words, "18000"));
    assert_non_null(strstr(steps[0].changes, "asked for by the device itself"));
    assert_non_null(strstr(steps[0].changes, "camport"));
    json_decref(steps[0].detail);
    arena_release(&plan.arena);
    subject_free(device);
    subject_free(gateway);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deletes_a_mapping_and_looks_again_after_a_while),
        cmocka_unit_test(test_says_who_asks_anew),
        cmocka_unit_test(test_does_not_believe_a_router_that_deletes_nothing),
        cmocka_unit_test(test_says_that_only_the_device_may_delete),
        cmocka_unit_test(test_leaves_a_port_that_leads_elsewhere_by_now),
        cmocka_unit_test(test_makes_the_mapping_again_as_it_was_and_only_once),
        cmocka_unit_test(test_an_answer_that_is_no_list_is_not_an_empty_list),
        cmocka_unit_test(test_sends_nothing_to_a_host_that_is_not_the_target),
        cmocka_unit_test(test_plans_what_leads_to_devices_of_the_site_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
