/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The power goes after each single call that the ledger makes to the disk, and what was not synced
 * is dropped, torn or there in part. Afterwards the ledger must open, hold, and have all that was
 * acknowledged. That such a loss is one is shown by a ledger that does not sync, which must lose,
 * and by a file that nobody synced, which must be gone.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/chaos/extent.h"
#include "tests/lib/shim.h"
#include "tests/lib/tale.h"
#include "tests/lib/test.h"

enum {
        STRIDE = 13, /* of the calls that are tried, where not all are */
        AGAIN_STRIDE = 67,
        N_SEEDS = 1,
        N_SEEDS_LONG = 6,
        N_CYCLES = 60,
        N_CYCLES_LONG = 500,
};

typedef struct Recording {
        const char *root, *dir; /* what was recorded, and where a loss is looked at */
        Disk *disk;
        Tale tale;
        uint64_t seed;
} Recording;

static void ignore_call(void *userdata, const ShimCall *call) {
        (void)userdata;
        (void)call;
}

/* Never synced: whatever loss drops what was not synced drops its bytes. */
static void write_canary(const char *root) {
        cleanup_free char *path = mem_printf("%s/canary", root);
        cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        CHECK_EQ_INT(fd_write_all(fd, slice_text("tweet")), 0);
}

static bool has_canary(const char *dir) {
        cleanup_free char *path = mem_printf("%s/canary", dir);
        cleanup_buf Buf bytes = BUF_TEXT;

        return file_read(path, &bytes) == 0 && bytes.n > 0;
}

static void recording_init(Recording *recording, bool is_careless) {
        extent_begin();
        *recording = (Recording){.root = test_dir(), .dir = test_dir(), .seed = extent_seed()};
        recording->disk = disk_new(recording->root);
        write_canary(recording->root);
        tale_tell(&recording->tale, recording->root, recording->disk, is_careless);
        disk_stop(recording->disk);
}

static void recording_deinit(Recording *recording) {
        tale_deinit(&recording->tale);
        recording->disk = disk_free(recording->disk);
}
#define cleanup_recording cleanup(recording_deinit)

/* What is done below `dir` is not really synced: there it is only looked at. */
static bool holds_after(const Recording *recording, size_t n, TaleFault *fault) {
        size_t n_entries, n_evidence;

        tale_acked(&recording->tale, n, &n_entries, &n_evidence);
        shim_record(recording->dir, ignore_call, NULL);
        return tale_holds(&recording->tale, recording->dir, n_entries, n_evidence, fault);
}

static void check_holds(const Recording *recording, size_t n, DiskLoss loss) {
        TaleFault fault = {""};

        if (!holds_after(recording, n, &fault))
                FAIL_TEST("power lost after call %zu (%s), %s, COLDGATE_SEED=%" PRIu64 ": %s", n,
                          n ? disk_describe(recording->disk, n) : "none", disk_loss_names[loss],
                          recording->seed, fault.text);
}

static uint64_t n_seeds_of(DiskLoss loss) {
        if (loss == DISK_KEEP || loss == DISK_DROP)
                return 1;
        return extent_is_long ? N_SEEDS_LONG : N_SEEDS;
}

TEST(power_lost_after_any_call_loses_nothing_that_was_acknowledged) {
        cleanup_recording Recording recording;
        cleanup(disk_image_freep) DiskImage *image = NULL;
        size_t stride = extent_is_long ? 1 : STRIDE;
        uint64_t n_losses = 0;

        recording_init(&recording, false);
        image = disk_image_new(recording.disk);
        for (size_t n = recording.seed % stride; n <= disk_count(recording.disk); n += stride) {
                disk_image_advance(image, n);
                for (DiskLoss loss = DISK_KEEP; loss < _DISK_LOSS_MAX; loss++)
                        for (uint64_t i = 0; i < n_seeds_of(loss); i++, n_losses++) {
                                disk_image_write(image, loss, recording.seed + i, recording.dir);
                                check_holds(&recording, n, loss);
                        }
        }
        printf("# %" PRIu64 " losses of power, after %s of %zu calls; %zu entries; lost 0; seed "
               "%" PRIu64 "\n",
               n_losses, extent_is_long ? "each" : "some", disk_count(recording.disk),
               recording.tale.n_entries, recording.seed);
}

