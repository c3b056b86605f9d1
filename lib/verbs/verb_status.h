/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* `status` of an agent, as the body of talk_run. */

#include "verbs/talk.h"

int talk_status(Talk *talk, Fault *reterr_fault) must_check;
