/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Readers of words that have more than one form. */

#include "plan/value.h"

ValueReader parts_read_lock, parts_read_question, parts_read_unchanged, parts_read_examined,
        parts_read_teeth, parts_read_break, parts_read_failure;
