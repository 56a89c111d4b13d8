/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/base/siphash: the hash is SipHash-2-4, whatever the size of the input. */

#include <check.h>
#include <string.h>

#include "core/base/siphash.h"
#include "run.h"

/* Appendix A of the paper has the one of 15 octets, the reference implementation all of them. */
START_TEST(hashes_are_those_of_the_reference_implementation)
{
        static const uint64_t expected[] = {
                UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
                UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
                UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
                UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
                UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
                UINT64_C(0xa129ca6149be45e5),
        };
        uint8_t key[16], *input;

        for (size_t i = 0; i < sizeof(key); i++)
                key[i] = (uint8_t) i;
        for (size_t n = 0; n < ELEMENTS(expected); n++) {
                /* On the heap, so that a read beyond its end is seen by AddressSanitizer. */
                input = malloc(n ? n : 1);
                for (size_t i = 0; i < n; i++)
                        input[i] = (uint8_t) i;
                ck_assert_msg(siphash(key, BYTES(input, n)) == expected[n], "the hash of %zu octets differs", n);
                free(input);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("siphash");
        TCase *t = tcase_create("siphash");

        tcase_add_test(t, hashes_are_those_of_the_reference_implementation);
        suite_add_tcase(s, t);
        return run_suite(s);
}
