# SPDX-License-Identifier: Apache-2.0 OR MIT
# ./dev test [filter]
deps --test
PATH="$PWD/$toolchain/bin:$PATH"
export PATH
build "${SOTTO_PRESET:-release}"
# Debian's own: its packages are what deps installed.
exec /usr/bin/python3 tools/dev/test.py "${SOTTO_PRESET:-release}" "$@"
