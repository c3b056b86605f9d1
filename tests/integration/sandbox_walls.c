/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What must be prevented: a probe for each. */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

static void expect_all_prevented(const char *const (*probes)[2], size_t n) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        for (size_t i = 0; i < n; i++)
                cell_expect_prevented(&cell, probes[i][0], probes[i][1]);
}

TEST(nothing_can_be_mounted_or_unmounted) {
        static const char *const probes[][2] = {
                {"mount", NULL},     {"mount-new", NULL}, {"remount", NULL},   {"umount", "/tmp"},
                {"umount", "/proc"}, {"umount", "/root"}, {"umount", "/work"}, {"chroot", NULL},
        };

        expect_all_prevented(probes, ARRAY_SIZE(probes));
}

TEST(no_namespace_can_be_made_or_joined) {
        static const char *const probes[][2] = {
                {"unshare", "0x10000000"},      {"unshare", "0x00020000"},
                {"unshare", "0x40000000"},      {"unshare", "0x20000000"},
                {"unshare", "0x08000000"},      {"unshare", "0x04000000"},
                {"unshare", "0x02000000"},      {"unshare", "0x00000080"},
                {"clone", "0x10000000"},        {"clone", "0x10020000"},
                {"clone", "0x20000000"},        {"clone3", NULL},
                {"setns", "/proc/self/ns/net"}, {"setns", "/proc/1/ns/mnt"},
        };

        expect_all_prevented(probes, ARRAY_SIZE(probes));
}

TEST(pid_1_cannot_be_touched) {
        static const char *const probes[][2] = {
                {"ptrace", "1"},           {"memory", "1"},          {"kill", "1"},
                {"open", "/proc/1/fd/0"},  {"open", "/proc/1/mem"},  {"open", "/proc/1/environ"},
                {"list", "/proc/1/root/"}, {"list", "/proc/1/cwd/"}, {"open", "/proc/1/exe"},
        };

        expect_all_prevented(probes, ARRAY_SIZE(probes));
}

TEST(the_kernel_s_wider_doors_are_shut) {
        static const char *const probes[][2] = {
                {"bpf", NULL},
                {"perf", NULL},
                {"keyring", NULL},
                {"io-uring", NULL},
                {"userfaultfd", NULL},
                {"handle", NULL},
                {"kernel-log", NULL},
                {"reboot", NULL},
                {"device", NULL},
                {"setuid", NULL},
                {"type-ahead", NULL},
                {"terminal", NULL},
                {"write", "/proc/sysrq-trigger"},
                {"write", "/proc/sys/kernel/core_pattern"},
                {"open", "/proc/kcore"},
                {"write", "/proc/sys/net/ipv4/ip_forward"},
        };

        expect_all_prevented(probes, ARRAY_SIZE(probes));
}

TEST(root_s_files_are_out_of_reach) {
        static const char *const probes[][2] = {
                {"open", "/etc/shadow"},    {"write", "/etc/passwd"},      {"create", "/etc/new"},
                {"create", "/usr/bin/new"}, {"write", "/usr/bin/env"},     {"create", "/new"},
                {"create", "/lib/new"},     {"create", "/var/lib/new"},    {"create", "/sys/new"},
                {"create", "/proc/new"},    {"write", "/etc/ld.so.cache"},
        };

        expect_all_prevented(probes, ARRAY_SIZE(probes));
}

TEST(other_homes_are_empty) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "ls -A /home; ls -A /root 2>/dev/null; ls -A ~");
        CHECK_EQ_TEXT(cell_get_out(&cell), "work\n");
}

TEST(set_user_id_programs_give_nothing) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(
                &cell, "grep -E '^(NoNewPrivs|CapEff|CapPrm|CapInh|CapBnd|CapAmb|Groups|Seccomp):' "
                       "/proc/self/status");
        cell_expect_exit(&cell, 0);
        CHECK_CONTAINS(cell_get_out(&cell), "NoNewPrivs:\t1\n");
        CHECK_CONTAINS(cell_get_out(&cell), "Seccomp:\t2\n");
        CHECK_CONTAINS(cell_get_out(&cell), "CapInh:\t0000000000000000\n");
        CHECK_CONTAINS(cell_get_out(&cell), "CapPrm:\t0000000000000000\n");
        CHECK_CONTAINS(cell_get_out(&cell), "CapEff:\t0000000000000000\n");
        CHECK_CONTAINS(cell_get_out(&cell), "CapBnd:\t0000000000000000\n");
        CHECK_CONTAINS(cell_get_out(&cell), "CapAmb:\t0000000000000000\n");
}

