/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules as rows. */

#include "plan/check_rules.h"

#include "plan/grammar.h"
#include "plan/matcher.h"

static bool lacks_command(const Check *check) {
        return check->n_command == 0 && (check->cleanup.n || check->workdir.n);
}

static bool lacks_source(const Check *check) {
        return (check->kind == CHECK_REVISION && !check->http.url.n && !check->n_command) ||
               (check->kind == CHECK_LOG && !check->log.file.n && !check->n_command);
}

static bool has_two_sources(const Check *check) {
        return (check->kind == CHECK_REVISION && check->http.url.n && check->n_command) ||
               (check->kind == CHECK_LOG && check->log.file.n && check->n_command);
}

static bool lacks_url(const Check *check) {
        return check->kind == CHECK_REVISION && !check->http.url.n &&
               (check->http.n_headers || check->http.n_resolve || check->http.insecure ||
                check->http.follow_redirects || check->http.unix_socket.n || check->http.ca_file.n);
}

static bool lacks_file(const Check *check) {
        return check->log.stamp.n && !check->log.file.n;
}

static bool lacks_fact(const Check *check) {
        const GitFacts *git = &check->git;

        return check->kind == CHECK_GIT && !git->ancestor_of.n && !git->descendant_of.n &&
               !git->n_unchanged_paths && !git->n_only_paths && !git->n_absent_in_history;
}

static bool lacks_look(const Check *check) {
        return check->hold_ms && !check->interval_ms;
}

static bool is_outside(const Check *check) {
        Slice path = check->kind == CHECK_FILE  ? check->file.path
                     : check->kind == CHECK_LOG ? check->log.file
                                                : SLICE_NULL;

        return path.n && path.data[0] == '/' && check->on != CHECK_ON_HOST;
}

static bool is_unix(const Check *check) {
        return check->port.address.n && check->port.address.data[0] == '/';
}

static bool lacks_number(const Check *check) {
        return check->kind == CHECK_PORT && !check->port.number && !is_unix(check);
}

static bool has_idle_number(const Check *check) {
        return check->kind == CHECK_PORT && check->port.number && is_unix(check);
}

static bool has_two_trusts(const Check *check) {
        return check->http.insecure && check->http.ca_file.n;
}

static bool bites_an_answer(const Check *check) {
        return check->kind == CHECK_MANUAL && (check->n_teeth || check->red_at.n);
}

static bool has_idle_teeth(const Check *check) {
        for (size_t i = 0; i < check->n_teeth; i++)
                if (!check->teeth[i].n_command == !check->teeth[i].patch.n)
                        return true;
        return false;
}

static bool stays_broken(const Check *check) {
        for (size_t i = 0; i < check->n_teeth; i++)
                if (check->teeth[i].n_command && !check->teeth[i].undo.n &&
                    check->on == CHECK_ON_HOST)
                        return true;
        return false;
}

static bool begins(Slice text, Slice beginning) {
        return slice_equal(slice_head(text, beginning.n), beginning);
}

/* Kinds that assert by themselves name their assertions when they run. */
static bool bites(const Check *check, Slice assertion) {
        bool found = check_kind_asserts_itself[check->kind];

        for (size_t i = 0; i < check->n_expectations && !found; i++)
                found = begins(check->expectations[i].matcher->where, assertion);
        return found;
}

static void refuse_bites(const Check *check, const Teeth *teeth, FaultList *faults) {
        Fault *fault = faults_add(faults, teeth->place, "plan-teeth",
                                  "`expect-fail` names no assertion of the check `%.*s`",
                                  SLICE_ARGS(check->family));
        cleanup_buf Buf all = BUF_INIT(sizeof fault->next / 2);

        for (size_t i = 0; i < check->n_expectations; i++)
                buf_printf(&all, "%s%.*s", i ? ", " : "",
                           SLICE_ARGS(check->expectations[i].matcher->where));
        fault_next(fault, "its assertions are: %s", buf_get_text(&all));
}

static const struct {
        bool (*applies)(const Check *check);
        const char *rule, *found, *next;
} rows[] = {
        {lacks_command, "plan-word-place",
         "`cleanup` and `workdir` belong to a command, which this check has not", "leave them out"},
        {lacks_source, "plan-missing", "nothing says where it comes from",
         "add `run`, or `url` for a revision, `file` for a log"},
        {has_two_sources, "plan-word-place", "it comes from two places",
         "leave one out: `run`, or `url` of a revision, `file` of a log"},
        {lacks_url, "plan-word-place", "there are words of a request, but no `url`",
         "add `url`, or leave them out"},
        {lacks_file, "plan-word-place", "`stamp` belongs to `file`",
         "a command that prints a log chooses its lines itself, from `$GATE_SINCE` on"},
        {lacks_fact, "vacuous-git", "`git` says no fact", "add one, as in `ancestor-of: COMMIT`"},
        {lacks_look, "plan-missing", "`hold` has no `interval`", "add `interval: 1s`"},
        {is_outside, "plan-value", "the path is absolute, but the check is in the sandbox",
         "add `on: host`, or name a path in the workspace"},
        {lacks_number, "plan-missing", "`port` has no `number`", "add one, as in `number: 8080`"},
        {has_idle_number, "plan-word-place", "a unix socket has no port", "leave `number` out"},
        {has_two_trusts, "plan-word-place", "`insecure` and `ca-file` contradict each other",
         "leave `insecure` out"},
        {bites_an_answer, "plan-word-place", "nothing can make a person's answer fail",
         "leave `teeth` and `red-at` out"},
        {has_idle_teeth, "plan-teeth", "`teeth` have exactly one of `run` and `patch`",
         "say what breaks it, once"},
        {stays_broken, "plan-teeth", "on the host nothing mends what `teeth` break",
         "add `undo: COMMAND`"},
};

void check_rules_apply(const Check *check, FaultList *faults) {
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Fault *fault;

                if (!rows[i].applies(check))
                        continue;
                fault = faults_add(faults, check->place, rows[i].rule, "check `%.*s`: %s",
                                   SLICE_ARGS(check->family), rows[i].found);
                fault_next(fault, "%s", rows[i].next);
        }
        for (size_t i = 0; i < check->n_teeth; i++)
                if (!bites(check, check->teeth[i].assertion))
                        refuse_bites(check, &check->teeth[i], faults);
}
