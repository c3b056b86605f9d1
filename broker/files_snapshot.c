/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Files that are replaced as a whole. */

#include "broker/files_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

enum { SNAPSHOT_BYTES_MAX = 16 << 20 };

/* Not synced: what a crash spoils here, the next start writes again. */
static int replace_file(const char *path, Slice bytes) {
        cleanup_free char *fresh = mem_printf("%s.%d.new", path, (int)getpid());
        cleanup_fd int fd =
                open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

        if (fd < 0)
                return error_origin(-errno);
        TRY(fd_write_all(fd, bytes));
        return rename(fresh, path) < 0 ? error_origin(-errno) : 0;
}

int snapshot_write(const char *path, Slice bytes) {
        cleanup_buf Buf old = BUF_INIT(SNAPSHOT_BYTES_MAX);
        int r = file_read(path, &old);

        if (r < 0)
                return error_origin(r);
        if (r == 0 && slice_equal(buf_get(&old), bytes))
                return 0;
        return replace_file(path, bytes);
}

int snapshot_compare(const char *path, Slice bytes, Fault *reterr_fault) {
        cleanup_buf Buf old = BUF_INIT(SNAPSHOT_BYTES_MAX);
        int r = file_read(path, &old);

        if (r < 0)
                return error_origin(r);
        if (r > 0)
                return files_refuse_missing(path, reterr_fault);
        if (slice_equal(buf_get(&old), bytes))
                return 0;
        return files_refuse_difference(path, 1, buf_get(&old), bytes, reterr_fault);
}

void files_make_checkpoint(const Key *broker, const Hash *ledger, uint64_t seq, const Hash *hash,
                           FilesCheckpoint *ret_checkpoint) {
        Checkpoint checkpoint;

        *ret_checkpoint = (FilesCheckpoint){BUF_TEXT, BUF_TEXT, BUF_TEXT};
        checkpoint_sign(broker, ledger, seq, hash, &checkpoint);
        checkpoint_format(ledger, seq, hash, &ret_checkpoint->text);
        checkpoint_armour(&broker->public, &checkpoint, &ret_checkpoint->signature);
        checkpoint_allowed_signer(&broker->public, &ret_checkpoint->signers);
}

void files_checkpoint_deinit(FilesCheckpoint *checkpoint) {
        buf_deinit(&checkpoint->text);
        buf_deinit(&checkpoint->signature);
        buf_deinit(&checkpoint->signers);
}

/* The signature first: a text is never newer than the signature beside it. */
int files_write_checkpoint(const char *docs, const Key *broker, const Hash *ledger, uint64_t seq,
                           const Hash *hash) {
        cleanup_free char *text_path = mem_printf("%s/CHECKPOINT", docs);
        cleanup_free char *signature_path = mem_printf("%s/CHECKPOINT.sig", docs);
        cleanup_free char *signers_path = mem_printf("%s/allowed_signers", docs);
        cleanup(files_checkpoint_deinit) FilesCheckpoint checkpoint;

        files_make_checkpoint(broker, ledger, seq, hash, &checkpoint);
        TRY(dir_make(docs, 0755));
        TRY(snapshot_write(signers_path, buf_get(&checkpoint.signers)));
        TRY(snapshot_write(signature_path, buf_get(&checkpoint.signature)));
        TRY(snapshot_write(text_path, buf_get(&checkpoint.text)));
        return 0;
}
