/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* git fast-import: one process for all commits, told over a socket, so that git's early end is an
 * error of a send and not a signal. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "broker/repository.h"
#include "broker/repository_git.h"

enum { ID_LINE_BYTES_MAX = 1 << 10 };

struct Import {
        const Repository *repository;
        GitProcess git;
        int fd;
        bool has_commit;
        bool is_cut; /* git has hung up; its end says why */
};

static int start(Import *import) {
        static const char *const args[] = {
                "fast-import", "--quiet", "--done", "--force", "--date-format=raw", NULL,
        };
        cleanup_fd int theirs = -1;
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return error_origin(-errno);
        import->fd = fds[0];
        theirs = fds[1];
        return git_start(&import->git, import->repository->dir, args, theirs);
}

int import_start(const Repository *repository, Import **ret_import) {
        cleanup(import_freep) Import *import = mem_new(Import);

        import->repository = repository;
        import->git = GIT_PROCESS_INIT;
        import->fd = -1;
        TRY(start(import));
        *ret_import = TAKE(import);
        return 0;
}

Import *import_free(Import *import) {
        if (!import)
                return NULL;
        fd_close(&import->fd);
        git_end(&import->git);
        free(import);
        return NULL;
}

static int put(Import *import, Slice bytes) {
        while (bytes.n && !import->is_cut) {
                ssize_t n = send(import->fd, bytes.data, bytes.n, MSG_NOSIGNAL);

                if (n >= 0)
                        bytes = slice_from(bytes, (size_t)n);
                else if (errno == EPIPE || errno == ECONNRESET)
                        import->is_cut = true;
                else if (errno != EINTR)
                        return error_origin(-errno);
        }
        return 0;
}

static int put_data(Import *import, Slice bytes) {
        cleanup_buf Buf head = BUF_TEXT;

        buf_printf(&head, "data %zu\n", bytes.n);
        TRY(put(import, buf_get(&head)));
        TRY(put(import, bytes));
        return put(import, slice_text("\n"));
}

int import_commit(Import *import, const ImportAuthor *author, Slice message) {
        cleanup_buf Buf head = BUF_TEXT;
        uint64_t seconds = author->wall_ms / 1000;

        buf_printf(&head,
                   "commit " REPOSITORY_IMPORT_REF "\n"
                   "author %s <%s@coldgate.invalid> %" PRIu64 " +0000\n"
                   "committer broker <broker@coldgate.invalid> %" PRIu64 " +0000\n",
                   author->name, author->name, seconds, seconds);
        TRY(put(import, buf_get(&head)));
        TRY(put_data(import, message));
        if (import->has_commit || !import->repository->head[0]) {
                import->has_commit = true;
                return 0;
        }
        import->has_commit = true;
        buf_clear(&head);
        buf_printf(&head, "from %s\n", import->repository->head);
        return put(import, buf_get(&head));
}

/* As C does it; git reads it so. */
static void quote_path(const char *prefix, const char *name, Buf *text) {
        const char *const parts[] = {prefix, name};

        buf_text(text, "\"");
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                for (const char *c = parts[i]; *c; c++)
                        if ((unsigned char)*c > ' ' && (unsigned char)*c < 0x7f && *c != '"' &&
                            *c != '\\')
                                buf_byte(text, (uint8_t)*c);
                        else
                                buf_printf(text, "\\%03o", (unsigned)(unsigned char)*c);
        buf_text(text, "\"");
}

int import_file(Import *import, const char *name, Slice bytes) {
        cleanup_buf Buf head = BUF_TEXT;

        buf_text(&head, "M 100644 inline ");
        quote_path(import->repository->prefix, name, &head);
        buf_text(&head, "\n");
        TRY(put(import, buf_get(&head)));
        return put_data(import, bytes);
}

static int read_id(Import *import, char ret_commit[COMMIT_ID_BYTES], Fault *fault) {
        static const char *const args[] = {"rev-parse", "--verify", REPOSITORY_IMPORT_REF, NULL};
        cleanup_git GitProcess git = GIT_PROCESS_INIT;
        cleanup_buf Buf out = BUF_INIT(ID_LINE_BYTES_MAX);
        int status;

        TRY(git_start(&git, import->repository->dir, args, -1));
        TRY(git_wait(&git, &status));
        TRY(git_read(&git, &out));
        if (status || out.n < 2 || out.n > COMMIT_ID_BYTES)
                return git_refuse(&git, import->repository->dir, fault);
        memcpy(ret_commit, out.data, out.n - 1);
        ret_commit[out.n - 1] = 0;
        return 0;
}

int import_finish(Import *import, char ret_commit[COMMIT_ID_BYTES], Fault *reterr_fault) {
        int status;

        TRY(put(import, slice_text("done\n")));
        fd_close(&import->fd);
        TRY(git_wait(&import->git, &status));
        if (status || import->is_cut)
                return git_refuse(&import->git, import->repository->dir, reterr_fault);
        return read_id(import, ret_commit, reterr_fault);
}
