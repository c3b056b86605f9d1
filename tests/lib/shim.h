/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A thin layer between a program and the kernel's files: the n-th call below a directory fails,
 * tears, or ends the process right there. Two uses of one source: linked into a test, where a
 * recorder hears of each call, and as libshim.so before a real program (LD_PRELOAD), where the
 * orders stand in a file that test and program share.
 *
 * Calls are counted from 1, in all processes of the program together. Not seen: what stdio writes
 * and what is changed through a mapping.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ShimOp {
        SHIM_OPEN = 1, /* that may write */
        SHIM_WRITE = 2,
        SHIM_SYNC = 4,
        SHIM_TRUNCATE = 8,
        SHIM_RENAME = 16,
        SHIM_UNLINK = 32,
        SHIM_MKDIR = 64,
        SHIM_LINK = 128,
        SHIM_ALL = 255,
        SHIM_READ = 256,
        SHIM_MALLOC = 512, /* by itself only; paths do not count */
} ShimOp;

typedef enum ShimFault {
        SHIM_NOTHING,
        SHIM_EIO,
        SHIM_ENOSPC,
        SHIM_EROFS,
        SHIM_TEAR, /* half of a write is done, then EIO */
        SHIM_KILL_BEFORE,
        SHIM_KILL_MIDDLE, /* half of a write is done */
        SHIM_KILL_AFTER,
        _SHIM_FAULT_MAX
} ShimFault;

enum { SHIM_PATH_BYTES = 256 };

typedef struct ShimState {
        char root[SHIM_PATH_BYTES]; /* only what is below it counts; an absolute path */
        char only[64];              /* and has this in its path; empty: all */
        char program[32];           /* only in programs of this name; empty: all */
        uint32_t ops;               /* that count */
        uint32_t fault;
        uint64_t at;            /* the number of the call that fails; 0: none */
        uint32_t is_lasting;    /* and each later one */
        _Atomic int64_t wall_s; /* by how much the wall clock is wrong */
        _Atomic int64_t mono_s; /* and the monotonic one: less than 0 for who was suspended */
        _Atomic uint64_t n_calls;
        _Atomic uint64_t n_faults;
        _Atomic uint64_t fault_ms; /* monotonic, of the first */
        uint32_t fault_op;
        char fault_path[SHIM_PATH_BYTES];
} ShimState;

/* A call that was done. */
typedef struct ShimCall {
        ShimOp op;
        const char *path, *to; /* absolute */
        const void *data;
        uint64_t offset; /* of a write; the size of a truncation */
        size_t n;
} ShimCall;

/* For tests that have it linked in: whom to tell, NULL: nobody. Nothing is really synced then. */
typedef void (*ShimRecord)(void *userdata, const ShimCall *call);
void shim_record(const char *root, ShimRecord record, void *userdata);

/* The orders, made in a file for a program's environment: LD_PRELOAD=libshim.so,
 * COLDGATE_SHIM=path. Mapped until the process ends. */
ShimState *shim_state_new(const char *path);

/* For tests that have it linked in: these orders from now on; NULL: none. */
void shim_obey(ShimState *state);

/* Whether this allocation is the one that fails, for shim_malloc.c. */
_Bool shim_memory_fails(void);
