/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Runs outside, as whoever the caller is. */

#include "sandbox/setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "sandbox/access.h"
#include "sandbox/place.h"

/* Each sandbox that runs at the same time has a uid of its own, so that a limit on the number of
 * processes and a permission never reach from one into another. The range is above what packages
 * and people get, below nobody. */
enum {
        UID_FIRST = 64123,
        N_UIDS = 1024,
        HIDE_MAX = 1024,
        TABLE_BYTES_MAX = 4 << 20,
        UNIX_PATH_FIELD = 7,
        SOCKET_PATH_BYTES = 108, /* unix(7) */
        STACK_BYTES = 16384,
};

static const char *const part_names[] = {PART_ROOT, PART_UPPER,      PART_WORKING, PART_LOWER,
                                         PART_WORK, PART_WORK_UPPER, PART_WORK_OWN};

static int broken(Fault *reterr_fault, const char *what) {
        fault_set(reterr_fault, "sandbox.scratch", "%s: %s", what, strerror(errno));
        return SETUP_E_BROKEN;
}

pid_t setup_clone(uint64_t flags, int *ret_pidfd) {
        struct clone_args args = {
                .flags = flags | (ret_pidfd ? CLONE_PIDFD : 0),
                .pidfd = (uint64_t)(uintptr_t)ret_pidfd,
                .exit_signal = SIGCHLD,
        };
        long pid = syscall(SYS_clone3, &args, sizeof args);

        return pid < 0 ? -errno : (pid_t)pid;
}

static int write_map(pid_t pid, const char *name, const char *text) {
        cleanup_free char *path = mem_printf("/proc/%d/%s", (int)pid, name);
        cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 ? -errno : fd_write_all(fd, slice_text(text));
}

int setup_map_user(pid_t pid, uid_t inside, uid_t outside, gid_t group_inside,
                   gid_t group_outside) {
        cleanup_free char *users = mem_printf("%u %u 1\n", inside, outside);
        cleanup_free char *groups = mem_printf("%u %u 1\n", group_inside, group_outside);
        int r = write_map(pid, "uid_map", users);

        if (r == 0)
                r = write_map(pid, "setgroups", "deny");
        return r ? r : write_map(pid, "gid_map", groups);
}

noreturn_ static int wait_for_end(void *nothing) {
        (void)nothing;
        for (;;)
                (void)pause();
}

/* A namespace needs a process to be made, not to live. It has our memory: to copy that costs more
 * than the namespace. */
static int open_idmap(uid_t on_disk, gid_t group_on_disk, const Setup *setup) {
        _Alignas(16) char stack[STACK_BYTES];
        cleanup_free char *path = NULL;
        pid_t pid =
                clone(wait_for_end, stack + sizeof stack, CLONE_VM | CLONE_NEWUSER | SIGCHLD, NULL);
        int r, fd = -1;

        if (pid < 0)
                return -1;
        path = mem_printf("/proc/%d/ns/user", (int)pid);
        r = setup_map_user(pid, on_disk, setup->uid, group_on_disk, setup->gid);
        if (r == 0)
                fd = open(path, O_RDONLY | O_CLOEXEC);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return fd;
}

static int make_part(const char *part, mode_t mode, bool is_ours, const Setup *setup) {
        if (mkdir(part, mode) < 0)
                return -1;
        /* Outside of a user namespace the command has another user than we have. */
        return is_ours && setup->is_root ? chown(part, setup->uid, setup->gid) : 0;
}

static int make_parts(const Setup *setup, Fault *reterr_fault) {
        (void)umask(0); /* the modes are meant as they stand in the rows */
        if (chdir(setup->spec.scratch) < 0 || chmod(".", 0700) < 0)
                return broken(reterr_fault, "the scratch directory cannot be used");
        for (size_t i = 0; i < ARRAY_SIZE(part_names); i++)
                if (make_part(part_names[i], 0755, strcmp(part_names[i], PART_WORK_UPPER) == 0,
                              setup) < 0)
                        return broken(reterr_fault, part_names[i]);
        for (size_t i = 0; i < n_place_rows; i++)
                if (make_part(place_rows[i].part, place_rows[i].mode, place_rows[i].is_ours,
                              setup) < 0)
                        return broken(reterr_fault, place_rows[i].part);
        return 0;
}

static int write_part(const char *part, Slice bytes, mode_t mode) {
        cleanup_fd int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

        return fd < 0 ? -errno : fd_write_all(fd, bytes);
}

/* The host's table with the command's user in it, before all others: programs ask for their own
 * name. */
