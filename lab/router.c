/* The site's router: a real miniupnpd with nftables in a namespace of its own. */
#include "lab/router.h"

#include "base/buf.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>

#define PRIVATE      "/tmp"
#define CONFIG       PRIVATE "/igd.conf"
#define LEASES       PRIVATE "/igd.leases"
#define PID_FILE     PRIVATE "/igd.pid"
#define TEXT_LIMIT   ((size_t)8192)
#define TRIES        100
#define TRY_INTERVAL 20000000L /* nanoseconds */

/* The chain names are those that miniupnpd is told below. */
static const char rules[] = "table inet filter {\n"
                            "  chain forward {\n"
                            "    type filter hook forward priority 0; policy drop;\n"
                            "    ct state established,related accept\n"
                            "    jump miniupnpd\n"
                            "    iifname \"lan0\" oifname \"wan0\" accept\n"
                            "  }\n"
                            "  chain miniupnpd { }\n"
                            "  chain prerouting {\n"
                            "    type nat hook prerouting priority -100; policy accept;\n"
                            "    jump prerouting_miniupnpd\n"
                            "  }\n"
                            "  chain prerouting_miniupnpd { }\n"
                            "  chain postrouting {\n"
                            "    type nat hook postrouting priority 100; policy accept;\n"
                            "    jump postrouting_miniupnpd\n"
                            "    oifname \"wan0\" masquerade\n"
                            "  }\n"
                            "  chain postrouting_miniupnpd { }\n"
                            "}\n";

/* miniupnpd refuses private and documentation addresses as its own; nothing is sent to this one. */
static const char config[] = "ext_ifname=wan0\n"
                             "ext_ip=192.88.98.1\n"
                             "listening_ip=lan0\n"
                             "http_port=5000\n"
                             "enable_natpmp=yes\n"
                             "enable_upnp=yes\n"
                             "system_uptime=yes\n"
                             "notify_interval=60\n"
                             "lease_file=" LEASES "\n"
                             "uuid=7d1c9a52-5b0e-4b7a-9b1e-2f6a3c5d7e91\n"
                             "friendly_name=Home Router\n"
                             "upnp_table_name=filter\n"
                             "upnp_nat_table_name=filter\n"
                             "upnp_forward_chain=miniupnpd\n"
                             "upnp_nat_chain=prerouting_miniupnpd\n"
                             "upnp_nat_postrouting_chain=postrouting_miniupnpd\n"
                             "allow 1-65535 0.0.0.0/0 1-65535\n";

static const char *
find_program(const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

static bool
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && done;
}

static enum err
wait_for(pid_t pid, const char *what)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OK;
    log_error("%s failed", what);
    return ERR_SYSTEM;
}

