/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/metrics.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "broker/finding.h"
#include "broker/waits.h"

enum { SECOND_MS = 1000, STATM_BYTES_MAX = 256 };

static const struct {
        uint64_t ns;
        const char *seconds;
} bound_rows[COMMIT_BOUNDS] = {
        {100000, "0.0001"},  {250000, "0.00025"}, {500000, "0.0005"}, {1000000, "0.001"},
        {2500000, "0.0025"}, {5000000, "0.005"},  {10000000, "0.01"}, {25000000, "0.025"},
        {50000000, "0.05"},  {100000000, "0.1"},  {500000000, "0.5"}, {2500000000, "2.5"},
};

void commit_times_add(CommitTimes *times, uint64_t took_ns) {
        size_t i = 0;

        while (i < COMMIT_BOUNDS && took_ns > bound_rows[i].ns)
                i++;
        times->counts[i]++;
        times->n++;
        times->sum_ns += took_ns;
}

/* ---- one function for each row ---- */

static void number(const char *name, uint64_t value, Buf *text) {
        buf_printf(text, "%s %" PRIu64 "\n", name, value);
}

/* Names are of words, rules and deliveries: none of them has a quote or a backslash. */
static void labelled(const char *name, const char *label, const char *value, uint64_t n,
                     Buf *text) {
        buf_printf(text, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, n);
}