static int make_table(const char *host, const char *part, const char *line) {
        cleanup_buf Buf table = BUF_INIT(TABLE_BYTES_MAX);

        buf_text(&table, line);
        if (file_read(host, &table) < 0)
                table.n = strlen(line);
        return write_part(part, buf_get(&table), 0444);
}

static int make_files(const Setup *setup, Fault *reterr_fault) {
        cleanup_free char *user =
                mem_printf("work:x:%u:%u::%s:/bin/sh\n", setup->uid, setup->gid, SANDBOX_HOME);
        cleanup_free char *group = mem_printf("work:x:%u:\n", setup->gid);
        int r = write_part(PART_EMPTY, SLICE_NULL, 0);

        if (r == 0)
                r = make_table("/etc/passwd", PART_PASSWD, user);
        if (r == 0)
                r = make_table("/etc/group", PART_GROUP, group);
        if (r == 0)
                return 0;
        errno = -r;
        return broken(reterr_fault, "the scratch directory cannot be written");
}

/* Under a shared network names are resolved with the host's file, which often is a link into /run,
 * where nothing is seen of the host. */
static int make_resolver(Setup *setup, Fault *reterr_fault) {
        cleanup_free char *real = realpath("/etc/resolv.conf", NULL);
        cleanup_free char *part = NULL, *parent = NULL;
        cleanup_buf Buf text = BUF_INIT(TABLE_BYTES_MAX);
        int r;

        if (setup->spec.network != SANDBOX_NETWORK_HOST || !real || !path_is_below(real, "/run"))
                return 0;
        part = mem_strdup(real + 1);
        parent = mem_strndup(part, (size_t)(strrchr(part, '/') - part));
        r = dir_make(parent, 0755);
        if (r == 0 && file_read(real, &text) == 0)
                r = write_part(part, buf_get(&text), 0444);
        setup->resolver = arena_text(&setup->arena, slice_text(real));
        if (r == 0)
                return 0;
        errno = -r;
        return broken(reterr_fault, "the resolver's file cannot be copied");
}

static void add_hidden(Setup *setup, const char *real) {
        if (setup->n_hide < HIDE_MAX)
                setup->hide[setup->n_hide] = arena_text(&setup->arena, slice_text(real));
        setup->n_hide++; /* more than there is room for: hide_all refuses */
}

/* What does not exist cannot be seen; what is below a place of ours neither. */
static bool can_be_seen(const char *path, char real[PATH_MAX]) {
        return realpath(path, real) && !place_covers(real) && strcmp(real, "/") != 0;
}

/* Yields to what the plan opens. */
static void hide(Setup *setup, const char *path) {
        char real[PATH_MAX];

        if (can_be_seen(path, real) && !access_opens(setup, real))
                add_hidden(setup, real);
}

/* Keys, state, mirrors: not even where the plan opens a directory above them. */
static void hide_own(Setup *setup, const char *path) {
        char real[PATH_MAX];

        if (!can_be_seen(path, real) && !(realpath(path, real) && access_opens(setup, real)))
                return;
        add_hidden(setup, real);
        setup->n_hide_own = setup->n_hide;
}

/* Software stands in these directories of the root; what people put beside them (/srv, /mnt,
 * /data) is no command's business, and a socket there would answer whatever name it was bound by.
 */
static void hide_strangers(Setup *setup) {
        static const char *const software[] = {"bin", "boot",   "etc", "lib", "lib32", "lib64",
                                               "nix", "libx32", "opt", "usr", "sbin",  "var"};
        DIR *root = opendir("/");
        struct dirent *entry;

        while (root && (entry = readdir(root))) {
                char path[sizeof entry->d_name + 1];
                bool is_software = entry->d_name[0] == '.';

                for (size_t i = 0; i < ARRAY_SIZE(software); i++)
                        is_software |= strcmp(entry->d_name, software[i]) == 0;
                (void)snprintf(path, sizeof path, "/%s", entry->d_name);
                if (!is_software && entry->d_type == DT_DIR)
                        hide(setup, path);
        }
        if (root)
                (void)closedir(root);
}

/* The path that `table` begins with, and goes on behind: to the end of its line, or of a later one,
 * for newlines stand in names as well. Each of them that is a socket: a shorter one may be there
 * only to be taken for it. A name by itself hides nothing: in a root of his own anybody can have
 * any. */
