/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Who asks a broker for its metrics and health. The setting is `metrics =
 * unix:.coldgate/run/metrics` or a port of loopback. */

#include <stdint.h>

#include "base/slice.h"
#include "tests/lib/real_broker.h"

/* A line of .coldgate/config. */
void asked_set(const RealBroker *broker, const char *line);
/* A connection; by the socket, or by this port of 127.0.0.1. */
int asked_call(const RealBroker *broker) must_check;
int asked_call_port(uint16_t port) must_check;
/* What is answered to these bytes, until it hangs up; closes the connection. Lasts until the next.
 */
const char *asked_hear(int fd, Slice request);
const char *asked(const RealBroker *broker, const char *path);
