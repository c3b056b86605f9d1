/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * evader N SECONDS [MARK]: N daemons, each forked twice, each in a session of its own, deaf to
 * every signal that can be ignored. The program itself ends when all of them are there; with 3 when
 * it could not fork as often.
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void be_deaf(void) {
        for (int number = 1; number < NSIG; number++)
                (void)signal(number, SIG_IGN);
}

static void be_daemon(int ready_fd, unsigned seconds) {
        be_deaf();
        (void)setsid();
        if (fork() != 0)
                _exit(0);
        (void)setsid();
        (void)chdir("/");
        if (write(ready_fd, "!", 1) == 1)
                (void)close(ready_fd);
        for (int fd = 0; fd < 3; fd++)
                (void)close(fd);
        (void)poll(NULL, 0, (int)seconds * 1000); /* should nobody kill it */
        _exit(0);
}

int main(int argc, char **argv) {
        long n = argc > 1 ? strtol(argv[1], NULL, 10) : 50;
        unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 600;
        int ready_fds[2];
        char byte;

        if (pipe2(ready_fds, O_CLOEXEC) < 0)
                return 2;
        for (long i = 0; i < n; i++) {
                pid_t pid = fork();

                if (pid == 0)
                        be_daemon(ready_fds[1], seconds);
                if (pid < 0)
                        return 3;
        }
        for (long i = 0; i < n; i++)
                if (read(ready_fds[0], &byte, 1) != 1)
                        return 2;
        return 0;
}
