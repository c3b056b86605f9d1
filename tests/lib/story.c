/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Stories. */

#include "tests/lib/story.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

const char story_nowhere[] = "1111111111111111111111111111111111111111";

Mirror *story_open_mirror(const char *dir, const char *url) {
        Mirror *mirror = NULL;
        Fault fault = FAULT_INIT;

        if (mirror_open(dir, url, &mirror, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return mirror;
}

void story_expect_fetched(Mirror *mirror, const char *commit) {
        Fault fault = FAULT_INIT;

        if (mirror_fetch(mirror, commit, STORY_FETCH_MS, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

void story_expect_refused(Mirror *mirror, const char *commit, int expected, const char *rule) {
        Fault fault = FAULT_INIT;
        int r = mirror_fetch(mirror, commit, STORY_FETCH_MS, &fault);

        if (r != expected || !fault_is(&fault, rule))
                FAIL_TEST("%d %s: %s", r, fault.rule, fault.found);
}

size_t story_count_packs(const Mirror *mirror) {
        cleanup_free char *path = mem_printf("%s/objects/pack", mirror_get_path(mirror));
        DIR *dir = opendir(path);
        struct dirent *entry;
        size_t n = 0;

        while ((entry = readdir(dir)))
                n += strstr(entry->d_name, ".pack") != NULL;
        (void)closedir(dir);
        return n;
}

bool story_has_file(const char *dir, const char *name) {
        cleanup_free char *path = mem_printf("%s/%s", dir, name);
        struct stat facts;

        return lstat(path, &facts) == 0;
}

void story_move_away(const Story *story) {
        cleanup_free char *away = mem_printf("%s.away", story->repo.path);

        if (rename(story->repo.path, away) < 0)
                FAIL_TEST("%s: %s", away, strerror(errno));
}

void story_deinit(Story *story) {
        story->mirror = mirror_free(story->mirror);
}

void story_make(Story *ret_story) {
        repo_make(&ret_story->repo);
        bench_write(ret_story->repo.path, "src/a.c", "int a;\n", 0644);
        repo_commit(&ret_story->repo, "first", ret_story->first);
        bench_write(ret_story->repo.path, "src/b.c", "int b;\n", 0644);
        repo_commit(&ret_story->repo, "second", ret_story->second);
        ret_story->mirror = story_open_mirror(test_dir(), ret_story->repo.url);
}
