/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A stranger at a channel that is closed, at one that is open to everybody, and at none. */

#include "base/mem.h"
#include "broker/io_parts.h"
#include "tests/lib/test.h"

enum { ROUNDS_MAX = 1000, STEP_MS = 20 };

static bool admit_nobody(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        (void)userdata;
        (void)curve;
        return false;
}

static bool admit_everybody(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        (void)userdata;
        (void)curve;
        return true;
}

/* What the loop does of it, until the stranger had its answer: 0, or what ends the broker. */
static int prove(ChannelAdmits admits) {
        Project project = {.endpoint = mem_printf("ipc://%s/control", test_dir())};
        Io io = {.project = &project};
        Fault fault = FAULT_INIT;
        int r = 0;

        key_make(&io.key);
        CHECK_EQ_INT(
                channel_server_new(project.endpoint, &io.key, admits, NULL, &io.server, &fault), 0);
        CHECK_EQ_INT(io_prove_begin(&io), 0);
        CHECK(io.stranger != NULL);
        for (int i = 0; i < ROUNDS_MAX && r == 0 && io.stranger; i++) {
                LoopWait wait = {.server = io.server, .client = io.stranger};

                CHECK_EQ_INT(loop_wait(&wait, STEP_MS), 0);
                CHECK_EQ_INT(channel_server_serve_zap(io.server), 0);
                r = io_prove_step(&io);
        }
        CHECK(r != 0 || !io.stranger);
        (void)channel_client_free(io.stranger);
        (void)channel_server_free(io.server);
        key_deinit(&io.key);
        free(project.endpoint);
        return r;
}

TEST(a_stranger_that_is_refused_is_forgotten) {
        CHECK_EQ_INT(prove(admit_nobody), 0);
}

TEST(a_stranger_that_is_let_in_ends_the_broker) {
        CHECK(prove(admit_everybody) < 0);
}
