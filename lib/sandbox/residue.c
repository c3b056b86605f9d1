/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One walk compares a directory as it is now with what it was. An upper layer holds only what was
 * touched, with a device 0:0 for what was deleted; a place or a copy holds everything. A file that
 * was opened for writing and has the bytes it had is not a change.
 */

#include "sandbox/residue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/access.h"
#include "sandbox/place.h"
#include "sandbox/report.h"

enum { DEPTH_MAX = 128, CHUNK_BYTES = 1 << 15, VISITS_MAX = 1 << 20 };

typedef struct Walk {
        Arena *arena;
        char **paths;
        size_t n_paths, n_visits;
        bool is_cut;
        Buf path;           /* of what is being looked at */
        const Setup *setup; /* what we put there ourselves; NULL: nothing */
} Walk;

static bool is_enough(Walk *walk) {
        bool is_full = walk->n_paths == REPORT_FILES_MAX || walk->n_visits == VISITS_MAX;

        walk->is_cut |= is_full;
        return is_full;
}

static bool is_made_by_us(const Walk *walk) {
        const char *path = buf_get_text(&walk->path);

        for (size_t i = 0; i < n_place_rows; i++)
                if (strcmp(path, place_rows[i].path) == 0)
                        return true;
        return walk->setup &&
               ((walk->setup->resolver && path_is_below(walk->setup->resolver, path)) ||
                access_made(walk->setup, path));
}

static void add(Walk *walk, bool is_directory) {
        if (is_enough(walk) || is_made_by_us(walk))
                return;
        walk->paths[walk->n_paths++] = arena_printf(walk->arena, "%s%s", buf_get_text(&walk->path),
                                                    is_directory ? "/" : "");
}

