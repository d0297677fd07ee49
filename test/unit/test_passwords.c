#include "assess/derive.h"

#include "test.h"

#include <string.h>

#define MOST 6

/* A device with the owner's password of the same row. */
struct row {
    enum kind kind;
    const char *password; /* NULL: none of the owner's opened it */
    bool factory;
};

struct scene {
    struct site site;
    struct site_device devices[MOST];
    struct subject *subjects[MOST];
    struct crowd crowd;
    struct subject *whole;
};

static const struct source seen = {.witness = WITNESS_WIRE, .confidence = 95};

static void
play(struct scene *scene, const struct row *rows, size_t count)
{
    static const char *const names[MOST] = {"Gate", "Yard", "Lobby", "Stairs", "Office", "Cellar"};
    *scene = (struct scene){
        .site = {.name = "Corner Zwiesel", .devices = scene->devices}
    };
    for (size_t i = 0; i < count; i++) {
        struct subject *subject = subject_new((unsigned)i + 1);
        struct site_device *device = &scene->devices[i];
        device->ip = ip_from_v4(0x0a000001 + (uint32_t)i);
        assert_true(subject_add_address(subject, &device->ip));
        subject->kind = rows[i].kind;
        subject->name = names[i];
        if (rows[i].password != NULL) {
            device->password = secret_new_text(rows[i].password);
            facts_set_text(&subject->facts, FACT_LOGIN_OWNER, "admin", &seen);
        }
        if (rows[i].factory) {
            facts_set_text(&subject->facts, FACT_LOGIN_FACTORY, "admin", &seen);
        }
        scene->subjects[i] = subject;
    }
    scene->site.device_count = count;
    scene->crowd.subjects = scene->subjects;
    scene->crowd.count = count;
    scene->whole = subject_new(0);
    const struct derive_from from = {.site = &scene->site};
    derive_passwords(&scene->crowd, scene->whole, &from);
}

static const char *
told(const struct scene *scene, enum fact_id fact)
{
    return facts_text(&scene->whole->facts, fact);
}

static void
end(struct scene *scene)
{
    for (size_t i = 0; i < scene->crowd.count; i++) {
        secret_free(scene->devices[i].password);
        subject_free(scene->subjects[i]);
    }
    subject_free(scene->whole);
}

#define PLAY(scene, ...)                                                                           \
    play(scene, (const struct row[]){__VA_ARGS__}, COUNT(((const struct row[]){__VA_ARGS__})))

static void
test_says_which_devices_share_a_password(void **state)
{
    (void)state;
    struct scene scene;
    PLAY(&scene, {KIND_CAMERA, "Copper-Violin-7", false}, {KIND_CAMERA, "Zebra-Kettle-93", false},
        {KIND_RECORDER, "Copper-Violin-7", false}, {KIND_CAMERA, "Copper-Violin-7", false},
        {KIND_CAMERA, "Zebra-Kettle-93", false});
    assert_string_equal(told(&scene, FACT_LOGIN_SHARED), "Gate, Lobby and Stairs; Yard and Office");
    assert_null(told(&scene, FACT_LOGIN_SAME_VMS));
    assert_null(told(&scene, FACT_LOGIN_UNIQUE));
    assert_null(told(&scene, FACT_LOGIN_WEAK));
    end(&scene);
}

static void
test_tells_a_vms_and_a_camera_with_one_password_apart_from_two_cameras(void **state)
{
    (void)state;
    struct scene scene;
    PLAY(&scene, {KIND_CAMERA, "Copper-Violin-7", false}, {KIND_VMS, "Copper-Violin-7", false});
    assert_string_equal(told(&scene, FACT_LOGIN_SAME_VMS), "Gate and Yard");
    assert_null(told(&scene, FACT_LOGIN_SHARED));
    assert_null(told(&scene, FACT_LOGIN_UNIQUE));
    end(&scene);
}

static void
test_calls_a_password_with_the_words_of_the_site_weak(void **state)
{
    (void)state;
    struct scene scene;
    PLAY(&scene, {KIND_CAMERA, "Zwiesel-Camera", false}, {KIND_CAMERA, "Zebra-Kettle-93", false});
    assert_string_equal(told(&scene, FACT_LOGIN_WEAK),
        "admin of Gate (it is made of the names of its site or device)");
    assert_null(told(&scene, FACT_LOGIN_UNIQUE));
    end(&scene);
}

static void
test_says_unique_only_when_every_device_was_opened(void **state)
{
    (void)state;
    struct scene scene;
    PLAY(&scene, {KIND_CAMERA, "Copper-Violin-7", false}, {KIND_VMS, "Zebra-Kettle-93", false},
        {KIND_PRINTER, NULL, false});
    assert_string_equal(told(&scene, FACT_LOGIN_UNIQUE),
        "2 devices were opened, each with the owner's password, compared and judged");
    assert_null(told(&scene, FACT_LOGIN_REST));
    end(&scene);
    PLAY(&scene, {KIND_CAMERA, "Copper-Violin-7", false}, {KIND_CAMERA, NULL, false},
        {KIND_RECORDER, NULL, false});
    assert_null(told(&scene, FACT_LOGIN_UNIQUE));
    assert_string_equal(told(&scene, FACT_LOGIN_REST), "2 of 3 devices");
    end(&scene);
    PLAY(&scene, {KIND_CAMERA, "Copper-Violin-7", true}, {KIND_CAMERA, "Zebra-Kettle-93", false});
    assert_null(told(&scene, FACT_LOGIN_UNIQUE));
    end(&scene);
    PLAY(&scene, {KIND_CAMERA, NULL, false});
    assert_null(told(&scene, FACT_LOGIN_UNIQUE));
    assert_null(told(&scene, FACT_LOGIN_REST));
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_which_devices_share_a_password),
        cmocka_unit_test(test_tells_a_vms_and_a_camera_with_one_password_apart_from_two_cameras),
        cmocka_unit_test(test_calls_a_password_with_the_words_of_the_site_weak),
        cmocka_unit_test(test_says_unique_only_when_every_device_was_opened),
    };
    return secret_start() == OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
