/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Gives credit when the last of it is used up, counts what comes. */

#include "tests/lib/consumer.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"

enum { CREDIT = 512 };

static void give_credit(Session *session, const Consumed *consumed) {
        Message credit = {.type = MESSAGE_CREDIT,
                          .credit = {.entries = CREDIT, .after = consumed->seq}};

        message_set_present(&credit);
        CHECK_EQ_INT(session_send(session, &credit), 0);
}

static void take(Consumed *consumed, uint64_t seq) {
        if (seq <= consumed->seq) {
                consumed->n_again++;
                return;
        }
        consumed->n_disordered += seq != consumed->seq + 1;
        consumed->seq = seq;
        consumed->n++;
}

static void consume(Session *session, Consumed *consumed) {
        for (;;) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.n_fds = 0};
                Fault fault = FAULT_INIT;
                Message message;
                int r = session_poll(session, &arena, &message, &fault);

                if (r == SESSION_E_NOTHING) {
                        CHECK_EQ_INT(loop_wait(&wait, session_prepare(session, &wait)), 0);
                        continue;
                }
                CHECK_EQ_INT(r, 0);
                if (message.type == MESSAGE_ENTRY)
                        take(consumed, message.entry.seq);
                if (message.type == MESSAGE_WELCOME ||
                    (message.type == MESSAGE_ENTRY && consumed->n % CREDIT == 0))
                        give_credit(session, consumed);
        }
}

Consumed *consumer_start(const RealBroker *broker, const char *key, pid_t *ret_pid) {
        Consumed *consumed = mmap(NULL, sizeof *consumed, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        CHECK(consumed != MAP_FAILED);
        *ret_pid = fork();
        if (*ret_pid == 0)
                consume(real_broker_session(broker, key), consumed);
        CHECK(*ret_pid > 0);
        return consumed;
}

typedef struct Wanted {
        const Consumed *consumed;
        uint64_t seq;
} Wanted;

static bool has_consumed(void *userdata) {
        const Wanted *wanted = userdata;

        return ((const volatile Consumed *)wanted->consumed)->seq >= wanted->seq;
}

void consumer_await(const Consumed *consumed, uint64_t seq, uint64_t limit_ms) {
        Wanted wanted = {consumed, seq};

        if (!test_wait_until(has_consumed, &wanted, limit_ms))
                FAIL_TEST("entry %llu of %llu is the newest that came",
                          (unsigned long long)consumed->seq, (unsigned long long)seq);
}

void consumer_end(pid_t pid) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}
