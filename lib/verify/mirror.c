/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A mirror is a bare repository that only holds whole packs which have passed fsck. Its refs are
 * refs/coldgate/<commit>, one for each commit that was proved to be there with everything below
 * it: the proof is looked up by name, and nothing proved is ever pruned. It is a cache: where its
 * files are not what git wrote any more, it is emptied and fetched anew.
 */

#include "verify/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "verify/fetch.h"
#include "verify/git.h"
#include "verify/objects.h"
#include "verify/quarantine.h"
#include "verify/suspect.h"

enum { LOCK_STEP_MS = 20, COMMIT_BYTES_MAX = 16 << 20 };

struct Mirror {
        char *path; /* absolute */
        char *url;
};

static int broken(const char *path, int code, Fault *reterr_fault) {
        bool is_space = code == -ENOSPC || code == -EDQUOT;

        fault_set(reterr_fault, is_space ? "prep.space" : "prep.mirror",
                  "the mirror cannot be used: %s", strerror(-code));
        fault_place(reterr_fault, "%s", path);
        return PREP_E_ERROR;
}

static int sync_all(const char *path) {
        cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || syncfs(fd) < 0 ? error_origin(-errno) : 0;
}

/* Another process may make the same one: who renames first has made it. */
static int make(const char *path) {
        cleanup_free char *fresh = mem_printf("%s.%d.new", path, (int)getpid());
        cleanup_free char *head = mem_printf("%s/HEAD", path);

        if (access(head, F_OK) == 0)
                return 0;
        TRY(dir_remove(fresh));
        TRY(bare_make(fresh, NULL));
        TRY(sync_all(fresh));
        if (rename(fresh, path) < 0 && errno != EEXIST && errno != ENOTEMPTY)
                return -errno;
        TRY(dir_remove(fresh));
        return 0;
}

int mirror_open(const char *mirrors_dir, const char *url, Mirror **ret_mirror,
                Fault *reterr_fault) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        cleanup_free char *absolute = NULL;
        char hex[HASH_HEX + 1];
        Hash name;
        int r;

        if (repository_url_check(slice_text(url), reterr_fault) != 0)
                return PREP_E_URL;
        r = dir_make(mirrors_dir, 0700);
        if (r != 0)
                return broken(mirrors_dir, r, reterr_fault);
        absolute = realpath(mirrors_dir, NULL);
        if (!absolute)
                return broken(mirrors_dir, -errno, reterr_fault);
        hash_of(slice_text(url), &name);
        hex_encode(hash_slice(&name), hex);
        mirror = mem_new(Mirror);
        mirror->path = mem_printf("%s/%s.git", absolute, hex);
        mirror->url = mem_strdup(url);
        r = make(mirror->path);
        if (r != 0)
                return broken(mirror->path, r, reterr_fault);
        *ret_mirror = TAKE(mirror);
        return 0;
}

Mirror *mirror_free(Mirror *mirror) {
        if (!mirror)
                return NULL;
        free(mirror->path);
        free(mirror->url);
        free(mirror);
        return NULL;
}

const char *mirror_get_path(const Mirror *mirror) {
        return mirror->path;
}

static bool proof_exists(const Mirror *mirror, const char *commit) {
        cleanup_free char *path = mem_printf("%s/refs/coldgate/%s", mirror->path, commit);

        return access(path, F_OK) == 0;
}

/* Made elsewhere and renamed, so that git never sees half a ref. */
static int proof_write(const Mirror *mirror, const char *commit) {
        cleanup_free char *fresh = mem_printf("%s/proof", mirror->path);
        cleanup_free char *refs = mem_printf("%s/refs/coldgate", mirror->path);
        cleanup_free char *path = mem_printf("%s/%s", refs, commit);
        cleanup_free char *line = mem_printf("%s\n", commit);

        TRY(file_write_atomic(fresh, slice_text(line), 0600));
        if (rename(fresh, path) < 0)
                return error_origin(-errno);
        TRY(dir_sync(refs));
        return 0;
}

