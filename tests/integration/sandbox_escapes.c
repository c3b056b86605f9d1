/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Every way out that probes/escape.c knows, tried inside, and outside as the control: what is
 * refused everywhere has shown nothing. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

enum { ROWS_LEAST = 80, TARGETS = 5, OUT_BYTES = 1 << 16 };

/* What of the host a sandbox is to keep its command from. */
typedef struct Targets {
        char *arguments[TARGETS + 1];
        int port_fd, abstract_fd;
        pid_t stranger;
} Targets;

static int listen_at(struct sockaddr *address, socklen_t n, int family) {
        int fd = socket(family, SOCK_STREAM, 0);

        CHECK_EQ_INT(bind(fd, address, n), 0);
        CHECK_EQ_INT(listen(fd, 8), 0);
        return fd;
}

static pid_t start_stranger(const char *mark) {
        pid_t pid = fork();

        if (pid == 0) {
                cleanup_free char *variable = mem_printf("STRANGER=%s", mark);
                char *const env[] = {variable, NULL};

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)execle("/bin/sleep", "sleep", "600", NULL, env);
                _exit(1);
        }
        return pid;
}

/* Before cell_init, which forks: what lives here lives on in the parent. */
static void aim(Targets *ret_targets) {
        struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        struct sockaddr_un abstract = {.sun_family = AF_UNIX};
        cleanup_free char *name = mem_printf("escape-%d", (int)getpid());
        socklen_t n = sizeof port;
        Targets *targets = ret_targets;
        const char *dir = test_dir();

        targets->port_fd = listen_at((struct sockaddr *)&port, n, AF_INET);
        CHECK_EQ_INT(getsockname(targets->port_fd, (struct sockaddr *)&port, &n), 0);
        memcpy(abstract.sun_path + 1, name, strlen(name));
        targets->abstract_fd = listen_at(
                (struct sockaddr *)&abstract,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)), AF_UNIX);
        targets->stranger = start_stranger(name);
        targets->arguments[0] = mem_printf("pid=%d", (int)targets->stranger);
        targets->arguments[1] = mem_printf("mark=STRANGER=%s", name);
        targets->arguments[2] = mem_printf("port=%u", ntohs(port.sin_port));
        targets->arguments[3] = mem_printf("abstract=%s", name);
        targets->arguments[4] = mem_printf("path=%s/state", dir);
        bench_write(dir, "state", "key\n", 0644);
        targets->arguments[TARGETS] = NULL;
}

static void targets_deinit(Targets *targets) {
        for (size_t i = 0; i < TARGETS; i++)
                free(targets->arguments[i]);
        (void)close(targets->port_fd);
        (void)close(targets->abstract_fd);
        (void)kill(targets->stranger, SIGKILL);
}

/* Refused where there is no sandbox either: by whom? A kernel without it shows nothing. */
static bool is_absent(const char *line, size_t n) {
        static const char *const words[] = {"Function not implemented", "not supported by protocol",
                                            "Protocol not supported"};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (memmem(line, n, words[i], strlen(words[i])))
                        return true;
        return false;
}

/* Every line of the table begins with the word. */
static void expect_lines(const char *text, const char *word, bool may_be_absent) {
        size_t n = 0;

        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                size_t n_line = strcspn(line, "\n");

                if (*line == '#' || strncmp(line, "rows ", 5) == 0)
                        continue;
                if (may_be_absent && is_absent(line, n_line))
                        printf("# not on this machine: %.*s\n", (int)n_line, line);
                else if (strncmp(line, word, strlen(word)) != 0)
                        FAIL_TEST("not %s: %.*s", word, (int)n_line, line);
                n++;
        }
        if (n < ROWS_LEAST)
                FAIL_TEST("%zu rows only:\n%s", n, text);
}

TEST(no_way_out_is_open) {
        cleanup(targets_deinit) Targets targets = {.stranger = 0};
        cleanup_cell Cell cell;
        char **t = targets.arguments;

        aim(&targets);
        cell_init(&cell);
        cell_run(&cell, "./escape", "in", t[0], t[1], t[2], t[3], t[4]);
        cell_expect_exit(&cell, 0);
        expect_lines(cell_get_out(&cell), "refused ", false);
}

/* The control: what is refused everywhere has shown nothing of the sandbox. */
TEST(each_way_out_is_open_to_root_where_there_is_no_sandbox) {
        cleanup(targets_deinit) Targets targets = {.stranger = 0};
        cleanup_free char *command = NULL;
        cleanup_buf Buf out = BUF_INIT(OUT_BYTES);
        char **t = targets.arguments;
        FILE *pipe;

        if (geteuid() != 0 || cell_is_unprivileged)
                SKIP("not root");
        aim(&targets);
        command = mem_printf("%s/escape out '%s' '%s' '%s' '%s' '%s'",
                             bench_program("COLDGATE_PROBES"), t[0], t[1], t[2], t[3], t[4]);
        pipe = popen(command, "re");
        CHECK(pipe && fd_read_all(fileno(pipe), &out) == 0);
        CHECK_EQ_INT(pclose(pipe), 0);
        expect_lines(buf_get_text(&out), "worked ", true);
}
