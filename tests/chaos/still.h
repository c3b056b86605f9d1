/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A broker that stands still, and those who talk to it. */

#include <stdint.h>

/* Milliseconds from the last answer that any of them had until all have noticed. Ends the test if
 * nobody does, or if anything is lost or there twice when it goes on. */
uint64_t still_broker(uint64_t stopped_ms);
