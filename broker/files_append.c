/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A file that only grows: what was rendered passes through `pending`, so that memory does not
 * depend on its length. */

#include "broker/files_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"

enum { EXCERPT_BYTES = 60 };

void append_file_init(AppendFile *file, char *path, size_t n_max) {
        *file = (AppendFile){
                .path = path,
                .fd = -1,
                .line = 1,
                .pending = BUF_INIT(n_max),
        };
}

void append_file_deinit(AppendFile *file) {
        free(file->path);
        buf_deinit(&file->pending);
        fd_close(&file->fd);
}

static void advance(AppendFile *file) {
        file->offset += file->pending.n;
        for (size_t i = 0; i < file->pending.n; i++)
                file->line += file->pending.data[i] == '\n';
        buf_clear(&file->pending);
}

/* The bytes of the file where `pending` belongs, as many as are there. */
static int read_place(int fd, const AppendFile *file, Buf *ret_bytes) {
        uint8_t *room = buf_reserve(ret_bytes, file->pending.n);

        while (room && ret_bytes->n < file->pending.n) {
                ssize_t n = pread(fd, room + ret_bytes->n, file->pending.n - ret_bytes->n,
                                  (off_t)(file->offset + ret_bytes->n));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_origin(-errno);
                if (n == 0)
                        break;
                ret_bytes->n += (size_t)n;
        }
        return 0;
}

/* A file that has the bytes already is left alone; one that ends here, or in the middle of them as
 * after a crash, is appended to; anything else was changed by somebody. */
int flush_follow(AppendFile *file, bool is_last, Fault *reterr_fault) {
        cleanup_buf Buf found = BUF_INIT(PENDING_BYTES_MAX);
        cleanup_fd int fd = -1;
        struct stat facts;

        (void)reterr_fault;
        if (file->is_broken) {
                advance(file);
                return 0;
        }
        fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0 || fstat(fd, &facts) < 0)
                return error_origin(-errno);
        TRY(read_place(fd, file, &found));
        if ((uint64_t)facts.st_size < file->offset ||
            !slice_equal(buf_get(&found), slice_head(buf_get(&file->pending), found.n))) {
                file->is_broken = true;
        } else if (found.n < file->pending.n) {
                if (lseek(fd, 0, SEEK_END) < 0)
                        return error_origin(-errno);
                TRY(fd_write_all(fd, slice_from(buf_get(&file->pending), found.n)));
        }
        advance(file);
        if (is_last && (uint64_t)facts.st_size > file->offset)
                file->is_broken = true;
        return 0;
}

int flush_anew(AppendFile *file, bool is_last, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s.%d.new", file->path, (int)getpid());

        (void)reterr_fault;
        if (file->fd < 0) {
                (void)unlink(path); /* left by an earlier process of the same id, if at all */
                file->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        }
        if (file->fd < 0)
                return error_origin(-errno);
        TRY(fd_write_all(file->fd, buf_get(&file->pending)));
        advance(file);
        if (!is_last)
                return 0;
        fd_close(&file->fd);
        return rename(path, file->path) < 0 ? error_origin(-errno) : 0;
}

int flush_keep(AppendFile *file, bool is_last, Fault *reterr_fault) {
        (void)file;
        (void)is_last;
        (void)reterr_fault;
        return 0;
}

/* ---- compare ---- */

static void quote_line(Slice text, Buf *quoted) {
        Slice line = slice_head(text, slice_find(text, slice_text("\n")));

        buf_text(quoted, "\"");
        text_make_visible(slice_head(line, EXCERPT_BYTES), false, quoted);
        buf_text(quoted, line.n > EXCERPT_BYTES ? "…\"" : "\"");
}

/* From the start of the first line that differs. */
int files_refuse_difference(const char *path, uint64_t line, Slice found, Slice wanted,
                            Fault *reterr_fault) {
        cleanup_buf Buf found_line = BUF_TEXT, wanted_line = BUF_TEXT;
        size_t start = 0;

        for (size_t i = 0; i < found.n && i < wanted.n && found.data[i] == wanted.data[i]; i++)
                if (wanted.data[i] == '\n') {
                        start = i + 1;
                        line++;
                }
        quote_line(slice_from(found, start), &found_line);
        quote_line(slice_from(wanted, start), &wanted_line);
        fault_set(reterr_fault, "render-differs", "the file has %s, the ledger gives %s",
                  start < found.n ? buf_get_text(&found_line) : "no more lines",
                  start < wanted.n ? buf_get_text(&wanted_line) : "no more lines");
        fault_place(reterr_fault, "%s:%" PRIu64, path, line);
        fault_next(reterr_fault, "broker render");
        return FILES_E_DIFFERS;
}

int files_refuse_missing(const char *path, Fault *reterr_fault) {
        fault_set(reterr_fault, "render-differs", "the file is missing");
        fault_place(reterr_fault, "%s", path);
        fault_next(reterr_fault, "broker render");
        return FILES_E_DIFFERS;
}

int flush_compare(AppendFile *file, bool is_last, Fault *reterr_fault) {
        cleanup_fd int fd = open(file->path, O_RDONLY | O_CLOEXEC);
        cleanup_buf Buf found = BUF_INIT(PENDING_BYTES_MAX);
        struct stat facts;

        if (fd < 0 || fstat(fd, &facts) < 0)
                return files_refuse_missing(file->path, reterr_fault);
        TRY(read_place(fd, file, &found));
        if (!slice_equal(buf_get(&found), buf_get(&file->pending)))
                return files_refuse_difference(file->path, file->line, buf_get(&found),
                                               buf_get(&file->pending), reterr_fault);
        advance(file);
        if (!is_last || (uint64_t)facts.st_size == file->offset)
                return 0;
        fault_set(reterr_fault, "render-differs",
                  "the file has %" PRIu64 " bytes more than the "
                  "ledger gives",
                  (uint64_t)facts.st_size - file->offset);
        fault_place(reterr_fault, "%s:%" PRIu64, file->path, file->line);
        fault_next(reterr_fault, "broker render");
        return FILES_E_DIFFERS;
}
