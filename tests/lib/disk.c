/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each file has its bytes as they were synced and what came since; each directory the changes of
 * its names since it was synced. A loss chooses among them. */

#include "tests/lib/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/shim.h"
#include "tests/lib/test.h"

enum { SECTOR_BYTES = 512, NAMES_MAX = 256, FILE_BYTES_MAX = 64 << 20, TEXT_BYTES = 400 };

const char *const disk_loss_names[_DISK_LOSS_MAX] = {
        [DISK_KEEP] = "keep",     [DISK_DROP] = "drop",       [DISK_TEAR] = "tear",
        [DISK_SUBSET] = "subset", [DISK_SECTORS] = "sectors",
};

typedef struct Call {
        ShimOp op;
        char *path, *to; /* below the root */
        uint8_t *data;
        uint64_t offset;
        size_t n;
} Call;

struct Disk {
        char *root;
        Call *calls;
        size_t n_calls;
        size_t n_adopted; /* the first of them put there what there was before */
};

typedef struct File {
        bool is_dir;
        Buf synced;
        const Call **pending;
        size_t n_pending;
} File;

/* `file` NULL: not there. */
typedef struct Name {
        char *path;
        File *live, *synced;
} Name;

typedef struct Change {
        Name *name, *gone; /* `gone` loses its file in the same moment; may be NULL */
        File *file;
} Change;

struct DiskImage {
        const Disk *disk;
        size_t n; /* calls that are in it */
        Name names[NAMES_MAX];
        size_t n_names;
        File **files;
        size_t n_files;
        Change *changes; /* of names that are not synced, oldest first */
        size_t n_changes;
};

/* ---- recording ---- */

static void record(void *userdata, const ShimCall *call) {
        Disk *disk = userdata;
        size_t n_path = strlen(call->path), n_root = strlen(disk->root);
        Call *kept;

        if (n_path > 4 && strcmp(call->path + n_path - 4, "-shm") == 0)
                return;
        disk->calls = mem_resize(disk->calls, disk->n_calls + 1, sizeof *disk->calls);
        kept = &disk->calls[disk->n_calls++];
        *kept = (Call){.op = call->op, .offset = call->offset, .n = call->n};
        kept->path = mem_strdup(call->path + n_root);
        if (call->to)
                kept->to = mem_strdup(call->to + n_root);
        if (call->n)
                kept->data = (uint8_t *)mem_strndup(call->data, call->n);
}

/* What is there already was synced long ago. */
static void adopt_file(Disk *disk, int dir_fd, const char *name) {
        cleanup_free char *path = mem_printf("%s/%s", disk->root, name);
        cleanup_buf Buf bytes = BUF_INIT(FILE_BYTES_MAX);
        cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

        CHECK(fd >= 0);
        CHECK_EQ_INT(fd_read_all(fd, &bytes), 0);
        record(disk, &(ShimCall){.op = SHIM_OPEN, .path = path});
        record(disk, &(ShimCall){.op = SHIM_WRITE, .path = path, .data = bytes.data, .n = bytes.n});
        record(disk, &(ShimCall){.op = SHIM_SYNC, .path = path});
}

static void adopt_files(Disk *disk) {
        DIR *entries = opendir(disk->root);
        struct dirent *entry;

        CHECK(entries);
        while ((entry = readdir(entries)))
                if (entry->d_name[0] != '.')
                        adopt_file(disk, dirfd(entries), entry->d_name);
        (void)closedir(entries);
        record(disk, &(ShimCall){.op = SHIM_SYNC, .path = disk->root});
        disk->n_adopted = disk->n_calls;
}

Disk *disk_new(const char *root) {
        Disk *disk = mem_new(Disk);

        disk->root = mem_strdup(root);
        adopt_files(disk);
        shim_record(root, record, disk);
        return disk;
}

void disk_stop(Disk *disk) {
        (void)disk;
        shim_record("", NULL, NULL);
}

Disk *disk_free(Disk *disk) {
        if (!disk)
                return NULL;
        disk_stop(disk);
        for (size_t i = 0; i < disk->n_calls; i++) {
                free(disk->calls[i].path);
                free(disk->calls[i].to);
                free(disk->calls[i].data);
        }
        free(disk->calls);
        free(disk->root);
        free(disk);
        return NULL;
}

size_t disk_count(const Disk *disk) {
        return disk->n_calls - disk->n_adopted;
}

