/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A gate of 1,000 checks that do next to nothing: what a check costs beyond its command, and what
 * the verifying process holds in memory for it. Two at a time, against the same commands by
 * `xargs -P2`, which proves nothing: no clean tree, no sandbox, no evidence.
 */

#include "tests/lib/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/bench/figures.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"

enum { N_CHECKS = 1000, N_FEW = 10, LIMIT_S = 500, LOOK_MS = 20, MIB_KIB = 1024 };

typedef struct Place {
        const char *dir;
        Repo repo;
        RepoId commit;
} Place;

/* What one run cost. */
typedef struct Cost {
        double wall_ms;
        unsigned long peak_kib;
} Cost;

static void write_plan(const Place *place, unsigned n) {
        cleanup_buf Buf plan = BUF_TEXT;

        buf_text(&plan, "# Bench\n\n```yaml phase\nversion: 1\nphase: bench\n```\n\n"
                        "```yaml gate\ngate: T\ntitle: trivial\nchecks:\n");
        for (unsigned i = 0; i < n; i++)
                buf_printf(&plan, "  - { id: c%u, run: [grep, -q, product, README] }\n", i);
        buf_text(&plan, "```\n");
        bench_write(place->dir, "plan.md", buf_get_text(&plan), 0644);
}

static void open_place(Place *place) {
        *place = (Place){.dir = test_dir()};
        repo_make(&place->repo);
        bench_write(place->repo.path, "README", "a product\n", 0644);
        repo_commit(&place->repo, "first", place->commit);
}

/* The most that the process itself had resident, its children not counted. 0 when it has ended. */
static unsigned long peak_kib(const Process *process) {
        cleanup_free char *path = mem_printf("/proc/%d/status", (int)process_get_pid(process));
        FILE *status = fopen(path, "r");
        unsigned long kib = 0;
        char line[256];

        while (status && fgets(line, sizeof line, status))
                if (strncmp(line, "VmHWM:", 6) == 0)
                        kib = strtoul(line + 6, NULL, 10);
        if (status)
                (void)fclose(status);
        return kib;
}

static Cost run(const ProcessSpec *spec) {
        uint64_t begin_ns = clock_mono_ns();
        cleanup(process_freep) Process *process = process_start(spec);
        Cost cost = {.peak_kib = 0};

        while (process_is_running(process)) {
                unsigned long kib = peak_kib(process);

                if (kib > cost.peak_kib)
                        cost.peak_kib = kib;
                (void)poll(NULL, 0, LOOK_MS);
        }
        cost.wall_ms = (double)(clock_mono_ns() - begin_ns) / 1e6;
        CHECK_EQ_INT(process_wait(process, LIMIT_S * 1000), 0);
        return cost;
}

static Cost verify(const Place *place, unsigned n) {
        cleanup_free char *cache = mem_printf("XDG_CACHE_HOME=%s/cache", place->dir);
        const char *env[] = {cache, NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "verify", "plan.md", "T",
                                     "--repo", place->repo.url, "--commit", place->commit, "--jobs",
                                     "2"},
                            .cwd = place->dir,
                            .env = env};

        write_plan(place, n);
        return run(&spec);
}

static Cost run_bare(const Place *place) {
        cleanup_free char *script =
                mem_printf("seq %d | xargs -P2 -I NUMBER grep -q product README", (int)N_CHECKS);
        ProcessSpec spec = {.argv = {"bash", "-euo", "pipefail", "-c", script},
                            .cwd = place->repo.path};

        return run(&spec);
}

TEST(a_gate_of_a_thousand_checks) {
        Cost few, many, bare;
        Place place;

        open_place(&place);
        figures_begin(LIMIT_S);
        for (unsigned i = 0; i < figures_size(3, 1); i++) {
                few = verify(&place, N_FEW);
                bare = run_bare(&place);
                many = verify(&place, N_CHECKS);
                figures_add(ROW_CHECKS, many.wall_ms, bare.wall_ms);
                figures_add(ROW_CHECKS_MEMORY, (double)many.peak_kib / MIB_KIB,
                            (double)few.peak_kib / MIB_KIB);
        }
        figures_end();
}
