#include "daemon/sandbox.h"

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* The folder that a prisoner may use, one beside it, and an open file beside it. */
static char inside[] = "/tmp/gatehouse-inside-XXXXXX";
static char outside[] = "/tmp/gatehouse-outside-XXXXXX";
static int inside_fd, outside_fd;

static bool
is_refusal(long result)
{
    return result < 0 && (errno == EPERM || errno == EACCES);
}

static bool
opens(const char *path, int flags)
{
    return !is_refusal(open(path, flags, 0600));
}

static bool
calls(long number)
{
    return !is_refusal(syscall(number, 0L, 0L, 0L, 0L, 0L, 0L));
}

static bool
gets_socket(void)
{
    const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK};
    for (size_t i = 0; i < COUNT(families); i++) {
        if (!is_refusal(socket(families[i], SOCK_STREAM, 0)) ||
            !is_refusal(socket(families[i], SOCK_DGRAM, 0))) {
            return true;
        }
    }
    int pair[2];
    return !is_refusal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static bool
connects(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/notify"};
    return !is_refusal(connect(1, (const struct sockaddr *)&address, sizeof(address))) ||
           !is_refusal(bind(1, (const struct sockaddr *)&address, sizeof(address)));
}

static bool
reads_passwd(void)
{
    return opens("/etc/passwd", O_RDONLY);
}

static bool
reads_processes(void)
{
    return opens("/proc/self/mem", O_RDWR) || opens("/proc/1/environ", O_RDONLY) ||
           opens("/proc", O_RDONLY | O_DIRECTORY) || opens("/dev/null", O_RDWR);
}

static bool
climbs_out(void)
{
    return !is_refusal(openat(inside_fd, "../", O_RDONLY | O_DIRECTORY)) ||
           !is_refusal(openat(inside_fd, "../../etc/passwd", O_RDONLY)) ||
           !is_refusal(openat(inside_fd, "link", O_RDONLY));
}

static bool
writes_outside(void)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/new", outside);
    return opens(path, O_WRONLY | O_CREAT) || !is_refusal(mkdir(path, 0700)) ||
           !is_refusal(openat(outside_fd, "new", O_WRONLY | O_CREAT, 0600)) ||
           !is_refusal(renameat(outside_fd, "file", inside_fd, "taken")) ||
           !is_refusal(renameat(inside_fd, "link", outside_fd, "given")) ||
           !is_refusal(unlinkat(outside_fd, "file", 0)) || !is_refusal(truncate("/etc/passwd", 0));
}

/* A link out of or into the folder is refused as if it were another disk. */
static bool
is_refused_link(long result)
{
    return is_refusal(result) || (result < 0 && errno == EXDEV);
}

static bool
makes_special_files(void)
{
    char from[64];
    char to[64];
    (void)snprintf(from, sizeof(from), "%s/file", outside);
    (void)snprintf(to, sizeof(to), "%s/hard", inside);
    if (!is_refused_link(link(from, to)) || !is_refused_link(link("/etc/passwd", to))) {
        return true;
    }
    return !is_refusal(mknodat(inside_fd, "device", S_IFCHR | 0600, 0x103)) ||
           !is_refusal(symlinkat("/etc/passwd", inside_fd, "other")) ||
           !is_refusal(linkat(outside_fd, "file", inside_fd, "hard", 0));
}

static bool
executes(void)
{
    char *const args[] = {(char[]){"true"}, NULL};
    (void)execve("/bin/true", args, NULL);
    return !is_refusal(-1) || calls(SYS_execveat);
}

static bool
makes_processes(void)
{
    return calls(SYS_fork) || calls(SYS_vfork) || calls(SYS_clone) || calls(SYS_clone3) ||
           calls(SYS_unshare) || calls(SYS_setns);
}

static bool
reaches_processes(void)
{
    pid_t parent = getppid();
    return !is_refusal(kill(1, 0)) || !is_refusal(kill(parent, 0)) ||
           !is_refusal(syscall(SYS_tgkill, 1, 1, 0)) || !is_refusal(syscall(SYS_tkill, 1, 0)) ||
           !is_refusal(ptrace(PTRACE_ATTACH, 1, NULL, NULL)) ||
           !is_refusal(ptrace(PTRACE_TRACEME, 0, NULL, NULL)) || calls(SYS_process_vm_readv) ||
           calls(SYS_process_vm_writev) || calls(SYS_pidfd_open) || calls(SYS_pidfd_getfd) ||
           calls(SYS_pidfd_send_signal) || calls(SYS_kcmp);
}

static bool
mounts(void)
{
    return !is_refusal(mount("none", inside, "tmpfs", 0, NULL)) || !is_refusal(umount(inside)) ||
           calls(SYS_pivot_root) || !is_refusal(chroot(inside)) || calls(SYS_fsopen) ||
           calls(SYS_open_tree) || calls(SYS_open_by_handle_at) || calls(SYS_name_to_handle_at);
}