const char *disk_describe(const Disk *disk, size_t number) {
        static char text[TEXT_BYTES];
        const Call *call = &disk->calls[disk->n_adopted + number - 1];
        const char *word = call->op == SHIM_OPEN       ? "create"
                           : call->op == SHIM_WRITE    ? "write"
                           : call->op == SHIM_SYNC     ? "sync"
                           : call->op == SHIM_TRUNCATE ? "truncate"
                           : call->op == SHIM_RENAME   ? "rename"
                           : call->op == SHIM_LINK     ? "link"
                           : call->op == SHIM_UNLINK   ? "unlink"
                                                       : "mkdir";

        (void)snprintf(text, sizeof text, "%s %s %llu+%zu", word, call->path,
                       (unsigned long long)call->offset, call->n);
        return text;
}

/* ---- the image ---- */

DiskImage *disk_image_free(DiskImage *image) {
        if (!image)
                return NULL;
        for (size_t i = 0; i < image->n_files; i++) {
                buf_deinit(&image->files[i]->synced);
                free(image->files[i]->pending);
                free(image->files[i]);
        }
        for (size_t i = 0; i < image->n_names; i++)
                free(image->names[i].path);
        free(image->files);
        free(image->changes);
        free(image);
        return NULL;
}

static Name *find_name(DiskImage *image, const char *path) {
        for (size_t i = 0; i < image->n_names; i++)
                if (strcmp(image->names[i].path, path) == 0)
                        return &image->names[i];
        CHECK(image->n_names < NAMES_MAX);
        image->names[image->n_names] = (Name){.path = mem_strdup(path)};
        return &image->names[image->n_names++];
}

static File *add_file(DiskImage *image, bool is_dir) {
        File *file = mem_new(File);

        *file = (File){.is_dir = is_dir, .synced = BUF_INIT(FILE_BYTES_MAX)};
        image->files = mem_resize(image->files, image->n_files + 1, sizeof(File *));
        image->files[image->n_files++] = file;
        return file;
}

static void change_name(DiskImage *image, Name *name, File *file, Name *gone) {
        name->live = file;
        if (gone)
                gone->live = NULL;
        image->changes = mem_resize(image->changes, image->n_changes + 1, sizeof(Change));
        image->changes[image->n_changes++] = (Change){.name = name, .gone = gone, .file = file};
}

static void resize(Buf *bytes, size_t n) {
        uint8_t *room;

        if (n > bytes->n) {
                room = buf_reserve(bytes, n - bytes->n);
                CHECK(room);
                memset(bytes->data + bytes->n, 0, n - bytes->n);
        }
        bytes->n = n;
}

static void put(Buf *bytes, const Call *call, size_t from, size_t n) {
        if (bytes->n < call->offset + from + n)
                resize(bytes, call->offset + from + n);
        memcpy(bytes->data + call->offset + from, call->data + from, n);
}

static void apply(Buf *bytes, const Call *call) {
        if (call->op == SHIM_TRUNCATE)
                resize(bytes, call->offset);
        else
                put(bytes, call, 0, call->n);
}

static void sync_names(DiskImage *image, const char *dir) {
        size_t n_dir = strlen(dir), n_left = 0;

        for (size_t i = 0; i < image->n_changes; i++) {
                Change change = image->changes[i];
                const char *path = change.name->path;

                if (strncmp(path, dir, n_dir) != 0 || strrchr(path, '/') != path + n_dir) {
                        image->changes[n_left++] = change;
                        continue;
                }
                change.name->synced = change.file;
                if (change.gone)
                        change.gone->synced = NULL;
        }
        image->n_changes = n_left;
}

static void sync_file(DiskImage *image, const Call *call) {
        File *file = call->path[0] ? find_name(image, call->path)->live : NULL;

        if (!file || file->is_dir) {
                sync_names(image, call->path);
                return;
        }
        for (size_t i = 0; i < file->n_pending; i++)
                apply(&file->synced, file->pending[i]);
        file->n_pending = 0;
}

static void add_pending(File *file, const Call *call) {
        CHECK(file);
        file->pending = mem_resize(file->pending, file->n_pending + 1, sizeof *file->pending);
        file->pending[file->n_pending++] = call;
}

