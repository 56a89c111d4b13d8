# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the tests that need a DoH server in the container. Each is Debian's own, with its own unit, configured by etc/.

declare -A ADDRESS=([unbound]=127.0.0.2 [bind]=127.0.0.3 [dnsdist]=127.0.0.4)
declare -A UNITS=([unbound]=unbound [bind]=named [dnsdist]="unbound dnsdist")

# use_upstream SERVER: starts it, sees that it answers, and makes it dohmouse's only upstream.
use_upstream() {
        # BIND listens only on addresses that an interface has.
        inside ip address replace "${ADDRESS[$1]}/8" dev lo
        # shellcheck disable=SC2086 # can be two
        inside systemctl start ${UNITS[$1]} || fail "$1 did not start: $(inside journalctl -n 20)"
        eventually 10 inside kdig "@${ADDRESS[$1]}" +https +tls-ca=/etc/dohmouse-test/ca.pem \
                +tls-hostname=doh.dohmouse.test +timeout=1 +retry=0 host.dohmouse.test
        inside sh -c 'cat >/etc/dohmouse/dohmouse.conf.d/test.conf' <<EOF
[Resolver]
TrustAnchors=/etc/dohmouse-test/ca.pem

[Upstream $1]
URL=https://doh.dohmouse.test/dns-query
Address=${ADDRESS[$1]}
EOF
}

# As the manual says it is switched on.
switch_on() {
        inside systemctl enable --now dohmouse.socket || fail "dohmouse.socket: $(inside systemctl status dohmouse.socket)"
        inside ln -sf /run/dohmouse/stub-resolv.conf /etc/resolv.conf
        expect "resolv.conf is on the stub" "^nameserver 127.0.0.53$" inside sed -n '/^nameserver/p' /etc/resolv.conf
}

# answered_by SERVER: what the issue calls the main job, in the container.
answered_by() {
        boot
        use_upstream "$1"
        switch_on
        ask_canary

        expect "getent hosts" "^192\.0\.2\.1 +host\.dohmouse\.test" inside getent hosts host.dohmouse.test
        expect "getent hosts, IPv6" "^2001:db8::1 +six\.dohmouse\.test" inside getent hosts six.dohmouse.test
        expect "getent hosts, an alias" "^192\.0\.2\.1 +host\.dohmouse\.test alias" inside getent hosts alias.dohmouse.test
        expect "dig" "^192\.0\.2\.1$" inside dig +short host.dohmouse.test
        expect "dig asked the stub" "SERVER: 127\.0\.0\.53#53\(127\.0\.0\.53\) \(UDP\)" inside dig host.dohmouse.test
        expect "dig +tcp" "SERVER: 127\.0\.0\.53#53\(127\.0\.0\.53\) \(TCP\)" inside dig +tcp alias.dohmouse.test
        expect "dig +tcp has the answer" "192\.0\.2\.1" inside dig +tcp +short alias.dohmouse.test
        expect "a name that is not there" "status: NXDOMAIN" inside dig nothing.dohmouse.test
        expect "no such data" "status: NOERROR.* ANSWER: 0" inside dig host.dohmouse.test MX
        expect "a large answer is truncated over UDP" "flags: qr [a-z ]*tc" \
                inside dig +ignore +bufsize=1232 big.dohmouse.test TXT
        expect "and whole over TCP" "the-last-of-big" inside dig +short big.dohmouse.test TXT

        expect "one connection to the upstream" "^1$" inside sh -c "ss -Htn state established dst ${ADDRESS[$1]}:443 | wc -l"
        expect "started by the socket" "^active$" inside systemctl is-active dohmouse.service
        inside systemctl stop dohmouse.socket dohmouse.service
        expect "stopped in good order" "^success$" inside systemctl show -P Result dohmouse.service
}
