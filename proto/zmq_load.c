/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "proto/zmq_load.h"

#include <zmq.h>

#include "base/late.h"

#define LATE LATE_DEFINE
#include "proto/zmq.def"

const char *zmq_load(void) {
        static const LateRow rows[] = {
#define LATE LATE_ROW
#include "proto/zmq.def"
        };

        return late_load("libzmq.so.5", rows, ARRAY_SIZE(rows));
}
