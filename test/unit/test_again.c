/* Which devices of an earlier run are taken over, and what is known of them then. */
#include "assess/again.h"

#include "test.h"

static const struct source seen = {WITNESS_WIRE, 90, NULL};

struct scene {
    struct assessment before;
    struct subject *devices[2];
    struct crowd heard;
    struct again again;
};

static const char *const touched[] = {"mac:02:00:00:00:00:01"};

static struct subject *
make(uint8_t last, uint32_t address)
{
    struct subject *subject = subject_new(last);
    assert_non_null(subject);
    struct ip ip = ip_from_v4(address);
    subject->mac = (struct mac){
        {2, 0, 0, 0, 0, last}
    };
    subject->in_scope = true;
    (void)subject_add_address(subject, &ip);
    *subject_port(subject, 80) = (struct port){80, false, "http"};
    facts_set_text(&subject->facts, FACT_DEVICE_MODEL, "M", &seen);
    facts_set_text(&subject->facts, FACT_EXPOSURE_MAPPED, "TCP port 1", &seen);
    subject->kind = KIND_CAMERA;
    subject->driver = "onvif";
    return subject;
}

static void
begin(struct scene *scene)
{
    *scene = (struct scene){
        .again = {NULL, touched, 1}
    };
    scene->devices[0] = make(1, 0x0a000001);
    scene->devices[1] = make(2, 0x0a000002);
    scene->before.devices = scene->devices;
    scene->before.device_count = 2;
    scene->again.before = &scene->before;
    crowd_init(&scene->heard);
}

static void
end(struct scene *scene)
{
    crowd_release(&scene->heard);
    subject_free(scene->devices[0]);
    subject_free(scene->devices[1]);
}

static void
test_touched_device_is_asked_anew_and_the_other_is_kept(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(again_join(&scene.again, &scene.heard), OK);
    assert_int_equal(scene.heard.count, 2);
    const struct subject *asked = scene.heard.subjects[0];
    const struct subject *kept = scene.heard.subjects[1];
    assert_false(again_keeps(&scene.again, asked));
    assert_true(again_keeps(&scene.again, kept));
    assert_false(again_keeps(NULL, kept));
    assert_null(facts_get(&asked->facts, FACT_DEVICE_MODEL));
    assert_int_equal(asked->port_count, 1);
    assert_string_equal(asked->ports[0].protocol, "http");
    assert_string_equal(facts_text(&kept->facts, FACT_DEVICE_MODEL), "M");
    assert_string_equal(kept->driver, "onvif");
    assert_int_equal(kept->kind, KIND_CAMERA);
    end(&scene);
}

static void
test_mappings_of_kept_devices_are_read_anew(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(again_join(&scene.again, &scene.heard), OK);
    assert_null(facts_get(&scene.heard.subjects[1]->facts, FACT_EXPOSURE_MAPPED));
    end(&scene);
}

static void
test_touched_device_is_found_at_its_new_address(void **state)
{
    (void)state;
    struct scene scene;
    struct ip wanted = ip_from_v4(0x0a000063);
    begin(&scene);
    assert_int_equal(crowd_adopt(&scene.heard, make(1, 0x0a000063)), OK);
    assert_int_equal(again_join(&scene.again, &scene.heard), OK);
    assert_int_equal(scene.heard.count, 2);
    assert_true(ip_equal(&scene.heard.subjects[0]->addresses[0], &wanted));
    assert_false(again_keeps(&scene.again, scene.heard.subjects[0]));
    end(&scene);
}

static void
test_new_devices_are_left_to_the_next_whole_run(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(crowd_adopt(&scene.heard, make(9, 0x0a000009)), OK);
    assert_int_equal(again_join(&scene.again, &scene.heard), OK);
    assert_int_equal(scene.heard.count, 2);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_touched_device_is_asked_anew_and_the_other_is_kept),
        cmocka_unit_test(test_mappings_of_kept_devices_are_read_anew),
        cmocka_unit_test(test_touched_device_is_found_at_its_new_address),
        cmocka_unit_test(test_new_devices_are_left_to_the_next_whole_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