enum { _LOCK_E_SUCCESS, LOCK_E_BUSY };

static int lock(const Mirror *mirror, uint64_t deadline_ms, int *ret_fd) {
        cleanup_free char *path = mem_printf("%s/lock", mirror->path);
        cleanup_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return error_origin(-errno);
        while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return error_origin(-errno);
                if (clock_mono_ms() >= deadline_ms)
                        return LOCK_E_BUSY;
                (void)poll(NULL, 0, LOCK_STEP_MS);
        }
        *ret_fd = fd_take(&fd);
        return 0;
}

static int absent(Fetch *fetch) {
        fault_set(fetch->fault, "claim.commit-absent",
                  "the repository was fetched and does not have commit %s", fetch->commit);
        fault_place(fetch->fault, "%s", fetch->url);
        fault_next(fetch->fault, "push the commit to this repository, then claim again");
        return FETCH_E_FAIL;
}

static int partial(Fetch *fetch) {
        fault_set(fetch->fault, "prep.fetch",
                  "the repository has the commit but not all of its history: it is a shallow, "
                  "partial or damaged copy");
        fault_place(fetch->fault, "%s", fetch->url);
        fault_next(fetch->fault,
                   "git fetch --unshallow there, or name the repository it came from");
        return FETCH_E_ERROR;
}

/* What heads and tags reach. A malformed object somewhere in there says nothing about a commit that
 * is not. */
static int obtain_heads(Fetch *fetch) {
        Fault fault;
        int r = fetch_obtain(fetch, (const char *const[]){"+refs/heads/*:refs/heads/*",
                                                          "+refs/tags/*:refs/tags/*", NULL});

        if (r == FETCH_E_REFUSED)
                return fetch_blame(fetch, GIT_E_FAILED);
        if (r != FETCH_E_FAIL)
                return r == 0 ? fetch_prove(fetch) : r;
        fault = *fetch->fault;
        if (fetch_prove(fetch) == FETCH_E_ABSENT)
                return FETCH_E_ABSENT;
        *fetch->fault = fault;
        return r;
}

/* The exact commit; where the server refuses to give one by its id, whatever it has. */
static int obtain(Fetch *fetch) {
        int r = fetch_obtain(fetch, (const char *const[]){fetch->commit, NULL});

        if (r == 0)
                r = fetch_prove(fetch);
        return r == FETCH_E_REFUSED || r == FETCH_E_ABSENT ? obtain_heads(fetch) : r;
}

static int attempt(Fetch *fetch) {
        int r;

        /* It may be there as the ancestor of another one, or since a crash before its proof. */
        TRY(quarantine_reset(fetch->mirror));
        r = fetch_prove(fetch);
        return r == FETCH_E_ABSENT || r == FETCH_E_PARTIAL ? obtain(fetch) : r;
}

/* What seems to be the claim's fault, or the server's, can be that of what we have. That the server
 * has no such commit cannot, nor that it is away or the disk full, and looking at every pack is
 * dear. */
static bool is_doubtful(const Fetch *fetch, int r) {
        return r > 0 && r != FETCH_E_ABSENT && r != FETCH_E_AWAY &&
               !fault_is(fetch->fault, "prep.space");
}

static int fetch_locked(Fetch *fetch) {
        int r = attempt(fetch), mended;

        if (is_doubtful(fetch, r)) {
                mended = fetch_mend(fetch);
                if (mended == FETCH_E_MENDED)
                        r = attempt(fetch);
                else if (mended != 0)
                        r = mended;
        }
        if (r == FETCH_E_ABSENT)
                r = absent(fetch);
        else if (r == FETCH_E_PARTIAL)
                r = partial(fetch);
        if (r == 0)
                r = quarantine_move_in(fetch->mirror);
        if (r < 0)
                return r;
        TRY(quarantine_remove(fetch->mirror));
        return r;
}

