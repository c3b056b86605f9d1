/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The verbs that are rows: each row against the schema, and the engine with a port of its own. */

#include "verbs/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/codec.h"
#include "tests/lib/test.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

enum { NOW_MS = 1000000, SEQ = 31 };

/* What the port has, and what it was told. */
static struct {
        struct phase_status phases[2];
        size_t n_phases;
        Message said;
        Buf text;
        Fault fault;
        unsigned n_asked, n_submitted;
} world;

static int port_status(void *userdata, Arena *arena, struct status *ret_status, Fault *fault) {
        (void)userdata;
        (void)arena;
        (void)fault;
        world.n_asked++;
        *ret_status = (struct status){.phases = world.phases, .n_phases = world.n_phases};
        return 0;
}

static int port_commit(void *userdata, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                       Fault *fault) {
        (void)userdata;
        if (strcmp(rev, "HEAD") == 0 || strcmp(rev, COMMIT) == 0) {
                memcpy(ret_commit, COMMIT, sizeof COMMIT);
                return 0;
        }
        fault_set(fault, "commit-unknown", "`%s`", rev);
        return SAY_E_REFUSED;
}

static int port_submit(void *userdata, const Message *message, uint64_t *ret_seq, Fault *fault) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault codec_fault;

        (void)userdata;
        (void)fault;
        CHECK_EQ_INT(codec_encode(message, &frame, &codec_fault), 0);
        world.said = *message;
        world.n_submitted++;
        *ret_seq = SEQ;
        return 0;
}

static const char *port_name(void *userdata, Fault *fault) {
        (void)userdata;
        (void)fault;
        return "builder";
}

static const SayPort port = {
        .status = port_status, .commit = port_commit, .submit = port_submit, .name = port_name};

static int run_say(const Args *args) {
        cleanup_say Say say;
        int r;

        buf_clear(&world.text);
        say_init(&say, args, &port, NOW_MS);
        r = say_run(&say, &world.text, &world.fault);
        world.said = say.message; /* its texts are argv's */
        return r;
}

