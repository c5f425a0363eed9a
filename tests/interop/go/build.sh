#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Builds the Go peers into build/interop/ and prints what it builds; does nothing when they are up to date.
# Exit 75: the modules cannot be had, neither from the cache nor from the proxy.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../../.." && pwd)/build/interop
stamp=$out/.go-stamp

command -v go >/dev/null || { echo "build.sh: go is not on the PATH" >&2; exit 1; }
mkdir -p "$out"
exec 9>"$out/.go-lock"
flock 9

version=$(go version)
if [ "$(cat "$stamp" 2>/dev/null)" = "$version" ] && [ -z "$(find "$here" -type f -newer "$stamp" -print -quit)" ]; then
    exit 0
fi

printf '%s' "$version" >"$stamp.new" # its time is that of the sources that are built, not of the end
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}"
for module in geth status bench; do
    cd "$here/$module"
    go mod download >&2 || { echo "build.sh: the modules of $module cannot be downloaded" >&2; exit 75; }
    echo "building the Go peers of $module"
    case $module in
    geth) nice -n 10 go build -o "$out/" ./cmd/... ;;
    status) nice -n 10 go build -o "$out/statuspeer" . ;;
    bench) nice -n 10 go build -o "$out/gethbench" . ;;
    esac
done
mv "$stamp.new" "$stamp"
