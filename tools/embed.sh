#!/bin/sh
# embed.sh NAME FILE: prints the text file as `static const char NAME[] = "…";` for C.
printf '/* Made from %s. */\nstatic const char %s[] =\n' "$(basename "$2")" "$1"
sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$/\\n"/' "$2"
printf '    "";\n'
