/* gatehouse ledger witness: finds the part. */
#include "cli/ledger_witness.h"

#include "cli/ledger.h"
#include "cli/part.h"

int
ledger_witness(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, ledger_witness_##name},
#include "cli/ledger_witness.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "ledger witness",
        .about =
            "A witness sees every checkpoint of a log and cosigns it only when it continues the\n"
            "one before. Run by somebody else, at another site, it makes a second history of the\n"
            "ledger impossible to hide.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
