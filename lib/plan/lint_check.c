/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Of one check: that it cannot tell good from bad, whatever it asserts. */

#include "plan/lint.h"

#include "plan/grammar.h"
#include "plan/match.h"
#include "plan/regex.h"
#include "plan/shell.h"
#include "plan/shell_lost.h"

static const char *const safe_methods[] = {"GET", "HEAD", "OPTIONS"};
static const char *const whole_globs[] = {"**", "**/*", "**/**"};

static bool lacks_expectation(const Check *check) {
        return check->n_expectations == 0 && !check_kind_asserts_itself[check->kind];
}

static bool has_excuse(const Check *check) {
        return shell_find_excuse(check) != NULL;
}

static bool loses_status(const Check *check) {
        return shell_lost_find(check) != NULL;
}

/* All of a commit is older than the claim, whatever the stamps in it say. */
static bool is_log_of_the_commit(const Check *check) {
        return check->kind == CHECK_LOG && check->log.file.n && check->on != CHECK_ON_HOST;
}

static bool is_exact(const Matcher *matcher) {
        bool is_exact_all = matcher->op == MATCH_ANY;

        for (size_t i = 0; i < matcher->n_parts; i++)
                is_exact_all &= is_exact(&matcher->parts[i]);
        return is_exact_all || matcher->op == MATCH_EQUALS;
}

static bool lacks_status(const Check *check) {
        for (size_t i = 0; i < check->n_expectations; i++)
                if (check->expectations[i].subject == SUBJECT_STATUS &&
                    is_exact(check->expectations[i].matcher))
                        return false;
        return check->kind == CHECK_HTTP;
}

static bool lacks_floor(const Check *check) {
        const Decimal zero = decimal_of(0);

        for (size_t i = 0; i < check->n_expectations; i++)
                if (check->expectations[i].subject == SUBJECT_EXECUTED &&
                    !matcher_group_holds_number(check->expectations[i].matcher, &zero))
                        return false;
        return check->kind == CHECK_REPORT && check->report.n_names == 0 && !check->examined;
}

static bool examines_nothing(const Check *check) {
        const Decimal zero = decimal_of(0);

        return check->examined && matcher_group_holds_number(check->examined, &zero);
}

static bool lacks_interval(const Check *check) {
        return check->retries > 0 && check->interval_ms == 0;
}

static bool is_safe_request(const Check *check) {
        for (size_t i = 0; i < ARRAY_SIZE(safe_methods); i++)
                if (slice_is(check->http.method, safe_methods[i]))
                        return true;
        return check->kind != CHECK_HTTP;
}

/* Retries wait until something has settled. They are no way to do a thing again until it works,
 * nor to run tests until they are green. */
static bool retries_effects(const Check *check) {
        return check->retries > 0 && (check->cleanup.n || check->n_repeat > 1 ||
                                      check->kind == CHECK_REPORT || !is_safe_request(check));
}

static bool finds_nothing(Slice pattern) {
        size_t start;

        return pattern.n && regex_search(pattern, SLICE_NULL, REGEX_WHOLE, &start) != REGEX_NONE;
}

static bool has_empty_regex(const Check *check) {
        for (size_t i = 0; i < check->git.n_absent_in_history; i++)
                if (finds_nothing(check->git.absent_in_history[i]))
                        return true;
        return finds_nothing(check->log.control) || finds_nothing(check->process.matches) ||
               finds_nothing(check->examined_from);
}

/* The command prints the control itself. */
static bool prints_control(const Check *check) {
        size_t start;

        for (size_t i = 0; i < check->n_command && check->log.control.n && shell_prints(check); i++)
                if (regex_search(check->log.control, check->command[i], REGEX_WHOLE, &start) ==
                    REGEX_FOUND)
                        return true;
        return false;
}

static bool allows_all_paths(const Check *check) {
        for (size_t i = 0; i < check->git.n_only_paths; i++)
                for (size_t k = 0; k < ARRAY_SIZE(whole_globs); k++)
                        if (slice_is(check->git.only_paths[i], whole_globs[k]))
                                return true;
        return false;
}

