/*
 * Landlock and seccomp for daemons.
 *
 * Rule of this file: everything that is not listed is refused. What a newer kernel can refuse
 * beyond an older one is asked of it; what it can't is not pretended.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/landlock.h, also where the headers are older than the kernel. */
#define FS_REFER     (1ULL << 13)            /* from version 2 */
#define FS_TRUNCATE  (1ULL << 14)            /* 3 */
#define FS_IOCTL_DEV (1ULL << 15)            /* 5 */
#define NET_ALL      (1ULL << 0 | 1ULL << 1) /* 4: TCP bind and connect */
#define SCOPE_ALL    (1ULL << 0 | 1ULL << 1) /* 6: abstract sockets, signals */
#define FS_FIRST     ((1ULL << 13) - 1)
#define NET_CONNECT  (1ULL << 1)
#define RULE_PORT    2 /* LANDLOCK_RULE_NET_PORT */
#define NET_FROM     4
#define SCOPE_FROM   6

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

struct ruleset {
    uint64_t fs, net, scoped;
};

/* struct landlock_net_port_attr */
struct port_rule {
    uint64_t access, port;
};

struct ports {
    const uint16_t *rows;
    size_t count;
};

static uint64_t
handled(unsigned version)
{
    return FS_FIRST | (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) |
           (version >= 5 ? FS_IOCTL_DEV : 0);
}

static uint64_t
allowed(enum sandbox_use use)
{
    if (use == SANDBOX_SOCKET) {
        return LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
    }
    if (use == SANDBOX_READ) {
        return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
               LANDLOCK_ACCESS_FS_EXECUTE;
    }
    if (use == SANDBOX_LOOK) {
        return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    }
    return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
           LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
           LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE |
           LANDLOCK_ACCESS_FS_REMOVE_DIR | FS_REFER | FS_TRUNCATE;
}

/* Of a rule on a file rather than a folder. */
static uint64_t
of_file(uint64_t rights)
{
    return rights & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                        LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE | FS_IOCTL_DEV);
}

unsigned
sandbox_landlock(void)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (unsigned)version : 0;
}

static enum err
failed(struct note *note, const char *what)
{
    note_set(note, "%s: %s", what, strerror(errno));
    return ERR_SYSTEM;
}

static enum err
add_path(int rules, const struct sandbox_folder *folder, bool may_miss, struct note *note)
{
    struct stat status;
    may_miss = may_miss || folder->use == SANDBOX_FILE || folder->use == SANDBOX_LOOK;
    int fd = open(folder->path, O_PATH | O_CLOEXEC | (may_miss ? 0 : O_DIRECTORY));
    if (fd < 0 && may_miss && errno == ENOENT) {
        return OK;
    }
    if (fd < 0) {
        return failed(note, folder->path);
    }
    uint64_t rights = allowed(folder->use) & handled(sandbox_landlock());
    if (may_miss && fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode)) {
        rights = of_file(rights);
    }
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    long done = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
    enum err err = done == 0 ? OK : failed(note, folder->path);
    (void)close(fd);
    return err;
}

static enum err
add_ports(int rules, const struct ports *ports, struct note *note)
{
    for (size_t i = 0; i < ports->count; i++) {
        struct port_rule rule = {.access = NET_CONNECT, .port = ports->rows[i]};
        if (syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0U) != 0) {
            return failed(note, "Landlock");
        }
    }
    return OK;
}

/* A program that is ours has no TCP beyond its ports and no signals either; NULL: it is not. */
static enum err
restrict_to(
    const struct sandbox_folder *paths, size_t count, const struct ports *ports, struct note *note)
{
    bool is_ours = ports != NULL;
    unsigned version = sandbox_landlock();
    if (version == 0) {
        note_set(note, "this kernel has no Landlock");
        return ERR_UNSUPPORTED;
    }
    struct ruleset set = {.fs = handled(version)};
    set.net = is_ours && version >= NET_FROM ? NET_ALL : 0;
    set.scoped = is_ours && version >= SCOPE_FROM ? SCOPE_ALL : 0;
    size_t size = version >= SCOPE_FROM ? sizeof(set)
                  : version >= NET_FROM ? offsetof(struct ruleset, scoped)
                                        : offsetof(struct ruleset, net);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0U);
    if (rules < 0) {
        return failed(note, "Landlock");
    }
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = add_path(rules, &paths[i], !is_ours, note);
    }
    if (err == OK && ports != NULL && set.net != 0) {
        err = add_ports(rules, ports, note);
    }
    if (err == OK && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                         syscall(SYS_landlock_restrict_self, rules, 0U) != 0)) {
        err = failed(note, "Landlock");
    }
    (void)close(rules);
    return err;
}

