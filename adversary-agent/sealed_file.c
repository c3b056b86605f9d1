/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Reading, judging and keeping files of sealed checks. */

#include "adversary-agent/sealed_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "plan/plan.h"

#define FILE_SUFFIX ".seal"

/* The second as the verdict has room for them. */
enum { KEPT_BYTES_MAX = SEAL_SALT_BYTES + PLAN_BYTES_MAX, CHECKS_MAX = 512 };

void sealed_files_deinit(SealedFiles *files) {
        for (size_t i = 0; i < files->n; i++) {
                free(files->items[i].phase);
                free(files->items[i].kept);
                buf_deinit(&files->items[i].bytes);
        }
        files->n = 0;
}

Slice sealed_file_get(const SealedFile *file) {
        return slice_from(buf_get(&file->bytes), SEAL_SALT_BYTES);
}

const uint8_t *sealed_file_get_salt(const SealedFile *file) {
        return file->bytes.data;
}

SealedFile *sealed_files_find(SealedFiles *files, Slice digest) {
        for (size_t i = 0; i < files->n; i++)
                if (slice_equal(hash_slice(&files->items[i].digest), digest))
                        return &files->items[i];
        return NULL;
}

static SealedFile *find_phase(SealedFiles *files, Slice phase) {
        for (size_t i = 0; i < files->n; i++)
                if (slice_is(phase, files->items[i].phase))
                        return &files->items[i];
        return NULL;
}

/* Whatever a newer lint thinks of it. */
static bool is_sealed(const SealedFiles *files, Slice text) {
        for (size_t i = 0; i < files->n; i++)
                if (slice_equal(sealed_file_get(&files->items[i]), text))
                        return true;
        return false;
}

/* Takes the bytes over. */
static SealedFile *add(SealedFiles *files, const char *dir, const char *phase, Buf *bytes) {
        SealedFile *file = &files->items[files->n++];

        *file = (SealedFile){.phase = mem_strdup(phase),
                             .kept = mem_printf("%s/sealed/%s.evidence", dir, phase),
                             .bytes = *bytes};
        *bytes = BUF_INIT(KEPT_BYTES_MAX);
        seal_digest(sealed_file_get(file), sealed_file_get_salt(file), &file->digest);
        return file;
}

/* ---- what is kept already ---- */

static bool is_kept(const char *name) {
        size_t n = strlen(name), n_suffix = strlen(FILE_SUFFIX);

        return n > n_suffix && strcmp(name + n - n_suffix, FILE_SUFFIX) == 0;
}

static int load(SealedFiles *files, const char *dir, const char *name, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/sealed/%s", dir, name);
        cleanup_free char *phase = mem_strndup(name, strlen(name) - strlen(FILE_SUFFIX));
        cleanup_buf Buf bytes = BUF_INIT(KEPT_BYTES_MAX);
        int r = file_read(path, &bytes);

        if (r == 0 && bytes.n > SEAL_SALT_BYTES && files->n < SEALED_FILES_MAX) {
                (void)add(files, dir, phase, &bytes);
                return 0;
        }
        fault_set(reterr_fault, "sealed-state", "%s cannot be read", path);
        fault_next(reterr_fault, "bring it back: without it no PASS can be given in its phase");
        return SEALED_E_REFUSED;
}

int sealed_files_load(const char *dir, SealedFiles *ret_files, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/sealed", dir);
        struct dirent *entry;
        DIR *entries;
        int r = 0;

        TRY(dir_make(path, 0700));
        entries = opendir(path);
        if (!entries)
                return error_origin(-errno);
        while (r == 0 && (entry = readdir(entries)))
                if (is_kept(entry->d_name))
                        r = load(ret_files, dir, entry->d_name, reterr_fault);
        (void)closedir(entries);
        return r;
}

/* ---- a new one ---- */

static int read_file(const char *path, Buf *bytes, Fault *reterr_fault) {
        struct stat facts;
        int r;

        if (stat(path, &facts) == 0 && (facts.st_mode & 077)) {
                fault_set(reterr_fault, "sealed-file", "others than its owner may read it");
                fault_place(reterr_fault, "%s", path);
                fault_next(reterr_fault, "chmod 600 %s", path);
                return SEALED_E_REFUSED;
        }
        r = file_read(path, bytes);
        if (r == 0)
                return 0;
        fault_set(reterr_fault, "sealed-file", "it cannot be read: %s",
                  r == FILE_E_TOO_LARGE ? "it is larger than a plan may be"
                                        : strerror(r < 0 ? -r : ENOENT));
        fault_place(reterr_fault, "%s", path);
        return SEALED_E_REFUSED;
}

