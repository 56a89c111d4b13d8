#include "core/health/failure.h"

static const struct {
        const char *name;
        const char *text;
        FaultClass class;
} table[_FAULT_MAX] = {
        [FAULT_NONE] = { "", "no fault", CLASS_OK },

        [FAULT_NO_ROUTE] = { "no-route", "no route to the network", CLASS_LOCALNET },
        [FAULT_NETWORK_DOWN] = { "network-down", "the network is down", CLASS_LOCALNET },
        [FAULT_ADDRESS_UNAVAILABLE] = { "address-unavailable", "no local address to use", CLASS_LOCALNET },
        [FAULT_FORBIDDEN] = { "forbidden", "forbidden by the local firewall", CLASS_LOCALNET },
        [FAULT_RESOURCES] = { "local-resources", "out of a local resource", CLASS_LOCALNET },

        [FAULT_REFUSED] = { "connection-refused", "connection refused", CLASS_CONNECT_HARD },
        [FAULT_UNREACHABLE] = { "unreachable", "host unreachable", CLASS_SOFT },
        [FAULT_CONNECT_TIMEOUT] = { "connect-timeout", "no answer to the connection attempt", CLASS_SOFT },
        [FAULT_CONNECT_RESET] = { "connect-reset", "connection closed before TLS was up", CLASS_SOFT },
        [FAULT_HANDSHAKE_TIMEOUT] = { "handshake-timeout", "TLS handshake not finished in time", CLASS_SOFT },
        [FAULT_TLS_ALERT] = { "tls-alert", "TLS alert", CLASS_CONNECT_HARD },
        [FAULT_TLS_GARBAGE] = { "tls-garbage", "peer does not speak TLS", CLASS_CONNECT_HARD },
        [FAULT_TLS_VERSION] = { "tls-version", "no TLS version or cipher in common", CLASS_CONNECT_HARD },
        [FAULT_NO_H2] = { "no-h2", "peer does not speak HTTP/2", CLASS_CONNECT_HARD },

        [FAULT_CERTIFICATE_EXPIRED] = { "certificate-expired", "certificate has expired", CLASS_TLS_VERIFY },
        [FAULT_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", "certificate is not valid yet", CLASS_TLS_VERIFY },
        [FAULT_CERTIFICATE_NAME] = { "certificate-name", "certificate is for another name", CLASS_TLS_VERIFY },
        [FAULT_CERTIFICATE_UNTRUSTED] = { "certificate-untrusted", "certificate is not trusted", CLASS_TLS_VERIFY },
        [FAULT_CERTIFICATE_WEAK] = { "certificate-weak", "certificate has a weak signature or key", CLASS_TLS_VERIFY },
        [FAULT_CERTIFICATE_REVOKED] = { "certificate-revoked", "certificate is revoked", CLASS_TLS_VERIFY },
        [FAULT_CERTIFICATE_PIN] = { "certificate-pin", "certificate does not match the pin", CLASS_TLS_VERIFY },
        [FAULT_TRUST_STORE] = { "trust-store", "trust store cannot be read", CLASS_TLS_VERIFY },

        [FAULT_CONNECTION_LOST] = { "connection-lost", "connection lost", CLASS_SOFT },
        [FAULT_SILENT] = { "silent", "connection went silent", CLASS_STALE },
        [FAULT_GOAWAY] = { "goaway", "peer is closing the connection", CLASS_NO_FAULT },
        [FAULT_GOAWAY_CALM] = { "goaway-calm", "peer asks for calm", CLASS_OVERLOAD },
        [FAULT_GOAWAY_ERROR] = { "goaway-error", "peer closed the connection with an error", CLASS_SOFT },
        [FAULT_PROTOCOL] = { "protocol-error", "HTTP/2 protocol error", CLASS_SOFT },
        [FAULT_NO_STREAMS] = { "no-streams", "peer allows no streams", CLASS_OVERLOAD },
        [FAULT_IDLE_CLOSED] = { "idle-closed", "idle connection closed", CLASS_NO_FAULT },

        [FAULT_TIMEOUT] = { "timeout", "no answer in time", CLASS_SOFT },
        [FAULT_REFUSED_STREAM] = { "refused-stream", "stream refused", CLASS_NO_FAULT },
        [FAULT_STREAM_RESET] = { "stream-reset", "stream reset", CLASS_SOFT },
        [FAULT_QUEUE_FULL] = { "queue-full", "too many queries waiting", CLASS_LOCALNET },
        [FAULT_CANCELLED] = { "cancelled", "cancelled", CLASS_NO_FAULT },

        [FAULT_HTTP_REDIRECT] = { "http-redirect", "HTTP redirect", CLASS_CONFIG },
        [FAULT_HTTP_CONFIG] = { "http-config", "HTTP status says URL or method are wrong", CLASS_CONFIG },
        [FAULT_HTTP_RETRY] = { "http-retry", "HTTP gateway error", CLASS_SOFT },
        [FAULT_HTTP_SERVER] = { "http-server", "HTTP server error", CLASS_SOFT },
        [FAULT_HTTP_OVERLOAD] = { "http-overload", "server is overloaded", CLASS_OVERLOAD },
        [FAULT_HTTP_PORTAL] = { "http-portal", "network asks for a login", CLASS_SOFT },
        [FAULT_CONTENT_TYPE] = { "content-type", "answer is not application/dns-message", CLASS_SOFT },
        [FAULT_CONTENT_ENCODING] = { "content-encoding", "answer has a content encoding", CLASS_SOFT },
        [FAULT_BODY_SIZE] = { "body-size", "answer has an impossible size", CLASS_SOFT },

        [FAULT_MALFORMED] = { "malformed", "answer is not a well-formed DNS message", CLASS_SOFT },
        [FAULT_MISMATCH] = { "mismatch", "answer is for another question", CLASS_SOFT },
        [FAULT_PROBE_RCODE] = { "probe-rcode", "probe was answered with an error", CLASS_SOFT },
        [FAULT_TRUNCATED] = { "truncated", "answer is truncated", CLASS_SOFT },
};

const char *fault_name(Fault f)
{
        return table[f].name;
}

const char *fault_text(Fault f)
{
        return table[f].text;
}

FaultClass fault_class(Fault f)
{
        return table[f].class;
}
