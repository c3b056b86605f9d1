/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Directories, renames and syncs of the quarantine. */

#include "verify/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

static const char head_text[] = "ref: refs/heads/none\n";
static const char config_text[] = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

static void dir_closep(DIR **dir) {
        if (*dir)
                (void)closedir(*dir);
}

#define cleanup_dir cleanup(dir_closep)

static int bare_write(const char *path, const char *name, const char *text) {
        cleanup_free char *whole = mem_printf("%s/%s", path, name);
        cleanup_fd int fd = open(whole, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
                return error_origin(-errno);
        TRY(fd_write_all(fd, slice_text(text)));
        return 0;
}

static int make_dirs(const char *path) {
        static const char *const dirs[] = {"objects/info", "objects/pack", "refs/coldgate"};

        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
                cleanup_free char *dir = mem_printf("%s/%s", path, dirs[i]);

                TRY(dir_make(dir, 0700));
        }
        return 0;
}

int bare_make(const char *path, const char *alternates) {
        TRY(make_dirs(path));
        if (alternates) {
                cleanup_free char *line = mem_printf("%s\n", alternates);

                TRY(bare_write(path, "objects/info/alternates", line));
        }
        TRY(bare_write(path, "config", config_text));
        TRY(bare_write(path, "HEAD", head_text));
        return 0;
}

char *quarantine_get_path(const char *mirror) {
        return mem_printf("%s/quarantine", mirror);
}

int quarantine_remove(const char *mirror) {
        cleanup_free char *path = quarantine_get_path(mirror);

        TRY(dir_remove(path));
        return 0;
}

int quarantine_reset(const char *mirror) {
        cleanup_free char *path = quarantine_get_path(mirror);

        TRY(dir_remove(path));
        TRY(bare_make(path, "../../objects"));
        return 0;
}

static bool ends_in(const char *name, const char *suffix) {
        size_t n = strlen(name), n_suffix = strlen(suffix);

        return n > n_suffix && strcmp(name + n - n_suffix, suffix) == 0;
}

int bare_each_pack_file(const char *git_dir, const char *suffix,
                        int (*visit)(void *userdata, const char *path), void *userdata) {
        cleanup_free char *packs = mem_printf("%s/objects/pack", git_dir);
        cleanup_dir DIR *dir = opendir(packs);
        struct dirent *entry;
        int r = 0;

        if (!dir)
                return error_origin(-errno);
        while (r == 0 && (entry = readdir(dir))) {
                cleanup_free char *path = mem_printf("%s/%s", packs, entry->d_name);

                if (strncmp(entry->d_name, "pack-", 5) == 0 && ends_in(entry->d_name, suffix))
                        r = visit(userdata, path);
        }
        return r;
}

int bare_forget(const char *path) {
        cleanup_free char *refs = mem_printf("%s/refs", path);

        TRY(dir_remove(refs));
        return make_dirs(path);
}

/* The refs first: a crash in between leaves no name of what is not there. */
int bare_empty(const char *path) {
        cleanup_free char *objects = mem_printf("%s/objects", path);

        TRY(bare_forget(path));
        TRY(dir_remove(objects));
        return make_dirs(path);
}

static int file_sync(void *userdata unused_, const char *path) {
        cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0)
                return error_origin(-errno);
        return 0;
}

static int file_move(void *userdata, const char *path) {
        cleanup_free char *target = mem_printf("%s%s", (const char *)userdata, strrchr(path, '/'));

        return rename(path, target) < 0 ? error_origin(-errno) : 0;
}

bool quarantine_has_loose(const char *mirror) {
        cleanup_free char *objects = mem_printf("%s/quarantine/objects", mirror);
        cleanup_dir DIR *dir = opendir(objects);
        const struct dirent *entry;

        while (dir && (entry = readdir(dir)))
                if (entry->d_name[0] != '.' && strcmp(entry->d_name, "info") != 0 &&
                    strcmp(entry->d_name, "pack") != 0)
                        return true;
        return false;
}

int quarantine_move_in(const char *mirror) {
        static const char *const suffixes[] = {".pack", ".rev", ".idx"};
        cleanup_free char *quarantine = quarantine_get_path(mirror);
        cleanup_free char *target = mem_printf("%s/objects/pack", mirror);

        /* It would stay behind, and the mirror would lack it. */
        if (quarantine_has_loose(mirror))
                return error_origin(-EBADMSG);
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
                TRY(bare_each_pack_file(quarantine, suffixes[i], file_sync, NULL));
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                TRY(bare_each_pack_file(quarantine, suffixes[i], file_move, target));
                TRY(dir_sync(target));
        }
        return 0;
}