static bool
reaches_the_kernel(void)
{
    static const long numbers[] = {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
        SYS_userfaultfd, SYS_bpf, SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key,
        SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_memfd_create, SYS_memfd_secret,
        SYS_io_setup, SYS_vmsplice, SYS_splice, SYS_seccomp, SYS_prctl, SYS_personality, SYS_setuid,
        SYS_setgid, SYS_capset, SYS_swapon, SYS_reboot, SYS_sethostname, SYS_quotactl, SYS_acct,
        SYS_syslog, SYS_shmget, SYS_msgget, SYS_mq_open, SYS_modify_ldt, SYS_arch_prctl,
        SYS_remap_file_pages, SYS_pkey_mprotect, SYS_fanotify_init, SYS_inotify_init1,
        SYS_prlimit64, SYS_setrlimit, SYS_chdir, SYS_fchdir};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (calls(numbers[i])) {
            (void)fprintf(stderr, "call %ld went through\n", numbers[i]);
            return true;
        }
    }
    return false;
}

static bool
runs_new_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return true; /* this much it may */
    }
    return !is_refusal(mprotect(page, 4096, PROT_READ | PROT_EXEC)) ||
           mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
               MAP_FAILED;
}

static bool
sets_the_clock(void)
{
    struct timeval now;
    (void)gettimeofday(&now, NULL);
    return !is_refusal(settimeofday(&now, NULL)) || calls(SYS_clock_settime);
}

/* What it needs must go on working; true when it does not. */
static bool
is_hindered(void)
{
    char bytes[16];
    int fd = openat(inside_fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, "hello", 5) == 5 && fdatasync(fd) == 0 &&
                ftruncate(fd, 2) == 0 && posix_fallocate(fd, 0, 8192) == 0 && close(fd) == 0;
    good = good && mkdirat(inside_fd, "folder", 0755) == 0 &&
           renameat(inside_fd, "file", inside_fd, "folder/file") == 0 &&
           unlinkat(inside_fd, "folder/file", 0) == 0 &&
           unlinkat(inside_fd, "folder", AT_REMOVEDIR) == 0;
    void *memory = malloc((size_t)4 * 1024 * 1024);
    good = good && memory != NULL && getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes);
    free(memory);
    return !good;
}

/* What a client of the keeper has on top, and not more. */
static bool
gets_network_socket(void)
{
    static const int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK};
    for (size_t i = 0; i < COUNT(families); i++) {
        if (!is_refusal(socket(families[i], SOCK_STREAM, 0)) ||
            !is_refusal(socket(families[i], SOCK_DGRAM, 0))) {
            return true;
        }
    }
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/gatehouse-none"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound = !is_refusal(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
    return fd < 0 || is_bound || !is_refusal(listen(fd, 1));
}

typedef enum err filter_fn(struct note *note);

