/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Stories of the reference documents as ledgers, and what is rendered of them: beside each
 * NAME.story stand the files as they must be (NAME.PHASE.REVIEW.md …) and the facts of the original
 * that must be in them (NAME.facts). With COLDGATE_STORIES=write the files are written anew: look
 * at the difference before it is committed.
 */

#include "tests/lib/test.h"

#include <stdlib.h>

#include "base/fd.h"
#include "tests/lib/chronicle.h"

static const struct {
        const char *story, *phase;
} story_rows[] = {
        {"pvfix", "pvfix"},
        {"2w", "2w"},
        {"pvcheck", "pvcheck"},
        {"kinds", "k"},
};

static void deinit_files(Buf files[_CHRONICLE_FILE_MAX]) {
        for (size_t i = 0; i < _CHRONICLE_FILE_MAX; i++)
                buf_deinit(&files[i]);
}

/* ---- golden files ---- */

static bool is_writing(void) {
        const char *wish = getenv("COLDGATE_STORIES");

        return wish && strcmp(wish, "write") == 0;
}

static void compare_files(const char *story, const char *phase,
                          const Buf files[_CHRONICLE_FILE_MAX]) {
        for (size_t i = 0; i < _CHRONICLE_FILE_MAX; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                const char *name =
                        arena_printf(&arena, "%s.%s.%s.md", story, phase, chronicle_file_names[i]);

                if (is_writing())
                        CHECK_EQ_INT(
                                file_write_atomic(test_source(arena_printf(
                                                          &arena, "tests/data/stories/%s", name)),
                                                  buf_get(&files[i]), 0644),
                                0);
                else
                        CHECK_EQ_TEXT(buf_get_text(&files[i]), chronicle_read(&arena, name));
        }
}

static void check_story(const char *story, const char *phase) {
        cleanup_chronicle Chronicle chronicle;
        Buf files[_CHRONICLE_FILE_MAX];

        chronicle_play(&chronicle, story);
        chronicle_render(&chronicle, phase, chronicle.desk.port.n_entries, files);
        compare_files(story, phase, files);
        deinit_files(files);
}

TEST(the_phase_with_two_gates_and_a_finding_is_rendered_as_it_was) {
        check_story("pvfix", "pvfix");
}

TEST(the_phase_with_three_gates_in_one_claim_is_rendered_as_it_was) {
        check_story("2w", "2w");
}

TEST(the_planned_phase_is_rendered_to_its_end) {
        check_story("pvcheck", "pvcheck");
}

TEST(every_kind_is_rendered_as_it_was) {
        check_story("kinds", "k");
}

/* ---- append-only ---- */

static void check_prefixes(const char *story, const char *phase) {
        cleanup_chronicle Chronicle chronicle;
        Buf before[_CHRONICLE_FILE_MAX], after[_CHRONICLE_FILE_MAX];

        chronicle_play(&chronicle, story);
        chronicle_render(&chronicle, phase, 0, before);
        for (size_t n = 1; n <= chronicle.desk.port.n_entries; n++) {
                chronicle_render(&chronicle, phase, n, after);
                for (size_t i = CHRONICLE_REVIEW; i <= CHRONICLE_JOURNAL; i++)
                        if (!slice_equal(slice_head(buf_get(&after[i]), before[i].n),
                                         buf_get(&before[i])))
                                FAIL_TEST("%s-%s.md changes with entry %zu",
                                          chronicle_file_names[i], phase, n);
                deinit_files(before);
                memcpy(before, after, sizeof before);
        }
        deinit_files(before);
}

TEST(each_rendering_of_each_story_is_a_prefix_of_the_next) {
        for (size_t i = 0; i < ARRAY_SIZE(story_rows); i++)
                check_prefixes(story_rows[i].story, story_rows[i].phase);
}

/* ---- sealing ---- */

static void check_sealed(const Chronicle *chronicle, size_t n_entries, const char *words) {
        Buf files[_CHRONICLE_FILE_MAX];

        chronicle_render(chronicle, "k", n_entries, files);
        for (size_t i = 0; i < _CHRONICLE_FILE_MAX; i++)
                CHECK_CONTAINS_NOT(buf_get_text(&files[i]), words);
        deinit_files(files);
}

