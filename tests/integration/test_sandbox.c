/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The sandbox as root makes it: the cases in sandbox_*.c, and what only root has. */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/group.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

const bool cell_is_unprivileged = false;

TEST(what_is_in_force_is_said) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "true");
        CHECK_CONTAINS(
                cell.outcome.isolation,
                "root: pid mount net ipc uts cgroup, seccomp, root overlay, workspace overlay");
        CHECK_CONTAINS(cell.outcome.isolation, "uid 6");
}

TEST(the_command_is_nobody_we_know) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell,
                        "test $(id -u) -ge 64123 && test $(id -u) -le 65146 && id -G | wc -w");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "1\n");
}

/* On the host anybody may write there: only the overlay keeps it. */
TEST(writes_to_open_directories_of_the_host_stay_in_the_overlay) {
        cleanup_free char *path = mem_printf("/var/lib/cell-%d", (int)getpid());
        cleanup_free char *file = mem_printf("%s/file", path);
        cleanup_cell Cell cell;

        if (mkdir(path, 0777) < 0 || chmod(path, 0777) < 0)
                SKIP("no right to make a directory in /var/lib");
        cell_clean_up(path);
        cell_init(&cell);
        cell_run(&cell, "touch", file);
        cell_expect_exit(&cell, 0);
        CHECK(access(file, F_OK) < 0);
        CHECK_EQ_U64(cell.outcome.n_outside, 1);
        CHECK_EQ_TEXT(cell.outcome.outside[0], file);
}

/* Covered are the sockets that exist at the start; this one does not yet. */
TEST(a_socket_made_later_does_not_answer) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        cleanup_free char *path = mem_printf("/var/lib/cell-%d.sock", (int)getpid());
        cleanup_free char *script = mem_printf("until [ -e /tmp/go ]; do sleep 0.02; done; "
                                               "ls %s && ./probe unix %s",
                                               path, path);
        cleanup_free char *tmp = NULL;
        cleanup_cell Cell cell;
        int fd;

        if (access("/var/lib", W_OK) < 0)
                SKIP("no right to make a socket in /var/lib");
        cell_clean_up(path);
        cell_init(&cell);
        sandbox = cell_start(&cell, "sh", "-c", script);
        while (sandbox_get_init_pid(sandbox) == 0)
                CHECK_EQ_INT(sandbox_wait(sandbox, 10, &cell.outcome), SANDBOX_E_PENDING);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        CHECK_EQ_INT(chmod(path, 0777), 0);
        CHECK_EQ_INT(listen(fd, 8), 0);
        tmp = mem_printf("%s/tmp", cell.scratch);
        bench_write(tmp, "go", "", 0644);
        cell_wait(&cell, sandbox);
        cell_expect_exit(&cell, 0);
        (void)close(fd);
}

/* As in a container, whose root directory is an overlay already: no upper layer on one. */
TEST(where_no_overlay_can_be_had_it_is_said_and_all_the_rest_holds) {
        static const char *const parts[] = {"low", "up", "wk", "over"};
        cleanup_free char *options = NULL, *over = NULL;
        cleanup_cell Cell cell;

        cell_init(&cell);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                cleanup_free char *path = mem_printf("%s/%s", cell.dir, parts[i]);

                CHECK_EQ_INT(mkdir(path, 0755), 0);
        }
        options = mem_printf("lowerdir=%s/low,upperdir=%s/up,workdir=%s/wk", cell.dir, cell.dir,
                             cell.dir);
        over = mem_printf("%s/over", cell.dir);
        CHECK_EQ_INT(unshare(CLONE_NEWNS), 0);
        CHECK_EQ_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        CHECK_EQ_INT(mount("overlay", over, "overlay", 0, options), 0);
        cell.dir = over;
        cell_run_script(&cell, "echo x > file && echo x > /tmp/y && test ! -w /etc && "
                               "test ! -r /root && ./probe unshare 0x10000000");
        cell_expect_exit(&cell, 0);
        CHECK_CONTAINS(cell.outcome.isolation, "root read-only, workspace copy, uid 6");
        CHECK_EQ_U64(cell.outcome.n_changed, 1);
        CHECK_EQ_TEXT(cell.outcome.changed[0], "file");
        CHECK_EQ_U64(cell.outcome.n_outside, 1);
        CHECK_EQ_TEXT(cell.outcome.outside[0], "/tmp/y");
}

