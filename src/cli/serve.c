/* gatehouse serve: the gateway, in the foreground. */
#include "daemon/serve.h"

#include "base/log.h"
#include "base/text.h"
#include "cli/data.h"
#include "cli/gateway.h"
#include "gate/settings_same.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    OPTION_GATEWAY,
    OPTION_NGINX,
    OPTION_NO_LANDLOCK,
};

static const struct cli_option options[] = {
    GATE_OPTION,
    {"nginx",       0, "PATH", "nginx's program (default: where Debian has it, then PATH)"},
    {"no-landlock", 0, NULL,   "go on where the kernel has no Landlock"                   },
};

static const struct cli_manual manual = {
    .usage = "serve [OPTION]…",
    .about =
        "Runs a gateway in the foreground: the ledger's keeper, the broker, the doorman and\n"
        "nginx, each of which is started again when it dies. Needs no root on a port from 1024\n"
        "on; started by root it goes on as the owner of the gateway's folder. SIGHUP has it\n"
        "read settings and certificate again (`gatehouse gateway configure` sends it), which\n"
        "drops no stream; Ctrl-C or SIGTERM end it in order, a second one at once.\n",
    .options = options,
    .option_count = COUNT(options),
    .example = "  gatehouse serve --gateway /var/lib/gatehouse/gateway\n",
};

struct serving {
    struct gate_open gate; /* its settings are those of now */
    struct arena fresh;    /* where their texts are once they were read again */
};

static const char *
find_nginx(const char *option, struct arena *arena, struct note *note)
{
    static const char *const places[] = {"/usr/sbin/nginx", "/usr/local/sbin/nginx",
        "/usr/local/nginx/sbin/nginx", "/usr/bin/nginx"};
    if (option != NULL) {
        return arena_copy(arena, option);
    }
    for (size_t i = 0; i < COUNT(places); i++) {
        if (access(places[i], X_OK) == 0) {
            return places[i];
        }
    }
    note_set(note,
        "nginx is not installed; on Debian: apt-get install nginx-light; or give --nginx "
        "PATH");
    return NULL;
}

/* The settings of now, and nginx's configuration from them; the old ones stay when they are bad. */
static enum err
configure(void *context, struct serve_changes *ret_changes, struct note *note)
{
    struct serving *serving = context;
    struct settings settings;
    struct arena fresh;
    arena_init(&fresh, (size_t)4 * 1024 * 1024);
    const char *folder = arena_copy(&fresh, serving->gate.settings.folder);
    enum err err = folder == NULL ? ERR_MEMORY : settings_read(folder, &fresh, &settings, note);
    if (err == OK && !text_equal(settings.ledger, serving->gate.settings.ledger)) {
        note_set(
            note, "the settings name another ledger; end `gatehouse serve` and start it again");
        err = ERR_VALUE;
    }
    err = err == OK ? gateway_write_conf(&settings, settings.folder, note) : err;
    if (err != OK) {
        arena_release(&fresh);
        return err;
    }
    *ret_changes = (struct serve_changes){
        .any = !settings_same(&serving->gate.settings, &settings),
        .any_vms = !settings_same_vms(&serving->gate.settings, &settings),
    };
    serving->gate.settings = settings;
    arena_release(&serving->fresh);
    serving->fresh = fresh;
    return OK;
}

static void
ready(void *context, int64_t takes)
{
    struct serving *serving = context;
    const struct settings *settings = &serving->gate.settings;
    for (size_t i = 0; i < settings->vms_count; i++) {
        const char *url = gate_url(settings, &settings->vms[i], &serving->gate.arena);
        (void)printf("%s is behind %s\n", settings->vms[i].name, url == NULL ? "?" : url);
    }
    (void)printf("The gateway is up after %lld.%lld s. Ctrl-C ends it.\n",
        (long long)(takes / 1000), (long long)(takes % 1000 / 100));
    (void)fflush(stdout);
}

static enum err
run(struct serving *serving, const char *const nginx_option, bool is_open, struct note *note)
{
    CLEANUP(buf_release) struct buf self;
    CLEANUP(buf_release) struct buf module;
    struct arena *arena = &serving->gate.arena;
    buf_init(&self, PATH_MAX);
    buf_init(&module, PATH_MAX);
    enum err err = data_self(&self);
    err = err == OK ? data_find_module(&module, note) : err;
    struct serve_plan plan = {
        .settings = &serving->gate.settings,
        .program = self.data,
        .nginx = find_nginx(nginx_option, arena, note),
        .module = module.data,
        .conf = settings_file(&serving->gate.settings, "nginx.conf", arena),
        .is_open = is_open,
        .configure = configure,
        .ready = ready,
        .context = serving,
    };
    if (err == OK && (plan.nginx == NULL || plan.conf == NULL)) {
        return ERR_MISSING;
    }
    return err == OK ? serve_run(&plan, note) : err;
}

int
cli_serve(int argc, char **argv)
{
    static const struct gate_operands nothing = {0, 0, ""};
    struct gate_ask ask;
    struct serving serving = {.gate = {.identity = NULL}};
    struct note note = {{0}};
    int status = gate_ask_read(&ask, &manual, argc, argv, &nothing);
    if (status != CLI_END) {
        return status;
    }
    log_set_level(LOG_INFO);
    arena_init(&serving.fresh, 1);
    enum err err = gate_open(&serving.gate, ask.values[OPTION_GATEWAY], false, &note);
    err = err == OK ? run(&serving, ask.values[OPTION_NGINX], ask.given[OPTION_NO_LANDLOCK], &note)
                    : err;
    arena_release(&serving.fresh);
    gate_close(&serving.gate);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}
