/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Fences in Markdown. */

#include "plan/fence.h"

#include <time.h>

#include "tests/lib/test.h"

typedef struct Found {
        Arena arena;
        Fault faults[8];
        FaultList list;
        Fence *fences;
        size_t n;
} Found;

static void find(const char *markdown, Found *ret_found) {
        *ret_found = (Found){.list = {.file = "p.md", .n_max = 8}};
        ret_found->list.faults = ret_found->faults;
        CHECK_EQ_INT(fences_find(slice_text(markdown), &ret_found->arena, &ret_found->list,
                                 &ret_found->fences, &ret_found->n),
                     0);
}

TEST(blocks_are_found_in_the_order_of_the_file) {
        Found found;

        find("# A\n\n```yaml phase\na: b\n```\n\ntext\n\n~~~ yaml  gate more\nc: d\n~~~\n", &found);
        CHECK_EQ_U64(found.n, 2);
        CHECK(found.fences[0].kind == FENCE_PHASE);
        CHECK_EQ_SLICE(found.fences[0].text, slice_text("a: b\n"));
        CHECK_EQ_U64(found.fences[0].line, 4);
        CHECK(found.fences[1].kind == FENCE_GATE);
        CHECK_EQ_U64(found.fences[1].line, 10);
        CHECK_EQ_U64(found.list.n_found, 0);
        arena_deinit(&found.arena);
}

TEST(an_indented_fence_shifts_its_columns) {
        Found found;

        find("  ```yaml gate\n  a: b\n  ```\n", &found);
        CHECK_EQ_U64(found.n, 1);
        CHECK_EQ_SLICE(found.fences[0].text, slice_text("a: b\n"));
        CHECK_EQ_U64(found.fences[0].shift, 2);
        arena_deinit(&found.arena);
}

TEST(other_blocks_are_prose) {
        Found found;

        find("```yaml\na: b\n```\n\n```c\nint gate;\n```\n\n```yaml title\nx: y\n```\n", &found);
        CHECK_EQ_U64(found.n, 0);
        CHECK_EQ_U64(found.list.n_found, 0);
        arena_deinit(&found.arena);
}

TEST(an_example_inside_a_longer_fence_is_prose) {
        Found found;

        find("````markdown\n```yaml gate\na: b\n```\n````\n", &found);
        CHECK_EQ_U64(found.n, 0);
        CHECK_EQ_U64(found.list.n_found, 0);
        arena_deinit(&found.arena);
}

TEST(a_commented_gate_is_hidden_from_people_and_machine_alike) {
        Found found;

        find("<!--\n```yaml gate\na: b\n```\n-->\n", &found);
        CHECK_EQ_U64(found.n, 0);
        CHECK_EQ_U64(found.list.n_found, 0);
        arena_deinit(&found.arena);
}

TEST(many_blocks_cost_no_more_than_their_bytes) {
        enum { N = 32000 };
        cleanup_buf Buf text = BUF_TEXT;
        clock_t started = clock();
        Found found;

        for (size_t i = 0; i < N; i++)
                buf_text(&text, "```\n```\n");
        find(buf_get_text(&text), &found);
        CHECK_EQ_U64(found.n, 0);
        CHECK((clock() - started) / CLOCKS_PER_SEC < 2);
        arena_deinit(&found.arena);
}

TEST(line_ends_of_windows_keep_the_lines) {
        Found found;

        find("text\r\n\r\n```yaml gate\r\na: b\r\n```\r\n", &found);
        CHECK_EQ_U64(found.n, 1);
        CHECK_EQ_U64(found.fences[0].line, 4);
        arena_deinit(&found.arena);
}
