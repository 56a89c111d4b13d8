# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by tests/system: Debian roots, made by mmdebstrap of the same release as this machine's.

HOST_SUITE=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
SUITE=$HOST_SUITE

# What the daemon links to; sessions for polkit to ask in; DoH servers; tools that ask. The names are those of Debian 12, which 13 still provides.
# shellcheck disable=SC2034 # read by those who source this
CONTAINER_PACKAGES=(systemd dbus polkitd libpam-systemd libuv1 libgnutls30 libnghttp2-14 libsystemd0
        bind9 unbound dnsdist nginx haproxy
        dnsmasq-base network-manager isc-dhcp-client
        busybox curl
        bind9-dnsutils knot-dnsutils dnsperf gnutls-bin ca-certificates iproute2 procps python3)

# Programs that the tests install in the container one at a time, since they exclude each other, or take single files of.
# shellcheck disable=SC2034
CONTAINER_DEBS=(systemd-resolved resolvconf openresolv systemd-timesyncd chrony openvpn-systemd-resolved)

# make_root DIR [PACKAGE...]: a minimal root with apt and the packages; by the sources and the proxy of this machine.
make_root() {
        local dir=$1 proxy sources= options=(); shift
        (( $# == 0 )) || options+=(--include="$(IFS=,; echo "$*")")
        proxy=$(apt-config shell p Acquire::http::Proxy) && eval "$proxy" && [[ -z ${p-} ]] ||
                options+=(--aptopt="Acquire::http::Proxy \"$p\"")
        for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list ""; do
                [[ -s $sources && $SUITE == "$HOST_SUITE" ]] && break
        done
        rm -rf --one-file-system "$dir" "$dir.new"
        mmdebstrap --quiet --mode=root --variant=apt "${options[@]}" "$SUITE" "$dir.new" ${sources:+"$sources"} &&
                mv "$dir.new" "$dir"
}

# add_debs DIR: downloads those packages, of the release of the root, into its /var/cache/debs.
add_debs() {
        mkdir -p "$1/var/cache/debs" && cp --remove-destination -L /etc/resolv.conf /etc/hosts "$1/etc/" &&
                chroot "$1" sh -euc 'cd /var/cache/debs && apt-get -q update && apt-get -o APT::Sandbox::User=root download "$@"' download "${CONTAINER_DEBS[@]}" &&
                rm -rf "$1/etc/resolv.conf" "$1"/var/lib/apt/lists/*
}
