/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One walk over the stored rows; whatever an entry must satisfy is a step in step_rows, from what
 * needs nothing to what needs the state of all entries before. The first step that fails names the
 * first bad entry. Signatures are looked at beside the walk, which goes on meanwhile: one that does
 * not hold comes before whatever was found behind it.
 */

#include "broker/verify_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/replay.h"
#include "proto/codec.h"

enum { IDS_FIRST = 256 };

typedef int (*Step)(Verification *v);

static void verification_deinit(Verification *v) {
        state_deinit(&v->state);
        arena_deinit(&v->arena);
        free(v->ids);
        gone_deinit(&v->gone);
        (void)signatures_free(v->signatures);
}

int verify_broken(Verification *v, const char *rule, const char *format, ...) {
        char found[sizeof v->fault->found];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(found, sizeof found, format, args);
        va_end(args);
        v->report.bad_seq = v->report.n_entries + 1;
        fault_set(v->fault, rule, "%s", found);
        fault_place(v->fault, "entry %" PRIu64, v->report.bad_seq);
        fault_next(v->fault, "broker show %" PRIu64 "; trust nothing from this entry on",
                   v->report.bad_seq);
        return VERIFY_E_BROKEN;
}

/* ---- steps, in the order in which an entry is trusted ---- */

static int check_chain(Verification *v) {
        const Entry *entry = v->entry;
        Hash hash;

        if (entry->seq != v->report.n_entries + 1)
                return verify_broken(v, "entry-gap", "the next row is entry %" PRId64,
                                     (int64_t)entry->seq);
        if (!hash_equal(&entry->prev, &v->state.head_hash))
                return verify_broken(v, "entry-prev",
                                     "prev is not the hash of the entry before it");
        entry_hash(entry, &hash);
        if (!hash_equal(&hash, &entry->hash))
                return verify_broken(v, "entry-hash", "its hash is not that of its columns");
        return 0;
}

static int check_frame(Verification *v) {
        cleanup_buf Buf again = BUF_INIT(FRAME_MAX);
        CodecFault codec_fault;
        Fault fault;

        if (codec_decode(v->entry->frame, &v->arena, &v->message, &codec_fault) != 0) {
                codec_fault_to_fault(&codec_fault, &fault);
                return verify_broken(v, "entry-frame", "%s: %s", fault.place, fault.found);
        }
        if (codec_encode(&v->message, &again, &codec_fault) != 0 ||
            !slice_equal(buf_get(&again), v->entry->frame))
                return verify_broken(v, "entry-frame", "its frame is not canonical");
        return 0;
}

/* The ledger's id and the broker's first key come from the first entry. */
static int check_genesis(Verification *v) {
        const struct genesis *genesis = &v->message.genesis;

        if ((v->message.type == MESSAGE_GENESIS) != (v->entry->seq == 1))
                return verify_broken(v, "entry-frame",
                                     "the genesis is the first entry and no other");
        if (v->entry->seq != 1)
                return 0;
        memcpy(&v->genesis_key, genesis->broker_key.data, sizeof v->genesis_key);
        (void)hash_from_slice(genesis->ledger, &v->report.ledger); /* limits: 32 bytes */
        return 0;
}

static const struct {
        MessageType type;
        Role role;
} speaker_rows[] = {
#define SPEAKER(KIND, ROLE) {MESSAGE_##KIND, ROLE_##ROLE},
#include "broker/rules.def"
};

static bool may_say(Role role, MessageType type) {
        bool is_said_by_others = false;

        for (size_t i = 0; i < ARRAY_SIZE(speaker_rows); i++) {
                if (speaker_rows[i].type == type && speaker_rows[i].role == role)
                        return true;
                is_said_by_others = is_said_by_others || speaker_rows[i].type == type;
        }
        return role == ROLE_BROKER && !is_said_by_others;
}

/* Looked at by all processors; what comes of it is known at the end. */
static int check_signature(Verification *v, const PublicKey *author) {
        signatures_add(v->signatures, author, &v->report.ledger, v->entry);
        return 0;
}

/* Beside what is its own, the broker admits the first agents, before anybody else has spoken. */
static int check_broker_entry(Verification *v) {
        if (!may_say(ROLE_BROKER, v->message.type) &&
            (v->message.type != MESSAGE_ADMIT || v->others_spoke))
                return verify_broken(v, "entry-role", "the broker may not say %.*s",
                                     SLICE_ARGS(v->entry->kind));
        return check_signature(v, v->entry->seq == 1 ? &v->genesis_key : &v->state.broker_key);
}

