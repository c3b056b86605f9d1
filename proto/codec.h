/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Frames: canonical msgpack, one byte string per message. What decodes, encodes to the same bytes.
 * Order of trust: length, scan (proto/scan.h), shape, kinds, limits. Home of msgpack.h.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "proto/message.h"

enum { FRAME_MAX = 1 << 20 };

enum { _CODEC_E_SUCCESS, CODEC_E_REFUSED };

/* What was wrong with a frame or a message: static words and table pointers only. */
typedef struct CodecFault {
        const char *message; /* name, or NULL where not even the number could be read */
        const char *record;  /* name of the record that the field is in; NULL: the message itself */
        const char *field;   /* name, or NULL */
        const char *reason;  /* a sentence */
} CodecFault;

/* Appends the message's frame. CODEC_E_REFUSED: a limit of a row is broken (a programming error
 * unless the values came from outside) or it does not fit; then the buffer is as it was. */
int codec_encode(const Message *message, Buf *frame, CodecFault *reterr_fault) must_check;

/* Texts and bytes point into `frame`; lists and records live in `arena`. Both must outlive the
 * message. CODEC_E_REFUSED for anything that is not the canonical frame of a message in its
 * limits. */
int codec_decode(Slice frame, Arena *arena, Message *ret_message,
                 CodecFault *reterr_fault) must_check;

/* The same of what a broker says to an agent: of a `status`, which tells and orders nothing,
 * fields that came later than this program are passed over
 * (docs/decisions/052-a-status-may-say-more.md). */
int codec_decode_answer(Slice frame, Arena *arena, Message *ret_message,
                        CodecFault *reterr_fault) must_check;

/* The fewest bytes of a frame that an item of this field, of TEXTS or LIST, can have. */
size_t codec_item_bytes_least(const FieldSpec *list);

/* As a refusal: rule "frame-malformed", place "message.field" or
 * "message.record.field". */
void codec_fault_to_fault(const CodecFault *codec_fault, Fault *ret_fault);
