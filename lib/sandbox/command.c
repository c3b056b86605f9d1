/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The order matters: limits while we may raise them, groups before the user, capabilities after,
 * the filter late, since it forbids what comes before, and the limit of memory last, since it would
 * meet us.
 */

#include "sandbox/command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/descend.h"
#include "sandbox/place.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

noreturn_ static void fail(const CommandFds *fds, CommandStage stage, const char *what, int error) {
        CommandFailure failure = {.stage = stage, .error = error};

        (void)snprintf(failure.what, sizeof failure.what, "%s", what);
        _exit(fd_write_all(fds->exec, slice_make(&failure, sizeof failure)) < 0 ? 126 : 127);
}

static int limit(int what, uint64_t most) {
        struct rlimit now, wanted = {.rlim_cur = most, .rlim_max = most};

        if (getrlimit(what, &now) < 0)
                return -1;
        if (now.rlim_max != RLIM_INFINITY && wanted.rlim_max > now.rlim_max)
                wanted = (struct rlimit){.rlim_cur = now.rlim_max, .rlim_max = now.rlim_max};
        return setrlimit(what, &wanted);
}

/* The host's other processes of the same user count too. */
static uint64_t processes_of(const Setup *setup) {
        uint64_t n = setup->spec.limits.n_processes;

        return n && setup->spec.on_host ? n + descend_count_tasks(geteuid()) : n;
}

static int limit_all(const Setup *setup) {
        const SandboxLimits *limits = &setup->spec.limits;
        uint64_t n_processes = processes_of(setup);

        /* 0 would not keep the kernel from piping a core into a program of the host; 1 does. */
        if (limit(RLIMIT_CORE, 1) < 0 ||
            (limits->n_files && limit(RLIMIT_NOFILE, limits->n_files) < 0) ||
            (limits->file_bytes && limit(RLIMIT_FSIZE, limits->file_bytes) < 0) ||
            (n_processes && limit(RLIMIT_NPROC, n_processes) < 0))
                return -1;
        return 0;
}

static int wire_streams(const Setup *setup, const CommandFds *fds) {
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        /* A pipe has an owner: to open /dev/stderr one must be it. */
        if (setup->is_root && !setup->spec.on_host &&
            (fchown(fds->out, setup->uid, setup->gid) < 0 ||
             fchown(fds->err, setup->uid, setup->gid) < 0))
                return -1;
        if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(fds->out, STDOUT_FILENO) < 0 ||
            dup2(fds->err, STDERR_FILENO) < 0)
                return -1;
        return (int)syscall(SYS_close_range, 3, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */);
}

static void reset_signals(void) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigset_t none;

        for (int number = 1; number < NSIG; number++)
                (void)sigaction(number, &action, NULL); /* refused for KILL and STOP */
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int drop_user(const Setup *setup) {
        if (!setup->is_root)
                return 0; /* the namespace has no other user, and forbids setgroups */
        if (setgroups(setup->n_groups, setup->groups) < 0 ||
            setresgid(setup->gid, setup->gid, setup->gid) < 0)
                return -1;
        return setresuid(setup->uid, setup->uid, setup->uid);
}

static int drop_capabilities(void) {
        struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{.effective = 0}};

        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -1;
        return (int)syscall(SYS_capset, &head, none);
}

/* Until the kernel knows no further one. */
static int drop_bounds(void) {
        unsigned long capability = 0;

        while (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
                capability++;
        return capability > 0 && errno == EINVAL ? 0 : -1;
}

/* A courtesy to the host, no promise. */
static bool volunteer_for_oom(void) {
        cleanup_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        return fd >= 0 && fd_write_all(fd, slice_text("500")) == 0;
}

static void prepare(const Setup *setup, const CommandFds *fds) {
        (void)umask(022);
        (void)volunteer_for_oom();
        if (!group_join_memory(&setup->group))
                fail(fds, COMMAND_PREPARED, "control group", errno);
        if (setsid() < 0)
                fail(fds, COMMAND_PREPARED, "session", errno);
        if (wire_streams(setup, fds) < 0)
                fail(fds, COMMAND_PREPARED, "streams", errno);
        if (limit_all(setup) < 0)
                fail(fds, COMMAND_PREPARED, "limits", errno);
        reset_signals();
        if (setup->spec.on_host)
                return;
        if (drop_bounds() < 0 || drop_user(setup) < 0 || drop_capabilities() < 0)
                fail(fds, COMMAND_PREPARED, "rights", errno);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                fail(fds, COMMAND_PREPARED, "no new privileges", errno);
}

static const char *find_env(const char *const *env, const char *name) {
        size_t n = strlen(name);

        for (; *env; env++)
                if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
                        return *env + n + 1;
        return NULL;
}

/* Where the command may be, ends with NULL. Never freed: it is for exec. */
static char **list_files(const SandboxSpec *spec) {
        const char *path = find_env(spec->env, "PATH");
        char *rest = mem_strdup(path ? path : PATH_DEFAULT), *directory;
        char **files = mem_new_array(char *, strlen(rest) + 2);
        size_t n = 0;

        if (strchr(spec->argv[0], '/')) {
                files[n] = mem_strdup(spec->argv[0]);
                return files;
        }
        while ((directory = strsep(&rest, ":")))
                files[n++] = mem_printf("%s/%s", directory[0] ? directory : ".", spec->argv[0]);
        return files;
}

/* As a shell looks: what may not be executed is remembered, but something later may do. Allocates
 * nothing, since memory may be limited by now. Comes back with an errno. */
static int exec_first(const SandboxSpec *spec, char **files, const char **ret_what) {
        int result = ENOENT;

        *ret_what = "";
        for (; *files; files++) {
                int error;

                (void)execve(*files, (char *const *)spec->argv, (char *const *)spec->env);
                error = errno;
                if (error == ENOENT && access(*files, F_OK) == 0) {
                        *ret_what = "its interpreter is missing";
                        return error;
                }
                if (error != ENOENT && error != ENOTDIR && error != EACCES)
                        return error;
                if (error == EACCES || !files[1])
                        result = error;
        }
        return result;
}

noreturn_ void command_become(const Setup *setup, SeccompFilter *filter, const CommandFds *fds) {
        const SandboxSpec *spec = &setup->spec;
        char **files = list_files(spec);
        const char *what;
        int error, r;

        prepare(setup, fds);
        if (chdir(spec->on_host ? PART_COPY : SANDBOX_WORK) < 0)
                fail(fds, COMMAND_PREPARED, SANDBOX_WORK, errno);
        if (spec->workdir && spec->workdir[0] && chdir(spec->workdir) < 0)
                fail(fds, COMMAND_WORKDIR, "", errno);
        r = spec->on_host ? 0 : seccomp_filter_load(filter);
        if (r < 0)
                fail(fds, COMMAND_PREPARED, "system call filter", -r);
        if (spec->limits.memory_bytes && limit(RLIMIT_AS, spec->limits.memory_bytes) < 0)
                fail(fds, COMMAND_PREPARED, "limit of memory", errno);
        error = exec_first(spec, files, &what);
        fail(fds, COMMAND_EXEC, what, error);
}