TEST(a_directory_of_the_tree_may_be_renamed_on_the_overlay) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "python3", "-c",
                 "import os; os.rename('sub', 'bus'); open('bus/new', 'w')");
        cell_expect_exit(&cell, 0);
        CHECK(cell_has(cell.outcome.changed, cell.outcome.n_changed, "sub/"));
        CHECK(cell_has(cell.outcome.changed, cell.outcome.n_changed, "bus/"));
        CHECK(cell_has(cell.outcome.changed, cell.outcome.n_changed, "bus/new"));
}

/* As a service manager hands a group down: with a mark on it. */
static bool enter_delegated(char path[static 200]) {
        cleanup_free char *members = NULL;
        cleanup_fd int fd = -1;

        (void)snprintf(path, 200, "/sys/fs/cgroup/unified/cell-%d", (int)getpid());
        if (mkdir(path, 0755) < 0) {
                (void)snprintf(path, 200, "/sys/fs/cgroup/cell-%d", (int)getpid());
                if (access("/sys/fs/cgroup/cgroup.procs", W_OK) < 0 || mkdir(path, 0755) < 0)
                        return false;
        }
        members = mem_printf("%s/cgroup.procs", path);
        fd = open(members, O_WRONLY | O_CLOEXEC);
        return setxattr(path, "user.delegate", "1", 1, 0) == 0 && fd >= 0 && write(fd, "0", 1) == 1;
}

static void leave_delegated(const char *path) {
        cleanup_free char *members = mem_printf("%s/../cgroup.procs", path);
        cleanup_free char *leaf = mem_printf("%s/agent", path);
        cleanup_fd int fd = open(members, O_WRONLY | O_CLOEXEC);

        CHECK(write(fd, "0", 1) == 1);
        CHECK_EQ_INT(rmdir(leaf), 0);
        CHECK_EQ_INT(rmdir(path), 0);
}

TEST(a_daemon_whose_group_was_handed_down_has_the_groups_of_runs_beside_it) {
        cleanup_cell Cell cell;
        char path[200];

        cell_init(&cell);
        if (!enter_delegated(path))
                SKIP("no control group of version 2 can be made here");
        CHECK(group_settle());
        CHECK(!group_settle()); /* where it is now, nothing was handed down */
        cell_run(&cell, "cat", "/proc/self/cgroup");
        leave_delegated(path);
        cell_expect_exit(&cell, 0);
        CHECK_CONTAINS(cell_get_out(&cell), "0::/../run-");
        CHECK_CONTAINS(cell.outcome.isolation, ", control group");
}

TEST(children_that_nobody_waits_for_are_counted_by_the_control_group) {
        static const char burn[] = "import os, signal, time\n"
                                   "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
                                   "for i in range(4):\n"
                                   "    if os.fork() == 0:\n"
                                   "        while time.process_time() < 0.1: pass\n"
                                   "        os._exit(0)\n"
                                   "try: os.wait()\n"
                                   "except OSError: pass\n";
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "python3", "-c", burn);
        cell_expect_exit(&cell, 0);
        if (!cell.outcome.group_cpu_ms)
                SKIP("no control group of version 2 can be made here");
        CHECK(cell.outcome.group_cpu_ms >= 350);
        CHECK(cell.outcome.cpu_ms < 350);
}

TEST(terminals_can_be_had) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "python3", "-c", "import pty; m, s = pty.openpty(); print('pty')");
        cell_expect_exit(&cell, 0);
}
