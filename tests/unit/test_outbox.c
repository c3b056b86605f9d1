/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Kept until it is answered. */

#include "client/outbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static Id make_id(uint8_t n) {
        Id id = {{0}};

        id.bytes[0] = n;
        return id;
}

static void add(Outbox *outbox, uint8_t n, const char *frame) {
        Id id = make_id(n);

        CHECK_EQ_INT(outbox_add(outbox, &id, slice_text(frame)), 0);
}

static void open_in(const char *dir, Outbox *ret_outbox) {
        CHECK_EQ_INT(outbox_open(dir, ret_outbox), 0);
}

TEST(what_a_dead_process_left_is_adopted_in_order) {
        cleanup_outbox Outbox outbox = {.dir = NULL};
        const char *dir = test_dir();
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                open_in(dir, &outbox);
                add(&outbox, 3, "third");
                add(&outbox, 1, "first");
                add(&outbox, 2, "second");
                (void)raise(SIGKILL);
        }
        CHECK_EQ_INT(waitpid(pid, &status, 0), pid);
        open_in(dir, &outbox);
        CHECK_EQ_U64(outbox.n_items, 3);
        CHECK_EQ_SLICE(outbox.items[0].frame, slice_text("first"));
        CHECK_EQ_SLICE(outbox.items[2].frame, slice_text("third"));
        CHECK(outbox.items[0].is_adopted);
        CHECK_EQ_U64(outbox.items[0].welcome, 0);
}

TEST(an_adopted_message_has_one_owner) {
        cleanup_outbox Outbox first = {.dir = NULL}, second = {.dir = NULL};
        const char *dir = test_dir();

        open_in(dir, &first);
        add(&first, 1, "words");
        outbox_deinit(&first);
        open_in(dir, &first);
        open_in(dir, &second);
        CHECK_EQ_U64(first.n_items, 1);
        CHECK_EQ_U64(second.n_items, 0);
}

TEST(what_is_removed_is_gone_for_everybody) {
        cleanup_outbox Outbox outbox = {.dir = NULL};
        const char *dir = test_dir();
        Id id = make_id(2);

        open_in(dir, &outbox);
        add(&outbox, 1, "one");
        add(&outbox, 2, "two");
        add(&outbox, 3, "three");
        outbox_remove(&outbox, outbox_find(&outbox, id_slice(&id)));
        CHECK_EQ_U64(outbox.n_items, 2);
        CHECK_EQ_SLICE(outbox.items[1].frame, slice_text("three"));
        CHECK(outbox_find(&outbox, id_slice(&id)) == NULL);
        outbox_deinit(&outbox);
        open_in(dir, &outbox);
        CHECK_EQ_U64(outbox.n_items, 2);
}

TEST(what_is_no_message_is_left_alone) {
        cleanup_outbox Outbox outbox = {.dir = NULL};
        const char *dir = test_dir();
        cleanup_free char *id_name = mem_printf("%s/%032d", dir, 7);
        cleanup_free char *other = mem_printf("%s/readme", dir);
        cleanup_free char *link = mem_printf("%s/%032d", dir, 8);

        CHECK_EQ_INT(file_write_atomic(id_name, slice_text("not a frame"), 0600), 0);
        CHECK_EQ_INT(file_write_atomic(other, slice_text("words"), 0600), 0);
        CHECK_EQ_INT(symlink("/etc/passwd", link), 0);
        open_in(dir, &outbox);
        CHECK_EQ_U64(outbox.n_items, 0);
        CHECK_EQ_INT(access(id_name, F_OK), 0);
        CHECK_EQ_INT(access(other, F_OK), 0);
}

TEST(a_frame_under_another_id_is_not_adopted) {
        cleanup_outbox Outbox outbox = {.dir = NULL};
        const char *dir = test_dir();
        Id one = make_id(1), two = make_id(2);
        char one_hex[ID_HEX + 1], two_hex[ID_HEX + 1];
        cleanup_free char *from = NULL;
        cleanup_free char *to = NULL;

        hex_encode(id_slice(&one), one_hex);
        hex_encode(id_slice(&two), two_hex);
        from = mem_printf("%s/%s", dir, one_hex);
        to = mem_printf("%s/%s", dir, two_hex);
        open_in(dir, &outbox);
        add(&outbox, 1, "words");
        outbox_deinit(&outbox);
        CHECK_EQ_INT(rename(from, to), 0);
        open_in(dir, &outbox);
        CHECK_EQ_U64(outbox.n_items, 0);
}

TEST(a_half_written_message_is_removed) {
        cleanup_outbox Outbox outbox = {.dir = NULL};
        const char *dir = test_dir();
        cleanup_free char *fresh = mem_printf("%s/%032d.new", dir, 7);

        CHECK_EQ_INT(file_write_atomic(fresh, slice_text("half"), 0600), 0);
        open_in(dir, &outbox);
        CHECK(access(fresh, F_OK) < 0);
}

TEST(an_outbox_has_an_end) {
        cleanup_outbox Outbox outbox = {.dir = NULL};
        Id id = make_id(1);

        open_in(test_dir(), &outbox);
        add(&outbox, 0, "words");
        outbox.items = mem_resize(outbox.items, OUTBOX_MAX, sizeof *outbox.items);
        for (size_t i = 1; i < OUTBOX_MAX; i++)
                outbox.items[i] = (OutboxItem){.fd = -1};
        outbox.n_items = OUTBOX_MAX;
        CHECK_EQ_INT(outbox_add(&outbox, &id, slice_text("more")), OUTBOX_E_FULL);
}
