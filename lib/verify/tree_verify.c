/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The proof that a directory holds the bytes of a tree and nothing else. `git status` is no such
 * proof: ignored files do not show in it, nor do edits of files marked as unchanged. Here every
 * entry on disk must be in the tree, and every entry of the tree on disk.
 */

#include "verify/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/beneath.h"
#include "verify/listing.h"
#include "verify/split.h"

enum {
        DIR_MODE = 0755,
        FILE_MODE = 0644,
        PROGRAM_MODE = 0755,
        MODE_BITS = 07777,
        POINTER_BYTES_MAX = 1024
};

typedef struct Verifier {
        const Listing *listing;
        int root_fd;
        Buf path;  /* of the directory at hand */
        Buf bytes; /* of the file at hand */
        Fault *fault;
        uint64_t *n_pointers; /* of both processes */
} Verifier;

static printf_like(4, 5) int differs(Verifier *verifier, size_t dir, const char *name,
                                     const char *format, ...) {
        char what[160];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(what, sizeof what, format, args);
        va_end(args);
        fault_set(verifier->fault, "prep.tree-mismatch", "the workspace is not the commit: %s",
                  what);
        listing_fault_place(verifier->listing, dir, name, verifier->fault);
        return PREP_E_ERROR;
}

static const char *type_word(mode_t mode) {
        return S_ISREG(mode)    ? "a file"
               : S_ISDIR(mode)  ? "a directory"
               : S_ISLNK(mode)  ? "a symbolic link"
               : S_ISFIFO(mode) ? "a fifo"
               : S_ISSOCK(mode) ? "a socket"
                                : "a device";
}

static mode_t mode_of(EntryKind kind) {
        switch (kind) {
        case ENTRY_DIR:
        case ENTRY_SUBMODULE: return S_IFDIR | DIR_MODE;
        case ENTRY_FILE: return S_IFREG | FILE_MODE;
        case ENTRY_PROGRAM: return S_IFREG | PROGRAM_MODE;
        case ENTRY_LINK: return S_IFLNK | 0777;
        }
        return 0;
}

static int check_facts(Verifier *verifier, size_t dir, const ListingEntry *entry,
                       const struct stat *facts) {
        mode_t expected = mode_of(entry->kind);
        bool is_dir = S_ISDIR(expected);

        if ((facts->st_mode & S_IFMT) != (expected & S_IFMT))
                return differs(verifier, dir, entry->name, "it is %s and should be %s",
                               type_word(facts->st_mode), type_word(expected));
        if (facts->st_mode != expected)
                return differs(verifier, dir, entry->name, "its mode is %04o and should be %04o",
                               (unsigned)facts->st_mode & MODE_BITS,
                               (unsigned)expected & MODE_BITS);
        if (!is_dir && facts->st_nlink != 1)
                return differs(verifier, dir, entry->name, "it has %llu names on this disk",
                               (unsigned long long)facts->st_nlink);
        if (!is_dir && (uint64_t)facts->st_size != entry->n_bytes)
                return differs(verifier, dir, entry->name, "it has %llu bytes and should have %llu",
                               (unsigned long long)facts->st_size,
                               (unsigned long long)entry->n_bytes);
        return 0;
}

static int check_bytes(Verifier *verifier, size_t dir, const ListingEntry *entry) {
        ObjectId id;

        if (verifier->bytes.n != entry->n_bytes ||
            object_hash_blob(buf_get(&verifier->bytes), &id) ||
            memcmp(id.bytes, entry->id.bytes, OBJECT_ID_BYTES) != 0)
                return differs(verifier, dir, entry->name, "its bytes are not those of the commit");
        return 0;
}

/* As git-lfs writes it: nobody is to take it for the file itself. */
static bool is_pointer(Slice bytes) {
        static const char head[] = "version https://git-lfs.github.com/spec/v1\n";

        return bytes.n < POINTER_BYTES_MAX && bytes.n > sizeof head &&
               memcmp(bytes.data, head, sizeof head - 1) == 0 &&
               slice_find(bytes, slice_text("\noid sha256:")) < bytes.n;
}

/* One byte more than there should be is asked for, so that growth is seen. -errno. */
static int read_bytes(Verifier *verifier, int fd, uint64_t n_bytes) {
        size_t n_room = (size_t)n_bytes + 1;
        uint8_t *room;

        buf_clear(&verifier->bytes);
        room = buf_reserve(&verifier->bytes, n_room);
        if (!room)
                return -EFBIG;
        while (verifier->bytes.n < n_room) {
                ssize_t n = read(fd, room + verifier->bytes.n, n_room - verifier->bytes.n);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                verifier->bytes.n += (size_t)n;
        }
        return 0;
}

/* What was looked at by its name is looked at again by its descriptor: only that is hashed. */
static int check_file(Verifier *verifier, size_t dir, int dir_fd, const ListingEntry *entry) {
        cleanup_fd int fd = open_beneath(dir_fd, entry->name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        struct stat facts;
        int r;

        if (fd < 0)
                return differs(verifier, dir, entry->name, "it cannot be opened: %s",
                               strerror(-fd));
        if (fstat(fd, &facts) < 0)
                return differs(verifier, dir, entry->name, "it cannot be read: %s",
                               strerror(errno));
        r = check_facts(verifier, dir, entry, &facts);
        if (r != 0)
                return r;
        r = read_bytes(verifier, fd, entry->n_bytes);
        if (r != 0)
                return differs(verifier, dir, entry->name, "it cannot be read: %s", strerror(-r));
        if (is_pointer(buf_get(&verifier->bytes)))
                (void)__atomic_fetch_add(verifier->n_pointers, 1, __ATOMIC_RELAXED);
        return check_bytes(verifier, dir, entry);
}

static int check_link(Verifier *verifier, size_t dir, int dir_fd, const ListingEntry *entry) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, entry->name, target, sizeof target);

        if (n < 0)
                return differs(verifier, dir, entry->name, "it cannot be read: %s",
                               strerror(errno));
        buf_clear(&verifier->bytes);
        buf_append(&verifier->bytes, target, (size_t)n);
        return check_bytes(verifier, dir, entry);
}