#define VERB(verb, lower)                                                                          \
        { verb, "", 0, ARGUMENTS_MAX, "", run_say, say_options_##lower }
static const Verb verbs[] = {
        VERB("fixed", fixed),     VERB("pause", pause),  VERB("resume", resume),
        VERB("hold", hold),       VERB("note", journal), VERB("finding", finding),
        VERB("close", close),     VERB("defer", defer),  VERB("veto", veto),
        VERB("answer", answer),   VERB("waive", waive),  VERB("seen", seen),
        VERB("correct", correct), VERB("probe", probe),
};
static const Program program = {
        .name = "agent", .help = "", .verbs = verbs, .n_verbs = ARRAY_SIZE(verbs)};

/* "close F-12 --why gone"; words are parted by `|`. */
static int run(const char *line) {
        static char words[1024];
        char *argv[32] = {(char *)"agent"};
        int argc = 1;

        world.fault = FAULT_INIT;
        world.n_asked = world.n_submitted = 0;
        world.text.n_max = 1 << 20;
        (void)snprintf(words, sizeof words, "%s", line);
        for (char *word = strtok(words, "|"); word && argc < 31; word = strtok(NULL, "|"))
                argv[argc++] = word;
        return options_run(&program, argc, argv);
}

static void world_init(void) {
        buf_deinit(&world.text);
        memset(&world, 0, sizeof world);
        world.phases[0] = (struct phase_status){.phase = slice_text("m")};
        world.n_phases = 1;
}

/* ---- rows ---- */

static const OptionRow *find_option(const SayRow *row, const char *name) {
        for (const OptionRow *option = row->options; option->name; option++)
                if (strcmp(option->name, name) == 0)
                        return option;
        return NULL;
}

TEST(each_row_fills_fields_that_its_message_has_from_options_that_its_verb_has) {
        const SayRow *row;

        for (size_t i = 0; (row = say_at(i)); i++)
                for (size_t k = 0; k < row->n_fields; k++) {
                        const SayField *field = &row->fields[k];
                        const OptionRow *option =
                                field->option ? find_option(row, field->option) : NULL;

                        CHECK(say_find_field(row->type, field->field) != NULL);
                        CHECK(!field->option || option);
                        if (option && field->how != SAY_HOOK)
                                CHECK((option->value == NULL) == (field->how == SAY_FLAG));
                }
}

TEST(how_a_value_is_read_fits_the_kind_of_its_field) {
        static const struct {
                SayHow how;
                FieldKind kind;
        } rows[] = {
                {SAY_PHASE, FIELD_TEXT},   {SAY_TEXT, FIELD_TEXT}, {SAY_BODY, FIELD_TEXT},
                {SAY_TEXTS, FIELD_TEXTS},  {SAY_WORD, FIELD_WORD}, {SAY_ENTRY, FIELD_U64},
                {SAY_COMMIT, FIELD_TEXT},  {SAY_UNTIL, FIELD_U64}, {SAY_FOR, FIELD_U64},
                {SAY_DURATION, FIELD_U64},
        };
        const SayRow *row;

        for (size_t i = 0; (row = say_at(i)); i++)
                for (size_t k = 0; k < row->n_fields; k++)
                        for (size_t h = 0; h < ARRAY_SIZE(rows); h++)
                                if (row->fields[k].how == rows[h].how)
                                        CHECK_EQ_INT(say_find_field(row->type, row->fields[k].field)
                                                             ->kind,
                                                     rows[h].kind);
}

TEST(what_a_message_requires_its_row_can_give) {
        const SayRow *row;

        for (size_t i = 0; (row = say_at(i)); i++) {
                const RecordSpec *body = &message_spec(row->type)->body;

                for (size_t f = 0; f < body->n_fields; f++) {
                        bool is_given = body->fields[f].presence == OPTIONAL || row->hook ||
                                        strcmp(body->fields[f].name, "phase") == 0;

                        for (size_t k = 0; k < row->n_fields; k++)
                                is_given |= strcmp(row->fields[k].field, body->fields[f].name) == 0;
                        CHECK(is_given);
                }
        }
}

TEST(what_is_said_names_fields_that_exist) {
        const SayRow *row;

        for (size_t i = 0; (row = say_at(i)); i++)
                for (const char *at = strchr(row->said, '{'); at; at = strchr(at + 1, '{')) {
                        char name[64];

                        CHECK(sscanf(at, "{%63[a-z_]}", name) == 1);
                        CHECK(strcmp(name, "name") == 0 || strcmp(name, "seq") == 0 ||
                              say_find_field(row->type, name) != NULL);
                }
}

/* ---- the engine ---- */

TEST(a_finding_is_closed) {
        world_init();
        CHECK_EQ_INT(run("close|F-12|--why|gone|--verdict|V-9"), 0);
        CHECK_EQ_INT(world.said.type, MESSAGE_CLOSE);
        CHECK_EQ_U64(world.said.close.finding, 12);
        CHECK_EQ_U64(world.said.close.verdict, 9);
        CHECK_EQ_TEXT(buf_get_text(&world.text), "F-12 is closed\n");
        CHECK_EQ_INT(run("close|12|--why|gone|--json"), 0);
        CHECK_EQ_TEXT(buf_get_text(&world.text),
                      "{\"version\":1,\"close\":{\"seq\":31,\"name\":\"E-31\",\"finding\":12,"
                      "\"why\":\"gone\"}}\n");
}

TEST(what_is_missing_is_named_with_its_option_and_nobody_is_asked) {
        world_init();
        CHECK_EQ_INT(run("close|F-12"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "option-missing"));
        CHECK_EQ_TEXT(world.fault.found, "`close` wants --why TEXT");
        CHECK_CONTAINS(world.fault.next, "agent close F-12 --why");
        CHECK_EQ_INT(run("pause|--why|x"), SAY_E_REFUSED);
        CHECK_EQ_TEXT(world.fault.found, "`pause` wants --until T or --for D");
        CHECK_EQ_INT(run("answer|m|M1|look|--commit|" COMMIT "|--text|x"), SAY_E_REFUSED);
        CHECK_EQ_TEXT(world.fault.found, "`answer` wants --holds or --fails");
        CHECK_EQ_U64(world.n_asked, 0);
}

TEST(an_empty_text_is_refused_by_the_limits_of_its_field) {
        world_init();
        CHECK_EQ_INT(run("close|F-12|--why="), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "argument-value"));
        CHECK_EQ_TEXT(world.fault.place, "close.why");
}

