/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One exchange for each file at a time. */

#include "adversary-agent/sealer.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/codec.h"

static uint64_t interval_ms(const SealerItem *item) {
        return item->is_sealed ? SEALER_REVEAL_MS : SEALER_SEAL_MS;
}

static int submit(Sealer *sealer, SealerItem *item, Message *message) {
        message_set_present(message);
        TRY(session_submit(sealer->session, message, &item->id));
        item->is_submitted = true;
        return 0;
}

static int seal(Sealer *sealer, size_t index) {
        const SealedFile *file = &sealer->files->items[index];
        Message message = {
                .type = MESSAGE_SEAL,
                .seal = {.phase = slice_text(file->phase), .digest = hash_slice(&file->digest)}};

        log_write(LOG_INFO, "sealing the checks of phase %s", file->phase);
        return submit(sealer, &sealer->items[index], &message);
}

static int reveal(Sealer *sealer, size_t index, uint64_t seq) {
        const SealedFile *file = &sealer->files->items[index];
        Message message = {
                .type = MESSAGE_REVEAL,
                .reveal = {.seal = seq,
                           .file = sealed_file_get(file),
                           .salt = slice_make(sealed_file_get_salt(file), SEAL_SALT_BYTES)}};

        log_write(LOG_INFO, "revealing the sealed checks of phase %s", file->phase);
        return submit(sealer, &sealer->items[index], &message);
}

/* ---- evidence, once it may be seen ---- */

static bool is_digest(const char *name) {
        return strlen(name) == HASH_HEX && strspn(name, "0123456789abcdef") == HASH_HEX;
}

/* The path of a piece that the broker does not have; NULL if there is none. */
static char *find_kept(const SealedFile *file) {
        DIR *entries = opendir(file->kept);
        char *path = NULL;
        struct dirent *entry;

        while (entries && !path && (entry = readdir(entries)))
                if (is_digest(entry->d_name))
                        path = mem_printf("%s/%s", file->kept, entry->d_name);
        if (entries)
                (void)closedir(entries);
        return path;
}

/* One piece at a time, asked back. */
static int put_kept(Sealer *sealer, size_t index) {
        SealerItem *item = &sealer->items[index];
        cleanup_free char *path = find_kept(&sealer->files->items[index]);
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message message = {.type = MESSAGE_EVIDENCE_PUT};
        Message question = {.type = MESSAGE_EVIDENCE_GET};

        item->is_sent = path && file_read(path, &frame) == 0;
        if (!item->is_sent)
                return 0;
        hash_of(buf_get(&frame), &item->last);
        message.evidence_put =
                (struct evidence_put){.digest = hash_slice(&item->last), .frame = buf_get(&frame)};
        question.evidence_get.digest = hash_slice(&item->last);
        message_set_present(&message);
        message_set_present(&question);
        TRY(session_send(sealer->session, &message));
        return session_send(sealer->session, &question);
}

static void drop_kept(const SealedFile *file, const Hash *digest) {
        char hex[HASH_HEX + 1];
        cleanup_free char *path = NULL;

        hex_encode(hash_slice(digest), hex);
        path = mem_printf("%s/%s", file->kept, hex);
        (void)unlink(path); /* if it stays it is sent again, which changes nothing */
}

void sealer_on_evidence(Sealer *sealer, const struct evidence *evidence) {
        for (size_t i = 0; i < sealer->files->n; i++) {
                SealerItem *item = &sealer->items[i];

                if (!item->is_sent || !slice_equal(evidence->digest, hash_slice(&item->last)))
                        continue;
                item->is_sent = false;
                if (!evidence->frame.n)
                        continue;
                drop_kept(&sealer->files->items[i], &item->last);
                item->asked_ms = 0;
        }
}

/* ---- the loop's side ---- */

static int ask(Sealer *sealer, size_t index) {
        Message question = {.type = MESSAGE_ASK,
                            .ask = {.question = QUESTION_STATUS,
                                    .phase = slice_text(sealer->files->items[index].phase)}};

        message_set_present(&question);
        return session_send(sealer->session, &question);
}

