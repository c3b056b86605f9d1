/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The tree, writable, without being written: an overlay, or a copy. */

#include "sandbox/setup.h"

enum { _WORKSPACE_E_SUCCESS, WORKSPACE_E_BROKEN };

/* Puts it at SANDBOX_WORK below the new root and appends to `isolation` what it is.
 * WORKSPACE_E_BROKEN with rule sandbox.workspace. */
int workspace_put(const Setup *setup, int root_fd, Buf *isolation, Fault *reterr_fault) must_check;
/* Only the copy, at its part of the scratch directory. WORKSPACE_E_BROKEN. */
int workspace_copy(const Setup *setup, Fault *reterr_fault) must_check;
