/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What is settled before PID 1 exists: who the command will be, what is hidden, the directories
 * and files in the scratch directory. The working directory is the scratch directory from then
 * on. */

#include <sys/types.h>

#include "sandbox/group.h"
#include "sandbox/sandbox.h"

typedef struct Setup {
        Arena arena;
        SandboxSpec spec;
        bool is_root;
        uid_t uid; /* of the command, as it is seen inside */
        gid_t gid;
        int idmap_fd; /* namespace that gives the tree to the command's user; -1: none */
        char **hide;  /* real paths of the host */
        size_t n_hide;
        size_t n_hide_own; /* the first of them: never seen, whatever the plan opens */
        char **access;     /* real paths of the host that are seen all the same */
        size_t n_access;
        gid_t *groups; /* of sockets among them: the command's own, as root */
        size_t n_groups;
        Group group;
        char *resolver; /* where its file was put below /run; NULL: nowhere */
} Setup;

#define SETUP_INIT ((Setup){.idmap_fd = -1, .group = GROUP_INIT})

enum { _SETUP_E_SUCCESS, SETUP_E_BROKEN };

/* `setup->spec` and its arena are there already. SETUP_E_BROKEN: see the fault. */
int setup_prepare(Setup *setup, Fault *reterr_fault) must_check;
void setup_deinit(Setup *setup);
/* Maps one user of the namespace of `pid` to one outside of it. -errno. */
int setup_map_user(pid_t pid, uid_t inside, uid_t outside, gid_t group_inside,
                   gid_t group_outside) must_check;
/* clone3 without a new stack: as fork. Negative: -errno. */
pid_t setup_clone(uint64_t flags, int *ret_pidfd);
