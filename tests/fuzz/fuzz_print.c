/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arbitrary messages, printed: whatever the records contain, the output is one line of printable ASCII.
 */

#include <stdlib.h>
#include <string.h>

#include "ctl_names.h"
#include "ctl_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(char *text)
{
        for (const char *p = text; text && *p; p++)
                if (*p < ' ' || *p > '~')
                        abort();
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        unsigned code;
        RecordWalk w;
        Message m;
        Record r;
        char *text;

        if (message_parse(&m, BYTES(data, size)) != MESSAGE_OK)
                return 0;
        w = RECORD_WALK(&m);
        while (record_next(&w, &r)) {
                text = record_owner(&m, &r);
                /* The message was parsed, so the record has one. */
                if (text && !*text)
                        abort();
                check(text);
                text = record_data(&m, &r);
                if (text && !*text)
                        abort();
                check(text);
        }
        for (unsigned i = 0; message_extended_error(&m, i, &code, &text); i++)
                check(text);
        return 0;
}
