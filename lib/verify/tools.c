/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Tools and their versions. */

#include "verify/tools.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "verify/kind.h"

enum { VERSION_MS = 10000 };

void tool_memo_deinit(ToolMemo *memo) {
        arena_deinit(&memo->arena);
}

static bool is_digit(uint8_t byte) {
        return byte >= '0' && byte <= '9';
}

static Slice number_at(Slice text, size_t start, bool *ret_dotted) {
        size_t end = start;

        *ret_dotted = false;
        while (end < text.n &&
               (is_digit(text.data[end]) ||
                (text.data[end] == '.' && end + 1 < text.n && is_digit(text.data[end + 1])))) {
                *ret_dotted = *ret_dotted || text.data[end] == '.';
                end++;
        }
        return slice_make(text.data + start, end - start);
}

Slice version_find(Slice text) {
        Slice first = SLICE_NULL;

        for (size_t i = 0; i < text.n; i++) {
                bool is_dotted;
                Slice number;

                if (!is_digit(text.data[i]))
                        continue;
                number = number_at(text, i, &is_dotted);
                if (is_dotted)
                        return number;
                if (!first.n)
                        first = number;
                i += number.n - 1;
        }
        return first;
}

/* Cuts the first number off; leading zeros do not count. */
static Slice next_part(Slice *rest) {
        size_t n = 0;
        Slice part;

        while (n < rest->n && is_digit(rest->data[n]))
                n++;
        part = slice_head(*rest, n);
        *rest = slice_from(*rest, n + 1);
        while (part.n && part.data[0] == '0')
                part = slice_from(part, 1);
        return part;
}

int version_compare(Slice a, Slice b) {
        while (a.n || b.n) {
                Slice part_a = next_part(&a), part_b = next_part(&b);

                if (part_a.n != part_b.n)
                        return part_a.n < part_b.n ? -1 : 1;
                if (slice_compare(part_a, part_b) != 0)
                        return slice_compare(part_a, part_b);
        }
        return 0;
}

typedef struct Answer {
        Slice version;
        bool is_sure; /* it is what the program means to say, and not part of a complaint */
} Answer;

static void read_answer(const SandboxOutcome *outcome, Arena *arena, Answer *ret_answer) {
        Slice version = version_find(buf_get(&outcome->out.head));

        if (!version.n)
                version = version_find(buf_get(&outcome->err.head));
        *ret_answer = (Answer){
                .version = arena_slice(arena, version),
                .is_sure = version.n && outcome->end == SANDBOX_EXITED && outcome->status == 0,
        };
}

static int ask(AttemptSetting *setting, Slice name, const char *option, Arena *arena,
               Answer *ret_answer) {
        Slice command[] = {name, slice_text(option)};
        Check question = {.command = command, .n_command = 2, .timeout_ms = VERSION_MS};
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        SandboxSpec spec;
        int r;

        TRY(attempt_prepare(setting, &question, arena, &spec));
        TRY(sandbox_start(setting->request->runner, &spec, &sandbox));
        r = attempt_follow(setting, sandbox, &outcome);
        if (r != 0)
                return r;
        read_answer(&outcome, arena, ret_answer);
        attempt_drop(setting, &spec);
        return 0;
}

/* The first that is answered with success and a number; otherwise a dotted number out of what was
 * said to one of them. */
static int ask_version(AttemptSetting *setting, Slice name, Arena *arena, Slice *ret_version) {
        static const char *const options[] = {"--version", "-v", "-V", "version", "-version"};
        const Slice dot = slice_text(".");

        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                Answer answer;
                int r = ask(setting, name, options[i], arena, &answer);

                if (r != 0)
                        return r;
                if (answer.is_sure ||
                    (!ret_version->n && slice_find(answer.version, dot) < answer.version.n))
                        *ret_version = answer.version;
                if (answer.is_sure)
                        return 0;
        }
        return 0;
}

static int get_version(AttemptSetting *setting, ToolMemo *memo, Slice name, Slice *ret_version) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice version = SLICE_NULL;
        int r;

        for (size_t i = 0; i < memo->n; i++) {
                if (!slice_equal(memo->tools[i].name, name))
                        continue;
                *ret_version = memo->tools[i].version;
                return 0;
        }
        r = ask_version(setting, name, &arena, &version);
        if (r != 0)
                return r;
        *ret_version = arena_slice(&memo->arena, version);
        if (memo->n < ARRAY_SIZE(memo->tools)) {
                memo->tools[memo->n].name = name;
                memo->tools[memo->n++].version = *ret_version;
        }
        return 0;
}

static int look(AttemptSetting *setting, const Tool *tool, ToolMemo *memo, bool *ret_there,
                Judgement *ret_judgement) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *name = arena_text(&arena, tool->name);
        const char *env[] = {"PATH=" ATTEMPT_PATH, NULL};
        const char *argv[] = {name, NULL};
        SandboxSpec spec = {.argv = argv, .env = env};
        JudgeFacts facts = {.command_is_product = false};
        Slice version = SLICE_NULL;
        int r;

        *ret_there = false;
        attempt_get_facts(&spec, &facts);
        if (facts.command_is_missing) {
                judge_by(SIGHTING_ENV_MISSING, NULL, ret_judgement,
                         "the plan needs `%s`; it is not on this machine", name);
                return 0;
        }
        *ret_there = true;
        if (!tool->version.n)
                return 0;
        r = get_version(setting, memo, tool->name, &version);
        if (r != 0)
                return r;
        *ret_there = version.n && version_compare(version, tool->version) >= 0;
        if (!*ret_there)
                judge_by(SIGHTING_ENV_MISSING, NULL, ret_judgement,
                         "the plan needs `%s` >= %.*s; here is %.*s", name,
                         SLICE_ARGS(tool->version),
                         SLICE_ARGS(version.n ? version
                                              : slice_text("a version that it does not say")));
        return 0;
}

/* A path of the host that the plan opens to the check. */
static bool look_at_access(const Check *check, Judgement *ret_judgement) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < check->n_host_access; i++) {
                const char *path = arena_text(&arena, check->host_access[i]);

                if (access(path, F_OK) == 0)
                        continue;
                judge_by(SIGHTING_ENV_MISSING, NULL, ret_judgement,
                         "the plan opens `%s` to it; that is not on this machine", path);
                return false;
        }
        return true;
}

int tools_look(AttemptSetting *setting, const Check *check, ToolMemo *memo, bool *ret_all_there,
               Judgement *ret_judgement) {
        AttemptSetting elsewhere = *setting;
        int r = 0;

        *ret_all_there = look_at_access(check, ret_judgement);
        if (!check->n_tools)
                return 0;
        elsewhere.tree = NULL; /* an empty one */
        for (size_t i = 0; r == 0 && *ret_all_there && i < check->n_tools; i++)
                r = look(&elsewhere, &check->tools[i], memo, ret_all_there, ret_judgement);
        setting->n_dirs = elsewhere.n_dirs;
        return r;
}