/* nft reads the rules from its standard input. */
static enum err
load_rules(int netns, const char *nft)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERR_SYSTEM;
    pid_t pid = fork();
    if (pid == 0) {
        if (setns(netns, CLONE_NEWNET) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
            _exit(1);
        execl(nft, "nft", "-f", "-", (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    bool sent = pid > 0 && write(ends[1], rules, strlen(rules)) == (ssize_t)strlen(rules);
    close(ends[1]);
    if (pid < 0)
        return ERR_SYSTEM;
    enum err err = wait_for(pid, "nft");
    return sent ? err : ERR_SYSTEM;
}

/* In the child: a tmpfs that ends with the daemon, so that nothing is left when it is killed. */
static void
become_daemon(int netns, const char *program, bool trusting, bool verbose)
{
    char whole[TEXT_LIMIT];
    (void)snprintf(whole, sizeof whole, "%ssecure_mode=%s\n", config, trusting ? "no" : "yes");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Not in the terminal's group: a Ctrl-C is for the command, whose site stands until it ends. */
    (void)setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    if (setns(netns, CLONE_NEWNET) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", PRIVATE, "tmpfs", 0, "size=1m") != 0)
        _exit(1);
    if (!write_file(CONFIG, whole) || !write_file(LEASES, ""))
        _exit(1);
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(verbose ? STDERR_FILENO : null, STDOUT_FILENO);
        if (!verbose)
            dup2(null, STDERR_FILENO);
    }
    execl(program, "miniupnpd", "-d", "-f", CONFIG, "-P", PID_FILE, (char *)NULL);
    _exit(127);
}

static enum err
connect_router(struct router *router, const struct site *site, int switch_netns)
{
    struct netns_cable lan = {
        .switch_netns = switch_netns,
        .device_netns = router->netns,
        .port = "router",
        .interface = "lan0",
        .bridged = true,
    };
    const struct netns_cable wan = {
        .switch_netns = router->internet,
        .device_netns = router->netns,
        .port = "eth0",
        .interface = "wan0",
    };
    struct netns_address inside = {.interface = "lan0", .multicast = true};
    struct netns_address outside = {.interface = "wan0", .bits = 24};
    struct netns_address far = {.interface = "eth0", .bits = 24};
    struct net net;
    enum err err = net_parse(site->lan, &net);
    inside.bits = net.bits;
    if (err == OK)
        err = mac_parse(site->router->mac, &lan.mac);
    if (err == OK)
        err = ip_parse(site->router->ip, &inside.ip);
    if (err == OK)
        err = ip_parse("198.51.100.1", &outside.ip);
    if (err == OK)
        err = ip_parse("198.51.100.9", &far.ip);
    outside.gateway = far.ip;
    if (err == OK)
        err = netns_connect(&lan);
    if (err == OK)
        err = netns_connect(&wan);
    if (err == OK)
        err = netns_configure(router->internet, &far);
    if (err == OK)
        err = netns_configure(router->netns, &outside);
    return err == OK ? netns_configure(router->netns, &inside) : err;
}

enum err
router_start(struct router *router, const struct site *site, int switch_netns, bool verbose)
{
    static const char *const nfts[] = {"/usr/sbin/nft", "/sbin/nft"};
    static const char *const daemons[] = {"/usr/sbin/miniupnpd", "/sbin/miniupnpd"};
    const char *nft = find_program(nfts, COUNT(nfts));
    const char *program = find_program(daemons, COUNT(daemons));
    if (nft == NULL || program == NULL) {
        log_error("the site's router needs miniupnpd and nft: apt install miniupnpd-nftables");
        return ERR_MISSING;
    }
    router->daemon = -1;
    router->netns = -1;
    router->internet = -1;
    enum err err = netns_new(&router->netns);
    if (err == OK)
        err = netns_new(&router->internet);
    if (err == OK)
        err = connect_router(router, site, switch_netns);
    if (err == OK && !netns_set(router->netns, "ipv4/ip_forward", "1"))
        err = ERR_SYSTEM;
    if (err == OK)
        err = load_rules(router->netns, nft);
    if (err != OK)
        return err;
    router->daemon = fork();
    if (router->daemon == 0)
        become_daemon(router->netns, program, site->router->trusting, verbose);
    return router->daemon < 0 ? ERR_SYSTEM : OK;
}

/* In the child: as any camera does it. 0 when the router has agreed. */
static int
request_mapping(
    const struct site_router *row, const struct site_mapping *mapping, const char *client)
{
    char url[128];
    char port[8];
    char external[8];
    char lan_address[64] = "";
    struct UPNPUrls urls;
    struct IGDdatas data;
    snprintf(url, sizeof url, "http://%s:5000/rootDesc.xml", row->ip);
    snprintf(port, sizeof port, "%u", mapping->port);
    snprintf(external, sizeof external, "%u", mapping->external);
    const struct timespec pause = {.tv_nsec = TRY_INTERVAL};
    for (int i = 0; i < TRIES; i++) {
        if (UPNP_GetIGDFromUrl(url, &urls, &data, lan_address, sizeof lan_address) != 0)
            return UPNP_AddPortMapping(urls.controlURL, data.first.servicetype, external, port,
                client, mapping->name, "TCP", NULL, "0");
        nanosleep(&pause, NULL);
    }
    return -1;
}

enum err
router_map(const struct site_router *row, const struct site_mapping *mapping, const char *client,
    int client_netns)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (setns(client_netns, CLONE_NEWNET) != 0)
            _exit(1);
        _exit(request_mapping(row, mapping, client) == 0 ? 0 : 1);
    }
    return pid < 0 ? ERR_SYSTEM : wait_for(pid, "port mapping");
}

void
router_stop(struct router *router)
{
    if (router->daemon > 0) {
        kill(router->daemon, SIGKILL);
        while (waitpid(router->daemon, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    router->daemon = -1;
}
