/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The broker as a process: its start and its end, its operator's verbs on both ways, kills. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "broker/ledger.h"
#include "proto/codec.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 10000,
        N_ROUNDS = 3,
        N_NOTES = 120, /* of one round */
        KILL_AFTER = 40,
};

static mode_t mode_of(const RealBroker *broker, const char *path) {
        cleanup_free char *full = mem_printf("%s/.coldgate/%s", broker->dir, path);
        struct stat facts;

        CHECK(stat(full, &facts) == 0);
        return facts.st_mode & 0777;
}

static void check_refused(const RealBroker *broker, int status, const char *rule,
                          const char *const *words) {
        cleanup_buf Buf err = BUF_TEXT;

        CHECK_EQ_INT(real_broker_verb_argv(broker, NULL, &err, words), status);
        CHECK_CONTAINS(buf_get_text(&err), rule);
}
#define CHECK_REFUSED(broker, status, rule, ...)                                                   \
        check_refused((broker), (status), (rule), (const char *[]){__VA_ARGS__, NULL})

TEST(init_makes_keys_that_only_their_owner_reads) {
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        CHECK_EQ_INT(mode_of(&broker, "keys"), 0700);
        CHECK_EQ_INT(mode_of(&broker, "keys/broker"), 0600);
        CHECK_EQ_INT(mode_of(&broker, "keys/operator"), 0600);
        CHECK_EQ_INT(mode_of(&broker, "keys/builder"), 0600);
        CHECK_EQ_INT(mode_of(&broker, "keys/adversary"), 0600);
        CHECK_EQ_INT(mode_of(&broker, "ledger.db"), 0600);
}

TEST(init_leaves_a_project_alone) {
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        CHECK_REFUSED(&broker, EXIT_USAGE, "project-exists", "init");
        real_broker_do(&broker, NULL, "verify");
}

TEST(an_interrupted_init_is_taken_up_again) {
        cleanup_real_broker RealBroker broker;
        cleanup_free char *ledger = NULL;
        cleanup_buf Buf out = BUF_TEXT;

        real_broker_init(&broker);
        ledger = mem_printf("%s/.coldgate/ledger.db", broker.dir);
        CHECK(unlink(ledger) == 0);
        real_broker_do(&broker, NULL, "init");
        real_broker_do(&broker, &out, "verify");
        CHECK_CONTAINS(buf_get_text(&out), "ledger holds: 4 entries");
}

TEST(a_second_broker_is_refused_and_told_which_process_has_it) {
        cleanup_real_broker RealBroker broker;
        char pid[32];

        real_broker_init(&broker);
        real_broker_start(&broker);
        (void)snprintf(pid, sizeof pid, "process %d", (int)process_get_pid(broker.process));
        CHECK_REFUSED(&broker, EXIT_NOT_CARRIED_OUT, "ledger-locked", "run");
        CHECK_REFUSED(&broker, EXIT_NOT_CARRIED_OUT, pid, "run");
        CHECK(process_is_running(broker.process));
}

TEST(an_operator_is_answered_the_same_with_and_without_a_broker) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf before = BUF_TEXT, with = BUF_TEXT;

        real_broker_init(&broker);
        real_broker_do(&broker, NULL, "keygen", "ada");
        real_broker_do(&broker, NULL, "keygen", "bob");
        real_broker_do(&broker, &before, "admit", "ada", "observer", ".coldgate/keys/ada.pub");
        real_broker_start(&broker);
        real_broker_do(&broker, &with, "admit", "bob", "observer", ".coldgate/keys/bob.pub");
        CHECK_CONTAINS(buf_get_text(&before), "admitted ada as observer: entry 5, key ");
        CHECK_CONTAINS(buf_get_text(&with), "admitted bob as observer: entry 6, key ");
}

