/* The parts of `gatehouse siem`: argv[0] is the part's name; they return a cli_exit. */
#pragma once

#include "cli/cli.h"
#include "siem/config.h"

#include <jansson.h>

#define PART(name, words) int cli_siem_##name(int argc, char **argv);
#include "cli/siem.def"
#undef PART

#define SIEM_OPTION_CONFIG                                                                         \
    {                                                                                              \
        "config", 0, "FILE", "siem.yaml (default: the one in the gateway's folder)"                \
    }
#define SIEM_OPTION_LEDGER                                                                         \
    {                                                                                              \
        "ledger", 0, "DIR", "the ledger (default: what siem.yaml or gateway.yaml says)"            \
    }

/*
 * Finds and reads siem.yaml; where it names no ledger, gateway.yaml beside it may. Both options may
 * be NULL. ERR_MISSING with words: there is none.
 */
enum err siem_read(const char *config, const char *ledger, struct arena *arena,
    struct siem_config *ret_config, struct note *note) MUST_CHECK;
/*
 * How every destination stands: of the forwarder's state, the cursors and the log itself. NULL when
 * memory is out. ret_status: CLI_GAPS when something needs a look.
 */
json_t *siem_describe(const struct siem_config *config, int *ret_status);
void siem_print(const json_t *state);
