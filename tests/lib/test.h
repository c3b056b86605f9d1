/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Tests. Each TEST runs in a process of its own: what crashes or hangs spoils nothing else, and a
 * CHECK that fails ends it, from whatever depth. Whatever processes it leaves behind are killed.
 * Output is TAP 13; an argument selects the tests whose name contains it.
 *
 *      TEST(a_late_change_is_refused) {
 *              CHECK_EQ_INT(gate_submit(&gate, &change, 7), GATE_E_NOT_NOW);
 *      }
 *
 * A name is a sentence with one reason to fail. Nothing sleeps: wait for the event, with a
 * deadline.
 */

#include "base/slice.h"

typedef struct Test Test;
struct Test {
        const char *name;
        void (*run)(void);
        Test *next;
};

void test_register(Test *test);

#define TEST(name)                                                                                 \
        static void test_run_##name(void);                                                         \
        __attribute__((constructor)) static void test_register_##name(void) {                      \
                static Test test = {#name, test_run_##name, NULL};                                 \
                test_register(&test);                                                              \
        }                                                                                          \
        static void test_run_##name(void)

/* Where a check stands in the source. */
#define TEST_HERE __FILE__, __LINE__

#define CHECK(condition) test_check((condition), #condition, TEST_HERE)
#define CHECK_EQ_U64(actual, expected)                                                             \
        test_check_u64((actual), (expected), #actual, #expected, TEST_HERE)
#define CHECK_EQ_INT(actual, expected)                                                             \
        test_check_int((actual), (expected), #actual, #expected, TEST_HERE)
/* NUL-terminated texts; NULL equals only NULL. */
#define CHECK_EQ_TEXT(actual, expected)                                                            \
        test_check_text((actual), (expected), #actual, #expected, TEST_HERE)
#define CHECK_EQ_SLICE(actual, expected)                                                           \
        test_check_slice((actual), (expected), #actual, #expected, TEST_HERE)
#define CHECK_CONTAINS(text, part)     test_check_contains((text), (part), true, TEST_HERE)
#define CHECK_CONTAINS_NOT(text, part) test_check_contains((text), (part), false, TEST_HERE)

/* Fails with words of your own, from a helper that knows where it was called. */
#define FAIL_TEST(...) test_fail(TEST_HERE, __VA_ARGS__)

/* Only for a capability that this machine lacks, never for a part that is not finished. */
#define SKIP(reason) test_skip(reason)

void test_check(bool holds, const char *what, const char *file, int line);
void test_check_u64(uint64_t actual, uint64_t expected, const char *actual_what,
                    const char *expected_what, const char *file, int line);
void test_check_int(int64_t actual, int64_t expected, const char *actual_what,
                    const char *expected_what, const char *file, int line);
void test_check_text(const char *actual, const char *expected, const char *actual_what,
                     const char *expected_what, const char *file, int line);
void test_check_slice(Slice actual, Slice expected, const char *actual_what,
                      const char *expected_what, const char *file, int line);
void test_check_contains(const char *text, const char *part, bool wanted, const char *file,
                         int line);
void test_fail(const char *file, int line, const char *format, ...) printf_like(3, 4) noreturn_;
void test_skip(const char *reason) noreturn_;

/* A fresh, empty directory with a short path; removed when the test has ended, however it ends.
 * Each call gives another one. Borrowed for the rest of the test. */
const char *test_dir(void);

/* A path of the source tree, from COLDGATE_SOURCE: test_source("tests/data/x"). Borrowed as above.
 */
const char *test_source(const char *path);

/* True once `is_so(userdata)` holds, false if it does not within `limit_ms`. */
bool test_wait_until(bool (*is_so)(void *userdata), void *userdata, uint64_t limit_ms) must_check;
