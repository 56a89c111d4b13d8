/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header fields from anywhere, "name: value" lines: no field does harm, and what comes out is within its range.
 */

#include <stdlib.h>
#include <string.h>

#include "core/upstream/http_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        HttpResponse r = HTTP_RESPONSE_INIT;

        while (size > 0) {
                const uint8_t *end = memchr(data, '\n', size), *colon;
                size_t n = end ? (size_t) (end - data) : size;

                colon = n > 1 ? memchr(data + 1, ':', n - 1) : NULL;
                if (colon)
                        http_response_field(&r, BYTES(data, colon - data),
                                            BYTES(colon + 1, n - (size_t) (colon + 1 - data)), 1700000000);
                data += n + (end ? 1 : 0);
                size -= n + (end ? 1 : 0);
        }
        if (r.retry_after > 300 || r.status > 999 || *failure_name(http_response_failure(&r, 100)) == ' ')
                abort();
        return 0;
}
