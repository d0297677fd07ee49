#!/bin/sh
# Layers, banned functions, code layout, sizes, clang-tidy. Usage: tools/lint.sh BUILD-FOLDER
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1
bad=0
fail() { echo "lint: $*"; bad=1; }
tools/layers.sh || fail "an include does not point down"
sources=$(git ls-files 'src/*.[ch]' 'lab/*.[ch]' 'test/*.[ch]')
# shellcheck disable=SC2086
grep -nwE '(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|strtok|atoi|atol|alloca|localtime|rand|system|popen|scanf|sscanf|fscanf|gets) *\(' $sources && fail "banned function"
# shellcheck disable=SC2086
clang-format --dry-run --Werror $sources 2>&1 | head -20 | grep . && fail "run: clang-format -i FILE"
for file in $(git ls-files 'src/*.c' 'lab/*.c'); do
    lines=$(wc -l < "$file"); [ "$lines" -le 600 ] || fail "$file: $lines lines, at most 600"
done
for file in $(git ls-files 'src/*.h'); do
    lines=$(wc -l < "$file"); [ "$lines" -le 200 ] || fail "$file: $lines lines, at most 200"
done
if command -v clang-tidy >/dev/null; then
    git ls-files 'src/*.c' 'lab/*.c' | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>/dev/null | tee "$build/tidy.log" | grep -E 'error:|warning:' && fail "clang-tidy"
fi
[ $bad = 0 ] && echo "lint: clean"
exit $bad