static int check_author(Verification *v) {
        Slice actor = v->entry->actor;
        const AgentRecord *agent;

        if (slice_is(actor, BROKER_NAME))
                return check_broker_entry(v);
        v->others_spoke = true;
        agent = state_find_agent(&v->state, actor);
        if (!agent)
                return verify_broken(v, "entry-author", "%.*s was not admitted before",
                                     SLICE_ARGS(actor));
        if (agent->is_revoked)
                return verify_broken(v, "entry-author", "%.*s was revoked before",
                                     SLICE_ARGS(actor));
        if (!may_say(agent->role, v->message.type))
                return verify_broken(v, "entry-role", "%.*s is %s and may not say %.*s",
                                     SLICE_ARGS(actor), word_of(&words_ROLE, (int)agent->role),
                                     SLICE_ARGS(v->entry->kind));
        return check_signature(v, &agent->key);
}

static int check_evidence_of(Verification *v, const struct check_result *check) {
        bool is_there = false;
        Hash digest;

        if (!hash_from_slice(check->evidence, &digest))
                return 0;
        TRY(ledger_evidence_has(v->ledger, &digest, &is_there));
        if (!is_there)
                gone_add_missing(&v->gone, &digest, v->entry->seq);
        for (size_t i = 0; i < v->n_bad_evidence; i++)
                if (hash_equal(&v->bad_evidence[i].digest, &digest))
                        return verify_broken(v, "evidence-digest", "the evidence of check %.*s: %s",
                                             SLICE_ARGS(check->check), v->bad_evidence[i].why);
        return 0;
}

static int check_evidence(Verification *v) {
        const struct verdict *verdict = &v->message.verdict;
        int r = 0;

        if (v->message.type == MESSAGE_COLLECTED)
                gone_add_removed(&v->gone, v->message.collected.digests);
        if (v->message.type == MESSAGE_VERDICT)
                for (size_t i = 0; r == 0 && i < verdict->n_checks; i++)
                        r = check_evidence_of(v, &verdict->checks[i]);
        return r;
}

/* Columns that repeat the frame, and whether the entry can follow all before it. */
static int check_fold(Verification *v) {
        Fault fault = FAULT_INIT;

        if (replay_apply(&v->state, v->entry, &v->message, &fault) != 0)
                return verify_broken(v, "entry-fold", "%s", fault.found);
        return 0;
}

static const Step step_rows[] = {
        check_chain,    check_frame,    check_genesis, check_author,
        check_evidence, verify_grounds, check_fold,    verify_witnesses,
};

/* ---- the walk ---- */

static void remember_id(Verification *v) {
        if (v->n_ids == v->n_ids_allocated) {
                v->n_ids_allocated = v->n_ids ? v->n_ids * 2 : IDS_FIRST;
                v->ids = mem_resize(v->ids, v->n_ids_allocated, sizeof *v->ids);
        }
        v->ids[v->n_ids++] = (SeenId){v->entry->id, v->entry->seq};
}

static int verify_entry(void *userdata, const Entry *entry, const char *defect) {
        Verification *v = userdata;
        int r = 0;

        v->entry = entry;
        if (defect)
                return verify_broken(v, "entry-malformed", "%s", defect);
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(step_rows); i++)
                r = step_rows[i](v);
        arena_deinit(&v->arena);
        if (r != 0)
                return r;
        remember_id(v);
        v->report.n_entries++;
        v->report.head = entry->hash;
        return 0;
}

static int compare_ids(const void *a, const void *b) {
        const SeenId *left = a, *right = b;
        int order = memcmp(&left->id, &right->id, sizeof left->id);

        return order ? order : (left->seq > right->seq) - (left->seq < right->seq);
}

/* Of the entries that hold otherwise: the first whose message id an earlier one has. */
static int check_ids(Verification *v) {
        uint64_t first = UINT64_MAX;

        if (v->n_ids)
                qsort(v->ids, v->n_ids, sizeof *v->ids, compare_ids);
        for (size_t i = 1; i < v->n_ids; i++)
                if (id_equal(&v->ids[i - 1].id, &v->ids[i].id) && v->ids[i].seq < first)
                        first = v->ids[i].seq;
        if (first == UINT64_MAX)
                return 0;
        v->report.n_entries = first - 1;
        return verify_broken(v, "entry-id-twice", "an earlier entry has its message id");
}

/* What is missing was removed by an entry, or the first verdict that it is missing for is named. */
static int check_gone(Verification *v) {
        uint64_t seq = gone_find_unexplained(&v->gone);

        if (!seq)
                return 0;
        v->report.n_entries = seq - 1;
        return verify_broken(v, "evidence-missing",
                             "evidence that it names is not there, and no entry removed it");
}

