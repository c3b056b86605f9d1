/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the library and the helper program agree on. The library's answer to everything is one
 * byte, RUNNER_STOP, or the end of the connection, which ends the sandbox at once. */

enum { RUNNER_SPEC_FD = 3, RUNNER_CONTROL_FD = 4 };

/* Both streams, kept at both ends, and the lists. */
enum { RUNNER_REPORT_BYTES_MAX = 320 << 20 };

#define RUNNER_INIT    'I' /* PID 1 exists: its pid, with a pidfd beside the frame */
#define RUNNER_STARTED 'S' /* the command runs */
#define RUNNER_REPORT  'R' /* the whole outcome, the last thing said */
#define RUNNER_STOP    'T'
