/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The frame of an agent's verb. */

#include "verbs/talk.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "proto/codec.h"

static void talk_deinit(Talk *talk) {
        talk->session = session_free(talk->session);
        project_deinit(&talk->project);
}

int talk_run(const Args *args, int (*body)(Talk *talk, Fault *reterr_fault)) {
        cleanup(talk_deinit) Talk talk = {.args = args,
                                          .is_json = args_has(args, "json"),
                                          .answer_ms = ANSWER_MS,
                                          .status = EXIT_HOLDS};
        Fault fault = FAULT_INIT;
        int r = project_open(args, &talk.project, &fault);

        if (r == 0)
                r = body(&talk, &fault);
        if (r == 0)
                return talk.status;
        if (r > 0)
                return args_refuse(args, &fault, refusal_exit_status(&fault));
        fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}

int talk_connect(Talk *talk, Fault *reterr_fault) {
        const char *program = talk->args->program->name;
        cleanup_free char *role = mem_strndup(program, strcspn(program, "-"));
        cleanup_free char *key = project_key_path(&talk->project, talk->args, role);
        cleanup_free char *hello = mem_printf("%s %s", program, COLDGATE_VERSION);
        int r = session_new(&talk->project, key, hello, &talk->session, reterr_fault);

        if (r > 0)
                return TALK_E_REFUSED;
        TRY(r);
        r = session_connect(talk->session, talk->answer_ms, reterr_fault);
        return r > 0 ? TALK_E_REFUSED : r;
}

int talk_check(const Message *message, Fault *reterr_fault) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        if (codec_encode(message, &frame, &fault) == 0)
                return 0;
        codec_fault_to_fault(&fault, reterr_fault);
        reterr_fault->rule = "argument-value";
        return TALK_E_REFUSED;
}

int talk_call(Talk *talk, const Message *entry, uint64_t *ret_seq, Fault *reterr_fault) {
        int r = session_call(talk->session, entry, talk->answer_ms, ret_seq, reterr_fault);

        return r > 0 ? TALK_E_REFUSED : r;
}

static int ask(Talk *talk, struct ask question, MessageType type, Arena *arena, Message *ret_answer,
               Fault *fault) {
        Message message = {.type = MESSAGE_ASK, .ask = question};
        int r;

        message_set_present(&message);
        r = talk_check(&message, fault);
        if (r != 0)
                return r;
        r = session_ask(talk->session, &message, type, talk->answer_ms, arena, ret_answer, fault);
        return r > 0 ? TALK_E_REFUSED : r;
}

int talk_ask_status(Talk *talk, const char *phase, Arena *arena, struct status *ret_status,
                    Fault *reterr_fault) {
        struct ask question = {.question = QUESTION_STATUS, .phase = slice_text(phase)};
        Message answer;
        int r = ask(talk, question, MESSAGE_STATUS, arena, &answer, reterr_fault);

        if (r != 0)
                return r;
        if (phase && answer.status.n_phases == 0) {
                fault_set(reterr_fault, "phase-unknown", "there is no phase `%s`", phase);
                fault_next(reterr_fault, "`status` shows the phases; or broker plan approve FILE");
                return TALK_E_REFUSED;
        }
        *ret_status = answer.status;
        return 0;
}

int talk_ask_entry(Talk *talk, uint64_t seq, Arena *arena, struct entry *ret_entry,
                   Message *ret_body, Fault *reterr_fault) {
        struct ask question = {.question = QUESTION_ENTRY, .seq = seq};
        CodecFault codec_fault;
        Message answer;
        int r = ask(talk, question, MESSAGE_ENTRY, arena, &answer, reterr_fault);

        if (r != 0)
                return r;
        *ret_entry = answer.entry;
        if (codec_decode(answer.entry.frame, arena, ret_body, &codec_fault) == 0)
                return 0;
        codec_fault_to_fault(&codec_fault, reterr_fault);
        return TALK_E_REFUSED;
}

const char *talk_get_phase(const Args *args) {
        return args->n_rest ? args->rest[0] : args_get(args, "phase");
}

void talk_print(const Buf *text) {
        (void)fwrite(buf_get_text(text), 1, text->n, stdout);
        (void)fflush(stdout);
}
