/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Words that every file may use: attributes, ownership, array sizes. No domain nouns. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Run `fn(&variable)` when the variable goes out of scope. */
#define cleanup(fn) __attribute__((cleanup(fn)))

#define must_check __attribute__((warn_unused_result))

#define printf_like(format_index, first_index)                                                     \
        __attribute__((format(printf, format_index, first_index)))

#define noreturn_ __attribute__((noreturn))

#define unused_ __attribute__((unused))

/* Hand over a pointer: yields its value and leaves NULL behind, so that its cleanup does nothing.
 */
#define TAKE(pointer)                                                                              \
        __extension__({                                                                            \
                __auto_type take_from_ = &(pointer);                                               \
                __auto_type taken_ = *take_from_;                                                  \
                *take_from_ = NULL;                                                                \
                taken_;                                                                            \
        })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Defines `name_freep`, for cleanup(), from a free function that takes NULL. */
#define DEFINE_FREEP(Type, free_function, name)                                                    \
        static inline unused_ void name(Type **pointer) {                                          \
                (void)free_function(*pointer);                                                     \
                *pointer = NULL;                                                                   \
        }

static inline size_t size_min(size_t a, size_t b) {
        return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b) {
        return a > b ? a : b;
}
