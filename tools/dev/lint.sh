# SPDX-License-Identifier: Apache-2.0 OR MIT
# ./dev lint [--slice I/N]: our own lints, format, every header compiled alone, and clang-tidy over what changed since the last
# commit but one. With a slice: headers and clang-tidy over part I of N of the whole tree (a whole run is slow on two cores).
slice=0/1
[ "${1:-}" != --slice ] || slice=$2
deps --test
say "layers, sizes, banned calls"
/usr/bin/python3 tools/lint/lint.py
say "headers"
/usr/bin/python3 tools/lint/lint.py headers "$slice"
say "format"
git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run --Werror
say "clang-tidy"
configure dev
cmake --build build/dev --target sotto_base sotto_test_precompiled >/dev/null  # the precompiled headers
if [ "$slice" != 0/1 ]; then
    files=$(git ls-files 'src/*.cpp' 'apps/*.cpp' | awk -v i="${slice%/*}" -v n="${slice#*/}" 'NR % n == i % n')
else
    files=$(git diff --name-only --diff-filter=d HEAD~1 -- 'src/*.cpp' 'apps/*.cpp')
fi
# Tests, fuzz targets and benchmarks are held to our own lints alone.
files=$(echo "$files" | grep -vE '_(test|fuzz|bench)\.cpp$' || true)
[ -z "$files" ] || echo "$files" | xargs -P 2 -n 4 clang-tidy-19 -p build/dev --quiet 2>/dev/null
