/* A gateway to try: made by `gateway init`, run by `serve`, in a folder that is gone afterwards. */
#include "cli/demo_gateway.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/demo_vms.h"
#include "cli/gate_ask.h"
#include "daemon/sandbox.h"
#include "identity/session.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PERSON     "you"
#define PATIENT_MS 30000
#define PAUSE_NS   100000000L
#define TRIES      50
#define LINE       160
#define HOUR       INT64_C(3600000)

struct showing {
    char folder[40]; /* temporary */
    char gateway[48], ledger[56], url[48];
    struct buf self;
    struct demo_vms *vms;
    pid_t serve;
    uint16_t port;
};

static int
drop(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void
showing_release(struct showing *showing)
{
    if (showing->serve > 0) {
        (void)kill(showing->serve, SIGTERM);
        while (waitpid(showing->serve, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    demo_vms_stop(showing->vms);
    if (showing->folder[0] != '\0') {
        (void)nftw(showing->folder, drop, 16, FTW_PHYS | FTW_DEPTH);
    }
    buf_release(&showing->self);
}

enum shown {
    SHOW_NOTHING,
    SHOW_ERRORS,
    SHOW_ALL,
};

/* This program again. */
static pid_t
start(const struct showing *showing, const char *const *args, enum shown shown)
{
    union {
        const char *const *from;
        char *const *to;
    } plain = {.from = args};
    sigset_t none;
    (void)sigemptyset(&none);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0 && getppid() == parent &&
            (shown == SHOW_ALL || dup2(null, STDOUT_FILENO) >= 0) &&
            (shown != SHOW_NOTHING || dup2(null, STDERR_FILENO) >= 0) &&
            sigprocmask(SIG_SETMASK, &none, NULL) == 0) {
            (void)setpgid(0, 0); /* Ctrl-C is ours */
            (void)execv(showing->self.data, plain.to);
        }
        _exit(CLI_INCOMPLETE);
    }
    return pid;
}

static int
run(const struct showing *showing, const char *const *args, enum shown shown)
{
    int status = 0;
    pid_t pid = start(showing, args, shown);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : CLI_INCOMPLETE;
}

static uint16_t
free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return done ? ntohs(address.sin_port) : 0;
}

static bool
is_up(const struct showing *showing)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons(showing->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return done;
}

static void
nap(void)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    (void)nanosleep(&pause, NULL);
}

static enum err
set_up(struct showing *showing, struct note *note)
{
    char upstream[LINE], listen_at[LINE];
    uint16_t vms_port = 0;
    (void)snprintf(showing->folder, sizeof(showing->folder), "/tmp/gatehouse-demo-XXXXXX");
    enum err err = data_self(&showing->self);
    if (err == OK && mkdtemp(showing->folder) == NULL) {
        showing->folder[0] = '\0';
        err = ERR_IO;
    }
    err = err == OK ? demo_vms_start(&showing->vms, &vms_port) : err;
    showing->port = free_port();
    if (err != OK || showing->port == 0) {
        note_set(note, "the demo could not be set up: %s", err_words(err));
        return err == OK ? ERR_NETWORK : err;
    }
    (void)snprintf(showing->gateway, sizeof(showing->gateway), "%s/g", showing->folder);
    (void)snprintf(showing->ledger, sizeof(showing->ledger), "%s/ledger", showing->gateway);
    (void)snprintf(
        showing->url, sizeof(showing->url), "https://localhost:%u", (unsigned)showing->port);
    (void)snprintf(upstream, sizeof(upstream), "http://127.0.0.1:%u", (unsigned)vms_port);
    (void)snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%u", (unsigned)showing->port);
    const char *const init[] = {"gatehouse", "gateway", "init", "--gateway", showing->gateway,
        "--vms", "frigate", "--upstream", upstream, "--host", "localhost", "--listen", listen_at,
        "--administrator", PERSON, "--site", "demo", NULL};
    if (run(showing, init, SHOW_NOTHING) != CLI_OK && run(showing, init, SHOW_ERRORS) != CLI_OK) {
        note_set(note, "the gateway could not be made; its reasons are above");
        return ERR_VALUE;
    }
    const char *open = sandbox_landlock() == 0 ? "--no-landlock" : NULL;
    const char *const serve[] = {"gatehouse", "serve", "--gateway", showing->gateway, open, NULL};
    showing->serve = start(showing, serve, SHOW_ERRORS);
    int64_t until = clock_mono() + PATIENT_MS;
    while (!is_up(showing) && clock_mono() < until && waitpid(showing->serve, NULL, WNOHANG) == 0) {
        nap();
    }
    note_set(note, "the gateway did not come up; its reasons are above");
    return is_up(showing) ? OK : ERR_TIMEOUT;
}

