/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The walk of an overlay: at each step there is the upper directory, the lower one, or both. A
 * whiteout ends it; an opaque directory has nothing below; a directory that was moved says in an
 * attribute, which the command cannot write, where its lower one stands.
 */

#include "verify/left.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/place.h"
#include "verify/beneath.h"
#include "verify/file_facts.h"

enum { PARTS_MAX = 256 };

typedef struct Layers {
        int upper, lower; /* directories; -1: none */
        int tree;         /* the lower one's root */
} Layers;

static void layers_deinit(Layers *layers) {
        fd_close(&layers->upper);
        fd_close(&layers->lower);
        fd_close(&layers->tree);
}

bool left_path_normalise(Slice path, Buf *ret_path) {
        buf_clear(ret_path);
        if (path.n == 0 || path.data[0] == '/' || memchr(path.data, 0, path.n))
                return false;
        while (path.n) {
                size_t n = slice_find(path, slice_text("/"));
                Slice part = slice_head(path, n);

                path = slice_from(path, n + 1);
                if (slice_is(part, ".."))
                        return false;
                if (part.n == 0 || slice_is(part, "."))
                        continue;
                buf_text(ret_path, ret_path->n ? "/" : "");
                buf_slice(ret_path, part);
        }
        return ret_path->n > 0 && ret_path->n < PATH_MAX;
}

