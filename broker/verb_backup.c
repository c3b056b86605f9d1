/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `backup`: the ledger with its evidence as one file, verified after it was written. A running
 * broker goes on meanwhile. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "broker/verbs.h"
#include "broker/verify.h"
#include "broker/witness.h"
#include "proto/describe.h"

enum { LEAVING_S = 3600 };

typedef struct Backup {
        char *file; /* where it is in the end */
        char *new;  /* where it is written */
        VerifyReport report;
        uint64_t live_head, n_bytes;
} Backup;

static void backup_deinit(Backup *backup) {
        if (backup->new)
                ledger_remove(backup->new);
        free(backup->file);
        free(backup->new);
}

static int refuse_there(const char *path, Fault *fault) {
        fault_set(fault, "file-exists", "a backup is never overwritten");
        fault_place(fault, "%s", path);
        fault_next(fault, "name another file, or a directory");
        return ERRAND_E_REFUSED;
}

static char *parent_of(const char *path) {
        const char *slash = strrchr(path, '/');

        if (!slash)
                return mem_strdup(".");
        return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static bool is_directory(const char *path) {
        struct stat facts;

        return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* PREFIX, a process that is no more, ".new": what was killed while it wrote. */
static bool is_leaving(const char *name, const char *prefix) {
        static const char *const endings[] = {".new", ".new-journal", ".new-wal", ".new-shm"};
        size_t n = strlen(prefix);
        bool is_ours = false;
        char *end;
        long pid;

        if (strncmp(name, prefix, n) != 0 || name[n] < '1' || name[n] > '9')
                return false;
        pid = strtol(name + n, &end, 10);
        for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
                is_ours |= strcmp(end, endings[i]) == 0;
        return is_ours && pid <= INT_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* The directory may be another machine's or container's too, whose processes we do not see: what
 * was written to within the hour stays. */
static void remove_leavings(const char *dir, const char *prefix) {
        DIR *entries = opendir(dir);
        const struct dirent *entry;
        struct stat facts;

        while (entries && (entry = readdir(entries)))
                if (is_leaving(entry->d_name, prefix) &&
                    fstatat(dirfd(entries), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
                    S_ISREG(facts.st_mode) && facts.st_mtim.tv_sec + LEAVING_S < time(NULL))
                        (void)unlinkat(dirfd(entries), entry->d_name, 0);
        if (entries)
                (void)closedir(entries);
}

/* Where the copy is written: beside its place, or in the directory. */
static char *choose_new(const char *target) {
        cleanup_free char *dir = parent_of(target), *prefix = NULL;
        const char *slash = strrchr(target, '/');

        if (is_directory(target)) {
                remove_leavings(target, ".backup-");
                return mem_printf("%s/.backup-%d.new", target, (int)getpid());
        }
        prefix = mem_printf("%s.", slash ? slash + 1 : target);
        remove_leavings(dir, prefix);
        return mem_printf("%s.%d.new", target, (int)getpid());
}

/* Whether a file can be made under the name; one that ends with a slash means a directory. */
static bool has_parent(const char *path) {
        cleanup_free char *parent = parent_of(path);

        return is_directory(parent);
}

static int write_copy(const Errand *errand, Backup *backup, Fault *fault) {
        const char *target = errand->args->rest[0];
        cleanup_free char *ledger = mem_printf("%s/ledger.db", errand->project.dir);
        int r;

        if (!is_directory(target) && access(target, F_OK) == 0)
                return refuse_there(target, fault);
        if (!has_parent(target)) {
                fault_set(fault, "directory-missing", "there is no such directory");
                fault_place(fault, "%s", target);
                fault_next(fault, "mkdir -p it first");
                return ERRAND_E_REFUSED;
        }
        backup->new = choose_new(target);
        if (access(ledger, F_OK) != 0) {
                fault_set(fault, "ledger-missing", "there is no ledger");
                fault_place(fault, "%s", ledger);
                return ERRAND_E_REFUSED;
        }
        ledger_remove(backup->new);
        r = ledger_copy(ledger, backup->new, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

/* The copy holds, against all that is remembered; its head is an entry of the ledger as it is now.
 * Sets the status where it does not hold. */
static int check_copy(Errand *errand, Backup *backup, const Witnesses *witnesses, Fault *fault) {
        cleanup(ledger_freep) Ledger *copy = NULL;
        int r = ledger_open(backup->new, LEDGER_INSPECT, &copy, fault);

        if (r == 0)
                r = verify_ledger(copy, &errand->project.broker_key, witnesses->rows, witnesses->n,
                                  &backup->report, fault);
        if (r > 0)
                errand->status = EXIT_HOLDS_NOT;
        return r;
}

static int compare_with_live(Errand *errand, Backup *backup, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry;
        int r = errand_open_ledger(errand, LEDGER_READ, fault);

        if (r != 0)
                return r;
        TRY(ledger_head(errand->ledger, &backup->live_head));
        r = ledger_read(errand->ledger, backup->report.n_entries, &arena, &entry);
        if (r == 0 && hash_equal(&entry.hash, &backup->report.head))
                return 0;
        if (r < 0)
                return r;
        fault_set(fault, "ledger-forked",
                  "the copy's newest entry, %" PRIu64 ", is not that of the ledger",
                  backup->report.n_entries);
        fault_next(fault, "broker verify; then broker backup again");
        return ERRAND_E_REFUSED;
}

/* In a directory, backups are named by what they hold: they sort by age. */
static int give_name(const Errand *errand, Backup *backup, Fault *fault) {
        const char *target = errand->args->rest[0];
        cleanup_free char *parent = NULL;
        char head[HASH_HEX + 1];
        struct stat facts;

        hex_encode(hash_slice(&backup->report.head), head);
        backup->file = is_directory(target) ? mem_printf("%s/ledger-%09" PRIu64 "-%.12s.db", target,
                                                         backup->report.n_entries, head)
                                            : mem_strdup(target);
        if (link(backup->new, backup->file) < 0)
                return refuse_there(backup->file, fault);
        parent = parent_of(backup->file);
        TRY(dir_sync(parent));
        if (stat(backup->file, &facts) == 0)
                backup->n_bytes = (uint64_t)facts.st_size;
        return 0;
}

static void say(const Errand *errand, const Backup *backup) {
        const VerifyReport *report = &backup->report;
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json) {
                buf_text(&text, "{\"version\":1,\"backup\":{\"file\":");
                describe_json_string(slice_text(backup->file), &text);
                buf_printf(&text, ",\"bytes\":%" PRIu64 ",\"ledger\":\"", backup->n_bytes);
                hex_append(&text, hash_slice(&report->ledger));
                buf_printf(&text, "\",\"entries\":%" PRIu64 ",\"evidence\":%" PRIu64 ",\"head\":\"",
                           report->n_entries, report->n_evidence);
                hex_append(&text, hash_slice(&report->head));
                buf_printf(&text, "\",\"live\":%" PRIu64 "}}\n", backup->live_head);
        } else {
                buf_printf(&text, "backup holds: %" PRIu64 " entries, %" PRIu64 " evidence, head ",
                           report->n_entries, report->n_evidence);
                hex_append(&text, hash_slice(&report->head));
                buf_printf(&text, "\n  in %s, %" PRIu64 " bytes\n", backup->file, backup->n_bytes);
                buf_printf(&text, "  the ledger is at entry %" PRIu64 " now\n", backup->live_head);
        }
        errand_print(&text);
}

static int backup_body(Errand *errand, Fault *reterr_fault) {
        cleanup(witnesses_deinit) Witnesses witnesses = {.n = 0};
        cleanup(backup_deinit) Backup backup = {.file = NULL};
        int r;

        TRY(witnesses_add_believable(&witnesses, &errand->project));
        r = write_copy(errand, &backup, reterr_fault);
        if (r == 0)
                r = check_copy(errand, &backup, &witnesses, reterr_fault);
        if (r == 0)
                r = compare_with_live(errand, &backup, reterr_fault);
        if (r == 0)
                r = give_name(errand, &backup, reterr_fault);
        if (r == 0)
                say(errand, &backup);
        return r;
}

int verb_backup(const Args *args) {
        return errand_run(args, backup_body);
}