TEST(a_word_that_is_none_is_refused_with_the_nearest) {
        world_init();
        CHECK_EQ_INT(run("correct|F-12|--why|x|--severity|mnor"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "option-value"));
        CHECK_EQ_TEXT(world.fault.next, "did you mean minor?");
        CHECK_EQ_INT(run("correct|F-12|--why|x|--severity|zzzzzz"), SAY_E_REFUSED);
        CHECK_EQ_TEXT(world.fault.next, "one of: critical, major, minor");
}

TEST(a_word_whose_value_is_the_first_is_said_all_the_same) {
        world_init();
        CHECK_EQ_INT(run("correct|F-12|--why|x|--severity|critical"), 0);
        CHECK(field_is_present(world.said.correct.present, 3));
        CHECK(!field_is_present(world.said.correct.present, 4));
}

TEST(the_only_phase_is_meant_where_none_is_named) {
        world_init();
        CHECK_EQ_INT(run("probe|--title|x"), 0);
        CHECK_EQ_SLICE(world.said.probe.phase, slice_text("m"));
        CHECK_EQ_INT(run("probe|other|--title|x"), 0);
        CHECK_EQ_SLICE(world.said.probe.phase, slice_text("other"));
        CHECK_EQ_U64(world.n_asked, 0);
        world.phases[1] = (struct phase_status){.phase = slice_text("n")};
        world.n_phases = 2;
        CHECK_EQ_INT(run("probe|--title|x"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "phase-ambiguous"));
}

TEST(an_option_that_is_given_again_adds_to_a_list) {
        world_init();
        CHECK_EQ_INT(run("veto|m|--gate|M1|--gate|M2|--why|x|--lift-when|y"), 0);
        CHECK_EQ_U64(world.said.veto.n_gates, 2);
        CHECK_EQ_TEXT(buf_get_text(&world.text),
                      "X-31: a veto stands on M1, M2 of m; it is lifted when: y\n");
        CHECK_EQ_INT(run("veto|m|--why|x|--lift-when|y"), 0);
        CHECK_CONTAINS(buf_get_text(&world.text), "stands on all gates of m");
}

TEST(one_field_is_not_given_twice) {
        world_init();
        CHECK_EQ_INT(run("pause|--until|2030-01-01T00:00Z|--for|2h|--why|x"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "option-value"));
        CHECK_EQ_INT(run("answer|m|M1|look|--commit|" COMMIT "|--holds|--fails|--text|x"),
                     SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "option-value"));
}

TEST(times_are_points_or_from_now_on) {
        world_init();
        CHECK_EQ_INT(run("pause|m|--for|2h|--why|x"), 0);
        CHECK_EQ_U64(world.said.pause.until_ms, NOW_MS + 7200000);
        CHECK_EQ_INT(run("pause|m|--until|2030-01-01T00:00Z|--why|x"), 0);
        CHECK_EQ_U64(world.said.pause.until_ms, UINT64_C(1893456000000));
        CHECK_CONTAINS(buf_get_text(&world.text), "until 2030-01-01T00:00Z");
        CHECK_EQ_INT(run("pause|m|--until|noon|--why|x"), SAY_E_REFUSED);
        CHECK_EQ_TEXT(world.fault.found, "--until noon is not a time");
        CHECK_EQ_INT(run("pause|m|--for|2|--why|x"), SAY_E_REFUSED);
        CHECK_EQ_TEXT(world.fault.found, "--for 2 is not a duration");
}