static bool is_dot(const char *name) {
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int entry_compare_name(const void *name, const void *entry) {
        return strcmp(name, ((const ListingEntry *)entry)->name);
}

/* Whatever is in the directory must be among the `n` entries. */
static int check_extra(Verifier *verifier, size_t dir, int dir_fd, const ListingEntry *entries,
                       size_t n) {
        int copy_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *found = copy_fd < 0 ? NULL : fdopendir(copy_fd);
        struct dirent *entry;
        int r = 0;

        if (!found)
                return differs(verifier, dir, "", "it cannot be read: %s", strerror(errno));
        while (r == 0 && (entry = readdir(found)))
                if (!is_dot(entry->d_name) && (!n || !bsearch(entry->d_name, entries, n,
                                                              sizeof *entries, entry_compare_name)))
                        r = differs(verifier, dir, entry->d_name, "it is not in the commit");
        (void)closedir(found);
        return r;
}

static int check_entry(Verifier *verifier, size_t dir, int dir_fd, const ListingEntry *entry) {
        struct stat facts;
        int r;

        if (fstatat(dir_fd, entry->name, &facts, AT_SYMLINK_NOFOLLOW) < 0)
                return differs(verifier, dir, entry->name, "it is missing");
        r = check_facts(verifier, dir, entry, &facts);
        if (r != 0)
                return r;
        switch (entry->kind) {
        case ENTRY_DIR:
        case ENTRY_SUBMODULE: return 0; /* their turn comes */
        case ENTRY_FILE:
        case ENTRY_PROGRAM: return check_file(verifier, dir, dir_fd, entry);
        case ENTRY_LINK: return check_link(verifier, dir, dir_fd, entry);
        }
        return 0;
}

/* The entries [first, end), as far as they are in this directory; what should not be there is
 * looked for by whoever has the directory's first entry. */
static int check_dir(Verifier *verifier, size_t dir, size_t first, size_t end) {
        const ListingDir *listed = &verifier->listing->dirs[dir];
        const ListingEntry *entries = verifier->listing->entries;
        size_t here = size_max(first, listed->first),
               there = size_min(end, listed->first + listed->n);
        bool has_first = first <= listed->first && (listed->first < end || listed->n == 0);
        cleanup_fd int fd = -1;
        int r = 0;

        if (here >= there && !has_first)
                return 0;
        listing_get_dir_path(verifier->listing, dir, &verifier->path);
        fd = open_beneath(verifier->root_fd, buf_get_text(&verifier->path), O_RDONLY | O_DIRECTORY,
                          0);
        if (fd < 0)
                return differs(verifier, dir, "", "it cannot be opened: %s", strerror(-fd));
        if (has_first)
                r = check_extra(verifier, dir, fd, entries + listed->first, listed->n);
        for (size_t i = here; r == 0 && i < there; i++)
                r = check_entry(verifier, dir, fd, &entries[i]);
        return r;
}

static int check_part(void *userdata, size_t first, size_t end, Fault *reterr_fault) {
        Verifier *verifier = userdata;
        int r = 0;

        verifier->fault = reterr_fault;
        for (size_t i = 0; r == 0 && i < verifier->listing->n_dirs; i++)
                r = check_dir(verifier, i, first, end);
        return r;
}

static void verifier_deinit(Verifier *verifier) {
        fd_close(&verifier->root_fd);
        buf_deinit(&verifier->path);
        buf_deinit(&verifier->bytes);
        if (verifier->n_pointers != MAP_FAILED)
                (void)munmap(verifier->n_pointers, sizeof *verifier->n_pointers);
}

int tree_verify(const char *mirror_path, const char *tree, const char *dir,
                const TreeLimits *limits, TreeFacts *ret_facts, Fault *reterr_fault) {
        cleanup_listing Listing listing = LISTING_INIT;
        cleanup(verifier_deinit) Verifier verifier = {
                .listing = &listing,
                .root_fd = -1,
                .path = BUF_TEXT,
                .bytes = BUF_INIT((size_t)limits->file_bytes + 1),
                .fault = reterr_fault,
                .n_pointers = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0),
        };
        int r = verifier.n_pointers == MAP_FAILED ? error_origin(-errno) : 0;

        if (r == 0)
                r = listing_open(mirror_path, tree, limits, &listing, reterr_fault);
        if (r != 0)
                return r;
        verifier.root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (verifier.root_fd < 0)
                return differs(&verifier, 0, "", "it cannot be opened: %s", strerror(errno));
        r = split_run(&listing, check_part, &verifier, reterr_fault);
        if (r != 0)
                return r;
        *ret_facts = listing.facts;
        ret_facts->n_pointers = *verifier.n_pointers;
        return 0;
}
