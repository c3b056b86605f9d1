/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Directories that nobody else sees, and their removal. */

#include "verify/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

enum { JOBS_MAX = 10000 };

int scratch_make_private(const char *dir, bool *ret_private) {
        *ret_private = false;
        TRY(dir_make(dir, 0700));
        if (chmod(dir, 0700) < 0)
                return error_origin(-errno);
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
                is_clean = dir_remove(path) == 0 && is_clean;
        }
        (void)closedir(entries);
        return is_clean;
}

void scratch_drop(const char *dir) {
        int r;

        (void)umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW); /* mostly nothing is mounted there */
        r = dir_remove(dir);
        if (r != 0)
                log_write(LOG_DEBUG, "%s cannot be removed now: %s", dir, strerror(-r));
}
