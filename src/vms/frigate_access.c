/* Frigate at the gateway: what each of its requests means. */
#include "vms/access.h"

#include "base/text.h"

/* clang-format off */
static const struct access_row rows[] = {
    {"GET", "/vod/{camera}/start/{from}/end/{to}/{*}", NULL, ACCESS_PLAYBACK, 0, "camera",
     "frigate/api/media.py", NULL, NULL},
};
/* clang-format on */

static enum err
read_params(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note)
{
    return access_read(request, ACCESS_READ_JSON | ACCESS_READ_FORM, arena, ret_params, note);
}

const struct vms_gate vms_gate_frigate = {
    .name = "frigate",
    .title = "Frigate",
    .rows = rows,
    .row_count = COUNT(rows),
    .read = read_params,
    .maturity = "experimental",
};
