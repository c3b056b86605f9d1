/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Files that people, other programs or a disk may have written: config, deliveries, keys, what is
 * remembered of a ledger, checkpoints, the outbox, secrets, sealed checks. Each is refused by a
 * rule, or is what it says. The first byte chooses which file the rest is. */

#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adversary-agent/sealed_file.h"
#include "base/fd.h"
#include "base/mem.h"
#include "broker/delivery.h"
#include "broker/witness.h"
#include "client/outbox.h"
#include "client/project.h"
#include "client/seen.h"
#include "verify/redact.h"

enum { PATH_BYTES = 128, INPUT_MAX = 1 << 17 };

static char root[PATH_BYTES / 4], dir[PATH_BYTES / 2], path[PATH_BYTES];

static void clean_up(void) {
        must(dir_remove(root) == 0);
}

static void make_world(void) {
        static const char *const names[] = {"", "/.coldgate", "/.coldgate/sealed",
                                            "/.coldgate/outbox"};

        (void)snprintf(root, sizeof root, "/dev/shm/fuzz-files-%d", (int)getpid());
        (void)snprintf(dir, sizeof dir, "%s/.coldgate", root);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                cleanup_free char *name = mem_printf("%s%s", root, names[i]);

                must(dir_make(name, 0700) == 0);
        }
        must(sign_start() == 0 && atexit(clean_up) == 0);
}

/* The file's path, until the next one is put. */
static const char *put(const char *name, Slice bytes) {
        cleanup_fd int fd = -1;

        (void)snprintf(path, sizeof path, "%s/%s", dir, name);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        must(fd >= 0 && fd_write_all(fd, bytes) == 0);
        return path;
}

static void must_be_refused(int r, const Fault *fault) {
        must(r > 0 && fault->rule && fault->found[0]);
}

static void read_config(Slice bytes) {
        cleanup_project Project project = {.root = NULL};
        const Project here = {.root = root};
        Fault fault = FAULT_INIT;
        int r;

        (void)put("config", bytes);
        r = project_open_again(&here, &project, &fault);
        if (r != 0)
                must_be_refused(r, &fault);
        else
                must(project.name[0] && project.attempts > 0 && project.docs[0] == '/');
}

static void read_deliveries(Slice bytes) {
        Deliveries deliveries = {.n = 0};
        Fault fault = FAULT_INIT;
        int r;

        (void)put("deliveries", bytes);
        r = deliveries_read(dir, root, &deliveries, &fault);
        if (r != 0)
                must_be_refused(r, &fault);
        must(deliveries.n <= DELIVERIES_MAX);
        deliveries_deinit(&deliveries);
}

static void read_key(Slice bytes) {
        Fault fault = FAULT_INIT;
        Key key;
        int r = key_read(put("key", bytes), &key, &fault);

        if (r != 0)
                must_be_refused(r, &fault);
        else
                key_deinit(&key);
}

static void read_seen(Slice bytes) {
        static const uint8_t seed[32] = {1};
        Fault fault = FAULT_INIT;
        Seen seen = {.checkpoint = {.seq = 0}};
        Key broker;
        int r;

        key_from_seed(seed, &broker);
        r = seen_read_file(put("seen", bytes), &broker.public, &seen, &fault);
        if (r != 0)
                must_be_refused(r, &fault);
        else
                must(seen.checkpoint.seq > 0);
}

/* The text up to the first NUL, its signature behind it. */
static void read_checkpoint(Slice bytes) {
        Slice text = slice_head(bytes, slice_find(bytes, slice_make("", 1)));
        Witnesses witnesses = {.n = 0};
        Fault fault = FAULT_INIT;
        int r;

        (void)put("CHECKPOINT.sig", slice_from(bytes, text.n + 1));
        r = witnesses_add_file(&witnesses, put("CHECKPOINT", text), &fault);
        if (r != 0)
                must_be_refused(r, &fault);
        else
                must(witnesses.n == 1);
        witnesses_deinit(&witnesses);
}

static void read_outbox(Slice bytes) {
        cleanup_free char *box = mem_printf("%s/outbox", dir);
        cleanup_outbox Outbox outbox = {.dir = NULL};

        (void)put("outbox/000102030405060708090a0b0c0d0e0f", bytes);
        must(outbox_open(box, &outbox) == 0 && outbox.n_items <= 1);
}

static void read_secrets(Slice bytes) {
        cleanup(redactor_freep) Redactor *redactor = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        size_t n_found = 0, n_again = 0;
        int r = redactor_new(put("secrets", bytes), &redactor, &fault);
        Slice clean;

        if (r != 0) {
                must_be_refused(r, &fault);
                return;
        }
        clean = redact_text(redactor, bytes, &arena, &n_found);
        must(clean.n <= bytes.n);
        for (Slice rest = bytes; rest.n;) {
                Slice line = slice_head(rest, slice_find(rest, slice_text("\n")));

                rest = slice_from(rest, line.n + 1);
                if (!line.n || line.data[0] == '#')
                        continue;
                (void)redact_text(redactor, line, &arena, &n_again);
                must(n_again > 0 && n_found > 0);
        }
}

static void read_sealed(Slice bytes) {
        SealedFiles files = {.n = 0};
        Fault fault = FAULT_INIT;
        int r;

        (void)put("sealed/m.seal", bytes);
        r = sealed_files_load(dir, &files, &fault);
        if (r != 0)
                must_be_refused(r, &fault);
        else
                must(files.n == 1 && slice_equal(slice_from(bytes, SEAL_SALT_BYTES),
                                                 sealed_file_get(&files.items[0])));
        sealed_files_deinit(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static void (*const readers[])(Slice bytes) = {
                read_config,     read_deliveries, read_key,     read_seen,
                read_checkpoint, read_outbox,     read_secrets, read_sealed,
        };
        Slice input = slice_make(data, n);

        if (!root[0])
                make_world();
        if (n > 0 && n <= INPUT_MAX)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
