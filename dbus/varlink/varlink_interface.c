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
        "type ResolvedCanonical (name: ?string, type: string, domain: string)\n"
        "\n"
        "method ResolveHostname(ifindex: ?int, name: string, family: ?int, flags: ?int) ->\n"
        "    (addresses: []ResolvedAddress, name: string, flags: int)\n"
        "method ResolveAddress(ifindex: ?int, family: int, address: []int, flags: ?int) ->\n"
        "    (names: []ResolvedName, flags: int)\n"
        "method ResolveRecord(ifindex: ?int, name: string, class: ?int, type: int, flags: ?int) ->\n"
        "    (rrs: []ResolvedRecord, flags: int)\n"
        "method ResolveService(name: ?string, type: ?string, domain: string, ifindex: ?int, family: ?int,\n"
        "    flags: ?int) ->\n"
        "    (services: []ResolvedService, txt: ?[]string, canonical: ResolvedCanonical, flags: int)\n"
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

const VarlinkInterface varlink_interfaces[] = {
        { "org.varlink.service", service },
        { "io.systemd.Resolve", resolve },
};
const size_t n_varlink_interfaces = ELEMENTS(varlink_interfaces);
