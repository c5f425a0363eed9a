# SPDX-License-Identifier: Apache-2.0 OR MIT
# ./dev fuzz [target] [seconds]: new inputs go to build/fuzz-corpus/TARGET, crashes to the current folder.
deps --test
build fuzz all_fuzz >&2
found=0
for binary in build/fuzz/sotto_*_fuzz; do
    for target in $("$binary" 2>/dev/null); do
        if [ -z "${1:-}" ]; then
            found=1
            echo "$target"
        elif [ "$1" = "$target" ] || [ "$1" = all ]; then
            found=1
            say "fuzzing $target for ${2:-60} s"
            mkdir -p "build/fuzz-corpus/$target"
            SOTTO_FUZZ_TARGET=$target "$binary" -max_total_time="${2:-60}" -rss_limit_mb=2048 -timeout=20 -print_final_stats=0 \
                -verbosity=0 "build/fuzz-corpus/$target" "fuzz/corpus/$target"
        fi
    done
done
[ $found = 1 ] || { echo "dev: no fuzz target is called '${1:-}'; ./dev fuzz lists them" >&2; exit 1; }
