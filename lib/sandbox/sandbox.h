/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Runs a command that is not trusted, alone with its own processes, and says afterwards exactly
 * what happened. The work is done by a small helper program (sandbox-runner) that is started with
 * posix_spawn, makes the namespaces and stands outside as the reader of the output; its child is
 * PID 1 inside and reaps, lists and kills. What the command can write (its output, its exit status)
 * and what the harness says (the report of PID 1, the exec pipe) travel on different descriptors.
 *
 * Works as root (drops to a dedicated uid without capabilities) and unprivileged (user namespace).
 * What could not be had is said in `isolation`; nothing is weakened silently.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/slice.h"

/* The same for every command, so that nothing inside tells where it really runs. The caller puts
 * the last two into `env` as HOME and TMPDIR. */
#define SANDBOX_WORK "/work"
#define SANDBOX_HOME "/home/work"
#define SANDBOX_TMP  "/tmp"

typedef enum SandboxNetwork {
        SANDBOX_NETWORK_NONE, /* own namespace, loopback up */
        SANDBOX_NETWORK_HOST, /* the plan opened it */
} SandboxNetwork;

typedef struct SandboxLimits {
        uint64_t wall_ms;            /* the deadline, on the monotonic clock; 0: none (a service) */
        uint64_t grace_ms;           /* between TERM and KILL */
        uint64_t leak_grace_ms;      /* what is left alone after the main process ended */
        uint64_t memory_bytes;       /* address space of each process, and, where a control group
                                      * can be had, memory of all together; 0: none */
        uint64_t file_bytes;         /* largest file */
        uint64_t n_processes;        /* for the sandbox's uid where that is ours alone; 0: none */
        uint64_t n_files;            /* open descriptors */
        uint64_t output_bytes;       /* of each stream: killed beyond it (endless output) */
        size_t keep_head, keep_tail; /* bytes of each stream that are kept */
} SandboxLimits;

extern const SandboxLimits sandbox_limits_default;

typedef struct SandboxSpec {
        const char *const *argv; /* ends with NULL; argv[0] is looked up in the PATH of `env` */
        const char *const *env;  /* the whole environment, "NAME=value", ends with NULL */
        /* A verified tree. It is seen at /work inside, writable, without itself being written:
         * the lower layer of an overlay where that can be had, a copy otherwise. NULL: /work is
         * empty. All paths of the host are absolute. */
        const char *tree;
        const char *workdir; /* below the tree; NULL: the tree itself */
        /* An existing, empty directory of this run alone, on the same file system for all its
         * parts: upper layers, HOME, TMP. The caller removes it afterwards. */
        const char *scratch;
        const char *const *hide; /* host paths that must not be seen (state, mirrors); NULL-ended */
        /* Files, directories and sockets of the host that must be seen, the first two read-only;
         * ends with NULL. They come before `hide`. Each must exist; nothing of /proc, /sys, /dev.
         */
        const char *const *access;
        SandboxNetwork network;
        /* No namespaces, no other user: the caller's own rights, on the host, in a copy of the tree
         * (sandbox_get_copy), which is where it starts; HOME and TMPDIR are sandbox_get_home and
         * sandbox_get_tmp. All that it starts is tracked and ends with it, but what asks another
         * process of the host to do something for it is not held. */
        bool on_host;
        bool force_copy; /* no overlay for the tree (confirmation of a FAIL) */
        SandboxLimits limits;
} SandboxSpec;

typedef enum SandboxEnd {
        SANDBOX_EXITED,      /* `status` */
        SANDBOX_SIGNALED,    /* `signal`, not sent by us */
        SANDBOX_TIMED_OUT,   /* the deadline; killed by us */
        SANDBOX_OUTPUT_CAP,  /* more output than output_bytes; killed by us */
        SANDBOX_STOPPED,     /* sandbox_stop() ended it */
        SANDBOX_NOT_STARTED, /* exec failed: `error` is its errno. Never confused with exit 127 */
        SANDBOX_BROKEN,      /* the harness failed: `fault` has a rule sandbox.* */
} SandboxEnd;

