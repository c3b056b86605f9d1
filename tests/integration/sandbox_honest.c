/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Honest programs notice nothing: a wall that stops them too would be a false FAIL. */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

static void expect_works(const char *script, const char *out) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "bash", "-c", script);
        cell_expect_exit(&cell, 0);
        if (out)
                CHECK_EQ_TEXT(cell_get_out(&cell), out);
        CHECK_EQ_U64(cell.outcome.n_leftovers, 0);
}

TEST(shells_and_pipes_work) {
        expect_works("set -e -o pipefail; seq 10 | grep 1 | wc -l; cat <(echo a) <(echo b); "
                     "x=$(cat <<< here); echo $x; (exit 3) || echo $?; sleep 0 & wait",
                     "2\na\nb\nhere\n3\n");
}

TEST(twenty_children_work) {
        expect_works("for i in $(seq 20); do (exit $i) & p[i]=$!; done; s=0; "
                     "for i in $(seq 20); do wait ${p[i]}; s=$((s+$?)); done; echo $s",
                     "210\n");
}

TEST(files_are_written_and_read) {
        expect_works("set -e; dd if=/dev/urandom of=big bs=1M count=4 status=none; cp big copy; "
                     "cmp big copy; "
                     "mkdir -p a/b; mv big a/b/; ln a/b/big hard; test hard -ef a/b/big; rm -r a; "
                     "t=$(mktemp); echo x > $t; cat $t; chmod +x copy; test -x copy; "
                     "touch -d 2001-02-03 copy; date -r copy +%F; truncate -s 1G /tmp/hole; "
                     "flock . echo locked; mkfifo p; cat p & echo through > p; wait",
                     "x\n2001-02-03\nlocked\nthrough\n");
}

TEST(the_tree_belongs_to_the_command) {
        expect_works("set -e; echo more >> file; cat file; mv sub/file sub/other; chmod 700 sub; "
                     "test -O file; test -O sub; rm -rf gone; mkdir gone",
                     "one\nmore\n");
}

TEST(python_with_threads_and_processes_works) {
        expect_works(
                "python3 - <<'EOP'\n"
                "import threading, subprocess, multiprocessing, tempfile, os, socket, getpass\n"
                "t=[threading.Thread(target=lambda: None) for _ in range(8)]\n"
                "[x.start() for x in t]; [x.join() for x in t]\n"
                "print(subprocess.check_output(['echo','sub'],text=True).strip())\n"
                "with multiprocessing.Pool(3) as p: print(sum(p.map(abs,[-1,-2,-3])))\n"
                "with tempfile.TemporaryDirectory() as d: open(d+'/x','w').write('y')\n"
                "print(getpass.getuser(), os.path.expanduser('~'), os.cpu_count() > 0)\n"
                "print(socket.gethostbyname(socket.gethostname()))\n"
                "EOP\n",
                "sub\n6\nwork /home/work True\n127.0.0.1\n");
}

TEST(git_works) {
        expect_works(
                "set -e; git --version >/dev/null; git init -q r; cd r; git config user.name n; "
                "git config user.email e@example.org; echo x > x; git add x; git commit -qm m; "
                "git clone -q . ../c; git -C ../c log --format=%s",
                "m\n");
}

TEST(a_server_and_its_client_meet_on_the_loopback) {
        expect_works("python3 - <<'EOP'\n"
                     "import socket, threading\n"
                     "for family, host in ((socket.AF_INET,'127.0.0.1'),):\n"
                     "    s=socket.socket(family); s.bind((host,8080)); s.listen()\n"
                     "    def serve(): c,_=s.accept(); c.sendall(b'pong'); c.close()\n"
                     "    threading.Thread(target=serve).start()\n"
                     "    print(socket.create_connection((host,8080)).recv(9).decode())\n"
                     "u=socket.socket(socket.AF_UNIX); u.bind('/tmp/u'); u.listen()\n"
                     "c=socket.socket(socket.AF_UNIX); c.connect('/tmp/u'); print('unix')\n"
                     "EOP\n",
                     "pong\nunix\n");
}

TEST(devices_are_there) {
        expect_works("set -e; echo x > /dev/null; head -c 3 /dev/zero | wc -c; "
                     "head -c 3 /dev/urandom | wc -c; "
                     "echo y > /dev/stderr; : > /dev/shm/x; rm /dev/shm/x; "
                     "! echo x > /dev/full 2>/dev/null; test $(nproc) -ge 1; "
                     "test $(getconf _NPROCESSORS_CONF) -ge 1",
                     "3\n3\n");
}

TEST(a_debugger_of_one_s_own_child_works) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_expect_prevented(&cell, "own-child", NULL); /* its twin in name only: 0 is well */
}

TEST(directories_come_and_go) {
        expect_works("set -e; cd sub; mkdir -p x/y/z; echo 1 > x/y/z/f; find . -name f; rm -r x",
                     "./x/y/z/f\n");
}

TEST(time_and_locale_work) {
        expect_works("set -e; date +%Y | grep -qE '^20[0-9][0-9]$'; "
                     "TZ=Europe/Berlin date +%Z | grep -qE 'CES?T'; "
                     "printf 'b\\na\\n' | sort | tr -d '\\n'",
                     "ab");
}

/* As the code that fetches routes does it. */
static int fetch_in_namespace(int init_pid, uint16_t port) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(port),
                                      .sin_addr = {htonl(INADDR_LOOPBACK)}};
        cleanup_free char *user = mem_printf("/proc/%d/ns/user", init_pid);
        cleanup_free char *net = mem_printf("/proc/%d/ns/net", init_pid);
        int user_fd = open(user, O_RDONLY), net_fd = open(net, O_RDONLY);
        char answer[5] = {0};
        int fd;

        if (user_fd < 0 || net_fd < 0)
                return 10;
        if (geteuid() != 0 && setns(user_fd, CLONE_NEWUSER) < 0)
                return 11;
        if (setns(net_fd, CLONE_NEWNET) < 0)
                return 12;
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
                return 13;
        return read(fd, answer, 4) == 4 && strcmp(answer, "pong") == 0 ? 0 : 14;
}

static bool exists(void *path) {
        return access(path, F_OK) == 0;
}

TEST(a_service_is_met_in_its_own_network) {
        static const char server[] = "import socket\n"
                                     "s=socket.socket(); s.bind(('127.0.0.1',8081)); s.listen()\n"
                                     "open('/tmp/ready','w')\n"
                                     "while True: c,_=s.accept(); c.sendall(b'pong'); c.close()\n";
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        cleanup_free char *ready = NULL;
        pid_t pid;
        int status;

        cell_init(&cell);
        cell.spec.limits.wall_ms = 0;
        sandbox = cell_start(&cell, "python3", "-c", server);
        ready = mem_printf("%s/tmp/ready", cell.scratch);
        CHECK(test_wait_until(exists, ready, 20000));
        CHECK_EQ_INT(sandbox_wait(sandbox, 0, &cell.outcome), SANDBOX_E_PENDING);
        CHECK(sandbox_get_init_pid(sandbox) > 0);
        pid = fork();
        if (pid == 0)
                _exit(fetch_in_namespace(sandbox_get_init_pid(sandbox), 8081));
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status));
        CHECK_EQ_INT(WEXITSTATUS(status), 0);
        sandbox_stop(sandbox);
        cell_wait(&cell, sandbox);
        cell_expect_end(&cell, SANDBOX_STOPPED);
}
