# SPDX-License-Identifier: Apache-2.0 OR MIT
# ./dev bench [name] [--json FILE]
deps --test
PATH="$PWD/$toolchain/bin:$PATH"
export PATH
if [ "${1:-}" = micro ]; then
    build release all_bench >&2
    shift
    for binary in build/release/sotto_*_bench; do
        say "${binary##*/}"
        "$binary" "$@"
    done
    exit
fi
build release sotto sotto_load >&2
# Debian's own: its packages are what deps installed.
exec /usr/bin/python3 tools/dev/bench.py "$@"
