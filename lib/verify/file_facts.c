/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Reading through an O_PATH descriptor: what was found is what is read, whatever its name means by
 * now. */

#include "verify/file_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

enum {
        HEAD_BYTES = 1 << 20,
        TAIL_BYTES = 1 << 20,
        CHUNK_BYTES = 1 << 16,
        MODE_BITS = 07777,
};

static int open_again(int path_fd) {
        cleanup_free char *path = mem_printf("/proc/self/fd/%d", path_fd);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* The last TAIL_BYTES behind the head, in their order. */
static Slice read_tail(int fd, uint64_t n_bytes, Arena *arena) {
        uint64_t n_behind = n_bytes > HEAD_BYTES ? n_bytes - HEAD_BYTES : 0;
        size_t n = (size_t)size_min((size_t)n_behind, TAIL_BYTES), n_read = 0;
        uint8_t *bytes = arena_alloc(arena, n + 1);

        while (n_read < n) {
                ssize_t got = pread(fd, bytes + n_read, n - n_read, (off_t)(n_bytes - n + n_read));

                if (got <= 0)
                        break;
                n_read += (size_t)got;
        }
        return slice_make(bytes, n_read);
}

static int read_content(int fd, uint64_t deadline_ms, Arena *arena, ObservedFile *file) {
        cleanup_buf Buf head = BUF_INIT(HEAD_BYTES);
        uint8_t chunk[CHUNK_BYTES];
        uint64_t n_bytes = 0;
        Hasher hasher;

        hash_start(&hasher);
        for (;;) {
                ssize_t n = read(fd, chunk, sizeof chunk);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return FILE_FACTS_E_UNREADABLE;
                if (n == 0)
                        break;
                if (clock_mono_ms() > deadline_ms)
                        return FILE_FACTS_E_DEADLINE;
                hash_add(&hasher, chunk, (size_t)n);
                buf_append(&head, chunk, size_min((size_t)n, HEAD_BYTES - head.n));
                n_bytes += (uint64_t)n;
        }
        hash_finish(&hasher, &file->sha256);
        file->size = n_bytes;
        file->content.head = arena_slice(arena, buf_get(&head));
        file->content.tail = read_tail(fd, n_bytes, arena);
        file->content.is_cut = n_bytes > HEAD_BYTES + TAIL_BYTES;
        return 0;
}

int file_observe(int fd, uint64_t deadline_ms, Arena *arena, ObservedFile *ret_file) {
        cleanup_fd int content_fd = -1;
        struct stat facts;

        if (fstat(fd, &facts) < 0)
                return error_origin(-errno);
        ret_file->exists = true;
        ret_file->is_regular = S_ISREG(facts.st_mode);
        ret_file->size = (uint64_t)facts.st_size;
        ret_file->mode = facts.st_mode & MODE_BITS;
        if (!ret_file->is_regular)
                return 0;
        content_fd = open_again(fd);
        if (content_fd < 0)
                return FILE_FACTS_E_UNREADABLE;
        return read_content(content_fd, deadline_ms, arena, ret_file);
}

int file_read_all(int fd, Buf *ret_bytes) {
        cleanup_fd int content_fd = -1;
        struct stat facts;

        if (fstat(fd, &facts) < 0)
                return error_origin(-errno);
        if (!S_ISREG(facts.st_mode))
                return FILE_FACTS_E_UNREADABLE;
        content_fd = open_again(fd);
        if (content_fd < 0 || fd_read_all(content_fd, ret_bytes) < 0)
                return FILE_FACTS_E_UNREADABLE;
        return ret_bytes->is_full ? FILE_FACTS_E_TOO_LARGE : 0;
}
