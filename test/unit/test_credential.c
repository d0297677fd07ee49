#include "catalog/credential.h"

#include "base/text.h"
#include "device/device.h"
#include "vms/vms.h"

#include "test.h"

static void
test_gives_the_likeliest_first(void **state)
{
    (void)state;
    const struct credential *one = credential_next("Dahua", NULL);
    assert_non_null(one);
    assert_string_equal(one->user, "admin");
    assert_string_equal(one->password, "admin");
    const struct credential *two = credential_next("dahua", one);
    assert_string_equal(two->user, "888888");
    size_t count = 2;
    while ((two = credential_next("dahua", two)) != NULL) {
        assert_string_equal(two->vendor, "dahua");
        count++;
    }
    assert_int_equal(count, 3);
    assert_null(credential_next("nobody", NULL));
    assert_null(credential_next(NULL, NULL));
    assert_null(credential_next("", NULL));
}

static void
test_every_vendor_of_a_driver_has_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count; i++) {
        const char *vendor = device_drivers[i]->vendor;
        assert_true(vendor == NULL || credential_next(vendor, NULL) != NULL);
    }
    for (size_t i = 0; i < vms_driver_count; i++) {
        const char *vendor = vms_drivers[i]->vendor;
        assert_true(vendor == NULL || credential_next(vendor, NULL) != NULL);
    }
}

static void
test_knows_published_passwords(void **state)
{
    (void)state;
    assert_true(credential_is_published("12345"));
    assert_true(credential_is_published("meinsm"));
    assert_false(credential_is_published("Heron-Basalt-93"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_the_likeliest_first),
        cmocka_unit_test(test_every_vendor_of_a_driver_has_one),
        cmocka_unit_test(test_knows_published_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
