/* The gatehouse program. */
#include "base/text.h"
#include "cli/catalog.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
    if (argc >= 2 && text_equal(argv[1], "catalog")) {
        return cli_catalog(argc - 1, argv + 1);
    }
    (void)fputs("Usage: gatehouse catalog verify FILE...\n", stderr);
    return 64;
}
