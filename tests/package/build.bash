# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ./package and tests/package: builds packages, in clean roots, of what is committed here.
# `top` is this tree, `work` where it is built; both are set by those who source this.

# shellcheck disable=SC2034,SC2154 # the lists are read, and `top` and `work` are set, by those who source this
. "$top/tests/packages.bash"
. "$top/tests/system/root.bash"

# The releases of Debian that are supported: 12 and 13.
PACKAGE_SUITES=(bookworm trixie)
PACKAGE_NEEDS=(mmdebstrap util-linux git iproute2)

say() { printf '%s\n' "$*" >&2; }

# logged LOG COMMAND...: keeps its output in a file, and shows the end of that if it fails.
logged() {
        local log=$1; shift
        mkdir -p "${log%/*}"
        "$@" </dev/null >"$log" 2>&1 && return
        say "Failed: $*"
        tail -n 40 "$log" | sed 's/^/  | /' >&2
        say "The whole log is $log."
        return 1
}

# The packages that debian/control needs to build, by the names of SUITE; what only a build profile wants is among them.
build_depends() {
        sed -n '/^Build-Depends:/,/^$/p' "$top/debian/control" | sed -n 's/^ //p' | sed -E 's/ *(\([^)]*\)|<[^>]*>)//g; s/,$//' |
                sed -E "s/^debhelper-compat.*/debhelper/; /^dh-sequence/d; s/^systemd-dev \| systemd.*/$([[ $SUITE == bookworm ]] && echo systemd || echo systemd-dev)/"
}

# build_root SUITE: the root to build in, made if it is not there; its path.
build_root() {
        local SUITE=$1 depends
        mapfile -t depends < <(build_depends)
        kept_root "$work/roots/$SUITE-build" build-essential fakeroot "${depends[@]}" && echo "$work/roots/$SUITE-build"
}

# tool_root SUITE NAME PACKAGE...: a root with some tools; its path.
tool_root() {
        local SUITE=$1 name=$2; shift 2
        kept_root "$work/roots/$SUITE-$name" "$@" && echo "$work/roots/$SUITE-$name"
}

# The time of the last commit, which everything that is built bears.
source_epoch() { git -C "$top" log -1 --format=%ct; }

# Run in the root, in the folder of the build, by an ordinary user: `make dist`, and of that the packages.
BUILD_IN_ROOT='
        umask "$BUILD_UMASK"
        cd tree
        autoreconf -fi
        mkdir out && cd out
        ../configure --quiet
        make dist
        version=$(sed -n "s/^PACKAGE_VERSION = //p" Makefile)
        cp "dohmouse-$version.tar.xz" ../..
        cd ../..
        mv "dohmouse-$version.tar.xz" "dohmouse_$version.orig.tar.xz"
        tar -xf "dohmouse_$version.orig.tar.xz"
        cp -a tree/debian "dohmouse-$version/"
        cd "dohmouse-$version"
        dpkg-buildpackage -us -uc
'

# build_deb SUITE OUTPUT [OPTION]...: the source and binary packages in OUTPUT. The build has no network.
#   BUILD_FOLDER, BUILD_UMASK, BUILD_ZONE, BUILD_LOCALE: where and how it is built, which must make no difference
#   DEB_BUILD_OPTIONS: as dpkg-buildpackage has it; "nocheck" runs no unit tests
build_deb() {
        local suite=$1 output=$2 root scratch folder=${BUILD_FOLDER:-/build/dohmouse} status=0
        root=$(build_root "$suite") && scratch=$(mktemp -d "$work/scratch.XXXXXX") || return
        mkdir -p "$scratch/upper$folder/tree" "$output" || return
        git -C "$top" archive HEAD | tar -x -C "$scratch/upper$folder/tree" || return
        rm -f "$output"/*.deb "$output"/*.dsc "$output"/*.changes "$output"/*.buildinfo "$output"/*.tar.*
        logged "$output/build.log" enter_root --offline --scratch "$scratch" "$root" \
                /usr/bin/env DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS-}" SOURCE_DATE_EPOCH="$(source_epoch)" \
                BUILD_UMASK="${BUILD_UMASK:-022}" TZ="${BUILD_ZONE:-UTC}" LC_ALL="${BUILD_LOCALE:-C.UTF-8}" /bin/sh -euc '
                        chown -R 1000:1000 "$1"
                        cd "$1"
                        exec setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/env HOME="$1" /bin/sh -euxc "$2"
                ' build "$folder" "$BUILD_IN_ROOT" || status=1
        (( status )) || find "$scratch/upper$folder" -maxdepth 1 -type f -exec cp {} "$output/" \; || status=1
        rm -rf --one-file-system "$scratch"
        return $status
}
