/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A ring of blocks: the reader fills one, the visitor empties another. They share a mutex, and it
 * is taken for a block of some hundred entries, not for each. */

#include "broker/chain.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/replay.h"

enum { BLOCKS = 4, BLOCK_ENTRIES = 256, BLOCK_BYTES = 128 * 1024 };

typedef struct Block {
        Entry entries[BLOCK_ENTRIES];
        size_t n;
        uint8_t *bytes; /* that the entries point into */
        size_t n_used, n_max;
} Block;

typedef struct Reader {
        const char *path;
        Block blocks[BLOCKS];
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        /* Under the mutex: */
        uint64_t n_filled, n_emptied; /* blocks, ever */
        bool is_through;              /* no block will follow */
        bool is_abandoned;            /* nobody takes what it reads */
        /* The reader's own until it has ended: */
        int result;
        Fault fault;
} Reader;

/* ---- alone ---- */

typedef struct Alone {
        LedgerVisit visit;
        void *userdata;
        Fault *fault;
} Alone;

static int visit_proved(void *userdata, const Entry *entry) {
        const Alone *alone = userdata;

        if (replay_check_hash(entry, alone->fault) != 0)
                return CHAIN_E_BROKEN;
        return alone->visit(alone->userdata, entry);
}

int chain_walk(Ledger *ledger, LedgerVisit visit, void *userdata, Fault *reterr_fault) {
        Alone alone = {.visit = visit, .userdata = userdata, .fault = reterr_fault};

        return ledger_walk(ledger, 1, SLICE_NULL, visit_proved, &alone);
}

/* ---- the reader ---- */

static Block *block_at(Reader *reader, uint64_t number) {
        return &reader->blocks[number % BLOCKS];
}

/* The block in hand goes to the visitor. False: there is none any more. */
static bool hand_over(Reader *reader) {
        Block *next;
        bool is_wanted;

        (void)pthread_mutex_lock(&reader->mutex);
        reader->n_filled++;
        (void)pthread_cond_signal(&reader->changed);
        while (reader->n_filled - reader->n_emptied == BLOCKS && !reader->is_abandoned)
                (void)pthread_cond_wait(&reader->changed, &reader->mutex);
        is_wanted = !reader->is_abandoned;
        (void)pthread_mutex_unlock(&reader->mutex);
        next = block_at(reader, reader->n_filled);
        next->n = next->n_used = 0;
        return is_wanted;
}

static Slice keep(Block *block, Slice slice) {
        uint8_t *place = block->bytes + block->n_used;

        if (slice.n)
                memcpy(place, slice.data, slice.n);
        block->n_used += slice.n;
        return slice_make(place, slice.n);
}

/* A block without entries may move. */
static void make_room(Block *block, size_t n_bytes) {
        if (block->n_max >= n_bytes)
                return;
        block->n_max = size_max(n_bytes, BLOCK_BYTES);
        block->bytes = mem_resize(block->bytes, block->n_max, 1);
}

static int take_entry(void *userdata, const Entry *entry) {
        Reader *reader = userdata;
        Block *block = block_at(reader, reader->n_filled);
        size_t n_bytes = entry->kind.n + entry->phase.n + entry->actor.n + entry->frame.n +
                         entry->signature.n;
        Entry *kept;

        if (replay_check_hash(entry, &reader->fault) != 0)
                return CHAIN_E_BROKEN;
        if (block->n == BLOCK_ENTRIES || (block->n && block->n_max - block->n_used < n_bytes)) {
                if (!hand_over(reader))
                        return CHAIN_E_BROKEN;
                block = block_at(reader, reader->n_filled);
        }
        if (block->n == 0)
                make_room(block, n_bytes);
        kept = &block->entries[block->n++];
        *kept = *entry;
        kept->kind = keep(block, entry->kind);
        kept->phase = keep(block, entry->phase);
        kept->actor = keep(block, entry->actor);
        kept->frame = keep(block, entry->frame);
        kept->signature = keep(block, entry->signature);
        return 0;
}

static int read_all(Reader *reader) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        int r = ledger_open(reader->path, LEDGER_READ, &ledger, &reader->fault);

        if (r != 0)
                return r > 0 ? CHAIN_E_BROKEN : r;
        return ledger_walk(ledger, 1, SLICE_NULL, take_entry, reader);
}

/* What was read before a defect is handed over with it: its own defects come first. */
static void *run(void *userdata) {
        Reader *reader = userdata;

        reader->result = read_all(reader);
        (void)pthread_mutex_lock(&reader->mutex);
        if (!reader->is_abandoned && block_at(reader, reader->n_filled)->n)
                reader->n_filled++;
        reader->is_through = true;
        (void)pthread_cond_signal(&reader->changed);
        (void)pthread_mutex_unlock(&reader->mutex);
        return NULL;
}

/* ---- the visitor ---- */

/* The next block; NULL behind the last one. The one before it is given back. */
static const Block *next_block(Reader *reader, const Block *emptied) {
        const Block *block = NULL;

        (void)pthread_mutex_lock(&reader->mutex);
        if (emptied)
                reader->n_emptied++;
        (void)pthread_cond_signal(&reader->changed);
        while (reader->n_emptied == reader->n_filled && !reader->is_through)
                (void)pthread_cond_wait(&reader->changed, &reader->mutex);
        if (reader->n_emptied < reader->n_filled)
                block = block_at(reader, reader->n_emptied);
        (void)pthread_mutex_unlock(&reader->mutex);
        return block;
}

static int visit_all(Reader *reader, LedgerVisit visit, void *userdata) {
        const Block *block = NULL;
        int r = 0;

        while (r == 0 && (block = next_block(reader, block)))
                for (size_t i = 0; r == 0 && i < block->n; i++)
                        r = visit(userdata, &block->entries[i]);
        return r;
}

static void leave(Reader *reader) {
        (void)pthread_mutex_lock(&reader->mutex);
        reader->is_abandoned = true;
        (void)pthread_cond_signal(&reader->changed);
        (void)pthread_mutex_unlock(&reader->mutex);
}

static Reader *reader_free(Reader *reader) {
        (void)pthread_cond_destroy(&reader->changed);
        (void)pthread_mutex_destroy(&reader->mutex);
        for (size_t i = 0; i < BLOCKS; i++)
                free(reader->blocks[i].bytes);
        free(reader);
        return NULL;
}
DEFINE_FREEP(Reader, reader_free, reader_freep)

int chain_walk_ahead(const char *path, LedgerVisit visit, void *userdata, Fault *reterr_fault) {
        cleanup(reader_freep) Reader *reader = mem_new(Reader);
        pthread_t thread;
        int r;

        reader->path = path;
        (void)pthread_mutex_init(&reader->mutex, NULL);
        (void)pthread_cond_init(&reader->changed, NULL);
        if (pthread_create(&thread, NULL, run, reader) != 0)
                return CHAIN_E_ALONE;
        r = visit_all(reader, visit, userdata);
        leave(reader);
        (void)pthread_join(thread, NULL);
        if (r == 0 && reader->result != 0) {
                *reterr_fault = reader->fault;
                r = reader->result;
        }
        return r;
}
