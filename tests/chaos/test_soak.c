/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Full load for ten minutes. */

#include "tests/chaos/soak_run.h"
#include "tests/lib/test.h"

enum { TEN_MINUTES_S = 600 };

TEST(ten_minutes_of_full_load_leave_memory_descriptors_and_latency_as_they_were) {
        soak_run(&(SoakPlan){.seconds = TEN_MINUTES_S, .judge = soak_judge});
}