/* Somebody could not read it. Even whole packs may be fewer than there were: each commit is proved
 * again. FETCH_E_ERROR: they were not read, and the mark stays. */
static int look_into(Fetch *fetch) {
        int r = fetch_mend(fetch);

        if (r != 0 && r != FETCH_E_MENDED)
                return r;
        TRY(bare_forget(fetch->mirror));
        return suspect_clear(fetch->mirror);
}

static int fetch_under_lock(Mirror *mirror, Fetch *fetch) {
        cleanup_fd int lock_fd = -1;
        int r = lock(mirror, fetch->deadline_ms, &lock_fd);

        if (r == LOCK_E_BUSY) {
                fault_set(fetch->fault, "prep.fetch",
                          "another process was fetching from this repository all the time");
                fault_place(fetch->fault, "%s", fetch->url);
                return FETCH_E_ERROR;
        }
        TRY(r);
        if (suspect_is(mirror->path))
                r = look_into(fetch);
        if (r != 0)
                return r;
        if (proof_exists(mirror, fetch->commit))
                return 0;
        r = fetch_locked(fetch);
        return r == 0 ? proof_write(mirror, fetch->commit) : r;
}

int mirror_fetch(Mirror *mirror, const char *commit, uint64_t timeout_ms, Fault *reterr_fault) {
        cleanup_fetch Fetch fetch;
        int r;

        fetch_init(&fetch, mirror->path, mirror->url, commit);
        if (!commit_id_is_full(slice_text(commit))) {
                fault_set(reterr_fault, "claim.not-a-commit",
                          "a claim names a full commit id of lower-case hex digits");
                return PREP_E_FAIL;
        }
        if (strlen(commit) == COMMIT_HEX_MAX) {
                fault_set(reterr_fault, "prep.unsupported",
                          "repositories with SHA-256 object ids cannot be read yet");
                fault_place(reterr_fault, "%s", commit);
                return PREP_E_ERROR;
        }
        if (proof_exists(mirror, commit) && !suspect_is(mirror->path))
                return 0;
        fetch.deadline_ms = clock_mono_ms() + timeout_ms;
        fetch.fault = reterr_fault;
        r = fetch_under_lock(mirror, &fetch);
        if (r < 0)
                return broken(mirror->path, r, reterr_fault);
        return r == 0 ? 0 : r == FETCH_E_FAIL ? PREP_E_FAIL : PREP_E_ERROR;
}

static int unreadable(const Mirror *mirror, const char *commit, Fault *reterr_fault) {
        suspect_mark(mirror->path);
        fault_set(reterr_fault, "prep.mirror", "commit %s cannot be read from the mirror", commit);
        fault_place(reterr_fault, "%s", mirror->path);
        fault_next(reterr_fault, "remove this directory; it is fetched anew");
        return PREP_E_ERROR;
}

int mirror_get_tree(Mirror *mirror, const char *commit, char ret_tree[COMMIT_HEX_MAX + 1],
                    Fault *reterr_fault) {
        cleanup(objects_freep) Objects *objects = NULL;
        cleanup_object Object object = OBJECT_INIT;
        ObjectId id, tree;
        ObjectKind kind;
        uint64_t n_bytes;
        Slice line;

        if (!object_id_parse(slice_text(commit), &id) ||
            objects_open(mirror->path, &objects) != 0 ||
            objects_stat(objects, &id, &kind, &n_bytes) != 0 || kind != OBJECT_COMMIT ||
            n_bytes > COMMIT_BYTES_MAX || objects_read(objects, &id, &object) != 0)
                return unreadable(mirror, commit, reterr_fault);
        line = slice_head(object.bytes, slice_find(object.bytes, slice_text("\n")));
        if (line.n != strlen("tree ") + OBJECT_ID_HEX || !slice_is(slice_head(line, 5), "tree ") ||
            !object_id_parse(slice_from(line, 5), &tree))
                return unreadable(mirror, commit, reterr_fault);
        object_id_format(&tree, ret_tree);
        return 0;
}
