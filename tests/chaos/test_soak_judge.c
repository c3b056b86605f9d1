/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* That a soak would see what it is there for: a process that leaks, and one that becomes slower. */

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/chaos/soak.h"
#include "tests/lib/test.h"

enum { N_PARTS = 11, LEAK_BYTES = 256 << 10, N_LATENCIES = 20, PART_MS = 60000 };

typedef struct Leak {
        size_t n_bytes, n_fds; /* in each part */
        uint64_t us;           /* by so much slower is each part */
} Leak;

static void leak(const Leak *leak) {
        /* malloc'ed memory that nobody reads a compiler may leave out. */
        CHECK(mmap(NULL, leak->n_bytes + 1, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED);
        for (size_t i = 0; i < leak->n_fds; i++)
                CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
}

/* Leaks whenever it is told to, and says when it has. */
static noreturn_ void serve(int in, int out, const Leak *what) {
        char byte;

        while (read(in, &byte, 1) == 1) {
                leak(what);
                CHECK(write(out, &byte, 1) == 1);
        }
        _exit(0);
}

typedef const char *(*Judge)(const SoakPart *parts, size_t n_parts, uint64_t part_ms);

static const char *judge_by(Judge judge, const Leak *what) {
        SoakPart parts[N_PARTS];
        int to[2], from[2];
        char byte = 'x';
        pid_t pid;

        CHECK(pipe(to) == 0 && pipe(from) == 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
                serve(to[0], from[1], what);
        for (size_t i = 0; i < N_PARTS; i++) {
                cleanup_figures Figures latencies = {.n = 0};

                for (size_t n = 0; n < N_LATENCIES; n++)
                        figures_add(&latencies, 1000 + i * what->us);
                CHECK(write(to[1], &byte, 1) == 1 && read(from[0], &byte, 1) == 1);
                soak_look(pid, NULL, &latencies, &parts[i]);
        }
        CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
        return judge(parts, N_PARTS, PART_MS);
}

static const char *judge(const Leak *what) {
        return judge_by(soak_judge, what);
}

static const char *judge_steady(const Leak *what) {
        return judge_by(soak_judge_steady, what);
}

TEST(a_process_that_stays_as_it_is_is_flat) {
        CHECK_EQ_TEXT(judge(&(Leak){.n_bytes = 0}), NULL);
}

TEST(a_leak_of_memory_is_seen) {
        CHECK_EQ_TEXT(judge(&(Leak){.n_bytes = LEAK_BYTES}), "memory");
}

TEST(a_leak_of_descriptors_is_seen) {
        CHECK_EQ_TEXT(judge(&(Leak){.n_fds = 1}), "descriptors");
}

TEST(answers_that_become_slower_are_seen) {
        CHECK_EQ_TEXT(judge(&(Leak){.us = 1000}), "latency");
}

/* Each of these is little enough for the judge of full load. */
TEST(a_steady_load_is_judged_more_strictly) {
        static const Leak slow_leak = {.n_bytes = 64 << 10}, slower = {.us = 60};

        CHECK_EQ_TEXT(judge_steady(&(Leak){.n_bytes = 0}), NULL);
        CHECK_EQ_TEXT(judge(&slow_leak), NULL);
        CHECK_EQ_TEXT(judge_steady(&slow_leak), "memory");
        CHECK_EQ_TEXT(judge(&slower), NULL);
        CHECK_EQ_TEXT(judge_steady(&slower), "latency");
}
