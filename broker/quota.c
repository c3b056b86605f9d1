/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * How many entries a key may add: a bucket for each, which fills as its role's setting says and
 * holds an hour's worth. In memory only: a restart fills it. Units are entries times the
 * milliseconds of a minute, so that a quota of entries a minute is what flows in each millisecond.
 *
 * Beside it, how many bytes of answers it may ask for. What a peer does not read waits in the
 * channel, which counts frames and not bytes: this is what bounds them.
 */

#include "base/mem.h"
#include "broker/core_parts.h"

enum {
        ENTRY_UNITS = 60000,
        FULL_MS = 3600000,
        ANSWER_BYTES_FULL = 8 << 20,
        ANSWER_BYTES_PER_MS = 8 << 10,
        ANSWER_FULL_MS = ANSWER_BYTES_FULL / ANSWER_BYTES_PER_MS,
};

static Quota *find(Core *core, const AgentRecord *agent) {
        uint64_t now_ms = core_mono_ms(core);

        for (size_t i = 0; i < core->n_quotas; i++)
                if (core->quotas[i].agent == agent)
                        return &core->quotas[i];
        core->quotas = mem_resize(core->quotas, core->n_quotas + 1, sizeof *core->quotas);
        core->quotas[core->n_quotas] =
                (Quota){.agent = agent,
                        .level = core->settings.quotas[agent->role] * FULL_MS,
                        .at_ms = now_ms,
                        .answer_bytes = ANSWER_BYTES_FULL,
                        .answer_ms = now_ms};
        return &core->quotas[core->n_quotas++];
}

bool quota_take(Core *core, const AgentRecord *agent, Fault *reterr_fault) {
        uint64_t per_minute = core->settings.quotas[agent->role], now_ms = core_mono_ms(core);
        uint64_t elapsed_ms;
        Quota *quota;

        if (per_minute == 0)
                return true;
        quota = find(core, agent);
        elapsed_ms = size_min(now_ms - quota->at_ms, FULL_MS);
        quota->level = size_min(quota->level + elapsed_ms * per_minute, per_minute * FULL_MS);
        quota->at_ms = now_ms;
        if (quota->level >= ENTRY_UNITS) {
                quota->level -= ENTRY_UNITS;
                return true;
        }
        fault_set(reterr_fault, "quota-entries", "%s has used up its entries: %llu a minute",
                  agent->name, (unsigned long long)per_minute);
        fault_place(reterr_fault, "submit");
        fault_next(reterr_fault,
                   "say it again later; or the operator raises quota-%s in "
                   ".coldgate/config",
                   word_of(&words_ROLE, (int)agent->role));
        return false;
}

bool quota_may_answer(Core *core, const AgentRecord *agent) {
        Quota *quota = find(core, agent);
        uint64_t now_ms = core_mono_ms(core);
        uint64_t elapsed_ms = size_min(now_ms - quota->answer_ms, ANSWER_FULL_MS);

        quota->answer_bytes =
                size_min(quota->answer_bytes + elapsed_ms * ANSWER_BYTES_PER_MS, ANSWER_BYTES_FULL);
        quota->answer_ms = now_ms;
        return quota->answer_bytes > 0;
}

void quota_answered(Core *core, const AgentRecord *agent, size_t n_bytes) {
        Quota *quota = find(core, agent);

        quota->answer_bytes -= size_min(n_bytes, quota->answer_bytes);
}
