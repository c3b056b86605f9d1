/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `run`: what the daemon needs before its loop: project, key, places, a healthy machine. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "adversary-agent/daemon.h"
#include "adversary-agent/verbs.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"
#include "proto/loop.h"
#include "sandbox/sandbox.h"
#include "verify/redact.h"
#include "sandbox/group.h"
#include "verify/scratch.h"
#include "verify/selftest.h"
#include "verify/verify.h"

#define DEFAULT_KEY  "adversary"
#define SECRETS_FILE "secrets"

enum { RUN_E_REFUSED = 1, RUN_E_SICK };
enum { PROBE_MS = 300000 };

typedef struct Place {
        Project project;
        Session *session;
        char *dir, *mirrors, *scratch, *runner;
        char *secrets; /* NULL: none */
        SealedFiles sealed;
        Arena arena;
        char *probe; /* NULL: none */
        uint64_t probe_ms;
        bool probe_network;
        Slice *hidden; /* files that nothing that is run may see */
        size_t n_hidden;
        int lock_fd;
        int signal_fd;
} Place;

static void place_deinit(Place *place) {
        (void)session_free(place->session);
        project_deinit(&place->project);
        free(place->dir);
        free(place->mirrors);
        free(place->scratch);
        free(place->runner);
        free(place->secrets);
        free(place->probe);
        sealed_files_deinit(&place->sealed);
        arena_deinit(&place->arena);
        fd_close(&place->lock_fd);
        fd_close(&place->signal_fd);
}

/* As the session names it: keys of the project have folders with their names. */
static int find_dir(Place *place, const char *key_path) {
        const char *slash = strrchr(key_path, '/');
        const char *name = slash ? slash + 1 : key_path;

        if (!project_name_is_plain(slice_text(name)))
                name = DEFAULT_KEY;
        TRY(project_agent_dir(&place->project, name, &place->dir));
        place->mirrors = mem_printf("%s/mirrors", place->dir);
        place->scratch = mem_printf("%s/scratch", place->dir);
        return 0;
}

/* One daemon for each place: two would clean up under each other's hands. */
static int lock_dir(Place *place, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/run.lock", place->dir);

        place->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (place->lock_fd < 0)
                return error_origin(-errno);
        if (flock(place->lock_fd, LOCK_EX | LOCK_NB) == 0)
                return 0;
        fault_set(reterr_fault, "run-already", "another adversary-agent runs with %s", place->dir);
        return RUN_E_REFUSED;
}

/* What an earlier daemon left, killed in the middle of its work, goes first. */
static int make_scratch(Place *place, Fault *reterr_fault) {
        bool is_private = false;
        int r;

        TRY(dir_make(place->mirrors, 0700));
        TRY(dir_make(place->scratch, 0700));
        if (!scratch_remove_jobs(place->scratch, 0))
                log_write(LOG_WARNING, "%s still holds what an earlier run left", place->scratch);
        log_write(LOG_DEBUG, "our control group was %shanded down to us",
                  group_settle() ? "" : "not ");
        r = scratch_make_private(place->scratch, &is_private, reterr_fault);
        if (r != 0)
                return r < 0 ? r : RUN_E_SICK;
        log_write(LOG_INFO, "workspaces are in %s%s", place->scratch,
                  is_private ? ", a tmpfs of our own" : "");
        return 0;
}

static int look_at_machine(Place *place, Fault *reterr_fault) {
        int r;

        place->runner = sandbox_find_runner(reterr_fault);
        if (!place->runner)
                return RUN_E_SICK;
        if (canary_run(place->runner, place->scratch, reterr_fault) != 0)
                return RUN_E_SICK;
        r = selftest_run(place->runner, place->scratch, reterr_fault);
        return r > 0 ? RUN_E_SICK : r;
}

/* A file that cannot be used is found out now, not when the first evidence is made. */
static int find_secrets(const Args *args, Place *place, Fault *reterr_fault) {
        cleanup(redactor_freep) Redactor *redactor = NULL;
        const char *file = args_get(args, "secrets");
        int r;

        place->secrets =
                file ? mem_strdup(file) : mem_printf("%s/" SECRETS_FILE, place->project.dir);
        if (!file && access(place->secrets, F_OK) < 0) {
                free(place->secrets);
                place->secrets = NULL;
                return 0;
        }
        r = redactor_new(place->secrets, &redactor, reterr_fault);
        return r > 0 ? RUN_E_REFUSED : r;
}

