/* gatehouse siem: its parts, and how they find siem.yaml. */
#include "cli/siem.h"

#include "base/text.h"
#include "cli/part.h"
#include "gate/settings.h"

#include <unistd.h>

static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, cli_siem_##name},
#include "cli/siem.def"
#undef PART
};

static const struct cli_parts parts = {
    .command = "siem",
    .about =
        "Brings the events of the ledger to those who watch: to a file, a syslog server or an\n"
        "HTTP collector, as siem.yaml says. Nothing counts as delivered before the receiver has\n"
        "shown that it read it; what could not be delivered waits in the ledger.\n",
    .rows = rows,
    .count = COUNT(rows),
};

enum err
siem_read(const char *config, const char *ledger, struct arena *arena,
    struct siem_config *ret_config, struct note *note)
{
    const char *folder = NULL;
    enum err err = config != NULL ? OK : settings_folder(NULL, arena, &folder);
    const char *path = config != NULL ? config
                       : err == OK    ? arena_format(arena, "%s/siem.yaml", folder)
                                      : NULL;
    err = err == OK && path == NULL ? ERR_MEMORY : err;
    err = err == OK ? siem_config_read(path, arena, ret_config, note) : err;
    if (err != OK) {
        return err;
    }
    if (ledger != NULL) {
        ret_config->ledger = ledger;
    } else if (!ret_config->says_ledger) {
        struct settings settings;
        const char *gateway = arena_format(arena, "%s/gateway.yaml", ret_config->folder);
        bool has_gateway = gateway != NULL && access(gateway, R_OK) == 0;
        if (has_gateway && settings_read(ret_config->folder, arena, &settings, NULL) == OK) {
            ret_config->ledger = settings.ledger;
        }
    }
    return OK;
}

int
cli_siem(int argc, char **argv)
{
    return cli_part_run(&parts, argc, argv);
}
