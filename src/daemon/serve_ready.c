/* Whether a process of the gateway answers: something accepts at its socket. */
#include "daemon/serve_inside.h"

#include "base/file.h"
#include "base/text.h"
#include "daemon/answers.h"
#include "gate/listen.h"
#include "ledger/socketpath.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_MOST  4096
#define PATIENT_MS 200
#define PID_MOST   32

static bool
unix_answers(const char *folder, const char *name)
{
    char path[PATH_MOST];
    struct socketpath to;
    int len = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (len <= 0 || (size_t)len >= sizeof(path) || socketpath_open(path, &to) != OK) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)&to.address, to.len) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    socketpath_close(&to);
    return answers;
}

/* "0.0.0.0:8443", "[::]:8443": asked on this machine. */
static bool
tcp_answers(const char *listen)
{
    struct ip ip;
    uint16_t port = 0;
    if (listen_parse(listen, &ip, &port) != OK) {
        return false;
    }
    if (listen_is_any(&ip)) {
        ip = ip.family == 6 ? (struct ip){.family = 6, .bytes = {[15] = 1}}
                            : ip_from_v4(INADDR_LOOPBACK);
    }
    return answers_tcp(&ip, port, PATIENT_MS);
}

/* nginx writes its number once the ports are its own; another program may answer at them. */
static bool
is_nginx_there(const struct serve *serve)
{
    CLEANUP(buf_release) struct buf text;
    char path[PATH_MOST];
    uint64_t pid = 0;
    int len = snprintf(path, sizeof(path), "%s/nginx.pid", serve->run);
    buf_init(&text, PID_MOST);
    return len > 0 && (size_t)len < sizeof(path) && file_read(path, &text, NULL) == OK &&
           text_to_u64(text_trim(text.data), INT32_MAX, &pid) == OK &&
           (pid_t)pid == serve->children[PROC_NGINX].pid;
}

bool
serve_answers(const struct serve *serve, enum serve_proc proc)
{
    const struct settings *settings = serve->plan->settings;
    switch (proc) {
    case PROC_KEEPER:
        return unix_answers(settings->ledger, "keeper.sock");
    case PROC_BROKER:
        return unix_answers(serve->run, "broker.sock");
    case PROC_DOORMAN:
        return unix_answers(serve->run, "doorman.sock");
    case PROC_NGINX:
        for (size_t i = 0; i < settings->vms_count; i++) {
            if (!tcp_answers(settings->vms[i].listen)) {
                return false;
            }
        }
        return is_nginx_there(serve);
    case PROC_PACKER: /* nobody waits for these */
    case PROC_FORWARDER:
        return true;
    case PROCS:
        break;
    }
    return false;
}
