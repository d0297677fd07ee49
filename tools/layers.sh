#!/bin/sh
# Prints every #include "area/…" whose area does not stand above the file's own in doc/layers
# (bottom first; areas of one line may not see each other). Exit 1 when there is one.
cd "$(dirname "$0")/.." || exit 2
find src -name '*.[ch]' | sort | xargs awk '
    BEGIN { while ((getline line < "doc/layers") > 0) { n++; k = split(line, a, " "); for (i = 1; i <= k; i++) level[a[i]] = n } }
    match($0, /^#include "[a-z]+\//) {
        split(FILENAME, path, "/"); own = path[2]
        seen = substr($0, RSTART + 10, RLENGTH - 11)
        if (!(own in level)) { print FILENAME ": area " own " is not in doc/layers"; bad = 1; next }
        if (seen != own && (!(seen in level) || level[seen] >= level[own])) { print FILENAME ":" FNR ": " own " may not include " seen; bad = 1 }
    }
    END { exit bad }'
