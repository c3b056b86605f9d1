/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What a user feels: how long `builder-agent claim --wait` takes on a repository of 5,000 files,
 * the first time for a commit and again, beyond the check's own time; and what the idle broker
 * weighs. Real programs, real sockets, medians of several rounds.
 */

#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/bench.h"

enum { ROUNDS = 9, LIMIT_MS = 60000 };

static const char plan[] = "# Bench\n"
                           "```yaml phase\nversion: 1\nphase: bench\n```\n"
                           "```yaml gate\ngate: T\ntitle: trivial\nchecks:\n"
                           "  - id: there\n    run: [test, -f, src/d59/f100.txt]\n```\n";

typedef struct Place {
        const char *dir;
        const char *broker, *builder, *adversary;
        Process *broker_run, *adversary_run;
} Place;

static void run(const Place *place, const char *const *argv, int expected, Buf *out) {
        ProcessSpec spec = {.cwd = place->dir};

        for (size_t i = 0; argv[i]; i++)
                spec.argv[i] = argv[i];
        bench_run_expect(&spec, LIMIT_MS, expected, out);
}

#define RUN(place, ...) run((place), (const char *const[]){__VA_ARGS__, NULL}, 0, NULL)

static Process *start(const Place *place, const char *program) {
        ProcessSpec spec = {.argv = {program, "run"}, .cwd = place->dir};
        Process *process = process_start(&spec);

        process_wait_text(process, "ready", LIMIT_MS);
        return process;
}

/* By a shell: written one by one as the tests do it, synced, this would take a minute. */
static void make_repository(const Place *place) {
        static const char script[] = "for d in $(seq 10 59); do mkdir -p src/d$d; "
                                     "for f in $(seq 100); do echo $d $f >src/d$d/f$f.txt; done; "
                                     "done";

        RUN(place, "bash", "-c", script);
        bench_write(place->dir, ".gitignore", "plan.md\n", 0644);
        bench_write(place->dir, "plan.md", plan, 0644);
        bench_git(place->dir, NULL, "init", "-q", "-b", "main");
        bench_git(place->dir, NULL, "add", "-A");
        bench_git(place->dir, NULL, "commit", "-q", "-m", "five thousand files");
}

static void open_place(Place *place) {
        *place = (Place){.dir = test_dir(),
                         .broker = bench_program("COLDGATE_BROKER"),
                         .builder = bench_program("COLDGATE_BUILDER"),
                         .adversary = bench_program("COLDGATE_ADVERSARY")};
        make_repository(place);
        RUN(place, place->broker, "init", "--name", "bench");
        RUN(place, place->broker, "plan", "approve", "plan.md");
        place->broker_run = start(place, place->broker);
        place->adversary_run = start(place, place->adversary);
}

static void close_place(Place *place) {
        place->adversary_run = process_free(place->adversary_run);
        place->broker_run = process_free(place->broker_run);
}

static double claim_ms(const Place *place) {
        uint64_t begin = clock_mono_ns();

        RUN(place, place->builder, "claim", "T", "--wait");
        return (double)(clock_mono_ns() - begin) / 1e6;
}

static double spawn_ms(const Place *place) {
        uint64_t begin = clock_mono_ns();

        RUN(place, "/bin/true");
        return (double)(clock_mono_ns() - begin) / 1e6;
}

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values, size_t n) {
        qsort(values, n, sizeof *values, compare);
        return values[n / 2];
}

TEST(a_claim_on_five_thousand_files) {
        double again[ROUNDS], bare[ROUNDS], first, a, b;
        Place place;

        open_place(&place);
        first = claim_ms(&place);
        for (size_t i = 0; i < ROUNDS; i++) {
                again[i] = claim_ms(&place);
                bare[i] = spawn_ms(&place);
        }
        close_place(&place);
        a = median(again, ROUNDS);
        b = median(bare, ROUNDS);
        printf("# claim of a trivial gate, 5,000 files, new commit | %.0f ms\n", first);
        printf("# the same commit again | %.0f ms | the bare check, spawned: %.1f ms | x %.1f\n", a,
               b, a / b);
}

static unsigned long resident_kib(const Process *process) {
        cleanup_free char *path = mem_printf("/proc/%d/status", (int)process_get_pid(process));
        FILE *status = fopen(path, "r");
        unsigned long kib = 0;
        char line[256];

        CHECK(status != NULL);
        while (fgets(line, sizeof line, status))
                if (strncmp(line, "VmRSS:", 6) == 0)
                        kib = strtoul(line + 6, NULL, 10);
        (void)fclose(status);
        return kib;
}

TEST(an_idle_broker) {
        unsigned long kib;
        Place place;

        open_place(&place);
        (void)claim_ms(&place);
        kib = resident_kib(place.broker_run);
        close_place(&place);
        CHECK(kib > 0);
        printf("# broker, idle after a claim, resident | %.1f MiB | aim: 16 MiB | %s\n",
               (double)kib / 1024, kib < 16 * 1024 ? "reached" : "missed");
}