enum err
sandbox_folders(const struct sandbox_folder *folders, size_t count, struct note *note)
{
    return sandbox_folders_and_ports(folders, count, NULL, 0, note);
}

enum err
sandbox_folders_and_ports(const struct sandbox_folder *folders, size_t count, const uint16_t *ports,
    size_t port_count, struct note *note)
{
    const struct ports given = {ports, port_count};
    return restrict_to(folders, count, &given, note);
}

enum err
sandbox_paths(const struct sandbox_folder *paths, size_t count, struct note *note)
{
    return restrict_to(paths, count, NULL, note);
}

static enum err
keep_capabilities(uint32_t kept, struct note *note)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    if (syscall(SYS_capget, &head, sets) != 0) {
        return failed(note, "capabilities");
    }
    sets[0].effective &= kept;
    sets[0].permitted &= kept;
    sets[0].inheritable = 0;
    sets[1] = (struct __user_cap_data_struct){0};
    return syscall(SYS_capset, &head, sets) == 0 ? OK : failed(note, "capabilities");
}

enum err
sandbox_capabilities(struct note *note)
{
    return keep_capabilities(1U << CAP_DAC_OVERRIDE, note);
}

static int
add_plain(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count && bad == 0; i++) {
        bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    }
    return bad;
}

static const int plain_calls[] = {
#define CALL(name, words) SCMP_SYS(name),
#include "daemon/calls.def"
#undef CALL
};
static const int client_calls[] = {
#define CALL(name, words) SCMP_SYS(name),
#include "daemon/calls_client.def"
#undef CALL
};

static const int network_calls[] = {
#define CALL(name, words) SCMP_SYS(name),
#include "daemon/calls_network.def"
#undef CALL
};

/* A call whose argument decides. */
struct narrow {
    int call;
    unsigned argument;
    enum scmp_compare compare;
    scmp_datum_t value, value_b;
};

static int
add_narrow(scmp_filter_ctx filter, const struct narrow *rows, size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count && bad == 0; i++) {
        const struct scmp_arg_cmp only = {
            rows[i].argument, rows[i].compare, rows[i].value, rows[i].value_b};
        bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rows[i].call, 1, only);
    }
    return bad;
}

static int
add_all(scmp_filter_ctx filter)
{
    // clang-format off
    const struct narrow rows[] = {
        {SCMP_SYS(mmap),     2, SCMP_CMP_MASKED_EQ, PROT_EXEC,              0},
        {SCMP_SYS(mprotect), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC,              0},
        {SCMP_SYS(ioctl),    1, SCMP_CMP_EQ,        FIONBIO,                0},
        {SCMP_SYS(fcntl),    1, SCMP_CMP_EQ,        F_GETFL,                0},
        {SCMP_SYS(fcntl),    1, SCMP_CMP_EQ,        F_SETFL,                0},
        {SCMP_SYS(fcntl),    1, SCMP_CMP_EQ,        F_GETFD,                0},
        {SCMP_SYS(fcntl),    1, SCMP_CMP_EQ,        F_SETFD,                0},
        {SCMP_SYS(fcntl),    1, SCMP_CMP_EQ,        F_DUPFD_CLOEXEC,        0},
        {SCMP_SYS(tgkill),   0, SCMP_CMP_EQ,        (scmp_datum_t)getpid(), 0}, /* abort() */
    };
    // clang-format on
    int bad = add_plain(filter, plain_calls, COUNT(plain_calls));
    return bad == 0 ? add_narrow(filter, rows, COUNT(rows)) : bad;
}

/* A client of the keeper that has a database: unix sockets and locks of files on top. */
static int
add_client(scmp_filter_ctx filter)
{
    // clang-format off
    const struct narrow rows[] = {
        {SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_UNIX,  0},
        {SCMP_SYS(fcntl),  1, SCMP_CMP_EQ, F_SETLK,  0},
        {SCMP_SYS(fcntl),  1, SCMP_CMP_EQ, F_SETLKW, 0},
        {SCMP_SYS(fcntl),  1, SCMP_CMP_EQ, F_GETLK,  0},
    };
    // clang-format on
    int bad = add_all(filter);
    bad = bad == 0 ? add_plain(filter, client_calls, COUNT(client_calls)) : bad;
    return bad == 0 ? add_narrow(filter, rows, COUNT(rows)) : bad;
}

