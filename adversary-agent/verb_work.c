/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `work`: one gate, from the job on standard input to the verdict on standard output. It is started
 * before there is a job, and ends behind it: nothing of one claim is there for the next. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "adversary-agent/borrow.h"
#include "adversary-agent/framing.h"
#include "adversary-agent/probe.h"
#include "adversary-agent/sealed.h"
#include "adversary-agent/verbs.h"
#include "adversary-agent/worker.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/sandbox.h"
#include "verify/objects.h"
#include "verify/redact.h"
#include "verify/verify.h"

enum { FETCH_MS = 120000 };

/* Set by the handler of SIGTERM; nothing else may be done there. */
static volatile sig_atomic_t is_asked_to_stop;

typedef struct Work {
        struct job job;
        int out_fd;
        char *repository, *commit, *mirrors, *scratch, *state, *base, *plan_path, *plan_word, *kept;
        Redactor *redactor;
} Work;

static void work_deinit(Work *work) {
        fd_close(&work->out_fd);
        free(work->repository);
        free(work->commit);
        free(work->mirrors);
        free(work->scratch);
        free(work->state);
        free(work->base);
        free(work->plan_path);
        (void)redactor_free(work->redactor);
        free(work->plan_word);
        free(work->kept);
}

static void on_signal(int number) {
        (void)number;
        is_asked_to_stop = 1;
}

static bool is_cancelled(void *userdata) {
        (void)userdata;
        return is_asked_to_stop;
}

static void report(void *userdata, const char *what, size_t n_done, size_t n_total) {
        const Work *work = userdata;
        Message message = {.type = MESSAGE_PROGRESS,
                           .progress = {.claim = work->job.claim,
                                        .lease = work->job.lease,
                                        .gate = work->job.gate,
                                        .what = slice_text(what),
                                        .n_done = n_done,
                                        .n_total = n_total}};

        message_set_present(&message);
        if (framing_write(work->out_fd, &message) != 0)
                is_asked_to_stop = 1; /* nobody listens any more */
}

/* Dies with the parent, also if that died before we could ask for it. */
static bool bind_to_parent(const char *parent) {
        return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
               getppid() == (pid_t)strtol(parent, NULL, 10);
}

/* Standard output is for frames only; what else would be printed there goes to the log. */
static int take_output(int *ret_fd) {
        int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

        if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
                return error_origin(-errno);
        *ret_fd = fd;
        return 0;
}

static char *text_of(Slice text) {
        return mem_strndup((const char *)text.data, text.n);
}

/* The plan is in the ledger, not in a file: the line that a person pastes takes it from there. */
static char *plan_word(Slice phase) {
        cleanup_free char *name = text_of(phase);
        cleanup_buf Buf word = BUF_TEXT;

        buf_text(&word, "<(broker plan show --text ");
        text_quote(name, &word);
        buf_text(&word, ")");
        return buf_take(&word);
}

/* Without it no evidence is made at all. */
static bool make_redactor(Work *work) {
        cleanup_free char *file = work->job.secrets.n ? text_of(work->job.secrets) : NULL;
        Fault fault = FAULT_INIT;

        if (redactor_new(file, &work->redactor, &fault) == 0)
                return true;
        log_write(LOG_ERROR, "%s: %s", fault.rule, fault.found);
        return false;
}

static int send_result(const Work *work, VerifyResult *result) {
        Message verdict = {.type = MESSAGE_VERDICT, .verdict = result->verdict};

        for (size_t i = 0; i < result->n_evidence; i++) {
                Message put = {.type = MESSAGE_EVIDENCE_PUT,
                               .evidence_put = {.digest = hash_slice(&result->evidence[i].digest),
                                                .frame = result->evidence[i].frame}};

                message_set_present(&put);
                TRY(framing_write(work->out_fd, &put));
        }
        verdict.verdict.claim = work->job.claim;
        verdict.verdict.lease = work->job.lease;
        verdict.verdict.mode = work->job.mode;
        message_set_present(&verdict);
        return framing_write(work->out_fd, &verdict);
}

/* ---- what the broker knows of the gate ---- */

static const struct carry *find_carry(const struct job *job) {
        for (size_t i = 0; i < job->n_carries; i++)
                if (slice_equal(job->carries[i].gate, job->gate))
                        return &job->carries[i];
        return NULL;
}

/* A gate that this one needs, and that does not hold in this claim; empty if there is none. */
static Slice find_unmet(const struct job *job, const Gate *gate) {
        for (size_t i = 0; i < gate->n_needs; i++)
                for (size_t j = 0; j < job->n_not_passed; j++)
                        if (slice_equal(gate->needs[i], job->not_passed[j]))
                                return gate->needs[i];
        return SLICE_NULL;
}

/* Nothing was run, nothing is said of the product. */
static int send_unmet(const Work *work, const Gate *gate, Slice need) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {
                .type = MESSAGE_VERDICT,
                .verdict = {.claim = work->job.claim,
                            .gate = work->job.gate,
                            .lease = work->job.lease,
                            .decision = DECISION_INCONCLUSIVE,
                            .reason = slice_text("needs.gate"),
                            .summary = slice_text(arena_printf(
                                    &arena, "not run: %.*s, which it needs, did not pass",
                                    SLICE_ARGS(need))),
                            .commit = work->job.commit,
                            .gate_digest = hash_slice(&gate->digest),
                            .mode = work->job.mode,
                            .started_ms = clock_wall_ms()},
        };

        message_set_present(&message);
        return framing_write(work->out_fd, &message) == 0 ? EXIT_HOLDS : EXIT_NOT_CARRIED_OUT;
}

