/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Repositories whose files were spoiled, by chance and by a seed: packs, indexes, loose objects,
 * refs, settings. Whatever git makes of them, a claim is refused by a name or its tree is right
 * byte for byte; and once the repository is whole again, it is right.
 */

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/story.h"
#include "tests/lib/test.h"
#include "verify/objects.h"
#include "verify/tree.h"

enum {
        ROUNDS = 6,
        OWN_ROUNDS = 4,
        EDITS_MAX = 6,
        FILE_BYTES = 1 << 20,
        N_FILES = 5,
        N_LINES = 60,
        COPY_MS = 20000,
        KINDS_OF_EDIT = 4
};

/* Below .git; what a server has of strangers. */
static const char *const patterns[] = {
        "objects/pack/*.pack",
        "objects/pack/*.pack",
        "objects/pack/*.idx",
        "objects/[0-9a-f]*/*",
        "packed-refs",
        "HEAD",
        "config",
        "refs/heads/*",
        "objects/info/packs",
        "index",
};

typedef struct Intake {
        Repo repo;
        RepoId before, commit; /* the last one but one, the last */
        const char *whole;     /* a copy of .git */
        uint64_t seed;
} Intake;

static uint64_t draw(Intake *intake, uint64_t below) {
        intake->seed = intake->seed * 6364136223846793005U + 1442695040888963407U;
        return (intake->seed >> 33) % below;
}

static void make_text(int i, Buf *ret_text) {
        for (int k = 0; k < N_LINES; k++)
                buf_printf(ret_text, "line %d, as in its neighbours; %d\n", k, k == i ? i : 0);
}

static void write_file(const Intake *intake, int i) {
        cleanup_buf Buf text = BUF_TEXT;
        char name[32];

        (void)snprintf(name, sizeof name, i % 2 ? "file-%d" : "dir/file-%d", i);
        make_text(i, &text);
        bench_write(intake->repo.path, name, buf_get_text(&text), 0644);
}

static void copy(const char *from, const char *to) {
        ProcessSpec spec = {.argv = {"cp", "-a", from, to}};

        CHECK(dir_remove(to) == 0);
        bench_run_expect(&spec, COPY_MS, 0, NULL);
}

static char *git_dir(const Intake *intake) {
        return mem_printf("%s/.git", intake->repo.path);
}

/* Packed, but for the newest commit. */
static void make_intake(Intake *ret_intake) {
        const char *seed = getenv("COLDGATE_SEED");
        cleanup_free char *git = NULL;

        *ret_intake = (Intake){.seed = seed ? strtoull(seed, NULL, 10) : (uint64_t)getpid(),
                               .whole = test_dir()};
        printf("# seed %llu\n", (unsigned long long)ret_intake->seed);
        repo_make(&ret_intake->repo);
        for (int i = 0; i < N_FILES; i++) {
                write_file(ret_intake, i);
                memcpy(ret_intake->before, ret_intake->commit, sizeof ret_intake->before);
                repo_commit(&ret_intake->repo, "one more", ret_intake->commit);
                if (i == N_FILES - 2)
                        bench_git(ret_intake->repo.path, NULL, "gc", "--quiet", "--prune=now");
        }
        git = git_dir(ret_intake);
        copy(git, ret_intake->whole);
}

static void edit(Intake *intake, Buf *bytes) {
        size_t at = bytes->n ? (size_t)draw(intake, bytes->n) : 0;
        uint8_t byte = (uint8_t)(1 + draw(intake, 255));

        if (!bytes->n)
                return;
        switch (draw(intake, KINDS_OF_EDIT)) {
        case 0: bytes->n = at; break;
        case 1: bytes->data[at] = 0xff; break;
        case 2: buf_append(bytes, &byte, 1); break;
        default: bytes->data[at] ^= byte;
        }
}

