/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Files named by message id, each with the SUBMIT frame that it is to be sent in. The signature in
 * it is empty: it binds the ledger's id, which is not known before the first welcome. */

#include "client/outbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sign.h"
#include "proto/codec.h"

#define FRESH_SUFFIX ".new"

enum { ADD_TRIES = 8 };

static const uint8_t no_signature[SIGNATURE_BYTES];

static void item_deinit(OutboxItem *item) {
        free((void *)item->frame.data);
        fd_close(&item->fd);
}

static void append(Outbox *outbox, OutboxItem item) {
        outbox->items = mem_resize(outbox->items, outbox->n_items + 1, sizeof *outbox->items);
        outbox->items[outbox->n_items++] = item;
}

static Slice copy(Slice frame) {
        return slice_make(mem_strndup((const char *)frame.data, frame.n), frame.n);
}

static int take_fd(int *fd) {
        int taken = *fd;

        *fd = -1;
        return taken;
}

/* ---- adopting ---- */

static bool read_item(int fd, const Id *id, Slice *ret_frame) {
        cleanup_buf Buf bytes = BUF_INIT(FRAME_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        if (fd_read_all(fd, &bytes) != 0 || bytes.is_full ||
            codec_decode(buf_get(&bytes), &arena, &message, &fault) != 0 ||
            message.type != MESSAGE_SUBMIT || !slice_equal(message.submit.id, id_slice(id)))
                return false;
        *ret_frame = copy(message.submit.frame);
        return true;
}

/* True if `fd`, now locked, is still what the directory has under this name: its last owner may
 * have removed it between our open and our lock. */
static bool is_still_there(int dir_fd, const char *name, int fd) {
        struct stat ours, theirs;

        return fstat(fd, &ours) == 0 && fstatat(dir_fd, name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
               ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev &&
               S_ISREG(ours.st_mode);
}

static void adopt(Outbox *outbox, int dir_fd, const char *name) {
        OutboxItem item = {.is_adopted = true};
        cleanup_fd int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        size_t n = strlen(name);

        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || !is_still_there(dir_fd, name, fd))
                return;
        if (n > strlen(FRESH_SUFFIX) &&
            strcmp(name + n - strlen(FRESH_SUFFIX), FRESH_SUFFIX) == 0) {
                (void)unlinkat(dir_fd, name, 0); /* its writer died before it was kept */
                return;
        }
        if (!hex_decode(slice_text(name), item.id.bytes, ID_BYTES) ||
            !read_item(fd, &item.id, &item.frame)) {
                log_write(LOG_DEBUG, "outbox: %s is not a message; it stays where it is", name);
                return;
        }
        item.fd = take_fd(&fd);
        append(outbox, item);
}

static int compare_items(const void *a, const void *b) {
        return memcmp(((const OutboxItem *)a)->id.bytes, ((const OutboxItem *)b)->id.bytes,
                      ID_BYTES);
}

int outbox_open(const char *dir, Outbox *ret_outbox) {
        cleanup_outbox Outbox outbox = {.dir = mem_strdup(dir)};
        struct dirent *entry;
        DIR *entries;

        TRY(dir_make_lasting(dir, 0700));
        entries = opendir(dir);
        if (!entries)
                return error_origin(-errno);
        while (outbox.n_items < OUTBOX_MAX && (entry = readdir(entries)))
                if (entry->d_name[0] != '.')
                        adopt(&outbox, dirfd(entries), entry->d_name);
        (void)closedir(entries);
        if (outbox.n_items > 1)
                qsort(outbox.items, outbox.n_items, sizeof *outbox.items, compare_items);
        *ret_outbox = outbox;
        outbox = (Outbox){0};
        return 0;
}

void outbox_deinit(Outbox *outbox) {
        for (size_t i = 0; i < outbox->n_items; i++)
                item_deinit(&outbox->items[i]);
        free(outbox->items);
        free(outbox->dir);
        *outbox = (Outbox){0};
}

/* ---- adding ---- */

static char *path_of(const Outbox *outbox, const Id *id, const char *suffix) {
        char hex[ID_HEX + 1];

        hex_encode(id_slice(id), hex);
        return mem_printf("%s/%s%s", outbox->dir, hex, suffix);
}

static int encode(const Id *id, Slice frame, Buf *bytes) {
        Message message = {.type = MESSAGE_SUBMIT};
        CodecFault fault;

        message.submit.id = id_slice(id);
        message.submit.frame = frame;
        message.submit.signature = slice_make(no_signature, sizeof no_signature);
        message_set_present(&message);
        return codec_encode(&message, bytes, &fault) == 0 ? 0 : error_origin(-EMSGSIZE);
}

/* Locked before it gets its name. A starting process may take the fresh file for an orphan's
 * before it is locked, and remove it: -ENOENT, and the caller tries again. */
static int write_item(const char *fresh, const char *path, Slice bytes, int *ret_fd) {
        cleanup_fd int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -ENOENT : -errno;
        r = fd_write_all(fd, bytes);
        if (r == 0 && (fsync(fd) < 0 || rename(fresh, path) < 0))
                r = -errno;
        if (r != 0) {
                (void)unlink(fresh);
                return r;
        }
        *ret_fd = take_fd(&fd);
        return 0;
}

int outbox_add(Outbox *outbox, const Id *id, Slice frame) {
        cleanup_free char *path = path_of(outbox, id, "");
        cleanup_free char *fresh = path_of(outbox, id, FRESH_SUFFIX);
        cleanup_buf Buf bytes = BUF_INIT(FRAME_MAX);
        OutboxItem item = {.id = *id, .fd = -1};
        int r = -ENOENT;

        if (outbox->n_items == OUTBOX_MAX)
                return OUTBOX_E_FULL;
        TRY(encode(id, frame, &bytes));
        for (int i = 0; i < ADD_TRIES && (r == -ENOENT || r == -EEXIST); i++)
                r = write_item(fresh, path, buf_get(&bytes), &item.fd);
        if (r < 0)
                return error_origin(r);
        r = dir_sync(outbox->dir);
        if (r < 0) {
                fd_close(&item.fd);
                return error_origin(r);
        }
        item.frame = copy(frame);
        append(outbox, item);
        return 0;
}

/* ---- the rest ---- */

OutboxItem *outbox_find(const Outbox *outbox, Slice id) {
        for (size_t i = 0; i < outbox->n_items; i++)
                if (slice_equal(id_slice(&outbox->items[i].id), id))
                        return &outbox->items[i];
        return NULL;
}

void outbox_remove(Outbox *outbox, OutboxItem *item) {
        cleanup_free char *path = path_of(outbox, &item->id, "");
        size_t i = (size_t)(item - outbox->items);

        (void)unlink(path); /* not synced: if it comes back, it is sent again and answered again */
        item_deinit(item);
        memmove(item, item + 1, (outbox->n_items - i - 1) * sizeof *item);
        outbox->n_items--;
}
