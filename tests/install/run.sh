#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# run.sh BUILD_DIR: installs what was built to a prefix of its own, builds a program of somebody else against it in both
# ways (CMake package, pkg-config), and lets that read over devp2p what it writes over libp2p, through the installed node.
set -euo pipefail
build=$(realpath "$1")
consumer=$(realpath "$(dirname "$0")")/consumer
work=$(mktemp -d)
node=
finish() {
    [ -z "$node" ] || kill "$node" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
cmake --install "$build" --prefix "$work/prefix" >/dev/null
# The source tree must not be what the consumer sees.
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name sotto.pc)")

say() { echo "install: $*"; }

build_with_cmake() {
    env -u PKG_CONFIG_PATH cmake -S "$consumer" -B "$work/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" &&
        cmake --build "$work/cmake" >>"$work/log" || { cat "$work/log"; return 1; }
}

build_with_pkg_config() {
    # Word splitting is how pkg-config's answer is meant to be used.
    # shellcheck disable=SC2046
    "$compiler" -std=c++23 -Wall -Wextra -Werror "$consumer/postcard.cpp" -o "$work/postcard" $(pkg-config --cflags --libs sotto)
}

ready() { sed -n "s/.*$1.*/\\1/p" "$work/ready"; }

# wait_for FILE TEXT: until the file holds the text, 20 s at most.
wait_for() {
    timeout 20 sh -c 'until grep -qs "$1" "$0"; do sleep 0.05; done' "$1" "$2" ||
        { say "no '$2' in $(basename "$1")"; cat "$work"/*.err; return 1; }
}

start_node() {
    # Settings of whoever runs the tests must not reach the node.
    local name
    for name in "${!SOTTO_@}"; do unset "$name"; done
    "$work/prefix/bin/sotto" run --json --data-dir "$work/data" --rpc none \
        --listen /ip4/127.0.0.1/tcp/0/rlpx --listen /ip4/127.0.0.1/tcp/0 >"$work/ready" 2>"$work/node.err" &
    node=$!
    wait_for "$work/ready" '"event":"ready"'
}

# Each consumer's program writes over one network and reads over the other.
exchange() {
    local writer=$1 reader=$2 heard
    timeout 20 "$reader" read "$(ready '"enode":"\([^"]*\)"')" >"$work/heard" 2>"$work/reader.err" &
    local reading=$!
    wait_for "$work/reader.err" reading
    timeout 20 "$writer" write "$(ready '"multiaddrs":\["\([^"]*\)"')" 2>"$work/writer.err" ||
        { say "the writer failed"; cat "$work"/*.err; return 1; }
    wait "$reading" || { say "the reader failed"; cat "$work"/*.err; return 1; }
    heard=$(cat "$work/heard")
    [ "$heard" = "greetings from a consumer" ] || { say "read '$heard'"; return 1; }
}

build_with_cmake
build_with_pkg_config
start_node
exchange "$work/cmake/postcard" "$work/postcard"
exchange "$work/postcard" "$work/cmake/postcard"
say "both consumers talk through the installed node"
