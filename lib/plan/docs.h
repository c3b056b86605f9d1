/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What docs/plan.md and the man page both say: paragraphs, `code` between backticks. */

extern const char docs_variables[];
