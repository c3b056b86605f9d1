/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* libzmq and the twenty libraries that it needs, loaded by those who talk to somebody. */

/* To be called before anything of libzmq is. NULL; or why it cannot be loaded. */
const char *zmq_load(void);
