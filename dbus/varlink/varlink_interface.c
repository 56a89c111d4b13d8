/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/varlink/varlink_interface.h"

#include "core/base/base.h"

static const char service[] = "interface org.varlink.service\n"
                              "\n"
                              "method GetInfo() -> (vendor: string, product: string, version: string, url: string,\n"
                              "    interfaces: []string)\n"
                              "method GetInterfaceDescription(interface: string) -> (description: string)\n"
                              "\n"
                              "error InterfaceNotFound (interface: string)\n"
                              "error MethodNotFound (method: string)\n"
                              "error MethodNotImplemented (method: string)\n"
                              "error InvalidParameter (parameter: string)\n"
                              "error PermissionDenied ()\n"
                              "error ExpectedMore ()\n";

#define CONFIGURATION_TYPES                                                                                 \
        "type DNSServer (address: []int, addressString: ?string, family: int, port: int, ifindex: ?int,\n"  \
        "    name: ?string, accessible: bool)\n"                                                            \
        "type SearchDomain (name: string, routeOnly: bool, ifindex: ?int)\n"                                \
        "type DNSScope (protocol: string, family: ?int, ifindex: ?int, ifname: ?string, dnssec: ?string,\n" \
        "    dnsOverTLS: ?string)\n"                                                                        \
        "type DNSConfiguration (ifname: ?string, ifindex: ?int, delegate: ?string, defaultRoute: ?bool,\n"  \
        "    currentServer: ?DNSServer, servers: ?[]DNSServer, fallbackServers: ?[]DNSServer,\n"            \
        "    searchDomains: ?[]SearchDomain, negativeTrustAnchors: ?[]string, dnssec: ?string,\n"           \
        "    dnssecSupported: ?bool, dnsOverTLS: ?string, llmnr: ?string, mDNS: ?string,\n"                 \
        "    resolvConfMode: ?string, scopes: ?[]DNSScope)\n"

static const char resolve[] =
        "# Resolves names as dohmouse does, as the methods of org.freedesktop.resolve1 do. The flags are theirs.\n"
        "interface io.systemd.Resolve\n"
        "\n"
        "type ResolvedAddress (ifindex: ?int, family: int, address: []int)\n"
        "type ResolvedName (ifindex: ?int, name: string)\n"
        "# raw: the wire form, in base64\n"
        "type ResolvedRecord (ifindex: ?int, raw: string)\n"
        "type ResolvedService (priority: int, weight: int, port: int, hostname: string, canonicalName: ?string,\n"
        "    addresses: ?[]ResolvedAddress)\n"
        "type ResolvedCanonical (name: ?string, type: string, domain: string)\n" CONFIGURATION_TYPES "\n"
        "method ResolveHostname(ifindex: ?int, name: string, family: ?int, flags: ?int) ->\n"
        "    (addresses: []ResolvedAddress, name: string, flags: int)\n"
        "method ResolveAddress(ifindex: ?int, family: int, address: []int, flags: ?int) ->\n"
        "    (names: []ResolvedName, flags: int)\n"
        "method ResolveRecord(ifindex: ?int, name: string, class: ?int, type: int, flags: ?int) ->\n"
        "    (rrs: []ResolvedRecord, flags: int)\n"
        "method ResolveService(name: ?string, type: ?string, domain: string, ifindex: ?int, family: ?int,\n"
        "    flags: ?int) ->\n"
        "    (services: []ResolvedService, txt: ?[]string, canonical: ResolvedCanonical, flags: int)\n"
        "# The configuration as a whole, of each [Forward] section as that of a delegate, and of each network interface\n"
        "method DumpDNSConfiguration() -> (configuration: []DNSConfiguration)\n"
        "\n"
        "error NoNameServers ()\n"
        "error NoSuchResourceRecord ()\n"
        "error QueryTimedOut ()\n"
        "error MaxAttemptsReached ()\n"
        "error InvalidReply ()\n"
        "error DNSSECValidationFailed (result: string, extendedDNSErrorCode: ?int)\n"
        "error NetworkDown ()\n"
        "error NoSource ()\n"
        "error DNSError (rcode: int, extendedDNSErrorCode: ?int)\n"
        "error CNAMELoop ()\n"
        "error BadAddressSize ()\n"
        "error ResourceRecordTypeInvalidForQuery ()\n"
        "error ZoneTransfersNotPermitted ()\n"
        "error ServiceNotProvided ()\n";

static const char monitor[] =
        "# What the resolver is doing. Only root may call it.\n"
        "interface io.systemd.Resolve.Monitor\n"
        "\n"
        "type ResourceKey (class: int, type: int, name: string)\n"
        "# raw: the wire form, in base64\n"
        "type ResourceRecord (raw: string)\n"
        "# rrs: left out where `type` is the name of an error; until: usec of CLOCK_BOOTTIME\n"
        "type CacheEntry (key: ResourceKey, rrs: ?[]ResourceRecord, type: ?string, until: int)\n"
        "type ScopeCache (protocol: string, cache: []CacheEntry, dnssec: ?string, dnsOverTLS: ?string)\n"
        "type TransactionStatistics (currentTransactions: int, totalTransactions: int, totalTimeouts: int,\n"
        "    totalTimeoutsServedStale: int, totalFailedResponses: int, totalFailedResponsesServedStale: int)\n"
        "type CacheStatistics (size: int, hits: int, misses: int)\n"
        "type DnssecStatistics (secure: int, insecure: int, bogus: int, indeterminate: int)\n"
        "type ServerState (Server: string, Type: string, Interface: ?string, InterfaceIndex: ?int,\n"
        "    VerifiedFeatureLevel: string, PossibleFeatureLevel: string, DNSSECMode: string, DNSSECSupported: bool,\n"
        "    ReceivedUDPFragmentMax: int, FailedUDPAttempts: int, FailedTCPAttempts: int, PacketTruncated: bool,\n"
        "    PacketBadOpt: bool, PacketRRSIGMissing: bool, PacketInvalid: bool, PacketDoOff: bool)\n" CONFIGURATION_TYPES
        "\n"
        "# First `ready`, and then one reply for each answer that a client is given; requires `more`\n"
        "method SubscribeQueryResults(allowInteractiveAuthentication: ?bool) -> (ready: ?bool, state: ?string,\n"
        "    result: ?string, rcode: ?int, extendedDNSErrorCode: ?int, question: ?[]ResourceKey,\n"
        "    answer: ?[]ResourceRecord)\n"
        "method DumpCache(allowInteractiveAuthentication: ?bool) -> (dump: []ScopeCache)\n"
        "method DumpServerState(allowInteractiveAuthentication: ?bool) -> (dump: []ServerState)\n"
        "method DumpStatistics(allowInteractiveAuthentication: ?bool) -> (transactions: TransactionStatistics,\n"
        "    cache: CacheStatistics, dnssec: DnssecStatistics)\n"
        "method ResetStatistics(allowInteractiveAuthentication: ?bool) -> ()\n"
        "# At once, and again after each change; requires `more`\n"
        "method SubscribeDNSConfiguration(allowInteractiveAuthentication: ?bool) ->\n"
        "    (configuration: []DNSConfiguration)\n"
        "method FlushCaches(allowInteractiveAuthentication: ?bool) -> ()\n"
        "method ResetServerFeatures(allowInteractiveAuthentication: ?bool) -> ()\n";

const VarlinkInterface varlink_interfaces[] = {
        { "org.varlink.service", service },
        { "io.systemd.Resolve", resolve },
        { "io.systemd.Resolve.Monitor", monitor },
};
const size_t n_varlink_interfaces = ELEMENTS(varlink_interfaces);
