/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What the broker does at rest, when nobody talks to it: the rendered files and the checkpoint,
 * the database of views, commits of the files. Who talks comes first, and none of it is needed for
 * an answer: all of it can be made again from the ledger.
 */

#include "broker/core.h"
#include "broker/ledger.h"
#include "client/project.h"
#include "proto/loop.h"

typedef struct Rest Rest;

/* Borrows everything. */
Rest *rest_new(const Project *project, Ledger *ledger, const Core *core, const Key *broker);
Rest *rest_free(Rest *rest);
DEFINE_FREEP(Rest, rest_free, rest_freep)

/* The newest entry that the files and the checkpoint have. */
uint64_t rest_get_seq(const Rest *rest);
/* When something is due, monotonic; UINT64_MAX: nothing is. */
uint64_t rest_deadline(const Rest *rest);
void rest_add_fds(const Rest *rest, LoopWait *wait);
/* A step, if one is due; in a busy round only what has waited too long. */
void rest_step(Rest *rest, bool is_idle);
/* Until the files are up to date or cannot be written, but not longer than `limit_ms`. */
void rest_finish(Rest *rest, uint64_t limit_ms);
