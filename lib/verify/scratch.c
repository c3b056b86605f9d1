/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Directories that nobody else sees, and their removal. */

#include "verify/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "sandbox/mount.h"
#include "sandbox/place.h"

enum {
        JOBS_MAX = 10000,
        MOUNT_TABLE_BYTES = 4 << 20,
        BYTES_PER_FILE = 4096,
        FILES_LEAST = 65536,
        FULL_BYTES = 1 << 20, /* of a shared file system: less is none */
        OWN_FULL_BYTES = 64 << 10,
        OWN_SHARE = 8, /* who wrote an eighth of what was free has done its part */
        BLOCK_BYTES = 512,
};

int scratch_make_private(const char *dir, bool *ret_private, Fault *reterr_fault) {
        *ret_private = false;
        TRY(dir_make(dir, 0700));
        if (chmod(dir, 0700) < 0)
                return error_origin(-errno);
        if (!mount_is_at_root(reterr_fault))
                return SCRATCH_E_CHROOT;
        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
                return 0;
        /* Ours must not appear in anybody's namespace; where repositories lie may come later. */
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_origin(-errno);
        *ret_private = mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") == 0;
        return 0;
}

int scratch_open_job(const char *scratch, char **ret_dir) {
        TRY(dir_make(scratch, 0700));
        for (unsigned i = 0; i < JOBS_MAX; i++) {
                cleanup_free char *dir = mem_printf("%s/job-%d-%u", scratch, (int)getpid(), i);

                if (mkdir(dir, 0700) == 0) {
                        *ret_dir = TAKE(dir);
                        return 0;
                }
                if (errno != EEXIST)
                        return error_origin(-errno);
        }
        return error_origin(-EEXIST);
}

static bool has_own_system(const char *dir) {
        cleanup_free char *above = mem_printf("%s/..", dir);
        struct stat here, there;

        return stat(dir, &here) == 0 && stat(above, &there) == 0 && here.st_dev != there.st_dev;
}

/* As scratch_make_private leaves it: what is mounted below it nobody else sees. */
static bool is_private(const char *scratch) {
        struct statfs facts;

        return geteuid() == 0 && statfs(scratch, &facts) == 0 && facts.f_type == TMPFS_MAGIC &&
               has_own_system(scratch);
}

int scratch_make_run(const char *scratch, const char *dir, uint64_t n_bytes) {
        cleanup_free char *options =
                mem_printf("mode=0700,size=%llu,nr_inodes=%llu", (unsigned long long)n_bytes,
                           (unsigned long long)size_max(n_bytes / BYTES_PER_FILE, FILES_LEAST));

        if (mkdir(dir, 0700) < 0)
                return error_origin(-errno);
        if (is_private(scratch) && mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
                log_write(LOG_DEBUG, "%s gets no size of its own: %s", dir, strerror(errno));
        return 0;
}

uint64_t scratch_get_room(const char *dir) {
        struct statvfs facts;

        return statvfs(dir, &facts) < 0 ? 0 : (uint64_t)facts.f_bavail * facts.f_frsize;
}

/* The overlays' own directories, which nobody may read and no run can write to. */
static bool is_overlay_s(const FTSENT *entry) {
        return entry->fts_level == 1 && (strcmp(entry->fts_name, PART_WORKING) == 0 ||
                                         strcmp(entry->fts_name, PART_WORK_OWN) == 0);
}

/* What cannot be read was made so by the run: as much as there may be. */
static uint64_t count_bytes(const char *dir) {
        char *paths[] = {mem_strdup(dir), NULL};
        FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
        FTSENT *entry;
        uint64_t n = 0;

        while (walk && n != UINT64_MAX && (entry = fts_read(walk))) {
                if (is_overlay_s(entry))
                        (void)fts_set(walk, entry, FTS_SKIP);
                else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
                         entry->fts_info == FTS_NS || entry->fts_pathlen >= PATH_MAX)
                        n = UINT64_MAX;
                else if (entry->fts_info != FTS_DP)
                        n += (uint64_t)entry->fts_statp->st_blocks * BLOCK_BYTES;
        }
        if (walk)
                (void)fts_close(walk);
        free(paths[0]);
        return walk ? n : UINT64_MAX;
}

ScratchFill scratch_look(const char *dir, uint64_t room, uint64_t most) {
        struct statvfs facts;
        uint64_t left;

        if (statvfs(dir, &facts) < 0)
                return SCRATCH_HAS_ROOM;
        left = facts.f_files && !facts.f_ffree ? 0 : (uint64_t)facts.f_bavail * facts.f_frsize;
        if (has_own_system(dir))
                return left < OWN_FULL_BYTES ? SCRATCH_FULL_BY_RUN : SCRATCH_HAS_ROOM;
        if (left >= FULL_BYTES && !most)
                return SCRATCH_HAS_ROOM;
        if (count_bytes(dir) > (most ? most : room / OWN_SHARE))
                return SCRATCH_FULL_BY_RUN;
        return left < FULL_BYTES ? SCRATCH_FULL_BY_OTHERS : SCRATCH_HAS_ROOM;
}

static bool is_below(Slice path, const char *dir) {
        size_t n = strlen(dir);

        return slice_is(slice_head(path, n), dir) && (path.n == n || path.data[n] == '/');
}

/* Where somebody of ours was killed, what it had mounted stands. */
static void unmount_below(const char *dir) {
        cleanup_buf Buf table = BUF_INIT(MOUNT_TABLE_BYTES), text = BUF_INIT(PATH_MAX);

        if (geteuid() != 0 || file_read("/proc/self/mountinfo", &table) != 0)
                return;
        for (Slice rest = buf_get(&table); rest.n;) {
                ProcMount mount;

                if (!proc_read_mount(proc_take_line(&rest), &mount))
                        continue;
                buf_clear(&text);
                proc_unescape(mount.path, &text);
                if (is_below(buf_get(&text), dir))
                        (void)umount2(buf_get_text(&text), MNT_DETACH | UMOUNT_NOFOLLOW);
        }
}

bool scratch_remove_jobs(const char *scratch, pid_t pid) {
        cleanup_free char *prefix = pid ? mem_printf("job-%d-", (int)pid) : mem_strdup("job-");
        DIR *entries = opendir(scratch);
        struct dirent *entry;
        bool is_clean = true;

        if (!entries)
                return errno == ENOENT;
        while ((entry = readdir(entries))) {
                cleanup_free char *path = NULL;

                if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
                        continue;
                path = mem_printf("%s/%s", scratch, entry->d_name);
                unmount_below(path);
                is_clean = dir_remove(path) == 0 && is_clean;
        }
        (void)closedir(entries);
        return is_clean;
}

/* As a run leaves its own: one mount, which takes all that is in it along. */
static bool drop_at_once(const char *dir) {
        if (geteuid() == 0)
                (void)umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW); /* not mounted: nothing is done */
        return rmdir(dir) == 0;
}

void scratch_drop(const char *dir) {
        int r;

        if (drop_at_once(dir))
                return;
        unmount_below(dir);
        r = dir_remove(dir);
        if (r != 0)
                log_write(LOG_DEBUG, "%s cannot be removed now: %s", dir, strerror(-r));
}
