# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by tests/system and tests/package: Debian roots, made by mmdebstrap, by default of the same release as this machine's.
# `top` is this tree, set by those who source this.
# shellcheck disable=SC2154

HOST_SUITE=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
SUITE=$HOST_SUITE

# What the daemon links to; sessions for polkit to ask in; DoH servers; tools that ask. The names are those of Debian 12, which 13 still provides.
# shellcheck disable=SC2034 # read by those who source this
CONTAINER_PACKAGES=(systemd dbus polkitd libpam-systemd libuv1 libgnutls30 libnghttp2-14 libsystemd0 libjansson4
        bind9 unbound dnsdist nginx haproxy
        dnsmasq-base network-manager isc-dhcp-client openvpn
        busybox curl
        bind9-dnsutils knot-dnsutils dnsperf gnutls-bin ca-certificates iproute2 procps python3)

# Programs that the tests install in the container one at a time, since they exclude each other, or take single files of.
# shellcheck disable=SC2034
CONTAINER_DEBS=(systemd-resolved libnss-resolve resolvconf openresolv systemd-timesyncd chrony openvpn-systemd-resolved)

# make_root DIR [PACKAGE...]: a minimal root with apt and the packages; by the sources and the proxy of this machine. The packages can be
# of $ARCHITECTURES, a list with commas, too; $SOURCES is a line for sources.list in place of all.
make_root() {
        local dir=$1 proxy sources= options=(${ARCHITECTURES:+"--architectures=$ARCHITECTURES"}); shift
        (( $# == 0 )) || options+=(--include="$(IFS=,; echo "$*")")
        options+=(${APT_OPTION:+"--aptopt=$APT_OPTION"})
        proxy=$(apt-config shell p Acquire::http::Proxy) && eval "$proxy" && [[ -z ${p-} ]] ||
                options+=(--aptopt="Acquire::http::Proxy \"$p\"")
        for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list ""; do
                [[ -s $sources && $SUITE == "$HOST_SUITE" ]] && break
        done
        sources=${SOURCES:-$sources}
        rm -rf --one-file-system "$dir" "$dir.new"
        mmdebstrap --quiet --mode=root --variant=apt "${options[@]}" "$SUITE" "$dir.new" ${sources:+"$sources"} &&
                mv "$dir.new" "$dir"
}

# add_debs DIR: downloads those packages, of the release of the root, into its /var/cache/debs.
add_debs() {
        local etc=$1/etc kept=$1/etc/hosts.kept
        mkdir -p "$1/var/cache/debs"
        [[ ! -e $etc/hosts ]] || mv "$etc/hosts" "$kept"
        # The way to the mirror is this machine's.
        cp --remove-destination -L /etc/resolv.conf /etc/hosts "$etc/" &&
                chroot "$1" sh -euc 'cd /var/cache/debs && apt-get -q update && apt-get -o APT::Sandbox::User=root download "$@"' download "${CONTAINER_DEBS[@]}" &&
                rm -rf "$etc/resolv.conf" "$etc/hosts" "$1"/var/lib/apt/lists/* || return
        [[ ! -e $kept ]] || mv "$kept" "$etc/hosts"
}

# kept_root DIR PACKAGE...: the same, unless it is there already, made of the same packages. Its log is DIR.log.
kept_root() {
        local dir=$1; shift
        [[ $(cat "$dir.packages" 2>/dev/null) != "$SUITE $*" ]] || return 0
        rm -f "$dir.packages"
        mkdir -p "${dir%/*}" && make_root "$dir" "$@" >"$dir.log" 2>&1 || { tail -n 5 "$dir.log" >&2; return 1; }
        echo "$SUITE $*" >"$dir.packages"
}

# The test CA, and a certificate of it for the DoH servers.
CERTIFICATES='
        cd /etc/dohmouse-test
        printf "%s\n" "cn = dohmouse-test-ca" ca cert_signing_key "expiration_days = 30" >ca.cfg
        printf "%s\n" "cn = a DoH server" "dns_name = doh.dohmouse.test" tls_www_server signing_key "expiration_days = 30" >server.cfg
        certtool --generate-privkey --key-type ecdsa --outfile ca.key
        certtool --generate-self-signed --load-privkey ca.key --template ca.cfg --outfile ca.pem
        certtool --generate-privkey --key-type ecdsa --outfile server.key
        certtool --generate-certificate --load-privkey server.key --load-ca-certificate ca.pem --load-ca-privkey ca.key \
                --template server.cfg --outfile server.pem
        chmod 644 server.key
'

# furnish_root ROOT: the zone, the DoH servers' configuration and their certificate, as tests/system wants them.
furnish_root() {
        local etc=$1/etc from=$top/tests/system/etc server
        mkdir -p "$etc/dohmouse-test" "$etc/dohmouse/dohmouse.conf.d" || return
        cp "$from/dohmouse.test.zone" "$etc/dohmouse-test/" || return
        for server in bind/named unbound/unbound dnsdist/dnsdist; do
                [[ ! -d $etc/${server%/*} ]] || cp "$from/${server#*/}.conf" "$etc/$server.conf" || return
        done
        chroot "${1:-/}" sh -eu -c "$CERTIFICATES"
}

# enter_root [--offline] [--scratch DIR] ROOT COMMAND...: runs it in the root, with a clean environment. In a PID namespace, so that nothing
# can outlive it; and in a root that is a mount, so that containers can be booted in it.
#   --offline  with no network but the loopback interface
#   --scratch  what it writes goes to DIR/upper, and the root stays as it is
enter_root() {
        local scratch= unshare=(--mount --uts --pid --fork --kill-child --propagation private)
        if [[ $1 == --offline ]]; then unshare+=(--net); shift; fi
        if [[ $1 == --scratch ]]; then scratch=$2; mkdir -p "$2/upper" "$2/work" || return; shift 2; fi
        unshare "${unshare[@]}" bash -eu -c '
                scratch=$1 offline=$2 root=$3; shift 3
                [[ -z $offline ]] || ip link set lo up
                if [[ $scratch ]]; then
                        mount -t overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" root "$root"
                else
                        mount --bind "$root" "$root"
                fi
                cd "$root"
                mount -t proc proc proc
                mount -t sysfs sysfs sys
                mount --rbind /dev dev
                mount -t tmpfs tmpfs run
                mount -t tmpfs tmpfs tmp
                # Over the root, not just a chroot: in one, the kernel makes no user namespaces, and so no PrivateUsers=.
                mount --move . /
                exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM-dumb}" ${CI+CI="$CI"} "$@"
        ' enter "$scratch" "$([[ " ${unshare[*]} " != *" --net "* ]] || echo yes)" "$@"
}
