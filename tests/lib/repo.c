/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Repositories for tests, made by the git program. */

#include "tests/lib/repo.h"

#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

enum { PACK_MS = 20000, REF_BYTES_MAX = 256 };

/* What `git init` would make, without its process: hundreds are made. */
void repo_make(Repo *ret_repo) {
        static const char *const dirs[] = {"objects/info", "objects/pack", "refs/heads",
                                           "refs/tags"};
        const char *dir = test_dir();

        (void)snprintf(ret_repo->path, sizeof ret_repo->path, "%s", dir);
        (void)snprintf(ret_repo->url, sizeof ret_repo->url, "file://%s", dir);
        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
                cleanup_free char *path = mem_printf("%s/.git/%s", dir, dirs[i]);

                if (dir_make(path, 0755) != 0)
                        FAIL_TEST("%s cannot be made", path);
        }
        bench_write(dir, ".git/HEAD", "ref: refs/heads/main\n", 0644);
        bench_write(dir, ".git/config",
                    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
                    "\tlogallrefupdates = true\n",
                    0644);
}

static void read_text(const Repo *repo, Slice name, Buf *ret_text) {
        cleanup_free char *path = mem_printf("%s/.git/%.*s", repo->path, SLICE_ARGS(name));

        if (file_read(path, ret_text) != 0 || ret_text->n == 0)
                FAIL_TEST("%s cannot be read", path);
        ret_text->n--; /* its newline */
}

/* As rev-parse would, after a commit: the ref is a file. */
static void read_head(const Repo *repo, RepoId ret_id) {
        cleanup_buf Buf head = BUF_INIT(REF_BYTES_MAX), id = BUF_INIT(REF_BYTES_MAX);
        const size_t n = strlen("ref: ");

        read_text(repo, slice_text("HEAD"), &head);
        if (head.n > n && memcmp(head.data, "ref: ", n) == 0)
                read_text(repo, slice_make(head.data + n, head.n - n), &id);
        else
                buf_slice(&id, buf_get(&head));
        if (id.n != REPO_ID_HEX)
                FAIL_TEST("%s: HEAD is no commit", repo->path);
        memcpy(ret_id, id.data, REPO_ID_HEX);
        ret_id[REPO_ID_HEX] = 0;
}

void repo_ask_argv(const Repo *repo, RepoId ret_id, const char *const *arguments) {
        cleanup_buf Buf out = BUF_TEXT;

        bench_git_argv(repo->path, &out, arguments);
        if (out.n != REPO_ID_HEX + 1)
                FAIL_TEST("git %s did not print an id: %s", arguments[0], buf_get_text(&out));
        memcpy(ret_id, out.data, REPO_ID_HEX);
        ret_id[REPO_ID_HEX] = 0;
}

void repo_commit(const Repo *repo, const char *message, RepoId ret_commit) {
        bench_git(repo->path, NULL, "add", "--all", "--force");
        bench_git(repo->path, NULL, "commit", "--quiet", "--allow-empty", "--no-verify", "-m",
                  message);
        read_head(repo, ret_commit);
}

void repo_object(const Repo *repo, const char *kind, Slice bytes, RepoId ret_id) {
        cleanup_free char *path = mem_printf("%s/.git/object-%s", repo->path, kind);

        if (file_write_atomic(path, bytes, 0600) != 0)
                FAIL_TEST("%s could not be written", path);
        repo_ask(repo, ret_id, "hash-object", "-w", "--literally", "--no-filters", "-t", kind,
                 path);
}

void repo_pack(const Repo *repo) {
        static const char script[] =
                "ids=$(find .git/objects/?? -type f | cut -d/ -f3- | tr -d /)\n"
                "echo \"$ids\" | git pack-objects -q .git/objects/pack/pack";
        ProcessSpec spec = {.argv = {"bash", "-euo", "pipefail", "-c", script}, .cwd = repo->path};

        bench_run_expect(&spec, PACK_MS, 0, NULL);
}

void repo_tree_add(Buf *tree, const char *mode, Slice name, const char *id) {
        uint8_t bytes[REPO_ID_HEX / 2];

        if (!hex_decode(slice_text(id), bytes, sizeof bytes))
                FAIL_TEST("%s is not an id", id);
        buf_printf(tree, "%s ", mode);
        buf_slice(tree, name);
        buf_byte(tree, 0);
        buf_append(tree, bytes, sizeof bytes);
}

void repo_commit_tree(const Repo *repo, const char *tree, const char *branch, RepoId ret_commit) {
        cleanup_free char *text =
                mem_printf("tree %s\nauthor A Builder <builder@example.net> 1767322999 +0000\n"
                           "committer A Builder <builder@example.net> 1767322999 +0000\n\nmade\n",
                           tree);
        cleanup_free char *ref = mem_printf("%s/.git/refs/heads/%s", repo->path, branch);
        cleanup_free char *line = NULL;

        repo_object(repo, "commit", slice_text(text), ret_commit);
        line = mem_printf("%s\n", ret_commit);
        if (file_write_atomic(ref, slice_text(line), 0600) != 0)
                FAIL_TEST("%s could not be written", ref);
}
