/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One small file: the text that the broker signed, and its signature. */

#include "client/seen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

enum { SEEN_BYTES_MAX = 1024, LINES = 6, LINES_WITHOUT_KEY = 5 };

static size_t split(Slice text, Slice lines[LINES]) {
        for (size_t i = 0; i < LINES; i++) {
                size_t end = slice_find(text, slice_text("\n"));

                if (end == text.n)
                        return text.n ? 0 : i;
                lines[i] = slice_head(text, end);
                text = slice_from(text, end + 1);
        }
        return text.n ? 0 : LINES;
}

static bool parse(Slice text, const PublicKey *broker, Seen *ret_seen) {
        Seen seen = {.checkpoint = {.seq = 0}, .broker = *broker};
        Slice lines[LINES];
        size_t n_lines = split(text, lines);

        if (n_lines < LINES_WITHOUT_KEY ||
            !checkpoint_parse(slice_make(text.data, (size_t)(lines[4].data - text.data)),
                              &seen.ledger, &seen.checkpoint) ||
            !seen.checkpoint.seq ||
            !hex_decode(lines[4], seen.checkpoint.signature, SIGNATURE_BYTES) ||
            (n_lines == LINES &&
             !hex_decode(lines[5], (uint8_t *)&seen.broker, sizeof seen.broker)) ||
            !checkpoint_holds(&seen.broker, &seen.ledger, &seen.checkpoint))
                return false;
        *ret_seen = seen;
        return true;
}

int seen_read_file(const char *path, const PublicKey *broker, Seen *ret_seen, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_INIT(SEEN_BYTES_MAX);
        int r = file_read(path, &text);

        if (r == FILE_E_MISSING) {
                *ret_seen = (Seen){.checkpoint = {.seq = 0}};
                return 0;
        }
        if (r < 0)
                return error_origin(r);
        if (r == 0 && parse(buf_get(&text), broker, ret_seen))
                return 0;
        fault_set(reterr_fault, "seen-malformed",
                  "the remembered checkpoint is damaged, or signed by another broker");
        fault_place(reterr_fault, "%s", path);
        fault_next(reterr_fault, "find out why; remove the file to begin anew with this broker");
        return SEEN_E_REFUSED;
}

int seen_read(const char *dir, const PublicKey *broker, Seen *ret_seen, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/seen", dir);

        return seen_read_file(path, broker, ret_seen, reterr_fault);
}

static int refuse_fork(const char *dir, const Seen *seen, bool other_ledger, Fault *fault) {
        if (other_ledger)
                fault_set(fault, "ledger-forked", "the broker keeps another ledger than before");
        else
                fault_set(fault, "ledger-forked",
                          "the broker has signed two different entries as number %llu",
                          (unsigned long long)seen->checkpoint.seq);
        fault_place(fault, "%s/seen", dir);
        fault_next(fault, "keep that file: it proves it; ask the operator which ledger holds");
        return SEEN_E_REFUSED;
}

static int refuse_key(const char *dir, Fault *fault) {
        fault_set(fault, "broker-key-differs", "the broker's key is not the one that is known");
        fault_place(fault, "%s/seen", dir);
        fault_next(fault, "say it again; if it stays so, ask the operator which key holds");
        return SEEN_E_REFUSED;
}

static int write_seen(const char *dir, const Seen *seen) {
        cleanup_free char *path = mem_printf("%s/seen", dir);
        cleanup_buf Buf text = BUF_INIT(SEEN_BYTES_MAX);

        checkpoint_format(&seen->ledger, seen->checkpoint.seq, &seen->checkpoint.hash, &text);
        hex_append(&text, slice_make(seen->checkpoint.signature, SIGNATURE_BYTES));
        buf_text(&text, "\n");
        hex_append(&text, slice_make(&seen->broker, sizeof seen->broker));
        buf_text(&text, "\n");
        return file_write_atomic(path, buf_get(&text), 0600);
}

static int lock(const char *dir, int *ret_fd, Fault *fault) {
        int r = dir_lock(dir, DIR_LOCK_MS, ret_fd, fault);

        return r == DIR_E_LOCKED ? SEEN_E_REFUSED : r;
}

int seen_set_aside(const char *dir, const PublicKey *broker, const Checkpoint *lost,
                   Fault *reterr_fault) {
        cleanup_fd int lock_fd = -1;
        cleanup_free char *path = mem_printf("%s/seen", dir);
        cleanup_free char *aside =
                mem_printf("%s/seen.lost-%llu", dir, (unsigned long long)lost->seq);
        Fault unread = FAULT_INIT;
        Seen seen;
        int r = lock(dir, &lock_fd, reterr_fault);

        if (r != 0)
                return r;
        if (seen_read(dir, broker, &seen, &unread) != 0 || seen.checkpoint.seq != lost->seq ||
            !hash_equal(&seen.checkpoint.hash, &lost->hash))
                return 0; /* another process of this agent was here before */
        if (rename(path, aside) < 0)
                return error_origin(-errno);
        return dir_sync(dir);
}

int seen_advance(const char *dir, const PublicKey *broker, const Seen *newer, Fault *reterr_fault) {
        cleanup_fd int lock_fd = -1;
        Seen seen = {.checkpoint = {.seq = 0}};
        int r = lock(dir, &lock_fd, reterr_fault);

        if (r == 0)
                r = seen_read(dir, broker, &seen, reterr_fault);
        if (r != 0)
                return r;
        if (seen.checkpoint.seq && !hash_equal(&seen.ledger, &newer->ledger))
                return refuse_fork(dir, &seen, true, reterr_fault);
        if (seen.checkpoint.seq == newer->checkpoint.seq &&
            !hash_equal(&seen.checkpoint.hash, &newer->checkpoint.hash))
                return refuse_fork(dir, &seen, false, reterr_fault);
        if (seen.checkpoint.seq && memcmp(&seen.broker, &newer->broker, sizeof seen.broker) != 0 &&
            memcmp(&seen.broker, broker, sizeof seen.broker) != 0)
                return refuse_key(dir, reterr_fault);
        if (seen.checkpoint.seq >= newer->checkpoint.seq)
                return 0;
        TRY(write_seen(dir, newer));
        return 0;
}
