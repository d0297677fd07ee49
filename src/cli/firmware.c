/* gatehouse firmware: gatehouse fix for firmware and VMS updates alone, which are never in a hurry.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/part.h"

#include <stdlib.h>

/* The plan of gatehouse fix with these kinds; --files is its --firmware. */
static int
firmware_plan(int argc, char **argv)
{
    static char words[][16] = {"fix", "--kind", "firmware", "--kind", "vms_update"};
    static char files[] = "--firmware";
    size_t count = COUNT(words);
    char **own = calloc(count + (size_t)argc, sizeof(*own));
    if (own == NULL) {
        return cli_fail("%s", err_words(ERR_MEMORY));
    }
    for (size_t i = 0; i < count; i++) {
        own[i] = words[i];
    }
    for (int i = 1; i < argc; i++) {
        own[count++] = text_equal(argv[i], "--files") ? files : argv[i];
    }
    int status = cli_fix((int)count, own);
    free(own);
    return status;
}

int
cli_firmware(int argc, char **argv)
{
    static const struct cli_part rows[] = {
#define PART(name, words) {#name, words, firmware_##name},
#include "cli/firmware.def"
#undef PART
    };
    static const struct cli_parts parts = {
        .command = "firmware",
        .about = "Firmware files come from the owner's folder (--files DIR, with a firmware.yaml\n"
                 "in it), never from the network. `firmware plan` takes the options of gatehouse\n"
                 "fix, --apply and --now included; gatehouse-firmware(1) tells the rest.\n",
        .rows = rows,
        .count = COUNT(rows),
    };
    return cli_part_run(&parts, argc, argv);
}
