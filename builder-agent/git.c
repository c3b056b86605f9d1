/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Three questions to git. */

#include "builder-agent/git.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "view/status.h"

#define HEAD_COMMIT "HEAD^{commit}"

enum { OUTPUT_MAX = 1 << 20, ARGS_MAX = 12, NAMES_SHOWN = 3, SPAWN_FAILED = 127 };

extern char **environ;

/* Ours, and never a question on the terminal, never a lock on the index, never a translation. */
static const char *const added_environment[] = {
        "GIT_OPTIONAL_LOCKS=0",
        "GIT_TERMINAL_PROMPT=0",
        "LC_ALL=C",
};

static bool is_added(const char *variable) {
        for (size_t i = 0; i < ARRAY_SIZE(added_environment); i++) {
                size_t n = strcspn(added_environment[i], "=") + 1;

                if (strncmp(variable, added_environment[i], n) == 0)
                        return true;
        }
        return false;
}

static char **make_environment(void) {
        size_t n = 0, n_old = 0;
        char **made;

        while (environ[n_old])
                n_old++;
        made = mem_new_array(char *, n_old + ARRAY_SIZE(added_environment) + 1);
        for (size_t i = 0; i < n_old; i++)
                if (!is_added(environ[i]))
                        made[n++] = environ[i];
        for (size_t i = 0; i < ARRAY_SIZE(added_environment); i++)
                made[n++] = (char *)added_environment[i];
        return made;
}

static int start(char *const *argv, int out_fd, pid_t *ret_pid) {
        cleanup_free char **environment = make_environment();
        posix_spawn_file_actions_t actions;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        if (r == 0)
                r = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environment);
        (void)posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int ask(char *const *argv, GitQuestion *ret_question) {
        cleanup_fd int read_fd = -1, write_fd = -1;
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_origin(-errno);
        read_fd = fds[0];
        write_fd = fds[1];
        TRY(start(argv, write_fd, &ret_question->pid));
        ret_question->fd = fd_take(&read_fd);
        return 0;
}

static int reap(pid_t pid, int *ret_status) {
        while (waitpid(pid, ret_status, 0) < 0)
                if (errno != EINTR)
                        return error_origin(-errno);
        return 0;
}

/* Its output up to a ceiling, and how it ended. Where the ceiling is reached, git is told so by the
 * closed pipe. */
static int hear(GitQuestion *question, Buf *out, int *ret_status) {
        int status = 0;

        TRY(fd_read_all(question->fd, out));
        fd_close(&question->fd);
        TRY(reap(question->pid, &status));
        *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return 0;
}

static int run(char *const *argv, Buf *out, int *ret_status) {
        cleanup(git_question_deinit) GitQuestion question = GIT_QUESTION_NONE;

        TRY(ask(argv, &question));
        return hear(&question, out, ret_status);
}

void git_question_deinit(GitQuestion *question) {
        int status;

        if (question->fd < 0)
                return;
        fd_close(&question->fd);
        (void)kill(question->pid, SIGKILL); /* it only reads */
        (void)reap(question->pid, &status);
}

bool commit_is_full(const char *text) {
        size_t n = strspn(text, "0123456789abcdef");

        return text[n] == 0 && (n == 40 || n == 64);
}

/* The first line, without its end. */
static char *take_line(Buf *out) {
        char *text = buf_take(out);

        text[strcspn(text, "\n")] = 0;
        return text;
}

/* The last line, cut off with the end of the one before it. */
static Slice cut_last_line(Slice *text) {
        size_t n = text->n;
        Slice line;

        while (n && text->data[n - 1] != '\n')
                n--;
        line = slice_from(*text, n);
        *text = slice_head(*text, n ? n - 1 : 0);
        return line;
}

/* Where HEAD names no commit, git says what it was asked and fails, or does not where a file has
 * that name. Newlines in the path are its own: what follows it is told from the end. */
bool git_read_top(Slice out, bool has_head, char **ret_top, char ret_head[COMMIT_TEXT_MAX]) {
        Slice rest, line;
        bool is_asked;

        ret_head[0] = 0;
        if (!out.n || out.data[out.n - 1] != '\n' || memchr(out.data, 0, out.n))
                return false;
        out.n--;
        rest = out;
        line = cut_last_line(&rest);
        is_asked = slice_is(line, HEAD_COMMIT);
        has_head &= !is_asked;
        if (has_head && line.n)
                (void)snprintf(ret_head, COMMIT_TEXT_MAX, "%.*s", SLICE_ARGS(line));
        if (has_head || is_asked)
                out = rest;
        if (!out.n || out.data[0] != '/' || (has_head && !commit_is_full(ret_head)))
                return false;
        *ret_top = mem_strndup((const char *)out.data, out.n);
        return true;
}

