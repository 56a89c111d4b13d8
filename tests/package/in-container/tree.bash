# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the tests of packages in a container: a container with systemd-resolved as its resolver, and the whole tree compared.
. "${BASH_SOURCE%/*}/../../system/container.bash"
. "${BASH_SOURCE%/*}/../../system/doh.bash"

# What is not compared, with the reason.
NOT_COMPARED=(
        /srv                                    # the packages themselves
        /var/lib/dpkg                           # dpkg's database and its backups
        /var/log /var/cache/apt                 # logs, and what apt computes of dpkg's database
        /var/cache/ldconfig                     # times of folders are in it
        /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-     # what the account database was before its last change
        /etc/subuid- /etc/subgid-
        /var/lib/systemd/random-seed /var/lib/systemd/timers    # written by systemd as time passes
        /var/lib/unbound                        # unbound's own state
)

# tree: a line for each file of the system: type, mode, owner, and where a link leads to; and the hash of its contents.
tree() {
        local path prune=()
        for path in "${NOT_COMPARED[@]}"; do prune+=(-path "$path" -o); done
        inside sh -euc '
                find / -xdev \( "$@" -false \) -prune -o -printf "%p %y %M %U:%G %l\n"
                find / -xdev \( "$@" -false \) -prune -o -type f -exec sha256sum {} +
                find /run -path "*dohmouse*" ! -path "*/nspawn*"
        ' tree "${prune[@]}" | sed -E 's/(systemd-private-[^/]*\.service)-[A-Za-z0-9]{6}/\1/' | LC_ALL=C sort
}
same_tree() {
        tree >"$LOGS/after"
        expect "$1: the tree is the same" "^$" diff "$LOGS/before" "$LOGS/after"
        (( $(wc -l <"$LOGS/after") > 10000 )) || fail "That was no tree: $(head -n 3 "$LOGS/after")"
}

package() { inside env DEBIAN_FRONTEND=noninteractive dpkg "$@"; }
status_of_package() { inside dpkg-query -W -f '${db:Status-Abbrev}' dohmouse; }

# A container that is ready for dohmouse: the DoH server answers, and systemd-resolved is what the C library asks.
boot_with_resolved() {
        boot
        inside systemctl start systemd-resolved polkit || fail "systemd-resolved does not run"
        inside ip address replace 127.0.0.2/8 dev lo
        inside systemctl start unbound || fail "unbound does not run"
        resolved_is_there "before"
}
resolved_is_there() {
        expect "$1: systemd-resolved runs" "^active$" inside systemctl is-active systemd-resolved
        expect "$1: systemd-resolved is asked" "/systemd/resolve/stub-resolv.conf$" inside readlink /etc/resolv.conf
        expect "$1: systemd-resolved listens" "systemd-resolve" inside ss -Hlnup src 127.0.0.53
}

# configure: makes the DoH server of the container dohmouse's only upstream.
configure() {
        inside sh -euc 'cat >/etc/dohmouse/dohmouse.conf.d/test.conf' <<EOF || fail "not configured"
[Resolver]
TrustAnchors=/etc/dohmouse-test/ca.pem

[Upstream unbound]
URL=https://doh.dohmouse.test/dns-query
Address=127.0.0.2
EOF
}
enable() {
        configure
        expect "$1: enable" "Enable and start dohmouse\.socket.*Link /etc/resolv\.conf" inside dohmousectl enable
        resolves "$1"
}
resolves() {
        expect "$1: glibc resolves" "^192\.0\.2\.1 +host\.dohmouse\.test" inside getent hosts host.dohmouse.test
        expect "$1: through dohmouse" "System: yes, /etc/resolv\.conf -> /run/dohmouse/stub-resolv\.conf" inside dohmousectl
}
