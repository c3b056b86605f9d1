/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Raw bytes of a tree, put on disk: directories first, then files, then symbolic links, so that no
 * link exists while anything is still created. Each directory is opened anew from the root by
 * open_beneath; what is in it is created by its bare name, and only if nothing has that name.
 */

#include "verify/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/beneath.h"
#include "verify/listing.h"
#include "verify/split.h"

enum { UMASK = 022, DIR_MODE = 0755, FILE_MODE = 0644, PROGRAM_MODE = 0755 };

typedef struct Writer {
        const Listing *listing;
        int root_fd;
        Fault *fault;
} Writer;

/* One of the passes over the directories: what it does with each entry. */
typedef int (*WritePass)(Writer *writer, size_t dir, int dir_fd, const ListingEntry *entry);

static int not_written(Writer *writer, size_t dir, const char *name, int code) {
        bool is_space = code == -ENOSPC || code == -EDQUOT;

        fault_set(writer->fault, is_space ? "prep.space" : "prep.workspace",
                  "the workspace cannot be written: %s", strerror(-code));
        listing_fault_place(writer->listing, dir, name, writer->fault);
        return PREP_E_ERROR;
}

static int blob_read(Writer *writer, size_t dir, const ListingEntry *entry, Object *ret_blob) {
        int r = objects_read(writer->listing->objects, &entry->id, ret_blob);

        if (r == 0 && ret_blob->bytes.n == entry->n_bytes)
                return 0;
        fault_set(writer->fault, "prep.mirror", "an object of the commit cannot be read");
        fault_next(writer->fault, "remove the mirror's directory; it is fetched anew");
        listing_fault_place(writer->listing, dir, entry->name, writer->fault);
        return PREP_E_ERROR;
}

static int write_dir(Writer *writer, size_t dir, int dir_fd, const ListingEntry *entry) {
        if (entry->kind != ENTRY_DIR && entry->kind != ENTRY_SUBMODULE)
                return 0;
        if (mkdirat(dir_fd, entry->name, DIR_MODE) < 0)
                return not_written(writer, dir, entry->name, -errno);
        return 0;
}

static int write_file(Writer *writer, size_t dir, int dir_fd, const ListingEntry *entry) {
        cleanup_object Object blob = OBJECT_INIT;
        cleanup_fd int fd = -1;
        int r;

        if (entry->kind != ENTRY_FILE && entry->kind != ENTRY_PROGRAM)
                return 0;
        r = blob_read(writer, dir, entry, &blob);
        if (r != 0)
                return r;
        fd = openat(dir_fd, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    entry->kind == ENTRY_PROGRAM ? PROGRAM_MODE : FILE_MODE);
        if (fd < 0)
                return not_written(writer, dir, entry->name, -errno);
        r = fd_write_all(fd, blob.bytes);
        return r == 0 ? 0 : not_written(writer, dir, entry->name, r);
}

static int write_link(Writer *writer, size_t dir, int dir_fd, const ListingEntry *entry) {
        cleanup_object Object blob = OBJECT_INIT;
        cleanup_free char *target = NULL;
        int r;

        if (entry->kind != ENTRY_LINK)
                return 0;
        r = blob_read(writer, dir, entry, &blob);
        if (r != 0)
                return r;
        if (memchr(blob.bytes.data, 0, blob.bytes.n)) {
                fault_set(writer->fault, "claim.bad-tree", "the target of a link contains a NUL");
                listing_fault_place(writer->listing, dir, entry->name, writer->fault);
                return PREP_E_FAIL;
        }
        target = mem_strndup((const char *)blob.bytes.data, blob.bytes.n);
        if (symlinkat(target, dir_fd, entry->name) < 0)
                return not_written(writer, dir, entry->name, -errno);
        return 0;
}

/* The entries [first, end) of all directories. */
static int write_pass(Writer *writer, WritePass pass, size_t first, size_t end) {
        const Listing *listing = writer->listing;
        cleanup_buf Buf path = BUF_TEXT;

        for (size_t i = 0; i < listing->n_dirs; i++) {
                const ListingDir *dir = &listing->dirs[i];
                size_t here = size_max(first, dir->first),
                       there = size_min(end, dir->first + dir->n);
                cleanup_fd int dir_fd = -1;

                if (here >= there)
                        continue;
                listing_get_dir_path(listing, i, &path);
                dir_fd = open_beneath(writer->root_fd, buf_get_text(&path), O_RDONLY | O_DIRECTORY,
                                      0);
                if (dir_fd < 0)
                        return not_written(writer, i, "", dir_fd);
                for (size_t k = here; k < there; k++) {
                        int r = pass(writer, i, dir_fd, &listing->entries[k]);

                        if (r != 0)
                                return r;
                }
        }
        return 0;
}

static int write_files(void *userdata, size_t first, size_t end, Fault *reterr_fault) {
        Writer writer = *(const Writer *)userdata;

        writer.fault = reterr_fault;
        return write_pass(&writer, write_file, first, end);
}

static int write_all(Writer *writer) {
        size_t n = writer->listing->n_entries;
        mode_t before = umask(UMASK);
        int r = write_pass(writer, write_dir, 0, n);

        if (r == 0)
                r = split_run(writer->listing, write_files, writer, writer->fault);
        if (r == 0)
                r = write_pass(writer, write_link, 0, n);
        (void)umask(before);
        return r;
}

/* -ENOTEMPTY, or another -errno. */
static int root_open(const char *dir, int *ret_fd) {
        cleanup_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int copy_fd = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = copy_fd < 0 ? NULL : fdopendir(copy_fd);
        size_t n = 0;

        if (!entries)
                return -errno;
        while (readdir(entries))
                n++;
        (void)closedir(entries);
        if (n > 2)
                return -ENOTEMPTY;
        *ret_fd = fd_take(&fd);
        return 0;
}

int tree_write(const char *mirror_path, const char *tree, const char *dir, const TreeLimits *limits,
               TreeFacts *ret_facts, Fault *reterr_fault) {
        cleanup_listing Listing listing = LISTING_INIT;
        cleanup_fd int root_fd = -1;
        Writer writer = {.listing = &listing, .fault = reterr_fault};
        int r = listing_open(mirror_path, tree, limits, &listing, reterr_fault);

        if (r != 0)
                return r;
        r = root_open(dir, &root_fd);
        if (r != 0)
                return not_written(&writer, 0, "", r);
        writer.root_fd = root_fd;
        r = write_all(&writer);
        if (r == 0)
                *ret_facts = listing.facts;
        return r;
}