static void take(DiskImage *image, const Call *call) {
        Name *name = call->path[0] ? find_name(image, call->path) : NULL;

        switch (call->op) {
        case SHIM_OPEN: change_name(image, name, add_file(image, false), NULL); break;
        case SHIM_MKDIR: change_name(image, name, add_file(image, true), NULL); break;
        case SHIM_UNLINK: change_name(image, name, NULL, NULL); break;
        case SHIM_RENAME: change_name(image, find_name(image, call->to), name->live, name); break;
        case SHIM_LINK: change_name(image, find_name(image, call->to), name->live, NULL); break;
        case SHIM_SYNC: sync_file(image, call); break;
        case SHIM_WRITE:
        case SHIM_TRUNCATE: add_pending(name->live, call); break;
        case SHIM_ALL:
        case SHIM_READ:
        case SHIM_MALLOC: break;
        }
}

void disk_image_advance(DiskImage *image, size_t n) {
        n += image->disk->n_adopted;
        CHECK(n <= image->disk->n_calls);
        for (; image->n < n; image->n++)
                take(image, &image->disk->calls[image->n]);
}

DiskImage *disk_image_new(const Disk *disk) {
        DiskImage *image = mem_new(DiskImage);

        image->disk = disk;
        disk_image_advance(image, 0);
        return image;
}

/* ---- what is left ---- */

/* splitmix64 */
static uint64_t draw(uint64_t *seed) {
        uint64_t z = (*seed += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

static void put_torn(Buf *bytes, const Call *call, uint64_t *seed) {
        size_t n_sectors = (call->n + SECTOR_BYTES - 1) / SECTOR_BYTES;

        put(bytes, call, 0, size_min((size_t)(draw(seed) % n_sectors) * SECTOR_BYTES, call->n));
}

static void put_sectors(Buf *bytes, const Call *call, uint64_t *seed) {
        for (size_t from = 0; from < call->n; from += SECTOR_BYTES)
                if (draw(seed) & 1)
                        put(bytes, call, from, size_min(SECTOR_BYTES, call->n - from));
}

static void lose(Buf *bytes, const Call *call, DiskLoss loss, bool is_last, uint64_t *seed) {
        bool is_write = call->op == SHIM_WRITE && call->n;

        if (loss == DISK_DROP || (loss >= DISK_SUBSET && draw(seed) % 2))
                return;
        if (is_write && loss == DISK_SECTORS)
                put_sectors(bytes, call, seed);
        else if (is_write &&
                 ((loss == DISK_TEAR && is_last) || (loss == DISK_SUBSET && draw(seed) % 4 == 0)))
                put_torn(bytes, call, seed);
        else
                apply(bytes, call);
}

static void write_file(const File *file, DiskLoss loss, uint64_t *seed, const char *path) {
        cleanup_buf Buf bytes = BUF_INIT(FILE_BYTES_MAX);
        cleanup_fd int fd = -1;

        if (file->is_dir) {
                CHECK(mkdir(path, 0700) == 0);
                return;
        }
        buf_slice(&bytes, buf_get(&file->synced));
        for (size_t i = 0; i < file->n_pending; i++)
                lose(&bytes, file->pending[i], loss, i + 1 == file->n_pending, seed);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        CHECK(fd >= 0);
        CHECK_EQ_INT(fd_write_all(fd, buf_get(&bytes)), 0);
}

static void choose_names(const DiskImage *image, DiskLoss loss, uint64_t *seed,
                         File *ret_files[NAMES_MAX]) {
        for (size_t i = 0; i < image->n_names; i++)
                ret_files[i] = image->names[i].synced;
        for (size_t i = 0; i < image->n_changes; i++) {
                const Change *change = &image->changes[i];

                if (loss == DISK_DROP || (loss >= DISK_SUBSET && draw(seed) % 2))
                        continue;
                ret_files[change->name - image->names] = change->file;
                if (change->gone)
                        ret_files[change->gone - image->names] = NULL;
        }
}

/* What lies in a directory that is not there is not there. Directories are named before what is in
 * them, since they were made before. */
void disk_image_write(const DiskImage *image, DiskLoss loss, uint64_t seed, const char *dir) {
        File *files[NAMES_MAX];

        CHECK_EQ_INT(dir_remove(dir), 0);
        CHECK(mkdir(dir, 0700) == 0);
        choose_names(image, loss, &seed, files);
        for (size_t i = 0; i < image->n_names; i++) {
                cleanup_free char *path = mem_printf("%s%s", dir, image->names[i].path);
                cleanup_free char *parent = mem_strdup(path);

                *strrchr(parent, '/') = 0;
                if (files[i] && access(parent, F_OK) == 0)
                        write_file(files[i], loss, &seed, path);
        }
}