static uint64_t file_bytes(const Project *project, const char *file) {
        cleanup_free char *path = mem_printf("%s/%s", project->dir, file);
        struct stat facts;

        return stat(path, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static const State *state_of(const MetricsSource *source) {
        return core_get_state(source->core);
}

static void metric_entries(const MetricsSource *source, const char *name, Buf *text) {
        number(name, state_of(source)->head_seq, text);
}

static void metric_ledger_bytes(const MetricsSource *source, const char *name, Buf *text) {
        number(name, file_bytes(source->project, "ledger.db"), text);
}

static void metric_log_bytes(const MetricsSource *source, const char *name, Buf *text) {
        number(name, file_bytes(source->project, "ledger.db-wal"), text);
}

static void metric_evidence_removed(const MetricsSource *source, const char *name, Buf *text) {
        number(name, state_of(source)->n_collected, text);
}

static void metric_checkpoint(const MetricsSource *source, const char *name, Buf *text) {
        number(name, source->checkpoint_seq, text);
}

static void metric_commit_seconds(const MetricsSource *source, const char *name, Buf *text) {
        const CommitTimes *times = source->commits;
        uint64_t n = 0;

        for (size_t i = 0; i < COMMIT_BOUNDS; i++) {
                n += times->counts[i];
                buf_printf(text, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, bound_rows[i].seconds,
                           n);
        }
        buf_printf(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, times->n);
        buf_printf(text, "%s_sum %.6f\n", name, (double)times->sum_ns / 1e9);
        buf_printf(text, "%s_count %" PRIu64 "\n", name, times->n);
}

static void metric_agents(const MetricsSource *source, const char *name, Buf *text) {
        const State *state = state_of(source);
        uint64_t counts[_ROLE_MAX] = {0};

        for (size_t i = 0; i < state->n_agents; i++)
                counts[state->agents[i]->role] += !state->agents[i]->is_revoked;
        for (int i = 0; i < _ROLE_MAX; i++)
                if (i != ROLE_BROKER)
                        labelled(name, "role", word_of(&words_ROLE, i), counts[i], text);
}

static void metric_connections(const MetricsSource *source, const char *name, Buf *text) {
        number(name, core_get_counters(source->core).n_peers, text);
}

static void metric_silent(const MetricsSource *source, const char *name, Buf *text) {
        number(name, source->n_silent, text);
}

static void metric_handshakes(const MetricsSource *source, const char *name, Buf *text) {
        number(name, source->n_failed, text);
}

static void metric_claims(const MetricsSource *source, const char *name, Buf *text) {
        const State *state = state_of(source);
        uint64_t n_queued = 0, n_leased = 0;

        for (size_t i = 0; i < state->n_claims; i++) {
                n_queued += state->claims[i]->state == CLAIM_STATE_QUEUED;
                n_leased += state->claims[i]->state == CLAIM_STATE_LEASED;
        }
        labelled(name, "state", "queued", n_queued, text);
        labelled(name, "state", "leased", n_leased, text);
}

static void metric_findings(const MetricsSource *source, const char *name, Buf *text) {
        const State *state = state_of(source);
        uint64_t n = 0;

        for (size_t i = 0; i < state->n_findings; i++)
                n += state->findings[i]->state != FINDING_STATE_CLOSED;
        number(name, n, text);
}

static void metric_vetoes(const MetricsSource *source, const char *name, Buf *text) {
        number(name, state_of(source)->n_vetoes, text);
}

static void metric_waits(const MetricsSource *source, const char *name, Buf *text) {
        const State *state = state_of(source);
        uint64_t counts[_WAIT_FOR_MAX] = {0};

        for (size_t i = 0; i < state->n_phases; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Waits waits;

                waits_build(state, state->phases[i], source->wall_ms, &arena, &waits);
                for (size_t j = 0; j < waits.n; j++)
                        counts[waits.waits[j].wait_for]++;
        }
        for (int i = 0; i < _WAIT_FOR_MAX; i++)
                labelled(name, "kind", word_of(&words_WAIT_FOR, i), counts[i], text);
}

static void metric_alerts(const MetricsSource *source, const char *name, Buf *text) {
        number(name, state_of(source)->n_alerts, text);
}

static void metric_refusals(const MetricsSource *source, const char *name, Buf *text) {
        CoreCounters counters = core_get_counters(source->core);

        for (size_t i = 0; i < counters.n_refusals; i++)
                labelled(name, "rule", counters.refusals[i].rule, counters.refusals[i].n, text);
}

static void metric_queued_bytes(const MetricsSource *source, const char *name, Buf *text) {
        number(name, core_get_counters(source->core).n_held_bytes, text);
}

static void metric_deliveries(const MetricsSource *source, const char *name, Buf *text) {
        const char *delivery;
        uint64_t n;

        for (size_t i = 0; source->notify && notify_get_queue(source->notify, i, &delivery, &n);
             i++)
                labelled(name, "delivery", delivery, n, text);
}

static void metric_uptime(const MetricsSource *source, const char *name, Buf *text) {
        number(name, (source->now_ms - source->started_ms) / SECOND_MS, text);
}

static void metric_memory(const MetricsSource *source unused_, const char *name, Buf *text) {
        cleanup_buf Buf statm = BUF_INIT(STATM_BYTES_MAX);
        uint64_t n_pages;

        if (file_read("/proc/self/statm", &statm) != 0)
                return;
        n_pages = proc_number(proc_get_field(buf_get(&statm), 1));
        if (n_pages)
                number(name, n_pages * (uint64_t)sysconf(_SC_PAGESIZE), text);
}

/* ---- the rows ---- */

static const struct {
        void (*print)(const MetricsSource *source, const char *name, Buf *text);
        const char *name, *type, *sentence;
} metric_rows[] = {
#define METRIC(function, name, type, sentence) {metric_##function, name, type, sentence},
#include "broker/metrics.def"
};

void metrics_print(const MetricsSource *source, Buf *text) {
        for (size_t i = 0; i < ARRAY_SIZE(metric_rows); i++) {
                buf_printf(text, "# HELP %s %s\n# TYPE %s %s\n", metric_rows[i].name,
                           metric_rows[i].sentence, metric_rows[i].name, metric_rows[i].type);
                metric_rows[i].print(source, metric_rows[i].name, text);
        }
}

void metrics_print_docs(Buf *text) {
        buf_text(text, "| metric | type | meaning |\n| --- | --- | --- |\n");
        for (size_t i = 0; i < ARRAY_SIZE(metric_rows); i++)
                buf_printf(text, "| `%s` | %s | %s |\n", metric_rows[i].name, metric_rows[i].type,
                           metric_rows[i].sentence);
}
