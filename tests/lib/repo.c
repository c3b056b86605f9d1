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

enum { PACK_MS = 20000 };

void repo_make(Repo *ret_repo) {
        const char *dir = test_dir();

        (void)snprintf(ret_repo->path, sizeof ret_repo->path, "%s", dir);
        (void)snprintf(ret_repo->url, sizeof ret_repo->url, "file://%s", dir);
        bench_git(ret_repo->path, NULL, "init", "--quiet", "--template=");
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
        repo_ask(repo, ret_commit, "rev-parse", "HEAD");
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
