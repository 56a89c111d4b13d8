/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config: the sentences of what is said about a configuration, all of them here: other tests look at file, line,
 * section and key. */

#include "configured.h"
#include "run.h"

static const struct {
        const char *text; /* after QUAD9 */
        const char *said;
} rows[] = {
        /* lines, sections and keys */
        { "[Cache\n", "error: section header does not end with \"]\", ignoring everything up to the next section" },
        { "[]\n", "error: section header without a name" },
        { "Method\n", "warning: line is neither a section header nor an assignment, ignoring" },
        { "[Cache]\nSize=\xe4\n", "warning: line is not UTF-8, ignoring" },
        { "[Nonsense]\n", "warning: unknown section [Nonsense], ignoring" },
        { "[Cache]\nAdr=\n", "warning: [Cache] unknown key Adr=, ignoring\n" },
        { "[Cache]\nRise=2\n", "warning: [Cache] unknown key Rise=, ignoring; there is Rise= in [Health]" },
        { "[Upstream a b]\n",
          "error: [Upstream a b]: not a valid name for an upstream, expected up to 63 letters, digits, \"-\", \"_\" and \".\"" },
        { "[Forward]\n", "error: [Forward ]: not a valid name for a forward, expected up to 63 letters" },
        { "[Resolve]\nDNS=192.0.2.1\n",
          "error: unknown section [Resolve], expected [Resolver]; [Resolve] is a section of resolved.conf(5)" },
        { "[upstream a]\n", "error: unknown section [upstream a], expected [Upstream NAME]" },
        { "[a]\nURL=https://a.test/\n",
          "error: [a] URL= is in an unknown section, expected [Resolver] or [Upstream NAME]" },
        { "pinsha256=a\n", "error: [Upstream quad9] unknown key pinsha256=; there is PinSHA256= in [Upstream]" },

        /* values */
        { "[Cache]\nSize=8X\n", "error: [Cache] Size=8X: not a size, expected a size from 64K to 4G" },
        { "[Cache]\nSize=65535\n", "error: [Cache] Size=65535: out of range, expected a size from 64K to 4G" },
        { "[Cache]\nMaxTTLSec=soon\n", "MaxTTLSec=soon: not a time span, expected a time span from 1s to 7d" },
        { "[Cache]\nMaxTTLSec=10d\n", "MaxTTLSec=10d: out of range, expected a time span from 1s to 7d" },
        { "[Health]\nRise=many\n", "Rise=many: not a number, expected a number from 1 to 10" },
        { "[Health]\nRise=11\n", "Rise=11: out of range, expected a number from 1 to 10" },
        { "[Resolver]\nPolicy=Ordered\n", "Policy=Ordered: not one of the choices, expected ordered or fastest" },
        { "[Resolver]\nTrustAD=2\n", "TrustAD=2: not a boolean, expected yes or no" },
        { "[Resolver]\nTrustAnchors=b\n",
          "TrustAnchors=b: not an absolute path, expected the absolute path of a PEM file or of a directory of PEM files" },
        { "[Local]\nHostsFile=hosts\n",
          "HostsFile=hosts: neither an absolute path nor no, expected the absolute path of a file, or no" },
        { "[Health]\nBackoffSec=30s\nBackoffMaxSec=10s\n",
          "error: [Health] BackoffSec= is greater than BackoffMaxSec=, which is used for both" },
        { "[Resolver]\nListen=localhost\n",
          "Listen=localhost: not an address, expected ADDRESS[:PORT], such as 127.0.0.53:53 or [::1]:53" },
        { "[Resolver]\nListen=224.0.0.1\n", "Listen=224.0.0.1: a multicast address" },
        { "[Resolver]\nListen=fe80::1\n", "Listen=fe80::1: a link-local address requires %INTERFACE" },
        { "[Resolver]\nListen=127.0.0.1:0\n",
          "warning: [Resolver] Listen=127.0.0.1:0: port 0 selects a random port at each start" },
        { "[Resolver]\nAllowFrom=172.17.0.1/16\n",
          "AllowFrom=172.17.0.1/16: has bits set beyond the prefix length, expected address prefixes, such as "
          "172.17.0.0/16, or any, link-local, localhost or private" },
        { "[Cache]\nSize=1M # small\n",
          "not a size, expected a size from 64K to 4G; a comment must be on a line of its own\n" },
        { "Address=192.0.2.1 ; other\n", "Address=; other: not valid after a value, expected ADDRESS[:PORT]" },

        /* upstreams */
        { "Address=q.test\n",
          "Address=q.test: not an address, expected ADDRESS[:PORT], such as 9.9.9.9 or [2620:fe::fe]:443" },
        { "Address=0.0.0.0\n", "Address=0.0.0.0: not a unicast address" },
        { "Address=192.0.2.2:0\n", "Address=192.0.2.2:0: port 0 is not allowed" },
        { "PinSHA256=AAEC\n",
          "PinSHA256=AAEC: not 32 bytes in base64, expected SHA-256 digests of public keys, in base64" },
        { "PinSHA256=AAEC\n", "error: [Upstream quad9] is left out, because its PinSHA256= was rejected" },
        { "PinSHA256=AAEC\n",
          "error: no upstream, expected a section [Upstream NAME] with URL= and Address=, or DNS= in [Resolver]" },
        { "[Upstream a]\nAddress=192.0.2.1\n", "error: [Upstream a] is left out: URL= is missing" },
        { "[Upstream a]\nURL=https://a.test/\n",
          "error: [Upstream a] is left out: Address= is missing; it is required, because the host name in URL= is never resolved" },
        { "[Upstream a]\nURL=https://a.test/\nAddress=127.0.0.53:53\n",
          "error: [Upstream a] is left out: dohmouse itself listens on its address" },
        { "[Resolver]\nDNS=9.9.9.9\n",
          "DNS=9.9.9.9: no \"#\" between address and URL, expected ADDRESS[:PORT]#https://HOST[:PORT]/PATH" },
        { "[Resolver]\nDNS=x#https://q.test/\n", "DNS=x#https://q.test/: not an address" },
        { "[Resolver]\nDNS=9.9.9.9#http://q.test/\n", "DNS=9.9.9.9#http://q.test/: http is not encrypted" },
        { "[Resolver]\nTrustAnchors=ca.pem\n",
          "error: [Upstream quad9] is left out: TrustAnchors= in [Resolver] was rejected" },
        { "[Upstream b]\nURL=https://dns.quad9.net/dns-query\nAddress=192.0.2.1\n",
          "warning: [Upstream b] has the same URL= as [Upstream quad9]; to use several addresses of one server, list them in Address= of one section" },

        /* URLs */
        { "URL=http://a.test/\n",
          "URL=http://a.test/: http is not encrypted, expected https://HOST[:PORT]/PATH, with {?dns} at its end for GET" },
        { "URL=a.test\n", "URL=a.test: not an https URL" },
        { "URL=https://\n", "URL=https://: not a host name" },
        { "URL=https://[1.1.1.1]/\n", "URL=https://[1.1.1.1]/: not a host name or address" },
        { "URL=https://[::1\n", "URL=https://[::1: the closing bracket of the IPv6 address is missing" },
        { "URL=https://a.test:0/\n", "URL=https://a.test:0/: not a port from 1 to 65535" },
        { "URL=https://u:p@a.test/\n", "URL=https://u:p@a.test/: a user name or password is not allowed" },
        { "URL=https://a.test/#f\n", "URL=https://a.test/#f: a fragment is not allowed" },
        { "URL=https://a.test/%2\n",
          "URL=https://a.test/%2: the path contains characters that must be percent-encoded" },
        { "URL=https://a.test/?a=b{?dns}\n",
          "URL=https://a.test/?a=b{?dns}: {?dns} adds a query, but the URL already has one" },

        /* forwards */
        { "[Forward c]\nDomains=.\n",
          "Domains=.: the root domain is not allowed, expected names, such as corp.example" },
        { "[Forward c]\nDomains=~c.test\n",
          "Domains=~c.test: \"~\" is not needed, because no domain is used as a search domain" },
        { "[Forward c]\nDomains=*.c.test\n", "Domains=*.c.test: a domain includes all names below it without \"*\"" },
        { "[Forward c]\nDomains=a..b\n", "Domains=a..b: not a domain" },
        { "[Forward c]\nDomains=\xc3\xbc.test\n", "Domains=\xc3\xbc.test: not a domain in ASCII" },
        { "[Forward c]\nDomains=10.0.0.1\n", "Domains=10.0.0.1: an address, not a domain" },
        { "[Forward c]\nDomains=10.0.0.0/33\n", "Domains=10.0.0.0/33: invalid prefix length" },
        { "[Forward c]\nDomains=10.0.0.1/8\n", "Domains=10.0.0.1/8: has bits set beyond the prefix length" },
        { "[Forward c]\nDomains=10.0/8\n", "Domains=10.0/8: not an address prefix" },
        { "[Forward c]\nDNS=192.0.2.1\n", "error: [Forward c] is left out: Domains= is missing" },
        { "[Forward c]\nDomains=c.test\n", "error: [Forward c] has no server in DNS=, so queries for its names fail" },
        { "[Forward c]\nDNS=c.test\n", "DNS=c.test: not an address, expected ADDRESS[:PORT], such as 10.8.0.1" },
        { "[Forward c]\nDNS=fe80::1\n", "DNS=fe80::1: a link-local address requires %INTERFACE" },
        { "[Forward c]\nDomains=c.test\nDNS=127.0.0.53\n",
          "error: [Forward c] DNS=127.0.0.53:53: dohmouse itself listens on this address" },
        { "[Forward c]\nDomains=c.test\nDNS=192.0.2.1\n[Forward d]\nDomains=c.test\n",
          "error: [Forward d] Domains=c.test: already in [Forward c]" },
};

