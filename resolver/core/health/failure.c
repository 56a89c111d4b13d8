/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/health/failure.h"

static const struct {
        const char *name;
        const char *text;
        FailureClass class;
} table[_FAILURE_MAX] = {
        [FAILURE_NONE] = { "", "no failure", CLASS_OK },

        [FAILURE_NO_ROUTE] = { "no-route", "no route to the network", CLASS_LOCALNET },
        [FAILURE_NETWORK_DOWN] = { "network-down", "the network is down", CLASS_LOCALNET },
        [FAILURE_ADDRESS_UNAVAILABLE] = { "address-unavailable", "no local address to use", CLASS_LOCALNET },
        [FAILURE_FORBIDDEN] = { "forbidden", "forbidden by the local firewall", CLASS_LOCALNET },
        [FAILURE_RESOURCES] = { "local-resources", "out of a local resource", CLASS_LOCALNET },

        [FAILURE_REFUSED] = { "connection-refused", "connection refused", CLASS_CONNECT_HARD },
        [FAILURE_UNREACHABLE] = { "unreachable", "host unreachable", CLASS_SOFT },
        [FAILURE_CONNECT_TIMEOUT] = { "connect-timeout", "no answer to the connection attempt", CLASS_SOFT },
        [FAILURE_CONNECT_RESET] = { "connect-reset", "connection closed before TLS was up", CLASS_SOFT },
        [FAILURE_HANDSHAKE_TIMEOUT] = { "handshake-timeout", "TLS handshake not finished in time", CLASS_SOFT },
        [FAILURE_TLS_ALERT] = { "tls-alert", "TLS alert", CLASS_CONNECT_HARD },
        [FAILURE_TLS_GARBAGE] = { "tls-garbage", "peer does not speak TLS", CLASS_CONNECT_HARD },
        [FAILURE_TLS_VERSION] = { "tls-version", "no TLS version or cipher in common", CLASS_CONNECT_HARD },
        [FAILURE_NO_H2] = { "no-h2", "peer does not speak HTTP/2", CLASS_CONNECT_HARD },

        [FAILURE_CERTIFICATE_EXPIRED] = { "certificate-expired", "certificate has expired", CLASS_TLS_VERIFY },
        [FAILURE_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", "certificate is not valid yet",
                                                CLASS_TLS_VERIFY },
        [FAILURE_CERTIFICATE_NAME] = { "certificate-name", "certificate is for another name", CLASS_TLS_VERIFY },
        [FAILURE_CERTIFICATE_UNTRUSTED] = { "certificate-untrusted", "certificate is not trusted", CLASS_TLS_VERIFY },
        [FAILURE_CERTIFICATE_WEAK] = { "certificate-weak", "certificate has a weak signature or key",
                                       CLASS_TLS_VERIFY },
        [FAILURE_CERTIFICATE_REVOKED] = { "certificate-revoked", "certificate is revoked", CLASS_TLS_VERIFY },
        [FAILURE_CERTIFICATE_PIN] = { "certificate-pin", "certificate does not match the pin", CLASS_TLS_VERIFY },
        [FAILURE_TRUST_STORE] = { "trust-store", "trust anchors cannot be read", CLASS_LOCALNET },

        [FAILURE_CONNECTION_LOST] = { "connection-lost", "connection lost", CLASS_SOFT },
        [FAILURE_SILENT] = { "silent", "connection went silent", CLASS_STALE },
        [FAILURE_GOAWAY] = { "goaway", "peer is closing the connection", CLASS_NO_FAULT },
        [FAILURE_GOAWAY_CALM] = { "goaway-calm", "peer asks for calm", CLASS_OVERLOAD },
        [FAILURE_GOAWAY_ERROR] = { "goaway-error", "peer closed the connection with an error", CLASS_SOFT },
        [FAILURE_PROTOCOL] = { "protocol-error", "HTTP/2 protocol error", CLASS_SOFT },
        [FAILURE_NO_STREAMS] = { "no-streams", "peer allows no streams", CLASS_OVERLOAD },
        [FAILURE_IDLE_CLOSED] = { "idle-closed", "idle connection closed", CLASS_NO_FAULT },

        [FAILURE_TIMEOUT] = { "timeout", "no answer in time", CLASS_SOFT },
        [FAILURE_REFUSED_STREAM] = { "refused-stream", "stream refused", CLASS_NO_FAULT },
        [FAILURE_NOT_SENT] = { "not-sent", "not sent before the connection ended", CLASS_NO_FAULT },
        [FAILURE_STREAM_RESET] = { "stream-reset", "stream reset", CLASS_SOFT },
        [FAILURE_QUEUE_FULL] = { "queue-full", "too many queries waiting", CLASS_LOCALNET },
        [FAILURE_CANCELLED] = { "cancelled", "cancelled", CLASS_NO_FAULT },

        [FAILURE_HTTP_REDIRECT] = { "http-redirect", "HTTP redirect", CLASS_CONFIG },
        [FAILURE_HTTP_CONFIG] = { "http-config", "HTTP status says URL or method are wrong", CLASS_CONFIG },
        [FAILURE_HTTP_RETRY] = { "http-retry", "temporary HTTP error", CLASS_SOFT },
        [FAILURE_HTTP_SERVER] = { "http-server", "HTTP server error", CLASS_SOFT },
        [FAILURE_HTTP_OVERLOAD] = { "http-overload", "server is overloaded", CLASS_OVERLOAD },
        [FAILURE_HTTP_PORTAL] = { "http-portal", "network asks for a login", CLASS_SOFT },
        [FAILURE_CONTENT_TYPE] = { "content-type", "answer is not application/dns-message", CLASS_SOFT },
        [FAILURE_CONTENT_ENCODING] = { "content-encoding", "answer has a content encoding", CLASS_SOFT },
        [FAILURE_BODY_SIZE] = { "body-size", "answer has an invalid size", CLASS_SOFT },

        [FAILURE_MALFORMED] = { "malformed", "answer is not a well-formed DNS message", CLASS_SOFT },
        [FAILURE_MISMATCH] = { "mismatch", "answer is for another question", CLASS_SOFT },
        [FAILURE_PROBE_RCODE] = { "probe-rcode", "probe was answered with an error", CLASS_SOFT },
        [FAILURE_TRUNCATED] = { "truncated", "answer is truncated", CLASS_SOFT },
};

const char *failure_name(FailureReason f)
{
        return table[f].name;
}

const char *failure_text(FailureReason f)
{
        return table[f].text;
}

FailureClass failure_class(FailureReason f)
{
        return table[f].class;
}

bool failure_blames_clock(FailureReason f)
{
        return f == FAILURE_CERTIFICATE_NOT_YET_VALID;
}
