/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A project with a repository, an approved plan and the three programs as real processes. */

#include <stdlib.h>

#include "tests/lib/bench.h"

enum { HANDSHAKE_MS = 25000 }; /* nothing here takes so long */

typedef struct Handshake {
        const char *dir; /* the repository and the project */
        Process *broker, *adversary;
} Handshake;

/* The plan's phase is `story`; its gates: GREETS (a file that git must have), COUNTS (passes),
 * SLOW (takes two seconds; its check is called slowly). The repository has one commit, which
 * passes all. */
void handshake_init(Handshake *handshake);
/* The same at another endpoint (NULL: a socket in the directory), with another lease than the short
 * one. */
void handshake_init_at(Handshake *handshake, const char *endpoint, const char *lease);
void handshake_deinit(Handshake *handshake);
#define cleanup_handshake cleanup(handshake_deinit)

/* Return when they say that they are ready. */
void handshake_start_broker(Handshake *handshake);
void handshake_start_adversary(Handshake *handshake);
void handshake_start(Handshake *handshake);

/* A verb of a program (by its variable), to its end: its exit status. `out` gets what it printed on
 * both streams; may be NULL. */
#define handshake_run(handshake, variable, out, ...)                                               \
        handshake_run_argv((handshake), (variable), (out), (const char *[]){__VA_ARGS__, NULL})
int handshake_run_argv(const Handshake *handshake, const char *variable, Buf *out,
                       const char *const *words);
#define BUILDER(handshake, out, ...)                                                               \
        handshake_run((handshake), "COLDGATE_BUILDER", (out), __VA_ARGS__)
#define BROKER(handshake, out, ...)                                                                \
        handshake_run((handshake), "COLDGATE_BROKER", (out), __VA_ARGS__)

/* The same, started only. */
#define handshake_spawn(handshake, variable, ...)                                                  \
        handshake_spawn_argv((handshake), (variable), (const char *[]){__VA_ARGS__, NULL})
Process *handshake_spawn_argv(const Handshake *handshake, const char *variable,
                              const char *const *words);

/* Writes a file of the repository (NULL: removes it) and commits. */
void handshake_commit(const Handshake *handshake, const char *file, const char *text);

/* How many entries of this kind the ledger has. */
unsigned handshake_count(const Handshake *handshake, const char *kind);
/* Until it has that many; ends the test if it does not. */
void handshake_await(const Handshake *handshake, const char *kind, unsigned n);
/* The ledger, its signatures and the rendered files hold; ends the test otherwise. */
void handshake_verify(const Handshake *handshake);
