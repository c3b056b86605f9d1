/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The file system that the command sees: put together in the scratch directory by PID 1, entered
 * with pivot_root. */

#include "sandbox/setup.h"

enum { _ROOT_E_SUCCESS, ROOT_E_BROKEN };

/* Afterwards nothing of the host's root can be reached by a path. Appends what was used to
 * `isolation`. ROOT_E_BROKEN: see the fault. */
int root_enter(const Setup *setup, Buf *isolation, Fault *reterr_fault) must_check;