int sealer_step(Sealer *sealer, uint64_t now_ms) {
        if (!session_is_connected(sealer->session))
                return 0;
        for (size_t i = 0; i < sealer->files->n; i++) {
                SealerItem *item = &sealer->items[i];

                if (item->is_over || item->is_submitted ||
                    (item->asked_ms && now_ms - item->asked_ms < interval_ms(item)))
                        continue;
                item->asked_ms = now_ms;
                TRY(item->is_revealed ? put_kept(sealer, i) : ask(sealer, i));
        }
        return 0;
}

uint64_t sealer_due_ms(const Sealer *sealer) {
        uint64_t due_ms = 0;

        for (size_t i = 0; i < sealer->files->n; i++) {
                const SealerItem *item = &sealer->items[i];
                uint64_t at_ms = item->asked_ms ? item->asked_ms + interval_ms(item) : 1;

                if (!item->is_over && !item->is_submitted && (!due_ms || at_ms < due_ms))
                        due_ms = at_ms;
        }
        return session_is_connected(sealer->session) ? due_ms : 0;
}

void sealer_restart(Sealer *sealer) {
        for (size_t i = 0; i < sealer->files->n; i++) {
                SealerItem *item = &sealer->items[i];

                /* The ledger may be another one: it was restored. */
                item->is_sealed = item->is_revealed = item->is_over = item->is_sent = false;
                item->asked_ms = 0;
        }
}

static const struct seal_status *find_own(const Sealer *sealer, const struct phase_status *phase) {
        Slice name = slice_text(session_get_name(sealer->session));

        for (size_t i = 0; i < phase->n_seals; i++)
                if (slice_equal(phase->seals[i].adversary, name))
                        return &phase->seals[i];
        return NULL;
}

static int look(Sealer *sealer, size_t index, const struct phase_status *phase) {
        const SealedFile *file = &sealer->files->items[index];
        const struct seal_status *own = find_own(sealer, phase);
        SealerItem *item = &sealer->items[index];

        if (!own && phase->state == PHASE_STATE_PLANNED)
                return seal(sealer, index);
        if (!own || !slice_equal(own->digest, hash_slice(&file->digest))) {
                log_write(LOG_ERROR, "the sealed checks of phase %s do not count: %s", file->phase,
                          own ? "other checks were sealed before"
                              : "its gates were claimed before they were sealed");
                item->is_over = true;
                return 0;
        }
        item->is_sealed = true;
        item->is_revealed = own->revealed != 0;
        if (item->is_revealed)
                item->asked_ms = 0;
        else if (own->asked || phase->state == PHASE_STATE_DONE)
                return reveal(sealer, index, own->seal);
        return 0;
}

int sealer_on_status(Sealer *sealer, const struct status *status) {
        for (size_t i = 0; i < sealer->files->n; i++) {
                const SealerItem *item = &sealer->items[i];

                for (size_t k = 0; k < status->n_phases; k++)
                        if (!item->is_over && !item->is_submitted && !item->is_revealed &&
                            slice_is(status->phases[k].phase, sealer->files->items[i].phase))
                                TRY(look(sealer, i, &status->phases[k]));
        }
        return 0;
}

static SealerItem *find_submitted(Sealer *sealer, Slice id) {
        for (size_t i = 0; i < sealer->files->n; i++)
                if (sealer->items[i].is_submitted &&
                    slice_equal(id, id_slice(&sealer->items[i].id)))
                        return &sealer->items[i];
        return NULL;
}

bool sealer_on_ack(Sealer *sealer, const struct ack *ack) {
        SealerItem *item = find_submitted(sealer, ack->id);

        if (!item)
                return false;
        item->is_submitted = false;
        item->asked_ms = 0;
        return true;
}

bool sealer_on_refuse(Sealer *sealer, const struct refuse *refuse) {
        SealerItem *item = find_submitted(sealer, refuse->id);

        if (!item)
                return false;
        log_write(LOG_WARNING, "refused, a seal or its reveal: %.*s: %.*s",
                  SLICE_ARGS(refuse->rule), SLICE_ARGS(refuse->found));
        item->is_submitted = false; /* the next status says what stands */
        return true;
}
