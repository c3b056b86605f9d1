/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A thread that shares nothing with its maker but what is handed over at its end. */

#include "broker/chain.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/replay.h"

struct Chain {
        pthread_t thread;
        bool is_running;
        atomic_bool is_abandoned; /* nobody waits for what it finds */
        char *path;
        uint64_t head_seq;
        Hash head;
        int result;
        Fault fault;
};

static int check_entry(void *userdata, const Entry *entry) {
        return replay_check_hash(entry, userdata) == 0 ? 0 : CHAIN_E_BROKEN;
}

int chain_check(Ledger *ledger, Fault *reterr_fault) {
        return ledger_walk(ledger, 1, SLICE_NULL, check_entry, reterr_fault);
}

/* ---- the second reader ---- */

static int take_entry(void *userdata, const Entry *entry) {
        Chain *chain = userdata;

        if (atomic_load_explicit(&chain->is_abandoned, memory_order_relaxed))
                return CHAIN_E_BROKEN;
        chain->head_seq = entry->seq;
        chain->head = entry->hash;
        return check_entry(&chain->fault, entry);
}

static int read_all(Chain *chain) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        int r = ledger_open(chain->path, LEDGER_READ, &ledger, &chain->fault);

        if (r != 0)
                return r > 0 ? CHAIN_E_BROKEN : r;
        return ledger_walk(ledger, 1, SLICE_NULL, take_entry, chain);
}

static void *run(void *userdata) {
        Chain *chain = userdata;

        chain->result = read_all(chain);
        return NULL;
}

int chain_start(const char *path, Chain **ret_chain) {
        Chain *chain = mem_new(Chain);
        int r;

        chain->path = mem_strdup(path);
        r = pthread_create(&chain->thread, NULL, run, chain);
        chain->is_running = r == 0;
        if (r != 0) {
                (void)chain_free(chain);
                return CHAIN_E_ALONE;
        }
        *ret_chain = chain;
        return 0;
}

static void join(Chain *chain) {
        if (chain->is_running)
                (void)pthread_join(chain->thread, NULL);
        chain->is_running = false;
}

int chain_finish(Chain *chain, uint64_t head_seq, const Hash *head, Fault *reterr_fault) {
        join(chain);
        if (chain->result != 0) {
                *reterr_fault = chain->fault;
                return chain->result;
        }
        if (chain->head_seq == head_seq && hash_equal(&chain->head, head))
                return 0;
        fault_set(reterr_fault, "ledger-corrupt",
                  "its second reader came to entry %" PRIu64 ", not to entry %" PRIu64,
                  chain->head_seq, head_seq);
        fault_place(reterr_fault, "%s", chain->path);
        fault_next(reterr_fault, "broker verify");
        return CHAIN_E_BROKEN;
}

Chain *chain_free(Chain *chain) {
        if (!chain)
                return NULL;
        atomic_store(&chain->is_abandoned, true);
        join(chain);
        free(chain->path);
        free(chain);
        return NULL;
}
