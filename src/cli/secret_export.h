/* gatehouse secret export: a part of gatehouse secret with a command line of its own. */
#pragma once

/* argv[0] is "export"; a cli_exit. */
int secret_export(int argc, char **argv);