static int open_dir(const char *dir, const char *part) {
        cleanup_free char *path = part ? mem_printf("%s/%s", dir, part) : mem_strdup(dir);

        return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int layers_open(const SandboxSpec *spec, Layers *ret_layers) {
        *ret_layers = (Layers){.lower = -1, .tree = -1};
        ret_layers->upper = open_dir(spec->scratch, PART_COPY);
        if (ret_layers->upper >= 0)
                return 0;
        ret_layers->upper = open_dir(spec->scratch, PART_WORK_UPPER);
        ret_layers->lower = spec->tree ? open_dir(spec->tree, NULL) : -1;
        ret_layers->tree = ret_layers->lower < 0 ? -1 : dup(ret_layers->lower);
        return ret_layers->upper < 0 && ret_layers->lower < 0 ? LEFT_E_ABSENT : 0;
}

static void replace(int *fd, int new_fd) {
        fd_close(fd);
        *fd = new_fd;
}

/* An O_PATH descriptor has no attributes; its name below /proc has. */
static ssize_t get_attribute(int fd, const char *name, char *value, size_t n) {
        cleanup_free char *path = mem_printf("/proc/self/fd/%d", fd);

        return getxattr(path, name, value, n);
}

/* "x" would say that it only may hold whiteouts of another form. */
static bool is_opaque(int fd) {
        static const char *const names[] = {"trusted.overlay.opaque", "user.overlay.opaque"};
        char value;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (get_attribute(fd, names[i], &value, 1) == 1 && value == 'y')
                        return true;
        return false;
}

/* What stands below a directory of the upper layer. */
static void enter_lower(Layers *layers, int upper, const char *part) {
        char value[PATH_MAX];
        ssize_t n;

        if (is_opaque(upper)) {
                fd_close(&layers->lower);
                return;
        }
        n = get_attribute(upper, "trusted.overlay.redirect", value, sizeof value - 1);
        value[n > 0 ? n : 0] = 0;
        if (n > 1 && value[0] == '/')
                replace(&layers->lower,
                        open_beneath(layers->tree, value + 1, O_PATH | O_DIRECTORY, 0));
        else if (layers->lower >= 0)
                replace(&layers->lower,
                        open_beneath(layers->lower, n > 0 ? value : part, O_PATH | O_DIRECTORY, 0));
}

/* One step. The descriptor of the part is handed over; the layers are those below it. */
static int step(Layers *layers, const char *part, int *ret_fd) {
        cleanup_fd int upper =
                layers->upper < 0 ? -ENOENT : open_beneath(layers->upper, part, O_PATH, 0);
        cleanup_fd int lower = -1;
        struct stat facts;

        if (upper >= 0) {
                if (fstat(upper, &facts) < 0 ||
                    (S_ISCHR(facts.st_mode) && facts.st_rdev == makedev(0, 0)))
                        return LEFT_E_ABSENT;
                if (S_ISDIR(facts.st_mode))
                        enter_lower(layers, upper, part);
                else
                        fd_close(&layers->lower); /* nothing is below it */
                *ret_fd = dup(upper);
                replace(&layers->upper, fd_take(&upper));
                return *ret_fd < 0 ? LEFT_E_UNREADABLE : 0;
        }
        if (upper == -EACCES || upper == -EPERM)
                return LEFT_E_UNREADABLE;
        lower = layers->lower < 0 ? -1 : open_beneath(layers->lower, part, O_PATH, 0);
        if (lower < 0)
                return LEFT_E_ABSENT;
        fd_close(&layers->upper);
        *ret_fd = dup(lower);
        replace(&layers->lower, fd_take(&lower));
        return *ret_fd < 0 ? LEFT_E_UNREADABLE : 0;
}

int left_find(const SandboxSpec *spec, const char *path, int *ret_fd) {
        cleanup(layers_deinit) Layers layers;
        cleanup_free char *copy = mem_strdup(path);
        cleanup_fd int fd = -1;
        char *part, *rest = copy;
        int r = layers_open(spec, &layers);

        for (size_t i = 0; r == 0 && (part = strsep(&rest, "/")); i++) {
                int next = -1;

                r = i == PARTS_MAX ? LEFT_E_ABSENT : step(&layers, part, &next);
                if (r == 0)
                        replace(&fd, next);
        }
        if (r == 0 && fd < 0)
                return LEFT_E_ABSENT;
        if (r == 0)
                *ret_fd = fd_take(&fd);
        return r;
}

int left_find_in_tree(const char *tree, Slice path, int *ret_fd) {
        cleanup_fd int tree_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        cleanup_buf Buf normal = BUF_TEXT;

        if (tree_fd < 0)
                return error_origin(-errno);
        if (!left_path_normalise(path, &normal))
                return LEFT_E_ABSENT;
        *ret_fd = open_beneath(tree_fd, buf_get_text(&normal), O_PATH, 0);
        return *ret_fd < 0 ? LEFT_E_ABSENT : 0;
}

int left_find_on_host(Slice path, int *ret_fd) {
        cleanup_free char *name = mem_strndup((const char *)path.data, path.n);

        if (name[0] != '/' || strlen(name) != path.n)
                return LEFT_E_ABSENT;
        *ret_fd = open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (*ret_fd >= 0)
                return 0;
        return errno == ENOENT || errno == ENOTDIR ? LEFT_E_ABSENT : LEFT_E_UNREADABLE;
}

static int find(const SandboxSpec *spec, const Check *check, Slice name, int *ret_fd) {
        cleanup_buf Buf path = BUF_TEXT;

        if (check->on == CHECK_ON_HOST && name.n && name.data[0] == '/')
                return left_find_on_host(name, ret_fd);
        return left_path_normalise(name, &path) ? left_find(spec, buf_get_text(&path), ret_fd)
                                                : LEFT_E_ABSENT;
}

static void observe(const SandboxSpec *spec, const Check *check, Slice name, Arena *arena,
                    ObservedFile *ret_file) {
        uint64_t deadline_ms = clock_mono_ms() + check->timeout_ms;
        cleanup_fd int fd = -1;

        *ret_file = (ObservedFile){.path = name};
        if (find(spec, check, name, &fd) != 0)
                return;
        /* What cannot be read has no content, and nothing that is expected of it holds. */
        if (file_observe(fd, deadline_ms, arena, ret_file) != 0)
                ret_file->is_regular = false;
}

void left_observe(const SandboxSpec *spec, const Check *check, Arena *arena, Observed *observed) {
        ObservedFile *files = arena_alloc_array(arena, check->n_expectations + 1, sizeof *files);
        size_t n = 0;

        for (size_t i = 0; i < check->n_expectations; i++) {
                const Expectation *expectation = &check->expectations[i];
                bool is_known = expectation->subject != SUBJECT_FILES;

                for (size_t k = 0; k < n; k++)
                        is_known |= slice_equal(files[k].path, expectation->name);
                if (!is_known)
                        observe(spec, check, expectation->name, arena, &files[n++]);
        }
        observed->files = files;
        observed->n_files = n;
}
