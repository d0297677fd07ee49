/* Firmware that a played device takes, and what becomes of the device. */
#include "lab/update.h"

#include "base/text.h"
#include "lab/hostile.h"
#include "lab/life.h"
#include "lab/state.h"

#include <string.h>

#define MARK "gatehouse-lab-firmware "

static bool
version_of(const struct http_request *request, char out[DEVICE_VERSION])
{
    const char *mark = memmem(request->body, request->body_len, MARK, strlen(MARK));
    if (mark == NULL)
        return false;
    const char *start = mark + strlen(MARK);
    size_t rest = request->body_len - (size_t)(start - request->body);
    const char *end = memchr(start, '\n', rest);
    size_t len = end == NULL ? 0 : (size_t)(end - start);
    if (len == 0 || len >= DEVICE_VERSION)
        return false;
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

static void
begin(struct device *device)
{
    if (device->waiting[0] != '\0') {
        if (hostile_does(device, HOSTILE_NEVER_BACK)) {
            life_end_soon(device);
            return;
        }
        if (hostile_does(device, HOSTILE_FORGETS))
            state_release(device);
        if (!hostile_does(device, HOSTILE_OLD_FIRMWARE))
            (void)text_copy(device->firmware, sizeof device->firmware, device->waiting);
        device->waiting[0] = '\0';
    }
    life_restart_soon(device);
}

enum err
update_take(struct device *device, const struct http_request *request, bool waits)
{
    char version[DEVICE_VERSION];
    if (hostile_does(device, HOSTILE_REFUSES_FIRMWARE) || !version_of(request, version))
        return ERR_VALUE;
    device->uploads++;
    if (hostile_does(device, HOSTILE_SAYS_DONE))
        return OK;
    (void)text_copy(device->waiting, sizeof device->waiting, version);
    if (!waits)
        begin(device);
    return OK;
}

void
update_show(const struct device *device, const char *text, size_t len, struct buf *out)
{
    const char *old = device->firmware[0] == '\0' ? NULL : device->record->firmware;
    while (old != NULL && *old != '\0') {
        const char *at = memmem(text, len, old, strlen(old));
        if (at == NULL)
            break;
        buf_add(out, text, (size_t)(at - text));
        buf_text(out, device->firmware);
        len -= (size_t)(at - text) + strlen(old);
        text = at + strlen(old);
    }
    buf_add(out, text, len);
}

enum err
update_restart(struct device *device)
{
    begin(device);
    return OK;
}