static void spoil(Intake *intake, const char *git, const char *pattern) {
        cleanup_free char *path = mem_printf("%s/%s", git, pattern);
        cleanup_buf Buf bytes = BUF_INIT(FILE_BYTES);
        uint64_t n_edits = 1 + draw(intake, EDITS_MAX);
        glob_t files;

        if (glob(path, 0, NULL, &files) == 0) {
                const char *file = files.gl_pathv[draw(intake, files.gl_pathc)];

                CHECK_EQ_INT(file_read(file, &bytes), 0);
                while (n_edits--)
                        edit(intake, &bytes);
                CHECK_EQ_INT(file_write_atomic(file, buf_get(&bytes), 0644), 0);
        }
        globfree(&files);
}

static void expect_bytes(const char *dir) {
        for (int i = 0; i < N_FILES; i++) {
                cleanup_free char *path =
                        mem_printf(i % 2 ? "%s/file-%d" : "%s/dir/file-%d", dir, i);
                cleanup_buf Buf expected = BUF_TEXT, found = BUF_INIT(FILE_BYTES);

                make_text(i, &expected);
                CHECK_EQ_INT(file_read(path, &found), 0);
                CHECK_EQ_SLICE(buf_get(&found), buf_get(&expected));
        }
}

/* Whether it was had. */
static bool take_in(const Intake *intake, Mirror *mirror) {
        cleanup_free char *dir = mem_printf("%s/tree", mirror_get_path(mirror));
        char tree[COMMIT_HEX_MAX + 1];
        Fault fault = FAULT_INIT;
        TreeFacts facts;
        int r = mirror_fetch(mirror, intake->commit, STORY_FETCH_MS, &fault);

        CHECK_EQ_INT(dir_remove(dir), 0);
        if (r != 0) {
                CHECK(r == PREP_E_FAIL || r == PREP_E_ERROR);
                CHECK(fault.rule && (strncmp(fault.rule, "claim.", 6) == 0 ||
                                     strncmp(fault.rule, "prep.", 5) == 0));
                return false;
        }
        CHECK_EQ_INT(mirror_get_tree(mirror, intake->commit, tree, &fault), 0);
        CHECK_EQ_INT(dir_make(dir, 0755), 0);
        CHECK_EQ_INT(tree_write(mirror_get_path(mirror), tree, dir, &tree_limits_default, &facts,
                                &fault),
                     0);
        CHECK_EQ_U64(facts.n_files, N_FILES);
        expect_bytes(dir);
        CHECK_EQ_INT(dir_remove(dir), 0);
        return true;
}

TEST(a_spoiled_repository_is_refused_or_its_tree_is_right) {
        const char *rounds = getenv("COLDGATE_ROUNDS");
        uint64_t n = rounds ? strtoull(rounds, NULL, 10) : ROUNDS, n_had = 0;
        cleanup_free char *git = NULL;
        Intake intake;

        make_intake(&intake);
        git = git_dir(&intake);
        for (uint64_t i = 0; i < n; i++) {
                cleanup(mirror_freep) Mirror *mirror = NULL;
                cleanup_free char *mirrors = mem_printf("%s/mirrors", intake.repo.path);

                CHECK_EQ_INT(dir_make(mirrors, 0700), 0);
                mirror = story_open_mirror(mirrors, intake.repo.url);
                spoil(&intake, git, patterns[draw(&intake, ARRAY_SIZE(patterns))]);
                n_had += take_in(&intake, mirror);
                copy(intake.whole, git);
                CHECK(take_in(&intake, mirror));
                CHECK_EQ_INT(dir_remove(mirrors), 0);
        }
        printf("# %llu rounds, had %llu times\n", (unsigned long long)n, (unsigned long long)n_had);
}

/* ---- the mirror's own files ---- */

static const char *const own_patterns[] = {"objects/pack/*.idx", "objects/pack/*.idx",
                                           "objects/pack/*.pack", "objects/pack/*.rev",
                                           "refs/coldgate/*"};

