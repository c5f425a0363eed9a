# SPDX-License-Identifier: Apache-2.0 OR MIT
# ./dev fmt [--all]
install_packages clang-format-19
if [ "${1:-}" = --all ]; then
    git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i
else
    { git diff --name-only HEAD --diff-filter=d -- '*.cpp' '*.hpp'; git ls-files --others --exclude-standard -- '*.cpp' '*.hpp'; } |
        xargs -r clang-format-19 -i
fi
