/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A disk that may lose its power. What a test does to the files below a directory is recorded call
 * by call (tests/lib/shim.h); then, for any number of calls, the directory can be had as a power
 * loss right behind that call would leave it. The rules are the strict ones: a file's bytes are
 * there once it was synced, a name once its directory was; until then each write, each sector of
 * 512 bytes, each new size and each name may be there or not, in any combination. A rename is never
 * half.
 *
 * Files that end in -shm are left out: SQLite makes them anew.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DiskLoss {
        DISK_KEEP,    /* everything was written: the process alone died */
        DISK_DROP,    /* nothing that was not synced */
        DISK_TEAR,    /* everything, but the last write to each file ends in its middle */
        DISK_SUBSET,  /* some writes, some of them torn, some names */
        DISK_SECTORS, /* some sectors of each write, some names */
        _DISK_LOSS_MAX
} DiskLoss;

extern const char *const disk_loss_names[_DISK_LOSS_MAX];

typedef struct Disk Disk;

/* Records what happens below the directory until disk_stop; the files that are in it are taken as
 * synced. One at a time. */
Disk *disk_new(const char *root);
void disk_stop(Disk *disk);
Disk *disk_free(Disk *disk);
static inline void disk_freep(Disk **disk) {
        *disk = disk_free(*disk);
}

/* Calls so far. */
size_t disk_count(const Disk *disk);
/* What the number-th call was, from 1; borrowed until the next. */
const char *disk_describe(const Disk *disk, size_t number);

/* A disk's contents at some point. Calls are taken in order: `n` never falls. */
typedef struct DiskImage DiskImage;
DiskImage *disk_image_new(const Disk *disk);
DiskImage *disk_image_free(DiskImage *image);
static inline void disk_image_freep(DiskImage **image) {
        *image = disk_image_free(*image);
}
void disk_image_advance(DiskImage *image, size_t n);
/* Makes `dir` what the loss leaves; whatever is there is removed. The same seed, the same files. */
void disk_image_write(const DiskImage *image, DiskLoss loss, uint64_t seed, const char *dir);
