/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The self-test of an agent: it passes where the sandbox holds, and nothing else passes it. */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"
#include "verify/scratch.h"
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

/* A directory is no mount point: as root here, in the new root. */
TEST(a_plain_chroot_is_named_with_what_to_type) {
        const char *root = test_dir();
        int status;
        pid_t pid;

        if (geteuid() != 0)
                SKIP("only root can change its root");
        pid = fork();
        if (pid == 0) {
                Fault fault = FAULT_INIT;
                bool is_private = true;

                if (chroot(root) < 0 || chdir("/") < 0)
                        _exit(1);
                if (scratch_make_private("/scratch", &is_private, &fault) != SCRATCH_E_CHROOT)
                        _exit(2);
                _exit(!is_private && strstr(fault.found, "a plain chroot") &&
                                      strstr(fault.next, "mount --rbind")
                              ? 0
                              : 3);
        }
        CHECK_EQ_INT(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status));
        CHECK_EQ_INT(WEXITSTATUS(status), 0);
}
