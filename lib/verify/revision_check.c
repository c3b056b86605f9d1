/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What runs says which commit it is of. It is believed only if it names the claimed one so far that
 * no other is meant: the digits stand alone, and none of them is another's.
 */

#include "verify/revision.h"

#include "base/error.h"
#include "plan/jsonpath.h"
#include "verify/command.h"
#include "verify/exchange.h"
#include "verify/kind.h"

enum { DIGITS_LEAST = 7, ANSWER_BYTES_MAX = 1024, SHOWN_BYTES = 200, OK = 200 };

static bool is_hex(uint8_t byte) {
        return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static size_t count_hex(Slice text) {
        size_t n = 0;

        while (n < text.n && is_hex(text.data[n]))
                n++;
        return n;
}

static bool has_letter(Slice digits) {
        for (size_t i = 0; i < digits.n; i++)
                if (digits.data[i] >= 'a')
                        return true;
        return false;
}

bool revision_names(Slice answer, Slice commit, uint64_t digits) {
        static const char dirty[] = "-dirty";
        bool is_named = false;

        if (slice_find(answer, slice_text(dirty)) < answer.n)
                return false;
        while (answer.n) {
                size_t n = count_hex(answer);
                Slice run = slice_head(answer, n);
                bool is_same = n <= commit.n && slice_equal(run, slice_head(commit, n));

                answer = slice_from(answer, n + 1);
                if (!is_same && n >= DIGITS_LEAST && has_letter(run))
                        return false;
                is_named |= is_same && n > 0 && n >= digits;
        }
        return is_named;
}

bool revision_guards(const Gate *gate, size_t revision, size_t check) {
        const Check *guarded = &gate->checks[check];

        return revision < check && gate->checks[revision].kind == CHECK_REVISION &&
               guarded->kind == CHECK_HTTP && guarded->n_command == 0;
}

static Slice trim(Slice text) {
        while (text.n && strchr(" \t\r\n", text.data[0]) && text.data[0])
                text = slice_from(text, 1);
        while (text.n && strchr(" \t\r\n", text.data[text.n - 1]) && text.data[text.n - 1])
                text.n--;
        return text;
}

/* The text in which the commit must stand, or why there is none. */
static const char *find_text(const Check *check, const ObservedStream *answer, Arena *arena,
                             Slice *ret_text) {
        JsonValue value;
        int r;

        *ret_text = trim(answer->head);
        if (answer->is_cut)
                return "(the answer is too long)";
        if (!check->revision.jsonpath.n)
                return slice_find(*ret_text, slice_text("\n")) < ret_text->n ||
                                       ret_text->n > ANSWER_BYTES_MAX
                               ? "(more than one line)"
                               : NULL;
        r = jsonpath_get(answer->head, check->revision.jsonpath, arena, &value);
        if (r != 0)
                return r == JSONPATH_E_ABSENT     ? "(nothing stands there)"
                       : r == JSONPATH_E_NOT_JSON ? "(the answer is not JSON)"
                                                  : "(the answer is too large)";
        *ret_text = trim(value.text);
        return NULL;
}

static void assert_named(const Check *check, const char *commit, const ObservedStream *answer,
                         Assertions *assertions) {
        size_t n_commit = strlen(commit);
        uint64_t digits = check->revision.digits ? check->revision.digits : n_commit;
        Slice text, shown;
        const char *missing = find_text(check, answer, assertions->arena, &text);

        digits = size_min(digits, n_commit);
        shown = missing ? slice_text(missing) : slice_head(text, SHOWN_BYTES);
        assertions_add(assertions, SIGHTING_REVISION, "revision",
                       !missing && revision_names(text, slice_text(commit), digits),
                       arena_printf(assertions->arena, "%.*s", (int)digits, commit), "%.*s",
                       SLICE_ARGS(shown));
}

static int by_command(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        Observed observed;
        CommandRun run;
        int r = command_run(setting, check, force_copy, attempt, &run);

        if (r != 0)
                return r;
        if (command_is_observable(check, attempt)) {
                command_observe(&run, check, attempt, &observed);
                command_assert_status(check, attempt, &assertions);
                assert_named(check, setting->request->commit, &observed.out, &assertions);
                assertions_add_expected(&assertions, check, &observed);
        }
        command_judge(&run, &assertions, attempt);
        command_drop(setting, &run);
        return 0;
}

static void examine_answer(const AttemptSetting *setting, const Check *check, Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        Observed observed;

        exchange_observe(attempt, &observed);
        if (!check_expects(check, SUBJECT_STATUS))
                assertions_add(&assertions, SIGHTING_STATUS, "status.equals", observed.status == OK,
                               "200", "%d", observed.status);
        assert_named(check, setting->request->commit, &observed.body, &assertions);
        assertions_add_expected(&assertions, check, &observed);
        attempt->results = assertions.items;
        attempt->n_results = assertions.n;
}

static int by_request(AttemptSetting *setting, const Check *check, Attempt *attempt) {
        cleanup(exchange_deinit) Exchange exchange;
        JudgeFacts facts = {.command_is_product = false};
        HttpSeen seen = {.was_alive = true, .answer = &attempt->http};
        int r;

        exchange_init(&exchange, setting, check);
        if (!check_reaches_out(check)) {
                judge_by(SIGHTING_HTTP_REFUSED, NULL, &attempt->judgement,
                         "nothing can answer: the check has no network");
                return 0;
        }
        if (!exchange_read_ca(&exchange, attempt))
                return 0;
        r = exchange_fetch(&exchange, attempt);
        if (r != 0)
                return r;
        if (attempt->has_http && attempt->http.end == HTTP_ANSWERED)
                examine_answer(setting, check, attempt);
        judge_http(&seen, &facts, attempt->results, attempt->n_results, &attempt->judgement);
        return 0;
}

int revision_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                           Attempt *attempt) {
        return check->http.url.n ? by_request(setting, check, attempt)
                                 : by_command(setting, check, force_copy, attempt);
}
