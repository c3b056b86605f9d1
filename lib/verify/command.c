/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Start, wait, look, judge. */

#include "verify/command.h"

#include "base/error.h"
#include "verify/kind.h"
#include "verify/left.h"

enum { KEPT_END_BYTES = 64 << 10 };

int command_run(AttemptSetting *setting, const Check *check, bool force_copy, Attempt *attempt,
                CommandRun *ret_run) {
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        SandboxSpec *spec = &ret_run->spec;
        uint64_t memory_kills = attempt_memory_kills();
        int r;

        *ret_run = (CommandRun){.facts = {.command_is_product = false}};
        TRY(attempt_prepare(setting, check, &attempt->arena, spec));
        spec->force_copy = force_copy;
        if (check->kind == CHECK_LOG || (check->kind == CHECK_REPORT && !check->report.file.n))
                spec->limits.keep_head = COMMAND_KEEP_BYTES;
        attempt->env = spec->env;
        attempt->argv = spec->argv;
        TRY(sandbox_start(setting->request->runner, spec, &sandbox));
        r = attempt_follow(setting, sandbox, &attempt->sandbox);
        if (r != 0)
                return r;
        attempt->has_sandbox = true;
        attempt_get_facts(spec, &ret_run->facts);
        ret_run->facts.memory_ran_out = attempt_memory_kills() != memory_kills;
        /* Those beside it, of the same check, are no others. */
        ret_run->facts.fill =
                scratch_look(spec->scratch, setting->room_bytes / size_max(setting->n_beside, 1),
                             setting->disk_bytes);
        return 0;
}

bool command_is_observable(const Check *check, const Attempt *attempt) {
        SandboxEnd end = attempt->sandbox.end;

        return end == SANDBOX_EXITED ||
               (end == SANDBOX_SIGNALED && check_expects(check, SUBJECT_SIGNAL));
}

static ObservedStream observe(const SandboxStream *stream) {
        return (ObservedStream){.head = buf_get(&stream->head),
                                .tail = buf_get(&stream->tail),
                                .is_cut = stream->is_cut};
}

/* The runner reads the streams apart: what one of them printed stays together. */
static ObservedStream observe_both(const Attempt *attempt, Arena *arena) {
        const SandboxStream *streams[] = {&attempt->sandbox.out, &attempt->sandbox.err};
        cleanup_buf Buf both = BUF_TEXT;
        bool is_cut = false;

        for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
                if (both.n && both.data[both.n - 1] != '\n')
                        buf_byte(&both, '\n');
                buf_slice(&both, buf_get(&streams[i]->head));
                if (!streams[i]->is_cut)
                        buf_slice(&both, buf_get(&streams[i]->tail));
                is_cut |= streams[i]->is_cut;
        }
        return (ObservedStream){.head = arena_slice(arena, buf_get(&both)), .is_cut = is_cut};
}

void command_observe(const CommandRun *run, const Check *check, Attempt *attempt,
                     Observed *ret_observed) {
        const SandboxOutcome *outcome = &attempt->sandbox;

        *ret_observed = (Observed){
                .exit_status = outcome->end == SANDBOX_EXITED ? outcome->status : -1,
                .signal = outcome->end == SANDBOX_SIGNALED ? outcome->signal : 0,
                .out = observe(&outcome->out),
                .err = observe(&outcome->err),
                .duration_ms = outcome->wall_ms,
        };
        if (check_expects(check, SUBJECT_OUTPUT))
                ret_observed->output = observe_both(attempt, &attempt->arena);
        if (check_expects(check, SUBJECT_FILES))
                left_observe(&run->spec, check, &attempt->arena, ret_observed);
}

void command_judge(const CommandRun *run, const Assertions *assertions, Attempt *attempt) {
        attempt->results = assertions->items;
        attempt->n_results = assertions->n;
        if (attempt->sandbox.end == SANDBOX_SIGNALED && assertions->n)
                judge_assertions(attempt->results, attempt->n_results, &attempt->judgement);
        else
                judge_run(&attempt->sandbox, &run->facts, attempt->results, attempt->n_results,
                          &attempt->judgement);
}

void command_drop(const AttemptSetting *setting, const CommandRun *run) {
        attempt_drop(setting, &run->spec);
}

void command_assert_status(const Check *check, const Attempt *attempt, Assertions *assertions) {
        int status = attempt->sandbox.status;

        if (!check_expects(check, SUBJECT_EXIT_STATUS) && !check_expects(check, SUBJECT_SIGNAL))
                assertions_add(assertions, SIGHTING_EXIT_STATUS, "exit-status.equals", status == 0,
                               "0", "%d", status);
}

static void keep(Attempt *attempt, AttemptStream stream) {
        Slice tail = stream.tail;

        if (attempt->n_kept == ATTEMPT_KEPT_MAX)
                return;
        stream.head = arena_slice(&attempt->arena, slice_head(stream.head, KEPT_END_BYTES));
        if (stream.head.n + tail.n > stream.n_bytes)
                tail = slice_from(tail, stream.head.n + tail.n - (size_t)stream.n_bytes);
        if (tail.n > KEPT_END_BYTES)
                tail = slice_from(tail, tail.n - KEPT_END_BYTES);
        stream.tail = arena_slice(&attempt->arena, tail);
        attempt->kept[attempt->n_kept++] = stream;
}

void attempt_keep_stream(Attempt *attempt, const char *name, Slice bytes) {
        AttemptStream stream = {.name = name, .n_bytes = bytes.n, .head = bytes, .tail = bytes};

        hash_of(bytes, &stream.hash);
        keep(attempt, stream);
}

void attempt_keep_file(Attempt *attempt, const ObservedFile *file) {
        keep(attempt, (AttemptStream){.name = "file",
                                      .n_bytes = file->size,
                                      .hash = file->sha256,
                                      .head = file->content.head,
                                      .tail = file->content.tail.n ? file->content.tail
                                                                   : file->content.head});
}