TEST(a_refusal_is_the_same_with_and_without_a_broker) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf before = BUF_TEXT, with = BUF_TEXT;

        real_broker_init(&broker);
        CHECK_EQ_INT(real_broker_verb(&broker, NULL, &before, "revoke", "eve", "--why", "x"),
                     EXIT_NOTHING_SELECTED);
        real_broker_start(&broker);
        CHECK_EQ_INT(real_broker_verb(&broker, NULL, &with, "revoke", "eve", "--why", "x"),
                     EXIT_NOTHING_SELECTED);
        CHECK_CONTAINS(buf_get_text(&before), "revoke-unknown");
        CHECK_EQ_TEXT(buf_get_text(&with), buf_get_text(&before));
}

TEST(who_is_not_an_operator_admits_nobody) {
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        real_broker_do(&broker, NULL, "keygen", "eve");
        CHECK_REFUSED(&broker, EXIT_NOT_AUTHORISED, "role-forbids", "admit", "eve", "adversary",
                      ".coldgate/keys/eve.pub", "--key", ".coldgate/keys/builder");
        real_broker_start(&broker);
        CHECK_REFUSED(&broker, EXIT_NOT_AUTHORISED, "role-forbids", "admit", "eve", "adversary",
                      ".coldgate/keys/eve.pub", "--key", ".coldgate/keys/builder");
}

TEST(a_stranger_knocks_at_each_start_and_is_refused) {
        cleanup_real_broker RealBroker broker;
        const char *const env[] = {"COLDGATE_LOG=debug", NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER"), "run"}, .env = env};

        real_broker_init(&broker);
        spec.cwd = broker.dir;
        broker.process = process_start(&spec);
        process_wait_text(broker.process, "a stranger was refused", ANSWER_MS);
        real_broker_stop(&broker);
}

TEST(an_unknown_key_gets_nothing) {
        cleanup_real_broker RealBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;

        real_broker_init(&broker);
        real_broker_do(&broker, NULL, "keygen", "eve");
        real_broker_start(&broker);
        session = real_broker_session(&broker, "eve");
        CHECK(session_connect(session, 1500, &fault) > 0);
        CHECK(!session_is_connected(session));
        CHECK_EQ_TEXT(session_get_name(session), "");
}

TEST(a_revoked_key_is_refused_at_once_in_mid_session) {
        cleanup_real_broker RealBroker broker;
        cleanup(session_freep) Session *session = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Message question = {.type = MESSAGE_ASK, .ask = {.question = QUESTION_STATUS}}, answer;
        Fault fault = FAULT_INIT;

        real_broker_init(&broker);
        real_broker_start(&broker);
        session = real_broker_session(&broker, "builder");
        message_set_present(&question);
        CHECK_EQ_INT(session_connect(session, ANSWER_MS, &fault), 0);
        CHECK_EQ_INT(
                session_ask(session, &question, MESSAGE_STATUS, ANSWER_MS, &arena, &answer, &fault),
                0);
        real_broker_do(&broker, NULL, "revoke", "builder", "--why", "lost");
        CHECK_EQ_INT(
                session_ask(session, &question, MESSAGE_STATUS, ANSWER_MS, &arena, &answer, &fault),
                SESSION_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "key-revoked");
}

TEST(readers_work_with_and_without_a_broker) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf with = BUF_TEXT, without = BUF_TEXT;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        real_broker_start(&broker);
        real_broker_do(&broker, &with, "log");
        real_broker_do(&broker, NULL, "status", "m");
        real_broker_do(&broker, NULL, "show", "R-5");
        real_broker_do(&broker, NULL, "verify");
        real_broker_stop(&broker);
        real_broker_do(&broker, &without, "log");
        real_broker_do(&broker, NULL, "status", "m");
        CHECK_EQ_TEXT(buf_get_text(&without), buf_get_text(&with));
}

/* ---- rendered files ---- */

static void docs_path(const RealBroker *broker, const char *name, char ret_path[512]) {
        (void)snprintf(ret_path, 512, "%s/.coldgate/docs/%s", broker->dir, name);
}

static bool files_are_current(void *userdata) {
        const RealBroker *broker = userdata;

        return real_broker_verb(broker, NULL, NULL, "render", "--check") == 0;
}

