/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/chaos/extent.h"

const bool extent_is_long = true;
