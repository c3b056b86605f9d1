/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A SandboxSpec on its way to the runner. */

#include "sandbox/sandbox.h"

enum {
        SPEC_BYTES_MAX = 8 << 20,
        SPEC_KEEP_MAX = 64 << 20,
        SPEC_HIDE_MAX = 256,
        SPEC_ACCESS_MAX = 32
};

enum { _SPEC_E_SUCCESS, SPEC_E_REFUSED };

/* What cannot be asked for, before anything is done: no argv, a part of the file system that is
 * not absolute, more kept bytes than SPEC_KEEP_MAX. SPEC_E_REFUSED with rule sandbox.spec. */
int spec_check(const SandboxSpec *spec, Fault *reterr_fault) must_check;
/* Full if the spec is larger than the buffer. */
void spec_encode(const SandboxSpec *spec, Buf *bytes);
/* Everything in the arena. SPEC_E_REFUSED with rule sandbox.spec. */
int spec_decode(Slice bytes, Arena *arena, SandboxSpec *ret_spec, Fault *reterr_fault) must_check;