static bool has_idle_teeth(const Check *check) {
        for (size_t i = 0; i < check->n_teeth; i++) {
                const Teeth *teeth = &check->teeth[i];
                const Check of_teeth = {.is_shell = teeth->is_shell,
                                        .command = teeth->command,
                                        .n_command = teeth->n_command};

                if (shell_is_idle(&of_teeth))
                        return true;
        }
        return false;
}

static bool is_red_at_nothing(const Check *check) {
        for (size_t i = 0; i < check->red_at.n; i++)
                if (check->red_at.data[i] != '0')
                        return false;
        return check->red_at.n > 0;
}

const CheckLint check_lints[] = {
        {{"vacuous-expectation", "a check asserts nothing", "say in `expect` what must hold",
          "http: { url: \"http://a/\" }"},
         lacks_expectation},
        {{"vacuous-command", "the command does nothing that could fail", "run what is to be proved",
          "run: \"true\""},
         shell_is_idle},
        {{"vacuous-excuse", "the command succeeds whatever happens",
          "leave the excuse out; say the exit status that is right, as in `exit-status: 1`",
          "run: make test || true"},
         has_excuse},
        {{"vacuous-pipe", "a shell of its own loses the status of all but the last of a pipe",
          "write `run` as a text, which sets pipefail", "run: [sh, -c, make test | cat]"},
         shell_loses_status},
        {{"vacuous-substitution", "what stands in `<( )` may fail unseen: two failures are equal",
          "write to files first, each with a command of its own",
          "run: diff <(./list) <(./list --again)"},
         shell_hides_status},
        {{"vacuous-lost", "a command stands in another one, which loses its status",
          "give it a line of its own, as in `x=$(./t)` and then `export x`; write `run` as a text",
          "run: export X=$(./t); ./u"},
         loses_status},
        {{"vacuous-log", "a log in the commit has no line of after the claim",
          "run what prints the log, or look `on: host`",
          "{ log: { file: app.log, control: started }, expect: { lines: { not-contains: x } } }"},
         is_log_of_the_commit},
        {{"vacuous-status", "an http check does not say which status is right",
          "add `status: 200`: a login page answers, too",
          "{ http: { url: \"http://a/\" }, expect: { status: { lt: 500 } } }"},
         lacks_status},
        {{"vacuous-report", "a report check does not say how many tests there must be",
          "add `executed: { ge: 1 }`, better the number that there are, or name them in `names`",
          "report: { run: make check, format: tap }"},
         lacks_floor},
        {{"vacuous-examined", "`examined` allows that nothing was looked at",
          "add a floor, as in `ge: 1`", "{ run: ./t, examined: { ge: 0 } }"},
         examines_nothing},
        {{"vacuous-regex", "an expression that says what to look at matches the empty text",
          "demand at least one character",
          "{ log: { run: ./journal, control: \".*\" }, expect: { lines: { not-contains: x } } }"},
         has_empty_regex},
        {{"vacuous-control", "the command prints the control of the log itself",
          "name a line that only the product writes",
          "{ log: { run: \"echo started; ./journal\", control: started }, "
          "expect: { lines: { not-contains: x } } }"},
         prints_control},
        {{"vacuous-glob", "`paths-only` allows every path", "name the paths that may differ",
          "git: { paths-only: { since: 0123456789012345678901234567890123456789, "
          "paths: [\"**\"] } }"},
         allows_all_paths},
        {{"vacuous-teeth", "the command of `teeth` does nothing, so that nothing is broken",
          "break what the check looks at", "{ run: ./t, teeth: { run: \"true\" } }"},
         has_idle_teeth},
        {{"vacuous-red-at", "`red-at` names no commit", "name a commit at which it failed",
          "{ run: ./t, red-at: \"0000000000000000000000000000000000000000\" }"},
         is_red_at_nothing},
        {{"plan-retries", "there are retries without an interval", "add `interval: 2s`",
          "{ run: ./t, retries: 3 }"},
         lacks_interval},
        {{"plan-retries-effects",
          "retries would do again what has effects (`cleanup`, `repeat`, a request that changes "
          "something) or run tests until they are green",
          "retry a check of its own that only looks, with `needs`",
          "{ http: { url: \"http://a/\", method: POST }, expect: { status: 200 }, retries: 3, "
          "interval: 1s }"},
         retries_effects},
};
const size_t n_check_lints = ARRAY_SIZE(check_lints);
