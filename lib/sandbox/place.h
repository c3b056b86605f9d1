/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The parts of a scratch directory, and where they are seen inside. Everything that a command may
 * write outside its workspace is a place or the upper layer of the root.
 */

#include <sys/types.h>

#include "base/defs.h"

typedef struct Place {
        const char *part; /* below the scratch directory */
        const char *path; /* inside */
        mode_t mode;
        bool is_ours;     /* belongs to the command's user, not to root */
        bool is_mounted;  /* otherwise it is made within a place that is */
        bool is_optional; /* left out where the host has no such directory */
} Place;

extern const Place place_rows[];
extern const size_t n_place_rows;

/* Layers and mount points: names below the scratch directory. */
#define PART_ROOT       "root"  /* where the new root is put together */
#define PART_UPPER      "up"    /* upper layer of the root */
#define PART_WORKING    "wk"    /* the overlay's own */
#define PART_LOWER      "low"   /* the tree, with the owners that it has inside */
#define PART_WORK       "ws"    /* where the workspace's overlay is mounted first */
#define PART_WORK_UPPER "wsup"  /* upper layer of the workspace */
#define PART_WORK_OWN   "wswk"  /* the overlay's own */
#define PART_COPY       "work"  /* the workspace when it is a copy, or begins empty */
#define PART_EMPTY      "empty" /* an empty file, put over hidden files */
#define PART_PASSWD     "passwd"
#define PART_GROUP      "group"
#define PART_HOME       "homes/work" /* of place_rows, as the next */
#define PART_TMP        "tmp"

/* How large an empty directory is that is put over a hidden one. */
#define HIDING_BYTES "4k"

/* True if the host's files at `path` cannot be seen inside because something of ours is there. */
bool place_covers(const char *path);
/* True if `path` is `directory` or below it. */
bool path_is_below(const char *path, const char *directory);