TEST(a_manual_check_that_fails_is_said_although_that_is_zero) {
        world_init();
        CHECK_EQ_INT(run("answer|m|M1|look|--commit|" COMMIT "|--fails|--text|x"), 0);
        CHECK_EQ_U64(world.said.answer.holds, 0);
        CHECK_EQ_INT(run("answer|m|M1|look|--commit|" COMMIT "|--holds|--text|x"), 0);
        CHECK_EQ_U64(world.said.answer.holds, 1);
}

TEST(a_commit_is_what_the_port_finds) {
        world_init();
        CHECK_EQ_INT(run("fixed|F-12"), 0);
        CHECK_CONTAINS(buf_get_text(&world.text), COMMIT);
        CHECK_EQ_INT(run("fixed|F-12|--commit|nowhere"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "commit-unknown"));
        CHECK_EQ_INT(run("probe|m|--title|x"), 0);
        CHECK_EQ_U64(world.said.probe.commit.n, 0);
}

TEST(a_body_is_a_file_within_the_limit_of_its_field) {
        char path[] = "/tmp/coldgate-say.XXXXXX", line[128];
        int fd = mkstemp(path);

        world_init();
        CHECK(fd >= 0 && write(fd, "what was seen\n", 14) == 14);
        (void)close(fd);
        (void)snprintf(line, sizeof line, "probe|m|--title|x|--json|--body|%s", path);
        CHECK_EQ_INT(run(line), 0);
        CHECK_CONTAINS(buf_get_text(&world.text), "what was seen");
        CHECK_EQ_INT(truncate(path, 65537), 0);
        CHECK_EQ_INT(run(line), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "file-unreadable"));
        CHECK_EQ_TEXT(world.fault.found, "it is larger than 65536 bytes");
        (void)unlink(path);
        CHECK_EQ_INT(run(line), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "file-unreadable"));
}

/* ---- hooks ---- */

TEST(a_finding_blocks_its_gate_or_the_phase) {
        world_init();
        CHECK_EQ_INT(run("finding|m|--title|x|--gate|M1"), 0);
        CHECK_EQ_INT(world.said.finding.blocks, BLOCKS_GATE);
        CHECK_EQ_INT(world.said.finding.severity, SEVERITY_MAJOR);
        CHECK_EQ_INT(run("finding|m|--title|x"), 0);
        CHECK_EQ_INT(world.said.finding.blocks, BLOCKS_PHASE);
        CHECK_EQ_INT(run("finding|m|--title|x|--blocks|nothing|--severity|minor"), 0);
        CHECK_EQ_INT(world.said.finding.blocks, BLOCKS_NOTHING);
        CHECK_EQ_INT(world.said.finding.severity, SEVERITY_MINOR);
}

TEST(a_note_is_for_the_record_the_journal_or_an_inbox) {
        world_init();
        CHECK_EQ_INT(run("note|x"), 0);
        CHECK_EQ_INT(world.said.note.to, NOTE_TO_RECORD);
        CHECK_EQ_TEXT(buf_get_text(&world.text), "N-31, on the record\n");
        CHECK_EQ_INT(run("note|x|--journal"), 0);
        CHECK_EQ_INT(world.said.note.to, NOTE_TO_JOURNAL);
        CHECK_EQ_INT(run("note|x|--to-inbox|adversary"), 0);
        CHECK_EQ_INT(world.said.note.to, NOTE_TO_INBOX);
        CHECK_EQ_INT(world.said.note.role, ROLE_ADVERSARY);
        CHECK_EQ_INT(run("note|x|--journal|--to-inbox|adversary"), SAY_E_REFUSED);
}

static struct finding_status findings[] = {
        {.finding = {(const uint8_t *)"F-12", 4}, .title = {(const uint8_t *)"the token", 9}},
};

TEST(a_finding_that_is_deferred_keeps_its_phase_and_title) {
        world_init();
        world.phases[0].findings = findings;
        world.phases[0].n_findings = 1;
        CHECK_EQ_INT(run("defer|F-12|--closes|y"), 0);
        CHECK_EQ_U64(world.said.defer.finding, 12);
        CHECK_EQ_TEXT(buf_get_text(&world.text), "F-12 is deferred: it must close before DONE\n");
        CHECK_EQ_INT(run("defer|F-13|--closes|y"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "finding-unknown"));
}

