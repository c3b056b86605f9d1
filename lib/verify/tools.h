/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What a check's `tools` and `host-access` ask of this machine, looked at before anything of the
 * claim runs: a tool that is not there is the machine's fault. */

#include "verify/attempt.h"

/* What was found out already, so that each tool is asked once for a gate. */
typedef struct ToolMemo {
        Arena arena;
        struct {
                Slice name, version;
        } tools[32];
        size_t n;
} ToolMemo;

void tool_memo_deinit(ToolMemo *memo);

/* False, with the judgement (env.missing), if the machine lacks one of them. Versions are asked in
 * a sandbox over an empty tree, so that nothing of the claim can answer. */
int tools_look(AttemptSetting *setting, const Check *check, ToolMemo *memo, bool *ret_all_there,
               Judgement *ret_judgement) must_check;

/* The first dotted number in the text ("3.11.2" in "Python 3.11.2"), or the first number. */
Slice version_find(Slice text);
/* As memcmp, number by number; a part that is missing counts as 0. */
int version_compare(Slice a, Slice b);
