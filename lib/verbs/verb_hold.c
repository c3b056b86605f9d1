/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A resource is held by an entry of the ledger, not by this process: its number is the fencing
 * token, and the broker ends the hold when its time is over whatever happens here. With a command
 * the hold ends with it, on every way out but SIGKILL.
 */

#include "verbs/agent.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "proto/describe.h"
#include "verbs/child.h"
#include "verbs/verb_say.h"
#include "verbs/waiting.h"

enum { GRACE_MS = 10000 };

typedef struct Hold {
        Talk *talk;
        Say say; /* its message is the hold's */
        uint64_t seq;
        bool is_granted, is_over;
        uint64_t until_ms; /* wall time, once granted */
        char *why_over;
        Waiting waiting;
        Child child;
} Hold;

static void hold_deinit(Hold *hold) {
        child_end(&hold->child);
        waiting_end(&hold->waiting);
        say_deinit(&hold->say);
        free(hold->why_over);
}

static const struct hold *wanted(const Hold *hold) {
        return &hold->say.message.hold;
}

/* ---- what comes ---- */

static void set_over(Hold *hold, Slice why) {
        hold->is_over = true;
        free(hold->why_over);
        hold->why_over = mem_strndup((const char *)why.data, why.n);
}

static bool on_entry(void *userdata, const struct entry *entry, const Message *body) {
        Hold *hold = userdata;

        if (body->type == MESSAGE_GRANT && body->grant.hold == hold->seq) {
                hold->is_granted = true;
                hold->until_ms = entry->received_ms + wanted(hold)->hold_ms;
        } else if (body->type == MESSAGE_EXPIRE && body->expire.hold == hold->seq) {
                set_over(hold, body->expire.why);
        } else if (body->type == MESSAGE_RELEASE && body->release.hold == hold->seq) {
                set_over(hold,
                         body->release.why.n ? body->release.why : slice_text("it was released"));
        } else {
                return false;
        }
        return true;
}

static void describe(void *userdata, Buf *text) {
        const Hold *hold = userdata;

        buf_printf(text, "H-%" PRIu64 ": waiting for ", hold->seq);
        text_make_visible(wanted(hold)->resource, false, text);
}

/* ---- saying it ---- */

static void say_json(const Hold *hold, Buf *text) {
        buf_printf(text, "{\"version\":1,\"hold\":{\"seq\":%" PRIu64 ",\"name\":\"H-%" PRIu64 "\"",
                   hold->seq, hold->seq);
        buf_text(text, ",\"resource\":");
        describe_json_string(wanted(hold)->resource, text);
        buf_printf(text, ",\"lock\":\"%s\",\"granted\":%s",
                   word_of(&words_LOCK, (int)wanted(hold)->lock),
                   hold->is_granted ? "true" : "false");
        if (hold->is_granted)
                buf_printf(text, ",\"fence\":%" PRIu64 ",\"until_ms\":%" PRIu64, hold->seq,
                           hold->until_ms);
        buf_printf(text, "},\"exit\":%d}\n", hold->talk->status);
}

static void say_granted(const Hold *hold, Buf *text) {
        char until[TIME_TEXT_BYTES];

        time_format_second(hold->until_ms, until);
        buf_printf(text, "H-%" PRIu64 ": you have ", hold->seq);
        text_make_visible(wanted(hold)->resource, false, text);
        buf_printf(text,
                   " until %s; its fencing token is %" PRIu64 ", later ones are higher; "
                   "when you are done, give it back\n"
                   "  next: %s release H-%" PRIu64 "\n",
                   until, hold->seq, hold->talk->args->program->name, hold->seq);
}

/* Who has it, for who does not get it. */
static void say_owners(const Hold *hold, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        struct status status;

        if (talk_ask_status(hold->talk, NULL, &arena, &status, &fault) != 0)
                return; /* it is only a hint */
        for (size_t i = 0; i < status.n_holds; i++) {
                const struct hold_status *other = &status.holds[i];
                char until[TIME_TEXT_BYTES];

                if (other->state != HOLD_STATE_HELD ||
                    !slice_equal(other->resource, wanted(hold)->resource))
                        continue;
                time_format_second(other->deadline_ms, until);
                buf_printf(text, "  held by ");
                text_make_visible(other->who, false, text);
                buf_printf(text, " (H-%" PRIu64 "), until %s at the latest\n", other->hold, until);
        }
}

