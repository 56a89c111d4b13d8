/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Base: what every file of the core uses: byte slices, time, invariants, and cleanup attributes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A borrowed slice of memory: not owned, not NUL-terminated. */
typedef struct Bytes {
        const uint8_t *p;
        size_t n;
} Bytes;

#define BYTES(pointer, size) ((Bytes) { .p = (const uint8_t *) (pointer), .n = (size) })

/* Time is in microseconds of CLOCK_BOOTTIME and always passed in. */
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_NEVER UINT64_MAX

/* sys/param.h defines the same. */
#undef MIN
#undef MAX
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CLAMP(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))
#define MALLOC_OVERHEAD ((size_t) 16) /* bytes of an allocation beyond its size */
#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Checks an invariant that only a bug in this program can break. It is checked in every build; a failure prints its
 * place to stderr and aborts: no answer is better than a wrong one, and systemd restarts the daemon. It is never used
 * on input, nor where resources may run out.
 */
#define must(expression) ((expression) ? (void) 0 : must_failed(#expression, __FILE__, __LINE__))
_Noreturn void must_failed(const char *expression, const char *file, int line);

#define container_of(pointer, type, member) ((type *) (void *) ((char *) (pointer) - offsetof(type, member)))

/* Returns the pointer in a variable and sets the variable to NULL, to hand over what a cleanup attribute guards. */
#define take_pointer(variable)                        \
        ({                                            \
                typeof(variable) _taken = (variable); \
                (variable) = NULL;                    \
                _taken;                               \
        })

#define _cleanup_(function) __attribute__((__cleanup__(function)))
#define _unused_ __attribute__((__unused__))
/* For a buffer that is written before it is read, on a path that every query takes: the build zeroes all others. */
#define _unset_ __attribute__((__uninitialized__))
#define _printf_(format, first) __attribute__((__format__(__printf__, format, first)))

/* For a type with `T *t_free(T *)`: `_cleanup_(t_freep) T *x = NULL;`. */
#define DEFINE_CLEANUP(type, function)                 \
        static inline void function##p(type **pointer) \
        {                                              \
                if (*pointer)                          \
                        function(*pointer);            \
        }

static inline void freep(void *pointer)
{
        free(*(void **) pointer);
}

/* Adds and subtracts with saturation: USEC_NEVER plus anything is USEC_NEVER, and nothing falls below 0. */
static inline uint64_t usec_add(uint64_t a, uint64_t b)
{
        return a > USEC_NEVER - b ? USEC_NEVER : a + b;
}

static inline uint64_t usec_sub(uint64_t a, uint64_t b)
{
        return a > b ? a - b : 0;
}
