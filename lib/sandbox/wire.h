/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * How the library, the runner and PID 1 speak to each other: numbers, texts and lists in a fixed
 * order, without names. All three are ours; lengths are checked all the same, since what the
 * command did is in them.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/* What has not been read yet; once something did not fit, every read yields nothing. */
typedef struct WireReader {
        Slice rest;
        bool is_bad;
} WireReader;

void wire_put_u64(Buf *bytes, uint64_t number);
void wire_put_bytes(Buf *bytes, Slice slice);
/* NULL is told from "". */
void wire_put_text(Buf *bytes, const char *text);
/* A list that ends with NULL; a NULL list is an empty one. */
void wire_put_texts(Buf *bytes, const char *const *texts);

uint64_t wire_get_u64(WireReader *reader);
/* As above, and bad if it is larger than `most`. */
uint64_t wire_get_limited(WireReader *reader, uint64_t most);
/* Borrowed from what is read. */
Slice wire_get_bytes(WireReader *reader, size_t n_max);
/* In the arena. */
char *wire_get_text(WireReader *reader, Arena *arena, size_t n_max);
/* In the arena, ends with NULL. */
char **wire_get_texts(WireReader *reader, Arena *arena, size_t n_max, size_t *ret_n);

/* A frame is a letter, a length, and as many bytes. */
void wire_put_frame(Buf *bytes, char kind, Slice payload);

typedef struct WireFrame {
        char kind;
        Slice payload; /* borrowed */
} WireFrame;

/* Takes the frame at `*offset` and moves the offset behind it; false while it is not complete. */
bool wire_take_frame(const Buf *bytes, size_t *offset, WireFrame *ret_frame);