/* What a sealed check may not have: the ledger or the machine would tell of it. */
static const char *why_not_check(const Check *check) {
        if (check->kind == CHECK_MANUAL)
                return "is manual: its answer would stand in the ledger";
        if (check->on == CHECK_ON_HOST || check->network == CHECK_NETWORK_HOST)
                return "reaches the host, where others could see it run";
        if (check->n_host_access)
                return "opens a path of the host: who listens there could see it run";
        if (check->lock.resource.n)
                return "has a lock: the resource's name would stand in the ledger";
        return NULL;
}

static bool has_more_than_checks(const Gate *gate) {
        return gate->n_needs || gate->n_inputs || gate->n_unchanged || gate->lock.resource.n ||
               gate->verifiers > 1 || gate->must_match || gate->stall_ms;
}

static int refuse(const char *path, Slice what, const char *why, Fault *reterr_fault) {
        fault_set(reterr_fault, "sealed-file", "%.*s %s", SLICE_ARGS(what), why);
        fault_place(reterr_fault, "%s", path);
        return SEALED_E_REFUSED;
}

static int judge(const char *path, const Plan *plan, Fault *reterr_fault) {
        if (plan->n_needs || plan->n_protected_paths)
                return refuse(path, plan->phase, "needs or protects something: its plan says that",
                              reterr_fault);
        for (size_t i = 0; i < plan->n_gates; i++) {
                const Gate *gate = &plan->gates[i];

                if (has_more_than_checks(gate))
                        return refuse(path, gate->id,
                                      "has more than checks: the phase's plan says the rest",
                                      reterr_fault);
                if (gate->n_checks > CHECKS_MAX)
                        return refuse(path, gate->id, "has more than 512 checks", reterr_fault);
                for (size_t k = 0; k < gate->n_checks; k++) {
                        const char *why = why_not_check(&gate->checks[k]);

                        if (why)
                                return refuse(path, gate->checks[k].id, why, reterr_fault);
                }
        }
        return 0;
}

static int keep(SealedFiles *files, const char *dir, const char *phase, Slice text) {
        cleanup_free char *path = mem_printf("%s/sealed/%s" FILE_SUFFIX, dir, phase);
        cleanup_buf Buf bytes = BUF_INIT(KEPT_BYTES_MAX);
        const SealedFile *file;
        uint8_t salt[SEAL_SALT_BYTES];

        random_bytes(salt, sizeof salt);
        buf_append(&bytes, salt, sizeof salt);
        buf_slice(&bytes, text);
        TRY(file_write_atomic(path, buf_get(&bytes), 0600));
        TRY(dir_sync(dir));
        file = add(files, dir, phase, &bytes);
        return dir_make(file->kept, 0700);
}

int sealed_files_add(SealedFiles *files, const char *dir, const char *path, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_INIT(PLAN_BYTES_MAX);
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        const SealedFile *known;
        size_t n_faults = 0;
        int r = read_file(path, &text, reterr_fault);

        if (r == 0 && is_sealed(files, buf_get(&text)))
                return 0;
        if (r == 0)
                r = plan_parse(path, buf_get(&text), &plan, reterr_fault, 1, &n_faults);
        if (r == 0)
                r = judge(path, &plan, reterr_fault);
        if (r != 0)
                return r < 0 ? r : SEALED_E_REFUSED;
        known = find_phase(files, plan.phase);
        if (known || files->n == SEALED_FILES_MAX) {
                fault_set(reterr_fault, "sealed-changed",
                          known ? "phase %.*s was sealed with other checks"
                                : "too many phases were sealed for %.*s too",
                          SLICE_ARGS(plan.phase));
                fault_place(reterr_fault, "%s", path);
                fault_next(reterr_fault, "what was sealed first counts; leave --sealed %s out",
                           path);
                return SEALED_E_REFUSED;
        }
        return keep(files, dir, arena_text(&plan.arena, plan.phase), buf_get(&text));
}
