/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/lib/test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "verify/helper.h"

enum { DEADLY = 13, ENDLESS = 14, LARGE = 15, LARGE_BYTES = 500000, N_HEARD = 2 };

/* Says who did it. */
static int work(const void *userdata, uint64_t number, Buf *answer) {
        pid_t pid = getpid();

        (void)userdata;
        if (number == DEADLY)
                (void)raise(SIGKILL);
        while (number == ENDLESS)
                (void)pause();
        for (size_t i = 0; number == LARGE && i < LARGE_BYTES; i++)
                buf_byte(answer, (uint8_t)i);
        if (number != LARGE)
                buf_append(answer, &pid, sizeof pid);
        return 0;
}

typedef struct Office {
        Crew crew;
        Helper helpers[N_HEARD];
} Office;

static void office_open(Office *office) {
        crew_init(&office->crew, work, NULL);
        for (size_t i = 0; i < N_HEARD; i++)
                office->helpers[i] = HELPER_NONE;
}

static void office_deinit(Office *office) {
        helpers_deinit(office->helpers, N_HEARD);
        crew_deinit(&office->crew);
}

static void await(Office *office, size_t index) {
        bool has_ended[N_HEARD];

        while (office->helpers[index].fd >= 0)
                helpers_hear(office->helpers, N_HEARD, has_ended);
}

static pid_t get_pid(const Office *office, size_t index) {
        pid_t pid = 0;

        CHECK_EQ_INT((int)office->helpers[index].answer.n, (int)sizeof pid);
        memcpy(&pid, office->helpers[index].answer.data, sizeof pid);
        return pid;
}

static pid_t ask(Office *office, size_t index, uint64_t number) {
        CHECK(helper_ask(&office->helpers[index], &office->crew, number));
        await(office, index);
        return get_pid(office, index);
}

static bool is_gone(pid_t pid) {
        return kill(pid, 0) < 0 && errno == ESRCH;
}

TEST(one_that_is_kept_does_one_piece_of_work_after_the_other) {
        cleanup(office_deinit) Office office;
        pid_t first;

        office_open(&office);
        first = ask(&office, 0, 1);
        CHECK(first != getpid());
        CHECK_EQ_INT(ask(&office, 1, 2), first);
        CHECK_EQ_INT(ask(&office, 0, 3), first);
}

TEST(two_at_a_time_are_two) {
        cleanup(office_deinit) Office office;

        office_open(&office);
        CHECK(helper_ask(&office.helpers[0], &office.crew, 1));
        CHECK(helper_ask(&office.helpers[1], &office.crew, 2));
        await(&office, 0);
        await(&office, 1);
        CHECK(get_pid(&office, 0) != get_pid(&office, 1));
}

TEST(one_that_died_has_no_answer_and_is_replaced) {
        cleanup(office_deinit) Office office;
        pid_t first, second;

        office_open(&office);
        first = ask(&office, 0, 1);
        CHECK(helper_ask(&office.helpers[0], &office.crew, DEADLY));
        await(&office, 0);
        CHECK_EQ_INT((int)office.helpers[0].answer.n, 0);
        second = ask(&office, 0, 2);
        CHECK(second != first);
        CHECK(is_gone(first));
}

TEST(a_large_answer_comes_whole) {
        cleanup(office_deinit) Office office;

        office_open(&office);
        CHECK(helper_ask(&office.helpers[0], &office.crew, LARGE));
        await(&office, 0);
        CHECK_EQ_INT((int)office.helpers[0].answer.n, LARGE_BYTES);
        CHECK_EQ_INT(office.helpers[0].answer.data[LARGE_BYTES - 1], (uint8_t)(LARGE_BYTES - 1));
        (void)ask(&office, 0, 1);
}

TEST(those_that_wait_and_those_at_work_end_with_the_crew) {
        Office office;
        pid_t waits, works;

        office_open(&office);
        CHECK(helper_ask(&office.helpers[0], &office.crew, ENDLESS));
        works = office.helpers[0].pid;
        waits = ask(&office, 1, 1);
        office_deinit(&office);
        CHECK(is_gone(waits));
        CHECK(is_gone(works));
}
