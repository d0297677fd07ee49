/*
 * Any answer to any ask of any driver: first byte the driver, second the ask, third the status; the
 * rest is headers, an empty line and the body.
 */
#include "device/door.h"
#include "vms/vms.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct device_driver *
driver_of(uint8_t number)
{
    size_t i = number % (device_driver_count + vms_driver_count);
    return i < device_driver_count ? device_drivers[i] : vms_drivers[i - device_driver_count];
}

static const struct ask *
ask_of(const struct device_driver *driver, uint8_t number)
{
    size_t count = 0;
    while (device_ask(driver, count) != NULL) {
        count++;
    }
    return count == 0 ? NULL : device_ask(driver, number % count);
}

static void
log_in(const struct device_driver *driver, const struct answer *answer, struct arena *arena)
{
    static struct secret *password;
    if (password == NULL) {
        password = secret_start() == OK ? secret_new_text("12345") : NULL;
    }
    struct login login = {.user = "admin", .password = password};
    const struct answer *last = NULL;
    enum login_state state = LOGIN_SEND;
    while (driver->door != NULL && password != NULL && state == LOGIN_SEND) {
        struct request request;
        state = device_login_step(driver->door, &login, &driver->door_ask, last, arena, &request);
        last = answer;
    }
    struct request request;
    if (state == LOGIN_OPEN &&
        driver->door->authorize(&login, &driver->door_ask, arena, &request) == OK &&
        driver->leave_ask.path != NULL) {
        enum err err = driver->door->authorize(&login, &driver->leave_ask, arena, &request);
        (void)err;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 401, 403, 302, 404, 500};
    if (size < 3 || size > ANSWER_BODY) {
        return 0;
    }
    const struct device_driver *driver = driver_of(data[0]);
    const struct ask *ask = ask_of(driver, data[1]);
    struct arena arena;
    struct facts facts;
    arena_init(&arena, ARENA_DEVICE_LIMIT);
    facts_init(&facts, &arena);
    const char *headers = arena_copy_n(&arena, (const char *)data + 3, size - 3);
    const char *body = headers == NULL ? NULL : strstr(headers, "\n\n");
    if (ask != NULL && headers != NULL) {
        body = body == NULL ? headers : body + 2;
        struct answer answer = {
            .status = statuses[data[2] % COUNT(statuses)],
            .headers = headers,
            .headers_len = (size_t)(body - headers),
            .body = body,
            .body_len = size - 3 - (size_t)(body - headers),
            .at = 1,
        };
        (void)device_read(driver, ask, &answer, "GET http://10.0.0.7/", &facts);
        (void)device_proves(driver, &answer);
        (void)device_warning(driver, &answer);
        for (size_t i = 0; i < driver->probe_count; i++) {
            (void)device_probe_matches(&driver->probes[i], &answer);
        }
        log_in(driver, &answer, &arena);
    }
    arena_release(&arena);
    return 0;
}
