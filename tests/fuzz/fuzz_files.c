/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Files that people, other programs or a disk may have written: config, deliveries, keys, what is
 * remembered of a ledger, checkpoints, the outbox, secrets, sealed checks. Each is refused by a
 * rule, or is what it says. The first byte chooses which file the rest is. What nobody gets right
 * by chance, a signature, is right before the input's edits. */

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
#include "proto/codec.h"
#include "verify/redact.h"

enum { PATH_BYTES = 128, INPUT_MAX = 1 << 17, EDIT_BYTES = 3, EDITS_MAX = 64, SEQ_BYTES = 3 };

static const char id_hex[] = "000102030405060708090a0b0c0d0e0f";
static char root[PATH_BYTES / 4], dir[PATH_BYTES / 2], path[PATH_BYTES];
static Key broker;

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
        key_from_seed((uint8_t[32]){1}, &broker);
}

/* Three bytes each: where, and what is turned round there; 0: it ends there. */
static bool edit(Slice edits, Buf *bytes) {
        size_t n = size_min(edits.n / EDIT_BYTES, EDITS_MAX);

        for (size_t i = 0; i < n && bytes->n; i++) {
                const uint8_t *one = edits.data + i * EDIT_BYTES;
                size_t at = ((size_t)one[0] << 8 | one[1]) % bytes->n;

                if (one[2])
                        bytes->data[at] ^= one[2];
                else
                        bytes->n = at;
        }
        return n > 0;
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
        Fault fault = FAULT_INIT;
        Seen seen = {.checkpoint = {.seq = 0}};
        int r = seen_read_file(put("seen", bytes), &broker.public, &seen, &fault);

        if (r != 0)
                must_be_refused(r, &fault);
        else
                must(seen.checkpoint.seq > 0);
}

/* A number in three bytes, then edits. */
static Seen make_seen(Slice bytes, Slice *ret_edits) {
        Seen seen = {.broker = broker.public};
        uint64_t seq = 1;
        Hash hash;

        for (size_t i = 0; i < SEQ_BYTES && i < bytes.n; i++)
                seq = seq << 8 | bytes.data[i];
        hash_of(bytes, &hash);
        seen.ledger = hash;
        checkpoint_sign(&broker, &seen.ledger, seq, &hash, &seen.checkpoint);
        *ret_edits = slice_from(bytes, SEQ_BYTES);
        return seen;
}

/* An edit that is let through has changed nothing that was signed. */
static void must_be_same(const Seen *read, const Seen *made) {
        must(read->checkpoint.seq == made->checkpoint.seq &&
             hash_equal(&read->checkpoint.hash, &made->checkpoint.hash) &&
             hash_equal(&read->ledger, &made->ledger));
}

static void read_seen_signed(Slice bytes) {
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;
        Seen read, made = make_seen(bytes, &bytes);
        bool is_edited;
        int r;

        checkpoint_format(&made.ledger, made.checkpoint.seq, &made.checkpoint.hash, &text);
        hex_append(&text, slice_make(made.checkpoint.signature, SIGNATURE_BYTES));
        buf_text(&text, "\n");
        hex_append(&text, slice_make(&made.broker, sizeof made.broker));
        buf_text(&text, "\n");
        is_edited = edit(bytes, &text);
        r = seen_read_file(put("seen", buf_get(&text)), &broker.public, &read, &fault);
        must(r == 0 || is_edited);
        if (r != 0)
                must_be_refused(r, &fault);
        else
                must_be_same(&read, &made);
}

/* Edits up to the first that is wholly 0xff are of the text, the others of its signature. */
static void read_checkpoint_signed(Slice bytes) {
        cleanup_buf Buf text = BUF_TEXT, armour = BUF_TEXT;
        Witnesses witnesses = {.n = 0};
        Fault fault = FAULT_INIT;
        Seen made = make_seen(bytes, &bytes);
        size_t n = slice_find(bytes, slice_text("\xff\xff\xff"));
        bool is_edited;
        int r;

        checkpoint_format(&made.ledger, made.checkpoint.seq, &made.checkpoint.hash, &text);
        checkpoint_armour(&made.broker, &made.checkpoint, &armour);
        is_edited = edit(slice_head(bytes, n), &text);
        is_edited |= edit(slice_from(bytes, n + EDIT_BYTES), &armour);
        (void)put("CHECKPOINT.sig", buf_get(&armour));
        r = witnesses_add_file(&witnesses, put("CHECKPOINT", buf_get(&text)), &fault);
        must(r == 0 || is_edited);
        if (r != 0)
                must_be_refused(r, &fault);
        else
                must(witnesses.n == 1 && witnesses.rows[0].seq == made.checkpoint.seq &&
                     hash_equal(&witnesses.rows[0].hash, &made.checkpoint.hash));
        witnesses_deinit(&witnesses);
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

static size_t count_outbox(Slice bytes) {
        cleanup_free char *box = mem_printf("%s/outbox", dir);
        cleanup_free char *name = mem_printf("outbox/%s", id_hex);
        cleanup_outbox Outbox outbox = {.dir = NULL};

        (void)put(name, bytes);
        must(outbox_open(box, &outbox) == 0 && outbox.n_items <= 1);
        return outbox.n_items;
}

static void read_outbox(Slice bytes) {
        (void)count_outbox(bytes);
}

/* What is kept for the broker: any frame, under the file's own id. The first byte says how many
 * bytes of edits stand before it. */
static void read_outbox_kept(Slice bytes) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t id[ID_BYTES], signature[SIGNATURE_BYTES] = {0};
        Message message = {.type = MESSAGE_SUBMIT};
        CodecFault fault;
        Slice edits;
        bool is_edited;

        if (bytes.n == 0)
                return;
        edits = slice_head(slice_from(bytes, 1), bytes.data[0]);
        must(hex_decode(slice_text(id_hex), id, sizeof id));
        message.submit = (struct submit){.id = slice_make(id, sizeof id),
                                         .frame = slice_from(bytes, 1 + edits.n),
                                         .signature = slice_make(signature, sizeof signature)};
        message_set_present(&message);
        if (codec_encode(&message, &frame, &fault) != 0)
                return;
        is_edited = edit(edits, &frame);
        must(count_outbox(buf_get(&frame)) == 1 || is_edited);
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
                read_config,      read_deliveries,
                read_key,         read_seen,
                read_checkpoint,  read_outbox,
                read_secrets,     read_sealed,
                read_seen_signed, read_checkpoint_signed,
                read_outbox_kept,
        };
        Slice input = slice_make(data, n);

        if (!root[0])
                make_world();
        if (n > 0 && n <= INPUT_MAX)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
