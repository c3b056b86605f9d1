/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * ZeroMQ's authentication protocol (RFC 27): the server's sockets ask over an inproc socket whether
 * a key may connect. The handler is a socket of the program's loop, not a thread: it answers from
 * the state that decides, and a program too busy to answer lets nobody in.
 */

#include "proto/channel.h"

extern const char zap_domain[];

/* Binds the handler in a context; before the sockets that ask are bound. The caller closes it. */
int zap_open(void *context, void **ret_zap) must_check;
/* Answers the requests that are there: 200 with the key in hex as User-Id, or 400. */
int zap_serve(void *zap, ChannelAdmits admits, void *userdata) must_check;
