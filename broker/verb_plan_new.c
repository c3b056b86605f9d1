/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `plan new`: a plan to begin with. It is printed, so that nothing is overwritten, and linted as
 * every other, so that what it teaches is accepted. */

#include "broker/verbs.h"
#include "plan/plan.h"
#include "proto/describe.h"

static const char begin[] =
        "\n\n"
        "**Mission:** what is finished when this phase is DONE, and for whom. Only the blocks below are\n"
        "read by the machine; `man coldgate-plan` has every word of them.\n\n"
        "```yaml phase\n"
        "version: 1\n"
        "phase: ";

static const char gates[] =
        "\n"
        "# protected: [tests/**]      # what no claim may change on its way to a PASS\n"
        "defaults: { timeout: 5m }\n"
        "```\n\n"
        "## M1 — the tests pass, from the commit alone\n\n"
        "```yaml gate\n"
        "gate: M1\n"
        "title: The tests pass, from the commit alone\n"
        "checks:\n"
        "  - id: tests\n"
        "    run: make check            # bash -euo pipefail, in a fresh clone, without a network\n"
        "    # expect: { stdout: { contains: '42 passed' } }      # exit status 0 unless it is said\n"
        "    # teeth: { run: \"sed -i 's/</<=/' src/bound.c\" }     # breaks it: the check must go red\n"
        "```\n\n"
        "## M2 — it says what it was asked for\n\n"
        "```yaml gate\n"
        "gate: M2\n"
        "title: It says what it was asked for\n"
        "needs: [M1]\n"
        "checks:\n"
        "  - id: version\n"
        "    run: make && ./program --version\n"
        "    expect: { stdout: { matches: '^program \\d+\\.\\d+$' } }\n"
        "  # - id: looks\n"
        "  #   manual: Does the page look as it did before?\n"
        "```\n";

int verb_plan_new(const Args *args) {
        const char *phase = args->rest[0];
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        cleanup_buf Buf text = BUF_TEXT, out = BUF_TEXT;
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        int r;

        buf_printf(&text, "# Phase `%s`%s%s%s", phase, begin, phase, gates);
        r = plan_parse("the new plan", buf_get(&text), &plan, &fault, 1, &n_faults);
        if (r != 0)
                return errand_end(args, r > 0 ? ERRAND_E_REFUSED : r, &fault, EXIT_USAGE);
        if (args_has(args, "json")) {
                buf_text(&out, "{\"version\":1,\"plan\":{\"phase\":");
                describe_json_string(slice_text(phase), &out);
                buf_text(&out, ",\"text\":");
                describe_json_string(buf_get(&text), &out);
                buf_text(&out, "}}\n");
        }
        errand_print(out.n ? &out : &text);
        return EXIT_HOLDS;
}
