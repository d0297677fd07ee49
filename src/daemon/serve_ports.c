/* Whether nginx can have its ports: asked once, before anything starts, in words of our own. */
#include "daemon/serve_inside.h"

#include "base/clock.h"
#include "gate/listen.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENT_MS 3000 /* workers of a gateway that was killed just now let their ports go */
#define PAUSE_NS   100000000L
#define PORT_LOW   1024

/* 0, or an errno. */
static int
try_port(const struct ip *ip, uint16_t port)
{
    struct sockaddr_storage address;
    int yes = 1, why = 0;
    socklen_t len = ip_to_socket(ip, port, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (ip->family == 6) { /* as nginx does */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    }
    if (bind(fd, (const struct sockaddr *)&address, len) != 0 || listen(fd, 1) != 0) {
        why = errno;
    }
    (void)close(fd);
    return why;
}

static int
wait_for_port(const struct ip *ip, uint16_t port)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int64_t until = clock_mono() + PATIENT_MS;
    int why = try_port(ip, port);
    while (why == EADDRINUSE && clock_mono() < until) {
        (void)nanosleep(&pause, NULL);
        why = try_port(ip, port);
    }
    return why;
}

enum err
serve_ports(const struct settings *settings, struct note *note)
{
    for (size_t i = 0; i < settings->vms_count; i++) {
        const char *text = settings->vms[i].listen;
        struct ip ip;
        uint16_t port = 0;
        if (listen_parse(text, &ip, &port) != OK) {
            continue; /* gate/nginxconf.c tells of it */
        }
        int why = wait_for_port(&ip, port);
        if (why == EADDRINUSE) {
            note_set(note,
                "%s is in use by another program; end that, or change `listen` in gateway.yaml",
                text);
        } else if (why == EACCES && port < PORT_LOW) {
            note_set(note,
                "%s: a port below 1024 needs root or the service (gatehouse-serve); or change "
                "`listen` in gateway.yaml",
                text);
        } else if (why == EADDRNOTAVAIL) {
            note_set(note, "%s: this machine has no such address; change `listen` in gateway.yaml",
                text);
        } else if (why != 0) {
            note_set(note, "%s: %s", text, strerror(why));
        }
        if (why != 0) {
            return ERR_NETWORK;
        }
    }
    return OK;
}