/* In a child, because there is no way back: 0 when nothing went through. */
static int
in_sandbox_of(filter_fn *filter, bool (*attempt)(void))
{
    pid_t child = fork();
    if (child == 0) {
        const struct sandbox_folder folders[] = {
            {inside, SANDBOX_FILES}
        };
        struct note note = {{0}};
        if (sandbox_folders(folders, COUNT(folders), &note) != OK ||
            sandbox_capabilities(&note) != OK || filter(&note) != OK) {
            (void)fprintf(stderr, "%s\n", note.text);
            _exit(2);
        }
        errno = 0;
        _exit(attempt() ? 1 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
in_sandbox(bool (*attempt)(void))
{
    return in_sandbox_of(sandbox_calls, attempt);
}

static void
test_a_client_of_the_keeper_gets_unix_sockets_and_no_network(void **state)
{
    (void)state;
    bool (*const attempts[])(void) = {gets_network_socket, reads_passwd, climbs_out, writes_outside,
        executes, makes_processes, reaches_processes, mounts, runs_new_code, is_hindered};
    for (size_t i = 0; i < COUNT(attempts); i++) {
        int status = in_sandbox_of(sandbox_calls_client, attempts[i]);
        if (status != 0) {
            fail_msg("attempt %zu: %d (1: it went through)", i, status);
        }
    }
}

static void
test_nothing_gets_out(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool (*attempt)(void);
    } attempts[] = {
        {"a socket",             gets_socket        },
        {"a connection",         connects           },
        {"reading /etc/passwd",  reads_passwd       },
        {"reading /proc",        reads_processes    },
        {"the folder above",     climbs_out         },
        {"writing outside",      writes_outside     },
        {"special files",        makes_special_files},
        {"another program",      executes           },
        {"a process or thread",  makes_processes    },
        {"another process",      reaches_processes  },
        {"mounting",             mounts             },
        {"the kernel's corners", reaches_the_kernel },
        {"new code",             runs_new_code      },
        {"the clock",            sets_the_clock     },
    };
    for (size_t i = 0; i < COUNT(attempts); i++) {
        int status = in_sandbox(attempts[i].attempt);
        if (status != 0) {
            fail_msg("%s: %d (1: it went through)", attempts[i].name, status);
        }
    }
}

/* Only reading one file, not what lies beside it; true when it went another way. */
static bool
reads_more_than_one_file(void)
{
    char path[64], beside[64];
    (void)snprintf(path, sizeof(path), "%s/file", outside);
    (void)snprintf(beside, sizeof(beside), "%s/other", inside);
    return !opens(path, O_RDONLY) || opens(path, O_RDWR) || opens(beside, O_RDONLY) ||
           opens(outside, O_RDONLY | O_DIRECTORY) || reads_passwd();
}

static void
test_one_file_can_be_looked_at_and_what_is_not_there_is_left_out(void **state)
{
    (void)state;
    char path[64], beside[64];
    (void)snprintf(path, sizeof(path), "%s/file", outside);
    (void)snprintf(beside, sizeof(beside), "%s/other", inside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && close(fd) == 0);
    pid_t child = fork();
    if (child == 0) {
        const struct sandbox_folder rows[] = {
            {path,           SANDBOX_LOOK},
            {"/nonexistent", SANDBOX_LOOK},
        };
        struct note note = {{0}};
        bool is_shut = sandbox_folders(rows, COUNT(rows), &note) == OK;
        _exit(!is_shut ? 2 : reads_more_than_one_file() ? 1 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(unlink(beside), 0);
}

static void
test_the_work_inside_goes_on(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(is_hindered), 0);
}

/* A listener on a free port of 127.0.0.1; its descriptor. */
static int
listen_somewhere(struct sockaddr_in *ret_address)
{
    socklen_t len = sizeof *ret_address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *ret_address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (const struct sockaddr *)ret_address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret_address, &len), 0);
    return fd;
}

static bool
reaches(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
}

/* What must not go, with the one port that may be reached; a digit for each thing that does. */
static int
try_network(const struct sockaddr_in *ours, const struct sockaddr_in *other)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!reaches(ours)) {
        return 1;
    }
    if (sandbox_landlock() >= 4 && reaches(other)) {
        return 2;
    }
    if (bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 || listen(fd, 1) == 0) {
        return 3;
    }
    if (socket(AF_INET, SOCK_DGRAM, 0) >= 0 || socket(AF_INET6, SOCK_RAW, 0) >= 0 ||
        socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_NETLINK, SOCK_RAW, 0) >= 0) {
        return 4;
    }
    return reads_passwd() || executes() || makes_processes() ? 5 : 0;
}

