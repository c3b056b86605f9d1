/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The system calls that a command is refused, with an error and not with a signal: a refusal must
 * not look like a crash of the product. */

#include "base/defs.h"

typedef struct SeccompFilter SeccompFilter;

/* Compiles nothing yet. NULL: not to be had here. */
SeccompFilter *seccomp_filter_new(void);
SeccompFilter *seccomp_filter_free(SeccompFilter *filter);
/* For this process and its children, for ever. Needs no privilege but PR_SET_NO_NEW_PRIVS. -errno.
 */
int seccomp_filter_load(SeccompFilter *filter) must_check;

DEFINE_FREEP(SeccompFilter, seccomp_filter_free, seccomp_filter_freep)
