/* gatehouse evidence: finds the part. */
#include "cli/evidence.h"

#include "cli/part.h"

int
cli_evidence(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, evidence_##name},
#include "cli/evidence.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "evidence",
        .about =
            "Packs what a court, an auditor or the police need of the ledger, so that they can\n"
            "check it without it, without a network and without Gatehouse. gatehouse-evidence(7)\n"
            "says what is in a package and how to check it by hand.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