static void
test_who_may_connect_reaches_its_port_and_nothing_else(void **state)
{
    (void)state;
    struct sockaddr_in ours, other;
    int ours_fd = listen_somewhere(&ours), other_fd = listen_somewhere(&other);
    pid_t child = fork();
    if (child == 0) {
        const struct sandbox_folder folders[] = {
            {inside, SANDBOX_FILES}
        };
        uint16_t port = ntohs(ours.sin_port);
        struct note note = {{0}};
        if (sandbox_folders_and_ports(folders, COUNT(folders), &port, 1, &note) != OK ||
            sandbox_capabilities(&note) != OK || sandbox_calls_network(&note) != OK) {
            _exit(9);
        }
        _exit(try_network(&ours, &other));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(ours_fd);
    (void)close(other_fd);
}

static int baton[2];
static pthread_barrier_t started;

static void *
thread_tries(void *context)
{
    char byte;
    (void)pthread_barrier_wait(&started);
    bool woken = read(baton[0], &byte, 1) == 1;
    *(bool *)context = !woken || gets_socket() || reads_passwd() || executes() || writes_outside();
    return NULL;
}

/* Threads that were started between Landlock and seccomp, as the keeper does. */
static void
test_threads_of_the_pool_are_shut_in_too(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        const struct sandbox_folder folders[] = {
            {inside, SANDBOX_FILES}
        };
        pthread_t thread;
        bool through = true;
        if (pipe(baton) != 0 || pthread_barrier_init(&started, NULL, 2) != 0 ||
            sandbox_folders(folders, 1, NULL) != OK ||
            pthread_create(&thread, NULL, thread_tries, &through) != 0 ||
            pthread_barrier_wait(&started) > 0 || sandbox_calls(NULL) != OK ||
            write(baton[1], "x", 1) != 1) {
            _exit(2);
        }
        (void)pthread_join(thread, NULL);
        _exit(through ? 1 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static int
prepare(void **state)
{
    (void)state;
    if (sandbox_landlock() == 0) {
        (void)puts("1..0 # SKIP this kernel has no Landlock");
        exit(0);
    }
    assert_non_null(mkdtemp(inside));
    assert_non_null(mkdtemp(outside));
    inside_fd = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    outside_fd = open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(symlinkat("/etc/passwd", inside_fd, "link"), 0);
    return close(openat(outside_fd, "file", O_WRONLY | O_CREAT, 0600));
}

static int
clear(void **state)
{
    (void)state;
    (void)unlinkat(inside_fd, "link", 0);
    (void)unlinkat(outside_fd, "file", 0);
    return rmdir(inside) | rmdir(outside);
}

/* What nginx is shut in with: it may read one folder, write another, and not see the rest. */
static int
look_from_another_program(const char *secret)
{
    char reads[64], writes[64];
    struct note note = {{0}};
    const struct sandbox_folder paths[] = {
        {inside,         SANDBOX_READ },
        {"/dev/null",    SANDBOX_FILES},
        {"/nonexistent", SANDBOX_READ }
    };
    (void)snprintf(reads, sizeof(reads), "%s/there", inside);
    (void)snprintf(writes, sizeof(writes), "%s/made", inside);
    int fd = open(reads, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)close(fd);
    if (sandbox_paths(paths, COUNT(paths), &note) != OK) {
        return 2;
    }
    int network = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return opens(reads, O_RDONLY | O_CLOEXEC) && opens("/dev/null", O_RDWR | O_CLOEXEC) &&
                   network >= 0 && !opens(reads, O_WRONLY | O_CLOEXEC) &&
                   !opens(writes, O_WRONLY | O_CREAT | O_CLOEXEC) &&
                   !opens(secret, O_RDONLY | O_CLOEXEC)
               ? 0
               : 1;
}

static void
test_another_program_sees_only_its_paths(void **state)
{
    (void)state;
    char secret[64], there[64];
    int status = 0;
    if (sandbox_landlock() == 0) {
        skip();
    }
    (void)snprintf(secret, sizeof(secret), "%s/identity.key", outside);
    (void)snprintf(there, sizeof(there), "%s/there", inside);
    int fd = open(secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(look_from_another_program(secret));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)unlink(secret);
    (void)unlink(there);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What look-ups and TLS need, and nothing else of /etc and /run; a digit for what is wrong. */
static int
try_as_resolver(void)
{
    struct addrinfo *list = NULL;
    struct note note = {{0}};
    bool has_more = access("/etc/login.defs", R_OK) == 0;
    if (sandbox_resolver(APART_HEARS, &note) != OK || !opens("/etc/login.defs", O_RDONLY)) {
        return 1;
    }
    if (sandbox_resolver(APART_ASKS, &note) != OK) {
        return 2;
    }
    if (!opens("/etc/hosts", O_RDONLY) || !opens("/etc/ssl/certs", O_RDONLY | O_DIRECTORY) ||
        getaddrinfo("localhost", NULL, NULL, &list) != 0) {
        return 3;
    }
    freeaddrinfo(list);
    if ((has_more && opens("/etc/login.defs", O_RDONLY)) || opens("/etc", O_RDONLY | O_DIRECTORY) ||
        opens("/run", O_RDONLY | O_DIRECTORY) || reads_passwd() || reads_processes() ||
        opens(outside, O_RDONLY | O_DIRECTORY)) {
        return 4;
    }
    char *const args[] = {(char[]){"true"}, NULL};
    (void)execve("/bin/true", args, NULL);
    if (!is_refusal(-1)) {
        return 6;
    }
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    bool has_none = syscall(SYS_capget, &head, sets) == 0 &&
                    (sets[0].permitted | sets[0].effective | sets[1].permitted) == 0;
    return has_none ? 0 : 5;
}

static void
test_who_asks_by_name_reads_what_that_takes_and_no_key(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(try_as_resolver());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
    if (IS_SANITIZED) {
        (void)puts("1..0 # SKIP the address sanitizer needs what the sandbox refuses");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_gets_out),
        cmocka_unit_test(test_another_program_sees_only_its_paths),
        cmocka_unit_test(test_a_client_of_the_keeper_gets_unix_sockets_and_no_network),
        cmocka_unit_test(test_one_file_can_be_looked_at_and_what_is_not_there_is_left_out),
        cmocka_unit_test(test_the_work_inside_goes_on),
        cmocka_unit_test(test_who_may_connect_reaches_its_port_and_nothing_else),
        cmocka_unit_test(test_who_asks_by_name_reads_what_that_takes_and_no_key),
        cmocka_unit_test(test_threads_of_the_pool_are_shut_in_too),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
