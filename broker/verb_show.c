/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `show`: one entry, or one evidence. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "broker/fields.h"
#include "broker/fold.h"
#include "broker/verbs.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "proto/label.h"
#include "view/entry.h"
#include "view/status.h"

enum { PREFIX_LEAST = 4 };

/* ---- evidence ---- */

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

static int show_evidence(const Errand *errand, const Hash *digest, Slice frame, Buf *text,
                         Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        int r = decode_evidence(digest, frame, &arena, &message, fault);

        if (r != 0)
                return r;
        if (errand->is_json) {
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

static int find_evidence(Errand *errand, const char *prefix, Hash *ret_digest, Fault *fault) {
        Search search = {.prefix = prefix};
        Hash first;
        int r;

        first_of_prefix(prefix, &first);
        r = ledger_evidence_walk(errand->ledger, &first, compare_prefix, &search);
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

static int show_digest(Errand *errand, const char *prefix, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        Hash digest;
        Slice frame;
        int r = find_evidence(errand, prefix, &digest, fault);

        if (r == 0)
                r = ledger_evidence_get(errand->ledger, &digest, &arena, &frame);
        if (r == 0)
                r = show_evidence(errand, &digest, frame, &text, fault);
        if (r == 0)
                errand_print(&text);
        return r;
}

/* ---- entries ---- */

static void describe_check(const struct check_result *check, Buf *text) {
        buf_printf(text, "  %-8s ", word_of(&words_OUTCOME, (int)check->outcome));
        text_make_visible(check->check, false, text);
        buf_text(text, "  ");
        duration_describe(check->duration_ms, text);
        buf_printf(text, ", %" PRIu64 " attempt%s", check->attempts,
                   check->attempts == 1 ? "" : "s");
        if (check->evidence.n) {
                buf_text(text, ", evidence ");
                hex_append(text, slice_head(check->evidence, 8));
        }
        buf_text(text, "\n");
}

static int append_evidence(Errand *errand, const struct verdict *verdict, Buf *text, Fault *fault) {
        for (size_t i = 0; i < verdict->n_checks; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Hash digest;
                Slice frame;
                int r;

                if (!hash_from_slice(verdict->checks[i].evidence, &digest))
                        continue;
                r = ledger_evidence_get(errand->ledger, &digest, &arena, &frame);
                if (r == 0)
                        r = show_evidence(errand, &digest, frame, text, fault);
                if (r == LEDGER_E_NONE) {
                        fault_set(fault, "entry-unknown", "the evidence of check %.*s is missing",
                                  SLICE_ARGS(verdict->checks[i].check));
                        fault_next(fault, "broker verify");
                }
                if (r != 0)
                        return r > 0 ? ERRAND_E_REFUSED : r;
        }
        return 0;
}

static void describe_entry(const Errand *errand, const Entry *entry, const Message *message,
                           Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_second(entry->received_ms, when);
        label_format(entry->kind, entry->seq, text);
        buf_printf(text, " %.*s by ", SLICE_ARGS(entry->kind));
        text_make_visible(entry->actor, false, text);
        buf_printf(text, ", %s, hash ", when);
        hex_append(text, hash_slice(&entry->hash));
        buf_text(text, "\n");
        if (message->type == MESSAGE_VERDICT)
                verdict_describe(
                        &message->verdict, entry->seq,
                        colour_is_wanted(STDOUT_FILENO, args_has(errand->args, "no-color")), text);
        else
                fields_describe(message, text);
        if (message->type == MESSAGE_VERDICT)
                for (size_t i = 0; i < message->verdict.n_checks; i++)
                        describe_check(&message->verdict.checks[i], text);
}

static int refuse_entry(uint64_t seq, const Entry *entry, Fault *fault) {
        cleanup_buf Buf name = BUF_TEXT;

        if (!entry) {
                fault_set(fault, "entry-unknown", "there is no entry %" PRIu64, seq);
                fault_next(fault, "broker log");
                return ERRAND_E_REFUSED;
        }
        label_format(entry->kind, entry->seq, &name);
        fault_set(fault, "entry-unknown", "entry %" PRIu64 " is a %.*s", entry->seq,
                  SLICE_ARGS(entry->kind));
        fault_next(fault, "broker show %s", buf_get_text(&name));
        return ERRAND_E_REFUSED;
}

static int show_entry(Errand *errand, char letter, uint64_t seq, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        Message message;
        Entry entry;
        int r = ledger_read(errand->ledger, seq, &arena, &entry);

        if (r == LEDGER_E_NONE)
                return refuse_entry(seq, NULL, fault);
        if (r == 0 && !label_fits(letter, entry.kind))
                return refuse_entry(seq, &entry, fault);
        if (r == 0)
                r = fold_decode(&entry, &arena, &message, fault);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        if (errand->is_json)
                errand_entry_json(&entry, &message, &text);
        else
                describe_entry(errand, &entry, &message, &text);
        if (message.type == MESSAGE_VERDICT && args_has(errand->args, "evidence"))
                r = append_evidence(errand, &message.verdict, &text, fault);
        if (r == 0)
                errand_print(&text);
        return r;
}

static int show(Errand *errand, Fault *reterr_fault) {
        const char *what = errand->args->rest[0];
        uint64_t seq;
        char letter;
        int r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);

        if (r != 0)
                return r;
        if (label_parse(what, &letter, &seq))
                return show_entry(errand, letter, seq, reterr_fault);
        if (is_digest_prefix(what))
                return show_digest(errand, what, reterr_fault);
        fault_set(reterr_fault, "argument-value", "`%s` is no entry and no digest", what);
        fault_next(reterr_fault, "V-7, C-3, F-9, 7, or the beginning of an evidence's digest");
        return ERRAND_E_REFUSED;
}

int verb_show(const Args *args) {
        return errand_run(args, show);
}