START_TEST(what_is_wrong_is_said_in_these_words)
{
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[512];

                snprintf(text, sizeof(text), QUAD9 "%s", rows[i].text);
                read_text(text);
                said(rows[i].said);
        }
}
END_TEST

/* Words for which there must be no section yet, or very many lines. */
START_TEST(so_is_what_takes_more_than_a_few_lines)
{
        static char text[(1 << 20) + 64], many[32768];

        read_two(QUAD9 "Default=yes\n", "[Upstream b\n");
        said("error: no upstream: the default upstream is not used, because an error may hide another one");
        read_text("Size=1M\n" QUAD9);
        said("warning: Size= is outside of any section, ignoring");
        read_sized(QUAD9 "\0", sizeof(QUAD9));
        said("error: line contains a NUL byte");
        memset(text, 'a', sizeof(text));
        read_sized(text, sizeof(text));
        said("error: line is longer than 1 MiB");
        for (unsigned i = 0; i < 65; i++)
                snprintf(
                        many + strlen(many), sizeof(many) - strlen(many),
                        "[Upstream u%u]\nURL=https://u.test/\nAddress=192.0.2.1\n[Forward f%u]\nDomains=d%u.test\nDNS=10.0.0.1\n[Upstream u0]\nAddress=192.0.2.%u\n[Forward f0]\nDNS=10.0.1.%u\n",
                        i, i, i, i, i);
        strcat(many, "[Resolver]\nDNS=192.0.2.1#https://v.test/\n[Forward f0]\n");
        for (unsigned i = 0; i < 512; i++)
                snprintf(many + strlen(many), sizeof(many) - strlen(many), "Domains=e%u.test\n", i);
        read_text(many);
        said("error: [Upstream u64]: too many upstreams, expected up to 64");
        said("DNS=192.0.2.1#https://v.test/: too many upstreams");
        said("error: [Forward f64]: too many forwards, expected up to 64");
        said("error: [Forward f0] DNS=10.0.1.15: too many addresses");
        said("Domains=e511.test: too many domains");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("config_messages");
        TCase *t = tcase_create("messages");

        tcase_add_checked_fixture(t, NULL, teardown);
        tcase_add_test(t, what_is_wrong_is_said_in_these_words);
        tcase_add_test(t, so_is_what_takes_more_than_a_few_lines);
        suite_add_tcase(s, t);
        return run_suite(s);
}
