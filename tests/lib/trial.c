/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Verifications in a place of their own. */

#include "tests/lib/trial.h"

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

enum { LIMIT_MS = 50000 };

void trial_deinit(Trial *trial) {
        buf_deinit(&trial->out);
}

void trial_make(Trial *trial, const char *path, const char *text, mode_t mode) {
        *trial = (Trial){.dir = test_dir(), .out = BUF_TEXT};
        repo_make(&trial->repo);
        bench_write(trial->repo.path, "README", "a product\n", 0644);
        if (path)
                bench_write(trial->repo.path, path, text, mode);
        repo_commit(&trial->repo, "first", trial->commit);
        bench_write(trial->dir, "tmp/.keep", "", 0644);
}

void trial_write_plan(const Trial *trial, const char *checks) {
        cleanup_free char *plan = mem_printf("# Plan\n\n```yaml phase\nversion: 1\nphase: trial\n"
                                             "```\n\n```yaml gate\ngate: M1\ntitle: It works\n"
                                             "checks:\n%s```\n",
                                             checks);

        bench_write(trial->dir, "plan.md", plan, 0644);
}

int trial_verify(Trial *trial, const char *gate, const char *commit, const char *option,
                 const char *value) {
        cleanup_free char *cache = mem_printf("XDG_CACHE_HOME=%s/cache", trial->dir);
        cleanup_free char *tmp = mem_printf("TMPDIR=%s/tmp", trial->dir);
        cleanup_free char *state = mem_printf("XDG_STATE_HOME=%s/state", trial->dir);
        const char *env[] = {cache, tmp, state, "SECRET_OF_THE_CALLER=1", NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "verify", "plan.md", gate,
                                     "--repo", trial->repo.url, "--commit", commit, option, value},
                            .cwd = trial->dir,
                            .env = env};

        buf_clear(&trial->out);
        return bench_run(&spec, LIMIT_MS, &trial->out, &trial->out);
}

void trial_expect(Trial *trial, const char *checks, int status, const char *said) {
        int actual;

        trial_write_plan(trial, checks);
        actual = trial_verify(trial, "M1", trial->commit, NULL, NULL);
        if (actual != status)
                FAIL_TEST("exit status %d, not %d:\n%s", actual, status, buf_get_text(&trial->out));
        CHECK_CONTAINS(buf_get_text(&trial->out), said);
}
