/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who asks a broker for its metrics: bytes in pieces, each byte 0xff is where one ends. Whatever
 * they are, there is one whole answer or none, and the place is free again. */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/scrape.h"

enum { STEPS = 3, ANSWER_BYTES = 4096, PATH_BYTES = 64 };

static char dir[PATH_BYTES];
static Scrape *scrape;

static void clean_up(void) {
        scrape = scrape_free(scrape);
        must(dir_remove(dir) == 0);
}

static void make_world(void) {
        Fault fault = FAULT_INIT;

        (void)snprintf(dir, sizeof dir, "/dev/shm/fuzz-scrape-%d", (int)getpid());
        must(dir_make(dir, 0700) == 0 && atexit(clean_up) == 0);
        must(scrape_new("unix:s", dir, &scrape, &fault) == 0);
}

static void print(void *userdata, Buf *text) {
        (void)userdata;
        buf_text(text, "figure 1\n");
}

static bool print_health(void *userdata, Buf *text) {
        print(userdata, text);
        return true;
}

static const ScrapeSource source = {.print_metrics = print, .print_health = print_health};

static void step(void) {
        for (int i = 0; i < STEPS; i++) {
                LoopWait wait = {.n_fds = 0};

                scrape_add_fds(scrape, &wait);
                for (size_t k = 0; k < wait.n_fds; k++)
                        wait.fds[k].is_ready = true;
                scrape_step(scrape, &wait, &source);
        }
}

static int call(void) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", dir);
        must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
        return fd;
}

static void must_be_an_answer(int fd) {
        static const char head[] = "HTTP/1.0 ";
        char answer[ANSWER_BYTES];
        ssize_t n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);

        must(n <= 0 || ((size_t)n > sizeof head && memcmp(answer, head, sizeof head - 1) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        Slice rest = slice_make(data, n);
        cleanup_fd int fd = -1;
        Fault fault = FAULT_INIT;
        char address[PATH_BYTES];

        if (!scrape)
                make_world();
        (void)snprintf(address, sizeof address, "%.*s", SLICE_ARGS(slice_head(rest, PATH_BYTES)));
        must(scrape_new(address, dir, NULL, &fault) == 0 || fault.rule);
        fd = call();
        step();
        while (rest.n) {
                Slice piece = slice_head(rest, slice_find(rest, slice_text("\xff")));

                rest = slice_from(rest, piece.n + 1);
                (void)send(fd, piece.data, piece.n, MSG_NOSIGNAL | MSG_DONTWAIT);
                step();
        }
        must_be_an_answer(fd);
        fd_close(&fd);
        step();
        must(scrape_deadline(scrape) == UINT64_MAX);
        return 0;
}