static int listen_tcp(uint16_t *ret_port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t n = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        CHECK_EQ_INT(listen(fd, 8), 0);
        CHECK_EQ_INT(getsockname(fd, (struct sockaddr *)&address, &n), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

TEST(no_network_reaches_the_host_or_beyond) {
        cleanup_cell Cell cell;
        cleanup_free char *port_text = NULL;
        uint16_t port;
        int fd;

        cell_init(&cell);
        fd = listen_tcp(&port);
        port_text = mem_printf("%u", port);
        cell_expect_prevented(&cell, "tcp", port_text);
        cell_expect_prevented(&cell, "outside", "192.0.2.1");
        (void)close(fd);
}

/* The twin: the same probe, where the network was opened. */
TEST(an_opened_network_reaches_the_host) {
        cleanup_cell Cell cell;
        cleanup_free char *port_text = NULL;
        uint16_t port;
        int fd;

        cell_init(&cell);
        fd = listen_tcp(&port);
        port_text = mem_printf("%u", port);
        cell.spec.network = SANDBOX_NETWORK_HOST;
        cell_run(&cell, "./probe", "tcp", port_text);
        cell_expect_exit(&cell, 1);
        CHECK_CONTAINS(cell.outcome.isolation, "network of the host");
        (void)close(fd);
}

static int listen_unix(const char *path, bool is_abstract) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t n = strlen(path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        memcpy(address.sun_path + is_abstract, path, n);
        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + is_abstract + n)),
                     0);
        CHECK_EQ_INT(listen(fd, 8), 0);
        return fd;
}

/* A socket that everybody on the host may talk to. Through an overlay it need not answer even where
 * it is seen: that it is hidden is asked as well. */
static void expect_unreachable(const char *directory, const char *end) {
        cleanup_free char *path = mem_printf("%s/cell-%d%s", directory, (int)getpid(), end);
        cleanup_cell Cell cell;
        int fd;

        if (access(directory, W_OK) < 0)
                SKIP("no right to make a socket there");
        cell_clean_up(path);
        fd = listen_unix(path, false);
        CHECK_EQ_INT(chmod(path, 0777), 0);
        cell_init(&cell);
        cell_expect_prevented(&cell, "unix", path);
        cell_run(&cell, "test", "!", "-S", path);
        cell_expect_exit(&cell, 0);
        (void)close(fd);
}

TEST(sockets_in_run_do_not_answer) {
        expect_unreachable("/run", ".sock");
}

TEST(sockets_elsewhere_do_not_answer) {
        expect_unreachable("/var/lib", ".sock");
}

/* The kernel's table has a line for each socket, and two for this one. */
TEST(a_socket_with_a_newline_in_its_name_does_not_answer) {
        expect_unreachable("/var/lib", "\n2: 2 0 10000 1 1 9 x");
}

/* The first of its two lines by itself is the decoy's name. */
TEST(a_decoy_hides_no_socket_with_a_newline_in_its_name) {
        cleanup_free char *decoy = mem_printf("/var/lib/cell-%d", (int)getpid());
        int fd;

        if (access("/var/lib", W_OK) < 0)
                SKIP("no right to make a socket there");
        cell_clean_up(decoy);
        fd = listen_unix(decoy, false);
        expect_unreachable("/var/lib", "\n2: 2 0 10000 1 1 9 x");
        (void)close(fd);
}

