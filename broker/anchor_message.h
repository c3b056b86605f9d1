/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the commits of rendered files say. Pure. */

#include "broker/state.h"

/* A commit is made for it: a claim, a re-verification, a verdict. */
bool anchor_is_point(const Entry *entry);

/* `claim(m-M1): …` or `review(m-M1): …`, a line about the entry, the trailer; `state` is the one
 * after the entry. What is sealed is not told. */
void anchor_describe_point(const State *state, const Entry *entry, const Message *message,
                           Buf *text);

/* `status(m): …` for the entries `first` to the state's head, which are of `phase` (empty: of
 * several, or none). */
void anchor_describe_rest(const State *state, Slice phase, uint64_t first, Buf *text);
