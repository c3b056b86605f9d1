/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The evidence of one check, as a section of REVIEW: unfolded where the check did not pass. */

#include "broker/render_parts.h"

/* Nothing is written for a check that names no evidence; evidence that is not in the ledger (any
 * more) is said so. */
int render_check_evidence(const struct check_result *check, const RenderSource *source,
                          Buf *text) must_check;