/* The project's key must be one of the chain's; it is an older one until all have been told. */
static int check_end(Verification *v) {
        int r = 0;

        if (v->report.n_entries == 0)
                return verify_broken(v, "entry-gap", "the ledger has no entries");
        for (size_t i = 0; r == 0 && i < v->n_witnesses; i++)
                r = verify_witness_at_end(v, &v->witnesses[i]);
        if (r != 0)
                return r;
        if (memcmp(v->broker_key, &v->state.broker_key, sizeof(PublicKey)) != 0 &&
            !state_find_rotation(&v->state, v->broker_key->sign)) {
                v->report.n_entries = 0;
                return verify_broken(v, "entry-author",
                                     "neither the genesis nor a rotation names the key of the "
                                     "project's config");
        }
        return 0;
}

/* Before the entries, so that a verdict whose evidence is bad can be named. */
static int verify_evidence(void *userdata, const Hash *digest, Slice frame, const char *defect) {
        Verification *v = userdata;
        bool leads = false;
        Hash hash;

        hash_of(frame, &hash);
        if (!defect && !hash_equal(&hash, digest))
                defect = "its digest is not that of its bytes";
        if (!defect) {
                TRY(ledger_evidence_leads_to(v->ledger, digest, frame, &leads));
                if (!leads)
                        defect = "it is not found by its digest";
        }
        if (!defect)
                v->report.n_evidence++;
        else if (v->n_bad_evidence < BAD_EVIDENCE_MAX)
                v->bad_evidence[v->n_bad_evidence++] = (BadEvidence){*digest, defect};
        return 0;
}

/* Evidence that no verdict names, and the schema: no entry is to blame. */
static int check_rest(Verification *v) {
        cleanup_buf Buf defects = BUF_TEXT;

        if (v->n_bad_evidence) {
                fault_set(v->fault, "evidence-digest", "%s", v->bad_evidence[0].why);
                return VERIFY_E_BROKEN;
        }
        TRY(ledger_schema_defects(v->ledger, &defects));
        if (!defects.n)
                return 0;
        fault_set(v->fault, "ledger-schema", "%.*s", (int)strcspn(buf_get_text(&defects), "\n"),
                  buf_get_text(&defects));
        fault_next(v->fault, "the entries hold; take the file from a backup that verifies");
        return VERIFY_E_BROKEN;
}

/* The fold has recomputed each of them. */
static void count_seals(Verification *v) {
        v->report.n_seals = v->state.n_seals;
        for (size_t i = 0; i < v->state.n_seals; i++)
                v->report.n_revealed += v->state.seals[i]->revealed_seq != 0;
}

/* What was found behind an entry that its author has not signed is not told: the first one is. */
static int settle_signatures(Verification *v, int r) {
        uint64_t seq = signatures_finish(v->signatures);
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry;

        if (r < 0 || !seq || (r > 0 && v->report.bad_seq < seq))
                return r;
        TRY(ledger_read(v->ledger, seq, &arena, &entry));
        v->n_ids = seq - 1;
        v->report.n_entries = seq - 1;
        return verify_broken(v, "entry-signature", "it was not signed by %.*s",
                             SLICE_ARGS(entry.actor));
}

static int verify_entries(Verification *v) {
        int r = ledger_inspect(v->ledger, verify_entry, v);

        if (r == LEDGER_E_CORRUPT)
                r = verify_broken(v, "ledger-corrupt", "SQLite cannot read on");
        return settle_signatures(v, r);
}

static int verify_all(Verification *v) {
        int ids, r = ledger_evidence_walk(v->ledger, NULL, verify_evidence, v);

        if (r == LEDGER_E_CORRUPT)
                return verify_broken(v, "ledger-corrupt", "SQLite cannot read on");
        if (r == 0)
                r = verify_entries(v);
        ids = check_ids(v);
        if (ids == 0 && r == 0)
                r = check_gone(v);
        if (ids != 0 || r != 0)
                return ids ? ids : r;
        count_seals(v);
        r = check_end(v);
        return r ? r : check_rest(v);
}

int verify_ledger(Ledger *ledger, const PublicKey *broker_key, const Witness *witnesses,
                  size_t n_witnesses, VerifyReport *ret_report, Fault *reterr_fault) {
        cleanup(verification_deinit) Verification v = {
                .ledger = ledger,
                .broker_key = broker_key,
                .witnesses = witnesses,
                .n_witnesses = n_witnesses,
                .fault = reterr_fault,
        };
        int r;

        state_init(&v.state);
        v.signatures = signatures_new();
        r = verify_all(&v);
        *ret_report = v.report;
        return r;
}
