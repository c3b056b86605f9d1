/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Two hours at six tenths of what the broker takes, judged more strictly than full load: nothing
 * has to wait. The machine must do nothing else. */

#include "tests/chaos/soak_run.h"
#include "tests/lib/test.h"

enum { TWO_HOURS_S = 7200, SHARE_PERCENT = 60 };

TEST(two_hours_of_a_steady_load_leave_everything_as_it_was) {
        soak_run(&(SoakPlan){
                .seconds = TWO_HOURS_S, .percent = SHARE_PERCENT, .judge = soak_judge_steady});
}
