/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Frames on a pipe between an adversary and its worker: four bytes of length, big-endian, then the
 * frame. */

#include "base/buf.h"
#include "proto/codec.h"

int framing_write(int fd, const Message *message) must_check;

enum { _FRAMING_E_SUCCESS, FRAMING_E_PENDING, FRAMING_E_END, FRAMING_E_MALFORMED };

/* Takes the next whole frame out of what was read; `frame` is emptied first. FRAMING_E_PENDING,
 * FRAMING_E_MALFORMED (longer than FRAME_MAX). */
int framing_take(Buf *stream, Buf *ret_frame) must_check;
/* Reads, blocking, until there is a whole frame. FRAMING_E_END, FRAMING_E_MALFORMED. */
int framing_read(int fd, Buf *stream, Buf *ret_frame) must_check;
