/* What happens to a device in time. A device that is gone has no cable: nothing answers, not ARP.
 */
#include "lab/life.h"

#include "base/log.h"
#include "lab/conn.h"
#include "lab/hostile.h"
#include "lab/netns.h"
#include "lab/rtsp.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#define SOON         150 /* milliseconds: the answer is out by then */
#define GONE_SECONDS 4U

struct task {
    uv_timer_t timer;
    struct device *device;
    void (*run)(struct device *device);
};

static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void
on_time(uv_timer_t *timer)
{
    struct task *task = timer->data;
    task->run(task->device);
    uv_close((uv_handle_t *)timer, on_closed);
}

void
life_later(struct device *device, unsigned milliseconds, void (*run)(struct device *device))
{
    struct task *task = device->loop == NULL ? NULL : calloc(1, sizeof *task);
    if (task == NULL)
        return;
    task->device = device;
    task->run = run;
    task->timer.data = task;
    uv_timer_init(device->loop, &task->timer);
    if (uv_timer_start(&task->timer, on_time, milliseconds, 0) != 0)
        uv_close((uv_handle_t *)&task->timer, on_closed);
}

static unsigned
seconds_of(const struct device *device)
{
    return device->row->seconds != 0 ? device->row->seconds : GONE_SECONDS;
}

static void
plug(struct device *device, bool in)
{
    if (device->switch_netns >= 0 && netns_set_link(device->switch_netns, device->port, in) != OK)
        log_warn("%s: its cable can't be %s", device->row->name, in ? "put in" : "taken out");
}

static void
come_back(struct device *device)
{
    plug(device, true);
}

void
life_cut(struct device *device, unsigned seconds)
{
    plug(device, false);
    life_later(device, seconds * 1000, come_back);
}

static void
move(struct device *device)
{
    struct ip ip;
    const char *to = device->row->elsewhere;
    if (to == NULL || ip_parse(to, &ip) != OK || ip_equal(&ip, &device->ip))
        return;
    if (netns_forget(device->netns, &device->address) != OK)
        return;
    device->address.ip = ip;
    device->ip = ip;
    if (netns_configure(device->netns, &device->address) != OK)
        log_warn("%s: can't move to %s", device->row->name, to);
}

void
life_restart(struct device *device, unsigned seconds)
{
    life_cut(device, seconds);
    conn_reset_all(device);
    device->has_session = false;
    device_renew_nonce(device);
    if (hostile_does(device, HOSTILE_ELSEWHERE))
        move(device);
}

static void
restart_now(struct device *device)
{
    life_restart(device, seconds_of(device));
}

static void
cut_now(struct device *device)
{
    life_cut(device, seconds_of(device));
}

static void
end_now(struct device *device)
{
    plug(device, false);
    conn_reset_all(device);
}

void
life_end_soon(struct device *device)
{
    life_later(device, SOON, end_now);
}

void
life_restart_soon(struct device *device)
{
    life_later(device, SOON, restart_now);
}

void
life_cut_soon(struct device *device)
{
    life_later(device, SOON, cut_now);
}

void
life_end_streams(struct device *device)
{
    struct conn *next = NULL;
    for (struct conn *conn = device->conns; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->port->protocol == &rtsp_protocol && conn->stream.is_playing)
            conn_end(conn);
    }
}
