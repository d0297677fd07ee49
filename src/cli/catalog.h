/* gatehouse catalog. */
#pragma once

/* argv[0] is "catalog"; returns the exit status. */
int cli_catalog(int argc, char **argv);