TEST(nothing_that_is_sealed_is_rendered_before_the_verdict) {
        cleanup_chronicle Chronicle chronicle;
        size_t verdict;

        chronicle_play(&chronicle, "kinds");
        verdict = chronicle_find(&chronicle, "vote2");
        for (size_t n = 0; n < verdict; n++)
                check_sealed(&chronicle, n, "SEALED");
}

TEST(what_differs_from_the_claimed_is_sealed_while_the_claim_is_open) {
        cleanup_chronicle Chronicle chronicle;
        size_t decides;

        chronicle_play(&chronicle, "kinds");
        decides = chronicle_find(&chronicle, "decides");
        for (size_t n = 0; n < decides; n++)
                check_sealed(&chronicle, n, "claimed 5");
}

TEST(why_a_vote_was_taken_back_is_sealed_as_the_vote_was) {
        cleanup_chronicle Chronicle chronicle;

        chronicle_play(&chronicle, "kinds");
        check_sealed(&chronicle, chronicle.desk.port.n_entries, "KEPT-REASON");
}

TEST(the_why_of_a_superseded_claim_stays_sealed) {
        cleanup_chronicle Chronicle chronicle;

        chronicle_play(&chronicle, "kinds");
        check_sealed(&chronicle, chronicle.desk.port.n_entries, "SEALED-WHY-OLD");
}

/* ---- facts ---- */

/* As a reader sees it: without the escapes of Markdown and HTML. */
static void unescape(Slice rendered, Buf *plain) {
        static const struct {
                const char *escaped, *plain;
        } rows[] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}};

        while (rendered.n) {
                bool is_escape = rendered.n > 1 && rendered.data[0] == '\\' &&
                                 strchr("\\`*_{}[]()#+!|~", rendered.data[1]);
                size_t i = 0;

                while (i < ARRAY_SIZE(rows) &&
                       !slice_is(slice_head(rendered, strlen(rows[i].escaped)), rows[i].escaped))
                        i++;
                if (i < ARRAY_SIZE(rows))
                        buf_text(plain, rows[i].plain);
                else
                        buf_byte(plain, rendered.data[is_escape]);
                rendered = slice_from(rendered, i < ARRAY_SIZE(rows) ? strlen(rows[i].escaped)
                                                : is_escape          ? 2
                                                                     : 1);
        }
}

static void check_fact(const Buf plain[_CHRONICLE_FILE_MAX], const char *story, Slice line) {
        for (size_t i = 0; i < _CHRONICLE_FILE_MAX; i++) {
                size_t n = strlen(chronicle_file_names[i]);

                if (!slice_is(slice_head(line, n), chronicle_file_names[i]))
                        continue;
                if (slice_find(buf_get(&plain[i]), slice_from(line, n + 1)) == plain[i].n)
                        FAIL_TEST("%s.facts: not in %s: %.*s", story, chronicle_file_names[i],
                                  SLICE_ARGS(slice_from(line, n + 1)));
                return;
        }
        FAIL_TEST("%s.facts: of no file: %.*s", story, SLICE_ARGS(line));
}

static void check_facts(const char *story, const char *phase) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_chronicle Chronicle chronicle;
        Buf files[_CHRONICLE_FILE_MAX], plain[_CHRONICLE_FILE_MAX];
        Slice facts = slice_text(chronicle_read(&arena, arena_printf(&arena, "%s.facts", story)));

        chronicle_play(&chronicle, story);
        chronicle_render(&chronicle, phase, chronicle.desk.port.n_entries, files);
        for (size_t i = 0; i < _CHRONICLE_FILE_MAX; i++) {
                plain[i] = BUF_TEXT;
                unescape(buf_get(&files[i]), &plain[i]);
        }
        while (facts.n) {
                size_t end = slice_find(facts, slice_text("\n"));

                check_fact(plain, story, slice_head(facts, end));
                facts = slice_from(facts, end + 1);
        }
        deinit_files(files);
        deinit_files(plain);
}

TEST(the_renderings_carry_every_fact_of_the_originals) {
        for (size_t i = 0; i < ARRAY_SIZE(story_rows); i++)
                check_facts(story_rows[i].story, story_rows[i].phase);
}