/* As a worker does it: a process that may die of what it reads. */
static int try_alone(const Intake *intake, Mirror *mirror) {
        pid_t pid;
        int status;

        (void)fflush(stdout); /* which both would write */
        pid = fork();
        if (pid == 0) {
                char tree[COMMIT_HEX_MAX + 1];
                cleanup_free char *dir = mem_printf("%s/tree", mirror_get_path(mirror));
                Fault fault = FAULT_INIT;
                TreeFacts facts;

                if (dir_remove(dir) != 0 || dir_make(dir, 0755) != 0 ||
                    mirror_fetch(mirror, intake->commit, STORY_FETCH_MS, &fault) != 0 ||
                    mirror_get_tree(mirror, intake->commit, tree, &fault) != 0 ||
                    tree_write(mirror_get_path(mirror), tree, dir, &tree_limits_default, &facts,
                               &fault) != 0) {
                        printf("#   %s: %s\n", fault.rule, fault.found);
                        (void)fflush(stdout);
                        _exit(fault_is(&fault, "prep.mirror") ? 1 : 2);
                }
                _exit(0);
        }
        CHECK_EQ_INT(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

noreturn_ static void read_while_cut(const Intake *intake, const Mirror *mirror) {
        cleanup_free char *packs = mem_printf("%s/objects/pack/*.pack", mirror_get_path(mirror));
        cleanup(objects_freep) Objects *objects = NULL;
        cleanup_object Object object = OBJECT_INIT;
        ObjectKind kind;
        uint64_t n_bytes;
        ObjectId id;
        glob_t files;

        if (!object_id_parse(slice_text(intake->commit), &id) ||
            objects_open(mirror_get_path(mirror), &objects) != 0 ||
            objects_stat(objects, &id, &kind, &n_bytes) != 0 || glob(packs, 0, NULL, &files) != 0 ||
            truncate(files.gl_pathv[0], 0) < 0)
                _exit(1);
        _exit(objects_read(objects, &id, &object) == 0 ? 2 : 3);
}

TEST(a_spoiled_mirror_is_made_anew) {
        const char *rounds = getenv("COLDGATE_ROUNDS");
        uint64_t n = rounds ? strtoull(rounds, NULL, 10) : OWN_ROUNDS, n_kinds[3] = {0};
        Intake intake;

        make_intake(&intake);
        for (uint64_t i = 0; i < n; i++) {
                cleanup(mirror_freep) Mirror *mirror = NULL;
                cleanup_free char *mirrors = mem_printf("%s/mirrors", intake.repo.path);
                int r;

                CHECK_EQ_INT(dir_make(mirrors, 0700), 0);
                mirror = story_open_mirror(mirrors, intake.repo.url);
                story_expect_fetched(mirror, i % 2 ? intake.before : intake.commit);
                spoil(&intake, mirror_get_path(mirror),
                      own_patterns[draw(&intake, ARRAY_SIZE(own_patterns))]);
                r = try_alone(&intake, mirror);
                CHECK(r < 2);
                n_kinds[r < 0 ? 2 : r]++;
                CHECK(take_in(&intake, mirror));
                CHECK_EQ_INT(dir_remove(mirrors), 0);
        }
        printf("# %llu rounds: whole %llu, refused %llu, died %llu\n", (unsigned long long)n,
               (unsigned long long)n_kinds[0], (unsigned long long)n_kinds[1],
               (unsigned long long)n_kinds[2]);
}

/* A disk that fails under a file that is mapped. */
TEST(who_dies_of_reading_a_mirror_does_it_once) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        const char *mirrors = test_dir();
        Intake intake;
        int status;
        pid_t pid;

        make_intake(&intake);
        mirror = story_open_mirror(mirrors, intake.repo.url);
        CHECK(take_in(&intake, mirror));
        pid = fork();
        if (pid == 0)
                read_while_cut(&intake, mirror);
        CHECK_EQ_INT(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status));
        CHECK_EQ_INT(WTERMSIG(status), SIGBUS);
        CHECK(take_in(&intake, mirror));
}
