/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * git's messages decide nothing, because the server writes some of them. What decides is which of
 * our own steps failed: when a fetch with fsck fails, the same is fetched without, and fsck is
 * asked about what came. If nothing came, it was the server or the way to it.
 */

#include "verify/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "verify/git.h"
#include "verify/objects.h"
#include "verify/quarantine.h"

enum { OUTPUT_BYTES_MAX = 16384, COMPLAINT_BYTES_MAX = 600 };

#define SPACE_BYTES_LEAST ((uint64_t)16 << 20)

/*
 * Honest histories are full of these: dates, zones and addresses that old tools wrote wrongly, and
 * modes with a leading zero. None of them can change what is put on disk.
 */
static const char *const fsck_skipped[] = {
        "badDate",
        "badDateOverflow",
        "badEmail",
        "badName",
        "badTimezone",
        "missingEmail",
        "missingNameBeforeEmail",
        "missingSpaceBeforeDate",
        "missingSpaceBeforeEmail",
        "multipleAuthors",
        "nulInCommit",
        "zeroPaddedDate",
        "zeroPaddedFilemode",
};

static const char *const fetch_arguments[] = {
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
};

/*
 * The served repository may belong to another user, which upload-pack takes as a reason to refuse.
 * That refusal protects commands that obey the configuration and hooks of what they are pointed
 * at. upload-pack obeys none there that start a program, and it is the only one that we let near.
 * It heeds the setting only on its own command line: with file:// git drops what its `-c` said
 * before it starts upload-pack.
 */
static const char upload_pack[] = "--upload-pack=git -c 'safe.directory=*' upload-pack";

void fetch_init(Fetch *fetch, const char *mirror, const char *url, const char *commit) {
        *fetch = (Fetch){
                .mirror = mirror,
                .url = url,
                .commit = commit,
                .quarantine = quarantine_get_path(mirror),
                .output = BUF_INIT(OUTPUT_BYTES_MAX),
        };
}

void fetch_deinit(Fetch *fetch) {
        free(fetch->quarantine);
        buf_deinit(&fetch->output);
}

static bool is_scheme(const Fetch *fetch, const char *prefix) {
        return strncmp(fetch->url, prefix, strlen(prefix)) == 0;
}

static int run(Fetch *fetch, const char *const *args) {
        GitCommand command = {
                .git_dir = fetch->quarantine,
                .args = args,
                .is_for_ssh = is_scheme(fetch, "ssh://"),
                .deadline_ms = fetch->deadline_ms,
        };

        buf_clear(&fetch->output);
        return git_run(&command, &fetch->output);
}

static bool is_disk_full(const char *path) {
        struct statvfs facts;

        return statvfs(path, &facts) == 0 &&
               ((uint64_t)facts.f_bavail * facts.f_frsize < SPACE_BYTES_LEAST ||
                (facts.f_files && !facts.f_favail));
}

int fetch_blame(Fetch *fetch, int git_result) {
        cleanup_buf Buf complaint = BUF_INIT(COMPLAINT_BYTES_MAX);

        git_get_complaint(&fetch->output, &complaint);
        if (is_disk_full(fetch->mirror))
                fault_set(fetch->fault, "prep.space", "the disk of the mirrors is full");
        else if (git_result == GIT_E_TIMEOUT)
                fault_set(fetch->fault, "prep.fetch", "the fetch did not end within its time");
        else if (git_result == GIT_E_MISSING)
                fault_set(fetch->fault, "prep.fetch", "there is no git on this machine");
        else
                fault_set(fetch->fault, "prep.fetch", "the repository cannot be fetched: %s",
                          complaint.n ? buf_get_text(&complaint) : "git gave no reason");
        fault_place(fetch->fault, "%s", fetch->url);
        return FETCH_E_ERROR;
}

static int check_pack(void *userdata, const char *pack) {
        Fetch *fetch = userdata;
        cleanup_buf Buf complaint = BUF_INIT(COMPLAINT_BYTES_MAX), strict = BUF_TEXT;
        int r;

        buf_text(&strict, "--strict=");
        for (size_t i = 0; i < ARRAY_SIZE(fsck_skipped); i++)
                buf_printf(&strict, "%s%s=ignore", i ? "," : "", fsck_skipped[i]);
        r = run(fetch,
                (const char *const[]){"index-pack", buf_get_text(&strict), "--verify", pack, NULL});
        if (r == GIT_E_TIMEOUT || r == GIT_E_MISSING)
                return fetch_blame(fetch, r);
        if (r != GIT_E_FAILED)
                return r;
        git_get_complaint(&fetch->output, &complaint);
        fault_set(fetch->fault, "claim.bad-tree", "git's fsck refuses what was fetched: %s",
                  buf_get_text(&complaint));
        fault_place(fetch->fault, "%s", fetch->url);
        fault_next(fetch->fault,
                   "git fsck --strict names the object; commit without it, claim again");
        return FETCH_E_FAIL;
}

