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
        .about = "Packs what a court or an auditor needs about a clip, and says what a package "
                 "proves.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