TEST(an_item_is_deferred_without_a_finding) {
        world_init();
        CHECK_EQ_INT(run("defer|--gate|M1|--title|x|--closes|y"), 0);
        CHECK_EQ_U64(world.said.defer.finding, 0);
        CHECK_EQ_TEXT(buf_get_text(&world.text), "F-31 is open: x; it must close before DONE\n");
        CHECK_EQ_INT(run("defer|--closes|y"), SAY_E_REFUSED);
        CHECK_EQ_TEXT(world.fault.found, "`defer` wants --title TEXT");
}

TEST(a_finding_or_a_gate_is_waived) {
        world_init();
        world.phases[0].findings = findings;
        world.phases[0].n_findings = 1;
        CHECK_EQ_INT(run("waive|F-12|--why|x|--for|1h"), 0);
        CHECK_EQ_U64(world.said.waive.finding, 12);
        CHECK_CONTAINS(buf_get_text(&world.text), "W-31: F-12 is waived until ");
        CHECK_EQ_INT(run("waive|m|--gate|M1|--why|x|--for|1h"), 0);
        CHECK_EQ_U64(world.said.waive.finding, 0);
        CHECK_CONTAINS(buf_get_text(&world.text), "W-31: M1 of m is waived until ");
        CHECK_EQ_INT(run("waive|m|--why|x|--for|1h"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "option-missing"));
}

TEST(my_pause_is_found_and_no_other_s) {
        static struct pause_status pauses[3];

        world_init();
        CHECK_EQ_INT(run("resume"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "pause-unknown"));
        pauses[0] = (struct pause_status){.pause = 7, .who = slice_text("another")};
        pauses[1] = (struct pause_status){.pause = 8, .who = slice_text("builder")};
        pauses[2] = (struct pause_status){.pause = 9, .who = slice_text("builder")};
        world.phases[0].pauses = pauses;
        world.phases[0].n_pauses = 2;
        CHECK_EQ_INT(run("resume"), 0);
        CHECK_EQ_U64(world.said.resume.pause, 8);
        CHECK_EQ_INT(run("resume|n"), SAY_E_REFUSED);
        CHECK_EQ_INT(run("resume|Z-7"), 0);
        CHECK_EQ_U64(world.said.resume.pause, 7);
        world.phases[0].n_pauses = 3;
        CHECK_EQ_INT(run("resume"), SAY_E_REFUSED);
        CHECK(fault_is(&world.fault, "phase-ambiguous"));
}

TEST(a_hold_is_tried_once_unless_it_is_to_wait) {
        world_init();
        CHECK_EQ_INT(run("hold|proxy"), 0);
        CHECK_EQ_INT(world.said.hold.lock, LOCK_EXCLUSIVE);
        CHECK_EQ_U64(world.said.hold.hold_ms, 600000);
        CHECK_EQ_U64(world.said.hold.wait_ms, 1);
        CHECK_EQ_INT(run("hold|proxy|--wait|--shared"), 0);
        CHECK_EQ_INT(world.said.hold.lock, LOCK_SHARED);
        CHECK_EQ_U64(world.said.hold.wait_ms, 0);
        CHECK_EQ_INT(run("hold|proxy|--wait|--timeout|5s|--for|1h"), 0);
        CHECK_EQ_U64(world.said.hold.wait_ms, 5000);
        CHECK_EQ_U64(world.said.hold.hold_ms, 3600000);
}

TEST(hostile_texts_are_made_visible) {
        world_init();
        CHECK_EQ_INT(run("probe|m|--title|a\033[31mb\xe2\x80\xae"), 0);
        CHECK_CONTAINS_NOT(buf_get_text(&world.text), "\033");
        CHECK_CONTAINS_NOT(buf_get_text(&world.text), "\xe2\x80\xae");
}
