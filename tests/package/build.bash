# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ./package and tests/package: builds packages, in clean roots, of what is committed here.
# `top` is this tree, `work` where it is built; both are set by those who source this.

# shellcheck disable=SC2034,SC2154 # the lists are read, and `top` and `work` are set, by those who source this
. "$top/tests/packages.bash"
. "$top/tests/system/root.bash"

# The releases of Debian that are supported: 12 and 13.
PACKAGE_SUITES=(bookworm trixie)
PACKAGE_NEEDS=(mmdebstrap util-linux git iproute2)
# All that is built is built of it, even if something is committed meanwhile.
PACKAGE_COMMIT=$(git -C "$top" rev-parse --quiet --verify HEAD 2>/dev/null)

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

# build_root SUITE: the root to build in, made if it is not there; its path. In addition, it has another clock and other languages.
build_root() {
        local SUITE=$1 depends
        mapfile -t depends < <(build_depends)
        kept_root "$work/roots/$SUITE-build" build-essential fakeroot faketime locales passwd mount "${depends[@]}" && echo "$work/roots/$SUITE-build"
}

# tool_root SUITE NAME PACKAGE...: a root with some tools; its path.
tool_root() {
        local SUITE=$1 name=$2; shift 2
        kept_root "$work/roots/$SUITE-$name" "$@" && echo "$work/roots/$SUITE-$name"
}

# The time of the commit, which everything that is built bears.
source_epoch() { git -C "$top" log -1 --format=%ct "$PACKAGE_COMMIT"; }

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

# Run in the root, by root: makes the folder and the user what is wanted, and goes on as that user.
ENTER_BUILD='
        folder=$1 script=$2
        hostname "$BUILD_HOST"
        useradd --uid "$BUILD_UID" --home-dir "$folder" builder
        case $BUILD_LOCALE in *_*) localedef -i "${BUILD_LOCALE%.*}" -f "${BUILD_LOCALE#*.}" "$BUILD_LOCALE" ;; esac
        if [ "$BUILD_FILESYSTEM" = tmpfs ]; then
                mount -t tmpfs tmpfs /mnt
                cp -a "$folder/." /mnt/
                mount --move /mnt "$folder"
        fi
        chown -R builder: "$folder"
        set -- setpriv --reuid builder --regid builder --clear-groups /usr/bin/env HOME="$folder" USER=builder LC_ALL="$BUILD_LOCALE"
        # Files keep the real time, for make.
        [ -z "$BUILD_CLOCK" ] || set -- "$@" NO_FAKE_STAT=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "$BUILD_CLOCK"
        (cd "$folder" && "$@" /bin/sh -euxc "$script")
        find "$folder" -maxdepth 1 -type f -exec cp {} /output/ \;
'

# build_deb SUITE OUTPUT: the source and binary packages in OUTPUT. The build has no network.
#   DEB_BUILD_OPTIONS: as dpkg-buildpackage has it; "nocheck" runs no unit tests
#   BUILD_*: what must make no difference; a tmpfs lists its files in another order
build_deb() {
        local suite=$1 output=$2 root scratch folder=${BUILD_FOLDER:-/build/dohmouse} status=0
        root=$(build_root "$suite") && scratch=$(mktemp -d "$work/scratch.XXXXXX") || return
        mkdir -p "$scratch/upper$folder/tree" "$scratch/upper/output" "$output" || return
        git -C "$top" archive "$PACKAGE_COMMIT" | tar -x -C "$scratch/upper$folder/tree" || return
        rm -f "$output"/*.deb "$output"/*.dsc "$output"/*.changes "$output"/*.buildinfo "$output"/*.tar.*
        logged "$output/build.log" enter_root --offline --scratch "$scratch" "$root" \
                /usr/bin/env DEB_BUILD_OPTIONS="parallel=${BUILD_JOBS:-$(nproc)} ${DEB_BUILD_OPTIONS-}" SOURCE_DATE_EPOCH="$(source_epoch)" \
                TZ="${BUILD_ZONE:-UTC}" BUILD_LOCALE="${BUILD_LOCALE:-C.UTF-8}" BUILD_UMASK="${BUILD_UMASK:-022}" BUILD_UID="${BUILD_UID:-1000}" \
                BUILD_HOST="${BUILD_HOST:-builder}" BUILD_CLOCK="${BUILD_CLOCK-}" BUILD_FILESYSTEM="${BUILD_FILESYSTEM-}" \
                /bin/sh -euc "$ENTER_BUILD" build "$folder" "$BUILD_IN_ROOT" || status=1
        (( status )) || cp "$scratch/upper/output"/* "$output/" || status=1
        rm -rf --one-file-system "$scratch"
        return $status
}