/* Borrows from all of them. */
static VerifyRequest make_request(Work *work, const Plan *plan, const Gate *gate) {
        return (VerifyRequest){
                .plan = plan,
                .plan_file = work->plan_word,
                .gate = gate,
                .repository = work->repository,
                .commit = work->commit,
                .mirrors = work->mirrors,
                .scratch = work->scratch,
                .state = work->state[0] ? work->state : NULL,
                .hidden = work->job.hidden,
                .n_hidden = work->job.n_hidden,
                .redactor = work->redactor,
                .claimed_ms = work->job.claimed_ms,
                .carry = find_carry(&work->job),
                .answers = work->job.answers,
                .n_answers = work->job.n_answers,
                .base = work->base[0] ? work->base : NULL,
                .plan_path = work->plan_path[0] ? work->plan_path : NULL,
                .fetch_ms = FETCH_MS,
                .progress = {.userdata = work, .report = report, .is_cancelled = is_cancelled},
        };
}

static int verify(Work *work, const Plan *plan, const Gate *gate) {
        cleanup(verify_result_deinit) VerifyResult result = {.kept = NULL};
        cleanup(borrow_deinit) Borrow borrow;
        Fault fault = FAULT_INIT;
        cleanup_free char *runner = sandbox_find_runner(&fault);
        VerifyRequest request = make_request(work, plan, gate);
        int r;

        request.runner = runner;
        request.locks = borrow_get(&borrow);
        borrow_init(&borrow, work->out_fd, WORKER_TELL_FD, work->job.lease);
        if (!runner) {
                log_write(LOG_ERROR, "%s: %s", fault.rule, fault.found);
                return EXIT_NOT_CARRIED_OUT;
        }
        if (work->job.probe.n)
                return probe_run(&request, &work->job, work->out_fd) == 0 ? EXIT_HOLDS
                                                                          : EXIT_NOT_CARRIED_OUT;
        r = verify_run(&request, &result);
        if (r == 0 && work->job.seal.n)
                r = sealed_verify(&(SealedRun){.text = work->job.sealed,
                                               .digest = work->job.seal,
                                               .kept = work->kept},
                                  &request, &result);
        if (r == VERIFY_E_CANCELLED)
                return EXIT_PENDING;
        if (r == 0)
                r = send_result(work, &result);
        return r == 0 ? EXIT_HOLDS : EXIT_NOT_CARRIED_OUT;
}

static int carry_out(Work *work) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        const Gate *gate;
        Slice need;

        if (plan_parse_approved("plan", work->job.plan, &plan, &fault, 1, &n_faults) != 0) {
                log_write(LOG_ERROR, "the plan cannot be read: %s: %s: %s", fault.rule, fault.place,
                          fault.found);
                return EXIT_USAGE;
        }
        gate = plan_find_gate(&plan, work->job.gate);
        if (!gate) {
                log_write(LOG_ERROR, "the plan has no gate %.*s", SLICE_ARGS(work->job.gate));
                return EXIT_NOTHING_SELECTED;
        }
        need = find_unmet(&work->job, gate);
        if (need.n)
                return send_unmet(work, gate, need);
        work->plan_word = plan_word(plan.phase);
        return verify(work, &plan, gate);
}

/* What every job needs and no job can change. Where it cannot be had, the job says so. */
static void get_ready(void) {
        Hash hash;

        hash_of(SLICE_NULL, &hash);
        if (objects_start_library() != 0)
                log_write(LOG_DEBUG, "libgit2 cannot be started now");
}

/* False where there will be none, which is no error: nobody needs us any more. */
static bool wait_for_job(void) {
        char byte;
        ssize_t n;

        do
                n = read(WORKER_TELL_FD, &byte, 1);
        while (n < 0 && errno == EINTR && !is_asked_to_stop);
        return n == 1;
}

int verb_work(const char *parent) {
        cleanup(work_deinit) Work work = {.out_fd = -1};
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf stream = BUF_INIT(2 * FRAME_MAX);
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        struct sigaction stop = {.sa_handler = on_signal};
        CodecFault fault = {.message = NULL};
        Message message;

        log_set_program("adversary-agent work");
        (void)fcntl(WORKER_TELL_FD, F_SETFD, FD_CLOEXEC); /* not for what is run */
        if (!bind_to_parent(parent) || take_output(&work.out_fd) != 0 ||
            sigaction(SIGTERM, &stop, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return EXIT_NOT_CARRIED_OUT;
        get_ready();
        if (!wait_for_job())
                return EXIT_HOLDS;
        if (framing_read(STDIN_FILENO, &stream, &frame) != 0 ||
            codec_decode(buf_get(&frame), &arena, &message, &fault) != 0 ||
            message.type != MESSAGE_JOB) {
                log_write(LOG_ERROR, "there is no job on standard input");
                return EXIT_USAGE;
        }
        work.job = message.job;
        work.repository = text_of(work.job.repository);
        work.commit = text_of(work.job.commit);
        work.mirrors = text_of(work.job.mirrors);
        work.scratch = text_of(work.job.scratch);
        work.state = text_of(work.job.state);
        work.base = text_of(work.job.base);
        work.plan_path = text_of(work.job.plan_path);
        work.kept = text_of(work.job.kept);
        if (!make_redactor(&work))
                return EXIT_NOT_CARRIED_OUT;
        return carry_out(&work);
}