TEST(the_broker_mends_a_rendered_file_that_was_changed) {
        cleanup_real_broker RealBroker broker;
        char path[512];
        FILE *file;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        CHECK(files_are_current(&broker));
        docs_path(&broker, "REVIEW-m.md", path);
        file = fopen(path, "r+");
        CHECK(file && fputs("# PASS, says who?", file) >= 0 && fclose(file) == 0);
        CHECK_REFUSED(&broker, EXIT_HOLDS_NOT, "REVIEW-m.md:1", "render", "--check");
        real_broker_start(&broker);
        CHECK(test_wait_until(files_are_current, &broker, ANSWER_MS));
}

TEST(the_broker_makes_a_rendered_file_anew_that_was_removed) {
        cleanup_real_broker RealBroker broker;
        char path[512];

        real_broker_init(&broker);
        real_broker_approve(&broker);
        real_broker_start(&broker);
        docs_path(&broker, "REVIEW-m.md", path);
        CHECK(unlink(path) == 0);
        real_broker_do(&broker, NULL, "keygen", "ada");
        real_broker_do(&broker, NULL, "admit", "ada", "observer", ".coldgate/keys/ada.pub");
        CHECK(test_wait_until(files_are_current, &broker, ANSWER_MS));
}

TEST(files_checked_right_after_an_answer_have_time_to_catch_up) {
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        real_broker_start(&broker);
        for (int round = 0; round < N_ROUNDS; round++) {
                real_broker_approve(&broker);
                CHECK(files_are_current(&broker));
        }
}

TEST(a_review_that_was_rendered_is_a_prefix_of_the_next) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf before = BUF_TEXT, after = BUF_TEXT;
        char path[512];

        real_broker_init(&broker);
        real_broker_approve(&broker);
        docs_path(&broker, "REVIEW-m.md", path);
        CHECK_EQ_INT(file_read(path, &before), 0);
        real_broker_start(&broker);
        real_broker_approve(&broker);
        CHECK(test_wait_until(files_are_current, &broker, ANSWER_MS));
        CHECK_EQ_INT(file_read(path, &after), 0);
        CHECK(after.n > before.n);
        CHECK_EQ_SLICE(slice_head(buf_get(&after), before.n), buf_get(&before));
}

TEST(the_checkpoint_is_one_that_ssh_keygen_accepts) {
        cleanup_real_broker RealBroker broker;
        ProcessSpec spec = {.argv = {"sh", "-c",
                                     "cd .coldgate/docs && ssh-keygen -Y verify -f allowed_signers "
                                     "-I broker -n checkpoint@coldgate -s CHECKPOINT.sig "
                                     "<CHECKPOINT"}};

        real_broker_init(&broker);
        spec.cwd = broker.dir;
        bench_run_expect(&spec, ANSWER_MS, 0, NULL);
}

/* ---- kills ---- */

typedef struct Stream {
        Session *session;
        size_t n_acked;
        uint64_t seqs[N_ROUNDS * N_NOTES]; /* as acked, in the order of the acks */
        Hash hashes[N_ROUNDS * N_NOTES];
} Stream;

static void submit_notes(Stream *stream, size_t round) {
        for (size_t i = 0; i < N_NOTES; i++) {
                char text[64];
                Message note = {.type = MESSAGE_NOTE,
                                .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD}};
                Id id;

                (void)snprintf(text, sizeof text, "note %zu", round * N_NOTES + i);
                note.note.text = slice_text(text);
                message_set_present(&note);
                CHECK_EQ_INT(session_submit(stream->session, &note, &id), 0);
        }
}

