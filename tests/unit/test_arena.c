/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Memory that dies together. */

#include "base/arena.h"

#include "tests/lib/test.h"

TEST(memory_is_zeroed_and_aligned) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t n = 1; n < 200; n++) {
                uint8_t *memory = arena_alloc(&arena, n);

                CHECK_EQ_U64((uintptr_t)memory % _Alignof(max_align_t), 0);
                for (size_t i = 0; i < n; i++)
                        CHECK_EQ_INT(memory[i], 0);
                memset(memory, 0xff, n);
        }
}

TEST(pieces_do_not_overlap) {
        cleanup_arena Arena arena = ARENA_INIT;
        uint8_t *pieces[300];

        for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
                pieces[i] = arena_alloc(&arena, 37);
                memset(pieces[i], (int)i, 37);
        }
        for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
                for (size_t j = 0; j < 37; j++)
                        CHECK_EQ_INT(pieces[i][j], (uint8_t)i);
}

TEST(a_piece_larger_than_a_block_fits) {
        cleanup_arena Arena arena = ARENA_INIT;
        uint8_t *large = arena_alloc(&arena, 1 << 20);

        large[(1 << 20) - 1] = 1;
        CHECK(arena.n_bytes >= 1 << 20);
}

TEST(copies_end_in_a_nul_and_are_their_own) {
        cleanup_arena Arena arena = ARENA_INIT;
        char text[] = "abc";
        Slice copy = arena_slice(&arena, slice_head(slice_text(text), 2));

        text[0] = 'x';
        CHECK_EQ_SLICE(copy, slice_text("ab"));
        CHECK_EQ_INT(copy.data[2], 0);
        CHECK_EQ_TEXT(arena_text(&arena, SLICE_NULL), "");
        CHECK_EQ_TEXT(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
}

TEST(an_arena_is_used_again_after_its_end) {
        Arena arena = ARENA_INIT;

        (void)arena_text(&arena, slice_text("abc"));
        arena_deinit(&arena);
        CHECK_EQ_U64(arena.n_bytes, 0);
        CHECK_EQ_TEXT(arena_text(&arena, slice_text("def")), "def");
        arena_deinit(&arena);
        arena_deinit(&arena);
}

TEST(an_arena_that_is_reset_hands_out_zeroed_memory_again) {
        cleanup_arena Arena arena = ARENA_INIT;

        arena_reset(&arena);
        for (size_t round = 0; round < 4; round++) {
                for (size_t n = 100; n < 10000; n += 900) {
                        uint8_t *memory = arena_alloc(&arena, n);

                        for (size_t i = 0; i < n; i++)
                                CHECK_EQ_INT(memory[i], 0);
                        memset(memory, 0xff, n);
                }
                arena_reset(&arena);
                CHECK_EQ_U64(arena.n_bytes, 0);
        }
}

TEST(an_arena_that_is_reset_keeps_no_large_piece) {
        cleanup_arena Arena arena = ARENA_INIT;

        memset(arena_alloc(&arena, 1 << 20), 1, 1 << 20);
        arena_reset(&arena);
        CHECK(arena.newest == NULL);
}