static void
show_events(const struct showing *showing)
{
    const char *const search[] = {
        "gatehouse", "ledger", "search", "--ledger", showing->ledger, NULL};
    (void)printf("\nWhat the ledger says of it:\n\n");
    (void)fflush(stdout);
    (void)run(showing, search, SHOW_ALL);
}

static size_t
count_bytes(char *bytes, size_t size, size_t number, void *context)
{
    (void)bytes;
    *(size_t *)context += size * number;
    return size * number;
}

/* A picture as a browser with that session asks for it; the status, 0: no answer. */
static long
fetch(const struct showing *showing, const char *cookie, size_t *ret_bytes)
{
    char url[LINE], ca[LINE], header[LINE];
    long status = 0;
    CURL *curl = curl_easy_init();
    (void)snprintf(url, sizeof(url), "%s/api/front/latest.jpg", showing->url);
    (void)snprintf(ca, sizeof(ca), "%s/authority/ca.crt", showing->gateway);
    (void)snprintf(header, sizeof(header), "__Host-gatehouse=%s", cookie);
    *ret_bytes = 0;
    if (curl == NULL) {
        return 0;
    }
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    (void)curl_easy_setopt(curl, CURLOPT_COOKIE, header);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_bytes);
    if (curl_easy_perform(curl) == CURLE_OK) {
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_easy_cleanup(curl);
    return status;
}

/* Nobody is there to enrol: the session that a log-in would have ended with. */
static int
look_once(const struct showing *showing, struct gate_open *gate)
{
    struct note note = {{0}};
    struct session wanted = {.expires = clock_wall() + HOUR}, session;
    char cookie[SESSION_COOKIE];
    size_t bytes = 0;
    (void)text_copy(wanted.user, sizeof(wanted.user), PERSON);
    (void)text_copy(wanted.factor, sizeof(wanted.factor), "totp");
    (void)text_copy(wanted.ip, sizeof(wanted.ip), "127.0.0.1");
    long before = fetch(showing, "none", &bytes);
    (void)printf("Without a log-in the picture of camera front is answered with %ld.\n", before);
    enum err err = session_begin(gate->identity, &wanted, &session, cookie, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    long status = 0;
    for (unsigned i = 0; i < TRIES && status != 200; i++) {
        nap();
        status = fetch(showing, cookie, &bytes);
    }
    (void)printf("With one it is answered with %ld: %zu bytes.\n", status, bytes);
    show_events(showing);
    return status == 200 && before != 200 ? CLI_OK : CLI_INCOMPLETE;
}

static int
show(const struct showing *showing, struct gate_open *gate, const sigset_t *signals)
{
    struct note note = {{0}};
    char token[USER_TOKEN];
    int number = 0;
    enum err err = user_invite(gate->identity, PERSON, false, token, &note);
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("A gateway runs in front of a played Frigate with one camera:\n\n  %s\n\n"
                 "Its certificate is of its own authority (%s/authority/ca.crt), so the\n"
                 "browser asks once. You are its administrator \"%s\"; set password and second\n"
                 "factor by this link:\n\n",
        showing->url, showing->gateway, PERSON);
    gate_print_link(gate, token);
    (void)printf("\nCtrl-C ends it and shows the events.\n");
    (void)fflush(stdout);
    (void)sigwait(signals, &number);
    show_events(showing);
    return CLI_OK;
}

int
demo_gateway_run(bool once)
{
    CLEANUP(showing_release) struct showing showing = {.serve = 0};
    CLEANUP(gate_close) struct gate_open gate = {.identity = NULL};
    struct note note = {{0}};
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL); /* so that nothing stays behind */
    buf_init(&showing.self, PATH_MAX);
    enum err err = set_up(&showing, &note);
    err = err == OK ? gate_open(&gate, showing.gateway, true, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    return once ? look_once(&showing, &gate) : show(&showing, &gate, &signals);
}
