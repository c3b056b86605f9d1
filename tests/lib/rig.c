/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/lib/rig.h"

#include <stdlib.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

void rig_make(Rig *rig, const char *plan) {
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;

        *rig = (Rig){.mirrors = mem_printf("%s/mirrors", test_dir()),
                     .scratch = mem_printf("%s/scratch", test_dir()),
                     .runner = sandbox_find_runner(&fault)};
        repo_make(&rig->repo);
        CHECK_EQ_INT(plan_parse("plan", slice_text(plan), &rig->plan, &fault, 1, &n_faults), 0);
        CHECK_EQ_INT(dir_make(rig->scratch, 0700), 0);
        rig->request = (VerifyRequest){.plan = &rig->plan,
                                       .plan_file = "plan.md",
                                       .gate = &rig->plan.gates[0],
                                       .repository = rig->repo.url,
                                       .commit = rig->commit,
                                       .mirrors = rig->mirrors,
                                       .scratch = rig->scratch,
                                       .claimed_ms = 1,
                                       .fetch_ms = 20000,
                                       .runner = rig->runner};
}

void rig_deinit(Rig *rig) {
        verify_result_deinit(&rig->result);
        plan_deinit(&rig->plan);
        free(rig->mirrors);
        free(rig->scratch);
        free(rig->runner);
}

void rig_change(Rig *rig, const char *path, const char *text) {
        bench_write(rig->repo.path, path, text, 0644);
        repo_commit(&rig->repo, "change", rig->commit);
}

const struct verdict *rig_verify(Rig *rig) {
        verify_result_deinit(&rig->result);
        CHECK_EQ_INT(verify_run(&rig->request, &rig->result), 0);
        return &rig->result.verdict;
}
