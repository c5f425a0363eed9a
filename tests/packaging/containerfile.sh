#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Follows packaging/Containerfile on this machine, as a builder follows it in its images: for a bare Debian 12 that may be thrown
# away, as root, with the project as the current directory.
#
#     containerfile.sh list     prints the instructions, one a line
#     containerfile.sh run      does them, starts the node as the container would, waits until it is healthy, and ends it
#     containerfile.sh last F   the same of the last stage alone, with F for what it copies from the first
set -euo pipefail
file=packaging/Containerfile

# Comments out, continued lines joined.
instructions() { sed -e '/^ *#/d' -e '/^$/d' "$file" | sed -e ':a' -e '/\\$/N; s/ *\\\n */ /; ta'; }

# ["a", "b"] -> words; none of ours has a quote or a blank in it.
words() { tr -d '[],"' <<<"$1"; }

# follow [COPIED]: the instructions on stdin
follow() {
    local copied=${1:-} project=$PWD line user=root health='' entry=''
    while IFS= read -r line; do
        echo "== $line"
        case $line in
            FROM\ * | VOLUME\ * | EXPOSE\ * | STOPSIGNAL\ *) ;;
            WORKDIR\ *) mkdir -p "${line#* }" && cd "${line#* }" ;;
            'COPY . .') cp -a "$project/." . ;;
            COPY\ --from=*) read -r _ _ from to <<<"$line" && cp "${copied:-$from}" "$to" ;;
            RUN\ *) sh -ec "${line#RUN }" </dev/null ;;
            USER\ *) user=${line#USER } ;;
            HEALTHCHECK\ *) health=$(words "${line#* CMD }") ;;
            ENTRYPOINT\ *) entry=$(words "${line#* }") ;;
            *) echo "containerfile: nobody here knows $line" >&2 && exit 1 ;;
        esac
    done
    serve "$user" "$health" "$entry"
}

serve() {
    local become=(setpriv "--reuid=$1" "--regid=$1" --init-groups) node
    # shellcheck disable=SC2086  # splitting is meant
    "${become[@]}" $3 &
    node=$!
    # shellcheck disable=SC2086
    timeout 30 sh -c 'until "$@" 2>/dev/null; do sleep 0.2; done' sh "${become[@]}" $2 || { echo "containerfile: not healthy"; exit 1; }
    kill -TERM "$node"
    wait "$node"
    echo "containerfile: built, healthy, and ended when told"
}

case ${1:-} in
    list) instructions ;;
    run) instructions | follow ;;
    last) instructions | sed -n '/^FROM/h; /^FROM/!H; ${x;p}' | follow "$(realpath "$2")" ;;
    *) echo "usage: containerfile.sh list|run|last FILE" >&2 && exit 2 ;;
esac