static void say_option(const Args *args, const char *name, Buf *text) {
        if (!args_get(args, name))
                return;
        buf_printf(text, " --%s ", name);
        text_quote(args_get(args, name), text);
}

/* The same, waiting. */
static void say_command(const Args *args, Buf *text) {
        buf_printf(text, "  next: %s hold ", args->program->name);
        text_quote(args->rest[0], text);
        buf_text(text, args_has(args, "shared") ? " --shared" : "");
        say_option(args, "for", text);
        say_option(args, "why", text);
        buf_text(text, args->n_rest > 1 ? " --wait --" : " --wait");
        for (size_t i = 1; i < args->n_rest; i++) {
                buf_byte(text, ' ');
                text_quote(args->rest[i], text);
        }
        buf_byte(text, '\n');
}

static void say_not_granted(const Hold *hold, Buf *text) {
        buf_printf(text, "H-%" PRIu64 ": you do not have ", hold->seq);
        text_make_visible(wanted(hold)->resource, false, text);
        buf_text(text, ": ");
        text_make_visible(slice_text(hold->why_over), false, text);
        buf_text(text,
                 args_has(hold->talk->args, "wait") ? "\n" : "; --wait waits for your turn\n");
        say_owners(hold, text);
        if (!args_has(hold->talk->args, "wait"))
                say_command(hold->talk->args, text);
}

static void say_outcome(const Hold *hold) {
        cleanup_buf Buf text = BUF_TEXT;

        if (hold->talk->is_json)
                say_json(hold, &text);
        else if (hold->is_granted)
                say_granted(hold, &text);
        else
                say_not_granted(hold, &text);
        talk_print(&text);
}

/* ---- getting it ---- */

/* The hold is given back, or waited for no more. What cannot be said now is said later: the outbox
 * keeps it, and the broker ends the hold in its time. */
static void release(Hold *hold, const char *why) {
        Message message = {
                .type = MESSAGE_RELEASE,
                .release = {.hold = hold->seq, .why = slice_text(why)},
        };
        Fault fault = FAULT_INIT;
        uint64_t seq;
        int r;

        if (hold->is_over)
                return;
        message_set_present(&message);
        r = talk_call(hold->talk, &message, &seq, &fault);
        if (r != 0)
                (void)fprintf(stderr, "%s: H-%" PRIu64 " is not released yet: %s\n",
                              hold->talk->args->program->name, hold->seq,
                              r > 0 ? fault.found : "an error");
        set_over(hold, slice_text(why));
}

/* As waiting_run. */
static int wait_for_turn(Hold *hold, Fault *fault) {
        int r = 0;

        while (r == 0 && !hold->is_granted && !hold->is_over)
                r = waiting_run(&hold->waiting, fault);
        if (r == WAITING_E_INTERRUPTED || r == WAITING_E_TIMEOUT) {
                release(hold, r == WAITING_E_TIMEOUT ? "it was not free in time" : "interrupted");
                hold->talk->status = r == WAITING_E_TIMEOUT ? EXIT_PENDING : EXIT_INTERRUPTED;
                return 0;
        }
        if (r == 0 && !hold->is_granted)
                hold->talk->status = EXIT_PENDING;
        return r;
}

static int ask(Hold *hold, Fault *fault) {
        TalkPort port;
        int r;

        talk_port_init(&port, hold->talk, talk_find_commit);
        say_init(&hold->say, hold->talk->args, &port.port, clock_wall_ms());
        r = say_fill(&hold->say, fault);
        if (r == 0)
                r = talk_connect(hold->talk, fault);
        if (r == 0)
                r = waiting_start_thorough(&hold->waiting);
        if (r == 0)
                r = talk_call(hold->talk, &hold->say.message, &hold->seq, fault);
        hold->waiting.cursor = hold->seq;
        if (wanted(hold)->wait_ms) /* the broker ends it; we, if the broker is away */
                hold->waiting.deadline_ms = clock_mono_ms() + wanted(hold)->wait_ms + ANSWER_MS;
        return r;
}

/* ---- the command ---- */

