/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A thousand kills. */

#include "tests/chaos/kills.h"
#include "tests/lib/test.h"

enum { N_KILLS = 1000, INTERVAL_MS_MAX = 900, VERIFY_EVERY = 10 };

TEST(a_thousand_kills_lose_nothing_and_say_nothing_twice) {
        static const KillPlan plan = {.n_kills = N_KILLS,
                                      .interval_ms_max = INTERVAL_MS_MAX,
                                      .verify_every = VERIFY_EVERY};

        kills_run(&plan);
}
