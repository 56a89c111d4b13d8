# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by ./check, ./try and tests/system: which Debian packages are needed for what, and how they get there.

# shellcheck disable=SC2034,SC2154 # the lists are read, and `top` is set, by those who source this

# To build: compiler, build tools, and the five libraries with check for the unit tests.
BUILD_PACKAGES=(gcc libc6-dev make autoconf automake autoconf-archive pkgconf
        libsystemd-dev libgnutls28-dev libnghttp2-dev libuv1-dev libjansson-dev check)
# To test: dig and kdig ask, certtool makes test certificates, systemd-analyze is compared with, xz packs for distcheck.
TEST_PACKAGES=(iproute2 nftables dbus-daemon python3 bind9-dnsutils knot-dnsutils gnutls-bin systemd xz-utils)
# To hold the style. One version of the formatter and of tidy, which Debian 12 and 13 both have: others would say otherwise.
STYLE_PACKAGES=(git clang-format-19 clang-tidy-19 clang shellcheck codespell mandoc man-db python3 binutils)
# To build with the other compiler, and with libFuzzer.
CLANG_PACKAGES=(clang libclang-rt-dev)
# To boot a container: the root is made by mmdebstrap, booted by systemd-nspawn, and entered by nsenter.
SYSTEM_PACKAGES=(mmdebstrap systemd-container util-linux iproute2)
# For the benches: the rivals are in a root that mmdebstrap makes, certtool makes certificates, perf counts system calls, callgrind instructions.
BENCH_PACKAGES=(mmdebstrap gnutls-bin util-linux iproute2 linux-perf valgrind)
# To try it out.
TRY_PACKAGES=(bind9-dnsutils gnutls-bin)

# Installs those of the packages that are missing; without the right to, says what to run and ends with status 2.
need_packages() {
        local package log missing=()

        command -v dpkg-query >/dev/null || { echo "Not a Debian: what is missing, configure will tell." >&2; return 0; }
        for package; do
                [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
        done
        (( ${#missing[@]} )) || return 0

        if (( EUID != 0 )); then
                printf 'Some packages are missing. As root, run:\n\n  apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
                exit 2
        fi
        log=${PACKAGES_LOG:-$(mktemp)}
        echo "Installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1 || {
                tail -n 20 "$log" >&2
                echo "apt-get failed; its output is in $log." >&2
                exit 2
        }
        [[ -n ${PACKAGES_LOG-} ]] || rm -f "$log"
}

# use_nss_resolve DIR: unpacks Debian's libnss_resolve there, for tests/bus/nss-replies. Installed, it would bring systemd-resolved along.
use_nss_resolve() {
        [[ -d $1 ]] || { mkdir -p "$1.new" && (cd "$1.new" && apt-get -qq download libnss-resolve && dpkg-deb -x libnss-resolve_*.deb .) && mv "$1.new" "$1"; } || return
        DOHMOUSE_NSS_RESOLVE=$(find "$1" -name libnss_resolve.so.2)
        export DOHMOUSE_NSS_RESOLVE
}

# configure_in DIR ARGUMENT...: configures out of tree in DIR, unless that was done with the same arguments before.
configure_in() {
        local dir=$1; shift
        if [[ ! -x $top/configure || -n $(find "$top" -path "$top/build" -prune -o \
              \( -name configure.ac -o -name Makefile.am -o -name Makefile.inc \) -newer "$top/configure" -print -quit) ]]; then
                (cd "$top" && autoreconf -fi) || return
        fi
        mkdir -p "$dir" || return
        if [[ ! -f $dir/Makefile || $top/configure -nt $dir/Makefile || $(cat "$dir/.arguments" 2>/dev/null) != "$*" ]]; then
                (cd "$dir" && "$top/configure" "$@") || return
                echo "$*" >"$dir/.arguments"
        fi
}

# build_in DIR: builds all that `make` builds, in DIR. One goal and no other: automake's `all` hands on to a second make, and
# whatever stood beside it would be built by the first one at the same time, now and then into the same file.
build_in() {
        make -C "$1" -j"$(nproc)" all
}
