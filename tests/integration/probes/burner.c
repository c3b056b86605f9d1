/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* burner MS MEBIBYTES: an orphan that has used as much processor time and touched as much memory
 * when it ends; its parent waits for the word, not for the process. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long used_ms(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void burn(long ms, size_t n_bytes) {
        volatile char *bytes = malloc(n_bytes);

        for (size_t i = 0; bytes && i < n_bytes; i += 512)
                bytes[i] = 1;
        while (used_ms() < ms)
                continue;
}

int main(int argc, char **argv) {
        long ms = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
        size_t n_bytes = (argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 8) << 20;
        int done_fds[2];
        char byte;

        if (pipe2(done_fds, O_CLOEXEC) < 0)
                return 2;
        if (fork() == 0) {
                if (fork() != 0)
                        _exit(0);
                (void)setsid();
                burn(ms, n_bytes);
                if (write(done_fds[1], "!", 1) != 1)
                        _exit(1);
                for (;;)
                        (void)pause();
        }
        return read(done_fds[0], &byte, 1) == 1 ? 0 : 2;
}