static void wait_for_acks(Stream *stream, size_t n) {
        uint64_t end_ms = clock_mono_ms() + ANSWER_MS;

        while (stream->n_acked < n) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.n_fds = 0};
                Fault fault = FAULT_INIT;
                Message message;
                int r = session_poll(stream->session, &arena, &message, &fault);

                CHECK(clock_mono_ms() < end_ms);
                if (r == SESSION_E_NOTHING) {
                        int64_t due_ms = session_prepare(stream->session, &wait);

                        CHECK_EQ_INT(loop_wait(&wait, due_ms < 0 || due_ms > 100 ? 100 : due_ms),
                                     0);
                        continue;
                }
                if (r != 0 || message.type == MESSAGE_REFUSE)
                        FAIL_TEST("%s: %s", fault.rule, fault.found);
                if (message.type != MESSAGE_ACK)
                        continue;
                stream->seqs[stream->n_acked] = message.ack.seq;
                CHECK(hash_from_slice(message.ack.hash, &stream->hashes[stream->n_acked++]));
        }
}

static Ledger *open_ledger(const RealBroker *broker) {
        cleanup_free char *path = mem_printf("%s/.coldgate/ledger.db", broker->dir);
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        if (ledger_open(path, LEDGER_READ, &ledger, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return ledger;
}

/* Every acked entry stands where its ack says. */
static void check_acked(const RealBroker *broker, const Stream *stream) {
        cleanup(ledger_freep) Ledger *ledger = open_ledger(broker);

        for (size_t i = 0; i < stream->n_acked; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Entry entry;

                CHECK_EQ_INT(ledger_read(ledger, stream->seqs[i], &arena, &entry), 0);
                CHECK(hash_equal(&entry.hash, &stream->hashes[i]));
        }
}

typedef struct Notes {
        unsigned n_times[N_ROUNDS * N_NOTES];
} Notes;

static int count_note(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Notes *notes = userdata;
        CodecFault fault;
        Message message;
        unsigned long number;
        char text[64];

        CHECK_EQ_INT(codec_decode(entry->frame, &arena, &message, &fault), 0);
        if (message.type != MESSAGE_NOTE)
                return 0;
        (void)snprintf(text, sizeof text, "%.*s", SLICE_ARGS(message.note.text));
        number = strtoul(text + strlen("note "), NULL, 10);
        CHECK(number < N_ROUNDS * N_NOTES);
        notes->n_times[number]++;
        return 0;
}

static void check_each_note_once(const RealBroker *broker, size_t n) {
        cleanup(ledger_freep) Ledger *ledger = open_ledger(broker);
        Notes notes = {.n_times = {0}};

        CHECK_EQ_INT(ledger_walk(ledger, 1, SLICE_NULL, count_note, &notes), 0);
        for (size_t i = 0; i < n; i++)
                CHECK_EQ_U64(notes.n_times[i], 1);
}

TEST(a_broker_killed_in_a_stream_of_submits_loses_nothing_that_it_acked) {
        cleanup_real_broker RealBroker broker;
        Stream stream = {.n_acked = 0};

        real_broker_init(&broker);
        real_broker_approve(&broker);
        stream.session = real_broker_session(&broker, "builder");
        for (size_t round = 0; round < N_ROUNDS; round++) {
                real_broker_start(&broker);
                submit_notes(&stream, round);
                wait_for_acks(&stream, round * N_NOTES + KILL_AFTER);
                real_broker_kill(&broker);
                check_acked(&broker, &stream);
                real_broker_start(&broker);
                wait_for_acks(&stream, (round + 1) * N_NOTES);
                real_broker_kill(&broker);
        }
        CHECK_EQ_U64(session_count_unanswered(stream.session), 0);
        check_acked(&broker, &stream);
        check_each_note_once(&broker, stream.n_acked);
        real_broker_start(&broker);
        real_broker_do(&broker, NULL, "verify");
        (void)session_free(stream.session);
}

TEST(sigterm_ends_the_broker_with_its_files_written) {
        cleanup_real_broker RealBroker broker;
        Stream stream = {.n_acked = 0};

        real_broker_init(&broker);
        real_broker_approve(&broker);
        real_broker_start(&broker);
        stream.session = real_broker_session(&broker, "builder");
        submit_notes(&stream, 0);
        wait_for_acks(&stream, N_NOTES);
        real_broker_stop(&broker);
        CHECK(files_are_current(&broker));
        real_broker_do(&broker, NULL, "verify");
        (void)session_free(stream.session);
}