/* The command may have taken its owner, whom we then are, the right to look. */
static int open_dir(int parent_fd, const char *name) {
        struct stat facts;

        if (fstatat(parent_fd, name, &facts, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(facts.st_mode))
                return -1;
        if ((facts.st_mode & 0500) != 0500)
                (void)fchmodat(parent_fd, name, 0700,
                               0); /* where it is not ours, the open says so */
        return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static size_t read_full(int fd, uint8_t *bytes, size_t n) {
        size_t n_read = 0;

        while (n_read < n) {
                ssize_t got = read(fd, bytes + n_read, n - n_read);

                if (got <= 0)
                        break;
                n_read += (size_t)got;
        }
        return n_read;
}

static bool is_same_file(int now_dir, int was_dir, const char *name) {
        const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        cleanup_fd int now_fd = openat(now_dir, name, flags);
        cleanup_fd int was_fd = openat(was_dir, name, flags);
        uint8_t now[CHUNK_BYTES], was[CHUNK_BYTES];
        size_t n;

        if (now_fd < 0 || was_fd < 0)
                return false;
        do {
                n = read_full(now_fd, now, sizeof now);
                if (n != read_full(was_fd, was, sizeof was) || memcmp(now, was, n) != 0)
                        return false;
        } while (n);
        return true;
}

static bool is_same_link(int now_dir, int was_dir, const char *name) {
        char now[PATH_MAX], was[PATH_MAX];
        ssize_t n = readlinkat(now_dir, name, now, sizeof now);

        return n >= 0 && n == readlinkat(was_dir, name, was, sizeof was) &&
               memcmp(now, was, (size_t)n) == 0;
}

static bool find_before(int was_dir, const char *name, struct stat *ret_facts) {
        return was_dir >= 0 && fstatat(was_dir, name, ret_facts, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Not inlined: its buffers would stand in each frame of the walk, which goes as deep as the command
 * made its directories. */
static __attribute__((noinline)) bool is_same(int now_dir, int was_dir, const char *name,
                                              const struct stat *now) {
        struct stat was;

        if (!find_before(was_dir, name, &was) || was.st_mode != now->st_mode)
                return false;
        if (S_ISREG(now->st_mode))
                return was.st_size == now->st_size && is_same_file(now_dir, was_dir, name);
        return S_ISLNK(now->st_mode) && is_same_link(now_dir, was_dir, name);
}

/* The directory in the upper layer replaces the lower one of its name: made anew, or moved there.
 */
static bool is_replaced(int fd) {
        static const char *const names[] = {"trusted.overlay.opaque", "trusted.overlay.redirect",
                                            "user.overlay.opaque"};

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (fgetxattr(fd, names[i], NULL, 0) > 0)
                        return true;
        return false;
}

static void walk_dir(Walk *walk, int now_fd, int was_fd, bool is_upper, unsigned depth);

static void walk_subdir(Walk *walk, int now_dir, int was_dir, const char *name, bool is_upper,
                        unsigned depth) {
        cleanup_fd int was_fd = -1;
        cleanup_fd int now_fd = -1;
        struct stat now, was;

        if (fstatat(now_dir, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        now_fd = open_dir(now_dir, name);
        if (find_before(was_dir, name, &was) && S_ISDIR(was.st_mode))
                was_fd = openat(was_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (was_fd < 0 || now.st_mode != was.st_mode)
                add(walk, true);
        if (now_fd < 0 || depth == DEPTH_MAX) {
                walk->is_cut = true;
                return;
        }
        walk_dir(walk, now_fd, was_fd, is_upper && !is_replaced(now_fd), depth + 1);
}

static void walk_entry(Walk *walk, int now_dir, int was_dir, const char *name, bool is_upper,
                       unsigned depth) {
        struct stat now, was;

        if (fstatat(now_dir, name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
            (is_upper && place_covers(buf_get_text(&walk->path))))
                return;
        if (S_ISDIR(now.st_mode)) {
                walk_subdir(walk, now_dir, was_dir, name, is_upper, depth);
        } else if (is_upper && S_ISCHR(now.st_mode) && now.st_rdev == makedev(0, 0)) {
                if (find_before(was_dir, name, &was))
                        add(walk, S_ISDIR(was.st_mode));
        } else if (!is_same(now_dir, was_dir, name, &now)) {
                add(walk, false);
        }
}

static DIR *list(int fd) {
        int list_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return list_fd < 0 ? NULL : fdopendir(list_fd);
}

/* True while the path of the entry fits; `n` is where it goes back to afterwards. */
static bool enter(Walk *walk, const char *name, size_t n) {
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return false;
        walk->n_visits++;
        if (n && walk->path.data[n - 1] != '/')
                buf_byte(&walk->path, '/');
        buf_text(&walk->path, name);
        if (!walk->path.is_full)
                return true;
        walk->is_cut = true;
        return false;
}

static void leave(Walk *walk, size_t n) {
        walk->path.n = n;
        walk->path.is_full = false;
        if (walk->path.data)
                walk->path.data[n] = 0;
}

static void walk_deleted(Walk *walk, int now_fd, int was_fd) {
        DIR *entries = list(was_fd);
        size_t n = walk->path.n;
        struct dirent *entry;
        struct stat now, was;

        while (entries && !is_enough(walk) && (entry = readdir(entries))) {
                if (enter(walk, entry->d_name, n) &&
                    fstatat(now_fd, entry->d_name, &now, AT_SYMLINK_NOFOLLOW) < 0 &&
                    find_before(was_fd, entry->d_name, &was))
                        add(walk, S_ISDIR(was.st_mode));
                leave(walk, n);
        }
        if (entries)
                (void)closedir(entries);
        else
                walk->is_cut = true; /* there is more than can be said */
}

static void walk_dir(Walk *walk, int now_fd, int was_fd, bool is_upper, unsigned depth) {
        DIR *entries = list(now_fd);
        size_t n = walk->path.n;
        struct dirent *entry;

        while (entries && !is_enough(walk) && (entry = readdir(entries))) {
                if (enter(walk, entry->d_name, n))
                        walk_entry(walk, now_fd, was_fd, entry->d_name, is_upper, depth);
                leave(walk, n);
        }
        if (entries)
                (void)closedir(entries);
        else
                walk->is_cut = true; /* there is more than can be said */
        if (!is_upper && was_fd >= 0)
                walk_deleted(walk, now_fd, was_fd);
}

static void walk_part(Walk *walk, const char *part, const char *was, const char *prefix,
                      bool is_upper) {
        cleanup_fd int now_fd = open_dir(AT_FDCWD, part);
        cleanup_fd int was_fd = was ? open(was, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

        if (now_fd < 0)
                return;
        buf_clear(&walk->path);
        buf_text(&walk->path, prefix);
        walk_dir(walk, now_fd, was_fd, is_upper, 0);
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk_start(Walk *walk, const Setup *setup, SandboxOutcome *outcome) {
        *walk = (Walk){
                .setup = setup,
                .arena = &outcome->arena,
                .paths = arena_alloc_array(&outcome->arena, REPORT_FILES_MAX + 1, sizeof(char *)),
                .path = BUF_INIT(PATH_MAX),
        };
}

static size_t walk_finish(Walk *walk, SandboxOutcome *outcome) {
        qsort(walk->paths, walk->n_paths, sizeof(char *), compare);
        outcome->is_listing_cut |= walk->is_cut;
        buf_deinit(&walk->path);
        return walk->n_paths;
}

static void list_outside(const Setup *setup, SandboxOutcome *outcome) {
        Walk walk;

        walk_start(&walk, setup, outcome);
        walk_part(&walk, PART_UPPER, "/", "/", true);
        for (size_t i = 0; i < n_place_rows; i++)
                if (place_rows[i].is_mounted)
                        walk_part(&walk, place_rows[i].part, NULL, place_rows[i].path, false);
        outcome->n_outside = walk_finish(&walk, outcome);
        outcome->outside = walk.paths;
}

static void list_changed(const Setup *setup, SandboxOutcome *outcome) {
        struct stat facts;
        Walk walk;

        walk_start(&walk, NULL, outcome);
        if (stat(PART_COPY, &facts) == 0)
                walk_part(&walk, PART_COPY, setup->spec.tree, "", false);
        else
                walk_part(&walk, PART_WORK_UPPER, setup->spec.tree, "", true);
        outcome->n_changed = walk_finish(&walk, outcome);
        outcome->changed = walk.paths;
}

void residue_list(const Setup *setup, SandboxOutcome *outcome) {
        if (!setup->spec.on_host) /* there the plan's own probes tell */
                list_outside(setup, outcome);
        list_changed(setup, outcome);
}