/* New ones are kept before anything is said of them. */
static int take_sealed(const Args *args, Place *place, Fault *reterr_fault) {
        int r = sealed_files_load(place->dir, &place->sealed, reterr_fault);
        const char *path;

        place->hidden = arena_alloc_array(&place->arena, OPTIONS_MAX, sizeof(Slice));
        for (size_t i = 0; r == 0 && (path = args_get_nth(args, "sealed", i)); i++) {
                cleanup_free char *real = realpath(path, NULL);

                r = sealed_files_add(&place->sealed, place->dir, path, reterr_fault);
                if (real)
                        place->hidden[place->n_hidden++] =
                                arena_slice(&place->arena, slice_text(real));
        }
        for (size_t i = 0; r == 0 && i < place->sealed.n; i++)
                log_write(LOG_INFO, "sealed checks of phase %s are kept in %s/sealed",
                          place->sealed.items[i].phase, place->dir);
        return r > 0 ? RUN_E_REFUSED : r;
}

/* That it can be run is seen now, and not behind the first verdict. */
static int find_probe(const Args *args, Place *place, Fault *reterr_fault) {
        const char *program = args_get(args, "probe");
        const char *network = args_get(args, "probe-network");

        if (args_get_duration(args, "probe-timeout", PROBE_MS, &place->probe_ms, reterr_fault) != 0)
                return RUN_E_REFUSED;
        place->probe_network = network && strcmp(network, "host") == 0;
        if (network && !place->probe_network && strcmp(network, "none") != 0) {
                fault_set(reterr_fault, "option-value", "--probe-network %s is not none or host",
                          network);
                return RUN_E_REFUSED;
        }
        if (!program)
                return 0;
        place->probe = realpath(program, NULL);
        if (place->probe && access(place->probe, X_OK) == 0 && place->probe_ms)
                return 0;
        fault_set(reterr_fault, "probe-unusable", "%s",
                  place->probe_ms ? strerror(errno) : "it is given no time");
        fault_place(reterr_fault, "%s", program);
        fault_next(reterr_fault, "name a program that can be executed");
        return RUN_E_REFUSED;
}

static int open_place(const Args *args, Place *place, Fault *reterr_fault) {
        cleanup_free char *key_path = NULL;
        int r = project_open(args, &place->project, reterr_fault);

        if (r != 0)
                return r < 0 ? r : RUN_E_REFUSED;
        key_path = project_key_path(&place->project, args, DEFAULT_KEY);
        TRY(find_dir(place, key_path));
        r = find_secrets(args, place, reterr_fault);
        if (r != 0)
                return r;
        r = lock_dir(place, reterr_fault);
        if (r != 0)
                return r;
        r = take_sealed(args, place, reterr_fault);
        if (r == 0)
                r = find_probe(args, place, reterr_fault);
        if (r != 0)
                return r;
        r = make_scratch(place, reterr_fault);
        if (r == 0)
                r = look_at_machine(place, reterr_fault);
        if (r != 0)
                return r;
        TRY(loop_signal_fd(false, &place->signal_fd));
        r = session_new(&place->project, key_path, "adversary-agent " COLDGATE_VERSION,
                        &place->session, reterr_fault);
        return r > 0 ? RUN_E_REFUSED : r;
}

static int refuse(const Args *args, int r, Fault *fault) {
        if (r == RUN_E_SICK)
                log_write(LOG_ERROR, "this machine cannot give verdicts: no work is taken");
        if (r < 0)
                fault_set(fault, "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, fault,
                           r == RUN_E_REFUSED ? refusal_exit_status(fault) : EXIT_NOT_CARRIED_OUT);
}

int verb_run(const Args *args) {
        cleanup(place_deinit) Place place = {.lock_fd = -1, .signal_fd = -1};
        DaemonSettings settings;
        Fault fault = FAULT_INIT;
        uint64_t n_jobs = 1;
        int r;

        (void)signal(SIGPIPE, SIG_IGN); /* a worker, or whoever reads our lines, may go */
        if (args_get_number(args, "jobs", 1, 1, CORE_JOBS_MAX, &n_jobs, &fault) != 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        r = open_place(args, &place, &fault);
        if (r != 0)
                return refuse(args, r, &fault);
        settings = (DaemonSettings){.session = place.session,
                                    .n_jobs = n_jobs,
                                    .mirrors = place.mirrors,
                                    .scratch = place.scratch,
                                    .state = place.project.dir,
                                    .secrets = place.secrets,
                                    .sealed = &place.sealed,
                                    .probe = place.probe,
                                    .probe_ms = place.probe_ms,
                                    .probe_network = place.probe_network,
                                    .hidden = place.hidden,
                                    .n_hidden = place.n_hidden,
                                    .signal_fd = place.signal_fd};
        log_write(LOG_INFO, "ready: %llu claim%s at a time", (unsigned long long)n_jobs,
                  n_jobs == 1 ? "" : "s");
        service_say("READY=1\nSTATUS=%llu claims at a time", (unsigned long long)n_jobs);
        return daemon_run(&settings);
}
