/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `verify`: does the ledger hold, also against what was signed and seen before? */

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "broker/verbs.h"
#include "broker/verify.h"
#include "broker/views.h"
#include "broker/witness.h"
#include "proto/describe.h"

static void describe_head(const VerifyReport *report, Buf *text) {
        buf_printf(text, "ledger holds: %" PRIu64 " entries, %" PRIu64 " evidence, head ",
                   report->n_entries, report->n_evidence);
        hex_append(text, hash_slice(&report->head));
        buf_text(text, "\n");
}

/* What was made of the ledger for its readers; it does not make the ledger false. */
typedef struct Derived {
        ViewsReport views;
        bool differs;
        Fault fault;
} Derived;

static void say_views(const Derived *derived, Buf *text) {
        if (derived->differs) {
                buf_text(text, "its views do not hold\n");
                fault_describe(&derived->fault, text);
        } else if (derived->views.is_there) {
                buf_printf(text, "  and its views, which have %" PRIu64 "\n",
                           derived->views.n_entries);
        }
}

static const char *views_word(const Derived *derived) {
        if (derived->differs)
                return "differ";
        return derived->views.is_there ? "hold" : "none";
}

static void say_holds(const Errand *errand, const VerifyReport *report, const Witnesses *witnesses,
                      const Derived *derived) {
        cleanup_buf Buf text = BUF_TEXT;

        if (!errand->is_json) {
                describe_head(report, &text);
                for (size_t i = 0; i < witnesses->n; i++)
                        buf_printf(&text, "  with the checkpoint of entry %" PRIu64 " in %s\n",
                                   witnesses->rows[i].seq, witnesses->rows[i].source);
                if (report->n_seals)
                        buf_printf(&text,
                                   "  and its %" PRIu64 " seal%s: %" PRIu64
                                   " revealed, each the bytes that were sealed\n",
                                   report->n_seals, report->n_seals == 1 ? "" : "s",
                                   report->n_revealed);
                say_views(derived, &text);
        } else {
                buf_text(&text, "{\"version\":1,\"verify\":{\"holds\":true,\"ledger\":\"");
                hex_append(&text, hash_slice(&report->ledger));
                buf_printf(&text, "\",\"entries\":%" PRIu64 ",\"evidence\":%" PRIu64 ",\"head\":\"",
                           report->n_entries, report->n_evidence);
                hex_append(&text, hash_slice(&report->head));
                buf_printf(&text,
                           "\",\"checkpoints\":%zu,\"seals\":%" PRIu64 ",\"revealed\":%" PRIu64
                           ",\"views\":\"%s\"}}\n",
                           witnesses->n, report->n_seals, report->n_revealed, views_word(derived));
        }
        errand_print(&text);
}

static void say_broken(const Errand *errand, const VerifyReport *report, const Fault *fault) {
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json) {
                buf_printf(&text, "{\"version\":1,\"verify\":{\"holds\":false,\"rule\":\"%s\"",
                           fault->rule);
                if (report->bad_seq)
                        buf_printf(&text, ",\"entry\":%" PRIu64, report->bad_seq);
                buf_text(&text, ",\"found\":");
                describe_json_string(slice_text(fault->found), &text);
                buf_text(&text, "}}\n");
        } else {
                buf_text(&text, "ledger does not hold\n");
                fault_describe(fault, &text);
        }
        errand_print(&text);
}

/* Such a ledger was not looked at; of any other that cannot be opened, as ours, it can be said that
 * it does not hold. */
static bool is_out_of_reach(const Fault *fault) {
        return fault_is(fault, "ledger-missing") || fault_is(fault, "ledger-unreadable") ||
               fault_is(fault, "ledger-newer");
}

static int look(Errand *errand, const Witnesses *witnesses, VerifyReport *ret_report,
                Fault *reterr_fault) {
        int r = errand_open_ledger(errand, LEDGER_INSPECT, reterr_fault);

        if (r != 0)
                return r;
        return verify_ledger(errand->ledger, &errand->project.broker_key, witnesses->rows,
                             witnesses->n, ret_report, reterr_fault);
}

static int look_at_views(Errand *errand, Derived *ret_derived) {
        cleanup_free char *path = mem_printf("%s/views.db", errand->project.dir);
        int r = views_check(path, errand->ledger, &ret_derived->views, &ret_derived->fault);

        ret_derived->differs = r == VIEWS_CHECK_E_DIFFERS;
        return r < 0 ? r : 0;
}

static int verify(Errand *errand, Fault *reterr_fault) {
        cleanup(witnesses_deinit) Witnesses witnesses = {.n = 0};
        Derived derived = {.differs = false};
        const char *file = args_get(errand->args, "checkpoint");
        VerifyReport report = {.bad_seq = 0};
        int r = file ? witnesses_add_file(&witnesses, file, reterr_fault)
                     : witnesses_add_remembered(&witnesses, &errand->project, reterr_fault);

        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        r = look(errand, &witnesses, &report, reterr_fault);
        if (r < 0 || (r > 0 && is_out_of_reach(reterr_fault)))
                return r;
        errand->status = EXIT_HOLDS_NOT;
        if (r > 0) {
                say_broken(errand, &report, reterr_fault);
                return 0;
        }
        r = look_at_views(errand, &derived);
        if (r != 0)
                return r;
        say_holds(errand, &report, &witnesses, &derived);
        if (!derived.differs)
                errand->status = EXIT_HOLDS;
        return 0;
}

int verb_verify(const Args *args) {
        return errand_run(args, verify);
}