static void hide_socket(Setup *setup, Slice table) {
        char path[SOCKET_PATH_BYTES + 1];

        for (size_t n = 0; n < table.n; n++) {
                struct stat facts;

                n += slice_find(slice_from(table, n), slice_text("\n"));
                if (n > SOCKET_PATH_BYTES)
                        return;
                (void)snprintf(path, sizeof path, "%.*s", (int)n, (const char *)table.data);
                if (!place_covers(path) && stat(path, &facts) == 0 && S_ISSOCK(facts.st_mode))
                        hide(setup, path);
        }
}

/* Sockets of the host answer through a read-only mount and into another network namespace, as
 * long as their path can be seen. */
static int hide_sockets(Setup *setup) {
        cleanup_buf Buf table = BUF_INIT(TABLE_BYTES_MAX);
        int r = file_read("/proc/net/unix", &table);

        if (r < 0 || r == FILE_E_MISSING)
                return 0; /* a kernel without them */
        if (r != 0)
                return SETUP_E_BROKEN;
        for (Slice rest = buf_get(&table); rest.n;) {
                Slice line = slice_head(rest, slice_find(rest, slice_text("\n")));
                Slice path = proc_get_rest(line, UNIX_PATH_FIELD);

                if (path.n && path.data[0] == '/')
                        hide_socket(setup, slice_from(rest, line.n - path.n));
                rest = slice_from(rest, line.n + 1);
        }
        return 0;
}

/* Homes need not be below /home. Accounts of the system have /usr/sbin and its like for theirs. */
static void hide_own_home(Setup *setup) {
        FILE *table = fopen("/etc/passwd", "re"); /* asking the name service could take for ever */
        const struct passwd *user;
        struct stat facts;

        while (table && (user = fgetpwent(table)))
                if (user->pw_uid == geteuid() && stat(user->pw_dir, &facts) == 0 &&
                    facts.st_uid == geteuid())
                        hide(setup, user->pw_dir);
        if (table)
                (void)fclose(table);
}

/* All of it or no run: nothing is weakened silently. */
static int hide_all(Setup *setup, Fault *reterr_fault) {
        const SandboxSpec *spec = &setup->spec;

        setup->hide = arena_alloc_array(&setup->arena, HIDE_MAX, sizeof(char *));
        hide_own(setup, spec->scratch);
        if (spec->tree)
                hide_own(setup, spec->tree);
        for (size_t i = 0; spec->hide && spec->hide[i]; i++)
                hide_own(setup, spec->hide[i]);
        hide(setup, "/home");
        hide(setup, "/root");
        if (!setup->is_root)
                hide_own_home(setup);
        hide_strangers(setup);
        if (hide_sockets(setup) == 0 && setup->n_hide <= HIDE_MAX)
                return 0;
        fault_set(reterr_fault, "sandbox.hide", "this machine has more sockets than can be hidden");
        return SETUP_E_BROKEN;
}

/* Nothing is mounted or hidden there: only the places that the command may call its own. */
static int prepare_host(const Setup *setup, Fault *reterr_fault) {
        cleanup_free char *home = mem_printf("%s/%s", setup->spec.scratch, PART_HOME);

        if (chdir(setup->spec.scratch) < 0 || chmod(".", 0700) < 0)
                return broken(reterr_fault, "the scratch directory cannot be used");
        if (dir_make(home, 0700) != 0 || mkdir(PART_TMP, 0700) < 0)
                return broken(reterr_fault, "the scratch directory cannot be written");
        return 0;
}

int setup_prepare(Setup *setup, Fault *reterr_fault) {
        struct stat facts;
        int r;

        setup->is_root = geteuid() == 0;
        if (setup->spec.on_host)
                return prepare_host(setup, reterr_fault);
        setup->uid = UID_FIRST + (setup->is_root ? (uid_t)getpid() % N_UIDS : 0);
        setup->gid = setup->uid;
        r = make_parts(setup, reterr_fault);
        if (r == 0)
                r = access_prepare(setup, reterr_fault);
        if (r == 0)
                r = make_files(setup, reterr_fault);
        if (r == 0)
                r = make_resolver(setup, reterr_fault);
        if (r != 0)
                return r;
        r = hide_all(setup, reterr_fault);
        if (r != 0)
                return r;
        if (!setup->spec.tree || setup->spec.force_copy)
                return 0;
        if (stat(setup->spec.tree, &facts) < 0)
                return broken(reterr_fault, "the tree cannot be seen");
        if (setup->is_root)
                setup->idmap_fd = open_idmap(facts.st_uid, facts.st_gid, setup);
        return 0;
}

void setup_deinit(Setup *setup) {
        group_remove(&setup->group);
        fd_close(&setup->idmap_fd);
        arena_deinit(&setup->arena);
}