/* Both in one process. */
int git_find_top(char **ret_top, char ret_head[COMMIT_TEXT_MAX], Fault *reterr_fault) {
        char *argv[] = {(char *)"git", (char *)"rev-parse", (char *)"--show-toplevel",
                        (char *)HEAD_COMMIT, NULL};
        cleanup_buf Buf out = BUF_INIT(OUTPUT_MAX);
        int status = 1, r = run(argv, &out, &status);

        if (r == -ENOENT || r == -EACCES) {
                fault_set(reterr_fault, "git-missing", "git cannot be run: %s", strerror(-r));
                fault_next(reterr_fault, "install git");
                return GIT_E_REFUSED;
        }
        TRY(r);
        return git_read_top(buf_get(&out), status == 0, ret_top, ret_head) ? 0 : GIT_E_NONE;
}

int git_resolve(const char *rev, char ret_commit[COMMIT_TEXT_MAX], Fault *reterr_fault) {
        cleanup_free char *wanted = mem_printf("%s^{commit}", rev);
        char *argv[] = {
                (char *)"git", (char *)"rev-parse", (char *)"--verify", (char *)"--quiet", wanted,
                NULL};
        cleanup_buf Buf out = BUF_INIT(OUTPUT_MAX);
        cleanup_free char *line = NULL;
        int status = 1;

        if (rev[0] && rev[0] != '-') /* git would take it for an option */
                TRY(run(argv, &out, &status));
        line = take_line(&out);
        if (status != 0 || !commit_is_full(line)) {
                fault_set(reterr_fault, "claim-commit-unresolved",
                          "`%s` names no commit of this repository", rev);
                fault_next(reterr_fault, "git log --oneline shows what there is; commit first if "
                                         "there is nothing");
                return GIT_E_REFUSED;
        }
        (void)snprintf(ret_commit, COMMIT_TEXT_MAX, "%s", line);
        return 0;
}

int git_name_commit(const char *rev, char ret_commit[COMMIT_TEXT_MAX], Fault *reterr_fault) {
        int r = git_resolve(rev, ret_commit, reterr_fault);

        if (r != GIT_E_REFUSED || !commit_is_full(rev))
                return r;
        (void)snprintf(ret_commit, COMMIT_TEXT_MAX, "%s", rev);
        return 0;
}

/* Of an entry: two letters, a space, a path; a rename has its old path behind it. */
size_t git_list_changes(Slice out, Buf *names) {
        size_t n_changes = 0;

        while (out.n > 3) {
                size_t end = slice_find(out, slice_make("", 1));
                Slice entry = slice_head(out, end);
                bool is_rename = entry.data[0] == 'R' || entry.data[0] == 'C' ||
                                 entry.data[1] == 'R' || entry.data[1] == 'C';

                out = slice_from(out, end + 1);
                if (is_rename)
                        out = slice_from(out, slice_find(out, slice_make("", 1)) + 1);
                if (n_changes < NAMES_SHOWN) {
                        buf_text(names, n_changes ? ", " : "");
                        text_make_visible(slice_from(entry, 3), false, names);
                }
                n_changes++;
        }
        return n_changes;
}

/* Its file is there as long as history is not. */
int git_check_whole(const char *top, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/.git/shallow", top);

        if (access(path, F_OK) != 0)
                return 0;
        fault_set(reterr_fault, "claim-shallow",
                  "this clone has not all of its history: nobody can fetch the commit from it");
        fault_place(reterr_fault, "%s", top);
        fault_next(reterr_fault, "git fetch --unshallow, or name with --repo where all of it is");
        return GIT_E_REFUSED;
}

int git_ask_changes(GitQuestion *ret_question) {
        char *argv[] = {(char *)"git",
                        (char *)"status",
                        (char *)"--porcelain=v1",
                        (char *)"-z",
                        (char *)"--untracked-files=normal",
                        (char *)"--ignore-submodules=none",
                        NULL};

        return ask(argv, ret_question);
}

int git_check_clean(const char *top, GitQuestion *question, Fault *reterr_fault) {
        cleanup_buf Buf out = BUF_INIT(OUTPUT_MAX), names = BUF_TEXT;
        size_t n_changes;
        int status = 1;

        if (question->fd < 0)
                TRY(git_ask_changes(question));
        TRY(hear(question, &out, &status));
        if (status != 0 && !out.is_full) {
                fault_set(reterr_fault, "claim-dirty-tree", "git status failed in %s", top);
                fault_next(reterr_fault, "git -C %s status", top);
                return GIT_E_REFUSED;
        }
        n_changes = git_list_changes(buf_get(&out), &names);
        if (n_changes == 0)
                return 0;
        fault_set(reterr_fault, "claim-dirty-tree",
                  "%s%zu change%s in no commit; the adversary would not see %s",
                  out.is_full ? "more than " : "", n_changes, n_changes == 1 ? " is" : "s are",
                  n_changes == 1 ? "it" : "them");
        fault_place(reterr_fault, "%s%s", buf_get_text(&names),
                    n_changes > NAMES_SHOWN ? ", …" : "");
        fault_next(reterr_fault, "git add -A && git commit, or git stash -u; then claim again");
        return GIT_E_REFUSED;
}

void git_append_file_url(const char *path, Buf *url) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-._~/+@,=:";

        buf_text(url, "file://");
        for (; *path; path++)
                if (strchr(plain, *path))
                        buf_byte(url, (uint8_t)*path);
                else
                        buf_printf(url, "%%%02X", (unsigned char)*path);
}
