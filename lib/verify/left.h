/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Files as a command left them in its workspace, found without mounting anything: the upper layer
 * of its overlay, and below it the tree; or the copy that it worked on. Nothing there can lead out:
 * links are not followed. Only after every process of the sandbox is dead.
 */

#include "plan/match.h"
#include "sandbox/sandbox.h"

enum {
        _LEFT_E_SUCCESS,
        LEFT_E_ABSENT,    /* nothing has this name, or a link stands on the way */
        LEFT_E_UNREADABLE /* whether it is there cannot be seen */
};

/* "./a//b" is "a/b"; false for what is absolute, empty, or goes up. */
bool left_path_normalise(Slice path, Buf *ret_path) must_check;

/* LEFT_E_*. The descriptor is that of whatever it is (O_PATH), for file_facts.h. `path` is
 * normal. */
int left_find(const SandboxSpec *spec, const char *path, int *ret_fd) must_check;

/* Of the commit: below its verified tree. LEFT_E_*. */
int left_find_in_tree(const char *tree, Slice path, int *ret_fd) must_check;
/* Of this machine: an absolute path; links on the way are followed, one at its end is what is
 * found. LEFT_E_*. */
int left_find_on_host(Slice path, int *ret_fd) must_check;

/* The facts of each file that the plan's `files` speaks of. */
void left_observe(const SandboxSpec *spec, const Check *check, Arena *arena, Observed *observed);
