# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the tests that need networks: each is a network namespace in the container, with a gateway that gives out addresses, a DNS
# server of its own that answers everything wrongly, and the way to a DoH server and a web server. The machine is plugged in by eth0.

DOH_ADDRESS=203.0.113.53        # reached from each network
WEB_ADDRESS=192.0.2.1           # host.dohmouse.test

# network NAME PREFIX: PREFIX is that of its addresses, such as 10.7.0.
network() {
        local name=$1 prefix=$2
        inside sh -euc '
                name=$1 prefix=$2 doh=$3 web=$4
                # A soft reboot leaves it.
                [ ! -e /run/netns/"$name" ] || ip netns delete "$name"
                rm -rf /run/lan/"$name"
                ip netns add "$name"
                ip -n "$name" link set lo up
                ip -n "$name" address add "$doh/32" dev lo
                ip -n "$name" address add "$web/32" dev lo
                mkdir -p /run/lan/"$name"
                sed "s/127\.0\.0\.2@/$doh@/; s/access-control: .*/access-control: 0.0.0.0\/0 allow/
                        s/^server:/&\n        pidfile: \"\"\n        use-syslog: no\n        directory: \"\"\n        username: \"\"\n        chroot: \"\"\n        do-daemonize: no/" \
                        /etc/unbound/unbound.conf >/run/lan/"$name"/unbound.conf
                in_it() {
                        unit=$1; shift
                        systemd-run --quiet --unit="$name-$unit" -p NetworkNamespacePath=/run/netns/"$name" "$@"
                }
                in_it doh unbound -c /run/lan/"$name"/unbound.conf
                in_it web busybox httpd -f -p "$web:80" -h /etc/dohmouse-test
                in_it gateway -p Type=forking -p PIDFile=/run/lan/"$name"/pid dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --user=root \
                        --pid-file=/run/lan/"$name"/pid --address=/#/192.0.2.66 --log-queries --log-facility=/run/lan/"$name"/queries \
                        --dhcp-leasefile=/run/lan/"$name"/leases --dhcp-authoritative --dhcp-range="${prefix}50,${prefix}99,1h" \
                        --dhcp-option=option:router,"${prefix}1" --dhcp-option=option:dns-server,"${prefix}1" \
                        --dhcp-option=option:domain-search,lan.test
        ' network "$name" "$prefix" "$DOH_ADDRESS" "$WEB_ADDRESS" || fail "The network $name could not be made."
}

# plug NAME PREFIX: connects eth0 to it; unplug takes eth0 away.
plug() {
        inside sh -euc '
                ip link add eth0 type veth peer name gw netns "$1"
                ip -n "$1" address add "$2"1/24 dev gw
                ip -n "$1" link set gw up
                ip link set eth0 up
        ' plug "$1" "$2" || fail "eth0 could not be plugged in."
}
unplug() { inside ip link delete eth0; }

# use_network_upstream: the DoH server of the networks is the only upstream.
use_network_upstream() {
        inside sh -c 'cat >/etc/dohmouse/dohmouse.conf.d/test.conf' <<EOF
[Resolver]
TrustAnchors=/etc/dohmouse-test/ca.pem

[Upstream there]
URL=https://doh.dohmouse.test/dns-query
Address=$DOH_ADDRESS
EOF
}

# told NAME: the names that the DNS server of a network was asked for.
# The search domain of the network, lan.test, is asked for there: programs append it to what they do not find.
told_beyond_domain() { told "$1" | grep -v '\.lan\.test$'; }
told() { inside sed -nE 's/.* query\[[^]]*\] ([^ ]*) .*/\1/p' /run/lan/"$1"/queries; }
