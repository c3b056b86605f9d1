/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The self-test of an agent: it passes where the sandbox holds, and nothing else passes it. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/lib/test.h"
#include "verify/selftest.h"

static int selftest(const char *runner, Fault *reterr_fault) {
        cleanup_free char *scratch = mem_printf("%s/scratch-XXXXXX", test_dir());

        CHECK(mkdtemp(scratch) != NULL);
        return selftest_run(runner, scratch, reterr_fault);
}

TEST(the_real_sandbox_meets_every_cheat_and_lets_honest_work_pass) {
        Fault fault = FAULT_INIT;
        int r = selftest(getenv("COLDGATE_RUNNER"), &fault);

        if (r != 0)
                FAIL_TEST("%s", fault.found);
}

/* Programs that end well, and say nothing of what they should have run. */
TEST(a_runner_that_runs_nothing_is_found_out) {
        static const char *const runners[] = {"/bin/true", "/bin/cat", "/none/such"};

        for (size_t i = 0; i < ARRAY_SIZE(runners); i++) {
                Fault fault = FAULT_INIT;

                CHECK_EQ_INT(selftest(runners[i], &fault), SELFTEST_E_FAILED);
                CHECK(fault_is(&fault, "host.selftest"));
                CHECK(strncmp(fault.found, "honest work passes: ", 20) == 0);
        }
}