/* Who connects to somebody. */
static int
add_network(scmp_filter_ctx filter)
{
    static const scmp_datum_t families[] = {AF_INET, AF_INET6};
    int bad = add_all(filter);
    bad = bad == 0 ? add_plain(filter, network_calls, COUNT(network_calls)) : bad;
    for (size_t i = 0; i < COUNT(families) && bad == 0; i++) {
        /* Landlock knows TCP only, so there is no other kind of socket. */
        const struct scmp_arg_cmp only[] = {
            {0, SCMP_CMP_EQ,        families[i],                                   0          },
            {1, SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)(SOCK_CLOEXEC | SOCK_NONBLOCK), SOCK_STREAM},
        };
        bad = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), COUNT(only), only);
    }
    const struct narrow unread = {SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, SIOCOUTQ, 0};
    return bad == 0 ? add_narrow(filter, &unread, 1) : bad;
}

typedef int add_fn(scmp_filter_ctx filter);

static enum err
filter_calls(add_fn *add, struct note *note)
{
    if (IS_SANITIZED) {
        note_set(note, "a build with the address sanitizer needs more calls than these");
        return OK;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int bad = filter == NULL ? -ENOMEM : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    bad = bad == 0 ? add(filter) : bad;
    bad = bad == 0 ? seccomp_load(filter) : bad;
    if (filter != NULL) {
        seccomp_release(filter);
    }
    if (bad != 0) {
        note_set(note, "seccomp: %s", strerror(-bad));
    }
    return bad == 0 ? OK : ERR_SYSTEM;
}

enum err
sandbox_calls(struct note *note)
{
    return filter_calls(add_all, note);
}

enum err
sandbox_calls_client(struct note *note)
{
    return filter_calls(add_client, note);
}

enum err
sandbox_calls_network(struct note *note)
{
    return filter_calls(add_network, note);
}

/* A rule holds a file, not its name: what is replaced later is found by its folder alone. */
static const struct sandbox_folder hears[] = {
    {"/etc",             SANDBOX_LOOK},
    {"/etc/resolv.conf", SANDBOX_LOOK}, /* it may be a link */
    {"/lib",             SANDBOX_LOOK},
    {"/lib64",           SANDBOX_LOOK},
    {"/usr",             SANDBOX_LOOK},
    {"/run",             SANDBOX_LOOK},
};

/*
 * resolv.conf(5), hosts(5), nsswitch.conf(5), host.conf(5), gai.conf(5), services(5), protocols(5);
 * authorities and settings of TLS by Debian and by Fedora, without the folders of private keys.
 */
static const struct sandbox_folder asks[] = {
    {"/etc/resolv.conf",         SANDBOX_LOOK},
    {"/run/systemd/resolve",     SANDBOX_LOOK},
    {"/run/resolvconf",          SANDBOX_LOOK},
    {"/run/NetworkManager",      SANDBOX_LOOK},
    {"/etc/hosts",               SANDBOX_LOOK},
    {"/etc/nsswitch.conf",       SANDBOX_LOOK},
    {"/etc/host.conf",           SANDBOX_LOOK},
    {"/etc/gai.conf",            SANDBOX_LOOK},
    {"/etc/services",            SANDBOX_LOOK},
    {"/etc/protocols",           SANDBOX_LOOK},
    {"/etc/ld.so.cache",         SANDBOX_LOOK},
    {"/etc/localtime",           SANDBOX_LOOK},
    {"/etc/ssl/certs",           SANDBOX_LOOK},
    {"/etc/ssl/cert.pem",        SANDBOX_LOOK},
    {"/etc/ssl/openssl.cnf",     SANDBOX_LOOK},
    {"/etc/ca-certificates",     SANDBOX_LOOK},
    {"/etc/pki/ca-trust",        SANDBOX_LOOK},
    {"/etc/pki/tls/certs",       SANDBOX_LOOK},
    {"/etc/pki/tls/openssl.cnf", SANDBOX_LOOK},
    {"/etc/crypto-policies",     SANDBOX_LOOK},
    {"/etc/gnutls",              SANDBOX_LOOK},
    {"/lib",                     SANDBOX_LOOK},
    {"/lib64",                   SANDBOX_LOOK},
    {"/usr",                     SANDBOX_LOOK},
};

enum err
sandbox_resolver(enum apart_who who, struct note *note)
{
    enum err err = keep_capabilities(0, note);
    if (err == OK) {
        err = who == APART_HEARS ? sandbox_paths(hears, COUNT(hears), note)
                                 : sandbox_paths(asks, COUNT(asks), note);
    }
    return err == ERR_UNSUPPORTED ? OK : err;
}
