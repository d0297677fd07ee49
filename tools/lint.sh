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
# Only what is compiled; without glibc's ctype macros, which count as the caller's own branches.
tidied=$(sed -nE 's/.*"file": "(\.\.\/)*((src|lab)\/[^"]*\.c)".*/\2/p' "$build/compile_commands.json" | sort -u)
[ -n "$tidied" ] || fail "$build/compile_commands.json names no file of src or lab"
command -v clang-tidy >/dev/null || fail "there is no clang-tidy"
echo "$tidied" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" --extra-arg=-D__NO_CTYPE >"$build/tidy.log" 2>"$build/tidy.err" ||
    { grep -E 'error:|warning:' "$build/tidy.log" || tail -5 "$build/tidy.err"; fail "clang-tidy: see $build/tidy.log"; }
[ $bad = 0 ] && echo "lint: clean"
exit $bad
