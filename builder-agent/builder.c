/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The frame of a verb. */

#include "builder-agent/builder.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "proto/codec.h"

#define DEFAULT_KEY "builder"

static void builder_deinit(Builder *builder) {
        builder->session = session_free(builder->session);
        project_deinit(&builder->project);
}

int builder_run(const Args *args, int (*body)(Builder *builder, Fault *reterr_fault)) {
        cleanup(builder_deinit) Builder builder = {
                .args = args, .is_json = args_has(args, "json"), .status = EXIT_HOLDS};
        Fault fault = FAULT_INIT;
        int r = project_open(args, &builder.project, &fault);

        if (r == 0)
                r = body(&builder, &fault);
        if (r == 0)
                return builder.status;
        if (r > 0)
                return args_refuse(args, &fault, refusal_exit_status(&fault));
        fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}

int builder_connect(Builder *builder, Fault *reterr_fault) {
        cleanup_free char *key = project_key_path(&builder->project, builder->args, DEFAULT_KEY);
        int r = session_new(&builder->project, key, "builder-agent " COLDGATE_VERSION,
                            &builder->session, reterr_fault);

        if (r > 0)
                return BUILDER_E_REFUSED;
        TRY(r);
        r = session_connect(builder->session, ANSWER_MS, reterr_fault);
        return r > 0 ? BUILDER_E_REFUSED : r;
}

int builder_check(const Message *message, Fault *reterr_fault) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        if (codec_encode(message, &frame, &fault) == 0)
                return 0;
        codec_fault_to_fault(&fault, reterr_fault);
        reterr_fault->rule = "argument-value";
        return BUILDER_E_REFUSED;
}

int builder_call(Builder *builder, const Message *entry, uint64_t *ret_seq, Fault *reterr_fault) {
        int r = session_call(builder->session, entry, ANSWER_MS, ret_seq, reterr_fault);

        return r > 0 ? BUILDER_E_REFUSED : r;
}

static int ask(Builder *builder, struct ask question, MessageType type, Arena *arena,
               Message *ret_answer, Fault *fault) {
        Message message = {.type = MESSAGE_ASK, .ask = question};
        int r;

        message_set_present(&message);
        r = builder_check(&message, fault);
        if (r != 0)
                return r;
        r = session_ask(builder->session, &message, type, ANSWER_MS, arena, ret_answer, fault);
        return r > 0 ? BUILDER_E_REFUSED : r;
}

int builder_ask_status(Builder *builder, const char *phase, Arena *arena, struct status *ret_status,
                       Fault *reterr_fault) {
        struct ask question = {.question = QUESTION_STATUS, .phase = slice_text(phase)};
        Message answer;
        int r = ask(builder, question, MESSAGE_STATUS, arena, &answer, reterr_fault);

        if (r != 0)
                return r;
        if (phase && answer.status.n_phases == 0) {
                fault_set(reterr_fault, "phase-unknown", "there is no phase `%s`", phase);
                fault_next(reterr_fault, "builder-agent status, or broker plan approve FILE");
                return BUILDER_E_REFUSED;
        }
        *ret_status = answer.status;
        return 0;
}

int builder_ask_entry(Builder *builder, uint64_t seq, Arena *arena, struct entry *ret_entry,
                      Message *ret_body, Fault *reterr_fault) {
        struct ask question = {.question = QUESTION_ENTRY, .seq = seq};
        CodecFault codec_fault;
        Message answer;
        int r = ask(builder, question, MESSAGE_ENTRY, arena, &answer, reterr_fault);

        if (r != 0)
                return r;
        *ret_entry = answer.entry;
        if (codec_decode(answer.entry.frame, arena, ret_body, &codec_fault) == 0)
                return 0;
        codec_fault_to_fault(&codec_fault, reterr_fault);
        return BUILDER_E_REFUSED;
}

const char *builder_get_phase(const Args *args) {
        return args->n_rest ? args->rest[0] : args_get(args, "phase");
}

void builder_print(const Buf *text) {
        (void)fwrite(buf_get_text(text), 1, text->n, stdout);
        (void)fflush(stdout);
}