/* What the kernel says of memory, where the command had a group of its own for it. */
typedef enum SandboxMemory {
        SANDBOX_MEMORY_UNKNOWN,
        SANDBOX_MEMORY_ENOUGH,
        SANDBOX_MEMORY_LIMIT,  /* one of it was killed: it met its own limit */
        SANDBOX_MEMORY_HOST,   /* one of it was killed, its own limit was never met, … */
        SANDBOX_MEMORY_SHARED, /* … and it had much itself of what the machine has */
} SandboxMemory;

typedef struct SandboxStream {
        uint64_t n_bytes; /* in all */
        Hash hash;        /* of all that was read */
        Buf head, tail;   /* the tail begins where the head ends if nothing was cut */
        bool is_cut;      /* bytes between head and tail were dropped */
} SandboxStream;

typedef struct SandboxLeftover {
        uint64_t pid;                  /* inside */
        char *command, *cwd, *listens; /* in the outcome's arena; NULL where unknown */
} SandboxLeftover;

typedef struct SandboxOutcome {
        Arena arena;
        SandboxEnd end;
        int status, signal, error;
        SandboxStream out, err;
        uint64_t wall_ms, cpu_ms, memory_peak_bytes;
        uint64_t group_cpu_ms; /* by its control group, nobody left out; 0: not known */
        SandboxMemory memory;
        SandboxLeftover *leftovers;
        size_t n_leftovers;
        char **outside; /* files written, changed or deleted outside the workspace */
        size_t n_outside;
        char **changed; /* files written, changed or deleted in the workspace */
        size_t n_changed;
        bool is_listing_cut; /* there are more files than the two lists hold */
        char *isolation; /* e.g. "root: pid mount net ipc uts cgroup, seccomp, overlay, uid 64123"
                          */
        Fault fault;
} SandboxOutcome;

typedef struct Sandbox Sandbox;

void sandbox_outcome_deinit(SandboxOutcome *outcome);

/* Where the helper is: beside the running program when installed (../libexec/coldgate), in the
 * build tree otherwise, or COLDGATE_RUNNER. NULL with the fault set if it is nowhere. */
char *sandbox_find_runner(Fault *reterr_fault);

/* Starts the command. What goes wrong while starting is found by sandbox_wait (SANDBOX_BROKEN,
 * SANDBOX_NOT_STARTED). */
int sandbox_start(const char *runner, const SandboxSpec *spec, Sandbox **ret_sandbox) must_check;

enum { _SANDBOX_E_SUCCESS, SANDBOX_E_PENDING };

/* Reads what there is and waits at most `wait_ms` for the end. SANDBOX_E_PENDING: not ended yet.
 * On 0 the outcome is complete and every process of the sandbox is dead. */
int sandbox_wait(Sandbox *sandbox, uint64_t wait_ms, SandboxOutcome *ret_outcome) must_check;

/* Kills all of it; sandbox_wait then returns SANDBOX_STOPPED (or how it had ended before). */
void sandbox_stop(Sandbox *sandbox);

/* Host pid of a process inside whose network (and, when unprivileged, user) namespace may be
 * joined, for HTTP checks; 0 while it does not exist. */
int sandbox_get_init_pid(const Sandbox *sandbox);

/* Where the host has the workspace of a run that was forced to be a copy, as long as its scratch
 * directory stands. In the arena. */
char *sandbox_get_copy(const SandboxSpec *spec, Arena *arena);
/* What stands for HOME and TMPDIR there with `on_host`. */
char *sandbox_get_home(const SandboxSpec *spec, Arena *arena);
char *sandbox_get_tmp(const SandboxSpec *spec, Arena *arena);

Sandbox *sandbox_free(Sandbox *sandbox); /* kills what still runs, and reaps it */
DEFINE_FREEP(Sandbox, sandbox_free, sandbox_freep)

/* start + wait. */
int sandbox_run(const char *runner, const SandboxSpec *spec,
                SandboxOutcome *ret_outcome) must_check;
