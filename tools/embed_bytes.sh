#!/bin/sh
# embed_bytes.sh NAME FILE: prints a file of any size as `static const unsigned char NAME[] = {…};` for C.
printf '/* Made from %s. */\nstatic const unsigned char %s[] = {\n' "$(basename "$2")" "$1"
od -An -v -tu1 "$2" | sed 's/[0-9][0-9]*/&,/g'
printf '};\n'
