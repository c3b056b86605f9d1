/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The second verification of a gate, and what of it may be told. */

#include "adversary-agent/sealed.h"

#include <errno.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/seal.h"

/* No word of a sealed check leaves by way of progress. */
static void report(void *userdata, const char *what, size_t n_done, size_t n_total) {
        const VerifyProgress *progress = userdata;

        (void)what;
        if (progress->report)
                progress->report(progress->userdata, "sealed checks", n_done, n_total);
}

static bool is_cancelled(void *userdata) {
        const VerifyProgress *progress = userdata;

        return progress->is_cancelled && progress->is_cancelled(progress->userdata);
}

/* ---- evidence ---- */

/* With salt in it, so that who guesses the check cannot see from the digest that he is right. */
static int keep(const SealedRun *sealed, Slice frame, Hash *ret_digest) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf salted = BUF_INIT(FRAME_MAX);
        uint8_t salt[SEAL_SALT_BYTES];
        cleanup_free char *path = NULL;
        char hex[HASH_HEX + 1];
        CodecFault fault;
        Message evidence;

        random_bytes(salt, sizeof salt);
        if (codec_decode(frame, &arena, &evidence, &fault) != 0)
                return error_origin(-EINVAL);
        evidence.check_evidence.salt = slice_make(salt, sizeof salt);
        message_set_present(&evidence);
        if (codec_encode(&evidence, &salted, &fault) != 0)
                return error_origin(-EINVAL);
        hash_of(buf_get(&salted), ret_digest);
        hex_encode(hash_slice(ret_digest), hex);
        path = mem_printf("%s/%s", sealed->kept, hex);
        TRY(dir_make(sealed->kept, 0700));
        return file_write_atomic(path, buf_get(&salted), 0600);
}

static Slice find_frame(const VerifyResult *result, Slice digest) {
        for (size_t i = 0; i < result->n_evidence; i++)
                if (slice_equal(hash_slice(&result->evidence[i].digest), digest))
                        return result->evidence[i].frame;
        return SLICE_NULL;
}

/* ---- what is told ---- */

static int tell_one(const SealedRun *sealed, const VerifyResult *hidden, size_t index,
                    VerifyResult *result) {
        const struct check_result *from = &hidden->verdict.checks[index];
        struct check_result *to = &result->verdict.sealed[index];
        Slice frame = find_frame(hidden, from->evidence);
        Hash digest;

        *to = (struct check_result){
                .check = slice_text(arena_printf(&result->arena, "sealed.%zu", index + 1)),
                .outcome = from->outcome,
                .duration_ms = from->duration_ms,
                .attempts = from->attempts,
                .seen_red = from->seen_red,
        };
        if (!frame.n)
                return 0;
        TRY(keep(sealed, frame, &digest));
        to->evidence = arena_slice(&result->arena, hash_slice(&digest));
        return 0;
}

static void decide(VerifyResult *result, Decision decision, const char *summary) {
        result->verdict.decision = decision;
        result->verdict.reason = slice_text("sealed");
        result->verdict.summary = slice_text(summary);
        result->verdict.reproduce = SLICE_NULL; /* it would show a PASS */
}

static int tell(const SealedRun *sealed, const VerifyResult *hidden, VerifyResult *result) {
        const struct verdict *verdict = &hidden->verdict;
        size_t n_bad = 0;

        result->verdict.sealed =
                arena_alloc_array(&result->arena, verdict->n_checks, sizeof(struct check_result));
        for (size_t i = 0; i < verdict->n_checks; i++) {
                TRY(tell_one(sealed, hidden, i, result));
                n_bad += verdict->checks[i].outcome != OUTCOME_PASS &&
                         verdict->checks[i].outcome != OUTCOME_WARN;
        }
        result->verdict.n_sealed = verdict->n_checks;
        if (verdict->decision == DECISION_PASS)
                return 0;
        /* Logs are read by more people than the file. */
        log_write(
                LOG_INFO,
                "%zu of %zu sealed checks of %.*s did not pass; `adversary-agent verify` with the "
                "sealed file shows them, their evidence is in %s",
                n_bad, verdict->n_checks, SLICE_ARGS(verdict->gate), sealed->kept);
        decide(result, verdict->decision,
               arena_printf(&result->arena, "%zu of %zu sealed checks %s", n_bad, verdict->n_checks,
                            verdict->decision == DECISION_FAIL ? "did not hold"
                                                               : "could not be carried out"));
        return 0;
}

static int run(const SealedRun *sealed, const Plan *plan, const VerifyRequest *request,
               VerifyResult *result) {
        cleanup(verify_result_deinit) VerifyResult hidden = {.kept = NULL};
        VerifyProgress progress = request->progress;
        VerifyRequest second = *request;
        int r;

        for (size_t i = 0; i < plan->n_gates; i++)
                if (!plan_find_gate(request->plan, plan->gates[i].id))
                        log_write(LOG_WARNING,
                                  "sealed checks of gate %.*s: the plan has no such gate",
                                  SLICE_ARGS(plan->gates[i].id));
        second.plan = plan;
        second.plan_file = "SEALED-FILE";
        second.gate = plan_find_gate(plan, request->gate->id);
        if (!second.gate)
                return 0;
        second.plan_path = NULL;
        second.carry = NULL;
        second.answers = NULL;
        second.n_answers = 0;
        second.locks = (VerifyLocks){.take = NULL};
        second.progress = (VerifyProgress){
                .userdata = &progress, .report = report, .is_cancelled = is_cancelled};
        r = verify_run(&second, &hidden);
        if (r != 0)
                return r;
        result->verdict.duration_ms += hidden.verdict.duration_ms;
        return tell(sealed, &hidden, result);
}

int sealed_verify(const SealedRun *sealed, const VerifyRequest *request, VerifyResult *result) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;

        result->verdict.seal = arena_slice(&result->arena, sealed->digest);
        if (result->verdict.decision != DECISION_PASS || result->verdict.carried_from)
                return 0;
        /* What the lint has learned since is no word against what was sealed. */
        if (plan_parse_approved("sealed", sealed->text, &plan, &fault, 1, &n_faults) == 0)
                return run(sealed, &plan, request, result);
        log_write(LOG_ERROR, "the sealed file cannot be read: %s", fault.rule);
        decide(result, DECISION_INCONCLUSIVE, "the adversary has lost what it sealed");
        return 0;
}