static int start_command(Hold *hold) {
        cleanup_free char *fence = mem_printf("COLDGATE_FENCE=%" PRIu64, hold->seq);
        cleanup_free char *resource =
                mem_printf("COLDGATE_RESOURCE=%.*s", SLICE_ARGS(wanted(hold)->resource));
        const char *const variables[] = {fence, resource};
        const Args *args = hold->talk->args;
        const char *argv[ARGUMENTS_MAX + 1] = {NULL};

        for (size_t i = args->n_plain; i < args->n_rest; i++)
                argv[i - args->n_plain] = args->rest[i];
        return child_start(&hold->child, argv, variables, ARRAY_SIZE(variables));
}

/* The hold has ended under the command: another may have the resource now. */
static void stop_command(Hold *hold, const char *why) {
        (void)fprintf(stderr, "%s: H-%" PRIu64 " has ended: %s; the command is stopped\n",
                      hold->talk->args->program->name, hold->seq, why);
        child_signal(&hold->child, SIGTERM);
        hold->waiting.deadline_ms = clock_mono_ms() + GRACE_MS;
        hold->talk->status = EXIT_STALE;
}

/* It was asked to end and had its time. */
static void kill_command(Hold *hold) {
        child_signal(&hold->child, SIGKILL);
        hold->waiting.deadline_ms = UINT64_MAX;
}

/* Until the command has ended. */
static int watch_command(Hold *hold, Fault *fault) {
        for (;;) {
                int r = waiting_run(&hold->waiting, fault);

                if (r == WAITING_E_OTHER)
                        return 0;
                if (r == WAITING_E_INTERRUPTED)
                        child_signal(&hold->child, hold->waiting.signal);
                else if (r == WAITING_E_TIMEOUT)
                        kill_command(hold);
                else if (r == 0 && hold->is_over && hold->talk->status == EXIT_HOLDS)
                        stop_command(hold, hold->why_over);
                else if (r != 0)
                        return r;
        }
}

static int run_command(Hold *hold, Fault *fault) {
        int r = start_command(hold), status;

        hold->waiting.describe = NULL;
        hold->waiting.deadline_ms = UINT64_MAX;
        hold->waiting.has_other_fd = true;
        hold->waiting.other_fd = hold->child.pidfd;
        if (r == 0)
                r = watch_command(hold, fault);
        if (r != 0)
                child_stop(&hold->child, GRACE_MS);
        if (hold->child.pid) {
                TRY(child_wait(&hold->child, &status));
                if (hold->talk->status == EXIT_HOLDS)
                        hold->talk->status = status;
        }
        release(hold, "the command has ended");
        return r;
}

/* ---- the verb ---- */

static int check(const Talk *talk, Fault *fault) {
        const Args *args = talk->args;

        if (args->n_plain != 1) {
                fault_set(fault, "argument-count", "%zu arguments given; wanted: RESOURCE",
                          args->n_plain);
                fault_next(fault, "a command comes behind --: %s hold RESOURCE -- COMMAND",
                           args->program->name);
                return TALK_E_REFUSED;
        }
        if (talk->is_json && args->n_rest > 1) {
                fault_set(fault, "option-value",
                          "with a command, standard output is the command's: no --json");
                fault_next(fault, "leave --json out, or the command");
                return TALK_E_REFUSED;
        }
        return 0;
}

static int get_hold(Talk *talk, Fault *reterr_fault) {
        cleanup(hold_deinit) Hold hold = {
                .talk = talk,
                .waiting = {.talk = talk,
                            .deadline_ms = UINT64_MAX,
                            .on_entry = on_entry,
                            .describe = describe,
                            .signal_fd = -1},
                .child = CHILD_INIT,
        };
        int r = check(talk, reterr_fault);

        hold.waiting.userdata = &hold;
        if (r == 0)
                r = ask(&hold, reterr_fault);
        if (r == 0)
                r = wait_for_turn(&hold, reterr_fault);
        if (r != 0)
                return r;
        if (!hold.is_granted || hold.is_over || talk->args->n_rest == 1) {
                if (hold.is_over)
                        hold.is_granted = false;
                say_outcome(&hold);
                return 0;
        }
        return run_command(&hold, reterr_fault);
}

int agent_hold(const Args *args) {
        return talk_run(args, get_hold);
}
