#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# build.sh BUILD_DIR OUTPUT_DIR [VERSION]: packs what was built into OUTPUT_DIR/sotto_VERSION_ARCHITECTURE.deb and prints its path.
# Needs no root. The same source and build give the same bytes: times are those of the last commit, or of SOURCE_DATE_EPOCH.
set -euo pipefail
build=$(realpath "$1")
output=$(realpath "$2")
here=$(realpath "$(dirname "$0")")
packaging=$(dirname "$here")
source_dir=$(dirname "$packaging")
version=${3:-$(sed -n 's/^CMAKE_PROJECT_VERSION:[A-Z]*=//p' "$build/CMakeCache.txt")}
architecture=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source_dir" log -1 --format=%ct 2>/dev/null || echo 0)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
umask 022

put() { install -D -m 644 "$1" "$root$2"; }
put_gzipped() { mkdir -p "$(dirname "$root$2")" && gzip -9n <"$1" >"$root$2"; }

files() {
    DESTDIR=$root cmake --install "$build" --prefix /usr --component runtime >/dev/null
    # dh_strip's choice; the unstripped binary stays in the build directory.
    strip --remove-section=.comment --remove-section=.note "$root/usr/bin/sotto"
    gzip -9n "$root/usr/share/man/man1/sotto.1"
    # Debian's zsh does not look where others do.
    mkdir -p "$root/usr/share/zsh/vendor-completions"
    mv "$root/usr/share/zsh/site-functions/_sotto" "$root/usr/share/zsh/vendor-completions/"
    rmdir "$root/usr/share/zsh/site-functions"
    put "$packaging/systemd/sotto.service" /lib/systemd/system/sotto.service
    put "$packaging/sotto.toml" /etc/sotto/sotto.toml
    put_gzipped "$source_dir/CHANGELOG.md" /usr/share/doc/sotto/changelog.gz
    put "$source_dir/docs/operating.md" /usr/share/doc/sotto/operating.md
    put "$source_dir/SECURITY.md" /usr/share/doc/sotto/SECURITY.md
    put "$here/copyright" /usr/share/doc/sotto/copyright
    local file
    for file in "$packaging"/monitoring/*; do
        case $file in
            *.test.yml) ;;
            *) put "$file" "/usr/share/sotto/monitoring/$(basename "$file")" ;;
        esac
    done
}

# The packages that the binary's libraries are in, as dpkg-shlibdeps knows them.
library_dependencies() {
    mkdir -p "$work/shlibs/debian"
    printf 'Source: sotto\n\nPackage: sotto\nArchitecture: any\n' >"$work/shlibs/debian/control"
    (cd "$work/shlibs" && dpkg-shlibdeps -O -e"$root/usr/bin/sotto" 2>"$work/shlibs/log") |
        sed -n 's/^shlibs:Depends=//p' | grep . || { cat "$work/shlibs/log" >&2; return 1; }
}

control() {
    local depends size
    depends=$(library_dependencies)
    size=$(du -sk --apparent-size "$root" | cut -f1)
    mkdir -p "$root/DEBIAN"
    cat >"$root/DEBIAN/control" <<TEXT
Package: sotto
Version: $version
Architecture: $architecture
Maintainer: The Sotto maintainers <sotto@localhost>
Installed-Size: $size
Depends: adduser, $depends
Section: net
Priority: optional
Description: private messages over libp2p and devp2p at once
 A node and a client for Whisper v6 on both networks: what comes in on one
 leaves on the other. The node runs as a service of the user sotto, with its
 settings in /etc/sotto/sotto.toml and its keys in /var/lib/sotto.
TEXT
    echo /etc/sotto/sotto.toml >"$root/DEBIAN/conffiles"
    (cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path ./etc/sotto/sotto.toml -printf '%P\0' | LC_ALL=C sort -z |
        xargs -0 md5sum) >"$work/md5sums"
    install -m 644 "$work/md5sums" "$root/DEBIAN/md5sums"
    local script
    for script in postinst prerm postrm; do install -m 755 "$here/$script" "$root/DEBIAN/$script"; done
}

files
control
package=$output/sotto_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
echo "$package"