/* By no name in the kernel's table: only the directory itself can be hidden. */
TEST(a_socket_bound_by_a_relative_name_does_not_answer) {
        cleanup_free char *path = mem_printf("/srv/cell-%d.sock", (int)getpid());
        cleanup_free char *name = mem_printf("cell-%d.sock", (int)getpid());
        cleanup_cell Cell cell;
        int fd;

        if (access("/srv", W_OK) < 0 || chdir("/srv") < 0)
                SKIP("no right to make a socket there");
        cell_clean_up(path);
        fd = listen_unix(name, false);
        CHECK_EQ_INT(chmod(path, 0777), 0);
        CHECK_EQ_INT(chdir("/"), 0);
        cell_init(&cell);
        cell_expect_prevented(&cell, "unix", path);
        (void)close(fd);
}

TEST(sockets_in_tmp_do_not_answer) {
        expect_unreachable("/tmp", ".sock");
}

TEST(abstract_sockets_do_not_answer) {
        cleanup_cell Cell cell;
        cleanup_free char *name = NULL;
        int fd;

        cell_init(&cell);
        name = mem_printf("cell-%d", (int)getpid());
        fd = listen_unix(name, true);
        cell_expect_prevented(&cell, "abstract", name);
        (void)close(fd);
}

/* Anybody on this machine could stop all checks with it. */
TEST(a_socket_hides_no_directory_by_its_name) {
        cleanup_free char *name = mem_printf("cell-%d/usr/bin", (int)getpid());
        cleanup_cell Cell cell;
        int fd;

        cell_init(&cell);
        fd = listen_unix(name, true);
        cell_run(&cell, "sh", "-c", "test -x /usr/bin/env");
        cell_expect_exit(&cell, 0);
        (void)close(fd);
}

TEST(shared_memory_of_the_host_is_not_seen) {
        cleanup_cell Cell cell;
        cleanup_free char *key = NULL;
        int id;

        cell_init(&cell);
        key = mem_printf("%d", 70000 + (int)getpid());
        id = shmget((key_t)strtol(key, NULL, 10), 4096, IPC_CREAT | 0666);
        CHECK(id >= 0);
        cell_run(&cell, "./probe", "shared-memory", key);
        (void)shmctl(id, IPC_RMID, NULL);
        cell_expect_exit(&cell, 0);
}

static bool exists(void *path) {
        return access(path, F_OK) == 0;
}

TEST(two_sandboxes_do_not_see_each_other) {
        static const char server[] =
                "import socket,time\n"
                "s=socket.socket(); s.bind(('127.0.0.1',9124)); s.listen()\n"
                "a=socket.socket(socket.AF_UNIX); a.bind('\\0neighbour'); a.listen()\n"
                "open('/dev/shm/mark','w'); open('/work/mark','w')\n"
                "open('/tmp/mark','w')\n"
                "time.sleep(600)\n";
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *other = NULL;
        cleanup_free char *mark = NULL;

        cell_init(&cell);
        other = cell_start(&cell, "python3", "-c", server);
        mark = mem_printf("%s/tmp/mark", cell.scratch);
        CHECK(test_wait_until(exists, mark, 20000));
        cell_run_script(&cell, "ls /tmp /dev/shm /work | grep mark && exit 1; "
                               "test $(ls -d /proc/[0-9]* | wc -l) -lt 6 || exit 2; exit 0");
        cell_expect_exit(&cell, 0);
        cell_expect_prevented(&cell, "tcp", "9124");
        cell_expect_prevented(&cell, "abstract", "neighbour");
}

static void write_text(const char *path, const char *text) {
        FILE *file = fopen(path, "w");

        CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* A world without user namespaces, made with the last of them. */
TEST(without_namespaces_nothing_runs) {
        cleanup_cell Cell cell;
        cleanup_free char *map = NULL;

        cell_init(&cell);
        map = mem_printf("65534 %u 1\n", geteuid());
        CHECK_EQ_INT(unshare(CLONE_NEWUSER), 0);
        write_text("/proc/self/setgroups", "deny");
        write_text("/proc/self/uid_map", map);
        write_text("/proc/sys/user/max_user_namespaces", "0");
        cell_run_script(&cell, "echo I ran");
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.namespaces");
        CHECK_EQ_U64(cell.outcome.out.n_bytes, 0);
}
