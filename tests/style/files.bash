# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the programs of tests/style, each of which holds one habit of the source tree. They look at the files that git
# tracks, as they are in the work tree; exit status 0: clean, 77: cannot be told here (the last line says why), else: findings.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
top=${here%/tests/style}
cd "$top" || exit 1
# shellcheck disable=SC2034 # read by those who source this
build=${BUILD:-$top/build}

skip() {
        echo "$1"
        exit 77
}

need() {
        local program
        for program; do command -v "$program" >/dev/null || skip "needs $program"; done
}

# tracked PATTERN...: the tracked files that match, in the array `files`.
tracked() {
        mapfile -d '' -t files < <(git ls-files -z -- "$@" && printf '')
        # What was moved or deleted, and not yet told to git.
        local file there=()
        for file in "${files[@]}"; do [[ ! -e $file ]] || there+=("$file"); done
        files=("${there[@]}")
}

need git
# A tarball that was unpacked in another clone is none.
[[ -z $(git rev-parse --show-cdup 2>/dev/null || echo none) ]] || skip "needs a git clone"
