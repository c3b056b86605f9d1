/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `restore`: a backup becomes the ledger, while no broker runs. Where there is no project, one is
 * made from the backup's genesis; its keys must be put there. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "broker/fold.h"
#include "broker/restore.h"
#include "broker/verbs.h"
#include "proto/describe.h"

enum { WHY_BYTES_MAX = 512 }; /* of RESTORED in proto/schema.def */

static int read_genesis(const char *file, Arena *arena, Message *ret_genesis, Fault *fault) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Entry entry;
        int r = ledger_open(file, LEDGER_INSPECT, &ledger, fault);

        if (r == 0)
                r = ledger_read(ledger, 1, arena, &entry);
        if (r == 0)
                r = fold_decode(&entry, arena, ret_genesis, fault);
        if (r == 0 && ret_genesis->type == MESSAGE_GENESIS)
                return 0;
        if (r == 0 || r == LEDGER_E_NONE) {
                fault_set(fault, "ledger-damaged", "its first entry is no genesis");
                fault_place(fault, "%s", file);
        }
        return r < 0 ? r : ERRAND_E_REFUSED;
}

static int make_project(const Args *args, Fault *fault) {
        const char *dir = args_get(args, "dir");
        cleanup_free char *root = realpath(dir ? dir : ".", NULL), *name = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Message genesis;
        PublicKey key;
        int r;

        if (!root)
                return ERRAND_E_REFUSED; /* the fault is still that there is no project */
        r = read_genesis(args->rest[0], &arena, &genesis, fault);
        if (r != 0)
                return r;
        memcpy(&key, genesis.genesis.broker_key.data, sizeof key);
        name = mem_strndup((const char *)genesis.genesis.project.data, genesis.genesis.project.n);
        r = project_make(root, name, NULL, &key, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static int open_project(const Args *args, Project *ret_project, bool *ret_is_new, Fault *fault) {
        int r = project_open(args, ret_project, fault);

        if (r <= 0 || !fault_is(fault, "project-missing") || !args->n_rest)
                return r > 0 ? ERRAND_E_REFUSED : r;
        r = make_project(args, fault);
        if (r == 0)
                r = project_open(args, ret_project, fault);
        *ret_is_new = r == 0;
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static void say_text(const RestoreReport *report, const Project *project, bool is_new, Buf *text) {
        buf_printf(text, "restored: %" PRIu64 " entries, %" PRIu64 " evidence, head ",
                   report->verified.n_entries, report->verified.n_evidence);
        hex_append(text, hash_slice(&report->verified.head));
        buf_text(text, "\n");
        if (report->lost_seq)
                buf_printf(text,
                           "  ENTRIES ARE LOST: %" PRIu64 " to %" PRIu64 "; entry %" PRIu64
                           " says so, and every agent will\n",
                           report->verified.n_entries + 1, report->lost_seq, report->said_seq);
        if (report->kept)
                buf_printf(text, "  the ledger that was is kept: %s\n", report->kept);
        if (is_new)
                buf_printf(text,
                           "  a project was made, with the broker's key that the backup names; "
                           "see that it is the right one\n  next: put the keys into %s/keys\n",
                           project->dir);
        buf_text(text, "  next: broker run\n");
}

static void say_json(const RestoreReport *report, Buf *text) {
        buf_text(text, "{\"version\":1,\"restored\":{\"ledger\":\"");
        hex_append(text, hash_slice(&report->verified.ledger));
        buf_printf(text, "\",\"entries\":%" PRIu64 ",\"evidence\":%" PRIu64 ",\"head\":\"",
                   report->verified.n_entries, report->verified.n_evidence);
        hex_append(text, hash_slice(&report->verified.head));
        buf_text(text, "\"");
        if (report->lost_seq)
                buf_printf(text, ",\"lost\":%" PRIu64, report->lost_seq);
        if (report->kept) {
                buf_text(text, ",\"kept\":");
                describe_json_string(slice_text(report->kept), text);
        }
        buf_text(text, "}}\n");
}

/* Before anything is copied. */
static int check_wish(const RestoreWish *wish, Fault *fault) {
        Slice why = slice_text(wish->why);

        if (!wish->backup && !wish->why) {
                fault_set(fault, "argument-missing", "no backup is named");
                fault_next(fault, "broker restore BACKUP; without one only --accept-loss WHY "
                                  "says something of the ledger that is there");
                return ERRAND_E_REFUSED;
        }
        if (!wish->why || (why.n && why.n <= WHY_BYTES_MAX && utf8_is_valid(why)))
                return 0;
        fault_set(fault, "argument-value", "--accept-loss is no reason for an entry");
        fault_next(fault, "a text of 1 to %d bytes, in UTF-8", WHY_BYTES_MAX);
        return ERRAND_E_REFUSED;
}

static int restore_steps(const Args *args, int *ret_status, Fault *fault) {
        cleanup_project Project project = {0};
        cleanup(restore_report_deinit) RestoreReport report = {.kept = NULL};
        cleanup_buf Buf text = BUF_TEXT;
        RestoreWish wish = {.backup = args->n_rest ? args->rest[0] : NULL,
                            .seen = args_get(args, "seen"),
                            .why = args_get(args, "accept-loss")};
        bool is_new = false;
        int r;

        TRY(sign_start());
        r = check_wish(&wish, fault);
        if (r == 0)
                r = open_project(args, &project, &is_new, fault);
        if (r == 0)
                r = restore(&project, &wish, &report, fault);
        errand_advise_stop(fault, "restore");
        if (r == RESTORE_E_BROKEN)
                *ret_status = EXIT_HOLDS_NOT;
        if (r != 0)
                return r;
        if (args_has(args, "json"))
                say_json(&report, &text);
        else
                say_text(&report, &project, is_new, &text);
        errand_print(&text);
        return 0;
}

int verb_restore(const Args *args) {
        Fault fault = FAULT_INIT;
        int status = EXIT_HOLDS;
        int r = restore_steps(args, &status, &fault);

        if (r > 0 && status != EXIT_HOLDS)
                return args_refuse(args, &fault, status);
        return errand_end(args, r, &fault, status);
}
