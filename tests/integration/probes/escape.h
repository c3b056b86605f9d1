/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Attempts that take more than one call. 0: it worked; otherwise why not, an errno. */

#include <fcntl.h>
#include <stdint.h>

#include "base/defs.h"

enum { EX_NO_CONTROL = 125 }; /* the control could not be tried */

typedef int Escape(bool is_control);

/* KEY=VALUE: pid, mark, port, abstract, path: what of the host is aimed at. */
void escape_set_targets(char **arguments);

Escape escape_clone3, escape_old_unshare, escape_old_clone3, escape_old_socket, escape_join;
Escape escape_user, escape_privileges, escape_core, escape_limit;
Escape escape_trace, escape_signal, escape_memory, escape_pidfd, escape_see;
Escape escape_descriptor, escape_init_files, escape_port, escape_abstract, escape_path;
Escape escape_devices, escape_settings, escape_system, escape_groups, escape_request;
Escape escape_kernel;
