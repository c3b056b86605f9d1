/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Evidence by its digest, and that of a verdict. */

#include <string.h>

#include "base/text.h"
#include "broker/fields.h"
#include "broker/show.h"
#include "proto/codec.h"
#include "proto/describe.h"

enum { PREFIX_LEAST = 4 };

static int decode_evidence(const Hash *digest, Slice frame, Arena *arena, Message *ret_message,
                           Fault *fault) {
        CodecFault codec_fault;
        char hex[HASH_HEX + 1];

        if (codec_decode(frame, arena, ret_message, &codec_fault) == 0)
                return 0;
        hex_encode(hash_slice(digest), hex);
        codec_fault_to_fault(&codec_fault, fault);
        fault_place(fault, "evidence %s", hex);
        return ERRAND_E_REFUSED;
}

static int append_evidence(Show *show, const Hash *digest, Slice frame, Fault *fault) {
        Buf *text = &show->text;
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        int r = decode_evidence(digest, frame, &arena, &message, fault);

        if (r != 0)
                return r;
        if (show->errand->is_json) {
                buf_text(text, "{\"version\":1,\"evidence\":{\"digest\":\"");
                hex_append(text, hash_slice(digest));
                buf_text(text, "\",\"body\":");
                describe_json(&message, text);
                buf_text(text, "}}\n");
        } else {
                buf_text(text, "evidence ");
                hex_append(text, hash_slice(digest));
                buf_text(text, "\n");
                fields_describe(&message, text);
        }
        return 0;
}

typedef struct Search {
        const char *prefix;
        Hash digest; /* of the first that matches */
        size_t n_found;
} Search;

static int compare_prefix(void *userdata, const Hash *digest, Slice frame, const char *defect) {
        Search *search = userdata;
        char hex[HASH_HEX + 1];

        (void)frame;
        (void)defect;
        hex_encode(hash_slice(digest), hex);
        if (strncmp(hex, search->prefix, strlen(search->prefix)) != 0)
                return ERRAND_E_REFUSED; /* they are in order: no more to come */
        if (search->n_found++ == 0)
                search->digest = *digest;
        return search->n_found > 1 ? ERRAND_E_REFUSED : 0;
}

static bool is_digest_prefix(const char *what) {
        size_t n = strspn(what, "0123456789abcdef");

        return n >= PREFIX_LEAST && n <= HASH_HEX && what[n] == '\0';
}

/* The smallest digest that begins so. */
static void first_of_prefix(const char *prefix, Hash *ret_first) {
        char hex[HASH_HEX + 1];

        memset(hex, '0', HASH_HEX);
        hex[HASH_HEX] = '\0';
        memcpy(hex, prefix, strlen(prefix));
        (void)hex_decode(slice_text(hex), ret_first->bytes,
                         HASH_BYTES); /* hex by is_digest_prefix */
}

static int find_evidence(Show *show, const char *prefix, Hash *ret_digest, Fault *fault) {
        Search search = {.prefix = prefix};
        Hash first;
        int r;

        first_of_prefix(prefix, &first);
        r = ledger_evidence_walk(show->errand->ledger, &first, compare_prefix, &search);
        if (r < 0)
                return r;
        if (search.n_found == 1) {
                *ret_digest = search.digest;
                return 0;
        }
        fault_set(fault, "entry-unknown", "%s evidence has a digest that begins with %s",
                  search.n_found ? "more than one" : "no", prefix);
        fault_next(fault, "broker show V-NUMBER names the evidence of its checks");
        return ERRAND_E_REFUSED;
}

/* LEDGER_E_NONE without words. */
static int read_and_append(Show *show, const Hash *digest, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice frame;
        int r = ledger_evidence_get(show->errand->ledger, digest, &arena, &frame);

        return r ? r : append_evidence(show, digest, frame, fault);
}

int show_digest(Show *show, const char *prefix, Fault *reterr_fault) {
        Hash digest;
        int r;

        if (!is_digest_prefix(prefix)) {
                fault_set(reterr_fault, "argument-value",
                          "`%s` is no entry, gate, phase, agent or digest", prefix);
                fault_next(reterr_fault,
                           "V-7, 7, a gate, a phase, an agent, or the beginning of an evidence's "
                           "digest");
                return ERRAND_E_REFUSED;
        }
        r = find_evidence(show, prefix, &digest, reterr_fault);
        return r ? r : read_and_append(show, &digest, reterr_fault);
}

/* What an operator removed is said to be so; anything else that is missing is a fault. */
static int say_missing(Show *show, const struct check_result *check, const Hash *digest,
                       Fault *fault) {
        Buf *text = &show->text;
        uint64_t seq;
        int r = ledger_collected(show->errand->ledger, digest, &seq);

        if (r < 0)
                return r;
        if (r > 0) {
                fault_set(fault, "entry-unknown", "the evidence of check %.*s is missing",
                          SLICE_ARGS(check->check));
                fault_next(fault, "broker verify");
                return ERRAND_E_REFUSED;
        }
        if (show->errand->is_json) {
                buf_text(text, "{\"version\":1,\"evidence\":{\"digest\":\"");
                hex_append(text, hash_slice(digest));
                buf_printf(text, "\",\"removed\":%llu}}\n", (unsigned long long)seq);
        } else {
                buf_text(text, "  evidence of check ");
                text_make_visible(check->check, false, text);
                buf_printf(text, ": removed by gc at entry %llu\n", (unsigned long long)seq);
        }
        return 0;
}

/* What is not revealed yet, its adversary has. */
static int show_sealed(Show *show, const struct verdict *verdict, Fault *fault) {
        for (size_t i = 0; i < verdict->n_sealed; i++) {
                Hash digest;
                int r = hash_from_slice(verdict->sealed[i].evidence, &digest)
                                ? read_and_append(show, &digest, fault)
                                : LEDGER_E_NONE;

                if (r != 0 && r != LEDGER_E_NONE)
                        return r > 0 ? ERRAND_E_REFUSED : r;
        }
        return 0;
}

int show_evidence_of(Show *show, const struct verdict *verdict, Fault *reterr_fault) {
        for (size_t i = 0; i < verdict->n_checks; i++) {
                Hash digest;
                int r;

                if (!hash_from_slice(verdict->checks[i].evidence, &digest))
                        continue;
                r = read_and_append(show, &digest, reterr_fault);
                if (r == LEDGER_E_NONE)
                        r = say_missing(show, &verdict->checks[i], &digest, reterr_fault);
                if (r != 0)
                        return r > 0 ? ERRAND_E_REFUSED : r;
        }
        return show_sealed(show, verdict, reterr_fault);
}
