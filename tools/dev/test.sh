# SPDX-License-Identifier: Apache-2.0 OR MIT
# ./dev test [filter]
deps --test
PATH="$PWD/$toolchain/bin:$PATH"
export PATH
build "${SOTTO_PRESET:-release}"
exec python3 tools/dev/test.py "${SOTTO_PRESET:-release}" "$@"
