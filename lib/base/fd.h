/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Descriptors and whole files. */

#include <sys/types.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

/* Closes and sets to -1; takes -1. */
void fd_close(int *fd);
#define cleanup_fd cleanup(fd_close)

/* Hands over a descriptor: yields it and leaves -1 behind. */
static inline int fd_take(int *fd) {
        int taken = *fd;

        *fd = -1;
        return taken;
}

/* The whole of `data`, through short writes and EINTR. -errno. */
int fd_write_all(int fd, Slice data) must_check;
/* Until end of file, into `buf` (up to its ceiling; then buf->is_full). -errno. */
int fd_read_all(int fd, Buf *buf) must_check;

enum { _FILE_E_SUCCESS, FILE_E_MISSING, FILE_E_TOO_LARGE };

/* The whole file. FILE_E_MISSING; FILE_E_TOO_LARGE if it does not fit the buffer's ceiling. */
int file_read(const char *path, Buf *ret_bytes) must_check;
/* New content by rename in the same directory, synced before and after: a reader sees the old
 * file or the new one, a crash leaves one of them. */
int file_write_atomic(const char *path, Slice bytes, mode_t mode) must_check;
/* Makes the directory and its parents; an existing one is fine. */
int dir_make(const char *path, mode_t mode) must_check;
/* The same, and its name lasts, also where another process has only just made it: what is synced in
 * a directory is lost with the directory. */
int dir_make_lasting(const char *path, mode_t mode) must_check;
/* Removes a tree without following links; missing is fine. Read-only directories are opened. */
int dir_remove(const char *path) must_check;
enum { DIR_LOCK_MS = 10000 }; /* more than whoever is at work on a small file takes */
enum { _DIR_E_SUCCESS, DIR_E_LOCKED };
/* Takes the lock of a directory, until the descriptor is closed. Not for ever: whoever holds it may
 * stand still. DIR_E_LOCKED: rule dir-locked, which names who that is. -errno. */
int dir_lock(const char *path, uint64_t limit_ms, int *ret_fd, Fault *reterr_fault) must_check;
/* Syncs a directory, so that renames in it last. */
int dir_sync(const char *path) must_check;
