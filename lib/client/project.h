/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The project: the directory that holds `.coldgate/`, found by walking up as git does, or by --dir
 * or COLDGATE_DIR.
 *
 *     .coldgate/config          name = value, one a line; rows in project.c
 *     .coldgate/.gitignore      "*": none of this is for the repository
 *     .coldgate/ledger.db       the broker's
 *     .coldgate/keys/NAME       secret keys (0600) and NAME.pub
 *     .coldgate/run/broker.ipc  the broker's socket
 *     .coldgate/docs/           the rendered files (unless `docs` says otherwise)
 *     .coldgate/agents/NAME/    an agent's outbox, the newest checkpoint it saw, mirrors
 */

#include "base/fault.h"
#include "base/options.h"
#include "base/sign.h"

enum { PROJECT_PINGS = 4 };

typedef struct Project {
        char *root; /* absolute */
        char *dir;  /* root/.coldgate */
        char *name;
        char *endpoint; /* absolute: ipc paths in the config are below root */
        char *docs;     /* absolute */
        char *metrics;  /* where they are told; empty: nowhere */
        PublicKey broker_key;
        uint64_t lease_ms;        /* how long a lease lasts without progress */
        uint64_t attempts;        /* leases of one claim before it is exhausted */
        uint64_t stall_ms;        /* of a verification without progress */
        uint64_t ping_start_ms;   /* before anybody is pinged */
        uint64_t commit_every_ms; /* of the rendered files; 0: never */
        /* Entries a minute of one key of the role; 0: any. */
        uint64_t quota_operator, quota_builder, quota_adversary, quota_observer;
        uint64_t backlog;     /* bytes of frames that may wait in the broker */
        uint64_t connections; /* that the broker keeps at once */
        /* From one ping of a cause to the next, and to the alert. */
        uint64_t ping_ms[PROJECT_PINGS];
} Project;

enum { _PROJECT_E_SUCCESS, PROJECT_E_REFUSED };

/* Rules: project-missing, config-unreadable, config-line (with file:line), config-value. */
int project_open(const Args *args, Project *ret_project, Fault *reterr_fault) must_check;
/* The same project's config as it is now. */
int project_open_again(const Project *project, Project *ret_project,
                       Fault *reterr_fault) must_check;
/* Those of its settings that a running broker can take over; false: others have changed too. */
bool project_take_settings(Project *project, const Project *from);
/* The directory that --dir, COLDGATE_DIR or walking up give; NULL and rule project-missing. */
char *project_find_root(const char *dir_option, Fault *reterr_fault);
void project_deinit(Project *project);
#define cleanup_project cleanup(project_deinit)

/* The config's settings as Markdown. */
void project_print_settings_docs(Buf *text);

/* Writes .coldgate with its folders and config; rule project-exists if there is one. `endpoint`
 * NULL: the default. */
int project_make(const char *root, const char *name, const char *endpoint,
                 const PublicKey *broker_key, Fault *reterr_fault) must_check;

/* The config's `before` becomes `now`, all else in it stays; another key in it stays too.
 * PROJECT_E_REFUSED: rule dir-locked. */
int project_replace_broker_key(const char *dir, const PublicKey *before, const PublicKey *now,
                               Fault *reterr_fault) must_check;

/* .coldgate/keys/NAME; --key FILE wins. Caller frees. */
char *project_key_path(const Project *project, const Args *args, const char *name);
/* What an agent may be called, since names become file names: letters, digits, `.`, `_`, `-`, `@`;
 * up to 64, beginning with a letter or digit. */
bool project_name_is_plain(Slice name);
/* .coldgate/agents/NAME, made if missing; the name must be plain. */
int project_agent_dir(const Project *project, const char *name, char **ret_path) must_check;
