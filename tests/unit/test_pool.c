/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/lib/test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verify/pool.h"

enum { DEADLY = 13, ENDLESS = 14, LARGE = 15 };

/* Says who did it. */
static int work(const void *userdata, uint64_t job, Buf *answer) {
        pid_t pid = getpid();

        (void)userdata;
        if (job == DEADLY)
                (void)raise(SIGKILL);
        while (job == ENDLESS)
                (void)pause();
        for (size_t i = 0; job == LARGE && i < POOL_ANSWER_BYTES; i++)
                buf_byte(answer, (uint8_t)i);
        if (job != LARGE)
                buf_append(answer, &pid, sizeof pid);
        return 0;
}

static void hear(Pool *pool, uint64_t *ret_job, Buf *ret_answer) {
        while (!pool_hear(pool, ret_job, ret_answer))
                continue;
}

static pid_t hear_pid(Pool *pool, uint64_t *ret_job) {
        cleanup_buf Buf answer = BUF_INIT(0);
        pid_t pid = 0;

        hear(pool, ret_job, &answer);
        CHECK_EQ_INT((int)answer.n, (int)sizeof pid);
        memcpy(&pid, answer.data, sizeof pid);
        return pid;
}

static pid_t do_job(Pool *pool, uint64_t job) {
        uint64_t heard;
        pid_t pid;

        CHECK(pool_ask(pool, job));
        pid = hear_pid(pool, &heard);
        CHECK_EQ_U64(heard, job);
        return pid;
}

static bool is_gone(pid_t pid) {
        return kill(pid, 0) < 0 && errno == ESRCH;
}

TEST(one_process_does_one_job_after_the_other) {
        cleanup(pool_deinit) Pool pool;
        pid_t first;

        pool_init(&pool, work, NULL);
        first = do_job(&pool, 1);
        CHECK(first != getpid());
        CHECK_EQ_INT(do_job(&pool, 2), first);
        CHECK_EQ_INT(do_job(&pool, 3), first);
}

TEST(two_at_a_time_are_two) {
        cleanup(pool_deinit) Pool pool;
        uint64_t first, second;

        pool_init(&pool, work, NULL);
        CHECK(pool_ask(&pool, 1));
        CHECK(pool_ask(&pool, 2));
        CHECK_EQ_INT((int)pool.n_busy, 2);
        CHECK(hear_pid(&pool, &first) != hear_pid(&pool, &second));
        CHECK_EQ_U64(first + second, 3);
        CHECK_EQ_INT((int)pool.n_busy, 0);
}

TEST(one_that_died_at_work_has_no_answer_and_is_replaced) {
        cleanup(pool_deinit) Pool pool;
        cleanup_buf Buf answer = BUF_INIT(0);
        uint64_t job;
        pid_t first;

        pool_init(&pool, work, NULL);
        first = do_job(&pool, 1);
        CHECK(pool_ask(&pool, DEADLY));
        hear(&pool, &job, &answer);
        CHECK_EQ_U64(job, DEADLY);
        CHECK_EQ_INT((int)answer.n, 0);
        CHECK(do_job(&pool, 2) != first);
        CHECK(is_gone(first));
}

TEST(one_that_died_while_it_waited_is_replaced_at_once) {
        cleanup(pool_deinit) Pool pool;
        siginfo_t death;
        pid_t first;

        pool_init(&pool, work, NULL);
        first = do_job(&pool, 1);
        CHECK_EQ_INT(kill(first, SIGKILL), 0);
        CHECK_EQ_INT(waitid(P_PID, (id_t)first, &death, WEXITED | WNOWAIT), 0);
        CHECK(do_job(&pool, 2) != first);
}

TEST(an_answer_as_long_as_there_may_be_comes_whole) {
        cleanup(pool_deinit) Pool pool;
        cleanup_buf Buf answer = BUF_INIT(0);
        uint64_t job;

        pool_init(&pool, work, NULL);
        CHECK(pool_ask(&pool, LARGE));
        hear(&pool, &job, &answer);
        CHECK_EQ_INT((int)answer.n, POOL_ANSWER_BYTES);
        CHECK_EQ_INT(answer.data[answer.n - 1], (uint8_t)(answer.n - 1));
        (void)do_job(&pool, 1);
}

TEST(those_that_wait_and_those_at_work_end_with_the_pool) {
        Pool pool;
        uint64_t job;
        pid_t waits, works;

        pool_init(&pool, work, NULL);
        CHECK(pool_ask(&pool, ENDLESS));
        works = pool.workers[0].pid;
        CHECK(pool_ask(&pool, 1));
        waits = hear_pid(&pool, &job);
        pool_deinit(&pool);
        CHECK(is_gone(waits));
        CHECK(is_gone(works));
}