/* The next start is cut off too, after each of its calls. */
static uint64_t lose_again(const Recording *recording, const DiskImage *image, size_t n,
                           const char *again) {
        cleanup(disk_freep) Disk *disk = NULL;
        cleanup(disk_image_freep) DiskImage *second = NULL;
        Recording inner = *recording;
        size_t n_entries, n_evidence;
        TaleFault fault = {""};

        tale_acked(&recording->tale, n, &n_entries, &n_evidence);
        disk_image_write(image, DISK_SUBSET, recording->seed, recording->dir);
        disk = disk_new(recording->dir);
        if (!tale_holds(&recording->tale, recording->dir, n_entries, n_evidence, &fault))
                FAIL_TEST("%s", fault.text);
        disk_stop(disk);
        second = disk_image_new(disk);
        inner.dir = again;
        inner.disk = disk;
        for (size_t m = 0; m <= disk_count(disk); m++) {
                DiskLoss loss = DISK_DROP + (DiskLoss)((recording->seed + m) % 4);

                disk_image_advance(second, m);
                disk_image_write(second, loss, recording->seed + m, again);
                shim_record(again, ignore_call, NULL);
                if (!tale_holds(&inner.tale, again, n_entries, n_evidence, &fault))
                        FAIL_TEST("lost after call %zu and call %zu of the recovery (%s), %s, "
                                  "COLDGATE_SEED=%" PRIu64 ": %s",
                                  n, m, m ? disk_describe(disk, m) : "none", disk_loss_names[loss],
                                  recording->seed, fault.text);
        }
        return disk_count(disk) + 1;
}

TEST(power_lost_again_during_the_recovery_loses_nothing) {
        cleanup_recording Recording recording;
        cleanup(disk_image_freep) DiskImage *image = NULL;
        const char *again = test_dir();
        size_t stride = extent_is_long ? 1 : AGAIN_STRIDE;
        uint64_t n_losses = 0;

        recording_init(&recording, false);
        image = disk_image_new(recording.disk);
        for (size_t n = recording.seed % stride; n <= disk_count(recording.disk); n += stride) {
                disk_image_advance(image, n);
                n_losses += lose_again(&recording, image, n, again);
        }
        printf("# %" PRIu64 " losses of power during recovery; lost 0; seed %" PRIu64 "\n",
               n_losses, recording.seed);
}

/* Losses at random after the first acknowledgement; how many lost something. */
static uint64_t lose_at_random(const Recording *recording, uint64_t n_cycles, bool is_fatal) {
        size_t first = recording->tale.acks[0].call, n_calls = disk_count(recording->disk);
        uint64_t n_lost = 0;

        for (uint64_t i = 0; i < n_cycles; i++) {
                cleanup(disk_image_freep) DiskImage *image = disk_image_new(recording->disk);
                uint64_t drawn = extent_draw(recording->seed + i);
                size_t n = first + drawn % (n_calls - first);
                TaleFault fault = {""};

                disk_image_advance(image, n);
                disk_image_write(image, DISK_DROP, drawn, recording->dir);
                if (has_canary(recording->dir))
                        FAIL_TEST("cycle %" PRIu64 ": a canary that nobody synced is there", i);
                if (is_fatal)
                        check_holds(recording, n, DISK_DROP);
                else
                        n_lost += !holds_after(recording, n, &fault);
        }
        return n_lost;
}

TEST(a_ledger_that_does_not_sync_its_commits_loses_some_as_it_must) {
        uint64_t n_cycles = extent_is_long ? N_CYCLES_LONG : N_CYCLES, n_lost;
        cleanup_recording Recording careless;
        cleanup_recording Recording ours;

        recording_init(&ours, false);
        CHECK_EQ_U64(lose_at_random(&ours, n_cycles, true), 0);
        recording_init(&careless, true);
        n_lost = lose_at_random(&careless, n_cycles, false);
        printf("# %" PRIu64 " cycles: FULL lost in 0, NORMAL in %" PRIu64
               "; the canary gone in each\n",
               n_cycles, n_lost);
        CHECK(n_lost * 2 >= n_cycles);
}

TEST(a_canary_that_nobody_synced_is_gone_and_one_that_was_synced_is_there) {
        const char *root = test_dir(), *dir = test_dir();
        cleanup_free char *safe = mem_printf("%s/safe", root);
        cleanup_free char *left_safe = mem_printf("%s/safe", dir);
        cleanup(disk_freep) Disk *disk = disk_new(root);
        cleanup(disk_image_freep) DiskImage *image = NULL;

        write_canary(root);
        CHECK_EQ_INT(file_write_atomic(safe, slice_text("tweet"), 0600), 0);
        disk_stop(disk);
        image = disk_image_new(disk);
        disk_image_advance(image, disk_count(disk));
        disk_image_write(image, DISK_KEEP, 1, dir);
        CHECK(has_canary(dir));
        disk_image_write(image, DISK_DROP, 1, dir);
        CHECK(access(left_safe, F_OK) == 0);
        CHECK(!has_canary(dir));
}