static int bring(Fetch *fetch, bool with_fsck, const char *const *refspecs) {
        cleanup_arena Arena texts = ARENA_INIT;
        const char *args[GIT_ARGS_MAX] = {"-c", with_fsck ? "transfer.fsckObjects=true"
                                                          : "transfer.fsckObjects=false"};
        size_t n = 2;

        for (size_t i = 0; i < ARRAY_SIZE(fsck_skipped); i++) {
                args[n++] = "-c";
                args[n++] = arena_printf(&texts, "fetch.fsck.%s=ignore", fsck_skipped[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(fetch_arguments); i++)
                args[n++] = fetch_arguments[i];
        if (is_scheme(fetch, "file://"))
                args[n++] = upload_pack;
        args[n++] = "--";
        args[n++] = fetch->url;
        for (; *refspecs && n < GIT_ARGS_MAX - 1; refspecs++)
                args[n++] = *refspecs;
        TRY(quarantine_reset(fetch->mirror));
        return run(fetch, args);
}

/* Which commit HEAD is needs no object, neither there nor here: who does not even say that is away.
 * FETCH_E_AWAY. */
static int ask(Fetch *fetch) {
        const char *args[GIT_ARGS_MAX] = {"ls-remote", "--quiet"};
        size_t n = 2;
        int r;

        if (is_scheme(fetch, "file://"))
                args[n++] = upload_pack;
        args[n++] = "--";
        args[n++] = fetch->url;
        args[n++] = "HEAD";
        r = run(fetch, args);
        if (r <= 0)
                return r;
        r = fetch_blame(fetch, r);
        return r == FETCH_E_ERROR ? FETCH_E_AWAY : r;
}

int fetch_obtain(Fetch *fetch, const char *const *refspecs) {
        int r = bring(fetch, true, refspecs);

        if (r == 0)
                return 0;
        if (r == GIT_E_FAILED) {
                r = ask(fetch);
                if (r != 0)
                        return r;
                r = bring(fetch, false, refspecs);
        }
        if (r == GIT_E_FAILED)
                return FETCH_E_REFUSED;
        if (r == GIT_E_TIMEOUT || r == GIT_E_MISSING)
                return fetch_blame(fetch, r);
        TRY(r);
        return bare_each_pack_file(fetch->quarantine, ".pack", check_pack, fetch);
}

static int stat_in(const char *git_dir, const ObjectId *id, ObjectKind *ret_kind) {
        cleanup(objects_freep) Objects *objects = NULL;
        uint64_t n_bytes;
        int r = objects_open(git_dir, &objects);

        return r == 0 ? objects_stat(objects, id, ret_kind, &n_bytes) : r;
}

/* What a server without a program of git's gives: nothing has looked into it yet. */
static int refuse_loose(Fetch *fetch) {
        fault_set(fetch->fault, "prep.fetch",
                  "the server gives objects outside of packs: it serves files, and not git");
        fault_place(fetch->fault, "%s", fetch->url);
        fault_next(fetch->fault, "serve it by git-http-backend, or by ssh");
        return FETCH_E_ERROR;
}

/* FETCH_E_ABSENT, FETCH_E_FAIL if it is something else than a commit. */
static int look(Fetch *fetch) {
        ObjectId id;
        ObjectKind kind;
        int r;

        if (!object_id_parse(slice_text(fetch->commit), &id))
                return error_origin(-EINVAL);
        if (quarantine_has_loose(fetch->mirror))
                return refuse_loose(fetch);
        r = stat_in(fetch->quarantine, &id, &kind);
        if (r == OBJECTS_E_MISSING)
                r = stat_in(fetch->mirror, &id, &kind);
        if (r == OBJECTS_E_MISSING)
                return FETCH_E_ABSENT;
        if (r == OBJECTS_E_DAMAGED) {
                fault_set(fetch->fault, "prep.mirror", "the mirror cannot be read");
                fault_place(fetch->fault, "%s", fetch->mirror);
                fault_next(fetch->fault, "remove this directory; it is fetched anew");
                return FETCH_E_ERROR;
        }
        TRY(r);
        if (kind == OBJECT_COMMIT)
                return 0;
        fault_set(fetch->fault, "claim.not-a-commit", "the claimed id is that of a %s",
                  object_kind_word(kind));
        fault_place(fetch->fault, "%s", fetch->commit);
        fault_next(fetch->fault, "git rev-parse --verify 'REV^{commit}' prints the commit's id");
        return FETCH_E_FAIL;
}

int fetch_prove(Fetch *fetch) {
        int r = look(fetch);

        if (r != 0)
                return r;
        r = run(fetch, (const char *const[]){"rev-list", "--objects", "--quiet", fetch->commit,
                                             "--not", "--alternate-refs", NULL});
        if (r == GIT_E_FAILED)
                return FETCH_E_PARTIAL;
        return r == GIT_E_TIMEOUT || r == GIT_E_MISSING ? fetch_blame(fetch, r) : r;
}

/* Git's own reader of all of it, with the index's own hash. */
static int check_own(void *userdata, const char *index) {
        return run(userdata, (const char *const[]){"verify-pack", index, NULL});
}

/* Packs that nobody read to the end are not packs that hold. */
static int leave_unread(Fetch *fetch, int git_result) {
        int r = fetch_blame(fetch, git_result);

        if (git_result == GIT_E_TIMEOUT)
                fault_next(fetch->fault,
                           "claim again; if there is never time to read every pack, remove the "
                           "mirror %s: it is fetched anew",
                           fetch->mirror);
        return r;
}

int fetch_mend(Fetch *fetch) {
        int r;

        TRY(quarantine_reset(fetch->mirror)); /* what it lends from may go */
        r = bare_each_pack_file(fetch->mirror, ".idx", check_own, fetch);
        if (r < 0 && r != -ENOENT)
                return r;
        if (r == GIT_E_TIMEOUT || r == GIT_E_MISSING)
                return leave_unread(fetch, r);
        if (r == 0)
                return 0;
        TRY(bare_empty(fetch->mirror));
        return FETCH_E_MENDED;
}
